//! Requests and limits of every container from what was measured, within what policies and nodes allow.
//!
//! One container after another is sized by the [`Policy`] from the samples of all pods of its workload, those of older ReplicaSets among
//! them. Limit ranges, limits that quotas make a duty, and the largest node that takes the pod bound what comes out, and each bound that
//! does is named. What was not measured is left as it is and said to be so.
//!
//! Then the consequences, each by who decides in a cluster: replicas by the autoscaler's own arithmetic (utilisation is a share of the
//! request), quotas by the API server's evaluators, with every autoscaler at its most. [`Rightsizing::apply`] writes it into objects, so
//! that anything else can be asked of the cluster before and after.
//!
//! Promise: no answer depends on the order of the input or of the samples; memory is never below the highest sample with its margin,
//! unless a bound is named.
//!
//! To add a bound: a [`Reason`], and a line in `sizing` for one of containers, in `ceiling` for one of pods.
//!
//! What users of VPA, KRR and Goldilocks miss is the list to work from: kubernetes/autoscaler#4515, #6487, #7147 (more than any node has).

mod apply;
mod attribution;
mod autoscaling;
mod bounds;
mod ceiling;
mod observation;
mod policy;
mod sizing;
mod subject;
mod totals;

use rustc_hash::FxHashMap;

use crate::graph::dependencies::Reference;
use crate::manifest::pod::{Container, ResourceList};
use crate::manifest::{Objects, Quantity};
use crate::planning::quota::{Bound, Bounded};
use crate::usage::Usage;
use attribution::{Attribution, only_container};
pub use autoscaling::{AutoscalerEffect, Target};
pub(in crate::planning) use bounds::Bounds;
pub use observation::Observed;
pub use policy::{CpuLimit, Percentile, Policy, Resource};
use sizing::Case;
pub use sizing::{Reason, ResourceSizing, Setting};
pub use subject::{Changeable, ContainerKind};
pub(in crate::planning) use subject::{Subject, subjects};
pub use totals::{NamespaceTotals, pod_total};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The objects, with the pods that controllers make of them.
    pub objects: &'a Objects,
    /// What was measured.
    pub usage: &'a Usage,
    /// What to go by.
    pub policy: &'a Policy,
}

/// What every container should ask for, and what comes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rightsizing {
    /// What it goes by.
    pub policy: Policy,
    /// Workloads, and pods that no workload of the input makes, by namespace, name and kind.
    pub workloads: Vec<WorkloadSizing>,
    /// How many samples there are in all.
    pub samples: usize,
    /// Measured pods that belong to nothing in the input, `namespace/name`.
    pub unknown_pods: Vec<String>,
    /// What it does to autoscaled replicas.
    pub autoscalers: Vec<AutoscalerEffect>,
    /// What all pods of a namespace ask for, before and after, by namespace.
    pub totals: Vec<NamespaceTotals>,
    /// Bounds of quotas that would be exceeded, with the replicas of now or with every autoscaler at its most.
    pub quotas: Vec<QuotaExcess>,
}

/// The containers of a workload.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkloadSizing {
    /// Which.
    pub workload: Reference,
    /// How it is given other requests.
    pub changeable: Changeable,
    /// How many pods of it there are that have not ended.
    pub pods: usize,
    /// Its containers, those that init first.
    pub containers: Vec<ContainerSizing>,
    /// Measured containers that its template does not have: something adds them to its pods.
    pub injected: Vec<String>,
}

/// A container.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerSizing {
    /// Its name.
    pub name: String,
    /// What it is to its pod.
    pub kind: ContainerKind,
    /// Its cpu and its memory.
    pub resources: [ResourceSizing; 2],
}

/// A bound of a quota that the recommendation exceeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaExcess {
    /// Namespace.
    pub namespace: String,
    /// Name of the quota.
    pub quota: String,
    /// What is bounded, such as `requests.cpu`.
    pub resource: String,
    /// The bound.
    pub hard: Quantity,
    /// What is used with the replicas of now, before and after.
    pub now: (Quantity, Quantity),
    /// What is used with every autoscaler at its most, before and after.
    pub at_most: (Quantity, Quantity),
}

impl QuotaExcess {
    /// Whether it is the recommendation that exceeds it: with the replicas of now, or with those at most, it was not exceeded before.
    pub fn is_new(&self) -> bool {
        [self.now, self.at_most].iter().any(|(before, after)| *before <= self.hard && *after > self.hard)
    }
}

impl ContainerSizing {
    /// Whether something should be written that is not there.
    pub fn is_changed(&self) -> bool {
        self.resources.iter().any(ResourceSizing::is_changed)
    }
}

impl WorkloadSizing {
    /// Whether something should be written that is not there.
    pub fn is_changed(&self) -> bool {
        self.containers.iter().any(ContainerSizing::is_changed)
    }
}

impl Rightsizing {
    /// Every container with its workload.
    pub fn containers(&self) -> impl Iterator<Item = (&WorkloadSizing, &ContainerSizing)> {
        self.workloads.iter().flat_map(|workload| workload.containers.iter().map(move |container| (workload, container)))
    }

    /// Whether every container gets what it needs: no bound leaves less than what was measured with its margin, and no quota is exceeded that was not before.
    pub fn is_met(&self) -> bool {
        !self.quotas.iter().any(QuotaExcess::is_new)
            && !self.containers().any(|(_, container)| container.resources.iter().any(ResourceSizing::is_short))
    }
}

