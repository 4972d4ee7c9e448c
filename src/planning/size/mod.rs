//! Which nodes to buy, and how far from perfect that can be.
//!
//! [`size`] looks for the cheapest fleet on which everything runs: no node too full, and every loss that was asked for survived. It
//! looks by packing ([`super::packing`]) on what can be said without the scheduler ([`instance`]), and believes nothing but the replay
//! ([`replay`]): nodes are made, controllers and the scheduler do their work, nodes and zones are lost on purpose. What it reports is what the replay
//! reached. Beside it stands a bound that no plan can be below ([`bound`]).
//!
//! Where packing knows a cheaper fleet that the scheduler's order misses, both are said ([`Unreached`]).
//!
//! Promise: a plan was replayed in every state that it is said to hold in; a bound holds for every fleet of these offers. What no purchase
//! can mend is named and left out: pods that no node type takes, workloads without a pod to spare, volumes that are lost with their node.
//!
//! Sources: A. Verma et al., Borg (EuroSys 2015), cell compaction, for replaying instead of estimating; A. Newell et al., RAS (SOSP 2021),
//! for buffers against correlated failures.

pub mod bound;
pub mod candidates;
pub mod ground;
pub mod instance;
pub mod offer;
pub mod replay;
pub mod rivalry;
mod search;
pub mod showroom;
pub mod survive;
pub mod unreached;
pub mod why;
pub mod zones;

use std::collections::BTreeSet;
use std::time::Duration;

pub use bound::{Bound, State};
pub use candidates::Alternative;
pub use ground::{Because, Ground, Kept};
pub use instance::Share;
pub use offer::{Fleet, Offer, group_names, offers};
pub use replay::{LossTrial, Overfull, Peaks, Replay, Trial};
pub use showroom::Impossible;
pub use survive::{Survive, Tolerance};
pub use unreached::{Realised, Unreached};
pub use why::{Why, why};

use crate::cluster::index::PodId;
use crate::manifest::Objects;
use crate::planning::packing::{Budget, Solution, solve_briefly};
use crate::scheduler::Options;
use crate::scheduler::profile::Configuration;
use crate::simulation::loss::Baseline;
use bound::{Bounding, of_loads};
use candidates::Candidates;
use instance::{Model, Reading, ZoneShares, model};
use rivalry::Rivalry;
use search::Search;
use showroom::Showroom;

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// What is there and what is to run: seen by the API server, expanded by controllers.
    pub objects: &'a Objects,
    /// What can be bought ([`offers`]).
    pub offers: &'a [Offer<'a>],
    /// Whether nodes and running pods stay where they are.
    pub keep_existing: bool,
    /// What must be survived.
    pub survive: Survive,
    /// Each node's cpu and memory must be requested to less than this share, with nothing lost.
    pub below: Option<Share>,
    /// Whether each Deployment must find room for its surge.
    pub surge: bool,
    /// So many nodes that take pods there must be at least.
    pub min_nodes: usize,
    /// So many types of nodes at most.
    pub max_types: Option<usize>,
    /// What is wanted.
    pub objective: Objective,
    /// The scheduler.
    pub configuration: &'a Configuration,
    /// How it decides.
    pub options: Options,
    /// How long it may take.
    pub budget: Budget<'a>,
}

/// What makes one fleet better than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Objective {
    /// What it costs an hour.
    #[default]
    Cost,
    /// How many nodes it has; of equals what it costs.
    Count,
    /// Nodes of one type, and of the types that cost little more than the cheapest the one whose nodes each hold least.
    Evenness,
}

/// The answer.
#[derive(Debug, Clone)]
pub struct Sizing {
    /// The best fleet that holds in the replay; if none was found, the one that was nearest to it; none if none was replayed.
    pub plan: Option<Plan>,
    /// What no fleet can be below, in the unit of [`Sizing::prices`].
    pub bound: Bound,
    /// What each offer counts: its price in millionths an hour, or 1.
    pub prices: Vec<i64>,
    /// A cheaper fleet on which everything has a place, though the scheduler does not find it.
    pub unreached: Option<Unreached>,
    /// Other fleets that hold: of one type only, and the next best mix; cheapest first.
    pub alternatives: Vec<Alternative>,
    /// What is there before anything is bought.
    pub ground: Ground,
    /// Pods that no node takes.
    pub impossible: Vec<Impossible>,
    /// Pods each of which fills more of every node than a node may be full: by load, the first of them and how many.
    pub oversized: Vec<(String, usize)>,
    /// What workloads can do without.
    pub tolerance: Tolerance,
    /// Names of the resources of [`crate::planning::packing::BoundProof::Resource`].
    pub resources: Vec<String>,
    /// What stands for each load that a proof names: its workload, or a pod.
    pub loads: Vec<String>,
    /// Whether the budget ended the search before it was done.
    pub cut_off: bool,
}

