//! Volumes: claims are bound, volumes are made for those that find none, and a deleted claim goes once no pod uses it.
//!
//! A claim whose class waits for a consumer is bound when its first pod is; a volume made for it can be reached from the zone of
//! the node that pod went to. A claim of an immediate class is bound at once.
//!
//! Source: k8s.io/kubernetes/pkg/controller/volume/persistentvolume/pv_controller.go syncUnboundClaim, pvcprotection, v1.36.

use super::control_plane::ControlPlane;
use crate::controllers::world::{Change, Key};
use crate::manifest::meta::{ObjectMeta, SelectorRequirement};
use crate::manifest::pod::{NodeSelector, NodeSelectorTerm, Pod};
use crate::manifest::storage::{
    ObjectReference, PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec, StorageClass, VolumeNodeAffinity,
};

/// Annotation of a claim that is bound for good: the scheduler goes by it.
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const ZONE: &str = "topology.kubernetes.io/zone";

/// What happened that volumes have to do with.
#[derive(Debug, Clone, Default)]
pub(super) struct Noted(bool);

impl Noted {
    /// Takes note of claims, volumes, classes, and pods that go.
    pub fn note(&mut self, change: &Change) {
        self.0 |= match change {
            Change::PersistentVolumeClaim(_) | Change::PersistentVolume(_) | Change::StorageClass(_) => true,
            Change::Pod(delta) => delta.after.as_ref().is_none_or(|pod| pod.is_terminal()),
            _ => false,
        };
    }
}

/// Binds claims of immediate classes, and lets deleted claims go. Whether anything was done.
pub(super) fn act(plane: &mut ControlPlane) -> bool {
    if !std::mem::take(&mut plane.volumes.0) {
        return false;
    }
    let claims: Vec<_> = plane.store.persistent_volume_claims.iter().cloned().collect();
    for claim in claims {
        let key = Key::of(&claim.metadata);
        if claim.metadata.deletion_timestamp.is_some() {
            if !is_used(plane, &key) {
                let_go(plane, &key, &claim);
            }
        } else if claim.spec.volume_name.is_empty() {
            match free_volume(plane, &claim) {
                Some(volume) => bind(plane, &key, &volume),
                None if is_made_at_once(plane, &claim) => provision(plane, &key, None),
                None => plane.store.update::<PersistentVolumeClaim>(&key, |claim| "Pending".clone_into(&mut claim.status.phase)),
            }
        }
    }
    plane.store.has_changes()
}

fn is_used(plane: &ControlPlane, key: &Key) -> bool {
    let uses = |pod: &Pod| {
        let mut volumes = pod.spec.volumes.iter();
        !pod.is_terminal()
            && volumes.any(|volume| volume.persistent_volume_claim.as_ref().is_some_and(|source| source.claim_name == key.name))
    };
    plane.store.pods.within(&key.namespace).any(|pod| uses(pod))
}

fn let_go(plane: &mut ControlPlane, key: &Key, claim: &PersistentVolumeClaim) {
    let volume = Key::new("", &claim.spec.volume_name);
    let is_kept = |volume: &PersistentVolume| volume.spec.persistent_volume_reclaim_policy == "Retain";
    match plane.store.get::<PersistentVolume>(&volume).map(|volume| is_kept(volume)) {
        Some(true) => plane.store.update::<PersistentVolume>(&volume, |volume| "Released".clone_into(&mut volume.status.phase)),
        Some(false) => _ = plane.store.remove::<PersistentVolume>(&volume),
        None => {}
    }
    _ = plane.delete::<PersistentVolumeClaim>(key, false);
}

fn class_of<'a>(plane: &'a ControlPlane, claim: &PersistentVolumeClaim) -> Option<&'a StorageClass> {
    let name = claim.spec.storage_class_name.as_deref().filter(|name| !name.is_empty())?;
    plane.store.get::<StorageClass>(&Key::new("", name)).map(AsRef::as_ref)
}

fn waits_for_consumer(class: &StorageClass) -> bool {
    class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer")
}

