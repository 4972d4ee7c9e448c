//! What a pod asks of a node, what a node has, and whether the one goes into the other.
//!
//! Promise: amounts are added exactly and rounded once a pod, up, to thousandths of a core and to whole units of everything
//! else, as the scheduler's bookkeeping does.
//!
//! Source: "Resource Management for Pods and Containers", "Sidecar Containers" (resource sharing within containers), "Pod
//! Overhead", "Resize CPU and Memory Resources assigned to Containers", "Extended Resources", Kubernetes v1.36.

use std::collections::BTreeMap;

use crate::manifest::Quantity;
use crate::manifest::pod::{Container, ContainerStatus, Pod, ResourceList};

use super::{Rule, Verdict, World};

/// Resource name → amount: thousandths of cores for `cpu`, whole units for everything else.
pub type Amounts = BTreeMap<String, i64>;

/// What a node has, and what the pods on it ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeUse {
    /// Name of the node.
    pub node: String,
    /// How many pods are on it.
    pub pods: usize,
    /// What they ask for in all: thousandths of cores for `cpu`, whole units for everything else.
    pub requested: Amounts,
    /// What may be asked for, in the same units.
    pub allocatable: Amounts,
}

/// Requested and allocatable of every node, in the order of the nodes.
pub fn utilization(world: &World) -> Vec<NodeUse> {
    let mut uses = Vec::new();
    for (index, node) in world.objects().nodes.iter().enumerate() {
        let pods = world.on(index);
        let mut requested = Amounts::new();
        for pod in &pods {
            for (name, amount) in requests(pod) {
                *requested.entry(name).or_default() += amount;
            }
        }
        let allocatable = counted(&node.status.allocatable);
        uses.push(NodeUse { node: node.metadata.name.clone(), pods: pods.len(), requested, allocatable });
    }
    uses
}

/// The number of pods on a node is bounded, however little they ask for.
pub fn pod_count(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    let present = world.others_on(pod, node).len() as i64;
    let room = world.node(node).status.allocatable.get("pods").map_or(0, |pods| pods.units());
    if present + 1 > room {
        verdict.breaks(Rule::PodCount, format!("{present} pods are there, and {room} may be"));
    }
}

/// For each resource the pod asks for, what all pods on the node ask for must not exceed what is allocatable.
pub fn resources(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    let others = world.others_on(pod, node);
    let allocatable = counted(&world.node(node).status.allocatable);
    for (name, wanted) in requests(world.pod(pod)) {
        if wanted == 0 {
            continue;
        }
        let taken: i64 = others.iter().map(|other| requests(other).get(&name).copied().unwrap_or(0)).sum();
        let all = allocatable.get(&name).copied().unwrap_or(0);
        if taken + wanted > all {
            verdict.breaks(Rule::Resources, format!("{name}: needs {wanted}, {taken} of {all} is taken"));
        }
    }
}

/// What a pod asks for, rounded, by those resource names that count.
fn requests(pod: &Pod) -> Amounts {
    let mut asked = in_containers(pod);
    for (name, quantity) in at_pod_level(pod) {
        asked.insert(name, quantity);
    }
    add(&mut asked, &pod.spec.overhead);
    counted(&asked)
}

/// What the containers ask for: the most that is ever asked for at once. Sidecars run from their turn on; an init container
/// runs beside the sidecars started before it; in the end all containers run beside all sidecars.
fn in_containers(pod: &Pod) -> ResourceList {
    let mut sidecars = ResourceList::new();
    let mut most = ResourceList::new();
    for container in &pod.spec.init_containers {
        let mut step = sidecars.clone();
        add(&mut step, &of_container(pod, container));
        if container.restart_policy.as_deref() == Some("Always") {
            sidecars = step.clone();
        }
        raise(&mut most, &step);
    }
    let mut running = sidecars;
    for container in &pod.spec.containers {
        add(&mut running, &of_container(pod, container));
    }
    raise(&mut most, &running);
    most
}

/// What a container asks for. While it is resized, the larger of what is asked for, set aside and in force counts; what a
/// node can never grant does not.
fn of_container(pod: &Pod, container: &Container) -> ResourceList {
    let Some(status) = status_of(pod, container) else { return container.resources.requests.clone() };
    let in_force = status.resources.as_ref().map(|resources| resources.requests.clone()).unwrap_or_default();
    if status.allocated_resources.is_empty() && in_force.is_empty() {
        return container.resources.requests.clone();
    }
    let mut most = if resize_is_infeasible(pod) { ResourceList::new() } else { container.resources.requests.clone() };
    raise(&mut most, &status.allocated_resources);
    raise(&mut most, &in_force);
    most
}

fn status_of<'a>(pod: &'a Pod, container: &Container) -> Option<&'a ContainerStatus> {
    let mut statuses = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    statuses.find(|status| status.name == container.name)
}

fn resize_is_infeasible(pod: &Pod) -> bool {
    let pending = pod.status.conditions.iter().find(|condition| condition.r#type == "PodResizePending");
    pending.is_some_and(|condition| condition.reason == "Infeasible")
}

/// What the pod as a whole asks for, instead of what its containers ask for; only cpu, memory and huge pages can be.
fn at_pod_level(pod: &Pod) -> ResourceList {
    let Some(resources) = &pod.spec.resources else { return ResourceList::new() };
    let mut most = if resize_is_infeasible(pod) { ResourceList::new() } else { resources.requests.clone() };
    // what the node reports for the pod has the overhead in it
    let in_force = pod.status.resources.as_ref().map(|resources| resources.requests.clone()).unwrap_or_default();
    for reported in [in_force, pod.status.allocated_resources.clone()] {
        let mut without_overhead = reported;
        for (name, quantity) in &mut without_overhead {
            let overhead = pod.spec.overhead.get(name).copied().unwrap_or_default();
            *quantity = Quantity::from_nano(quantity.nano() - overhead.nano());
        }
        raise(&mut most, &without_overhead);
    }
    if resources.requests.is_empty() {
        most.clear();
    }
    most.retain(|name, _| name == "cpu" || name == "memory" || name.starts_with("hugepages-"));
    most
}

fn add(sum: &mut ResourceList, more: &ResourceList) {
    for (name, quantity) in more {
        let entry = sum.entry(name.clone()).or_default();
        *entry = Quantity::from_nano(entry.nano() + quantity.nano());
    }
}

fn raise(most: &mut ResourceList, other: &ResourceList) {
    for (name, quantity) in other {
        let entry = most.entry(name.clone()).or_insert(*quantity);
        *entry = (*entry).max(*quantity);
    }
}

/// The amounts of those resources that the scheduler counts.
fn counted(list: &ResourceList) -> Amounts {
    let mut amounts = Amounts::new();
    for (name, quantity) in list {
        if counts(name) {
            amounts.insert(name.clone(), if name == "cpu" { quantity.milli() } else { quantity.units() });
        }
    }
    amounts
}

/// Native resources by name, huge pages, attachable volumes, and whatever has a domain; `requests.` is a quota's prefix and
/// makes no resource, and a name without a domain that is not native means nothing to the scheduler.
fn counts(name: &str) -> bool {
    let native = ["cpu", "memory", "ephemeral-storage"].contains(&name);
    let prefixed = name.starts_with("hugepages-") || name.starts_with("attachable-volumes-") || name.contains("kubernetes.io/");
    let extended = name.contains('/') && !name.starts_with("requests.");
    native || prefixed || extended
}
