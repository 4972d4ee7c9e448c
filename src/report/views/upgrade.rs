//! What an upgrade of Kubernetes itself places differently: what differs for sure, what is a tie, and what comes of it as a whole.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use schemars::JsonSchema;
use serde::Serialize;

use super::baseline::brief;
use super::context::Context;
use super::{API_VERSION, Records};
use crate::report::amount::{count, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};
use crate::scheduler::version::KubernetesVersion;
use crate::simulation::chance::Run;
use crate::simulation::upgrade::{Placement, Upgrade, Verdict};

/// So many workloads are shown in brief.
const SHOWN: usize = 20;
/// So many nodes are named.
const NODES: usize = 4;

/// What an upgrade of Kubernetes itself places differently.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Upgrade"))]
    pub kind: &'static str,
    /// The version before.
    pub from: String,
    /// The version after.
    pub to: String,
    /// How many placements were compared, and what came of them.
    pub summary: UpgradeSummary,
    /// Placements that are not the same, by the order in which the new version makes them.
    pub placements: Vec<PlacementView>,
    /// Pods that no node takes under the new version.
    pub pending: Vec<PendingView>,
    /// What comes of whole runs, drawn again and again: before, then after.
    pub runs: [RunsView; 2],
    /// Whether more pods stay without a node after than in any run before.
    pub is_worse: bool,
}

/// How many placements were compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeSummary {
    /// Nodes.
    pub nodes: usize,
    /// Placements, each compared in the same state of the cluster.
    pub placements: usize,
    /// One node is best for both versions.
    pub same: usize,
    /// The node is one of several that are best before: a tie.
    pub ties: usize,
    /// Another node is best before: a real difference.
    pub other: usize,
    /// Other nodes take the pod at all: a real difference.
    pub feasibility: usize,
    /// Pods that made others leave: the same in both versions, and not compared.
    pub preempting: usize,
}

/// A placement that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlacementView {
    /// `namespace/name`.
    pub pod: String,
    /// `namespace/name (Kind)` of what it belongs to.
    pub workload: String,
    /// `tie`, `other` or `feasibility`.
    pub verdict: &'static str,
    /// Where the new version puts it.
    pub to: String,
    /// Where the old one would have put it in the same state, if that is another node for sure: the first of its best nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How many nodes are best before and after, or take the pod at all.
    pub nodes: [usize; 2],
    /// Which plugins score the two nodes differently.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<ScoreView>,
}

/// How a plugin scores two nodes under two versions, with its weight: the old version's node, then the new one's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScoreView {
    /// The plugin.
    pub plugin: &'static str,
    /// Before.
    pub before: [i64; 2],
    /// After.
    pub after: [i64; 2],
}

/// A pod that no node takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingView {
    /// `namespace/name`.
    pub pod: String,
    /// `namespace/name (Kind)` of what it belongs to.
    pub workload: String,
    /// What the old version says in the same state.
    pub before: String,
    /// What the new one says.
    pub after: String,
}

/// What comes of whole runs with ties drawn at random.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunsView {
    /// How many were drawn.
    pub runs: usize,
    /// Runs in which pods stay without a node.
    pub with_pending: usize,
    /// The fewest such pods in a run.
    pub least_pending: usize,
    /// The most.
    pub most_pending: usize,
}

impl RunsView {
    fn new(runs: &[Run]) -> Self {
        let missing = || runs.iter().map(Run::missing);
        RunsView {
            runs: runs.len(),
            with_pending: missing().filter(|&missing| missing > 0).count(),
            least_pending: missing().min().unwrap_or(0),
            most_pending: missing().max().unwrap_or(0),
        }
    }
}

impl UpgradeView {
    /// Its `kind`.
    pub const KIND: &'static str = "Upgrade";

