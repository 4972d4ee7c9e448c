//! LimitRanges, ResourceQuotas, disruption budgets, priority classes and runtime classes.
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidateLimitRange, ValidateResourceQuota;
//! pkg/apis/{policy,scheduling,node}/validation/validation.go, v1.36.

use std::collections::BTreeSet;

use super::field::{ErrorList, Path, Shown, json_list, json_selector, quoted};
use super::metadata::{validate_labels, validate_metadata, validate_selector};
use super::names;
use super::pod::validate_preemption_policy;
use super::resources::*;
use super::scheduling::validate_tolerations;
use super::workload::{validate_no_more_than_all, validate_number_or_percent};
use crate::manifest::meta::IntOrString;
use crate::manifest::pod::{ResourceList, ResourceRequirements};
use crate::manifest::policy::*;
use crate::manifest::quantity::Quantity;

/// Checks a LimitRange.
pub(in crate::admission) fn validate_limit_range(limit_range: &LimitRange, errors: &mut ErrorList) {
    validate_metadata(&limit_range.metadata, true, names::dns_subdomain, errors);
    let spec = Path::root("spec");
    let limits = spec.child("limits");
    for (index, item) in limit_range.spec.limits.iter().enumerate() {
        let path = limits.index(index);
        let wrong = names::qualified_name(&item.r#type);
        let is_known = item.r#type.contains('/') || ["Pod", "Container", "PersistentVolumeClaim"].contains(&item.r#type.as_str());
        if wrong.is_empty() && !is_known {
            errors.invalid(&path.child("type"), &item.r#type, "must be a standard limit type or fully qualified");
        }
        errors.all_invalid(&path.child("type"), &item.r#type, wrong);
        if limit_range.spec.limits[..index].iter().any(|earlier| earlier.r#type == item.r#type) {
            errors.duplicate(&path.child("type"), &item.r#type, "");
        }
        validate_limit_range_item(item, &path, errors);
    }
}

fn validate_limit_range_item(item: &LimitRangeItem, path: &Path<'_>, errors: &mut ErrorList) {
    let is_of_pod = item.r#type == "Pod";
    let mut lists = vec![("max", &item.max), ("min", &item.min), ("maxLimitRequestRatio", &item.max_limit_request_ratio)];
    for (field, list) in [("default", &item.default), ("defaultRequest", &item.default_request)] {
        match is_of_pod {
            true if !list.is_empty() => errors.forbidden(&path.child(field), "may not be specified when `type` is 'Pod'"),
            true => {}
            false => lists.push((field, list)),
        }
    }
    for (field, list) in &lists {
        let path = path.child(field);
        for (name, _) in *list {
            match item.r#type.as_str() {
                "Pod" | "Container" => validate_container_name(name, &path.key(name), errors),
                _ => _ = validate_name(name, &path.key(name), errors),
            }
        }
    }
    if item.r#type == "PersistentVolumeClaim" && !item.min.contains_key("storage") && !item.max.contains_key("storage") {
        let detail = "either minimum or maximum storage value is required, but neither was provided";
        errors.required(&path.child("limits"), detail);
    }
    let names: BTreeSet<&String> = lists.iter().flat_map(|(_, list)| list.keys()).collect();
    for name in names {
        validate_bounds(item, name, is_of_pod, path, errors);
        validate_ratio(item, name, path, errors);
    }
}

/// How the bounds and defaults of one resource stand to each other. What is shown as wrong is upstream's own choice.
fn validate_bounds(item: &LimitRangeItem, name: &str, is_of_pod: bool, path: &Path<'_>, errors: &mut ErrorList) {
    let of = |list: &ResourceList| list.get(name).copied();
    let (min, max) = (of(&item.min), of(&item.max));
    let (default, request) = if is_of_pod { (None, None) } else { (of(&item.default), of(&item.default_request)) };
    let mut ordered = |low: Option<Quantity>, high: Option<Quantity>, field: &str, show_low: bool, words: [&str; 2]| {
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            let detail = format!("{} value {low} is greater than {} value {high}", words[0], words[1]);
            errors.invalid(&path.child(field).key(name), if show_low { low } else { high }, &detail);
        }
    };
    ordered(min, max, "min", true, ["min", "max"]);
    ordered(min, request, "defaultRequest", false, ["min", "default request"]);
    ordered(request, max, "defaultRequest", true, ["default request", "max"]);
    ordered(request, default, "defaultRequest", true, ["default request", "default limit"]);
    ordered(min, default, "default", true, ["min", "default"]);
    ordered(default, max, "default", false, ["default", "max"]);
    if let (Some(default), Some(request)) = (default, request)
        && default != request
        && !may_be_overcommitted(name)
    {
        let detail = format!("default value {default} must equal to defaultRequest value {request} in {name}");
        errors.invalid(&path.child("defaultRequest").key(name), request, &detail);
    }
}

fn validate_ratio(item: &LimitRangeItem, name: &str, path: &Path<'_>, errors: &mut ErrorList) {
    let Some(&ratio) = item.max_limit_request_ratio.get(name) else { return };
    let path = path.child("maxLimitRequestRatio");
    if ratio < Quantity::from_units(1) {
        errors.invalid(&path.key(name), ratio, &format!("ratio {ratio} is less than 1"));
    }
    if let (Some(min), Some(max)) = (item.min.get(name), item.max.get(name)) {
        let most = max.milli() as f64 / min.milli() as f64;
        if ratio.milli() as f64 / 1000.0 > most {
            errors.invalid(&path.key(name), ratio, &format!("ratio {ratio} is greater than max/min = {most:.6}"));
        }
    }
}

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];
const EXISTS_ONLY: &str = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, \
ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

