//! Patterns that pay, found quickly: many and different ones, so that the linear program needs few rounds.
//!
//! For each type of bin: the best pattern within some nodes, then for each item that no pattern of this round holds yet the best pattern
//! that holds it.

use super::super::problem::Problem;
use super::certificate::{MILLION, whole};
use super::knapsack::Knapsack;
use super::master::{Relaxation, Residual};
use super::pool::Pool;

/// Nodes of the search for the best pattern of a type.
const BEST_NODES: u64 = 3_000;
/// Nodes of the search for a pattern with a given item.
const SEED_NODES: u64 = 200;
/// How many types are looked at in one round.
const KINDS: usize = 24;

/// Which types paid lately.
pub(super) struct Pricing {
    /// Types in the order in which they are asked.
    order: Vec<usize>,
}

impl Pricing {
    /// Nothing is known yet.
    pub fn new(problem: &Problem) -> Pricing {
        Pricing { order: (0..problem.kinds.len()).collect() }
    }

    /// Adds patterns that pay to the pool; how many are new.
    pub fn round(&mut self, problem: &Problem, residual: &Residual, relaxation: &Relaxation, pool: &mut Pool) -> usize {
        let worths = whole(&relaxation.duals);
        let (mut added, mut asked) = (0, 0);
        let mut idle = Vec::new();
        let mut paid = Vec::new();
        for position in 0..self.order.len() {
            let kind = self.order[position];
            if residual.limits[kind] == Some(0) {
                idle.push(kind);
                continue;
            }
            if asked >= KINDS && added > 0 {
                // Those not asked come first next time.
                paid.splice(0..0, self.order[position..].iter().copied());
                break;
            }
            asked += 1;
            let here = patterns_of(problem, kind, residual, relaxation, &worths, pool);
            added += here;
            if here > 0 { paid.push(kind) } else { idle.push(kind) }
        }
        paid.extend(idle);
        self.order = paid;
        added
    }
}

/// Patterns of one type that pay; how many are new.
fn patterns_of(problem: &Problem, kind: usize, residual: &Residual, at: &Relaxation, worths: &[i64], pool: &mut Pool) -> usize {
    let price = problem.kinds[kind].price as f64 + at.limit_duals[kind];
    let floor = (price * MILLION as f64 * (1.0 + 1e-7)).ceil() as i64 + 1;
    let sack = Knapsack::new(problem, kind, &residual.demand, worths);
    let best = sack.search(floor, BEST_NODES);
    if best.most <= floor {
        return 0;
    }
    let mut covered = vec![false; problem.classes.len()];
    let mut added = 0;
    let mut keep = |pattern: super::super::Pattern, covered: &mut Vec<bool>| {
        pattern.items.iter().for_each(|&(class, _)| covered[class as usize] = true);
        added += usize::from(pool.add(pattern));
    };
    if let Some(pattern) = best.pattern {
        keep(pattern, &mut covered);
    }
    for seed in 0..sack.len() {
        if covered[sack.class(seed)] {
            continue;
        }
        if let Some(pattern) = sack.search_with(Some(seed), floor, SEED_NODES).pattern {
            keep(pattern, &mut covered);
        }
    }
    added
}
