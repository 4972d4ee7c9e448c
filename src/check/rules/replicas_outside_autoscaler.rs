//! A manifest writes replicas for a workload that are fewer, or more, than its autoscaler allows.
//!
//! The autoscaler corrects it at once, and the next apply sets it back: pods come and go at every deployment. Zero replicas are left alone: they
//! turn the autoscaler off.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment
//! spec: {replicas: 1}
//! ---
//! kind: HorizontalPodAutoscaler
//! spec: {minReplicas: 3, maxReplicas: 20}
//! ```
//!
//! # Instead
//!
//! Leave `replicas` out of the manifest: the autoscaler chooses.
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/controller/podautoscaler/horizontal.go, v1.36 (reconcileAutoscaler: `Current number of replicas below
//! Spec.MinReplicas`).

use super::target_of;
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for autoscaler in &subject.objects.horizontal_pod_autoscalers {
        let Some(workload) = target_of(subject, autoscaler) else { continue };
        let Some(&written) = subject.question.replicas.get(&workload.metadata.origin) else { continue };
        let (fewest, most) = (autoscaler.spec.min_replicas.unwrap_or(1), autoscaler.spec.max_replicas);
        if written == 0 || (fewest..=most).contains(&written) {
            continue;
        }
        let name = &autoscaler.metadata.name;
        let (bound, allowed) = match written < fewest {
            true => ("spec.minReplicas", format!("fewer than the {fewest}")),
            false => ("spec.maxReplicas", format!("more than the {most}")),
        };
        findings
            .on_workload(workload, "spec.replicas", format!("replicas: {written} is written, {allowed} that autoscaler {name} allows"))
            .see(&autoscaler.metadata, bound, "the bound")
            .because("the autoscaler corrects it at once, and every apply sets it back")
            .help("leave spec.replicas out of the manifest");
    }
}
