//! The claims of a StatefulSet's pods: made before the pod, and owned by what they are to go with.
//!
//! Source: k8s.io/kubernetes/pkg/controller/statefulset/stateful_pod_control.go createPersistentVolumeClaims,
//! UpdatePodClaimForRetentionPolicy, PodClaimIsStale; stateful_set_utils.go isClaimOwnerUpToDate,
//! updateClaimOwnerRefForSetAndPod, v1.36.

use super::identity::{claim_for, claim_name, ordinals, pod_name};
use crate::controllers::adoption::owner;
use crate::controllers::ownership::Owner;
use crate::controllers::world::{Key, World};
use crate::manifest::meta::{ObjectMeta, OwnerReference};
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::StatefulSet;

/// Creates the claims that the pod of an ordinal lacks. All of them are tried; what went wrong comes in one sentence.
pub(super) fn create(world: &mut dyn World, set: &StatefulSet, ordinal: i32) -> Result<(), String> {
    let pod = pod_name(set, ordinal);
    let mut errors = Vec::new();
    for template in &set.spec.volume_claim_templates {
        let key = Key::new(&set.metadata.namespace, claim_name(template, &pod));
        match world.store().get::<PersistentVolumeClaim>(&key) {
            Some(claim) if claim.metadata.deletion_timestamp.is_some() => errors.push(format!("pvc {} is being deleted", key.name)),
            Some(_) => {}
            None => errors.extend(create_one(world, set, claim_for(set, template, &pod), &pod).err()),
        }
    }
    match errors.len() {
        0 => Ok(()),
        1 => Err(errors.remove(0)),
        _ => Err(format!("[{}]", errors.join(", "))),
    }
}

fn create_one(world: &mut dyn World, set: &StatefulSet, claim: PersistentVolumeClaim, pod: &str) -> Result<(), String> {
    let (name, set_name) = (claim.metadata.name.clone(), &set.metadata.name);
    world.create_claim(claim).map_err(|refusal| {
        let message = format!("Create Claim {name} for Pod {pod} in StatefulSet {set_name} failed error: {refusal}");
        world.event("StatefulSet", &Key::of(&set.metadata), "FailedCreate", message);
        format!("failed to create PVC {name}: {refusal}")
    })
}

/// Whether a claim of an ordinal without a pod is about to go with an earlier pod, so that a new one must wait for that.
pub(super) fn is_stale(world: &dyn World, set: &StatefulSet, ordinal: i32) -> bool {
    let pod = pod_name(set, ordinal);
    let names_pod = |claim: &PersistentVolumeClaim| {
        claim
            .metadata
            .owner_references
            .iter()
            .any(|reference| reference.kind == "Pod" && reference.name == pod && !reference.uid.is_empty())
    };
    Policy::of(set).goes_when_scaled && own(world, set, &pod).iter().any(|(_, claim)| names_pod(claim))
}

/// Makes the claims of a pod (which may not be there yet) go with what the retention policy says.
pub(super) fn settle_owners(world: &mut dyn World, set: &StatefulSet, ordinal: i32, pod: &ObjectMeta) {
    let wanted = Policy::of(set).owner(set, ordinal, pod);
    for (key, claim) in own(world, set, &pod_name(set, ordinal)) {
        if let Some(references) = settled(&claim.metadata.owner_references, set, pod, wanted.as_ref()) {
            world.store_mut().update::<PersistentVolumeClaim>(&key, |claim| claim.metadata.owner_references = references);
        }
    }
}

/// The claims that there are of a pod.
fn own(world: &dyn World, set: &StatefulSet, pod: &str) -> Vec<(Key, PersistentVolumeClaim)> {
    let keys = set.spec.volume_claim_templates.iter().map(|template| Key::new(&set.metadata.namespace, claim_name(template, pod)));
    keys.filter_map(|key| world.store().get::<PersistentVolumeClaim>(&key).map(|claim| (key.clone(), PersistentVolumeClaim::clone(claim))))
        .collect()
}

/// When claims go.
struct Policy {
    goes_when_deleted: bool,
    goes_when_scaled: bool,
}

impl Policy {
    fn of(set: &StatefulSet) -> Self {
        let policy = set.spec.persistent_volume_claim_retention_policy.clone().unwrap_or_default();
        Policy { goes_when_deleted: policy.when_deleted == "Delete", goes_when_scaled: policy.when_scaled == "Delete" }
    }

    /// What a claim goes with: its pod once that is surplus, the set before, or nothing.
    fn owner(&self, set: &StatefulSet, ordinal: i32, pod: &ObjectMeta) -> Option<OwnerReference> {
        if self.goes_when_scaled && !ordinals(set).contains(&ordinal) {
            Some(Owner { api_version: "v1", kind: "Pod", metadata: pod }.reference())
        } else {
            self.goes_when_deleted.then(|| owner(set).reference())
        }
    }
}

/// The owners a claim should have, if they are not those it has. A claim that belongs to somebody else, or to an earlier set or
/// pod of the same name, is left to them.
fn settled(
    references: &[OwnerReference],
    set: &StatefulSet,
    pod: &ObjectMeta,
    wanted: Option<&OwnerReference>,
) -> Option<Vec<OwnerReference>> {
    let names_us = |reference: &OwnerReference| {
        (reference.kind == "StatefulSet" && reference.name == set.metadata.name) || (reference.kind == "Pod" && reference.name == pod.name)
    };
    let is_stale = |reference: &OwnerReference| {
        let uid = if reference.kind == "Pod" { &pod.uid } else { &set.metadata.uid };
        names_us(reference) && reference.uid != *uid
    };
    if references.iter().any(is_stale) {
        return None;
    }
    let mut settled: Vec<OwnerReference> = references.iter().filter(|reference| !names_us(reference)).cloned().collect();
    let is_anothers = settled.iter().any(|reference| reference.controller == Some(true));
    settled.extend(wanted.filter(|_| !is_anothers).cloned());
    (settled != references).then_some(settled)
}
