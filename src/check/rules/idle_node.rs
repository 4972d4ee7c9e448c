//! A node is paid for and runs nothing but what runs on every node.
//!
//! Only pods of DaemonSets and static pods are on it. It may be spare on purpose (then say so); it may be left over, or nothing may go there
//! because of a taint or a label that nobody remembers. Nodes of the control plane, and nodes that are cordoned or not ready, are left alone;
//! so is an input where no workload runs anywhere, or where pods wait that no node takes. One finding names them all.
//!
//! # Example
//!
//! ```yaml
//! kind: Node          # a fourth worker, and everything fits on three
//! metadata: {name: worker-4}
//! ```
//!
//! # Instead
//!
//! Remove it, after `plimsoll lose --node NAME` or `plimsoll size` say that the rest is enough; or allow it on the node:
//!
//! ```yaml
//! metadata:
//!   annotations: {plimsoll.dev/allow: "idle-node: room for the loss of a zone"}
//! ```
//!
//! # Source
//!
//! Task 1 ("Current Utilization") of a guide to highly available data platforms; the places are kube-scheduler's.

use crate::check::placement::{listed, pods};
use crate::check::{Findings, Subject};
use crate::cluster::index::{NodeId, PodId};
use crate::manifest::node::Node;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.has_other_nodes() {
        return;
    }
    let cluster = subject.baseline().cluster();
    let works = |node: NodeId| subject.baseline().occupancy().pods_on(node).iter().any(|&pod| is_work(subject, pod));
    let (working, idle): (Vec<NodeId>, Vec<NodeId>) = cluster.nodes.ids().partition(|&node| works(node));
    // what waits may be meant for it: that is a finding of the rules that say why
    if working.is_empty() || !subject.baseline().waiting().is_empty() {
        return;
    }
    let written = |node: &NodeId| &subject.objects.nodes[cluster.nodes.objects[node.index()]];
    let spare = idle.into_iter().filter(|node| is_worker(written(node)));
    // what somebody allows on one node says nothing of the others
    let (allowed, left): (Vec<NodeId>, Vec<NodeId>) = spare.partition(|node| is_allowed(written(node)));
    allowed.iter().for_each(|node| tell(subject, written(node), &[*node], findings));
    if let Some(first) = left.first() {
        tell(subject, written(first), &left, findings);
    }
}

fn tell(subject: &Subject<'_>, first: &Node, nodes: &[NodeId], findings: &mut Findings) {
    let message = match subject.baseline().occupancy().pods_on(nodes[0]).len() {
        0 => "nothing runs on it".to_owned(),
        on => format!("it runs nothing but {} of DaemonSets and static pods", pods(on)),
    };
    let finding = findings.on(first, "", message);
    if nodes.len() > 1 {
        finding.because(format!("the same holds for {}", listed(nodes[1..].iter().map(|&node| subject.node_name(node)))));
    }
    finding.help("remove it if the rest survives without it (`plimsoll lose` says so), or see which taints and labels keep pods away");
}

/// Whether a pod is what a node is there for.
fn is_work(subject: &Subject<'_>, pod: PodId) -> bool {
    let written = &subject.objects.pods[subject.baseline().cluster().pod(pod).object];
    let owner = written.metadata.controller().map(|owner| owner.kind.as_str());
    !matches!(owner, Some("DaemonSet" | "Node")) && !written.metadata.annotations.contains_key("kubernetes.io/config.mirror")
}

fn is_worker(node: &Node) -> bool {
    let is_role = |key: &str| matches!(key, "node-role.kubernetes.io/control-plane" | "node-role.kubernetes.io/master");
    let is_of_control_plane = node.metadata.labels.keys().any(|key| is_role(key)) || node.spec.taints.iter().any(|taint| is_role(&taint.key));
    let is_ready = node.status.conditions.iter().all(|condition| condition.r#type != "Ready" || condition.status == "True");
    !is_of_control_plane && !node.spec.unschedulable && is_ready
}

/// Whether somebody said that this one is spare, so that the others are told by the next.
fn is_allowed(node: &Node) -> bool {
    crate::check::allow::acceptances(&node.metadata).iter().any(|accepted| matches!(accepted.rule.as_str(), "idle-node" | "PL406"))
}
