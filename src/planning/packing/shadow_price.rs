//! What one more unit of each resource costs: the dual of the linear program over resources and types of bins.
//!
//! Bins can be bought in parts here, and items divided; so the prices say which resource drives the cost, not what one item more will cost.

use good_lp::solvers::clarabel::clarabel;
use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, constraint, variable};

use super::Instance;

/// What one more unit of each resource costs, in the unit of [`super::Bin::price`]; none if the solver finds no answer. Bins that cost
/// nothing count as far as there are such: they meet demand first.
pub fn shadow_prices(instance: &Instance) -> Option<Vec<f64>> {
    let resources = instance.resources();
    let free = |resource: usize| -> f64 {
        let bins = instance.bins.iter().filter(|bin| bin.price == 0);
        bins.map(|bin| bin.capacity[resource] as f64 * f64::from(bin.limit.unwrap_or(u32::MAX))).sum()
    };
    let asked = |resource: usize| -> f64 { instance.items.iter().map(|item| item.amounts[resource] as f64 * f64::from(item.demand)).sum() };
    let demand: Vec<f64> = (0..resources).map(|resource| (asked(resource) - free(resource)).max(0.0)).collect();
    let (unit, whole) =
        (instance.bins.iter().map(|bin| bin.price).max()?.max(1) as f64, demand.iter().map(|demand| demand.max(1.0)).collect::<Vec<_>>());
    let mut variables = ProblemVariables::new();
    let prices: Vec<Variable> = demand.iter().map(|_| variables.add(variable().min(0.0))).collect();
    let mut objective = Expression::with_capacity(resources);
    prices.iter().zip(&demand).zip(&whole).for_each(|((price, demand), whole)| objective.add_mul(demand / whole, price));
    let mut model = variables.maximise(objective).using(clarabel);
    for bin in instance.bins.iter().filter(|bin| bin.price > 0) {
        let mut worth = Expression::with_capacity(resources);
        prices.iter().enumerate().for_each(|(resource, price)| worth.add_mul(bin.capacity[resource] as f64 / whole[resource], price));
        model.add_constraint(constraint::leq(worth, bin.price as f64 / unit));
    }
    // what nobody asks for costs nothing, and would have no bound
    prices.iter().for_each(|&price| _ = model.add_constraint(constraint::leq(price, 1e9)));
    let solution = model.solve().ok()?;
    let value = |(resource, price): (usize, &Variable)| match demand[resource] > 0.0 {
        // what the solver leaves of nothing is nothing
        true if solution.value(*price) > 1e-6 => solution.value(*price) * unit / whole[resource],
        true => 0.0,
        false => 0.0,
    };
    Some(prices.iter().enumerate().map(value).collect())
}
