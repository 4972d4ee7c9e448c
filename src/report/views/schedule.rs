//! Where every pod goes: what is bound, what gets placed where, what stays pending and why.

mod page;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use schemars::JsonSchema;
use serde::Serialize;

use super::API_VERSION;
use super::asides::asides;
use super::changes::Changes;
use super::context::Context;
use super::creation::NotCreatedGroup;
use super::realisation::RealisationView;
use super::refusal::Refusal;
use super::usage::ResourceUse;
use crate::cluster::Standing;
use crate::cluster::index::PodId;
use crate::report::amount::{Unit, thousands};
use crate::scheduler::Scheduler;
use crate::scheduler::attempt::Outcome;
use crate::scheduler::run::Decision;

/// Where every pod goes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Schedule"))]
    pub kind: &'static str,
    /// Kubernetes version whose scheduler was replayed.
    pub kubernetes: String,
    /// How ties between best nodes were broken.
    pub ties: String,
    /// The answer in numbers.
    pub summary: Summary,
    /// Use of the whole cluster, cpu, memory and pods first.
    pub resources: Vec<ResourceUse>,
    /// Use of each node, in the scheduler's list order.
    pub nodes: Vec<NodeUse>,
    /// Every pod that asks for a place or holds one, bound ones first, then in the order of the scheduler's queue.
    pub pods: Vec<PodPlace>,
    /// Pods without a node, alike ones together.
    pub pending: Vec<Pending>,
    /// What the API server refuses: it is not there, and its pods are not among `pods`. Alike things together.
    pub not_created: Vec<NotCreatedGroup>,
    /// What changes against the cluster as it was, if something is applied to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// What realises it; absent if that was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub realisation: Option<RealisationView>,
    /// Who left for whom.
    pub preemptions: Vec<Displacement>,
    /// Pods that are not what they seem: counted and named.
    pub asides: Vec<Aside>,
}

/// The answer in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Nodes.
    pub nodes: usize,
    /// Pods that hold a node or ask for one.
    pub pods: usize,
    /// Pods that had a node from the start.
    pub bound: usize,
    /// Pods that were given one.
    pub placed: usize,
    /// Pods that no node takes.
    pub unschedulable: usize,
    /// Pods held back by their scheduling gates.
    pub gated: usize,
    /// Pods of schedulers that are not replayed.
    pub other_scheduler: usize,
    /// Pods that were evicted for others, and whose replacement has a node.
    pub moved: usize,
    /// Pods that were evicted for others, and that nobody replaces.
    pub preempted: usize,
    /// Pods that have ended; not among `pods`.
    pub ended: usize,
    /// Pods that the API server refuses; not among `pods`.
    pub not_created: usize,
    /// Other objects that the API server refuses.
    pub refused_objects: usize,
}

/// Use of a node.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeUse {
    /// The node.
    pub node: String,
    /// Whether it is cordoned.
    pub unschedulable: bool,
    /// Its taints, as `key=value:effect`.
    pub taints: Vec<String>,
    /// Its zone, if labelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Its instance type, if labelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// Its resources, cpu, memory and pods first.
    pub resources: Vec<ResourceUse>,
}

/// What became of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It had a node from the start.
    Bound,
    /// It was given one.
    Placed,
    /// No node takes it.
    Unschedulable,
    /// Its scheduling gates hold it back.
    Gated,
    /// Another scheduler's.
    OtherScheduler,
    /// Evicted for another; what replaces it has a node.
    Moved,
    /// Evicted for another, and nobody replaces it.
    Preempted,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            State::Bound => "bound",
            State::Placed => "placed",
            State::Unschedulable => "unschedulable",
            State::Gated => "gated",
            State::OtherScheduler => "otherScheduler",
            State::Moved => "moved",
            State::Preempted => "preempted",
        }
    }
}

/// A pod and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodPlace {
    /// `namespace/name`.
    pub pod: String,
    /// `namespace/name (Kind)` of what it belongs to.
    pub workload: String,
    /// What became of it.
    pub state: State,
    /// Its node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// How many nodes were equally good when it was placed; the real scheduler may have taken any of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_nodes: Option<usize>,
    /// What it asks for, in the order of the cluster's `resources`, without those it does not ask for.
    pub requests: Vec<Amount>,
    /// Which pods the scheduler cannot tell from it; for grouping, and no part of the output.
    #[serde(skip)]
    pub class: usize,
}

/// What pods are grouped by: their workload, or if they have none what the scheduler takes them for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kin<'a> {
    Workload(&'a str),
    Class(usize),
}

impl PodPlace {
    fn kin(&self) -> Kin<'_> {
        if self.workload.ends_with(" (Pod)") { Kin::Class(self.class) } else { Kin::Workload(&self.workload) }
    }
}

/// What to call a group by the workload of its first pod: bare pods have no name in common.
pub(super) fn group_name(workload: &str, pods: usize) -> String {
    match workload.strip_suffix(" (Pod)") {
        Some(first) if pods > 1 => format!("{first} and {} alike (Pod)", thousands(pods - 1)),
        _ => workload.to_owned(),
    }
}

