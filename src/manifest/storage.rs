//! Volumes, claims, classes, and what CSI drivers allow.

use super::meta::{LabelSelector, ObjectMeta};
use super::pod::{NodeSelector, ResourceList, ResourceRequirements};

objects! {
    /// A claim of storage.
    pub struct PersistentVolumeClaim {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: PersistentVolumeClaimSpec,
        /// Status.
        pub status: PersistentVolumeClaimStatus,
    }

    /// What a claim is made from.
    pub struct PersistentVolumeClaimTemplate {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: PersistentVolumeClaimSpec,
    }

    /// `spec` of a claim.
    pub struct PersistentVolumeClaimSpec {
        /// `ReadWriteOnce`, `ReadOnlyMany`, `ReadWriteMany`, `ReadWriteOncePod`.
        pub access_modes: Vec<String>,
        /// How much.
        pub resources: ResourceRequirements,
        /// Class; absent means the default class, empty means none.
        pub storage_class_name: Option<String>,
        /// Volume it is bound to.
        pub volume_name: String,
        /// `Filesystem` (default) or `Block`.
        pub volume_mode: Option<String>,
        /// Which volumes may serve it.
        pub selector: Option<LabelSelector>,
        /// Class of volume attributes (`VolumeAttributesClass`).
        pub volume_attributes_class_name: Option<String>,
    }

    /// `status` of a claim.
    pub struct PersistentVolumeClaimStatus {
        /// `Pending`, `Bound` or `Lost`.
        pub phase: String,
        /// How much it got.
        pub capacity: ResourceList,
        /// How much it is being grown to.
        pub allocated_resources: ResourceList,
        /// Class of volume attributes in force.
        pub current_volume_attributes_class_name: Option<String>,
    }

    /// A volume.
    pub struct PersistentVolume {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: PersistentVolumeSpec,
        /// Status.
        pub status: PersistentVolumeStatus,
    }

    /// `spec` of a volume.
    pub struct PersistentVolumeSpec {
        /// How large.
        pub capacity: ResourceList,
        /// How it may be used.
        pub access_modes: Vec<String>,
        /// Class.
        pub storage_class_name: String,
        /// `Filesystem` (default) or `Block`.
        pub volume_mode: Option<String>,
        /// Claim it belongs to.
        pub claim_ref: Option<ObjectReference>,
        /// Nodes that reach it.
        pub node_affinity: Option<VolumeNodeAffinity>,
        /// Its CSI driver and handle.
        pub csi: Option<CsiPersistentVolumeSource>,
        /// A Google disk.
        pub gce_persistent_disk: Option<super::pod::GcePersistentDisk>,
        /// An Amazon disk.
        pub aws_elastic_block_store: Option<super::pod::AwsElasticBlockStore>,
        /// An Azure disk.
        pub azure_disk: Option<super::pod::AzureDisk>,
        /// A Cinder disk.
        pub cinder: Option<super::pod::CinderVolume>,
        /// A disk of one node.
        pub local: Option<LocalVolume>,
        /// What becomes of it after its claim.
        pub persistent_volume_reclaim_policy: String,
        /// Class of volume attributes (`VolumeAttributesClass`).
        pub volume_attributes_class_name: Option<String>,
    }

    /// `status` of a volume.
    pub struct PersistentVolumeStatus {
        /// `Available`, `Bound`, `Released` or `Failed`.
        pub phase: String,
    }

    /// Nodes that reach a volume.
    pub struct VolumeNodeAffinity {
        /// Which.
        pub required: Option<NodeSelector>,
    }

    /// A disk of one node.
    pub struct LocalVolume {
        /// Path.
        pub path: String,
    }

    /// A CSI volume.
    pub struct CsiPersistentVolumeSource {
        /// Driver.
        pub driver: String,
        /// Identity at the driver.
        pub volume_handle: String,
    }

    /// A reference to an object.
    pub struct ObjectReference {
        /// Kind.
        pub kind: String,
        /// Namespace.
        pub namespace: String,
        /// Name.
        pub name: String,
        /// Identity.
        pub uid: String,
    }

    /// A class of storage.
    pub struct StorageClass {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Driver that makes its volumes.
        pub provisioner: String,
        /// `Immediate` (default) or `WaitForFirstConsumer`.
        pub volume_binding_mode: Option<String>,
        /// Where its volumes may be made.
        pub allowed_topologies: Vec<TopologySelectorTerm>,
        /// What becomes of a volume after its claim: `Delete` (default) or `Retain`.
        pub reclaim_policy: Option<String>,
        /// Whether its claims may grow.
        pub allow_volume_expansion: Option<bool>,
    }

    /// Where volumes may be made: one term must match.
    pub struct TopologySelectorTerm {
        /// Labels and their values, all of them.
        pub match_label_expressions: Vec<TopologySelectorLabelRequirement>,
    }

    /// A label and its values.
    pub struct TopologySelectorLabelRequirement {
        /// Label key.
        pub key: String,
        /// Values, one of which must match.
        pub values: Vec<String>,
    }

    /// CSI drivers on a node.
    pub struct CsiNode {
        /// Metadata; the name is the node's.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: CsiNodeSpec,
    }

    /// `spec` of a CSINode.
    pub struct CsiNodeSpec {
        /// The drivers.
        pub drivers: Vec<CsiNodeDriver>,
    }

    /// A CSI driver on a node.
    pub struct CsiNodeDriver {
        /// Name.
        pub name: String,
        /// The driver's name for the node.
        #[serde(rename = "nodeID")]
        pub node_id: String,
        /// Labels that say from where volumes can be reached.
        pub topology_keys: Vec<String>,
        /// How many volumes.
        pub allocatable: Option<VolumeNodeResources>,
    }

    /// How many volumes a driver attaches to a node.
    pub struct VolumeNodeResources {
        /// The number.
        pub count: Option<i32>,
    }

    /// A CSI driver.
    pub struct CsiDriver {
        /// Metadata; the name is the driver's.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: CsiDriverSpec,
    }

    /// `spec` of a CSIDriver.
    pub struct CsiDriverSpec {
        /// Whether the scheduler asks for free capacity (`CSIStorageCapacity`).
        pub storage_capacity: Option<bool>,
        /// Whether volumes are attached.
        pub attach_required: Option<bool>,
    }

    /// Free capacity of a class in a topology.
    pub struct CsiStorageCapacity {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Class.
        pub storage_class_name: String,
        /// Nodes it holds for; none means no node.
        pub node_topology: Option<LabelSelector>,
        /// How much is free.
        pub capacity: Option<super::quantity::Quantity>,
        /// Largest single volume.
        pub maximum_volume_size: Option<super::quantity::Quantity>,
    }

    /// A volume attached to a node.
    pub struct VolumeAttachment {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: VolumeAttachmentSpec,
    }

    /// `spec` of a VolumeAttachment.
    pub struct VolumeAttachmentSpec {
        /// Driver.
        pub attacher: String,
        /// Node.
        pub node_name: String,
        /// What is attached.
        pub source: VolumeAttachmentSource,
    }

    /// What is attached.
    pub struct VolumeAttachmentSource {
        /// Name of the volume.
        pub persistent_volume_name: Option<String>,
    }
}
