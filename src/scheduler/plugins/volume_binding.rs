//! VolumeBinding: a bound volume must reach the node; a claim that waits for its first consumer must find a volume there, or
//! a class that can make one.
//!
//! Source: pkg/scheduler/framework/plugins/volumebinding/{volume_binding,binder}.go and
//! staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go (`FindMatchingVolume`), v1.36.

use crate::cluster::index::{ClaimId, NodeId, NodeSet, VolumeId};
use crate::cluster::occupancy::{ClaimState, Occupancy};
use crate::cluster::storage::{Claim, StorageClass, Volume};
use crate::scheduler::attempt::{Code, Rejection, Rejections};
use crate::scheduler::framework::{Cycle, Plugin};

const REASON_IMMEDIATE: &str = "pod has unbound immediate PersistentVolumeClaims";
const REASON_BIND: &str = "node(s) didn't find available persistent volumes to bind";
const REASON_NODE: &str = "node(s) didn't match PersistentVolume's node affinity";
const REASON_GONE: &str = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";
const REASON_SPACE: &str = "node(s) did not have enough free storage";

/// What becomes of a claim on its way to a node.
enum Binding {
    /// It has this volume; `None` if the volume does not exist.
    Bound(Option<VolumeId>),
    /// It waits for its first consumer.
    Delayed(ClaimId),
    /// It should be bound already, and is not.
    Immediate,
}

fn refuse(reason: impl Into<std::borrow::Cow<'static, str>>) -> Rejection {
    Rejection::new(PLUGIN.name, Code::UnschedulableAndUnresolvable, reason)
}

fn admit(cycle: &Cycle<'_>) -> Result<Option<NodeSet>, Rejection> {
    for used in &cycle.class.volumes.claims {
        let name = cycle.cluster.texts.get(used.name);
        let claim = match used.claim {
            Some(id) => cycle.cluster.storage.claim(id),
            None if used.ephemeral => {
                return Err(refuse(format!("waiting for ephemeral volume controller to create the persistentvolumeclaim {name:?}")));
            }
            None => return Err(refuse(super::volume_restrictions::not_found(cycle, used))),
        };
        if claim.lost {
            let volume = claim.volume_name.map_or("", |name| cycle.cluster.texts.get(name));
            return Err(refuse(format!("persistentvolumeclaim {name:?} bound to non-existent persistentvolume {volume:?}")));
        }
        if claim.deleting {
            return Err(refuse(format!("persistentvolumeclaim {name:?} is being deleted")));
        }
        let pod_name = cycle.cluster.pod(cycle.pod).name;
        if used.ephemeral && !claim.owner_pods.contains(&pod_name) {
            let pod = cycle.cluster.pod_name(cycle.pod);
            return Err(refuse(format!("PVC {}/{name} was not created for pod {pod} (pod is not owner)", pod.namespace)));
        }
    }
    match bindings(cycle).any(|binding| matches!(binding, Binding::Immediate)) {
        true => Err(refuse(REASON_IMMEDIATE)),
        false => Ok(None),
    }
}

fn bindings<'a>(cycle: &'a Cycle<'_>) -> impl Iterator<Item = Binding> + 'a {
    cycle.class.volumes.claims.iter().filter_map(|used| used.claim).map(|id| binding(cycle, id))
}

fn binding(cycle: &Cycle<'_>, id: ClaimId) -> Binding {
    let storage = &cycle.cluster.storage;
    let claim = storage.claim(id);
    match claim.volume_name {
        Some(name) if claim.bind_completed => Binding::Bound(storage.volume_by_name.get(&name).copied()),
        None if class_of(cycle, claim).is_some_and(|class| class.waits_for_consumer) => Binding::Delayed(id),
        _ => Binding::Immediate,
    }
}

fn class_of<'a>(cycle: &Cycle<'a>, claim: &Claim) -> Option<&'a StorageClass> {
    cycle.cluster.storage.classes.get(&claim.class?)
}

