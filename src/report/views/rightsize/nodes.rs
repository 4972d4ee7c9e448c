//! What recommendations do to the number of nodes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::amount::list;
use crate::report::document::{Document, Text};
use crate::report::views::size::{CostView, SizeView};

/// The nodes to have before and after.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodesChangeView {
    /// What must be survived: `none`, `node`, `zone`, `node=2`.
    pub survive: String,
    /// With the requests of today.
    pub before: FleetView,
    /// With those that are recommended.
    pub after: FleetView,
}

/// What `size` would have.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FleetView {
    /// Whether everything holds on it.
    pub holds: bool,
    /// How many of each type.
    pub types: BTreeMap<String, u32>,
    /// How many nodes that is; besides those that stay in any case.
    pub count: u32,
    /// What they cost; absent if prices are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostView>,
    /// How many nodes every fleet has at least.
    pub at_least: u32,
}

impl FleetView {
    /// Of an answer.
    pub fn new(size: &SizeView) -> Self {
        let mut types = BTreeMap::new();
        size.nodes.iter().for_each(|nodes| *types.entry(nodes.node_type.clone()).or_default() += nodes.count);
        FleetView { holds: size.holds, types, count: size.count, cost: size.cost, at_least: size.lower_bound.nodes }
    }

    fn text(&self) -> String {
        if !self.holds {
            return "no fleet that holds".to_owned();
        }
        let types = list(&self.types.iter().map(|(name, count)| format!("{count} × {name}")).collect::<Vec<_>>(), 4);
        let types = if types.is_empty() { "nothing besides what stays".to_owned() } else { types };
        let cost = self.cost.map_or_else(String::new, |cost| format!(" for {} an hour", cost.per_hour));
        format!("{types}{cost}")
    }
}

impl NodesChangeView {
    /// Adds it to a document.
    pub fn add_to(&self, document: &mut Document) {
        let at_least = |fleet: &FleetView| format!("{} (no fleet has fewer than {})", fleet.text(), fleet.at_least);
        let (before, after) = (format!("as it is: {}", at_least(&self.before)), format!("as recommended: {}", at_least(&self.after)));
        let fewer = i64::from(self.before.count) - i64::from(self.after.count);
        let is_good = self.after.holds && fewer >= 0;
        let after = if is_good { Text::good(after) } else { Text::from(after) };
        document.lines("Nodes to have, by `plimsoll size`", vec![before.into(), after]);
    }
}
