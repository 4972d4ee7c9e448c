//! Names, labels and annotations of an object, and label selectors.
//!
//! Source: k8s.io/apimachinery/pkg/api/validation/objectmeta.go ValidateObjectMeta, pkg/apis/meta/v1/validation/validation.go
//! ValidateLabels, ValidateLabelSelector, v1.36.

use super::field::{ErrorList, Path};
use super::names;
use crate::manifest::meta::{LabelSelector, ObjectMeta, SelectorRequirement, StringMap};

const MOST_ANNOTATION_BYTES: usize = 256 << 10;

/// What a name must look like.
pub type NameRule = fn(&str) -> Vec<String>;

/// Checks `metadata`.
pub(in crate::admission) fn validate_metadata(metadata: &ObjectMeta, namespaced: bool, rule: NameRule, errors: &mut ErrorList) {
    let path = Path::root("metadata");
    if metadata.name.is_empty() {
        // a name that the server completes is checked by its beginning
        let beginning = metadata.generate_name.trim_end_matches('-');
        match metadata.generate_name.is_empty() {
            true => errors.required(&path.child("name"), "name or generateName is required"),
            false => errors.all_invalid(&path.child("generateName"), &metadata.generate_name, rule(beginning)),
        }
    } else {
        errors.all_invalid(&path.child("name"), &metadata.name, rule(&metadata.name));
    }
    if namespaced && !metadata.namespace.is_empty() {
        errors.all_invalid(&path.child("namespace"), &metadata.namespace, names::dns_label(&metadata.namespace));
    }
    validate_labels(&metadata.labels, &path.child("labels"), errors);
    validate_annotations(&metadata.annotations, &path.child("annotations"), errors);
}

/// Checks the keys and the size of annotations.
pub(in crate::admission) fn validate_annotations(annotations: &StringMap, path: &Path<'_>, errors: &mut ErrorList) {
    for (key, _) in annotations {
        errors.all_invalid(path, key, names::qualified_name(&key.to_lowercase()));
    }
    let bytes: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > MOST_ANNOTATION_BYTES {
        errors.too_long(path, MOST_ANNOTATION_BYTES);
    }
}

/// Checks labels, or what else looks like them.
pub(in crate::admission) fn validate_labels(labels: &StringMap, path: &Path<'_>, errors: &mut ErrorList) {
    for (key, value) in labels {
        validate_label_name(key, path, errors);
        errors.all_invalid(path, value, names::label_value(value));
    }
}

/// Checks the key of a label.
pub(in crate::admission) fn validate_label_name(key: &str, path: &Path<'_>, errors: &mut ErrorList) {
    errors.all_invalid(path, key, names::qualified_name(key));
}

/// Checks a label selector, if there is one.
pub(in crate::admission) fn validate_selector(selector: Option<&LabelSelector>, path: &Path<'_>, errors: &mut ErrorList) {
    let Some(selector) = selector else { return };
    validate_labels(&selector.match_labels, &path.child("matchLabels"), errors);
    let path = path.child("matchExpressions");
    for (index, expression) in selector.match_expressions.iter().enumerate() {
        validate_selector_requirement(expression, &path.index(index), errors);
    }
}

fn validate_selector_requirement(expression: &SelectorRequirement, path: &Path<'_>, errors: &mut ErrorList) {
    let values = path.child("values");
    match expression.operator.as_str() {
        "In" | "NotIn" if expression.values.is_empty() => {
            errors.required(&values, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        "Exists" | "DoesNotExist" if !expression.values.is_empty() => {
            errors.forbidden(&values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => errors.invalid(&path.child("operator"), other, "not a valid selector operator"),
    }
    validate_label_name(&expression.key, &path.child("key"), errors);
    for (index, value) in expression.values.iter().enumerate() {
        errors.all_invalid(&values.index(index), value, names::label_value(value));
    }
}

/// Whether a selector can be used at all: the operators are known and have as many values as they need.
pub(in crate::admission) fn is_sound(selector: &LabelSelector) -> bool {
    let mut errors = ErrorList::default();
    validate_selector(Some(selector), &Path::root("selector"), &mut errors);
    errors.is_empty()
}

/// Whether labels match a selector. No selector matches nothing, an empty one everything.
pub(in crate::admission) fn matches(selector: Option<&LabelSelector>, labels: &StringMap) -> bool {
    let Some(selector) = selector else { return false };
    let equal = selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value));
    equal
        && selector.match_expressions.iter().all(|expression| {
            let value = labels.get(&expression.key);
            match expression.operator.as_str() {
                "In" => value.is_some_and(|value| expression.values.contains(value)),
                "NotIn" => value.is_none_or(|value| !expression.values.contains(value)),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}
