//! A PodDisruptionBudget guards nothing: no pod and no workload of the input has the labels that it asks for.
//!
//! Whoever drains a node is not held up, and the pods that the budget was written for go all at once. A label that was renamed, or a
//! namespace that differs, is enough.
//!
//! It is only said where it can be known: of the dump of a cluster, or where the namespace has workloads in the input and nothing in it
//! is made by an operator's own kind, whose pods nobody sees in manifests. A budget without selector guards nothing anywhere.
//!
//! # Example
//!
//! ```yaml
//! kind: PodDisruptionBudget
//! spec: {minAvailable: 1, selector: {matchLabels: {app: api-server}}}    # and all pods have app: api
//! ```
//!
//! # Instead
//!
//! Write the labels that the pods have.
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/controller/disruption/disruption.go, getPodsForPdb, v1.36.

use crate::check::guarded::{Fault, fault};
use crate::check::{Findings, Subject};
use crate::controllers::selector::matches;
use crate::manifest::meta::LabelSelector;
use crate::manifest::policy::PodDisruptionBudget;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for (index, budget) in subject.objects.pod_disruption_budgets.iter().enumerate() {
        if fault(subject, index) != Some(Fault::GuardsNothing) {
            continue;
        }
        let Some(selector) = &budget.spec.selector else {
            let finding = findings.on(budget, "spec", "it has no selector, so that it guards no pod");
            finding.help("write the labels of the pods that it is to guard; an empty selector means all of the namespace");
            continue;
        };
        if !is_known(subject, budget) {
            continue;
        }
        let finding = findings.on(budget, "spec.selector", "it guards nothing: no pod and no workload of its namespace has these labels");
        if let Some(elsewhere) = elsewhere(subject, selector) {
            finding.because(format!("{elsewhere} has them, in another namespace"));
        }
        finding.help("write the labels that the pods have, or delete it");
    }
}

/// Whether it is known what there is in the namespace of a budget.
fn is_known(subject: &Subject<'_>, budget: &PodDisruptionBudget) -> bool {
    let namespace = budget.metadata.namespace_or_default();
    // the cluster counts pods that are not in the input
    if budget.status.expected_pods > 0 || budget.status.current_healthy > 0 {
        return false;
    }
    let has_workloads = subject.workloads.iter().any(|workload| workload.namespace() == namespace);
    let has_pods = subject.objects.pods.iter().any(|pod| pod.metadata.namespace_or_default() == namespace);
    let is_whole = if subject.has_nodes() { subject.has_whole_cluster() } else { subject.question.skipped.owners().next().is_none() };
    (has_workloads || has_pods) && is_whole
}

fn elsewhere(subject: &Subject<'_>, selector: &LabelSelector) -> Option<String> {
    let is_empty = selector.match_labels.is_empty() && selector.match_expressions.is_empty();
    let workload = subject.workloads.iter().find(|workload| matches(selector, workload.labels()));
    workload.filter(|_| !is_empty).map(|workload| workload.object().to_string())
}
