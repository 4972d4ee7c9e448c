//! The garbage collector: what an owner leaves behind goes after it.
//!
//! Source: k8s.io/kubernetes/pkg/controller/garbagecollector/garbagecollector.go attemptToDeleteItem, orphanDependents, v1.36.

use super::control_plane::ControlPlane;
use crate::controllers::world::{Change, Delta, Key, Store, Stored};
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::Pod;
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::{ControllerRevision, Job, ReplicaSet};

/// An owner that is gone.
#[derive(Debug, Clone)]
pub(super) struct Gone {
    namespace: String,
    uid: String,
}

/// The owner that a change took away, if it is of a kind that owns others.
pub(super) fn gone(change: &Change) -> Option<Gone> {
    match change {
        Change::Deployment(delta) => removed(delta),
        Change::ReplicaSet(delta) => removed(delta),
        Change::ReplicationController(delta) => removed(delta),
        Change::StatefulSet(delta) => removed(delta),
        Change::DaemonSet(delta) => removed(delta),
        Change::Job(delta) => removed(delta),
        Change::CronJob(delta) => removed(delta),
        Change::Pod(delta) => removed(delta),
        _ => None,
    }
}

fn removed<T: Stored>(delta: &Delta<T>) -> Option<Gone> {
    let before = delta.before.as_ref().filter(|_| delta.after.is_none())?.metadata();
    Some(Gone { namespace: before.namespace.clone(), uid: before.uid.clone() })
}

/// Deletes what owners that are gone have left. Whether anything was.
pub(super) fn collect(plane: &mut ControlPlane) -> bool {
    for owner in std::mem::take(&mut plane.orphaned) {
        for key in dependents::<ReplicaSet>(&plane.store, &owner) {
            _ = plane.delete::<ReplicaSet>(&key, false);
        }
        for key in dependents::<Job>(&plane.store, &owner) {
            _ = plane.delete::<Job>(&key, false);
        }
        for key in dependents::<ControllerRevision>(&plane.store, &owner) {
            plane.store.remove::<ControllerRevision>(&key);
        }
        for key in dependents::<Pod>(&plane.store, &owner) {
            _ = plane.remove_pod(&key, None);
        }
        for key in dependents::<PersistentVolumeClaim>(&plane.store, &owner) {
            _ = plane.delete_claim(&key);
        }
    }
    plane.store.has_changes()
}

/// Objects that have no other owner than one that is gone.
fn dependents<T: Stored>(store: &Store, owner: &Gone) -> Vec<Key> {
    let is_left = |metadata: &ObjectMeta| {
        !metadata.owner_references.is_empty() && metadata.owner_references.iter().all(|reference| reference.uid == owner.uid)
    };
    let objects = T::table(store).within(&owner.namespace).filter(|object| is_left(object.metadata()));
    objects.map(|object| Key::of(object.metadata())).collect()
}

/// Takes an owner's name off everything it owns.
pub(super) fn orphan(store: &mut Store, uid: &str) {
    release::<ReplicaSet>(store, uid);
    release::<Job>(store, uid);
    release::<ControllerRevision>(store, uid);
    release::<Pod>(store, uid);
    release::<PersistentVolumeClaim>(store, uid);
}

fn release<T: Stored>(store: &mut Store, uid: &str) {
    let is_owned = |metadata: &ObjectMeta| metadata.owner_references.iter().any(|reference| reference.uid == uid);
    let keys: Vec<Key> =
        T::table(store).iter().filter(|object| is_owned(object.metadata())).map(|object| Key::of(object.metadata())).collect();
    for key in keys {
        store.update::<T>(&key, |object| object.metadata_mut().owner_references.retain(|reference| reference.uid != uid));
    }
}
