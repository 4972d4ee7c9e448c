//! All we know of a cluster and of what it is to become; later answers (what it survives, what to buy) join here.

use schemars::JsonSchema;
use serde::Serialize;

use super::quotas::QuotasView;
use super::schedule::requests;
use super::survival::SurvivalView;
use super::{FitView, GraphView, Records, ScheduleView};
use crate::report::amount::thousands;
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
    /// Where its pods go.
    pub schedule: ScheduleView,
    /// How many more of some pods fit.
    pub fits: Vec<FitView>,
    /// What the quotas of its namespaces hold; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quotas: Option<QuotasView>,
    /// What it survives: the loss of any node, and of any zone if it has several.
    pub survives: Vec<SurvivalView>,
    /// What needs what in it, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph: Option<GraphView>,
}

impl PlanView {
    /// Name of this view.
    pub const KIND: &'static str = "Plan";

    /// Whether every pod of the last cluster has a node: the plan is what counts, not today.
    pub fn holds(&self) -> bool {
        self.clusters.last().is_none_or(|cluster| cluster.schedule.holds())
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
    fn document(&self, detail: Detail) -> Document {
        let mut document = self.schedule.document(detail);
        document.headline.text = format!("{}: {}", self.title, document.headline.text);
        let mut table = Table::new().left("one more pod like").right("fits").left("each asks for").left("then");
        for fit in &self.fits {
            // what preemption would say is of no use here: nobody is evicted for a replica
            let stop = fit.message.split(". ").next().unwrap_or_default();
            table.row(vec![
                fit.pod.as_deref().unwrap_or_default().into(),
                Text::new(format!("{}×", thousands(fit.fits)), mood(fit)),
                requests(&fit.requests).into(),
                stop.into(),
            ]);
        }
        SurvivalView::add_to(&self.survives, &mut document);
        document.table("Room for more, of the largest workloads", table, Vec::new());
        if let Some(quotas) = &self.quotas {
            quotas.add_to(&mut document);
        }
        if let Some(graph) = &self.graph {
            graph.add_to(&mut document, format!("{}: what needs what", self.title));
            graph.add_gaps_to(&mut document, detail);
        }
        document
    }
}

fn mood(fit: &FitView) -> Mood {
    if fit.holds() { Mood::Plain } else { Mood::Notable }
}
