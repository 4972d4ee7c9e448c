//! The nodes to have, as what makes them: variables for Terraform, MachineDeployments for Cluster API, NodePools for Karpenter.
//!
//! A group is nodes of one type, bought in one way, in one zone; its name is a DNS label, and its nodes say it by the label
//! `plimsoll.dev/node-group`, which patches of the same plan may refer to. Labels that the kubelet, the cloud or a provisioner gives nodes
//! are not set.
//!
//! Promise: exactly the plan, no node more; nothing of a plan that does not hold. What is not known here is a parameter with a name:
//! `${NAME}`, as `clusterctl generate yaml` and `envsubst` take it ([`parameters`]).
//!
//! A new tool: a file with a function of groups that gives text or data, a row among the formats.

mod machine_deployments;
mod node_pools;
mod variables;

use std::collections::BTreeMap;
use std::fmt::Write;

pub use variables::{NodeGroupVariables, TaintVariables, Variables};

use super::object_patch::{one_line, scalar};
use super::size::{NodesView, SizeView};
use crate::planning::realisation::NODE_GROUP;
use crate::report::amount::count;

/// The nodes to have, as groups of alike ones.
#[derive(Debug, Clone, Copy)]
pub struct NodeGroups<'a> {
    size: &'a SizeView,
}

/// What has to be filled in by hand: its name, and what it is.
pub type Parameter = (&'static str, &'static str);

/// What has to be filled in of what a format writes.
pub fn parameters(format: &str) -> &'static [Parameter] {
    match format {
        "machine-deployments" => machine_deployments::PARAMETERS,
        "node-pools" => node_pools::PARAMETERS,
        _ => &[],
    }
}

impl<'a> NodeGroups<'a> {
    /// Of what to buy.
    pub(super) fn of(size: &'a SizeView) -> Self {
        NodeGroups { size }
    }

    /// The groups, if the plan holds.
    fn groups(&self) -> impl Iterator<Item = &'a NodesView> {
        self.size.nodes.iter().filter(|_| self.size.holds)
    }

    /// Types that no label says how to buy.
    pub fn unnamed_types(&self) -> Vec<&'a str> {
        let mut types: Vec<&str> =
            self.groups().filter(|nodes| nodes.instance_type.is_none()).map(|nodes| nodes.node_type.as_str()).collect();
        types.dedup();
        types
    }

    /// Comments: what these groups are for.
    fn comments(&self) -> String {
        if !self.size.holds {
            return "# no group: no fleet was found that holds\n".to_owned();
        }
        let mut out = format!("# {} in {}", count(self.size.count as usize, "node"), count(self.size.nodes.len(), "group"));
        if !self.size.kept.is_empty() {
            _ = write!(out, ", beside {} that stay", count(self.size.kept.len(), "node"));
        }
        let limit = self.size.asked.max_utilization.map(|percent| format!(", under {percent} %")).unwrap_or_default();
        _ = writeln!(out, "; survives the loss of: {}{limit}", self.size.asked.survive);
        out
    }

    /// Documents behind comments.
    fn stream(&self, document: impl Fn(&NodesView) -> String) -> String {
        self.groups().fold(self.comments(), |out, nodes| out + "---\n" + &document(nodes))
    }
}

/// The labels that a group gives its nodes.
fn labels(nodes: &NodesView) -> BTreeMap<&str, &str> {
    let own = nodes.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    own.chain([(NODE_GROUP, nodes.group.as_str())]).collect()
}

/// The instance type, or what stands for one.
fn instance_type(nodes: &NodesView) -> &str {
    nodes.instance_type.as_deref().unwrap_or(&nodes.node_type)
}

/// Lines of a map at some depth.
fn write_map<'a>(out: &mut String, indent: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) {
    for (key, value) in pairs {
        _ = writeln!(out, "{indent}{}: {}", scalar(key), scalar(&one_line(value)));
    }
}
