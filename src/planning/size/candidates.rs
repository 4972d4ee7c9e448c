//! Fleets to begin with, and the best of what is reached from them: the mix that packing finds, fleets of one type, and mixes of few types.

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;

use super::instance::Model;
use super::offer::Fleet;
use super::search::Search;
use super::showroom::Showroom;
use super::survive::Survive;
use super::zones::{balanced, zones};
use super::{Objective, Question};
use crate::planning::packing::{Instance, Packing, Solution, portfolio};

/// So many types are tried by themselves.
const SINGLE_TYPES: usize = 6;
/// So many types are packed by themselves, to see which to try.
const PACKED_TYPES: usize = 24;
/// So many mixes of few types are packed.
const MIXES: usize = 60;
/// Evenness may cost so many percent more than the cheapest fleet.
const EVENNESS_PERCENT: i64 = 25;

/// A fleet that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The fleet.
    pub fleet: Fleet,
    /// What it counts.
    pub price: i64,
    /// Names of its types, sorted.
    pub types: Vec<String>,
}

/// Where fleets come from.
pub struct Candidates<'a> {
    /// What is asked.
    pub question: &'a Question<'a>,
    /// What has to be placed.
    pub showroom: &'a Showroom,
    /// By what fleets are compared.
    pub ranks: &'a [i64],
    /// The packing of the normal state.
    pub normal: &'a Solution,
    /// The question as packing sees it.
    pub strict: &'a Model,
}

