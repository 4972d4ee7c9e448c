//! What PodDisruptionBudgets guard, and what is wrong with them for good: not because pods are ill just now, but because of what is
//! written.
//!
//! Each budget has one fault at most, the first of [`Fault`], so that nobody is told twice of one cause.
//!
//! Source: k8s.io/kubernetes/pkg/controller/disruption/disruption.go and pkg/registry/core/pod/storage/eviction.go, v1.36.

use super::subject::Subject;
use super::workload::Workload;
use crate::controllers::disruption::scaled;
use crate::controllers::selector::matches;
use crate::manifest::meta::IntOrString;
use crate::manifest::policy::PodDisruptionBudget;

/// What a budget guards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guarded {
    /// Pods that have not ended and are not being deleted, by their places among the objects.
    pub pods: Vec<usize>,
    /// The workloads whose pods it means, by their places in [`Subject::workloads`].
    pub workloads: Vec<usize>,
}

/// What is wrong with a budget for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It guards nothing of the input.
    GuardsNothing,
    /// The disruption controller cannot work it out; why, in its words or in ours.
    CannotCount(String),
    /// It wants as many pods as there ever are: those, and those that it wants.
    AllowsNothing {
        /// Pods at most.
        pods: i32,
        /// Pods that must stay.
        wanted: i32,
    },
    /// It wants the only pod.
    SinglePod,
    /// It wants as many pods as an autoscaler leaves at least: its place among the objects, that number, and what is wanted.
    Autoscaler {
        /// The autoscaler.
        autoscaler: usize,
        /// The least that it leaves.
        least: i32,
        /// Pods that must stay.
        wanted: i32,
    },
}

/// What each budget guards, in their order.
pub(super) fn guarded(subject: &Subject<'_>) -> Vec<Guarded> {
    subject.objects.pod_disruption_budgets.iter().map(|budget| of(subject, budget)).collect()
}

fn of(subject: &Subject<'_>, budget: &PodDisruptionBudget) -> Guarded {
    let Some(selector) = &budget.spec.selector else { return Guarded::default() };
    let namespace = budget.metadata.namespace_or_default();
    let near = subject.objects.pods.iter().enumerate().filter(|(_, pod)| pod.metadata.namespace_or_default() == namespace);
    let runs = near.filter(|(_, pod)| !pod.is_terminal() && !pod.is_terminating());
    let pods: Vec<usize> = runs.filter(|(_, pod)| matches(selector, &pod.metadata.labels)).map(|(index, _)| index).collect();
    let is_meant = |workload: &Workload<'_>| {
        let is_near = workload.namespace() == namespace;
        is_near && (matches(selector, workload.labels()) || workload.pods.iter().any(|pod| pods.binary_search(pod).is_ok()))
    };
    let workloads = subject.workloads.iter().enumerate().filter(|(_, workload)| is_meant(workload)).map(|(index, _)| index).collect();
    Guarded { pods, workloads }
}

/// What is wrong with a budget for good, if anything is.
pub fn fault(subject: &Subject<'_>, index: usize) -> Option<Fault> {
    let (budget, guarded) = (&subject.objects.pod_disruption_budgets[index], &subject.guarded()[index]);
    if guarded.pods.is_empty() && guarded.workloads.is_empty() {
        return Some(Fault::GuardsNothing);
    }
    if let Some(why) = cannot_count(subject, budget, guarded) {
        return Some(Fault::CannotCount(why));
    }
    let workloads = || guarded.workloads.iter().map(|&workload| &subject.workloads[workload]);
    let most: i32 = workloads().map(|workload| most(subject, workload)).fold(0, i32::saturating_add);
    if most == 0 {
        return None;
    }
    let wanted = wanted(budget, most)?;
    if wanted >= most {
        return Some(if most == 1 && !is_never(budget) { Fault::SinglePod } else { Fault::AllowsNothing { pods: most, wanted } });
    }
    let Some(IntOrString::Int(least_available)) = budget.spec.min_available else { return None };
    // of several workloads the others may have enough
    let scaled = guarded.workloads.iter().filter(|_| guarded.workloads.len() == 1);
    let scaler = scaled.filter_map(|&workload| subject.autoscaler_of(&subject.workloads[workload])).next()?;
    let least = scaler.spec.min_replicas.unwrap_or(1);
    let autoscaler = subject.objects.horizontal_pod_autoscalers.iter().position(|other| std::ptr::eq(other, scaler))?;
    let wanted = i32::try_from(least_available).unwrap_or(i32::MAX);
    (wanted >= least && wanted > 0).then_some(Fault::Autoscaler { autoscaler, least, wanted })
}

/// The most pods that a workload ever wants.
fn most(subject: &Subject<'_>, workload: &Workload<'_>) -> i32 {
    let now = i32::try_from(workload.replicas.unwrap_or(workload.pods.len())).unwrap_or(i32::MAX);
    let autoscaled = subject.autoscaler_of(workload).map_or(0, |autoscaler| autoscaler.spec.max_replicas);
    // what was scaled to zero is not scaled up again by an autoscaler
    if now == 0 { 0 } else { now.max(autoscaled) }
}

/// How many of so many pods must stay; none if that cannot be worked out.
fn wanted(budget: &PodDisruptionBudget, of: i32) -> Option<i32> {
    match (&budget.spec.max_unavailable, &budget.spec.min_available) {
        (Some(most), _) => Some((of - scaled(most, of).ok()?).max(0)),
        (None, Some(least)) => scaled(least, of).ok(),
        (None, None) => None,
    }
}

/// Whether it lets nobody go whatever there is.
fn is_never(budget: &PodDisruptionBudget) -> bool {
    let none = |bound: &IntOrString| matches!(bound, IntOrString::Int(0)) || *bound == IntOrString::Text("0%".to_owned());
    budget.spec.max_unavailable.as_ref().is_some_and(none) || budget.spec.min_available == Some(IntOrString::Text("100%".to_owned()))
}

/// Kinds that have no scale, as far as they are known.
const WITHOUT_SCALE: [(&str, &str); 4] =
    [("DaemonSet", "daemonsets.apps"), ("Job", "jobs.batch"), ("CronJob", "jobs.batch"), ("Node", "nodes")];

/// Why the disruption controller cannot work out what a budget wants.
fn cannot_count(subject: &Subject<'_>, budget: &PodDisruptionBudget, guarded: &Guarded) -> Option<String> {
    let is_plain = budget.spec.max_unavailable.is_none() && matches!(budget.spec.min_available, Some(IntOrString::Int(_)));
    if is_plain {
        return None;
    }
    let mut workloads = guarded.workloads.iter().map(|&workload| &subject.workloads[workload]);
    let resource = |kind: &str| WITHOUT_SCALE.iter().find(|(own, _)| *own == kind).map(|(_, resource)| *resource);
    let owner = |&pod: &usize| subject.objects.pods[pod].metadata.controller().map(|owner| owner.kind.as_str());
    let without = guarded.pods.iter().filter_map(owner).find_map(resource).or_else(|| workloads.find_map(|own| resource(own.kind)));
    if let Some(resource) = without {
        return Some(format!("the disruption controller says: {resource} does not implement the scale subresource"));
    }
    let are_bare = !guarded.pods.is_empty() && guarded.pods.iter().all(|pod| owner(pod).is_none());
    are_bare.then(|| "its pods have no controller that says how many there should be".to_owned())
}
