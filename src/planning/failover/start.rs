//! How long a pod takes from its binding until it is ready: pulling images, starting containers, passing probes.
//!
//! The annotation [`START_SECONDS`] of a pod says it for that pod, the caller's flag for all others. Where neither does, 30 s are assumed,
//! or the least that the delays of the probes allow if that is more: a probe does not run before its initial delay, and a readiness
//! probe has to succeed as often as it says.
//!
//! Source: k8s.io/kubernetes/pkg/kubelet/prober/worker.go doProbe, pkg/apis/core/v1/defaults.go SetDefaults_Probe, v1.36.

use std::time::Duration;

use super::Assumptions;
use super::timeline::Basis;
use crate::manifest::Objects;
use crate::manifest::location::Note;
use crate::manifest::pod::{Container, Pod, Probe};

/// Annotation of a pod (or pod template) that says how many seconds it takes to start.
pub const START_SECONDS: &str = "plimsoll.dev/start-seconds";

/// How long a pod takes to start, and where that comes from. An annotation that is no number of seconds does not count.
pub fn start(assumptions: &Assumptions, pod: &Pod) -> (Duration, Basis) {
    let annotated = pod.metadata.annotations.get(START_SECONDS).and_then(|text| seconds(text));
    if let Some(seconds) = annotated {
        return (Duration::from_secs(seconds), Basis::Annotation);
    }
    if let Some(start) = assumptions.start {
        return (start, Basis::Flag);
    }
    let floor = Duration::from_secs(probe_floor_seconds(pod));
    if floor > assumptions.default_start { (floor, Basis::PodSpec) } else { (assumptions.default_start, Basis::Assumed) }
}

/// Annotations of pods that are no number of seconds: each once for the pods of one workload.
pub fn start_notes(objects: &Objects) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for pod in &objects.pods {
        let Some(text) = pod.metadata.annotations.get(START_SECONDS).filter(|text| seconds(text).is_none()) else { continue };
        let owner = pod
            .metadata
            .controller()
            .map_or_else(|| format!("Pod {}", pod.metadata.name), |owner| format!("{} {}", owner.kind, owner.name));
        let message = format!("{owner}: annotation {START_SECONDS}: {text:?} is no number of seconds; it does not count");
        let note = Note::at(pod.metadata.origin, message);
        if notes.last() != Some(&note) {
            notes.push(note);
        }
    }
    notes
}

fn seconds(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The least that probes allow. Sidecars start one after another before the containers, containers all at once.
fn probe_floor_seconds(pod: &Pod) -> u64 {
    let sidecars = pod.spec.init_containers.iter().filter(|container| container.restart_policy.as_deref() == Some("Always"));
    let before = sidecars.filter_map(|sidecar| sidecar.startup_probe.as_ref()).map(earliest_success_seconds).fold(0, u64::saturating_add);
    before.saturating_add(pod.spec.containers.iter().map(container_floor_seconds).max().unwrap_or(0))
}

fn container_floor_seconds(container: &Container) -> u64 {
    let started = container.startup_probe.as_ref().map_or(0, earliest_success_seconds);
    // delays are counted from the start of the container, but no readiness probe runs before the startup probe has succeeded
    let ready =
        container.readiness_probe.as_ref().map_or(0, |probe| started.max(delay_seconds(probe)).saturating_add(repeats_seconds(probe)));
    started.max(ready)
}

fn earliest_success_seconds(probe: &Probe) -> u64 {
    delay_seconds(probe).saturating_add(repeats_seconds(probe))
}

fn delay_seconds(probe: &Probe) -> u64 {
    u64::try_from(probe.initial_delay_seconds.unwrap_or(0)).unwrap_or(0)
}

/// The time between the first success and the last that is needed.
fn repeats_seconds(probe: &Probe) -> u64 {
    let period = u64::try_from(probe.period_seconds.filter(|&period| period > 0).unwrap_or(10)).unwrap_or(10);
    let repeats = u64::try_from(probe.success_threshold.unwrap_or(1).saturating_sub(1)).unwrap_or(0);
    period.saturating_mul(repeats)
}
