//! After the loss of a node, a workload is whole again later than the team asks for.
//!
//! It is only asked where the settings say `thresholds: {failoverSeconds: …}`. A node that falls silent is found to be lost after 50
//! seconds or so; its pods then tolerate that for 300 seconds, unless they say otherwise, before anything replaces them; then they have to
//! start. With the defaults of Kubernetes no target of five minutes can be met. What is named is the weakest change that suffices: with
//! it the time was reckoned again.
//!
//! Where the input has nodes, every loss is played; of manifests alone the timeline of one lost node is taken. Workloads that are
//! late because no node takes them are found by `no-place-after-loss`.
//!
//! # Example
//!
//! ```yaml
//! thresholds: {failoverSeconds: 120}    # in plimsoll.yaml; and pods without tolerations of their own
//! ```
//!
//! # Instead
//!
//! ```yaml
//! tolerations:
//! - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 30}
//! - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 30}
//! ```
//!
//! # Source
//!
//! The metric "Failover Tested: <5min recovery" of a guide to highly available data platforms; `planning::failover`, which names the
//! files of Kubernetes v1.36 that each stage is from.

use std::time::Duration;

use crate::check::{Findings, Subject};
use crate::planning::failover::{Assumptions, Breach, Change, Claims, Controller, Displaced, Disruption, StageKind, breach};
use crate::planning::quorum::Quorum;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(target) = subject.settings().thresholds.failover() else { return };
    if subject.has_other_nodes() {
        let losses = subject.node_losses();
        for late in &losses.resilience.late {
            let Some(breach) = &late.breach else { continue };
            let quorum = &subject.quorums().workloads[late.workload];
            tell(subject, quorum, breach, target, &format!("node {}", losses.domains[late.loss].value), findings);
        }
        return;
    }
    if subject.has_nodes() && !subject.has_whole_cluster() {
        return;
    }
    let (assumptions, claims) = (Assumptions::default(), Claims::of(subject.objects));
    for quorum in &subject.quorums().workloads {
        let Some(&pod) = quorum.pods.first() else { continue };
        let pod = &subject.objects.pods[pod];
        let displaced = Displaced {
            pod,
            controller: Controller::of(pod),
            disruption: Disruption::Every(assumptions.node_eviction_interval),
            order_in_zone: 0,
            claims: &claims.of_pod(pod),
            min_ready_seconds: quorum.min_ready_seconds,
        };
        // what takes exactly as long is late
        if let Some(breach) = breach(&assumptions, &[displaced], quorum.ordered, target.saturating_sub(Duration::from_nanos(1))) {
            tell(subject, quorum, &breach, target, "its node", findings);
        }
    }
}

fn tell(subject: &Subject<'_>, quorum: &Quorum, breach: &Breach, target: Duration, lost: &str, findings: &mut Findings) {
    // a volume that stays with its node is a finding of its own
    if breach.stage == StageKind::LocalVolume || breach.remedies.first().is_some_and(|changes| changes.contains(&Change::Storage)) {
        return;
    }
    let target = target.as_secs();
    let message = match breach.after {
        Some(after) => format!("after the loss of {lost} it is whole again in {} s at worst, and in less than {target} s is asked for", seconds(after)),
        None => format!("after the loss of {lost} it is never whole again by itself, and in less than {target} s is asked for"),
    };
    let spec_path = subject.workload_of_quorum(quorum).map_or("", |workload| workload.spec_path);
    let path = if breach.stage == StageKind::Toleration { format!("{spec_path}.tolerations") } else { String::new() };
    let help = match breach.remedies.first() {
        Some(changes) => changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; and "),
        None => "no change of settings is enough: run more replicas, on other nodes, so that nobody waits for it".to_owned(),
    };
    subject.on_quorum(findings, quorum, &path, message).because(why(breach.stage)).help(help);
}

fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// What takes longest, in a sentence.
fn why(stage: StageKind) -> &'static str {
    match stage {
        StageKind::Detection => "finding out that the node is lost takes longest",
        StageKind::Taint => "other nodes of the zone are given up first, or the zone is left alone",
        StageKind::Toleration => "its pods stay on a silent node for tolerationSeconds: 300 if they do not say",
        StageKind::BackOff => "the Job waits before it replaces a pod",
        StageKind::Removal => "its pods have names of their own: nothing replaces one while its object is there, on a node that does not answer",
        StageKind::NoReplacement => "nobody replaces its pods",
        StageKind::Scheduling => "the replacement waits for its binding",
        StageKind::Detach => "its volume is attached to the lost node, and is taken off by force only after six minutes",
        StageKind::LocalVolume => "its volume is a disk of the lost node",
        StageKind::Start => "its pods take long to start",
        StageKind::Availability => "its pods have to be ready for minReadySeconds",
    }
}
