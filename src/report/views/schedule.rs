//! Where every pod goes: what is bound, what gets placed where, what stays pending and why.

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use schemars::JsonSchema;
use serde::Serialize;

use super::asides::asides;
use super::changes::{ChangedPod, Changes, Happening};
use super::context::Context;
use super::creation::{self, NotCreatedGroup};
use super::refusal::{self, Refusal};
use super::usage::ResourceUse;
use super::{API_VERSION, Records};
use crate::cluster::Standing;
use crate::cluster::index::PodId;
use crate::report::amount::{Unit, count, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};
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
    fn word(self) -> &'static str {
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

/// Up to this many rows fit a screen.
const ROWS_ON_A_SCREEN: usize = 30;
/// Of groups of pending pods, as many are shown whole.
const GROUPS_ON_A_SCREEN: usize = 8;

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

    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        if let Some(changes) = &self.changes {
            changes.sections(&mut document, detail);
        }
        creation::sections(&self.not_created, &mut document, detail);
        self.pending_sections(&mut document, detail);
        self.preemption_section(&mut document, detail);
        match detail {
            Detail::Brief => self.placement_section(&mut document),
            Detail::Full => self.pod_section(&mut document),
        }
        self.node_section(&mut document, detail);
        self.aside_section(&mut document, detail);
        document
    }

    fn headline(&self) -> Text {
        let summary = &self.summary;
        let with_node = summary.bound + summary.placed + summary.moved;
        let have = if summary.pods == 1 { "has" } else { "have" };
        let mut text = format!("{} of {} {have} a node", thousands(with_node), count(summary.pods, "pod"));
        if summary.moved > 0 {
            text.push_str(&format!(" ({} of them evicted for others first)", thousands(summary.moved)));
        }
        let missing = [
            (summary.unschedulable, "unschedulable"),
            (summary.preempted, "evicted for others and not replaced"),
            (summary.gated, "held back by gates"),
            (summary.other_scheduler, "left to another scheduler"),
            (summary.not_created, "not created"),
        ];
        for (number, what) in missing.into_iter().filter(|&(number, _)| number > 0) {
            text.push_str(&format!(", {} {what}", thousands(number)));
        }
        if summary.refused_objects > 0 {
            text.push_str(&format!(", {} refused", count(summary.refused_objects, "other object")));
        }
        if summary.ended > 0 {
            text.push_str(&format!(" ({} more ended)", thousands(summary.ended)));
        }
        let shares: Vec<String> =
            self.resources.iter().take(3).map(|each| format!("{} {} ({})", each.resource, each.share(), each.fraction())).collect();
        text.push_str(&format!("; requested on {}: {}", count(summary.nodes, "node"), shares.join(", ")));
        Text::new(text, if self.holds() { Mood::Good } else { Mood::Bad })
    }

    fn pending_sections(&self, document: &mut Document, detail: Detail) {
        let shown = if detail == Detail::Full { self.pending.len() } else { GROUPS_ON_A_SCREEN };
        for group in self.pending.iter().take(shown) {
            let lead = group.lead(detail);
            document.led_table(group.title(), lead, refusal::table(&group.refusals, detail), Vec::new());
        }
        let rest = self.pending.get(shown..).unwrap_or_default();
        let mut lines: Vec<Text> =
            rest.iter().take(ROWS_ON_A_SCREEN).map(|group| format!("{}: {}", group.title(), group.message).into()).collect();
        let more: usize = rest.iter().skip(ROWS_ON_A_SCREEN).map(|group| group.pods.len()).sum();
        if more > 0 {
            lines.push(Text::faint(format!("… and {}; -o wide shows all", count(more, "more pod"))));
        }
        document.lines("Also pending (-o wide gives their nodes)", lines);
    }

    fn preemption_section(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("pod").left("gets node").left("from").right("budgets broken");
        for each in &self.preemptions {
            let victims = list(&each.victims, if detail == Detail::Full { usize::MAX } else { 3 });
            table.row(vec![
                each.pod.as_str().into(),
                each.node.as_str().into(),
                Text::new(victims, Mood::Notable),
                each.budget_violations.to_string().into(),
            ]);
        }
        let notes = cut(&mut table, detail);
        document.table("Preempted", table, notes);
    }

    /// A row a workload that got new places.
    fn placement_section(&self, document: &mut Document) {
        type Places<'a> = IndexMap<&'a str, usize, FxBuildHasher>;
        let mut groups: IndexMap<Kin<'_>, (&str, Places<'_>), FxBuildHasher> = IndexMap::default();
        for pod in self.pods.iter().filter(|pod| matches!(pod.state, State::Placed | State::Moved)) {
            let node = pod.node.as_deref().expect("a placed pod has a node");
            *groups.entry(pod.kin()).or_insert((&pod.workload, Places::default())).1.entry(node).or_default() += 1;
        }
        let rank: FxHashMap<&str, usize> = self.nodes.iter().enumerate().map(|(rank, node)| (node.node.as_str(), rank)).collect();
        let mut table = Table::new().left("workload").right("pods").left("on");
        for (workload, mut nodes) in groups.into_values() {
            nodes.sort_by_cached_key(|node, _| rank.get(node).copied());
            let places: Vec<String> =
                nodes.iter().map(|(node, &pods)| if pods == 1 { node.to_string() } else { format!("{node} ×{pods}") }).collect();
            let pods: usize = nodes.values().sum();
            table.row(vec![group_name(workload, pods).into(), thousands(pods).into(), list(&places, 4).into()]);
        }
        let notes = cut(&mut table, Detail::Brief);
        document.table(format!("Placed: {}", count(self.summary.placed + self.summary.moved, "pod")), table, notes);
    }

    /// A row a pod.
    fn pod_section(&self, document: &mut Document) {
        let mut table = Table::new().left("pod").left("workload").left("state").left("node").right("equally good").left("requests");
        for pod in &self.pods {
            let mood = match pod.state {
                State::Bound => Mood::Plain,
                State::Placed => Mood::Good,
                State::Gated | State::OtherScheduler | State::Moved => Mood::Notable,
                State::Unschedulable | State::Preempted => Mood::Bad,
            };
            table.row(vec![
                pod.pod.as_str().into(),
                pod.workload.as_str().into(),
                Text::new(pod.state.word(), mood),
                pod.node.as_deref().unwrap_or("-").into(),
                pod.best_nodes.map_or_else(|| "-".to_owned(), |nodes| nodes.to_string()).into(),
                requests(&pod.requests).into(),
            ]);
        }
        document.table("Pods", table, Vec::new());
    }

    fn node_section(&self, document: &mut Document, detail: Detail) {
        let mut nodes: Vec<&NodeUse> = self.nodes.iter().collect();
        let mut notes = Vec::new();
        if detail == Detail::Brief && nodes.len() > ROWS_ON_A_SCREEN {
            nodes.sort_by(|a, b| b.fullest().total_cmp(&a.fullest()));
            nodes.truncate(ROWS_ON_A_SCREEN);
            notes.push(format!("the fullest {} of {}; -o wide shows all", nodes.len(), count(self.nodes.len(), "node")));
        }
        let columns: Vec<&str> = self
            .resources
            .iter()
            .filter(|each| detail == Detail::Full || each.requested > 0 || each.is_main())
            .map(|each| &*each.resource)
            .collect();
        document.table("Nodes: requested of allocatable", node_table(&nodes, &columns), notes);
    }

    fn aside_section(&self, document: &mut Document, detail: Detail) {
        let names = if detail == Detail::Full { usize::MAX } else { 3 };
        let line = |aside: &Aside| {
            let are = if aside.pods.len() == 1 { "is" } else { "are" };
            let text =
                format!("{} {are} {}: {} ({})", count(aside.pods.len(), "pod"), aside.what, aside.consequence, list(&aside.pods, names));
            Text::new(text, if aside.ordinary { Mood::Faint } else { Mood::Notable })
        };
        document.lines("To know", self.asides.iter().map(line).collect());
    }

    /// For spreadsheets: a row a pod.
    pub fn records(&self) -> Records {
        let mut columns = vec!["pod", "workload", "state", "node", "bestNodes", "cpuMilli", "memoryBytes", "message"];
        let messages: rustc_hash::FxHashMap<&str, &str> =
            self.pending.iter().flat_map(|group| group.pods.iter().map(|pod| (pod.as_str(), group.message.as_str()))).collect();
        let amount =
            |pod: &PodPlace, resource: &str| pod.requests.iter().find(|each| each.resource == resource).map_or(0, |each| each.amount);
        let row = |pod: &PodPlace| {
            vec![
                pod.pod.clone(),
                pod.workload.clone(),
                pod.state.word().to_owned(),
                pod.node.clone().unwrap_or_default(),
                pod.best_nodes.map(|nodes| nodes.to_string()).unwrap_or_default(),
                amount(pod, "cpu").to_string(),
                amount(pod, "memory").to_string(),
                messages.get(pod.pod.as_str()).copied().unwrap_or_default().to_owned(),
            ]
        };
        let mut rows: Vec<Vec<String>> = self.pods.iter().map(row).collect();
        let bare = |pod: &str, workload: &str, state: &str, message: &str| {
            let texts = [pod, workload, state, "", "", "", "", message];
            texts.map(str::to_owned).to_vec()
        };
        for group in &self.not_created {
            rows.extend(group.objects.iter().map(|object| bare(object, &group.workload, "notCreated", &group.message)));
        }
        if let Some(changes) = &self.changes {
            columns.extend(["change", "from"]);
            let gone = changes.pods.iter().filter(|pod| pod.change == Happening::Goes);
            rows.extend(gone.map(|pod| bare(&pod.pod, &pod.workload, "gone", "")));
            let known: FxHashMap<&str, &ChangedPod> = changes.pods.iter().map(|pod| (pod.pod.as_str(), pod)).collect();
            for row in &mut rows {
                let change = known.get(row[0].as_str());
                row.push(change.map(|change| change.change.words().to_owned()).unwrap_or_default());
                row.push(change.and_then(|change| change.from.clone()).unwrap_or_default());
            }
        }
        Records { columns, rows }
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

impl Pending {
    fn title(&self) -> String {
        let state = match self.state {
            State::Gated => "held back by gates",
            State::OtherScheduler => "left to another scheduler",
            State::Preempted => "evicted for others and not replaced",
            _ => "pending",
        };
        format!("{}: {} {state}", self.workload, count(self.pods.len(), "pod"))
    }

    fn lead(&self, detail: Detail) -> Vec<Text> {
        let mut lines = Vec::new();
        if !self.message.is_empty() {
            lines.push(self.message.as_str().into());
        }
        let names = if detail == Detail::Full { usize::MAX } else { 3 };
        let each = if self.pods.len() == 1 { "it asks" } else { "each asks" };
        lines.push(Text::faint(format!("{}: {each} for {}", list(&self.pods, names), requests(&self.requests))));
        lines
    }
}

impl NodeUse {
    /// The highest share of cpu, memory or pods in use.
    fn fullest(&self) -> f64 {
        self.resources.iter().map(|each| each.percent).fold(0.0, f64::max)
    }

    fn state(&self) -> Text {
        let mut words = self.taints.clone();
        if self.unschedulable {
            words.insert(0, "cordoned".to_owned());
        }
        if words.is_empty() { "ready".into() } else { Text::new(words.join(" "), Mood::Notable) }
    }
}

fn node_table(nodes: &[&NodeUse], columns: &[&str]) -> Table {
    let zones = nodes.iter().any(|node| node.zone.is_some());
    let mut table = Table::new().left("node");
    if zones {
        table = table.left("zone");
    }
    for column in columns {
        table = table.right(*column).right("%");
    }
    table = table.left("takes pods");
    for node in nodes {
        let mut row: Vec<Text> = vec![node.node.as_str().into()];
        if zones {
            row.push(node.zone.as_deref().unwrap_or("-").into());
        }
        for column in columns {
            match node.resources.iter().find(|each| each.resource == *column) {
                Some(each) => row.extend([each.fraction().into(), Text::new(each.share(), fullness(each.percent))]),
                None => row.extend([Text::faint("-"), Text::faint("-")]),
            }
        }
        row.push(node.state());
        table.row(row);
    }
    table
}

fn fullness(percent: f64) -> Mood {
    match percent {
        p if p > 90.0 => Mood::Bad,
        p if p > 70.0 => Mood::Notable,
        _ => Mood::Plain,
    }
}

/// `500m cpu, 1Gi memory`.
pub fn requests(amounts: &[Amount]) -> String {
    let asked: Vec<String> = amounts.iter().filter(|each| each.resource != "pods").map(Amount::sentence).collect();
    if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") }
}

/// Cuts a table that is too long for a screen; what to say about it.
fn cut(table: &mut Table, detail: Detail) -> Vec<String> {
    match detail {
        Detail::Full => Vec::new(),
        Detail::Brief => match table.cut(ROWS_ON_A_SCREEN) {
            0 => Vec::new(),
            more => vec![format!("… and {} more; -o wide shows all", thousands(more))],
        },
    }
}
