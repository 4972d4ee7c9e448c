//! Deployments, ReplicaSets, StatefulSets, DaemonSets and ReplicationControllers.
//!
//! Source: k8s.io/kubernetes/pkg/apis/apps/validation/validation.go, pkg/apis/core/validation/validation.go
//! ValidateReplicationControllerSpec, v1.36.

use super::field::{ErrorList, Path, Shown, json_selector, quoted};
use super::metadata::{is_sound, matches, validate_annotations, validate_labels, validate_metadata, validate_selector};
use super::names;
use super::pod::validate_template;
use crate::manifest::meta::{IntOrString, LabelSelector};
use crate::manifest::workload::*;

const NO_MATCH: &str = "`selector` does not match template `labels`";

/// Checks a Deployment.
pub(in crate::admission) fn validate_deployment(deployment: &Deployment, errors: &mut ErrorList) {
    validate_metadata(&deployment.metadata, true, names::dns_subdomain, errors);
    let (spec, path) = (&deployment.spec, Path::root("spec"));
    validate_replicas(spec.replicas, spec.min_ready_seconds, &path, errors);
    validate_own_selector(spec.selector.as_ref(), "deployment", &path, errors);
    validate_replicated_template(&spec.template, spec.selector.as_ref(), &path, errors);
    validate_deployment_strategy(&spec.strategy, &path.child("strategy"), errors);
    validate_limit(spec.revision_history_limit, &path.child("revisionHistoryLimit"), errors);
    if let Some(seconds) = spec.progress_deadline_seconds {
        let path = path.child("progressDeadlineSeconds");
        errors.not_negative(&path, i64::from(seconds));
        if seconds <= spec.min_ready_seconds {
            errors.invalid(&path, seconds, "must be greater than minReadySeconds");
        }
    }
}

/// Checks a ReplicaSet.
pub(in crate::admission) fn validate_replica_set(replica_set: &ReplicaSet, errors: &mut ErrorList) {
    validate_metadata(&replica_set.metadata, true, names::dns_subdomain, errors);
    let (spec, path) = (&replica_set.spec, Path::root("spec"));
    validate_replicas(spec.replicas, spec.min_ready_seconds, &path, errors);
    // upstream's own word: it says `deployment` here too
    validate_own_selector(spec.selector.as_ref(), "deployment", &path, errors);
    validate_replicated_template(&spec.template, spec.selector.as_ref(), &path, errors);
}

/// Checks a StatefulSet. Its template is checked but for the pods' spec, as upstream leaves that to their creation.
pub(in crate::admission) fn validate_stateful_set(stateful_set: &StatefulSet, errors: &mut ErrorList) {
    validate_metadata(&stateful_set.metadata, true, names::dns_label, errors);
    let (spec, path) = (&stateful_set.spec, Path::root("spec"));
    match spec.pod_management_policy.as_str() {
        "OrderedReady" | "Parallel" => {}
        "" => errors.required(&path.child("podManagementPolicy"), ""),
        other => errors.invalid(&path.child("podManagementPolicy"), other, "must be 'OrderedReady' or 'Parallel'"),
    }
    validate_stateful_strategy(&spec.update_strategy, &path.child("updateStrategy"), errors);
    if let Some(policy) = &spec.persistent_volume_claim_retention_policy {
        let path = path.child("persistentVolumeClaimRetentionPolicy");
        for (field, word) in [("whenDeleted", &policy.when_deleted), ("whenScaled", &policy.when_scaled)] {
            if !["Retain", "Delete"].contains(&word.as_str()) {
                errors.not_supported(&path.child(field), word, &["Retain", "Delete"]);
            }
        }
    }
    validate_replicas(spec.replicas, spec.min_ready_seconds, &path, errors);
    if let Some(ordinals) = &spec.ordinals {
        errors.not_negative(&path.child("ordinals.start"), i64::from(ordinals.start));
    }
    validate_own_selector(spec.selector.as_ref(), "statefulset", &path, errors);
    let (template, here) = (&spec.template, path.child("template"));
    match spec.selector.as_ref() {
        Some(selector) if !is_sound(selector) => errors.invalid(&path.child("selector"), selector, ""),
        selector => validate_match(selector, template, &here, errors),
    }
    validate_labels(&template.metadata.labels, &here.child("labels"), errors);
    validate_annotations(&template.metadata.annotations, &here.child("annotations"), errors);
    validate_endless(template, "StatefulSet", &here.child("spec"), errors);
}

