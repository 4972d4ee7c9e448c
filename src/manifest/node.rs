//! Nodes and namespaces.

use super::meta::ObjectMeta;
use super::pod::{Condition, ResourceList};

objects! {
    /// A node.
    pub struct Node {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// What is asked of it.
        pub spec: NodeSpec,
        /// What it has.
        pub status: NodeStatus,
    }

    /// `spec` of a node.
    pub struct NodeSpec {
        /// Cordoned.
        pub unschedulable: bool,
        /// Taints.
        pub taints: Vec<Taint>,
        /// Identity at the cloud.
        #[serde(rename = "providerID")]
        pub provider_id: String,
    }

    /// A taint: pods that do not tolerate it stay away, or leave.
    pub struct Taint {
        /// Key.
        pub key: String,
        /// Value.
        pub value: String,
        /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
        pub effect: String,
    }

    /// `status` of a node.
    pub struct NodeStatus {
        /// What the machine has.
        pub capacity: ResourceList,
        /// What pods may ask for.
        pub allocatable: ResourceList,
        /// Conditions.
        pub conditions: Vec<Condition>,
        /// Images it holds.
        pub images: Vec<ContainerImage>,
        /// Versions of what runs on it.
        pub node_info: NodeSystemInfo,
    }

    /// Versions of what runs on a node.
    pub struct NodeSystemInfo {
        /// Version of the kubelet.
        pub kubelet_version: String,
    }

    /// An image on a node.
    pub struct ContainerImage {
        /// Its names.
        pub names: Vec<String>,
        /// Its size in bytes.
        pub size_bytes: i64,
    }

    /// A namespace.
    pub struct Namespace {
        /// Metadata.
        pub metadata: ObjectMeta,
    }
}
