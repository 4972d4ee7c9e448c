//! In which waves nodes can be drained, what is blocked and what would free it, and how long it takes.

mod page;
mod script;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::context::Context;
use super::creation::NotCreatedGroup;
use super::{API_VERSION, Records};
use crate::cluster::index::{NodeId, PodId};
use crate::manifest::meta::IntOrString;
use crate::planning::maintenance::{Blocked, Bound, Cause, Change, Limit, Maintenance, WaveTime};
use crate::report::amount::{Unit, count, list};
use crate::simulation::drain::{Afterwards, Flag, Refuser, Wave};

/// How nodes can be drained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrainView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Drain"))]
    pub kind: &'static str,
    /// Kubernetes version whose scheduler was replayed.
    pub kubernetes: String,
    /// Whether all nodes can be drained as things stand, without breaking a promise.
    pub possible: bool,
    /// The nodes to be drained, in list order.
    pub nodes: Vec<String>,
    /// Nodes that go together, in the order in which they go.
    pub waves: Vec<WaveView>,
    /// Fewer waves than this will not do.
    pub at_least: LowerBound,
    /// What is in no wave, and why.
    pub blocked: Vec<BlockedView>,
    /// Flags of `kubectl drain` that are missing; the waves take them as given.
    pub missing_flags: Vec<MissingFlag>,
    /// Flags of `kubectl drain` that were given.
    pub flags: Vec<&'static str>,
    /// Nodes that are added for the time being.
    pub surge: SurgeView,
    /// What becomes of drained nodes: `back` or `gone`.
    pub afterwards: &'static str,
    /// How long all waves take, in seconds.
    pub seconds: u64,
    /// What the durations rest on.
    pub assumptions: Assumptions,
    /// What the API server refuses of the input: it holds nothing here. Alike things together.
    pub not_created: Vec<NotCreatedGroup>,
}

/// Nodes that go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaveView {
    /// The nodes, in list order.
    pub nodes: Vec<String>,
    /// Of them those that were cordoned before, and stay so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cordoned_before: Vec<String>,
    /// Evictions, in the order in which they are let pass.
    pub moves: Vec<Move>,
    /// Pods that have no node until the nodes are back.
    pub waiting: Vec<WaitingPod>,
    /// Pods that nobody brings back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
    /// Pods that made room for those of higher priority.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preempted: Vec<String>,
    /// Workloads to wait for before the next wave, as `namespace/kind/name`.
    pub settle: Vec<String>,
    /// Seconds until the nodes are drained.
    pub drained_after_seconds: u32,
    /// Seconds until everything runs again.
    pub seconds: u32,
}

/// An eviction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Move {
    /// The pod, as namespace/name: of the input, or what took its place in an earlier wave.
    pub pod: String,
    /// What it belongs to.
    pub workload: String,
    /// The node that it leaves.
    pub from: String,
    /// Where what takes its place goes; none if it waits, or nobody replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The disruption budget that pays for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<String>,
}

/// A pod without a node for the time being.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingPod {
    /// The pod.
    pub pod: String,
    /// What it belongs to.
    pub workload: String,
    /// The scheduler's sentence; none if its controller does not make it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why that is no broken promise.
    pub because: String,
}

/// A lower bound on waves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LowerBound {
    /// Fewer waves than this will not do.
    pub waves: usize,
    /// Why.
    pub because: String,
}

/// Why nodes are in no wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockedView {
    /// The nodes.
    pub nodes: Vec<String>,
    /// `budget`, `twoBudgets`, `noPlace` or `preemption`.
    pub reason: &'static str,
    /// The budgets that refuse.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<String>,
    /// The pods that cannot leave, or have nowhere to go.
    pub pods: Vec<String>,
    /// HTTP status of the Eviction API, if it refuses: 429 or 500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// What the API server or the scheduler says, and why.
    pub messages: Vec<String>,
    /// Changes, smallest first, of which each alone frees these evictions; each was tried.
    pub changes: Vec<String>,
}

/// A flag of `kubectl drain` that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissingFlag {
    /// The flag.
    pub flag: &'static str,
    /// What kubectl says without it.
    pub message: &'static str,
    /// The pods that want it.
    pub pods: Vec<String>,
}

