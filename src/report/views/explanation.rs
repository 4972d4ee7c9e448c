//! Why a pod goes where it goes, or nowhere: every node, every plugin, verdicts and scores, the ties, and what would have to change.

use schemars::JsonSchema;
use serde::Serialize;

use super::context::Context;
use super::eviction::EvictionAnswer;
use super::refusal::Shortfall;
use super::remedy::{Case, effort};
use super::schedule::{Amount, requests};
use super::{API_VERSION, Records};
use crate::cluster::index::{NodeId, PodId};
use crate::report::amount::{count, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};
use crate::scheduler::Scheduler;
use crate::scheduler::attempt::{Attempt, Outcome, Preemption, Rejection};

/// Why a pod goes where it goes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExplanationView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Explanation"))]
    pub kind: &'static str,
    /// Kubernetes version whose scheduler was replayed.
    pub kubernetes: String,
    /// `namespace/name`.
    pub pod: String,
    /// `namespace/name (Kind)` of what it belongs to.
    pub workload: String,
    /// The node it holds now; it was taken off it to ask again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<String>,
    /// What it asks for.
    pub requests: Vec<Amount>,
    /// Its priority.
    pub priority: i64,
    /// `bound`, `unschedulable`, `gated`, `preempts`, `otherScheduler` or `notCreated`.
    pub outcome: &'static str,
    /// The node the scheduler takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// All nodes with the highest total: the real scheduler may take any of them.
    pub best: Vec<String>,
    /// Upstream's sentence, when no node takes it; the API server's, when it is not created.
    pub message: String,
    /// The node it would get, had the API server not refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_created: Option<String>,
    /// The preemption that would make room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preemption: Option<Eviction>,
    /// The preemption by which it came to its node, when the pending pods were placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_room: Option<Eviction>,
    /// What the Eviction API answers, of a pod that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eviction_answer: Option<EvictionAnswer>,
    /// The refused node that lacks least, and what would have to change for it to accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Nearest>,
    /// Plugins that gave scores, in the profile's order.
    pub scoring: Vec<String>,
    /// Every node, in list order.
    pub nodes: Vec<NodeVerdict>,
}

/// Room made by evicting others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Eviction {
    /// Where.
    pub node: String,
    /// Who leaves.
    pub victims: Vec<String>,
    /// How many of them break a disruption budget.
    pub budget_violations: usize,
}

/// The refused node that lacks least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Nearest {
    /// The node.
    pub node: String,
    /// What would have to change, all of it.
    pub changes: Vec<String>,
}

/// What a node has to say about the pod.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeVerdict {
    /// The node.
    pub node: String,
    /// Whether every filter passed.
    pub feasible: bool,
    /// Whether no other node has a higher total.
    pub best: bool,
    /// Whether it is the one that is taken.
    pub chosen: bool,
    /// Sum of the scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
    /// Scores, normalised and weighted, in the order of `scoring`.
    pub scores: Vec<i64>,
    /// Every plugin that refuses; upstream stops at the first.
    pub refusals: Vec<PluginRefusal>,
}

/// A plugin's refusal of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginRefusal {
    /// The plugin.
    pub plugin: String,
    /// `Unschedulable`, or `UnschedulableAndUnresolvable` if evicting pods could not help.
    pub code: &'static str,
    /// Upstream's reasons.
    pub reasons: Vec<String>,
    /// What the node has too little of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub short: Vec<Shortfall>,
    /// What would have to change for this plugin to pass.
    pub changes: Vec<String>,
}

/// The outcome of a pod that the API server refuses.
const NOT_CREATED: &str = "notCreated";

/// Up to this many nodes fit a screen.
const ROWS_ON_A_SCREEN: usize = 20;

impl ExplanationView {
    /// Name of this view.
    pub const KIND: &'static str = "Explanation";

