//! Results as data: what `-o json` writes, and what every other format is made from.
//!
//! Promise: each view carries `apiVersion` and `kind`, and its JSON schema is committed under `schemas/`; a test compares them. Fields are
//! added within a version, never renamed or removed.
//!
//! A new view: a file with the struct, a `document` and a `records` function, a variant of [`View`], a row in [`schemas`].

pub mod alerts;
pub mod asides;
pub mod assertions;
pub mod baseline;
pub mod blast_radius;
pub mod changes;
pub mod comparison;
pub mod conformance;
pub mod context;
pub mod creation;
pub mod drain;
pub mod eviction;
pub mod explanation;
pub mod findings;
pub mod fit;
pub mod graph;
pub mod headroom;
pub mod losses;
pub mod node_groups;
mod object_patch;
mod placement_graph;
pub mod plan;
pub mod quotas;
pub mod realisation;
pub mod recommendation;
pub mod refusal;
pub mod remedy;
pub mod report;
pub mod rightsize;
pub mod rules;
pub mod samples;
pub mod schedule;
pub mod self_check;
pub mod size;
pub mod success_metrics;
pub mod survival;
pub mod upgrade;
pub mod usage;
pub mod workload;

use serde::Serialize;

use super::document::{Detail, Document, Graph};
pub use blast_radius::BlastRadiusView;
pub use changes::Changes;
pub use comparison::DiffView;
pub use conformance::ConformanceView;
pub use context::Context;
pub use creation::NotCreatedGroup;
pub use drain::DrainView;
pub use explanation::ExplanationView;
pub use findings::FindingsView;
pub use fit::FitView;
pub use graph::GraphView;
pub use headroom::HeadroomView;
pub use losses::LossesView;
pub use node_groups::NodeGroups;
pub use plan::PlanView;
pub use realisation::RealisationView;
pub use recommendation::RecommendationView;
pub use report::ReportView;
pub use rightsize::RightsizingView;
pub use rules::RulesView;
pub use samples::SamplesView;
pub use schedule::ScheduleView;
pub use self_check::SelfCheckView;
pub use size::SizeView;
pub use success_metrics::SuccessMetricsView;
pub use upgrade::UpgradeView;

/// The version of the views.
pub const API_VERSION: &str = "plimsoll.dev/v1";

/// Any result.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum View {
    /// Where every pod goes.
    Schedule(Box<ScheduleView>),
    /// How surely pods get a place.
    Samples(Box<SamplesView>),
    /// Why a pod goes where it goes.
    Explanation(Box<ExplanationView>),
    /// How many more fit.
    Fit(Box<FitView>),
    /// How much more load fits.
    Headroom(Box<HeadroomView>),
    /// What a cluster survives.
    Losses(Box<LossesView>),
    /// Whether we agree with recordings.
    Conformance(Box<ConformanceView>),
    /// All we know of a cluster.
    Plan(Box<PlanView>),
    /// What a person wants to look at of it.
    Report(Box<ReportView>),
    /// How nodes can be drained.
    Drain(Box<DrainView>),
    /// What to buy.
    Size(Box<SizeView>),
    /// What containers should ask for.
    Rightsizing(Box<RightsizingView>),
    /// What is wrong.
    Findings(Box<FindingsView>),
    /// What can be found.
    Rules(Box<RulesView>),
    /// What changes.
    Diff(Box<DiffView>),
    /// What another Kubernetes does.
    Upgrade(Box<UpgradeView>),
}

/// Flat rows for spreadsheets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    /// Names of the columns.
    pub columns: Vec<&'static str>,
    /// The rows, each as long as the columns.
    pub rows: Vec<Vec<String>>,
}

