//! A PodDisruptionBudget never lets a pod go, even while all of them are well.
//!
//! It wants as many pods as there are at most: `maxUnavailable: 0`, `minAvailable: 100%`, a number that is not below the replicas, or a
//! share that is rounded up to all of them. Nodes with these pods cannot be drained; upgrades of the cluster hang until somebody
//! deletes the pods by hand, without any protection. Replicas at most count, those of an autoscaler among them; a workload of one pod is
//! found by `budget-on-single-pod`.
//!
//! # Example
//!
//! ```yaml
//! kind: PodDisruptionBudget
//! spec: {minAvailable: 2, selector: {matchLabels: {app: api}}}         # and the Deployment has replicas: 2
//! ```
//!
//! # Instead
//!
//! ```yaml
//! spec: {maxUnavailable: 1, selector: {matchLabels: {app: api}}}
//! ```
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/controller/disruption/disruption.go, updatePdbStatus, v1.36.

use crate::check::drains::BlockedDrain;
use crate::check::guarded::{Fault, fault};
use crate::check::placement::{listed, pods};
use crate::check::{Finding, Findings, Subject};
use crate::manifest::meta::IntOrString;
use crate::simulation::drain::Refuser;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for (index, budget) in subject.objects.pod_disruption_budgets.iter().enumerate() {
        let Some(Fault::AllowsNothing { pods: most, wanted }) = fault(subject, index) else { continue };
        let (path, bound) = match (&budget.spec.max_unavailable, &budget.spec.min_available) {
            (Some(bound), _) => ("spec.maxUnavailable", bound),
            (None, Some(bound)) => ("spec.minAvailable", bound),
            (None, None) => continue,
        };
        let most = usize::try_from(most).unwrap_or(0);
        let finding = findings.on(budget, path, format!("it wants {wanted} of {} to stay, and never lets one go", pods(most)));
        if matches!(bound, IntOrString::Text(text) if text != "100%" && text != "0%") {
            finding.because("shares are rounded up");
        }
        tell_drains(subject, index, finding);
        finding.help(match most {
            1 => "run a second pod and write maxUnavailable: 1, or delete the budget".to_owned(),
            _ => "write maxUnavailable: 1, which holds for any number of replicas".to_owned(),
        });
    }
}

/// What a budget blocks, as evidence.
pub(super) fn tell_drains(subject: &Subject<'_>, budget: usize, finding: &mut Finding) {
    let is_its = |blocked: &&BlockedDrain| blocked.refuser == Refuser::Budget(budget);
    if let Some(blocked) = subject.blocked_drains().iter().find(is_its) {
        let nodes = listed(blocked.nodes.iter().map(|&node| subject.node_name(node)));
        let what = if blocked.nodes.len() == 1 { "node" } else { "nodes" };
        finding.because(format!("{what} {nodes} cannot be drained because of it"));
    }
}