impl Candidates<'_> {
    /// The best fleet, and the others that hold.
    pub fn search(&self, search: &mut Search<'_>) -> (Option<Fleet>, Vec<Alternative>) {
        let mut found: Vec<Alternative> = Vec::new();
        for (only, fleet) in self.starts() {
            // others are worth knowing as long as they are not much dearer
            let most = found.iter().map(|alternative| alternative.price).min().map_or(i64::MAX, |price| price.saturating_mul(2));
            let reached = match only {
                Some(only) => search.reach_with(&only, fleet, most),
                None => search.reach(fleet, most),
            };
            let Some(fleet) = reached else { continue };
            if self.types(&fleet).len() > self.question.max_types.unwrap_or(usize::MAX) {
                continue;
            }
            let alternative = Alternative { price: search.price(&fleet), types: self.types(&fleet), fleet };
            if !found.contains(&alternative) {
                found.push(alternative);
            }
        }
        found.sort_by_key(|alternative| (alternative.price, alternative.fleet.nodes(), alternative.types.len(), alternative.fleet.clone()));
        let best = self.best(&found);
        let fleet = best.map(|best| found.remove(best).fleet);
        // of a mix of types one of them in every proportion would be no news
        let mut seen = BTreeSet::new();
        found.retain(|alternative| seen.insert(alternative.types.clone()));
        (fleet, found)
    }

    fn best(&self, found: &[Alternative]) -> Option<usize> {
        let cheapest = found.first()?.price;
        if self.question.objective != Objective::Evenness {
            return Some(0);
        }
        let may_cost = |alternative: &&(usize, &Alternative)| {
            let alternative = alternative.1;
            alternative.types.len() <= 1 && alternative.price <= cheapest + cheapest * EVENNESS_PERCENT / 100
        };
        let all: Vec<(usize, &Alternative)> = found.iter().enumerate().collect();
        let most = all.iter().filter(may_cost).max_by_key(|(_, alternative)| (alternative.fleet.nodes(), -alternative.price));
        Some(most.map_or(0, |(place, _)| *place))
    }

    fn types(&self, fleet: &Fleet) -> Vec<String> {
        let names: BTreeSet<&str> = fleet.bought().map(|(offer, _)| self.question.offers[offer].node_type.name.as_str()).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Fleets to begin with, the most promising first; and the type that they are to stay with, if there is one.
    fn starts(&self) -> Vec<(Option<String>, Fleet)> {
        let mut starts: Vec<(Option<String>, Fleet)> = Vec::new();
        let is_narrow = self.question.max_types.is_some_and(|most| most == 1) || self.question.objective == Objective::Evenness;
        let even = |fleet: &Fleet| self.enough(&balanced(fleet, self.question.offers));
        let singles = self.single_types();
        // of one type is the surest to be reached, and so what everything else is measured against
        let only = |(_, name, fleet): &(i64, String, Fleet)| (Some(name.clone()), even(fleet));
        starts.extend(singles.first().map(only));
        if !is_narrow {
            let packed = self.normal.packing.as_ref().map(|packing| fleet_of(self.strict, packing, self.question.offers.len()));
            starts.extend(packed.iter().map(|fleet| (None, even(fleet))));
            starts.extend(packed.iter().map(|fleet| (None, self.enough(fleet))));
            starts.extend(singles.first().map(|(_, _, fleet)| (None, even(fleet))));
            if let Some(most) = self.question.max_types {
                starts.extend(self.mixes(most, &singles).into_iter().map(|fleet| (None, fleet)));
            }
        }
        starts.extend(singles.iter().skip(1).take(SINGLE_TYPES).map(only));
        let mut seen = BTreeSet::new();
        starts.retain(|start| seen.insert(start.clone()));
        if starts.is_empty() {
            // packing found no way; the replay may
            starts.push((None, Fleet::none(self.question.offers.len())));
        }
        starts
    }

    /// For the loss of zones each zone's share has to be there once more in the others.
    fn enough(&self, fleet: &Fleet) -> Fleet {
        let Survive::Zones(lost) = self.question.survive else { return fleet.clone() };
        let zones = zones(self.showroom, self.question.offers).len();
        if zones <= lost {
            return fleet.clone();
        }
        let mut enough = fleet.clone();
        for (offer, count) in enough.0.iter_mut().enumerate() {
            let more = (u64::from(*count) * zones as u64).div_ceil((zones - lost) as u64) as u32;
            *count = self.question.offers[offer].offering.limit.map_or(more, |limit| more.min(limit));
        }
        enough
    }

    /// Fleets of one type by what packing says they cost, cheapest first: the price, the type's name, the fleet.
    fn single_types(&self) -> Vec<(i64, String, Fleet)> {
        let names: BTreeSet<&str> = self.question.offers.iter().map(|offer| offer.node_type.name.as_str()).collect();
        let mut by_bound: Vec<(i64, &str)> = names.into_iter().filter_map(|name| Some((self.bound_of_type(name)?, name))).collect();
        by_bound.sort_unstable();
        by_bound.truncate(PACKED_TYPES);
        let mut singles: Vec<(i64, String, Fleet)> = by_bound.iter().filter_map(|(_, name)| self.pack(&[name])).collect();
        singles.sort();
        singles
    }

    /// What all loads together ask for, in nodes of one type; none if some load is too large for it, and no node that stays takes it.
    fn bound_of_type(&self, name: &str) -> Option<i64> {
        let Model { instance, stands, .. } = self.strict;
        let offers = self.question.offers.len();
        let is_of_type = |bin: usize| stands[bin] < offers && self.question.offers[stands[bin]].node_type.name == name;
        let bins: Vec<usize> = (0..instance.bins.len()).filter(|&bin| is_of_type(bin) || stands[bin] >= offers).collect();
        let fits = |item: usize| bins.iter().any(|&bin| instance.takes(bin, item));
        if !(0..instance.items.len()).all(fits) {
            return None;
        }
        let first = bins.iter().copied().find(|&bin| is_of_type(bin))?;
        let nodes = |resource: usize| {
            let asked: i64 = instance.items.iter().map(|item| item.amounts[resource].saturating_mul(i64::from(item.demand))).sum();
            let kept: i64 = bins.iter().filter(|&&bin| stands[bin] >= offers).map(|&bin| instance.bins[bin].capacity[resource]).sum();
            let capacity = instance.bins[first].capacity[resource].max(1);
            ((asked - kept).max(0) + capacity - 1) / capacity
        };
        let nodes = (0..instance.resources()).map(nodes).max().unwrap_or(0);
        Some(nodes.saturating_mul(self.ranks[stands[first]]))
    }

    /// Packs with some types only.
    fn pack(&self, types: &[&str]) -> Option<(i64, String, Fleet)> {
        let offers = self.question.offers.len();
        let is_there = |stand: usize| stand >= offers || types.contains(&self.question.offers[stand].node_type.name.as_str());
        let model = restricted(self.strict, |stand| is_there(stand).then_some(None))?;
        let packing = portfolio(&model.instance)?;
        let fleet = fleet_of(&model, &packing, offers);
        Some((fleet.price(self.ranks), types.join(" "), fleet))
    }

    /// Mixes of at most so many types, of those that the best mix and the best single types are made of; the best few.
    fn mixes(&self, most: usize, singles: &[(i64, String, Fleet)]) -> Vec<Fleet> {
        let mut types: Vec<String> = Vec::new();
        if let Some(packing) = &self.normal.packing {
            types.extend(self.types(&fleet_of(self.strict, packing, self.question.offers.len())));
        }
        types.extend(singles.iter().take(SINGLE_TYPES).map(|(_, name, _)| name.clone()));
        let mut seen = BTreeSet::new();
        types.retain(|name| seen.insert(name.clone()));
        let mut sets: Vec<Vec<&str>> = vec![Vec::new()];
        for name in &types {
            let with: Vec<Vec<&str>> =
                sets.iter().filter(|set| set.len() < most).map(|set| [&set[..], &[name.as_str()]].concat()).collect();
            sets.extend(with);
            sets.truncate(MIXES * 4);
        }
        sets.retain(|set| set.len() > 1);
        sets.sort_by_key(|set| std::cmp::Reverse(set.len()));
        let mut packed: Vec<(i64, String, Fleet)> = sets.iter().take(MIXES).filter_map(|set| self.pack(set)).collect();
        packed.sort();
        packed.into_iter().take(3).map(|(_, _, fleet)| self.enough(&balanced(&fleet, self.question.offers))).collect()
    }
}

