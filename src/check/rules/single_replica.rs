//! A workload that serves others has a single pod, and nothing says that this is enough.
//!
//! While its node is lost, drained or restarted there is nobody who answers. It is not said of a workload that an autoscaler keeps at two or
//! more, of one that no Service leads to, or leads to beside others or for its metrics only, or of one that says `plimsoll.dev/allow: "single-replica: …"` and why.
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

use crate::check::{Findings, Subject};
use crate::manifest::workload::Service;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for workload in subject.workloads.iter().filter(|workload| workload.serves() && workload.replicas == Some(1)) {
        let is_alone = |service: &&Service| subject.led_to(service).filter(|other| other.replicas != Some(0)).count() == 1;
        let mut services = subject.services_of(workload).filter(|service| !is_of_metrics(service));
        let Some(service) = services.find(is_alone) else { continue };
        let least = subject.autoscaler_of(workload).map_or(1, |autoscaler| autoscaler.spec.min_replicas.unwrap_or(1));
        if least > 1 {
            continue;
        }
        let name = &service.metadata.name;
        findings
            .on_workload(workload, "spec.replicas", format!("a single pod is all that Service {name} leads to"))
            .because("while its node is lost, drained or restarted nobody answers")
            .help("run two or more on different nodes, or annotate it with plimsoll.dev/allow: \"single-replica: WHY\"");
    }
}

/// Whether nothing but metrics is asked of a Service: who gathers those can wait.
fn is_of_metrics(service: &Service) -> bool {
    let ports = &service.spec.ports;
    service.metadata.name.ends_with("-metrics") || !ports.is_empty() && ports.iter().all(|port| port.name.contains("metrics"))
}
