//! Storage that must not be shared: `ReadWriteOncePod` claims, and disks of old that one node attaches for one pod only.
//!
//! Source: "Persistent Volumes" (access modes), API reference of `GCEPersistentDiskVolumeSource`,
//! `AWSElasticBlockStoreVolumeSource`, `ISCSIVolumeSource` and `RBDVolumeSource`, Kubernetes v1.36.

use crate::manifest::pod::{RbdVolume, Volume};

use super::super::world::namespace;
use super::super::{Rule, Verdict, World};
use super::{claim_object, find_claim};

/// A `ReadWriteOncePod` claim is used by one pod in the whole cluster.
pub fn read_write_once_pod(world: &World, pod: usize, verdict: &mut Verdict) {
    let newcomer = world.pod(pod);
    for source in newcomer.spec.volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref()) {
        let Some(claim) = find_claim(world, newcomer, &source.claim_name) else { continue };
        if !claim_object(world, claim).spec.access_modes.iter().any(|mode| mode == "ReadWriteOncePod") {
            continue;
        }
        for (other, _) in world.others(pod) {
            let same_namespace = namespace(&other.metadata) == namespace(&newcomer.metadata);
            let mut others = other.spec.volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref());
            if same_namespace && others.any(|used| used.claim_name == source.claim_name) {
                verdict.breaks(Rule::ReadWriteOncePod, format!("claim {} is used by {}", source.claim_name, other.metadata.name));
            }
        }
    }
}

/// Two pods on one node may share a disk only if both just read it; an Amazon disk not even then.
pub fn disk_conflict(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    for other in world.others_on(pod, node) {
        for mine in &world.pod(pod).spec.volumes {
            for theirs in &other.spec.volumes {
                if conflict(mine, theirs) {
                    verdict.breaks(Rule::DiskConflict, format!("the disk of volume {} is used by {}", mine.name, other.metadata.name));
                }
            }
        }
    }
}

fn conflict(mine: &Volume, theirs: &Volume) -> bool {
    if let (Some(mine), Some(theirs)) = (&mine.gce_persistent_disk, &theirs.gce_persistent_disk) {
        return mine.pd_name == theirs.pd_name && !(mine.read_only && theirs.read_only);
    }
    if let (Some(mine), Some(theirs)) = (&mine.aws_elastic_block_store, &theirs.aws_elastic_block_store) {
        return mine.volume_id == theirs.volume_id;
    }
    if let (Some(mine), Some(theirs)) = (&mine.iscsi, &theirs.iscsi) {
        return mine.iqn == theirs.iqn && !(mine.read_only && theirs.read_only);
    }
    if let (Some(mine), Some(theirs)) = (&mine.rbd, &theirs.rbd) {
        return same_image(mine, theirs) && !(mine.read_only && theirs.read_only);
    }
    false
}

fn same_image(mine: &RbdVolume, theirs: &RbdVolume) -> bool {
    let pool = |volume: &RbdVolume| if volume.pool.is_empty() { "rbd".to_owned() } else { volume.pool.clone() };
    let monitor = mine.monitors.iter().any(|monitor| theirs.monitors.contains(monitor));
    monitor && pool(mine) == pool(theirs) && mine.image == theirs.image
}
