//! Patterns that pay, found quickly: many and different ones, so that the linear program needs few rounds.
//!
//! For each type of bin: the best pattern within some nodes. For the types that pay best: for each item that no pattern of this round holds
//! yet, the best pattern that holds it.

use super::super::Pattern;
use super::super::problem::Problem;
use super::certificate::{MILLION, whole};
use super::knapsack::Knapsack;
use super::master::Residual;

/// Nodes of the search for the best pattern of a type.
const BEST_NODES: u64 = 2_000;
/// Nodes of the search for a pattern with a given item.
const SEED_NODES: u64 = 150;
/// How many types are looked at in one round, if any of them pays.
const KINDS: usize = 32;
/// For how many types patterns with given items are searched.
const SEEDED: usize = 3;

/// Which types paid lately.
pub(super) struct Pricing {
    /// Types in the order in which they are asked.
    order: Vec<usize>,
}

/// What items are worth, and what one more bin of each type would save.
#[derive(Debug, Clone)]
pub(super) struct Worths {
    /// By merged class.
    pub items: Vec<f64>,
    /// By merged type.
    pub bins: Vec<f64>,
}

/// The best pattern of a type.
struct Offer<'a> {
    /// What it is worth for its price.
    ratio: f64,
    kind: usize,
    floor: i64,
    pattern: Pattern,
    sack: Knapsack<'a>,
}

impl Pricing {
    /// Nothing is known yet.
    pub fn new(problem: &Problem) -> Pricing {
        Pricing { order: (0..problem.kinds.len()).collect() }
    }

    /// Patterns that pay at these worths, the best types first.
    pub fn round(&mut self, problem: &Problem, residual: &Residual, worths: &Worths) -> Vec<Pattern> {
        let items = whole(&worths.items);
        let mut offers = self.offers(problem, residual, worths, &items);
        offers.sort_by(|a, b| b.ratio.total_cmp(&a.ratio).then(a.kind.cmp(&b.kind)));
        let mut covered = vec![false; problem.classes.len()];
        let mut patterns: Vec<Pattern> = Vec::new();
        let mut keep = |pattern: Pattern, covered: &mut Vec<bool>| {
            pattern.items.iter().for_each(|&(class, _)| covered[class as usize] = true);
            patterns.push(pattern);
        };
        for (rank, offer) in offers.into_iter().enumerate() {
            keep(offer.pattern, &mut covered);
            if rank >= SEEDED {
                continue;
            }
            for seed in 0..offer.sack.len() {
                if !covered[offer.sack.class(seed)] {
                    offer
                        .sack
                        .search_with(Some(seed), offer.floor, SEED_NODES)
                        .pattern
                        .into_iter()
                        .for_each(|pattern| keep(pattern, &mut covered));
                }
            }
            if rank == 0 {
                covered.fill(false);
            }
        }
        patterns
    }

    /// The best pattern of each type that pays; types that did not pay are asked last the next time.
    fn offers<'a>(&mut self, problem: &'a Problem, residual: &Residual, worths: &Worths, items: &[i64]) -> Vec<Offer<'a>> {
        let (mut offers, mut paid, mut idle) = (Vec::new(), Vec::new(), Vec::new());
        for (asked, &kind) in self.order.iter().enumerate() {
            if asked >= KINDS && !offers.is_empty() {
                // Those not asked come first the next time.
                idle.splice(0..0, self.order[asked..].iter().copied());
                break;
            }
            match offer(problem, kind, residual, worths, items) {
                Some(offer) => {
                    offers.push(offer);
                    paid.push(kind);
                }
                None => idle.push(kind),
            }
        }
        paid.extend(idle);
        self.order = paid;
        offers
    }
}

/// The best pattern of a type, if it pays.
fn offer<'a>(problem: &'a Problem, kind: usize, residual: &Residual, worths: &Worths, items: &[i64]) -> Option<Offer<'a>> {
    if residual.limits[kind] == Some(0) {
        return None;
    }
    let price = (problem.kinds[kind].price as f64 + worths.bins[kind]) * MILLION as f64;
    let floor = (price * (1.0 + 1e-7)).ceil() as i64 + 1;
    let sack = Knapsack::new(problem, kind, &residual.demand, items);
    let found = sack.search(floor, BEST_NODES);
    let pattern = found.pattern?;
    Some(Offer { ratio: found.best as f64 / price.max(1.0), kind, floor, pattern, sack })
}
