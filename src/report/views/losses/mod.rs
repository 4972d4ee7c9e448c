//! What a cluster survives: every loss that was asked about, judged, and the worst of them in detail.

mod page;
mod timeline;
mod verdict;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

pub use timeline::{LateView, TimelineView};
pub use verdict::{AnswerView, VerdictView};

use super::samples::LossSamplesView;
use super::{API_VERSION, BlastRadiusView, Context, GraphView, Records};
use crate::planning::failover::Span;
use crate::planning::quorum::{Hit, Quorum, Quorums, State};
use crate::planning::resilience::{Judged, Resilience};
use crate::report::amount::list;
use crate::simulation::loss::{Course, Displaced, Loss, Until};

/// What a cluster survives.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LossesView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Losses"))]
    pub kind: &'static str,
    /// Kubernetes version whose control plane was replayed.
    pub kubernetes: String,
    /// How ties were broken.
    pub ties: String,
    /// What is lost each time: `node`, `zone`, `2 nodes`.
    pub each: String,
    /// How far a loss is played: `removed` until the lost nodes' objects are deleted, `unattended` as far as it goes with nobody's help.
    pub until: &'static str,
    /// What must hold for a loss to be survived: `placed`, `quorum`, `available`, `budgets`.
    pub required: Vec<&'static str>,
    /// Whether every loss is survived, and in time if there is a limit.
    pub survivable: bool,
    /// How many of the losses are survived.
    pub survived: usize,
    /// Pods that find no node even before any loss.
    pub pending_before: usize,
    /// The worst loss, if there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<String>,
    /// What is certain of all losses, and what proves it; absent with `unattended`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictView>,
    /// How many losses were asked about; of very many, only the worst that were found are looked at one by one.
    pub asked: u128,
    /// The losses that were looked at, in the order in which they were asked.
    pub losses: Vec<LossView>,
    /// What goes at the first moment of the worst loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blast_radius: Option<BlastRadiusView>,
    /// What happens to the pods of the worst loss, and when; alike ones together.
    pub timeline: Vec<TimelineView>,
    /// The longest recovery that is allowed, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_failover_seconds: Option<u64>,
    /// Workloads that are back too late after some loss.
    pub late: Vec<LateView>,
    /// What timelines assume.
    pub assumptions: Vec<AssumptionView>,
    /// How surely each loss is survived, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<LossSamplesView>,
    /// The dependencies, for `-o dot`.
    #[serde(skip)]
    #[schemars(skip)]
    pub graph: Option<GraphView>,
}

/// A loss.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LossView {
    /// What is lost: `node n1`, `zone zone-a`.
    pub lost: String,
    /// Its nodes.
    pub nodes: Vec<String>,
    /// Whether it is survived.
    pub survived: bool,
    /// What is required and does not hold.
    pub broken: Vec<&'static str>,
    /// How many pods ran there.
    pub pods: usize,
    /// How many of them are back in the end, on other nodes.
    pub back: usize,
    /// How many came back only once the lost nodes' objects were deleted, or would.
    pub only_once_removed: usize,
    /// How many belong to the nodes (DaemonSets, static pods).
    pub with_node: usize,
    /// Pods that nobody brings back.
    pub gone: Vec<String>,
    /// Pods that should run again and find no node.
    pub pending: Vec<PendingPod>,
    /// Pods that made room for others.
    pub preempted: Vec<PreemptedPod>,
    /// Pods that found no node before the loss and have one now.
    pub helped: usize,
    /// Workloads that lose ready pods and are worse off than before.
    pub fallen: Vec<FallenWorkload>,
    /// Workloads that lose ready pods and keep what they need.
    pub kept: usize,
    /// The fullest of the other nodes, in percent of what is allocatable.
    pub peak: PeakView,
    /// How long some workload lacks pods that it needs; `null` if that does not end by itself.
    pub outage: Option<Seconds>,
    /// How long until every workload is whole again; `null` if never by itself.
    pub recovery: Option<Seconds>,
    /// Where each pod went; absent when there are more than a hundred losses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moves: Option<Vec<MoveView>>,
}

