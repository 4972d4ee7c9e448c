//! Rules about the pod and one node: gates, name, cordon, taints, node selector and affinity, ports. And who may be evicted.
//!
//! Source: "Assigning Pods to Nodes", "Taints and Tolerations", "Pod Priority and Preemption", "Pod Scheduling Readiness",
//! Kubernetes v1.36.

use crate::manifest::node::Taint;
use crate::manifest::pod::{Pod, Toleration};

use super::selectors::{has_labels, node_matches, required_node_affinity};
use super::{Rule, Verdict, World};

/// A pod with a scheduling gate is not placed at all.
pub fn scheduling_gates(world: &World, pod: usize, verdict: &mut Verdict) {
    for gate in &world.pod(pod).spec.scheduling_gates {
        verdict.breaks(Rule::SchedulingGate, format!("gate {} is closed", gate.name));
    }
}

/// A pod that names its node goes nowhere else, unless it was taken from there and is placed anew.
pub fn node_name(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    let wanted = &world.pod(pod).spec.node_name;
    if !wanted.is_empty() && wanted != world.node_name(node) && !world.was_moved(pod) {
        verdict.breaks(Rule::NodeName, format!("spec.nodeName is {wanted}"));
    }
}

/// A cordoned node takes only pods that tolerate being there.
pub fn unschedulable(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    let cordon = Taint { key: "node.kubernetes.io/unschedulable".to_owned(), value: String::new(), effect: "NoSchedule".to_owned() };
    if world.node(node).spec.unschedulable && !tolerates(world.pod(pod), &cordon) {
        verdict.breaks(Rule::Unschedulable, "the node is cordoned".to_owned());
    }
}

/// Every `NoSchedule` and `NoExecute` taint must be tolerated.
pub fn taints(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    for taint in &world.node(node).spec.taints {
        if forbids(taint) && !tolerates(world.pod(pod), taint) {
            verdict.breaks(Rule::Taints, format!("taint {}={}:{} is not tolerated", taint.key, taint.value, taint.effect));
        }
    }
}

/// Whether a taint keeps pods away (rather than merely being disliked).
pub fn forbids(taint: &Taint) -> bool {
    taint.effect == "NoSchedule" || taint.effect == "NoExecute"
}

/// Whether one of the pod's tolerations covers the taint.
pub fn tolerates(pod: &Pod, taint: &Taint) -> bool {
    pod.spec.tolerations.iter().any(|toleration| covers(toleration, taint))
}

fn covers(toleration: &Toleration, taint: &Taint) -> bool {
    let effect = toleration.effect.is_empty() || toleration.effect == taint.effect;
    let key = toleration.key.is_empty() || toleration.key == taint.key;
    let value = match toleration.operator.as_str() {
        "" | "Equal" => toleration.value == taint.value,
        "Exists" => true,
        // `Lt` and `Gt` are behind an alpha gate in v1.36, and cover nothing without it
        _ => false,
    };
    effect && key && value
}

/// Every label of `spec.nodeSelector` must be on the node.
pub fn node_selector(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    let wanted = &world.pod(pod).spec.node_selector;
    if !has_labels(wanted, &world.node(node).metadata.labels) {
        verdict.breaks(Rule::NodeSelector, format!("nodeSelector {wanted:?} does not match"));
    }
}

/// One term of the required node affinity must match.
pub fn node_affinity(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    if let Some(required) = required_node_affinity(world.pod(pod))
        && !node_matches(required, world.node(node))
    {
        verdict.breaks(Rule::NodeAffinity, "no term of the required node affinity matches".to_owned());
    }
}

/// A port on the node belongs to one pod for each protocol and address; the address 0.0.0.0 is every address.
pub fn host_ports(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    for other in world.others_on(pod, node) {
        for wanted in ports(world.pod(pod)) {
            for taken in ports(other) {
                let everywhere = wanted.address == "0.0.0.0" || taken.address == "0.0.0.0";
                if wanted.number == taken.number && wanted.protocol == taken.protocol && (everywhere || wanted.address == taken.address) {
                    let HostPort { number, protocol, .. } = wanted;
                    verdict.breaks(Rule::HostPorts, format!("port {number}/{protocol} is taken by {}", other.metadata.name));
                }
            }
        }
    }
}

struct HostPort<'a> {
    address: &'a str,
    protocol: &'a str,
    number: i32,
}

/// Ports on the node that a pod's containers and sidecars use. Other init containers do not count; with the node's own
/// network every container port is one.
fn ports(pod: &Pod) -> Vec<HostPort<'_>> {
    let mut ports = Vec::new();
    let sidecars = pod.spec.init_containers.iter().filter(|container| container.restart_policy.as_deref() == Some("Always"));
    for container in pod.spec.containers.iter().chain(sidecars) {
        for port in &container.ports {
            let number = if pod.spec.host_network && port.host_port == 0 { port.container_port } else { port.host_port };
            let address = if port.host_ip.is_empty() { "0.0.0.0" } else { &port.host_ip };
            let protocol = if port.protocol.is_empty() { "TCP" } else { &port.protocol };
            if number > 0 {
                ports.push(HostPort { address, protocol, number });
            }
        }
    }
    ports
}

/// A victim must be running and less important than the pod, and the pod must be one that preempts.
pub fn eviction(world: &World, pod: usize, victim: usize, verdict: &mut Verdict) {
    let name = world.pod_name(victim);
    if world.place(victim).is_none() {
        verdict.breaks(Rule::Eviction, format!("victim {name} is on no node"));
    }
    if priority(world, victim) >= priority(world, pod) {
        verdict.breaks(Rule::Eviction, format!("victim {name} is not less important"));
    }
    if world.pod(pod).spec.preemption_policy == "Never" {
        verdict.breaks(Rule::Eviction, format!("the pod never preempts, but {name} was evicted for it"));
    }
}

/// The priority that admission resolved, or would resolve: the named class's, the default class's, or 0.
fn priority(world: &World, pod: usize) -> i32 {
    let spec = &world.pod(pod).spec;
    if let Some(priority) = spec.priority {
        return priority;
    }
    match spec.priority_class_name.as_str() {
        "system-cluster-critical" => 2_000_000_000,
        "system-node-critical" => 2_000_001_000,
        name => {
            let mut classes = world.objects().priority_classes.iter();
            let class = classes.find(|class| if name.is_empty() { class.global_default } else { class.metadata.name == name });
            class.map_or(0, |class| class.value)
        }
    }
}

/// A pod is bound once, while it is neither over nor on its way out.
pub fn still_to_be_placed(world: &World, pod: usize, verdict: &mut Verdict) {
    if let Some(node) = world.place(pod) {
        verdict.breaks(Rule::AlreadyBound, format!("it is on {} already", world.node_name(node)));
    }
    if world.pod(pod).is_terminal() || world.pod(pod).is_terminating() {
        verdict.breaks(Rule::Ended, "it has ended, or is being deleted".to_owned());
    }
}
