//! What makes pods: every workload of an input by itself, with the template of its pods, and the pods that it has.
//!
//! Pods, ReplicaSets and Jobs that something else of the input makes are not listed for themselves: what is wrong with them is wrong with
//! what makes them. Jobs and pods of an owner that is not in the input are.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::finding::ObjectName;
use crate::graph::Ownership;
use crate::manifest::Objects;
use crate::manifest::location::Origin;
use crate::manifest::meta::{LabelSelector, ObjectMeta, StringMap};
use crate::manifest::node::Namespace;
use crate::manifest::pod::PodSpec;
use crate::manifest::read::Written;
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::PodTemplateSpec;
use crate::simulation::missing_namespaces;

/// What makes pods.
#[derive(Debug, Clone)]
pub struct Workload<'a> {
    /// `Deployment`, `StatefulSet`, `DaemonSet`, `ReplicaSet`, `ReplicationController`, `Job`, `CronJob` or `Pod`.
    pub kind: &'static str,
    /// Its metadata.
    pub metadata: &'a ObjectMeta,
    /// Metadata of its pods: labels and annotations.
    pub pod_metadata: &'a ObjectMeta,
    /// Spec of its pods, as it is written.
    pub spec: &'a PodSpec,
    /// The way from the object to that spec.
    pub spec_path: &'static str,
    /// Which pods are its own, where it says so.
    pub selector: Option<&'a LabelSelector>,
    /// Claims that it makes for each of its pods.
    pub claim_templates: &'a [PersistentVolumeClaim],
    /// How many pods it wants at once; none where nodes decide (DaemonSet).
    pub replicas: Option<usize>,
    /// Its pods that have not ended and are not being deleted, by their places among the objects.
    pub pods: Vec<usize>,
}

impl<'a> Workload<'a> {
    /// Its names.
    pub fn object(&self) -> ObjectName {
        ObjectName::new(self.kind, self.metadata)
    }

    /// Labels of its pods.
    pub fn labels(&self) -> &'a StringMap {
        &self.pod_metadata.labels
    }

    /// Its namespace.
    pub fn namespace(&self) -> &'a str {
        self.metadata.namespace_or_default()
    }

    /// Whether it is meant to run on and on, and to be there for others: no job, no pod of its own.
    pub fn serves(&self) -> bool {
        matches!(self.kind, "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController")
    }

    fn of(kind: &'static str, metadata: &'a ObjectMeta, template: &'a PodTemplateSpec) -> Self {
        Workload {
            kind,
            metadata,
            pod_metadata: &template.metadata,
            spec: &template.spec,
            spec_path: "spec.template.spec",
            selector: None,
            claim_templates: &[],
            replicas: None,
            pods: Vec::new(),
        }
    }
}

/// Adds the namespaces that are named and not there, so that what is in them is checked all the same. They stand nowhere.
pub fn presume_namespaces(objects: &mut Objects, written: &Written) {
    for name in missing_namespaces(objects, written) {
        objects.namespaces.push(Namespace { metadata: ObjectMeta { name, ..ObjectMeta::default() } });
    }
}

/// How many replicas manifests write for workloads, by where these stand; of objects as they were read. A cluster's own are left out.
pub fn replicas_written(objects: &Objects, written: &Written) -> BTreeMap<Origin, i32> {
    let deployments = objects.deployments.iter().map(|it| (&it.metadata, it.spec.replicas));
    let of_sets = objects.stateful_sets.iter().map(|it| (&it.metadata, it.spec.replicas));
    let others = objects.replica_sets.iter().map(|it| (&it.metadata, it.spec.replicas));
    let controllers = objects.replication_controllers.iter().map(|it| (&it.metadata, it.spec.replicas));
    let all = deployments.chain(of_sets).chain(others).chain(controllers);
    all.filter(|(metadata, _)| written.holds(metadata)).filter_map(|(metadata, replicas)| Some((metadata.origin, replicas?))).collect()
}

