//! A limit is many times what the container asks for.
//!
//! Of memory this is a promise that nothing stands behind: the node sets the request aside, and a container that goes beyond it lives on
//! what neighbours happen not to use, and is among the first to go when they do. Of cpu it is a note: a container that wants more than it
//! asked for waits, and loses nothing else; but what it asks for says nothing of what it takes any more, to kube-scheduler and to
//! autoscalers alike.
//!
//! The bound is `thresholds.limitOverRequest` (4 if nothing is said). Looked at is what the API server makes of pods: with the defaults of
//! LimitRanges, and requests that come from limits. One finding a container, of memory if of both.
//!
//! # Example
//!
//! ```yaml
//! resources: {requests: {memory: 128Mi}, limits: {memory: 4Gi}}
//! ```
//!
//! # Instead
//!
//! ```yaml
//! resources: {requests: {memory: 2Gi}, limits: {memory: 2Gi}}
//! ```
//!
//! # Source
//!
//! kubernetes.io, "Configure Quality of Service for Pods"; LimitRange's `maxLimitRequestRatio` enforces the same.

use crate::check::{Findings, Subject, Workload};
use crate::manifest::field::FieldPath;
use crate::manifest::pod::{Container, ResourceRequirements};
use crate::manifest::read::Severity;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for workload in subject.representatives().filter(|workload| subject.is_production(workload)) {
        let pod = subject.pods_of(workload).next();
        let spec = pod.map_or(workload.spec, |pod| &pod.spec);
        // pod-level resources bound the containers together
        if spec.resources.is_some() || workload.replicas == Some(0) {
            continue;
        }
        let is_own = |container: &Container| workload.spec.containers.iter().any(|own| own.name == container.name);
        for container in spec.containers.iter().filter(|container| is_own(container)) {
            tell(subject, workload, container, findings);
        }
    }
}

fn tell(subject: &Subject<'_>, workload: &Workload<'_>, container: &Container, findings: &mut Findings) {
    let bound = subject.settings().thresholds.limit_over_request;
    let name = &container.name;
    let (resource, ratio) = match (ratio(&container.resources, "memory"), ratio(&container.resources, "cpu")) {
        (Some(ratio), _) if ratio > bound => ("memory", ratio),
        (_, Some(ratio)) if ratio > bound => ("cpu", ratio),
        _ => return,
    };
    let amount = |list: &crate::manifest::pod::ResourceList| list.get(resource).copied().unwrap_or_default();
    let (request, limit) = (amount(&container.resources.requests), amount(&container.resources.limits));
    let place = workload.spec.containers.iter().position(|own| own.name == *name).unwrap_or(0);
    let path = FieldPath::from("containers").index(place).key("resources").key("limits").key(resource);
    let message = format!("container {name} may use {limit} of {resource}, {ratio:.0} times the {request} that it asks for");
    let finding = findings.on_pods_of(workload, path, message);
    if resource == "memory" {
        finding.because(format!("beyond {request} it lives on what its neighbours happen not to use"));
        finding.help(format!("ask for what it needs; a limit of memory is best no more than its request; the bound is {bound} times"));
    } else {
        finding.severity(Severity::Note);
        finding.because("it is placed, and its autoscaler works, as if it took no more than it asks for");
        finding.help(format!("ask for what it usually takes; the bound is {bound} times (thresholds.limitOverRequest)"));
    }
}

/// How many times of the request the limit is, if there are both.
fn ratio(resources: &ResourceRequirements, name: &str) -> Option<f64> {
    let (limit, request) = (resources.limits.get(name)?, resources.requests.get(name)?);
    (request.nano() > 0).then(|| limit.nano() as f64 / request.nano() as f64)
}
