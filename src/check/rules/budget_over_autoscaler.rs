//! A PodDisruptionBudget wants as many pods as an autoscaler may leave at its least.
//!
//! At night, when there is little to do, the autoscaler is at `minReplicas`, the budget lets nobody go, and that is just when nodes are
//! to be drained. It works by day, which makes it hard to find.
//!
//! # Example
//!
//! ```yaml
//! kind: PodDisruptionBudget
//! spec: {minAvailable: 2, selector: {matchLabels: {app: api}}}         # and its HorizontalPodAutoscaler has minReplicas: 2
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
//! k8s.io/kubernetes/pkg/controller/disruption/disruption.go and pkg/controller/podautoscaler/horizontal.go, v1.36.

use crate::check::guarded::{Fault, fault};
use crate::check::placement::pods;
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for (index, budget) in subject.objects.pod_disruption_budgets.iter().enumerate() {
        let Some(Fault::Autoscaler { autoscaler, least, wanted }) = fault(subject, index) else { continue };
        let scaler = &subject.objects.horizontal_pod_autoscalers[autoscaler];
        let name = &scaler.metadata.name;
        let least = usize::try_from(least).unwrap_or(0);
        let message = format!("it wants {wanted} to stay, and HorizontalPodAutoscaler {name} may leave {}: then none may go", pods(least));
        let finding = findings.on(budget, "spec.minAvailable", message);
        finding.see(&scaler.metadata, "spec.minReplicas", "its least");
        finding.help(match wanted {
            1 => "write maxUnavailable: 1, or raise minReplicas to 2".to_owned(),
            _ => format!("write maxUnavailable: 1, or raise minReplicas above {wanted}"),
        });
    }
}
