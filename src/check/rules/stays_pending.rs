//! Pods find no node in the cluster as it is: most often because nodes are too full, or several things come together.
//!
//! Everything was placed as the scheduler places it, by priority and with preemption, and these pods are left. Where a single cause can be
//! named that no room would mend, another rule names it. Nothing is said of pods whose volumes are made as soon as their claims are applied
//! (`volumeBindingMode: Immediate`): nobody knows yet where. Pods that a scheduling gate holds back are told as a note.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment
//! spec: {replicas: 20}       # and there is room for twelve
//! ```
//!
//! # Instead
//!
//! Add nodes (`plimsoll fit` says how many of each fit, `plimsoll size` what to buy), ask for less (`plimsoll rightsize`), or make room.
//!
//! # Source
//!
//! pkg/scheduler/framework/types.go (FitError), v1.36: the scheduler's own sentence.

use super::{pending, sentence};
use crate::check::obstacle::Cause;
use crate::check::{Findings, Subject};
use crate::manifest::read::Severity;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for (obstacle, workload) in subject.obstacles_of(Cause::NoRoom) {
        let message = format!("{}: as the cluster is, no node takes one more", pending(obstacle, workload));
        let finding = findings.on_pods_of(workload, "containers[0].resources", message);
        finding.because(sentence(obstacle));
        finding.help("add nodes (`plimsoll size`), ask for less (`plimsoll rightsize`), or see `plimsoll explain` on what stands in the way");
    }
    for (obstacle, workload) in subject.obstacles_of(Cause::Gated) {
        let gates: Vec<&str> = workload.spec.scheduling_gates.iter().map(|gate| gate.name.as_str()).collect();
        let message = format!("{}: scheduling gates hold it back", pending(obstacle, workload));
        findings
            .on_pods_of(workload, "schedulingGates", message)
            .severity(Severity::Note)
            .because(format!("the gates are {}", gates.join(", ")))
            .help("whoever set the gates has to take them away");
    }
}
