//! A report: everything that a person wants to look at of a cluster, in one answer: its state, what is wrong, how full its nodes are, what
//! falls when something is lost, where every pod is, and what it costs.
//!
//! It is put together from the views that other commands have; what is its own is the failure matrix ([`FailureMatrixView`]), a row a pod
//! ([`PodView`]), and the list of what was found ([`FindingView`]).

mod failures;
mod findings;
mod fullness;
mod matrix;
mod page;
mod pods;

use schemars::JsonSchema;
use serde::Serialize;

pub use failures::{FailureMatrixView, FailureView, LostView, Verdict};
pub use findings::{FindingView, of_check};
pub use pods::PodView;

use super::plan::StateView;
use super::schedule::{NodeUse, Summary};
use super::size::SizeView;
use super::survival::SurvivalView;
use super::usage::ResourceUse;
use super::{API_VERSION, Changes, Context, Records, ScheduleView, SuccessMetricsView};
use crate::planning::survey::Survey;

/// Everything that a person wants to look at of a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Report"))]
    pub kind: &'static str,
    /// What cluster it is about.
    pub title: String,
    /// Kubernetes version whose scheduler was replayed.
    pub kubernetes: String,
    /// How ties between best nodes were broken.
    pub ties: String,
    /// Whether every success metric holds, and every pod has a node.
    pub holds: bool,
    /// The schedule in one line.
    pub sentence: String,
    /// Where pods are, in numbers.
    pub summary: Summary,
    /// How many nodes and pods there are, how full and how crowded nodes are, and what everything hangs on.
    pub state: StateView,
    /// What was found, the worst first.
    pub findings: Vec<FindingView>,
    /// The six success metrics.
    pub success_metrics: SuccessMetricsView,
    /// What it survives: the loss of any node, and of any zone if it has several.
    pub survives: Vec<SurvivalView>,
    /// What each loss does to each workload.
    pub failures: FailureMatrixView,
    /// Cpu and memory of every node should be requested to less than this share in percent; absent without such a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_utilization: Option<f64>,
    /// Use of the whole cluster, cpu, memory and pods first.
    pub resources: Vec<ResourceUse>,
    /// Use of each node, in the scheduler's list order.
    pub nodes: Vec<NodeUse>,
    /// Every pod that asks for a place or holds one; those without a node first.
    pub pods: Vec<PodView>,
    /// What changes against the cluster as it was, if something is applied to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// What to buy and what fewer and more nodes would cost; absent if it was not said what can be bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<SizeView>,
    /// The one chart that is wanted; and no part of the output.
    #[serde(skip)]
    pub only: Option<&'static str>,
}

/// The charts of a report, by the names that they are asked for by.
pub const CHARTS: [&str; 5] = ["utilisation", "heat-map", "failure-matrix", "cost-curve", "headroom-curve"];

impl ReportView {
    /// Name of this view.
    pub const KIND: &'static str = "Report";

    /// Of a cluster where every pod has its place, and what is known of it.
    pub fn new(title: &str, context: &Context<'_>, schedule: ScheduleView, survey: &Survey, max_utilization: Option<f64>) -> Self {
        let success_metrics = SuccessMetricsView::new(&survey.measured);
        let losses: Vec<_> = survey.losses().collect();
        ReportView {
            api_version: API_VERSION,
            kind: Self::KIND,
            title: title.to_owned(),
            holds: success_metrics.holds && schedule.holds(),
            sentence: schedule.headline().text,
            state: StateView::new(&schedule, &survey.measured, &survey.node_losses),
            findings: Vec::new(),
            success_metrics,
            survives: losses.iter().map(|(kind, survival)| SurvivalView::new(kind.name(), survival)).collect(),
            failures: FailureMatrixView::new(context, &survey.quorums, &losses),
            max_utilization,
            pods: pods::of(context, &schedule),
            kubernetes: schedule.kubernetes,
            ties: schedule.ties,
            summary: schedule.summary,
            resources: schedule.resources,
            nodes: schedule.nodes,
            changes: schedule.changes,
            size: None,
            only: None,
        }
    }

    /// With what was found, put in order: errors, warnings, notes.
    pub fn with_findings(mut self, mut findings: Vec<FindingView>) -> Self {
        findings.sort_by_key(FindingView::urgency);
        self.findings = findings;
        self
    }

    /// Whether every success metric holds and every pod has a node.
    pub fn holds(&self) -> bool {
        self.holds
    }

    /// For spreadsheets: a row a pod.
    pub fn records(&self) -> Records {
        PodView::records(&self.pods)
    }
}
