//! Which nodes lack a pod and which have one too many, and the making and deleting of the difference.
//!
//! Source: k8s.io/kubernetes/pkg/controller/daemon/daemon_controller.go podsShouldBeOnNode, manage, syncNodes, v1.36.

use std::sync::Arc;
use std::time::Duration;

use super::node_match::{should_run, should_stay};
use super::pods::{daemon_template, pin};
use super::sync::Rounds;
use crate::controllers::adoption::owner;
use crate::controllers::availability::{is_available, is_ready};
use crate::controllers::ledger::from_template;
use crate::controllers::slow_start::slow_start;
use crate::controllers::world::memory::BackOff;
use crate::controllers::world::{Key, World};
use crate::manifest::meta::IntOrString;
use crate::manifest::node::Node;
use crate::manifest::pod::Pod;

/// So many pods are made, and so many deleted, in one sync.
const AT_ONCE: usize = 250;
/// Failed pods of a node are deleted no more often than this, and twice as seldom each time.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(900);

/// What is to be done.
#[derive(Default)]
pub(super) struct Work {
    /// Nodes that need a pod.
    pub lacking: Vec<String>,
    /// Names of pods to delete.
    pub doomed: Vec<String>,
}

impl Rounds {
    /// Makes and deletes pods so that every node has what it should. Whether anything was to be done; none if a pod was refused.
    pub fn manage(&mut self, world: &mut dyn World) -> Option<bool> {
        let mut work = Work::default();
        for node in self.nodes.clone() {
            self.look_at(world, &node, &mut work);
        }
        // the pods of a node that is gone wait for it in vain
        let is_known = |name: &str| self.nodes.iter().any(|node| node.metadata.name == name);
        let left = self.pods.iter().filter(|(node, _)| !is_known(node)).flat_map(|(_, pods)| pods);
        work.doomed.extend(left.filter(|pod| pod.spec.node_name.is_empty()).map(|pod| pod.metadata.name.clone()));
        // upstream goes through its nodes in no order
        let first = &world.store().memory.daemons_begin_with;
        work.lacking.sort_by_key(|name| !first.contains(name));
        self.perform(world, work)
    }

    fn look_at(&mut self, world: &mut dyn World, node: &Node, work: &mut Work) {
        let (should_run, should_stay) = (should_run(&self.spec, node), should_stay(&self.spec, node));
        let pods = self.pods.get(&node.metadata.name).cloned();
        match pods {
            None if should_run => work.lacking.push(node.metadata.name.clone()),
            None => {}
            Some(pods) if should_stay => {
                let running = self.delete_ended(world, node, &pods, work);
                if self.surges() {
                    self.keep_two(node, running, should_run, work);
                } else {
                    work.doomed.extend(running.iter().skip(1).map(|pod| pod.metadata.name.clone()));
                }
            }
            Some(pods) => work.doomed.extend(pods.iter().filter(|pod| !pod.is_terminating()).map(|pod| pod.metadata.name.clone())),
        }
    }

    /// Deletes pods that have ended, failed ones not too often; the others that are not being deleted.
    fn delete_ended(&mut self, world: &mut dyn World, node: &Node, pods: &[Arc<Pod>], work: &mut Work) -> Vec<Arc<Pod>> {
        let mut running = Vec::new();
        for pod in pods.iter().filter(|pod| !pod.is_terminating()) {
            let name = format!("{}/{} on node {}", pod.metadata.namespace, pod.metadata.name, node.metadata.name);
            match pod.status.phase.as_str() {
                "Failed" => {
                    if self.backs_off(world, &node.metadata.name) {
                        continue;
                    }
                    world.event("DaemonSet", &self.key, "FailedDaemonPod", format!("Found failed daemon pod {name}, will try to kill it"));
                    work.doomed.push(pod.metadata.name.clone());
                }
                "Succeeded" => {
                    let message = format!("Found succeeded daemon pod {name}, will try to delete it");
                    world.event("DaemonSet", &self.key, "SucceededDaemonPod", message);
                    work.doomed.push(pod.metadata.name.clone());
                }
                _ => running.push(pod.clone()),
            }
        }
        running
    }

