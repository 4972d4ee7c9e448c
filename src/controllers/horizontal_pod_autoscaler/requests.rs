//! What a pod requests, as utilisation is a percentage of.
//!
//! Source: k8s.io/kubernetes/pkg/controller/podautoscaler/replica_calculator.go calculateRequests, k8s.io/component-helpers/resource
//! PodRequests, v1.36.

use crate::manifest::Quantity;
use crate::manifest::pod::{Container, Pod};

/// What a pod requests of a resource, in thousandths: in all, or in one container.
pub(super) fn request_milli(pod: &Pod, container: &str, resource: &str) -> Result<i64, String> {
    if container.is_empty() && has_pod_requests(pod) {
        return pod_request(pod, resource).map(Quantity::milli).ok_or_else(|| {
            let name = &pod.metadata.name;
            format!("missing pod-level request for {resource} in Pod {name}")
        });
    }
    of_containers(pod, container, resource)
}

/// The sum over containers and sidecars; each must request something. Or what one of them requests.
fn of_containers(pod: &Pod, container: &str, resource: &str) -> Result<i64, String> {
    let sidecars = pod.spec.init_containers.iter().filter(|container| is_sidecar(container));
    let mut sum = 0i64;
    for candidate in pod.spec.containers.iter().chain(sidecars) {
        if !container.is_empty() && container != candidate.name {
            continue;
        }
        let Some(request) = candidate.resources.requests.get(resource) else {
            let (name, pod) = (&candidate.name, &pod.metadata.name);
            return Err(format!("missing request for {resource} in container {name} of Pod {pod}"));
        };
        sum = sum.wrapping_add(request.milli());
        if container == candidate.name {
            return Ok(sum);
        }
    }
    match container {
        "" => Ok(sum),
        _ => Err(format!("container {container} not found in Pod {}", pod.metadata.name)),
    }
}

fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

/// Whether the pod as a whole requests something that it can.
fn has_pod_requests(pod: &Pod) -> bool {
    let is_supported = |name: &String| matches!(name.as_str(), "cpu" | "memory") || name.starts_with("hugepages-");
    pod.spec.resources.as_ref().is_some_and(|resources| resources.requests.iter().any(|(name, _)| is_supported(name)))
}

/// What the pod as a whole requests: its own word, else what its containers come to; and the overhead.
fn pod_request(pod: &Pod, resource: &str) -> Option<Quantity> {
    let own = pod.spec.resources.as_ref().and_then(|resources| resources.requests.get(resource).copied());
    let request = own.or_else(|| aggregate(pod, resource));
    let overhead = pod.spec.overhead.get(resource).copied();
    match (request, overhead) {
        (Some(request), Some(overhead)) => Some(request.saturating_add(overhead)),
        (request, overhead) => request.or(overhead),
    }
}

/// What containers come to: all that run together, or the init container that needs more than that with the sidecars before it.
fn aggregate(pod: &Pod, resource: &str) -> Option<Quantity> {
    let request = |container: &Container| container.resources.requests.get(resource).copied();
    let everyone = || pod.spec.containers.iter().chain(&pod.spec.init_containers);
    everyone().find_map(request)?;
    let (mut sidecars, mut highest) = (Quantity::ZERO, Quantity::ZERO);
    for container in &pod.spec.init_containers {
        let own = request(container).unwrap_or_default().saturating_add(sidecars);
        highest = highest.max(own);
        if is_sidecar(container) {
            sidecars = own;
        }
    }
    let together = pod.spec.containers.iter().filter_map(request).fold(sidecars, Quantity::saturating_add);
    Some(together.max(highest))
}
