//! A linear program over resources and types of bins: the weights of resources in each type that prove the most.
//!
//! A bin of a type holds no more weight than its capacity's; an item's value is the least weight it has in any type that takes it. The solver
//! only proposes the weights: they are rounded to whole numbers, and what they prove is added up in whole numbers.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use good_lp::solvers::clarabel::clarabel;
use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, constraint, variable};

use super::super::{BoundProof, Instance, LowerBound};
use super::share::Share;

/// The weight of all there is of the resource with the largest numbers is a whole number of this part of the price of the dearest bin.
const PART: f64 = (1u64 << 20) as f64;
/// The program may have as many pairs of types and sets of types.
const PAIRS: usize = 1_500;

/// The bound, if the program is small enough and weighs more than one resource or type.
pub fn bound(share: &Share<'_>) -> Option<LowerBound> {
    let instance = share.instance;
    if !share.is_whole() || share.bins.count_ones(..) * instance.resources() < 2 {
        return None;
    }
    let sets = sets(share);
    let pairs: usize = sets.keys().map(|takes| takes.count_ones(..)).sum();
    if pairs > PAIRS {
        return None;
    }
    let weights = weights(share, &sets)?.0;
    let value = values(share, &weights);
    let weigh = |bin: usize| weigh(&instance.bins[bin].capacity, &weights[bin]);
    share.prove(BoundProof::LinearProgram, |item| value[&item], weigh)
}

/// What each class is worth at the optimum of the program, in the unit of price; none if it is too large.
pub(in super::super) fn worths(instance: &Instance) -> Option<Vec<f64>> {
    let share = Share::all(instance).into_iter().next()?;
    let sets = sets(&share);
    if sets.keys().map(|takes| takes.count_ones(..)).sum::<usize>() > PAIRS {
        return None;
    }
    let (weights, unit) = weights(&share, &sets)?;
    let mut worths = vec![0.0; instance.items.len()];
    values(&share, &weights).into_iter().for_each(|(item, value)| worths[item] = value as f64 * unit);
    Some(worths)
}

/// The weight of amounts.
fn weigh(amounts: &[i64], weights: &[i64]) -> i128 {
    amounts.iter().zip(weights).map(|(amount, weight)| i128::from(*amount) * i128::from(*weight)).sum()
}

/// The least weight of each class in any type that takes it.
fn values(share: &Share<'_>, weights: &[Vec<i64>]) -> BTreeMap<usize, i128> {
    let amounts = |item: usize| &share.instance.items[item].amounts;
    let least = |item: usize, takes: &FixedBitSet| takes.ones().map(|bin| weigh(amounts(item), &weights[bin])).min().unwrap_or(0);
    share.items.iter().zip(&share.takes).map(|(&item, takes)| (item, least(item, takes))).collect()
}

/// What is asked of each resource by the items that the same types of bins take.
fn sets<'s>(share: &'s Share<'_>) -> BTreeMap<&'s FixedBitSet, Vec<f64>> {
    let mut sets: BTreeMap<&FixedBitSet, Vec<f64>> = BTreeMap::new();
    for (item, takes) in share.items.iter().zip(&share.takes) {
        let item = &share.instance.items[*item];
        let sum = sets.entry(takes).or_insert_with(|| vec![0.0; share.instance.resources()]);
        sum.iter_mut().zip(&item.amounts).for_each(|(sum, amount)| *sum += *amount as f64 * f64::from(item.demand));
    }
    sets
}

/// The weight of each resource in each type of bin that prove the most, in whole numbers, and the price of one.
fn weights(share: &Share<'_>, sets: &BTreeMap<&FixedBitSet, Vec<f64>>) -> Option<(Vec<Vec<i64>>, f64)> {
    let (instance, resources) = (share.instance, share.instance.resources());
    let total: Vec<f64> = (0..resources).map(|resource| sets.values().map(|sum| sum[resource]).sum::<f64>().max(1.0)).collect();
    let unit = share.bins.ones().map(|bin| instance.bins[bin].price).max().unwrap_or(0).max(1) as f64;
    let mut variables = ProblemVariables::new();
    let mut weight_of: BTreeMap<usize, Vec<Variable>> = BTreeMap::new();
    share.bins.ones().for_each(|bin| {
        weight_of.insert(bin, (0..resources).map(|_| variables.add(variable().min(0.0))).collect());
    });
    let over: BTreeMap<usize, Variable> =
        share.bins.ones().filter(|&bin| instance.bins[bin].limit.is_some()).map(|bin| (bin, variables.add(variable().min(0.0)))).collect();
    let values: Vec<Variable> = sets.iter().map(|_| variables.add(variable().min(0.0).max(1e7))).collect();
    let mut objective = Expression::with_capacity(values.len() + over.len());
    values.iter().for_each(|value| objective.add_mul(1.0, value));
    over.iter().for_each(|(bin, over)| objective.add_mul(-f64::from(instance.bins[*bin].limit.unwrap_or(0)), over));
    let mut model = variables.maximise(objective).using(clarabel);
    for (&bin, weights) in &weight_of {
        // What a bin is worth is at most its price, or more by what its limit gives up.
        let mut worth = Expression::with_capacity(resources + 1);
        for (resource, weight) in weights.iter().enumerate() {
            worth.add_mul(instance.bins[bin].capacity[resource] as f64 / total[resource], weight);
        }
        over.get(&bin).into_iter().for_each(|over| worth.add_mul(-1.0, over));
        model.add_constraint(constraint::leq(worth, instance.bins[bin].price as f64 / unit));
    }
    for ((takes, sum), value) in sets.iter().zip(&values) {
        for bin in takes.ones() {
            // All items of a set together are worth what they weigh in the type in which they weigh least.
            let mut least = Expression::with_capacity(resources + 1);
            least.add_mul(1.0, value);
            weight_of[&bin].iter().enumerate().for_each(|(resource, weight)| least.add_mul(-sum[resource] / total[resource], weight));
            model.add_constraint(constraint::leq(least, 0.0));
        }
    }
    let solution = model.solve().ok()?;
    let scale = PART * total.iter().copied().fold(1.0, f64::max);
    let mut weights = vec![vec![0i64; resources]; instance.bins.len()];
    for (bin, variables) in weight_of {
        for (resource, variable) in variables.into_iter().enumerate() {
            let weight = solution.value(variable).max(0.0) / total[resource] * scale;
            weights[bin][resource] = if weight.is_finite() { weight.clamp(0.0, 1e18).floor() as i64 } else { 0 };
        }
    }
    Some((weights, unit / scale))
}
