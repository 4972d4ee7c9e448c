//! What no plan can be cheaper than.
//!
//! Every state that a plan has to hold in bounds it: the normal state, in which no node may be too full; and the states after a loss. If any
//! `k` nodes can be lost, the fleet without its `k` dearest nodes still holds everything, so a plan costs at least a packing and `k` nodes of the price that
//! the most demanding load needs. If any `k` of `Z` zones can be lost, each zone is there in `C(Z-1, k)` of the `C(Z, k)` cases, so all cases
//! together cost at most that many times the plan. The sums are taken over bounds that packing proves in whole numbers ([`crate::planning::packing`]),
//! on a reading of the question that every placement must obey.

use fixedbitset::FixedBitSet;

use super::instance::{Model, Reading, Share, model};
use super::offer::Offer;
use super::rivalry::Rivalry;
use super::showroom::Showroom;
use super::survive::Survive;
use super::zones::{zone_of, zones};
use crate::planning::interdiction::choose;
use crate::planning::packing::{BoundProof, Budget, Instance, LowerBound, solve_briefly};

/// More nodes that stay than this are not taken away one by one to bound what their loss costs.
const KEPT: usize = 12;

/// What no plan can be cheaper than, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// In the unit of the prices.
    pub price: i64,
    /// The state that asks for it.
    pub state: State,
    /// What proves the packing bound in that state; its items are loads ([`Showroom::loads`]).
    pub proof: BoundProof,
}

/// A state that a plan has to hold in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing is lost.
    Normal,
    /// So many nodes are asked for.
    NodesAsked(usize),
    /// After the loss of any so many nodes.
    NodesLost(usize),
    /// After the loss of a node that stays.
    KeptNodeLost(String),
    /// After the loss of any so many zones.
    ZonesLost(usize),
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Bounding<'a> {
    /// What has to be placed.
    pub showroom: &'a Showroom,
    /// Who keeps out of whose way.
    pub rivalry: &'a Rivalry,
    /// What can be bought.
    pub offers: &'a [Offer<'a>],
    /// At what price.
    pub prices: &'a [i64],
    /// How full nodes may be in the normal state.
    pub below: Option<Share>,
    /// What must be survived.
    pub survive: Survive,
    /// How many nodes that take pods there must be.
    pub min_nodes: usize,
    /// How many pods of each workload a node may hold.
    pub tolerance: &'a [Option<u32>],
}

impl<'a> Bounding<'a> {
    /// The question as every placement must obey it in the normal state.
    pub fn relaxed(&self) -> Model {
        let reading = Reading { below: self.below, tolerance: self.tolerance, without: None, shares: None };
        model(self.showroom, self.rivalry, self.offers, self.prices, reading)
    }

    /// The same after a loss, with these stands gone: nodes may be full, and nobody asks what another loss would leave.
    fn lost(&self, without: Option<&FixedBitSet>) -> Model {
        let reading = Reading { below: None, tolerance: &[], without, shares: None };
        model(self.showroom, self.rivalry, self.offers, self.prices, reading)
    }

    /// The greatest of all bounds. `normal` is that of the normal state.
    pub fn all(&self, normal: LowerBound, budget: &Budget<'_>) -> Bound {
        let mut best = Bound { price: normal.price, state: State::Normal, proof: normal.proof };
        let mut seen: Vec<(Instance, LowerBound)> = Vec::new();
        for bound in self.after_losses(&mut seen, budget).into_iter().chain(self.nodes_asked()) {
            if bound.price > best.price {
                best = bound;
            }
        }
        best
    }

    fn nodes_asked(&self) -> Option<Bound> {
        let cheapest = self.prices.iter().copied().min()?;
        let kept = self.showroom.stands.len() - self.offers.len();
        let price = self.min_nodes.saturating_sub(kept) as i64 * cheapest;
        (price > 0).then_some(Bound { price, state: State::NodesAsked(self.min_nodes), proof: BoundProof::Nothing })
    }

    fn after_losses(&self, seen: &mut Vec<(Instance, LowerBound)>, budget: &Budget<'_>) -> Vec<Bound> {
        match self.survive {
            Survive::Nothing => Vec::new(),
            Survive::Nodes(number) => {
                let mut bounds = vec![self.nodes_lost(number, seen, budget)];
                bounds.extend(self.kept_lost(seen, budget));
                bounds
            }
            Survive::Zones(number) => self.zones_lost(number, seen, budget).into_iter().collect(),
        }
    }

    fn nodes_lost(&self, number: usize, seen: &mut Vec<(Instance, LowerBound)>, budget: &Budget<'_>) -> Bound {
        let bound = bound_of(self.lost(None), seen, budget);
        // something must be bought even without the dearest nodes, so there are more than so many
        let dearest = if bound.price > 0 { number as i64 * self.dearest_needed() } else { 0 };
        Bound { price: bound.price + dearest, state: State::NodesLost(number), proof: bound.proof }
    }

