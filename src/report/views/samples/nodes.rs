//! How full nodes get: a part of [`super::SamplesView`].

use schemars::JsonSchema;
use serde::Serialize;

use crate::cluster::index::NodeId;
use crate::report::amount::{Unit, percent};
use crate::report::views::Context;
use crate::simulation::chance::{NodeRange, RESOURCES};

/// How full a node is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeRangeView {
    /// The node.
    pub node: String,
    /// Whether it is equally full in every run.
    pub determined: bool,
    /// Cpu, memory and pods.
    pub resources: Vec<ResourceRange>,
}

/// How much of a resource is requested.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceRange {
    /// Name, as in the API.
    pub resource: String,
    /// `milliCores`, `bytes` or `count`.
    pub unit: &'static str,
    /// What pods may ask for.
    pub allocatable: i64,
    /// The least of any run.
    pub least: i64,
    /// The middle one.
    pub median: i64,
    /// The most of any run.
    pub most: i64,
    /// The same in percent of allocatable.
    pub percent_least: f64,
    /// The middle one.
    pub percent_median: f64,
    /// The most of any run.
    pub percent_most: f64,
}

impl NodeRangeView {
    pub(super) fn new(context: &Context<'_>, range: &NodeRange) -> Self {
        let resource = |index: usize| ResourceRange::new(context, range, range.node, index);
        NodeRangeView {
            node: context.node(range.node),
            determined: range.is_point(),
            resources: (0..RESOURCES.len()).map(resource).collect(),
        }
    }
}

impl ResourceRange {
    fn new(context: &Context<'_>, range: &NodeRange, node: NodeId, index: usize) -> Self {
        let (name, requested) = (context.resource(RESOURCES[index]), range.requested[index]);
        let allocatable = context.cluster.allocatable(RESOURCES[index], node);
        let of = |amount: i64| percent(amount, allocatable);
        ResourceRange {
            resource: name.to_owned(),
            unit: Unit::of(name).name(),
            allocatable,
            least: requested.least,
            median: requested.median,
            most: requested.most,
            percent_least: of(requested.least),
            percent_median: of(requested.median),
            percent_most: of(requested.most),
        }
    }
}
