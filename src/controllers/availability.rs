//! Whether a pod is ready, and whether it has been so for long enough to count as available.
//!
//! Source: k8s.io/kubernetes/pkg/api/v1/pod/util.go IsPodReady, IsPodAvailable, v1.36.

use std::borrow::Borrow;
use std::time::Duration;

use super::world::Moment;
use crate::manifest::pod::{Condition, Pod};

/// Whether a pod takes traffic.
pub(super) fn is_ready(pod: &Pod) -> bool {
    ready_condition(pod).is_some()
}

/// When a pod that is ready became so, as far as it says.
pub(super) fn ready_since(pod: &Pod) -> Option<Moment> {
    ready_condition(pod).and_then(|condition| condition.last_transition_time.as_deref()).and_then(Moment::parse)
}

/// Whether a pod has been ready for `minReadySeconds`.
pub(super) fn is_available(pod: &Pod, min_ready_seconds: i32, now: Moment) -> bool {
    is_ready(pod) && (min_ready_seconds <= 0 || ready_since(pod).is_some_and(|since| since + span(min_ready_seconds) <= now))
}

/// How long until the first of the ready pods that are not available will be.
pub(super) fn until_available<P: Borrow<Pod>>(pods: &[P], min_ready_seconds: i32, now: Moment) -> Option<Duration> {
    let waiting = pods.iter().map(Borrow::borrow).filter(|pod| is_ready(pod) && !is_available(pod, min_ready_seconds, now));
    waiting.filter_map(ready_since).map(|since| (since + span(min_ready_seconds)).since(now)).min()
}

fn span(seconds: i32) -> Duration {
    Duration::from_secs(u64::from(seconds.max(0).unsigned_abs()))
}

/// The condition `Ready`, if it is true.
fn ready_condition(pod: &Pod) -> Option<&Condition> {
    pod.status.conditions.iter().find(|condition| condition.r#type == "Ready" && condition.status == "True")
}
