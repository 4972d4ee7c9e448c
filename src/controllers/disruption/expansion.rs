//! The plain way: what budgets would say if every pod were placed and healthy.

use rustc_hash::FxHashMap;

use super::expected::{Scale, expected};
use super::scale::no_scale;
use super::{set_condition, set_condition_by_number, status};
use crate::controllers::selector::matches;
use crate::manifest::Objects;
use crate::manifest::meta::{ObjectMeta, OwnerReference};
use crate::manifest::pod::Pod;
use crate::manifest::policy::PodDisruptionBudget;

/// Kind, namespace and name of a controller.
type Name<'a> = (&'static str, &'a str, &'a str);

/// Fills in the status of budgets that have none, as it would be once all pods are placed and healthy. Pods that have ended or are being
/// deleted are not healthy. Budgets that a controller has looked at before stay as they are.
pub fn budgets(objects: &mut Objects) {
    let mut budgets = std::mem::take(&mut objects.pod_disruption_budgets);
    if budgets.iter().any(lacks_status) {
        let scales = scales(objects);
        let mut pods: FxHashMap<&str, Vec<&Pod>> = FxHashMap::default();
        objects.pods.iter().for_each(|pod| pods.entry(pod.metadata.namespace_or_default()).or_default().push(pod));
        for budget in budgets.iter_mut().filter(|budget| lacks_status(budget)) {
            let near = pods.get(budget.metadata.namespace_or_default()).map(Vec::as_slice).unwrap_or_default();
            fill(budget, near, &scales);
        }
    }
    objects.pod_disruption_budgets = budgets;
}

/// Whether no controller has looked at a budget yet.
fn lacks_status(budget: &PodDisruptionBudget) -> bool {
    budget.status.observed_generation.is_none() && budget.status == Default::default()
}

/// Fills in the status of a budget, given the pods of its namespace.
fn fill(budget: &mut PodDisruptionBudget, pods: &[&Pod], scales: &FxHashMap<Name<'_>, Scale>) {
    let Some(selector) = &budget.spec.selector else { return };
    let selected: Vec<&Pod> = pods.iter().copied().filter(|pod| matches(selector, &pod.metadata.labels)).collect();
    match expected(&budget.spec, &selected, |owner, pod| scale_of(scales, owner, pod.metadata.namespace_or_default())) {
        Ok(expected) => {
            let healthy = selected.iter().filter(|pod| !pod.is_terminal() && !pod.is_terminating()).count();
            let mut new = status(budget, expected, i32::try_from(healthy).unwrap_or(i32::MAX));
            set_condition_by_number(&mut new, None);
            budget.status = new;
        }
        Err(problem) => set_condition(&mut budget.status.conditions, "False", "SyncFailed", &problem, None),
    }
}

/// The scales of all controllers that have one. A ReplicaSet of a Deployment has that of the Deployment.
fn scales(objects: &Objects) -> FxHashMap<Name<'_>, Scale> {
    let mut scales: FxHashMap<Name<'_>, Scale> = FxHashMap::default();
    add(&mut scales, "ReplicationController", objects.replication_controllers.iter().map(|it| (&it.metadata, it.spec.replicas)));
    add(&mut scales, "StatefulSet", objects.stateful_sets.iter().map(|it| (&it.metadata, it.spec.replicas)));
    add(&mut scales, "Deployment", objects.deployments.iter().map(|it| (&it.metadata, it.spec.replicas)));
    add(&mut scales, "ReplicaSet", objects.replica_sets.iter().map(|it| (&it.metadata, it.spec.replicas)));
    for set in &objects.replica_sets {
        let namespace = set.metadata.namespace_or_default();
        let above = set.metadata.controller().filter(|above| above.kind == "Deployment");
        if let Some(scale) = above.and_then(|above| scales.get(&("Deployment", namespace, above.name.as_str())).cloned()) {
            scales.insert(("ReplicaSet", namespace, &set.metadata.name), scale);
        }
    }
    scales
}

/// Adds controllers of one kind. Names are identities here: objects of an input need not have uids.
fn add<'a>(scales: &mut FxHashMap<Name<'a>, Scale>, kind: &'static str, all: impl Iterator<Item = (&'a ObjectMeta, Option<i32>)>) {
    for (metadata, replicas) in all {
        let scale = (format!("{kind}/{}", metadata.name), replicas.unwrap_or(1));
        scales.insert((kind, metadata.namespace_or_default(), &metadata.name), scale);
    }
}

fn scale_of(scales: &FxHashMap<Name<'_>, Scale>, owner: &OwnerReference, namespace: &str) -> Result<Option<Scale>, String> {
    let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
    let kind = ["ReplicationController", "ReplicaSet", "Deployment", "StatefulSet"].into_iter().find(|kind| *kind == owner.kind);
    match kind {
        Some(kind) => Ok(scales.get(&(kind, namespace, owner.name.as_str())).cloned()),
        None => Err(no_scale(owner, group)),
    }
}
