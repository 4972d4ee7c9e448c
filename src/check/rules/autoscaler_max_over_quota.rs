//! A ResourceQuota refuses pods before an autoscaler is at its most.
//!
//! The autoscaler asks for more replicas and gets none; its status says that it scaled. All autoscalers are taken to their most at once, as a
//! peak does. What the quota refuses already is told by another rule.
//!
//! # Example
//!
//! ```yaml
//! kind: ResourceQuota
//! spec: {hard: {pods: 10}}
//! ---
//! kind: HorizontalPodAutoscaler
//! spec: {maxReplicas: 20}
//! ```
//!
//! # Instead
//!
//! Have the quota raised to what all autoscalers of the namespace can ask for (`plimsoll plan` proposes one), or lower `maxReplicas`.
//!
//! # Source
//!
//! k8s.io/kubernetes/plugin/pkg/admission/resourcequota, v1.36: `exceeded quota: …`; `planning::headroom`.

use super::scaled;
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.objects.resource_quotas.is_empty() || subject.objects.horizontal_pod_autoscalers.is_empty() {
        return;
    }
    let at_most = subject.at_most();
    let Some(trial) = &at_most.trial else { return };
    for (place, room) in at_most.rooms.iter().enumerate() {
        let Some((autoscaler, index)) = scaled(subject, room) else { continue };
        let is_its = |one: &&crate::planning::headroom::Pending| one.autoscaler == Some(place) && one.is_refused;
        let refused: Vec<_> = trial.pending.iter().filter(is_its).filter(|one| one.message.contains(" quota: ")).collect();
        let Some(first) = refused.first() else { continue };
        let workload = &subject.workloads[index];
        let is_refused_now = |one: &crate::simulation::NotCreated| one.pod.is_some() && one.origin == workload.metadata.origin;
        if subject.question.creation.refused.iter().any(is_refused_now) {
            continue;
        }
        let (_, most) = room.autoscaler.bounds();
        let why = first.message.split_once(" is forbidden: ").map_or(first.message.as_str(), |(_, why)| why);
        findings
            .on(autoscaler, "spec.maxReplicas", format!("at its most of {most} replicas, a ResourceQuota refuses {} of them", refused.len()))
            .because(format!("the API server says: {why}"))
            .because("all autoscalers are taken to their most at once")
            .help("have the quota raised (`plimsoll plan` proposes one), or lower maxReplicas");
    }
}
