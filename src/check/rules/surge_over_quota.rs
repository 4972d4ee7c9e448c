//! A ResourceQuota refuses the pods that a rolling update starts on top of those that run.
//!
//! The quota holds what runs, and nothing more: the update gets no further than old pods may go first. What a workload needs by itself, with
//! nothing else being rolled out, makes a warning; that all workloads of the namespace cannot be rolled out at once, a note.
//!
//! # Example
//!
//! ```yaml
//! kind: ResourceQuota
//! spec: {hard: {requests.cpu: 4}}
//! ---
//! kind: Deployment            # four pods of one core, and maxSurge: 1
//! ```
//!
//! # Instead
//!
//! Leave room for the surge in the quota (`plimsoll plan` proposes one), or let old pods go first (`maxUnavailable: 1`, `maxSurge: 0`).
//!
//! # Source
//!
//! k8s.io/kubernetes/plugin/pkg/admission/resourcequota, v1.36; `planning::quota`.

use crate::check::{Findings, Subject};
use crate::manifest::read::Severity;
use crate::planning::quota::{FirstRefused, refused_alone};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(quotas) = subject.question.quotas.filter(|quotas| !quotas.first_in_rollout.is_empty()) else { return };
    let namespaces = quotas.first_in_rollout.iter().map(|first| first.namespace.as_str()).collect();
    let alone = refused_alone(subject.objects, &namespaces);
    for refused in &alone {
        tell(subject, findings, refused, true);
    }
    for refused in quotas.first_in_rollout.iter().filter(|first| !alone.iter().any(|one| one.namespace == first.namespace)) {
        tell(subject, findings, refused, false);
    }
}

fn tell(subject: &Subject<'_>, findings: &mut Findings, refused: &FirstRefused, alone: bool) {
    let is_it = |workload: &&crate::check::Workload<'_>| {
        workload.namespace() == refused.namespace && format!("{}/{}", workload.kind, workload.metadata.name) == refused.workload
    };
    let Some(workload) = subject.workloads.iter().find(is_it) else { return };
    let is_refused_now = subject.question.creation.refused.iter().any(|one| one.pod.is_some() && one.origin == workload.metadata.origin);
    if is_refused_now {
        return;
    }
    let path = if workload.kind == "DaemonSet" { "spec.updateStrategy" } else { "spec.strategy" };
    let message = match alone {
        true => "a ResourceQuota refuses a pod that an update starts on top of those that run",
        false => "a ResourceQuota refuses a pod when all workloads of its namespace are rolled out at once",
    };
    let finding = findings.on_workload(workload, path, message);
    if !alone {
        finding.severity(Severity::Note);
    }
    finding.because(format!("the API server says: {}", refused.message));
    finding.help("leave room for the surge in the quota (`plimsoll plan` proposes one), or let old pods go first (maxSurge: 0)");
}
