//! Whether the pods of lost nodes can be put on the survivors at all, beside what runs there: proven either way, or open.
//!
//! *Yes* is shown by places: those that kube-scheduler found itself without evicting anybody, or those of another order or choice, each
//! binding passed by the scheduler's filters at its moment. *No* is shown by an [`Obstacle`], which holds even if every rule about order
//! (spread, company) is waived. Survivors are not moved. Another scheduler's pods are neither.

use rustc_hash::FxHashMap;

use super::assignment::{self, Assignment};
use super::obstacle::{self, Obstacle};
use super::units::comes_back;
use crate::cluster::Cluster;
use crate::cluster::index::{ClassId, NodeId, NodeSet, PodId, ResourceId};
use crate::cluster::outage::NodeState;
use crate::cluster::resources::{CPU, MEMORY, amount_of};
use crate::scheduler::attempt::{Code, Rejection, Rejections};
use crate::scheduler::framework::{Cycle, run_filters};
use crate::scheduler::plugins::{inter_pod_affinity, pod_topology_spread};
use crate::scheduler::{Scheduler, pre_filter};
use crate::simulation::loss::{Baseline, Loss, Until, lose};

/// Whether what is displaced has places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repack {
    /// It has: these.
    Fits(Packing),
    /// It has not, and why.
    Fails(Obstacle),
    /// Neither was found.
    Open,
}

/// Places for everything that is displaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packing {
    /// How it was found.
    pub way: Way,
    /// The replacements in the order of their binding, and where each goes. Of a replay, where each is in the end.
    pub places: Vec<(PodId, NodeId)>,
}

/// How places were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// kube-scheduler reaches it, in its own order, and evicts nobody.
    Replayed,
    /// By binding pods in another order, each where it fits best or worst.
    Reordered,
    /// By trying everything.
    Exhaustive,
}

/// Of more displaced pods, only those are looked for that no survivor takes: trying other orders would take minutes.
const MOST_PODS: usize = 2000;

/// A displaced pod to be put back: its replacement, and what is known before others are.
pub(super) struct Item {
    pub pod: PodId,
    pub class: ClassId,
    /// Where it can go, if rules about order are waived and nobody else comes.
    pub nodes: NodeSet,
}

/// Whether the displaced pods of these nodes can be put on the survivors. `scheduler` is one of the baseline's, as it came or after other
/// losses; it is left as it was.
pub fn repack(baseline: &Baseline, scheduler: &mut Scheduler<'_>, nodes: &[NodeId]) -> Repack {
    let loss = lose(baseline, scheduler, nodes, Until::Removed);
    repack_after(baseline, scheduler, &loss)
}

/// The same, of a loss that was played.
pub fn repack_after(baseline: &Baseline, scheduler: &mut Scheduler<'_>, loss: &Loss) -> Repack {
    if loss.preempted.is_empty() && loss.is_made_good() {
        let place = |displaced: &crate::simulation::loss::Displaced| Some((baseline.replacement(displaced.pod), displaced.to?));
        return Repack::Fits(Packing { way: Way::Replayed, places: loss.pods.iter().filter_map(place).collect() });
    }
    let checkpoint = scheduler.checkpoint();
    for &node in &loss.nodes {
        scheduler.occupancy().pods_on(node).to_vec().into_iter().for_each(|pod| _ = scheduler.evict(pod));
        scheduler.set_node(node, NodeState { gone: true, ..NodeState::default() });
    }
    let pods = loss.pods.iter().map(|displaced| displaced.pod).filter(|&pod| comes_back(baseline, pod));
    let answer = place_all(scheduler, pods.map(|pod| baseline.replacement(pod)).collect());
    scheduler.rewind(checkpoint);
    answer
}

fn place_all(scheduler: &mut Scheduler<'_>, pods: Vec<PodId>) -> Repack {
    if pods.iter().any(|&pod| scheduler.profile_of(pod).is_none()) {
        return Repack::Open;
    }
    let mut items: Vec<Item> = Vec::with_capacity(pods.len());
    let mut known: FxHashMap<ClassId, NodeSet> = FxHashMap::default();
    for pod in pods {
        let class = scheduler.cluster().pod(pod).class;
        let nodes = known.entry(class).or_insert_with(|| possible(scheduler, pod)).clone();
        if nodes.is_empty() {
            return Repack::Fails(Obstacle::Nowhere { pod });
        }
        items.push(Item { pod, class, nodes });
    }
    if items.len() > MOST_PODS {
        return Repack::Open;
    }
    let (cluster, occupancy) = (scheduler.cluster(), scheduler.occupancy());
    if let Some(obstacle) = obstacle::find(cluster, occupancy, &items) {
        return Repack::Fails(obstacle);
    }
    items.sort_by_key(|item| (item.nodes.len(), std::cmp::Reverse(weight(cluster, item)), item.class, item.pod));
    let most_constrained: Vec<PodId> = items.iter().map(|item| item.pod).collect();
    let mut largest: Vec<&Item> = items.iter().collect();
    largest.sort_by_key(|item| std::cmp::Reverse(weight(cluster, item)));
    let largest: Vec<PodId> = largest.into_iter().map(|item| item.pod).collect();
    for order in [&most_constrained, &largest] {
        for is_tight in [true, false] {
            if let Some(places) = bind_each(scheduler, order, |scheduler, pod, set| choose(scheduler, pod, set, is_tight)) {
                return Repack::Fits(Packing { way: Way::Reordered, places });
            }
        }
    }
    match assignment::search(scheduler.cluster(), scheduler.occupancy(), &items) {
        Assignment::Impossible { tried } => Repack::Fails(Obstacle::Exhausted { pods: most_constrained, tried }),
        Assignment::Found(nodes) => {
            let wanted: rustc_hash::FxHashMap<PodId, NodeId> = most_constrained.iter().copied().zip(nodes).collect();
            let places = bind_each(scheduler, &most_constrained, |_, pod, set| Some(wanted[&pod]).filter(|&node| set.contains(node)));
            places.map_or(Repack::Open, |places| Repack::Fits(Packing { way: Way::Exhaustive, places }))
        }
        Assignment::GaveUp => Repack::Open,
    }
}

