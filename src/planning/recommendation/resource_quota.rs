//! The smallest quotas that admit everything: with every autoscaler at its most, while everything is rolled out at once.
//!
//! What is used then is counted by the API server's own evaluators, as if every pod were made anew, so that defaults apply to it; that is
//! the bound. A quota that is there keeps its name, its scopes and what it bounds. A namespace without one gets a quota on requests, on
//! memory limits, on cpu limits only if all containers have them (a bound on limits makes them a duty), on pods, and on storage if it has
//! claims.
//!
//! Pods that are being deleted count for a quota until they are gone; how many there are at once depends on how long they take to end,
//! so they are not counted. One run of each CronJob is.

use std::collections::{BTreeMap, BTreeSet};

use crate::admission;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::{Pod, ResourceList};
use crate::manifest::policy::{ResourceQuota, ResourceQuotaSpec};
use crate::manifest::{Objects, Quantity};
use crate::planning::quota::{self, Bounded};

/// Name of what is recommended where there is no quota.
const NAME: &str = "namespace-quota";
/// What a new quota bounds.
const COUNTED: [&str; 7] =
    ["requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "pods", "persistentvolumeclaims", "requests.storage"];
/// A bound on one of these refuses containers that do not say it.
const DUTY: [(&str, &str, bool); 4] =
    [("requests.cpu", "cpu", false), ("requests.memory", "memory", false), ("limits.cpu", "cpu", true), ("limits.memory", "memory", true)];

/// A quota that is recommended.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaAdvice {
    /// It, complete.
    pub object: ResourceQuota,
    /// Whether the namespace has it already, with other bounds or the same.
    pub is_there: bool,
    /// Its bounds, by resource.
    pub lines: Vec<QuotaLine>,
    /// How many pods there are at the peak.
    pub pods: usize,
    /// What the API server says of the first pod that it refuses with this; none if it admits all of them.
    pub refused: Option<String>,
}

/// A bound that is recommended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaLine {
    /// What is bounded, such as `requests.cpu`.
    pub resource: String,
    /// The bound that is there.
    pub present: Option<Quantity>,
    /// Used now, with the replicas of now.
    pub now: Quantity,
    /// Used with every autoscaler at its most.
    pub at_most: Quantity,
    /// Used with every autoscaler at its most while everything is rolled out: the bound that is recommended.
    pub at_peak: Quantity,
}

/// For every namespace that is not the system's.
pub(super) fn advise(objects: &Objects) -> Vec<QuotaAdvice> {
    let counting = with_counters(objects);
    let Some(bounded) = Bounded::of(&counting) else { return Vec::new() };
    let now = made_anew(counting);
    let most = made_anew(bounded.demand());
    let surge = quota::surge(&most);
    let (at_now, at_most, at_peak) = (quota::used(&now, &[]), quota::used(&most, &[]), quota::used(&most, &surge));
    let mut advice = Vec::new();
    for quota in most.resource_quotas.iter().filter(|quota| !quota.metadata.namespace_or_default().starts_with("kube-")) {
        let key = (quota.metadata.namespace_or_default().to_owned(), quota.metadata.name.clone());
        let of = |state: &BTreeMap<(String, String), ResourceQuota>, resource: &str| {
            state.get(&key).and_then(|own| own.status.used.get(resource)).copied()
        };
        let is_there = objects.resource_quotas.iter().any(|own| same(&own.metadata, &quota.metadata));
        let wanted = |resource: &str, peak: Quantity| is_there || !peak.is_zero() && is_said_by_all(&most.pods, &key.0, resource);
        let line = |(resource, hard): (&String, &Quantity)| {
            let peak = of(&at_peak, resource).filter(|peak| wanted(resource, *peak))?;
            let present = is_there.then_some(*hard);
            let (now, at_most) = (of(&at_now, resource).unwrap_or_default(), of(&at_most, resource).unwrap_or_default());
            Some(QuotaLine { resource: resource.clone(), present, now, at_most, at_peak: peak })
        };
        let lines: Vec<QuotaLine> = quota.spec.hard.iter().filter_map(line).collect();
        if lines.is_empty() {
            continue;
        }
        let hard: ResourceList = lines.iter().map(|line| (line.resource.clone(), line.at_peak)).collect();
        let metadata = ObjectMeta { name: key.1.clone(), namespace: key.0.clone(), ..ObjectMeta::default() };
        let object = ResourceQuota { metadata, spec: ResourceQuotaSpec { hard, ..quota.spec.clone() }, ..ResourceQuota::default() };
        advice.push(QuotaAdvice { object, is_there, lines, pods: 0, refused: None });
    }
    prove(&most, &surge, &mut advice);
    advice.sort_by(|one, other| place(&one.object).cmp(&place(&other.object)));
    advice
}

