//! Memory limits on a node are promises that its pods' neighbours cannot keep: together they are far more than the node has.
//!
//! A limit above the request is only worth what the neighbours leave. What they request is theirs; when several pods go up to their limits
//! at once, the node runs out, and the kernel ends containers that were within what they were promised. A little of that is how
//! nodes are used well; from one and a half times what the node has to give it is a gamble. cpu does not count: who wants too much of it
//! waits, and is not ended. Pods without a limit of memory count as what they request, so that the true sum is higher.
//!
//! The worst node is named, with the pod whose limit reaches furthest into what its neighbours request.
//!
//! # Example
//!
//! ```yaml
//! resources: {requests: {memory: 1Gi}, limits: {memory: 8Gi}}     # six of these on a node with 16Gi
//! ```
//!
//! # Instead
//!
//! Bring memory limits down to requests, or requests up to limits: what must not be ended has the same of both.
//!
//! # Source
//!
//! kubernetes.io, "Node-pressure Eviction" (order of eviction by usage over requests) and "Resource Management for Pods and Containers".

use crate::check::placement::{listed, pods};
use crate::check::{Findings, Subject};
use crate::cluster::index::{NodeId, PodId};
use crate::cluster::resources::MEMORY;
use crate::manifest::Quantity;
use crate::manifest::pod::Pod;

/// From so many percent of what a node has on.
const PERCENT: i128 = 150;

/// A node whose memory is promised too often.
struct Promised {
    node: NodeId,
    limits: i64,
    has: i64,
}

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.has_nodes() {
        return;
    }
    let cluster = subject.baseline().cluster();
    let promised = |node: NodeId| {
        let on = subject.baseline().occupancy().pods_on(node).iter();
        let limits = on.map(|&pod| limit(subject, pod)).fold(0, i64::saturating_add);
        Promised { node, limits, has: cluster.allocatable(MEMORY, node) }
    };
    let is_over = |promised: &Promised| promised.has > 0 && i128::from(promised.limits) * 100 >= i128::from(promised.has) * PERCENT;
    let mut over: Vec<Promised> = cluster.nodes.ids().map(promised).filter(is_over).collect();
    // the worst first; of equals the first in the list
    over.sort_by(|one, other| (i128::from(other.limits) * i128::from(one.has)).cmp(&(i128::from(one.limits) * i128::from(other.has))));
    let Some(worst) = over.first() else { return };
    let node = &subject.objects.nodes[cluster.nodes.objects[worst.node.index()]];
    let share = i128::from(worst.limits) * 100 / i128::from(worst.has);
    let (limits, has) = (Quantity::from_bytes(mebibytes(worst.limits)), Quantity::from_bytes(mebibytes(worst.has)));
    let on = subject.baseline().occupancy().pods_on(worst.node);
    let message = format!("memory limits of its {} add up to {limits}, {share} % of the {has} that it has for pods", pods(on.len()));
    let finding = findings.on(node, "status.allocatable", message);
    if let Some((pod, own)) = furthest(subject, worst, on) {
        let left = worst.has - requested(subject, worst.node) + request(subject, pod);
        let left = Quantity::from_bytes(mebibytes(left.max(0)));
        let name = cluster.pod_name(pod);
        finding.because(format!("pod {name} may go up to {}, and what its neighbours request leaves it {left}", Quantity::from_bytes(own)));
    }
    if over.len() > 1 {
        let others = over[1..].iter().map(|promised| subject.node_name(promised.node));
        finding.because(format!("the same holds for {}", listed(others)));
    }
    finding.help("bring memory limits down to requests, or requests up to limits, where the gap is widest; `plimsoll rightsize` helps with usage");
}

/// The pod whose limit is furthest above what its neighbours leave it, if any is.
fn furthest(subject: &Subject<'_>, promised: &Promised, on: &[PodId]) -> Option<(PodId, i64)> {
    let free = promised.has - requested(subject, promised.node);
    let gap = |&pod: &PodId| (limit(subject, pod) - request(subject, pod) - free, pod);
    let (gap, pod) = on.iter().map(gap).max_by_key(|&(gap, pod)| (gap, std::cmp::Reverse(pod)))?;
    (gap > 0).then(|| (pod, limit(subject, pod)))
}

fn requested(subject: &Subject<'_>, node: NodeId) -> i64 {
    subject.baseline().occupancy().requested(MEMORY, node)
}

fn request(subject: &Subject<'_>, pod: PodId) -> i64 {
    subject.baseline().cluster().class_of(pod).requests.get(MEMORY)
}

/// What memory a pod may go up to; what it requests, where that is more or nothing is said.
fn limit(subject: &Subject<'_>, pod: PodId) -> i64 {
    let cluster = subject.baseline().cluster();
    let written = subject.objects.pods.get(cluster.pod(pod).object);
    written.map_or(0, of_pod).max(request(subject, pod))
}

fn of_pod(pod: &Pod) -> i64 {
    let whole = pod.spec.resources.as_ref().and_then(|resources| resources.limits.get("memory"));
    let sidecars = pod.spec.init_containers.iter().filter(|container| container.restart_policy.as_deref() == Some("Always"));
    let containers = pod.spec.containers.iter().chain(sidecars);
    let of = |container: &crate::manifest::pod::Container| {
        let resources = &container.resources;
        resources.limits.get("memory").or(resources.requests.get("memory")).map_or(0, |quantity| quantity.units())
    };
    whole.map_or_else(|| containers.map(of).fold(0, i64::saturating_add), |quantity| quantity.units())
}

/// Whole mebibytes, for amounts that are read.
fn mebibytes(bytes: i64) -> i64 {
    (bytes >> 20) << 20
}
