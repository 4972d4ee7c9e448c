//! The table of kinds that are modelled.
//!
//! Promise: a kind is known by its group and its name, whatever the version; a kind of the same name in another group
//! (`apps.kruise.io` StatefulSet) is another kind.
//!
//! A new kind: its struct in `manifest`, its field in [`Objects`], a row here.

use rustc_hash::FxHashMap;
use serde_json::Error as JsonError;

use super::piece::TypeMeta;
use super::tree::Node as Tree;
use super::typed::{TypeError, from_node};
use super::{Input, apply};
use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::monitoring::PrometheusRule;
use crate::manifest::networking::Ingress;
use crate::manifest::node::{Namespace, Node};
use crate::manifest::pod::Pod;
use crate::manifest::policy::*;
use crate::manifest::scheduler_configuration::KubeSchedulerConfiguration;
use crate::manifest::storage::*;
use crate::manifest::workload::*;

/// What a kind's struct must offer: its metadata, if it has any.
trait Modelled {
    fn metadata(&self) -> Option<&ObjectMeta>;
    fn metadata_mut(&mut self) -> Option<&mut ObjectMeta>;
}

impl Modelled for KubeSchedulerConfiguration {
    fn metadata(&self) -> Option<&ObjectMeta> {
        None
    }
    fn metadata_mut(&mut self) -> Option<&mut ObjectMeta> {
        None
    }
}

macro_rules! kinds {
    ($( $kind:ident in $field:ident, $name:literal, $scope:ident, [$($group:literal),+] )*) => {
        /// A kind that is modelled.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(super) enum Kind { $( $kind, )* }

        /// An object of a kind that is modelled.
        #[derive(Debug)]
        pub(super) enum Object { $( $kind(Box<$kind>), )* }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &[Kind] = &[$( Kind::$kind, )*];

            /// The kind of this group and name.
            pub fn find(of: &TypeMeta) -> Option<Kind> {
                match of.kind.as_str() {
                    $( $name if [$($group),+].contains(&of.group()) => Some(Kind::$kind), )*
                    _ => None,
                }
            }

            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $( Kind::$kind => $name, )* }
            }

            /// The version to write it in.
            pub fn api_version(self) -> &'static str {
                match self { $( Kind::$kind => first_version(&[$($group),+]), )* }
            }

            /// Whether its objects live in namespaces.
            pub fn is_namespaced(self) -> bool {
                match self { $( Kind::$kind => stringify!($scope) == "namespaced", )* }
            }

            /// Reads an object of this kind from JSON.
            pub fn read_json(self, text: &[u8]) -> Result<Object, JsonError> {
                match self { $( Kind::$kind => serde_json::from_slice(text).map(Object::$kind), )* }
            }

            /// Reads an object of this kind from a tree.
            pub fn read_tree(self, tree: Tree) -> Result<Object, TypeError> {
                match self { $( Kind::$kind => from_node(tree).map(Object::$kind), )* }
            }

            /// Metadata of all objects of this kind, in order.
            pub fn metadata(self, objects: &Objects) -> Vec<&ObjectMeta> {
                match self { $( Kind::$kind => objects.$field.iter().filter_map(|object| Modelled::metadata(object)).collect(), )* }
            }

            /// As [`Kind::metadata`], to be changed.
            pub fn metadata_mut(self, objects: &mut Objects) -> Vec<&mut ObjectMeta> {
                match self {
                    $( Kind::$kind => objects.$field.iter_mut().filter_map(|object| Modelled::metadata_mut(object)).collect(), )*
                }
            }

            /// Puts the second of each pair of places in the first one's place; what stood there goes to `replaced`. What is left at
            /// the second place is empty and has to be removed.
            pub fn supersede(self, objects: &mut Objects, replaced: &mut Objects, pairs: &[(usize, usize)]) {
                match self { $( Kind::$kind => for &(old, new) in pairs {
                    let version = std::mem::take(&mut objects.$field[new]);
                    let version = apply::keep(version, &objects.$field[old]);
                    replaced.$field.push(std::mem::replace(&mut objects.$field[old], version));
                } )* }
            }

            /// Adds to `before` the objects of this kind as they were before some were applied: without new ones, and with the
            /// versions that were replaced in their places.
            pub fn unapply(self, input: &Input, before: &mut Objects) {
                match self { $( Kind::$kind => {
                    let old: FxHashMap<_, _> =
                        input.replaced.$field.iter().filter_map(|object| Some((key(Modelled::metadata(object)?), object))).collect();
                    before.$field = input.objects.$field.iter().filter_map(|object| match Modelled::metadata(object) {
                        Some(metadata) if input.written.holds(metadata) => old.get(&key(metadata)).map(|&object| object.clone()),
                        _ => Some(object.clone()),
                    }).collect();
                } )* }
            }

            /// Leaves out the objects of this kind at some places.
            pub fn remove(self, objects: &mut Objects, places: &rustc_hash::FxHashSet<usize>) {
                let mut place = 0..;
                match self { $( Kind::$kind => objects.$field.retain(|_| place.next().is_none_or(|place| !places.contains(&place))), )* }
            }
        }

        impl Object {
            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self { $( Object::$kind(_) => Kind::$kind, )* }
            }

            /// Its metadata, if it has any.
            pub fn metadata_mut(&mut self) -> Option<&mut ObjectMeta> {
                match self { $( Object::$kind(object) => Modelled::metadata_mut(&mut **object), )* }
            }

            /// Its metadata, if it has any.
            pub fn metadata(&self) -> Option<&ObjectMeta> {
                match self { $( Object::$kind(object) => Modelled::metadata(&**object), )* }
            }

            /// Adds it to the others of its kind.
            pub fn add_to(self, objects: &mut Objects) {
                match self { $( Object::$kind(object) => objects.$field.push(*object), )* }
            }
        }
    };
}

