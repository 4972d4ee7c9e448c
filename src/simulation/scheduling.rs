//! kube-scheduler in the cluster: it tries the pods that wait, and tries those again that an event could let in.
//!
//! A pass tries the pods of the queue one after another, over one picture of the cluster that the bindings of the pass are added
//! to. A preemption ends the pass: its victims have to leave before anyone is tried again. What a pass changes is told to the pods that
//! wait after it ([`queueing_hints`](super::queueing_hints) say whom it concerns).

use std::time::Duration;

use super::cluster_event::{ClusterEvent, events_of};
use super::control_plane::ControlPlane;
use super::queueing_hints::{Trial, Waiting, is_worth_requeuing};
use super::scheduling_queue::SchedulingQueue;
use super::{kubelet, volumes};
use crate::cluster::Cluster;
use crate::cluster::index::PodId;
use crate::cluster::occupancy::ClaimState;
use crate::controllers::world::{Change, Delta, Key, Moment, World};
use crate::manifest::node::Node;
use crate::manifest::pod::Pod;
use crate::scheduler::attempt::{Attempt, Outcome, Preemption, Rejection};
use crate::scheduler::plugins::{node_affinity, scheduling_gates};
use crate::scheduler::profile::Configuration;
use crate::scheduler::version::KubernetesVersion;
use crate::scheduler::{Options, Scheduler, prepare};

/// Node labels that binding copies to the pod.
const TOPOLOGY_LABELS: [&str; 2] = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];

/// What is said of a pod with scheduling gates.
const GATED: &str = "Scheduling is blocked due to non-empty scheduling gates";

/// What is said of a pod that may not preempt now: it keeps the node that is kept free for it.
const NOT_ELIGIBLE: &str = "preemption: not eligible";

/// How this cluster schedules, and what there is to do.
#[derive(Debug, Clone)]
pub(super) struct Scheduling {
    options: Options,
    configuration: Configuration,
    queue: SchedulingQueue,
    /// What pods that wait have not been told yet.
    events: Vec<ClusterEvent>,
    /// Where in the list of nodes the next search begins.
    start: usize,
}

/// What was decided about a pod.
enum Verdict {
    Bind { node: String, claims: Vec<(Key, Option<Key>)> },
    Wait { reason: &'static str, message: String, keeps_nomination: bool },
    Preempt { node: String, victims: Vec<Key>, message: String },
}

impl Scheduling {
    /// A scheduler of this version and configuration.
    pub fn new(version: KubernetesVersion, configuration: Configuration) -> Self {
        let options = Options { version, ..Options::default() };
        Scheduling { options, configuration, queue: SchedulingQueue::default(), events: Vec::new(), start: 0 }
    }

    /// Takes note of pods that come and go, and of what could help a pod that waits.
    pub fn note(&mut self, change: &Change, now: Moment) {
        self.events.extend(events_of(change));
        if let Change::Pod(delta) = change {
            self.note_pod(delta, now);
        }
    }

    fn note_pod(&mut self, delta: &Delta<Pod>, now: Moment) {
        let waited = delta.before.as_ref().is_some_and(|pod| waits(pod));
        match &delta.after {
            Some(pod) if waits(pod) && !waited => self.queue.add(Key::of(&pod.metadata), pod.spec.priority.unwrap_or(0), now),
            Some(pod) if waits(pod) => {}
            _ => self.queue.remove(&delta.key()),
        }
    }

    /// Where in the list of nodes the next search begins: behind where the last one ended.
    pub fn start_at(&mut self, place: usize) {
        self.start = place;
    }

    /// Lets no pod back off for longer.
    pub fn limit_back_off(&mut self, longest: Duration) {
        self.queue.limit_back_off(longest);
    }

    /// When pods are next tried because they waited for too long.
    pub fn next_flush(&self) -> Option<Moment> {
        self.queue.next_flush()
    }

