//! Recreate: all old pods go, and only when the last of them is gone do new ones come.
//!
//! Source: k8s.io/kubernetes/pkg/controller/deployment/recreate.go, v1.36.

use super::bounds::replicas;
use super::scale::resize;
use super::sets::Sets;
use super::{history, new_set, status};
use crate::controllers::world::{Store, World};
use crate::manifest::refusal::Refusal;
use crate::manifest::workload::Deployment;

/// One step of a replacement of all pods.
pub(super) fn recreate(world: &mut dyn World, deployment: &Deployment) -> Result<(), Refusal> {
    let is_there = new_set::refresh(world, deployment);
    let sets = Sets::of(world.store(), deployment);
    let mut scaled_down = false;
    for old in sets.active_old() {
        scaled_down |= resize(world, deployment, old, 0);
    }
    if scaled_down || has_old_pods(world.store(), &sets) {
        return Ok(());
    }
    if !is_there {
        new_set::create(world, deployment)?;
    }
    if let Some(new) = &Sets::of(world.store(), deployment).new {
        resize(world, deployment, new, replicas(deployment));
    }
    if status::is_complete(deployment, &deployment.status) {
        history::clean(world, deployment);
    }
    Ok(())
}

/// Whether pods of old ReplicaSets are still about, terminating ones too.
fn has_old_pods(store: &Store, sets: &Sets) -> bool {
    sets.old.iter().any(|old| old.status.replicas > 0 || store.pods_of(&old.metadata).any(|pod| !pod.is_terminal()))
}
