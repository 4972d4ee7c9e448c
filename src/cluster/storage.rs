//! Claims, volumes and what CSI drivers allow, resolved to numbers where the scheduler compares them.

use rustc_hash::FxHashMap;

use super::class::NodeTerm;
use super::index::{ClaimId, NodeId, TextId, VolumeId};
use super::labels::{LabelSet, Selector};
use crate::manifest::Quantity;

/// The volumes of a pod, as far as the scheduler looks at them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PodVolumes {
    /// Claims, in the pod's order.
    pub claims: Vec<ClaimUse>,
    /// Disks named in the pod itself.
    pub disks: Vec<Disk>,
}

impl PodVolumes {
    /// Whether the scheduler has anything to look at.
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.disks.is_empty()
    }
}

/// A claim a pod uses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClaimUse {
    /// Its name in the pod's namespace.
    pub name: TextId,
    /// The claim, if it exists.
    pub claim: Option<ClaimId>,
    /// Whether it is made for this pod alone (generic ephemeral volume).
    pub ephemeral: bool,
}

/// A disk named in a pod itself; two pods on one node may not share it unless its kind allows it for readers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Disk {
    /// Which disk.
    pub identity: DiskIdentity,
    /// Whether the pod only reads it.
    pub read_only: bool,
}

/// What makes two disks the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DiskIdentity {
    /// A Google disk, by name.
    Gce(TextId),
    /// An Amazon disk, by id: not even readers share it.
    Ebs(TextId),
    /// A Ceph image, by monitors (one in common is enough), pool and image.
    Rbd(Vec<TextId>, TextId, TextId),
    /// An iSCSI disk, by qualified name.
    Iscsi(TextId),
}

impl Disk {
    /// Whether two pods on one node cannot have both.
    pub fn conflicts(&self, other: &Disk) -> bool {
        let same = match (&self.identity, &other.identity) {
            (DiskIdentity::Rbd(monitors, pool, image), DiskIdentity::Rbd(others, other_pool, other_image)) => {
                monitors.iter().any(|monitor| others.contains(monitor)) && (pool, image) == (other_pool, other_image)
            }
            (mine, theirs) => mine == theirs,
        };
        let shared_by_readers = !matches!(self.identity, DiskIdentity::Ebs(_));
        same && !(shared_by_readers && self.read_only && other.read_only)
    }
}

/// A claim.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Namespace and name.
    pub key: (TextId, TextId),
    /// Identity across re-creations.
    pub uid: TextId,
    /// The volume it names; empty text if none.
    pub volume_name: Option<TextId>,
    /// Whether binding is complete (annotation `pv.kubernetes.io/bind-completed`).
    pub bind_completed: bool,
    /// Its class; none without one.
    pub class: Option<TextId>,
    /// Whether one pod in the cluster may use it (`ReadWriteOncePod`).
    pub one_pod_only: bool,
    /// How much it asks for.
    pub request: Quantity,
    /// Ways in which it wants to use the volume.
    pub access_modes: Vec<TextId>,
    /// `Filesystem` or `Block`.
    pub block: bool,
    /// Which volumes may serve it; none is every one.
    pub selector: Option<Selector>,
    /// Class of volume attributes.
    pub attributes_class: Option<TextId>,
    /// The node a volume is being made for (annotation `volume.kubernetes.io/selected-node`).
    pub selected_node: Option<TextId>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Whether its volume is gone for good.
    pub lost: bool,
    /// Whether a pod owns it (generic ephemeral volumes).
    pub owner_pods: Vec<TextId>,
}

/// A volume.
#[derive(Debug, Clone)]
pub struct Volume {
    /// Name.
    pub name: TextId,
    /// Nodes that reach it; none is every node.
    pub reachable_from: Option<Vec<NodeTerm>>,
    /// Zone and region labels: key, and the values among which the node's must be.
    pub zones: Vec<(TextId, Vec<TextId>)>,
    /// Driver and handle, for CSI volumes.
    pub csi: Option<(TextId, TextId)>,
    /// How large.
    pub capacity: Quantity,
    /// Class; none without one.
    pub class: Option<TextId>,
    /// Whether it is free (`Available`).
    pub available: bool,
    /// Claim it is kept for: namespace, name, and identity if known.
    pub claim: Option<(TextId, TextId, Option<TextId>)>,
    /// Ways in which it may be used.
    pub access_modes: Vec<TextId>,
    /// `Filesystem` or `Block`.
    pub block: bool,
    /// Class of volume attributes.
    pub attributes_class: Option<TextId>,
    /// Labels.
    pub labels: LabelSet,
    /// Whether it is being deleted.
    pub deleting: bool,
}

/// A class of storage.
#[derive(Debug, Clone)]
pub struct StorageClass {
    /// Driver that makes its volumes; empty or `kubernetes.io/no-provisioner` makes none.
    pub provisioner: TextId,
    /// Whether it makes volumes at all.
    pub provisions: bool,
    /// Whether binding waits for the first pod.
    pub waits_for_consumer: bool,
    /// Where its volumes may be made: one term must match; none is everywhere.
    pub allowed_topologies: Vec<Vec<(TextId, Vec<TextId>)>>,
}

/// Free capacity of a class, as a driver reports it.
#[derive(Debug, Clone)]
pub struct StorageCapacity {
    /// Class.
    pub class: TextId,
    /// Nodes it holds for.
    pub nodes: Selector,
    /// Largest volume that can be made; none if unknown.
    pub largest: Option<Quantity>,
}

/// Everything about storage.
#[derive(Debug, Clone, Default)]
pub struct Storage {
    /// Claims.
    pub claims: Vec<Claim>,
    /// Claims by namespace and name.
    pub claim_by_name: FxHashMap<(TextId, TextId), ClaimId>,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// Volumes by name.
    pub volume_by_name: FxHashMap<TextId, VolumeId>,
    /// Classes by name.
    pub classes: FxHashMap<TextId, StorageClass>,
    /// Largest number of volumes, by node and driver.
    pub limits: FxHashMap<(NodeId, TextId), i64>,
    /// Drivers that report free capacity.
    pub capacity_drivers: Vec<TextId>,
    /// What they report.
    pub capacities: Vec<StorageCapacity>,
    /// CSI volumes attached to a node whether or not a pod there uses them: driver and handle.
    pub attached: FxHashMap<NodeId, Vec<(TextId, TextId)>>,
}

impl Storage {
    /// A claim.
    pub fn claim(&self, id: ClaimId) -> &Claim {
        &self.claims[id.index()]
    }

    /// A volume.
    pub fn volume(&self, id: VolumeId) -> &Volume {
        &self.volumes[id.index()]
    }
}
