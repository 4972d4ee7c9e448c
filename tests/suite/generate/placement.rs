//! Where bound pods are, and how tightly pending ones fit.

use plimsoll::manifest::pod::{ContainerStatus, Pod, ResourceList, ResourceRequirements};
use plimsoll::manifest::{Objects, Quantity};
use plimsoll::verify::{World, utilization};

use super::draw::Draw;
use super::{Plan, Trait, nodes};

/// Gives each pod a node that has room for it, and drops those for which three nodes in turn have none.
///
/// Two pods of a node never have the same port: a kubelet refuses the second, so no dump shows such a pair running. (Upstream's
/// scheduler forgets the port of both when one of them leaves.)
pub fn place(plan: &Plan, pods: Vec<Pod>, objects: &mut Objects) {
    let mut free: Vec<ResourceList> = objects.nodes.iter().map(|node| node.status.allocatable.clone()).collect();
    let mut taken: Vec<Vec<(i32, String)>> = vec![Vec::new(); plan.nodes];
    for (index, mut pod) in pods.into_iter().enumerate() {
        let mut draw = Draw::of(plan.seed, "place", index);
        let ports = ports(&pod);
        let wanted = at_most(&pod);
        let tried: Vec<usize> = (0..3).map(|_| draw.below(plan.nodes)).collect();
        let takes = |&node: &usize| fits(&wanted, &free[node]) && !ports.iter().any(|port| taken[node].contains(port));
        let Some(node) = tried.into_iter().find(takes) else { continue };
        taken[node].extend(ports);
        for (name, quantity) in &wanted {
            if let Some(left) = free[node].get_mut(name) {
                *left = Quantity::from_nano(left.nano() - quantity.nano());
            }
        }
        pod.spec.node_name = nodes::name(node);
        live(plan, index, &mut draw, &mut pod);
        objects.pods.push(pod);
    }
}

/// Gives a bound pod a state: running, ended, on its way out, being resized, or on a node that is gone.
fn live(plan: &Plan, index: usize, draw: &mut Draw, pod: &mut Pod) {
    pod.status.phase = "Running".to_owned();
    pod.status.start_time = Some(format!("2026-01-02T{:02}:{:02}:00Z", draw.below(24), index % 60));
    if plan.has(Trait::Terminal) && draw.percent(6) {
        pod.status.phase = draw.text(&["Succeeded", "Failed"]);
    }
    if plan.has(Trait::Terminating) && draw.percent(8) {
        pod.metadata.deletion_timestamp = Some("2026-01-03T00:00:00Z".to_owned());
        pod.metadata.deletion_grace_period_seconds = Some(30);
    }
    if plan.has(Trait::AbsentNodes) && draw.percent(4) {
        pod.spec.node_name = "node-gone".to_owned();
    }
    if plan.has(Trait::Resize) && draw.percent(10) {
        let container = &pod.spec.containers[0];
        let mut larger = container.resources.requests.clone();
        if let Some(cpu) = larger.get_mut("cpu") {
            *cpu = Quantity::from_milli(cpu.milli() + *draw.pick(&[-50, 100]));
        }
        let in_force = ResourceRequirements { requests: larger.clone(), limits: ResourceList::new() };
        let status = ContainerStatus {
            name: container.name.clone(),
            ready: true,
            allocated_resources: larger,
            resources: Some(Box::new(in_force)),
            ..ContainerStatus::default()
        };
        pod.status.container_statuses.push(status);
    }
}

/// Makes about a third of the pending pods ask for exactly what some node has left, or a thousandth of a core or a byte more.
pub fn tighten(plan: &Plan, pods: &mut [Pod], objects: &Objects) {
    let uses = utilization(&World::new(objects));
    for (index, pod) in pods.iter_mut().enumerate() {
        let mut draw = Draw::of(plan.seed, "tighten", index);
        if !draw.percent(35) || pod.spec.containers.len() > 1 || !pod.spec.init_containers.is_empty() {
            continue;
        }
        let node = draw.pick(&uses);
        let name = draw.text(&["cpu", "memory"]);
        let left = node.allocatable[&name] - node.requested.get(&name).copied().unwrap_or(0);
        let overhead = pod.spec.overhead.get(&name).copied().unwrap_or_default();
        let wanted = left + *draw.pick(&[-1, 0, 0, 1]) - if name == "cpu" { overhead.milli() } else { overhead.units() };
        if wanted > 0 {
            let quantity = if name == "cpu" { Quantity::from_milli(wanted) } else { Quantity::from_units(wanted) };
            pod.spec.containers[0].resources.requests.insert(name, quantity);
        }
    }
}

/// No less than the pod asks for at any time: everything it names, added up, and 100m for a resize.
fn at_most(pod: &Pod) -> ResourceList {
    let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers).map(|container| &container.resources.requests);
    let whole = pod.spec.resources.iter().map(|resources| &resources.requests);
    let resize = ResourceList::from_iter([("cpu".to_owned(), Quantity::from_milli(100)), ("pods".to_owned(), Quantity::from_units(1))]);
    let mut sum = ResourceList::new();
    for list in containers.chain(whole).chain([&pod.spec.overhead, &resize]) {
        for (name, quantity) in list {
            let entry = sum.entry(name.clone()).or_default();
            // rounded up a pod, as the scheduler counts
            *entry = Quantity::from_milli(Quantity::from_nano(entry.nano() + quantity.nano()).milli());
        }
    }
    sum.remove("bananas");
    sum
}

/// Ports on the node that a pod may use, whatever the address.
fn ports(pod: &Pod) -> Vec<(i32, String)> {
    let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
    containers.flat_map(|container| &container.ports).map(|port| (port.host_port, port.protocol.clone())).collect()
}

fn fits(wanted: &ResourceList, free: &ResourceList) -> bool {
    wanted.iter().all(|(name, quantity)| quantity.nano() == 0 || free.get(name).is_some_and(|left| left >= quantity))
}