    /// Lets those be tried that have waited for too long.
    pub fn flush(&mut self, now: Moment) {
        self.queue.flush(now);
    }
}

fn waits(pod: &Pod) -> bool {
    pod.spec.node_name.is_empty() && !pod.is_terminal() && !pod.is_terminating()
}

impl ControlPlane {
    /// One pass over the pods that are to be tried. Whether it changed anything.
    pub(super) fn schedule(&mut self) -> bool {
        self.schedule_at_most(usize::MAX)
    }

    /// As [`ControlPlane::schedule`], and tries no more than so many pods.
    pub(super) fn schedule_at_most(&mut self, attempts: usize) -> bool {
        self.tell_of_events();
        if self.scheduling.queue.has_work() {
            self.pass(attempts);
        }
        self.store.has_changes()
    }

    /// Tells the pods that wait what happened.
    fn tell_of_events(&mut self) {
        let (store, now) = (&self.store, self.now);
        let Scheduling { options, configuration, queue, events, .. } = &mut self.scheduling;
        let trial = Trial { configuration, options: *options };
        for event in events.drain(..) {
            queue.requeue(now, |key, rejectors| {
                let Some(pod) = store.get::<Pod>(key) else { return false };
                let is_told = event.only.as_ref().is_none_or(|only| only == key)
                    && event.up_to_priority.is_none_or(|priority| pod.spec.priority.unwrap_or(0) <= priority);
                is_told && is_worth_requeuing(&Waiting { pod, trial }, rejectors, &event)
            });
        }
    }

    fn pass(&mut self, attempts: usize) {
        let objects = self.store.objects();
        let (cluster, profiles) = prepare(&objects, &self.scheduling.configuration);
        let mut scheduler = Scheduler::new(&cluster, &profiles, self.scheduling.options);
        scheduler.start_at(self.scheduling.start);
        for _ in 0..attempts {
            let Some(key) = self.scheduling.queue.pop() else { break };
            let Some(pod) = cluster.find_pod(&key.namespace, &key.name) else { continue };
            let attempt = scheduler.attempt(pod);
            let rejectors = rejectors(&attempt);
            let Some(verdict) = verdict(&cluster, &mut scheduler, pod, attempt) else {
                self.scheduling.queue.remove(&key);
                continue;
            };
            let is_last = matches!(verdict, Verdict::Preempt { .. });
            match verdict {
                Verdict::Bind { node, claims } => self.bind(&key, &node, claims),
                Verdict::Wait { reason, message, keeps_nomination } => {
                    self.scheduling.queue.reject(&key, rejectors, self.now);
                    self.leave_waiting(&key, reason, message, keeps_nomination);
                }
                Verdict::Preempt { node, victims, message } => {
                    self.scheduling.queue.reject(&key, rejectors, self.now);
                    self.preempt(&key, &node, &victims, message);
                }
            }
            if is_last {
                break;
            }
        }
        self.scheduling.start = scheduler.start();
    }

    fn bind(&mut self, key: &Key, node: &str, claims: Vec<(Key, Option<Key>)>) {
        let labels = self.store.get::<Node>(&Key::new("", node)).map(|node| node.metadata.labels.clone()).unwrap_or_default();
        let zone = labels.get(TOPOLOGY_LABELS[1]).cloned();
        for (claim, volume) in claims {
            match volume {
                Some(volume) => volumes::bind(self, &claim, &volume),
                None => volumes::provision(self, &claim, zone.clone()),
            }
        }
        let now = self.now;
        self.store.update::<Pod>(key, |pod| {
            node.clone_into(&mut pod.spec.node_name);
            pod.status.nominated_node_name.clear();
            for label in TOPOLOGY_LABELS {
                if let Some(value) = labels.get(label) {
                    pod.metadata.labels.insert(label.to_owned(), value.clone());
                }
            }
            kubelet::set_condition(pod, "PodScheduled", "True", "", now);
        });
    }

    fn leave_waiting(&mut self, key: &Key, reason: &str, message: String, keeps_nomination: bool) {
        let now = self.now;
        self.store.update::<Pod>(key, |pod| {
            if !keeps_nomination {
                pod.status.nominated_node_name.clear();
            }
            kubelet::set_condition(pod, "PodScheduled", "False", reason, now);
            if let Some(condition) = pod.status.conditions.iter_mut().find(|condition| condition.r#type == "PodScheduled") {
                condition.message = message;
            }
        });
    }

