//! All we know of a cluster and of what it is to become, on one screen: its state, the six success metrics, what it survives, what to buy
//! and what to set.

mod advice;
mod state;

use schemars::JsonSchema;
use serde::Serialize;

pub use advice::PurchaseView;
pub use state::{SinglePointView, StateView};

use super::quotas::QuotasView;
use super::recommendation::RecommendationView;
use super::schedule::requests;
use super::survival::SurvivalView;
use super::{FitView, GraphView, Records, ScheduleView, SelfCheckView, SuccessMetricsView};
use crate::report::amount::{count, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};

/// All we know.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Plan"))]
    pub kind: &'static str,
    /// Each cluster that was looked at: today's, then what it is to become.
    pub clusters: Vec<ClusterPlan>,
}

/// What we know of one cluster.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterPlan {
    /// What it is.
    pub title: String,
    /// How many nodes and pods there are, how full and how crowded nodes are, and what everything hangs on; absent where only a graph is
    /// asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<StateView>,
    /// How far our filters agree with where pods are; absent without bound pods, and where only a graph is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_check: Option<SelfCheckView>,
    /// The six success metrics; absent where only a graph is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_metrics: Option<SuccessMetricsView>,
    /// Where its pods go.
    pub schedule: ScheduleView,
    /// How many more of some pods fit.
    pub fits: Vec<FitView>,
    /// What the quotas of its namespaces hold; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quotas: Option<QuotasView>,
    /// What it survives: the loss of any node, and of any zone if it has several.
    pub survives: Vec<SurvivalView>,
    /// What to buy, of the last cluster; absent if that is not wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buy: Option<PurchaseView>,
    /// What to set there, after the purchase if there is one: LimitRanges, quotas, maxima of autoscalers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<RecommendationView>,
    /// What needs what in it, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph: Option<GraphView>,
}

/// So many nodes are shown on a screen.
const NODES: usize = 6;
/// So many groups of pods that are not where they should be are shown on a screen.
const GROUPS: usize = 6;

impl PlanView {
    /// Name of this view.
    pub const KIND: &'static str = "Plan";

    /// Whether every success metric of every cluster holds, and every pod of the last has a node: the plan is what counts there, not today.
    pub fn holds(&self) -> bool {
        let metrics = self.clusters.iter().filter_map(|cluster| cluster.success_metrics.as_ref());
        metrics.into_iter().all(|metrics| metrics.holds) && self.clusters.last().is_none_or(|cluster| cluster.schedule.holds())
    }

    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mut parts = self.clusters.iter().map(|cluster| cluster.document(detail));
        let Some(mut document) = parts.next() else { return Document::new("nothing to plan".into()) };
        parts.for_each(|part| document.append(part));
        document
    }

    /// For spreadsheets: the pods of all clusters.
    pub fn records(&self) -> Records {
        let mut records = Records::default();
        for cluster in &self.clusters {
            let part = cluster.schedule.records();
            records.columns = [vec!["cluster"], part.columns].concat();
            records.rows.extend(part.rows.into_iter().map(|row| [vec![cluster.title.clone()], row].concat()));
        }
        records
    }
}

impl ClusterPlan {
    /// Of a schedule, so far with nothing else.
    pub fn of(title: &str, schedule: ScheduleView, graph: Option<GraphView>) -> Self {
        let title = title.to_owned();
        ClusterPlan {
            title,
            state: None,
            self_check: None,
            success_metrics: None,
            schedule,
            fits: Vec::new(),
            quotas: None,
            survives: Vec::new(),
            buy: None,
            set: None,
            graph,
        }
    }

    fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        if let Some(state) = &self.state {
            state.add_to(&mut document, detail);
        }
        if let Some(check) = &self.self_check {
            check.add_to(&mut document, detail);
        }
        if let Some(metrics) = &self.success_metrics {
            metrics.add_to(&mut document, "Success metrics", detail);
        }
        match detail {
            Detail::Brief => self.trouble(&mut document),
            Detail::Full => document.sections.extend(self.schedule.document(detail).sections),
        }
        SurvivalView::add_to(&self.survives, &mut document);
        if detail == Detail::Full {
            document.table("Room for more, of the largest workloads", self.room(), Vec::new());
        }
        if let Some(quotas) = &self.quotas {
            quotas.add_to(&mut document, detail);
        }
        if let Some(buy) = &self.buy {
            buy.add_to(&mut document, self.success_metrics.as_ref(), detail);
        }
        if let Some(set) = &self.set {
            advice::add_to(set, &mut document, detail);
        }
        if let Some(graph) = &self.graph {
            graph.add_to(&mut document, format!("{}: what needs what", self.title));
            graph.add_gaps_to(&mut document, detail);
        }
        document
    }

    fn headline(&self) -> Text {
        let schedule = self.schedule.headline();
        let Some(metrics) = &self.success_metrics else { return Text::new(format!("{}: {}", self.title, schedule.text), schedule.mood) };
        let mood = if metrics.holds { schedule.mood } else { Mood::Bad };
        Text::new(format!("{}: {}; {}", self.title, metrics.sentence(), schedule.text), mood)
    }

    /// What is wrong or new with the pods, and how full nodes are: as much of the schedule as fits a screen.
    fn trouble(&self, document: &mut Document) {
        let schedule = &self.schedule;
        if let Some(changes) = &schedule.changes {
            changes.sections(document, Detail::Brief);
        }
        let refused = schedule.not_created.iter().map(|group| (group.title(), group.message.as_str(), group.objects.len()));
        waiting(document, "Not created", "object", refused.collect());
        // what preemption would say is of no use here
        let why = |message: &'_ str| message.find(". ").unwrap_or(message.len());
        let pending = schedule.pending.iter().map(|group| (group.title(), &group.message[..why(&group.message)], group.pods.len()));
        waiting(document, "Pending", "pod", pending.collect());
        schedule.preemption_section(document, Detail::Brief);
        schedule.node_section(document, Detail::Brief, NODES);
    }

    /// How many more pods of the largest workloads fit.
    fn room(&self) -> Table {
        let mut table = Table::new().left("one more pod like").right("fits").left("each asks for").left("then");
        for fit in &self.fits {
            // what preemption would say is of no use here: nobody is evicted for a replica
            let stop = fit.message.split(". ").next().unwrap_or_default();
            table.row(vec![
                fit.pod.as_deref().unwrap_or_default().into(),
                Text::new(format!("{}×", thousands(fit.fits)), if fit.holds() { Mood::Plain } else { Mood::Notable }),
                requests(&fit.requests).into(),
                stop.into(),
            ]);
        }
        table
    }
}

/// Adds groups of what is not there: what, why, and how many each has.
fn waiting(document: &mut Document, title: &str, one: &str, groups: Vec<(String, &str, usize)>) {
    let mut table = Table::new().left("what").left("why");
    for (what, why, _) in groups.iter().take(GROUPS) {
        table.row(vec![Text::bad(what.as_str()), (*why).into()]);
    }
    let more: usize = groups.iter().skip(GROUPS).map(|(.., number)| number).sum();
    let more = (more > 0).then(|| format!("… and {}; `plimsoll schedule` says all", count(more, &format!("more {one}"))));
    document.table(title, table, more.into_iter().collect());
}
