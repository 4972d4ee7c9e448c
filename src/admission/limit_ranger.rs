//! LimitRanger: defaults and bounds of a namespace for containers, pods and claims.
//!
//! Defaults come before validation, bounds after it. Of several limit ranges each is applied in turn, in order of their names;
//! the first that complains is heard. Sums of a pod count init containers and pod-level resources, but no overhead.
//!
//! Source: k8s.io/kubernetes/plugin/pkg/admission/limitranger/admission.go, v1.36.

use std::collections::BTreeSet;

use super::pod_resources::{Side, for_limit_range};
use super::policies::Policies;
use super::validation::field::aggregate;
use crate::manifest::pod::{Container, Pod, ResourceList};
use crate::manifest::policy::{LimitRange, LimitRangeItem};
use crate::manifest::quantity::Quantity;
use crate::manifest::refusal::Refusal;
use crate::manifest::storage::PersistentVolumeClaim;

pub(super) const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// Gives containers the defaults of their namespace.
pub(super) fn admit(pod: &mut Pod, policies: &Policies) -> Result<(), Refusal> {
    for limit_range in policies.limit_ranges(pod.metadata.namespace_or_default()) {
        let mut remarks = Vec::new();
        for item in limit_range.spec.limits.iter().filter(|item| item.r#type == "Container") {
            let containers = pod.spec.containers.iter_mut().map(|container| ("container", container));
            let init = pod.spec.init_containers.iter_mut().map(|container| ("init container", container));
            containers.chain(init).for_each(|(kind, container)| give_defaults(item, kind, container, &mut remarks));
        }
        if !remarks.is_empty() {
            let text = format!("LimitRanger plugin set: {}", remarks.join("; "));
            pod.metadata.annotations.insert(ANNOTATION.to_owned(), text);
        }
    }
    Ok(())
}

fn give_defaults(item: &LimitRangeItem, kind: &str, container: &mut Container, remarks: &mut Vec<String>) {
    let resources = &mut container.resources;
    for (side, defaults, own) in
        [("request", &item.default_request, &mut resources.requests), ("limit", &item.default, &mut resources.limits)]
    {
        let missing: BTreeSet<&str> = defaults.keys().map(String::as_str).filter(|name| !own.contains_key(*name)).collect();
        for (name, amount) in defaults.iter().filter(|(name, _)| missing.contains(name.as_str())) {
            own.insert(name.clone(), *amount);
        }
        if !missing.is_empty() {
            let names: Vec<&str> = missing.into_iter().collect();
            remarks.push(format!("{} {side} for {kind} {}", names.join(", "), container.name));
        }
    }
}

/// Holds a pod against the bounds of its namespace.
pub(super) fn review_pod(pod: &Pod, policies: &Policies) -> Result<(), Refusal> {
    let ranges = policies.limit_ranges(pod.metadata.namespace_or_default());
    let complaints = ranges.iter().map(|limit_range| pod_complaints(limit_range, pod)).find(|complaints| !complaints.is_empty());
    refuse("pods", &pod.metadata.name, complaints)
}

fn pod_complaints(limit_range: &LimitRange, pod: &Pod) -> BTreeSet<String> {
    let mut complaints = BTreeSet::new();
    for item in &limit_range.spec.limits {
        match item.r#type.as_str() {
            "Container" => {
                for container in pod.spec.containers.iter().chain(&pod.spec.init_containers) {
                    hold(item, &container.resources.requests, &container.resources.limits, &mut complaints);
                }
            }
            "Pod" => {
                let requests = for_limit_range(&pod.spec, Side::Requests);
                hold(item, &requests, &for_limit_range(&pod.spec, Side::Limits), &mut complaints);
            }
            _ => {}
        }
    }
    complaints
}

/// Holds a claim against the bounds of its namespace.
pub(super) fn review_claim(claim: &PersistentVolumeClaim, policies: &Policies) -> Result<(), Refusal> {
    let requests = &claim.spec.resources.requests;
    let complaints = policies.limit_ranges(claim.metadata.namespace_or_default()).iter().map(|limit_range| {
        let mut complaints = BTreeSet::new();
        for item in limit_range.spec.limits.iter().filter(|item| item.r#type == "PersistentVolumeClaim") {
            complaints.extend(item.min.iter().filter_map(|(name, min)| below(item, name, *min, requests, &ResourceList::new())));
            complaints.extend(item.max.iter().filter_map(|(name, max)| {
                let head = format!("maximum {name} usage per {} is {max}", item.r#type);
                match requests.get(name) {
                    None => Some(format!("{head}.  No request is specified")),
                    Some(request) => (request > max).then(|| format!("{head}, but request is {request}")),
                }
            }));
        }
        complaints
    });
    refuse("persistentvolumeclaims", &claim.metadata.name, complaints.into_iter().find(|complaints| !complaints.is_empty()))
}

fn refuse(resource: &str, name: &str, complaints: Option<BTreeSet<String>>) -> Result<(), Refusal> {
    let Some(complaints) = complaints else { return Ok(()) };
    let complaints: Vec<String> = complaints.into_iter().collect();
    Err(Refusal::forbidden(resource, name, &aggregate(&complaints)))
}

fn hold(item: &LimitRangeItem, requests: &ResourceList, limits: &ResourceList, complaints: &mut BTreeSet<String>) {
    complaints.extend(item.min.iter().filter_map(|(name, min)| below(item, name, *min, requests, limits)));
    complaints.extend(item.max.iter().filter_map(|(name, max)| above(item, name, *max, requests, limits)));
    complaints.extend(item.max_limit_request_ratio.iter().filter_map(|(name, ratio)| too_far(item, name, *ratio, requests, limits)));
}

fn below(item: &LimitRangeItem, name: &str, min: Quantity, requests: &ResourceList, limits: &ResourceList) -> Option<String> {
    let head = format!("minimum {name} usage per {} is {min}", item.r#type);
    match (requests.get(name), limits.get(name)) {
        (None, _) => Some(format!("{head}.  No request is specified")),
        (Some(request), _) if *request < min => Some(format!("{head}, but request is {request}")),
        (_, Some(limit)) if *limit < min => Some(format!("{head}, but limit is {limit}")),
        _ => None,
    }
}

fn above(item: &LimitRangeItem, name: &str, max: Quantity, requests: &ResourceList, limits: &ResourceList) -> Option<String> {
    let head = format!("maximum {name} usage per {} is {max}", item.r#type);
    match (limits.get(name), requests.get(name)) {
        (None, _) => Some(format!("{head}.  No limit is specified")),
        (Some(limit), _) if *limit > max => Some(format!("{head}, but limit is {limit}")),
        (_, Some(request)) if *request > max => Some(format!("{head}, but request is {request}")),
        _ => None,
    }
}

fn too_far(item: &LimitRangeItem, name: &str, most: Quantity, requests: &ResourceList, limits: &ResourceList) -> Option<String> {
    let head = format!("{name} max limit to request ratio per {} is {most}", item.r#type);
    let amount = |list: &ResourceList| list.get(name).copied().filter(|amount| !amount.is_zero());
    let Some(request) = amount(requests) else { return Some(format!("{head}, but no request is specified or request is 0")) };
    let Some(limit) = amount(limits) else { return Some(format!("{head}, but no limit is specified or limit is 0")) };
    let ratio = limit.milli() as f64 / request.milli() as f64;
    (ratio * 1000.0 > most.milli() as f64).then(|| format!("{head}, but provided ratio is {ratio:.6}"))
}
