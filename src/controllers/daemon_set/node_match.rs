//! Whether a DaemonSet's pod belongs on a node: node name, node selector, required node affinity, taints.
//!
//! Slow and obvious; the compiled form for the scheduler is in `cluster`.
//!
//! Source: k8s.io/kubernetes/pkg/controller/daemon/daemon_controller.go NodeShouldRunDaemonPod and
//! k8s.io/component-helpers/scheduling/corev1/nodeaffinity, v1.36.

use crate::controllers::selector::holds;
use crate::controllers::taint::tolerates;
use crate::manifest::node::Node;
use crate::manifest::pod::{NodeSelector, NodeSelectorTerm, PodSpec};

/// Whether the DaemonSet controller makes a pod with this spec for the node. Capacity plays no part, nor does a cordon without
/// its taint.
pub(super) fn should_run(spec: &PodSpec, node: &Node) -> bool {
    fits(spec, node) && lives_with(spec, node, &["NoSchedule", "NoExecute"])
}

/// Whether a pod with this spec that is on the node may stay there.
pub(super) fn should_stay(spec: &PodSpec, node: &Node) -> bool {
    fits(spec, node) && lives_with(spec, node, &["NoExecute"])
}

fn fits(spec: &PodSpec, node: &Node) -> bool {
    (spec.node_name.is_empty() || spec.node_name == node.metadata.name)
        && spec.node_selector.iter().all(|(key, value)| node.metadata.labels.get(key) == Some(value))
        && required_affinity(spec).is_none_or(|selector| selects(selector, node))
}

/// Whether every taint with one of these effects is tolerated.
fn lives_with(spec: &PodSpec, node: &Node, effects: &[&str]) -> bool {
    let taints = node.spec.taints.iter().filter(|taint| effects.contains(&taint.effect.as_str()));
    taints.clone().all(|taint| spec.tolerations.iter().any(|toleration| tolerates(toleration, taint)))
}

fn required_affinity(spec: &PodSpec) -> Option<&NodeSelector> {
    spec.affinity.as_ref()?.node_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.as_ref()
}

fn selects(selector: &NodeSelector, node: &Node) -> bool {
    selector.node_selector_terms.iter().any(|term| term_selects(term, node))
}

fn term_selects(term: &NodeSelectorTerm, node: &Node) -> bool {
    let is_empty = term.match_expressions.is_empty() && term.match_fields.is_empty();
    let labels = &node.metadata.labels;
    !is_empty
        && term.match_expressions.iter().all(|requirement| holds(requirement, labels.get(&requirement.key).map(String::as_str)))
        && term.match_fields.iter().all(|field| field.key == "metadata.name" && holds(field, Some(&node.metadata.name)))
}
