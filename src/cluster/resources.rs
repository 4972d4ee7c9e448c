//! What a pod asks for, effectively: sidecars, init containers, pod-level resources, overhead, resizes.
//!
//! Amounts are `i64`: cpu in thousandths of a core, everything else in whole units (bytes, devices, pods), rounded up.
//!
//! Source: k8s.io/component-helpers/resource/helpers.go and pkg/scheduler/framework/types.go, v1.36.

use smallvec::SmallVec;

use super::index::{Interner, ResourceId};
use crate::manifest::Quantity;
use crate::manifest::pod::{Container, ContainerStatus, Pod, ResourceList};

/// Column of cpu (thousandths of a core).
pub const CPU: ResourceId = ResourceId(0);
/// Column of memory (bytes).
pub const MEMORY: ResourceId = ResourceId(1);
/// Column of ephemeral storage (bytes).
pub const EPHEMERAL_STORAGE: ResourceId = ResourceId(2);
/// Column of pod slots.
pub const PODS: ResourceId = ResourceId(3);

/// What scoring assumes a container asks for when it does not say: thousandths of a core.
pub const DEFAULT_CPU_MILLI: i64 = 100;
/// What scoring assumes a container asks for when it does not say: bytes.
pub const DEFAULT_MEMORY_BYTES: i64 = 200 * 1024 * 1024;

/// Names of the resource columns.
#[derive(Debug, Clone)]
pub struct ResourceNames(Interner<Box<str>>);

impl Default for ResourceNames {
    fn default() -> Self {
        let mut names = Interner::default();
        for name in ["cpu", "memory", "ephemeral-storage", "pods"] {
            names.intern(name.into());
        }
        ResourceNames(names)
    }
}

impl ResourceNames {
    /// The column of a resource, made now if there was none; `None` for names the scheduler ignores.
    pub fn column(&mut self, name: &str) -> Option<ResourceId> {
        if let Some(index) = self.0.find(name) {
            return Some(ResourceId::new(index));
        }
        is_scalar(name).then(|| ResourceId::new(self.0.intern(name.into())))
    }

    /// The column of a resource, if anything has it.
    pub fn find(&self, name: &str) -> Option<ResourceId> {
        self.0.find(name).map(ResourceId::new)
    }

    /// The name of a column.
    pub fn name(&self, id: ResourceId) -> &str {
        self.0.get(id.index())
    }

    /// All columns.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = ResourceId> + use<> {
        (0..self.0.len()).map(ResourceId::new)
    }
}

/// Whether the scheduler counts a resource of this name besides cpu, memory, ephemeral storage and pods (upstream's
/// `IsScalarResourceName`): extended, hugepages, attachable volumes, or in a `kubernetes.io/` domain.
fn is_scalar(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    let extended = !native && !name.starts_with("requests.");
    extended || name.starts_with("hugepages-") || name.starts_with("attachable-volumes-") || name.contains("kubernetes.io/")
}

/// Whether a resource is extended: counted in whole devices of a vendor's domain.
pub fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/") && !name.starts_with("requests.")
}

/// Amounts by resource column, sorted by column, without columns nobody asked for.
pub type Amounts = SmallVec<[(ResourceId, i64); 4]>;

/// What a pod asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Requests {
    /// What its node sets aside.
    pub amounts: Amounts,
    /// cpu that scoring counts: with a default for containers that do not say.
    pub scored_cpu_milli: i64,
    /// Memory that scoring counts: with a default for containers that do not say.
    pub scored_memory_bytes: i64,
}

impl Requests {
    /// The amount of one resource.
    pub fn get(&self, resource: ResourceId) -> i64 {
        amount_of(&self.amounts, resource)
    }

    /// What a node sets aside for `pod`. With `in_force`, what the kubelet has in force counts too (pods on nodes).
    pub fn of(names: &mut ResourceNames, pod: &Pod, in_force: bool) -> Self {
        let requests = pod_requests(pod, in_force, &ResourceList::new());
        let scored = pod_requests(pod, in_force, &scoring_defaults(pod, &requests));
        Requests {
            amounts: amounts(names, &requests),
            scored_cpu_milli: scored.get("cpu").map_or(0, |quantity| quantity.milli()),
            scored_memory_bytes: scored.get("memory").map_or(0, |quantity| quantity.units()),
        }
    }
}

/// What NodeResourcesFit's scorer counts for a pod without a node: what its containers ask for, with a default where they do not
/// say, and overhead. Pod-level resources do not count, though filters and other pods' scores go by them.
pub fn scored_for_fit(names: &mut ResourceNames, pod: &Pod) -> Amounts {
    let mut sum = container_requests(pod, false, &all_defaults());
    add(&mut sum, &pod.spec.overhead);
    amounts(names, &sum)
}

