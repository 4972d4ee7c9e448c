//! Node lifecycle: says of nodes whose kubelet is silent that nobody knows how they are, and taints nodes that are not well.
//!
//! Every 5 seconds it looks at all nodes. One whose kubelet has renewed no lease for 50 seconds has its conditions set to
//! `Unknown` and its pods to not ready. Conditions become `NoSchedule` taints at once. `NoExecute` taints, which make the pods leave,
//! come node by node: one every ten seconds in a zone, fewer or none where much of a zone is down, none where everything is.
//!
//! | file | what |
//! |---|---|
//! | `health` | whether a node's kubelet is silent |
//! | `condition_taints` | the `NoSchedule` taints of its conditions |
//! | `zones` | how much of a zone is down, and what follows |
//! | `eviction_queue` | nodes waiting for their `NoExecute` taint |
//!
//! Not modelled: labels of old names that the real one copies from new names.
//!
//! Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go, v1.36, default flags.

mod condition_taints;
mod eviction_queue;
mod health;
mod zones;

pub use eviction_queue::EvictionQueue;
pub use zones::Pace;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::taint::{self, NO_EXECUTE, taint};
use super::world::{Change, Key, Moment, Outcome, Store, World};
use crate::manifest::node::Node;
use crate::manifest::pod::Pod;

/// Its name, as kube-controller-manager spells it.
pub const NAME: &str = "node-lifecycle-controller";

/// How often it looks at all nodes: `--node-monitor-period`.
const PERIOD: Duration = Duration::from_secs(5);

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// A label with this key keeps a node out of the count of what is down.
const EXCLUDED: &str = "node.kubernetes.io/exclude-disruption";

/// Nodes by name, for the taints of their conditions; pods that come to a node; and a key without a name for all nodes at once,
/// which the first node sets going.
pub(in crate::controllers) fn watch(store: &Store, change: &Change, keys: &mut Vec<Key>) {
    match change {
        Change::Node(delta) => {
            if store.memory.node_lifecycle.next.is_none() {
                keys.push(Key::new("", ""));
            }
            keys.extend(delta.after.as_ref().map(|node| Key::of(&node.metadata)));
        }
        Change::Pod(delta) => {
            let node = |pod: &Option<Arc<Pod>>| pod.as_ref().map(|pod| pod.spec.node_name.clone()).unwrap_or_default();
            let now_on = node(&delta.after);
            if !now_on.is_empty() && now_on != node(&delta.before) {
                keys.push(delta.key());
            }
        }
        _ => {}
    }
}

/// Looks at a node, at a pod that came to one, or at everything.
pub(in crate::controllers) fn sync(world: &mut dyn World, key: &Key) -> Outcome {
    if !key.namespace.is_empty() {
        health::mark_if_node_is_not_ready(world, key);
        Outcome::Done
    } else if !key.name.is_empty() {
        condition_taints::sync(world, key);
        Outcome::Done
    } else {
        monitor(world)
    }
}

/// Looks at all nodes if it is time to, and taints those whose turn has come.
fn monitor(world: &mut dyn World) -> Outcome {
    let now = world.now();
    if world.store().memory.node_lifecycle.next.is_none_or(|next| next <= now) {
        look(world);
        let next = (!world.store().nodes.is_empty()).then(|| now.next_multiple_of(PERIOD));
        world.store_mut().memory.node_lifecycle.next = next;
    }
    taint_queued(world);
    let memory = &world.store().memory.node_lifecycle;
    let turns = memory.zones.values().filter_map(|zone| zone.queue.next_turn());
    turns.chain(memory.next).min().map_or(Outcome::Done, |next| Outcome::After(next.since(now)))
}