/// A time in seconds, from the least to the most it can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Seconds {
    /// When everything falls well.
    pub least: u64,
    /// When everything falls badly.
    pub most: u64,
}

/// How full the fullest node is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeakView {
    /// Of cpu.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<FullestNode>,
    /// Of memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<FullestNode>,
}

/// The fullest node.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FullestNode {
    /// Which one.
    pub node: String,
    /// What is requested there, in percent of what is allocatable.
    pub percent: f64,
}

/// A pod that should run again and finds no node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingPod {
    /// The pod in whose place it would be.
    pub pod: String,
    /// What it belongs to.
    pub workload: String,
    /// The scheduler's sentence.
    pub message: String,
}

/// A pod that made room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreemptedPod {
    /// The pod.
    pub pod: String,
    /// The node it was on.
    pub from: String,
    /// In whose favour: the workload of the pod that came.
    pub by: String,
    /// Where its own replacement is; absent if it has no node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A workload that is worse off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FallenWorkload {
    /// The workload.
    pub workload: String,
    /// What it falls to: `zero`, `belowQuorum`, `belowBudget`.
    pub state: &'static str,
    /// Ready pods that it loses.
    pub lost: usize,
    /// Ready pods that are left.
    pub ready: usize,
    /// Pods that it wants in all.
    pub replicas: usize,
    /// Ready pods that it needs.
    pub needed: usize,
    /// Where that number comes from.
    pub basis: String,
    /// Budgets that have fewer healthy pods than they promise.
    pub budgets: Vec<String>,
    /// How long it lacks pods that it needs; `null` if that does not end by itself.
    pub outage: Option<Seconds>,
    /// How long until it is whole again; `null` if never by itself.
    pub recovery: Option<Seconds>,
}

/// Where a pod of a lost node went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MoveView {
    /// The pod.
    pub pod: String,
    /// The node it was on.
    pub from: String,
    /// How it goes on: `replaced`, `onceRemoved`, `stuck`, `withNode`, `gone`.
    pub course: &'static str,
    /// How long after the loss is found out it is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_seconds: Option<u32>,
    /// Where the pod in its place is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// Something that timelines assume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssumptionView {
    /// What it is about.
    pub name: String,
    /// Its value, with its unit.
    pub value: String,
    /// Where it comes from.
    pub basis: &'static str,
}

/// Of more losses, each says no more where every pod went.
const MOVES_OF: usize = 100;

/// What is asked and what comes of it, for [`LossesView::new`].
pub struct Answer<'a> {
    /// The question.
    pub question: &'a crate::planning::resilience::Question<'a>,
    /// The answer.
    pub resilience: &'a Resilience,
    /// What is lost each time, as people say it.
    pub names: &'a [String],
    /// What is lost each time, of a kind.
    pub each: String,
    /// How many losses were asked about.
    pub asked: u128,
    /// What is certain of all of them.
    pub verdict: Option<VerdictView>,
}

impl LossesView {
    /// Name of this view.
    pub const KIND: &'static str = "Losses";