    /// Asks the scheduler about a pod as things stand; `bound_to` is the node it was taken off to ask.
    pub fn new(context: &Context<'_>, scheduler: &mut Scheduler<'_>, pod: PodId, bound_to: Option<NodeId>) -> Self {
        let attempt = scheduler.attempt(pod);
        let nodes = node_verdicts(context, scheduler, &attempt);
        ExplanationView {
            api_version: API_VERSION,
            kind: Self::KIND,
            kubernetes: context.kubernetes.clone(),
            pod: context.pod(pod),
            workload: context.workload(pod),
            bound_to: bound_to.map(|node| context.node(node)),
            requests: context.requests(pod),
            priority: i64::from(context.cluster.class_of(pod).priority),
            outcome: outcome(attempt.outcome),
            node: attempt.node.map(|node| context.node(node)),
            best: attempt.best.iter().map(|node| context.node(node)).collect(),
            message: attempt.message.clone(),
            if_created: None,
            preemption: attempt.preemption.as_ref().map(|preemption| Eviction::new(context, preemption)),
            made_room: None,
            eviction_answer: None,
            nearest: nearest(&nodes),
            scoring: attempt.scores.iter().map(|column| column.plugin.to_owned()).collect(),
            nodes,
        }
    }

    /// Of an object that the API server refuses, and of which nothing more can be said.
    pub fn not_created(context: &Context<'_>, name: String, workload: String, message: String) -> Self {
        ExplanationView {
            api_version: API_VERSION,
            kind: Self::KIND,
            kubernetes: context.kubernetes.clone(),
            pod: name,
            workload,
            bound_to: None,
            requests: Vec::new(),
            priority: 0,
            outcome: NOT_CREATED,
            node: None,
            best: Vec::new(),
            message,
            if_created: None,
            preemption: None,
            made_room: None,
            eviction_answer: None,
            nearest: None,
            scoring: Vec::new(),
            nodes: Vec::new(),
        }
    }

    /// The same pod, but refused by the API server: what nodes say of it is what they would say.
    pub fn refused(mut self, message: String) -> Self {
        self.if_created = self.node.take();
        self.best.clear();
        self.preemption = None;
        self.nodes.iter_mut().for_each(|node| node.chosen = false);
        ExplanationView { outcome: NOT_CREATED, message, ..self }
    }