/// Checks a DaemonSet.
pub(in crate::admission) fn validate_daemon_set(daemon_set: &DaemonSet, errors: &mut ErrorList) {
    validate_metadata(&daemon_set.metadata, true, names::dns_subdomain, errors);
    let (spec, path) = (&daemon_set.spec, Path::root("spec"));
    let (selector, here) = (path.child("selector"), path.child("template"));
    validate_selector(spec.selector.as_ref(), &selector, errors);
    if spec.selector.as_ref().is_none_or(is_sound) && !matches(spec.selector.as_ref(), &spec.template.metadata.labels) {
        let labels = here.child("metadata");
        errors.invalid(&labels.child("labels"), &spec.template.metadata.labels, NO_MATCH);
    }
    if let Some(empty) = spec.selector.as_ref().filter(|selector| is_empty(selector)) {
        errors.invalid(&selector, empty, "empty selector is invalid for daemonset");
    }
    validate_template(&spec.template, &here, errors);
    validate_endless(&spec.template, "DaemonSet", &here.child("spec"), errors);
    errors.not_negative(&path.child("minReadySeconds"), i64::from(spec.min_ready_seconds));
    validate_daemon_strategy(&spec.update_strategy, &path.child("updateStrategy"), errors);
    validate_limit(spec.revision_history_limit, &path.child("revisionHistoryLimit"), errors);
}

/// Checks a ReplicationController.
pub(in crate::admission) fn validate_replication_controller(controller: &ReplicationController, errors: &mut ErrorList) {
    validate_metadata(&controller.metadata, true, names::dns_subdomain, errors);
    let (spec, path) = (&controller.spec, Path::root("spec"));
    errors.not_negative(&path.child("minReadySeconds"), i64::from(spec.min_ready_seconds));
    if spec.selector.is_empty() {
        errors.required(&path.child("selector"), "");
    } else {
        validate_labels(&spec.selector, &path.child("selector"), errors);
    }
    errors.not_negative(&path.child("replicas"), i64::from(spec.replicas.unwrap_or(1)));
    let here = path.child("template");
    let labels = &spec.template.metadata.labels;
    if spec.selector.iter().any(|(key, value)| labels.get(key) != Some(value)) {
        let metadata = here.child("metadata");
        errors.invalid(&metadata.child("labels"), labels, NO_MATCH);
    }
    validate_template(&spec.template, &here, errors);
    validate_endless(&spec.template, "ReplicationController", &here.child("spec"), errors);
}

fn validate_replicas(replicas: Option<i32>, min_ready_seconds: i32, path: &Path<'_>, errors: &mut ErrorList) {
    errors.not_negative(&path.child("replicas"), i64::from(replicas.unwrap_or(1)));
    errors.not_negative(&path.child("minReadySeconds"), i64::from(min_ready_seconds));
}

fn validate_limit(limit: Option<i32>, path: &Path<'_>, errors: &mut ErrorList) {
    errors.not_negative(path, i64::from(limit.unwrap_or(0)));
}

fn is_empty(selector: &LabelSelector) -> bool {
    selector.match_labels.is_empty() && selector.match_expressions.is_empty()
}

fn validate_own_selector(selector: Option<&LabelSelector>, kind: &str, path: &Path<'_>, errors: &mut ErrorList) {
    let path = path.child("selector");
    match selector {
        None => errors.required(&path, ""),
        Some(empty) if is_empty(empty) => errors.invalid(&path, empty, &format!("empty selector is invalid for {kind}")),
        some => validate_selector(some, &path, errors),
    }
}