    /// Of what both versions say, and of whole runs of both.
    pub fn new(context: &Context<'_>, versions: [KubernetesVersion; 2], upgrade: &Upgrade, runs: [&[Run]; 2]) -> Self {
        let of = |wanted: &dyn Fn(&Verdict) -> bool| upgrade.placements.iter().filter(|placement| wanted(&placement.verdict)).count();
        let summary = UpgradeSummary {
            nodes: context.cluster.nodes.len(),
            placements: upgrade.placements.len(),
            same: of(&|verdict| matches!(verdict, Verdict::Same)),
            ties: of(&|verdict| matches!(verdict, Verdict::Tie(_))),
            other: of(&|verdict| matches!(verdict, Verdict::Other { .. })),
            feasibility: of(&|verdict| matches!(verdict, Verdict::Feasibility(_))),
            preempting: upgrade.preempting,
        };
        let pending = |(pod, [before, after]): &(_, [String; 2])| PendingView {
            pod: context.pod(*pod),
            workload: context.workload(*pod),
            before: before.clone(),
            after: after.clone(),
        };
        let runs = runs.map(RunsView::new);
        UpgradeView {
            api_version: API_VERSION,
            kind: UpgradeView::KIND,
            from: versions[0].name().to_owned(),
            to: versions[1].name().to_owned(),
            summary,
            placements: upgrade.placements.iter().filter_map(|placement| PlacementView::new(context, placement)).collect(),
            pending: upgrade.pending.iter().map(pending).collect(),
            is_worse: summary.feasibility > 0 || upgrade.pending.len() > runs[0].most_pending && runs[0].runs > 0,
            runs,
        }
    }

    /// Whether nothing gets worse.
    pub fn holds(&self) -> bool {
        !self.is_worse
    }

    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        document.lines("", self.lead());
        document.table("Placed differently for sure", self.real_table(), Vec::new());
        document.table("Ties", self.tie_table(detail), self.tie_note());
        document.table("No node", self.pending_table(), Vec::new());
        document.table("Whole runs", self.runs_table(), vec!["runs are drawn: what none of them shows is rare, not impossible".to_owned()]);
        document
            .lines("", vec![Text::faint("Admission and controllers are modelled as of 1.36 for both versions: nothing is said of them")]);
        document
    }

    fn headline(&self) -> Text {
        let UpgradeSummary { placements, other, feasibility, ties, .. } = self.summary;
        let (from, to) = (&self.from, &self.to);
        let ties = if ties > 0 { format!("; {} are ties", thousands(ties)) } else { String::new() };
        match other + feasibility {
            _ if placements == 0 => {
                Text::from(format!("Kubernetes {from} and {to} are not told apart here: no pod of the input was placed"))
            }
            0 => Text::good(format!("Kubernetes {to} places {} as {from} may{ties}", count(placements, "pod"))),
            real => {
                let mood = if self.is_worse { Mood::Bad } else { Mood::Notable };
                let are = if real == 1 { "is" } else { "are" };
                let of = count(placements, "placement");
                Text::new(format!("{} of {of} {are} another under Kubernetes {to} than under {from}{ties}", thousands(real)), mood)
            }
        }
    }

    fn lead(&self) -> Vec<Text> {
        let mut lead = vec![Text::faint("each placement of the new version was asked of the old one in the same state of the cluster")];
        if self.summary.preempting > 0 {
            let pods = count(self.summary.preempting, "pod");
            lead.push(Text::faint(format!("{pods} made others leave, which both versions do alike, and were not compared")));
        }
        lead
    }

    /// A row a workload that is placed otherwise: alike ones together.
    fn real_table(&self) -> Table {
        let mut groups: IndexMap<(&str, &str), Vec<&PlacementView>, FxBuildHasher> = IndexMap::default();
        for placement in self.placements.iter().filter(|placement| placement.verdict != "tie") {
            groups.entry((&placement.workload, placement.verdict)).or_default().push(placement);
        }
        let (before, after) = (format!("{} takes", self.from), format!("{} takes", self.to));
        let mut table = Table::new().left("workload").right("pods").left(before).left(after).left("why");
        for ((workload, _), placements) in groups {
            let nodes = |node: &dyn Fn(&PlacementView) -> Option<String>| {
                let mut names: Vec<String> = placements.iter().filter_map(|placement| node(placement)).collect();
                names.sort_unstable();
                names.dedup();
                list(&names, NODES)
            };
            let (from, to) = (nodes(&|placement| placement.from.clone()), nodes(&|placement| Some(placement.to.clone())));
            table.row(vec![workload.into(), thousands(placements.len()).into(), from.into(), to.into(), placements[0].why().into()]);
        }
        table
    }

    fn tie_table(&self, detail: Detail) -> Table {
        let mut groups: IndexMap<&str, Vec<&PlacementView>, FxBuildHasher> = IndexMap::default();
        for placement in self.placements.iter().filter(|placement| placement.verdict == "tie") {
            groups.entry(&placement.workload).or_default().push(placement);
        }
        let (before, after) = (format!("best under {}", self.from), format!("best under {}", self.to));
        let mut table = Table::new().left("workload").right("pods").right(before).right(after);
        for (workload, placements) in groups {
            let best = |side: usize| {
                let numbers = placements.iter().map(|placement| placement.nodes[side]);
                match (numbers.clone().min().unwrap_or(0), numbers.max().unwrap_or(0)) {
                    (least, most) if least == most => most.to_string(),
                    (least, most) => format!("{least}-{most}"),
                }
            };
            table.row(vec![workload.into(), thousands(placements.len()).into(), best(0).into(), best(1).into()]);
        }
        if detail == Detail::Brief {
            table.cut(SHOWN);
        }
        table
    }

    fn tie_note(&self) -> Vec<String> {
        let note = |version: &str| match version {
            "1.34" => "1.34 draws one of its best nodes at random".to_owned(),
            version => format!("{version} takes the root of its heap, which depends on the order of the list"),
        };
        vec![format!("{}; {}: where the best nodes of both overlap, neither is wrong", note(&self.from), note(&self.to))]
    }

    fn pending_table(&self) -> Table {
        let mut table = Table::new().left("pod").left(format!("{} says", self.from)).left(format!("{} says", self.to));
        for each in &self.pending {
            let after = if each.before == each.after { "the same" } else { brief(&each.after) };
            table.row(vec![Text::bad(each.pod.as_str()), brief(&each.before).into(), after.into()]);
        }
        table
    }

    fn runs_table(&self) -> Table {
        let mut table = Table::new().left("Kubernetes").right("runs").right("with pods without a node").right("fewest").right("most");
        for (version, runs) in [&self.from, &self.to].into_iter().zip(self.runs).filter(|(_, runs)| runs.runs > 0) {
            let number = |number: usize| Text::from(thousands(number));
            table.row(vec![
                version.as_str().into(),
                number(runs.runs),
                number(runs.with_pending),
                number(runs.least_pending),
                number(runs.most_pending),
            ]);
        }
        table
    }

    /// For spreadsheets: a row a placement that is not the same, and a pod without a node.
    pub fn records(&self) -> Records {
        let placed = |it: &PlacementView| {
            let numbers = it.nodes.map(|number| number.to_string());
            let [before, after] = numbers;
            vec![
                it.pod.clone(),
                it.workload.clone(),
                it.verdict.to_owned(),
                it.from.clone().unwrap_or_default(),
                it.to.clone(),
                before,
                after,
                it.why(),
            ]
        };
        let pending = |it: &PendingView| {
            let empty = String::new;
            vec![it.pod.clone(), it.workload.clone(), "pending".to_owned(), empty(), empty(), empty(), empty(), it.after.clone()]
        };
        let rows = self.placements.iter().map(placed).chain(self.pending.iter().map(pending)).collect();
        Records { columns: vec!["pod", "workload", "verdict", "from", "to", "best_before", "best_after", "why"], rows }
    }
}

