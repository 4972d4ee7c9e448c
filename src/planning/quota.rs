//! What the quotas of namespaces hold: now, with every autoscaler at its most, and while everything is rolled out at once.
//!
//! Promise: what is used is counted by the API server's own evaluators over the pods that there would be, and who is refused
//! first is what that server says when they are created in order. A demand may be above the bound: that is the answer.
//!
//! Quotas with scopes are counted like any other; only those without are added up against the cluster's capacity.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::admission::{self, Admitted, ApiServer, Counted};
use crate::controllers::horizontal_pod_autoscaler::assume::Assumption;
use crate::controllers::rollout_peak::rollout_peak;
use crate::controllers::scale_down::WorkloadKey;
use crate::controllers::{self};
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::{Pod, ResourceList};
use crate::manifest::policy::ResourceQuota;
use crate::manifest::resource::Resource;
use crate::manifest::{Objects, Quantity};

/// The quotas of an input.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quotas {
    /// One line for each bound of each quota, by namespace, name and resource.
    pub bounds: Vec<Bound>,
    /// Who is refused first with every autoscaler at its most, by namespace.
    pub first_at_most: Vec<FirstRefused>,
    /// Who is refused first while everything is rolled out, by namespace.
    pub first_in_rollout: Vec<FirstRefused>,
    /// What all quotas promise together, against what there is.
    pub promises: Vec<Promise>,
    /// Namespaces that have pods and no quota.
    pub unbounded: usize,
}

/// A bound of a quota, and what is used of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// Namespace of the quota.
    pub namespace: String,
    /// Name of the quota.
    pub quota: String,
    /// What is bounded, such as `requests.cpu`.
    pub resource: String,
    /// The bound.
    pub hard: Quantity,
    /// What is used now.
    pub now: Quantity,
    /// What would be used with every autoscaler at its most.
    pub at_most: Quantity,
    /// What would be used while everything is rolled out at once, with the replicas of now.
    pub in_rollout: Quantity,
}

/// The first pod of a namespace that a quota refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstRefused {
    /// Namespace.
    pub namespace: String,
    /// What it would belong to, `Kind/name`.
    pub workload: String,
    /// What the API server says, without the pod's name.
    pub message: String,
}

/// What all quotas promise of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Promise {
    /// The resource, such as `requests.cpu`.
    pub resource: String,
    /// The bounds of all quotas together.
    pub promised: Quantity,
    /// What all nodes together can give.
    pub allocatable: Quantity,
}

/// The part of an input that quotas are about, as it was written: namespaces with quotas, and what is in no namespace.
#[derive(Debug, Clone, Default)]
pub struct Bounded {
    objects: Objects,
}

macro_rules! namespaced {
    ($objects:ident, $each:expr) => {
        namespaced!(@ $objects $each; pods deployments replica_sets replication_controllers stateful_sets daemon_sets jobs cron_jobs services ingresses
            persistent_volume_claims pod_disruption_budgets resource_quotas limit_ranges horizontal_pod_autoscalers prometheus_rules
            others)
    };
    (@ $objects:ident $each:expr; $($field:ident)*) => { $( $each(&mut $objects.$field); )* };
}

impl Bounded {
    /// What quotas are about among objects as they were read; none if there are no quotas.
    pub fn of(objects: &Objects) -> Option<Self> {
        let namespaces: BTreeSet<&str> = objects.resource_quotas.iter().map(|quota| quota.metadata.namespace_or_default()).collect();
        if namespaces.is_empty() {
            return None;
        }
        // the vectors that are large in a dump are not copied whole
        let pods = objects.pods.iter().filter(|pod| namespaces.contains(pod.metadata.namespace_or_default())).cloned().collect();
        let sets = objects.replica_sets.iter().filter(|set| namespaces.contains(set.metadata.namespace_or_default())).cloned().collect();
        let mut own = Objects {
            pods,
            replica_sets: sets,
            nodes: objects.nodes.clone(),
            namespaces: objects.namespaces.clone(),
            deployments: objects.deployments.clone(),
            replication_controllers: objects.replication_controllers.clone(),
            stateful_sets: objects.stateful_sets.clone(),
            daemon_sets: objects.daemon_sets.clone(),
            jobs: objects.jobs.clone(),
            cron_jobs: objects.cron_jobs.clone(),
            services: objects.services.clone(),
            ingresses: objects.ingresses.clone(),
            persistent_volume_claims: objects.persistent_volume_claims.clone(),
            storage_classes: objects.storage_classes.clone(),
            pod_disruption_budgets: objects.pod_disruption_budgets.clone(),
            priority_classes: objects.priority_classes.clone(),
            runtime_classes: objects.runtime_classes.clone(),
            resource_quotas: objects.resource_quotas.clone(),
            limit_ranges: objects.limit_ranges.clone(),
            horizontal_pod_autoscalers: objects.horizontal_pod_autoscalers.clone(),
            prometheus_rules: objects.prometheus_rules.clone(),
            others: objects.others.clone(),
            ..Objects::default()
        };
        namespaced!(own, |list| keep(list, &namespaces));
        Some(Bounded { objects: own })
    }

