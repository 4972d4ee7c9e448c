//! kube-scheduler in the cluster: it looks whenever something changed that could help a pod that waits.
//!
//! A pass tries every waiting pod in the queue's order, over one picture of the cluster that the bindings of the pass are added
//! to. A preemption ends the pass: its victims have to leave before anyone is tried again.

use super::control_plane::ControlPlane;
use super::{kubelet, volumes};
use crate::cluster::Cluster;
use crate::cluster::index::PodId;
use crate::cluster::occupancy::ClaimState;
use crate::controllers::world::{Change, Delta, Key, World};
use crate::manifest::node::Node;
use crate::manifest::pod::Pod;
use crate::scheduler::attempt::{Attempt, Outcome, Preemption};
use crate::scheduler::profile::Configuration;
use crate::scheduler::version::KubernetesVersion;
use crate::scheduler::{Options, Scheduler, prepare, queue};

/// Node labels that binding copies to the pod.
const TOPOLOGY_LABELS: [&str; 2] = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];

/// How this cluster schedules, and whether it has to.
#[derive(Debug, Clone)]
pub(super) struct Scheduling {
    options: Options,
    configuration: Configuration,
    has_news: bool,
}

/// What a pass decided about a pod.
enum Verdict {
    Bind { node: String, claims: Vec<(Key, Option<Key>)> },
    Wait { reason: &'static str, message: String },
    Preempt { node: String, victims: Vec<Key>, message: String },
}

impl Scheduling {
    /// A scheduler of this version and configuration.
    pub fn new(version: KubernetesVersion, configuration: Configuration) -> Self {
        Scheduling { options: Options { version, ..Options::default() }, configuration, has_news: false }
    }

    /// Takes note of changes that could help a pod that waits, and of new pods.
    pub fn note(&mut self, change: &Change) {
        self.has_news |= match change {
            Change::Pod(delta) => concerns_placing(delta),
            Change::Node(delta) => may_help(delta),
            Change::Namespace(_)
            | Change::PersistentVolumeClaim(_)
            | Change::PersistentVolume(_)
            | Change::StorageClass(_)
            | Change::CsiNode(_) => true,
            _ => false,
        };
    }
}

/// What a pod's status says does not matter, but that it has ended.
fn concerns_placing(delta: &Delta<Pod>) -> bool {
    let (Some(before), Some(after)) = (&delta.before, &delta.after) else { return true };
    before.spec != after.spec
        || before.metadata.labels != after.metadata.labels
        || before.is_terminal() != after.is_terminal()
        || before.is_terminating() != after.is_terminating()
}

/// Whether a change to a node could let a pod in that was kept out: it grew, its labels changed, or something that keeps pods
/// away is gone.
///
/// Source: the queueing hints of k8s.io/kubernetes/pkg/scheduler/framework/plugins, v1.36.
fn may_help(delta: &Delta<Node>) -> bool {
    let (Some(before), Some(after)) = (&delta.before, &delta.after) else { return true };
    let grew = after.status.allocatable.iter().any(|(name, amount)| before.status.allocatable.get(name).is_none_or(|old| old < amount));
    let lost_a_taint = before.spec.taints.iter().any(|taint| !after.spec.taints.contains(taint));
    grew || lost_a_taint || before.spec.unschedulable && !after.spec.unschedulable || before.metadata.labels != after.metadata.labels
}

fn waits(pod: &Pod) -> bool {
    pod.spec.node_name.is_empty() && !pod.is_terminal() && !pod.is_terminating()
}

impl ControlPlane {
    /// One pass over the pods that wait. Whether it changed anything.
    pub(super) fn schedule(&mut self) -> bool {
        if !std::mem::take(&mut self.scheduling.has_news) || !self.store.pods.iter().any(|pod| waits(pod)) {
            return false;
        }
        for (key, verdict) in self.pass() {
            match verdict {
                Verdict::Bind { node, claims } => self.bind(&key, &node, claims),
                Verdict::Wait { reason, message } => self.leave_waiting(&key, reason, message),
                Verdict::Preempt { node, victims, message } => self.preempt(&key, &node, &victims, message),
            }
        }
        self.store.has_changes()
    }

    fn pass(&self) -> Vec<(Key, Verdict)> {
        let objects = self.store.objects();
        let (cluster, profiles) = prepare(&objects, &self.scheduling.configuration);
        let mut scheduler = Scheduler::new(&cluster, &profiles, self.scheduling.options);
        let mut verdicts = Vec::new();
        for pod in queue::pending(&cluster) {
            let attempt = scheduler.attempt(pod);
            let Some(verdict) = verdict(&cluster, &mut scheduler, pod, attempt) else { continue };
            let is_last = matches!(verdict, Verdict::Preempt { .. });
            verdicts.push((key_of(&cluster, pod), verdict));
            if is_last {
                break;
            }
        }
        verdicts
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

    fn leave_waiting(&mut self, key: &Key, reason: &str, message: String) {
        let now = self.now;
        self.store.update::<Pod>(key, |pod| {
            kubelet::set_condition(pod, "PodScheduled", "False", reason, now);
            if let Some(condition) = pod.status.conditions.iter_mut().find(|condition| condition.r#type == "PodScheduled") {
                condition.message = message;
            }
        });
    }

    fn preempt(&mut self, key: &Key, node: &str, victims: &[Key], message: String) {
        self.leave_waiting(key, "Unschedulable", message);
        self.store.update::<Pod>(key, |pod| node.clone_into(&mut pod.status.nominated_node_name));
        let now = self.now;
        for victim in victims {
            self.store.update::<Pod>(victim, |pod| kubelet::set_condition(pod, "DisruptionTarget", "True", "PreemptionByScheduler", now));
            self.delete_pod(victim);
        }
        self.scheduling.has_news = true;
    }
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
        Outcome::Unschedulable => Some(Verdict::Wait { reason: "Unschedulable", message: attempt.message }),
        Outcome::Gated => {
            Some(Verdict::Wait { reason: "SchedulingGated", message: "Scheduling is blocked due to non-empty scheduling gates".to_owned() })
        }
        Outcome::NotOurs => None,
    }
}

fn preemption(cluster: &Cluster, preemption: Preemption, message: String) -> Verdict {
    let victims = preemption.victims.iter().map(|&victim| key_of(cluster, victim)).collect();
    Verdict::Preempt { node: cluster.node_name(preemption.node).to_owned(), victims, message }
}