fn filter(cycle: &Cycle<'_>, set: &mut NodeSet, rejections: &mut Rejections) {
    if cycle.class.volumes.claims.is_empty() {
        return;
    }
    let bindings: Vec<Binding> = bindings(cycle).collect();
    let mut reached = NodeSet::all(set.capacity());
    let mut gone = false;
    for binding in &bindings {
        match binding {
            Binding::Bound(Some(volume)) => reached.intersect(&reachable_from(cycle, *volume)),
            // upstream looks no further, nor past the first volume that a node does not reach
            Binding::Bound(None) => {
                gone = true;
                break;
            }
            Binding::Delayed(_) | Binding::Immediate => {}
        }
    }
    let delayed: Vec<ClaimId> =
        bindings.iter().filter_map(|binding| if let Binding::Delayed(claim) = binding { Some(*claim) } else { None }).collect();
    for node in set.clone().iter() {
        let mut reasons = smallvec::SmallVec::new();
        if !reached.contains(node) {
            reasons.push(REASON_NODE.into());
        }
        match place_claims(cycle, &delayed, node) {
            Ok(_) => {}
            Err(Shortage::NoVolume) => reasons.push(REASON_BIND.into()),
            Err(Shortage::NoSpace) => reasons.push(REASON_SPACE.into()),
        }
        if gone && reached.contains(node) {
            reasons.push(REASON_GONE.into());
        }
        if !reasons.is_empty() {
            rejections.reject(set, node, Rejection { plugin: PLUGIN.name, code: Code::UnschedulableAndUnresolvable, reasons });
        }
    }
}

/// The nodes that reach a volume.
pub fn reachable_from(cycle: &Cycle<'_>, volume: VolumeId) -> NodeSet {
    match &cycle.cluster.storage.volume(volume).reachable_from {
        Some(terms) => cycle.cluster.nodes_matching_any(terms),
        None => NodeSet::all(cycle.cluster.nodes.len()),
    }
}

/// Why a node cannot serve a claim.
enum Shortage {
    NoVolume,
    NoSpace,
}

/// What each claim that waits would get on this node: a volume that is there (smallest claims choose first), or one made.
fn place_claims(cycle: &Cycle<'_>, delayed: &[ClaimId], node: NodeId) -> Result<Vec<(ClaimId, ClaimState)>, Shortage> {
    let storage = &cycle.cluster.storage;
    let mut placed = Vec::new();
    let (mut to_find, mut to_make) = (Vec::new(), Vec::new());
    for &id in delayed {
        let selected = match cycle.occupancy.claim_state(id) {
            Some(ClaimState::Provisioning(node)) => Some(Some(node)),
            _ => storage.claim(id).selected_node.map(|name| cycle.cluster.nodes.find(name)),
        };
        match selected {
            Some(selected) if selected != Some(node) => return Err(Shortage::NoVolume),
            Some(_) => to_make.push(id),
            None => to_find.push(id),
        }
    }
    to_find.sort_by_key(|&id| storage.claim(id).request);
    let mut chosen = Vec::new();
    for id in to_find {
        match matching_volume(cycle, id, node, &chosen) {
            Some(volume) => {
                chosen.push(volume);
                placed.push((id, ClaimState::Bound(volume)));
            }
            None => to_make.push(id),
        }
    }
    for id in to_make {
        can_make(cycle, storage.claim(id), node)?;
        placed.push((id, ClaimState::Provisioning(node)));
    }
    Ok(placed)
}

