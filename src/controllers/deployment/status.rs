//! What a Deployment says of its pods and of its progress.
//!
//! Source: k8s.io/kubernetes/pkg/controller/deployment/{sync,progress}.go calculateStatus, syncRolloutStatus,
//! getReplicaFailures, requeueStuckDeployment; deployment/util/deployment_util.go DeploymentComplete, DeploymentProgressing,
//! DeploymentTimedOut, SetDeploymentCondition, v1.36. `terminatingReplicas` is left out: nothing is decided by it.

use std::time::Duration;

use super::bounds::{max_unavailable, replicas};
use super::sets::Sets;
use crate::controllers::world::{Key, Moment, World};
use crate::manifest::pod::Condition;
use crate::manifest::workload::{Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet};

pub(super) const PROGRESSING: &str = "Progressing";
const AVAILABLE: &str = "Available";
const REPLICA_FAILURE: &str = "ReplicaFailure";

pub(super) const NEW_REPLICA_SET_CREATED: &str = "NewReplicaSetCreated";
pub(super) const REPLICA_SET_CREATE_ERROR: &str = "ReplicaSetCreateError";
const NEW_REPLICA_SET_AVAILABLE: &str = "NewReplicaSetAvailable";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const PAUSED: &str = "DeploymentPaused";

/// What the server writes where nothing is said.
const DEFAULT_DEADLINE: i32 = 600;

/// A condition that is told now.
pub(super) fn condition(kind: &str, status: &str, reason: &str, message: String, now: Moment) -> DeploymentCondition {
    DeploymentCondition {
        r#type: kind.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message,
        last_update_time: Some(now.timestamp()),
        last_transition_time: Some(now.timestamp()),
    }
}

