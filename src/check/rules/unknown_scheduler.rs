//! A pod asks for a scheduler that nobody runs, so that nobody ever looks at it.
//!
//! It stays Pending without an event and without a reason: the scheduler of the cluster passes over pods that are not its own. Profiles of
//! the KubeSchedulerConfiguration that is given count, and so does a second scheduler that has placed any pod of the input.
//! Without nodes in the input it is not asked.
//!
//! # Example
//!
//! ```yaml
//! spec: {schedulerName: default-schedular}
//! ```
//!
//! # Instead
//!
//! Leave `schedulerName` out, name a profile that there is, or say `--scheduler-config` so that the profiles are known.
//!
//! # Source
//!
//! pkg/scheduler/eventhandlers.go, v1.36 (responsibleForPod).

use super::pending;
use crate::check::obstacle::Cause;
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for (obstacle, workload) in subject.obstacles_of(Cause::UnknownScheduler) {
        let name = workload.spec.scheduler_name.as_str();
        let has_placed = subject.objects.pods.iter().any(|pod| pod.spec.scheduler_name == name && !pod.spec.node_name.is_empty());
        if has_placed || name.is_empty() {
            continue;
        }
        findings
            .on_pods_of(workload, "schedulerName", format!("{}: it asks for scheduler {name:?}, and no profile has that name", pending(obstacle, workload)))
            .because("no pod of the input was placed by a scheduler of this name")
            .help("leave schedulerName out, name a profile that there is, or name the scheduler's configuration with --scheduler-config");
    }
}