fn validate_match(selector: Option<&LabelSelector>, template: &PodTemplateSpec, path: &Path<'_>, errors: &mut ErrorList) {
    let labels = &template.metadata.labels;
    // an empty selector has been complained about, and no selector matches nothing
    if !selector.is_some_and(is_empty) && !matches(selector, labels) {
        let metadata = path.child("metadata");
        errors.invalid(&metadata.child("labels"), labels, NO_MATCH);
    }
}

fn validate_replicated_template(template: &PodTemplateSpec, selector: Option<&LabelSelector>, path: &Path<'_>, errors: &mut ErrorList) {
    if let Some(selector) = selector.filter(|selector| !is_sound(selector)) {
        return errors.invalid(&path.child("selector"), selector, "invalid label selector");
    }
    let path = path.child("template");
    validate_match(selector, template, &path, errors);
    validate_template(template, &path, errors);
    validate_endless(template, "ReplicaSet", &path.child("spec"), errors);
}

/// Pods that are meant to run for ever.
fn validate_endless(template: &PodTemplateSpec, kind: &str, path: &Path<'_>, errors: &mut ErrorList) {
    if template.spec.restart_policy != "Always" {
        errors.not_supported(&path.child("restartPolicy"), &template.spec.restart_policy, &["Always"]);
    }
    if template.spec.active_deadline_seconds.is_some() {
        let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.forbidden(&path.child("activeDeadlineSeconds"), &detail);
    }
}

/// Checks a number or percentage that must not be negative.
pub(in crate::admission) fn validate_number_or_percent(value: &IntOrString, path: &Path<'_>, errors: &mut ErrorList) {
    match value {
        IntOrString::Int(number) => errors.not_negative(path, *number),
        IntOrString::Text(text) => names::percent(text).iter().for_each(|why| errors.invalid(path, value, why)),
    }
}

/// Finds a percentage of more than everything.
pub(in crate::admission) fn validate_no_more_than_all(value: &IntOrString, path: &Path<'_>, errors: &mut ErrorList) {
    if let IntOrString::Text(text) = value
        && names::percentage(text).is_some_and(|percentage| percentage > 100)
    {
        errors.invalid(path, value, "must not be greater than 100%");
    }
}

/// Whether a number or percentage is nothing. Text that is no percentage counts as nothing too.
fn is_nothing(value: &IntOrString) -> bool {
    match value {
        IntOrString::Int(number) => *number == 0,
        IntOrString::Text(text) => names::percentage(text).unwrap_or(0) == 0,
    }
}

fn or_zero(value: &Option<IntOrString>) -> IntOrString {
    value.clone().unwrap_or(IntOrString::Int(0))
}

fn validate_deployment_strategy(strategy: &DeploymentStrategy, path: &Path<'_>, errors: &mut ErrorList) {
    let rolling_path = path.child("rollingUpdate");
    match (strategy.r#type.as_str(), &strategy.rolling_update) {
        ("Recreate", None) => {}
        ("Recreate", Some(_)) => errors.forbidden(&rolling_path, "may not be specified when strategy `type` is 'Recreate'"),
        ("RollingUpdate", None) => errors.required(&rolling_path, "this should be defaulted and never be nil"),
        ("RollingUpdate", Some(rolling)) => {
            let (unavailable, surge) = (or_zero(&rolling.max_unavailable), or_zero(&rolling.max_surge));
            let unavailable_path = rolling_path.child("maxUnavailable");
            validate_number_or_percent(&unavailable, &unavailable_path, errors);
            validate_number_or_percent(&surge, &rolling_path.child("maxSurge"), errors);
            if is_nothing(&unavailable) && is_nothing(&surge) {
                errors.invalid(&unavailable_path, &unavailable, "may not be 0 when `maxSurge` is 0");
            }
            validate_no_more_than_all(&unavailable, &unavailable_path, errors);
        }
        _ => errors.not_supported(path, show_strategy(strategy, "MaxUnavailable", "MaxSurge"), &["Recreate", "RollingUpdate"]),
    }
}

