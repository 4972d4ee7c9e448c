//! When the node lifecycle controller drives pods out of silent nodes: zone by zone, at a pace, and sometimes never.
//!
//! The first silent node of a zone gets its `NoExecute` taint when it is found out, the others of the zone after it, in list order here
//! (in the order in which their silence is noticed there, which nobody knows). The pace, and when it slows down or stops, are the
//! controller's own ([`Pace`]). Nodes that were silent before count as lost; those labelled `node.kubernetes.io/exclude-disruption` do
//! not count at all.
//!
//! Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go, v1.36; recordings `nodeloss-lifecycle-*`.

use std::time::Duration;

use crate::cluster::index::{NodeId, NodeSet};
use crate::cluster::nodes::Nodes;
use crate::controllers::node_lifecycle::Pace;
use crate::manifest::node::Node;

/// The nodes of a cluster by zone, as evictions go.
#[derive(Debug, Clone)]
pub struct Zones {
    /// Nodes that count, by the number of their zone, and those of them that were silent before.
    counts: Vec<(usize, usize)>,
    /// Nodes that count and that answer before the loss.
    answering: NodeSet,
}

/// A lost node, as evictions from it go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostNode {
    /// Which node.
    pub node: NodeId,
    /// From one node of its zone to the next; none if evictions have stopped there.
    pub interval: Option<Duration>,
    /// Which of the lost nodes of its zone it is, from 0.
    pub order_in_zone: usize,
}

impl LostNode {
    /// From when the loss is found out until the `NoExecute` taint; none if it never comes.
    pub fn wait(&self) -> Option<Duration> {
        Some(self.interval?.saturating_mul(u32::try_from(self.order_in_zone).unwrap_or(u32::MAX)))
    }
}

impl Zones {
    /// Of the nodes of a cluster, and the objects that they were made from.
    pub fn new(nodes: &Nodes, objects: &[Node]) -> Self {
        let mut zones = Zones { counts: Vec::new(), answering: NodeSet::none(nodes.len()) };
        for node in nodes.ids() {
            let (zone, object) = (nodes.zone(node), &objects[nodes.objects[node.index()]]);
            zones.counts.resize(zones.counts.len().max(zone + 1), (0, 0));
            if object.metadata.labels.contains_key("node.kubernetes.io/exclude-disruption") {
                continue;
            }
            let ready = object.status.conditions.iter().find(|condition| condition.r#type == "Ready");
            // manifests say nothing about it
            let answers = ready.is_none_or(|ready| ready.status == "True");
            zones.counts[zone].0 += 1;
            zones.counts[zone].1 += usize::from(!answers);
            zones.answering.set(node, answers);
        }
        zones
    }

    /// What losing these nodes at the same time does to evictions from each of them.
    pub fn lost(&self, nodes: &Nodes, pace: &Pace, lost: &[NodeId]) -> Vec<LostNode> {
        let mut silent: Vec<usize> = self.counts.iter().map(|(_, before)| *before).collect();
        lost.iter().filter(|&&node| self.answering.contains(node)).for_each(|&node| silent[nodes.zone(node)] += 1);
        let any_answers = self.counts.iter().zip(&silent).any(|((nodes, _), silent)| silent < nodes);
        let mut turns = vec![0; silent.len()];
        let of = |&node: &NodeId| {
            let zone = nodes.zone(node);
            let order_in_zone = turns[zone];
            turns[zone] += 1;
            let interval = if any_answers { pace.interval(self.counts[zone].0, silent[zone]) } else { None };
            LostNode { node, interval, order_in_zone }
        };
        lost.iter().map(of).collect()
    }
}