/// Nodes that are added for the time being.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SurgeView {
    /// How many were asked for.
    pub asked: usize,
    /// How many are needed so that every pod has a place; none if so many as were tried do not do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed: Option<usize>,
    /// Whether fewer were tried and do not do.
    pub fewest: bool,
    /// How many were tried.
    pub tried: usize,
    /// Those that the waves count on: each is a copy of this node.
    pub like: Vec<String>,
    /// Their names here.
    pub names: Vec<String>,
}

/// What durations rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assumptions {
    /// Seconds from when a pod has a node until it is ready, unless an annotation or its probes say otherwise.
    pub start_seconds: u32,
    /// Seconds of work on each node.
    pub maintenance_seconds: u32,
    /// Every pod takes its whole grace period to end.
    pub whole_grace_period: bool,
    /// Seconds between two tries of an eviction.
    pub retry_seconds: u32,
}

impl DrainView {
    /// Name of this view.
    pub const KIND: &'static str = "Drain";

    /// Of an answer. `context` is made of the objects and the cluster of the answer.
    pub fn new(context: &Context<'_>, answer: &Maintenance<'_>) -> Self {
        let plan = &answer.plan;
        let mut namer = Namer { context, answer, last: BTreeMap::new() };
        for (at, (wave, _)) in plan.waves.iter().enumerate() {
            wave.evictions.iter().filter_map(|eviction| owner(context, eviction.pod)).for_each(|owner| _ = namer.last.insert(owner, at));
        }
        let flags = Flag::ALL.into_iter().filter(|&flag| answer.flags.has(flag)).map(Flag::name).collect();
        DrainView {
            api_version: API_VERSION,
            kind: Self::KIND,
            kubernetes: context.kubernetes.clone(),
            possible: answer.holds(),
            nodes: namer.nodes(&plan.nodes),
            waves: (0..plan.waves.len()).map(|at| namer.wave(at)).collect(),
            at_least: LowerBound { waves: plan.bound.waves, because: namer.because(&plan.bound) },
            blocked: plan.blocked.iter().map(|blocked| namer.blocked(blocked)).collect(),
            missing_flags: plan.missing.iter().map(|(flag, pods)| namer.missing(*flag, pods)).collect(),
            flags,
            surge: SurgeView {
                asked: answer.surge.given,
                needed: answer.surge.needed,
                fewest: answer.surge.is_fewest,
                tried: answer.surge.tried,
                like: answer.surge.like.clone(),
                names: namer.nodes(answer.setting.surge()),
            },
            afterwards: if answer.afterwards == Afterwards::Gone { "gone" } else { "back" },
            seconds: plan.seconds(),
            assumptions: Assumptions {
                start_seconds: answer.timing.usual_start_seconds(),
                maintenance_seconds: answer.timing.maintenance_seconds(),
                whole_grace_period: true,
                retry_seconds: crate::planning::maintenance::duration::RETRY_SECONDS,
            },
            not_created: Vec::new(),
        }
    }

    /// Whether all nodes can be drained as things stand.
    pub fn holds(&self) -> bool {
        self.possible
    }

    /// For spreadsheets: a row an eviction.
    pub fn records(&self) -> Records {
        let columns = vec!["wave", "node", "pod", "workload", "to", "budget"];
        let mut rows = Vec::new();
        for (number, wave) in self.waves.iter().enumerate() {
            for each in &wave.moves {
                let [to, budget] = [&each.to, &each.budget].map(|text| text.clone().unwrap_or_default());
                rows.push(vec![(number + 1).to_string(), each.from.clone(), each.pod.clone(), each.workload.clone(), to, budget]);
            }
        }
        Records { columns, rows }
    }
}

/// Namespace, kind and name of a pod's controller.
type Owner<'a> = (&'a str, &'a str, &'a str);

fn owner<'a>(context: &Context<'a>, pod: PodId) -> Option<Owner<'a>> {
    let metadata = &context.written(pod).metadata;
    let owner = metadata.controller()?;
    Some((metadata.namespace_or_default(), &owner.kind, &owner.name))
}

