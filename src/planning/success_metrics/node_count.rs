//! Node count: enough nodes that one may go.
//!
//! Every node counts that `kubectl get nodes` would not call NotReady, control-plane nodes among them; one whose state is not written (a
//! manifest) is taken to be ready. Nodes that take no ordinary pod (cordoned, or with a taint that keeps pods away) count too, and are
//! named: with fewer than the bound beside them, services have less to stand on than the number says.

use super::Thresholds;
use crate::manifest::Objects;
use crate::manifest::node::Node;

/// How many nodes there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeCount {
    /// So many there must be.
    pub target: usize,
    /// Nodes that are ready, or say nothing.
    pub ready: usize,
    /// Names of those that say they are not.
    pub not_ready: Vec<String>,
    /// Names of the ready ones that take no ordinary pod.
    pub closed: Vec<String>,
}

impl NodeCount {
    /// Whether there are enough.
    pub fn holds(&self) -> bool {
        self.ready >= self.target
    }

    /// Ready nodes that take ordinary pods.
    pub fn open(&self) -> usize {
        self.ready - self.closed.len()
    }
}

pub(super) fn measure(objects: &Objects, thresholds: &Thresholds) -> NodeCount {
    let name = |node: &Node| node.metadata.name.clone();
    let (ready, not_ready): (Vec<&Node>, Vec<&Node>) = objects.nodes.iter().partition(|node| is_ready(node));
    NodeCount {
        target: thresholds.nodes,
        ready: ready.len(),
        not_ready: not_ready.into_iter().map(name).collect(),
        closed: ready.into_iter().filter(|node| is_closed(node)).map(name).collect(),
    }
}

fn is_ready(node: &Node) -> bool {
    node.status.conditions.iter().filter(|condition| condition.r#type == "Ready").all(|condition| condition.status == "True")
}

/// Whether a pod without tolerations stays away.
fn is_closed(node: &Node) -> bool {
    let keeps_away = |effect: &str| matches!(effect, "NoSchedule" | "NoExecute");
    node.spec.unschedulable || node.spec.taints.iter().any(|taint| keeps_away(&taint.effect))
}
