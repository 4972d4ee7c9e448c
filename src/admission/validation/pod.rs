//! Pods, and templates of pods.
//!
//! What bears on none of placement, capacity, disruption and scale is not checked: images, environment, mounts, probes'
//! handlers, lifecycle, security, DNS, volumes other than claims.
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidatePodCreate, ValidatePodSpec,
//! ValidatePodTemplateSpec, validateContainers, validateInitContainers, v1.36.

use super::affinity::validate_affinity;
use super::field::{ErrorList, Path};
use super::metadata::{validate_annotations, validate_labels, validate_metadata};
use super::names;
use super::resources::{validate_container_resources, validate_pod_resources};
use super::scheduling::{validate_gates, validate_spread, validate_tolerations};
use crate::admission::pod_resources::is_sidecar;
use crate::manifest::meta::StringMap;
use crate::manifest::pod::{Container, ContainerPort, Pod, PodSpec, ResourceRequirements, Volume};
use crate::manifest::workload::PodTemplateSpec;

const RESTART_POLICIES: &[&str] = &["Always", "OnFailure", "Never"];

/// Checks a pod that is created.
pub(in crate::admission) fn validate_pod(pod: &Pod, errors: &mut ErrorList) {
    validate_metadata(&pod.metadata, true, names::dns_subdomain, errors);
    let annotations = Path::root("metadata");
    validate_pod_annotations(&pod.metadata.annotations, &annotations.child("annotations"), errors);
    let spec = Path::root("spec");
    validate_pod_spec(&pod.spec, true, &spec, errors);
    if !pod.spec.node_name.is_empty() && !pod.spec.scheduling_gates.is_empty() {
        errors.forbidden(&spec.child("nodeName"), "cannot be set until all schedulingGates have been cleared");
    }
}

/// Checks what a workload makes its pods from.
pub(in crate::admission) fn validate_template(template: &PodTemplateSpec, path: &Path<'_>, errors: &mut ErrorList) {
    // these paths are upstream's own: they lack `metadata`
    validate_labels(&template.metadata.labels, &path.child("labels"), errors);
    validate_annotations(&template.metadata.annotations, &path.child("annotations"), errors);
    validate_pod_annotations(&template.metadata.annotations, &path.child("annotations"), errors);
    validate_pod_spec(&template.spec, false, &path.child("spec"), errors);
}

fn validate_pod_annotations(annotations: &StringMap, path: &Path<'_>, errors: &mut ErrorList) {
    const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
    if let Some(cost) = annotations.get(DELETION_COST) {
        let digits = cost.strip_prefix('-').unwrap_or(cost);
        let sound = cost.parse::<i32>().is_ok() && !cost.starts_with('+') && (digits == "0" || !digits.starts_with('0'));
        if !sound {
            errors.invalid(&path.key(DELETION_COST), cost, "must be a 32bit integer");
        }
    }
}

fn validate_pod_spec(spec: &PodSpec, is_pod: bool, path: &Path<'_>, errors: &mut ErrorList) {
    validate_volumes(&spec.volumes, &path.child("volumes"), errors);
    validate_containers(spec, path, errors);
    validate_pod_resources(spec, &path.child("resources"), errors);
    if spec.host_network {
        validate_host_network(&spec.containers, is_pod, &path.child("containers"), errors);
    }
    if !RESTART_POLICIES.contains(&spec.restart_policy.as_str()) {
        errors.not_supported(&path.child("restartPolicy"), &spec.restart_policy, RESTART_POLICIES);
    }
    validate_labels(&spec.node_selector, &path.child("nodeSelector"), errors);
    validate_affinity(spec.affinity.as_deref(), &path.child("affinity"), errors);
    validate_gates(&spec.scheduling_gates, &path.child("schedulingGates"), errors);
    validate_spread(&spec.topology_spread_constraints, &path.child("topologySpreadConstraints"), errors);
    validate_references(spec, path, errors);
    if let Some(seconds) = spec.active_deadline_seconds.filter(|seconds| !(1..=i64::from(i32::MAX)).contains(seconds)) {
        errors.invalid(&path.child("activeDeadlineSeconds"), seconds, "must be between 1 and 2147483647, inclusive");
    }
    validate_tolerations(&spec.tolerations, &path.child("tolerations"), errors);
    if !spec.preemption_policy.is_empty() {
        validate_preemption_policy(&spec.preemption_policy, &path.child("preemptionPolicy"), errors);
    }
    if !spec.overhead.is_empty() {
        let overhead = ResourceRequirements { limits: spec.overhead.clone(), ..ResourceRequirements::default() };
        validate_container_resources(&overhead, &path.child("overhead"), errors);
    }
    match spec.os.as_ref().map(|os| os.name.as_str()) {
        None | Some("linux" | "windows") => {}
        Some("") => errors.required(&path.child("os").child("name"), "cannot be empty"),
        Some(other) => errors.not_supported(&path.child("os"), other, &["linux", "windows"]),
    }
}

