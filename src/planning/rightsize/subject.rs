//! Whose containers are sized: workloads with their templates, and pods that no workload of the input makes.
//!
//! A pod of a Deployment's ReplicaSet is the Deployment's, one of a CronJob's Job the CronJob's. Jobs that have ended are left out. What a
//! kind that is not modelled makes is known by its pods alone.

use std::collections::BTreeMap;

use crate::graph::Ownership;
use crate::graph::dependencies::Reference;
use crate::manifest::Objects;
use crate::manifest::meta::{ObjectMeta, StringMap};
use crate::manifest::pod::{Container, Pod, PodSpec};
use crate::manifest::resource::Resource as _;
use crate::manifest::workload::*;

/// How a workload is given other requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Changeable {
    /// In its template.
    Template,
    /// It is a pod of its own, which is resized in place.
    Pod,
    /// Only by making it anew: a Job's template cannot be changed.
    Anew,
    /// In the file that its node's kubelet reads.
    StaticPod,
    /// In what makes it, which is not in the input.
    Elsewhere,
}

/// What a container is to its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContainerKind {
    /// It runs as long as the pod.
    Container,
    /// An init container that goes on running.
    Sidecar,
    /// An init container that ends before the others start.
    Init,
}

/// Something whose containers are sized.
#[derive(Debug, Clone)]
pub(in crate::planning) struct Subject {
    pub workload: Reference,
    pub changeable: Changeable,
    /// What its pods are made from.
    pub spec: PodSpec,
    /// Labels of its pods.
    pub labels: StringMap,
    /// How many pods of it there are that have not ended.
    pub pods: usize,
}

impl Subject {
    /// Its containers, those that init first, each with what it is.
    pub fn containers(&self) -> impl Iterator<Item = (ContainerKind, &Container)> {
        let kind = |container: &Container| match container.restart_policy.as_deref() {
            Some("Always") => ContainerKind::Sidecar,
            _ => ContainerKind::Init,
        };
        let init = self.spec.init_containers.iter().map(move |container| (kind(container), container));
        init.chain(self.spec.containers.iter().map(|container| (ContainerKind::Container, container)))
    }
}

/// Everything that is sized, by namespace, name and kind.
pub(in crate::planning) fn subjects(objects: &Objects) -> Vec<Subject> {
    let mut found: BTreeMap<Reference, Subject> = templates(objects);
    let ownership = Ownership::new(objects);
    for pod in objects.pods.iter().filter(|pod| !pod.is_terminal()) {
        let (workload, changeable) = of_pod(&ownership, pod);
        let subject = found.entry(workload.clone()).or_insert_with(|| Subject {
            workload,
            changeable,
            spec: pod.spec.clone(),
            labels: pod.metadata.labels.clone(),
            pods: 0,
        });
        subject.pods += 1;
    }
    let mut subjects: Vec<Subject> = found.into_values().collect();
    subjects.sort_by(|one, other| order(&one.workload).cmp(&order(&other.workload)));
    subjects
}

/// By namespace, name and kind.
pub(super) fn order(workload: &Reference) -> (&str, &str, &str) {
    (&workload.namespace, &workload.name, &workload.kind)
}

/// What a pod belongs to, and how that is changed if it is known by its pods alone.
pub(super) fn of_pod(ownership: &Ownership<'_>, pod: &Pod) -> (Reference, Changeable) {
    let workload = ownership.workload(pod);
    match workload.kind.as_str() {
        // a node owns the mirrors of its static pods, each of which is its own
        "Node" => (Reference::new("Pod", pod.metadata.namespace_or_default(), &pod.metadata.name), Changeable::StaticPod),
        "Pod" if workload.name == pod.metadata.name => (workload, Changeable::Pod),
        _ => (workload, Changeable::Elsewhere),
    }
}

fn templates(objects: &Objects) -> BTreeMap<Reference, Subject> {
    let mut found = BTreeMap::new();
    let mut add = |kind: &str, metadata: &ObjectMeta, template: &PodTemplateSpec, changeable: Changeable| {
        let workload = Reference::new(kind, metadata.namespace_or_default(), &metadata.name);
        let (spec, labels) = (template.spec.clone(), template.metadata.labels.clone());
        found.insert(workload.clone(), Subject { workload, changeable, spec, labels, pods: 0 });
    };
    macro_rules! add {
        ($list:expr, $changeable:expr, $keep:expr) => {
            $list.iter().filter(|own| $keep(*own)).for_each(|own| add(kind_of(own), &own.metadata, &own.spec.template, $changeable));
        };
    }
    add!(objects.deployments, Changeable::Template, |_: &Deployment| true);
    add!(objects.replica_sets, Changeable::Template, |own: &ReplicaSet| own.metadata.controller().is_none());
    add!(objects.replication_controllers, Changeable::Template, |own: &ReplicationController| own.metadata.controller().is_none());
    add!(objects.stateful_sets, Changeable::Template, |_: &StatefulSet| true);
    add!(objects.daemon_sets, Changeable::Template, |_: &DaemonSet| true);
    add!(objects.jobs, Changeable::Anew, |own: &Job| own.metadata.controller().is_none() && !has_ended(own));
    for own in &objects.cron_jobs {
        add(CronJob::KIND, &own.metadata, &own.spec.job_template.spec.template, Changeable::Template);
    }
    found
}

fn kind_of<T: crate::manifest::resource::Resource>(_: &T) -> &'static str {
    T::KIND
}

fn has_ended(job: &Job) -> bool {
    let ends = |condition: &crate::manifest::pod::Condition| {
        matches!(condition.r#type.as_str(), "Complete" | "Failed") && condition.status == "True"
    };
    job.status.completion_time.is_some() || job.status.conditions.iter().any(ends)
}
