//! The ReplicaSet of a Deployment's template: found and kept up to date, or created.
//!
//! A template that was there before finds its old ReplicaSet again, which gets a new revision: that is how a rollback works.
//!
//! Source: k8s.io/kubernetes/pkg/controller/deployment/sync.go getNewReplicaSet; deployment/util/deployment_util.go
//! SetNewReplicaSetAnnotations, NewRSNewReplicas, v1.36.

use super::bounds::{is_rolling, max_surge, replicas};
use super::sets::{Sets, revision};
use super::status::{NEW_REPLICA_SET_CREATED, PROGRESSING, REPLICA_SET_CREATE_ERROR, condition, has_deadline, set_condition};
use super::{REVISION, replica_set, scale};
use crate::controllers::adoption::owner;
use crate::controllers::names::template_hash;
use crate::controllers::world::{Key, World};
use crate::manifest::meta::StringMap;
use crate::manifest::refusal::Refusal;
use crate::manifest::workload::{Deployment, DeploymentStatus, ReplicaSet};

const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";

/// Annotations that a ReplicaSet does not get from its Deployment.
const OWN_ANNOTATIONS: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    scale::DESIRED_REPLICAS,
    scale::MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
];

/// Writes what the Deployment says about its newest ReplicaSet into that, if it is there. Whether it is.
pub(super) fn refresh(world: &mut dyn World, deployment: &Deployment) -> bool {
    let sets = Sets::of(world.store(), deployment);
    let Some(new) = &sets.new else { return false };
    let next = next_revision(&sets);
    world.store_mut().update::<ReplicaSet>(&Key::of(&new.metadata), |set| {
        annotate(&mut set.metadata.annotations, deployment, next);
        set.spec.min_ready_seconds = deployment.spec.min_ready_seconds;
    });
    let (revision, name) = (revision(new).max(next), new.metadata.name.clone());
    note_revision(world, deployment, revision, |status, now| {
        // somebody has only now begun to care for progress
        if !status.conditions.iter().any(|condition| condition.r#type == PROGRESSING) {
            let message = format!("Found new replica set {name:?}");
            set_condition(status, condition(PROGRESSING, "True", "FoundNewReplicaSet", message, now));
        }
    });
    true
}

/// Creates the ReplicaSet of the template, as large as the rollout allows at first.
pub(super) fn create(world: &mut dyn World, deployment: &Deployment) -> Result<(), Refusal> {
    let sets = Sets::of(world.store(), deployment);
    let hash = hash_of(deployment);
    let mut set = replica_set(deployment, &owner(deployment), &hash, None, 0);
    set.spec.min_ready_seconds = deployment.spec.min_ready_seconds;
    set.spec.replicas = Some(first_size(deployment, 0, sets.wanted()));
    let next = next_revision(&sets);
    annotate(&mut set.metadata.annotations, deployment, next);
    scale::annotate(&mut set.metadata.annotations, deployment);
    let name = set.metadata.name.clone();
    match world.create_replica_set(set) {
        Ok(()) => {
            note_revision(world, deployment, next, |status, now| {
                let message = format!("Created new replica set {name:?}");
                set_condition(status, condition(PROGRESSING, "True", NEW_REPLICA_SET_CREATED, message, now));
            });
            Ok(())
        }
        Err(refusal) => {
            note_refusal(world, deployment, &name, &refusal);
            Err(refusal)
        }
    }
}

/// The template's hash; after a collision with another template's, another one.
fn hash_of(deployment: &Deployment) -> String {
    match deployment.status.collision_count.unwrap_or(0) {
        0 => template_hash(&deployment.spec.template),
        collisions => {
            let mut salted = deployment.spec.template.clone();
            salted.metadata.annotations.insert("collisions".to_owned(), collisions.to_string());
            template_hash(&salted)
        }
    }
}

/// How large the newest ReplicaSet may be that has `own` of `all` pods.
pub(super) fn first_size(deployment: &Deployment, own: i32, all: i32) -> i32 {
    if !is_rolling(&deployment.spec) {
        return replicas(deployment);
    }
    let room = replicas(deployment) + max_surge(deployment) - all;
    if room <= 0 { own } else { own + room.min(replicas(deployment) - own) }
}

fn next_revision(sets: &Sets) -> i64 {
    sets.old.iter().map(|set| revision(set)).max().unwrap_or(0) + 1
}

/// Copies the Deployment's annotations, and writes the revision if it is a higher one; the one before goes into the history.
fn annotate(annotations: &mut StringMap, deployment: &Deployment, next: i64) {
    for (key, value) in deployment.metadata.annotations.iter().filter(|(key, _)| !OWN_ANNOTATIONS.contains(&key.as_str())) {
        annotations.insert(key.clone(), value.clone());
    }
    let before = annotations.get(REVISION).cloned();
    if before.as_deref().and_then(|revision| revision.parse().ok()).unwrap_or(0) >= next {
        return;
    }
    annotations.insert(REVISION.to_owned(), next.to_string());
    if let Some(before) = before {
        let history = annotations.get(REVISION_HISTORY).filter(|history| !history.is_empty());
        let history = history.map_or(before.clone(), |history| format!("{history},{before}"));
        annotations.insert(REVISION_HISTORY.to_owned(), history);
    }
}

/// Writes the newest revision on the Deployment, and what there is to say about progress if somebody wants to know.
fn note_revision(
    world: &mut dyn World,
    deployment: &Deployment,
    revision: i64,
    tell: impl FnOnce(&mut DeploymentStatus, crate::controllers::world::Moment),
) {
    let now = world.now();
    world.store_mut().update::<Deployment>(&Key::of(&deployment.metadata), |deployment| {
        deployment.metadata.annotations.insert(REVISION.to_owned(), revision.to_string());
        if has_deadline(deployment) {
            tell(&mut deployment.status, now);
        }
    });
}

/// A name that is taken by another template's ReplicaSet asks for another hash; anything else is told.
fn note_refusal(world: &mut dyn World, deployment: &Deployment, name: &str, refusal: &Refusal) {
    let (key, now) = (Key::of(&deployment.metadata), world.now());
    if refusal.reason == "AlreadyExists" {
        world.store_mut().update::<Deployment>(&key, |deployment| {
            *deployment.status.collision_count.get_or_insert(0) += 1;
        });
        return;
    }
    let message = format!("Failed to create new replica set {name:?}: {refusal}");
    if has_deadline(deployment) {
        let told = condition(PROGRESSING, "False", REPLICA_SET_CREATE_ERROR, message.clone(), now);
        world.store_mut().update::<Deployment>(&key, |deployment| set_condition(&mut deployment.status, told));
    }
    world.event("Deployment", &key, REPLICA_SET_CREATE_ERROR, message);
}
