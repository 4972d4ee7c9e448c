//! What a unit of each resource costs, if bins of several types are bought in the mix that suits what is to be packed.

use good_lp::solvers::clarabel::clarabel;
use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, constraint, variable};

use super::super::tables::Tables;
use super::Scale;

/// The prices of the largest bin's capacity of each resource at which all that is asked for is worth the most, while no type of bin is
/// worth more than it costs. None if there is only one type, or nothing has a price.
pub(super) fn resource_prices(scale: &Scale, tables: &Tables, totals: &[f64]) -> Option<Vec<f64>> {
    let priced: Vec<_> = tables.instance.bins.iter().filter(|bin| bin.price > 0 && bin.limit != Some(0)).collect();
    if priced.len() < 2 {
        return None;
    }
    let most = totals.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let dearest = priced.iter().map(|bin| bin.price).max()? as f64;
    let mut variables = ProblemVariables::new();
    let prices: Vec<Variable> = totals.iter().map(|_| variables.add(variable().min(0.0).max(1e6))).collect();
    let mut worth = Expression::with_capacity(prices.len());
    prices.iter().zip(totals).for_each(|(price, total)| worth.add_mul(total / most, price));
    let mut model = variables.maximise(worth).using(clarabel);
    for bin in priced {
        let mut worth = Expression::with_capacity(prices.len());
        scale.scaled(&bin.capacity).zip(&prices).for_each(|(share, price)| worth.add_mul(share, price));
        model.add_constraint(constraint::leq(worth, bin.price as f64 / dearest));
    }
    let solution = model.solve().ok()?;
    // a resource of which there is enough counts a little all the same
    let found: Vec<f64> = prices.into_iter().map(|price| solution.value(price)).collect();
    let highest = found.iter().copied().filter(|price| price.is_finite()).fold(0.0, f64::max);
    (highest > 0.0).then(|| found.into_iter().map(|price| if price.is_finite() { price.max(highest * 1e-3) } else { highest }).collect())
}
