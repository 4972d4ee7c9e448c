//! Which pods and workloads an assertion is about.

use std::collections::BTreeSet;

use super::document::Select;
use crate::catalogue::matches;
use crate::controllers::scale_down::WorkloadKey;
use crate::graph::Ownership;
use crate::graph::dependencies::Reference;
use crate::manifest::Objects;
use crate::manifest::pod::Pod;
use crate::planning::quorum::Quorums;

/// What an assertion selects.
pub struct Selection<'a> {
    select: &'a Select,
    ownership: Ownership<'a>,
    /// Whether each pod is selected, by its place among the objects.
    pods: Vec<bool>,
}

impl<'a> Selection<'a> {
    /// Among these objects.
    pub fn new(select: &'a Select, objects: &'a Objects) -> Self {
        let mut selection = Selection { select, ownership: Ownership::new(objects), pods: Vec::new() };
        selection.pods = objects.pods.iter().map(|pod| selection.holds(pod)).collect();
        selection
    }

    /// Whether a pod is selected, by its place among the objects.
    pub fn has(&self, pod: usize) -> bool {
        self.pods.get(pod).copied().unwrap_or(false)
    }

    /// Whether a pod is selected, whether or not it is among the objects.
    pub fn holds(&self, pod: &Pod) -> bool {
        let workload = self.ownership.workload(pod);
        let has_labels = self.select.labels.iter().all(|(key, value)| pod.metadata.labels.get(key) == Some(value));
        let priority = pod.spec.priority.unwrap_or(0);
        has_labels && self.select.priority_at_least.is_none_or(|least| priority >= least) && self.names(&workload)
    }

    /// Whether a workload is selected by its names alone.
    pub fn names(&self, workload: &Reference) -> bool {
        let Select { namespaces, workloads, .. } = self.select;
        let is_near = namespaces.is_empty() || namespaces.iter().any(|pattern| matches(pattern, &workload.namespace));
        let (path, full) = (workload.path(), format!("{}/{}", workload.kind, workload.path()));
        let is_meant = |pattern: &String| match pattern.matches('/').count() {
            0 => matches(pattern, &workload.name),
            1 => matches(pattern, &path),
            _ => matches(pattern, &full),
        };
        is_near && (workloads.is_empty() || workloads.iter().any(is_meant))
    }

    /// The same of a workload by its key.
    pub fn names_key(&self, key: &WorkloadKey) -> bool {
        self.names(&Reference::new(&*key.kind, &*key.namespace, &*key.name))
    }

    /// Whether a namespace is selected.
    pub fn has_namespace(&self, namespace: &str) -> bool {
        let namespaces = &self.select.namespaces;
        namespaces.is_empty() || namespaces.iter().any(|pattern| matches(pattern, namespace))
    }

    /// The workloads that have a quorum and a selected pod, or no pod and a selected name; as indices.
    pub fn workloads(&self, quorums: &Quorums) -> BTreeSet<usize> {
        let is_by_name = self.select.labels.is_empty() && self.select.priority_at_least.is_none();
        let quorum = |workload: &usize| {
            let quorum = &quorums.workloads[*workload];
            quorum.pods.iter().any(|&pod| self.has(pod)) || quorum.pods.is_empty() && is_by_name && self.names_key(&quorum.workload)
        };
        (0..quorums.workloads.len()).filter(quorum).collect()
    }

    /// Whether it selects by anything but the namespace.
    pub fn is_by_more_than_namespaces(&self) -> bool {
        let Select { workloads, labels, priority_at_least, .. } = self.select;
        !workloads.is_empty() || !labels.is_empty() || priority_at_least.is_some()
    }

    /// Whether it selects by what only pods say.
    pub fn is_by_pods(&self) -> bool {
        !self.select.labels.is_empty() || self.select.priority_at_least.is_some()
    }

    /// Which it is, for messages.
    pub fn words(&self) -> String {
        let Select { namespaces, workloads, labels, priority_at_least, .. } = self.select;
        let mut parts = Vec::new();
        if !namespaces.is_empty() {
            parts.push(format!("namespaces {}", namespaces.join(", ")));
        }
        if !workloads.is_empty() {
            parts.push(format!("workloads {}", workloads.join(", ")));
        }
        parts.extend(labels.iter().map(|(key, value)| format!("label {key}={value}")));
        parts.extend(priority_at_least.map(|least| format!("priority {least} or more")));
        parts.join(", ")
    }
}