/// Checks a ResourceQuota.
pub(in crate::admission) fn validate_resource_quota(quota: &ResourceQuota, errors: &mut ErrorList) {
    validate_metadata(&quota.metadata, true, names::dns_subdomain, errors);
    let (spec, path) = (&quota.spec, Path::root("spec"));
    let hard = path.child("hard");
    for (name, amount) in &spec.hard {
        let path = hard.key(name);
        validate_name(name, &path, errors);
        if !name.contains('/') && !is_standard_for_quota(name) {
            errors.invalid(&path, name, "must be a standard resource for quota");
        }
        validate_amount(name, *amount, &path, errors);
    }
    validate_scopes(spec, &path.child("scopes"), errors);
    if let Some(selector) = &spec.scope_selector {
        let path = path.child("scopeSelector");
        validate_scope_selector(spec, selector, &path.child("matchExpressions"), errors);
    }
}

fn validate_scopes(spec: &ResourceQuotaSpec, path: &Path<'_>, errors: &mut ErrorList) {
    let shown = || Shown::from(spec.scopes.as_slice());
    for scope in &spec.scopes {
        if !SCOPES.contains(&scope.as_str()) {
            errors.invalid(path, shown(), "unsupported scope");
        }
        for _ in spec.hard.keys().filter(|name| is_standard_for_quota(name) && !suits(scope, name)) {
            errors.invalid(path, shown(), "unsupported scope applied to resource");
        }
    }
    let names: Vec<&str> = spec.scopes.iter().map(String::as_str).collect();
    for _ in conflicts(&names) {
        errors.invalid(path, shown(), "conflicting scopes");
    }
}

/// Pairs of scopes that nothing can be in.
fn conflicts(scopes: &[&str]) -> impl Iterator<Item = ()> {
    let pairs = [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]];
    let number = pairs.iter().filter(|pair| pair.iter().all(|scope| scopes.contains(scope))).count();
    std::iter::repeat_n((), number)
}

