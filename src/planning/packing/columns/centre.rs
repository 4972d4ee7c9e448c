//! A steady point for pricing: duals between those of the linear program, which swing, and the best known so far.
//!
//! Source: P. Wentges, "Weighted Dantzig–Wolfe decomposition for linear mixed-integer programming", International Transactions in
//! Operational Research 4, 1997.

use super::super::Pattern;
use super::super::problem::Problem;
use super::master::{Relaxation, Residual};
use super::pricing::Worths;

/// How much of the best known goes into the worths that are priced.
const WEIGHT: f64 = 0.7;

/// The worths whose bound is the highest, as far as is known without proof.
#[derive(Debug, Clone)]
pub(super) struct Centre {
    pub worths: Worths,
    estimate: f64,
}

impl Centre {
    /// Worths to start with.
    pub fn new(problem: &Problem, items: Vec<f64>) -> Centre {
        Centre { worths: Worths { items, bins: vec![0.0; problem.kinds.len()] }, estimate: f64::NEG_INFINITY }
    }

    /// The worths to price: between these and the linear program's.
    pub fn toward(&self, relaxation: &Relaxation) -> Worths {
        let mix = |best: &[f64], now: &[f64]| best.iter().zip(now).map(|(best, now)| WEIGHT * best + (1.0 - WEIGHT) * now).collect();
        Worths { items: mix(&self.worths.items, &relaxation.duals), bins: mix(&self.worths.bins, &relaxation.limit_duals) }
    }

    /// Moves to worths that were priced, if what was found lets them prove more.
    pub fn learn(&mut self, problem: &Problem, residual: &Residual, worths: Worths, found: &[Pattern]) {
        let sum: f64 = worths.items.iter().zip(&residual.demand).map(|(worth, demand)| worth * f64::from(*demand)).sum();
        let given: f64 = worths.bins.iter().zip(&residual.limits).map(|(worth, limit)| worth * limit.unwrap_or(0) as f64).sum();
        let ratio = |pattern: &Pattern| {
            let price = problem.kinds[pattern.bin].price as f64 + worths.bins[pattern.bin];
            pattern.worth(&worths.items) / price.max(1e-9)
        };
        let over = found.iter().map(ratio).fold(1.0, f64::max);
        if (sum - given) / over > self.estimate {
            *self = Centre { worths, estimate: (sum - given) / over };
        }
    }
}

impl Pattern {
    /// What its items are worth.
    pub(super) fn worth(&self, items: &[f64]) -> f64 {
        self.items.iter().map(|&(class, number)| items[class as usize] * f64::from(number)).sum()
    }
}