/// Amounts by column.
fn amounts(names: &mut ResourceNames, list: &ResourceList) -> Amounts {
    let mut amounts: Amounts = list.iter().filter_map(|(name, quantity)| Some((names.column(name)?, amount(name, *quantity)))).collect();
    amounts.retain(|(id, _)| *id != PODS);
    amounts.sort_unstable();
    amounts
}

/// The amount of one resource.
pub fn amount_of(amounts: &Amounts, resource: ResourceId) -> i64 {
    amounts.iter().find(|(id, _)| *id == resource).map_or(0, |(_, amount)| *amount)
}

/// An amount in the unit of its column.
pub fn amount(name: &str, quantity: Quantity) -> i64 {
    if name == "cpu" { quantity.milli() } else { quantity.units() }
}

/// What scoring assumes of containers that do not say. With pod-level resources, only what neither they nor any container say.
fn scoring_defaults(pod: &Pod, requests: &ResourceList) -> ResourceList {
    let mut defaults = all_defaults();
    if pod_level(pod).next().is_some() {
        defaults.retain(|name, _| !requests.contains_key(name));
    }
    defaults
}

fn all_defaults() -> ResourceList {
    let defaults = [("cpu", Quantity::from_milli(DEFAULT_CPU_MILLI)), ("memory", Quantity::from_units(DEFAULT_MEMORY_BYTES))];
    defaults.into_iter().map(|(name, quantity)| (name.to_owned(), quantity)).collect()
}

/// Pod-level requests that count: cpu, memory and huge pages.
fn pod_level(pod: &Pod) -> impl Iterator<Item = (&String, &Quantity)> {
    let requests = pod.spec.resources.iter().flat_map(|resources| &resources.requests);
    requests.filter(|(name, _)| *name == "cpu" || *name == "memory" || name.starts_with("hugepages-"))
}

fn pod_requests(pod: &Pod, in_force: bool, defaults: &ResourceList) -> ResourceList {
    let mut sum = container_requests(pod, in_force, defaults);
    for (name, quantity) in pod_level(pod) {
        sum.insert(name.clone(), *quantity);
    }
    add(&mut sum, &pod.spec.overhead);
    sum
}

/// max( Σ containers + Σ sidecars , maxᵢ(initᵢ + Σ sidecars before i) ), a resource at a time.
fn container_requests(pod: &Pod, in_force: bool, defaults: &ResourceList) -> ResourceList {
    let infeasible = in_force && resize_infeasible(pod);
    let requests_of = |container: &Container, statuses: &[ContainerStatus], in_force: bool| {
        let status = statuses.iter().find(|status| in_force && status.name == container.name);
        let mut requests = match status {
            Some(status) => requests_in_force(container, status, infeasible),
            None => container.resources.requests.clone(),
        };
        for (name, quantity) in defaults {
            requests.entry(name.clone()).or_insert(*quantity);
        }
        requests
    };
    let mut sum = ResourceList::new();
    for container in &pod.spec.containers {
        add(&mut sum, &requests_of(container, &pod.status.container_statuses, in_force));
    }
    let (mut sidecars, mut peak) = (ResourceList::new(), ResourceList::new());
    for container in &pod.spec.init_containers {
        let is_sidecar = container.restart_policy.as_deref() == Some("Always");
        let requests = requests_of(container, &pod.status.init_container_statuses, in_force && is_sidecar);
        if is_sidecar {
            add(&mut sum, &requests);
            add(&mut sidecars, &requests);
            maximum(&mut peak, &sidecars);
        } else {
            let mut step = sidecars.clone();
            add(&mut step, &requests);
            maximum(&mut peak, &step);
        }
    }
    maximum(&mut sum, &peak);
    sum
}

/// While a resize is under way, the node holds the largest of what is asked, what is set aside and what is in force; a
/// resize that cannot be done does not count.
fn requests_in_force(container: &Container, status: &ContainerStatus, infeasible: bool) -> ResourceList {
    let mut requests = status.resources.as_ref().map(|resources| resources.requests.clone()).unwrap_or_default();
    maximum(&mut requests, &status.allocated_resources);
    if !infeasible || requests.is_empty() {
        maximum(&mut requests, &container.resources.requests);
    }
    requests
}

fn resize_infeasible(pod: &Pod) -> bool {
    let conditions = pod.status.conditions.iter();
    conditions.filter(|condition| condition.r#type == "PodResizePending").any(|condition| condition.reason == "Infeasible")
}

fn add(sum: &mut ResourceList, more: &ResourceList) {
    combine(sum, more, |a, b| Quantity::from_nano(a.nano() + b.nano()));
}

fn maximum(largest: &mut ResourceList, other: &ResourceList) {
    combine(largest, other, Ord::max);
}

fn combine(into: &mut ResourceList, from: &ResourceList, with: impl Fn(Quantity, Quantity) -> Quantity) {
    for (name, quantity) in from {
        let present = into.get(name).copied();
        into.insert(name.clone(), present.map_or(*quantity, |present| with(present, *quantity)));
    }
}
