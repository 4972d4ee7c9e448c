//! What a pod asks for as a whole: containers, init containers, sidecars, pod-level resources, overhead.
//!
//! Three sums, as upstream has them: what containers ask for together, what quotas count, and what limit ranges count (no
//! overhead, and no huge pages of the pod).
//!
//! Source: k8s.io/component-helpers/resource/helpers.go AggregateContainerRequests, PodRequests, PodLimits;
//! plugin/pkg/admission/limitranger/admission.go podRequests, podLimits, v1.36.

use crate::manifest::pod::{Container, PodSpec, ResourceList, ResourceRequirements};
use crate::manifest::quantity::Quantity;

/// Requests or limits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Requests,
    Limits,
}

impl Side {
    /// This side of requirements.
    pub fn of(self, requirements: &ResourceRequirements) -> &ResourceList {
        match self {
            Side::Requests => &requirements.requests,
            Side::Limits => &requirements.limits,
        }
    }
}

/// Whether an init container goes on running beside the others.
pub(super) fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

/// What the containers ask for together: all that run at once, or the largest step on the way there.
pub(super) fn of_containers(spec: &PodSpec, side: Side) -> ResourceList {
    let mut sum = ResourceList::new();
    for container in &spec.containers {
        add(&mut sum, side.of(&container.resources));
    }
    let (mut sidecars, mut steps) = (ResourceList::new(), ResourceList::new());
    for container in &spec.init_containers {
        let own = side.of(&container.resources);
        if is_sidecar(container) {
            add(&mut sum, own);
            add(&mut sidecars, own);
            largest(&mut steps, &sidecars);
        } else {
            let mut step = own.clone();
            add(&mut step, &sidecars);
            largest(&mut steps, &step);
        }
    }
    largest(&mut sum, &steps);
    sum
}

/// What the pod asks for, as quotas and the scheduler count it.
pub(super) fn of_pod(spec: &PodSpec, side: Side) -> ResourceList {
    let mut sum = of_containers(spec, side);
    override_with(&mut sum, spec, side, is_pod_level);
    for (name, overhead) in &spec.overhead {
        // a limit that is not there is no limit, and overhead makes none of it
        if side == Side::Requests || sum.get(name).is_some_and(|limit| !limit.is_zero()) {
            add_one(&mut sum, name, *overhead);
        }
    }
    sum
}

/// What the pod asks for, as limit ranges count it.
pub(super) fn for_limit_range(spec: &PodSpec, side: Side) -> ResourceList {
    let mut sum = of_containers(spec, side);
    override_with(&mut sum, spec, side, |name| name == "cpu" || name == "memory");
    sum
}

fn override_with(sum: &mut ResourceList, spec: &PodSpec, side: Side, counts: impl Fn(&str) -> bool) {
    let Some(resources) = &spec.resources else { return };
    for (name, amount) in side.of(resources).iter().filter(|(name, _)| counts(name)) {
        sum.insert(name.clone(), *amount);
    }
}

/// Whether a resource may be asked for by a pod as a whole.
pub(super) fn is_pod_level(name: &str) -> bool {
    name == "cpu" || name == "memory" || name.starts_with("hugepages-")
}

/// Whether a pod as a whole asks for anything.
pub(super) fn has_pod_level(spec: &PodSpec) -> bool {
    let Some(resources) = &spec.resources else { return false };
    resources.requests.iter().chain(resources.limits.iter()).any(|(name, _)| is_pod_level(name))
}

/// Adds amounts, name by name.
pub(super) fn add(sum: &mut ResourceList, amounts: &ResourceList) {
    for (name, amount) in amounts {
        add_one(sum, name, *amount);
    }
}

fn add_one(sum: &mut ResourceList, name: &str, amount: Quantity) {
    match sum.get_mut(name) {
        Some(value) => *value = value.saturating_add(amount),
        None => _ = sum.insert(name.to_owned(), amount),
    }
}

fn largest(most: &mut ResourceList, amounts: &ResourceList) {
    for (name, amount) in amounts {
        if most.get(name).is_none_or(|value| amount > value) {
            most.insert(name.clone(), *amount);
        }
    }
}
