//! From a fleet that could do to one that does: nodes are added while the replay fails, and taken away or swapped for cheaper ones while it holds.
//!
//! Placement is not monotone, so nothing is concluded about fleets that were not played. Effort is counted in replays; the clock only cuts off.

use rustc_hash::FxHashMap;

use super::offer::{Fleet, Offer};
use super::replay::{Badness, Replay, Trial};
use super::showroom::Showroom;
use crate::planning::packing::Budget;

/// After so many additions in a row that help nothing, more of the same is not tried.
const IN_VAIN: usize = 8;
/// So many larger types are tried for a node that is too full.
const LARGER: usize = 3;
/// So many cheaper offers are tried for a node.
const SWAPS: usize = 6;
/// So many offers are tried for two nodes.
const MERGES: usize = 4;

/// A search, and what it has learned.
pub struct Search<'a> {
    replay: Replay<'a>,
    showroom: &'a Showroom,
    offers: &'a [Offer<'a>],
    prices: &'a [i64],
    budget: Budget<'a>,
    /// Replays that are left.
    plays: usize,
    /// The type that nodes may be of, if it is only one.
    only: Option<String>,
    known: FxHashMap<Fleet, Badness>,
    /// Whether some fleet held.
    has_found: bool,
    /// The fleet that was nearest to holding.
    nearest: Option<(Badness, i64, Fleet)>,
    /// Whether the budget ended it.
    pub cut_off: bool,
}

impl<'a> Search<'a> {
    /// Over these offers.
    pub fn new(replay: Replay<'a>, showroom: &'a Showroom, prices: &'a [i64], budget: Budget<'a>, plays: usize) -> Self {
        Search {
            replay,
            showroom,
            offers: replay.offers,
            prices,
            budget,
            plays,
            only: None,
            known: FxHashMap::default(),
            has_found: false,
            nearest: None,
            cut_off: false,
        }
    }

    /// The least of what can be reached from this fleet; none if nothing that holds costs less than `most`.
    pub fn reach(&mut self, fleet: Fleet, most: i64) -> Option<Fleet> {
        let grown = self.grow(fleet, most)?;
        Some(self.shrink(grown))
    }

    /// The fleet that was nearest to holding, of all that were played.
    pub fn nearest(self) -> Option<Fleet> {
        self.nearest.map(|(_, _, fleet)| fleet)
    }

    /// What a fleet costs.
    pub fn price(&self, fleet: &Fleet) -> i64 {
        fleet.price(self.prices)
    }

    /// The same with nodes of one type only.
    pub fn reach_with(&mut self, only: &str, fleet: Fleet, most: i64) -> Option<Fleet> {
        self.only = Some(only.to_owned());
        let reached = self.reach(fleet, most);
        self.only = None;
        reached
    }

    fn is_allowed(&self, offer: usize) -> bool {
        self.only.as_ref().is_none_or(|only| self.offers[offer].node_type.name == *only)
    }

    /// How bad a fleet is; none if there is no effort left.
    pub fn badness(&mut self, fleet: &Fleet) -> Option<Badness> {
        if let Some(&known) = self.known.get(fleet) {
            return Some(known);
        }
        Some(self.play(fleet)?.badness())
    }

    fn play(&mut self, fleet: &Fleet) -> Option<Trial> {
        // until something holds the clock does not count: whoever asks for little time wants a plan all the same
        let is_late = self.has_found && (self.budget.remaining)().is_zero();
        if self.plays == 0 || is_late {
            self.cut_off = true;
            return None;
        }
        self.plays -= 1;
        let trial = self.replay.play(fleet);
        self.known.insert(fleet.clone(), trial.badness());
        self.has_found |= trial.holds();
        let near = (trial.badness(), self.price(fleet), fleet.clone());
        if self.nearest.as_ref().is_none_or(|nearest| near < *nearest) {
            self.nearest = Some(near);
        }
        Some(trial)
    }

    fn holds(&mut self, fleet: &Fleet) -> bool {
        self.badness(fleet) == Some(Badness::default())
    }

