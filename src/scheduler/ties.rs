//! Which of the best nodes is taken.
//!
//! Kubernetes 1.36 builds a heap over the feasible nodes in list order (`container/heap`, greater total first, no second
//! key) and takes its root. Go's `heap.Init` lets a parent keep its place among equals, then the left child: so the root is
//! the first of the best nodes in *pre-order* of the heap's tree, by position among the feasible nodes. 1.34 draws at random.
//!
//! The feasible nodes are listed from where the last search ended. While every search looks at all nodes that is where it began; but
//! a pod whose node affinity names its nodes, such as a DaemonSet's, moves the beginning on by as many nodes as it names.
//!
//! Source: pkg/scheduler/schedule_one.go (`selectHost`, `nextStartNodeIndex`) and Go's container/heap, as seen in the recordings.

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
    /// The root of upstream's heap over the list from this place on.
    HeapRoot(usize),
    /// Any of them.
    Random(Box<ChaCha8Rng>),
}

impl TieBreaker {
    /// For a way to choose and what the version does.
    pub fn new(ties: Ties, rule: TieRule) -> Self {
        match (ties, rule) {
            (Ties::Upstream, TieRule::HeapRoot) => TieBreaker::HeapRoot(0),
            (Ties::Upstream, TieRule::Random) | (Ties::First, _) => TieBreaker::First,
            (Ties::Random(seed), _) => TieBreaker::Random(Box::new(ChaCha8Rng::seed_from_u64(seed))),
        }
    }

    /// One of `best`, which is part of `feasible`; `None` if it is empty. `order` is the list's, where that is not by number.
    pub fn choose(&mut self, feasible: &NodeSet, best: &NodeSet, order: Option<&[NodeId]>) -> Option<NodeId> {
        match (self, order) {
            (TieBreaker::First, Some(order)) => order.iter().copied().find(|&node| best.contains(node)),
            (TieBreaker::HeapRoot(start), Some(order)) if best.len() > 1 => {
                let (behind, first) = order.split_at(*start % order.len().max(1));
                let places = first.iter().chain(behind).filter(|&&node| feasible.contains(node)).enumerate();
                let best = places.filter(|(_, node)| best.contains(**node));
                best.min_by_key(|(place, _)| pre_order(*place)).map(|(_, node)| *node)
            }
            (TieBreaker::First, None) => best.first(),
            (TieBreaker::HeapRoot(start), _) => heap_root(feasible, best, *start),
            (TieBreaker::Random(random), _) => {
                let count = best.len();
                if count == 0 { None } else { best.iter().nth(random.random_range(0..count)) }
            }
        }
    }

    /// Says that a search looked at so many of so many nodes.
    pub fn move_on(&mut self, looked_at: usize, nodes: usize) {
        if let TieBreaker::HeapRoot(start) = self {
            *start = (*start + looked_at) % nodes.max(1);
        }
    }

    /// Where in the list the next search begins, as far as that matters.
    pub fn start(&self) -> usize {
        if let TieBreaker::HeapRoot(start) = self { *start } else { 0 }
    }

    /// Lets the next search begin elsewhere in the list.
    pub fn start_at(&mut self, place: usize) {
        if let TieBreaker::HeapRoot(start) = self {
            *start = place;
        }
    }
}

/// Up to how many best nodes are compared one by one.
const FEW: usize = 128;

/// The first of `best` in pre-order of a heap over `feasible`, listed from `start` on.
fn heap_root(feasible: &NodeSet, best: &NodeSet, start: usize) -> Option<NodeId> {
    let count = best.len();
    if count <= 1 {
        return best.first();
    }
    let words = feasible.words();
    let before = counts_before(words);
    let all = before.last().map_or(0, |last| last + words[words.len() - 1].count_ones() as usize);
    // the place of the first feasible node from the start on is 0
    let turned = if start / BITS < words.len() { position(words, &before, start) % all } else { 0 };
    if count <= FEW {
        let place = |node: &NodeId| (position(words, &before, node.index()) + all - turned) % all;
        return best.iter().min_by_key(|node| pre_order(place(node)));
    }
    let root = Positions::new(words, best.words(), &before).turned(turned).first_in_pre_order();
    Some(NodeId::new(node_at(words, &before, (root + turned) % all)))
}

const BITS: usize = usize::BITS as usize;

/// How many members come before each word.
fn counts_before(words: &[usize]) -> Vec<usize> {
    let mut count = 0;
    let mut before = Vec::with_capacity(words.len());
    for word in words {
        before.push(count);
        count += word.count_ones() as usize;
    }
    before
}

/// The position of a member among all members.
fn position(words: &[usize], before: &[usize], member: usize) -> usize {
    let below = words[member / BITS] & !(usize::MAX << (member % BITS));
    before[member / BITS] + below.count_ones() as usize
}

/// The member at a position.
fn node_at(words: &[usize], before: &[usize], position: usize) -> usize {
    let word = before.partition_point(|&before| before <= position) - 1;
    let mut bits = words[word];
    for _ in before[word]..position {
        bits &= bits - 1;
    }
    word * BITS + bits.trailing_zeros() as usize
}

