//! Volumes: claims in every state, disks of old, and what drivers attach.

use plimsoll::manifest::meta::OwnerReference;
use plimsoll::manifest::pod::*;
use plimsoll::manifest::storage::*;
use plimsoll::manifest::{Objects, Quantity};

use super::draw::{Draw, map};
use super::{Plan, Trait, metadata, nodes};

const ZONE: &str = "topology.kubernetes.io/zone";
const DRIVER: &str = "csi.local";

/// Classes, drivers, and the volumes that lie ready on nodes.
pub fn classes(plan: &Plan, objects: &mut Objects) {
    if !plan.has(Trait::Claims) {
        return;
    }
    let waits = "WaitForFirstConsumer";
    for (order, (name, provisioner, mode)) in
        [("wffc", DRIVER, waits), ("zonal", DRIVER, waits), ("local", "kubernetes.io/no-provisioner", waits), ("now", DRIVER, "Immediate")]
            .into_iter()
            .enumerate()
    {
        let metadata = metadata("class", "", name, 500 + order);
        let (provisioner, volume_binding_mode) = (provisioner.to_owned(), Some(mode.to_owned()));
        let zones = TopologySelectorLabelRequirement { key: ZONE.to_owned(), values: vec!["z-a".to_owned(), "z-b".to_owned()] };
        let zonal = TopologySelectorTerm { match_label_expressions: vec![zones] };
        let allowed_topologies = if name == "zonal" { vec![zonal] } else { Vec::new() };
        objects.storage_classes.push(StorageClass {
            metadata,
            provisioner,
            volume_binding_mode,
            allowed_topologies,
            ..StorageClass::default()
        });
    }
    let spec = CsiDriverSpec { attach_required: Some(true), storage_capacity: None };
    objects.csi_drivers.push(CsiDriver { metadata: metadata("driver", "", DRIVER, 510), spec });
    for index in 0..plan.nodes {
        let mut draw = Draw::of(plan.seed, "csi node", index);
        let count = (plan.has(Trait::VolumeLimits) && draw.percent(70)).then(|| *draw.pick(&[1, 2, 4]));
        let allocatable = count.map(|count| VolumeNodeResources { count: Some(count) });
        let (name, topology_keys) = (DRIVER.to_owned(), vec![ZONE.to_owned()]);
        let drivers = vec![CsiNodeDriver { name, node_id: nodes::name(index), topology_keys, allocatable }];
        if draw.percent(90) {
            objects
                .csi_nodes
                .push(CsiNode { metadata: metadata("csinode", "", &nodes::name(index), index), spec: CsiNodeSpec { drivers } });
        }
        if draw.percent(40) {
            // every size is different, so that it is never open which volume a claim gets
            let size = *draw.pick(&[2i64 << 30, 10 << 30, 50 << 30]) + (index as i64) * 1024;
            let mut volume = volume(&format!("local-{index:03}"), "local", size, index);
            volume.spec.local = Some(LocalVolume { path: "/mnt/1".to_owned() });
            volume.spec.node_affinity = Some(reached_from("kubernetes.io/hostname", &nodes::name(index)));
            volume.status.phase = "Available".to_owned();
            objects.persistent_volumes.push(volume);
        }
    }
}

/// Gives a pod volumes, and the cluster the claims and volumes behind them.
pub fn volumes(plan: &Plan, index: usize, pod: &mut Pod, objects: &mut Objects) {
    let mut draw = Draw::of(plan.seed, &format!("{} volumes", &pod.metadata.name[..3]), index);
    if plan.has(Trait::Claims) && draw.percent(35) {
        for volume in 0..1 + usize::from(draw.percent(25)) {
            let name = format!("v{volume}");
            let mounted = claim(&mut draw, pod, &name, objects);
            pod.spec.volumes.push(mounted);
        }
    }
    if plan.has(Trait::Disks) && draw.percent(15) {
        pod.spec.volumes.push(disk(&mut draw));
    }
}

