//! What the API server calls an object: its kind, its group, and the word it has in paths and messages.
//!
//! Source: the `resource.group` of k8s.io/api's types, as `kubectl api-resources` lists them, v1.36.

use super::meta::ObjectMeta;
use super::monitoring::PrometheusRule;
use super::networking::Ingress;
use super::node::{Namespace, Node};
use super::objects::Other;
use super::pod::Pod;
use super::policy::*;
use super::storage::*;
use super::workload::*;

/// A kind of object that an API server stores.
pub trait Resource: Clone {
    /// Kind, such as `Deployment`.
    const KIND: &'static str;
    /// API version, such as `apps/v1`.
    const API_VERSION: &'static str;
    /// Plural with its group, as in messages and quotas: `deployments.apps`, `pods`.
    const RESOURCE: &'static str;
    /// Whether its objects live in namespaces.
    const NAMESPACED: bool;

    /// Its metadata.
    fn metadata(&self) -> &ObjectMeta;
    /// Its metadata, to be changed.
    fn metadata_mut(&mut self) -> &mut ObjectMeta;
}

macro_rules! resources {
    ($( $kind:ident $name:literal $version:literal $resource:literal $namespaced:literal )*) => { $(
        impl Resource for $kind {
            const KIND: &'static str = $name;
            const API_VERSION: &'static str = $version;
            const RESOURCE: &'static str = $resource;
            const NAMESPACED: bool = $namespaced;

            fn metadata(&self) -> &ObjectMeta {
                &self.metadata
            }
            fn metadata_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }
    )* };
}

resources! {
    Node "Node" "v1" "nodes" false
    Namespace "Namespace" "v1" "namespaces" false
    Pod "Pod" "v1" "pods" true
    Deployment "Deployment" "apps/v1" "deployments.apps" true
    ReplicaSet "ReplicaSet" "apps/v1" "replicasets.apps" true
    StatefulSet "StatefulSet" "apps/v1" "statefulsets.apps" true
    ControllerRevision "ControllerRevision" "apps/v1" "controllerrevisions.apps" true
    DaemonSet "DaemonSet" "apps/v1" "daemonsets.apps" true
    ReplicationController "ReplicationController" "v1" "replicationcontrollers" true
    Job "Job" "batch/v1" "jobs.batch" true
    CronJob "CronJob" "batch/v1" "cronjobs.batch" true
    Service "Service" "v1" "services" true
    Ingress "Ingress" "networking.k8s.io/v1" "ingresses.networking.k8s.io" true
    PersistentVolumeClaim "PersistentVolumeClaim" "v1" "persistentvolumeclaims" true
    PersistentVolume "PersistentVolume" "v1" "persistentvolumes" false
    StorageClass "StorageClass" "storage.k8s.io/v1" "storageclasses.storage.k8s.io" false
    CsiNode "CSINode" "storage.k8s.io/v1" "csinodes.storage.k8s.io" false
    CsiDriver "CSIDriver" "storage.k8s.io/v1" "csidrivers.storage.k8s.io" false
    CsiStorageCapacity "CSIStorageCapacity" "storage.k8s.io/v1" "csistoragecapacities.storage.k8s.io" true
    VolumeAttachment "VolumeAttachment" "storage.k8s.io/v1" "volumeattachments.storage.k8s.io" false
    PodDisruptionBudget "PodDisruptionBudget" "policy/v1" "poddisruptionbudgets.policy" true
    PriorityClass "PriorityClass" "scheduling.k8s.io/v1" "priorityclasses.scheduling.k8s.io" false
    RuntimeClass "RuntimeClass" "node.k8s.io/v1" "runtimeclasses.node.k8s.io" false
    ResourceQuota "ResourceQuota" "v1" "resourcequotas" true
    LimitRange "LimitRange" "v1" "limitranges" true
    HorizontalPodAutoscaler "HorizontalPodAutoscaler" "autoscaling/v2" "horizontalpodautoscalers.autoscaling" true
    PrometheusRule "PrometheusRule" "monitoring.coreos.com/v1" "prometheusrules.monitoring.coreos.com" true
}

/// What is not modelled says what it is by its fields: the constants are empty.
impl Resource for Other {
    const KIND: &'static str = "";
    const API_VERSION: &'static str = "";
    const RESOURCE: &'static str = "";
    const NAMESPACED: bool = true;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
