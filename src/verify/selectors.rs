//! Whether labels are selected: label selectors, node selector terms, and the namespaces a term speaks of.
//!
//! Source: "Labels and Selectors" and "Assigning Pods to Nodes", Kubernetes v1.36.

use crate::manifest::meta::{LabelSelector, SelectorRequirement, StringMap};
use crate::manifest::node::Node;
use crate::manifest::pod::{NodeSelector, NodeSelectorTerm, Pod};

/// Whether one requirement holds for a label that has `value`, or is absent.
fn holds(requirement: &SelectorRequirement, value: Option<&str>) -> bool {
    let listed = value.is_some_and(|value| requirement.values.iter().any(|other| other == value));
    match requirement.operator.as_str() {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" | "Lt" => {
            let bound = requirement.values.first().and_then(|bound| bound.parse::<i64>().ok());
            match (value.and_then(|value| value.parse::<i64>().ok()), bound) {
                (Some(number), Some(bound)) if requirement.operator == "Gt" => number > bound,
                (Some(number), Some(bound)) => number < bound,
                _ => false,
            }
        }
        _ => false,
    }
}

fn label<'a>(labels: &'a StringMap, key: &str) -> Option<&'a str> {
    labels.get(key).map(String::as_str)
}

/// Whether a label selector selects these labels. No selector selects nothing, an empty one everything.
pub fn selects(selector: Option<&LabelSelector>, labels: &StringMap) -> bool {
    let Some(selector) = selector else { return false };
    selector.match_labels.iter().all(|(key, value)| label(labels, key) == Some(value))
        && selector.match_expressions.iter().all(|requirement| holds(requirement, label(labels, &requirement.key)))
}

/// Whether every label of a plain `key: value` selector is there.
pub fn has_labels(wanted: &StringMap, labels: &StringMap) -> bool {
    wanted.iter().all(|(key, value)| label(labels, key) == Some(value))
}

/// Whether one of the terms matches the node. No terms match nothing.
pub fn node_matches(selector: &NodeSelector, node: &Node) -> bool {
    selector.node_selector_terms.iter().any(|term| term_matches(term, node))
}

/// Whether all requirements of a term match the node. An empty term matches nothing.
fn term_matches(term: &NodeSelectorTerm, node: &Node) -> bool {
    if term.match_expressions.is_empty() && term.match_fields.is_empty() {
        return false;
    }
    let labels = &node.metadata.labels;
    term.match_expressions.iter().all(|requirement| holds(requirement, label(labels, &requirement.key)))
        && term.match_fields.iter().all(|field| field.key == "metadata.name" && holds(field, Some(&node.metadata.name)))
}

/// Whether the pod's node selector and required node affinity both accept the node.
pub fn pod_accepts_node(pod: &Pod, node: &Node) -> bool {
    has_labels(&pod.spec.node_selector, &node.metadata.labels)
        && required_node_affinity(pod).is_none_or(|required| node_matches(required, node))
}

/// The pod's required node affinity, if it has one.
pub fn required_node_affinity(pod: &Pod) -> Option<&NodeSelector> {
    pod.spec.affinity.as_ref()?.node_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.as_ref()
}

/// The selector, narrowed to the values that the pod's own labels have for `same` keys, and away from those it has for
/// `other` keys; a label the pod lacks narrows nothing, and a selector that is absent stays so.
pub fn narrowed(selector: Option<&LabelSelector>, labels: &StringMap, same: &[String], other: &[String]) -> Option<LabelSelector> {
    let mut narrowed = selector?.clone();
    for (keys, operator) in [(same, "In"), (other, "NotIn")] {
        for key in keys {
            if let Some(value) = label(labels, key) {
                let (key, operator, values) = (key.clone(), operator.to_owned(), vec![value.to_owned()]);
                narrowed.match_expressions.push(SelectorRequirement { key, operator, values });
            }
        }
    }
    Some(narrowed)
}
