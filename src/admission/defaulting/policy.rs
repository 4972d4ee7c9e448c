//! Defaults of limit ranges, classes, claims and volumes, nodes and namespaces.
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/v1/defaults.go, pkg/apis/scheduling/v1/defaults.go,
//! pkg/apis/storage/v1/defaults.go, v1.36.

use super::pod::default_claim_spec;
use super::{fill, fill_option, round};
use crate::manifest::node::{Namespace, Node};
use crate::manifest::policy::{LimitRange, LimitRangeItem, PriorityClass, ResourceQuota, RuntimeClass};
use crate::manifest::storage::{PersistentVolume, PersistentVolumeClaim, StorageClass};

/// For containers: the largest is the default limit, that is the default request, and else the smallest is.
pub(in crate::admission) fn default_limit_range(limit_range: &mut LimitRange) {
    for item in &mut limit_range.spec.limits {
        let lists = [&mut item.max, &mut item.min, &mut item.default, &mut item.default_request, &mut item.max_limit_request_ratio];
        lists.into_iter().for_each(round);
        if item.r#type == "Container" {
            default_item(item);
        }
    }
}

fn default_item(item: &mut LimitRangeItem) {
    for (name, amount) in &item.max {
        item.default.entry(name.clone()).or_insert(*amount);
    }
    for (name, amount) in item.default.iter().chain(item.min.iter()) {
        item.default_request.entry(name.clone()).or_insert(*amount);
    }
}

/// Rounds the bounds of a quota.
pub(in crate::admission) fn default_resource_quota(quota: &mut ResourceQuota) {
    round(&mut quota.spec.hard);
}

/// A class preempts unless it says otherwise.
pub(in crate::admission) fn default_priority_class(class: &mut PriorityClass) {
    fill_option(&mut class.preemption_policy, "PreemptLowerPriority");
}

/// Rounds the overhead of a class.
pub(in crate::admission) fn default_runtime_class(class: &mut RuntimeClass) {
    if let Some(overhead) = &mut class.overhead {
        round(&mut overhead.pod_fixed);
    }
}

/// Defaults a claim.
pub(in crate::admission) fn default_claim(claim: &mut PersistentVolumeClaim) {
    default_claim_spec(&mut claim.spec);
    fill(&mut claim.status.phase, "Pending");
}

/// Defaults a volume.
pub(in crate::admission) fn default_volume(volume: &mut PersistentVolume) {
    fill_option(&mut volume.spec.volume_mode, "Filesystem");
    fill(&mut volume.spec.persistent_volume_reclaim_policy, "Retain");
    fill(&mut volume.status.phase, "Pending");
    round(&mut volume.spec.capacity);
}

/// Defaults a storage class.
pub(in crate::admission) fn default_storage_class(class: &mut StorageClass) {
    fill_option(&mut class.volume_binding_mode, "Immediate");
    fill_option(&mut class.reclaim_policy, "Delete");
}

/// What pods may ask for is what a node has, if it says nothing else.
pub(in crate::admission) fn default_node(node: &mut Node) {
    round(&mut node.status.capacity);
    round(&mut node.status.allocatable);
    if node.status.allocatable.is_empty() {
        node.status.allocatable.clone_from(&node.status.capacity);
    }
}

/// A namespace carries its name as a label.
pub(in crate::admission) fn default_namespace(namespace: &mut Namespace) {
    if !namespace.metadata.name.is_empty() {
        namespace.metadata.labels.insert("kubernetes.io/metadata.name".to_owned(), namespace.metadata.name.clone());
    }
}
