//! Cheaper fleets on which everything has a place, though the scheduler, left alone, does not find it; and what would realise them.
//!
//! A fleet counts only if it was replayed with that help: pods created in another order, or put where a packing has them; and every loss
//! after that is played as it comes, without help.

use std::collections::BTreeMap;

use super::Plan;
use super::candidates::{fleet_of, restricted};
use super::instance::Model;
use super::offer::Fleet;
use super::replay::{Replay, Trial};
use super::showroom::Showroom;
use crate::cluster::Standing;
use crate::cluster::index::{NodeId, PodId};
use crate::cluster::resources::{CPU, MEMORY};
use crate::planning::packing::{Packing, Solution, portfolio};
use crate::scheduler::Scheduler;
use crate::scheduler::run::{Backlog, Schedule};
use crate::simulation::loss::Baseline;

/// More pods than this are not put in another order to see whether that helps.
const MOST_PODS: usize = 20_000;
/// So many cheaper fleets are tried.
const TRIES: usize = 12;

/// A cheaper fleet that holds with help.
#[derive(Debug, Clone, PartialEq)]
pub struct Unreached {
    /// The fleet.
    pub fleet: Fleet,
    /// What it counts.
    pub price: i64,
    /// What help that is.
    pub realised: Realised,
    /// What came of it with that help.
    pub trial: Trial,
}

/// What realises a placement that the scheduler does not find by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Realised {
    /// Creating the largest pods first (or giving them a higher priority).
    LargestFirst,
    /// Pinning pods to nodes: each pod, by its place among the objects, and its node.
    Pinned(Vec<(usize, String)>),
}

/// The cheapest fleet that holds with help, if one is cheaper than the plan.
pub(super) fn find(
    replay: &Replay<'_>,
    showroom: &Showroom,
    strict: &Model,
    normal: &Solution,
    plan: &Plan,
    prices: &[i64],
) -> Option<Unreached> {
    if showroom.loads.iter().map(|load| load.pods.len()).sum::<usize>() > MOST_PODS {
        return None;
    }
    let packed = normal.packing.as_ref().map(|packing| fleet_of(strict, packing, prices.len()));
    let fewer = plan.fleet.bought().map(|(offer, _)| plan.fleet.without_one(offer));
    let mut fleets: Vec<Fleet> = packed.into_iter().chain(fewer).filter(|fleet| fleet.price(prices) < plan.price).collect();
    fleets.sort_by_key(|fleet| (fleet.price(prices), fleet.clone()));
    fleets.dedup();
    fleets.into_iter().take(TRIES).find_map(|fleet| with_help(replay, showroom, strict, fleet, prices))
}

fn with_help(replay: &Replay<'_>, showroom: &Showroom, strict: &Model, fleet: Fleet, prices: &[i64]) -> Option<Unreached> {
    let objects = replay.ground.furnish(replay.offers, &fleet);
    let played = |place: &dyn Fn(&mut Scheduler<'_>) -> Schedule| {
        let baseline = Baseline::new(&objects, replay.configuration, replay.options, |scheduler| place(scheduler));
        Some(replay.judge(&objects, &baseline)).filter(Trial::holds)
    };
    let price = fleet.price(prices);
    let waiting: Vec<usize> = showroom.loads.iter().flat_map(|load| load.pods.iter().copied()).collect();
    if let Some(trial) = played(&|scheduler| largest_first(scheduler, &waiting)) {
        return Some(Unreached { fleet, price, realised: Realised::LargestFirst, trial });
    }
    let offers = replay.offers.len();
    let model = restricted(strict, |stand| if stand < offers { Some(Some(fleet.0[stand])) } else { Some(None) })?;
    let places = places(replay, showroom, &model, &portfolio(&model.instance)?);
    let trial = played(&|scheduler| pinned(scheduler, &places))?;
    Some(Unreached { fleet, price, realised: Realised::Pinned(places), trial })
}

/// Places the largest pods first, then whoever is left.
fn largest_first(scheduler: &mut Scheduler<'_>, waiting: &[usize]) -> Schedule {
    let cluster = scheduler.cluster();
    let total = |resource| cluster.nodes.ids().map(|node| i128::from(cluster.allocatable(resource, node))).sum::<i128>().max(1);
    let totals = [(CPU, total(CPU)), (MEMORY, total(MEMORY))];
    let size = |pod: PodId| {
        let requests = &cluster.class_of(pod).requests;
        totals.iter().map(|&(resource, total)| i128::from(requests.get(resource)) * 1_000_000_000 / total).max()
    };
    let mut order: Vec<PodId> = waiting.iter().map(|&pod| PodId::new(pod)).collect();
    // priorities come first whatever the order of creation
    order.sort_by_key(|&pod| (std::cmp::Reverse(cluster.class_of(pod).priority), std::cmp::Reverse(size(pod)), pod));
    for pod in order {
        if let Some(node) = scheduler.decide(pod).node {
            scheduler.bind(pod, node);
        }
    }
    place_rest(scheduler)
}

/// Puts pods where they are pinned, as far as the filters let them, then places whoever is left.
fn pinned(scheduler: &mut Scheduler<'_>, places: &[(usize, String)]) -> Schedule {
    for (pod, node) in places {
        let pod = PodId::new(*pod);
        let node: Option<NodeId> = scheduler.cluster().find_node(node);
        if let Some(node) = node.filter(|&node| scheduler.attempt(pod).feasible.contains(node)) {
            scheduler.bind(pod, node);
        }
    }
    place_rest(scheduler)
}

/// Places everyone who has no place yet, in the scheduler's own order.
fn place_rest(scheduler: &mut Scheduler<'_>) -> Schedule {
    let cluster = scheduler.cluster();
    let mut backlog = Backlog::default();
    for pod in cluster.pod_ids() {
        if cluster.pod(pod).standing == Standing::Pending && scheduler.occupancy().node_of(pod).is_none() {
            backlog.add(cluster, pod);
        }
    }
    scheduler.work_off(&mut backlog, |_, _| ());
    backlog.into_schedule()
}

/// Where a packing puts each pod.
fn places(replay: &Replay<'_>, showroom: &Showroom, model: &Model, packing: &Packing) -> Vec<(usize, String)> {
    let offers = replay.offers.len();
    let mut next: BTreeMap<usize, u32> = BTreeMap::new();
    let mut left: BTreeMap<usize, Vec<usize>> =
        showroom.loads.iter().enumerate().map(|(index, load)| (index, load.pods.iter().rev().copied().collect())).collect();
    let mut places = Vec::new();
    for (pattern, count) in &packing.patterns {
        let stand = model.stands[pattern.bin];
        for _ in 0..*count {
            let number = next.entry(stand).or_default();
            *number += 1;
            let node = match replay.offers.get(stand) {
                Some(offer) => offer.node_name(*number),
                None => replay.ground.kept[stand - offers].node.clone(),
            };
            for &(item, number) in &pattern.items {
                let load = left.get_mut(&model.loads[item as usize]).expect("every item is of a load");
                places.extend((0..number).filter_map(|_| Some((load.pop()?, node.clone()))));
            }
        }
    }
    places
}
