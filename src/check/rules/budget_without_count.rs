//! A PodDisruptionBudget asks for a share, or for `maxUnavailable`, of pods of which nobody says how many there should be.
//!
//! The disruption controller asks the controller of each pod for its scale. DaemonSets, Jobs and static pods have none, and one such
//! pod is enough: the budget is not worked out, and lets nobody go. Pods without a controller count for nothing, with the same result. Only
//! a `minAvailable` that is a number can be had for those.
//!
//! # Example
//!
//! ```yaml
//! kind: PodDisruptionBudget
//! spec: {maxUnavailable: 1, selector: {matchLabels: {app: agent}}}     # pods of a DaemonSet
//! ```
//!
//! # Instead
//!
//! A number in `minAvailable`, or labels that leave out those pods (a finished Job of the same chart will do it). `kubectl drain` passes
//! over DaemonSets in any case, so that these need no budget.
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/controller/disruption/disruption.go, getExpectedScale, v1.36; kubernetes.io, "Specifying a Disruption Budget",
//! arbitrary workloads and selectors.

use super::budget_allows_nothing::tell_drains;
use crate::check::guarded::{Fault, fault};
use crate::check::{Findings, Subject};
use crate::manifest::read::Severity;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for (index, budget) in subject.objects.pod_disruption_budgets.iter().enumerate() {
        let Some(Fault::CannotCount(why)) = fault(subject, index) else { continue };
        let path = if budget.spec.max_unavailable.is_some() { "spec.maxUnavailable" } else { "spec.minAvailable" };
        // pods of Jobs come and go
        let is_of_jobs = why.contains("jobs.batch");
        let message = match is_of_jobs {
            true => "it cannot be worked out while a pod of a Job has these labels, ended or not, and lets none go then",
            false => "it cannot be worked out for the pods that it guards, so that it never lets one go",
        };
        let finding = findings.on(budget, path, message);
        if is_of_jobs {
            finding.severity(Severity::Warning);
        }
        finding.because(why);
        tell_drains(subject, index, finding);
        finding.help("write minAvailable as a number, or leave those pods out of its selector");
    }
}