    /// Whether the last failed pod of this node was deleted too short a time ago; if not, the next back-off begins.
    fn backs_off(&mut self, world: &mut dyn World, node: &str) -> bool {
        let key = (self.key.clone(), node.to_owned());
        let old = world.store().memory.daemons.get(&key).copied();
        if let Some(old) = old.filter(|old| self.now.since(old.since) < old.duration) {
            self.look_again(old.duration);
            return true;
        }
        let is_fresh = |old: &BackOff| self.now.since(old.since) <= LONGEST_BACK_OFF * 2;
        let duration = old.filter(is_fresh).map_or(FIRST_BACK_OFF, |old| (old.duration * 2).min(LONGEST_BACK_OFF));
        world.store_mut().memory.daemons.insert(key, BackOff { duration, since: self.now });
        false
    }

    /// Whether updates put a new pod beside the old one.
    pub fn surges(&self) -> bool {
        let strategy = &self.set.spec.update_strategy;
        let surge = strategy.rolling_update.as_ref().and_then(|bounds| bounds.max_surge.as_ref());
        let is_zero = |surge: &IntOrString| match surge {
            IntOrString::Int(number) => *number == 0,
            IntOrString::Text(text) => text.trim_end_matches('%').parse() == Ok(0),
        };
        strategy.r#type != "OnDelete" && surge.is_some_and(|surge| !is_zero(surge))
    }

    /// With a surge an old pod stays beside the new one as long as it is ready and the new one is not available.
    fn keep_two(&self, node: &Node, running: Vec<Arc<Pod>>, should_run: bool, work: &mut Work) {
        if running.is_empty() && should_run {
            work.lacking.push(node.metadata.name.clone());
        }
        if running.len() < 2 {
            return;
        }
        let (mut new, mut old) = (None, None);
        for pod in &running {
            let place = if self.is_of_revision(pod) { &mut new } else { &mut old };
            match place {
                None => *place = Some(pod),
                Some(_) => work.doomed.push(pod.metadata.name.clone()),
            }
        }
        if let (Some(new), Some(old)) = (new, old)
            && (!is_ready(old) || is_available(new, self.set.spec.min_ready_seconds, self.now))
        {
            work.doomed.push(old.metadata.name.clone());
        }
    }

    fn is_of_revision(&self, pod: &Pod) -> bool {
        pod.metadata.labels.get(super::pods::REVISION) == Some(&self.revision)
    }

    /// Makes and deletes pods. Whether there was anything to do; none if a pod was refused.
    pub fn perform(&mut self, world: &mut dyn World, mut work: Work) -> Option<bool> {
        let is_idle = work.lacking.is_empty() && work.doomed.is_empty();
        work.lacking.truncate(AT_ONCE);
        work.doomed.truncate(AT_ONCE);
        let all_made = self.create(world, &work.lacking);
        for name in &work.doomed {
            world.delete_pod(&Key::new(&self.key.namespace, name));
        }
        if !is_idle {
            self.look(world);
        }
        all_made.then_some(!is_idle)
    }

    /// Makes pods. Whether none was refused.
    fn create(&self, world: &mut dyn World, nodes: &[String]) -> bool {
        let template = daemon_template(&self.set, &self.revision, self.generation);
        let made = slow_start(nodes.len(), |position| {
            let mut pod = from_template(&template, &owner(&self.set), String::new());
            pod.metadata.uid.clear();
            pod.metadata.generate_name = format!("{}-", self.set.metadata.name);
            pin(&mut pod.spec, &nodes[position]);
            world.create_pod(pod).map(|_| ()).inspect_err(|refusal| {
                world.event("DaemonSet", &self.key, "FailedCreate", format!("Error creating: {refusal}"));
            })
        });
        made.is_ok()
    }
}
