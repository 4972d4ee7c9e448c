//! What a ReplicaSet or ReplicationController says of its pods.
//!
//! Source: k8s.io/kubernetes/pkg/controller/replicaset/replica_set_utils.go calculateStatus, v1.36. `terminatingReplicas` is
//! left out: nothing is decided by it.

use std::sync::Arc;

use super::sync::Replicating;
use crate::controllers::availability::{is_available, is_ready};
use crate::controllers::world::Moment;
use crate::manifest::pod::{Condition, Pod};
use crate::manifest::refusal::Refusal;
use crate::manifest::workload::ReplicaSetStatus;

const REPLICA_FAILURE: &str = "ReplicaFailure";

/// The status of a set with these active pods. A failure stays as it was first told until a pass goes well.
pub(super) fn of<T: Replicating>(set: &T, active: &[Arc<Pod>], failure: Option<&Refusal>, now: Moment) -> ReplicaSetStatus {
    let count = |holds: &dyn Fn(&Pod) -> bool| number(active.iter().filter(|pod| holds(pod)).count());
    let template = &set.template().metadata.labels;
    let mut conditions = set.status().conditions.clone();
    let is_told = conditions.iter().any(|condition| condition.r#type == REPLICA_FAILURE);
    match failure {
        Some(refusal) if !is_told => conditions.push(replica_failure(refusal, now)),
        None => conditions.retain(|condition| condition.r#type != REPLICA_FAILURE),
        Some(_) => {}
    }
    ReplicaSetStatus {
        observed_generation: set.metadata().generation,
        replicas: number(active.len()),
        fully_labeled_replicas: count(&|pod| template.iter().all(|(key, value)| pod.metadata.labels.get(key) == Some(value))),
        ready_replicas: count(&is_ready),
        available_replicas: count(&|pod| is_available(pod, set.min_ready_seconds(), now)),
        conditions,
    }
}

/// Deleting never fails here, so a failure is always one to create.
fn replica_failure(refusal: &Refusal, now: Moment) -> Condition {
    Condition {
        r#type: REPLICA_FAILURE.to_owned(),
        status: "True".to_owned(),
        reason: "FailedCreate".to_owned(),
        message: refusal.message.clone(),
        last_transition_time: Some(now.timestamp()),
    }
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