macro_rules! with_metadata {
    ($($kind:ident)*) => { $(
        impl Modelled for $kind {
            fn metadata(&self) -> Option<&ObjectMeta> {
                Some(&self.metadata)
            }
            fn metadata_mut(&mut self) -> Option<&mut ObjectMeta> {
                Some(&mut self.metadata)
            }
        }
    )* };
}

with_metadata! {
    Node Namespace Pod Deployment ReplicaSet ReplicationController StatefulSet ControllerRevision DaemonSet Job CronJob Service Ingress
    PersistentVolumeClaim PersistentVolume StorageClass CsiNode CsiDriver CsiStorageCapacity VolumeAttachment
    PodDisruptionBudget PriorityClass RuntimeClass ResourceQuota LimitRange HorizontalPodAutoscaler PrometheusRule
}

kinds! {
    Node in nodes, "Node", cluster, [""]
    Namespace in namespaces, "Namespace", cluster, [""]
    Pod in pods, "Pod", namespaced, [""]
    Deployment in deployments, "Deployment", namespaced, ["apps", "extensions"]
    ReplicaSet in replica_sets, "ReplicaSet", namespaced, ["apps", "extensions"]
    ReplicationController in replication_controllers, "ReplicationController", namespaced, [""]
    StatefulSet in stateful_sets, "StatefulSet", namespaced, ["apps"]
    ControllerRevision in controller_revisions, "ControllerRevision", namespaced, ["apps"]
    DaemonSet in daemon_sets, "DaemonSet", namespaced, ["apps", "extensions"]
    Job in jobs, "Job", namespaced, ["batch"]
    CronJob in cron_jobs, "CronJob", namespaced, ["batch"]
    Service in services, "Service", namespaced, [""]
    Ingress in ingresses, "Ingress", namespaced, ["networking.k8s.io", "extensions"]
    PersistentVolumeClaim in persistent_volume_claims, "PersistentVolumeClaim", namespaced, [""]
    PersistentVolume in persistent_volumes, "PersistentVolume", cluster, [""]
    StorageClass in storage_classes, "StorageClass", cluster, ["storage.k8s.io"]
    CsiNode in csi_nodes, "CSINode", cluster, ["storage.k8s.io"]
    CsiDriver in csi_drivers, "CSIDriver", cluster, ["storage.k8s.io"]
    CsiStorageCapacity in csi_storage_capacities, "CSIStorageCapacity", namespaced, ["storage.k8s.io"]
    VolumeAttachment in volume_attachments, "VolumeAttachment", cluster, ["storage.k8s.io"]
    PodDisruptionBudget in pod_disruption_budgets, "PodDisruptionBudget", namespaced, ["policy"]
    PriorityClass in priority_classes, "PriorityClass", cluster, ["scheduling.k8s.io"]
    RuntimeClass in runtime_classes, "RuntimeClass", cluster, ["node.k8s.io"]
    ResourceQuota in resource_quotas, "ResourceQuota", namespaced, [""]
    LimitRange in limit_ranges, "LimitRange", namespaced, [""]
    HorizontalPodAutoscaler in horizontal_pod_autoscalers, "HorizontalPodAutoscaler", namespaced, ["autoscaling", "extensions"]
    PrometheusRule in prometheus_rules, "PrometheusRule", namespaced, ["monitoring.coreos.com"]
    KubeSchedulerConfiguration in scheduler_configurations, "KubeSchedulerConfiguration", cluster, ["kubescheduler.config.k8s.io"]
}

/// What tells objects of a kind apart.
fn key(metadata: &ObjectMeta) -> (&str, &str) {
    (&metadata.namespace, &metadata.name)
}

impl Object {
    /// `Pod shop/web`, `Node n1`.
    pub fn title(&self) -> String {
        let kind = self.kind();
        match self.metadata() {
            Some(metadata) if kind.is_namespaced() => {
                format!("{} {}/{}{}", kind.name(), metadata.namespace, metadata.name, metadata.generate_name)
            }
            Some(metadata) => format!("{} {}", kind.name(), metadata.name),
            None => kind.name().to_owned(),
        }
    }
}

fn first_version(groups: &[&'static str]) -> &'static str {
    match groups.first() {
        Some(&"autoscaling") => "autoscaling/v2",
        Some(&"apps") => "apps/v1",
        Some(&"batch") => "batch/v1",
        Some(&"policy") => "policy/v1",
        Some(&"storage.k8s.io") => "storage.k8s.io/v1",
        Some(&"scheduling.k8s.io") => "scheduling.k8s.io/v1",
        Some(&"networking.k8s.io") => "networking.k8s.io/v1",
        Some(&"monitoring.coreos.com") => "monitoring.coreos.com/v1",
        Some(&"node.k8s.io") => "node.k8s.io/v1",
        Some(&"kubescheduler.config.k8s.io") => "kubescheduler.config.k8s.io/v1",
        _ => "v1",
    }
}
