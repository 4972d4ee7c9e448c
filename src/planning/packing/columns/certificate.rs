//! A lower bound from duals, in whole numbers: whatever the linear program's floating point says, this holds.
//!
//! Duals are rounded down to millionths. For each type of bin an exact search in whole numbers gives the most that one bin can be worth, or,
//! if it is cut short, something above it. Duals are scaled down until no bin of which there are any number is worth more than its price
//! (Farley); bins with a limit may be, and then that is given up for each of them (Lagrange). The rest is [`cover`].
//!
//! Source: A. A. Farley, "A note on bounding a class of linear programming problems, including cutting stock problems", Operations Research
//! 38, 1990; S. Held, W. Cook and E. C. Sewell, "Maximum-weight stable sets and safe lower bounds for graph coloring", Mathematical
//! Programming Computation 4, 2012.

use super::super::bound::cover::cover;
use super::super::problem::Problem;
use super::super::{Bin, Pattern};
use super::knapsack::Knapsack;
use super::master::Residual;

/// Duals are whole numbers of this part of the unit of price.
pub(super) const MILLION: i64 = 1_000_000;

/// What exact pricing said.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    /// No packing is cheaper; none if no packing exists.
    pub price: Option<i64>,
    /// The duals that prove it, by merged class, in millionths.
    pub duals: Vec<i64>,
    /// Patterns worth more than their bins cost.
    pub patterns: Vec<Pattern>,
    /// Whether every search ended, so that the patterns found are the best there are.
    pub exact: bool,
}

/// Duals, rounded down to millionths.
pub(super) fn whole(duals: &[f64]) -> Vec<i64> {
    duals.iter().map(|dual| (dual * MILLION as f64).floor().clamp(0.0, 1e17) as i64).collect()
}

/// Proves what the duals can prove. A bin worth up to `slack` times its price is good enough: more would not raise the bound wanted.
pub(super) fn certify(problem: &Problem, duals: &[f64], limit_duals: &[f64], slack: f64, nodes: u64) -> Certificate {
    let worths = whole(duals);
    let whole = Residual::whole(problem);
    let (mut most, mut patterns, mut exact) = (Vec::with_capacity(problem.kinds.len()), Vec::new(), true);
    for (index, kind) in problem.kinds.iter().enumerate() {
        let floor = ((kind.price as f64 * slack + limit_duals[index]) * MILLION as f64).floor() as i64;
        let sack = Knapsack::new(problem, index, &whole.demand, &worths);
        let found = sack.deepen(floor, nodes);
        exact &= found.most == found.best;
        patterns.extend(found.pattern);
        most.push(i128::from(found.most));
    }
    let (duals, most) = scaled(problem, worths, most);
    Certificate { price: price(problem, &duals, &most), duals, patterns, exact }
}

/// Scales duals down so that no bin without a limit is worth more than its price.
fn scaled(problem: &Problem, duals: Vec<i64>, most: Vec<i128>) -> (Vec<i64>, Vec<i128>) {
    let (mut numerator, mut denominator) = (1i128, 1i128);
    for (kind, most) in problem.kinds.iter().zip(&most).filter(|(kind, _)| kind.limit.is_none()) {
        let price = i128::from(kind.price) * i128::from(MILLION);
        if price * denominator < most * numerator {
            (numerator, denominator) = (price, *most);
        }
    }
    let less = |value: i128| value * numerator / denominator;
    (duals.into_iter().map(|dual| less(i128::from(dual)) as i64).collect(), most.into_iter().map(less).collect())
}

/// The least price of bins that hold what all items are worth.
fn price(problem: &Problem, duals: &[i64], most: &[i128]) -> Option<i64> {
    let value = problem.classes.iter().zip(duals).map(|(class, dual)| i128::from(class.demand) * i128::from(*dual)).sum();
    let limit = |limit: Option<u64>| limit.map(|limit| limit.min(u64::from(u32::MAX)) as u32);
    let bins: Vec<Bin> =
        problem.kinds.iter().map(|kind| Bin { capacity: Vec::new(), price: kind.price, limit: limit(kind.limit) }).collect();
    cover(&bins, value, most)
}
