//! What the failures and successes of a Job's pods mean: `podFailurePolicy`, `successPolicy`, `podReplacementPolicy`.
//!
//! Source: k8s.io/kubernetes/pkg/apis/batch/validation/validation.go validatePodFailurePolicy, validateSuccessPolicy,
//! validateIndexesFormat, validatePodReplacementPolicy, v1.36.

use super::field::{ErrorList, Path, Shown, quoted};
use super::names;
use crate::manifest::workload::*;

const MOST_RULES: usize = 20;
const MOST_EXIT_CODES: usize = 255;
const MOST_CONDITIONS: usize = 20;
const MOST_INDEXES_BYTES: usize = 64 * 1024;

/// Checks the policies of a Job.
pub(super) fn validate_policies(spec: &JobSpec, path: &Path<'_>, errors: &mut ErrorList) {
    if let Some(policy) = &spec.pod_failure_policy {
        let failure = path.child("podFailurePolicy");
        let rules = failure.child("rules");
        no_more_than(MOST_RULES, policy.rules.len(), &rules, errors);
        for (index, rule) in policy.rules.iter().enumerate() {
            validate_failure_rule(spec, rule, &rules.index(index), errors);
        }
    }
    if let Some(policy) = &spec.success_policy {
        let path = path.child("successPolicy");
        match spec.completion_mode.as_deref() {
            Some("Indexed") => validate_success_policy(policy, spec.completions.unwrap_or(0), &path, errors),
            _ => errors.invalid(&path, show_success_policy(policy), "requires indexed completion mode"),
        }
    }
    let (path, policy) = (path.child("podReplacementPolicy"), spec.pod_replacement_policy.as_deref());
    match (policy, &spec.pod_failure_policy) {
        (Some(other), Some(_)) if other != "Failed" => errors.not_supported(&path, other, &["Failed"]),
        (Some(other), None) if !["Failed", "TerminatingOrFailed"].contains(&other) => {
            errors.not_supported(&path, other, &["Failed", "TerminatingOrFailed"]);
        }
        _ => {}
    }
}

fn no_more_than(most: usize, number: usize, path: &Path<'_>, errors: &mut ErrorList) {
    if number > most {
        errors.too_many(path, number, most);
    }
}

fn validate_failure_rule(spec: &JobSpec, rule: &PodFailurePolicyRule, path: &Path<'_>, errors: &mut ErrorList) {
    const ACTIONS: &[&str] = &["Count", "FailIndex", "FailJob", "Ignore"];
    let action = path.child("action");
    match rule.action.as_str() {
        "" => errors.required(&action, "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]"),
        "FailIndex" if spec.backoff_limit_per_index.is_none() => {
            errors.invalid(&action, &rule.action, "requires the backoffLimitPerIndex to be set");
        }
        other if !ACTIONS.contains(&other) => errors.not_supported(&action, other, ACTIONS),
        _ => {}
    }
    if let Some(codes) = &rule.on_exit_codes {
        validate_exit_codes(spec, codes, &path.child("onExitCodes"), errors);
    }
    validate_conditions(&rule.on_pod_conditions, &path.child("onPodConditions"), errors);
    match (rule.on_exit_codes.is_some(), !rule.on_pod_conditions.is_empty()) {
        (true, true) => errors.invalid_without_value(path, "specifying both OnExitCodes and OnPodConditions is not supported"),
        (false, false) => errors.invalid_without_value(path, "specifying one of OnExitCodes and OnPodConditions is required"),
        _ => {}
    }
}

fn validate_exit_codes(spec: &JobSpec, codes: &PodFailurePolicyOnExitCodes, path: &Path<'_>, errors: &mut ErrorList) {
    match codes.operator.as_str() {
        "In" | "NotIn" => {}
        "" => errors.required(&path.child("operator"), "valid values: [\"In\" \"NotIn\"]"),
        other => errors.not_supported(&path.child("operator"), other, &["In", "NotIn"]),
    }
    let pod = &spec.template.spec;
    let mut containers = pod.containers.iter().chain(&pod.init_containers);
    if let Some(name) = codes.container_name.as_ref().filter(|name| !containers.any(|container| container.name == **name)) {
        let detail = "must be one of the container or initContainer names in the pod template";
        errors.invalid(&path.child("containerName"), name, detail);
    }
    let path = path.child("values");
    let show = || {
        let numbers: Vec<String> = codes.values.iter().map(i32::to_string).collect();
        Shown::json(if numbers.is_empty() { "null".to_owned() } else { format!("[{}]", numbers.join(",")) })
    };
    if codes.values.is_empty() {
        errors.invalid(&path, show(), "at least one value is required");
    }
    no_more_than(MOST_EXIT_CODES, codes.values.len(), &path, errors);
    for (index, code) in codes.values.iter().enumerate() {
        if *code == 0 && codes.operator == "In" {
            errors.invalid(&path.index(index), 0, "must not be 0 for the In operator");
        }
        if codes.values[..index].contains(code) {
            errors.duplicate(&path.index(index), *code, "");
        }
    }
    if !codes.values.is_sorted() {
        errors.invalid(&path, show(), "must be ordered");
    }
}

