//! DefaultPreemption: when nothing fits, the fewest and least important pods of lower priority make room.
//!
//! On each node that evictions could help, all pods of lower priority leave in thought; then as many as possible come back,
//! first those whose eviction would break a disruption budget, the most important first. Among the nodes the choice is: fewest
//! budget violations, lowest highest priority, lowest sum of priorities, fewest victims, latest start of the most important
//! victims, first in list order (upstream: any). Upstream starts its search at a random node; here it starts at the first.
//!
//! Source: pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go and
//! pkg/scheduler/framework/preemption/preemption.go, v1.36.

use std::cmp::Reverse;

use super::inter_pod_affinity;
use crate::cluster::Cluster;
use crate::cluster::index::{NodeId, PodId};
use crate::cluster::occupancy::Occupancy;
use crate::scheduler::attempt::{Code, Preemption, Rejection, Rejections};
use crate::scheduler::diagnosis::fit_error;
use crate::scheduler::framework::{Cycle, ExtensionPoint, Plugin, refusal};
use crate::scheduler::profile::Profile;
use crate::scheduler::version::Semantics;

const NEVER: &str = "not eligible due to preemptionPolicy=Never.";
const TERMINATING: &str = "not eligible due to a terminating pod on the nominated node.";
const NO_VICTIMS: &str = "No preemption victims found for incoming pod";
const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";

/// Everything a trial of evictions needs; the occupancy is left as it was.
pub struct Trial<'a> {
    /// What does not change.
    pub cluster: &'a Cluster,
    /// Who is where.
    pub occupancy: &'a mut Occupancy,
    /// The pod's profile.
    pub profile: &'a Profile,
    /// What the version does.
    pub semantics: Semantics,
    /// The pod that needs room.
    pub pod: PodId,
    /// Nodes kept free for other pods.
    pub nominated: &'a [(PodId, NodeId)],
    /// A filter whose PreFilter skipped this attempt: it stays silent whoever comes or leaves in thought.
    skipped: Option<&'static str>,
}

impl<'a> Trial<'a> {
    /// At the beginning of an attempt for `pod`, or at its end: nobody has come or left meanwhile.
    pub fn new(
        cluster: &'a Cluster,
        occupancy: &'a mut Occupancy,
        profile: &'a Profile,
        semantics: Semantics,
        pod: PodId,
        nominated: &'a [(PodId, NodeId)],
    ) -> Self {
        let outages = occupancy.outages();
        let cycle = Cycle { cluster, occupancy, outages, class: cluster.class_of(pod), pod, profile, semantics };
        // without nominated pods nobody can come of whom the skipped plugin would have had to know
        let skips = !nominated.is_empty() && inter_pod_affinity::skips(&cycle);
        let skipped = skips.then_some(inter_pod_affinity::PLUGIN.name);
        Trial { cluster, occupancy, profile, semantics, pod, nominated, skipped }
    }
}

/// Pods that would leave a node, most important first.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Victims {
    pods: Vec<PodId>,
    budget_violations: usize,
}