/// An amount of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Amount {
    /// Name, as in the API.
    pub resource: String,
    /// `milliCores`, `bytes` or `count`.
    pub unit: &'static str,
    /// How much.
    pub amount: i64,
}

impl Amount {
    /// So much of this resource.
    pub fn new(resource: &str, amount: i64) -> Self {
        Amount { resource: resource.to_owned(), unit: Unit::of(resource).name(), amount }
    }

    /// `500m cpu`.
    pub fn sentence(&self) -> String {
        format!("{} {}", Unit::of(&self.resource).amount(self.amount), self.resource)
    }
}

/// Pods of one workload that are pending for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// What they belong to.
    pub workload: String,
    /// The pods.
    pub pods: Vec<String>,
    /// What became of them.
    pub state: State,
    /// Upstream's own sentence, as it stood at the attempt.
    pub message: String,
    /// What one of them asks for.
    pub requests: Vec<Amount>,
    /// Who refuses which node, once everything else has its place.
    pub refusals: Vec<Refusal>,
}

/// A pod that displaces others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Displacement {
    /// The pod.
    pub pod: String,
    /// The node it gets.
    pub node: String,
    /// Pods that leave it.
    pub victims: Vec<String>,
    /// How many of them break a disruption budget.
    pub budget_violations: usize,
}

/// Pods that are counted and named because they are not what they seem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Aside {
    /// What they are.
    pub what: String,
    /// What that means here.
    pub consequence: String,
    /// Whether that is as it should be.
    pub ordinary: bool,
    /// The pods.
    pub pods: Vec<String>,
}

/// So many verdicts of nodes are given at most; alike pods beyond that have their sentence only.
const VERDICTS_AT_MOST: usize = 2_000_000;

impl ScheduleView {
    /// Name of this view.
    pub const KIND: &'static str = "Schedule";

    /// Of a finished run; `namespaces` are those whose pods are shown, none for all.
    pub fn new(context: &Context<'_>, scheduler: &mut Scheduler<'_>, decisions: &[Decision], namespaces: &[String]) -> Self {
        let shown: Vec<PodId> = context.cluster.pod_ids().filter(|&pod| is_shown(context, pod, namespaces)).collect();
        let last: FxHashMap<PodId, &Decision> = decisions.iter().map(|decision| (decision.pod, decision)).collect();
        let mut order: Vec<PodId> =
            shown.iter().copied().filter(|&pod| matches!(context.cluster.pod(pod).standing, Standing::Bound(_))).collect();
        let mut queued: Vec<PodId> =
            decisions.iter().map(|decision| decision.pod).filter(|&pod| is_shown(context, pod, namespaces)).collect();
        let mut seen: rustc_hash::FxHashSet<PodId> = order.iter().copied().collect();
        queued.retain(|&pod| seen.insert(pod));
        order.extend(queued);
        let pods: Vec<PodPlace> = order.iter().map(|&pod| place(context, scheduler, last.get(&pod).copied(), pod)).collect();
        let pending = pending(context, scheduler, &last, &order, &pods);
        let occupancy = scheduler.occupancy();
        ScheduleView {
            api_version: API_VERSION,
            kind: Self::KIND,
            kubernetes: context.kubernetes.clone(),
            ties: context.ties.clone(),
            summary: summary(context, &shown, &pods),
            resources: context.resource_uses(occupancy),
            nodes: context.node_uses(occupancy),
            pods,
            pending,
            not_created: Vec::new(),
            changes: None,
            realisation: None,
            preemptions: decisions.iter().filter_map(|decision| displacement(context, decision)).collect(),
            asides: asides(context, &shown),
        }
    }

    /// With what the API server refuses.
    pub fn with_not_created(mut self, groups: Vec<NotCreatedGroup>) -> Self {
        let number = |of_pods: bool| groups.iter().filter(|group| group.wanted.is_some() == of_pods).map(|group| group.objects.len()).sum();
        (self.summary.not_created, self.summary.refused_objects) = (number(true), number(false));
        self.not_created = groups;
        self
    }

    /// Whether every pod has a node that should have one, and nothing is refused.
    pub fn holds(&self) -> bool {
        self.summary.unschedulable + self.summary.preempted == 0 && self.not_created.is_empty()
    }
}

fn is_shown(context: &Context<'_>, pod: PodId, namespaces: &[String]) -> bool {
    namespaces.is_empty() || namespaces.iter().any(|namespace| namespace == context.cluster.pod_name(pod).namespace)
}

