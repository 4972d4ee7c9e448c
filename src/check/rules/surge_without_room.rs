//! A rolling update starts more pods than there are before it ends old ones, and these find no node.
//!
//! `maxSurge` pods come on top while a Deployment is rolled out. If none of the old ones may be missing meanwhile (`maxUnavailable` comes to none,
//! as 25 % of three do), the update hangs for good: the new pod waits for room, and the old one for the new. Required anti-affinity
//! with one pod a node and host ports do the same however much room there is. Where old pods may go first, it is only a note. Each Deployment
//! is tried by itself, with everything else in its place. Without nodes it is not asked.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment
//! spec: {replicas: 3, strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}}     # three nodes, one pod each by anti-affinity
//! ```
//!
//! # Instead
//!
//! Let an old pod go first (`maxUnavailable: 1`, `maxSurge: 0`), or keep room for the surge (`plimsoll size --surge`).
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/controller/deployment/util/deployment_util.go, v1.36 (MaxSurge, MaxUnavailable, ResolveFenceposts).

use rustc_hash::FxHashMap;

use crate::check::{Findings, Subject, Workload};
use crate::cluster::index::PodId;
use crate::controllers::rollout_peak::{RolloutPeak, rollout_peak};
use crate::manifest::read::Severity;
use crate::scheduler::Scheduler;
use crate::scheduler::attempt::Outcome;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.has_nodes() {
        return;
    }
    let peaks: FxHashMap<(String, String), RolloutPeak> = rollout_peak(subject.objects)
        .into_iter()
        .filter(|peak| peak.workload.kind == "Deployment" && peak.peak > peak.replicas)
        .map(|peak| ((peak.workload.namespace.clone(), peak.workload.name.clone()), peak))
        .collect();
    let baseline = subject.baseline();
    let cluster = baseline.cluster();
    let pod_of: FxHashMap<usize, PodId> = baseline.pods().map(|pod| (cluster.pod(pod).object, pod)).collect();
    let mut scheduler = baseline.scheduler();
    scheduler.say_little(true);
    for workload in subject.workloads.iter().filter(|workload| workload.kind == "Deployment") {
        let Some(peak) = peaks.get(&(workload.namespace().to_owned(), workload.metadata.name.clone())) else { continue };
        let pods: Option<Vec<PodId>> = workload.pods.iter().map(|pod| pod_of.get(pod).copied()).collect();
        let Some(pods) = pods.filter(|pods| pods.len() as i32 >= peak.replicas && !tells_revisions_apart(workload)) else { continue };
        if pods.iter().any(|&pod| baseline.occupancy().node_of(pod).is_none()) {
            continue;
        }
        let more: Vec<PodId> = pods.iter().map(|&pod| baseline.replacement(pod)).take((peak.peak - peak.replicas) as usize).collect();
        let (placed, sentence) = place(&mut scheduler, &more);
        if placed < more.len() {
            tell(findings, workload, peak, &sentence, placed);
        }
    }
}

/// How many of these pods find a node, one after another, and what the scheduler says of the first that does not. Everything is as it was
/// afterwards.
fn place(scheduler: &mut Scheduler<'_>, pods: &[PodId]) -> (usize, String) {
    let checkpoint = scheduler.checkpoint();
    let (mut placed, mut sentence) = (0, String::new());
    for &pod in pods {
        let choice = scheduler.decide(pod);
        match (choice.node, choice.outcome) {
            (Some(node), _) => scheduler.bind(pod, node),
            // it takes the place of others, which is their trouble
            (None, Outcome::Preempts) => {}
            _ => {
                sentence = scheduler.attempt(pod).message;
                break;
            }
        }
        placed += 1;
    }
    scheduler.rewind(checkpoint);
    (placed, sentence)
}

fn tell(findings: &mut Findings, workload: &Workload<'_>, peak: &RolloutPeak, sentence: &str, placed: usize) {
    let surge = peak.peak - peak.replicas;
    let found = match (surge, placed) {
        (1, _) => "it finds no node".to_owned(),
        (_, 0) => "none of them finds a node".to_owned(),
        _ => format!("{} of them find no node", surge as usize - placed),
    };
    let running = if peak.replicas == 1 { "its one pod".to_owned() } else { format!("its {} pods", peak.replicas) };
    let message = format!("an update starts {surge} on top of {running}, and {found}");
    let finding = findings.on_workload(workload, "spec.strategy", message);
    if let Some(sentence) = sentence.split(". ").next().filter(|sentence| !sentence.is_empty()) {
        finding.because(format!("the scheduler says: {}", sentence.trim_end_matches('.')));
    }
    if peak.missing == 0 {
        finding.because("no old pod may be missing meanwhile, so that the update never gets further").help(
            "let an old pod go first (maxUnavailable: 1, maxSurge: 0), or keep room for the surge (`plimsoll size --surge`)",
        );
    } else {
        let old = if peak.missing == 1 { "one old pod".to_owned() } else { format!("{} old pods", peak.missing) };
        finding.severity(Severity::Note).because(format!("{old} may go first, so that the update goes on, more slowly"));
        finding.help("keep room for the surge (`plimsoll size --surge`), or say maxSurge: 0");
    }
}

/// Whether pods of a new revision do not count as alike to those of the old, so that old pods stand for nothing.
fn tells_revisions_apart(workload: &Workload<'_>) -> bool {
    let affinity = workload.spec.affinity.as_ref();
    let both = affinity.into_iter().flat_map(|affinity| [&affinity.pod_affinity, &affinity.pod_anti_affinity]).flatten();
    let mut terms = both.flat_map(|side| &side.required_during_scheduling_ignored_during_execution);
    terms.any(|term| !term.match_label_keys.is_empty() || !term.mismatch_label_keys.is_empty())
        || workload.spec.topology_spread_constraints.iter().any(|constraint| !constraint.match_label_keys.is_empty())
}