    /// Adds nodes, or swaps those that are too full for larger ones, until it holds. Gives up on what costs as much as is known to do.
    fn grow(&mut self, mut fleet: Fleet, most: i64) -> Option<Fleet> {
        let (mut best, mut in_vain, mut step) = (None, 0, 1);
        let mut trial = self.play(&fleet)?;
        loop {
            let badness = trial.badness();
            if badness == Badness::default() {
                return Some(fleet);
            }
            if best.is_none_or(|best| badness < best) {
                (best, in_vain) = (Some(badness), 0);
            } else {
                in_vain += 1;
                step *= 2;
            }
            if in_vain > IN_VAIN {
                return None;
            }
            let is_only_full = trial.unplaced.is_empty() && !trial.overfull.is_empty();
            let needed = self.missing(&trial).max(step.min(1 + fleet.nodes() as usize / 4));
            let more = self.more(&fleet, &trial, needed)?;
            let mut options = if is_only_full { self.larger(&fleet, &trial) } else { Vec::new() };
            options.push(more);
            options.retain(|option| self.price(option) < most && !self.known.contains_key(option));
            let mut played: Vec<(Badness, i64, Fleet, Trial)> = Vec::new();
            for option in options {
                let trial = self.play(&option)?;
                played.push((trial.badness(), self.price(&option), option, trial));
            }
            (_, _, fleet, trial) = played.into_iter().min_by(|one, other| (one.0, one.1, &one.2).cmp(&(other.0, other.1, &other.2)))?;
        }
    }

    /// The fleet with so many nodes more for what is missing; none if there are none to be had.
    fn more(&self, fleet: &Fleet, trial: &Trial, needed: usize) -> Option<Fleet> {
        let mut more = fleet.clone();
        for _ in 0..needed {
            let Some(offer) = self.addition(&more, trial) else { break };
            more = more.with_one(offer, self.offers)?;
        }
        (more != *fleet).then_some(more)
    }

    /// Fleets in which one node that is too full is of a larger type: of the types with more of everything the cheapest few.
    fn larger(&self, fleet: &Fleet, trial: &Trial) -> Vec<Fleet> {
        let fullest = trial.overfull.iter().max_by(|one, other| one.share.total_cmp(&other.share));
        let is_it = |offer: usize| {
            let Some(full) = fullest else { return false };
            (1..=fleet.0[offer]).any(|number| self.offers[offer].node_name(number) == full.node)
        };
        let Some(small) = fleet.bought().map(|(offer, _)| offer).find(|&offer| is_it(offer)) else { return Vec::new() };
        let room = |offer: usize| &self.showroom.stands[offer].allocatable;
        let has_more = |offer: usize| room(offer).iter().zip(room(small)).all(|(more, less)| more >= less) && room(offer) != room(small);
        let zone = self.offers[small].zone();
        let mut larger: Vec<usize> = (0..self.offers.len())
            .filter(|&offer| self.is_allowed(offer) && self.offers[offer].zone() == zone && has_more(offer))
            .collect();
        larger.sort_by_key(|&offer| (self.prices[offer], offer));
        larger.into_iter().take(LARGER).filter_map(|offer| fleet.without_one(small).with_one(offer, self.offers)).collect()
    }

    /// How many nodes what is not placed would fill at least, of the largest there are; 1 if everything is.
    fn missing(&self, trial: &Trial) -> usize {
        let unplaced: Vec<usize> = trial.unplaced.iter().map(|(pod, _)| *pod).collect();
        let mut nodes = 1;
        for resource in 0..self.showroom.resources.len() {
            let asked: i64 = self.loads_of(&unplaced).map(|load| self.showroom.loads[load].amounts[resource]).sum();
            let most =
                self.showroom.stands[..self.offers.len()].iter().map(|stand| stand.allocatable[resource] - stand.taken[resource]).max();
            nodes = nodes.max(asked / most.unwrap_or(1).max(1));
        }
        nodes.max(1) as usize
    }

    fn loads_of<'b>(&'b self, pods: &'b [usize]) -> impl Iterator<Item = usize> + 'b {
        pods.iter().filter_map(|pod| self.showroom.loads.iter().position(|load| load.pods.contains(pod)))
    }

