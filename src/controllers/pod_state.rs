//! What a pod's status means to those that count pods: ready, available, and which of two is deleted first.
//!
//! Source: k8s.io/kubernetes/pkg/api/v1/pod/util.go IsPodAvailable and pkg/controller/controller_utils.go ActivePods, v1.36.

use std::cmp::Reverse;
use std::time::Duration;

use super::world::Moment;
use crate::manifest::pod::{Condition, Pod};

/// The condition of this type, if the pod has it.
pub(super) fn condition<'a>(pod: &'a Pod, kind: &str) -> Option<&'a Condition> {
    pod.status.conditions.iter().find(|condition| condition.r#type == kind)
}

/// Whether the pod is ready.
pub(super) fn is_ready(pod: &Pod) -> bool {
    condition(pod, "Ready").is_some_and(|ready| ready.status == "True")
}

/// Since when the pod is ready, if it is and says so.
pub(super) fn ready_since(pod: &Pod) -> Option<Moment> {
    let ready = condition(pod, "Ready").filter(|ready| ready.status == "True")?;
    Moment::parse(ready.last_transition_time.as_deref()?)
}

/// Whether the pod has been ready for at least so many seconds.
pub(super) fn is_available(pod: &Pod, min_ready_seconds: i32, now: Moment) -> bool {
    let needed = Duration::from_secs(min_ready_seconds.max(0).unsigned_abs().into());
    is_ready(pod) && (needed.is_zero() || ready_since(pod).is_some_and(|since| since + needed <= now))
}

/// Sorts pods that run or will run, those to be deleted first in front: unassigned before assigned, pending before running,
/// unready before ready, ready for a short time before ready for long, often restarted before seldom, young before old.
pub(super) fn sort_for_deletion<P: AsRef<Pod>>(pods: &mut [P]) {
    pods.sort_by_key(|pod| {
        let pod = pod.as_ref();
        let phase = match pod.status.phase.as_str() {
            "Running" => 2,
            "Unknown" => 1,
            _ => 0,
        };
        let created = pod.metadata.creation_timestamp.as_deref().and_then(Moment::parse);
        // a pod that does not say since when counts as the youngest
        let ready = (is_ready(pod), Reverse(ready_since(pod).map_or(i64::MAX, Moment::milliseconds)));
        let age = Reverse(created.map_or(i64::MAX, Moment::milliseconds));
        (!pod.spec.node_name.is_empty(), phase, ready, Reverse(restarts(pod)), age)
    });
}

fn restarts(pod: &Pod) -> i32 {
    pod.status.container_statuses.iter().map(|container| container.restart_count).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(yaml: &str) -> Pod {
        serde_saphyr::from_str(yaml).expect("the test's pod can be read")
    }

    #[test]
    fn a_pod_is_available_when_it_has_been_ready_for_long_enough() {
        let ready = pod("status: {conditions: [{type: Ready, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z'}]}");
        let at = |text: &str| Moment::parse(text).unwrap();
        assert!(is_available(&ready, 10, at("2026-01-01T00:00:10Z")));
        assert!(!is_available(&ready, 10, at("2026-01-01T00:00:09Z")));
        assert!(!is_available(&Pod::default(), 0, at("2026-01-01T00:00:09Z")));
    }

    #[test]
    fn what_runs_least_goes_first() {
        let ready = "conditions: [{type: Ready, status: 'True'}]";
        let mut pods: Vec<std::sync::Arc<Pod>> = [
            format!("{{metadata: {{name: ready}}, spec: {{nodeName: n}}, status: {{phase: Running, {ready}}}}}"),
            "{metadata: {name: unready}, spec: {nodeName: n}, status: {phase: Running}}".to_owned(),
            "{metadata: {name: unbound}, status: {phase: Pending}}".to_owned(),
            "{metadata: {name: starting}, spec: {nodeName: n}, status: {phase: Pending}}".to_owned(),
        ]
        .iter()
        .map(|text| std::sync::Arc::new(pod(text)))
        .collect();
        sort_for_deletion(&mut pods);
        let names: Vec<&str> = pods.iter().map(|pod| pod.metadata.name.as_str()).collect();
        assert_eq!(names, ["unbound", "starting", "unready", "ready"]);
    }
}