/// A model with fewer stands: `keep` says of a stand whether it is there, and how many of it there are at most, if that is new.
pub fn restricted(model: &Model, keep: impl Fn(usize) -> Option<Option<u32>>) -> Option<Model> {
    let kept: Vec<(usize, Option<u32>)> =
        (0..model.stands.len()).filter_map(|bin| Some((bin, keep(model.stands[bin])?))).filter(|(_, limit)| *limit != Some(0)).collect();
    if kept.is_empty() {
        return None;
    }
    let mut instance = Instance { items: model.instance.items.clone(), conflicts: model.instance.conflicts.clone(), bins: Vec::new() };
    for &(bin, limit) in &kept {
        let mut bin = model.instance.bins[bin].clone();
        bin.limit = limit.or(bin.limit);
        instance.bins.push(bin);
    }
    for item in &mut instance.items {
        if let Some(bins) = &item.bins {
            let mut own = FixedBitSet::with_capacity(kept.len());
            kept.iter().enumerate().filter(|(_, (bin, _))| bins.contains(*bin)).for_each(|(place, _)| own.insert(place));
            item.bins = Some(own);
        }
    }
    Some(Model { instance, loads: model.loads.clone(), stands: kept.iter().map(|&(bin, _)| model.stands[bin]).collect() })
}

/// The fleet that a packing uses.
pub fn fleet_of(model: &Model, packing: &Packing, offers: usize) -> Fleet {
    let mut fleet = Fleet::none(offers);
    for (pattern, count) in &packing.patterns {
        let stand = model.stands[pattern.bin];
        if stand < offers {
            fleet.0[stand] += count;
        }
    }
    fleet
}
