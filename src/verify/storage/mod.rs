//! Rules about claims and their volumes: what must be there, what can be found or made, and from where it is reached.
//!
//! A claim is bound in the manifests, or settled when its pod is bound here ([`settle`]), or waits for its first consumer, or
//! is stuck. A settled claim is judged as at the moment after: an existing volume is reserved for it, and while a volume is
//! being made for it on a node, pods with that claim can go to that node only. From where the new volume will be reached once
//! it is there, manifests do not tell.
//!
//! Source: "Persistent Volumes", "Storage Classes" (volume binding mode, allowed topologies), "Storage Capacity", "Running in
//! multiple zones", Kubernetes v1.36.

pub mod limits;
pub mod offer;
pub mod sharing;

use crate::manifest::pod::{Pod, Volume};
use crate::manifest::storage::{PersistentVolume, PersistentVolumeClaim, StorageClass};

use super::selectors::node_matches;
use super::world::{Promise, namespace};
use super::{Rule, Verdict, World};

/// How things stand with a claim.
enum Standing {
    /// It has this volume.
    Bound(usize),
    /// It names a volume that is not there.
    Dangling(String),
    /// A volume is being made for it, to be reached from that node.
    MadeFor(usize),
    /// It waits for its pod to be placed.
    Waiting,
    /// It has no volume, and the pod's placement won't change that.
    Stuck,
}

/// Every claim must be there and either have a volume that the node reaches, or get one when the pod comes to the node.
pub fn claims(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    for volume in &world.pod(pod).spec.volumes {
        let Some(name) = claim_name(world.pod(pod), volume) else { continue };
        let Some(claim) = find_claim(world, world.pod(pod), &name) else {
            verdict.breaks(Rule::ClaimMissing, format!("claim {name} is not there"));
            continue;
        };
        let object = claim_object(world, claim);
        if object.metadata.deletion_timestamp.is_some() {
            verdict.breaks(Rule::ClaimMissing, format!("claim {name} is being deleted"));
        }
        if volume.ephemeral.is_some() && !belongs_to(object, world.pod(pod)) {
            verdict.breaks(Rule::ClaimMissing, format!("claim {name} was not made for this pod"));
        }
        if object.status.phase == "Lost" {
            verdict.breaks(Rule::ClaimUnbound, format!("claim {name} has lost its volume"));
        }
        match standing(world, claim) {
            Standing::Bound(held) => reachable(world, held, node, volume.ephemeral.is_some(), verdict),
            Standing::Dangling(held) => verdict.breaks(Rule::ClaimUnbound, format!("volume {held} of claim {name} is not there")),
            Standing::Stuck => verdict.breaks(Rule::ClaimUnbound, format!("claim {name} is not bound, and does not wait for a pod")),
            Standing::MadeFor(first) => {
                if first != node {
                    verdict.breaks(Rule::ClaimUnservable, format!("a volume is being made for claim {name} on {}", world.node_name(first)));
                }
            }
            Standing::Waiting => {}
        }
    }
    for (claim, offer) in offer::offers(world, pod, node) {
        if let Err((rule, reason)) = offer {
            verdict.breaks(rule, format!("claim {}: {reason}", claim_object(world, claim).metadata.name));
        }
    }
}

/// What binding `pod` to `node` promises to its waiting claims.
pub fn settle(world: &World, pod: usize, node: usize) -> Vec<(usize, Promise)> {
    let offers = offer::offers(world, pod, node);
    offers.into_iter().filter_map(|(claim, offer)| Some((claim, offer.ok()?))).collect()
}

