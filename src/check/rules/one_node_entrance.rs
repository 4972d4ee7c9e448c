//! What comes into the cluster comes in through one node: all pods behind a NodePort or a load balancer stand on it.
//!
//! An ingress controller with two replicas on one node is the usual case. With that node every service behind it is gone, whatever these
//! survive themselves. With `externalTrafficPolicy: Local` it is worse on every day: only a node with a pod answers on a NodePort, and the
//! others drop what comes in.
//!
//! It is said where the input has several nodes; a single pod is `single-replica`, unless the policy is Local and the port is a NodePort.
//!
//! # Example
//!
//! ```yaml
//! kind: Service
//! spec: {type: NodePort, externalTrafficPolicy: Local, selector: {app: ingress}}     # both pods are on node-1
//! ```
//!
//! # Instead
//!
//! Spread the pods over nodes by a hard rule, or run them as a DaemonSet; or leave `externalTrafficPolicy` at Cluster.
//!
//! # Source
//!
//! Task 7 ("Load Balancing") of a guide to highly available data platforms; kubernetes.io, "Virtual IPs and Service Proxies", on
//! `externalTrafficPolicy`.

use std::collections::BTreeMap;

use crate::check::placement::pods;
use crate::check::{Findings, Subject, Workload};
use crate::cluster::index::NodeId;
use crate::manifest::pod::Pod;
use crate::manifest::workload::Service;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.has_other_nodes() {
        return;
    }
    // several Services of the same pods are one entrance
    let mut told: Vec<Vec<usize>> = Vec::new();
    for service in subject.objects.services.iter().filter(|service| is_open(service)) {
        let behind = behind(subject, service);
        let nodes = subject.nodes_of(&behind);
        let (Some((&node, &number)), 1) = (nodes.iter().next(), nodes.len()) else { continue };
        let drops = service.spec.r#type == "NodePort" && is_local(service);
        if number < 2 && !drops || told.contains(&behind) {
            continue;
        }
        tell(subject, service, (node, number), drops, findings);
        told.push(behind);
    }
}

/// Whether it lets in what comes from outside.
fn is_open(service: &Service) -> bool {
    matches!(service.spec.r#type.as_str(), "NodePort" | "LoadBalancer")
}

fn is_local(service: &Service) -> bool {
    service.spec.external_traffic_policy == "Local"
}

/// Pods behind a Service, whoever makes them, by their places among the objects.
fn behind(subject: &Subject<'_>, service: &Service) -> Vec<usize> {
    let (selector, namespace) = (&service.spec.selector, service.metadata.namespace_or_default());
    if selector.is_empty() {
        return Vec::new();
    }
    let is_meant = |pod: &Pod| {
        pod.metadata.namespace_or_default() == namespace
            && !pod.is_terminal()
            && !pod.is_terminating()
            && selector.iter().all(|(key, value)| pod.metadata.labels.get(key) == Some(value))
    };
    let pods = subject.objects.pods.iter().enumerate();
    pods.filter(|(_, pod)| is_meant(pod)).map(|(index, _)| index).collect()
}

fn tell(subject: &Subject<'_>, service: &Service, (node, number): (NodeId, usize), drops: bool, findings: &mut Findings) {
    let name = subject.node_name(node).to_owned();
    let others = subject.objects.nodes.len() - 1;
    let (path, message) = match drops {
        true => ("spec.externalTrafficPolicy", format!("only node {name} answers on its NodePort: all {} behind it stand there", pods(number))),
        false => ("spec.type", format!("all {} behind it stand on node {name}: what comes in passes that node", pods(number))),
    };
    let ingresses = subject.objects.ingresses.len();
    let finding = findings.on(service, path, message);
    if drops {
        finding.because(format!("with externalTrafficPolicy: Local the other {others} nodes drop what comes in"));
    }
    if is_ingress_controller(subject, service) && ingresses > 0 {
        finding.because(format!("it is the way to what {ingresses} Ingresses lead to"));
    }
    finding.help("spread its pods over kubernetes.io/hostname with a hard rule, or run them as a DaemonSet");
}

/// Whether pods behind a Service are those of an ingress controller, by what they are called.
fn is_ingress_controller(subject: &Subject<'_>, service: &Service) -> bool {
    let known = ["ingress", "traefik", "contour", "haproxy", "kong", "envoy-gateway"];
    let mut led = subject.led_to(service);
    led.any(|workload| known.iter().any(|known| workload.metadata.name.contains(known)))
}

/// Whether it is this rule that says of a workload that its pods stand together.
pub(super) fn is_entrance(subject: &Subject<'_>, workload: &Workload<'_>) -> bool {
    subject.services_of(workload).any(|service| {
        let nodes = || -> BTreeMap<NodeId, usize> { subject.nodes_of(&behind(subject, service)) };
        is_open(service) && nodes().len() == 1
    })
}
