//! NodeVolumeLimits: a CSI driver attaches only so many volumes to a node (`CSINode.spec.drivers[].allocatable.count`).
//!
//! A volume counts once however many pods use it; volumes attached to the node without a pod (VolumeAttachment) count too;
//! a claim without a volume counts as one of its class's driver. A driver without a count has no limit.
//!
//! Source: pkg/scheduler/framework/plugins/nodevolumelimits/csi.go, v1.36.

use rustc_hash::FxHashSet;

use crate::cluster::class::Class;
use crate::cluster::index::{ClaimId, NodeId, NodeSet, TextId};
use crate::scheduler::attempt::{Code, Rejection, Rejections};
use crate::scheduler::framework::{Cycle, Plugin};

const REASON: &str = "node(s) exceed max volume count";

/// A volume of a driver: its handle, or the claim it will be made for.
type Attached = (TextId, Handle);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Handle {
    Known(TextId),
    ToBeMade(ClaimId),
}

fn filter(cycle: &Cycle<'_>, set: &mut NodeSet, rejections: &mut Rejections) {
    if cycle.class.volumes.claims.is_empty() || cycle.cluster.storage.limits.is_empty() {
        return;
    }
    let wanted: FxHashSet<Attached> = volumes(cycle, cycle.class).collect();
    if wanted.is_empty() {
        return;
    }
    let struck = NodeSet::of(set.capacity(), |node| set.contains(node) && exceeds(cycle, node, &wanted));
    rejections.reject_all(set, &struck, Rejection::new(PLUGIN.name, Code::Unschedulable, REASON));
}

fn exceeds(cycle: &Cycle<'_>, node: NodeId, wanted: &FxHashSet<Attached>) -> bool {
    let cluster = cycle.cluster;
    let limit = |driver: TextId| cluster.storage.limits.get(&(node, driver));
    if !wanted.iter().any(|(driver, _)| limit(*driver).is_some()) {
        return false;
    }
    let in_use = cycle.occupancy.pods_on(node).iter().flat_map(|&pod| volumes(cycle, cluster.class_of(pod)));
    let attached = cluster.storage.attached.get(&node).into_iter().flatten().map(|&(driver, handle)| (driver, Handle::Known(handle)));
    let present: FxHashSet<Attached> = in_use.chain(attached).collect();
    let of = |driver: TextId| present.iter().filter(move |volume| volume.0 == driver).count();
    let new = |driver: TextId| wanted.iter().filter(|volume| volume.0 == driver && !present.contains(volume)).count();
    wanted.iter().any(|&(driver, _)| match (limit(driver), new(driver)) {
        (Some(_), 0) | (None, _) => false,
        (Some(&limit), new) => (of(driver) + new) as i64 > limit,
    })
}

/// The CSI volumes of a class.
fn volumes<'a>(cycle: &'a Cycle<'_>, class: &'a Class) -> impl Iterator<Item = Attached> + 'a {
    class.volumes.claims.iter().filter_map(|claim| claim.claim).filter_map(|claim| volume_of(cycle, claim))
}

fn volume_of(cycle: &Cycle<'_>, id: ClaimId) -> Option<Attached> {
    let storage = &cycle.cluster.storage;
    let claim = storage.claim(id);
    match claim.volume_name {
        Some(name) => storage.volume(*storage.volume_by_name.get(&name)?).csi.map(|(driver, handle)| (driver, Handle::Known(handle))),
        None => storage.classes.get(&claim.class?).map(|class| (class.provisioner, Handle::ToBeMade(id))),
    }
}

/// Its row.
pub static PLUGIN: Plugin =
    Plugin { filter: Some(filter), ..Plugin::named("NodeVolumeLimits", "volumes a node can attach", "nodevolumelimits/csi.go") };
