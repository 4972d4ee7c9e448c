//! What can be lost: nodes that go together, with the pods that would have to come back; and how much any `k` of them hold at most.

use rustc_hash::FxHashMap;

use crate::cluster::index::{ClassId, NodeId, PodId};
use crate::simulation::loss::{Baseline, Keeper};

/// What can be lost, by number: single nodes, or all nodes of a rack or a zone. A node may be in several.
#[derive(Debug, Clone)]
pub(super) struct Units {
    pub nodes: Vec<Vec<NodeId>>,
    /// How many pods of each class would have to come back, by unit; classes in order.
    pub displaced: Vec<Vec<(ClassId, i64)>>,
    of_node: Vec<Vec<u32>>,
}

/// Whether somebody brings a pod back elsewhere when its node is lost.
pub(super) fn comes_back(baseline: &Baseline, pod: PodId) -> bool {
    !matches!(baseline.departure(pod).keeper, Keeper::Node | Keeper::Nobody)
}

impl Units {
    pub fn new(baseline: &Baseline, nodes: &[Vec<NodeId>]) -> Self {
        let mut of_node = vec![Vec::new(); baseline.cluster().nodes.len()];
        let mut displaced = Vec::with_capacity(nodes.len());
        for (unit, members) in nodes.iter().enumerate() {
            let mut counts: FxHashMap<ClassId, i64> = FxHashMap::default();
            for &node in members {
                of_node[node.index()].push(unit as u32);
                let pods = baseline.occupancy().pods_on(node).iter().filter(|&&pod| comes_back(baseline, pod));
                pods.for_each(|&pod| *counts.entry(baseline.cluster().pod(pod).class).or_default() += 1);
            }
            let mut counts: Vec<(ClassId, i64)> = counts.into_iter().collect();
            counts.sort_unstable();
            displaced.push(counts);
        }
        Units { nodes: nodes.to_vec(), displaced, of_node }
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The units that a node is in.
    pub fn of(&self, node: NodeId) -> &[u32] {
        &self.of_node[node.index()]
    }

    /// The nodes of some units.
    pub fn lost(&self, taken: &[u32]) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = taken.iter().flat_map(|&unit| self.nodes[unit as usize].iter().copied()).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

/// An amount that each unit holds, of which only the units with some are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Amount {
    /// By unit, in order.
    of_unit: Vec<(u32, i64)>,
    /// The units with most, the most first.
    most: Vec<(i64, u32)>,
}

impl Amount {
    /// Of amounts by unit, of which `k` can be lost.
    pub fn new(amounts: impl IntoIterator<Item = (u32, i64)>, k: usize) -> Self {
        let mut of_unit: Vec<(u32, i64)> = amounts.into_iter().filter(|&(_, amount)| amount > 0).collect();
        of_unit.sort_unstable();
        of_unit.dedup_by(|later, first| {
            let same = later.0 == first.0;
            first.1 += if same { later.1 } else { 0 };
            same
        });
        let mut most: Vec<(i64, u32)> = of_unit.iter().map(|&(unit, amount)| (amount, unit)).collect();
        let order = |one: &(i64, u32), other: &(i64, u32)| other.0.cmp(&one.0).then(one.1.cmp(&other.1));
        if most.len() > k && k > 0 {
            most.select_nth_unstable_by(k - 1, order);
        }
        most.truncate(k);
        most.sort_unstable_by(order);
        Amount { of_unit, most }
    }

    /// What a unit holds.
    pub fn of(&self, unit: u32) -> i64 {
        self.of_unit.binary_search_by_key(&unit, |&(unit, _)| unit).map_or(0, |at| self.of_unit[at].1)
    }

    /// The most that these units and `more` others hold together; there are never more than `k` in all.
    pub fn bound(&self, taken: &[u32], more: usize) -> i64 {
        let certain: i64 = taken.iter().map(|&unit| self.of(unit)).sum();
        let others = self.most.iter().filter(|(_, unit)| !taken.contains(unit)).take(more);
        certain + others.map(|(amount, _)| amount).sum::<i64>()
    }

    /// The units that hold most, no more than can be lost.
    pub fn largest(&self) -> impl Iterator<Item = u32> + '_ {
        self.most.iter().map(|&(_, unit)| unit)
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn the_most_that_some_units_hold() {
        let amount = Amount::new([(3, 5), (0, 2), (3, 1), (7, 9), (5, 0)], 2);
        assert_eq!([amount.of(3), amount.of(5), amount.of(7)], [6, 0, 9]);
        assert_eq!([amount.bound(&[], 2), amount.bound(&[7], 1), amount.bound(&[0], 1), amount.bound(&[0, 5], 0)], [15, 15, 11, 2]);
        assert_eq!(amount.largest().collect::<Vec<_>>(), [7, 3]);
    }
}
