//! What pods ask for in all.
//!
//! Source: "Resource Management for Pods and Containers", "Sidecar Containers" (resource sharing within containers), v1.36.

use std::collections::BTreeMap;

use super::Resource;
use crate::manifest::pod::{Container, PodSpec};
use crate::manifest::{Objects, Quantity};

/// What all pods of a namespace that have not ended ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceTotals {
    /// The namespace.
    pub namespace: String,
    /// cpu before and after.
    pub cpu: (Quantity, Quantity),
    /// Memory before and after.
    pub memory: (Quantity, Quantity),
}

impl super::Rightsizing {
    /// What all pods of all namespaces ask for; the namespace is empty.
    pub fn total(&self) -> NamespaceTotals {
        let sum = |one: (Quantity, Quantity), other: (Quantity, Quantity)| (one.0.saturating_add(other.0), one.1.saturating_add(other.1));
        let nothing = NamespaceTotals { namespace: String::new(), cpu: Default::default(), memory: Default::default() };
        self.totals.iter().fold(nothing, |all, own| NamespaceTotals {
            cpu: sum(all.cpu, own.cpu),
            memory: sum(all.memory, own.memory),
            ..all
        })
    }
}

/// By namespace.
pub(super) fn totals(before: &Objects, after: &Objects) -> Vec<NamespaceTotals> {
    let mut found: BTreeMap<&str, NamespaceTotals> = BTreeMap::new();
    for (old, new) in before.pods.iter().zip(&after.pods).filter(|(old, _)| !old.is_terminal()) {
        let namespace = old.metadata.namespace_or_default();
        let totals = found.entry(namespace).or_insert_with(|| NamespaceTotals {
            namespace: namespace.to_owned(),
            cpu: Default::default(),
            memory: Default::default(),
        });
        for (resource, (one, other)) in [(Resource::Cpu, &mut totals.cpu), (Resource::Memory, &mut totals.memory)] {
            *one = one.saturating_add(pod_total(&old.spec, resource));
            *other = other.saturating_add(pod_total(&new.spec, resource));
        }
    }
    found.into_values().collect()
}

/// What a pod asks for of a resource: all that run together, or the init container that needs more than that with the sidecars before it;
/// what the pod says as a whole goes before it, and the overhead comes on top.
pub fn pod_total(spec: &PodSpec, resource: Resource) -> Quantity {
    let request = |container: &Container| container.resources.requests.get(resource.name()).copied().unwrap_or_default();
    let (mut sidecars, mut highest) = (Quantity::ZERO, Quantity::ZERO);
    for container in &spec.init_containers {
        let own = sidecars.saturating_add(request(container));
        highest = highest.max(own);
        if container.restart_policy.as_deref() == Some("Always") {
            sidecars = own;
        }
    }
    let together = spec.containers.iter().map(request).fold(sidecars, Quantity::saturating_add).max(highest);
    let whole = spec.resources.as_ref().and_then(|own| own.requests.get(resource.name())).copied().unwrap_or(together);
    whole.saturating_add(spec.overhead.get(resource.name()).copied().unwrap_or_default())
}