/// A bound volume must be reachable from the node: by its own node affinity, and by zone and region labels on it.
fn reachable(world: &World, volume: usize, node: usize, ephemeral: bool, verdict: &mut Verdict) {
    let volume = volume_object(world, volume);
    if !serves(volume, world, node) {
        verdict.breaks(Rule::VolumeNodeAffinity, format!("volume {} is not reached from here", volume.metadata.name));
    }
    // claims made for one pod alone are not asked for their zones; their volumes carry node affinity
    if ephemeral {
        return;
    }
    let labels = &world.node(node).metadata.labels;
    if !ZONE_LABELS.iter().any(|(label, _)| labels.contains_key(*label)) {
        return;
    }
    for (label, current) in ZONE_LABELS {
        let Some(zones) = volume.metadata.labels.get(label) else { continue };
        let zones: Vec<_> = zones.split("__").map(str::trim).collect();
        if zones.iter().any(|zone| zone.is_empty()) {
            continue;
        }
        let here = labels.get(label).or_else(|| labels.get(current));
        if !here.is_some_and(|here| zones.contains(&here.as_str())) {
            verdict.breaks(Rule::VolumeZone, format!("volume {} is in {label} {zones:?}", volume.metadata.name));
        }
    }
}

/// Labels that say where a volume is, and what each is called today.
const ZONE_LABELS: [(&str, &str); 4] = [
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("topology.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("topology.kubernetes.io/region", "topology.kubernetes.io/region"),
];

/// Whether the volume's node affinity, if it has one, accepts the node.
fn serves(volume: &PersistentVolume, world: &World, node: usize) -> bool {
    let required = volume.spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref());
    required.is_none_or(|required| node_matches(required, world.node(node)))
}

fn standing(world: &World, claim: usize) -> Standing {
    if let Some(Promise::MadeFor(node)) = world.promise(claim) {
        return Standing::MadeFor(node);
    }
    let object = claim_object(world, claim);
    let bound = object.metadata.annotations.contains_key("pv.kubernetes.io/bind-completed");
    if !object.spec.volume_name.is_empty() && bound {
        let name = &object.spec.volume_name;
        let volume = world.objects().persistent_volumes.iter().position(|volume| volume.metadata.name == *name);
        return volume.map_or(Standing::Dangling(name.clone()), Standing::Bound);
    }
    // a claim that names its volume but was not bound to it yet is the volume controller's business, whatever its class
    let class = find_class(world, class_of_claim(object));
    let waits = class.is_some_and(|class| class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer"));
    if waits && object.spec.volume_name.is_empty() { Standing::Waiting } else { Standing::Stuck }
}

/// The name of the claim behind a pod's volume: the one it names, or the one that is made for it.
fn claim_name(pod: &Pod, volume: &Volume) -> Option<String> {
    if let Some(claim) = &volume.persistent_volume_claim {
        return Some(claim.claim_name.clone());
    }
    volume.ephemeral.as_ref().map(|_| format!("{}-{}", pod.metadata.name, volume.name))
}

/// Index of the pod's claim of that name.
fn find_claim(world: &World, pod: &Pod, name: &str) -> Option<usize> {
    let mut claims = world.objects().persistent_volume_claims.iter();
    claims.position(|claim| claim.metadata.name == name && namespace(&claim.metadata) == namespace(&pod.metadata))
}

fn find_class<'a>(world: &World<'a>, name: &str) -> Option<&'a StorageClass> {
    world.objects().storage_classes.iter().find(|class| class.metadata.name == name)
}

/// A class is named in the spec or, of old, in an annotation, which goes first.
fn class_of_claim(claim: &PersistentVolumeClaim) -> &str {
    let annotated = claim.metadata.annotations.get("volume.beta.kubernetes.io/storage-class");
    annotated.or(claim.spec.storage_class_name.as_ref()).map_or("", String::as_str)
}

fn class_of_volume(volume: &PersistentVolume) -> &str {
    volume.metadata.annotations.get("volume.beta.kubernetes.io/storage-class").unwrap_or(&volume.spec.storage_class_name)
}

fn belongs_to(claim: &PersistentVolumeClaim, pod: &Pod) -> bool {
    claim.metadata.controller().is_some_and(|owner| owner.uid == pod.metadata.uid)
}

fn claim_object<'a>(world: &World<'a>, claim: usize) -> &'a PersistentVolumeClaim {
    &world.objects().persistent_volume_claims[claim]
}

fn volume_object<'a>(world: &World<'a>, volume: usize) -> &'a PersistentVolume {
    &world.objects().persistent_volumes[volume]
}
