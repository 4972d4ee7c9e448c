//! Where pods stand once the scheduler has placed what waits, and what leads to them.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::finding::{Finding, Findings, ObjectName};
use super::subject::Subject;
use super::workload::Workload;
use crate::cluster::index::{NodeId, NodeSet, PodId};
use crate::manifest::field::FieldPath;
use crate::manifest::policy::HorizontalPodAutoscaler;
use crate::manifest::workload::Service;
use crate::planning::quorum::Quorum;

/// So many names are written out in a sentence.
const NAMED: usize = 4;

impl<'a> Subject<'a> {
    /// How many of these pods, by their places among the objects, are on each node.
    pub fn nodes_of(&self, pods: &[usize]) -> BTreeMap<NodeId, usize> {
        let occupancy = self.baseline().occupancy();
        let mut nodes = BTreeMap::new();
        for node in pods.iter().filter_map(|&pod| occupancy.node_of(PodId::new(pod))) {
            *nodes.entry(node).or_default() += 1;
        }
        nodes
    }

    /// The name of a node.
    pub fn node_name(&self, node: NodeId) -> &str {
        self.baseline().cluster().node_name(node)
    }

    /// The nodes that could ever take these pods, however full they are; the first speaks for all.
    pub fn eligible(&self, pods: &[usize]) -> NodeSet {
        let cluster = self.baseline().cluster();
        let Some(&pod) = pods.first() else { return NodeSet::none(cluster.nodes.len()) };
        let class = cluster.class_of(PodId::new(pod));
        let mut nodes = cluster.nodes_wanted(class);
        nodes.subtract(&cluster.nodes_repelling(&class.tolerations));
        nodes
    }

    /// The workloads, with one pod for all that an owner makes which is not in the input.
    pub fn representatives(&self) -> impl Iterator<Item = &Workload<'a>> {
        let mut seen: FxHashSet<(&str, &str, &str)> = FxHashSet::default();
        self.workloads.iter().filter(move |workload| {
            let owner = workload.metadata.controller().filter(|_| workload.kind == "Pod");
            owner.is_none_or(|owner| seen.insert((workload.namespace(), &owner.kind, &owner.name)))
        })
    }

    /// The workload whose quorum this is; none if an operator's own kind makes the pods.
    pub fn workload_of_quorum(&self, quorum: &Quorum) -> Option<&Workload<'a>> {
        let key = &quorum.workload;
        let is_it = |workload: &&Workload<'_>| {
            workload.kind == key.kind && workload.metadata.name == key.name && workload.namespace() == key.namespace
        };
        self.workloads.iter().find(is_it)
    }

    /// Something is wrong with a workload that has a quorum; the path counts where the workload is in the input.
    pub fn on_quorum<'f>(&self, findings: &'f mut Findings, quorum: &Quorum, path: &str, message: String) -> &'f mut Finding {
        match self.workload_of_quorum(quorum) {
            Some(workload) => findings.on_workload(workload, path, message),
            None => {
                let key = &quorum.workload;
                let (kind, namespace, name) = (key.kind.clone(), key.namespace.clone(), key.name.clone());
                findings.named(ObjectName { kind, namespace, name }, quorum.origin, FieldPath::default(), message)
            }
        }
    }

    /// The autoscaler of a workload.
    pub fn autoscaler_of(&self, workload: &Workload<'_>) -> Option<&'a HorizontalPodAutoscaler> {
        self.objects.horizontal_pod_autoscalers.iter().find(|autoscaler| {
            let target = &autoscaler.spec.scale_target_ref;
            autoscaler.metadata.namespace_or_default() == workload.namespace()
                && target.kind == workload.kind
                && target.name == workload.metadata.name
        })
    }

    /// The Services that lead to a workload.
    pub fn services_of(&self, workload: &Workload<'_>) -> impl Iterator<Item = &'a Service> {
        let (namespace, labels) = (workload.namespace().to_owned(), workload.labels().clone());
        self.objects.services.iter().filter(move |service| {
            let selector = &service.spec.selector;
            service.metadata.namespace_or_default() == namespace
                && !selector.is_empty()
                && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
        })
    }

    /// The workloads that a Service leads to.
    pub fn led_to<'s>(&'s self, service: &'s Service) -> impl Iterator<Item = &'s Workload<'a>> + 's {
        let selector = &service.spec.selector;
        let namespace = service.metadata.namespace_or_default();
        self.workloads.iter().filter(move |workload| {
            workload.namespace() == namespace
                && !selector.is_empty()
                && selector.iter().all(|(key, value)| workload.labels().get(key) == Some(value))
        })
    }

    /// Whether pods of this workload are expected to be fit for production.
    pub fn is_production(&self, workload: &Workload<'_>) -> bool {
        self.settings().is_production(workload.namespace())
    }
}

/// The first few of some names: `a, b, c, d and 3 more`.
pub fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<S> = names.into_iter().collect();
    let shown: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    match (names.len().checked_sub(NAMED + 1), shown.split_last()) {
        (Some(more), _) => format!("{} and {} more", shown.join(", "), more + 1),
        (None, Some((last, first))) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => shown.join(", "),
    }
}

/// `1 pod`, `3 pods`.
pub fn pods(number: usize) -> String {
    if number == 1 { "1 pod".to_owned() } else { format!("{number} pods") }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn a_few_names_are_written_out() {
        assert_eq!(listed(["a"]), "a");
        assert_eq!(listed(["a", "b"]), "a and b");
        assert_eq!(listed(["a", "b", "c", "d"]), "a, b, c and d");
        assert_eq!(listed(["a", "b", "c", "d", "e", "f"]), "a, b, c, d and 2 more");
    }
}