    /// The answer, for a cluster whose objects, as they are now, are `now`.
    pub fn quotas(&self, now: &Objects) -> Quotas {
        let most = self.demand();
        let surge = surge(now);
        let used = |objects: &Objects, extra: &[(Pod, i32)]| used(objects, extra);
        let (at_now, at_most, in_rollout) = (used(now, &[]), used(&most, &[]), used(now, &surge));
        let mut bounds = Vec::new();
        for (key, quota) in &at_now {
            let of = |state: &BTreeMap<(String, String), ResourceQuota>, resource: &str| {
                state.get(key).and_then(|quota| quota.status.used.get(resource)).copied().unwrap_or_default()
            };
            bounds.extend(quota.spec.hard.iter().map(|(resource, hard)| Bound {
                namespace: key.0.clone(),
                quota: key.1.clone(),
                resource: resource.clone(),
                hard: *hard,
                now: of(&at_now, resource),
                at_most: of(&at_most, resource),
                in_rollout: of(&in_rollout, resource),
            }));
        }
        Quotas {
            bounds,
            first_at_most: refused_at_most(now, &most),
            first_in_rollout: refused_first(now, now, surge),
            promises: promises(now),
            unbounded: unbounded(now),
        }
    }

    /// Everything that would be there with every autoscaler at its most, if nothing were refused.
    pub(super) fn demand(&self) -> Objects {
        let mut objects = self.objects.clone();
        // what admission remarks on is said where the input is read
        _ = admission::horizontal_pod_autoscaler::admit(&mut objects);
        _ = controllers::expand_autoscaled(&mut objects, &Assumption::Max);
        _ = admission::admit(&mut objects);
        objects
    }
}

/// The first pod of each namespace that is refused when autoscalers go from the replicas of now to their most.
fn refused_at_most(now: &Objects, most: &Objects) -> Vec<FirstRefused> {
    let there: BTreeSet<(&str, &str)> =
        now.pods.iter().map(|pod| (pod.metadata.namespace_or_default(), pod.metadata.name.as_str())).collect();
    let scaled = scaled_workloads(most);
    let is_new = |pod: &&Pod| !there.contains(&(pod.metadata.namespace_or_default(), pod.metadata.name.as_str()));
    let grown =
        most.pods.iter().filter(is_new).filter(|pod| scaled.contains(&(pod.metadata.namespace_or_default(), workload_of(most, pod))));
    refused_first(now, most, grown.map(|pod| (pod.clone(), 1)).collect())
}

/// What autoscalers scale: namespace, and `Kind/name`.
fn scaled_workloads(objects: &Objects) -> BTreeSet<(&str, String)> {
    let scaled = objects.horizontal_pod_autoscalers.iter().map(|hpa| {
        let target = &hpa.spec.scale_target_ref;
        (hpa.metadata.namespace_or_default(), format!("{}/{}", target.kind, target.name))
    });
    scaled.collect()
}

fn keep<T: Resource>(list: &mut Vec<T>, namespaces: &BTreeSet<&str>) {
    list.retain(|object| namespaces.contains(object.metadata().namespace_or_default()));
}

/// The Deployment of a pod's ReplicaSet, or else its owner, or else the pod.
fn workload_of(objects: &Objects, pod: &Pod) -> String {
    let Some(owner) = pod.metadata.controller() else { return format!("Pod/{}", pod.metadata.name) };
    let above = objects
        .replica_sets
        .iter()
        .filter(|_| owner.kind == "ReplicaSet")
        .find(|set| set.metadata.name == owner.name && set.metadata.namespace_or_default() == pod.metadata.namespace_or_default());
    let owner = above.and_then(|set| set.metadata.controller()).unwrap_or(owner);
    format!("{}/{}", owner.kind, owner.name)
}

