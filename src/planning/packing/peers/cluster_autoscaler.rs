//! Cluster Autoscaler's rule: one node group at a time, filled first-fit decreasing.
//!
//! Each round, for each node group (here: each type of bin): the pods that its nodes may hold are sorted by cpu/allocatable +
//! memory/allocatable, the greatest first, and placed on the first new node with room, else on one more. An expander picks one group; all
//! its nodes are bought. Pods that are left (another group's, or beyond the group's limit) first fill up what was bought, then it begins
//! anew. Purchases are never mixed within a round.
//!
//! Upstream's price expander divides what a group's nodes cost by what its pods are worth by the cloud's prices of a core and of a byte;
//! the prices here are the lowest at which any type sells each resource. Its further terms (a preferred size of node, an estimate's
//! limits on time and nodes) are left out.
//!
//! Source: kubernetes/autoscaler, cluster-autoscaler/estimator/{binpacking_estimator,decreasing_pod_orderer}.go and
//! expander/{price,waste,leastnodes,mostpods}.

use std::cmp::Ordering;

use super::super::instance::{Instance, Packing};
use super::{Conflicts, Load, Sizes, packing};

/// How one group is picked. Groups that are as good as each other upstream are drawn by lot; here the first is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expander {
    /// The least money for what the pods are worth.
    Price,
    /// The least part of cpu and memory unused.
    LeastWaste,
    /// The fewest nodes.
    LeastNodes,
    /// The most pods.
    MostPods,
}

/// What a group would be expanded by.
struct Choice {
    bin: usize,
    nodes: Vec<Load>,
    pods: u64,
    /// The lower, the better.
    score: f64,
}

struct Rule<'a> {
    instance: &'a Instance,
    conflicts: Conflicts,
    sizes: Sizes,
    expander: Expander,
}

/// What the rule buys; none if it leaves pods out.
pub fn cluster_autoscaler(instance: &Instance, sizes: Sizes, expander: Expander) -> Option<Packing> {
    let rule = Rule { instance, conflicts: Conflicts::new(instance), sizes, expander };
    let mut left: Vec<u32> = instance.items.iter().map(|item| item.demand).collect();
    let mut bought: Vec<(usize, Load)> = Vec::new();
    while left.iter().any(|left| *left > 0) {
        let choice = rule.best(&left, &bought)?;
        for node in &choice.nodes {
            node.counts.iter().zip(&mut left).for_each(|(count, left)| *left -= count);
        }
        bought.extend(choice.nodes.into_iter().map(|node| (choice.bin, node)));
        rule.fill(&mut bought, &mut left);
    }
    Some(packing(bought.iter().map(|(bin, node)| node.pattern(*bin))))
}

impl Rule<'_> {
    fn best(&self, left: &[u32], bought: &[(usize, Load)]) -> Option<Choice> {
        let choices = (0..self.instance.bins.len()).filter_map(|bin| {
            let there = bought.iter().filter(|(other, _)| *other == bin).count();
            let limit = self.instance.bins[bin].limit.map_or(usize::MAX, |limit| (limit as usize).saturating_sub(there));
            self.estimate(bin, left, limit)
        });
        choices.min_by(|one, other| one.score.partial_cmp(&other.score).unwrap_or(Ordering::Equal))
    }

    /// The nodes of one group that hold what they may of what is left; none if that is nothing.
    fn estimate(&self, bin: usize, left: &[u32], limit: usize) -> Option<Choice> {
        let mut nodes: Vec<Load> = Vec::new();
        let mut pods = 0;
        for item in self.order(bin) {
            let mut rest = left[item];
            let mut at = 0;
            while rest > 0 {
                if at == nodes.len() {
                    let fresh = Load::new(self.instance);
                    if nodes.len() >= limit || fresh.room(self.instance, &self.conflicts, bin, item) == 0 {
                        break;
                    }
                    nodes.push(fresh);
                }
                let number = nodes[at].room(self.instance, &self.conflicts, bin, item).min(rest);
                if number > 0 {
                    nodes[at].add(self.instance, item, number);
                    pods += u64::from(number);
                    rest -= number;
                }
                at += 1;
            }
        }
        let score = (pods > 0).then(|| self.score(bin, &nodes, pods))?;
        Some(Choice { bin, nodes, pods, score }).filter(|choice| choice.pods > 0)
    }

    /// Classes, the greatest first by what they ask for of a group's node.
    fn order(&self, bin: usize) -> Vec<usize> {
        let share = |item: usize, resource: usize| match self.instance.bins[bin].capacity[resource] {
            0 => 0.0,
            capacity => self.instance.items[item].amounts[resource] as f64 / capacity as f64,
        };
        let size = |item: usize| share(item, self.sizes.cpu) + share(item, self.sizes.memory);
        let mut order: Vec<usize> = (0..self.instance.items.len()).collect();
        order.sort_by(|&one, &other| size(other).partial_cmp(&size(one)).unwrap_or(Ordering::Equal));
        order
    }

    fn score(&self, bin: usize, nodes: &[Load], pods: u64) -> f64 {
        let count = nodes.len() as f64;
        let used = |resource: usize| nodes.iter().map(|node| node.used[resource]).sum::<i64>() as f64;
        match self.expander {
            Expander::Price => {
                let worth: f64 = (0..self.instance.resources()).map(|resource| used(resource) * self.unit_price(resource)).sum();
                count * self.instance.bins[bin].price as f64 / worth.max(f64::MIN_POSITIVE)
            }
            Expander::LeastWaste => {
                let unused = |resource: usize| match self.instance.bins[bin].capacity[resource] as f64 * count {
                    0.0 => 0.0,
                    there => (there - used(resource)) / there,
                };
                unused(self.sizes.cpu) + unused(self.sizes.memory)
            }
            Expander::LeastNodes => count,
            Expander::MostPods => -(pods as f64),
        }
    }

    /// The lowest price at which any type sells a resource.
    fn unit_price(&self, resource: usize) -> f64 {
        let sold = self.instance.bins.iter().filter(|bin| bin.capacity[resource] > 0);
        let prices = sold.map(|bin| bin.price as f64 / bin.capacity[resource] as f64);
        prices.min_by(|one, other| one.partial_cmp(other).unwrap_or(Ordering::Equal)).unwrap_or_default()
    }

    /// Fills up what was bought, as the next round does before it asks for more.
    fn fill(&self, bought: &mut [(usize, Load)], left: &mut [u32]) {
        for (item, left) in left.iter_mut().enumerate() {
            for (bin, node) in bought.iter_mut() {
                let number = node.room(self.instance, &self.conflicts, *bin, item).min(*left);
                if number > 0 {
                    node.add(self.instance, item, number);
                    *left -= number;
                }
            }
        }
    }
}
