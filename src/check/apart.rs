//! What keeps the pods of a workload apart: rules of its own that mean its own pods.
//!
//! A rule that is there and means other pods is none here. What kube-scheduler does with pods that say nothing (its default spread
//! constraints: hostname 3 and zone 5, both soft) does not count: it gives way to any other score.
//!
//! Source: k8s.io/kubernetes/pkg/scheduler/apis/config/v1/default_plugins.go and
//! pkg/scheduler/framework/plugins/podtopologyspread/plugin.go (systemDefaultConstraints), v1.36.

use super::workload::Workload;
use crate::controllers::selector::matches;
use crate::manifest::meta::{LabelSelector, StringMap};
use crate::manifest::pod::{PodAffinity, PodAffinityTerm, TopologySpreadConstraint};

/// How firm a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Firmness {
    /// It gives way.
    Soft,
    /// It does not.
    Hard,
}

/// How firmly pods are kept apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Apart {
    /// Onto several nodes, or anything wider.
    pub nodes: Option<Firmness>,
    /// Into several zones, or anything wider.
    pub zones: Option<Firmness>,
}

const HOSTNAME: &str = "kubernetes.io/hostname";

/// What keeps the pods of a workload apart, of which there are so many.
pub fn apart(workload: &Workload<'_>, replicas: usize) -> Apart {
    let mut apart = Apart::default();
    for (_, firmness, term) in terms(workload) {
        if means_itself(workload, term) {
            apart.add(&term.topology_key, firmness);
        }
    }
    for constraint in &workload.spec.topology_spread_constraints {
        let is_felt = usize::try_from(constraint.max_skew).is_ok_and(|skew| skew < replicas);
        if is_felt && spreads_itself(constraint, workload.labels()) {
            let firmness = if constraint.when_unsatisfiable == "ScheduleAnyway" { Firmness::Soft } else { Firmness::Hard };
            apart.add(&constraint.topology_key, firmness);
        }
    }
    apart
}

/// The anti-affinity terms of a workload: where each is written, below its pods' spec, and how firm it is.
pub fn terms<'a>(workload: &Workload<'a>) -> Vec<(String, Firmness, &'a PodAffinityTerm)> {
    let affinity: Option<&'a PodAffinity> = workload.spec.affinity.as_ref().and_then(|affinity| affinity.pod_anti_affinity.as_ref());
    let Some(affinity) = affinity else { return Vec::new() };
    let path = "affinity.podAntiAffinity";
    let hard = affinity.required_during_scheduling_ignored_during_execution.iter().enumerate();
    let hard = hard.map(|(at, term)| (format!("{path}.requiredDuringSchedulingIgnoredDuringExecution[{at}]"), Firmness::Hard, term));
    let soft = affinity.preferred_during_scheduling_ignored_during_execution.iter().enumerate();
    let soft = soft.map(|(at, term)| {
        let path = format!("{path}.preferredDuringSchedulingIgnoredDuringExecution[{at}].podAffinityTerm");
        (path, Firmness::Soft, &term.pod_affinity_term)
    });
    hard.chain(soft).collect()
}

/// Whether an anti-affinity term means pods of the workload that has it.
pub fn means_itself(workload: &Workload<'_>, term: &PodAffinityTerm) -> bool {
    let is_near = term.namespace_selector.is_some()
        || term.namespaces.is_empty()
        || term.namespaces.iter().any(|namespace| namespace == workload.namespace());
    // what is merged as NotIn takes out the pods of the same value: its own
    is_near && term.mismatch_label_keys.is_empty() && selects(term.label_selector.as_ref(), workload.labels())
}

/// Whether a spread constraint counts pods with these labels. A selector without requirements counts nobody.
pub fn spreads_itself(constraint: &TopologySpreadConstraint, labels: &StringMap) -> bool {
    let selector = constraint.label_selector.as_ref();
    let is_empty = |selector: &LabelSelector| selector.match_labels.is_empty() && selector.match_expressions.is_empty();
    let counts_nobody = constraint.match_label_keys.is_empty() && selector.is_some_and(is_empty);
    !counts_nobody && selects(selector, labels)
}

fn selects(selector: Option<&LabelSelector>, labels: &StringMap) -> bool {
    selector.is_some_and(|selector| matches(selector, labels))
}

impl Apart {
    fn add(&mut self, topology_key: &str, firmness: Firmness) {
        self.nodes = self.nodes.max(Some(firmness));
        // of a key that is not known it cannot be said how wide its domains are
        if topology_key != HOSTNAME {
            self.zones = self.zones.max(Some(firmness));
        }
    }
}
