//! A price for each resource, the same in every type of bin: the linear program of the capacity that is bought.
//!
//! No bin has capacity worth more than it costs, so all that is asked for costs at least what it is worth. The solver only proposes the
//! prices: they are rounded to whole numbers, and what they prove is added up in whole numbers. Limits are left out of the program.

use good_lp::solvers::clarabel::clarabel;
use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, constraint, variable};

use super::super::{BoundProof, LowerBound};
use super::share::Share;

/// The price of all there is of the dearest resource is a whole number of about this part of the price of everything.
const PART: f64 = (1u64 << 30) as f64;

/// The bound, if there is more than one resource and more than one type of bin.
pub fn bound(share: &Share<'_>) -> Option<LowerBound> {
    let instance = share.instance;
    if share.bins.count_ones(..) < 2 || instance.resources() < 2 {
        return None;
    }
    let prices = prices(share)?;
    let worth =
        |amounts: &[i64]| -> i128 { amounts.iter().zip(&prices).map(|(amount, price)| i128::from(*amount) * i128::from(*price)).sum() };
    share.prove(BoundProof::LinearProgram, |item| worth(&instance.items[item].amounts), |bin| worth(held(share, bin)))
}

/// What a bin of a type holds of the share at most: items that are not in it may make room.
fn held<'a>(share: &'a Share<'_>, bin: usize) -> &'a [i64] {
    if share.is_whole() { &share.instance.bins[bin].capacity } else { &share.room[bin] }
}

/// The price of a unit of each resource, in whole numbers of an arbitrary unit.
fn prices(share: &Share<'_>) -> Option<Vec<i64>> {
    let instance = share.instance;
    let asked = |resource: usize| {
        let of = |&item: &usize| instance.items[item].amounts[resource] as f64 * f64::from(instance.items[item].demand);
        share.items.iter().map(of).sum::<f64>()
    };
    let totals: Vec<f64> = (0..instance.resources()).map(asked).collect();
    let dearest = share.bins.ones().map(|bin| instance.bins[bin].price).max().filter(|price| *price > 0)? as f64;
    let mut variables = ProblemVariables::new();
    // what all there is of a resource costs, as a part of what all bins of the dearest type would
    let costs: Vec<Variable> = totals.iter().map(|_| variables.add(variable().min(0.0).max(1e7))).collect();
    let is_asked = |resource: &usize| totals[*resource] > 0.0;
    let mut all = Expression::with_capacity(costs.len());
    (0..totals.len()).filter(is_asked).for_each(|resource| all.add_mul(1.0, costs[resource]));
    let mut model = variables.maximise(all).using(clarabel);
    for bin in share.bins.ones() {
        let mut worth = Expression::with_capacity(costs.len());
        let part = |resource: usize| held(share, bin)[resource] as f64 / totals[resource];
        (0..totals.len()).filter(is_asked).for_each(|resource| worth.add_mul(part(resource), costs[resource]));
        model.add_constraint(constraint::leq(worth, instance.bins[bin].price as f64 / dearest));
    }
    let solution = model.solve().ok()?;
    let found = |(total, cost): (&f64, &Variable)| if *total > 0.0 { solution.value(*cost).max(0.0) / total } else { 0.0 };
    let found: Vec<f64> = totals.iter().zip(&costs).map(found).collect();
    let highest = found.iter().copied().filter(|price| price.is_finite()).fold(0.0, f64::max);
    let whole = |price: f64| if price.is_finite() { (price / highest * PART).floor() as i64 } else { 0 };
    (highest > 0.0).then(|| found.into_iter().map(whole).collect())
}
