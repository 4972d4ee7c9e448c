//! What plugins make of claims, volumes, classes and drivers, and of pods that had disks.
//!
//! Source: volumerestrictions, nodevolumelimits, volumebinding and volumezone under
//! k8s.io/kubernetes/pkg/scheduler/framework/plugins, v1.36.

use super::{Waiting, pods};
use crate::controllers::world::Change;
use crate::manifest::node::Node;
use crate::manifest::pod::Pod;
use crate::manifest::storage::{CsiNode, CsiStorageCapacity, PersistentVolume};

/// Labels of volumes and nodes that say where they are.
const ZONE_LABELS: [&str; 4] = [
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
];

/// Names of the claims that a pod uses, those made for it alone among them.
fn claims(pod: &Pod) -> impl Iterator<Item = String> + '_ {
    pod.spec.volumes.iter().filter_map(|volume| match (&volume.persistent_volume_claim, &volume.ephemeral) {
        (Some(claim), _) => Some(claim.claim_name.clone()),
        (None, Some(_)) => Some(format!("{}-{}", pod.metadata.name, volume.name)),
        (None, None) => None,
    })
}

/// A claim of the pod came or changed.
pub(super) fn is_own_claim(waiting: &Waiting<'_>, change: &Change) -> bool {
    let Change::PersistentVolumeClaim(delta) = change else { return false };
    let claim = &delta.latest().metadata;
    claim.namespace == waiting.pod.metadata.namespace && claims(waiting.pod).any(|name| name == claim.name)
}

/// A pod is gone that had a disk which the waiting pod wants, or used one of its claims.
pub(super) fn leaves_a_disk(waiting: &Waiting<'_>, change: &Change) -> bool {
    let (Some(gone), _) = pods(change) else { return false };
    if gone.metadata.namespace != waiting.pod.metadata.namespace {
        return false;
    }
    let mut node = Node::default();
    "node".clone_into(&mut node.metadata.name);
    claims(waiting.pod).any(|name| claims(gone).any(|other| other == name))
        || waiting.trial.rejects("VolumeRestrictions", waiting.pod, &node, &[gone])
}

/// A pod is gone that had volumes with claims.
pub(super) fn had_claims(_: &Waiting<'_>, change: &Change) -> bool {
    pods(change).0.is_some_and(|gone| claims(gone).next().is_some())
}

/// A node takes more volumes of a driver.
pub(super) fn limit_grew(_: &Waiting<'_>, change: &Change) -> bool {
    let Change::CsiNode(delta) = change else { return false };
    let (Some(before), Some(after)) = (&delta.before, &delta.after) else { return false };
    let limit = |node: &CsiNode, driver: &str| {
        let row = node.spec.drivers.iter().find(|row| row.name == driver)?;
        row.allocatable.as_ref()?.count
    };
    after.spec.drivers.iter().any(|row| limit(before, &row.name) < limit(after, &row.name))
}

/// Volumes of a class can be made in other places.
pub(super) fn class_reaches_elsewhere(_: &Waiting<'_>, change: &Change) -> bool {
    let Change::StorageClass(delta) = change else { return false };
    let (Some(before), Some(after)) = (&delta.before, &delta.after) else { return false };
    before.allowed_topologies != after.allowed_topologies
}

/// A class came whose claims wait for their pod.
pub(super) fn class_waits_for_consumer(_: &Waiting<'_>, change: &Change) -> bool {
    let Change::StorageClass(delta) = change else { return false };
    delta.latest().volume_binding_mode.as_deref() == Some("WaitForFirstConsumer")
}

/// A driver of an inline volume of the pod no longer says how much room it has.
pub(super) fn driver_stopped_counting(waiting: &Waiting<'_>, change: &Change) -> bool {
    let Change::CsiDriver(delta) = change else { return false };
    let (Some(before), Some(after)) = (&delta.before, &delta.after) else { return false };
    let mut volumes = waiting.pod.spec.volumes.iter().filter_map(|volume| volume.csi.as_ref());
    volumes.any(|volume| volume.driver == after.metadata.name)
        && before.spec.storage_capacity == Some(true)
        && after.spec.storage_capacity != Some(true)
}

/// There is more room for volumes of a class.
pub(super) fn capacity_grew(_: &Waiting<'_>, change: &Change) -> bool {
    let Change::CsiStorageCapacity(delta) = change else { return false };
    let (Some(before), Some(after)) = (&delta.before, &delta.after) else { return false };
    let limit = |capacity: &CsiStorageCapacity| capacity.maximum_volume_size.or(capacity.capacity);
    limit(before) < limit(after)
}

/// A volume is in another zone or region than before.
pub(super) fn volume_moved(_: &Waiting<'_>, change: &Change) -> bool {
    let Change::PersistentVolume(delta) = change else { return false };
    let (Some(before), Some(after)) = (&delta.before, &delta.after) else { return false };
    let place = |volume: &PersistentVolume, label: &str| volume.metadata.labels.get(label).cloned();
    ZONE_LABELS.iter().any(|label| place(before, label) != place(after, label))
}