fn validate_stateful_strategy(strategy: &DeploymentStrategy, path: &Path<'_>, errors: &mut ErrorList) {
    let rolling_path = path.child("rollingUpdate");
    match (strategy.r#type.as_str(), &strategy.rolling_update) {
        ("", _) => errors.required(path, ""),
        ("OnDelete", None) | ("RollingUpdate", None) => {}
        ("OnDelete", Some(rolling)) => {
            let shown = Shown::json(format!("{{\"Partition\":{},\"MaxUnavailable\":null}}", rolling.partition.unwrap_or(0)));
            errors.invalid(&rolling_path, shown, "only allowed for updateStrategy 'RollingUpdate'");
        }
        ("RollingUpdate", Some(rolling)) => {
            errors.not_negative(&rolling_path.child("partition"), i64::from(rolling.partition.unwrap_or(0)));
        }
        _ => {
            let partition = strategy.rolling_update.as_ref().map(|rolling| rolling.partition.unwrap_or(0));
            let rolling = partition.map_or("null".to_owned(), |number| format!("{{\"Partition\":{number},\"MaxUnavailable\":null}}"));
            let shown = Shown::json(format!("{{\"Type\":{},\"RollingUpdate\":{rolling}}}", quoted(&strategy.r#type)));
            errors.invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'");
        }
    }
}

fn validate_daemon_strategy(strategy: &DeploymentStrategy, path: &Path<'_>, errors: &mut ErrorList) {
    let rolling_path = path.child("rollingUpdate");
    match (strategy.r#type.as_str(), &strategy.rolling_update) {
        ("OnDelete", _) => {}
        ("RollingUpdate", None) => errors.required(&rolling_path, ""),
        ("RollingUpdate", Some(rolling)) => {
            let (unavailable, surge) = (or_zero(&rolling.max_unavailable), or_zero(&rolling.max_surge));
            for (field, value) in [("maxUnavailable", &unavailable), ("maxSurge", &surge)] {
                validate_number_or_percent(value, &rolling_path.child(field), errors);
                validate_no_more_than_all(value, &rolling_path.child(field), errors);
            }
            match (is_nothing(&unavailable), is_nothing(&surge)) {
                (false, false) => {
                    errors.invalid(&rolling_path.child("maxSurge"), &surge, "may not be set when maxUnavailable is non-zero");
                }
                (true, true) => errors.required(&rolling_path.child("maxUnavailable"), "cannot be 0 when maxSurge is 0"),
                _ => {}
            }
        }
        _ => errors.not_supported(path, show_strategy(strategy, "MaxUnavailable", "MaxSurge"), &["RollingUpdate", "OnDelete"]),
    }
}

/// A strategy as Go's JSON of the internal type: the fields' Go names, in order.
fn show_strategy(strategy: &DeploymentStrategy, first: &str, second: &str) -> Shown {
    let show = |value: &Option<IntOrString>| match or_zero(value) {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::Text(text) => quoted(&text),
    };
    let rolling = strategy.rolling_update.as_ref().map_or("null".to_owned(), |rolling| {
        format!("{{\"{first}\":{},\"{second}\":{}}}", show(&rolling.max_unavailable), show(&rolling.max_surge))
    });
    Shown::json(format!("{{\"Type\":{},\"RollingUpdate\":{rolling}}}", quoted(&strategy.r#type)))
}

/// Checks that a selector is that of the old version: `spec.selector` never changes.
pub(in crate::admission) fn validate_same_selector(old: Option<&LabelSelector>, new: Option<&LabelSelector>, errors: &mut ErrorList) {
    if old != new {
        let shown = Shown::json(new.map_or("null".to_owned(), json_selector));
        let path = Path::root("spec");
        errors.invalid(&path.child("selector"), shown, "field is immutable");
    }
}
