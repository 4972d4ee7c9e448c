//! All replicas of a workload stand in one zone, though nodes are in several.
//!
//! A zone is what a cloud loses as a whole: power, network, a bad rollout. Replicas on several nodes of one zone survive a node and not
//! that. It is found where it happens; where all of them stand on one node, `one-node` says so instead.
//!
//! # Example
//!
//! ```yaml
//! kind: StatefulSet           # its three pods run on three nodes of zone-a
//! spec: {replicas: 3}
//! ```
//!
//! # Instead
//!
//! ```yaml
//! topologySpreadConstraints:
//! - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: db}}}
//! ```
//!
//! # Source
//!
//! kubernetes.io, "Running in multiple zones"; the zones are those of `graph::failure_domains`.

use crate::check::apart::{Firmness, apart};
use crate::check::placement::pods;
use crate::check::{Findings, Subject};
use crate::planning::quorum::Quorum;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.zones().len() < 2 || !subject.has_whole_cluster() {
        return;
    }
    for quorum in subject.quorums().workloads.iter().filter(|quorum| quorum.replicas >= 2) {
        let Some((zone, nodes)) = together(subject, quorum) else { continue };
        let firmness = subject.workload_of_quorum(quorum).and_then(|workload| apart(workload, quorum.replicas).zones);
        let zones = subject.zones().len();
        let message = format!("all {} stand in zone {zone}, on {nodes} nodes", pods(quorum.pods.len()));
        let finding = subject.on_quorum(findings, quorum, "spec.replicas", message);
        finding.because(format!("the nodes are in {zones} zones")).because(match firmness {
            None => "no rule of its own spreads them over zones",
            Some(Firmness::Soft) => "what spreads them over zones is only preferred, and gave way",
            Some(Firmness::Hard) => "they were placed before the rule that spreads them, or other zones may not take them",
        });
        finding.help("require that they are spread over topology.kubernetes.io/zone; volumes of one zone have to be made anew for that");
    }
}

/// The zone that all pods of a workload stand in, on several nodes, and on how many.
fn together(subject: &Subject<'_>, quorum: &Quorum) -> Option<(String, usize)> {
    let nodes = subject.nodes_of(&quorum.pods);
    let zones: Option<Vec<&str>> = nodes.keys().map(|&node| subject.zone_of(node)).collect();
    let zones = zones?;
    let zone = (*zones.first()?).to_owned();
    (nodes.len() >= 2 && zones.iter().all(|own| *own == zone)).then_some((zone, nodes.len()))
}