/// Whether a scope can be applied to a resource that quotas know by themselves.
fn suits(scope: &str, name: &str) -> bool {
    const COMPUTE: &[&str] = &["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
    match scope {
        "Terminating" | "NotTerminating" | "NotBestEffort" | "PriorityClass" | "CrossNamespacePodAffinity" => {
            name == "pods" || COMPUTE.contains(&name)
        }
        "BestEffort" => name == "pods",
        "VolumeAttributesClass" => ["persistentvolumeclaims", "requests.storage"].contains(&name),
        _ => true,
    }
}

fn validate_scope_selector(spec: &ResourceQuotaSpec, selector: &ScopeSelector, path: &Path<'_>, errors: &mut ErrorList) {
    for requirement in &selector.match_expressions {
        let scope = requirement.scope_name.as_str();
        if !SCOPES.contains(&scope) {
            errors.invalid(&path.child("scopeName"), scope, "unsupported scope");
        }
        for _ in spec.hard.keys().filter(|name| is_standard_for_quota(name) && !suits(scope, name)) {
            errors.invalid(path, Shown::json(show_selector(selector)), "unsupported scope applied to resource");
        }
        let operator = path.child("operator");
        let exists_only = SCOPES[..4].contains(&scope) || scope == "CrossNamespacePodAffinity";
        if exists_only && requirement.operator != "Exists" {
            errors.invalid(&operator, &requirement.operator, EXISTS_ONLY);
        }
        let values = path.child("values");
        match (requirement.operator.as_str(), requirement.values.is_empty()) {
            ("In" | "NotIn", true) => {
                errors.required(&values, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
            }
            ("Exists" | "DoesNotExist", false) => {
                let detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                errors.invalid(&values, requirement.values.as_slice(), detail);
            }
            ("In" | "NotIn" | "Exists" | "DoesNotExist", _) => {}
            (other, _) => errors.invalid(&operator, other, "not a valid selector operator"),
        }
    }
    let names: Vec<&str> = selector.match_expressions.iter().map(|requirement| requirement.scope_name.as_str()).collect();
    for _ in conflicts(&names) {
        // upstream shows the plain scopes here, which may not be there
        let shown = if spec.scopes.is_empty() { "null".to_owned() } else { json_list(&spec.scopes) };
        errors.invalid(path, Shown::json(shown), "conflicting scopes");
    }
}

fn show_selector(selector: &ScopeSelector) -> String {
    let show = |requirement: &ScopedResourceSelectorRequirement| {
        let values = if requirement.values.is_empty() { "null".to_owned() } else { json_list(&requirement.values) };
        let (scope, operator) = (quoted(&requirement.scope_name), quoted(&requirement.operator));
        format!("{{\"ScopeName\":{scope},\"Operator\":{operator},\"Values\":{values}}}")
    };
    let expressions: Vec<String> = selector.match_expressions.iter().map(show).collect();
    format!("{{\"MatchExpressions\":[{}]}}", expressions.join(","))
}

/// Checks a PodDisruptionBudget.
pub(in crate::admission) fn validate_disruption_budget(budget: &PodDisruptionBudget, errors: &mut ErrorList) {
    validate_metadata(&budget.metadata, true, |_| Vec::new(), errors);
    let (spec, path) = (&budget.spec, Path::root("spec"));
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        errors.invalid(&path, Shown::json(show_budget(spec)), "minAvailable and maxUnavailable cannot be both set");
    }
    for (field, value) in [("minAvailable", &spec.min_available), ("maxUnavailable", &spec.max_unavailable)] {
        if let Some(value) = value {
            validate_number_or_percent(value, &path.child(field), errors);
            validate_no_more_than_all(value, &path.child(field), errors);
        }
    }
    const POLICIES: &[&str] = &["AlwaysAllow", "IfHealthyBudget"];
    if let Some(policy) = spec.unhealthy_pod_eviction_policy.as_deref().filter(|policy| !POLICIES.contains(policy)) {
        errors.not_supported(&path.child("unhealthyPodEvictionPolicy"), policy, POLICIES);
    }
    validate_selector(spec.selector.as_ref(), &path.child("selector"), errors);
}

/// A budget's spec as Go's JSON of the internal type.
fn show_budget(spec: &PodDisruptionBudgetSpec) -> String {
    let number = |value: &Option<IntOrString>| match value {
        None => "null".to_owned(),
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::Text(text)) => quoted(text),
    };
    format!(
        "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{}}}",
        number(&spec.min_available),
        spec.selector.as_ref().map_or("null".to_owned(), json_selector),
        number(&spec.max_unavailable),
        spec.unhealthy_pod_eviction_policy.as_deref().map_or("null".to_owned(), quoted),
    )
}

/// Checks a PriorityClass.
pub(in crate::admission) fn validate_priority_class(class: &PriorityClass, errors: &mut ErrorList) {
    const HIGHEST: i32 = 1_000_000_000;
    validate_metadata(&class.metadata, false, names::dns_subdomain, errors);
    let name = &class.metadata.name;
    if name.starts_with("system-") {
        if let Some(why) = crate::admission::priority::unknown_system_class(class) {
            let detail = format!("priority class names with 'system-' prefix are reserved for system use only. error: {why}");
            let metadata = Path::root("metadata");
            errors.forbidden(&metadata.child("name"), &detail);
        }
    } else if class.value > HIGHEST {
        let detail = format!("maximum allowed value of a user defined priority is {HIGHEST}");
        errors.forbidden(&Path::root("value"), &detail);
    }
    if let Some(policy) = &class.preemption_policy {
        validate_preemption_policy(policy, &Path::root("preemptionPolicy"), errors);
    }
}

/// Checks a RuntimeClass.
pub(in crate::admission) fn validate_runtime_class(class: &RuntimeClass, errors: &mut ErrorList) {
    validate_metadata(&class.metadata, false, names::dns_subdomain, errors);
    if let Some(overhead) = &class.overhead {
        let resources = ResourceRequirements { limits: overhead.pod_fixed.clone(), ..ResourceRequirements::default() };
        let path = Path::root("overhead");
        validate_container_resources(&resources, &path.child("podFixed"), errors);
    }
    if let Some(scheduling) = &class.scheduling {
        let path = Path::root("scheduling");
        validate_labels(&scheduling.node_selector, &path.child("nodeSelector"), errors);
        validate_tolerations(&scheduling.tolerations, &path.child("tolerations"), errors);
    }
}
