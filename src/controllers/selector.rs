//! Whether labels match a label selector.
//!
//! Slow and obvious, for the few hundred selectors of workloads; the compiled form for the scheduler is in `cluster`.
//!
//! Source: k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go LabelSelectorAsSelector, v1.36.

use crate::manifest::meta::{LabelSelector, SelectorRequirement, StringMap};

/// Whether `labels` satisfy every part of `selector`. An empty selector matches everything.
pub(crate) fn matches(selector: &LabelSelector, labels: &StringMap) -> bool {
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().all(|requirement| holds(requirement, labels.get(&requirement.key).map(String::as_str)))
}

/// Whether one requirement holds for the value its key has, if it has one. An unknown operator holds for nothing.
pub(super) fn holds(requirement: &SelectorRequirement, value: Option<&str>) -> bool {
    let among = || value.is_some_and(|value| requirement.values.iter().any(|candidate| candidate == value));
    match requirement.operator.as_str() {
        "In" => among(),
        "NotIn" => !among(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compare(requirement, value).is_some_and(|(have, bound)| have > bound),
        "Lt" => compare(requirement, value).is_some_and(|(have, bound)| have < bound),
        _ => false,
    }
}

fn compare(requirement: &SelectorRequirement, value: Option<&str>) -> Option<(i64, i64)> {
    Some((value?.parse().ok()?, requirement.values.first()?.parse().ok()?))
}
