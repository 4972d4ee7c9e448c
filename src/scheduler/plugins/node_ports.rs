//! NodePorts: a host port is taken once a node and address; no address means all of them.
//!
//! Source: pkg/scheduler/framework/plugins/nodeports/node_ports.go, v1.36.

use crate::cluster::index::{NodeId, NodeSet};
use crate::scheduler::attempt::{Code, Rejection, Rejections};
use crate::scheduler::framework::{Cycle, Plugin};

const REASON: &str = "node(s) didn't have free ports for the requested pod ports";

/// Whether a port the pod takes is taken on this node.
pub fn conflicts(cycle: &Cycle<'_>, node: NodeId) -> bool {
    let taken = cycle.occupancy.ports(node);
    cycle.class.host_ports.iter().any(|port| taken.iter().any(|other| port.conflicts(other)))
}

fn filter(cycle: &Cycle<'_>, set: &mut NodeSet, rejections: &mut Rejections) {
    if cycle.class.host_ports.is_empty() {
        return;
    }
    let mut struck = NodeSet::none(set.capacity());
    cycle.occupancy.nodes_with_ports().filter(|&node| conflicts(cycle, node)).for_each(|node| struck.insert(node));
    rejections.reject_all(set, &struck, Rejection::new(PLUGIN.name, Code::Unschedulable, REASON));
}

/// Its row.
pub static PLUGIN: Plugin = Plugin { filter: Some(filter), ..Plugin::named("NodePorts", "host ports", "nodeports/node_ports.go") };
