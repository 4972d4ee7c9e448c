//! What a node can offer to claims that wait for their first consumer: an existing volume, or a place to make one.
//!
//! Source: "Storage Classes" (volume binding mode, allowed topologies), "Persistent Volumes" (binding), "Storage Capacity",
//! Kubernetes v1.36.

use crate::manifest::Quantity;
use crate::manifest::storage::{PersistentVolume, PersistentVolumeClaim};

use super::super::selectors::selects;
use super::super::world::{Promise, namespace};
use super::super::{Rule, World};
use super::{Standing, claim_name, claim_object, class_of_claim, class_of_volume, find_claim, find_class, serves, standing};

/// A promise, or the rule that forbids it and why.
type Offer = Result<Promise, (Rule, String)>;

/// For each waiting claim of the pod, what it would get on the node. Small claims choose first, and each takes the smallest
/// volume that does. A claim that a pod mounts twice asks twice, and so for two volumes: that is how the scheduler counts.
pub fn offers(world: &World, pod: usize, node: usize) -> Vec<(usize, Offer)> {
    let mut waiting = Vec::new();
    for volume in &world.pod(pod).spec.volumes {
        let claim = claim_name(world.pod(pod), volume).and_then(|name| find_claim(world, world.pod(pod), &name));
        if let Some(claim) = claim
            && matches!(standing(world, claim), Standing::Waiting)
        {
            waiting.push(claim);
        }
    }
    waiting.sort_by_key(|&claim| requested(claim_object(world, claim)).unwrap_or_default());

    let mut offers = Vec::new();
    let mut chosen = Vec::new();
    for claim in waiting {
        let offer = match claim_object(world, claim).metadata.annotations.get("volume.kubernetes.io/selected-node") {
            Some(selected) if selected != world.node_name(node) => {
                Err((Rule::ClaimUnservable, format!("a volume is being made for it on {selected}")))
            }
            Some(_) => make(world, claim, node),
            None => match existing(world, claim, node, &chosen) {
                Some(volume) => Ok(Promise::Volume(volume)),
                None => make(world, claim, node),
            },
        };
        if let Ok(Promise::Volume(volume)) = offer {
            chosen.push(volume);
        }
        offers.push((claim, offer));
    }
    offers
}

/// The volume that an administrator or an earlier binding reserved for the claim, or else the smallest free one that does.
fn existing(world: &World, claim: usize, node: usize, chosen: &[usize]) -> Option<usize> {
    let wanted = claim_object(world, claim);
    let mut best: Option<(Quantity, usize)> = None;
    for (index, volume) in world.objects().persistent_volumes.iter().enumerate() {
        let promised = world.promised_to(index);
        let taken = chosen.contains(&index) || promised.is_some_and(|other| other != claim);
        let reserved = reserved_for(volume, wanted) || promised == Some(claim);
        let foreign = volume.spec.claim_ref.is_some() && !reserved;
        if taken || foreign || volume.metadata.deletion_timestamp.is_some() || !is_big_and_alike(volume, wanted) {
            continue;
        }
        if reserved {
            return serves(volume, world, node).then_some(index);
        }
        let size = capacity(volume);
        if is_free_and_suits(volume, wanted) && serves(volume, world, node) && best.is_none_or(|(smallest, _)| size < smallest) {
            best = Some((size, index));
        }
    }
    best.map(|(_, volume)| volume)
}

fn reserved_for(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    volume.spec.claim_ref.as_ref().is_some_and(|reference| {
        reference.name == claim.metadata.name
            && reference.namespace == namespace(&claim.metadata)
            && (reference.uid.is_empty() || reference.uid == claim.metadata.uid)
    })
}

/// What even a reserved volume must have: size, mode and attributes class.
fn is_big_and_alike(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    let mode = |mode: &Option<String>| mode.clone().unwrap_or("Filesystem".to_owned());
    let attributes = |class: &Option<String>| class.clone().unwrap_or_default();
    capacity(volume) >= requested(claim).unwrap_or_default()
        && mode(&volume.spec.volume_mode) == mode(&claim.spec.volume_mode)
        && attributes(&volume.spec.volume_attributes_class_name) == attributes(&claim.spec.volume_attributes_class_name)
}

/// What a free volume must have as well: class, access modes, and the labels that the claim selects. A volume that says
/// nothing of its phase comes from a manifest, and is free.
fn is_free_and_suits(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    let free = volume.status.phase == "Available" || volume.status.phase.is_empty();
    let selected = claim.spec.selector.is_none() || selects(claim.spec.selector.as_ref(), &volume.metadata.labels);
    let modes = claim.spec.access_modes.iter().all(|mode| volume.spec.access_modes.contains(mode));
    free && selected && modes && class_of_volume(volume) == class_of_claim(claim)
}

/// Whether the class makes volumes at all, for this node, and of that size.
fn make(world: &World, claim: usize, node: usize) -> Offer {
    let wanted = claim_object(world, claim);
    let class_name = class_of_claim(wanted);
    let class = find_class(world, class_name);
    let Some(class) = class.filter(|class| !class.provisioner.is_empty() && class.provisioner != "kubernetes.io/no-provisioner") else {
        return Err((Rule::ClaimUnservable, "no volume does, and its class makes none".to_owned()));
    };
    let labels = &world.node(node).metadata.labels;
    let allowed = class.allowed_topologies.iter().any(|term| {
        let expressions = &term.match_label_expressions;
        let holds = expressions.iter().all(|expression| labels.get(&expression.key).is_some_and(|value| expression.values.contains(value)));
        !expressions.is_empty() && holds
    });
    if !class.allowed_topologies.is_empty() && !allowed {
        return Err((Rule::ClaimUnservable, format!("no volume does, and class {class_name} makes none here")));
    }
    if !capacity_suffices(world, &class.provisioner, class_name, requested(wanted), node) {
        return Err((Rule::StorageCapacity, format!("class {class_name} has not enough storage here")));
    }
    Ok(Promise::MadeFor(node))
}

/// A driver that publishes its capacity must have published enough of it for this node.
fn capacity_suffices(world: &World, driver: &str, class: &str, size: Option<Quantity>, node: usize) -> bool {
    let published = world.objects().csi_drivers.iter().find(|other| other.metadata.name == driver);
    let (Some(true), Some(size)) = (published.and_then(|driver| driver.spec.storage_capacity), size) else { return true };
    world.objects().csi_storage_capacities.iter().any(|capacity| {
        let most = capacity.maximum_volume_size.or(capacity.capacity);
        capacity.storage_class_name == class
            && capacity.node_topology.is_some()
            && selects(capacity.node_topology.as_ref(), &world.node(node).metadata.labels)
            && most.is_some_and(|most| most.units() >= size.units())
    })
}

fn requested(claim: &PersistentVolumeClaim) -> Option<Quantity> {
    claim.spec.resources.requests.get("storage").copied()
}

fn capacity(volume: &PersistentVolume) -> Quantity {
    volume.spec.capacity.get("storage").copied().unwrap_or_default()
}
