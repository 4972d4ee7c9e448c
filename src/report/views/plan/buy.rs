//! What to buy, as much of it as fits beside everything else; `size` says all of it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::document::{Detail, Document, Text};
use crate::report::views::SuccessMetricsView;
use crate::report::views::size::{BoundView, CostView, KeptView, NodesView, SizeView};

/// What to buy.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuyView {
    /// Whether a fleet was found on which everything holds that a purchase can make hold.
    pub holds: bool,
    /// The nodes to have, by type and zone; without those that stay.
    pub nodes: Vec<NodesView>,
    /// How many nodes that is.
    pub count: u32,
    /// What they cost; absent if prices are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostView>,
    /// What no plan can be below.
    pub lower_bound: BoundView,
    /// How far from that the plan is at most, in percent of the plan; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<f64>,
    /// Nodes of the input that stay beside them.
    pub kept: Vec<KeptView>,
    /// Nodes of the input that are not needed any more.
    pub removed: Vec<String>,
    /// Pods and workloads that no purchase can help.
    pub beyond: usize,
    /// The six success metrics after the purchase; absent without a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<SuccessMetricsView>,
    /// What `size` says of it, line by line.
    #[serde(skip)]
    pub lines: Vec<Text>,
}

impl BuyView {
    /// Of what `size` answers, and the metrics after the purchase.
    pub fn new(size: SizeView, after: Option<SuccessMetricsView>) -> Self {
        let lines = std::iter::once(size.headline()).chain(size.lead()).collect();
        BuyView {
            holds: size.holds,
            nodes: size.nodes,
            count: size.count,
            cost: size.cost,
            lower_bound: size.lower_bound,
            gap: size.gap,
            kept: size.kept,
            removed: size.removed,
            beyond: size.beyond.len(),
            after,
            lines,
        }
    }

    /// Adds it to a document.
    pub fn add_to(&self, document: &mut Document, detail: Detail) {
        let mut lines = self.lines.clone();
        if self.beyond > 0 {
            let beyond = crate::report::amount::count(self.beyond, "pod or workload");
            lines.push(Text::faint(format!("{beyond} that no purchase can mend: `plimsoll size` names each, and what to do instead.")));
        }
        document.lines("What to buy", lines);
        if let Some(after) = &self.after {
            after.add_to(document, "Success metrics after the purchase", detail);
        }
    }
}