    fn preempt(&mut self, key: &Key, node: &str, victims: &[Key], message: String) {
        self.leave_waiting(key, "Unschedulable", message, true);
        self.give_up_nominations(key, node);
        self.store.update::<Pod>(key, |pod| node.clone_into(&mut pod.status.nominated_node_name));
        let now = self.now;
        for victim in victims {
            self.store.update::<Pod>(victim, |pod| kubelet::set_condition(pod, "DisruptionTarget", "True", "PreemptionByScheduler", now));
            self.delete_pod(victim);
        }
    }

    /// Pods of lower priority no longer have the node kept free for them that is now kept free for this one.
    fn give_up_nominations(&mut self, key: &Key, node: &str) {
        let priority = |pod: &Pod| pod.spec.priority.unwrap_or(0);
        let Some(own) = self.store.get::<Pod>(key).map(|pod| priority(pod)) else { return };
        let gives_up = |pod: &Pod| waits(pod) && pod.status.nominated_node_name == node && priority(pod) < own;
        let keys: Vec<Key> = self.store.pods.iter().filter(|pod| gives_up(pod)).map(|pod| Key::of(&pod.metadata)).collect();
        keys.iter().for_each(|key| self.store.update::<Pod>(key, |pod| pod.status.nominated_node_name.clear()));
    }
}

/// The plugins that rejected a pod.
fn rejectors(attempt: &Attempt) -> Vec<&'static str> {
    if attempt.outcome == Outcome::Gated {
        return vec![scheduling_gates::PLUGIN.name];
    }
    let of_nodes = attempt.rejections.histogram().into_iter().map(|(rejection, _)| rejection);
    // what a PreFilter leaves out, node affinity left out
    let named = |rejection: &Rejection| if rejection.plugin == "PreFilter" { node_affinity::PLUGIN.name } else { rejection.plugin };
    let mut plugins: Vec<&'static str> = of_nodes.chain(&attempt.refused).map(named).collect();
    plugins.sort_unstable();
    plugins.dedup();
    plugins
}

fn key_of(cluster: &Cluster, pod: PodId) -> Key {
    let name = cluster.pod_name(pod);
    Key::new(name.namespace, name.name)
}

fn verdict(cluster: &Cluster, scheduler: &mut Scheduler<'_>, pod: PodId, attempt: Attempt) -> Option<Verdict> {
    match attempt.outcome {
        Outcome::Bound => {
            let node = attempt.node?;
            let claims = scheduler.settled(pod, node).into_iter().map(|(claim, state)| {
                let (namespace, name) = cluster.storage.claim(claim).key;
                let volume = match state {
                    ClaimState::Bound(volume) => Some(Key::new("", cluster.texts.get(cluster.storage.volume(volume).name))),
                    _ => None,
                };
                (Key::new(cluster.texts.get(namespace), cluster.texts.get(name)), volume)
            });
            let verdict = Verdict::Bind { node: cluster.node_name(node).to_owned(), claims: claims.collect() };
            scheduler.bind(pod, node);
            Some(verdict)
        }
        Outcome::Preempts => Some(preemption(cluster, attempt.preemption?, attempt.message)),
        Outcome::Unschedulable => {
            let keeps_nomination = attempt.message.contains(NOT_ELIGIBLE);
            Some(Verdict::Wait { reason: "Unschedulable", message: attempt.message, keeps_nomination })
        }
        Outcome::Gated => Some(Verdict::Wait { reason: "SchedulingGated", message: GATED.to_owned(), keeps_nomination: true }),
        Outcome::NotOurs => None,
    }
}

fn preemption(cluster: &Cluster, preemption: Preemption, message: String) -> Verdict {
    let victims = preemption.victims.iter().map(|&victim| key_of(cluster, victim)).collect();
    Verdict::Preempt { node: cluster.node_name(preemption.node).to_owned(), victims, message }
}
