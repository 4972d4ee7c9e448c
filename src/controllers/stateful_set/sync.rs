//! One pass over a StatefulSet: revisions, pods, status.
//!
//! Source: k8s.io/kubernetes/pkg/controller/statefulset/stateful_set.go sync; stateful_set_control.go performUpdate, v1.36.

use super::identity::{claim_name, ordinal_of};
use super::{replicas, revisions, status};
use crate::controllers::adoption::{self, Selecting, claim};
use crate::controllers::availability::until_available;
use crate::controllers::world::{Change, Key, Outcome, Store, World};
use crate::manifest::meta::StringMap;
use crate::manifest::pod::Pod;
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::StatefulSet;

impl Selecting for StatefulSet {
    fn selects(&self, labels: &StringMap) -> bool {
        adoption::selects(self.spec.selector.as_ref(), labels)
    }
}

/// Names the StatefulSets that a change concerns.
pub(in crate::controllers) fn watch(store: &Store, change: &Change, keys: &mut Vec<Key>) {
    match change {
        Change::StatefulSet(delta) => keys.push(delta.key()),
        Change::Pod(delta) => adoption::watch::<StatefulSet, Pod>(store, delta, keys),
        // upstream learns of it from its next pass over everything
        Change::PersistentVolumeClaim(delta) if delta.after.is_none() => keys.extend(users(store, delta.latest())),
        _ => {}
    }
}

/// The StatefulSets that a claim may belong to by its name.
fn users(store: &Store, claim: &PersistentVolumeClaim) -> Vec<Key> {
    let has_it = |set: &StatefulSet| {
        let mut stems = set.spec.volume_claim_templates.iter().map(|template| claim_name(template, &set.metadata.name));
        stems.any(|stem| claim.metadata.name.starts_with(&stem))
    };
    let sets = store.stateful_sets.within(&claim.metadata.namespace).filter(|set| has_it(set));
    sets.map(|set| Key::of(&set.metadata)).collect()
}

/// Brings a StatefulSet one step nearer to what it wants.
pub(in crate::controllers) fn sync(world: &mut dyn World, key: &Key) -> Outcome {
    let Some(set) = world.store().get::<StatefulSet>(key).cloned() else { return Outcome::Done };
    let pods = claim::<StatefulSet, Pod>(world, &*set, |pod| ordinal_of(&set, pod).is_some());
    let revisions = revisions::find(world, &set);
    let status = status::of(&set, &pods, &revisions, world.now());
    let is_deleted = set.metadata.deletion_timestamp.is_some();
    let processed = if is_deleted { Ok(()) } else { replicas::process(world, &set, &pods, &revisions) };
    let is_settled = status.available_replicas == set.spec.replicas.unwrap_or(1);
    world.store_mut().update::<StatefulSet>(key, |set| set.status = status);
    revisions::truncate(world, &set, &pods, &revisions);
    match until_available(&pods, set.spec.min_ready_seconds, world.now()) {
        _ if processed.is_err() => Outcome::Failed,
        Some(duration) if !is_settled => Outcome::After(duration),
        _ => Outcome::Done,
    }
}
