//! An autoscaler scales something that is not there, or that the API does not know by the group it names.
//!
//! It reports `FailedGetScale` and does nothing. Kinds other than Deployment, StatefulSet, ReplicaSet and ReplicationController are left
//! alone, for nothing is known of them. Of manifests by themselves it is a warning, and only where they bring workloads for the same
//! namespace: the target may be in the cluster.
//!
//! # Example
//!
//! ```yaml
//! kind: HorizontalPodAutoscaler
//! spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: apis}}      # the Deployment is called api
//! ```
//!
//! # Instead
//!
//! Name what is there, in the namespace of the autoscaler; the group of Deployments and StatefulSets is `apps`.
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/controller/podautoscaler/horizontal.go, v1.36 (scaleForResourceMappings, `FailedGetScale`).

use super::target_of;
use crate::check::{Findings, Subject};
use crate::manifest::autoscaling::HorizontalPodAutoscaler;
use crate::manifest::read::{Severity, Written};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for autoscaler in &subject.objects.horizontal_pod_autoscalers {
        let target = &autoscaler.spec.scale_target_ref;
        let group = match target.kind.as_str() {
            "Deployment" | "StatefulSet" | "ReplicaSet" => "apps",
            "ReplicationController" => "",
            _ => continue,
        };
        let named = target.api_version.split_once('/').map_or("", |(group, _)| group);
        let namespace = autoscaler.metadata.namespace_or_default();
        if named != group {
            let message = format!("it names {} {} of apiVersion {:?}, in which there is no such kind", target.kind, target.name, target.api_version);
            let help = if group.is_empty() { "write apiVersion: v1" } else { "write apiVersion: apps/v1" };
            findings.on(autoscaler, "spec.scaleTargetRef.apiVersion", message).because("the controller finds nothing to scale by it").help(help);
        } else if target_of(subject, autoscaler).is_none() && !is_refused(subject, autoscaler) && can_tell(subject, autoscaler) {
            let message = format!("it scales {} {}, which is not in namespace {namespace}", target.kind, target.name);
            let finding = findings.on(autoscaler, "spec.scaleTargetRef.name", message);
            if *subject.question.written == Written::Everything {
                finding.severity(Severity::Warning).because("unless the cluster has it already, the autoscaler does nothing");
            }
            finding.help("name what is there, or add it to what is applied");
        }
    }
}

/// Whether the input shows enough: a cluster's workloads, or manifests that bring workloads for the same namespace.
fn can_tell(subject: &Subject<'_>, autoscaler: &HorizontalPodAutoscaler) -> bool {
    let written = &subject.question.written;
    let target = &autoscaler.spec.scale_target_ref;
    let is_of_cluster = |workload: &crate::check::Workload<'_>| workload.kind == target.kind && !written.holds(workload.metadata);
    let is_beside = |workload: &crate::check::Workload<'_>| {
        workload.serves() && workload.namespace() == autoscaler.metadata.namespace_or_default() && written.holds(workload.metadata)
    };
    // of a chart some objects may say their namespace and others not
    let is_elsewhere = |workload: &crate::check::Workload<'_>| workload.kind == target.kind && workload.metadata.name == target.name;
    let mut workloads = subject.workloads.iter();
    workloads.clone().any(|one| is_of_cluster(one) || is_beside(one)) && !workloads.any(|one| written.holds(one.metadata) && is_elsewhere(one))
}

/// Whether its target is missing because the API server refuses it, which is told where it is written.
fn is_refused(subject: &Subject<'_>, autoscaler: &HorizontalPodAutoscaler) -> bool {
    let target = &autoscaler.spec.scale_target_ref;
    let namespace = |namespace: &str| if namespace.is_empty() { "default".to_owned() } else { namespace.to_owned() };
    let mut refused = subject.question.creation.refused.iter();
    refused.any(|one| {
        one.kind == target.kind && one.name == target.name && namespace(&one.namespace) == autoscaler.metadata.namespace_or_default()
    })
}
