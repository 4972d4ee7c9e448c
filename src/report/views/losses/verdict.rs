//! The verdict over all losses, with what proves it.

use schemars::JsonSchema;
use serde::Serialize;

use super::workload_name;
use crate::cluster::index::NodeId;
use crate::planning::interdiction::{Coverage, Fall, Interdiction, Obstacle, Proof};
use crate::planning::quorum::{Quorums, State};
use crate::planning::resilience::Requirements;
use crate::report::amount::{Unit, count, list, thousands};
use crate::report::document::{Mood, Table, Text};
use crate::report::views::Context;

/// Three answers about every loss that was asked about, each with its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerdictView {
    /// Whether every workload keeps as many ready pods as it needs at the moment of the loss.
    pub available: AnswerView,
    /// Whether kube-scheduler brings everything back.
    pub reached: AnswerView,
    /// Whether some placement exists that brings everything back, survivors staying where they are.
    pub repackable: AnswerView,
}

/// An answer and its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnswerView {
    /// `holds`, `fails`, or `open` where neither was proven.
    pub answer: &'static str,
    /// The proof, in a sentence: what certifies it, or what fails.
    pub proof: String,
    /// The nodes of a loss for which it fails.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub witness: Vec<String>,
    /// How many losses are covered by certificates for all of them at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certified: Option<u128>,
    /// How many were played or packed one by one, or are like one that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tried: Option<u128>,
    /// How many are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<u128>,
}

impl VerdictView {
    /// Of the answers about all losses; `units` are the names of what can be lost.
    pub fn new(context: &Context<'_>, quorums: &Quorums, interdiction: &Interdiction, units: &[String]) -> Self {
        VerdictView {
            available: available(quorums, interdiction, units),
            reached: answer(context, &interdiction.reached, "played one by one, in one order of pods and ties", |loss| {
                match loss.pending().count() {
                    0 => format!("{} evicted for good", count(loss.preempted.iter().filter(|pod| pod.to.is_none()).count(), "pod")),
                    pending => format!("{} without a node", count(pending, "pod")),
                }
            }),
            repackable: answer(context, &interdiction.repackable, "packed one by one", |obstacle| sentence(context, obstacle)),
        }
    }

    /// Whether it says what is required. Of budgets and losses in detail, the losses themselves say it.
    pub fn holds(&self, requirements: Requirements) -> bool {
        let is_available = self.available.answer == "holds" || !(requirements.quorum || requirements.available);
        is_available && (self.reached.answer == "holds" || !requirements.placed)
    }

    /// Whether something is neither proven nor refuted.
    pub fn is_open(&self) -> bool {
        self.reached.answer == "open"
    }

    /// A row for each answer.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new().left("of every loss").left("answer").left("proof");
        let rows = [
            ("every workload keeps the pods that it needs", &self.available),
            ("kube-scheduler brings every pod back", &self.reached),
            ("some placement brings every pod back", &self.repackable),
        ];
        for (what, answer) in rows {
            let (word, mood) = match answer.answer {
                // what was played in one order says nothing of others
                "holds" if answer.certified.is_some() && answer.tried > Some(0) => ("yes", Mood::Good),
                "holds" => ("proven", Mood::Good),
                "fails" => ("no", Mood::Bad),
                _ => ("open", Mood::Notable),
            };
            table.row(vec![what.into(), Text::new(word, mood), answer.proof.as_str().into()]);
        }
        table
    }
}

impl AnswerView {
    fn holds(proof: impl Into<String>) -> Self {
        AnswerView { answer: "holds", proof: proof.into(), witness: Vec::new(), certified: None, tried: None, left: None }
    }
}

/// The quorum test.
fn available(quorums: &Quorums, interdiction: &Interdiction, units: &[String]) -> AnswerView {
    let falls = &interdiction.availability.workloads;
    let worst = |fall: &&Fall| (fall.state, std::cmp::Reverse(fall.left));
    let Some(fall) = falls.iter().rev().max_by_key(worst) else {
        return AnswerView::holds(format!(
            "quorum test over {}: none loses more than it can spare",
            count(quorums.workloads.len(), "workload")
        ));
    };
    let name = workload_name(&quorums.workloads[fall.of]);
    let lost: Vec<&str> = fall.units.iter().map(|&unit| units[unit as usize].as_str()).collect();
    let word = if fall.state == State::Zero { "has none left" } else { "falls below its quorum" };
    let others = if falls.len() > 1 { format!("; {} can fall in all", count(falls.len(), "workload")) } else { String::new() };
    AnswerView {
        answer: "fails",
        proof: format!("{name} {word} without {}: {} of {} needed{others}", list(&lost, 4), fall.left, fall.needed),
        witness: lost.iter().map(ToString::to_string).collect(),
        ..AnswerView::holds("")
    }
}

/// `tried` says how losses were tried that no certificate covers.
fn answer<W>(context: &Context<'_>, proof: &Proof<W>, tried: &str, why: impl Fn(&W) -> String) -> AnswerView {
    let names = |nodes: &[NodeId]| nodes.iter().map(|&node| context.node(node)).collect::<Vec<_>>();
    match proof {
        Proof::Holds(coverage) => covered("holds", tried, coverage),
        Proof::Open(coverage) => covered("open", tried, coverage),
        Proof::Fails { nodes, why: reason, .. } => {
            let witness = names(nodes);
            let proof = format!("without {}: {}", list(&witness, 4), why(reason));
            AnswerView { answer: "fails", proof, witness, ..AnswerView::holds("") }
        }
    }
}

fn covered(answer: &'static str, how: &str, coverage: &Coverage) -> AnswerView {
    let number = |number: u128| usize::try_from(number).map_or_else(|_| number.to_string(), thousands);
    let losses = |many: u128| if many == 1 { "1 loss".to_owned() } else { format!("{} losses", number(many)) };
    let mut parts = Vec::new();
    if coverage.certified > 0 {
        parts.push(format!("{} by one certificate over sums, whatever the order and the ties", losses(coverage.certified)));
    }
    if coverage.tried > 0 {
        parts.push(format!("{} {how}", losses(coverage.tried)));
    }
    if coverage.alike > 0 {
        parts.push(format!("{} like one of those", losses(coverage.alike)));
    }
    if coverage.left > 0 {
        parts.push(format!("{} left open", losses(coverage.left)));
    }
    let proof = if parts.is_empty() { "there is nothing to lose".to_owned() } else { parts.join(", ") };
    let (certified, tried, left) = (Some(coverage.certified), Some(coverage.tried + coverage.alike), Some(coverage.left));
    AnswerView { answer, proof, witness: Vec::new(), certified, tried, left }
}

/// Why displaced pods have no places.
fn sentence(context: &Context<'_>, obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::Nowhere { pod } => format!("no survivor takes {}, even if it comes first", context.pod(*pod)),
        Obstacle::Room { resource, pods, nodes, asked, free } => {
            let name = context.resource(*resource);
            let (asked, free) = Unit::of(name).distinct(*asked, (*free).max(0));
            let (pods, nodes) = (count(pods.len(), "pod"), count(nodes.len(), "node"));
            format!("{pods} ask for {asked} of {name} where {nodes} have {free} left")
        }
        Obstacle::Crowd { pods, nodes } => {
            format!("{} that cannot share a node have {} to go to", count(pods.len(), "pod"), count(nodes.len(), "node"))
        }
        Obstacle::Exhausted { pods, tried } => {
            format!(
                "every way to place {} was tried ({} bindings)",
                count(pods.len(), "pod"),
                thousands(usize::try_from(*tried).unwrap_or(usize::MAX))
            )
        }
    }
}