fn place(context: &Context<'_>, scheduler: &Scheduler<'_>, decision: Option<&Decision>, pod: PodId) -> PodPlace {
    let node = scheduler.occupancy().node_of(pod);
    let bound = matches!(context.cluster.pod(pod).standing, Standing::Bound(_));
    let state = match (node, decision) {
        (Some(_), Some(decision)) if bound && decision.replacement => State::Moved,
        (Some(_), _) if bound => State::Bound,
        (Some(_), _) => State::Placed,
        (None, Some(Decision { outcome: Outcome::Gated, .. })) => State::Gated,
        (None, Some(Decision { outcome: Outcome::NotOurs, .. })) => State::OtherScheduler,
        (None, Some(decision)) if decision.node.is_none() => State::Unschedulable,
        (None, _) => State::Preempted,
    };
    PodPlace {
        pod: context.pod(pod),
        workload: context.workload(pod),
        state,
        node: node.map(|node| context.node(node)),
        best_nodes: decision.filter(|_| matches!(state, State::Placed | State::Moved)).map(|decision| decision.best_count),
        requests: context.requests(pod),
        class: context.cluster.pod(pod).class.index(),
    }
}

fn summary(context: &Context<'_>, shown: &[PodId], pods: &[PodPlace]) -> Summary {
    let count = |state: State| pods.iter().filter(|pod| pod.state == state).count();
    Summary {
        nodes: context.cluster.nodes.len(),
        pods: pods.len(),
        bound: count(State::Bound),
        placed: count(State::Placed),
        unschedulable: count(State::Unschedulable),
        gated: count(State::Gated),
        other_scheduler: count(State::OtherScheduler),
        moved: count(State::Moved),
        preempted: count(State::Preempted),
        ended: shown.iter().filter(|&&pod| context.cluster.pod(pod).standing == Standing::Ended).count(),
        not_created: 0,
        refused_objects: 0,
    }
}

/// Pods without a node: alike ones together, judged by one of them as things stand at the end.
fn pending(
    context: &Context<'_>,
    scheduler: &mut Scheduler<'_>,
    last: &FxHashMap<PodId, &Decision>,
    order: &[PodId],
    places: &[PodPlace],
) -> Vec<Pending> {
    /// The workload shown for a group, and its pods.
    type Group<'a> = (&'a str, Vec<PodId>);
    let mut groups: IndexMap<(Kin<'_>, State, &str), Group<'_>, FxBuildHasher> = IndexMap::default();
    for (&pod, place) in order.iter().zip(places).filter(|(_, place)| place.node.is_none()) {
        let message = last.get(&pod).map_or("", |decision| decision.message.as_deref().unwrap_or_default());
        groups.entry((place.kin(), place.state, message)).or_insert((&place.workload, Vec::new())).1.push(pod);
    }
    let mut verdicts = 0;
    let group = |((_, state, message), (workload, pods)): ((Kin<'_>, State, &str), (&str, Vec<PodId>))| {
        let judged = state == State::Unschedulable && verdicts < VERDICTS_AT_MOST;
        verdicts += if judged { context.cluster.nodes.len() } else { 0 };
        let refusals = if judged { refusals(context, scheduler, pods[0]) } else { Vec::new() };
        Pending {
            workload: group_name(workload, pods.len()),
            pods: pods.iter().map(|&pod| context.pod(pod)).collect(),
            state,
            message: explained(context, state, message, pods[0]),
            requests: context.requests(pods[0]),
            refusals,
        }
    };
    // those who wait by their own wish come last
    groups.sort_by(|(_, one, _), _, (_, other, _), _| urgency(*one).cmp(&urgency(*other)));
    groups.into_iter().map(group).collect()
}

/// What needs a person first comes first.
fn urgency(state: State) -> usize {
    match state {
        State::Gated => 2,
        State::OtherScheduler => 3,
        State::Preempted => 1,
        _ => 0,
    }
}

/// Upstream's sentence; where upstream has none, what is to be said instead.
fn explained(context: &Context<'_>, state: State, message: &str, pod: PodId) -> String {
    let spec = &context.written(pod).spec;
    match state {
        State::Gated => {
            let gates: Vec<&str> = spec.scheduling_gates.iter().map(|gate| gate.name.as_str()).collect();
            format!("scheduling gates: {}", gates.join(", "))
        }
        State::Preempted => "no controller owns it, so nothing replaces it".to_owned(),
        State::OtherScheduler => format!("asks for the scheduler {}, of which the configuration has no profile", spec.scheduler_name),
        _ => message.to_owned(),
    }
}

fn refusals(context: &Context<'_>, scheduler: &mut Scheduler<'_>, pod: PodId) -> Vec<Refusal> {
    let attempt = scheduler.attempt(pod);
    context.refusals(scheduler.occupancy(), &attempt)
}

fn displacement(context: &Context<'_>, decision: &Decision) -> Option<Displacement> {
    let preemption = decision.preemption.as_ref()?;
    Some(Displacement {
        pod: context.pod(decision.pod),
        node: context.node(preemption.node),
        victims: preemption.victims.iter().map(|&victim| context.pod(victim)).collect(),
        budget_violations: preemption.budget_violations,
    })
}

/// `500m cpu, 1Gi memory`.
pub fn requests(amounts: &[Amount]) -> String {
    let asked: Vec<String> = amounts.iter().filter(|each| each.resource != "pods").map(Amount::sentence).collect();
    if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") }
}
