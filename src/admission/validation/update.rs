//! Fields that never change, and fields that change only one way.
//!
//! Promise: upstream's verdict and the head of its sentence. For pods and claims upstream adds a difference of the two versions
//! in Go's notation; that is left off.
//!
//! Source: k8s.io/kubernetes/pkg/apis/*/validation Validate…Update, v1.36.

use super::field::{ErrorList, Path};
use super::workload::validate_same_selector;
use crate::manifest::pod::Pod;
use crate::manifest::policy::{PriorityClass, ResourceQuota};
use crate::manifest::storage::{PersistentVolumeClaim, StorageClass};
use crate::manifest::workload::*;

const IMMUTABLE: &str = "field is immutable";
const POD: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,\
`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it \
to be set to 1 if it was previously negative)";
const STATEFUL_SET: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', \
'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

/// Checks the new version of a pod.
pub(in crate::admission) fn pod(old: &Pod, new: &Pod, errors: &mut ErrorList) {
    let path = Path::root("spec");
    let kept = |toleration: &crate::manifest::pod::Toleration| {
        let mut candidates = new.spec.tolerations.iter().cloned();
        candidates.any(|mut candidate| {
            candidate.toleration_seconds = toleration.toleration_seconds;
            candidate == *toleration
        })
    };
    if !old.spec.tolerations.iter().all(kept) {
        errors.forbidden(&path.child("tolerations"), "existing toleration can not be modified except its tolerationSeconds");
    }
    let gates = path.child("schedulingGates");
    for (index, gate) in new.spec.scheduling_gates.iter().enumerate() {
        if !old.spec.scheduling_gates.contains(gate) {
            let detail = format!("only deletion is allowed, but found new scheduling gate '{}'", gate.name);
            let path = gates.index(index);
            errors.forbidden(&path.child("name"), &detail);
        }
    }
    let mut changed = old.spec.clone();
    changed.tolerations.clone_from(&new.spec.tolerations);
    changed.scheduling_gates.clone_from(&new.spec.scheduling_gates);
    changed.active_deadline_seconds = new.spec.active_deadline_seconds;
    changed.termination_grace_period_seconds = new.spec.termination_grace_period_seconds;
    // binding sets the node, and a gated pod may still be steered
    changed.node_name.clone_from(&new.spec.node_name);
    if !old.spec.scheduling_gates.is_empty() {
        changed.node_selector.clone_from(&new.spec.node_selector);
        changed.affinity.clone_from(&new.spec.affinity);
    }
    for (old, new) in changed.containers.iter_mut().zip(&new.spec.containers) {
        old.image.clone_from(&new.image);
    }
    for (old, new) in changed.init_containers.iter_mut().zip(&new.spec.init_containers) {
        old.image.clone_from(&new.image);
    }
    if changed != new.spec {
        errors.forbidden(&path, POD);
    }
}

/// Checks the new version of a Deployment.
pub(in crate::admission) fn deployment(old: &Deployment, new: &Deployment, errors: &mut ErrorList) {
    validate_same_selector(old.spec.selector.as_ref(), new.spec.selector.as_ref(), errors);
}

/// Checks the new version of a ReplicaSet.
pub(in crate::admission) fn replica_set(old: &ReplicaSet, new: &ReplicaSet, errors: &mut ErrorList) {
    validate_same_selector(old.spec.selector.as_ref(), new.spec.selector.as_ref(), errors);
}

/// Checks the new version of a DaemonSet.
pub(in crate::admission) fn daemon_set(old: &DaemonSet, new: &DaemonSet, errors: &mut ErrorList) {
    validate_same_selector(old.spec.selector.as_ref(), new.spec.selector.as_ref(), errors);
}

/// Checks the new version of a StatefulSet.
pub(in crate::admission) fn stateful_set(old: &StatefulSet, new: &StatefulSet, errors: &mut ErrorList) {
    let mut changed = old.spec.clone();
    changed.replicas = new.spec.replicas;
    changed.template.clone_from(&new.spec.template);
    changed.update_strategy.clone_from(&new.spec.update_strategy);
    changed.min_ready_seconds = new.spec.min_ready_seconds;
    changed.ordinals.clone_from(&new.spec.ordinals);
    changed.revision_history_limit = new.spec.revision_history_limit;
    changed.persistent_volume_claim_retention_policy.clone_from(&new.spec.persistent_volume_claim_retention_policy);
    if changed != new.spec {
        errors.forbidden(&Path::root("spec"), STATEFUL_SET);
    }
}

/// Checks the new version of a Job.
pub(in crate::admission) fn job(old: &Job, new: &Job, errors: &mut ErrorList) {
    validate_same_selector(old.spec.selector.as_ref(), new.spec.selector.as_ref(), errors);
    let path = Path::root("spec");
    // an elastic indexed Job may change both numbers together
    let elastic = new.spec.completion_mode.as_deref() == Some("Indexed") && new.spec.completions == new.spec.parallelism;
    if old.spec.completions != new.spec.completions && !elastic {
        match new.spec.completions {
            Some(completions) => errors.invalid(&path.child("completions"), completions, IMMUTABLE),
            None => errors.invalid(&path.child("completions"), "null", IMMUTABLE),
        }
    }
    if old.spec.completion_mode != new.spec.completion_mode {
        errors.invalid(&path.child("completionMode"), new.spec.completion_mode.as_deref().unwrap_or("null"), IMMUTABLE);
    }
    if let Some(limit) = new.spec.backoff_limit_per_index.filter(|_| old.spec.backoff_limit_per_index != new.spec.backoff_limit_per_index) {
        errors.invalid(&path.child("backoffLimitPerIndex"), limit, IMMUTABLE);
    }
}

/// Checks the new version of a quota: its scopes stay.
pub(in crate::admission) fn resource_quota(old: &ResourceQuota, new: &ResourceQuota, errors: &mut ErrorList) {
    let sorted = |quota: &ResourceQuota| {
        let mut scopes = quota.spec.scopes.clone();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    };
    if sorted(old) != sorted(new) {
        let path = Path::root("spec");
        errors.invalid(&path.child("scopes"), new.spec.scopes.as_slice(), IMMUTABLE);
    }
}

/// Checks the new version of a priority class: its value and policy stay.
pub(in crate::admission) fn priority_class(old: &PriorityClass, new: &PriorityClass, errors: &mut ErrorList) {
    if old.value != new.value {
        errors.forbidden(&Path::root("value"), "may not be changed in an update.");
    }
    if old.preemption_policy != new.preemption_policy {
        let policy = new.preemption_policy.as_deref().unwrap_or("null");
        errors.invalid(&Path::root("preemptionPolicy"), policy, IMMUTABLE);
    }
}

/// Checks the new version of a claim: it may only grow.
pub(in crate::admission) fn claim(old: &PersistentVolumeClaim, new: &PersistentVolumeClaim, errors: &mut ErrorList) {
    let path = Path::root("spec");
    let mut changed = old.spec.clone();
    changed.resources.requests.clone_from(&new.spec.resources.requests);
    changed.volume_attributes_class_name.clone_from(&new.spec.volume_attributes_class_name);
    if old.spec.volume_name.is_empty() {
        changed.volume_name.clone_from(&new.spec.volume_name);
    }
    if old.spec.storage_class_name.is_none() {
        changed.storage_class_name.clone_from(&new.spec.storage_class_name);
    }
    if changed != new.spec {
        let detail = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        errors.forbidden(&path, detail);
    }
    let storage = |claim: &PersistentVolumeClaim| claim.spec.resources.requests.get("storage").copied();
    let capacity = old.status.capacity.get("storage").copied();
    if storage(new) < storage(old) && storage(new) < capacity {
        let resources = path.child("resources");
        let requests = resources.child("requests");
        errors.forbidden(&requests.child("storage"), "field can not be less than status.capacity");
    }
}

/// Checks the new version of a storage class.
pub(in crate::admission) fn storage_class(old: &StorageClass, new: &StorageClass, errors: &mut ErrorList) {
    const FORBIDDEN: &str = "updates to provisioner are forbidden.";
    if old.provisioner != new.provisioner {
        errors.forbidden(&Path::root("provisioner"), FORBIDDEN);
    }
    if let Some(mode) = new.volume_binding_mode.as_deref().filter(|_| old.volume_binding_mode != new.volume_binding_mode) {
        errors.invalid(&Path::root("volumeBindingMode"), mode, IMMUTABLE);
    }
}
