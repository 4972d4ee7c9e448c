//! Service replicas: what serves has a second pod to serve.
//!
//! Counted is every Service that leads to workloads which can have replicas (Deployments, StatefulSets, ReplicaSets, operators' own kinds,
//! and pods that nobody manages), by the ready pods of these workloads on nodes: of all of them, whichever of them the Service's selector
//! means at the moment (`role: primary`), and of all together, so that a canary of one beside a stable three is no single. Services that
//! lead to Jobs or static pods alone do not count, nor do those that lead to a DaemonSet, which has a pod on every node, nor those whose
//! endpoints somebody else fills. It holds when each of them has as many ready pods as are asked for. Where no Service of the input leads to
//! any such workload, because Services are not in the input, every workload that can have replicas counts by
//! itself.
//!
//! Remarks: workloads with a single replica that no Service leads to, and autoscalers that may take a service below the bound.

use std::collections::{BTreeMap, BTreeSet};

use super::Thresholds;
use crate::controllers::scale_down::WorkloadKey;
use crate::graph::Dependencies;
use crate::graph::dependencies::{Member, Reference, Relation, Role};
use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
use crate::simulation::loss::Baseline;

/// How many pods serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceReplicas {
    /// So many ready pods each service must have.
    pub target: usize,
    /// Groups of Services that lead to the same workloads; or workloads, if no Service is known.
    pub groups: usize,
    /// Whether a Service of the input leads to a workload that can have replicas.
    pub are_known: bool,
    /// Those that have too few pods.
    pub short: Vec<Group>,
    /// Remark: workloads that want a single replica, and that no Service leads to.
    pub single_aside: Vec<WorkloadKey>,
    /// Remark: autoscalers (`namespace/name`) of services that may go below the bound, and how far.
    pub may_shrink: Vec<(String, usize)>,
}

/// Services that lead to the same workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Their namespace.
    pub namespace: String,
    /// Their names; none for a workload that counts by itself.
    pub services: Vec<String>,
    /// The workloads.
    pub workloads: Vec<WorkloadKey>,
    /// Pods that the workloads want.
    pub wanted: usize,
    /// Pods of theirs on nodes.
    pub placed: usize,
    /// Those of them that are ready.
    pub ready: usize,
}

impl ServiceReplicas {
    /// Whether each service has enough.
    pub fn holds(&self) -> bool {
        self.short.is_empty()
    }
}

/// Kinds whose pods are not replicas that somebody could have more of.
const WITHOUT_REPLICAS: [&str; 4] = ["DaemonSet", "Job", "CronJob", "Node"];

pub(super) fn measure(objects: &Objects, baseline: &Baseline, thresholds: &Thresholds) -> ServiceReplicas {
    let cluster = baseline.cluster();
    let place = |pod| baseline.occupancy().node_of(pod).map(|node| cluster.node_name(node));
    let places: Vec<Option<&str>> = baseline.pods().map(place).collect();
    let dependencies = Dependencies::new(objects, &places);
    let wanted = wanted(objects);
    let mut groups = groups(&dependencies, &wanted);
    let are_known = !groups.is_empty();
    if !are_known {
        groups = alone(&dependencies, &wanted);
    }
    let serving: BTreeSet<&WorkloadKey> = groups.iter().flat_map(|group| &group.workloads).collect();
    let single_aside: Vec<WorkloadKey> =
        wanted.iter().filter(|(key, replicas)| **replicas == 1 && !serving.contains(key)).map(|(key, _)| key.clone()).collect();
    ServiceReplicas {
        target: thresholds.replicas,
        groups: groups.len(),
        are_known,
        single_aside,
        may_shrink: may_shrink(objects, &serving, thresholds.replicas),
        short: groups.iter().filter(|group| group.ready < thresholds.replicas).cloned().collect(),
    }
}