/// Puts a condition in the place of the one of its type, unless that says the same.
pub(super) fn set_condition(status: &mut DeploymentStatus, mut condition: DeploymentCondition) {
    if let Some(current) = find(&status.conditions, &condition.r#type).filter(|current| current.status == condition.status) {
        if current.reason == condition.reason {
            return;
        }
        condition.last_transition_time.clone_from(&current.last_transition_time);
    }
    remove(status, &condition.r#type);
    status.conditions.push(condition);
}

fn remove(status: &mut DeploymentStatus, kind: &str) {
    status.conditions.retain(|condition| condition.r#type != kind);
}

fn find<'a>(conditions: &'a [DeploymentCondition], kind: &str) -> Option<&'a DeploymentCondition> {
    conditions.iter().find(|condition| condition.r#type == kind)
}

/// Whether somebody wants to know of a rollout that is stuck.
pub(super) fn has_deadline(deployment: &Deployment) -> bool {
    deadline(deployment).is_some()
}

fn deadline(deployment: &Deployment) -> Option<Duration> {
    let seconds = deployment.spec.progress_deadline_seconds.unwrap_or(DEFAULT_DEADLINE);
    (seconds != i32::MAX).then(|| Duration::from_secs(u64::from(seconds.max(0).unsigned_abs())))
}

/// Whether all pods are there, in their newest form, and available.
pub(super) fn is_complete(deployment: &Deployment, status: &DeploymentStatus) -> bool {
    let desired = replicas(deployment);
    let counts = [status.updated_replicas, status.replicas, status.available_replicas];
    counts.iter().all(|&count| count == desired) && status.observed_generation >= deployment.metadata.generation
}

/// Says that a Deployment was paused or resumed, so that the time it stood still does not count.
pub(super) fn note_pause(world: &mut dyn World, key: &Key, deployment: &Deployment) {
    let current = find(&deployment.status.conditions, PROGRESSING).map(|condition| condition.reason.as_str());
    if !has_deadline(deployment) || current == Some(TIMED_OUT) || deployment.spec.paused == (current == Some(PAUSED)) {
        return;
    }
    let (reason, message) = match deployment.spec.paused {
        true => (PAUSED, "Deployment is paused"),
        false => ("DeploymentResumed", "Deployment is resumed"),
    };
    let told = condition(PROGRESSING, "Unknown", reason, message.to_owned(), world.now());
    world.store_mut().update::<Deployment>(key, |deployment| set_condition(&mut deployment.status, told));
}

/// Writes the status of a Deployment that is only being scaled or stands still.
pub(super) fn write(world: &mut dyn World, key: &Key) {
    let Some(deployment) = world.store().get::<Deployment>(key).cloned() else { return };
    let sets = Sets::of(world.store(), &deployment);
    let status = calculate(&deployment, &sets, world.now());
    world.store_mut().update::<Deployment>(key, |deployment| deployment.status = status);
}

/// Writes the status of a Deployment in a rollout, and says after what time to look whether it is stuck.
pub(super) fn write_with_progress(world: &mut dyn World, key: &Key) -> Option<Duration> {
    let deployment = world.store().get::<Deployment>(key).cloned()?;
    let (sets, now) = (Sets::of(world.store(), &deployment), world.now());
    let mut status = calculate(&deployment, &sets, now);
    estimate_progress(&deployment, &mut status, sets.new.as_deref(), now);
    match replica_failure(&sets) {
        Some(failure) => set_condition(&mut status, from_replica_set(failure)),
        None => remove(&mut status, REPLICA_FAILURE),
    }
    let wake = time_to_look(&deployment, &status, now);
    world.store_mut().update::<Deployment>(key, |deployment| deployment.status = status);
    wake
}

fn calculate(deployment: &Deployment, sets: &Sets, now: Moment) -> DeploymentStatus {
    let actual = |set: &ReplicaSet| set.status.replicas;
    let available = sets.available();
    let mut status = DeploymentStatus {
        observed_generation: deployment.metadata.generation,
        replicas: sets.all().map(|set| actual(set)).sum(),
        updated_replicas: sets.new.as_deref().map_or(0, actual),
        ready_replicas: sets.all().map(|set| set.status.ready_replicas).sum(),
        available_replicas: available,
        unavailable_replicas: (sets.wanted() - available).max(0),
        ..deployment.status.clone()
    };
    let told = if available >= replicas(deployment) - max_unavailable(deployment) {
        condition(AVAILABLE, "True", "MinimumReplicasAvailable", "Deployment has minimum availability.".to_owned(), now)
    } else {
        condition(AVAILABLE, "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.".to_owned(), now)
    };
    set_condition(&mut status, told);
    status
}

fn estimate_progress(deployment: &Deployment, status: &mut DeploymentStatus, new: Option<&ReplicaSet>, now: Moment) {
    if !has_deadline(deployment) {
        remove(status, PROGRESSING);
        return;
    }
    let current = find(&deployment.status.conditions, PROGRESSING).cloned();
    let was_available = current.as_ref().is_some_and(|current| current.reason == NEW_REPLICA_SET_AVAILABLE);
    if was_available && status.replicas == status.updated_replicas {
        return;
    }
    let who = new.map_or(format!("Deployment {:?}", deployment.metadata.name), |set| format!("ReplicaSet {:?}", set.metadata.name));
    if is_complete(deployment, status) {
        let message = format!("{who} has successfully progressed.");
        set_condition(status, condition(PROGRESSING, "True", NEW_REPLICA_SET_AVAILABLE, message, now));
    } else if has_moved(&deployment.status, status) {
        let mut told = condition(PROGRESSING, "True", "ReplicaSetUpdated", format!("{who} is progressing."), now);
        if let Some(current) = current {
            if current.status == "True" {
                told.last_transition_time = current.last_transition_time;
            }
            // so that the time of the last progress is written even if nothing else is new
            remove(status, PROGRESSING);
        }
        set_condition(status, told);
    } else if is_timed_out(deployment, status, now) {
        let message = format!("{who} has timed out progressing.");
        set_condition(status, condition(PROGRESSING, "False", TIMED_OUT, message, now));
    }
}

/// Whether more is new, ready or available than before, or less is old.
fn has_moved(before: &DeploymentStatus, after: &DeploymentStatus) -> bool {
    let old = |status: &DeploymentStatus| status.replicas - status.updated_replicas;
    after.updated_replicas > before.updated_replicas
        || old(after) < old(before)
        || after.ready_replicas > before.ready_replicas
        || after.available_replicas > before.available_replicas
}

fn is_timed_out(deployment: &Deployment, status: &DeploymentStatus, now: Moment) -> bool {
    let Some(current) = find(&status.conditions, PROGRESSING) else { return false };
    match current.reason.as_str() {
        NEW_REPLICA_SET_AVAILABLE => false,
        TIMED_OUT => true,
        _ => end_of_patience(deployment, current).is_some_and(|end| end < now),
    }
}

fn end_of_patience(deployment: &Deployment, progressing: &DeploymentCondition) -> Option<Moment> {
    let since = progressing.last_update_time.as_deref().and_then(Moment::parse)?;
    Some(since + deadline(deployment)?)
}

/// When to look whether a rollout is stuck, a second late so that it surely is.
fn time_to_look(deployment: &Deployment, status: &DeploymentStatus, now: Moment) -> Option<Duration> {
    let current = find(&status.conditions, PROGRESSING).filter(|current| current.reason != TIMED_OUT)?;
    if is_complete(deployment, status) || deployment.spec.paused {
        return None;
    }
    let end = end_of_patience(deployment, current)?;
    Some(end.since(now) + Duration::from_secs(1))
}

/// The failure of the new ReplicaSet, or else that of the oldest that has one.
fn replica_failure(sets: &Sets) -> Option<&Condition> {
    let of = |set: &ReplicaSet| set.status.conditions.iter().position(|condition| condition.r#type == REPLICA_FAILURE);
    sets.new.iter().chain(&sets.old).find_map(|set| of(set).map(|position| &set.status.conditions[position]))
}

fn from_replica_set(failure: &Condition) -> DeploymentCondition {
    DeploymentCondition {
        r#type: REPLICA_FAILURE.to_owned(),
        status: failure.status.clone(),
        reason: failure.reason.clone(),
        message: failure.message.clone(),
        last_update_time: failure.last_transition_time.clone(),
        last_transition_time: failure.last_transition_time.clone(),
    }
}
