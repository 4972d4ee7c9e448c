//! What the pods of a DaemonSet look like, and which node each is for.
//!
//! Source: k8s.io/kubernetes/pkg/controller/daemon/util/daemonset_util.go CreatePodTemplate, AddOrUpdateDaemonPodTolerations,
//! ReplaceDaemonSetPodNodeNameNodeAffinity, GetTargetNodeName, v1.36.

use crate::manifest::meta::SelectorRequirement;
use crate::manifest::pod::{NodeSelector, NodeSelectorTerm, Pod, PodSpec, Toleration};
use crate::manifest::workload::{DaemonSet, PodTemplateSpec};

/// The label that tells the revisions of the template apart.
pub(super) const REVISION: &str = "controller-revision-hash";
/// The same by number, for those who were there before revisions.
pub(super) const GENERATION: &str = "pod-template-generation";

/// The taints that every daemon lives with: key and effect.
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];
/// What those that make the network tolerate besides.
const TOLERATED_ON_HOST_NETWORK: (&str, &str) = ("node.kubernetes.io/network-unavailable", "NoSchedule");

/// The node a daemon's pod is on, or waits for.
pub fn target_node(pod: &Pod) -> Option<&str> {
    if !pod.spec.node_name.is_empty() {
        return Some(&pod.spec.node_name);
    }
    let affinity = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let terms = &affinity.required_during_scheduling_ignored_during_execution.as_ref()?.node_selector_terms;
    let field = terms.iter().flat_map(|term| &term.match_fields).find(|field| field.key == "metadata.name" && field.operator == "In")?;
    field.values.first().map(String::as_str)
}

/// The template with the labels of its revision and the tolerations of a daemon.
pub(super) fn daemon_template(set: &DaemonSet, revision: &str, generation: i64) -> PodTemplateSpec {
    let mut template = set.spec.template.clone();
    template.metadata.labels.insert(REVISION.to_owned(), revision.to_owned());
    template.metadata.labels.insert(GENERATION.to_owned(), generation.to_string());
    tolerate_as_daemon(&mut template.spec);
    template
}

/// Adds the tolerations of a daemon.
pub(super) fn tolerate_as_daemon(spec: &mut PodSpec) {
    let on_host_network = spec.host_network.then_some(TOLERATED_ON_HOST_NETWORK);
    for (key, effect) in TOLERATED.into_iter().chain(on_host_network) {
        tolerate(&mut spec.tolerations, key, effect);
    }
}

/// Adds a toleration without a time limit, or lifts the limit of one that is there.
fn tolerate(tolerations: &mut Vec<Toleration>, key: &str, effect: &str) {
    let is_same = |old: &&mut Toleration| old.key == key && old.effect == effect && old.operator == "Exists" && old.value.is_empty();
    match tolerations.iter_mut().find(is_same) {
        Some(old) => old.toleration_seconds = None,
        None => tolerations.push(Toleration {
            key: key.to_owned(),
            operator: "Exists".to_owned(),
            effect: effect.to_owned(),
            ..Toleration::default()
        }),
    }
}

/// Pins a pod to a node by name. The template's own required terms have done their work and go; its wishes stay.
pub(in crate::controllers) fn pin(spec: &mut PodSpec, node: &str) {
    let field = SelectorRequirement { key: "metadata.name".to_owned(), operator: "In".to_owned(), values: vec![node.to_owned()] };
    let term = NodeSelectorTerm { match_fields: vec![field], ..NodeSelectorTerm::default() };
    let affinity = spec.affinity.get_or_insert_default().node_affinity.get_or_insert_default();
    affinity.required_during_scheduling_ignored_during_execution = Some(NodeSelector { node_selector_terms: vec![term] });
}
