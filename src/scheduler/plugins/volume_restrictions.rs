//! VolumeRestrictions: disks that two pods of a node may not share, and claims that one pod in the cluster may use.
//!
//! Its PreFilter is also the first to notice a claim that does not exist.
//!
//! Source: pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go, v1.36.

use crate::cluster::index::NodeSet;
use crate::cluster::storage::{ClaimUse, Disk};
use crate::scheduler::attempt::{Code, Rejection, Rejections};
use crate::scheduler::framework::{Cycle, Plugin};

const REASON_DISK: &str = "node(s) had no available disk";
const REASON_ONE_POD: &str =
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod";

/// Upstream's words for a claim that does not exist.
pub fn not_found(cycle: &Cycle<'_>, claim: &ClaimUse) -> String {
    format!("persistentvolumeclaim {:?} not found", cycle.cluster.texts.get(claim.name))
}

fn admit(cycle: &Cycle<'_>) -> Result<Option<NodeSet>, Rejection> {
    match cycle.class.volumes.claims.iter().find(|claim| !claim.ephemeral && claim.claim.is_none()) {
        Some(missing) => Err(Rejection::new(PLUGIN.name, Code::UnschedulableAndUnresolvable, not_found(cycle, missing))),
        None => Ok(None),
    }
}

fn filter(cycle: &Cycle<'_>, set: &mut NodeSet, rejections: &mut Rejections) {
    let volumes = &cycle.class.volumes;
    if !volumes.disks.is_empty() {
        let conflicts = |mine: &Disk, theirs: &[Disk]| theirs.iter().any(|disk| mine.conflicts(disk));
        let struck = NodeSet::of(set.capacity(), |node| {
            set.contains(node)
                && cycle.occupancy.pods_on(node).iter().any(|&pod| {
                    let theirs = &cycle.cluster.class_of(pod).volumes.disks;
                    volumes.disks.iter().any(|mine| conflicts(mine, theirs))
                })
        });
        rejections.reject_all(set, &struck, Rejection::new(PLUGIN.name, Code::Unschedulable, REASON_DISK));
    }
    if one_pod_claim_in_use(cycle) {
        let struck = set.clone();
        rejections.reject_all(set, &struck, Rejection::new(PLUGIN.name, Code::Unschedulable, REASON_ONE_POD));
    }
}

/// Whether a pod on a node uses a claim of this pod that one pod only may use.
fn one_pod_claim_in_use(cycle: &Cycle<'_>) -> bool {
    let cluster = cycle.cluster;
    let mine = cycle.class.volumes.claims.iter().filter(|claim| !claim.ephemeral).filter_map(|claim| claim.claim);
    let exclusive: Vec<_> = mine.filter(|&claim| cluster.storage.claim(claim).one_pod_only).collect();
    let uses = |class: &crate::cluster::class::Class| {
        class.volumes.claims.iter().filter(|claim| !claim.ephemeral).any(|claim| claim.claim.is_some_and(|id| exclusive.contains(&id)))
    };
    let users = |(index, _): &(usize, &_)| !cycle.occupancy.pods_of(crate::cluster::index::ClassId::new(*index)).is_empty();
    !exclusive.is_empty() && cluster.classes.iter().enumerate().filter(|(_, class)| uses(class)).any(|found| users(&found))
}

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    admit: Some(admit),
    filter: Some(filter),
    ..Plugin::named("VolumeRestrictions", "disks and claims that are not shared", "volumerestrictions/volume_restrictions.go")
};