/// A volume by claim; pods that have a node hold claims that are bound.
fn claim(draw: &mut Draw, pod: &Pod, name: &str, objects: &mut Objects) -> Volume {
    let pending = pod.metadata.name.starts_with("new");
    let ephemeral = draw.percent(10);
    let namespace = &pod.metadata.namespace;
    let order = 50_000 + objects.persistent_volume_claims.len();
    // now and then a claim that somebody else has already
    let others: Vec<String> = objects
        .persistent_volume_claims
        .iter()
        .filter(|claim| claim.metadata.namespace == *namespace)
        .map(|claim| claim.metadata.name.clone())
        .collect();
    let shared = draw.percent(12);
    if shared && !others.is_empty() {
        let source = ClaimVolumeSource { claim_name: draw.pick(&others).clone(), read_only: false };
        return Volume { name: name.to_owned(), persistent_volume_claim: Some(source), ..Volume::default() };
    }
    let claim_name = format!("{}-{name}", pod.metadata.name);
    let mut claim =
        PersistentVolumeClaim { metadata: metadata("claim", namespace, &claim_name, order), ..PersistentVolumeClaim::default() };
    claim.spec.access_modes = vec![draw.text(&["ReadWriteOnce", "ReadWriteOnce", "ReadWriteOnce", "ReadWriteOncePod"])];
    claim.spec.resources.requests.insert("storage".to_owned(), Quantity::from_units(*draw.pick(&[1 << 30, 5 << 30, 20 << 30])));
    claim.status.phase = "Pending".to_owned();
    if ephemeral {
        let (kind, name, uid) = ("Pod".to_owned(), pod.metadata.name.clone(), pod.metadata.uid.clone());
        claim.metadata.owner_references = vec![OwnerReference { api_version: "v1".to_owned(), kind, name, uid, controller: Some(true) }];
    }
    let class =
        if pending { draw.text(&["bound", "bound", "wffc", "zonal", "local", "local", "now", "missing"]) } else { "bound".to_owned() };
    match class.as_str() {
        "missing" => {}
        "bound" => {
            claim.spec.storage_class_name = Some("wffc".to_owned());
            objects.persistent_volumes.push(bind(draw, &mut claim, objects.persistent_volumes.len()));
            objects.persistent_volume_claims.push(claim);
        }
        class => {
            claim.spec.storage_class_name = Some(class.to_owned());
            if class == "local" {
                claim.spec.access_modes = vec!["ReadWriteOnce".to_owned()];
            }
            objects.persistent_volume_claims.push(claim);
        }
    }
    if ephemeral {
        return Volume { name: name.to_owned(), ephemeral: Some(EphemeralVolumeSource::default()), ..Volume::default() };
    }
    let source = ClaimVolumeSource { claim_name, read_only: false };
    Volume { name: name.to_owned(), persistent_volume_claim: Some(source), ..Volume::default() }
}

/// The volume that a claim is bound to: in a zone by affinity, by label, or nowhere in particular.
fn bind(draw: &mut Draw, claim: &mut PersistentVolumeClaim, number: usize) -> PersistentVolume {
    let mut volume = volume(&format!("pv-{number:03}"), "wffc", 50 << 30, number);
    volume.spec.csi = Some(CsiPersistentVolumeSource { driver: DRIVER.to_owned(), volume_handle: format!("h-{number}") });
    volume.spec.claim_ref = Some(ObjectReference {
        kind: "PersistentVolumeClaim".to_owned(),
        namespace: claim.metadata.namespace.clone(),
        name: claim.metadata.name.clone(),
        uid: claim.metadata.uid.clone(),
    });
    volume.status.phase = "Bound".to_owned();
    let zone = draw.text(&["z-a", "z-b", "z-c"]);
    match draw.below(4) {
        0 | 1 => volume.spec.node_affinity = Some(reached_from(ZONE, &zone)),
        2 => volume.metadata.labels = map([(*draw.pick(&[ZONE, "failure-domain.beta.kubernetes.io/zone"]), &format!("{zone}__z-b"))]),
        _ => {}
    }
    claim.spec.volume_name = volume.metadata.name.clone();
    claim.metadata.annotations = map([("pv.kubernetes.io/bind-completed", "yes")]);
    claim.status.phase = "Bound".to_owned();
    volume
}

fn volume(name: &str, class: &str, bytes: i64, order: usize) -> PersistentVolume {
    let mut volume = PersistentVolume { metadata: metadata("volume", "", name, 40_000 + order), ..PersistentVolume::default() };
    volume.spec.capacity.insert("storage".to_owned(), Quantity::from_units(bytes));
    volume.spec.access_modes = vec!["ReadWriteOnce".to_owned()];
    volume.spec.storage_class_name = class.to_owned();
    volume
}

fn reached_from(key: &str, value: &str) -> VolumeNodeAffinity {
    let here =
        plimsoll::manifest::meta::SelectorRequirement { key: key.to_owned(), operator: "In".to_owned(), values: vec![value.to_owned()] };
    let term = NodeSelectorTerm { match_expressions: vec![here], match_fields: Vec::new() };
    VolumeNodeAffinity { required: Some(NodeSelector { node_selector_terms: vec![term] }) }
}

/// A disk that the pod names itself.
fn disk(draw: &mut Draw) -> Volume {
    let mut volume = Volume { name: "disk".to_owned(), ..Volume::default() };
    let (name, read_only) = (draw.text(&["disk-1", "disk-2"]), draw.percent(50));
    match draw.below(4) {
        0 => volume.gce_persistent_disk = Some(GcePersistentDisk { pd_name: name, read_only }),
        1 => volume.aws_elastic_block_store = Some(AwsElasticBlockStore { volume_id: name, read_only }),
        2 => volume.iscsi = Some(IscsiVolume { target_portal: draw.text(&["10.0.0.1", "10.0.0.2"]), iqn: name, lun: 0, read_only }),
        _ => volume.rbd = Some(RbdVolume { monitors: draw.texts(&["a", "b", "c"]), image: name, pool: "rbd".to_owned(), read_only }),
    }
    volume
}