    /// The price that the dearest node bought has at least: some load that no node which stays takes needs it.
    fn dearest_needed(&self) -> i64 {
        let needs = |stands: &FixedBitSet| {
            let on_kept = stands.ones().any(|stand| stand >= self.offers.len());
            let least = stands.ones().filter(|&stand| stand < self.offers.len()).map(|stand| self.prices[stand]).min();
            least.filter(|_| !on_kept)
        };
        let cheapest = self.prices.iter().copied().min().unwrap_or(0);
        self.showroom.loads.iter().filter_map(|load| needs(&load.stands)).max().unwrap_or(cheapest)
    }

    fn kept_lost(&self, seen: &mut Vec<(Instance, LowerBound)>, budget: &Budget<'_>) -> Vec<Bound> {
        let kept = self.offers.len()..self.showroom.stands.len();
        if kept.len() > KEPT {
            return Vec::new();
        }
        let mut bounds = Vec::new();
        for stand in kept {
            let mut without = FixedBitSet::with_capacity(self.showroom.stands.len());
            without.insert(stand);
            let bound = bound_of(self.lost(Some(&without)), seen, budget);
            let name = self.showroom.cluster.node_name(self.showroom.stands[stand].node).to_owned();
            bounds.push(Bound { price: bound.price, state: State::KeptNodeLost(name), proof: bound.proof });
        }
        bounds
    }

    fn zones_lost(&self, number: usize, seen: &mut Vec<(Instance, LowerBound)>, budget: &Budget<'_>) -> Option<Bound> {
        let zones = zones(self.showroom, self.offers);
        if zones.len() <= number {
            return None;
        }
        let (mut sum, mut greatest) = (0i64, None::<LowerBound>);
        for lost in choices(zones.len(), number) {
            let is_lost = |stand: usize| {
                zone_of(self.showroom, self.offers, stand).is_some_and(|zone| lost.iter().any(|&place| zones[place] == zone))
            };
            let mut without = FixedBitSet::with_capacity(self.showroom.stands.len());
            (0..self.showroom.stands.len()).filter(|&stand| is_lost(stand)).for_each(|stand| without.insert(stand));
            let bound = bound_of(self.lost(Some(&without)), seen, budget);
            sum += bound.price;
            if greatest.as_ref().is_none_or(|greatest| bound.price > greatest.price) {
                greatest = Some(bound);
            }
        }
        let times = i64::try_from(choose(zones.len() - 1, number)).unwrap_or(i64::MAX);
        let greatest = greatest?;
        // every fleet counts a multiple of what all prices are multiples of
        let step = self.prices.iter().copied().fold(0, gcd).max(1);
        let part = sum.div_euclid(times) + i64::from(sum.rem_euclid(times) > 0);
        let price = ((part + step - 1) / step * step).max(greatest.price);
        Some(Bound { price, state: State::ZonesLost(number), proof: greatest.proof })
    }
}

/// The bound of an instance; of one that was seen before, that.
fn bound_of(model: Model, seen: &mut Vec<(Instance, LowerBound)>, budget: &Budget<'_>) -> LowerBound {
    let known = seen.iter().find(|(known, _)| *known == model.instance).map(|(_, bound)| bound.clone());
    let bound = known.unwrap_or_else(|| {
        let bound = solve_briefly(&model.instance, budget).bound;
        seen.push((model.instance.clone(), bound.clone()));
        bound
    });
    of_loads(bound, &model)
}

/// A bound whose proof names loads instead of items.
pub fn of_loads(bound: LowerBound, model: &Model) -> LowerBound {
    let loads = |items: Vec<usize>| {
        let mut loads: Vec<usize> = items.into_iter().map(|item| model.loads[item]).collect();
        loads.dedup();
        loads
    };
    let proof = match bound.proof {
        BoundProof::Cardinality(items) => BoundProof::Cardinality(loads(items)),
        BoundProof::Infeasible(items) => BoundProof::Infeasible(loads(items)),
        other => other,
    };
    LowerBound { proof, ..bound }
}

/// The greatest common divisor.
fn gcd(one: i64, other: i64) -> i64 {
    if other == 0 { one } else { gcd(other, one % other) }
}

/// All ways to choose so many of `all`.
fn choices(all: usize, number: usize) -> Vec<Vec<usize>> {
    let mut choices: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..number {
        let longer = |choice: &Vec<usize>| {
            let first = choice.last().map_or(0, |last| last + 1);
            (first..all).map(|next| [&choice[..], &[next]].concat()).collect::<Vec<_>>()
        };
        choices = choices.iter().flat_map(longer).collect();
    }
    choices
}
