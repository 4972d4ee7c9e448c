//! A container asks for many times what it was ever seen to use.
//!
//! What is asked for is set aside: nobody else can have it, and somebody pays for it. It is only said where usage is given (`--usage`, or
//! `usage:` in the settings), against the highest sample of all pods of the workload, from `thresholds.requestOverUsage` times on (3 if
//! nothing is said). Requests of no more than 100m of cpu or 128Mi of memory are left alone, and fewer than 20 samples are a note: nobody
//! knows the container's worst day from those.
//!
//! # Example
//!
//! ```yaml
//! resources: {requests: {cpu: 4}}      # and the highest sample is 300m
//! ```
//!
//! # Instead
//!
//! Ask for what is used, with a margin: `plimsoll rightsize` works it out, with what it does to autoscalers and quotas, and writes the patch.
//!
//! # Source
//!
//! `planning::rightsize`.

use crate::check::{Findings, Subject};
use crate::manifest::Quantity;
use crate::manifest::field::FieldPath;
use crate::manifest::read::Severity;
use crate::planning::rightsize::{ContainerKind, ContainerSizing, Resource, ResourceSizing};

/// Requests up to here are not worth the trouble: cpu in thousandths of a core, memory in bytes.
const SMALL: [i64; 2] = [100, 128 << 20];
/// From fewer samples nothing certain follows.
const ENOUGH: usize = 20;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(sized) = subject.rightsizing() else { return };
    let times = subject.settings().thresholds.request_over_usage;
    for (workload, container) in sized.containers().filter(|(_, container)| container.kind != ContainerKind::Init) {
        let wasted: Vec<(&ResourceSizing, Quantity)> =
            container.resources.iter().filter_map(|sizing| Some((sizing, wasted(sizing, times)?))).collect();
        let Some(&(first, _)) = wasted.first() else { continue };
        let Some(own) = subject.workloads.iter().find(|own| is_same(own, &workload.workload)) else { continue };
        let parts: Vec<String> = wasted.iter().map(|(sizing, peak)| sentence(sizing, *peak)).collect();
        let path = path_of(own, container).map(|path| path.key("resources").key("requests").key(first.resource.name()));
        let message = format!("container {} asks for {}", container.name, parts.join(", and "));
        let samples = wasted.iter().filter_map(|(sizing, _)| Some(sizing.observed.as_ref()?.samples)).min().unwrap_or(0);
        let finding = findings.on_pods_of(own, path.unwrap_or_default(), message);
        if samples < ENOUGH {
            finding.severity(Severity::Note);
        }
        finding.because(format!("the highest of {samples} {}", if samples == 1 { "sample, which may not be its worst day" } else { "samples" }));
        finding.help("`plimsoll rightsize` works out what it should ask for, and writes the patch");
    }
}

/// The highest sample, if so many times of it are asked for.
fn wasted(sizing: &ResourceSizing, times: f64) -> Option<Quantity> {
    let (peak, request) = (sizing.observed.as_ref()?.peak, sizing.now.request?);
    let (used, asked) = (sizing.resource.amount(peak), sizing.resource.amount(request));
    let is_much = asked > SMALL[sizing.resource as usize] && asked as f64 > times * used as f64;
    is_much.then_some(peak)
}

fn sentence(sizing: &ResourceSizing, peak: Quantity) -> String {
    let request = sizing.now.request.unwrap_or_default();
    let (used, asked) = (sizing.resource.amount(peak), sizing.resource.amount(request));
    let times = if used > 0 { format!(" ({:.0} times)", asked as f64 / used as f64) } else { String::new() };
    let name = match sizing.resource {
        Resource::Cpu => "cpu",
        Resource::Memory => "memory",
    };
    format!("{request} of {name} and uses {peak} at most{times}")
}

/// Whether a workload is that of a reference.
pub(super) fn is_same(own: &crate::check::Workload<'_>, of: &crate::graph::dependencies::Reference) -> bool {
    own.kind == of.kind && own.metadata.name == of.name && own.namespace() == of.namespace
}

/// The way to a container from its pod's spec.
pub(super) fn path_of(workload: &crate::check::Workload<'_>, container: &ContainerSizing) -> Option<FieldPath> {
    let at = |list: &[crate::manifest::pod::Container]| list.iter().position(|own| own.name == container.name);
    let own = at(&workload.spec.containers).map(|at| FieldPath::from("containers").index(at));
    own.or_else(|| at(&workload.spec.init_containers).map(|at| FieldPath::from("initContainers").index(at)))
}