fn validate_conditions(conditions: &[PodFailurePolicyOnPodConditions], path: &Path<'_>, errors: &mut ErrorList) {
    const STATUSES: &[&str] = &["False", "True", "Unknown"];
    no_more_than(MOST_CONDITIONS, conditions.len(), path, errors);
    for (index, condition) in conditions.iter().enumerate() {
        let path = path.index(index);
        errors.all_invalid(&path.child("type"), &condition.r#type, names::qualified_name(&condition.r#type));
        match condition.status.as_str() {
            "" => errors.required(&path.child("status"), "valid values: [\"False\" \"True\" \"Unknown\"]"),
            other if !STATUSES.contains(&other) => errors.not_supported(&path.child("status"), other, STATUSES),
            _ => {}
        }
    }
}

fn validate_success_policy(policy: &SuccessPolicy, completions: i32, path: &Path<'_>, errors: &mut ErrorList) {
    let rules = path.child("rules");
    if policy.rules.is_empty() {
        errors.required(&rules, "at least one rules must be specified when the successPolicy is specified");
    }
    no_more_than(MOST_RULES, policy.rules.len(), &rules, errors);
    for (index, rule) in policy.rules.iter().enumerate() {
        validate_success_rule(rule, completions, &rules.index(index), errors);
    }
}

fn validate_success_rule(rule: &SuccessPolicyRule, completions: i32, path: &Path<'_>, errors: &mut ErrorList) {
    if rule.succeeded_count.is_none() && rule.succeeded_indexes.is_none() {
        errors.required(path, "at least one of succeededCount or succeededIndexes must be specified");
    }
    let mut total = 0;
    if let Some(text) = &rule.succeeded_indexes {
        let path = path.child("succeededIndexes");
        if text.len() > MOST_INDEXES_BYTES {
            errors.too_long(&path, MOST_INDEXES_BYTES);
        }
        match number_of_indexes(text, completions) {
            Ok(number) => total = number,
            Err(why) => errors.invalid(&path, text, &format!("error parsing succeededIndexes: {why}")),
        }
    }
    if let Some(count) = rule.succeeded_count {
        let path = path.child("succeededCount");
        errors.not_negative(&path, i64::from(count));
        if count > completions {
            let detail = format!("must be less than or equal to {completions} (the number of specified completions)");
            errors.invalid(&path, count, &detail);
        }
        if rule.succeeded_indexes.is_some() && i64::from(count) > total {
            let detail = format!("must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)");
            errors.invalid(&path, count, &detail);
        }
    }
}

/// How many indexes a text such as `0-2,5` names, or why it makes no sense.
fn number_of_indexes(text: &str, completions: i32) -> Result<i64, String> {
    let (mut last, mut total) = (None, 0);
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let (first, end) = interval(part, i64::from(completions))?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return Err(format!("non-increasing order, previous: {last}, current: {first}"));
        }
        total += end - first + 1;
        last = Some(end);
    }
    Ok(total)
}

fn interval(text: &str, completions: i64) -> Result<(i64, i64), String> {
    let ends: Vec<&str> = text.split('-').collect();
    if ends.len() > 2 {
        let detail = "violates the requirement that an index interval can have at most two parts separated by '-'";
        return Err(format!("the fragment {text:?} {detail}"));
    }
    let number = |text: &str| {
        let number: i64 = text.parse().map_err(|_| format!("cannot convert string to integer for index: {text:?}"))?;
        if number >= completions { Err(format!("too large index: {text:?}")) } else { Ok(number) }
    };
    let first = number(ends[0])?;
    let Some(end) = ends.get(1) else { return Ok((first, first)) };
    let end = number(end)?;
    if first >= end { Err(format!("non-increasing order, previous: {first}, current: {end}")) } else { Ok((first, end)) }
}

/// A policy as Go's JSON of the internal type.
fn show_success_policy(policy: &SuccessPolicy) -> Shown {
    let show = |rule: &SuccessPolicyRule| {
        let indexes = rule.succeeded_indexes.as_deref().map_or("null".to_owned(), quoted);
        let count = rule.succeeded_count.map_or("null".to_owned(), |count| count.to_string());
        format!("{{\"SucceededIndexes\":{indexes},\"SucceededCount\":{count}}}")
    };
    let rules: Vec<String> = policy.rules.iter().map(show).collect();
    let rules = if rules.is_empty() { "null".to_owned() } else { format!("[{}]", rules.join(",")) };
    Shown::json(format!("{{\"Rules\":{rules}}}"))
}
