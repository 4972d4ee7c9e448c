//! Affinity to nodes and to pods.
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateAffinity, ValidateNodeSelector,
//! validatePodAffinityTerm, validateMatchLabelKeysAndMismatchLabelKeys, v1.36.

use super::field::{ErrorList, Path};
use super::metadata::{validate_label_name, validate_selector};
use super::names;
use crate::manifest::meta::{LabelSelector, SelectorRequirement};
use crate::manifest::pod::{Affinity, NodeAffinity, NodeSelector, NodeSelectorTerm, PodAffinity, PodAffinityTerm};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Checks an affinity, if there is one.
pub(in crate::admission) fn validate_affinity(affinity: Option<&Affinity>, path: &Path<'_>, errors: &mut ErrorList) {
    let Some(affinity) = affinity else { return };
    if let Some(nodes) = &affinity.node_affinity {
        validate_node_affinity(nodes, &path.child("nodeAffinity"), errors);
    }
    if let Some(pods) = &affinity.pod_affinity {
        validate_pod_affinity(pods, &path.child("podAffinity"), errors);
    }
    if let Some(pods) = &affinity.pod_anti_affinity {
        validate_pod_affinity(pods, &path.child("podAntiAffinity"), errors);
    }
}

fn validate_node_affinity(affinity: &NodeAffinity, path: &Path<'_>, errors: &mut ErrorList) {
    if let Some(required) = &affinity.required_during_scheduling_ignored_during_execution {
        validate_node_selector(required, &path.child(REQUIRED), errors);
    }
    let path = path.child(PREFERRED);
    for (index, wish) in affinity.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
        let path = path.index(index);
        validate_weight(wish.weight, &path, errors);
        validate_node_term(&wish.preference, false, &path.child("preference"), errors);
    }
}

fn validate_weight(weight: i32, path: &Path<'_>, errors: &mut ErrorList) {
    if !(1..=100).contains(&weight) {
        errors.invalid(&path.child("weight"), weight, "must be in the range 1-100");
    }
}

/// Checks what nodes must be like.
pub(in crate::admission) fn validate_node_selector(selector: &NodeSelector, path: &Path<'_>, errors: &mut ErrorList) {
    let path = path.child("nodeSelectorTerms");
    if selector.node_selector_terms.is_empty() {
        errors.required(&path, "must have at least one node selector term");
    }
    for (index, term) in selector.node_selector_terms.iter().enumerate() {
        validate_node_term(term, true, &path.index(index), errors);
    }
}

fn validate_node_term(term: &NodeSelectorTerm, values_too: bool, path: &Path<'_>, errors: &mut ErrorList) {
    let expressions = path.child("matchExpressions");
    for (index, expression) in term.match_expressions.iter().enumerate() {
        validate_node_requirement(expression, values_too, &expressions.index(index), errors);
    }
    let fields = path.child("matchFields");
    for (index, field) in term.match_fields.iter().enumerate() {
        validate_field_requirement(field, &fields.index(index), errors);
    }
}

