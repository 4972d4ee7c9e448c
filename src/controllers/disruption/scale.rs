//! The scale of a pod's controller: how many pods it wants.
//!
//! Source: k8s.io/kubernetes/pkg/controller/disruption/disruption.go finders, getScaleController, v1.36.

use super::expected::Scale;
use crate::controllers::world::{Key, Store, Stored};
use crate::manifest::meta::OwnerReference;
use crate::manifest::workload::{Deployment, ReplicaSet, ReplicationController, StatefulSet};

/// The scale of a controller; none if it is not there. An error if its kind has none.
pub(super) fn scale_of(store: &Store, owner: &OwnerReference, namespace: &str) -> Result<Option<Scale>, String> {
    let key = Key::new(namespace, &owner.name);
    let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
    Ok(match (group, owner.kind.as_str()) {
        ("", "ReplicationController") => {
            find::<ReplicationController>(store, &key, owner).map(|it| (owner.uid.clone(), it.spec.replicas.unwrap_or(1)))
        }
        ("apps" | "extensions", "ReplicaSet") => of_replica_set(store, &key, owner),
        ("apps" | "extensions", "Deployment") => {
            find::<Deployment>(store, &key, owner).map(|it| (owner.uid.clone(), it.spec.replicas.unwrap_or(1)))
        }
        ("apps", "StatefulSet") => find::<StatefulSet>(store, &key, owner).map(|it| (owner.uid.clone(), it.spec.replicas.unwrap_or(1))),
        _ => return Err(no_scale(owner, group)),
    })
}

fn find<'a, T: Stored>(store: &'a Store, key: &Key, owner: &OwnerReference) -> Option<&'a T> {
    store.get::<T>(key).map(|object| &**object).filter(|object| object.metadata().uid == owner.uid)
}

/// A ReplicaSet counts as its Deployment, if it has one.
fn of_replica_set(store: &Store, key: &Key, owner: &OwnerReference) -> Option<Scale> {
    let set = find::<ReplicaSet>(store, key, owner)?;
    let own = (owner.uid.clone(), set.spec.replicas.unwrap_or(1));
    let Some(above) = set.metadata.controller().filter(|above| above.kind == "Deployment") else { return Some(own) };
    let deployment = find::<Deployment>(store, &Key::new(&key.namespace, &above.name), above);
    // the scale subresource answers for a ReplicaSet whose Deployment is gone
    Some(deployment.map_or(own, |deployment| (above.uid.clone(), deployment.spec.replicas.unwrap_or(1))))
}

/// Why a kind has no scale, in the words of the controller.
pub(super) fn no_scale(owner: &OwnerReference, group: &str) -> String {
    let resource = match (group, owner.kind.as_str()) {
        ("batch", "Job") => "jobs.batch",
        ("batch", "CronJob") => "cronjobs.batch",
        ("apps", "DaemonSet") => "daemonsets.apps",
        ("", "Node") => "nodes",
        ("", "Pod") => "pods",
        (_, kind) => return format!("no matches for kind {kind:?} in version {:?}", owner.api_version),
    };
    format!("{resource} does not implement the scale subresource")
}
