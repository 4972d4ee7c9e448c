//! Every way to put a few pods on nodes, with rules about order waived: amounts, ports, and who must not share a node.

use super::obstacle::{conflict, least};
use super::repack::Item;
use crate::cluster::Cluster;
use crate::cluster::index::{NodeId, ResourceId};
use crate::cluster::occupancy::Occupancy;

/// So many bindings are tried.
const TRIALS: u64 = 50_000;

/// What came of trying everything.
pub(super) enum Assignment {
    /// Where each item goes, in their order.
    Found(Vec<NodeId>),
    /// There is no way.
    Impossible {
        /// Bindings that were tried.
        tried: u64,
    },
    /// There were too many ways to try.
    GaveUp,
}

struct Trial<'a> {
    cluster: &'a Cluster,
    items: &'a [Item],
    /// By resource and node.
    free: Vec<Vec<i64>>,
    chosen: Vec<NodeId>,
    tried: u64,
}

/// Tries every way, items in their order, those of a class from left to right.
pub(super) fn search(cluster: &Cluster, occupancy: &Occupancy, items: &[Item]) -> Assignment {
    let free = |resource: ResourceId| {
        let left = |node: NodeId| cluster.allocatable(resource, node) - occupancy.requested(resource, node);
        cluster.nodes.ids().map(left).collect()
    };
    let free = cluster.resources.ids().map(free).collect();
    let mut trial = Trial { cluster, items, free, chosen: Vec::new(), tried: 0 };
    match trial.descend() {
        Some(true) => Assignment::Found(trial.chosen),
        Some(false) => Assignment::Impossible { tried: trial.tried },
        None => Assignment::GaveUp,
    }
}

impl Trial<'_> {
    /// Whether the items that are left find nodes; none if that takes too long to say.
    fn descend(&mut self) -> Option<bool> {
        let at = self.chosen.len();
        let Some(item) = self.items.get(at) else { return Some(true) };
        // pods of one class are alike: each goes no farther left than the one before it
        let from = if at > 0 && self.items[at - 1].class == item.class { Some(self.chosen[at - 1]) } else { None };
        for node in item.nodes.iter().filter(|&node| from.is_none_or(|from| node >= from)) {
            if self.tried == TRIALS {
                return None;
            }
            self.tried += 1;
            if !self.fits(item, node) {
                continue;
            }
            self.account(item, node, -1);
            self.chosen.push(node);
            if self.descend()? {
                return Some(true);
            }
            self.chosen.pop();
            self.account(item, node, 1);
        }
        Some(false)
    }

    fn fits(&self, item: &Item, node: NodeId) -> bool {
        let asks = |resource: &ResourceId| least(self.cluster, item.class, *resource);
        let has_room = |resource: ResourceId| asks(&resource) <= 0 || asks(&resource) <= self.free[resource.index()][node.index()];
        let company = self.items.iter().zip(&self.chosen).filter(|(_, chosen)| **chosen == node);
        let mut classes = company.map(|(other, _)| other.class);
        self.cluster.resources.ids().all(has_room) && !classes.any(|other| conflict(self.cluster, item.class, other, node))
    }

    fn account(&mut self, item: &Item, node: NodeId, sign: i64) {
        for resource in self.cluster.resources.ids() {
            self.free[resource.index()][node.index()] += sign * least(self.cluster, item.class, resource);
        }
    }
}
