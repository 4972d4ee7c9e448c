//! Dual-feasible functions of one resource: amounts are rounded so that what fits a bin still does, and the sum grows.
//!
//! All functions here are superadditive on the amounts up to the largest capacity, so no bin holds items of more value than its capacity's.
//! They are asked of each resource, and of the sum of all resources as parts of the largest capacity.

use super::super::{BoundProof, LowerBound};
use super::share::{Share, better};

/// How many parameters are tried for a function.
const PARAMETERS: usize = 64;
/// The sum of all resources is in this part of the largest capacity.
const PART: i128 = 1 << 16;

/// A function of an amount, the largest capacity and a parameter.
type Function = fn(i128, i128, i128) -> i128;

/// The best bound over all resources and their sum.
pub fn bound(share: &Share<'_>) -> Option<LowerBound> {
    let instance = share.instance;
    let resources = instance.resources();
    let mut best = None;
    for resource in 0..resources {
        let amount = |item: usize| i128::from(instance.items[item].amounts[resource].max(0));
        let capacity = |bin: usize| i128::from(share.room[bin][resource]);
        best = better(best, of(share, resource, amount, capacity));
    }
    if resources > 1 {
        let widest: Vec<i64> =
            (0..resources).map(|resource| share.bins.ones().map(|bin| share.room[bin][resource]).max().unwrap_or(0)).collect();
        let part = |amount: &i64, most: &i64| if *most > 0 { i128::from((*amount).max(0)) * PART / i128::from(*most) } else { 0 };
        let sum = |amounts: &[i64]| amounts.iter().zip(&widest).map(|(amount, most)| part(amount, most)).sum::<i128>();
        let amounts: Vec<i128> = instance.items.iter().map(|item| sum(&item.amounts)).collect();
        let capacities: Vec<i128> = share.room.iter().map(|room| sum(room)).collect();
        best = better(best, of(share, resources, |item| amounts[item], |bin| capacities[bin]));
    }
    best
}

/// The best bound over all functions and parameters, for amounts and capacities.
fn of(share: &Share<'_>, resource: usize, amount: impl Fn(usize) -> i128, capacity: impl Fn(usize) -> i128) -> Option<LowerBound> {
    let widest = share.bins.ones().map(&capacity).max().unwrap_or(0);
    if widest <= 0 {
        return None;
    }
    let mut amounts: Vec<i128> = share.items.iter().map(|&item| amount(item)).filter(|amount| (1..=widest).contains(amount)).collect();
    amounts.sort_unstable();
    amounts.dedup();
    let mut best = None;
    for (function, parameters) in functions(&amounts, widest) {
        for parameter in parameters {
            let value = |item: usize| function(amount(item).min(widest), widest, parameter);
            let bound = share.prove(BoundProof::DualFeasible(resource), value, |bin| function(capacity(bin), widest, parameter));
            best = better(best, bound);
        }
    }
    best
}

/// Each function with the parameters that can matter.
fn functions(amounts: &[i128], widest: i128) -> [(Function, Vec<i128>); 3] {
    let step = amounts.len().div_ceil(PARAMETERS).max(1);
    let sample: Vec<i128> = amounts.iter().copied().step_by(step).chain(amounts.last().copied()).collect();
    let small = |amounts: Vec<i128>| amounts.into_iter().filter(|parameter| (1..=widest / 2).contains(parameter)).collect::<Vec<_>>();
    let around: Vec<i128> = sample.iter().copied().chain(sample.iter().map(|amount| widest - amount + 1)).collect();
    let parts = (2..=24).flat_map(|part| [widest / part, widest / part + 1]);
    let rounded = parts.chain(sample.iter().copied()).filter(|parameter| (1..=widest).contains(parameter)).collect();
    [(drop_small, small(around.clone())), (round_halves, small(around)), (round_down, rounded)]
}

/// The items below the parameter count nothing, those that leave less than it count a whole bin (Fekete and Schepers' U).
fn drop_small(amount: i128, widest: i128, parameter: i128) -> i128 {
    if amount > widest - parameter {
        widest
    } else if amount >= parameter {
        amount
    } else {
        0
    }
}

/// Rounds down to multiples of the parameter below the half, up above it (Carlier, Clautiaux and Moukrim).
fn round_halves(amount: i128, widest: i128, parameter: i128) -> i128 {
    match (2 * amount).cmp(&widest) {
        std::cmp::Ordering::Greater => 2 * (widest / parameter - (widest - amount) / parameter),
        std::cmp::Ordering::Equal => widest / parameter,
        std::cmp::Ordering::Less => 2 * (amount / parameter),
    }
}

/// Rounds down to multiples of the parameter, with what is above the capacity's own remainder (Burdett and Johnson).
fn round_down(amount: i128, widest: i128, parameter: i128) -> i128 {
    (amount / parameter) * (parameter - widest % parameter) + (amount % parameter - widest % parameter).max(0)
}
