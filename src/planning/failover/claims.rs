//! What a pod's volumes mean for a move to another node.
//!
//! A volume that only one node may have must be detached from the dead node first. One that is on the dead node itself never comes.
//! What several nodes may have (`ReadWriteMany`, `ReadOnlyMany`) or what is never attached (a driver with `attachRequired: false`) waits
//! for nothing.
//!
//! Source: k8s.io/kubernetes/pkg/controller/volume/attachdetach/util/util.go, reconciler/reconciler.go (multi-attach by access modes of the
//! volume), v1.36.

use rustc_hash::FxHashMap;

use crate::manifest::Objects;
use crate::manifest::pod::{Pod, Volume};
use crate::manifest::storage::{PersistentVolume, PersistentVolumeClaim};
use crate::simulation::loss::volumes::LOCAL;

/// A claim or inline volume of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Name of the claim, or of the volume within the pod.
    pub name: String,
    /// What holds it.
    pub hold: Hold,
}

/// What holds a volume at its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It is attached to one node at a time.
    OneNode,
    /// Several nodes may have it at once, or it is not attached at all.
    Shared,
    /// It is a disk of the node, or reached from that node only.
    Local,
}

/// The claims of an input, by name.
pub struct Claims<'a> {
    claims: FxHashMap<(&'a str, &'a str), &'a PersistentVolumeClaim>,
    volumes: FxHashMap<&'a str, &'a PersistentVolume>,
    /// Drivers whose volumes are not attached.
    unattached: Vec<&'a str>,
    objects: &'a Objects,
}

impl<'a> Claims<'a> {
    /// Finds the claims of an input.
    pub fn of(objects: &'a Objects) -> Self {
        let key = |claim: &'a PersistentVolumeClaim| (claim.metadata.namespace_or_default(), claim.metadata.name.as_str());
        let unattached = objects.csi_drivers.iter().filter(|driver| driver.spec.attach_required == Some(false));
        Claims {
            claims: objects.persistent_volume_claims.iter().map(|claim| (key(claim), claim)).collect(),
            volumes: objects.persistent_volumes.iter().map(|volume| (volume.metadata.name.as_str(), volume)).collect(),
            unattached: unattached.map(|driver| driver.metadata.name.as_str()).collect(),
            objects,
        }
    }

    /// The claims and disks of a pod, in the order of its volumes.
    pub fn of_pod(&self, pod: &Pod) -> Vec<Claim> {
        pod.spec.volumes.iter().filter_map(|volume| self.of_volume(pod, volume)).collect()
    }

    fn of_volume(&self, pod: &Pod, volume: &Volume) -> Option<Claim> {
        let claim_name = match (&volume.persistent_volume_claim, &volume.ephemeral) {
            (Some(source), _) => source.claim_name.clone(),
            // the claim of an ephemeral volume goes with its pod: the replacement makes a new one
            (None, Some(_)) => return None,
            (None, None) => return is_disk(volume).then(|| Claim { name: volume.name.clone(), hold: Hold::OneNode }),
        };
        let claim = self.claims.get(&(pod.metadata.namespace_or_default(), claim_name.as_str()));
        let hold = claim.map_or(Hold::OneNode, |claim| self.hold(claim));
        Some(Claim { name: claim_name, hold })
    }

    fn hold(&self, claim: &PersistentVolumeClaim) -> Hold {
        let shares = |modes: &[String]| modes.iter().any(|mode| mode == "ReadWriteMany" || mode == "ReadOnlyMany");
        let Some(volume) = self.volumes.get(claim.spec.volume_name.as_str()) else {
            return match self.driver_of_class(claim) {
                Some(driver) if LOCAL.contains(&driver) => Hold::Local,
                Some(driver) if self.unattached.contains(&driver) => Hold::Shared,
                _ if shares(&claim.spec.access_modes) => Hold::Shared,
                _ => Hold::OneNode,
            };
        };
        let has_driver = |drivers: &[&str]| volume.spec.csi.as_ref().is_some_and(|csi| drivers.contains(&csi.driver.as_str()));
        let is_unattached = has_driver(&self.unattached);
        if volume.spec.local.is_some() || has_driver(LOCAL) || is_pinned(volume) {
            Hold::Local
        } else if is_unattached || shares(&volume.spec.access_modes) {
            Hold::Shared
        } else {
            Hold::OneNode
        }
    }

    fn driver_of_class(&self, claim: &PersistentVolumeClaim) -> Option<&'a str> {
        let name = claim.spec.storage_class_name.as_deref()?;
        self.objects.storage_classes.iter().find(|class| class.metadata.name == name).map(|class| class.provisioner.as_str())
    }
}

/// Whether a volume without a claim is a disk that is attached to a node.
fn is_disk(volume: &Volume) -> bool {
    volume.aws_elastic_block_store.is_some()
        || volume.azure_disk.is_some()
        || volume.cinder.is_some()
        || volume.gce_persistent_disk.as_ref().is_some_and(|disk| !disk.read_only)
        || volume.rbd.as_ref().is_some_and(|disk| !disk.read_only)
        || volume.iscsi.as_ref().is_some_and(|disk| !disk.read_only)
}

/// Whether a volume is reached from named hosts only, so that it stays with them.
fn is_pinned(volume: &PersistentVolume) -> bool {
    let Some(nodes) = volume.spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref()) else { return false };
    let names_host = |key: &str| key == "kubernetes.io/hostname" || key == "metadata.name";
    !nodes.node_selector_terms.is_empty()
        && nodes.node_selector_terms.iter().all(|term| {
            let mut requirements = term.match_expressions.iter().chain(&term.match_fields);
            requirements.any(|requirement| names_host(&requirement.key) && requirement.operator == "In" && requirement.values.len() == 1)
        })
        && nodes.node_selector_terms.len() == 1
}
