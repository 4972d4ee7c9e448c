//! How many pods a workload has at once while it is rolled out.
//!
//! Source: k8s.io/kubernetes/pkg/controller/deployment/util/deployment_util.go MaxSurge, daemon/util maxSurge, v1.36.

use rustc_hash::FxHashMap;

use super::deployment::bounds::{Rounding, max_surge, max_unavailable, scaled};
use super::scale_down::{WorkloadKey, key_of};
use crate::manifest::Objects;
use crate::manifest::resource::Resource;
use crate::manifest::workload::{DaemonSet, Deployment, DeploymentStrategy, StatefulSet};

/// The largest number of pods of a workload in a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutPeak {
    /// The workload.
    pub workload: WorkloadKey,
    /// Pods before and after.
    pub replicas: i32,
    /// Pods at most at once: with the surge, if there is one.
    pub peak: i32,
    /// Pods that may be missing meanwhile.
    pub missing: i32,
}

/// The peaks of all Deployments, StatefulSets and DaemonSets, in the order of the input. What terminates is not counted; a
/// DaemonSet wants as many pods as it says in its status or as there are, so call this after [`expand`](super::expand).
pub fn rollout_peak(objects: &Objects) -> Vec<RolloutPeak> {
    let of_deployment = |deployment: &Deployment| {
        let replicas = deployment.spec.replicas.unwrap_or(1);
        let surge = if replicas == 0 { 0 } else { max_surge(deployment) };
        let workload = key_of(Deployment::KIND, &deployment.metadata);
        let missing = if deployment.spec.strategy.r#type == "Recreate" { replicas } else { max_unavailable(deployment) };
        RolloutPeak { workload, replicas, peak: replicas + surge, missing }
    };
    let of_stateful_set = |set: &StatefulSet| {
        let replicas = set.spec.replicas.unwrap_or(1);
        let missing = missing_of(&set.spec.update_strategy, replicas);
        RolloutPeak { workload: key_of(StatefulSet::KIND, &set.metadata), replicas, peak: replicas, missing }
    };
    let daemons = daemons(objects);
    let of_daemon_set = |set: &DaemonSet| {
        let workload = key_of(DaemonSet::KIND, &set.metadata);
        let replicas = daemons.get(&workload).copied().unwrap_or(0);
        let bounds = set.spec.update_strategy.rolling_update.as_ref();
        let surge = bounds.and_then(|bounds| bounds.max_surge.as_ref()).map_or(0, |surge| scaled(surge, replicas, Rounding::Up));
        let surge = if set.spec.update_strategy.r#type == "OnDelete" { 0 } else { surge };
        let missing = missing_of(&set.spec.update_strategy, replicas);
        RolloutPeak { workload, replicas, peak: replicas + surge, missing }
    };
    let deployments = objects.deployments.iter().map(of_deployment);
    deployments.chain(objects.stateful_sets.iter().map(of_stateful_set)).chain(objects.daemon_sets.iter().map(of_daemon_set)).collect()
}

/// How many pods of a StatefulSet or DaemonSet may be missing: one, if nothing is said.
fn missing_of(strategy: &DeploymentStrategy, replicas: i32) -> i32 {
    let written = strategy.rolling_update.as_ref().and_then(|bounds| bounds.max_unavailable.as_ref());
    written.map_or(1, |written| scaled(written, replicas, Rounding::Up)).min(replicas)
}

/// How many pods each DaemonSet has.
fn daemons(objects: &Objects) -> FxHashMap<WorkloadKey, i32> {
    let mut counts = FxHashMap::default();
    for metadata in objects.pods.iter().map(|pod| &pod.metadata) {
        if let Some(owner) = metadata.controller().filter(|owner| owner.kind == DaemonSet::KIND) {
            let namespace = metadata.namespace_or_default().to_owned();
            *counts.entry(WorkloadKey { namespace, kind: owner.kind.clone(), name: owner.name.clone() }).or_default() += 1;
        }
    }
    counts
}