fn is_made_at_once(plane: &ControlPlane, claim: &PersistentVolumeClaim) -> bool {
    class_of(plane, claim).is_some_and(|class| !waits_for_consumer(class) && class.provisioner != "kubernetes.io/no-provisioner")
}

/// The smallest volume that waits to be claimed and will do; only for claims that do not wait for a pod.
fn free_volume(plane: &ControlPlane, claim: &PersistentVolumeClaim) -> Option<Key> {
    if class_of(plane, claim).is_some_and(waits_for_consumer) {
        return None;
    }
    let (class, wanted) = (claim.spec.storage_class_name.as_deref().unwrap_or_default(), storage_of(claim)?);
    let serves = |volume: &&std::sync::Arc<PersistentVolume>| {
        let spec = &volume.spec;
        let is_for_it =
            spec.claim_ref.as_ref().is_none_or(|kept| kept.namespace == claim.metadata.namespace && kept.name == claim.metadata.name);
        is_for_it
            && volume.status.phase != "Bound"
            && spec.storage_class_name == class
            && claim.spec.access_modes.iter().all(|mode| spec.access_modes.contains(mode))
            && spec.capacity.get("storage").is_some_and(|capacity| *capacity >= wanted)
    };
    let smallest = plane.store.persistent_volumes.iter().filter(serves).min_by_key(|volume| volume.spec.capacity.get("storage").copied());
    smallest.map(|volume| Key::of(&volume.metadata))
}

fn storage_of(claim: &PersistentVolumeClaim) -> Option<crate::manifest::Quantity> {
    claim.spec.resources.requests.get("storage").copied()
}

/// Binds a claim and a volume to each other.
pub(super) fn bind(plane: &mut ControlPlane, key: &Key, volume: &Key) {
    let Some(claim) = plane.store.get::<PersistentVolumeClaim>(key).cloned() else { return };
    let reference = ObjectReference {
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        uid: claim.metadata.uid.clone(),
        ..ObjectReference::default()
    };
    plane.store.update::<PersistentVolume>(volume, |volume| {
        volume.spec.claim_ref = Some(reference);
        "Bound".clone_into(&mut volume.status.phase);
    });
    plane.store.update::<PersistentVolumeClaim>(key, |claim| {
        volume.name.clone_into(&mut claim.spec.volume_name);
        claim.metadata.annotations.insert(BIND_COMPLETED.to_owned(), "yes".to_owned());
        claim.status.capacity = claim.spec.resources.requests.clone();
        "Bound".clone_into(&mut claim.status.phase);
    });
}

/// Makes a volume for a claim, reachable from a zone or from everywhere, and binds the two.
pub(super) fn provision(plane: &mut ControlPlane, key: &Key, zone: Option<String>) {
    let Some(claim) = plane.store.get::<PersistentVolumeClaim>(key).cloned() else { return };
    let only = |zone: String| VolumeNodeAffinity {
        required: Some(NodeSelector {
            node_selector_terms: vec![NodeSelectorTerm {
                match_expressions: vec![SelectorRequirement { key: ZONE.to_owned(), operator: "In".to_owned(), values: vec![zone] }],
                ..NodeSelectorTerm::default()
            }],
        }),
    };
    let volume = PersistentVolume {
        metadata: ObjectMeta { name: format!("pvc-{}", claim.metadata.uid), ..ObjectMeta::default() },
        spec: PersistentVolumeSpec {
            capacity: claim.spec.resources.requests.clone(),
            access_modes: claim.spec.access_modes.clone(),
            storage_class_name: claim.spec.storage_class_name.clone().unwrap_or_default(),
            volume_mode: claim.spec.volume_mode.clone(),
            node_affinity: zone.map(only),
            persistent_volume_reclaim_policy: "Delete".to_owned(),
            ..PersistentVolumeSpec::default()
        },
        ..PersistentVolume::default()
    };
    if let Ok(volume) = plane.create(volume) {
        bind(plane, key, &volume);
    }
}