/// Gives everything its name.
struct Namer<'a> {
    context: &'a Context<'a>,
    answer: &'a Maintenance<'a>,
    /// The last wave that evicts pods of a controller.
    last: BTreeMap<Owner<'a>, usize>,
}

impl Namer<'_> {
    fn nodes(&self, nodes: &[NodeId]) -> Vec<String> {
        nodes.iter().map(|&node| self.context.node(node)).collect()
    }

    fn pods(&self, pods: &[PodId]) -> Vec<String> {
        pods.iter().map(|&pod| self.context.pod(pod)).collect()
    }

    fn budget(&self, budget: usize) -> String {
        let metadata = &self.answer.objects.pod_disruption_budgets[budget].metadata;
        format!("{}/{}", metadata.namespace_or_default(), metadata.name)
    }

    fn wave(&self, at: usize) -> WaveView {
        let (wave, time): &(Wave, WaveTime) = &self.answer.plan.waves[at];
        let cordoned = self.answer.setting.occupancy().outages().cordoned();
        let before: Vec<NodeId> = wave.nodes.iter().copied().filter(|&node| cordoned.contains(node)).collect();
        let moves = wave.evictions.iter().map(|eviction| Move {
            pod: self.context.pod(eviction.pod),
            workload: self.context.workload(eviction.pod),
            from: self.context.node(eviction.from),
            to: eviction.to.map(|node| self.context.node(node)),
            budget: eviction.budget.map(|budget| self.budget(budget)),
        });
        let waiting = wave.waiting.iter().map(|waiting| WaitingPod {
            pod: self.context.pod(waiting.pod),
            workload: self.context.workload(waiting.pod),
            message: waiting.message.as_ref().map(ToString::to_string),
            because: match self.answer.setting.selecting(waiting.pod).first() {
                Some(&budget) => format!("its budget {} allows it", self.budget(budget as usize)),
                None => "it can run on its node alone".to_owned(),
            },
        });
        WaveView {
            nodes: self.nodes(&wave.nodes),
            cordoned_before: self.nodes(&before),
            moves: moves.collect(),
            waiting: waiting.collect(),
            lost: self.pods(&wave.lost),
            preempted: self.pods(&wave.preempted),
            settle: self.settle(at),
            drained_after_seconds: time.drained,
            seconds: time.whole,
        }
    }

    /// Workloads that a wave leaves with something to come back, or that a later wave touches too: those must run before that.
    fn settle(&self, at: usize) -> Vec<String> {
        let wave = &self.answer.plan.waves[at].0;
        let waiting: BTreeSet<Owner<'_>> = wave.waiting.iter().filter_map(|waiting| self.owner(waiting.pod)).collect();
        let mut settle: BTreeMap<Owner<'_>, Option<String>> = BTreeMap::new();
        for eviction in &wave.evictions {
            let Some(owner) = self.owner(eviction.pod) else { continue };
            if waiting.contains(&owner) || self.last.get(&owner).is_some_and(|&last| last > at) {
                settle.entry(owner).or_insert_with(|| self.rollout(eviction.pod));
            }
        }
        let settle: BTreeSet<String> = settle.into_values().flatten().collect();
        settle.into_iter().collect()
    }

    fn owner(&self, pod: PodId) -> Option<Owner<'_>> {
        owner(self.context, pod)
    }

    /// A workload that `kubectl rollout status` knows.
    fn rollout(&self, pod: PodId) -> Option<String> {
        let workload = self.context.workload(pod);
        let (name, kind) = workload.split_once(" (")?;
        let (namespace, name) = name.split_once('/')?;
        let kind = kind.trim_end_matches(')').to_lowercase();
        matches!(kind.as_str(), "deployment" | "statefulset").then(|| format!("{namespace}/{kind}/{name}"))
    }

    fn because(&self, bound: &Bound) -> String {
        let plan = &self.answer.plan;
        if plan.is_exhaustive {
            return format!("every order of every partition into {} was played", count(bound.waves.saturating_sub(1), "wave"));
        }
        if !bound.apart.is_empty() {
            let nodes: Vec<String> = bound.apart.iter().map(|&node| self.context.node(plan.able[node])).collect();
            return format!("no two of {} can be away together", list(&nodes, 8));
        }
        match bound.by.map(|by| &plan.dimensions[by]) {
            Some(dimension) => self.limit(&dimension.limit, dimension.capacity),
            None if bound.waves > 1 => "all limits together".to_owned(),
            None => String::new(),
        }
    }

    fn limit(&self, limit: &Limit, capacity: i64) -> String {
        let nodes = |number: usize| count(number, "node");
        match limit {
            Limit::Room { resource, among, needed, total } => {
                let name = self.context.resource(*resource);
                let unit = Unit::of(name);
                let (needed, total) = unit.distinct(*needed, *total);
                let spare = unit.amount(capacity.max(0));
                let among = self.among(among);
                format!("pods ask for {needed} of the {total} {name} of {among}: nodes with no more than {spare} can be away at once")
            }
            Limit::Apart { pod, among, needed } => format!(
                "{} of {} must be on different nodes: no more than {} of {} can be away at once",
                count(*needed, "pod"),
                self.context.workload(*pod),
                capacity.max(0),
                self.among(among)
            ),
            Limit::Pinned { budget, allowed } => {
                format!("pods that can run on their node alone: budget {} lets {allowed} of them be missing", self.budget(*budget))
            }
            Limit::Parallel(parallel) => format!("--parallel {parallel}: {} at once", nodes(*parallel)),
        }
    }

    fn among(&self, nodes: &crate::cluster::index::NodeSet) -> String {
        if nodes.len() == self.context.cluster.nodes.len() {
            return format!("all {}", count(nodes.len(), "node"));
        }
        list(&self.nodes(&nodes.iter().collect::<Vec<_>>()), 4)
    }

    fn blocked(&self, blocked: &Blocked) -> BlockedView {
        let (reason, budgets) = match blocked.cause {
            Cause::Refused(Refuser::Budget(budget)) => ("budget", vec![budget]),
            Cause::Refused(Refuser::TwoBudgets(one, other)) => ("twoBudgets", vec![one, other]),
            Cause::NoPlace => ("noPlace", Vec::new()),
            Cause::Preempted => ("preemption", Vec::new()),
        };
        let mut messages: Vec<String> = Vec::new();
        if let Some(refusal) = &blocked.refusal {
            messages.push(refusal.message.clone());
            messages.extend(refusal.causes.iter().map(|cause| cause.message.clone()));
        }
        messages.extend(blocked.message.clone());
        BlockedView {
            nodes: self.nodes(&blocked.nodes),
            reason,
            budgets: budgets.into_iter().map(|budget| self.budget(budget)).collect(),
            pods: self.pods(&blocked.pods),
            code: blocked.refusal.as_ref().map(|refusal| refusal.code),
            messages,
            changes: blocked.remedies.iter().map(|change| self.change(change)).collect(),
        }
    }

    fn change(&self, change: &Change) -> String {
        match change {
            Change::Flag(flag) => format!("add {}", flag.name()),
            Change::Budget { budget, from, to } if from.0 == to.0 => {
                format!("set {} of PodDisruptionBudget {} from {} to {}", from.0, self.budget(*budget), value(&from.1), value(&to.1))
            }
            Change::Budget { budget, from, to } => format!(
                "in PodDisruptionBudget {}, replace {}: {} by {}: {}",
                self.budget(*budget),
                from.0,
                value(&from.1),
                to.0,
                value(&to.1)
            ),
            Change::Delete(budget) => format!("delete PodDisruptionBudget {}", self.budget(*budget)),
            Change::Replicas { kind, pod, from, to } => {
                let workload = self.context.workload(*pod);
                let name = workload.split_once(" (").map_or(workload.as_str(), |(name, _)| name);
                format!("set replicas of {kind} {name} from {from} to {to}")
            }
        }
    }

    fn missing(&self, flag: Flag, pods: &[PodId]) -> MissingFlag {
        MissingFlag { flag: flag.name(), message: flag.refusal(), pods: self.pods(pods) }
    }
}

fn value(value: &IntOrString) -> String {
    match value {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::Text(text) => text.clone(),
    }
}
