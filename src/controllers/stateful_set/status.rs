//! What a StatefulSet says of its pods.
//!
//! Source: k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_control.go updateStatus; stateful_set_utils.go
//! completeRollingUpdate, v1.36.

use std::sync::Arc;

use super::revisions::{Revisions, revision_of};
use crate::controllers::availability::{is_available, is_ready};
use crate::controllers::world::Moment;
use crate::manifest::pod::Pod;
use crate::manifest::workload::{StatefulSet, StatefulSetStatus};

/// Whether pods are replaced without being asked to.
pub(super) fn is_rolling(set: &StatefulSet) -> bool {
    set.spec.update_strategy.r#type != "OnDelete"
}

/// Whether a pod runs and takes traffic.
pub(super) fn is_running_and_ready(pod: &Pod) -> bool {
    pod.status.phase == "Running" && is_ready(pod)
}

/// The status of a set with these pods.
pub(super) fn of(set: &StatefulSet, pods: &[Arc<Pod>], revisions: &Revisions, now: Moment) -> StatefulSetStatus {
    let count = |holds: &dyn Fn(&Pod) -> bool| i32::try_from(pods.iter().filter(|pod| holds(pod)).count()).unwrap_or(i32::MAX);
    let (current, update) = (&revisions.current.metadata.name, &revisions.update.metadata.name);
    let mut status = StatefulSetStatus {
        observed_generation: set.metadata.generation,
        replicas: count(&|_| true),
        ready_replicas: count(&is_running_and_ready),
        available_replicas: count(&|pod| is_running_and_ready(pod) && is_available(pod, set.spec.min_ready_seconds, now)),
        current_replicas: count(&|pod| !pod.is_terminating() && revision_of(pod) == current),
        updated_replicas: count(&|pod| !pod.is_terminating() && revision_of(pod) == update),
        current_revision: current.clone(),
        update_revision: update.clone(),
        collision_count: Some(set.status.collision_count.unwrap_or(0)),
    };
    let wanted = set.spec.replicas.unwrap_or(1);
    if is_rolling(set) && [status.updated_replicas, status.ready_replicas, status.replicas].iter().all(|&count| count == wanted) {
        status.current_replicas = status.updated_replicas;
        status.current_revision.clone_from(update);
    }
    status
}
