//! Two autoscalers scale the same workload, and so neither does.
//!
//! The controller notices that the pods are another's, too, and reports `AmbiguousSelector`; older ones pulled the replicas back and forth.
//!
//! # Example
//!
//! ```yaml
//! kind: HorizontalPodAutoscaler
//! metadata: {name: api-cpu}
//! spec: {scaleTargetRef: {kind: Deployment, name: api}}
//! ---
//! kind: HorizontalPodAutoscaler
//! metadata: {name: api-memory}
//! spec: {scaleTargetRef: {kind: Deployment, name: api}}
//! ```
//!
//! # Instead
//!
//! One autoscaler with both metrics: the one that asks for most decides.
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/controller/podautoscaler/horizontal.go, v1.36 (`AmbiguousSelector`).

use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let autoscalers = &subject.objects.horizontal_pod_autoscalers;
    for (place, autoscaler) in autoscalers.iter().enumerate() {
        let target = &autoscaler.spec.scale_target_ref;
        let is_alike = |other: &&crate::manifest::autoscaling::HorizontalPodAutoscaler| {
            let of = &other.spec.scale_target_ref;
            (&of.kind, &of.name) == (&target.kind, &target.name)
                && other.metadata.namespace_or_default() == autoscaler.metadata.namespace_or_default()
                && other.metadata.name != autoscaler.metadata.name
        };
        // each pair is told once, at the later one
        let Some(first) = autoscalers[..place].iter().find(is_alike) else { continue };
        findings
            .on(autoscaler, "spec.scaleTargetRef", format!("{} {} has another autoscaler already, {}", target.kind, target.name, first.metadata.name))
            .see(&first.metadata, "spec.scaleTargetRef", "the other one")
            .because("the controller scales neither (AmbiguousSelector)")
            .help("put the metrics of both into one autoscaler");
    }
}