/// The smallest free volume that serves a claim on a node. A volume kept for this very claim, by its `claimRef` or since a pod
/// that uses the claim was placed, is the only choice.
fn matching_volume(cycle: &Cycle<'_>, id: ClaimId, node: NodeId, chosen: &[VolumeId]) -> Option<VolumeId> {
    let storage = &cycle.cluster.storage;
    let claim = storage.claim(id);
    let mut smallest: Option<VolumeId> = None;
    for (index, volume) in storage.volumes.iter().enumerate() {
        let volume_id = VolumeId::new(index);
        let taken_by = cycle.occupancy.volume_taken_by(volume_id);
        let taken = chosen.contains(&volume_id) || taken_by.is_some_and(|other| other != id);
        let kept_for = volume.claim.map(|kept| kept_for(kept, claim)).or(taken_by.map(|other| other == id));
        let unsuitable = volume.class != claim.class
            || volume.capacity < claim.request
            || volume.block != claim.block
            || volume.attributes_class != claim.attributes_class
            || volume.deleting;
        if taken || kept_for == Some(false) || unsuitable {
            continue;
        }
        let reached = volume.reachable_from.is_none() || reachable_from(cycle, volume_id).contains(node);
        if kept_for == Some(true) {
            return reached.then_some(volume_id);
        }
        let smaller = smallest.is_none_or(|best| storage.volume(best).capacity > volume.capacity);
        if smaller && reached && serves(claim, volume) {
            smallest = Some(volume_id);
        }
    }
    smallest
}

fn kept_for(
    kept: (crate::cluster::index::TextId, crate::cluster::index::TextId, Option<crate::cluster::index::TextId>),
    claim: &Claim,
) -> bool {
    (kept.0, kept.1) == claim.key && kept.2.is_none_or(|uid| uid == claim.uid)
}

fn serves(claim: &Claim, volume: &Volume) -> bool {
    volume.available
        && claim.selector.as_ref().is_none_or(|selector| selector.matches(&volume.labels))
        && claim.access_modes.iter().all(|mode| volume.access_modes.contains(mode))
}

fn can_make(cycle: &Cycle<'_>, claim: &Claim, node: NodeId) -> Result<(), Shortage> {
    let class = class_of(cycle, claim).filter(|class| class.provisions).ok_or(Shortage::NoVolume)?;
    let labels = &cycle.cluster.nodes.labels[node.index()];
    let has = |(key, values): &(_, Vec<_>)| labels.get(*key).is_some_and(|value| values.contains(&value));
    // a term without expressions matches nothing
    let holds = |term: &Vec<_>| !term.is_empty() && term.iter().all(has);
    if !class.allowed_topologies.is_empty() && !class.allowed_topologies.iter().any(holds) {
        return Err(Shortage::NoVolume);
    }
    let storage = &cycle.cluster.storage;
    if claim.request == Default::default() || !storage.capacity_drivers.contains(&class.provisioner) {
        return Ok(());
    }
    let reports = storage.capacities.iter().filter(|capacity| Some(capacity.class) == claim.class);
    let enough = |largest: Option<crate::manifest::Quantity>| largest.is_some_and(|largest| largest.units() >= claim.request.units());
    match reports.filter(|report| enough(report.largest)).any(|report| report.nodes.matches(labels)) {
        true => Ok(()),
        false => Err(Shortage::NoSpace),
    }
}

/// Settles what binding the pod to `node` decides about its claims that waited.
pub fn settle(cycle: &Cycle<'_>, node: NodeId) -> Vec<(ClaimId, ClaimState)> {
    let delayed: Vec<ClaimId> =
        bindings(cycle).filter_map(|binding| if let Binding::Delayed(claim) = binding { Some(claim) } else { None }).collect();
    place_claims(cycle, &delayed, node).unwrap_or_default()
}

/// Records what [`settle`] found.
pub fn record(occupancy: &mut Occupancy, settled: Vec<(ClaimId, ClaimState)>) {
    settled.into_iter().for_each(|(claim, state)| occupancy.settle_claim(claim, state));
}

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    admit: Some(admit),
    filter: Some(filter),
    ..Plugin::named("VolumeBinding", "volumes that reach the node, or can be made there", "volumebinding/volume_binding.go")
};