    /// Whether a node takes the pod.
    pub fn holds(&self) -> bool {
        self.node.is_some() || matches!(self.outcome, "preempts" | "gated" | "otherScheduler")
    }

    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        let mut facts: Vec<Text> = Vec::new();
        if self.outcome != NOT_CREATED || !self.nodes.is_empty() {
            facts.push(format!("asks for {}, priority {}", requests(&self.requests), self.priority).into());
        }
        facts.extend(self.bound_fact());
        if !self.message.is_empty() {
            facts.push(Text::bad(self.message.as_str()));
        }
        facts.extend(self.unreal_fact());
        facts.extend(self.preemption.as_ref().map(|each| Text::new(each.sentence("would get"), Mood::Notable)));
        facts.extend(self.made_room.as_ref().map(|each| Text::new(each.sentence("came to"), Mood::Notable)));
        facts.extend(self.eviction_answer.iter().flat_map(EvictionAnswer::lines));
        document.lines("", facts);
        if let Some(nearest) = &self.nearest {
            let title = format!("Nearest refused node: {}; it would accept after", nearest.node);
            document.lines(title, nearest.changes.iter().map(|change| Text::from(format!("- {change}"))).collect());
        }
        self.score_section(&mut document, detail);
        self.refusal_section(&mut document, detail);
        document
    }

    fn headline(&self) -> Text {
        let (feasible, all) = (self.nodes.iter().filter(|node| node.feasible).count(), self.nodes.len());
        let verb = if feasible == 1 { "accepts" } else { "accept" };
        let accept = format!("{} of {} {verb} it", thousands(feasible), count(all, "node"));
        let who = match self.workload.strip_prefix(&self.pod) {
            Some(kind) => format!("{}{kind}", self.pod),
            None => format!("{} of {}", self.pod, self.workload),
        };
        match (self.outcome, &self.node) {
            (NOT_CREATED, _) => Text::bad(format!("{who} is not created: the API server refuses it")),
            ("gated", _) => Text::new(format!("{} is held back by its scheduling gates", self.pod), Mood::Notable),
            ("otherScheduler", _) => Text::new(format!("{} waits for another scheduler", self.pod), Mood::Notable),
            (_, Some(node)) => {
                let ties = match self.best.len() {
                    0 | 1 => "alone at the top".to_owned(),
                    ties => format!("chosen among {ties} equally good"),
                };
                Text::good(format!("{who} goes to {node}: {accept}, {ties}"))
            }
            ("preempts", _) => Text::new(format!("{who} fits nowhere unless others leave: {accept}"), Mood::Notable),
            _ => Text::bad(format!("{who} fits nowhere: {accept}")),
        }
    }

    /// What would become of a pod that is not created.
    fn unreal_fact(&self) -> Option<Text> {
        if self.outcome != NOT_CREATED || self.nodes.is_empty() {
            return None;
        }
        let feasible = self.nodes.iter().filter(|node| node.feasible).count();
        Some(match &self.if_created {
            Some(node) => {
                format!("were it created, it would go to {node}: {} of {} accept it", feasible, count(self.nodes.len(), "node")).into()
            }
            None => Text::new("were it created, no node would take it as things stand", Mood::Notable),
        })
    }

    /// What a pod that has a node already should be told.
    fn bound_fact(&self) -> Option<Text> {
        let here = self.bound_to.as_ref()?;
        let fact = match &self.node {
            Some(node) if node == here => format!("it runs on {here} now, and would be placed there again"),
            Some(node) => format!("it runs on {here} now; placed anew, it would go to {node}"),
            None => format!("it runs on {here} now; evicted, it would not come back"),
        };
        Some(Text::new(fact, if self.node.is_some() { Mood::Plain } else { Mood::Notable }))
    }

    fn score_section(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("node").left("").right("total");
        for plugin in &self.scoring {
            table = table.right(plugin.as_str());
        }
        let mut feasible: Vec<&NodeVerdict> = self.nodes.iter().filter(|node| node.feasible).collect();
        feasible.sort_by_key(|node| (!node.chosen, std::cmp::Reverse(node.total)));
        for node in feasible {
            let mark = match (node.chosen, node.best) {
                (true, _) => Text::good("chosen"),
                (false, true) => Text::new("equal", Mood::Notable),
                _ => "".into(),
            };
            let mut row = vec![node.node.as_str().into(), mark, node.total.map(|total| total.to_string()).unwrap_or_default().into()];
            row.extend(node.scores.iter().map(|score| Text::from(score.to_string())));
            table.row(row);
        }
        let notes = self.cut(&mut table, detail);
        document.table("Accept it, with their scores (normalised and weighted)", table, notes);
    }

    fn refusal_section(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("node").left("refused by").left("reason").left("to change");
        for node in self.nodes.iter().filter(|node| !node.feasible) {
            for (index, refusal) in node.refusals.iter().enumerate() {
                let name = if index == 0 { Text::from(node.node.as_str()) } else { "".into() };
                let reason = Text::new(refusal.reasons.join("; "), if index == 0 { Mood::Bad } else { Mood::Faint });
                table.row(vec![name, refusal.plugin.as_str().into(), reason, refusal.changes.join("; ").into()]);
            }
        }
        let mut notes = self.cut(&mut table, detail);
        if self.nodes.iter().any(|node| node.refusals.len() > 1) {
            notes.push("the scheduler itself stops at a node's first refusal; the dimmed rows are what would refuse next".to_owned());
        }
        document.table("Refuse it", table, notes);
    }

    fn cut(&self, table: &mut Table, detail: Detail) -> Vec<String> {
        match detail {
            Detail::Full => Vec::new(),
            Detail::Brief => match table.cut(ROWS_ON_A_SCREEN) {
                0 => Vec::new(),
                more => vec![format!("… and {} more rows; -o wide shows all", thousands(more))],
            },
        }
    }

    /// For spreadsheets: a row a node and plugin.
    pub fn records(&self) -> Records {
        let columns = vec!["node", "feasible", "chosen", "total", "plugin", "score", "verdict", "reasons"];
        let mut rows = Vec::new();
        for node in &self.nodes {
            let head = |plugin: &str| {
                let total = node.total.map(|total| total.to_string()).unwrap_or_default();
                vec![node.node.clone(), node.feasible.to_string(), node.chosen.to_string(), total, plugin.to_owned()]
            };
            for (plugin, score) in self.scoring.iter().zip(&node.scores) {
                rows.push([head(plugin), vec![score.to_string(), "scores".to_owned(), String::new()]].concat());
            }
            for refusal in &node.refusals {
                rows.push([head(&refusal.plugin), vec![String::new(), "refuses".to_owned(), refusal.reasons.join("; ")]].concat());
            }
        }
        Records { columns, rows }
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Bound => "bound",
        Outcome::Unschedulable => "unschedulable",
        Outcome::Gated => "gated",
        Outcome::Preempts => "preempts",
        Outcome::NotOurs => "otherScheduler",
    }
}

