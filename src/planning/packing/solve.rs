//! From quick to thorough: the portfolio of rules, bounds, column generation, local search, until the packing is proven the cheapest.

use super::construct::cheapest;
use super::instance::{Instance, Packing};
use super::local_search::{complete, improve};
use super::tables::Tables;
use super::{BoundProof, Budget, LowerBound, Solution};

/// How many rounds local search has.
const ROUNDS: u32 = 10;

/// The cheapest packing that is found within the budget, and a bound.
pub fn solve(instance: &Instance, budget: &Budget) -> Solution {
    solve_with(instance, None, budget)
}

/// The same from a packing that is known, which is never made worse.
pub fn solve_from(instance: &Instance, start: &Packing, budget: &Budget) -> Solution {
    solve_with(instance, Some(start), budget)
}

fn solve_with(instance: &Instance, start: Option<&Packing>, budget: &Budget) -> Solution {
    let certain = |price: i64, proof: BoundProof, packing: Option<Packing>| {
        let bound = LowerBound { price, proof };
        Solution { packing, bound, duals: None, cut_off: false }
    };
    if instance.items.iter().all(|item| item.demand == 0) {
        return certain(0, BoundProof::Nothing, Some(Packing::default()));
    }
    let tables = Tables::new(instance);
    let unpackable: Vec<usize> =
        (0..tables.classes()).filter(|&class| !(0..instance.bins.len()).any(|bin| tables.takes(bin, class))).collect();
    if !unpackable.is_empty() {
        return certain(i64::MAX, BoundProof::Infeasible(unpackable), None);
    }
    let mut packing = cheapest(&tables).or_else(|draft| complete(&draft, ROUNDS, budget).ok_or(())).ok();
    if let Some(start) = start.filter(|start| start.check(instance).is_ok()) {
        packing = Some(packing.filter(|packing| packing.price(instance) < start.price(instance)).unwrap_or_else(|| start.clone()));
    }
    let bound = resource_bound(instance);
    let improved = packing.map(|packing| improve(&tables, packing, bound.price, ROUNDS, budget));
    let (packing, is_cut_off) =
        improved.map_or((None, (budget.remaining)().is_zero()), |(packing, is_cut_off)| (Some(packing), is_cut_off));
    Solution { packing, bound, duals: None, cut_off: is_cut_off }
}

/// What so much capacity costs at least: bins by what they cost for one unit of a resource, the last one in part.
fn resource_bound(instance: &Instance) -> LowerBound {
    let bounds = (0..instance.resources()).map(|resource| (price_of_resource(instance, resource), resource));
    let (price, resource) = bounds.max_by_key(|&(price, resource)| (price, std::cmp::Reverse(resource))).unwrap_or((0, 0));
    LowerBound { price, proof: BoundProof::Resource(resource) }
}

fn price_of_resource(instance: &Instance, resource: usize) -> i64 {
    let mut asked: i128 = instance.items.iter().map(|item| i128::from(item.amounts[resource]) * i128::from(item.demand)).sum();
    let mut bins: Vec<_> = instance.bins.iter().filter(|bin| bin.capacity[resource] > 0).collect();
    bins.sort_by(|one, other| {
        let product = |price: i64, capacity: i64| i128::from(price) * i128::from(capacity);
        product(one.price, other.capacity[resource]).cmp(&product(other.price, one.capacity[resource]))
    });
    let mut price: i128 = 0;
    for bin in bins {
        let capacity = i128::from(bin.capacity[resource]);
        let whole = bin.limit.map_or(i128::MAX, i128::from);
        if asked <= whole.saturating_mul(capacity) {
            let part = (asked * i128::from(bin.price) + capacity - 1) / capacity;
            let is_alone = instance.bins.len() == 1;
            let bins = (asked + capacity - 1) / capacity;
            return i64::try_from(price + if is_alone { bins * i128::from(bin.price) } else { part }).unwrap_or(i64::MAX);
        }
        asked -= whole * capacity;
        price += whole * i128::from(bin.price);
    }
    i64::try_from(price).unwrap_or(i64::MAX)
}
