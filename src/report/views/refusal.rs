//! Which plugin refused which node, and by how much.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::amount::{Unit, list, thousands};
use crate::report::document::{Detail, Table, Text};

/// A resource of which a node has too little.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shortfall {
    /// Name, as in the API.
    pub resource: String,
    /// `milliCores`, `bytes` or `count`.
    pub unit: &'static str,
    /// What the pod asks for.
    pub needs: i64,
    /// What the node has left.
    pub free: i64,
    /// What the node has in all.
    pub allocatable: i64,
}

impl Shortfall {
    /// Too little of this resource.
    pub fn new(resource: &str, needs: i64, free: i64, allocatable: i64) -> Self {
        Shortfall { resource: resource.to_owned(), unit: Unit::of(resource).name(), needs, free, allocatable }
    }

    /// How much is missing, as a share of what is needed: comparable between resources.
    pub fn gap(&self) -> f64 {
        (self.needs.saturating_sub(self.free)) as f64 / self.needs.max(1) as f64
    }

    /// `needs 500m cpu, 320m free of 4`.
    pub fn sentence(&self) -> String {
        let unit = Unit::of(&self.resource);
        if self.resource == "pods" {
            return format!("takes {} pods and has {}", self.allocatable, self.allocatable - self.free);
        }
        let (needs, free) = unit.distinct(self.needs, self.free);
        format!("needs {needs} {}, {free} free of {}", self.resource, unit.amount(self.allocatable))
    }
}

/// A node and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusedNode {
    /// The node.
    pub node: String,
    /// What it has too little of; empty if the refusal is about something else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub short: Vec<Shortfall>,
}

impl RefusedNode {
    /// The largest share that is missing.
    fn gap(&self) -> f64 {
        self.short.iter().map(Shortfall::gap).fold(0.0, f64::max)
    }

    fn sentence(&self) -> String {
        self.short.iter().map(Shortfall::sentence).collect::<Vec<_>>().join("; ")
    }
}

/// Nodes refused by the same plugin for the same reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The plugin that refused.
    pub plugin: String,
    /// `Unschedulable`, or `UnschedulableAndUnresolvable` if evicting pods could not help.
    pub code: &'static str,
    /// Upstream's reasons.
    pub reasons: Vec<String>,
    /// The nodes, in list order.
    pub nodes: Vec<RefusedNode>,
}

/// Up to this many nodes, each gets its own row.
const NODES_ON_A_SCREEN: usize = 8;

/// The table of refusals: a row a node while they are few or all are wanted, else a row a refusal.
pub fn table(refusals: &[Refusal], detail: Detail) -> Table {
    let nodes: usize = refusals.iter().map(|refusal| refusal.nodes.len()).sum();
    if detail == Detail::Full || nodes <= NODES_ON_A_SCREEN { by_node(refusals) } else { by_refusal(refusals) }
}

fn by_node(refusals: &[Refusal]) -> Table {
    let mut table = Table::new().left("node").left("refused by").left("reason").left("by how much");
    for refusal in refusals {
        for node in &refusal.nodes {
            let reasons = refusal.reasons.join("; ");
            table.row(vec![node.node.as_str().into(), refusal.plugin.as_str().into(), Text::bad(reasons), node.sentence().into()]);
        }
    }
    table
}

fn by_refusal(refusals: &[Refusal]) -> Table {
    let mut table = Table::new().right("nodes").left("refused by").left("reason").left("nearest");
    for refusal in refusals {
        let nearest = refusal.nodes.iter().min_by(|a, b| a.gap().total_cmp(&b.gap()));
        let nearest = match nearest {
            Some(node) if !node.short.is_empty() => format!("{}: {}", node.node, node.sentence()),
            _ => list(&refusal.nodes.iter().map(|node| node.node.as_str()).collect::<Vec<_>>(), 2),
        };
        let reasons = refusal.reasons.join("; ");
        table.row(vec![thousands(refusal.nodes.len()).into(), refusal.plugin.as_str().into(), Text::bad(reasons), nearest.into()]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortfall_says_by_how_much() {
        assert_eq!(Shortfall::new("cpu", 500, 320, 4000).sentence(), "needs 500m cpu, 320m free of 4");
        assert_eq!(Shortfall::new("pods", 1, 0, 110).sentence(), "takes 110 pods and has 110");
    }

    #[test]
    fn many_nodes_become_one_row() {
        let nodes = (0..20).map(|i| RefusedNode { node: format!("n{i}"), short: vec![Shortfall::new("cpu", 500, i * 10, 4000)] }).collect();
        let refusal = Refusal { plugin: "NodeResourcesFit".into(), code: "Unschedulable", reasons: vec!["Insufficient cpu".into()], nodes };
        let brief = table(std::slice::from_ref(&refusal), Detail::Brief);
        assert_eq!(brief.rows.len(), 1);
        assert_eq!(brief.rows[0][3].text, "n19: needs 500m cpu, 190m free of 4");
        assert_eq!(table(&[refusal], Detail::Full).rows.len(), 20);
    }
}
