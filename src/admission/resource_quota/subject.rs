//! What quotas count: pods, claims, services, and the number of everything else.
//!
//! Source: k8s.io/kubernetes/pkg/quota/v1/evaluator/core/{pods,persistent_volume_claims,services,registry}.go,
//! k8s.io/apiserver/pkg/quota/v1/generic/evaluator.go, v1.36.

use std::collections::{BTreeMap, BTreeSet};

use crate::admission::pod_resources::{Side, has_pod_level, of_pod};
use crate::admission::quality_of_service::quality_of_service;
use crate::admission::validation::resources::{is_extended, is_huge_pages, is_huge_pages_of_quota, is_native};
use crate::manifest::pod::{Pod, PodAffinityTerm, ResourceList};
use crate::manifest::policy::ScopedResourceSelectorRequirement;
use crate::manifest::quantity::Quantity;
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::Service;

const ONE: Quantity = Quantity::from_units(1);
/// Resources that quotas count under their bare name too.
const LEGACY: &[&str] = &["configmaps", "secrets", "replicationcontrollers", "resourcequotas"];
/// What quotas of pods are about.
const POD: &[&str] = &[
    "count/pods",
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
];
/// A quota on one of these makes it a duty of every container.
const DUTY: &[&str] = &["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];
const SERVICE: &[&str] = &["count/services", "services", "services.nodeports", "services.loadbalancers"];
const CLAIM: &[&str] = &["persistentvolumeclaims", "requests.storage"];
const BY_CLASS: &str = ".storageclass.storage.k8s.io/";
/// Resources of a bare cluster that quotas can count and that are not modelled here.
const OTHERS: &[&str] = &[
    "endpoints",
    "events",
    "podtemplates",
    "serviceaccounts",
    "controllerrevisions.apps",
    "leases.coordination.k8s.io",
    "endpointslices.discovery.k8s.io",
    "events.events.k8s.io",
    "ingresses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
    "roles.rbac.authorization.k8s.io",
    "csistoragecapacities.storage.k8s.io",
    "resourceclaims.resource.k8s.io",
    "resourceclaimtemplates.resource.k8s.io",
    "limitranges",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "jobs.batch",
    "cronjobs.batch",
    "poddisruptionbudgets.policy",
    "horizontalpodautoscalers.autoscaling",
];

/// Something that quotas count.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// A pod.
    Pod(&'a Pod),
    /// A claim.
    Claim(&'a PersistentVolumeClaim),
    /// A service.
    Service(&'a Service),
    /// Anything else, by its resource.
    Object(&'a str),
}

/// The resource that a quota's name only counts the objects of: `configmaps` of `count/configmaps` and of `configmaps`.
pub(super) fn object_of(name: &str) -> Option<&str> {
    let resource = name.strip_prefix("count/").unwrap_or_else(|| if LEGACY.contains(&name) { name } else { "" });
    (!["", "pods", "services", "persistentvolumeclaims"].contains(&resource)).then_some(resource)
}

/// Whether a server that nobody told of such objects knows the resource.
pub(super) fn is_known_resource(resource: &str) -> bool {
    LEGACY.contains(&resource) || OTHERS.contains(&resource)
}

/// Whether anything is measured in this.
pub(super) fn is_counted(name: &str) -> bool {
    match object_of(name) {
        Some(resource) => is_known_resource(resource),
        None => is_of_pod(name) || is_of_claim(name) || SERVICE.contains(&name),
    }
}

fn is_of_pod(name: &str) -> bool {
    let is_extended = !is_native(name) && name.starts_with("requests.");
    POD.contains(&name) || is_huge_pages_of_quota(name) || is_extended
}

fn is_of_claim(name: &str) -> bool {
    let by_class = |resource: &&str| name.strip_suffix(*resource).is_some_and(|head| head.ends_with(BY_CLASS));
    name == "count/persistentvolumeclaims" || CLAIM.contains(&name) || CLAIM.iter().any(by_class)
}

/// What a pod uses that has ended, or should have.
pub(super) fn usage_of_ended_pod() -> ResourceList {
    ResourceList::from_iter([("count/pods".to_owned(), ONE)])
}

impl Subject<'_> {
    /// Whether it is measured in this.
    pub fn is_measured_in(&self, name: &str) -> bool {
        match self {
            Subject::Pod(_) => is_of_pod(name),
            Subject::Claim(_) => is_of_claim(name),
            Subject::Service(_) => SERVICE.contains(&name),
            Subject::Object(resource) => object_of(name) == Some(resource),
        }
    }

    /// Whether a new version of it is charged with what it uses in addition.
    pub fn is_charged_again(&self) -> bool {
        matches!(self, Subject::Claim(_) | Subject::Service(_))
    }

    /// What it uses.
    pub fn usage(&self) -> ResourceList {
        match self {
            Subject::Pod(pod) if pod.is_terminal() => usage_of_ended_pod(),
            Subject::Pod(pod) => {
                let spec = &pod.spec;
                let mut usage = compute_usage(&of_pod(spec, Side::Requests), &of_pod(spec, Side::Limits));
                usage.insert("count/pods".to_owned(), ONE);
                usage
            }
            Subject::Claim(claim) => claim_usage(claim),
            Subject::Service(service) => service_usage(service),
            Subject::Object(resource) => {
                let mut usage = ResourceList::from_iter([(format!("count/{resource}"), ONE)]);
                if LEGACY.contains(resource) {
                    usage.insert((*resource).to_owned(), ONE);
                }
                usage
            }
        }
    }

    /// What its containers ought to ask for, with the containers that do not: `limits.cpu for: a,b; requests.cpu for: b`.
    pub fn lacks(&self, names: &[&str]) -> Option<String> {
        let Subject::Pod(pod) = self else { return None };
        if has_pod_level(&pod.spec) {
            return None;
        }
        let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for container in pod.spec.containers.iter().chain(&pod.spec.init_containers) {
            let own = compute_usage(&container.resources.requests, &container.resources.limits);
            for name in names.iter().filter(|name| DUTY.contains(name) && !own.contains_key(**name)) {
                missing.entry(name).or_default().insert(&container.name);
            }
        }
        let sentence = |(name, containers): (&&str, &BTreeSet<&str>)| {
            format!("{name} for: {}", containers.iter().copied().collect::<Vec<_>>().join(","))
        };
        (!missing.is_empty()).then(|| missing.iter().map(sentence).collect::<Vec<_>>().join("; "))
    }

    /// Whether it is in a scope.
    pub fn is_in(&self, scope: &ScopedResourceSelectorRequirement) -> bool {
        match self {
            Subject::Pod(pod) => is_pod_in(pod, scope),
            Subject::Claim(claim) if scope.scope_name == "VolumeAttributesClass" => {
                let names = [&claim.spec.volume_attributes_class_name, &claim.status.current_volume_attributes_class_name];
                let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).filter(|name| !name.is_empty()).collect();
                if names.is_empty() { selects(scope, None) } else { names.iter().any(|name| selects(scope, Some(name))) }
            }
            _ => false,
        }
    }
}

/// Whether the expression of a scope selects a name, or the lack of one.
fn selects(scope: &ScopedResourceSelectorRequirement, name: Option<&str>) -> bool {
    let is_listed = |name: &str| scope.values.iter().any(|value| value == name);
    match scope.operator.as_str() {
        "In" => name.is_some_and(is_listed),
        "NotIn" => !name.is_some_and(is_listed),
        "Exists" => name.is_some(),
        "DoesNotExist" => name.is_none(),
        _ => false,
    }
}

fn is_pod_in(pod: &Pod, scope: &ScopedResourceSelectorRequirement) -> bool {
    let is_terminating = pod.spec.active_deadline_seconds.is_some_and(|seconds| seconds >= 0);
    match scope.scope_name.as_str() {
        "Terminating" => is_terminating,
        "NotTerminating" => !is_terminating,
        "BestEffort" => quality_of_service(&pod.spec) == "BestEffort",
        "NotBestEffort" => quality_of_service(&pod.spec) != "BestEffort",
        "PriorityClass" => selects(scope, Some(pod.spec.priority_class_name.as_str()).filter(|name| !name.is_empty())),
        "CrossNamespacePodAffinity" => has_affinity_across_namespaces(pod),
        _ => false,
    }
}

fn has_affinity_across_namespaces(pod: &Pod) -> bool {
    let crosses = |term: &PodAffinityTerm| !term.namespaces.is_empty() || term.namespace_selector.is_some();
    let affinities = pod.spec.affinity.iter().flat_map(|affinity| [&affinity.pod_affinity, &affinity.pod_anti_affinity]).flatten();
    affinities.into_iter().any(|affinity| {
        let preferred = affinity.preferred_during_scheduling_ignored_during_execution.iter().map(|wish| &wish.pod_affinity_term);
        affinity.required_during_scheduling_ignored_during_execution.iter().chain(preferred).any(crosses)
    })
}

fn compute_usage(requests: &ResourceList, limits: &ResourceList) -> ResourceList {
    let mut usage = ResourceList::from_iter([("pods".to_owned(), ONE)]);
    for (name, amount) in requests {
        let is_plain = ["cpu", "memory", "ephemeral-storage"].contains(&name.as_str());
        if is_plain || is_huge_pages(name) {
            usage.insert(name.clone(), *amount);
        }
        if is_plain || is_huge_pages(name) || is_extended(name) {
            usage.insert(format!("requests.{name}"), *amount);
        }
    }
    for (name, amount) in limits.iter().filter(|(name, _)| ["cpu", "memory", "ephemeral-storage"].contains(&name.as_str())) {
        usage.insert(format!("limits.{name}"), *amount);
    }
    usage
}

fn claim_usage(claim: &PersistentVolumeClaim) -> ResourceList {
    const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
    let names = ["count/persistentvolumeclaims", "persistentvolumeclaims"];
    let mut usage = ResourceList::from_iter(names.map(|name| (name.to_owned(), ONE)));
    let class = claim.metadata.annotations.get(CLASS_ANNOTATION).or(claim.spec.storage_class_name.as_ref());
    let class = class.filter(|class| !class.is_empty());
    if let Some(class) = class {
        usage.insert(format!("{class}{BY_CLASS}persistentvolumeclaims"), ONE);
    }
    let requested = claim.spec.resources.requests.get("storage").copied();
    let Some(requested) =
        requested.map(|requested| requested.max(claim.status.allocated_resources.get("storage").copied().unwrap_or_default()))
    else {
        return usage;
    };
    let whole = Quantity::from_units(requested.units()).with_format(requested.format());
    if let Some(class) = class {
        usage.insert(format!("{class}{BY_CLASS}requests.storage"), whole);
    }
    usage.insert("requests.storage".to_owned(), whole);
    usage
}

fn service_usage(service: &Service) -> ResourceList {
    let ports = &service.spec.ports;
    let (node_ports, balancers) = match service.spec.r#type.as_str() {
        "NodePort" => (ports.len(), 0),
        "LoadBalancer" if service.spec.allocate_load_balancer_node_ports == Some(false) => {
            (ports.iter().filter(|port| port.node_port != 0).count(), 1)
        }
        "LoadBalancer" => (ports.len(), 1),
        _ => (0, 0),
    };
    ResourceList::from_iter([
        ("count/services".to_owned(), ONE),
        ("services".to_owned(), ONE),
        ("services.nodeports".to_owned(), Quantity::from_units(node_ports as i64)),
        ("services.loadbalancers".to_owned(), Quantity::from_units(balancers)),
    ])
}
