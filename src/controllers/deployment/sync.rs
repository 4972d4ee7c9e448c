//! One pass over a Deployment: pause, scale, or roll out.
//!
//! Source: k8s.io/kubernetes/pkg/controller/deployment/deployment_controller.go syncDeployment, sync.go sync, v1.36.

use super::bounds::is_rolling;
use super::sets::Sets;
use super::{history, new_set, recreate, rolling, scale, status};
use crate::controllers::adoption::{self, Selecting, claim};
use crate::controllers::world::{Change, Key, Outcome, Store, World};
use crate::manifest::meta::{LabelSelector, StringMap};
use crate::manifest::pod::Pod;
use crate::manifest::workload::{Deployment, ReplicaSet};

impl Selecting for Deployment {
    fn selects(&self, labels: &StringMap) -> bool {
        adoption::selects(self.spec.selector.as_ref(), labels)
    }
}

/// Names the Deployments that a change concerns.
pub(in crate::controllers) fn watch(store: &Store, change: &Change, keys: &mut Vec<Key>) {
    match change {
        Change::Deployment(delta) => keys.push(delta.key()),
        Change::ReplicaSet(delta) => adoption::watch::<Deployment, ReplicaSet>(store, delta, keys),
        // the last old pod that goes lets the new ones come
        Change::Pod(delta) if delta.after.is_none() => keys.extend(recreating(store, delta.latest())),
        _ => {}
    }
}

/// The Deployment of a pod's ReplicaSet, if it recreates.
fn recreating(store: &Store, pod: &Pod) -> Option<Key> {
    let namespace = &pod.metadata.namespace;
    let set = store.get::<ReplicaSet>(&Key::new(namespace, &pod.metadata.controller()?.name))?;
    let key = Key::new(namespace, &set.metadata.controller()?.name);
    store.get::<Deployment>(&key).filter(|deployment| !is_rolling(&deployment.spec))?;
    Some(key)
}

/// Brings a Deployment one step nearer to what it wants.
pub(in crate::controllers) fn sync(world: &mut dyn World, key: &Key) -> Outcome {
    let Some(deployment) = world.store().get::<Deployment>(key).cloned() else { return Outcome::Done };
    if deployment.spec.selector == Some(LabelSelector::default()) {
        // a Deployment that selects everything is left alone
        let observed = deployment.metadata.generation;
        world.store_mut().update::<Deployment>(key, |deployment| deployment.status.observed_generation = observed);
        return Outcome::Done;
    }
    claim::<Deployment, ReplicaSet>(world, &*deployment, |_| true);
    if deployment.metadata.deletion_timestamp.is_some() {
        status::write(world, key);
        return Outcome::Done;
    }
    status::note_pause(world, key, &deployment);
    let Some(deployment) = world.store().get::<Deployment>(key).cloned() else { return Outcome::Done };
    if deployment.spec.paused || scale::is_due(&deployment, &Sets::of(world.store(), &deployment)) {
        only_scale(world, key, &deployment);
        return Outcome::Done;
    }
    let step = if is_rolling(&deployment.spec) { rolling::roll } else { recreate::recreate };
    if step(world, &deployment).is_err() {
        return Outcome::Failed;
    }
    status::write_with_progress(world, key).map_or(Outcome::Done, Outcome::After)
}

/// Scales what there is, without rolling out anything.
fn only_scale(world: &mut dyn World, key: &Key, deployment: &Deployment) {
    new_set::refresh(world, deployment);
    scale::scale(world, deployment);
    if deployment.spec.paused {
        history::clean(world, deployment);
    }
    status::write(world, key);
}
