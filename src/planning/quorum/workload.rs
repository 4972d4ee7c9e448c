//! The workloads of an input that can have a quorum, with their pods.
//!
//! A pod belongs to the topmost owner that is known: the Deployment of its ReplicaSet, an operator's object otherwise.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::controllers::scale_down::WorkloadKey;
use crate::manifest::Objects;
use crate::manifest::location::Origin;
use crate::manifest::meta::{ObjectMeta, StringMap};
use crate::manifest::pod::{Pod, PodSpec};
use crate::manifest::workload::PodTemplateSpec;

/// Owners whose pods have no quorum.
const WITHOUT: [&str; 4] = ["DaemonSet", "Job", "CronJob", "Node"];

/// A workload, as far as its quorum goes.
pub struct Workload<'a> {
    pub(super) key: WorkloadKey,
    pub(super) origin: Origin,
    pub(super) replicas: usize,
    pub(super) pods: Vec<usize>,
    /// Its own annotations, those of its pod template, and those of its first pod.
    pub(super) annotations: Vec<&'a StringMap>,
    /// Labels of its pods.
    pub(super) labels: &'a StringMap,
    pub(super) spec: &'a PodSpec,
    /// Volumes that each pod has for itself.
    pub(super) claims: usize,
    /// Whether its pods have names and volumes of their own, and are no copies of each other.
    pub(super) has_identity: bool,
    /// Whether it says itself how many pods it wants.
    is_declared: bool,
    pub(super) ordered: bool,
    pub(super) min_ready_seconds: i32,
}

impl<'a> Workload<'a> {
    /// An annotation of the workload, of its template, or of its pods.
    pub(super) fn annotation(&self, key: &str) -> Option<&'a str> {
        self.annotations.iter().find_map(|annotations| annotations.get(key)).map(String::as_str)
    }

    /// A label of its pods.
    pub(super) fn label(&self, key: &str) -> Option<&'a str> {
        self.labels.get(key).map(String::as_str)
    }

    fn of_template(key: WorkloadKey, metadata: &'a ObjectMeta, replicas: Option<i32>, template: &'a PodTemplateSpec) -> Self {
        Workload {
            key,
            origin: metadata.origin,
            replicas: usize::try_from(replicas.unwrap_or(1)).unwrap_or(0),
            pods: Vec::new(),
            annotations: vec![&metadata.annotations, &template.metadata.annotations],
            labels: &template.metadata.labels,
            spec: &template.spec,
            claims: 0,
            has_identity: false,
            is_declared: true,
            ordered: false,
            min_ready_seconds: 0,
        }
    }

    /// An operator's object, of which only the pods are known.
    fn of_pod(key: WorkloadKey, pod: &'a Pod) -> Self {
        let volumes = pod.spec.volumes.iter().filter(|volume| volume.persistent_volume_claim.is_some());
        Workload {
            key,
            origin: pod.metadata.origin,
            replicas: 0,
            pods: Vec::new(),
            annotations: vec![&pod.metadata.annotations],
            labels: &pod.metadata.labels,
            spec: &pod.spec,
            claims: volumes.count(),
            has_identity: pod.metadata.controller().is_some_and(|owner| owner.kind != "ReplicaSet"),
            is_declared: false,
            ordered: false,
            min_ready_seconds: 0,
        }
    }
}

/// Namespace, kind and name: in the order in which workloads are listed.
type Name<'a> = (&'a str, &'a str, &'a str);