fn look(world: &mut dyn World) {
    let nodes: Vec<Arc<Node>> = world.store().nodes.iter().cloned().collect();
    meet(world, &nodes);
    let mut ready_by_zone: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for node in &nodes {
        let seen = health::look(world, node);
        let is_ready = seen.after.as_deref() == Some("True");
        if node.metadata.labels.get(EXCLUDED).is_none() {
            ready_by_zone.entry(zones::zone_of(node)).or_default().push(is_ready);
        }
        let Some(status) = seen.after else { continue };
        taint_by_status(world, node, &status);
        if !is_ready && seen.before.as_deref() == Some("True") {
            health::mark_pods_not_ready(world, &node.metadata.name);
        }
    }
    zones::handle_disruption(world, &ready_by_zone, &nodes);
}

/// Gets to know new nodes and their zones, and forgets nodes that are gone.
fn meet(world: &mut dyn World, nodes: &[Arc<Node>]) {
    let now = world.now();
    for node in nodes {
        let memory = &mut world.store_mut().memory.node_lifecycle;
        memory.zones.entry(zones::zone_of(node)).or_insert_with(|| zones::new_zone(now));
        if !memory.nodes.contains_key(&node.metadata.name) {
            mark_reachable(world, node);
        }
    }
    let names: BTreeSet<&str> = nodes.iter().map(|node| node.metadata.name.as_str()).collect();
    world.store_mut().memory.node_lifecycle.nodes.retain(|name, _| names.contains(name.as_str()));
}

/// A node that is not well waits for its `NoExecute` taint; where it has the other one of the two, that is exchanged at once.
fn taint_by_status(world: &mut dyn World, node: &Node, status: &str) {
    let (own, other) = match status {
        "False" => (NOT_READY, UNREACHABLE),
        "Unknown" => (UNREACHABLE, NOT_READY),
        "True" => return mark_reachable(world, node),
        _ => return,
    };
    if taint::has(node, other, NO_EXECUTE) {
        return swap(world, &node.metadata.name, own, other);
    }
    let now = world.now();
    let memory = &mut world.store_mut().memory.node_lifecycle;
    let zone = memory.zones.entry(zones::zone_of(node)).or_insert_with(|| zones::new_zone(now));
    if !taint::has(node, own, NO_EXECUTE) {
        zone.queue.remove(&node.metadata.name);
    }
    zone.queue.add(&node.metadata.name);
}

/// Takes the `NoExecute` taints off a node, and it need not wait for one any more.
fn mark_reachable(world: &mut dyn World, node: &Node) {
    for key in [UNREACHABLE, NOT_READY] {
        if taint::has(node, key, NO_EXECUTE) {
            world.store_mut().update::<Node>(&Key::of(&node.metadata), |node| taint::remove(node, key, NO_EXECUTE));
        }
    }
    if let Some(zone) = world.store_mut().memory.node_lifecycle.zones.get_mut(&zones::zone_of(node)) {
        zone.queue.remove(&node.metadata.name);
    }
}

/// Puts `NoExecute` taints on the nodes whose turn it is.
fn taint_queued(world: &mut dyn World) {
    let now = world.now();
    let zones: Vec<String> = world.store().memory.node_lifecycle.zones.keys().cloned().collect();
    for zone in &zones {
        while let Some(name) = turn(world, zone, now) {
            let node = world.store().get::<Node>(&Key::new("", &name));
            match node.and_then(|node| health::ready_status(node)) {
                Some("False") => swap(world, &name, NOT_READY, UNREACHABLE),
                Some("Unknown") => swap(world, &name, UNREACHABLE, NOT_READY),
                // it is well again, or gone
                _ => {}
            }
        }
    }
}

fn turn(world: &mut dyn World, zone: &str, now: Moment) -> Option<String> {
    world.store_mut().memory.node_lifecycle.zones.get_mut(zone)?.queue.turn(now)
}

fn swap(world: &mut dyn World, name: &str, own: &str, other: &str) {
    world.store_mut().update::<Node>(&Key::new("", name), |node| {
        taint::add(node, taint(own, NO_EXECUTE));
        taint::remove(node, other, NO_EXECUTE);
    });
}
