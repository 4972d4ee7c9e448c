//! Searches that close in on the most a bin can be worth, from coarse to fine, as far as their nodes go.
//!
//! Worths that are optimal leave no hole that small items could not fill for what it costs: a great many branches can be worth the price
//! of the bin, or a hair more. A search that must tell them apart does not end, and cut short it proves little. One that may overlook a
//! little more worth cuts all of them off. So a search that did not end is begun again with its floor halfway up to what is not ruled out,
//! and each time that ends, halfway down again.
//!
//! Source: bisection; for beginning again R. E. Korf, "Depth-first iterative-deepening: an optimal admissible tree search", Artificial
//! Intelligence 27, 1985.

use super::knapsack::{Found, Knapsack};

/// Nodes of the first search, which overlooks nothing.
const FIRST_NODES: u64 = 100_000;
/// Halving ends when what is not ruled out is this power of one half of the whole.
const FINE: u32 = 14;

impl Knapsack<'_> {
    /// The same as [`search`](Knapsack::search) where that ends; else what several searches of so many nodes prove together.
    pub(super) fn deepen(&self, floor: i64, nodes: u64) -> Found {
        let mut found = self.search(floor, nodes.min(FIRST_NODES));
        while found.most > found.best {
            let left = found.most - found.best;
            let whole = left <= (found.most >> FINE).max(1);
            if whole && nodes <= FIRST_NODES {
                break;
            }
            let next = self.search(if whole { found.best } else { found.best + left / 2 }, nodes);
            let ended = next.most == next.best;
            found.most = found.most.min(next.most);
            if next.pattern.is_some() {
                (found.best, found.pattern) = (next.best, next.pattern);
            }
            if !ended {
                break;
            }
        }
        found
    }
}
