//! Why a plan costs what it costs: what binds, what lies idle, what each rule costs, and what growth would.
//!
//! Everything here is replayed or added up; nothing is guessed from the packing. A rule's cost is what can be taken away from the plan without it, node
//! by node, while everything else still holds in the replay: so it is at least that.

pub mod growth;
pub mod resource_use;
pub mod rule;

use super::bound::Bounding;
use super::ground::Ground;
use super::instance::{Reading, model};
use super::offer::{Fleet, Offer};
use super::replay::{Peaks, Replay};
use super::rivalry::Rivalry;
use super::search::Search;
use super::showroom::Showroom;
use super::survive::{Survive, Tolerance};
use super::{Plan, Question, Sizing, plays};
use crate::manifest::Objects;
use crate::planning::packing::shadow_prices;
pub use growth::Growth;
pub use resource_use::ResourceUse;
pub use rule::{Rule, RuleCost};

/// So many fleets around the plan are replayed for the curve, below and above it.
const AROUND: u32 = 4;

/// Why a plan costs what it costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// What nodes have and what of it is asked for, by resource.
    pub uses: Vec<ResourceUse>,
    /// What rules cost, the dearest first; only those that cost anything.
    pub rules: Vec<RuleCost>,
    /// How many rules were dropped for a try.
    pub rules_tried: usize,
    /// What one more unit of each resource costs in the unit of [`Sizing::prices`], by name; empty if it is not known.
    pub shadow_prices: Vec<(String, f64)>,
    /// What growth would cost.
    pub growth: Vec<Growth>,
    /// Fleets with fewer and more nodes of the plan's commonest offer.
    pub curve: Vec<Point>,
}

/// A fleet near the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The fleet.
    pub fleet: Fleet,
    /// What it counts.
    pub price: i64,
    /// Whether everything holds.
    pub holds: bool,
    /// The fullest node with nothing lost.
    pub peak: Peaks,
    /// The fullest node after the worst loss.
    pub peak_after_loss: Peaks,
}

/// A question with everything that a replay needs.
pub(super) struct Stage {
    pub ground: Ground,
    pub showroom: Showroom,
    pub tolerance: Tolerance,
    pub impossible: std::collections::BTreeSet<usize>,
    pub oversized: std::collections::BTreeSet<usize>,
}

impl Stage {
    pub fn new(question: &Question<'_>, objects: &Objects) -> Self {
        let ground = Ground::new(objects, question.keep_existing);
        let showroom = Showroom::new(&ground, question.offers, question.configuration, question.options);
        let tolerance = Tolerance::of(&ground, question.survive);
        let impossible = showroom.impossible.iter().flat_map(|impossible| impossible.pods.iter().copied()).collect();
        let oversized = showroom.oversized(question.below);
        let oversized = oversized.iter().flat_map(|&load| showroom.loads[load].pods.iter().copied()).collect();
        Stage { ground, showroom, tolerance, impossible, oversized }
    }

    pub fn replay<'a>(&'a self, question: &Question<'a>) -> Replay<'a> {
        Replay {
            ground: &self.ground,
            offers: question.offers,
            impossible: &self.impossible,
            tolerance: &self.tolerance,
            below: question.below,
            oversized: &self.oversized,
            min_nodes: question.min_nodes,
            survive: question.survive,
            surge: question.surge,
            configuration: question.configuration,
            options: question.options,
        }
    }

    pub fn pods(&self) -> usize {
        self.showroom.loads.iter().map(|load| load.pods.len()).sum()
    }

    /// What can be reached from a fleet, if it or something near it holds.
    pub fn reach(&self, question: &Question<'_>, prices: &[i64], from: &Fleet, most: i64) -> Option<Fleet> {
        let mut search = Search::new(self.replay(question), &self.showroom, prices, question.budget, plays(self.pods()) / 4);
        search.reach(from.clone(), most)
    }
}

/// What is explained besides what resources are used for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Depth {
    /// Whether rules are dropped for a try, and fleets around the plan replayed.
    pub deep: bool,
    /// The percentages by which everything grows.
    pub growth: Vec<u32>,
}

