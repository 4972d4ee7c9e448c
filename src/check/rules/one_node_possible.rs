//! Nothing keeps the replicas of a workload apart, so that all of them may be placed on one node.
//!
//! kube-scheduler spreads pods that say nothing by default, but softly: a skew of 3 over nodes and of 5 over zones is even, and any
//! other score may weigh more. Two or three replicas land on one node when the others are fuller, and stay there.
//!
//! It is said of Deployments, StatefulSets and the like with two replicas or more, in namespaces that are expected to be fit for
//! production, that have no rule of their own: no anti-affinity and no spread constraint, hard or soft, that means their own pods. Where
//! all of them stand on one node already, `one-node` says so instead; where a rule is there and means other pods,
//! `anti-affinity-to-others` or `spread-of-others`.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment
//! spec: {replicas: 2, template: {spec: {containers: [{name: api}]}}}
//! ```
//!
//! # Instead
//!
//! ```yaml
//! topologySpreadConstraints:
//! - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: api}}}
//! ```
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread/plugin.go, systemDefaultConstraints, v1.36; task 2 ("Pod
//! Anti-Affinity") of a guide to highly available data platforms.

use super::anti_affinity_to_others::idle_term;
use crate::check::apart::{apart, spreads_itself};
use crate::check::placement::pods;
use crate::check::{Findings, Subject, Workload};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    // of a profile with default constraints of its own it is not known here what they come to
    if subject.objects.nodes.len() == 1 || subject.question.configuration.has_default_constraints() {
        return;
    }
    for workload in subject.workloads.iter().filter(|workload| workload.serves() && subject.is_production(workload)) {
        let replicas = replicas(subject, workload);
        if replicas < 2 || apart(workload, replicas).nodes.is_some() || is_misdirected(subject, workload) {
            continue;
        }
        let places = if subject.has_nodes() { subject.nodes_of(&workload.pods) } else { Default::default() };
        if places.len() == 1 {
            continue;
        }
        let finding = findings.on_workload(workload, "spec.replicas", format!("nothing keeps its {} from one node", pods(replicas)));
        match places.len() {
            0 => finding.because("kube-scheduler's default spreading is soft: up to 3 on a node count as even"),
            nodes => finding.because(format!("they stand on {nodes} nodes now, by kube-scheduler's default spreading, which is soft")),
        };
        finding.help("add topologySpreadConstraints over kubernetes.io/hostname (maxSkew: 1), or podAntiAffinity");
    }
}

/// Whether a rule is there that does not mean what it should, which is a finding of its own.
fn is_misdirected(subject: &Subject<'_>, workload: &Workload<'_>) -> bool {
    let constraints = &workload.spec.topology_spread_constraints;
    idle_term(subject, workload).is_some() || constraints.iter().any(|constraint| !spreads_itself(constraint, workload.labels()))
}

/// How many pods of a workload there are at least.
pub(super) fn replicas(subject: &Subject<'_>, workload: &Workload<'_>) -> usize {
    let written = workload.replicas.unwrap_or(0);
    let least = subject.autoscaler_of(workload).map_or(0, |autoscaler| autoscaler.spec.min_replicas.unwrap_or(1));
    // what was scaled to zero is not scaled up again by an autoscaler
    if written == 0 { 0 } else { written.max(usize::try_from(least).unwrap_or(0)) }
}