/// Orders positions as pre-order does: a position's way from the root is its number (counted from 1) in binary after the
/// leading one, and a parent's way begins its children's.
fn pre_order(position: usize) -> (u64, u32) {
    let number = position as u64 + 1;
    (number << number.leading_zeros(), u64::BITS - number.leading_zeros())
}

/// The best nodes by position among the feasible ones, as bits.
struct Positions {
    words: Vec<usize>,
    count: usize,
}

impl Positions {
    fn new(feasible: &[usize], best: &[usize], before: &[usize]) -> Self {
        let count = before.last().map_or(0, |last| last + feasible[feasible.len() - 1].count_ones() as usize);
        let mut words = vec![0; count / BITS + 2];
        for ((&from, &wanted), &start) in feasible.iter().zip(best).zip(before).filter(|((_, best), _)| **best != 0) {
            let bits = compress(from, wanted);
            words[start / BITS] |= bits << (start % BITS);
            if start % BITS != 0 {
                words[start / BITS + 1] |= bits >> (BITS - start % BITS);
            }
        }
        Positions { words, count }
    }

    /// The same with the position `by` as the first.
    fn turned(self, by: usize) -> Self {
        if by == 0 {
            return self;
        }
        let mut words = vec![0; self.words.len()];
        for (place, word) in words.iter_mut().enumerate().take(self.count.div_ceil(BITS)) {
            let from = (place * BITS + by) % self.count;
            let ahead = self.count - from;
            *word = self.window(from);
            if ahead < BITS {
                *word = *word & !(usize::MAX << ahead) | self.window(0) << ahead;
            }
        }
        let used = self.count % BITS;
        if used != 0 {
            words[self.count / BITS] &= !(usize::MAX << used);
        }
        Positions { words, count: self.count }
    }

    /// As many bits as a word has, from a position on.
    fn window(&self, from: usize) -> usize {
        let (word, shift) = (from / BITS, from % BITS);
        let low = self.words[word] >> shift;
        if shift == 0 { low } else { low | self.words.get(word + 1).unwrap_or(&0) << (BITS - shift) }
    }

    /// Whether a best node stands at one of the positions `from..to`.
    fn any(&self, from: usize, to: usize) -> bool {
        let to = to.min(self.count);
        if from >= to {
            return false;
        }
        let (low, high) = (from / BITS, (to - 1) / BITS);
        let (mask_low, mask_high) = (usize::MAX << (from % BITS), usize::MAX >> (BITS - 1 - (to - 1) % BITS));
        if low == high {
            return self.words[low] & mask_low & mask_high != 0;
        }
        self.words[low] & mask_low != 0 || self.words[high] & mask_high != 0 || self.words[low + 1..high].iter().any(|&word| word != 0)
    }

    /// Whether a best node stands in the subtree at a position: one range of positions a level.
    fn in_subtree(&self, root: usize) -> bool {
        let (mut from, mut width) = (root, 1);
        while from < self.count {
            if self.any(from, from + width) {
                return true;
            }
            (from, width) = (2 * from + 1, 2 * width);
        }
        false
    }

    /// The first position in pre-order; there must be one.
    fn first_in_pre_order(&self) -> usize {
        let mut position = 0;
        while !self.any(position, position + 1) {
            let left = 2 * position + 1;
            position = if self.in_subtree(left) { left } else { left + 1 };
        }
        position
    }
}

/// The bits of `wanted` where `from` has ones, pushed together.
fn compress(from: usize, wanted: usize) -> usize {
    if from == usize::MAX || wanted == 0 {
        return wanted;
    }
    let (mut rest, mut pushed) = (wanted, 0);
    while rest != 0 {
        let bit = rest & rest.wrapping_neg();
        pushed |= 1 << (from & (bit - 1)).count_ones();
        rest &= rest - 1;
    }
    pushed
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
        assert_eq!(heap_root(&feasible, &best, 0), Some(NodeId(3)));
    }

    #[test]
    fn the_root_is_go_s_for_any_totals_and_any_feasible_set() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        for _ in 0..3000 {
            let nodes = random.random_range(1..1200usize);
            let dense = random.random_range(1..5u32);
            let feasible = NodeSet::of(nodes, |_| dense == 1 || random.random_range(0..4u32) < dense);
            let levels = random.random_range(1..4i64);
            let totals: Vec<i64> = feasible.iter().map(|_| random.random_range(0..levels)).collect();
            if totals.is_empty() {
                continue;
            }
            let start = random.random_range(0..nodes);
            let mut ids: Vec<NodeId> = feasible.iter().collect();
            let first = ids.partition_point(|node| node.index() < start);
            ids.rotate_left(first);
            let top = *totals.iter().max().unwrap();
            let mut best = NodeSet::none(nodes);
            ids.iter().zip(&totals).filter(|(_, total)| **total == top).for_each(|(node, _)| best.insert(*node));
            assert_eq!(heap_root(&feasible, &best, start), Some(ids[go_heap_root(&totals)]));
        }
    }
}
