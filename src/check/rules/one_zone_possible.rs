//! A rule keeps the replicas of a workload on several nodes, but nothing keeps them from being in one zone.
//!
//! Somebody thought of nodes and not of zones. kube-scheduler's default spreading over zones does not count any more once a pod has a
//! spread constraint of its own, and is soft otherwise.
//!
//! It is only said where nodes are in two zones or more and one zone has nodes for all replicas that may take them, of workloads that are expected to be fit
//! for production. Where there is no rule at all `one-node-possible` says so; where it happens already, `one-zone`.
//!
//! # Example
//!
//! ```yaml
//! topologySpreadConstraints:
//! - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: api}}}
//! ```
//!
//! # Instead
//!
//! One more constraint:
//!
//! ```yaml
//! - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: api}}}
//! ```
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread/common.go, buildDefaultConstraints, v1.36.

use std::collections::{BTreeMap, BTreeSet};

use super::one_node_possible::replicas;
use crate::check::apart::apart;
use crate::check::placement::pods;
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let zones = subject.zones();
    if zones.len() < 2 || !subject.has_whole_cluster() {
        return;
    }
    for workload in subject.workloads.iter().filter(|workload| workload.serves() && subject.is_production(workload)) {
        let replicas = replicas(subject, workload);
        let apart = apart(workload, replicas);
        if replicas < 2 || apart.nodes.is_none() || apart.zones.is_some() {
            continue;
        }
        let mut rooms: BTreeMap<&str, usize> = BTreeMap::new();
        subject.eligible(&workload.pods).iter().filter_map(|node| subject.zone_of(node)).for_each(|zone| *rooms.entry(zone).or_default() += 1);
        let Some((zone, room)) = rooms.iter().find(|(_, room)| **room >= replicas).filter(|_| rooms.len() >= 2) else { continue };
        let nodes = subject.nodes_of(&workload.pods);
        let taken: BTreeSet<Option<&str>> = nodes.keys().map(|&node| subject.zone_of(node)).collect();
        // one zone is a finding of its own
        if taken.len() == 1 {
            continue;
        }
        let message = format!("its {} are kept on several nodes, and nothing keeps them from one zone", pods(replicas));
        findings
            .on_workload(workload, "spec.replicas", message)
            .because(format!("zone {zone} has {room} nodes that take them; there are {} such zones", rooms.len()))
            .help("add topologySpreadConstraints over topology.kubernetes.io/zone (maxSkew: 1)");
    }
}
