//! Required anti-affinity leaves pods no node: there are more of them than nodes or zones to keep apart in.
//!
//! With `requiredDuringSchedulingIgnoredDuringExecution` a node, or with a zone as topology key a whole zone, takes one pod and no more. What is beyond
//! that stays Pending, however much room there is. Anti-affinity of others counts, too: it holds in both directions.
//!
//! # Example
//!
//! ```yaml
//! spec: {replicas: 4}      # on three nodes
//! affinity:
//!   podAntiAffinity:
//!     requiredDuringSchedulingIgnoredDuringExecution:
//!     - {labelSelector: {matchLabels: {app: api}}, topologyKey: kubernetes.io/hostname}
//! ```
//!
//! # Instead
//!
//! Prefer instead of requiring, or spread evenly: `topologySpreadConstraints` with `maxSkew: 1` takes any number of pods.
//!
//! # Source
//!
//! pkg/scheduler/framework/plugins/interpodaffinity/filtering.go, v1.36: `node(s) didn't match pod anti-affinity rules`.

use std::collections::BTreeSet;

use super::{pending, sentence};
use crate::check::obstacle::{Cause, Obstacle};
use crate::check::sight::Sight;
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    subject.each_obstacle(Cause::AntiAffinity, |obstacle, workload, sight| {
        let message = format!("{}: every node is near pods that must be kept away from", pending(obstacle, workload));
        let path = "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution";
        let own = apart(sight, obstacle);
        let others = in_the_way(subject, sight, obstacle);
        let finding = findings.on_pods_of(workload, path, message);
        if let Some((key, domains)) = own {
            let wanted = workload.replicas.map_or_else(String::new, |replicas| format!("; it wants {replicas} pods"));
            finding.because(format!("its pods keep away from one another by {key}, of which {domains} can be reached{wanted}"));
        }
        if !others.is_empty() {
            finding.because(format!("in the way are pods of {}", others.into_iter().collect::<Vec<_>>().join(", ")));
        }
        finding.because(sentence(obstacle));
        finding.help("prefer instead of requiring, spread with topologySpreadConstraints, run fewer pods, or add nodes");
    });
}

/// By which label its pods keep away from one another, and how many values of it they can have.
fn apart<'s>(sight: &Sight<'s>, obstacle: &Obstacle) -> Option<(&'s str, usize)> {
    let cluster = sight.cluster();
    let class = cluster.class_of(obstacle.first);
    let own = class.anti_affinity.iter().map(|&term| cluster.term(term)).filter(|term| term.matches(class));
    let domains = |topology| cluster.topology(topology).domains_meeting(&obstacle.nodes).into_iter().filter(|meets| *meets).count();
    own.map(|term| (sight.text(cluster.topology(term.topology).key), domains(term.topology))).min_by_key(|(_, domains)| *domains)
}

/// Other workloads from which it must keep away, or that keep away from it, on the nodes that it may go to.
fn in_the_way(subject: &Subject<'_>, sight: &Sight<'_>, obstacle: &Obstacle) -> BTreeSet<String> {
    let cluster = sight.cluster();
    let class = cluster.class_of(obstacle.first);
    let repels = |other: &crate::cluster::class::Class| {
        class.anti_affinity.iter().any(|&term| cluster.term(term).matches(other)) || other.anti_affinity.iter().any(|&term| cluster.term(term).matches(class))
    };
    let Some(now) = sight.now(obstacle.first) else { return BTreeSet::new() };
    let pods = obstacle.nodes.iter().flat_map(|node| now.occupancy.pods_on(node)).filter(|&&pod| repels(cluster.class_of(pod)));
    let workloads = pods.filter_map(|&pod| subject.workload_of(cluster.pod(pod).object)).filter(|&workload| workload != obstacle.workload);
    workloads.map(|workload| subject.workloads[workload].object().to_string()).take(5).collect()
}
