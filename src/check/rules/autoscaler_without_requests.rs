//! An autoscaler goes by utilization of a resource that a container of its pods does not request.
//!
//! Utilization is a percentage of what is requested. If a single container, a sidecar for one, requests nothing of the resource, the
//! controller has nothing to divide by: it reports `FailedGetResourceMetric` and never scales up. Requests that follow from limits or from a
//! LimitRange count.
//!
//! # Example
//!
//! ```yaml
//! kind: HorizontalPodAutoscaler
//! spec: {metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}
//! ---
//! kind: Deployment
//! spec: {template: {spec: {containers: [{name: api}]}}}        # requests no cpu
//! ```
//!
//! # Instead
//!
//! Write requests for every container (`plimsoll rightsize` proposes them), go by `AverageValue`, or by `ContainerResource` of the one that matters.
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/controller/podautoscaler/replica_calculator.go, v1.36: `missing request for cpu in container …`.

use super::target_of;
use crate::check::{Findings, Subject, Workload};
use crate::manifest::autoscaling::{HorizontalPodAutoscaler, MetricSpec, MetricTarget};
use crate::manifest::field::FieldPath;
use crate::manifest::pod::{Container, PodSpec};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for autoscaler in &subject.objects.horizontal_pod_autoscalers {
        let Some(workload) = target_of(subject, autoscaler) else { continue };
        for (place, metric) in autoscaler.spec.metrics.iter().enumerate() {
            let Some((resource, container)) = utilization(metric) else { continue };
            let path = FieldPath::from("spec.metrics").index(place);
            // pods have what a LimitRange brings; a workload without any has its template
            let spec = subject.pods_of(workload).next().map_or(workload.spec, |pod| &pod.spec);
            match lacking(spec, resource, container) {
                Lacking::Nothing => {}
                Lacking::Container(name) => tell(findings, autoscaler, workload, path, resource, name),
                Lacking::NoSuchContainer(name) => {
                    let message = format!("it goes by {resource} of container {name:?}, and pods of {} have none of that name", workload.object());
                    findings.on(autoscaler, path, message).help("name a container that the pods have");
                }
            }
        }
    }
}

fn tell(
    findings: &mut Findings,
    autoscaler: &HorizontalPodAutoscaler,
    workload: &Workload<'_>,
    path: FieldPath,
    resource: &str,
    container: &str,
) {
    let message = format!("it goes by utilization of {resource}, and container {container} of {} requests none", workload.object());
    let place = workload.spec.containers.iter().position(|own| own.name == container);
    let finding = findings.on(autoscaler, path, message);
    if let Some(place) = place {
        let path = FieldPath::from(workload.spec_path).key("containers").index(place).key("resources");
        finding.see(workload.metadata, path, format!("without a request for {resource}"));
    }
    finding.because("utilization is a percentage of what is requested: without it the controller cannot tell, and never scales up");
    finding.help(format!("write a request for {resource} of every container, or go by AverageValue instead of Utilization"));
}

/// The resource, and the container if it is of one, of which a metric takes the utilization.
fn utilization(metric: &MetricSpec) -> Option<(&str, Option<&str>)> {
    let is_share = |target: &MetricTarget| target.average_utilization.is_some();
    match metric.r#type.as_str() {
        "Resource" => metric.resource.as_ref().filter(|source| is_share(&source.target)).map(|source| (source.name.as_str(), None)),
        "ContainerResource" => {
            let source = metric.container_resource.as_ref().filter(|source| is_share(&source.target))?;
            Some((source.name.as_str(), Some(source.container.as_str())))
        }
        _ => None,
    }
}

enum Lacking<'p> {
    Nothing,
    Container(&'p str),
    NoSuchContainer(&'p str),
}

/// The first container that counts and requests none of a resource.
fn lacking<'p>(spec: &'p PodSpec, resource: &str, only: Option<&'p str>) -> Lacking<'p> {
    let asks = |container: &Container| {
        container.resources.requests.contains_key(resource) || container.resources.limits.contains_key(resource)
    };
    let sidecars = spec.init_containers.iter().filter(|container| container.restart_policy.as_deref() == Some("Always"));
    let mut counted = spec.containers.iter().chain(sidecars);
    if let Some(name) = only {
        return match counted.find(|container| container.name == name) {
            None => Lacking::NoSuchContainer(name),
            Some(container) if asks(container) => Lacking::Nothing,
            Some(container) => Lacking::Container(&container.name),
        };
    }
    // what the pod as a whole requests goes before its containers
    if spec.resources.as_ref().is_some_and(|whole| !whole.requests.is_empty() || !whole.limits.is_empty()) {
        return Lacking::Nothing;
    }
    counted.find(|container| !asks(container)).map_or(Lacking::Nothing, |container| Lacking::Container(&container.name))
}
