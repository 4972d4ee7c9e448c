//! A container was seen to use as much as its limit lets it have.
//!
//! Memory that comes within a tenth of its limit is about to end the container (OOMKilled); cpu at its limit means that it waits while the
//! node may be idle. It is only said where usage is given (`--usage`, or `usage:` in the settings), of the highest sample of all pods of the
//! workload.
//!
//! # Example
//!
//! ```yaml
//! resources: {limits: {memory: 512Mi}}      # and the highest sample is 500Mi
//! ```
//!
//! # Instead
//!
//! Raise the limit of memory, and the request with it; leave out the limit of cpu: `plimsoll rightsize` works both out.
//!
//! # Source
//!
//! `planning::rightsize`; kubernetes.io, "Resource Management for Pods and Containers", on how limits are enforced.

use super::request_over_usage::{is_same, path_of};
use crate::check::{Findings, Subject};
use crate::planning::rightsize::{ContainerKind, Resource, ResourceSizing};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(sized) = subject.rightsizing() else { return };
    for (workload, container) in sized.containers().filter(|(_, container)| container.kind != ContainerKind::Init) {
        let Some(own) = subject.workloads.iter().find(|own| is_same(own, &workload.workload)) else { continue };
        for sizing in container.resources.iter().filter(|sizing| is_short(sizing)) {
            let (Some(observed), Some(limit)) = (&sizing.observed, sizing.now.limit) else { continue };
            let name = sizing.resource.name();
            let path = path_of(own, container).map(|path| path.key("resources").key("limits").key(name)).unwrap_or_default();
            let message = format!("container {} uses up to {} of {name}, and its limit is {limit}", container.name, observed.peak);
            let finding = findings.on_pods_of(own, path, message);
            match sizing.resource {
                Resource::Memory => finding.because("past its limit the kernel ends it (OOMKilled)"),
                Resource::Cpu => finding.because("at its limit it is held back, however idle the node is"),
            };
            finding.help("`plimsoll rightsize` works out what it should have, and writes the patch");
        }
    }
}

fn is_short(sizing: &ResourceSizing) -> bool {
    let Some((observed, limit)) = sizing.observed.as_ref().zip(sizing.now.limit) else { return false };
    let (used, limit) = (sizing.resource.amount(observed.peak), sizing.resource.amount(limit));
    match sizing.resource {
        Resource::Memory => limit > 0 && i128::from(used) * 10 >= i128::from(limit) * 9,
        Resource::Cpu => limit > 0 && i128::from(used) * 100 >= i128::from(limit) * 98,
    }
}
