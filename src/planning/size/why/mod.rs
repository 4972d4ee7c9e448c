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
use super::offer::Fleet;
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
}

impl Stage {
    pub fn new(question: &Question<'_>, objects: &Objects) -> Self {
        let ground = Ground::new(objects, question.keep_existing);
        let showroom = Showroom::new(&ground, question.offers, question.configuration, question.options);
        let tolerance = if question.survive == Survive::Nothing { Tolerance::default() } else { Tolerance::of(&showroom.quorums) };
        let impossible = showroom.impossible.iter().flat_map(|impossible| impossible.pods.iter().copied()).collect();
        Stage { ground, showroom, tolerance, impossible }
    }

    pub fn replay<'a>(&'a self, question: &Question<'a>) -> Replay<'a> {
        Replay {
            ground: &self.ground,
            offers: question.offers,
            impossible: &self.impossible,
            tolerance: &self.tolerance,
            below: question.below,
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

/// Explains a plan. `growth` are the percentages by which everything grows.
pub fn why(question: &Question<'_>, sizing: &Sizing, plan: &Plan, growth: &[u32]) -> Why {
    let stage = Stage::new(question, question.objects);
    let (rules, rules_tried) = rule::costs(question, sizing, plan);
    Why {
        uses: resource_use::uses(&plan.objects, question.configuration, question.options),
        rules,
        rules_tried,
        shadow_prices: prices_of_resources(question, &stage, &sizing.prices),
        growth: growth.iter().filter_map(|&percent| growth::grow(question, &sizing.prices, plan, percent)).collect(),
        curve: curve(question, &stage, sizing, plan),
    }
}

fn prices_of_resources(question: &Question<'_>, stage: &Stage, prices: &[i64]) -> Vec<(String, f64)> {
    let showroom = &stage.showroom;
    let rivalry = Rivalry::new(showroom);
    let bounding = Bounding {
        showroom,
        rivalry: &rivalry,
        offers: question.offers,
        prices,
        below: question.below,
        survive: Survive::Nothing,
        tolerance: &[],
    };
    let reading = Reading { below: bounding.below, tolerance: &[], without: None, shares: None };
    let model = model(showroom, &rivalry, question.offers, prices, reading);
    let of = |(resource, price): (usize, f64)| (showroom.resource_name(resource), price);
    shadow_prices(&model.instance).unwrap_or_default().into_iter().enumerate().map(of).collect()
}

/// The plan with fewer and with more nodes of the offer of which it has most.
fn curve(question: &Question<'_>, stage: &Stage, sizing: &Sizing, plan: &Plan) -> Vec<Point> {
    let Some((offer, count)) = plan.fleet.bought().max_by_key(|&(offer, count)| (count, std::cmp::Reverse(offer))) else {
        return Vec::new();
    };
    let replay = stage.replay(question);
    let mut points = Vec::new();
    for number in count.saturating_sub(AROUND)..=count + AROUND {
        let mut fleet = plan.fleet.clone();
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
        let (price, holds) = (fleet.price(&sizing.prices), trial.holds());
        points.push(Point { fleet, price, holds, peak: trial.peak, peak_after_loss: worst });
    }
    points
}
