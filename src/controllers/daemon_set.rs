//! DaemonSet: a pod on every node that its template allows, pinned to it.
//!
//! Source: k8s.io/kubernetes/pkg/controller/daemon/daemon_controller.go manage and util/daemonset_util.go
//! AddOrUpdateDaemonPodTolerations, ReplaceDaemonSetPodNodeNameNodeAffinity, v1.36.

use rustc_hash::FxHashSet;

use super::ledger::{Ledger, from_template};
use super::names::template_hash;
use super::node_match::should_run;
use super::ownership::{Owner, identify};
use crate::manifest::Objects;
use crate::manifest::meta::SelectorRequirement;
use crate::manifest::node::Node;
use crate::manifest::pod::{NodeSelector, NodeSelectorTerm, Pod, PodSpec, Toleration};
use crate::manifest::workload::{DaemonSet, PodTemplateSpec};

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

/// Makes the pods of every node that should run one and has none.
pub(super) fn reconcile(objects: &mut Objects, ledger: &mut Ledger<'_>) {
    for set in &mut objects.daemon_sets {
        identify("DaemonSet", &mut set.metadata);
        if set.metadata.deletion_timestamp.is_none() {
            make_pods(set, &objects.nodes, ledger);
        }
    }
}

fn make_pods(set: &DaemonSet, nodes: &[Node], ledger: &mut Ledger<'_>) {
    let owner = Owner { api_version: "apps/v1", kind: "DaemonSet", metadata: &set.metadata };
    let claimed = ledger.claim(&owner, set.spec.selector.as_ref());
    let pods = ledger.pods;
    let served: FxHashSet<&str> =
        claimed.iter().map(|&position| &pods[position]).filter(|pod| !pod.is_terminal()).filter_map(target_node).collect();
    let template = daemon_template(set);
    let missing: Vec<&Node> =
        nodes.iter().filter(|node| !served.contains(node.metadata.name.as_str()) && should_run(&template.spec, node)).collect();
    let prefix = format!("{}-", set.metadata.name);
    let names: Vec<String> = ledger.free_names(&prefix, &claimed).take(missing.len()).collect();
    for (node, name) in missing.into_iter().zip(names) {
        let mut pod = from_template(&template, &owner, name);
        pod.metadata.generate_name = prefix.clone();
        pin(&mut pod.spec, &node.metadata.name);
        ledger.make(pod);
    }
}

/// The node a daemon's pod is on, or waits for.
fn target_node(pod: &Pod) -> Option<&str> {
    if !pod.spec.node_name.is_empty() {
        return Some(&pod.spec.node_name);
    }
    let affinity = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let terms = &affinity.required_during_scheduling_ignored_during_execution.as_ref()?.node_selector_terms;
    let field = terms.iter().flat_map(|term| &term.match_fields).find(|field| field.key == "metadata.name" && field.operator == "In")?;
    field.values.first().map(String::as_str)
}

/// The template with the labels of its revision and the tolerations of a daemon.
fn daemon_template(set: &DaemonSet) -> PodTemplateSpec {
    let mut template = set.spec.template.clone();
    let generation = set.metadata.generation.unwrap_or(1);
    template.metadata.labels.insert("controller-revision-hash".to_owned(), template_hash(&set.spec.template));
    template.metadata.labels.insert("pod-template-generation".to_owned(), generation.to_string());
    let on_host_network = template.spec.host_network.then_some(TOLERATED_ON_HOST_NETWORK);
    for (key, effect) in TOLERATED.into_iter().chain(on_host_network) {
        tolerate(&mut template.spec.tolerations, key, effect);
    }
    template
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
fn pin(spec: &mut PodSpec, node: &str) {
    let field = SelectorRequirement { key: "metadata.name".to_owned(), operator: "In".to_owned(), values: vec![node.to_owned()] };
    let term = NodeSelectorTerm { match_fields: vec![field], ..NodeSelectorTerm::default() };
    let affinity = spec.affinity.get_or_insert_default().node_affinity.get_or_insert_default();
    affinity.required_during_scheduling_ignored_during_execution = Some(NodeSelector { node_selector_terms: vec![term] });
}