/// Explains a plan. Rules and growth are tried with the types of the plan only.
pub fn why(question: &Question<'_>, sizing: &Sizing, plan: &Plan, depth: &Depth) -> Why {
    let types: Vec<&str> = plan.fleet.bought().map(|(offer, _)| question.offers[offer].node_type.name.as_str()).collect();
    let kept: Vec<usize> =
        (0..question.offers.len()).filter(|&offer| types.contains(&question.offers[offer].node_type.name.as_str())).collect();
    let offers: Vec<Offer<'_>> = kept.iter().map(|&offer| question.offers[offer].clone()).collect();
    let prices: Vec<i64> = kept.iter().map(|&offer| sizing.prices[offer]).collect();
    let fleet = Fleet(kept.iter().map(|&offer| plan.fleet.0[offer]).collect());
    let narrow = Question { offers: &offers, ..*question };
    let near = Near { question: &narrow, prices: &prices, fleet: &fleet, price: plan.price };
    let widen = |fleet: &Fleet| {
        let mut wide = Fleet::none(question.offers.len());
        kept.iter().zip(&fleet.0).for_each(|(&offer, &count)| wide.0[offer] = count);
        wide
    };
    let (rules, rules_tried) = if depth.deep { rule::costs(&near) } else { (Vec::new(), 0) };
    let mut growth: Vec<Growth> = depth.growth.iter().filter_map(|&percent| growth::grow(&near, percent)).collect();
    growth.iter_mut().for_each(|growth| growth.fleet = growth.fleet.as_ref().map(widen));
    let mut curve = if depth.deep { curve(&near) } else { Vec::new() };
    curve.iter_mut().for_each(|point| point.fleet = widen(&point.fleet));
    let uses = resource_use::uses(&plan.objects, question.configuration, question.options);
    Why { uses, rules, rules_tried, shadow_prices: prices_of_resources(question, &sizing.prices), growth, curve }
}

/// A question with the types of a plan only, and the plan.
#[derive(Clone, Copy)]
pub(super) struct Near<'a> {
    pub question: &'a Question<'a>,
    pub prices: &'a [i64],
    pub fleet: &'a Fleet,
    pub price: i64,
}

fn prices_of_resources(question: &Question<'_>, prices: &[i64]) -> Vec<(String, f64)> {
    let stage = Stage::new(question, question.objects);
    let showroom = &stage.showroom;
    let rivalry = Rivalry::new(showroom);
    let bounding = Bounding {
        showroom,
        rivalry: &rivalry,
        offers: question.offers,
        prices,
        below: question.below,
        survive: Survive::Nothing,
        min_nodes: 0,
        tolerance: &[],
    };
    let reading = Reading { below: bounding.below, tolerance: &[], without: None, shares: None };
    let model = model(showroom, &rivalry, question.offers, prices, reading);
    let of = |(resource, price): (usize, f64)| (showroom.resource_name(resource), price);
    shadow_prices(&model.instance).unwrap_or_default().into_iter().enumerate().map(of).collect()
}

/// The plan with fewer and with more nodes of the offer of which it has most.
fn curve(near: &Near<'_>) -> Vec<Point> {
    let Near { question, prices, fleet, .. } = *near;
    let Some((offer, count)) = fleet.bought().max_by_key(|&(offer, count)| (count, std::cmp::Reverse(offer))) else { return Vec::new() };
    let stage = Stage::new(question, question.objects);
    let replay = stage.replay(question);
    let mut points = Vec::new();
    for number in count.saturating_sub(AROUND)..=count + AROUND {
        let mut fleet = fleet.clone();
        fleet.0[offer] = number;
        let is_there = question.offers[offer].offering.limit.is_none_or(|limit| number <= limit);
        if !is_there || fleet.nodes() == 0 || (question.budget.remaining)().is_zero() {
            continue;
        }
        let trial = replay.play(&fleet);
        let worst = trial
            .losses
            .iter()
            .fold(Peaks::default(), |worst, loss| Peaks { cpu: worst.cpu.max(loss.peak.cpu), memory: worst.memory.max(loss.peak.memory) });
        let (price, holds) = (fleet.price(prices), trial.holds());
        points.push(Point { fleet, price, holds, peak: trial.peak, peak_after_loss: worst });
    }
    points
}