/// The pods that there are in excess while every workload of a namespace with quotas is rolled out: one like them, and how many.
pub(super) fn surge(objects: &Objects) -> Vec<(Pod, i32)> {
    let namespaces: BTreeSet<&str> = objects.resource_quotas.iter().map(|quota| quota.metadata.namespace_or_default()).collect();
    let deployment_of: FxHashMap<(&str, &str), &str> = objects
        .replica_sets
        .iter()
        .filter_map(|set| {
            Some(((set.metadata.namespace_or_default(), set.metadata.name.as_str()), set.metadata.controller()?.name.as_str()))
        })
        .collect();
    let key = |pod: &Pod| {
        let owner = pod.metadata.controller()?;
        let namespace = pod.metadata.namespace_or_default();
        let deployment = deployment_of.get(&(namespace, owner.name.as_str())).filter(|_| owner.kind == "ReplicaSet");
        let (kind, name) = deployment.map_or((owner.kind.as_str(), owner.name.as_str()), |name| ("Deployment", name));
        Some(WorkloadKey { namespace: namespace.to_owned(), kind: kind.to_owned(), name: name.to_owned() })
    };
    let mut example: FxHashMap<WorkloadKey, &Pod> = FxHashMap::default();
    for pod in objects.pods.iter().filter(|pod| namespaces.contains(pod.metadata.namespace_or_default()) && !pod.is_terminal()) {
        if let Some(key) = key(pod) {
            example.insert(key, pod);
        }
    }
    let peaks = rollout_peak(objects).into_iter().filter(|peak| peak.peak > peak.replicas);
    peaks.filter_map(|peak| Some(((*example.get(&peak.workload)?).clone(), peak.peak - peak.replicas))).collect()
}

/// Tells a server of everything in namespaces with quotas.
pub(super) fn server(objects: &Objects) -> ApiServer {
    let mut server = ApiServer::of_partly_known_cluster();
    let namespaces: BTreeSet<&str> = objects.resource_quotas.iter().map(|quota| quota.metadata.namespace_or_default()).collect();
    adopt(&mut server, &objects.resource_quotas, &namespaces);
    adopt(&mut server, &objects.limit_ranges, &namespaces);
    objects.priority_classes.iter().for_each(|class| server.adopt(class));
    objects.runtime_classes.iter().for_each(|class| server.adopt(class));
    adopt(&mut server, &objects.deployments, &namespaces);
    adopt(&mut server, &objects.replica_sets, &namespaces);
    adopt(&mut server, &objects.replication_controllers, &namespaces);
    adopt(&mut server, &objects.stateful_sets, &namespaces);
    adopt(&mut server, &objects.daemon_sets, &namespaces);
    adopt(&mut server, &objects.jobs, &namespaces);
    adopt(&mut server, &objects.cron_jobs, &namespaces);
    adopt(&mut server, &objects.pod_disruption_budgets, &namespaces);
    adopt(&mut server, &objects.horizontal_pod_autoscalers, &namespaces);
    adopt(&mut server, &objects.ingresses, &namespaces);
    adopt(&mut server, &objects.prometheus_rules, &namespaces);
    adopt(&mut server, &objects.others, &namespaces);
    server
}

fn adopt<T: Admitted>(server: &mut ApiServer, list: &[T], namespaces: &BTreeSet<&str>) {
    list.iter().filter(|object| namespaces.contains(object.metadata().namespace_or_default())).for_each(|object| server.adopt(object));
}

/// Counts what a namespace uses, with some pods in addition.
fn recount(server: &mut ApiServer, objects: &Objects, extra: &[(Pod, i32)]) {
    let namespaces: BTreeSet<&str> = objects.resource_quotas.iter().map(|quota| quota.metadata.namespace_or_default()).collect();
    for namespace in namespaces {
        let is_here = move |metadata: &ObjectMeta| metadata.namespace_or_default() == namespace;
        let more = extra.iter().flat_map(|(pod, count)| std::iter::repeat_n(pod, usize::try_from(*count).unwrap_or(0)));
        let pods = objects.pods.iter().chain(more).filter(move |pod| is_here(&pod.metadata));
        let counted = Counted {
            pods: Box::new(pods),
            claims: Box::new(objects.persistent_volume_claims.iter().filter(move |claim| is_here(&claim.metadata))),
            services: Box::new(objects.services.iter().filter(move |service| is_here(&service.metadata))),
            others: BTreeMap::new(),
            now_seconds: None,
        };
        server.recount(namespace, counted);
    }
}

