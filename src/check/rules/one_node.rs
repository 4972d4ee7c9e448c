//! All replicas of a workload stand on one node, or everything stands on the only node.
//!
//! Replicas that share a node share its fate: they cost as much as replicas on several nodes, and survive nothing. This is found where it
//! happens, in the places that pods have or that kube-scheduler gives them; that it may happen is `one-node-possible`. Where the cluster
//! has a single node that is said once, of the node. What comes in through NodePorts and load balancers is found by `one-node-entrance`.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment            # both pods run on node-1
//! spec: {replicas: 2}
//! ```
//!
//! # Instead
//!
//! Spread them, and delete one pod of them, so that it is placed anew:
//!
//! ```yaml
//! topologySpreadConstraints:
//! - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: api}}}
//! ```
//!
//! # Source
//!
//! The metric "Pod Distribution: spread across nodes" of a guide to highly available data platforms; `planning::success_metrics`.

use super::one_node_entrance::is_entrance;
use crate::check::apart::{Firmness, apart};
use crate::check::placement::pods;
use crate::check::{Findings, Subject};
use crate::cluster::index::NodeId;
use crate::planning::quorum::Quorum;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    match &subject.objects.nodes[..] {
        _ if !subject.has_whole_cluster() => {}
        [node] => {
            let all: Vec<usize> = (0..subject.objects.pods.len()).collect();
            let running: usize = subject.nodes_of(&all).values().sum();
            if running >= 2 {
                let message = format!("it is the only node: all {running} pods stand on it, and are gone with it");
                let help = "add nodes, so that replicas can be spread: `plimsoll size` says which and how many";
                findings.on(node, "", message).because("nothing survives its loss, and it cannot be drained").help(help);
            }
        }
        _ => {
            for quorum in subject.quorums().workloads.iter().filter(|quorum| quorum.replicas >= 2) {
                let is_said = subject.workload_of_quorum(quorum).is_some_and(|workload| is_entrance(subject, workload));
                if let Some(node) = together(subject, quorum).filter(|_| !is_said) {
                    tell(subject, quorum, node, findings);
                }
            }
        }
    }
}

/// The node that all pods of a workload stand on, if there are several and they do.
pub(super) fn together(subject: &Subject<'_>, quorum: &Quorum) -> Option<NodeId> {
    let nodes = subject.nodes_of(&quorum.pods);
    let (&node, &pods) = nodes.iter().next()?;
    (nodes.len() == 1 && pods >= 2).then_some(node)
}

fn tell(subject: &Subject<'_>, quorum: &Quorum, node: NodeId, findings: &mut Findings) {
    let name = subject.node_name(node).to_owned();
    let number = quorum.pods.len();
    let firmness = subject.workload_of_quorum(quorum).and_then(|workload| apart(workload, quorum.replicas).nodes);
    let others = subject.eligible(&quorum.pods).len();
    let finding = subject.on_quorum(findings, quorum, "spec.replicas", format!("all {} stand on node {name}", pods(number)));
    finding.because(match firmness {
        None => "no anti-affinity and no spread constraint of its own keeps them apart",
        Some(Firmness::Soft) => "what keeps them apart is only preferred, and gave way",
        Some(Firmness::Hard) => "they were placed before the rule that keeps them apart, or before there were other nodes",
    });
    match others {
        1 => finding.because(format!("node {name} is the only one that may take them")).help("let other nodes take its pods: look at node selectors, affinity, tolerations, volumes"),
        _ => finding.help("require that they are spread over kubernetes.io/hostname, and delete one of the pods, so that it is placed anew"),
    };
}
