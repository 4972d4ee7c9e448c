//! Resources: their names, amounts, and how requests stand to limits.
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateResourceRequirements, validatePodResources,
//! ValidateResourceQuantityValue; pkg/apis/core/helper/helpers.go, v1.36.

use super::field::{ErrorList, Path};
use super::names;
use crate::admission::pod_resources::{Side, is_pod_level, of_containers};
use crate::manifest::pod::{PodSpec, ResourceRequirements};
use crate::manifest::quantity::Quantity;

/// Resources that quotas know by themselves.
const QUOTA: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];
/// Resources that come in whole pieces.
const WHOLE: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// What a resource may be called, where it stands.
pub type ResourceNameRule = fn(&str, &Path<'_>, &mut ErrorList);

/// Whether these are huge pages.
pub(in crate::admission) fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Whether a quota names huge pages.
pub(in crate::admission) fn is_huge_pages_of_quota(name: &str) -> bool {
    is_huge_pages(name) || name.starts_with("requests.hugepages-")
}

/// Whether a quota knows this resource by itself.
pub(in crate::admission) fn is_standard_for_quota(name: &str) -> bool {
    QUOTA.contains(&name) || is_huge_pages_of_quota(name)
}

/// Whether Kubernetes itself gives this resource.
pub(in crate::admission) fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether a device plugin gives this resource.
pub(in crate::admission) fn is_extended(name: &str) -> bool {
    !is_native(name) && !name.starts_with("requests.") && names::qualified_name(&format!("requests.{name}")).is_empty()
}

/// Whether more of it may be promised than there is: then requests may be less than limits.
pub(in crate::admission) fn may_be_overcommitted(name: &str) -> bool {
    is_native(name) && !is_huge_pages(name)
}

/// Checks the name of a resource anywhere.
pub(in crate::admission) fn validate_name(name: &str, path: &Path<'_>, errors: &mut ErrorList) -> bool {
    let wrong = names::qualified_name(name);
    let unknown = wrong.is_empty() && !name.contains('/') && !is_standard_for_quota(name) && name != "storage";
    let sound = wrong.is_empty() && !unknown;
    errors.all_invalid(path, name, wrong);
    if unknown {
        errors.invalid(path, name, "must be a standard resource type or fully qualified");
    }
    sound
}

/// Checks the name of a resource that a container asks for.
pub(in crate::admission) fn validate_container_name(name: &str, path: &Path<'_>, errors: &mut ErrorList) {
    validate_name(name, path, errors);
    if !name.contains('/') {
        if !["cpu", "memory", "ephemeral-storage"].contains(&name) && !is_huge_pages(name) {
            errors.invalid(path, name, "must be a standard resource for containers");
        }
    } else if !is_native(name) && !is_extended(name) {
        errors.invalid(path, name, "doesn't follow extended resource name standard");
    }
}

/// Checks the name of a resource that a pod asks for as a whole.
fn validate_pod_name(name: &str, path: &Path<'_>, errors: &mut ErrorList) {
    if validate_name(name, path, errors) && !is_pod_level(name) {
        errors.not_supported(path, name, &["cpu", "hugepages-", "memory"]);
    }
}

/// Checks an amount.
pub(in crate::admission) fn validate_amount(name: &str, amount: Quantity, path: &Path<'_>, errors: &mut ErrorList) {
    if amount.is_negative() {
        errors.invalid(path, amount, "must be greater than or equal to 0");
    }
    if (WHOLE.contains(&name) || is_extended(name)) && amount.milli() % 1000 != 0 {
        errors.invalid(path, amount, "must be an integer");
    }
}

/// Checks what a container asks for, or an overhead.
pub(in crate::admission) fn validate_container_resources(resources: &ResourceRequirements, path: &Path<'_>, errors: &mut ErrorList) {
    validate_requirements(resources, validate_container_name, path, errors);
}

fn validate_requirements(resources: &ResourceRequirements, rule: ResourceNameRule, path: &Path<'_>, errors: &mut ErrorList) {
    let (limits, requests) = (path.child("limits"), path.child("requests"));
    for (name, amount) in &resources.limits {
        validate_one(name, *amount, rule, &limits.key(name), errors);
    }
    for (name, amount) in &resources.requests {
        validate_one(name, *amount, rule, &requests.key(name), errors);
        match resources.limits.get(name) {
            Some(limit) if amount != limit && !may_be_overcommitted(name) => {
                errors.invalid(&requests, *amount, &format!("must be equal to {name} limit of {limit}"));
            }
            Some(limit) if amount > limit => {
                errors.invalid(&requests, *amount, &format!("must be less than or equal to {name} limit of {limit}"));
            }
            None if !may_be_overcommitted(name) => errors.required(&limits, "Limit must be set for non overcommitable resources"),
            _ => {}
        }
    }
    let named = |wanted: fn(&str) -> bool| resources.limits.keys().chain(resources.requests.keys()).any(|name| wanted(name));
    if named(is_huge_pages) && !named(|name| name == "cpu" || name == "memory") {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
}

fn validate_one(name: &str, amount: Quantity, rule: ResourceNameRule, path: &Path<'_>, errors: &mut ErrorList) {
    rule(name, path, errors);
    validate_amount(name, amount, path, errors);
    if is_huge_pages(name) && !is_whole_number_of_pages(name, amount) {
        errors.invalid(path, amount, &format!("{amount} is not positive integer multiple of {name}"));
    }
}

fn is_whole_number_of_pages(name: &str, amount: Quantity) -> bool {
    let Ok(page) = name["hugepages-".len()..].parse::<Quantity>() else { return false };
    let (page, amount) = (page.units(), amount.units());
    page > 0 && amount % page == 0
}

/// Checks what a pod asks for as a whole, also against what its containers ask for.
pub(in crate::admission) fn validate_pod_resources(spec: &PodSpec, path: &Path<'_>, errors: &mut ErrorList) {
    let Some(resources) = &spec.resources else { return };
    if spec.os.as_ref().is_some_and(|os| os.name == "windows") {
        return errors.forbidden(path, "may not be set for a windows pod");
    }
    validate_requirements(resources, validate_pod_name, path, errors);
    let requests = path.child("requests");
    for (name, sum) in &of_containers(spec, Side::Requests) {
        if let Some(amount) = resources.requests.get(name).filter(|amount| sum > *amount) {
            let detail = format!("must be greater than or equal to aggregate container requests of {sum}");
            errors.invalid(&requests.key(name), *amount, &detail);
        }
    }
    let limits = path.child("limits");
    for (name, sum) in of_containers(spec, Side::Limits).iter().filter(|(name, _)| is_huge_pages(name)) {
        if let Some(amount) = resources.limits.get(name).filter(|amount| sum > *amount) {
            let detail = format!("must be greater than or equal to aggregate container limits of {sum}");
            errors.invalid(&limits.key(name), *amount, &detail);
        }
    }
    // the path is upstream's own: it names the containers below the pod's resources
    let containers = path.child("containers");
    for (index, container) in spec.containers.iter().enumerate() {
        for (name, limit) in &container.resources.limits {
            if let Some(most) = resources.limits.get(name).filter(|most| limit > *most) {
                let detail = format!("must be less than or equal to pod limits of {most}");
                errors.invalid(&containers.index(index).key(name).child("limits"), *limit, &detail);
            }
        }
    }
}