impl View {
    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        match self {
            View::Schedule(view) => view.document(detail),
            View::Samples(view) => view.document(detail),
            View::Explanation(view) => view.document(detail),
            View::Fit(view) => view.document(detail),
            View::Headroom(view) => view.document(detail),
            View::Losses(view) => view.document(detail),
            View::Conformance(view) => view.document(detail),
            View::Plan(view) => view.document(detail),
            View::Report(view) => view.document(detail),
            View::Drain(view) => view.document(detail),
            View::Size(view) => view.document(detail),
            View::Rightsizing(view) => view.document(detail),
            View::Findings(view) => view.document(detail),
            View::Rules(view) => view.document(detail),
            View::Diff(view) => view.document(detail),
            View::Upgrade(view) => view.document(detail),
        }
    }

    /// For spreadsheets.
    pub fn records(&self) -> Records {
        match self {
            View::Schedule(view) => view.records(),
            View::Samples(view) => view.records(),
            View::Explanation(view) => view.records(),
            View::Fit(view) => view.records(),
            View::Headroom(view) => view.records(),
            View::Losses(view) => view.records(),
            View::Conformance(view) => view.records(),
            View::Plan(view) => view.records(),
            View::Report(view) => view.records(),
            View::Drain(view) => view.records(),
            View::Size(view) => view.records(),
            View::Rightsizing(view) => view.records(),
            View::Findings(view) => view.records(),
            View::Rules(view) => view.records(),
            View::Diff(view) => view.records(),
            View::Upgrade(view) => view.records(),
        }
    }

    /// As commands for a shell, if it is something to do.
    pub fn script(&self) -> Option<String> {
        match self {
            View::Drain(view) => Some(view.script()),
            View::Rightsizing(view) => Some(view.script()),
            View::Schedule(view) => Some(view.realisation.as_ref()?.script()),
            View::Size(view) => Some(view.realisation.as_ref()?.script()),
            _ => None,
        }
    }

    /// As strategic merge patches, a YAML document each, if it changes objects.
    pub fn patches(&self) -> Option<String> {
        match self {
            View::Rightsizing(view) => Some(view.patches()),
            View::Schedule(view) => Some(view.realisation.as_ref()?.patches()),
            View::Size(view) => Some(view.realisation.as_ref()?.patches()),
            View::Plan(view) => view.patches(),
            _ => None,
        }
    }

    /// As a kustomization with inline patches, if it changes objects.
    pub fn kustomization(&self) -> Option<String> {
        match self {
            View::Rightsizing(view) => Some(view.kustomization()),
            View::Schedule(view) => Some(view.realisation.as_ref()?.kustomization(Vec::new())),
            View::Size(view) => Some(view.realisation.as_ref()?.kustomization(Vec::new())),
            View::Plan(view) => view.kustomization(),
            _ => None,
        }
    }

    /// The placement as a graph, if it is one: nodes as boxes with their pods, in zones.
    pub fn placement(&self) -> Option<Graph> {
        match self {
            View::Schedule(view) => Some(view.placement()),
            View::Size(view) => Some(view.placement()),
            _ => None,
        }
    }

    /// The nodes to have as groups of alike ones, if it is about that.
    pub fn node_groups(&self) -> Option<NodeGroups<'_>> {
        match self {
            View::Size(view) => Some(NodeGroups::of(view)),
            View::Plan(view) => Some(NodeGroups::of(&view.clusters.last()?.buy.as_ref()?.size)),
            _ => None,
        }
    }

    /// What is wrong, if that is what it is about.
    pub fn findings(&self) -> Option<&FindingsView> {
        match self {
            View::Findings(view) => Some(view),
            _ => None,
        }
    }

    /// Whether the answer is "yes": everything fits, everything agrees.
    pub fn holds(&self) -> bool {
        match self {
            View::Schedule(view) => view.holds(),
            View::Samples(view) => view.holds(),
            View::Explanation(view) => view.holds(),
            View::Fit(view) => view.holds(),
            View::Headroom(view) => view.holds(),
            View::Losses(view) => view.holds(),
            View::Conformance(view) => view.holds(),
            View::Plan(view) => view.holds(),
            View::Report(view) => view.holds(),
            View::Drain(view) => view.holds(),
            View::Size(view) => view.holds(),
            View::Rightsizing(view) => view.holds(),
            View::Findings(view) => view.holds(),
            View::Rules(_) => true,
            View::Diff(view) => view.holds(),
            View::Upgrade(view) => view.holds(),
        }
    }
}

/// The JSON schemas of what people write: settings and assertions.
pub fn schemas_of_input() -> Vec<(&'static str, schemars::Schema)> {
    use crate::check::Settings;
    use crate::check::assertions::Assertions;
    vec![("settings", schemars::schema_for!(Settings)), ("assertions", schemars::schema_for!(Assertions))]
}

/// The JSON schema of each view, by kind: of what is written, so that what may be left out is not required.
pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
    fn schema<T: schemars::JsonSchema>() -> schemars::Schema {
        schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
    }
    vec![
        (ScheduleView::KIND, schema::<ScheduleView>()),
        (SamplesView::KIND, schema::<SamplesView>()),
        (ExplanationView::KIND, schema::<ExplanationView>()),
        (FitView::KIND, schema::<FitView>()),
        (HeadroomView::KIND, schema::<HeadroomView>()),
        (LossesView::KIND, schema::<LossesView>()),
        (ConformanceView::KIND, schema::<ConformanceView>()),
        (PlanView::KIND, schema::<PlanView>()),
        (ReportView::KIND, schema::<ReportView>()),
        (DrainView::KIND, schema::<DrainView>()),
        (SizeView::KIND, schema::<SizeView>()),
        (RightsizingView::KIND, schema::<RightsizingView>()),
        (FindingsView::KIND, schema::<FindingsView>()),
        (RulesView::KIND, schema::<RulesView>()),
        (DiffView::KIND, schema::<DiffView>()),
        (UpgradeView::KIND, schema::<UpgradeView>()),
    ]
}
