//! Defaults that need nothing but the pod itself.
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/v1/defaults.go SetDefaults_Pod, SetDefaults_PodSpec, SetDefaults_ContainerPort,
//! SetDefaults_PodLevelResources, v1.36.

use crate::manifest::Objects;
use crate::manifest::location::Note;
use crate::manifest::pod::{Container, Pod, ResourceRequirements};

/// Defaults every pod.
pub(super) fn admit(objects: &mut Objects, _notes: &mut Vec<Note>) {
    objects.pods.iter_mut().for_each(default_pod);
}

pub(super) fn default_pod(pod: &mut Pod) {
    fill(&mut pod.metadata.namespace, "default");
    fill(&mut pod.status.phase, "Pending");
    let spec = &mut pod.spec;
    fill(&mut spec.restart_policy, "Always");
    fill(&mut spec.scheduler_name, "default-scheduler");
    spec.termination_grace_period_seconds.get_or_insert(30);
    for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
        default_requests(&mut container.resources);
        default_ports(container, spec.host_network);
    }
    if let Some(resources) = &mut spec.resources {
        default_pod_requests(resources, &spec.containers, &spec.init_containers);
    }
}

fn fill(field: &mut String, value: &str) {
    if field.is_empty() {
        value.clone_into(field);
    }
}

/// A limit is also a request, where there is none.
fn default_requests(resources: &mut ResourceRequirements) {
    for (name, limit) in &resources.limits {
        if !resources.requests.contains_key(name) {
            resources.requests.insert(name.clone(), *limit);
        }
    }
}

/// On the node's network every port of a container is one of the node.
fn default_ports(container: &mut Container, host_network: bool) {
    for port in &mut container.ports {
        fill(&mut port.protocol, "TCP");
        if host_network && port.host_port == 0 {
            port.host_port = port.container_port;
        }
    }
}

/// A limit of the pod is also its request, unless a container asks for that resource: then the containers' sum is, and that sum
/// is what an absent request of the pod means, so it need not be written.
fn default_pod_requests(resources: &mut ResourceRequirements, containers: &[Container], init_containers: &[Container]) {
    for (name, limit) in &resources.limits {
        let is_asked_for = containers.iter().chain(init_containers).any(|container| container.resources.requests.contains_key(name));
        if !is_asked_for && !resources.requests.contains_key(name) {
            resources.requests.insert(name.clone(), *limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaulted(yaml: &str) -> Pod {
        let mut pod: Pod = serde_saphyr::from_str(yaml).expect("the test's pod can be read");
        default_pod(&mut pod);
        pod
    }

    #[test]
    fn a_limit_becomes_a_request_only_where_there_is_none() {
        let pod = defaulted("spec: {containers: [{name: a, resources: {limits: {cpu: 2, memory: 1Gi}, requests: {cpu: 1}}}]}");
        let requests = &pod.spec.containers[0].resources.requests;
        assert_eq!(requests.get("cpu").unwrap().milli(), 1000);
        assert_eq!(requests.get("memory").unwrap().units(), 1 << 30);
    }

    #[test]
    fn init_containers_get_requests_too() {
        let pod = defaulted("spec: {initContainers: [{name: a, resources: {limits: {cpu: 2}}}]}");
        assert_eq!(pod.spec.init_containers[0].resources.requests.get("cpu").unwrap().milli(), 2000);
    }

    #[test]
    fn on_the_host_network_ports_are_the_nodes() {
        let pod = defaulted("spec: {hostNetwork: true, containers: [{name: a, ports: [{containerPort: 9100}]}]}");
        let port = &pod.spec.containers[0].ports[0];
        assert_eq!((port.host_port, port.protocol.as_str()), (9100, "TCP"));
    }

    #[test]
    fn a_pod_limit_is_a_request_unless_a_container_asks() {
        let pod = defaulted("spec: {resources: {limits: {cpu: 2, memory: 1Gi}}, containers: [{name: a, resources: {requests: {cpu: 1}}}]}");
        let requests = &pod.spec.resources.as_ref().unwrap().requests;
        assert!(!requests.contains_key("cpu"));
        assert_eq!(requests.get("memory").unwrap().units(), 1 << 30);
    }

    #[test]
    fn defaulting_twice_changes_nothing() {
        let once =
            defaulted("spec: {hostNetwork: true, containers: [{name: a, ports: [{containerPort: 1}], resources: {limits: {cpu: 1}}}]}");
        let mut twice = once.clone();
        default_pod(&mut twice);
        assert_eq!(once, twice);
    }
}
