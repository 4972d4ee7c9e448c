//! How fast the lost nodes of a zone get their `NoExecute` taint.
//!
//! Normally the first node at once and each further one 10 s later. A zone is in trouble when more than two of its nodes, and at least 55 %
//! of them, are lost: then large zones (over 50 nodes) are ten times slower, and small ones are left alone, because it is rather the
//! network that is broken. A zone that is lost as a whole is evicted at the normal rate, if any other zone has a node that answers;
//! if none has, nothing is evicted anywhere.
//!
//! Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go ComputeZoneState, handleDisruption, setLimiterInZone,
//! v1.36. A zone is a pair of region and zone label; nodes without labels are one zone of their own, and nodes with the label
//! `node.kubernetes.io/exclude-disruption` do not count.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Assumptions;
use crate::manifest::node::Node;

/// The nodes of a zone, and how many of them do not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    /// All its nodes.
    pub nodes: usize,
    /// Those that are lost, together with those that were not ready before.
    pub lost: usize,
}

/// What the loss does to the evictions of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disruption {
    /// Nodes are tainted one after another, so far apart.
    Every(Duration),
    /// No node of the zone is tainted, so that no pod is evicted.
    Stopped,
}

impl Disruption {
    /// How long the node that is lost as number `order` of its zone (from 0) waits for its taint; none if for ever.
    pub fn wait(self, order: usize) -> Option<Duration> {
        match self {
            Disruption::Every(interval) => Some(interval.saturating_mul(u32::try_from(order).unwrap_or(u32::MAX))),
            Disruption::Stopped => None,
        }
    }
}

/// What a loss does to evictions in a zone. `any_node_answers` says whether there is a node in the cluster that is not lost.
pub fn disruption(assumptions: &Assumptions, zone: Zone, any_node_answers: bool) -> Disruption {
    let ready = zone.nodes.saturating_sub(zone.lost);
    let threshold = usize::try_from(assumptions.unhealthy_zone_threshold_percent).unwrap_or(usize::MAX);
    let is_in_trouble = zone.lost > 2 && zone.lost.saturating_mul(100) >= zone.nodes.saturating_mul(threshold);
    if !any_node_answers {
        Disruption::Stopped
    } else if ready == 0 || !is_in_trouble {
        Disruption::Every(assumptions.node_eviction_interval)
    } else if zone.nodes > assumptions.large_cluster_size_threshold {
        Disruption::Every(assumptions.secondary_node_eviction_interval)
    } else {
        Disruption::Stopped
    }
}

/// A lost node, as evictions from it go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostNode {
    /// Which node, as an index.
    pub node: usize,
    /// How evictions go in its zone.
    pub disruption: Disruption,
    /// Which of the lost nodes of its zone it is, from 0, in the order of the input. The real order is that in which their silence is
    /// noticed, which nobody knows.
    pub order_in_zone: usize,
}

/// What losing these nodes at the same time (indices) does to evictions from each of them. Nodes that were not ready before count as lost
/// too, but do not queue.
pub fn lost_nodes(assumptions: &Assumptions, nodes: &[Node], lost: &[usize]) -> Vec<LostNode> {
    let mut is_lost = vec![false; nodes.len()];
    lost.iter().for_each(|&node| is_lost[node] = true);
    let mut zones: BTreeMap<(&str, &str), Zone> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate().filter(|(_, node)| !is_excluded(node)) {
        let zone = zones.entry(zone_of(node)).or_insert(Zone { nodes: 0, lost: 0 });
        zone.nodes += 1;
        zone.lost += usize::from(is_lost[index] || !is_ready(node));
    }
    let any_node_answers = zones.values().any(|zone| zone.lost < zone.nodes);
    let mut queues: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let lost = (0..nodes.len()).filter(|&node| is_lost[node]);
    let evictions = lost.map(|node| {
        let zone = zone_of(&nodes[node]);
        let queue = queues.entry(zone).or_default();
        *queue += 1;
        // a zone whose nodes are all excluded is never in trouble
        let state = zones.get(&zone).copied().unwrap_or(Zone { nodes: 0, lost: 0 });
        LostNode { node, disruption: disruption(assumptions, state, any_node_answers), order_in_zone: *queue - 1 }
    });
    evictions.collect()
}

fn zone_of(node: &Node) -> (&str, &str) {
    let label = |stable: &str, beta: &str| {
        let labels = &node.metadata.labels;
        labels.get(stable).or_else(|| labels.get(beta)).map(String::as_str).unwrap_or_default()
    };
    let region = label("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region");
    (region, label("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"))
}

fn is_excluded(node: &Node) -> bool {
    node.metadata.labels.contains_key("node.kubernetes.io/exclude-disruption")
}

/// Whether a node answers, as far as is known: manifests say nothing about it.
fn is_ready(node: &Node) -> bool {
    node.status.conditions.iter().find(|condition| condition.r#type == "Ready").is_none_or(|ready| ready.status == "True")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_zone_in_trouble_is_left_alone_and_a_lost_one_is_not() {
        let of = |nodes, lost, answers| disruption(&Assumptions::default(), Zone { nodes, lost }, answers);
        let (normal, slow) = (Disruption::Every(Duration::from_secs(10)), Disruption::Every(Duration::from_secs(100)));
        // 2 of 3 are 66 %, but two are never too many
        assert_eq!([of(4, 1, true), of(3, 2, true), of(6, 3, true)], [normal; 3]);
        assert_eq!(of(4, 3, true), Disruption::Stopped);
        assert_eq!(of(4, 4, true), normal);
        assert_eq!(of(4, 4, false), Disruption::Stopped);
        assert_eq!(of(100, 55, true), slow);
        assert_eq!(of(100, 54, true), normal);
    }
}
