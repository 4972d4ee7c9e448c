//! Which of the best nodes is taken.
//!
//! Kubernetes 1.36 builds a heap over the feasible nodes in list order (`container/heap`, greater total first, no second
//! key) and takes its root. Go's `heap.Init` lets a parent keep its place among equals, then the left child: so the root is
//! the first of the best nodes in *pre-order* of the heap's tree, by position among the feasible nodes. 1.34 draws at random.
//!
//! Source: pkg/scheduler/schedule_one.go (`selectHost`) and Go's container/heap, as seen in the recordings.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::version::TieRule;
use crate::cluster::index::{NodeId, NodeSet};

/// How to choose among the best nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// What the version of Kubernetes does; where that is random, the first in list order.
    #[default]
    Upstream,
    /// The first in list order.
    First,
    /// Any of them, from this seed.
    Random(u64),
}

/// Chooses among the best nodes of attempt after attempt.
#[derive(Debug, Clone)]
pub enum TieBreaker {
    /// The first in list order.
    First,
    /// The root of upstream's heap.
    HeapRoot,
    /// Any of them.
    Random(Box<ChaCha8Rng>),
}

impl TieBreaker {
    /// For a way to choose and what the version does.
    pub fn new(ties: Ties, rule: TieRule) -> Self {
        match (ties, rule) {
            (Ties::Upstream, TieRule::HeapRoot) => TieBreaker::HeapRoot,
            (Ties::Upstream, TieRule::Random) | (Ties::First, _) => TieBreaker::First,
            (Ties::Random(seed), _) => TieBreaker::Random(Box::new(ChaCha8Rng::seed_from_u64(seed))),
        }
    }

    /// One of `best`, which is part of `feasible`; `None` if it is empty.
    pub fn choose(&mut self, feasible: &NodeSet, best: &NodeSet) -> Option<NodeId> {
        match self {
            TieBreaker::First => best.first(),
            TieBreaker::HeapRoot => heap_root(feasible, best),
            TieBreaker::Random(random) => {
                let count = best.len();
                if count == 0 { None } else { best.iter().nth(random.random_range(0..count)) }
            }
        }
    }
}

/// The first of `best` in pre-order of a heap over `feasible`.
fn heap_root(feasible: &NodeSet, best: &NodeSet) -> Option<NodeId> {
    let mut members = best.iter();
    let first = members.next()?;
    if members.next().is_none() {
        return Some(first);
    }
    Positions::new(feasible, best).root()
}

/// Positions of nodes among the feasible ones, found by counting bits.
struct Positions<'a> {
    feasible: &'a [usize],
    best: &'a [usize],
    /// Feasible nodes before each word.
    before: Vec<usize>,
    count: usize,
}

const BITS: usize = usize::BITS as usize;

impl<'a> Positions<'a> {
    fn new(feasible: &'a NodeSet, best: &'a NodeSet) -> Self {
        let mut count = 0;
        let words = feasible.words();
        let mut before = Vec::with_capacity(words.len());
        for word in words {
            before.push(count);
            count += word.count_ones() as usize;
        }
        Positions { feasible: words, best: best.words(), before, count }
    }

    /// The node at a position.
    fn node(&self, position: usize) -> usize {
        if self.count == self.feasible.len() * BITS {
            return position;
        }
        let word = self.before.partition_point(|&before| before <= position) - 1;
        let mut bits = self.feasible[word];
        for _ in self.before[word]..position {
            bits &= bits - 1;
        }
        word * BITS + bits.trailing_zeros() as usize
    }

    /// Whether a best node stands at one of the positions `from..to`.
    fn any_best(&self, from: usize, to: usize) -> bool {
        let to = to.min(self.count);
        if from >= to {
            return false;
        }
        let (first, last) = (self.node(from), self.node(to - 1));
        let (low, high) = (first / BITS, last / BITS);
        let mask_low = usize::MAX << (first % BITS);
        let mask_high = usize::MAX >> (BITS - 1 - last % BITS);
        if low == high {
            return self.best[low] & mask_low & mask_high != 0;
        }
        self.best[low] & mask_low != 0 || self.best[high] & mask_high != 0 || self.best[low + 1..high].iter().any(|&word| word != 0)
    }

    /// Whether a best node stands in the subtree below (and at) a position: one range of positions a level.
    fn in_subtree(&self, root: usize) -> bool {
        let (mut from, mut width) = (root, 1);
        while from < self.count {
            if self.any_best(from, from + width) {
                return true;
            }
            (from, width) = (2 * from + 1, 2 * width);
        }
        false
    }

    fn root(&self) -> Option<NodeId> {
        let mut position = 0;
        loop {
            if self.any_best(position, position + 1) {
                return Some(NodeId::new(self.node(position)));
            }
            let left = 2 * position + 1;
            if left >= self.count {
                return None;
            }
            position = if self.in_subtree(left) { left } else { left + 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Go's `heap.Init`, word for word, over totals; the root afterwards.
    fn go_heap_root(totals: &[i64]) -> usize {
        let mut heap: Vec<usize> = (0..totals.len()).collect();
        let count = heap.len();
        for start in (0..count / 2).rev() {
            let mut parent = start;
            loop {
                let left = 2 * parent + 1;
                if left >= count {
                    break;
                }
                let mut child = left;
                if left + 1 < count && totals[heap[left + 1]] > totals[heap[left]] {
                    child = left + 1;
                }
                if totals[heap[child]] <= totals[heap[parent]] {
                    break;
                }
                heap.swap(parent, child);
                parent = child;
            }
        }
        heap[0]
    }

    #[test]
    fn the_fourth_of_1_1_9_9_is_the_root() {
        assert_eq!(go_heap_root(&[1, 1, 9, 9]), 3);
        let (feasible, best) = (NodeSet::all(4), NodeSet::of(4, |node| node.index() >= 2));
        assert_eq!(heap_root(&feasible, &best), Some(NodeId(3)));
    }

    #[test]
    fn the_root_is_go_s_for_any_totals_and_any_feasible_set() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        for _ in 0..3000 {
            let nodes = random.random_range(1..300usize);
            let dense = random.random_range(1..5u32);
            let feasible = NodeSet::of(nodes, |_| dense == 1 || random.random_range(0..4u32) < dense);
            let levels = random.random_range(1..4i64);
            let totals: Vec<i64> = feasible.iter().map(|_| random.random_range(0..levels)).collect();
            if totals.is_empty() {
                continue;
            }
            let ids: Vec<NodeId> = feasible.iter().collect();
            let top = *totals.iter().max().unwrap();
            let mut best = NodeSet::none(nodes);
            ids.iter().zip(&totals).filter(|(_, total)| **total == top).for_each(|(node, _)| best.insert(*node));
            assert_eq!(heap_root(&feasible, &best), Some(ids[go_heap_root(&totals)]));
        }
    }
}