/// Where to make room, or upstream's words for why it cannot be made. `refused` is a refusal of the pod as a whole.
pub fn preempt(trial: &mut Trial<'_>, refused: Option<&Rejection>, rejections: &Rejections) -> Result<Preemption, String> {
    let class = trial.cluster.class_of(trial.pod);
    if !class.preempts {
        return Err(NEVER.to_owned());
    }
    if let Some(nominated) = trial.cluster.pod(trial.pod).nominated {
        let unresolvable =
            refused.or(rejections.get(nominated)).is_some_and(|rejection| rejection.code == Code::UnschedulableAndUnresolvable);
        let leaving = |&pod: &PodId| trial.cluster.pod(pod).preempted && trial.cluster.class_of(pod).priority < class.priority;
        if !unresolvable && trial.occupancy.pods_on(nominated).iter().any(leaving) {
            return Err(TERMINATING.to_owned());
        }
    }
    let mut candidates = Vec::new();
    let mut verdicts = Rejections::none(trial.cluster.nodes.len());
    let mut all = trial.occupancy.outages().present().clone();
    let in_order: Vec<NodeId> = trial.occupancy.outages().order().map_or_else(|| all.iter().collect(), <[NodeId]>::to_vec);
    let helps = |node| refused.is_none() && rejections.get(node).is_some_and(|rejection| rejection.code == Code::Unschedulable);
    let wanted = candidates_wanted(trial.profile, all.iter().filter(|&node| helps(node)).count());
    for node in in_order {
        if !helps(node) {
            verdicts.reject(&mut all, node, Rejection::new(PLUGIN.name, Code::UnschedulableAndUnresolvable, NOT_HELPFUL));
            continue;
        }
        match victims_on(trial, node) {
            Ok(victims) => candidates.push((node, victims)),
            Err(rejection) => verdicts.reject(&mut all, node, rejection),
        }
        if candidates.len() >= wanted && candidates.iter().any(|(_, victims)| victims.budget_violations == 0) {
            break;
        }
    }
    let best = candidates.into_iter().min_by_key(|(_, victims)| cost(trial.cluster, victims));
    best.map(|(node, victims)| Preemption { node, victims: victims.pods, budget_violations: victims.budget_violations })
        .ok_or_else(|| fit_error(trial.occupancy.outages().present_count(), None, &verdicts, ""))
}

/// How many candidates upstream looks for before it chooses, when evictions could help on this many nodes.
fn candidates_wanted(profile: &Profile, nodes: usize) -> usize {
    (nodes * profile.min_candidate_nodes_percentage / 100).max(profile.min_candidate_nodes_absolute).min(nodes)
}

/// Who would have to leave `node`, or why leaving does not help. The occupancy is left as it was.
fn victims_on(trial: &mut Trial<'_>, node: NodeId) -> Result<Victims, Rejection> {
    let cluster = trial.cluster;
    let priority = cluster.class_of(trial.pod).priority;
    let order: Vec<PodId> = trial.occupancy.pods_on(node).to_vec();
    let mut lower: Vec<PodId> = order.iter().copied().filter(|&pod| cluster.class_of(pod).priority < priority).collect();
    if lower.is_empty() {
        return Err(Rejection::new(PLUGIN.name, Code::UnschedulableAndUnresolvable, NO_VICTIMS));
    }
    lower.sort_by_key(|&pod| importance(cluster, pod));
    let mark = trial.occupancy.mark(node);
    lower.iter().for_each(|&pod| _ = trial.occupancy.evict(cluster, pod));
    let found = match fits(trial, node) {
        Err(rejection) => Err(rejection),
        Ok(()) => Ok(reprieve(trial, node, &lower)),
    };
    lower
        .iter()
        .filter(|&&pod| found.as_ref().is_ok_and(|victims| !victims.pods.contains(&pod)))
        .for_each(|&pod| _ = trial.occupancy.evict(cluster, pod));
    for (position, &pod) in order.iter().enumerate().filter(|(_, pod)| lower.contains(pod)) {
        trial.occupancy.restore(cluster, pod, node, position);
    }
    trial.occupancy.rewind(mark);
    found
}

/// Lets as many of `lower` come back as possible; the rest are the victims.
fn reprieve(trial: &mut Trial<'_>, node: NodeId, lower: &[PodId]) -> Victims {
    let (violating, others) = by_budget_violation(trial.cluster, lower);
    let mut victims = Victims { pods: Vec::new(), budget_violations: 0 };
    for (pods, violates) in [(&violating, true), (&others, false)] {
        for &pod in pods {
            trial.occupancy.bind(trial.cluster, pod, node);
            if fits(trial, node).is_err() {
                trial.occupancy.evict(trial.cluster, pod);
                victims.pods.push(pod);
                victims.budget_violations += usize::from(violates);
            }
        }
    }
    victims.pods.sort_by_key(|&pod| importance(trial.cluster, pod));
    victims
}