/// The Services that count, those with the same workloads together.
fn groups(dependencies: &Dependencies, wanted: &BTreeMap<WorkloadKey, usize>) -> Vec<Group> {
    let mut groups: BTreeMap<Vec<&Reference>, Group> = BTreeMap::new();
    for service in dependencies.members().filter(|member| member.role == Role::Service) {
        let leads = dependencies.needs(service);
        let workloads: Vec<&Member> = leads.iter().filter(|lead| lead.relation == Relation::SendsTo).map(|lead| lead.to).collect();
        let is_everywhere = workloads.iter().any(|workload| workload.reference.kind == "DaemonSet");
        let workloads: Vec<&Member> =
            workloads.into_iter().filter(|workload| !WITHOUT_REPLICAS.contains(&workload.reference.kind.as_str())).collect();
        if workloads.is_empty() || is_everywhere {
            continue;
        }
        let group = groups.entry(workloads.iter().map(|workload| &workload.reference).collect());
        let group = group.or_insert_with(|| group_of(&service.reference.namespace, &workloads, wanted));
        group.services.push(service.reference.name.clone());
    }
    groups.into_values().collect()
}

/// Every workload by itself; not pods that nobody manages, for those have no replicas.
fn alone(dependencies: &Dependencies, wanted: &BTreeMap<WorkloadKey, usize>) -> Vec<Group> {
    let can_have = |kind: &str| kind != "Pod" && !WITHOUT_REPLICAS.contains(&kind);
    let workloads = dependencies.members().filter(|member| member.role == Role::Workload && !member.is_missing);
    let workloads = workloads.filter(|member| can_have(&member.reference.kind));
    let groups = workloads.map(|member| group_of(&member.reference.namespace, &[member], wanted));
    // what is scaled to zero may be off for a reason, and nothing says that somebody asks for it
    groups.filter(|group| group.wanted > 0).collect()
}

fn group_of(namespace: &str, workloads: &[&Member], wanted: &BTreeMap<WorkloadKey, usize>) -> Group {
    let keys: Vec<WorkloadKey> = workloads.iter().map(|workload| key(&workload.reference)).collect();
    // what does not say how many pods it wants has as many as it wants
    let wants = |(key, workload): (&WorkloadKey, &&Member)| wanted.get(key).copied().unwrap_or(workload.pods);
    Group {
        namespace: namespace.to_owned(),
        services: Vec::new(),
        wanted: keys.iter().zip(workloads).map(wants).sum(),
        placed: workloads.iter().map(|workload| workload.pods).sum(),
        ready: workloads.iter().map(|workload| workload.ready).sum(),
        workloads: keys,
    }
}

fn key(reference: &Reference) -> WorkloadKey {
    let Reference { namespace, kind, name } = reference.clone();
    WorkloadKey { namespace, kind, name }
}

/// How many pods each workload wants that says so itself and is nobody's.
fn wanted(objects: &Objects) -> BTreeMap<WorkloadKey, usize> {
    let mut wanted = BTreeMap::new();
    let mut add = |kind: &str, metadata: &ObjectMeta, replicas: Option<i32>| {
        if metadata.controller().is_none() {
            let key = key(&Reference::new(kind, metadata.namespace_or_default(), &metadata.name));
            wanted.insert(key, usize::try_from(replicas.unwrap_or(1)).unwrap_or(0));
        }
    };
    objects.deployments.iter().for_each(|each| add("Deployment", &each.metadata, each.spec.replicas));
    objects.stateful_sets.iter().for_each(|each| add("StatefulSet", &each.metadata, each.spec.replicas));
    objects.replica_sets.iter().for_each(|each| add("ReplicaSet", &each.metadata, each.spec.replicas));
    objects.replication_controllers.iter().for_each(|each| add("ReplicationController", &each.metadata, each.spec.replicas));
    wanted
}

/// Autoscalers of what serves whose least is below the bound.
fn may_shrink(objects: &Objects, serving: &BTreeSet<&WorkloadKey>, bound: usize) -> Vec<(String, usize)> {
    let least = |hpa: &crate::manifest::autoscaling::HorizontalPodAutoscaler| {
        let (target, namespace) = (&hpa.spec.scale_target_ref, hpa.metadata.namespace_or_default());
        let least = usize::try_from(hpa.spec.min_replicas.unwrap_or(1)).unwrap_or(0);
        let is_serving = serving.contains(&key(&Reference::new(&target.kind, namespace, &target.name)));
        (is_serving && least < bound).then(|| (format!("{namespace}/{}", hpa.metadata.name), least))
    };
    objects.horizontal_pod_autoscalers.iter().filter_map(least).collect()
}
