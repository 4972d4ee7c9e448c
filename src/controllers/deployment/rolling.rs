//! A rolling update: the new ReplicaSet grows as far as the surge allows, the old ones shrink as far as enough pods stay
//! available, those first that are of no use anyway.
//!
//! Source: k8s.io/kubernetes/pkg/controller/deployment/rolling.go, v1.36.

use super::bounds::{max_unavailable, replicas};
use super::new_set::first_size;
use super::scale::resize;
use super::sets::{Sets, wanted};
use super::{history, new_set, status};
use crate::controllers::world::World;
use crate::manifest::refusal::Refusal;
use crate::manifest::workload::Deployment;

/// One step of a rolling update.
pub(super) fn roll(world: &mut dyn World, deployment: &Deployment) -> Result<(), Refusal> {
    if !new_set::refresh(world, deployment) {
        new_set::create(world, deployment)?;
    }
    let moved = grow(world, deployment) || shrink(world, deployment);
    if !moved && status::is_complete(deployment, &deployment.status) {
        history::clean(world, deployment);
    }
    Ok(())
}

/// Scales the new ReplicaSet up, or down to what the Deployment wants. Whether it did.
fn grow(world: &mut dyn World, deployment: &Deployment) -> bool {
    let sets = Sets::of(world.store(), deployment);
    let Some(new) = &sets.new else { return false };
    let desired = replicas(deployment);
    let size = if wanted(new) >= desired { desired } else { first_size(deployment, wanted(new), sets.wanted()) };
    resize(world, deployment, new, size)
}

/// Scales old ReplicaSets down. Whether it did.
fn shrink(world: &mut dyn World, deployment: &Deployment) -> bool {
    let sets = Sets::of(world.store(), deployment);
    let Some(new) = sets.new.as_ref().filter(|_| sets.active_old().next().is_some()) else { return false };
    let needed = replicas(deployment) - max_unavailable(deployment);
    let missing_of_new = wanted(new) - new.status.available_replicas;
    let most = sets.wanted() - needed - missing_of_new;
    if most <= 0 {
        return false;
    }
    let cleaned = drop_unhealthy(world, deployment, &sets, most);
    match cleaned {
        Some(cleaned) => drop_available(world, deployment, needed) + cleaned > 0,
        None => false,
    }
}

/// Takes away pods of old ReplicaSets that are not available, `most` at most. None if a status is out of date.
fn drop_unhealthy(world: &mut dyn World, deployment: &Deployment, sets: &Sets, most: i32) -> Option<i32> {
    let mut dropped = 0;
    for old in sets.active_old() {
        let unhealthy = wanted(old) - old.status.available_replicas;
        if dropped >= most {
            break;
        }
        if unhealthy < 0 {
            return None;
        }
        let count = unhealthy.min(most - dropped);
        resize(world, deployment, old, wanted(old) - count);
        dropped += count;
    }
    Some(dropped)
}

/// Takes away pods of old ReplicaSets, the oldest first, as long as `needed` stay available.
fn drop_available(world: &mut dyn World, deployment: &Deployment, needed: i32) -> i32 {
    let sets = Sets::of(world.store(), deployment);
    let spare = sets.available() - needed;
    let mut dropped = 0;
    for old in sets.active_old() {
        if dropped >= spare {
            break;
        }
        let count = wanted(old).min(spare - dropped);
        resize(world, deployment, old, wanted(old) - count);
        dropped += count;
    }
    dropped
}