fn place(quota: &ResourceQuota) -> (&str, &str) {
    (quota.metadata.namespace_or_default(), &quota.metadata.name)
}

fn same(one: &ObjectMeta, other: &ObjectMeta) -> bool {
    (one.namespace_or_default(), &one.name) == (other.namespace_or_default(), &other.name)
}

/// The objects, and in every namespace without a quota one that counts and bounds nothing.
fn with_counters(objects: &Objects) -> Objects {
    let mut counting = objects.clone();
    let bounded: BTreeSet<&str> = objects.resource_quotas.iter().map(|quota| quota.metadata.namespace_or_default()).collect();
    for namespace in super::namespaces(objects).difference(&bounded) {
        let extended = objects.pod_specs().filter(|(metadata, _)| metadata.namespace_or_default() == *namespace);
        let extended = extended.flat_map(|(_, spec)| spec.init_containers.iter().chain(&spec.containers));
        let extended = extended.flat_map(|container| container.resources.requests.keys().chain(container.resources.limits.keys()));
        let extended = extended.filter(|name| name.contains('/')).map(|name| format!("requests.{name}"));
        let hard = COUNTED.iter().map(|name| (*name).to_owned()).chain(extended).map(|name| (name, Quantity::from_units(i64::MAX)));
        let metadata = ObjectMeta { name: NAME.to_owned(), namespace: (*namespace).to_owned(), ..ObjectMeta::default() };
        let spec = ResourceQuotaSpec { hard: hard.collect(), ..ResourceQuotaSpec::default() };
        counting.resource_quotas.push(ResourceQuota { metadata, spec, ..ResourceQuota::default() });
    }
    counting
}

/// Pods as they would be if they were created again: what limit ranges give them now, they get.
fn made_anew(mut objects: Objects) -> Objects {
    for pod in &mut objects.pods {
        pod.metadata.creation_timestamp = None;
        pod.metadata.annotations.remove("kubernetes.io/limit-ranger");
        pod.spec.node_name.clear();
    }
    // what admission remarks on is said where the input is read
    _ = admission::admit(&mut objects);
    objects
}

/// Whether every container of a namespace says what a bound makes a duty.
fn is_said_by_all(pods: &[Pod], namespace: &str, bound: &str) -> bool {
    let Some((_, resource, is_limit)) = DUTY.iter().find(|(name, ..)| *name == bound) else { return true };
    let pods = pods.iter().filter(|pod| pod.metadata.namespace_or_default() == namespace && !pod.is_terminal());
    let mut specs = pods.map(|pod| &pod.spec).filter(|spec| spec.resources.is_none());
    specs.all(|spec| {
        spec.init_containers.iter().chain(&spec.containers).all(|container| {
            let list = if *is_limit { &container.resources.limits } else { &container.resources.requests };
            list.contains_key(*resource)
        })
    })
}

/// Has the API server create every pod of the peak under the quotas that are recommended.
fn prove(most: &Objects, surge: &[(Pod, i32)], advice: &mut [QuotaAdvice]) {
    let mut proof = Objects { pods: Vec::new(), ..most.clone() };
    proof.resource_quotas = advice.iter().map(|advice| advice.object.clone()).collect();
    let mut server = quota::server(&proof);
    proof.persistent_volume_claims.iter().for_each(|claim| server.adopt(claim));
    proof.services.iter().for_each(|service| server.adopt(service));
    let extra = surge.iter().flat_map(|(pod, count)| (0..*count).map(move |number| (pod, format!("{}-surge-{number}", pod.metadata.name))));
    // what has ended is not made again
    let all = most.pods.iter().filter(|pod| !pod.is_terminal()).map(|pod| (pod, pod.metadata.name.clone())).chain(extra);
    for (like, name) in all {
        let namespace = like.metadata.namespace_or_default();
        let mut pod = like.clone();
        pod.metadata.name = name;
        let outcome = server.create(pod);
        for advice in advice.iter_mut().filter(|advice| advice.object.metadata.namespace == namespace) {
            advice.pods += 1;
            // what is refused for other reasons is refused whatever the quota
            let refusal =
                outcome.as_ref().err().filter(|refusal| refusal.message.contains(&format!("quota: {}", advice.object.metadata.name)));
            if let (None, Some(refusal)) = (&advice.refused, refusal) {
                advice.refused = Some(refusal.message.clone());
            }
        }
    }
}
