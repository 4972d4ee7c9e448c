//! The six success metrics as a table: what is asked, what is, what fails, and what to do next.

mod words;

use schemars::JsonSchema;
use serde::Serialize;

use crate::planning::success_metrics::SuccessMetrics;
use crate::report::amount::count;
use crate::report::document::{Detail, Document, Mood, Table, Text};

/// The six success metrics of a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuccessMetricsView {
    /// Whether all hold.
    pub holds: bool,
    /// How many do.
    pub held: usize,
    /// Each: node count, pod distribution, resource utilization, service replicas, HPA active, failover.
    pub metrics: Vec<MetricView>,
}

/// A success metric.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricView {
    /// `nodeCount`, `podDistribution`, `resourceUtilization`, `serviceReplicas`, `hpaActive` or `failover`.
    pub metric: &'static str,
    /// Its name for readers.
    pub name: &'static str,
    /// What is asked, in words.
    pub target: String,
    /// What is, in words.
    pub actual: String,
    /// Whether it holds.
    pub holds: bool,
    /// What is, in numbers.
    pub numbers: Vec<NumberView>,
    /// What fails, all of it, the worst first.
    pub failing: Vec<FailingView>,
    /// What is worth knowing and fails nothing.
    pub remarks: Vec<String>,
    /// What to do so that it holds; empty if it does.
    pub next: Vec<String>,
}

/// A number that a metric was judged by, or that explains it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NumberView {
    /// What it is, such as `nodes` or `highestCpuRequested`.
    pub name: &'static str,
    /// The number; `null` for a time that does not end by itself.
    pub value: Option<f64>,
    /// `count`, `percent` or `seconds`.
    pub unit: &'static str,
}

/// Something that fails a metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailingView {
    /// What: a node, a workload, an autoscaler, or `the cluster`.
    pub what: String,
    /// In which way.
    pub why: String,
}

/// So many of the things that fail are named on a screen.
const NAMED: usize = 2;

impl SuccessMetricsView {
    /// Of what was measured.
    pub fn new(measured: &SuccessMetrics) -> Self {
        let metrics = words::metrics(measured);
        SuccessMetricsView { holds: measured.holds(), held: metrics.iter().filter(|metric| metric.holds).count(), metrics }
    }

    /// `3 of 6 success metrics hold`.
    pub fn sentence(&self) -> String {
        let hold = if self.held == 1 { "holds" } else { "hold" };
        format!("{} of {} {hold}", self.held, count(self.metrics.len(), "success metric"))
    }

    /// Adds them to a document: a row each, then what fails and what to do.
    pub fn add_to(&self, document: &mut Document, title: &str, detail: Detail) {
        let mut table = Table::new().left("metric").left("holds").left("target").left("actual");
        for metric in &self.metrics {
            table.row(vec![metric.name.into(), metric.verdict(), metric.target.as_str().into(), metric.actual.as_str().into()]);
        }
        document.table(title, table, Vec::new());
        match detail {
            Detail::Brief => document.lines("What fails, and what to do", self.failing().flat_map(MetricView::brief).collect()),
            Detail::Full => self.add_all(document),
        }
    }

    fn failing(&self) -> impl Iterator<Item = &MetricView> {
        self.metrics.iter().filter(|metric| !metric.holds)
    }

    /// What to do, all that fails, and all that is worth knowing.
    fn add_all(&self, document: &mut Document) {
        let next = self.failing().flat_map(|metric| metric.next.iter().map(|next| format!("{}: {next}", metric.name)));
        document.lines("What to do", next.map(Text::from).collect());
        let mut table = Table::new().left("fails").left("what").left("why");
        for metric in self.failing() {
            for each in &metric.failing {
                table.row(vec![metric.name.into(), each.what.as_str().into(), each.why.as_str().into()]);
            }
        }
        document.table("What fails", table, Vec::new());
        let remarks = self.metrics.iter().flat_map(|metric| metric.remarks.iter().map(|remark| format!("{}: {remark}", metric.name)));
        document.lines("Worth knowing, and failing nothing", remarks.map(Text::from).collect());
    }

    /// Adds the metrics of several states of a cluster side by side, such as before and after a purchase: a column each.
    pub fn compare(states: &[(&str, &SuccessMetricsView)], document: &mut Document, title: &str) {
        let Some((_, first)) = states.first() else { return };
        let mut table = states.iter().fold(Table::new().left("metric"), |table, (name, _)| table.left(*name));
        for (row, metric) in first.metrics.iter().enumerate() {
            let mut cells: Vec<Text> = vec![metric.name.into()];
            cells.extend(states.iter().map(|(_, view)| view.metrics[row].outcome()));
            table.row(cells);
        }
        document.table(title, table, Vec::new());
    }
}

impl FailingView {
    fn sentence(&self) -> String {
        if self.what == words::CLUSTER { self.why.clone() } else { format!("{}: {}", self.what, self.why) }
    }
}

impl MetricView {
    fn verdict(&self) -> Text {
        if self.holds { Text::good("yes") } else { Text::bad("no") }
    }

    fn outcome(&self) -> Text {
        let verdict = self.verdict();
        Text::new(format!("{}: {}", verdict.text, self.actual), verdict.mood)
    }

    /// What fails first, and below it what to do.
    fn brief(&self) -> Vec<Text> {
        let mut named: Vec<String> = self.failing.iter().take(NAMED).map(FailingView::sentence).collect();
        let more = self.failing.len().saturating_sub(NAMED);
        if more > 0 {
            named.push(format!("and {more} more"));
        }
        let mut lines = vec![Text::new(format!("{}: {}", self.name, named.join("; ")), Mood::Bad)];
        lines.extend(self.next.iter().map(|next| Text::from(format!("  → {next}"))));
        lines
    }
}
