//! Where a plan has each workload, and how the workload can be changed.

use std::collections::{BTreeMap, BTreeSet};

use super::Question;
use crate::graph::Ownership;
use crate::graph::dependencies::Reference;
use crate::manifest::Objects;
use crate::manifest::meta::{LabelSelector, ObjectMeta, StringMap};
use crate::manifest::pod::{Pod, PodSpec};
use crate::manifest::read::Written;
use crate::simulation::loss::Keeper;

/// How a workload's pods can be told where to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changeable {
    /// In its template.
    Template,
    /// In its manifest, before it is created: a Job or a pod of its own that is not in the cluster yet.
    Manifest,
    /// Only by making it anew: the template of a Job that is there cannot be changed.
    Anew,
    /// Only by making it anew: it is a pod of its own, and it is there.
    Pod,
    /// In what makes its pods, which is not in the input.
    Elsewhere,
}

/// A workload, and where the plan has its pods.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The workload.
    pub workload: Reference,
    /// How it can be changed.
    pub changeable: Changeable,
    /// Its pods, by their place among the objects.
    pub pods: Vec<usize>,
    /// How many of them are on each node, by the node's place among the objects.
    pub nodes: BTreeMap<usize, u32>,
    /// How many of them the plan has nowhere.
    pub unplaced: u32,
    /// How many replicas that is, if an autoscaler holds sway over it.
    pub replicas: Option<i32>,
    /// What its pods are made from, as far as it can be changed.
    pub(super) template: Option<Template>,
}

/// What a workload's pods are made from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Template {
    pub spec: PodSpec,
    /// Which pods are its own; none if it has no such thing.
    pub selector: Option<LabelSelector>,
    /// Whether its revisions can be told apart by [`super::change::REVISION`].
    pub has_revisions: bool,
}

/// The workloads of a plan that have a pod to be placed anew, and how many others there are.
pub(super) fn planned(question: &Question<'_>) -> (Vec<Planned>, usize) {
    let objects = question.objects;
    let nodes: BTreeMap<&str, usize> = objects.nodes.iter().enumerate().map(|(place, node)| (node.metadata.name.as_str(), place)).collect();
    let ownership = Ownership::new(objects);
    let mut found: BTreeMap<(String, String, String), (Planned, bool)> = BTreeMap::new();
    let is_asked = |pod: &Pod| {
        question.namespaces.is_empty() || question.namespaces.iter().any(|namespace| namespace == pod.metadata.namespace_or_default())
    };
    // what belongs to its node needs nobody to put it there
    let asks = |pod: &Pod| !pod.is_terminal() && !pod.is_terminating() && Keeper::of(pod) != Keeper::Node && is_asked(pod);
    for (place, pod) in objects.pods.iter().enumerate().filter(|(_, pod)| asks(pod)) {
        let workload = ownership.workload(pod);
        let key = (workload.namespace.clone(), workload.name.clone(), workload.kind.clone());
        let (own, is_new) = found.entry(key).or_insert_with(|| (Planned::none_of(workload), false));
        let node = question.places.get(place).and_then(|node| node.as_deref());
        *is_new |= pod.spec.node_name.is_empty() || node != Some(pod.spec.node_name.as_str());
        own.pods.push(place);
        match node.and_then(|node| nodes.get(node)) {
            Some(node) => *own.nodes.entry(*node).or_default() += 1,
            None => own.unplaced += 1,
        }
    }
    let all = found.len();
    let mut planned: Vec<Planned> = found.into_values().filter(|(_, is_new)| *is_new).map(|(own, _)| own).collect();
    let (mut templates, autoscaled) = (templates(objects, question.written), autoscaled(objects));
    for own in &mut planned {
        own.replicas = autoscaled.contains(&own.workload).then(|| i32::try_from(own.pods.len()).unwrap_or(i32::MAX));
        own.template = templates.remove(&own.workload);
        own.changeable = match own.workload.kind.as_str() {
            "Job" | "Pod" if own.template.is_some() => Changeable::Manifest,
            _ if own.template.is_some() => Changeable::Template,
            "Job" => Changeable::Anew,
            "Pod" => Changeable::Pod,
            _ => Changeable::Elsewhere,
        };
    }
    let staying = all - planned.len();
    (planned, staying)
}

impl Planned {
    fn none_of(workload: Reference) -> Self {
        let (pods, nodes) = (Vec::new(), BTreeMap::new());
        Planned { workload, changeable: Changeable::Elsewhere, pods, nodes, unplaced: 0, replicas: None, template: None }
    }
}

/// What autoscalers hold sway over.
fn autoscaled(objects: &Objects) -> BTreeSet<Reference> {
    let target = |own: &crate::manifest::autoscaling::HorizontalPodAutoscaler| {
        let target = &own.spec.scale_target_ref;
        Reference::new(target.kind.as_str(), own.metadata.namespace_or_default(), target.name.as_str())
    };
    objects.horizontal_pod_autoscalers.iter().map(target).collect()
}

fn templates(objects: &Objects, written: &Written) -> BTreeMap<Reference, Template> {
    let mut found = BTreeMap::new();
    let mut add = |kind: &str, metadata: &ObjectMeta, spec: &PodSpec, selector: Option<LabelSelector>| {
        if metadata.controller().is_none() {
            let has_revisions = kind == "Deployment";
            let workload = Reference::new(kind, metadata.namespace_or_default(), metadata.name.as_str());
            found.insert(workload, Template { spec: spec.clone(), selector, has_revisions });
        }
    };
    let of_labels = |labels: &StringMap| LabelSelector { match_labels: labels.clone(), ..LabelSelector::default() };
    for own in &objects.deployments {
        add("Deployment", &own.metadata, &own.spec.template.spec, own.spec.selector.clone());
    }
    for own in &objects.stateful_sets {
        add("StatefulSet", &own.metadata, &own.spec.template.spec, own.spec.selector.clone());
    }
    for own in &objects.replica_sets {
        add("ReplicaSet", &own.metadata, &own.spec.template.spec, own.spec.selector.clone());
    }
    for own in &objects.replication_controllers {
        let labels = if own.spec.selector.is_empty() { &own.spec.template.metadata.labels } else { &own.spec.selector };
        add("ReplicationController", &own.metadata, &own.spec.template.spec, Some(of_labels(labels)));
    }
    for own in objects.jobs.iter().filter(|own| written.holds(&own.metadata)) {
        let labels = Some(&own.spec.template.metadata.labels).filter(|labels| !labels.is_empty());
        add("Job", &own.metadata, &own.spec.template.spec, labels.map(of_labels));
    }
    for own in objects.pods.iter().filter(|own| written.holds(&own.metadata) && own.spec.node_name.is_empty()) {
        add("Pod", &own.metadata, &own.spec, None);
    }
    for own in &objects.cron_jobs {
        // its runs have no selector in common
        add("CronJob", &own.metadata, &own.spec.job_template.spec.template.spec, None);
    }
    found
}
