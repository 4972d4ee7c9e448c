//! What has become of nodes since the input was taken: cordoned, unreachable, gone.
//!
//! The three differ in what pods and the scheduler still see of a node. A *cordoned* node takes no new pods but those that tolerate
//! it. An *unreachable* one (its kubelet is silent) carries the taints of the node lifecycle controller. Both stay in the scheduler's
//! list: they are counted in its sentences and are topology domains like any other. A node that is *gone* (its object was deleted) is
//! none of that.
//!
//! Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go and
//! pkg/scheduler/backend/cache/node_tree.go, v1.36.

use super::index::{NodeId, NodeSet};
use super::nodes::Nodes;

/// What has become of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NodeState {
    /// Whether it is cordoned.
    pub cordoned: bool,
    /// Whether its kubelet is silent.
    pub unreachable: bool,
    /// Whether its object was deleted.
    pub gone: bool,
}

/// What has become of all nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outages {
    cordoned: NodeSet,
    unreachable: NodeSet,
    present: NodeSet,
    present_count: usize,
    /// The nodes that are present in the scheduler's order; none while that is the order of all.
    order: Option<Vec<NodeId>>,
}

impl Outages {
    /// Nothing but the cordons of the input.
    pub fn new(nodes: &Nodes) -> Self {
        let all = NodeSet::all(nodes.len());
        Outages {
            cordoned: nodes.unschedulable.clone(),
            unreachable: NodeSet::none(nodes.len()),
            present: all,
            present_count: nodes.len(),
            order: None,
        }
    }

    /// Nothing at all, not even a cordon.
    pub fn none(nodes: &Nodes) -> Self {
        Outages { cordoned: NodeSet::none(nodes.len()), ..Self::new(nodes) }
    }

    /// What has become of a node.
    pub fn state(&self, node: NodeId) -> NodeState {
        NodeState {
            cordoned: self.cordoned.contains(node),
            unreachable: self.unreachable.contains(node),
            gone: !self.present.contains(node),
        }
    }

    /// Says what has become of a node.
    pub(super) fn set(&mut self, nodes: &Nodes, node: NodeId, state: NodeState) {
        self.cordoned.set(node, state.cordoned);
        self.unreachable.set(node, state.unreachable);
        if self.present.contains(node) == state.gone {
            self.present.set(node, !state.gone);
            self.present_count = self.present.len();
            let is_whole = self.present_count == nodes.len();
            self.order = (!is_whole).then(|| nodes.list_order_of(&self.present));
        }
    }

    /// Cordoned nodes.
    pub fn cordoned(&self) -> &NodeSet {
        &self.cordoned
    }

    /// Nodes whose kubelet is silent.
    pub fn unreachable(&self) -> &NodeSet {
        &self.unreachable
    }

    /// Nodes that are not gone.
    pub fn present(&self) -> &NodeSet {
        &self.present
    }

    /// How many nodes are not gone.
    pub fn present_count(&self) -> usize {
        self.present_count
    }

    /// Whether a node is there and reachable, so that what leaves it leaves room.
    pub fn is_up(&self, node: NodeId) -> bool {
        self.present.contains(node) && !self.unreachable.contains(node)
    }

    /// The order of the scheduler's list, where that is not the order of all nodes: zones take turns, and a node that goes moves those
    /// of its zone behind it up.
    pub fn order(&self) -> Option<&[NodeId]> {
        self.order.as_deref()
    }
}
