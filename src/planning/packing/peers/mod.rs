//! What others would buy: the rules of two autoscalers, to be compared with.
//!
//! These are our own re-implementations of published rules, on the same instance that is solved here; neither program itself. Each rule
//! places pods one class after the other, never looks back, and proves nothing. What the programs do later (Karpenter's consolidation,
//! Cluster Autoscaler's scale-down) is not part of the rule.
//!
//! A new peer: a file here that opens nodes by its rule.

mod cluster_autoscaler;
mod karpenter;

pub use cluster_autoscaler::{Expander, cluster_autoscaler};
pub use karpenter::karpenter;

use fixedbitset::FixedBitSet;

use super::instance::{Instance, Packing, Pattern};

/// Which resources the rules look at: both order pods by what they ask for of these two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The index of cpu among the resources.
    pub cpu: usize,
    /// The index of memory among the resources.
    pub memory: usize,
}

/// Which classes share no bin with each class.
struct Conflicts(Vec<FixedBitSet>);

/// What a node holds so far.
#[derive(Clone)]
struct Load {
    used: Vec<i64>,
    counts: Vec<u32>,
    classes: FixedBitSet,
}

impl Conflicts {
    fn new(instance: &Instance) -> Self {
        let count = instance.items.len();
        let mut sets = vec![FixedBitSet::with_capacity(count); count];
        for &(one, other) in &instance.conflicts {
            sets[one].insert(other);
            sets[other].insert(one);
        }
        Conflicts(sets)
    }
}

impl Load {
    fn new(instance: &Instance) -> Self {
        let count = instance.items.len();
        Load { used: vec![0; instance.resources()], counts: vec![0; count], classes: FixedBitSet::with_capacity(count) }
    }

    /// How many more items of a class a node of a type can hold, beside what it holds.
    fn room(&self, instance: &Instance, conflicts: &Conflicts, bin: usize, item: usize) -> u32 {
        let class = &instance.items[item];
        let may = class.bins.as_ref().is_none_or(|bins| bins.contains(bin)) && self.classes.is_disjoint(&conflicts.0[item]);
        if !may {
            return 0;
        }
        let capacity = &instance.bins[bin].capacity;
        let of = |resource: usize| (capacity[resource] - self.used[resource]).max(0) / class.amounts[resource];
        let fit = (0..capacity.len()).filter(|&resource| class.amounts[resource] > 0).map(of).min();
        let left = class.per_bin - self.counts[item].min(class.per_bin);
        fit.map_or(left, |fit| left.min(u32::try_from(fit).unwrap_or(u32::MAX)))
    }

    fn add(&mut self, instance: &Instance, item: usize, number: u32) {
        let amounts = &instance.items[item].amounts;
        self.used.iter_mut().zip(amounts).for_each(|(used, amount)| *used += amount * i64::from(number));
        self.counts[item] += number;
        self.classes.insert(item);
    }

    fn pattern(&self, bin: usize) -> Pattern {
        let items = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        Pattern { bin, items: items.map(|(item, count)| (item as u32, *count)).collect() }
    }
}

/// Nodes as a packing.
fn packing(patterns: impl Iterator<Item = Pattern>) -> Packing {
    let mut patterns: Vec<(Pattern, u32)> = patterns.map(|pattern| (pattern, 1)).collect();
    patterns.sort_unstable();
    patterns.dedup_by(|next, last| {
        let is_same = next.0 == last.0;
        if is_same {
            last.1 += next.1;
        }
        is_same
    });
    Packing { patterns }
}