impl PlacementView {
    /// None if it is the same.
    fn new(context: &Context<'_>, placement: &Placement) -> Option<Self> {
        let (verdict, from, nodes, scores) = match &placement.verdict {
            Verdict::Same => return None,
            Verdict::Tie(best) => ("tie", None, *best, Vec::new()),
            Verdict::Feasibility(feasible) => ("feasibility", None, *feasible, Vec::new()),
            Verdict::Other { node, best, scores } => {
                let score = |change: &crate::simulation::upgrade::ScoreChange| ScoreView {
                    plugin: change.plugin,
                    before: change.old,
                    after: change.new,
                };
                ("other", Some(context.node(*node)), [*best, 1], scores.iter().map(score).collect())
            }
        };
        Some(PlacementView {
            pod: context.pod(placement.pod),
            workload: context.workload(placement.pod),
            verdict,
            to: context.node(placement.node),
            from,
            nodes,
            scores,
        })
    }

    /// Why it is not the same, in a sentence.
    fn why(&self) -> String {
        match self.verdict {
            "feasibility" => format!("{} instead of {} take it", count(self.nodes[1], "node"), thousands(self.nodes[0])),
            "tie" => format!("one of {} before, of {} after", count(self.nodes[0], "best node"), thousands(self.nodes[1])),
            _ => {
                let score = |score: &ScoreView| {
                    let [own, other] = score.before;
                    let [own_after, other_after] = score.after;
                    format!("{}: {own} to {other} before, {own_after} to {other_after} after", score.plugin)
                };
                self.scores.iter().map(score).collect::<Vec<_>>().join("; ")
            }
        }
    }
}
