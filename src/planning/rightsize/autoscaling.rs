//! What other requests do to autoscaled replicas: a utilisation is a share of what is requested.
//!
//! At every moment that was measured, all pods of a target together are the load; the autoscaler's own arithmetic says where its
//! replicas come to rest under it, with the requests of now and with those that are recommended. The busiest moment counts. A load that is
//! spread over more pods leaves each with less: replicas and requests pull at each other, and [`Target::keeps`] is the target that
//! leaves replicas as they are.

use std::collections::BTreeSet;

use super::attribution::Attribution;
use super::subject::Subject;
use crate::controllers::horizontal_pod_autoscaler::assume::{Autoscaler, autoscalers};
use crate::controllers::horizontal_pod_autoscaler::load::Factor;
use crate::graph::dependencies::Reference;
use crate::manifest::Objects;
use crate::manifest::autoscaling::MetricSpec;
use crate::manifest::pod::{Container, PodSpec};
use crate::usage::{ContainerSeries, ContainerUsage, Moment, PodUsage, Usage};

/// What recommendations do to an autoscaler's replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoscalerEffect {
    /// Namespace and name of the autoscaler.
    pub autoscaler: Reference,
    /// What it scales.
    pub workload: Reference,
    /// Least and most.
    pub bounds: (i32, i32),
    /// Replicas as they are.
    pub replicas: i32,
    /// Replicas that the load at the busiest moment asks for, with the requests of now; none if what it goes by was not measured.
    pub before: Option<i32>,
    /// The same with those that are recommended.
    pub after: Option<i32>,
    /// Its targets that are a share of requests.
    pub targets: Vec<Target>,
}

/// A target that is a share of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `cpu` or `memory`.
    pub resource: String,
    /// The container, if it is about one.
    pub container: Option<String>,
    /// Percent as it is.
    pub percent: i32,
    /// Percent that comes to the same amount of the recommended requests, rounded down: with it replicas stay as they are.
    pub keeps: i32,
}

/// Of every autoscaler that works, in the order in which they were written.
pub(super) fn effects(before: &Objects, after: &Objects, subjects: &[Subject], attribution: &Attribution<'_>) -> Vec<AutoscalerEffect> {
    let (old, _) = autoscalers(before);
    let (new, _) = autoscalers(after);
    let effect = |(old, new): (&Autoscaler, &Autoscaler)| {
        let workload = Reference::new(old.target.kind.clone(), old.target.namespace.clone(), old.target.name.clone());
        let number = subjects.iter().position(|subject| subject.workload == workload)?;
        let moments = moments(number, &subjects[number], attribution);
        let most = |autoscaler: &Autoscaler| moments.iter().filter_map(|usage| replicas(autoscaler, usage)).max();
        let spec = |objects| template(objects, &workload);
        Some(AutoscalerEffect {
            autoscaler: Reference::new("HorizontalPodAutoscaler", old.hpa.metadata.namespace_or_default(), &old.hpa.metadata.name),
            bounds: old.bounds(),
            replicas: old.current,
            before: most(old),
            after: most(new),
            targets: spec(before).zip(spec(after)).map(|(before, after)| targets(old, before, after)).unwrap_or_default(),
            workload,
        })
    };
    old.iter().zip(&new).filter_map(effect).collect()
}

/// Where an autoscaler comes to rest; none if nothing is known of what it goes by, or it is off.
fn replicas(autoscaler: &Autoscaler, usage: &Usage) -> Option<i32> {
    // pods of the input are those of now, and these are those of then: they are known by their labels
    let (load, _) = autoscaler.measured_load(usage, &[]);
    (load.is_known() && load.replicas > 0).then(|| load.settle(Factor::ONE))
}

/// What all pods of a subject used, at every moment at which one of them was measured.
fn moments(number: usize, subject: &Subject, attribution: &Attribution<'_>) -> Vec<Usage> {
    let series: Vec<&ContainerSeries> = attribution.of_subject(number).flat_map(|(_, series)| series.iter().copied()).collect();
    let moments: BTreeSet<Moment> =
        series.iter().flat_map(|series| series.samples.values()).flatten().map(|sample| sample.moment).collect();
    moments.into_iter().map(|moment| at(moment, &series, subject)).collect()
}

fn at(moment: Moment, series: &[&ContainerSeries], subject: &Subject) -> Usage {
    let mut pods: Vec<PodUsage> = Vec::new();
    for series in series {
        let amounts = series.samples.keys().filter_map(|resource| Some((resource.clone(), series.at(resource, moment)?)));
        let container = ContainerUsage { name: series.container.clone(), usage: amounts.collect() };
        if container.usage.is_empty() {
            continue;
        }
        match pods.iter_mut().find(|pod| pod.name == series.pod) {
            Some(pod) => pod.containers.push(container),
            None => pods.push(PodUsage {
                namespace: subject.workload.namespace.clone(),
                name: series.pod.clone(),
                labels: Some(subject.labels.clone()),
                containers: vec![container],
            }),
        }
    }
    Usage { pods, ..Usage::default() }
}

fn template<'a>(objects: &'a Objects, workload: &Reference) -> Option<&'a PodSpec> {
    macro_rules! find {
        ($list:expr) => {
            $list
                .iter()
                .find(|own| own.metadata.name == workload.name && own.metadata.namespace_or_default() == workload.namespace)
                .map(|own| &own.spec.template.spec)
        };
    }
    match workload.kind.as_str() {
        "Deployment" => find!(objects.deployments),
        "StatefulSet" => find!(objects.stateful_sets),
        "ReplicaSet" => find!(objects.replica_sets),
        "ReplicationController" => find!(objects.replication_controllers),
        _ => None,
    }
}

fn targets(autoscaler: &Autoscaler, before: &PodSpec, after: &PodSpec) -> Vec<Target> {
    let target = |metric: &MetricSpec| {
        let (resource, container, goal) = match metric {
            MetricSpec { resource: Some(source), .. } => (&source.name, None, &source.target),
            MetricSpec { container_resource: Some(source), .. } => (&source.name, Some(&source.container), &source.target),
            _ => return None,
        };
        let percent = goal.average_utilization?;
        let (old, new) = (requested(before, resource, container), requested(after, resource, container));
        if old <= 0 || new <= 0 {
            return None;
        }
        let keeps = i128::from(percent) * i128::from(old) / i128::from(new);
        let keeps = i32::try_from(keeps.max(1)).unwrap_or(i32::MAX);
        Some(Target { resource: resource.clone(), container: container.cloned(), percent, keeps })
    };
    autoscaler.hpa.spec.metrics.iter().filter_map(target).collect()
}

/// What the autoscaler takes for a pod's requests, in thousandths: of all that goes on running, limits in the place of requests.
fn requested(spec: &PodSpec, resource: &str, container: Option<&String>) -> i64 {
    let is_sidecar = |own: &&Container| own.restart_policy.as_deref() == Some("Always");
    let running = spec.containers.iter().chain(spec.init_containers.iter().filter(is_sidecar));
    let counted = running.filter(|own| container.is_none_or(|name| *name == own.name));
    counted.filter_map(|own| own.resources.requests.get(resource).or(own.resources.limits.get(resource))).map(|amount| amount.milli()).sum()
}
