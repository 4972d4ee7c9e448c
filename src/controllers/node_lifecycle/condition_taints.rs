//! The `NoSchedule` taints of a node: one for every condition that keeps new pods away, and one for a cordon.
//!
//! Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go doNoScheduleTaintingPass, v1.36.

use super::{NOT_READY, UNREACHABLE};
use crate::controllers::taint::{self, NO_SCHEDULE, taint};
use crate::controllers::world::{Key, World};
use crate::manifest::node::Node;

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Condition, status, taint.
const TAINTS: [(&str, &str, &str); 6] = [
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

/// Gives a node the taints that its conditions and its cordon call for, and takes the others of these off.
pub(super) fn sync(world: &mut dyn World, key: &Key) {
    world.store_mut().update::<Node>(key, |node| {
        let wanted = wanted(node);
        let unwanted = TAINTS.iter().map(|row| row.2).chain([UNSCHEDULABLE]).filter(|key| !wanted.contains(key));
        unwanted.for_each(|key| taint::remove(node, key, NO_SCHEDULE));
        for key in wanted {
            if !taint::has(node, key, NO_SCHEDULE) {
                taint::add(node, taint(key, NO_SCHEDULE));
            }
        }
    });
}

fn wanted(node: &Node) -> Vec<&'static str> {
    let of_conditions = node.status.conditions.iter().filter_map(|condition| {
        let row = TAINTS.iter().find(|(kind, status, _)| condition.r#type == *kind && condition.status == *status);
        row.map(|row| row.2)
    });
    of_conditions.chain(node.spec.unschedulable.then_some(UNSCHEDULABLE)).collect()
}
