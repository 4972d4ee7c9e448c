//! A share of the items, and the types of bins that take any of them.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;

use super::super::problem::{fit, relief, room, takes};
use super::super::{Bin, BoundProof, Instance, LowerBound};
use super::cover::cover;

/// How many shares are looked at besides the whole.
const SHARES: usize = 48;

/// Items that no other types of bins take, and those types.
#[derive(Debug, Clone)]
pub struct Share<'a> {
    /// All there is.
    pub instance: &'a Instance,
    /// The items, by index; all have demand.
    pub items: Vec<usize>,
    /// The types of bins that take any of the items.
    pub bins: FixedBitSet,
    /// The types of bins that take each of the items.
    pub takes: Vec<FixedBitSet>,
    /// How much of each resource a bin of each type holds, with all the room that items could make in it.
    pub room: Vec<Vec<i64>>,
    /// The bins with limits of nothing where they take none of the items.
    priced: Vec<Bin>,
}

impl<'a> Share<'a> {
    /// All items, then the items that only certain types of bins take, for the sets of types that most is asked of.
    pub fn all(instance: &'a Instance) -> Vec<Share<'a>> {
        let items: Vec<usize> = (0..instance.items.len()).filter(|&item| instance.items[item].demand > 0).collect();
        let relief = relief(instance);
        let takes: Vec<FixedBitSet> = items.iter().map(|&item| takes(instance, &relief, item)).collect();
        let mut sets: BTreeMap<&FixedBitSet, u64> = BTreeMap::new();
        for (item, takes) in items.iter().zip(&takes) {
            *sets.entry(takes).or_default() += u64::from(instance.items[*item].demand);
        }
        let mut sets: Vec<(&FixedBitSet, u64)> = sets.into_iter().collect();
        sets.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let whole: Vec<usize> = (0..items.len()).collect();
        let mut shares: Vec<Share<'a>> = vec![Share::of(instance, &items, &takes, &whole)];
        for (set, _) in sets.iter().take(SHARES) {
            let inside: Vec<usize> = whole.iter().copied().filter(|&position| takes[position].is_subset(set)).collect();
            if inside.len() < whole.len() {
                shares.push(Share::of(instance, &items, &takes, &inside));
            }
        }
        shares
    }

    /// The share of the items at these positions.
    fn of(instance: &'a Instance, items: &[usize], takes: &[FixedBitSet], positions: &[usize]) -> Share<'a> {
        let takes: Vec<FixedBitSet> = positions.iter().map(|&position| takes[position].clone()).collect();
        let mut bins = FixedBitSet::with_capacity(instance.bins.len());
        takes.iter().for_each(|takes| bins.union_with(takes));
        let limit = |index: usize, bin: &Bin| if bins.contains(index) { bin.limit } else { Some(0) };
        let priced = |(index, bin): (usize, &Bin)| Bin { capacity: Vec::new(), price: bin.price, limit: limit(index, bin) };
        let priced = instance.bins.iter().enumerate().map(priced).collect();
        let relief = relief(instance);
        let room = instance.bins.iter().map(|bin| room(&bin.capacity, &relief)).collect();
        Share { instance, room, items: positions.iter().map(|&position| items[position]).collect(), bins, takes, priced }
    }

    /// Whether it is all there is.
    pub fn is_whole(&self) -> bool {
        self.items.len() == self.instance.items.iter().filter(|item| item.demand > 0).count()
    }

    /// The bound that values of the items prove: `value` of an item, and the most value that a bin of each type holds.
    pub(super) fn prove(&self, proof: BoundProof, value: impl Fn(usize) -> i128, most: impl Fn(usize) -> i128) -> Option<LowerBound> {
        let worth = |&item: &usize| value(item) * i128::from(self.instance.items[item].demand);
        self.prove_sum(proof, self.items.iter().map(worth).sum(), most, |item| value(item) > 0)
    }

    /// The bound that a value of all items together proves; `counts` says whether an item has a part in it.
    pub(super) fn prove_sum(
        &self,
        proof: BoundProof,
        value: i128,
        most: impl Fn(usize) -> i128,
        counts: impl Fn(usize) -> bool,
    ) -> Option<LowerBound> {
        if value <= 0 {
            return None;
        }
        let most: Vec<i128> = (0..self.priced.len()).map(|bin| if self.bins.contains(bin) { most(bin) } else { 0 }).collect();
        Some(match cover(&self.priced, value, &most) {
            Some(price) => LowerBound { price, proof },
            None => LowerBound {
                price: i64::MAX,
                proof: BoundProof::Infeasible(self.items.iter().copied().filter(|item| counts(*item)).collect()),
            },
        })
    }

    /// How many items of a class one bin of a type holds at most.
    pub(super) fn per_bin(&self, position: usize, bin: usize) -> u64 {
        if !self.takes[position].contains(bin) {
            return 0;
        }
        let item = &self.instance.items[self.items[position]];
        fit(&item.amounts, &self.room[bin]).min(u64::from(item.per_bin))
    }
}

/// The higher of two bounds.
pub(super) fn better(one: Option<LowerBound>, other: Option<LowerBound>) -> Option<LowerBound> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.price > one.price { other } else { one }),
        (one, other) => one.or(other),
    }
}