/// The workloads by namespace, kind and name, and the index of the workload of each pod.
pub(super) fn workloads(objects: &Objects) -> (Vec<Workload<'_>>, Vec<Option<usize>>) {
    let mut found = declared(objects);
    let above = owners_of_replica_sets(objects);
    let mut names: Vec<Option<Name<'_>>> = Vec::with_capacity(objects.pods.len());
    for (index, pod) in objects.pods.iter().enumerate() {
        let name = if pod.is_terminal() || pod.is_terminating() { None } else { name_of(pod, &above) };
        if let Some(name) = name {
            let workload = found.entry(name).or_insert_with(|| Workload::of_pod(key(name), pod));
            workload.pods.push(index);
            // of what is not declared, the pods that are there are the pods that are wanted
            workload.replicas += usize::from(!workload.is_declared);
        }
        names.push(name);
    }
    found.retain(|_, workload| workload.replicas > 0 || !workload.pods.is_empty());
    let position: FxHashMap<Name<'_>, usize> = found.keys().copied().zip(0..).collect();
    let of_pod = names.into_iter().map(|name| name.and_then(|name| position.get(&name).copied())).collect();
    (found.into_values().collect(), of_pod)
}

fn key((namespace, kind, name): Name<'_>) -> WorkloadKey {
    WorkloadKey { namespace: namespace.to_owned(), kind: kind.to_owned(), name: name.to_owned() }
}

/// The workloads that say how many pods they want. ReplicaSets count by what owns them.
fn declared(objects: &Objects) -> BTreeMap<Name<'_>, Workload<'_>> {
    let mut found = BTreeMap::new();
    for it in &objects.deployments {
        let min_ready_seconds = it.spec.min_ready_seconds;
        let name = (it.metadata.namespace_or_default(), "Deployment", it.metadata.name.as_str());
        let workload = Workload::of_template(key(name), &it.metadata, it.spec.replicas, &it.spec.template);
        found.insert(name, Workload { min_ready_seconds, ..workload });
    }
    for it in objects.replica_sets.iter().filter(|set| set.metadata.controller().is_none()) {
        let min_ready_seconds = it.spec.min_ready_seconds;
        let name = (it.metadata.namespace_or_default(), "ReplicaSet", it.metadata.name.as_str());
        let workload = Workload::of_template(key(name), &it.metadata, it.spec.replicas, &it.spec.template);
        found.insert(name, Workload { min_ready_seconds, ..workload });
    }
    for it in &objects.replication_controllers {
        let min_ready_seconds = it.spec.min_ready_seconds;
        let name = (it.metadata.namespace_or_default(), "ReplicationController", it.metadata.name.as_str());
        let workload = Workload::of_template(key(name), &it.metadata, it.spec.replicas, &it.spec.template);
        found.insert(name, Workload { min_ready_seconds, ..workload });
    }
    for it in &objects.stateful_sets {
        let name = (it.metadata.namespace_or_default(), "StatefulSet", it.metadata.name.as_str());
        let workload = Workload {
            min_ready_seconds: it.spec.min_ready_seconds,
            claims: it.spec.volume_claim_templates.len(),
            has_identity: true,
            ordered: it.spec.pod_management_policy != "Parallel",
            ..Workload::of_template(key(name), &it.metadata, it.spec.replicas, &it.spec.template)
        };
        found.insert(name, workload);
    }
    found
}

/// What owns each ReplicaSet that is owned: a Deployment, or an operator's object.
fn owners_of_replica_sets(objects: &Objects) -> FxHashMap<(&str, &str), (&str, &str)> {
    let owned = objects.replica_sets.iter().filter_map(|set| {
        let owner = set.metadata.controller()?;
        Some(((set.metadata.namespace_or_default(), set.metadata.name.as_str()), (owner.kind.as_str(), owner.name.as_str())))
    });
    owned.collect()
}

/// The workload of a pod.
fn name_of<'a>(pod: &'a Pod, above: &FxHashMap<(&'a str, &'a str), (&'a str, &'a str)>) -> Option<Name<'a>> {
    let owner = pod.metadata.controller().filter(|owner| !WITHOUT.contains(&owner.kind.as_str()))?;
    let namespace = pod.metadata.namespace_or_default();
    let own = (owner.kind.as_str(), owner.name.as_str());
    let top = above.get(&(namespace, own.1)).copied().filter(|_| own.0 == "ReplicaSet").unwrap_or(own);
    Some((namespace, top.0, top.1))
}
