//! A scheduling attempt in the recordings' format.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::cluster::index::{NodeId, NodeSet, PodId};
use crate::scheduler::attempt::{Attempt, Outcome, Rejection};

/// A scheduling attempt in the recordings' format; what does not apply is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Namespace and name.
    pub pod: String,
    /// `bound`, `unschedulable`, `gated` or `preempts`.
    pub outcome: &'static str,
    /// The node the case goes on with: the first of the best by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Nodes with the highest total, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub best: Vec<String>,
    /// Nodes that passed, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub feasible: Vec<String>,
    /// Who refused which node.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected: BTreeMap<String, RejectedNode>,
    /// Scores by node and plugin, and their `total`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<String, BTreeMap<&'static str, i64>>,
    /// Upstream's sentence.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Where room is made, and who leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preemption: Option<PreemptionStep>,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RejectedNode {
    /// The plugin; `PreFilter` for nodes that a PreFilter result left out.
    pub plugin: &'static str,
    /// The code.
    pub code: &'static str,
    /// Reasons, sorted.
    pub reasons: Vec<String>,
}

/// A preemption.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreemptionStep {
    /// The nominated node.
    pub node: String,
    /// Who leaves, by name.
    pub victims: Vec<String>,
}

impl Step {
    /// An attempt in the recordings' format.
    pub fn new(cluster: &Cluster, attempt: &Attempt) -> Self {
        let best = names(cluster, &attempt.best);
        Step {
            pod: cluster.pod_name(attempt.pod).to_string(),
            outcome: match attempt.outcome {
                Outcome::Bound => "bound",
                Outcome::Unschedulable => "unschedulable",
                Outcome::Gated => "gated",
                Outcome::Preempts => "preempts",
                Outcome::NotOurs => "not-ours",
            },
            node: best.first().cloned(),
            best,
            feasible: names(cluster, &attempt.feasible),
            rejected: attempt.rejections.iter().map(|(node, rejection)| (name(cluster, node), rejected(rejection))).collect(),
            scores: scores(cluster, attempt),
            message: attempt.message.clone(),
            preemption: attempt
                .preemption
                .as_ref()
                .map(|preemption| PreemptionStep { node: name(cluster, preemption.node), victims: victims(cluster, &preemption.victims) }),
        }
    }

    /// As it stands in a recording.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("a step is plain data")
    }
}

fn name(cluster: &Cluster, node: NodeId) -> String {
    cluster.node_name(node).to_owned()
}

fn names(cluster: &Cluster, set: &NodeSet) -> Vec<String> {
    let mut names: Vec<String> = set.iter().map(|node| name(cluster, node)).collect();
    names.sort_unstable();
    names
}

fn victims(cluster: &Cluster, pods: &[PodId]) -> Vec<String> {
    let mut names: Vec<String> = pods.iter().map(|&pod| cluster.pod_name(pod).to_string()).collect();
    names.sort_unstable();
    names
}

fn rejected(rejection: &Rejection) -> RejectedNode {
    let mut reasons: Vec<String> = rejection.reasons.iter().map(|reason| reason.to_string()).collect();
    reasons.sort_unstable();
    RejectedNode { plugin: rejection.plugin, code: rejection.code.name(), reasons }
}

fn scores(cluster: &Cluster, attempt: &Attempt) -> BTreeMap<String, BTreeMap<&'static str, i64>> {
    let of_node = |(position, node): (usize, NodeId)| {
        let columns = attempt.scores.iter().map(|column| (column.plugin, column.scores[position]));
        (name(cluster, node), columns.chain([("total", attempt.totals[position])]).collect())
    };
    attempt.feasible.iter().enumerate().map(of_node).collect()
}
