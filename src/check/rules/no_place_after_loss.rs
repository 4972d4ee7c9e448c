//! After the loss of one node, pods of a workload find no other place.
//!
//! Every node is lost by itself, and what ran on it is placed anew among the others, as kube-scheduler does it, with priorities and
//! preemption. What is pending then stays so until the node is back or somebody adds one. A workload is named with the node whose loss is
//! worst for it. What its volume keeps on that node is found by `pinned-to-node`; a cluster of a single node by `one-node`.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment            # two nodes with 4 cores each, and one of the pods has no room without the other node
//! spec: {replicas: 2, template: {spec: {containers: [{name: api, resources: {requests: {cpu: 3}}}]}}}
//! ```
//!
//! # Instead
//!
//! Keep room for the largest node on the others, ask for less, or weaken the rule that no node satisfies. `plimsoll lose` shows each loss,
//! `plimsoll size --survive 1` what to buy.
//!
//! # Source
//!
//! `simulation::loss`, which is held against recordings of kube-scheduler and the control plane.

use std::collections::BTreeMap;

use super::one_node::together;
use crate::check::{Findings, Subject};

/// Upstream's words for a node that a pod's volume cannot be reached from.
const VOLUME_ELSEWHERE: &str = "PersistentVolume's node affinity";

/// And for a claim that the input does not have, whatever the cluster has.
const CLAIM_NOT_THERE: &str = "persistentvolumeclaim \"";

/// What a workload lacks after a loss: how many pods, of how many that were there, which node, and the scheduler's sentence.
type Lack = (usize, usize, String, String);

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.has_other_nodes() {
        return;
    }
    for (workload, (pending, displaced, node, sentence)) in worst(subject) {
        if sentence.contains(VOLUME_ELSEWHERE) || sentence.contains(CLAIM_NOT_THERE) {
            continue;
        }
        let quorum = &subject.quorums().workloads[workload];
        // where only one node may take them at all, that they stand on it says enough
        if together(subject, quorum).is_some() && subject.eligible(&quorum.pods).len() == 1 {
            continue;
        }
        let message = match (pending, displaced) {
            (1, 1) => format!("after the loss of node {node} the pod that ran there finds no other node"),
            (pending, displaced) if pending == displaced => format!("after the loss of node {node} none of the {displaced} pods that ran there finds another"),
            _ => format!("after the loss of node {node} {pending} of the {displaced} pods that ran there find no other node"),
        };
        let finding = subject.on_quorum(findings, quorum, "", message);
        if !sentence.is_empty() {
            finding.because(format!("kube-scheduler: {sentence}"));
        }
        finding.help(format!("keep room for it on other nodes, or ask for less: `plimsoll lose --node {node}` shows who takes it"));
    }
}

fn worst(subject: &Subject<'_>) -> BTreeMap<usize, Lack> {
    let mut found: BTreeMap<usize, Lack> = BTreeMap::new();
    let losses = subject.node_losses();
    for (domain, judged) in losses.domains.iter().zip(&losses.resilience.losses) {
        let mut here: BTreeMap<usize, Lack> = BTreeMap::new();
        for displaced in &judged.loss.pods {
            let Some(&Some(workload)) = subject.quorums().of_pod.get(displaced.pod.index()) else { continue };
            let entry = here.entry(workload).or_insert_with(|| (0, 0, domain.value.clone(), String::new()));
            entry.1 += 1;
            if displaced.is_pending() {
                entry.0 += 1;
                if let (true, Some(message)) = (entry.3.is_empty(), &displaced.message) {
                    entry.3 = message.to_string();
                }
            }
        }
        for (workload, lack) in here.into_iter().filter(|(_, lack)| lack.0 > 0) {
            let entry = found.entry(workload).or_insert_with(|| lack.clone());
            if lack.0 > entry.0 {
                *entry = lack;
            }
        }
    }
    found
}