    /// Of an answer.
    pub fn new(context: &Context<'_>, answer: &Answer<'_>) -> Self {
        let Answer { question, resilience, names, each, asked, verdict } = answer;
        let with_moves = resilience.losses.len() <= MOVES_OF;
        let loss = |(judged, name): (&Judged, &String)| LossView::new(context, question.quorums, judged, name, with_moves);
        LossesView {
            api_version: API_VERSION,
            kind: Self::KIND,
            kubernetes: context.kubernetes.clone(),
            ties: context.ties.clone(),
            each: each.clone(),
            until: match question.until {
                Until::Removed => "removed",
                Until::Unattended => "unattended",
            },
            required: question.requirements.names(),
            survivable: resilience.is_survivable() && verdict.as_ref().is_none_or(|verdict| verdict.holds(question.requirements)),
            survived: resilience.survived(),
            pending_before: question.baseline.waiting().len(),
            verdict: verdict.clone(),
            asked: *asked,
            worst: resilience.worst.map(|worst| names[worst].clone()),
            losses: resilience.losses.iter().zip(names.iter()).map(loss).collect(),
            blast_radius: None,
            timeline: resilience.worst.map(|worst| timeline::of(context, question, &resilience.losses[worst].loss)).unwrap_or_default(),
            max_failover_seconds: question.max_failover.map(|limit| limit.as_secs()),
            late: resilience.late.iter().map(|late| LateView::new(question, late, names)).collect(),
            assumptions: question.assumptions.list().iter().map(AssumptionView::new).collect(),
            samples: None,
            graph: None,
        }
    }

    /// Whether everything is survived, whatever was drawn.
    pub fn holds(&self) -> bool {
        self.survivable && self.samples.as_ref().is_none_or(LossSamplesView::holds)
    }

    /// The worst loss.
    pub fn worst(&self) -> Option<&LossView> {
        let worst = self.worst.as_ref()?;
        self.losses.iter().find(|loss| loss.lost == *worst)
    }

    /// For spreadsheets: a row a loss.
    pub fn records(&self) -> Records {
        let columns = vec![
            "lost",
            "survived",
            "broken",
            "pods",
            "back",
            "pending",
            "preempted",
            "gone",
            "to_zero",
            "below_quorum",
            "below_budget",
            "peak_cpu_percent",
            "peak_memory_percent",
            "outage_seconds",
            "recovery_seconds",
        ];
        let rows = self.losses.iter().map(|loss| {
            let fallen = |state: &str| loss.fallen.iter().filter(|fallen| fallen.state == state).count().to_string();
            let most = |seconds: Option<Seconds>| seconds.map_or(String::new(), |seconds| seconds.most.to_string());
            let percent = |node: &Option<FullestNode>| node.as_ref().map_or(String::new(), |node| node.percent.to_string());
            vec![
                loss.lost.clone(),
                loss.survived.to_string(),
                list(&loss.broken, usize::MAX),
                loss.pods.to_string(),
                loss.back.to_string(),
                loss.pending.len().to_string(),
                loss.preempted.len().to_string(),
                loss.gone.len().to_string(),
                fallen("zero"),
                fallen("belowQuorum"),
                fallen("belowBudget"),
                percent(&loss.peak.cpu),
                percent(&loss.peak.memory),
                most(loss.outage),
                most(loss.recovery),
            ]
        });
        Records { columns, rows: rows.collect() }
    }
}

impl LossView {
    fn new(context: &Context<'_>, quorums: &Quorums, judged: &Judged, name: &str, with_moves: bool) -> Self {
        let loss = &judged.loss;
        let count = |is: fn(&Displaced) -> bool| loss.pods.iter().filter(|pod| is(pod)).count();
        let fallen = judged.hits.iter().zip(&judged.timings).filter(|(hit, _)| hit.state > hit.before);
        let fallen: Vec<FallenWorkload> = fallen.map(|(hit, timing)| FallenWorkload::new(quorums, hit, timing.failover)).collect();
        LossView {
            lost: name.to_owned(),
            nodes: loss.nodes.iter().map(|&node| context.node(node)).collect(),
            survived: judged.is_survived(),
            broken: judged.broken.names(),
            pods: loss.pods.len(),
            back: count(|pod| pod.to.is_some()),
            only_once_removed: count(|pod| pod.waited || matches!(pod.course, Course::OnceRemoved | Course::Stuck)),
            with_node: count(|pod| pod.course == Course::WithNode),
            gone: loss.pods.iter().filter(|pod| pod.course == Course::Lost).map(|pod| context.pod(pod.pod)).collect(),
            pending: loss.pending().map(|pod| PendingPod::new(context, pod)).collect(),
            preempted: preempted(context, loss),
            helped: loss.helped.len(),
            kept: judged.hits.len() - fallen.len(),
            fallen,
            peak: PeakView::new(context, loss),
            outage: judged.failover.outage.map(Seconds::of),
            recovery: judged.failover.recovery.map(Seconds::of),
            moves: with_moves.then(|| loss.pods.iter().map(|pod| MoveView::new(context, pod)).collect()),
        }
    }
}

