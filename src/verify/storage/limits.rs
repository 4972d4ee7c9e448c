//! How many volumes a CSI driver attaches to a node.
//!
//! A volume counts once, however many pods share it. A node without CSINode, and a driver without a count, have no limit.
//! In-tree disks count for the CSI driver that took them over, where the CSINode says that it did.
//!
//! Source: "Node-specific Volume Limits", "Volumes" (CSI migration), Kubernetes v1.36.

use std::collections::BTreeSet;

use crate::manifest::pod::{AwsElasticBlockStore, AzureDisk, CinderVolume, GcePersistentDisk, Pod};
use crate::manifest::storage::{CsiNode, PersistentVolume};

use super::super::world::namespace;
use super::super::{Rule, Verdict, World};
use super::{Standing, claim_name, claim_object, class_of_claim, find_claim, find_class, standing, volume_object};

/// A volume that is attached: its driver, and what identifies it there.
type Attachment = (String, String);

/// New volumes and those on the node must not be more than the driver attaches.
pub fn volume_limits(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    let Some(machine) = world.objects().csi_nodes.iter().find(|machine| machine.metadata.name == world.node_name(node)) else { return };
    let mut present = BTreeSet::new();
    for other in world.others_on(pod, node) {
        present.extend(attachments(world, machine, other));
    }
    present.extend(attached_without_pod(world, machine, node));
    let mut all = attachments(world, machine, world.pod(pod));
    let new: BTreeSet<_> = all.difference(&present).map(|(driver, _)| driver.clone()).collect();
    all.extend(present);
    for driver in &machine.spec.drivers {
        let Some(most) = driver.allocatable.as_ref().and_then(|allocatable| allocatable.count) else { continue };
        let count = all.iter().filter(|(name, _)| *name == driver.name).count();
        if new.contains(&driver.name) && count as i64 > i64::from(most) {
            verdict.breaks(Rule::VolumeLimits, format!("{} would attach {count} volumes, of {most} at most", driver.name));
        }
    }
}

/// The volumes a pod attaches.
fn attachments(world: &World, machine: &CsiNode, pod: &Pod) -> BTreeSet<Attachment> {
    let mut attachments = BTreeSet::new();
    for volume in &pod.spec.volumes {
        if let Some(name) = claim_name(pod, volume) {
            let own = |claim: &usize| volume.ephemeral.is_none() || super::belongs_to(claim_object(world, *claim), pod);
            let claim = find_claim(world, pod, &name).filter(own);
            attachments.extend(claim.and_then(|claim| of_claim(world, machine, claim)));
        } else {
            let disks = (&volume.gce_persistent_disk, &volume.aws_elastic_block_store, &volume.azure_disk, &volume.cinder);
            attachments.extend(of_disk(machine, disks));
        }
    }
    attachments
}

/// What a claim attaches: its volume, or, while it has none, one that its class is going to make.
fn of_claim(world: &World, machine: &CsiNode, claim: usize) -> Option<Attachment> {
    if let Standing::Bound(volume) = standing(world, claim) {
        return of_volume(machine, volume_object(world, volume));
    }
    let object = claim_object(world, claim);
    let provisioner = &find_class(world, class_of_claim(object))?.provisioner;
    let driver = match MIGRATED.iter().find(|(plugin, _)| plugin == provisioner) {
        Some((plugin, driver)) if is_migrated(machine, plugin) => (*driver).to_owned(),
        Some(_) => return None,
        None => provisioner.clone(),
    };
    Some((driver, format!("claim {}/{}", namespace(&object.metadata), object.metadata.name)))
}

fn of_volume(machine: &CsiNode, volume: &PersistentVolume) -> Option<Attachment> {
    let spec = &volume.spec;
    if let Some(csi) = &spec.csi {
        let identified = !csi.driver.is_empty() && !csi.volume_handle.is_empty();
        return identified.then(|| (csi.driver.clone(), csi.volume_handle.clone()));
    }
    of_disk(machine, (&spec.gce_persistent_disk, &spec.aws_elastic_block_store, &spec.azure_disk, &spec.cinder))
}

type Disks<'a> = (&'a Option<GcePersistentDisk>, &'a Option<AwsElasticBlockStore>, &'a Option<AzureDisk>, &'a Option<CinderVolume>);

/// An in-tree disk, as the CSI driver sees it that took its plugin over.
fn of_disk(machine: &CsiNode, disks: Disks<'_>) -> Option<Attachment> {
    let (plugin, handle) = match disks {
        (Some(disk), ..) => ("kubernetes.io/gce-pd", disk.pd_name.as_str()),
        // `aws://zone/vol-0123` and `vol-0123` are the same disk
        (_, Some(disk), ..) => ("kubernetes.io/aws-ebs", disk.volume_id.rsplit('/').next().unwrap_or_default()),
        (_, _, Some(disk), _) => ("kubernetes.io/azure-disk", disk.disk_uri.as_str()),
        (_, _, _, Some(disk)) => ("kubernetes.io/cinder", disk.volume_id.as_str()),
        _ => return None,
    };
    let (_, driver) = MIGRATED.iter().find(|(migrated, _)| *migrated == plugin)?;
    is_migrated(machine, plugin).then(|| ((*driver).to_owned(), handle.to_owned()))
}

/// In-tree plugins, and the CSI drivers that took them over.
const MIGRATED: [(&str, &str); 4] = [
    ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
    ("kubernetes.io/aws-ebs", "ebs.csi.aws.com"),
    ("kubernetes.io/azure-disk", "disk.csi.azure.com"),
    ("kubernetes.io/cinder", "cinder.csi.openstack.org"),
];

fn is_migrated(machine: &CsiNode, plugin: &str) -> bool {
    let migrated = machine.metadata.annotations.get("storage.alpha.kubernetes.io/migrated-plugins");
    migrated.is_some_and(|migrated| migrated.split(',').any(|name| name == plugin))
}

/// Volumes that are attached to the node whether or not one of its pods uses them.
fn attached_without_pod(world: &World, machine: &CsiNode, node: usize) -> BTreeSet<Attachment> {
    let mut attached = BTreeSet::new();
    for attachment in &world.objects().volume_attachments {
        if attachment.spec.node_name != world.node_name(node) {
            continue;
        }
        let Some(name) = &attachment.spec.source.persistent_volume_name else { continue };
        let volume = world.objects().persistent_volumes.iter().find(|volume| volume.metadata.name == *name);
        attached.extend(volume.and_then(|volume| of_volume(machine, volume)));
    }
    attached
}