/// The nodes that a pod can go to if nobody else comes, with rules about order waived: what others can only make worse.
pub(in crate::planning) fn possible(scheduler: &Scheduler<'_>, pod: PodId) -> NodeSet {
    let Some(profile) = scheduler.profile_of(pod) else { return NodeSet::none(scheduler.cluster().nodes.len()) };
    let cycle = scheduler.cycle(pod, profile);
    let Ok((mut set, _)) = pre_filter(&cycle) else { return NodeSet::none(cycle.cluster.nodes.len()) };
    let mut rejections = Rejections::none(cycle.cluster.nodes.len());
    for plugin in cycle.profile.filters.iter().filter(|plugin| plugin.name != pod_topology_spread::PLUGIN.name) {
        let Some(filter) = plugin.filter else { continue };
        let before = set.clone();
        filter(&cycle, &mut set, &mut rejections);
        if plugin.name == inter_pod_affinity::PLUGIN.name {
            // the company that it wants may still come; what it must not be near does not leave
            let lacks_company = |rejection: &Rejection| rejection.code == Code::UnschedulableAndUnresolvable;
            let waived = before.iter().filter(|&node| !set.contains(node) && rejections.get(node).is_some_and(lacks_company));
            waived.collect::<Vec<_>>().into_iter().for_each(|node| set.insert(node));
        }
    }
    set
}

/// How large a pod is: its greatest share of all that the cluster has, in millionths.
fn weight(cluster: &Cluster, item: &Item) -> i64 {
    let share = |resource: ResourceId| {
        let whole: i128 = cluster.nodes.ids().map(|node| i128::from(cluster.allocatable(resource, node))).sum();
        let asked = i128::from(amount_of(&cluster.class(item.class).requests.amounts, resource));
        (asked * 1_000_000_000 / whole.max(1)) as i64
    };
    share(CPU).max(share(MEMORY))
}

/// The node where a pod leaves least room (`is_tight`), or most: by the greater share of cpu or memory that is free after it.
fn choose(scheduler: &Scheduler<'_>, pod: PodId, set: &NodeSet, is_tight: bool) -> Option<NodeId> {
    let (cluster, class) = (scheduler.cluster(), scheduler.cluster().class_of(pod));
    let left = |node: &NodeId| {
        let share = |resource: ResourceId| {
            let (all, used) = (cluster.allocatable(resource, *node), scheduler.occupancy().requested(resource, *node));
            let asked = amount_of(&class.requests.amounts, resource);
            i128::from(all - used - asked) * 1_000_000 / i128::from(all.max(1))
        };
        share(CPU).max(share(MEMORY))
    };
    if is_tight { set.iter().min_by_key(left) } else { set.iter().max_by_key(|node| (left(node), std::cmp::Reverse(*node))) }
}

/// Binds every pod where `choose` says among the nodes that the filters leave; those that find none are tried again after the others.
fn bind_each(
    scheduler: &mut Scheduler<'_>,
    order: &[PodId],
    choose: impl Fn(&Scheduler<'_>, PodId, &NodeSet) -> Option<NodeId>,
) -> Option<Vec<(PodId, NodeId)>> {
    let mut places: Vec<(PodId, NodeId)> = Vec::with_capacity(order.len());
    let mut left = order.to_vec();
    loop {
        let before = left.len();
        left.retain(|&pod| {
            let node = feasible(scheduler, pod).and_then(|set| choose(scheduler, pod, &set));
            if let Some(node) = node {
                scheduler.bind(pod, node);
                places.push((pod, node));
            }
            node.is_none()
        });
        if left.is_empty() || left.len() == before {
            break;
        }
    }
    places.iter().rev().for_each(|&(pod, _)| _ = scheduler.evict(pod));
    left.is_empty().then_some(places)
}

/// The nodes that every filter leaves to a pod; none if it is refused as a whole.
fn feasible(scheduler: &Scheduler<'_>, pod: PodId) -> Option<NodeSet> {
    let cycle: Cycle<'_> = scheduler.cycle(pod, scheduler.profile_of(pod)?);
    if cycle.class.gated {
        return None;
    }
    let (mut set, _) = pre_filter(&cycle).ok()?;
    run_filters(&cycle, &mut set, &mut Rejections::none(cycle.cluster.nodes.len()));
    Some(set)
}