fn preempted(context: &Context<'_>, loss: &Loss) -> Vec<PreemptedPod> {
    let view = |each: &crate::simulation::loss::Preempted| PreemptedPod {
        pod: context.pod(each.pod),
        from: context.node(each.from),
        by: context.workload(each.by),
        to: each.to.map(|node| context.node(node)),
    };
    loss.preempted.iter().map(view).collect()
}

impl Seconds {
    /// Of a span, rounded to the outside.
    pub fn of(span: Span) -> Self {
        let up = |time: Duration| time.as_secs() + u64::from(time.subsec_nanos() > 0);
        Seconds { least: span.least.as_secs(), most: up(span.most) }
    }
}

impl PeakView {
    fn new(context: &Context<'_>, loss: &Loss) -> Self {
        let fullest = |peak: Option<(crate::cluster::index::NodeId, f64)>| {
            peak.map(|(node, share)| FullestNode { node: context.node(node), percent: (share * 1000.0).round() / 10.0 })
        };
        PeakView { cpu: fullest(loss.peak.cpu), memory: fullest(loss.peak.memory) }
    }
}

impl PendingPod {
    fn new(context: &Context<'_>, pod: &Displaced) -> Self {
        let message = pod.message.as_deref().unwrap_or("it waits for its turn").to_owned();
        PendingPod { pod: context.pod(pod.pod), workload: context.workload(pod.pod), message }
    }
}

impl FallenWorkload {
    fn new(quorums: &Quorums, hit: &Hit, failover: crate::planning::failover::Failover) -> Self {
        let quorum = &quorums.workloads[hit.workload];
        FallenWorkload {
            workload: workload_name(quorum),
            state: state_name(hit.state),
            lost: hit.lost,
            ready: hit.ready,
            replicas: quorum.replicas,
            needed: quorum.needed,
            basis: quorum.basis.to_string(),
            budgets: hit.budgets.iter().map(|&budget| quorums.budgets[budget].name.clone()).collect(),
            outage: failover.outage.map(Seconds::of),
            recovery: failover.recovery.map(Seconds::of),
        }
    }
}

impl MoveView {
    fn new(context: &Context<'_>, pod: &Displaced) -> Self {
        let (course, after_seconds) = match pod.course {
            Course::Replaced(after) => ("replaced", Some(after)),
            Course::OnceRemoved => ("onceRemoved", None),
            Course::Stuck => ("stuck", None),
            Course::WithNode => ("withNode", None),
            Course::Lost => ("gone", None),
        };
        let to = pod.to.map(|node| context.node(node));
        MoveView { pod: context.pod(pod.pod), from: context.node(pod.from), course, after_seconds, to }
    }
}

impl AssumptionView {
    fn new(assumption: &crate::planning::failover::Assumption) -> Self {
        AssumptionView { name: assumption.name.to_owned(), value: assumption.value.clone(), basis: assumption.basis.text() }
    }
}

/// `namespace/name (Kind)`, as everywhere.
pub(super) fn workload_name(quorum: &Quorum) -> String {
    let key = &quorum.workload;
    format!("{}/{} ({})", key.namespace, key.name, key.kind)
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Fine => "fine",
        State::BelowBudget => "belowBudget",
        State::BelowQuorum => "belowQuorum",
        State::Zero => "zero",
    }
}
