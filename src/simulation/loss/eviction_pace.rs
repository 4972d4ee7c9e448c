//! When the node lifecycle controller drives pods out of silent nodes: zone by zone, at a pace, and sometimes never.
//!
//! The first silent node of a zone gets its `NoExecute` taint when it is found out, each further one 10 s later. Where more than two
//! nodes of a zone and at least 55 % of it are silent, the controller suspects the network: in a zone of more than 50 nodes it slows
//! down to one node in 100 s, in a smaller one it stops. A zone that is lost whole goes at the usual pace, unless every zone is lost.
//!
//! Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go (handleDisruption, ComputeZoneState,
//! ReducedQPSFunc) with the defaults of kube-controller-manager, v1.36; recordings `nodeloss-lifecycle-*`.

use crate::cluster::index::NodeId;
use crate::cluster::nodes::Nodes;

/// Seconds between two nodes of a zone: `--node-eviction-rate` 0.1 a second.
const PACE_SECONDS: u32 = 10;
/// Seconds between two nodes of a large zone most of which is silent: `--secondary-node-eviction-rate` 0.01 a second.
const SLOW_PACE_SECONDS: u32 = 100;
/// A zone of more nodes is large: `--large-cluster-size-threshold`.
const LARGE_ZONE_NODES: usize = 50;

/// For each of these silent nodes: seconds from when they are found out until its `NoExecute` taint; none if it never comes.
pub fn no_execute_after(nodes: &Nodes, silent: &[NodeId]) -> Vec<Option<u32>> {
    let mut ready: Vec<usize> = Vec::new();
    for node in nodes.ids() {
        let zone = nodes.zone(node);
        ready.resize(ready.len().max(zone + 1), 0);
        ready[zone] += 1;
    }
    let mut lost = vec![0; ready.len()];
    for &node in silent {
        ready[nodes.zone(node)] -= 1;
        lost[nodes.zone(node)] += 1;
    }
    if ready.iter().all(|&nodes| nodes == 0) {
        return vec![None; silent.len()];
    }
    let mut before = vec![0; ready.len()];
    let delay = |&node: &NodeId| {
        let zone = nodes.zone(node);
        let turn = before[zone];
        before[zone] += 1;
        Some(turn * pace(ready[zone], lost[zone])?)
    };
    silent.iter().map(delay).collect()
}

/// Seconds between two nodes of a zone with so many nodes that answer and so many that do not; none if it stops.
fn pace(ready: usize, lost: usize) -> Option<u32> {
    let is_disrupted = ready > 0 && lost > 2 && lost as f32 / (lost + ready) as f32 >= 0.55;
    match (is_disrupted, ready + lost > LARGE_ZONE_NODES) {
        (false, _) => Some(PACE_SECONDS),
        (true, true) => Some(SLOW_PACE_SECONDS),
        (true, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::pace;

    #[test]
    fn most_of_a_small_zone_is_taken_for_the_network_s_fault() {
        assert_eq!(
            [pace(3, 1), pace(1, 2), pace(1, 3), pace(0, 4), pace(4, 4), pace(20, 40)].map(|pace| pace),
            [Some(10), Some(10), None, Some(10), Some(10), Some(100)]
        );
    }
}