/// Whether the pod fits `node` now: with the pods of no lower priority that are nominated to it, if there are any, and then
/// without them.
pub fn fits(trial: &mut Trial<'_>, node: NodeId) -> Result<(), Rejection> {
    let (cluster, pod) = (trial.cluster, trial.pod);
    let priority = cluster.class_of(pod).priority;
    let waits_here = |&&(other, kept): &&(PodId, NodeId)| kept == node && other != pod && cluster.class_of(other).priority >= priority;
    let nominated = trial.nominated.iter().filter(waits_here).map(|(other, _)| *other);
    let waiting: Vec<PodId> = nominated.filter(|&other| trial.occupancy.node_of(other).is_none()).collect();
    if !waiting.is_empty() {
        let mark = trial.occupancy.mark(node);
        waiting.iter().for_each(|&other| trial.occupancy.bind(cluster, other, node));
        let verdict = judge(trial, node);
        waiting.iter().for_each(|&other| _ = trial.occupancy.evict(cluster, other));
        trial.occupancy.rewind(mark);
        verdict?;
    }
    judge(trial, node)
}

fn judge(trial: &Trial<'_>, node: NodeId) -> Result<(), Rejection> {
    let Trial { cluster, profile, semantics, pod, skipped, .. } = *trial;
    let outages = trial.occupancy.outages();
    let cycle = Cycle { cluster, occupancy: trial.occupancy, outages, class: cluster.class_of(pod), pod, profile, semantics };
    refusal(&cycle, node, skipped).map_or(Ok(()), Err)
}

/// Splits pods by whether evicting them, in this order, would break a budget. Budgets without requirements count nobody here.
fn by_budget_violation(cluster: &Cluster, pods: &[PodId]) -> (Vec<PodId>, Vec<PodId>) {
    let mut allowed: Vec<i64> = cluster.budgets.iter().map(|budget| budget.allowed).collect();
    pods.iter().partition(|&&pod| {
        let (row, class) = (cluster.pod(pod), cluster.class_of(pod));
        let mut violates = false;
        for (budget, allowed) in cluster.budgets.iter().zip(&mut allowed) {
            let covers = budget.namespace == row.namespace && !budget.selector.is_empty() && budget.selector.matches(&class.labels);
            if class.labels.pairs().is_empty() || !covers || budget.disrupted.contains(&row.name) {
                continue;
            }
            *allowed -= 1;
            violates |= *allowed < 0;
        }
        violates
    })
}

/// Most important first: higher priority, then earlier start; pods that have not started come last.
fn importance(cluster: &Cluster, pod: PodId) -> (Reverse<i32>, bool, Option<&str>) {
    let started = cluster.pod(pod).started.map(|time| cluster.texts.get(time));
    (Reverse(cluster.class_of(pod).priority), started.is_none(), started)
}

/// When a pod started; not yet is latest.
type Started<'a> = (bool, Option<&'a str>);

/// Budget violations, highest priority, sum of priorities, number of victims, start of the most important.
type Cost<'a> = (usize, i32, i64, usize, Reverse<Started<'a>>);

/// What a choice costs; the lowest is taken.
fn cost<'a>(cluster: &'a Cluster, victims: &Victims) -> Cost<'a> {
    let priority = |pod: &PodId| cluster.class_of(*pod).priority;
    let highest = victims.pods.iter().map(priority).max().unwrap_or(i32::MIN);
    // upstream lifts every priority by 2^31, so that more victims never sum to less
    let sum = victims.pods.iter().map(|pod| i64::from(priority(pod)) + (1 << 31)).sum();
    let started = |pod: &PodId| {
        let (_, unknown, time) = importance(cluster, *pod);
        (unknown, time)
    };
    let earliest = victims.pods.iter().filter(|pod| priority(pod) == highest).map(started).min().unwrap_or((true, None));
    (victims.budget_violations, highest, sum, victims.pods.len(), Reverse(earliest))
}

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    also_at: &[ExtensionPoint::PostFilter],
    ..Plugin::named("DefaultPreemption", "who makes room for pods of higher priority", "defaultpreemption/default_preemption.go")
};
