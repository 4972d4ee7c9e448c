//! Defaults of pods and of what pods are made from.
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/v1/defaults.go SetDefaults_Pod, SetDefaults_PodSpec, SetDefaults_ContainerPort,
//! SetDefaults_Probe, defaultPodRequests, defaultHugePagePodLimits, v1.36.

use super::{fill, fill_option, round};
use crate::admission::pod_resources::{Side, is_pod_level, of_containers};
use crate::manifest::pod::{Container, Pod, PodSpec, Probe, ResourceList, ResourceRequirements};
use crate::manifest::storage::PersistentVolumeClaimSpec;

/// Defaults a pod.
pub(in crate::admission) fn default_pod(pod: &mut Pod) {
    fill(&mut pod.metadata.namespace, "default");
    fill(&mut pod.status.phase, "Pending");
    let spec = &mut pod.spec;
    default_pod_spec(spec);
    for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
        default_requests(&mut container.resources);
        if spec.host_network {
            // on the node's network every port of a container is one of the node
            for port in container.ports.iter_mut().filter(|port| port.host_port == 0) {
                port.host_port = port.container_port;
            }
        }
    }
    default_pod_level(spec);
}

/// Defaults what a pod is made from. Requests and ports of the node come only when the pod itself is created.
pub(in crate::admission) fn default_pod_spec(spec: &mut PodSpec) {
    fill(&mut spec.restart_policy, "Always");
    fill(&mut spec.scheduler_name, "default-scheduler");
    spec.termination_grace_period_seconds.get_or_insert(30);
    round(&mut spec.overhead);
    if let Some(resources) = &mut spec.resources {
        round_both(resources);
    }
    spec.containers.iter_mut().chain(&mut spec.init_containers).for_each(default_container);
    let templates = spec.volumes.iter_mut().filter_map(|volume| volume.ephemeral.as_mut()?.volume_claim_template.as_mut());
    templates.for_each(|template| default_claim_spec(&mut template.spec));
}

fn default_container(container: &mut Container) {
    round_both(&mut container.resources);
    container.ports.iter_mut().for_each(|port| fill(&mut port.protocol, "TCP"));
    [&mut container.readiness_probe, &mut container.startup_probe].into_iter().flatten().for_each(default_probe);
}

fn default_probe(probe: &mut Probe) {
    for (field, seconds_or_times) in [(&mut probe.period_seconds, 10), (&mut probe.success_threshold, 1), (&mut probe.failure_threshold, 3)]
    {
        if field.unwrap_or(0) == 0 {
            *field = Some(seconds_or_times);
        }
    }
}

/// Defaults what a claim is made from.
pub(in crate::admission) fn default_claim_spec(spec: &mut PersistentVolumeClaimSpec) {
    fill_option(&mut spec.volume_mode, "Filesystem");
    round_both(&mut spec.resources);
}

fn round_both(resources: &mut ResourceRequirements) {
    round(&mut resources.requests);
    round(&mut resources.limits);
}

/// A limit is also a request, where there is none.
fn default_requests(resources: &mut ResourceRequirements) {
    for (name, limit) in &resources.limits {
        if !resources.requests.contains_key(name) {
            resources.requests.insert(name.clone(), *limit);
        }
    }
}

/// What a pod as a whole asks for: huge pages of its containers are limits of the pod; what containers ask for is what the pod
/// asks for, else its limit is.
fn default_pod_level(spec: &mut PodSpec) {
    let Some(resources) = &spec.resources else { return };
    let mut limits = resources.limits.clone();
    let mut requests = resources.requests.clone();
    if !limits.is_empty() || !requests.is_empty() {
        let sums = of_containers(spec, Side::Limits);
        let huge = sums.iter().filter(|(name, _)| name.starts_with("hugepages-") && !requests.contains_key(*name));
        fill_missing(&mut limits, huge);
    }
    if !limits.is_empty() {
        let sums = of_containers(spec, Side::Requests);
        fill_missing(&mut requests, sums.iter().filter(|(name, _)| ["cpu", "memory"].contains(&name.as_str())));
        fill_missing(&mut requests, limits.iter().filter(|(name, _)| is_pod_level(name)));
    }
    spec.resources = Some(Box::new(ResourceRequirements { requests, limits }));
}

fn fill_missing<'a>(amounts: &mut ResourceList, from: impl Iterator<Item = (&'a String, &'a crate::manifest::quantity::Quantity)>) {
    for (name, amount) in from {
        if !amounts.contains_key(name) {
            amounts.insert(name.clone(), *amount);
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
    fn a_pod_asks_for_what_its_containers_ask_for_else_for_its_limit() {
        let pod = defaulted("spec: {resources: {limits: {cpu: 2, memory: 1Gi}}, containers: [{name: a, resources: {requests: {cpu: 1}}}]}");
        let requests = &pod.spec.resources.as_ref().unwrap().requests;
        assert_eq!(requests.get("cpu").unwrap().milli(), 1000);
        assert_eq!(requests.get("memory").unwrap().units(), 1 << 30);
    }

    #[test]
    fn less_than_a_thousandth_is_rounded_up() {
        let pod = defaulted("spec: {containers: [{name: a, resources: {requests: {cpu: 0.0005}}}]}");
        assert_eq!(pod.spec.containers[0].resources.requests.get("cpu").unwrap().to_string(), "1m");
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