fn validate_node_requirement(expression: &SelectorRequirement, values_too: bool, path: &Path<'_>, errors: &mut ErrorList) {
    let values = path.child("values");
    let number = expression.values.len();
    match expression.operator.as_str() {
        "In" | "NotIn" if number == 0 => errors.required(&values, "must be specified when `operator` is 'In' or 'NotIn'"),
        "Exists" | "DoesNotExist" if number > 0 => {
            errors.forbidden(&values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        "Gt" | "Lt" if number != 1 => errors.required(&values, "must be specified single value when `operator` is 'Lt' or 'Gt'"),
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        other => errors.invalid(&path.child("operator"), other, "not a valid selector operator"),
    }
    validate_label_name(&expression.key, &path.child("key"), errors);
    // what is only wished for may name values that no node can have
    for (index, value) in expression.values.iter().enumerate().filter(|_| values_too) {
        errors.all_invalid(&values.index(index), value, names::label_value(value));
    }
}

fn validate_field_requirement(field: &SelectorRequirement, path: &Path<'_>, errors: &mut ErrorList) {
    let values = path.child("values");
    match field.operator.as_str() {
        "In" | "NotIn" if field.values.len() != 1 => {
            errors.required(&values, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
        }
        "In" | "NotIn" => {}
        other => errors.invalid(&path.child("operator"), other, "not a valid selector operator"),
    }
    if field.key != "metadata.name" {
        return errors.invalid(&path.child("key"), &field.key, "not a valid field selector key");
    }
    for (index, value) in field.values.iter().enumerate() {
        errors.all_invalid(&values.index(index), value, names::dns_subdomain(value));
    }
}

fn validate_pod_affinity(affinity: &PodAffinity, path: &Path<'_>, errors: &mut ErrorList) {
    let required = path.child(REQUIRED);
    for (index, term) in affinity.required_during_scheduling_ignored_during_execution.iter().enumerate() {
        validate_pod_term(term, &required.index(index), errors);
    }
    let preferred = path.child(PREFERRED);
    for (index, wish) in affinity.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
        let path = preferred.index(index);
        validate_weight(wish.weight, &path, errors);
        validate_pod_term(&wish.pod_affinity_term, &path.child("podAffinityTerm"), errors);
    }
}

fn validate_pod_term(term: &PodAffinityTerm, path: &Path<'_>, errors: &mut ErrorList) {
    validate_selector(term.label_selector.as_ref(), &path.child("labelSelector"), errors);
    validate_selector(term.namespace_selector.as_ref(), &path.child("namespaceSelector"), errors);
    for namespace in &term.namespaces {
        errors.all_invalid(&path.child("namespace"), namespace, names::dns_label(namespace));
    }
    let selector = term.label_selector.as_ref();
    validate_label_keys(&term.match_label_keys, selector, &path.child("matchLabelKeys"), errors);
    validate_label_keys(&term.mismatch_label_keys, selector, &path.child("mismatchLabelKeys"), errors);
    validate_merged_keys(&term.match_label_keys, selector, path, errors);
    let keys = path.child("matchLabelKeys");
    for (index, key) in term.match_label_keys.iter().enumerate().filter(|(_, key)| term.mismatch_label_keys.contains(key)) {
        errors.invalid(&keys.index(index), key, "exists in both matchLabelKeys and mismatchLabelKeys");
    }
    if term.topology_key.is_empty() {
        errors.required(&path.child("topologyKey"), "can not be empty");
    }
    validate_label_name(&term.topology_key, &path.child("topologyKey"), errors);
}

/// Checks `matchLabelKeys` or `mismatchLabelKeys`.
pub(in crate::admission) fn validate_label_keys(
    keys: &[String],
    selector: Option<&LabelSelector>,
    path: &Path<'_>,
    errors: &mut ErrorList,
) {
    if selector.is_none() && !keys.is_empty() {
        return errors.forbidden(path, "must not be specified when labelSelector is not set");
    }
    for (index, key) in keys.iter().enumerate() {
        validate_label_name(key, &path.index(index), errors);
    }
}

/// Finds keys that were merged into a selector which had them already: the server merges before it checks.
pub(in crate::admission) fn validate_merged_keys(
    keys: &[String],
    selector: Option<&LabelSelector>,
    path: &Path<'_>,
    errors: &mut ErrorList,
) {
    let Some(selector) = selector.filter(|_| !keys.is_empty()) else { return };
    for (place, expression) in selector.match_expressions.iter().enumerate() {
        let earlier = &selector.match_expressions[..place];
        let is_taken = selector.match_labels.contains_key(&expression.key) || earlier.iter().any(|earlier| earlier.key == expression.key);
        if let Some(index) = keys.iter().rposition(|key| *key == expression.key).filter(|_| is_taken) {
            errors.invalid(&path.index(index), &expression.key, "exists in both matchLabelKeys and labelSelector");
        }
    }
}