/// A fleet that holds.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many of each offer.
    pub fleet: Fleet,
    /// What it counts, in the unit of [`Sizing::prices`].
    pub price: i64,
    /// What came of replaying it.
    pub trial: Trial,
    /// The cluster after the purchase, before anything is placed.
    pub objects: Objects,
    /// Where the replay put every pod that is on a node or waits: its name, and its node.
    pub placement: Vec<(String, Option<String>)>,
}

/// Replays that a search may take, for so many pods.
fn plays(pods: usize) -> usize {
    (400_000 / pods.max(1)).clamp(24, 1500)
}

/// Finds what to buy.
pub fn size(question: &Question<'_>) -> Sizing {
    let Question { offers, configuration, options, survive, below, budget, .. } = *question;
    let ground = Ground::new(question.objects, question.keep_existing);
    let showroom = Showroom::new(&ground, offers, configuration, options);
    let rivalry = Rivalry::new(&showroom);
    let tolerance = Tolerance::of(&ground, survive);
    let tolerated = tolerance.by_index(&showroom.quorums);
    let prices = prices(offers, question.objective);
    let oversized = showroom.oversized(below);
    let bounding = Bounding {
        showroom: &showroom,
        rivalry: &rivalry,
        offers,
        prices: &prices,
        // what shares a node with an oversized pod is not held to the limit either, so nothing can be proven with it
        below: below.filter(|_| oversized.is_empty()),
        survive,
        min_nodes: question.min_nodes,
        tolerance: &tolerated,
    };
    let (strict, normal) = normal(&bounding, &budget);
    let total = (budget.remaining)();
    let third = || (budget.remaining)().saturating_sub(total * 2 / 3);
    let bound = bounding.all(normal.bound.clone(), &Budget { remaining: &third, ..budget });
    let impossible: BTreeSet<usize> = showroom.impossible.iter().flat_map(|impossible| impossible.pods.iter().copied()).collect();
    let replay = Replay {
        ground: &ground,
        offers,
        impossible: &impossible,
        tolerance: &tolerance,
        below,
        oversized: &oversized.iter().flat_map(|&load| showroom.loads[load].pods.iter().copied()).collect(),
        min_nodes: question.min_nodes,
        survive,
        surge: question.surge,
        configuration,
        options,
    };
    let pods = showroom.loads.iter().map(|load| load.pods.len()).sum();
    let ranks = ranks(offers, &prices, question.objective);
    let mut search = Search::new(replay, &showroom, &ranks, budget, plays(pods));
    let candidates = Candidates { question, showroom: &showroom, ranks: &ranks, normal: &normal, strict: &strict };
    let (fleet, alternatives) = candidates.search(&mut search);
    let cut_off = search.cut_off || normal.cut_off;
    let plan = fleet.or_else(|| search.nearest()).map(|fleet| {
        let objects = ground.furnish(offers, &fleet);
        let baseline = replay.baseline(&objects);
        let trial = replay.judge(&objects, &baseline);
        Plan { price: fleet.price(&prices), trial, placement: placement(&baseline), objects, fleet }
    });
    let unreached = plan
        .as_ref()
        .filter(|plan| plan.trial.holds())
        .and_then(|plan| unreached::find(&replay, &showroom, &strict, &normal, plan, &prices));
    let resources = (0..showroom.resources.len()).map(|resource| showroom.resource_name(resource)).collect();
    let loads = (0..showroom.loads.len()).map(|load| load_name(&showroom, load)).collect();
    let oversized = oversized.iter().map(|&load| (load_name(&showroom, load), showroom.loads[load].pods.len())).collect();
    let impossible = showroom.impossible;
    Sizing { plan, bound, prices, unreached, alternatives, ground, impossible, oversized, tolerance, resources, loads, cut_off }
}

/// What comes of a plan whose objects were changed: everything is placed, and every loss that has to be survived is played.
pub fn judge(question: &Question<'_>, sizing: &Sizing, objects: &Objects) -> Trial {
    let Question { offers, configuration, options, below, .. } = *question;
    let showroom = Showroom::new(&sizing.ground, offers, configuration, options);
    let replay = Replay {
        ground: &sizing.ground,
        offers,
        impossible: &sizing.impossible.iter().flat_map(|impossible| impossible.pods.iter().copied()).collect(),
        tolerance: &sizing.tolerance,
        below,
        oversized: &showroom.oversized(below).iter().flat_map(|&load| showroom.loads[load].pods.iter().copied()).collect(),
        min_nodes: question.min_nodes,
        survive: question.survive,
        surge: question.surge,
        configuration,
        options,
    };
    replay.judge(objects, &replay.baseline(objects))
}

