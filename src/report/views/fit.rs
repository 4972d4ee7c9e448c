//! How many more pods of a kind fit, where they go, and what stops the next one.

use schemars::JsonSchema;
use serde::Serialize;

use super::context::Context;
use super::creation::{self, NotCreatedGroup};
use super::refusal::{self, Refusal};
use super::schedule::{Amount, requests};
use super::{API_VERSION, Records};
use crate::cluster::index::{NodeId, PodId};
use crate::report::amount::{count, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};
use crate::scheduler::{Fit, Scheduler};

/// How many more fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FitView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Fit"))]
    pub kind: &'static str,
    /// Kubernetes version whose scheduler was replayed.
    pub kubernetes: String,
    /// The pod that was cloned; none for a plain pod with these requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// What each clone asks for.
    pub requests: Vec<Amount>,
    /// How many were asked for; none if as many as possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<usize>,
    /// How many fit.
    pub fits: usize,
    /// Whether counting stopped at the number that was asked for, not at the cluster's limit.
    pub limited: bool,
    /// How many more each node takes, in list order; nodes that take none are left out.
    pub nodes: Vec<NodeFit>,
    /// The node of each clone, in the order of placing, as positions in `nodes`.
    pub order: Vec<usize>,
    /// Upstream's sentence about the first one that does not fit.
    pub message: String,
    /// Who refuses it where.
    pub refusals: Vec<Refusal>,
    /// What the API server refuses of the input: it holds nothing here. Alike things together.
    pub not_created: Vec<NotCreatedGroup>,
}

/// How many more a node takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeFit {
    /// The node.
    pub node: String,
    /// How many.
    pub more: usize,
}

impl FitView {
    /// Name of this view.
    pub const KIND: &'static str = "Fit";

    /// Of a finished count: clones of `pod`, called `name` here if it has one.
    pub fn new(context: &Context<'_>, scheduler: &Scheduler<'_>, pod: PodId, name: Option<&str>, fit: &Fit, asked: Option<usize>) -> Self {
        let mut taken = vec![false; context.cluster.nodes.len()];
        fit.nodes.iter().for_each(|node| taken[node.index()] = true);
        let taking: Vec<NodeId> = context.cluster.nodes.ids().filter(|node| taken[node.index()]).collect();
        let position = |node: &NodeId| taking.binary_search(node).expect("every node that takes a clone is listed");
        let order: Vec<usize> = fit.nodes.iter().map(position).collect();
        let mut more = vec![0; taking.len()];
        order.iter().for_each(|&index| more[index] += 1);
        FitView {
            api_version: API_VERSION,
            kind: Self::KIND,
            kubernetes: context.kubernetes.clone(),
            pod: name.map(str::to_owned),
            requests: context.requests(pod),
            asked,
            fits: fit.nodes.len(),
            limited: fit.stopped_by.is_none(),
            nodes: taking.iter().zip(more).map(|(&node, more)| NodeFit { node: context.node(node), more }).collect(),
            order,
            message: fit.stopped_by.as_ref().map_or_else(String::new, |attempt| attempt.message.clone()),
            refusals: fit.stopped_by.as_ref().map_or_else(Vec::new, |attempt| context.refusals(scheduler.occupancy(), attempt)),
            not_created: Vec::new(),
        }
    }

    /// Whether as many fit as were asked for, or at least one.
    pub fn holds(&self) -> bool {
        self.fits >= self.asked.unwrap_or(1)
    }

    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let number = match (self.asked, self.limited) {
            (Some(asked), true) => format!("all {}", count(asked, "pod")),
            (Some(asked), false) => format!("{} of {}", thousands(self.fits), count(asked, "pod")),
            (None, _) => count(self.fits, "more pod"),
        };
        let verb = if self.fits == 1 && self.asked.is_none() { "fits" } else { "fit" };
        let like = self.pod.as_ref().map(|pod| format!(" like {pod}")).unwrap_or_default();
        let headline = format!("{number}{like} {verb}, each asking for {}", requests(&self.requests));
        let mut document = Document::new(Text::new(headline, if self.holds() { Mood::Good } else { Mood::Bad }));
        let mut table = Table::new().left("node").right("more");
        self.nodes.iter().for_each(|each| table.row(vec![each.node.as_str().into(), thousands(each.more).into()]));
        let notes = match detail {
            Detail::Full => 0,
            Detail::Brief => {
                table.rows.sort_by_key(|row| std::cmp::Reverse(row[1].text.replace(',', "").parse::<usize>().unwrap_or(0)));
                table.cut(30)
            }
        };
        let notes = if notes > 0 { vec![format!("… and {} more nodes; -o wide shows all", thousands(notes))] } else { Vec::new() };
        document.table("Where they go", table, notes);
        if !self.message.is_empty() {
            let lead = vec![self.message.as_str().into()];
            document.led_table("What stops the next one", lead, refusal::table(&self.refusals, detail), Vec::new());
        }
        creation::sections(&self.not_created, &mut document, detail);
        document
    }

    /// For spreadsheets: a row a node.
    pub fn records(&self) -> Records {
        let row = |each: &NodeFit| vec![each.node.clone(), each.more.to_string()];
        Records { columns: vec!["node", "more"], rows: self.nodes.iter().map(row).collect() }
    }
}
