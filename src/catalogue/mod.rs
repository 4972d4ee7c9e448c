//! Layer 1: node types that can be bought: what a node of each type gives, where, and at what price.
//!
//! Promise: amounts are what pods can have (allocatable), exact as everywhere; what a file does not say is not made up but named.

use crate::manifest::meta::StringMap;
use crate::manifest::node::Taint;
use crate::manifest::pod::ResourceList;

/// Node types, in the order in which they were read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    /// The types; names are distinct.
    pub types: Vec<NodeType>,
}

/// A type of node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeType {
    /// Its name, such as `m5.large`.
    pub name: String,
    /// What pods can have of a node of this type: cpu, memory, pods, ephemeral-storage, extended resources.
    pub allocatable: ResourceList,
    /// Labels of its nodes, but for hostname and zone.
    pub labels: StringMap,
    /// Taints of its nodes.
    pub taints: Vec<Taint>,
    /// How it can be bought, cheapest first for each zone; never empty.
    pub offerings: Vec<Offering>,
}

/// A way to buy a node type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Offering {
    /// The zone; none if it is the same in every zone.
    pub zone: Option<String>,
    /// Such as `on-demand`, `spot` or `reserved`.
    pub capacity_type: Option<String>,
    /// What a node costs an hour, in millionths of the currency's unit; none if that is not known.
    pub price_micros_hour: Option<i64>,
    /// How many there are at most.
    pub limit: Option<u32>,
}