fn node_verdicts(context: &Context<'_>, scheduler: &Scheduler<'_>, attempt: &Attempt) -> Vec<NodeVerdict> {
    let verdicts = match attempt.outcome {
        Outcome::Gated | Outcome::NotOurs => Vec::new(),
        _ => scheduler.verdicts(attempt.pod),
    };
    let mut rank = 0;
    let verdict = |node: NodeId| {
        let feasible = attempt.feasible.contains(node);
        let scores = if feasible { attempt.scores.iter().map(|column| column.scores[rank]).collect() } else { Vec::new() };
        let total = feasible.then(|| attempt.totals.get(rank).copied()).flatten();
        rank += usize::from(feasible);
        // what the scheduler itself says comes first, and stands alone for nodes it never asked the plugins about
        let first = attempt.rejections.get(node).into_iter();
        let more = verdicts
            .iter()
            .filter_map(|(_, rejections)| rejections.get(node))
            .filter(|each| !feasible && Some(*each) != attempt.rejections.get(node));
        let refusals = first.chain(more).map(|rejection| refusal(context, scheduler, attempt.pod, node, rejection)).collect();
        NodeVerdict {
            node: context.node(node),
            feasible,
            best: attempt.best.contains(node),
            chosen: attempt.node == Some(node),
            total,
            scores,
            refusals,
        }
    };
    context.cluster.nodes.ids().map(verdict).collect()
}

fn refusal(context: &Context<'_>, scheduler: &Scheduler<'_>, pod: PodId, node: NodeId, rejection: &Rejection) -> PluginRefusal {
    let occupancy = scheduler.occupancy();
    let short = context.shortfalls(occupancy, context.cluster.class_of(pod), node, rejection);
    let changes = Case { context, occupancy, pod, node, rejection, short: &short }.changes();
    PluginRefusal {
        plugin: rejection.plugin.to_owned(),
        code: rejection.code.name(),
        reasons: rejection.reasons.iter().map(|reason| reason.to_string()).collect(),
        short,
        changes,
    }
}

/// The refused node with the least effort, then the fewest changes, then the smallest shortfall.
fn nearest(nodes: &[NodeVerdict]) -> Option<Nearest> {
    let distance = |node: &NodeVerdict| {
        let gap = node.refusals.iter().flat_map(|refusal| &refusal.short).map(Shortfall::gap).sum::<f64>();
        // a cordon comes as two refusals that one command lifts
        let distinct: indexmap::IndexMap<&[String], usize> =
            node.refusals.iter().rev().map(|each| (each.changes.as_slice(), effort(&each.plugin, &each.short))).collect();
        (distinct.values().sum::<usize>(), changes(node).len(), gap)
    };
    let refused = nodes.iter().filter(|node| !node.refusals.is_empty());
    let nearest = refused.min_by(|a, b| {
        let (a, b) = (distance(a), distance(b));
        (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2))
    })?;
    Some(Nearest { node: nearest.node.clone(), changes: changes(nearest) })
}

/// What would have to change for a node to accept, each thing once.
fn changes(node: &NodeVerdict) -> Vec<String> {
    let all = node.refusals.iter().flat_map(|refusal| &refusal.changes);
    all.collect::<indexmap::IndexSet<_>>().into_iter().cloned().collect()
}

impl Eviction {
    /// Of a preemption.
    pub fn new(context: &Context<'_>, preemption: &Preemption) -> Self {
        Eviction {
            node: context.node(preemption.node),
            victims: preemption.victims.iter().map(|&victim| context.pod(victim)).collect(),
            budget_violations: preemption.budget_violations,
        }
    }

    fn sentence(&self, verb: &str) -> String {
        let budgets = match self.budget_violations {
            0 => String::new(),
            broken => format!(", breaking {}", count(broken, "disruption budget")),
        };
        format!("it {verb} {} by evicting {}{budgets}", self.node, list(&self.victims, 5))
    }
}
