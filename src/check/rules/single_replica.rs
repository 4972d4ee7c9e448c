//! A workload that serves others has a single pod, and nothing says that this is enough.
//!
//! While its node is lost, drained or restarted there is nobody who answers. It is not said of a workload that an autoscaler keeps at two or
//! more, of one that no Service leads to, or of one that says `plimsoll.dev/allow: "single-replica: …"` and why.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment
//! spec: {replicas: 1}         # behind a Service
//! ```
//!
//! # Instead
//!
//! Run two or more, on different nodes; where a second one makes no sense, say so:
//!
//! ```yaml
//! metadata:
//!   annotations: {plimsoll.dev/allow: "single-replica: a batch importer may restart"}
//! ```
//!
//! # Source
//!
//! The metric "Service Replicas: 2+ per service" of a guide to highly available data platforms; `planning::success_metrics`.

use crate::check::{Findings, Subject, Workload};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for workload in subject.workloads.iter().filter(|workload| workload.serves() && workload.replicas == Some(1)) {
        let Some(service) = service_of(subject, workload) else { continue };
        if is_scaled(subject, workload) {
            continue;
        }
        findings
            .on_workload(workload, "spec.replicas", format!("a single pod is all that Service {service} leads to"))
            .because("while its node is lost, drained or restarted nobody answers")
            .help("run two or more on different nodes, or annotate it with plimsoll.dev/allow: \"single-replica: WHY\"");
    }
}

fn service_of<'a>(subject: &Subject<'a>, workload: &Workload<'_>) -> Option<&'a str> {
    let leads = |service: &&crate::manifest::workload::Service| {
        let selector = &service.spec.selector;
        service.metadata.namespace_or_default() == workload.namespace()
            && !selector.is_empty()
            && selector.iter().all(|(key, value)| workload.labels().get(key) == Some(value))
    };
    subject.objects.services.iter().find(leads).map(|service| service.metadata.name.as_str())
}

/// Whether an autoscaler keeps it at two or more.
fn is_scaled(subject: &Subject<'_>, workload: &Workload<'_>) -> bool {
    subject.objects.horizontal_pod_autoscalers.iter().any(|autoscaler| {
        let target = &autoscaler.spec.scale_target_ref;
        autoscaler.metadata.namespace_or_default() == workload.namespace()
            && target.kind == workload.kind
            && target.name == workload.metadata.name
            && autoscaler.spec.min_replicas.unwrap_or(1) > 1
    })
}
