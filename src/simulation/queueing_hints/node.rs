//! What plugins make of a node that comes, goes or changes.
//!
//! Source: nodeunschedulable, tainttoleration, nodeaffinity, noderesources, podtopologyspread and interpodaffinity under
//! k8s.io/kubernetes/pkg/scheduler/framework/plugins, v1.36.

use std::collections::BTreeSet;

use super::{Waiting, nodes, pods};
use crate::controllers::world::Change;
use crate::manifest::node::{Node, Taint};
use crate::manifest::pod::{Pod, PodAffinityTerm, ResourceList, TopologySpreadConstraint};

/// A node takes new pods that did not, or was not there.
pub(super) fn is_uncordoned(_: &Waiting<'_>, change: &Change) -> bool {
    let (before, after) = nodes(change);
    after.is_some_and(|after| !after.spec.unschedulable) && before.is_none_or(|before| before.spec.unschedulable)
}

/// The pod itself got a toleration, and now tolerates cordons.
pub(super) fn tolerates_cordons(waiting: &Waiting<'_>, change: &Change) -> bool {
    let (_, Some(after)) = pods(change) else { return false };
    let mut cordoned = Node::default();
    "cordoned".clone_into(&mut cordoned.metadata.name);
    cordoned.spec.unschedulable = true;
    !waiting.trial.rejects("NodeUnschedulable", after, &cordoned, &[])
}

/// A node has no taint any more that the pod does not tolerate.
pub(super) fn is_tolerated_now(waiting: &Waiting<'_>, change: &Change) -> bool {
    turned(waiting, change, "TaintToleration")
}

/// A node has come to be one that the pod's node selector and affinity want.
pub(super) fn is_wanted_now(waiting: &Waiting<'_>, change: &Change) -> bool {
    turned(waiting, change, "NodeAffinity")
}

/// Whether a plugin rejected the pod on a node as it was, or the node was not there, and does not any more.
fn turned(waiting: &Waiting<'_>, change: &Change, plugin: &str) -> bool {
    let (before, Some(after)) = nodes(change) else { return false };
    let rejects = |node: &Node| waiting.trial.rejects(plugin, waiting.pod, node, &[]);
    !rejects(after) && before.is_none_or(rejects)
}

/// A node is large enough for the pod, and has more than before of something that the pod asks for, or takes more pods.
pub(super) fn has_room_now(waiting: &Waiting<'_>, change: &Change) -> bool {
    let (before, Some(after)) = nodes(change) else { return false };
    let grew = |before: &Node, name: &str| {
        let amount = |node: &Node| node.status.allocatable.get(name).copied().unwrap_or_default();
        amount(before) < amount(after)
    };
    before.is_none_or(|before| grew(before, "pods") || requested(waiting.pod).iter().any(|name| grew(before, name)))
        && !waiting.trial.rejects("NodeResourcesFit", waiting.pod, after, &[])
}

/// Names of the resources that a pod asks for.
pub(super) fn requested(pod: &Pod) -> BTreeSet<&str> {
    let spec = &pod.spec;
    let containers = spec.containers.iter().chain(&spec.init_containers).map(|container| &container.resources.requests);
    let whole = spec.resources.as_deref().map(|resources| &resources.requests);
    containers.chain(whole).chain([&spec.overhead]).flat_map(nonzero).collect()
}

fn nonzero(list: &ResourceList) -> impl Iterator<Item = &str> {
    list.iter().filter(|(_, amount)| !amount.is_zero()).map(|(name, _)| name.as_str())
}

/// The constraints that the pod must satisfy; none are written if it goes by the profile's.
pub(super) fn hard_constraints(pod: &Pod) -> impl Iterator<Item = &TopologySpreadConstraint> + Clone {
    pod.spec.topology_spread_constraints.iter().filter(|constraint| constraint.when_unsatisfiable != "ScheduleAnyway")
}

/// A node that is, was or has become part of a domain comes, goes, moves to another domain, or changes its taints.
pub(super) fn changes_the_domains(waiting: &Waiting<'_>, change: &Change) -> bool {
    let (before, after) = nodes(change);
    let constraints = hard_constraints(waiting.pod);
    let counts = |node: &Node| constraints.clone().all(|constraint| node.metadata.labels.get(&constraint.topology_key).is_some());
    match (before, after) {
        (Some(before), Some(after)) => {
            let moved = || {
                constraints.clone().any(|constraint| domain(before, &constraint.topology_key) != domain(after, &constraint.topology_key))
            };
            counts(before) != counts(after) || counts(after) && (moved() || taints(before) != taints(after))
        }
        (Some(node), None) | (None, Some(node)) => counts(node),
        (None, None) => false,
    }
}

fn domain<'a>(node: &'a Node, key: &str) -> Option<&'a String> {
    node.metadata.labels.get(key)
}

fn taints(node: &Node) -> &[Taint] {
    &node.spec.taints
}

/// The required terms of the pod's affinity.
pub(super) fn affinity_terms(pod: &Pod) -> &[PodAffinityTerm] {
    let affinity = pod.spec.affinity.as_ref().and_then(|affinity| affinity.pod_affinity.as_ref());
    affinity.map_or(&[], |affinity| &affinity.required_during_scheduling_ignored_during_execution)
}

/// The required terms of the pod's anti-affinity.
pub(super) fn anti_affinity_terms(pod: &Pod) -> &[PodAffinityTerm] {
    let affinity = pod.spec.affinity.as_ref().and_then(|affinity| affinity.pod_anti_affinity.as_ref());
    affinity.map_or(&[], |affinity| &affinity.required_during_scheduling_ignored_during_execution)
}

/// A node is in a domain of a term of the pod.
pub(super) fn has_a_domain_of_affinity(waiting: &Waiting<'_>, change: &Change) -> bool {
    let (_, Some(after)) = nodes(change) else { return false };
    let mut terms = affinity_terms(waiting.pod).iter().chain(anti_affinity_terms(waiting.pod));
    terms.any(|term| domain(after, &term.topology_key).is_some())
}
