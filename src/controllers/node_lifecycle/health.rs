//! Whether a node's kubelet is silent, and what is said of the node and its pods then.
//!
//! Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go tryUpdateNodeHealth, processPod;
//! pkg/controller/util/node/controller_utils.go MarkPodsNotReady, v1.36.

use std::time::Duration;

use crate::controllers::world::memory::NodeHealth;
use crate::controllers::world::{Key, Moment, World};
use crate::manifest::node::Node;
use crate::manifest::pod::{Condition, Pod};

/// So long a kubelet may be silent: `--node-monitor-grace-period`.
const GRACE: Duration = Duration::from_secs(50);
/// So long a kubelet may take to say anything: `--node-startup-grace-period`.
const STARTUP_GRACE: Duration = Duration::from_secs(60);

const READY: &str = "Ready";
/// Conditions that a kubelet speaks for.
const CONDITIONS: [&str; 4] = [READY, "MemoryPressure", "DiskPressure", "PIDPressure"];

/// The status of a node's condition `Ready` before and after it was looked at; none if it has none.
pub(super) struct Seen {
    pub before: Option<String>,
    pub after: Option<String>,
}

/// The status of a node's condition `Ready`.
pub(super) fn ready_status(node: &Node) -> Option<&str> {
    ready(node).map(|condition| condition.status.as_str())
}

fn ready(node: &Node) -> Option<&Condition> {
    node.status.conditions.iter().find(|condition| condition.r#type == READY)
}

/// Notes when a node's kubelet was last heard of; where that is too long ago, says that nobody knows how the node is.
pub(super) fn look(world: &mut dyn World, node: &Node) -> Seen {
    let now = world.now();
    let before = ready_status(node).map(str::to_owned);
    let grace = if before.is_some() { GRACE } else { STARTUP_GRACE };
    // looks come a little late each time, so that the one a grace period after another is already past it
    if now < heard_of(world, node) + grace {
        return Seen { after: before.clone(), before };
    }
    let mut silent = node.clone();
    say_unknown(&mut silent, now);
    if ready(&silent) != ready(node) {
        let conditions = silent.status.conditions;
        if let Some(health) = world.store_mut().memory.node_lifecycle.nodes.get_mut(&node.metadata.name) {
            health.ready = conditions.iter().find(|condition| condition.r#type == READY).cloned();
        }
        world.store_mut().update::<Node>(&Key::of(&node.metadata), |node| node.status.conditions = conditions);
    }
    Seen { before, after: Some("Unknown".to_owned()) }
}

/// When a node's kubelet was last heard of: it renews a lease, and posts the node's status.
fn heard_of(world: &mut dyn World, node: &Node) -> Moment {
    let now = world.now();
    let lease = world.lease_renewal(&node.metadata.name);
    let ready = ready(node).cloned();
    let created = node.metadata.creation_timestamp.as_deref().and_then(Moment::parse).filter(|_| ready.is_none()).unwrap_or(now);
    let nodes = &mut world.store_mut().memory.node_lifecycle.nodes;
    let health =
        nodes.entry(node.metadata.name.clone()).or_insert_with(|| NodeHealth { heard: created, lease: None, ready: ready.clone() });
    if health.ready != ready {
        health.ready = ready;
        health.heard = now;
    }
    if lease > health.lease {
        health.lease = lease;
        health.heard = now;
    }
    health.heard
}

fn say_unknown(node: &mut Node, now: Moment) {
    for kind in CONDITIONS {
        let conditions = &mut node.status.conditions;
        let (condition, reason, message) = match conditions.iter().position(|condition| condition.r#type == kind) {
            Some(place) => (&mut conditions[place], "NodeStatusUnknown", "Kubelet stopped posting node status."),
            None => {
                conditions.push(Condition { r#type: kind.to_owned(), ..Condition::default() });
                (conditions.last_mut().expect("just pushed"), "NodeStatusNeverUpdated", "Kubelet never posted node status.")
            }
        };
        if condition.status != "Unknown" {
            "Unknown".clone_into(&mut condition.status);
            reason.clone_into(&mut condition.reason);
            message.clone_into(&mut condition.message);
            condition.last_transition_time = Some(now.timestamp());
        }
    }
}

/// The pods of a node that is not ready are not ready either, whatever they last said.
pub(super) fn mark_pods_not_ready(world: &mut dyn World, node: &str) {
    let pods = world.store().pods.iter().filter(|pod| pod.spec.node_name == node);
    let keys: Vec<Key> = pods.map(|pod| Key::of(&pod.metadata)).collect();
    keys.iter().for_each(|key| mark_not_ready(world, key));
}

/// As [`mark_pods_not_ready`], of one pod that has just come to its node.
pub(super) fn mark_if_node_is_not_ready(world: &mut dyn World, key: &Key) {
    let store = world.store();
    let Some(pod) = store.get::<Pod>(key) else { return };
    let health = store.memory.node_lifecycle.nodes.get(&pod.spec.node_name);
    if health.and_then(|health| health.ready.as_ref()).is_some_and(|ready| ready.status != "True") {
        mark_not_ready(world, key);
    }
}

fn mark_not_ready(world: &mut dyn World, key: &Key) {
    let now = world.now();
    world.store_mut().update::<Pod>(key, |pod| {
        let condition = pod.status.conditions.iter_mut().find(|condition| condition.r#type == READY && condition.status != "False");
        if let Some(condition) = condition {
            "False".clone_into(&mut condition.status);
            condition.last_transition_time = Some(now.timestamp());
        }
    });
}