/// Answers it.
pub fn rightsize(question: &Question<'_>) -> Rightsizing {
    let Question { objects, usage, policy } = *question;
    let subjects = subjects(objects);
    let attribution = Attribution::new(&subjects, objects, usage);
    let mut namespaces = Namespaces { objects, known: FxHashMap::default() };
    let mut workloads: Vec<WorkloadSizing> = Vec::new();
    for (number, subject) in subjects.iter().enumerate() {
        let bounds = namespaces.bounds(&subject.workload.namespace);
        workloads.push(size(policy, number, subject, &attribution, &bounds));
    }
    ceiling::lower(objects, &subjects, &mut workloads, |namespace| namespaces.bounds(namespace));
    let mut sized = Rightsizing {
        policy: *policy,
        workloads,
        samples: usage.series.iter().flat_map(|series| series.samples.values()).map(Vec::len).sum(),
        unknown_pods: attribution.unknown_pods.clone(),
        autoscalers: Vec::new(),
        totals: Vec::new(),
        quotas: Vec::new(),
    };
    let mut after = objects.clone();
    sized.apply(&mut after);
    sized.autoscalers = autoscaling::effects(objects, &after, &subjects, &attribution);
    sized.totals = totals::totals(objects, &after);
    sized.quotas = exceeded(objects, &after);
    sized
}

/// What namespaces allow, found once each.
struct Namespaces<'a> {
    objects: &'a Objects,
    known: FxHashMap<String, [Bounds; 2]>,
}

impl Namespaces<'_> {
    fn bounds(&mut self, namespace: &str) -> [Bounds; 2] {
        let of = |resource| Bounds::of(self.objects, namespace, resource);
        self.known.entry(namespace.to_owned()).or_insert_with(|| Resource::ALL.map(of)).clone()
    }
}

/// Sizes the containers of a workload, each by itself.
fn size(policy: &Policy, number: usize, subject: &Subject, attribution: &Attribution<'_>, bounds: &[Bounds; 2]) -> WorkloadSizing {
    let only = only_container(subject);
    // what is resized in place keeps its limits: they can be changed, not taken away
    let policy = &match (subject.changeable, policy.cpu_limit) {
        (Changeable::Pod, CpuLimit::None) => Policy { cpu_limit: CpuLimit::Keep, ..*policy },
        _ => *policy,
    };
    let container = |(kind, container): (ContainerKind, &Container)| {
        let mut series = attribution.of(number, &container.name).to_vec();
        if only == Some(container.name.as_str()) {
            series.extend(attribution.of(number, ""));
        }
        let resources = Resource::ALL.map(|resource| {
            let amount = |list: &ResourceList| list.get(resource.name()).copied();
            let written = Setting { request: amount(&container.resources.requests), limit: amount(&container.resources.limits) };
            let bounds = &bounds[resource as usize];
            let (request, limit) = bounds.effective(resource, written.request, written.limit);
            let now = Setting { request, limit };
            let left = |reason| ResourceSizing::unchanged(resource, written, now, reason);
            if is_pod_level(subject, resource) {
                return left(Reason::PodLevel);
            }
            match observation::observe(&series, resource, policy.cpu_percentile) {
                Some(observed) => Case { policy, bounds, kind, resource, observed, written, now }.size(),
                None if kind != ContainerKind::Init && !attribution.of(number, "").is_empty() => left(Reason::NotToldApart),
                None => left(Reason::NotMeasured),
            }
        });
        ContainerSizing { name: container.name.clone(), kind, resources }
    };
    let containers: Vec<ContainerSizing> = subject.containers().map(container).collect();
    let is_strange = |name: &&str| !name.is_empty() && !containers.iter().any(|container| container.name == **name);
    let injected = attribution.of_subject(number).map(|(name, _)| name).filter(is_strange).map(str::to_owned).collect();
    WorkloadSizing { workload: subject.workload.clone(), changeable: subject.changeable, pods: subject.pods, containers, injected }
}

/// Whether a pod as a whole says what it asks for of a resource.
fn is_pod_level(subject: &Subject, resource: Resource) -> bool {
    let resources = subject.spec.resources.as_ref();
    resources.is_some_and(|own| own.requests.contains_key(resource.name()) || own.limits.contains_key(resource.name()))
}

/// Bounds of quotas that would be exceeded, with the replicas of now or with every autoscaler at its most.
fn exceeded(before: &Objects, after: &Objects) -> Vec<QuotaExcess> {
    let Some(bounded) = Bounded::of(after) else { return Vec::new() };
    let bounds = bounded.quotas(after).bounds;
    let past = Bounded::of(before).map(|bounded| bounded.quotas(before).bounds).unwrap_or_default();
    let excess = |bound: Bound| {
        let same = |old: &&Bound| (&old.namespace, &old.quota, &old.resource) == (&bound.namespace, &bound.quota, &bound.resource);
        let (was, was_at_most) = past.iter().find(same).map(|old| (old.now, old.at_most)).unwrap_or_default();
        let Bound { namespace, quota, resource, hard, now, at_most, .. } = bound;
        QuotaExcess { namespace, quota, resource, hard, now: (was, now), at_most: (was_at_most, at_most) }
    };
    bounds.into_iter().filter(|bound| bound.at_most.max(bound.now) > bound.hard).map(excess).collect()
}