/// The workloads of these objects: by kind, each in the order of the input.
pub(super) fn workloads(objects: &Objects) -> Vec<Workload<'_>> {
    let mut found = written(objects);
    let place = |workload: &Workload<'_>| (workload.kind.to_owned(), workload.namespace().to_owned(), workload.metadata.name.clone());
    let places: FxHashMap<(String, String, String), usize> = found.iter().map(place).zip(0..).collect();
    let ownership = Ownership::new(objects);
    for (index, pod) in objects.pods.iter().enumerate().filter(|(_, pod)| !pod.is_terminal() && !pod.is_terminating()) {
        let of = ownership.workload(pod);
        if let Some(&place) = places.get(&(of.kind, of.namespace, of.name)) {
            found[place].pods.push(index);
        } else if pod.metadata.controller().is_none() || !is_made(&pod.metadata) {
            let workload = Workload {
                kind: "Pod",
                metadata: &pod.metadata,
                pod_metadata: &pod.metadata,
                spec: &pod.spec,
                spec_path: "spec",
                selector: None,
                claim_templates: &[],
                replicas: Some(1),
                pods: vec![index],
            };
            found.push(workload);
        }
    }
    found
}

/// Whether controllers made it here, so that nobody wrote it.
fn is_made(metadata: &ObjectMeta) -> bool {
    metadata.uid.is_empty() && metadata.controller().is_some()
}

fn written(objects: &Objects) -> Vec<Workload<'_>> {
    let count = |replicas: Option<i32>| Some(usize::try_from(replicas.unwrap_or(1)).unwrap_or(0));
    let known: FxHashSet<(&str, &str, &str)> = (objects.deployments.iter().map(|it| ("Deployment", &it.metadata)))
        .chain(objects.cron_jobs.iter().map(|it| ("CronJob", &it.metadata)))
        .map(|(kind, metadata)| (kind, metadata.namespace_or_default(), metadata.name.as_str()))
        .collect();
    let stands_alone = |metadata: &ObjectMeta| {
        let owner = |owner: &crate::manifest::meta::OwnerReference| {
            known.contains(&(owner.kind.as_str(), metadata.namespace_or_default(), owner.name.as_str()))
        };
        !metadata.controller().is_some_and(owner)
    };
    let mut found = Vec::new();
    for it in &objects.deployments {
        let (selector, replicas) = (it.spec.selector.as_ref(), count(it.spec.replicas));
        found.push(Workload { selector, replicas, ..Workload::of("Deployment", &it.metadata, &it.spec.template) });
    }
    for it in objects.replica_sets.iter().filter(|it| stands_alone(&it.metadata)) {
        let (selector, replicas) = (it.spec.selector.as_ref(), count(it.spec.replicas));
        found.push(Workload { selector, replicas, ..Workload::of("ReplicaSet", &it.metadata, &it.spec.template) });
    }
    for it in &objects.replication_controllers {
        let replicas = count(it.spec.replicas);
        found.push(Workload { replicas, ..Workload::of("ReplicationController", &it.metadata, &it.spec.template) });
    }
    for it in &objects.stateful_sets {
        let (selector, replicas) = (it.spec.selector.as_ref(), count(it.spec.replicas));
        let claim_templates = it.spec.volume_claim_templates.as_slice();
        found.push(Workload { selector, replicas, claim_templates, ..Workload::of("StatefulSet", &it.metadata, &it.spec.template) });
    }
    for it in &objects.daemon_sets {
        let selector = it.spec.selector.as_ref();
        found.push(Workload { selector, ..Workload::of("DaemonSet", &it.metadata, &it.spec.template) });
    }
    for it in objects.jobs.iter().filter(|it| stands_alone(&it.metadata)) {
        found.push(Workload { replicas: count(it.spec.parallelism), ..Workload::of("Job", &it.metadata, &it.spec.template) });
    }
    for it in &objects.cron_jobs {
        let spec = &it.spec.job_template.spec;
        let workload = Workload::of("CronJob", &it.metadata, &spec.template);
        found.push(Workload { replicas: count(spec.parallelism), spec_path: "spec.jobTemplate.spec.template.spec", ..workload });
    }
    found
}