/// What no fleet can have fewer nodes than. Cheap bounds only.
pub fn node_bound(question: &Question<'_>) -> Bound {
    let Question { offers, survive, below, .. } = *question;
    let ground = Ground::new(question.objects, question.keep_existing);
    let showroom = Showroom::new(&ground, offers, question.configuration, question.options);
    let rivalry = Rivalry::new(&showroom);
    let tolerance = Tolerance::of(&ground, survive);
    let tolerance = tolerance.by_index(&showroom.quorums);
    let prices = vec![1; offers.len()];
    let below = below.filter(|_| showroom.oversized(below).is_empty());
    let (prices, min_nodes) = (&prices[..], question.min_nodes);
    let bounding = Bounding { showroom: &showroom, rivalry: &rivalry, offers, prices, below, survive, min_nodes, tolerance: &tolerance };
    let budget = Budget { remaining: &|| Duration::ZERO, ..question.budget };
    let relaxed = bounding.relaxed();
    let normal = solve_briefly(&relaxed.instance, &budget).bound;
    bounding.all(of_loads(normal, &relaxed), &budget)
}

/// Where every pod is.
fn placement(baseline: &Baseline) -> Vec<(String, Option<String>)> {
    let cluster = baseline.cluster();
    let place = |pod: PodId| {
        let node = baseline.occupancy().node_of(pod).map(|node| cluster.node_name(node).to_owned());
        let waits = baseline.waiting().contains(&pod);
        (node.is_some() || waits).then(|| (cluster.pod_name(pod).to_string(), node))
    };
    baseline.pods().filter_map(place).collect()
}

/// What stands for a load: its workload, or its first pod.
fn load_name(showroom: &Showroom, load: usize) -> String {
    let load = &showroom.loads[load];
    match load.workload {
        Some(workload) => showroom.quorums.workloads[workload].workload.to_string(),
        None => showroom.cluster.pod_name(PodId::new(load.pods[0])).to_string(),
    }
}

/// What each offer counts: what it costs, or 1 where nodes count, and where not all prices are known.
fn prices(offers: &[Offer<'_>], objective: Objective) -> Vec<i64> {
    let costs: Option<Vec<i64>> = offers.iter().map(|offer| offer.offering.price_micros_hour.map(|price| price.max(1))).collect();
    costs.filter(|_| objective != Objective::Count).unwrap_or_else(|| vec![1; offers.len()])
}

/// By what fleets are compared: where nodes count, of as many nodes by what they cost.
fn ranks(offers: &[Offer<'_>], prices: &[i64], objective: Objective) -> Vec<i64> {
    let costs = offers.iter().map(|offer| offer.offering.price_micros_hour.unwrap_or(0).min(A_NODE - 1));
    match objective {
        Objective::Count => costs.map(|cost| A_NODE + cost).collect(),
        Objective::Cost | Objective::Evenness => prices.to_vec(),
    }
}

/// More than any node costs an hour in millionths, and little enough for a hundred thousand to be added up.
const A_NODE: i64 = 1 << 44;

/// The packing of the normal state by the strict reading, and a bound by the relaxed one. The first quarter of the time is theirs.
fn normal(bounding: &Bounding<'_>, budget: &Budget<'_>) -> (Model, Solution) {
    let Bounding { showroom, rivalry, offers, prices, below, survive, tolerance, .. } = *bounding;
    let relaxed = bounding.relaxed();
    let shares: ZoneShares = zones::shares(showroom, rivalry, offers, survive, tolerance);
    let reading = Reading { below, tolerance, without: None, shares: Some(&shares) };
    let strict = model(showroom, rivalry, offers, prices, reading);
    let (total, remaining) = ((budget.remaining)(), budget.remaining);
    let quarter = || remaining().saturating_sub(total * 3 / 4);
    let quarter = Budget { remaining: &quarter, ..*budget };
    let mut solution = solve_briefly(&strict.instance, &quarter);
    if relaxed.instance != strict.instance {
        solution.bound = solve_briefly(&relaxed.instance, &quarter).bound;
    }
    solution.bound = of_loads(solution.bound, &relaxed);
    (strict, solution)
}
