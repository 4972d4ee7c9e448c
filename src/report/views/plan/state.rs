//! The state of a cluster in a few lines: nodes, pods, how full and how crowded nodes are, and the nodes that everything hangs on.

use schemars::JsonSchema;
use serde::Serialize;

use crate::planning::quorum::State;
use crate::planning::resilience::Judged;
use crate::planning::resilience::survival::Survival;
use crate::planning::success_metrics::SuccessMetrics;
use crate::report::amount::{count, list, share, thousands};
use crate::report::document::{Detail, Document, Text};
use crate::report::views::ScheduleView;
use crate::report::views::usage::ResourceUse;

/// The state of a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StateView {
    /// Nodes that are ready, or say nothing.
    pub nodes: usize,
    /// Those of them that take ordinary pods: not cordoned, no taint that keeps pods away.
    pub nodes_that_take_pods: usize,
    /// Nodes that say they are not ready.
    pub nodes_not_ready: usize,
    /// Pods of the input, those that have ended among them.
    pub pods: usize,
    /// Pods on nodes.
    pub pods_on_nodes: usize,
    /// Pods that have ended.
    pub pods_ended: usize,
    /// Pods on nodes for each node that has any, one digit after the point.
    pub pods_per_node: f64,
    /// The most pods on one node.
    pub most_pods_on_a_node: usize,
    /// That node; absent without pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fullest_node: Option<String>,
    /// What all pods request of what all nodes have: cpu, memory and pods first.
    pub requested: Vec<ResourceUse>,
    /// Nodes without which a workload has too few pods or pods find no node, the worst first.
    pub single_points_of_failure: Vec<SinglePointView>,
}

/// A node that cannot be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SinglePointView {
    /// The node.
    pub node: String,
    /// Workloads that have no ready pod left without it.
    pub to_zero: usize,
    /// Workloads that have fewer than they need.
    pub below_quorum: usize,
    /// Pods that find no node.
    pub pending: usize,
}

impl StateView {
    /// Of what was placed, measured and lost.
    pub fn new(schedule: &ScheduleView, measured: &SuccessMetrics, node_losses: &Survival) -> Self {
        let (nodes, distribution) = (&measured.node_count, &measured.pod_distribution);
        let losses = node_losses.domains.iter().zip(&node_losses.resilience.losses).filter(|(_, judged)| !judged.is_survived());
        let mut points: Vec<SinglePointView> = losses.map(|(domain, judged)| SinglePointView::new(&domain.value, judged)).collect();
        points.sort_by_key(|point| std::cmp::Reverse((point.to_zero, point.below_quorum, point.pending)));
        let per_node = distribution.pods as f64 / distribution.nodes.max(1) as f64;
        StateView {
            nodes: nodes.ready,
            nodes_that_take_pods: nodes.open(),
            nodes_not_ready: nodes.not_ready.len(),
            pods: schedule.summary.pods + schedule.summary.ended,
            pods_on_nodes: distribution.pods,
            pods_ended: schedule.summary.ended,
            pods_per_node: (per_node * 10.0).round() / 10.0,
            most_pods_on_a_node: distribution.fullest.as_ref().map_or(0, |crowd| crowd.pods),
            fullest_node: distribution.fullest.as_ref().map(|crowd| crowd.node.clone()),
            requested: schedule.resources.iter().filter(|each| each.is_main()).cloned().collect(),
            single_points_of_failure: points,
        }
    }

    /// Adds it to a document.
    pub(super) fn add_to(&self, document: &mut Document, detail: Detail) {
        let names = if detail == Detail::Full { usize::MAX } else { 3 };
        let mut lines = vec![self.pods_line().into()];
        if self.single_points_of_failure.is_empty() && self.nodes > 0 {
            lines.push(Text::good("no node is a single point of failure"));
        } else if self.nodes > 0 {
            let named: Vec<String> = self.single_points_of_failure.iter().map(SinglePointView::sentence).collect();
            let are = if named.len() == 1 { "a single point of failure" } else { "single points of failure" };
            lines.push(Text::bad(format!("{are}: {}", list(&named, names))));
        }
        document.lines("State", lines);
    }

    fn pods_line(&self) -> String {
        let mut text = format!("{}, {}", count(self.nodes, "node"), count(self.pods, "pod"));
        if self.pods_ended > 0 {
            text.push_str(&format!(" ({} ended)", thousands(self.pods_ended)));
        }
        if let Some(node) = &self.fullest_node {
            let part = share(self.most_pods_on_a_node as i64, self.pods_on_nodes as i64);
            text.push_str(&format!("; {} a node, most on {node}: {} ({part})", self.pods_per_node, thousands(self.most_pods_on_a_node)));
        }
        text
    }
}

impl SinglePointView {
    fn new(node: &str, judged: &Judged) -> Self {
        SinglePointView {
            node: node.to_owned(),
            to_zero: judged.fallen(State::Zero).count(),
            below_quorum: judged.fallen(State::BelowQuorum).count(),
            pending: judged.loss.pending().count(),
        }
    }

    fn sentence(&self) -> String {
        let parts = [
            (self.to_zero, "workload", "to zero"),
            (self.below_quorum, "workload", "below quorum"),
            (self.pending, "pod", "without a node"),
        ];
        let said = parts.iter().filter(|(number, ..)| *number > 0);
        let said: Vec<String> = said.map(|(number, one, what)| format!("{} {what}", count(*number, one))).collect();
        format!("{} ({})", self.node, if said.is_empty() { "evictions".to_owned() } else { said.join(", ") })
    }
}