    /// The offer to add: of those that take what is missing, one of a type that is there already if any is, the cheapest, where there are fewest.
    fn addition(&self, fleet: &Fleet, trial: &Trial) -> Option<usize> {
        let unplaced = trial.unplaced.iter().map(|(pod, _)| *pod);
        let lost = trial.losses.iter().flat_map(|loss| loss.pending.iter().copied());
        let missing: Option<usize> = unplaced.chain(lost).next().and_then(|pod| self.loads_of(&[pod]).next());
        let takes = |offer: usize| missing.is_none_or(|load| self.showroom.loads[load].stands.contains(offer));
        let has_room = |offer: usize| self.offers[offer].offering.limit.is_none_or(|limit| fleet.0[offer] < limit);
        let is_here = |offer: usize| {
            let name = &self.offers[offer].node_type.name;
            fleet.bought().any(|(bought, _)| self.offers[bought].node_type.name == *name)
        };
        let in_zone = |offer: usize| -> u32 {
            fleet.bought().filter(|&(bought, _)| self.offers[bought].zone() == self.offers[offer].zone()).map(|(_, count)| count).sum()
        };
        let open = (0..self.offers.len()).filter(|&offer| self.is_allowed(offer) && takes(offer) && has_room(offer));
        open.min_by_key(|&offer| (!is_here(offer), self.prices[offer], in_zone(offer), fleet.0[offer], offer))
    }

    /// Takes nodes away, or swaps them for cheaper ones, while it holds.
    pub fn shrink(&mut self, mut fleet: Fleet) -> Fleet {
        loop {
            let before = fleet.clone();
            fleet = self.fewer(fleet);
            if self.only.is_none() {
                fleet = self.cheaper(fleet);
                fleet = self.merged(fleet);
            }
            if fleet == before {
                return fleet;
            }
        }
    }

    /// Takes nodes away: many at once first, the dearest first, where there are most.
    fn fewer(&mut self, mut fleet: Fleet) -> Fleet {
        let mut offers: Vec<usize> = fleet.bought().map(|(offer, _)| offer).collect();
        offers.sort_by_key(|&offer| (std::cmp::Reverse((self.prices[offer], fleet.0[offer])), offer));
        for offer in offers {
            let mut step = fleet.0[offer].div_ceil(4);
            while step > 0 && fleet.0[offer] > 0 {
                let mut less = fleet.clone();
                less.0[offer] -= step.min(less.0[offer]);
                if self.holds(&less) {
                    fleet = less;
                } else {
                    step /= 2;
                }
            }
        }
        fleet
    }

    /// Swaps single nodes for the cheaper offers, cheapest first.
    fn cheaper(&mut self, mut fleet: Fleet) -> Fleet {
        let mut bought: Vec<usize> = fleet.bought().map(|(offer, _)| offer).collect();
        bought.sort_by_key(|&offer| std::cmp::Reverse(self.prices[offer]));
        for offer in bought {
            let zone = self.offers[offer].zone();
            let mut others: Vec<usize> = (0..self.offers.len())
                .filter(|&other| self.prices[other] < self.prices[offer] && self.offers[other].zone() == zone)
                .collect();
            others.sort_by_key(|&other| (self.prices[other], other));
            // what is much cheaper is much smaller: begin where the price is near
            let near: Vec<usize> = others.iter().rev().take(SWAPS).rev().copied().collect();
            for other in near {
                while fleet.0[offer] > 0 {
                    let Some(swapped) = fleet.without_one(offer).with_one(other, self.offers) else { break };
                    if !self.holds(&swapped) {
                        break;
                    }
                    fleet = swapped;
                }
            }
        }
        fleet
    }

    /// Puts one node in place of two, while it holds and costs less.
    fn merged(&mut self, mut fleet: Fleet) -> Fleet {
        let bought: Vec<usize> = fleet.bought().map(|(offer, _)| offer).collect();
        for (place, &one) in bought.iter().enumerate() {
            for &other in &bought[place..] {
                let zones = [self.offers[one].zone(), self.offers[other].zone()];
                let price = self.prices[one] + self.prices[other];
                let mut instead: Vec<usize> = (0..self.offers.len())
                    .filter(|&offer| self.prices[offer] < price && zones.contains(&self.offers[offer].zone()))
                    .collect();
                // what costs nearly as much as both is the likeliest to do
                instead.sort_by_key(|&offer| (std::cmp::Reverse(self.prices[offer]), offer));
                instead.truncate(MERGES);
                for offer in instead {
                    if fleet.0[one] < 1 + u32::from(one == other) || fleet.0[other] == 0 {
                        break;
                    }
                    let Some(merged) = fleet.without_one(one).without_one(other).with_one(offer, self.offers) else { continue };
                    if self.holds(&merged) {
                        fleet = merged;
                        break;
                    }
                }
            }
        }
        fleet
    }
}
