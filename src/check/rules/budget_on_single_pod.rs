//! A PodDisruptionBudget guards a single pod, and wants it to stay.
//!
//! It looks like protection and is none: nothing replaces the pod while its node is lost, and nobody may drain that node while it is well.
//! A budget that lets the only pod go (`maxUnavailable: 1`) is not meant: it blocks nothing.
//!
//! # Example
//!
//! ```yaml
//! kind: PodDisruptionBudget
//! spec: {minAvailable: 1, selector: {matchLabels: {app: api}}}         # and the Deployment has replicas: 1
//! ```
//!
//! # Instead
//!
//! Run a second pod; or write `maxUnavailable: 1`, or no budget, and let it restart elsewhere.
//!
//! # Source
//!
//! kubernetes.io, "Specifying a Disruption Budget", on single-instance applications; pkg/controller/disruption/disruption.go, v1.36.

use super::budget_allows_nothing::tell_drains;
use crate::check::guarded::{Fault, fault};
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for (index, budget) in subject.objects.pod_disruption_budgets.iter().enumerate() {
        if fault(subject, index) != Some(Fault::SinglePod) {
            continue;
        }
        let path = if budget.spec.max_unavailable.is_some() { "spec.maxUnavailable" } else { "spec.minAvailable" };
        let guarded = &subject.guarded()[index];
        let workload = guarded.workloads.first().map(|&workload| &subject.workloads[workload]);
        let whose = workload.map_or_else(String::new, |workload| format!(" of {}", workload.object()));
        let finding = findings.on(budget, path, format!("it wants the only pod{whose} to stay, so that its node cannot be drained"));
        if let Some(workload) = workload {
            finding.see(workload.metadata, "spec.replicas", "one pod");
        }
        tell_drains(subject, index, finding);
        finding.help("run a second pod, or write maxUnavailable: 1, which lets the pod restart elsewhere");
    }
}