/// Names of other objects, and of the pod itself.
fn validate_references(spec: &PodSpec, path: &Path<'_>, errors: &mut ErrorList) {
    let mut check = |field: &str, text: &str, rule: fn(&str) -> Vec<String>| {
        if !text.is_empty() {
            errors.all_invalid(&path.child(field), text, rule(text));
        }
    };
    check("serviceAccountName", &spec.service_account_name, names::dns_subdomain);
    check("nodeName", &spec.node_name, names::dns_subdomain);
    check("hostname", &spec.hostname, names::dns_label);
    check("subdomain", &spec.subdomain, names::dns_label);
    check("priorityClassName", &spec.priority_class_name, names::dns_subdomain);
    if let Some(name) = &spec.runtime_class_name {
        errors.all_invalid(&path.child("runtimeClassName"), name, names::dns_subdomain(name));
    }
}

/// Checks a preemption policy.
pub(in crate::admission) fn validate_preemption_policy(policy: &str, path: &Path<'_>, errors: &mut ErrorList) {
    const POLICIES: &[&str] = &["PreemptLowerPriority", "Never"];
    if !POLICIES.contains(&policy) {
        errors.not_supported(path, policy, POLICIES);
    }
}

fn validate_volumes(volumes: &[Volume], path: &Path<'_>, errors: &mut ErrorList) {
    for (index, volume) in volumes.iter().enumerate() {
        let path = path.index(index);
        let name = path.child("name");
        match volume.name.as_str() {
            "" => errors.required(&name, ""),
            text => errors.all_invalid(&name, text, names::dns_label(text)),
        }
        if !volume.name.is_empty() && volumes[..index].iter().any(|earlier| earlier.name == volume.name) {
            errors.duplicate(&name, &volume.name, "");
        }
        if volume.persistent_volume_claim.as_ref().is_some_and(|claim| claim.claim_name.is_empty()) {
            errors.required(&path.child("persistentVolumeClaim").child("claimName"), "");
        }
        if volume.empty_dir.as_ref().and_then(|scratch| scratch.size_limit).is_some_and(|limit| limit.is_negative()) {
            let path = path.child("emptyDir");
            errors.forbidden(&path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
        }
    }
}

fn validate_containers(spec: &PodSpec, path: &Path<'_>, errors: &mut ErrorList) {
    let here = path.child("containers");
    if spec.containers.is_empty() {
        errors.required(&here, "");
    }
    for (index, container) in spec.containers.iter().enumerate() {
        let path = here.index(index);
        validate_container(container, &path, errors);
        if spec.containers[..index].iter().any(|earlier| earlier.name == container.name) {
            errors.duplicate(&path.child("name"), &container.name, "");
        }
    }
    validate_host_ports(&spec.containers, &here, errors);
    validate_init_containers(spec, &path.child("initContainers"), errors);
}

fn validate_init_containers(spec: &PodSpec, here: &Path<'_>, errors: &mut ErrorList) {
    for (index, container) in spec.init_containers.iter().enumerate() {
        let path = here.index(index);
        validate_container(container, &path, errors);
        let mut earlier = spec.containers.iter().chain(&spec.init_containers[..index]);
        if earlier.any(|earlier| earlier.name == container.name) {
            errors.duplicate(&path.child("name"), &container.name, "");
        }
        // init containers run one by one, so ports collide only within one; the path is upstream's own
        validate_host_ports(std::slice::from_ref(container), here, errors);
        if !is_sidecar(container) {
            let probes = [("readinessProbe", container.readiness_probe.is_some()), ("startupProbe", container.startup_probe.is_some())];
            for (field, _) in probes.into_iter().filter(|(_, is_set)| *is_set) {
                errors.forbidden(&path.child(field), "may not be set for init containers without restartPolicy=Always");
            }
        }
    }
}

fn validate_container(container: &Container, path: &Path<'_>, errors: &mut ErrorList) {
    match container.name.as_str() {
        "" => errors.required(&path.child("name"), ""),
        name => errors.all_invalid(&path.child("name"), name, names::dns_label(name)),
    }
    if let Some(policy) = container.restart_policy.as_deref().filter(|policy| !RESTART_POLICIES.contains(policy)) {
        errors.not_supported(&path.child("restartPolicy"), policy, &["Always", "Never", "OnFailure"]);
    }
    let ports = path.child("ports");
    for (index, port) in container.ports.iter().enumerate() {
        validate_port(port, &container.ports[..index], &ports.index(index), errors);
    }
    validate_container_resources(&container.resources, &path.child("resources"), errors);
}

fn validate_port(port: &ContainerPort, earlier: &[ContainerPort], path: &Path<'_>, errors: &mut ErrorList) {
    if !port.name.is_empty() {
        let wrong = names::port_name(&port.name);
        if wrong.is_empty() && earlier.iter().any(|earlier| earlier.name == port.name) {
            errors.duplicate(&path.child("name"), &port.name, "");
        }
        errors.all_invalid(&path.child("name"), &port.name, wrong);
    }
    match port.container_port {
        0 => errors.required(&path.child("containerPort"), ""),
        number => names::port_number(number).into_iter().for_each(|why| errors.invalid(&path.child("containerPort"), number, why)),
    }
    if let Some(why) = names::port_number(port.host_port).filter(|_| port.host_port != 0) {
        errors.invalid(&path.child("hostPort"), port.host_port, why);
    }
    if !["TCP", "UDP", "SCTP"].contains(&port.protocol.as_str()) {
        errors.not_supported(&path.child("protocol"), &port.protocol, &["SCTP", "TCP", "UDP"]);
    }
}

fn validate_host_ports(containers: &[Container], path: &Path<'_>, errors: &mut ErrorList) {
    let mut taken: Vec<String> = Vec::new();
    for (place, container) in containers.iter().enumerate() {
        let here = path.index(place);
        let ports = here.child("ports");
        for (index, port) in container.ports.iter().enumerate().filter(|(_, port)| port.host_port != 0) {
            let key = format!("{}/{}/{}", port.protocol, port.host_ip, port.host_port);
            match taken.contains(&key) {
                true => errors.duplicate(&ports.index(index).child("hostPort"), &key, ""),
                false => taken.push(key),
            }
        }
    }
}

fn validate_host_network(containers: &[Container], is_pod: bool, path: &Path<'_>, errors: &mut ErrorList) {
    for (place, container) in containers.iter().enumerate() {
        let here = path.index(place);
        let ports = here.child("ports");
        for (index, port) in container.ports.iter().enumerate() {
            if (is_pod || port.host_port != 0) && port.host_port != port.container_port {
                let path = ports.index(index);
                let detail = "must match `containerPort` when `hostNetwork` is true";
                errors.invalid(&path.child("hostPort"), port.host_port, detail);
            }
        }
    }
}
