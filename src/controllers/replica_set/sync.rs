//! One pass over a ReplicaSet or ReplicationController: as many pods as it wants, no more and no fewer.
//!
//! Source: k8s.io/kubernetes/pkg/controller/replicaset/replica_set.go syncReplicaSet, manageReplicas, getPodsToDelete, v1.36.

use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::status;
use crate::controllers::adoption::{self, Selecting, claim, owner};
use crate::controllers::availability::until_available;
use crate::controllers::deletion_rank;
use crate::controllers::ledger::{from_template, is_active};
use crate::controllers::selector::matches;
use crate::controllers::slow_start::{Failure, slow_start};
use crate::controllers::world::{Change, Key, Outcome, Store, World};
use crate::manifest::meta::{ObjectMeta, StringMap};
use crate::manifest::pod::Pod;
use crate::manifest::refusal::Refusal;
use crate::manifest::workload::{PodTemplateSpec, ReplicaSet, ReplicaSetStatus};

/// At most so many pods are made or deleted in one pass.
const BURST: usize = 500;

/// The shortest back-off after a failure.
const FIRST_BACK_OFF: Duration = Duration::from_millis(5);

/// What makes pods of one template, which one does not matter: a ReplicaSet or a ReplicationController.
pub(in crate::controllers) trait Replicating: Selecting {
    /// How many pods it wants.
    fn replicas(&self) -> usize;
    /// What they are made from.
    fn template(&self) -> &PodTemplateSpec;
    /// Seconds a pod must be ready to count as available.
    fn min_ready_seconds(&self) -> i32;
    /// Its status.
    fn status(&self) -> &ReplicaSetStatus;
    /// Its status, to be changed.
    fn status_mut(&mut self) -> &mut ReplicaSetStatus;
}

impl Selecting for ReplicaSet {
    fn selects(&self, labels: &StringMap) -> bool {
        adoption::selects(self.spec.selector.as_ref(), labels)
    }
}

impl Replicating for ReplicaSet {
    fn replicas(&self) -> usize {
        usize::try_from(self.spec.replicas.unwrap_or(1)).unwrap_or(0)
    }
    fn template(&self) -> &PodTemplateSpec {
        &self.spec.template
    }
    fn min_ready_seconds(&self) -> i32 {
        self.spec.min_ready_seconds
    }
    fn status(&self) -> &ReplicaSetStatus {
        &self.status
    }
    fn status_mut(&mut self) -> &mut ReplicaSetStatus {
        &mut self.status
    }
}

/// Names the ReplicaSets that a change concerns.
pub(in crate::controllers) fn watch(store: &Store, change: &Change, keys: &mut Vec<Key>) {
    match change {
        Change::ReplicaSet(delta) => keys.push(delta.key()),
        Change::Pod(delta) => adoption::watch::<ReplicaSet, Pod>(store, delta, keys),
        _ => {}
    }
}

/// Brings the pods of a ReplicaSet or ReplicationController to their number, and its status up to date.
///
/// Upstream waits to see the pods it made before it makes others. When the last batch was refused only in part, the first pods
/// are seen before the last one is: a pass comes in between that does nothing, does not fail, and so lets the back-off start
/// anew. With a batch refused as a whole it grows on. How long a rollout under a tight quota stands still hangs on that.
pub(in crate::controllers) fn sync<T: Replicating>(world: &mut dyn World, key: &Key) -> Outcome {
    let Some(set) = world.store().get::<T>(key).cloned() else { return Outcome::Done };
    let active = claim::<T, Pod>(world, &*set, is_active);
    let is_deleted = set.metadata().deletion_timestamp.is_some();
    let managed = if is_deleted { Ok(()) } else { manage(world, &*set, &active) };
    let now = world.now();
    let status = status::of(&*set, &active, managed.as_ref().err().map(|failure| &failure.error), now);
    let is_settled = status.ready_replicas == status.available_replicas;
    world.store_mut().update::<T>(key, |set| *set.status_mut() = status);
    match until_available(&active, set.min_ready_seconds(), now) {
        _ if managed.as_ref().is_err_and(|failure| failure.is_partial) => Outcome::After(FIRST_BACK_OFF),
        _ if managed.is_err() => Outcome::Failed,
        Some(duration) if !is_settled => Outcome::After(duration),
        _ => Outcome::Done,
    }
}

fn manage<T: Replicating>(world: &mut dyn World, set: &T, active: &[Arc<Pod>]) -> Result<(), Failure<Refusal>> {
    let wanted = set.replicas();
    if active.len() < wanted {
        return slow_start((wanted - active.len()).min(BURST), |_| create(world, set));
    }
    let surplus = (active.len() - wanted).min(BURST);
    if surplus > 0 {
        let ranked = rank(world, set.metadata(), active);
        ranked[..surplus].iter().for_each(|pod| world.delete_pod(&Key::of(&pod.metadata)));
    }
    Ok(())
}

/// Makes a pod. One that is refused is an event, unless the namespace is going and nothing more is to be had from it.
fn create<T: Replicating>(world: &mut dyn World, set: &T) -> Result<(), Refusal> {
    let mut pod = from_template(set.template(), &owner(set), String::new());
    pod.metadata.uid.clear();
    pod.metadata.generate_name = format!("{}-", set.metadata().name);
    match world.create_pod(pod) {
        Err(refusal) if refusal.causes.iter().any(|cause| cause.reason == "NamespaceTerminating") => Ok(()),
        Err(refusal) => {
            world.event(T::KIND, &Key::of(set.metadata()), "FailedCreate", format!("Error creating: {refusal}"));
            Err(refusal)
        }
        Ok(_) => Ok(()),
    }
}

/// The active pods, the first to go first.
fn rank(world: &dyn World, set: &ObjectMeta, active: &[Arc<Pod>]) -> Vec<Arc<Pod>> {
    let beside = related_on_node(world.store(), set);
    deletion_rank::sort(active.to_vec(), |node| beside.get(node).copied().unwrap_or(0), Some(world.now()))
}

/// How many active pods each node has of the ReplicaSets that have the same owner; nothing for a ReplicaSet without one.
fn related_on_node(store: &Store, set: &ObjectMeta) -> FxHashMap<String, usize> {
    let mut counts = FxHashMap::default();
    let Some(above) = set.controller() else { return counts };
    let has_same_owner = |other: &&Arc<ReplicaSet>| other.metadata.controller().is_some_and(|owner| owner.uid == above.uid);
    let selectors: Vec<_> =
        store.replica_sets.within(&set.namespace).filter(has_same_owner).filter_map(|other| other.spec.selector.clone()).collect();
    for pod in store.pods.within(&set.namespace).filter(|pod| is_active(pod)) {
        if selectors.iter().any(|selector| matches(selector, &pod.metadata.labels)) {
            *counts.entry(pod.spec.node_name.clone()).or_default() += 1;
        }
    }
    counts
}