/// What every quota, by namespace and name, has used of its bounds, with some pods in addition.
pub(super) fn used(objects: &Objects, extra: &[(Pod, i32)]) -> BTreeMap<(String, String), ResourceQuota> {
    let mut server = server(objects);
    recount(&mut server, objects, extra);
    let key = |quota: &ResourceQuota| (quota.metadata.namespace_or_default().to_owned(), quota.metadata.name.clone());
    server.quotas().map(|quota| (key(quota), quota.clone())).collect()
}

/// The first pod of each namespace that is refused when so many more pods like these are created one after another, beside what
/// there is now. `objects` knows whose pods they are.
fn refused_first(now: &Objects, objects: &Objects, more: Vec<(Pod, i32)>) -> Vec<FirstRefused> {
    let mut server = server(now);
    recount(&mut server, now, &[]);
    let mut first: BTreeMap<String, FirstRefused> = BTreeMap::new();
    for (like, count) in more {
        let namespace = like.metadata.namespace_or_default().to_owned();
        for number in 0..count {
            let mut pod = like.clone();
            pod.metadata.name = format!("{}-surge-{number}", like.metadata.name);
            if let Err(refusal) = server.create(pod) {
                let workload = workload_of(objects, &like);
                let message = refusal.message.split_once(" is forbidden: ").map_or(refusal.message.as_str(), |(_, why)| why).to_owned();
                first.entry(namespace.clone()).or_insert(FirstRefused { namespace: namespace.clone(), workload, message });
                break;
            }
        }
    }
    first.into_values().collect()
}

/// Who is refused in these namespaces when each workload is rolled out by itself, with nothing else on the move.
pub fn refused_alone(objects: &Objects, namespaces: &BTreeSet<&str>) -> Vec<FirstRefused> {
    let of_them = |(pod, _): &(Pod, i32)| namespaces.contains(pod.metadata.namespace_or_default());
    surge(objects).into_iter().filter(of_them).flat_map(|more| refused_first(objects, objects, vec![more])).collect()
}

/// What quotas bound under two names.
fn canonical(resource: &str) -> &str {
    match resource {
        "cpu" => "requests.cpu",
        "memory" => "requests.memory",
        "ephemeral-storage" => "requests.ephemeral-storage",
        other => other,
    }
}

/// The bounds of all quotas without scopes together, of what nodes have; the smallest where a namespace has several.
fn promises(objects: &Objects) -> Vec<Promise> {
    let mut tightest: BTreeMap<(&str, &str), Quantity> = BTreeMap::new();
    for quota in objects.resource_quotas.iter().filter(|quota| quota.spec.scopes.is_empty() && quota.spec.scope_selector.is_none()) {
        for (resource, hard) in &quota.spec.hard {
            let bound = tightest.entry((canonical(resource), quota.metadata.namespace_or_default())).or_insert(*hard);
            *bound = (*bound).min(*hard);
        }
    }
    let mut sums: BTreeMap<&str, Quantity> = BTreeMap::new();
    for ((resource, _), hard) in tightest {
        let sum = sums.entry(resource).or_default();
        *sum = sum.checked_add(hard).unwrap_or(*sum);
    }
    let with_capacity = |(resource, promised): (&str, Quantity)| {
        let name = resource.strip_prefix("requests.").or(resource.strip_prefix("limits.")).unwrap_or(resource);
        let is_of_nodes = resource == "pods" || name != resource && name != "storage" && !name.ends_with(".storage");
        let allocatable = is_of_nodes.then(|| allocatable(objects, name)).flatten()?;
        Some(Promise { resource: resource.to_owned(), promised, allocatable })
    };
    sums.into_iter().filter_map(with_capacity).collect()
}

/// What all nodes can give of a resource; none if no node has any.
fn allocatable(objects: &Objects, resource: &str) -> Option<Quantity> {
    let lists = objects.nodes.iter().map(|node| &node.status.allocatable);
    let amounts = lists.filter_map(|list: &ResourceList| list.get(resource).copied());
    amounts.reduce(|sum, amount| sum.checked_add(amount).unwrap_or(sum))
}

fn unbounded(objects: &Objects) -> usize {
    let bounded: BTreeSet<&str> = objects.resource_quotas.iter().map(|quota| quota.metadata.namespace_or_default()).collect();
    let with_pods: BTreeSet<&str> =
        objects.pods.iter().filter(|pod| !pod.is_terminal()).map(|pod| pod.metadata.namespace_or_default()).collect();
    with_pods.difference(&bounded).count()
}
