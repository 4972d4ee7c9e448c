//! A node holds more pods than the team wants on one, or nearly as many as its kubelet takes.
//!
//! The more pods a node has, the more is lost with it and has to start at once elsewhere. The bound is `thresholds.podsPerNode`; without
//! one nothing is said of it (the guide's alert has 30). In any case it is said of a node of whose pod slots (`allocatable.pods`)
//! nine tenths are taken: the next rollout or loss of a neighbour finds none, whatever cpu and memory are free.
//!
//! # Example
//!
//! ```yaml
//! thresholds: {podsPerNode: 30}       # in plimsoll.yaml; and a node runs 66 pods
//! ```
//!
//! # Instead
//!
//! More nodes, and rules that spread pods over them: `plimsoll size` says how many; or `maxPods` of the kubelet, if the network has addresses
//! for them.
//!
//! # Source
//!
//! The alert PodNotDistributed of a guide to highly available data platforms (30 pods of a node); kubernetes.io, "Considerations for
//! large clusters" (110 pods of a node).

use crate::check::{Findings, Subject};
use crate::cluster::resources::PODS;

/// From so many tenths of its slots on a node is nearly full.
const TENTHS: i64 = 9;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.has_nodes() {
        return;
    }
    let cluster = subject.baseline().cluster();
    let bound = subject.settings().thresholds.pods_per_node;
    for node in cluster.nodes.ids() {
        let written = &subject.objects.nodes[cluster.nodes.objects[node.index()]];
        let pods = subject.baseline().occupancy().pods_on(node).len();
        let slots = cluster.allocatable(PODS, node);
        let held = i64::try_from(pods).unwrap_or(i64::MAX);
        if let Some(bound) = bound.filter(|bound| pods > *bound) {
            findings
                .on(written, "", format!("it holds {pods} pods, and no more than {bound} are wanted on a node"))
                .because("the bound is thresholds.podsPerNode of the settings")
                .help("spread pods over more nodes: `plimsoll size` says which and how many");
        } else if slots > 0 && held.saturating_mul(10) >= slots.saturating_mul(TENTHS) && pods >= 2 {
            findings
                .on(written, "status.allocatable.pods", format!("{pods} of its {slots} pod slots are taken"))
                .because("pods that are placed here after a loss or during a rollout find no slot, whatever cpu and memory are free")
                .help("add a node, or raise maxPods of its kubelet, if the network has addresses for them");
        }
    }
}
