//! An autoscaler's most replicas do not fit the nodes.
//!
//! When load comes, the last pods stay Pending, unless something adds nodes by then. All autoscalers are taken to their most at once, as a
//! peak does, beside everything else that runs. Pods that stay Pending already are told by other rules. Without nodes it is not asked.
//!
//! # Example
//!
//! ```yaml
//! kind: HorizontalPodAutoscaler
//! spec: {minReplicas: 2, maxReplicas: 40}       # and there is room for twelve
//! ```
//!
//! # Instead
//!
//! Add nodes or let a cluster autoscaler do it (`plimsoll size --replicas max`), or lower `maxReplicas` to what there is room for
//! (`plimsoll fit` tells how far the load may grow).
//!
//! # Source
//!
//! `planning::headroom`: the controller's own bounds, and the scheduler's own placement.

use super::scaled;
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.has_nodes() || subject.objects.horizontal_pod_autoscalers.is_empty() {
        return;
    }
    let at_most = subject.at_most();
    let Some(trial) = &at_most.trial else { return };
    for (place, room) in at_most.rooms.iter().enumerate() {
        let Some((autoscaler, index)) = scaled(subject, room) else { continue };
        let pending: Vec<_> = trial.pending.iter().filter(|one| one.autoscaler == Some(place) && !one.is_refused).collect();
        let Some(first) = pending.first() else { continue };
        // what does not fit now is told as what it is
        if subject.obstacles().iter().any(|obstacle| obstacle.workload == index) {
            continue;
        }
        let (_, most) = room.autoscaler.bounds();
        let message = format!("at its most of {most} replicas, there is no node for {} of {}", count(pending.len()), subject.workloads[index].object());
        let sentence = first.message.split(". ").next().unwrap_or_default();
        findings
            .on(autoscaler, "spec.maxReplicas", message)
            .because(format!("the scheduler says of {}: {}", first.pod, sentence.trim_end_matches('.')))
            .because("all autoscalers are taken to their most at once")
            .help("add nodes (`plimsoll size --replicas max`), or lower maxReplicas to what there is room for (`plimsoll fit`)");
    }
}

fn count(pods: usize) -> String {
    if pods == 1 { "one pod".to_owned() } else { format!("{pods} pods") }
}
