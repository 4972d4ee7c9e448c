//! Pod distribution: no workload stands on one node alone.
//!
//! It holds when pods stand on at least two nodes (unless there is but one pod), and every workload that wants two replicas or more has pods on at least two. Jobs,
//! DaemonSets, static pods and pods that nobody manages have no replicas to spread. Two remarks: nodes with more pods than the guide's alert
//! allows, and critical workloads (StatefulSets, known applications, whatever needs more than one pod) that are spread and still fall
//! below what they need with one of their nodes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Thresholds;
use crate::cluster::index::{NodeId, PodId};
use crate::controllers::scale_down::WorkloadKey;
use crate::manifest::Objects;
use crate::manifest::pod::PodSpec;
use crate::planning::quorum::{Quorum, Quorums};
use crate::simulation::loss::Baseline;

/// Well-known label that tells nodes apart.
const HOSTNAME: &str = "kubernetes.io/hostname";

/// How pods are spread over nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct PodDistribution {
    /// Pods that are on nodes.
    pub pods: usize,
    /// Pods that find no node.
    pub waiting: usize,
    /// Nodes that have some.
    pub nodes: usize,
    /// Workloads that want two replicas or more and have pods on nodes.
    pub workloads: usize,
    /// The node with most pods, of equals the first, and how many; none without pods.
    pub fullest: Option<Crowd>,
    /// Workloads of which all pods are on one node, critical ones first.
    pub together: Vec<Stand>,
    /// Remark: nodes with more pods than the alert allows, the fullest first.
    pub crowded: Vec<Crowd>,
    /// Remark: critical workloads that are spread, and have too few pods left without this node.
    pub leaning: Vec<Stand>,
}

/// A node and its pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crowd {
    /// The node.
    pub node: String,
    /// How many pods are on it.
    pub pods: usize,
}

/// A workload and the node that it stands on, or leans on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// The workload.
    pub workload: WorkloadKey,
    /// The node with most of its pods.
    pub node: String,
    /// How many of its pods are there.
    pub pods: usize,
    /// Pods that it wants.
    pub replicas: usize,
    /// Pods that it needs.
    pub needed: usize,
    /// Whether it is a StatefulSet, a known application, or needs more than one pod.
    pub is_critical: bool,
    /// Whether its pods have a rule that spreads them over nodes, hard or soft.
    pub has_rule: bool,
}

impl PodDistribution {
    /// Whether pods are spread.
    pub fn holds(&self) -> bool {
        self.together.is_empty() && !self.is_on_one_node()
    }

    /// Whether everything stands on one node, or on none.
    pub fn is_on_one_node(&self) -> bool {
        self.nodes < 2 && self.pods + self.waiting >= 2
    }
}

pub(super) fn measure(objects: &Objects, baseline: &Baseline, quorums: &Quorums, thresholds: &Thresholds) -> PodDistribution {
    let cluster = baseline.cluster();
    let crowds = crowds(baseline.running().filter_map(|pod| baseline.occupancy().node_of(pod)));
    let crowd = |&(node, pods): &(NodeId, usize)| Crowd { node: cluster.node_name(node).to_owned(), pods };
    let mut distribution = PodDistribution {
        pods: crowds.iter().map(|(_, pods)| pods).sum(),
        waiting: baseline.waiting().len(),
        nodes: crowds.len(),
        workloads: 0,
        fullest: crowds.first().map(crowd),
        together: Vec::new(),
        crowded: crowds.iter().take_while(|(_, pods)| *pods > thresholds.pods_per_node).map(crowd).collect(),
        leaning: Vec::new(),
    };
    for quorum in quorums.workloads.iter().filter(|quorum| quorum.replicas >= 2) {
        let crowds = self::crowds(quorum.pods.iter().filter_map(|&pod| baseline.occupancy().node_of(PodId::new(pod))));
        let Some(&(node, most)) = crowds.first() else { continue };
        distribution.workloads += 1;
        let stand = stand(objects, quorum, cluster.node_name(node), most);
        let left: usize = crowds[1..].iter().map(|(_, pods)| pods).sum();
        if crowds.len() == 1 {
            distribution.together.push(stand);
        } else if stand.is_critical && left < quorum.needed {
            distribution.leaning.push(stand);
        }
    }
    distribution.together.sort_by_key(|stand| !stand.is_critical);
    distribution
}

/// How many pods are on each of these nodes, the fullest first.
fn crowds(nodes: impl Iterator<Item = NodeId>) -> Vec<(NodeId, usize)> {
    let mut counts: BTreeMap<NodeId, usize> = BTreeMap::new();
    nodes.for_each(|node| *counts.entry(node).or_default() += 1);
    let mut counts: Vec<(NodeId, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|&(_, pods)| Reverse(pods));
    counts
}

fn stand(objects: &Objects, quorum: &Quorum, node: &str, pods: usize) -> Stand {
    Stand {
        workload: quorum.workload.clone(),
        node: node.to_owned(),
        pods,
        replicas: quorum.replicas,
        needed: quorum.needed,
        is_critical: quorum.workload.kind == "StatefulSet" || quorum.application.is_some() || quorum.needed >= 2,
        has_rule: quorum.pods.first().is_some_and(|&pod| has_rule(&objects.pods[pod].spec)),
    }
}

fn has_rule(spec: &PodSpec) -> bool {
    let away = spec.affinity.as_ref().and_then(|affinity| affinity.pod_anti_affinity.as_ref());
    let hard = away.iter().flat_map(|away| &away.required_during_scheduling_ignored_during_execution);
    let soft = away.iter().flat_map(|away| &away.preferred_during_scheduling_ignored_during_execution);
    let keys = hard.map(|term| &term.topology_key).chain(soft.map(|soft| &soft.pod_affinity_term.topology_key));
    keys.chain(spec.topology_spread_constraints.iter().map(|constraint| &constraint.topology_key)).any(|key| key == HOSTNAME)
}
