//! What plugins make of a pod that came to a node, left it, or changed.
//!
//! Source: nodeports, noderesources, podtopologyspread and interpodaffinity under
//! k8s.io/kubernetes/pkg/scheduler/framework/plugins, v1.36.

use super::node::{affinity_terms, anti_affinity_terms, hard_constraints, requested};
use super::{Waiting, pods};
use crate::controllers::selector::matches;
use crate::controllers::world::Change;
use crate::manifest::meta::StringMap;
use crate::manifest::node::Node;
use crate::manifest::pod::{Pod, PodAffinityTerm, TopologySpreadConstraint};

/// A pod is gone that had a host port which the waiting pod wants.
pub(super) fn leaves_a_port(waiting: &Waiting<'_>, change: &Change) -> bool {
    let (Some(gone), _) = pods(change) else { return false };
    let mut node = Node::default();
    "node".clone_into(&mut node.metadata.name);
    waiting.trial.rejects("NodePorts", waiting.pod, &node, &[gone])
}

/// A pod asks for less of something that the waiting pod asks for, or the waiting pod itself does.
pub(super) fn leaves_room(waiting: &Waiting<'_>, change: &Change) -> bool {
    let (Some(before), Some(after)) = pods(change) else { return false };
    let wanted = requested(waiting.pod);
    is_same(after, waiting.pod) || !after.spec.node_name.is_empty() && requested(before).iter().any(|name| wanted.contains(name))
}

fn is_same(one: &Pod, other: &Pod) -> bool {
    one.metadata.uid == other.metadata.uid
}

/// A pod that counts for the waiting pod's spread came or left, or came to count or no longer does; or the waiting pod got a
/// toleration and looks at taints.
pub(super) fn changes_the_spread(waiting: &Waiting<'_>, change: &Change) -> bool {
    let pod = waiting.pod;
    let (before, after) = pods(change);
    let is_involved =
        |other: &Pod| is_same(other, pod) || !other.spec.node_name.is_empty() && other.metadata.namespace == pod.metadata.namespace;
    if pod.spec.topology_spread_constraints.is_empty() {
        // it goes by the profile's constraints, whose selectors are made of services and owners
        return before.or(after).is_some_and(is_involved);
    }
    let constraints = hard_constraints(pod);
    // a pod counts from when it has a node
    let placed = |other: &&Pod| is_same(other, pod) || !other.spec.node_name.is_empty();
    match (before.filter(placed), after.filter(placed)) {
        (Some(before), Some(after)) => {
            let looks_at_taints = || constraints.clone().any(|constraint| constraint.node_taints_policy.as_deref() == Some("Honor"));
            let tolerates_more = is_same(after, pod) && before.spec.tolerations != after.spec.tolerations && looks_at_taints();
            let labels = (&before.metadata.labels, &after.metadata.labels);
            is_involved(after)
                && (tolerates_more
                    || constraints.clone().any(|constraint| counts(pod, constraint, labels.0) != counts(pod, constraint, labels.1)))
        }
        (Some(other), None) | (None, Some(other)) => {
            is_involved(other) && constraints.clone().any(|constraint| counts(pod, constraint, &other.metadata.labels))
        }
        (None, None) => false,
    }
}

/// Whether labels count for a constraint of `pod`.
fn counts(pod: &Pod, constraint: &TopologySpreadConstraint, labels: &StringMap) -> bool {
    let own = |key: &&String| pod.metadata.labels.get(*key).is_some();
    let mut keys = constraint.match_label_keys.iter().filter(own);
    constraint.label_selector.as_ref().is_some_and(|selector| matches(selector, labels))
        && keys.all(|key| labels.get(key) == pod.metadata.labels.get(key))
}

/// A pod came that the waiting pod wants to be near, or one left that it wants to be away from or that keeps it away; or one has become
/// or ceased to be such a pod.
pub(super) fn changes_the_company(waiting: &Waiting<'_>, change: &Change) -> bool {
    let pod = waiting.pod;
    let (wanted, unwanted) = (affinity_terms(pod), anti_affinity_terms(pod));
    let placed = |other: &&Pod| !other.spec.node_name.is_empty();
    let (before, after) = pods(change);
    match (before.filter(placed), after.filter(placed)) {
        (Some(before), Some(after)) => {
            !meets_all(pod, wanted, before) && meets_all(pod, wanted, after)
                || meets_all(pod, unwanted, before) && !meets_all(pod, unwanted, after)
        }
        (None, Some(came)) => meets_all(pod, wanted, came),
        (Some(left), None) => meets_all(pod, unwanted, left) || anti_affinity_terms(left).iter().any(|term| meets(left, term, pod)),
        // the waiting pod's own labels changed
        (None, None) => after.is_some_and(|after| is_same(after, pod)),
    }
}

/// Whether a pod meets all terms of `owner`, of which there is one at least.
fn meets_all(owner: &Pod, terms: &[PodAffinityTerm], pod: &Pod) -> bool {
    !terms.is_empty() && terms.iter().all(|term| meets(owner, term, pod))
}

/// Whether a pod meets a term. Labels of namespaces are not known here: a selector that looks at any finds none.
fn meets(owner: &Pod, term: &PodAffinityTerm, pod: &Pod) -> bool {
    let namespace = &pod.metadata.namespace;
    let is_default = term.namespaces.is_empty() && term.namespace_selector.is_none();
    let in_namespace = is_default && *namespace == owner.metadata.namespace
        || term.namespaces.contains(namespace)
        || term.namespace_selector.as_ref().is_some_and(|selector| matches(selector, &StringMap::new()));
    in_namespace && term.label_selector.as_ref().is_some_and(|selector| matches(selector, &pod.metadata.labels))
}
