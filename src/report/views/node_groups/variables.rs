//! Variables for Terraform: node groups as terraform-aws-modules/eks takes them.
//!
//! Source: terraform-aws-modules/terraform-aws-eks, `eks_managed_node_groups` (v21; v20 takes the same): `instance_types`, sizes,
//! `capacity_type`, `labels`, `taints` by name. The module has no zones but subnets: `zones` is for whoever looks those up.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{NodeGroups, instance_type, labels};
use crate::report::views::size::NodesView;

/// The content of a `*.tfvars.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variables {
    /// The groups by name.
    pub node_groups: BTreeMap<String, NodeGroupVariables>,
}

/// A node group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeGroupVariables {
    /// Its one type.
    pub instance_types: Vec<String>,
    /// `ON_DEMAND`, `SPOT` or `CAPACITY_BLOCK`; absent if the catalogue does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_type: Option<String>,
    /// No fewer.
    pub min_size: u32,
    /// So many.
    pub desired_size: u32,
    /// No more.
    pub max_size: u32,
    /// Its one zone; none if nodes are in none.
    pub zones: Vec<String>,
    /// Labels of its nodes.
    pub labels: BTreeMap<String, String>,
    /// Taints of its nodes, by a name.
    pub taints: BTreeMap<String, TaintVariables>,
}

/// A taint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaintVariables {
    /// Key.
    pub key: String,
    /// Value; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `NO_SCHEDULE`, `NO_EXECUTE` or `PREFER_NO_SCHEDULE`.
    pub effect: &'static str,
}

impl NodeGroups<'_> {
    /// As variables for Terraform.
    pub fn variables(&self) -> Variables {
        Variables { node_groups: self.groups().map(|nodes| (nodes.group.clone(), group(nodes))).collect() }
    }
}

fn group(nodes: &NodesView) -> NodeGroupVariables {
    let taint = |taint: &crate::report::views::size::TaintView| {
        let effect = match taint.effect.as_str() {
            "NoExecute" => "NO_EXECUTE",
            "PreferNoSchedule" => "PREFER_NO_SCHEDULE",
            _ => "NO_SCHEDULE",
        };
        let value = Some(taint.value.clone()).filter(|value| !value.is_empty());
        (format!("{}:{}", taint.key, taint.effect), TaintVariables { key: taint.key.clone(), value, effect })
    };
    NodeGroupVariables {
        instance_types: vec![instance_type(nodes).to_owned()],
        capacity_type: nodes
            .capacity_type
            .as_deref()
            .map(|own| if own == "reserved" { "ON_DEMAND".to_owned() } else { own.to_uppercase().replace('-', "_") }),
        min_size: nodes.count,
        desired_size: nodes.count,
        max_size: nodes.count,
        zones: nodes.zone.iter().cloned().collect(),
        labels: labels(nodes).into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        taints: nodes.taints.iter().map(taint).collect(),
    }
}
