//! How long a Job waits before it replaces a pod that failed: 10 s, doubling with every failure in a row, at most 10 min.
//!
//! Source: k8s.io/kubernetes/pkg/controller/job/backoff_utils.go, v1.36.

use std::sync::Arc;
use std::time::Duration;

use crate::controllers::world::Moment;
use crate::controllers::world::memory::JobFailures;
use crate::manifest::pod::Pod;

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(600);

/// Failures since the last success, after pods that have just succeeded or failed.
pub(super) fn after(old: JobFailures, succeeded: &[Arc<Pod>], failed: &[Arc<Pod>]) -> JobFailures {
    let last_success = succeeded.iter().map(|pod| finished(pod)).max();
    let (base, counted): (JobFailures, Vec<Moment>) = match last_success {
        None => (old, failed.iter().map(|pod| finished(pod)).collect()),
        Some(success) => (JobFailures::default(), failed.iter().map(|pod| finished(pod)).filter(|&moment| moment > success).collect()),
    };
    let count = base.count + u32::try_from(counted.len()).unwrap_or(u32::MAX);
    JobFailures { count, last: counted.into_iter().max().or(base.last) }
}

/// How long is left before another pod may be made.
pub(super) fn remaining(failures: JobFailures, now: Moment) -> Duration {
    let Some(last) = failures.last.filter(|_| failures.count > 0) else { return Duration::ZERO };
    let factor = 2u32.saturating_pow(failures.count - 1);
    FIRST.saturating_mul(factor).min(LONGEST).saturating_sub(now.since(last))
}

/// When a pod ended: its last container, else when it became unready, else when its deletion was asked for, else when it was made.
pub(super) fn finished(pod: &Pod) -> Moment {
    of_containers(pod).or_else(|| unready_since(pod)).or_else(|| deleted(pod)).or_else(|| created(pod)).unwrap_or_default()
}

fn of_containers(pod: &Pod) -> Option<Moment> {
    let end = |state: &crate::manifest::pod::ContainerState| Moment::parse(state.terminated.as_ref()?.finished_at.as_deref()?);
    let ends: Option<Vec<Moment>> = pod.status.container_statuses.iter().map(|container| end(&container.state)).collect();
    ends?.into_iter().max()
}

fn unready_since(pod: &Pod) -> Option<Moment> {
    let ready = pod.status.conditions.iter().find(|condition| condition.r#type == "Ready" && condition.status == "False")?;
    Moment::parse(ready.last_transition_time.as_deref()?)
}

fn deleted(pod: &Pod) -> Option<Moment> {
    let end = Moment::parse(pod.metadata.deletion_timestamp.as_deref()?)?;
    let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(0).max(0);
    Some(end - Duration::from_secs(grace.unsigned_abs()))
}

fn created(pod: &Pod) -> Option<Moment> {
    Moment::parse(pod.metadata.creation_timestamp.as_deref()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_and_ends() {
        let now = Moment::from_milliseconds(1_000_000);
        let wait = |count| remaining(JobFailures { count, last: Some(now) }, now).as_secs();
        assert_eq!([0, 1, 2, 3, 7, 40].map(wait), [0, 10, 20, 40, 600, 600]);
        let later = now + Duration::from_secs(4);
        assert_eq!(remaining(JobFailures { count: 1, last: Some(now) }, later).as_secs(), 6);
    }

    #[test]
    fn a_success_forgets_the_failures_before_it() {
        let pod = |second: u32| {
            let text =
                format!("status: {{conditions: [{{type: Ready, status: 'False', lastTransitionTime: '2026-01-01T00:00:0{second}Z'}}]}}");
            Arc::new(serde_saphyr::from_str::<Pod>(&text).unwrap())
        };
        let old = JobFailures { count: 3, last: None };
        assert_eq!(after(old, &[pod(2)], &[pod(1), pod(3)]).count, 1);
        assert_eq!(after(old, &[], &[pod(1), pod(3)]).count, 5);
        assert_eq!(after(old, &[], &[]).count, 3);
    }
}
