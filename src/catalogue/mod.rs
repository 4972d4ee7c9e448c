//! Layer 1: node types that can be bought: what a node of each type gives, where, and at what price.
//!
//! [`read`] is the only part that opens files, and the home of the formats: one's own YAML, JSON and CSV, what Karpenter and the clouds
//! have, nodes of a dump. [`Overrides`] are prices that were negotiated. [`embedded`] is a catalogue for when there is
//! none. [`NodeType::like`] makes a type of a node, [`NodeType::node`] a node of a type.
//!
//! A new format: a file in `read/`, and an arm where it is told from the others.
//!
//! Promise: amounts are what pods can have (allocatable), exact as everywhere; what a file does not say is not made up but named: where
//! something has to be taken for granted (what a node keeps for itself, how many pods it runs), a note says what and by which rule.

mod cost;
mod generic;
mod node;
mod overrides;
mod price;
pub mod read;
mod reserve;

pub use cost::Cost;
pub use generic::embedded;
pub use node::{DroppedLabel, dropped_label, is_given};
pub(crate) use overrides::matches;
pub use overrides::{Change, Override, Overrides};
pub use price::{MICROS, parse_price};
pub use reserve::Reserve;

use litemap::LiteMap;

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
    /// What the machine has, before its node keeps some of it for itself; empty where that is not said.
    pub capacity: ResourceList,
    /// Labels of its nodes, but for hostname and zone.
    pub labels: StringMap,
    /// Labels that have the zone as their value, besides `topology.kubernetes.io/zone`: those that CSI drivers go by.
    pub zone_labels: Vec<String>,
    /// Taints of its nodes.
    pub taints: Vec<Taint>,
    /// How many volumes a CSI driver attaches to one of its nodes, by driver; where nothing is said, any number.
    pub volume_limits: LiteMap<String, i32>,
    /// How it can be bought, cheapest first for each zone; never empty.
    pub offerings: Vec<Offering>,
    /// How many of its nodes there are at most, of all offerings together.
    pub limit: Option<u32>,
}

/// A way to buy a node type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Offering {
    /// The zone; none if it is the same in every zone (but in those for which another offering of the same capacity type is named).
    pub zone: Option<String>,
    /// Such as `on-demand`, `spot` or `reserved`.
    pub capacity_type: Option<String>,
    /// What a node costs an hour, in millionths of the currency's unit; none if that is not known.
    pub price_micros_hour: Option<i64>,
    /// How many there are at most. Never more than the type's own limit.
    pub limit: Option<u32>,
}

/// Labels that follow from what a type is, and from where a node of it is.
mod label {
    pub const INSTANCE_TYPE: &str = "node.kubernetes.io/instance-type";
    pub const ARCH: &str = "kubernetes.io/arch";
    pub const OS: &str = "kubernetes.io/os";
    pub const HOSTNAME: &str = "kubernetes.io/hostname";
    pub const ZONE: &str = "topology.kubernetes.io/zone";
    pub const REGION: &str = "topology.kubernetes.io/region";
    pub const CAPACITY_TYPE: &str = "karpenter.sh/capacity-type";
}

impl Catalogue {
    /// The type of a name.
    pub fn get(&self, name: &str) -> Option<&NodeType> {
        self.types.iter().find(|candidate| candidate.name == name)
    }

    /// All zones that any offering names, sorted.
    pub fn zones(&self) -> Vec<&str> {
        let offerings = self.types.iter().flat_map(|node_type| &node_type.offerings);
        let mut zones: Vec<&str> = offerings.filter_map(|offering| offering.zone.as_deref()).collect();
        zones.sort_unstable();
        zones.dedup();
        zones
    }
}

impl NodeType {
    /// The ways to buy one in a zone: what is offered there, and what is offered everywhere unless the zone has its own of the same
    /// capacity type.
    pub fn offered_in(&self, zone: &str) -> impl Iterator<Item = &Offering> {
        let is_here = move |offering: &&Offering| offering.zone.as_deref() == Some(zone);
        let own = move |everywhere: &Offering| {
            self.offerings.iter().filter(is_here).any(|offering| offering.capacity_type == everywhere.capacity_type)
        };
        self.offerings.iter().filter(move |offering| is_here(offering) || offering.zone.is_none() && !own(offering))
    }

    /// The cheapest way to buy one in a zone; what has a price comes before what has none.
    pub fn cheapest(&self, zone: &str) -> Option<&Offering> {
        self.offered_in(zone).min_by_key(|offering| (offering.price_micros_hour.is_none(), offering.price_micros_hour))
    }

    /// Puts offerings into their order: by zone, cheapest first, those without a price last.
    fn sort_offerings(&mut self) {
        self.offerings.sort_by(|one, other| {
            let key = |offering: &Offering| (offering.zone.clone(), offering.price_micros_hour.is_none(), offering.price_micros_hour);
            (key(one), &one.capacity_type).cmp(&(key(other), &other.capacity_type))
        });
    }
}
