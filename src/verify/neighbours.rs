//! Rules about who is near: required pod affinity and anti-affinity, in both directions.
//!
//! Two nodes are near under a topology key if both have that label with the same value; a node without the label is near
//! nobody, itself included. Terminating pods count: they still run.
//!
//! Source: "Assigning Pods to Nodes" (inter-pod affinity and anti-affinity), Kubernetes v1.36.

use crate::manifest::meta::StringMap;
use crate::manifest::node::Node;
use crate::manifest::pod::{Pod, PodAffinityTerm};

use super::selectors::{narrowed, selects};
use super::world::namespace;
use super::{Rule, Verdict, World};

/// No pod that is near may refuse the new one.
pub fn existing_pods_anti_affinity(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    let newcomer = world.pod(pod);
    for (other, place) in world.others(pod) {
        for term in required_anti_affinity(other) {
            if means(world, other, term, newcomer) && near(place, world.node(node), &term.topology_key) {
                let detail = format!("{} refuses it within the same {}", other.metadata.name, term.topology_key);
                verdict.breaks(Rule::ExistingPodsAntiAffinity, detail);
            }
        }
    }
}

/// The new pod may refuse nobody who is near.
pub fn pod_anti_affinity(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    let newcomer = world.pod(pod);
    for term in required_anti_affinity(newcomer) {
        for (other, place) in world.others(pod) {
            if means(world, newcomer, term, other) && near(place, world.node(node), &term.topology_key) {
                let detail = format!("it refuses {} within the same {}", other.metadata.name, term.topology_key);
                verdict.breaks(Rule::PodAntiAffinity, detail);
            }
        }
    }
}

/// Under each term, somebody whom all terms mean must be near. If there is nobody such anywhere and the pod is itself such a
/// one, it may be the first, on any node that has the topology labels.
pub fn pod_affinity(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    let newcomer = world.pod(pod);
    let terms = required_affinity(newcomer);
    let labels = &world.node(node).metadata.labels;
    for term in terms {
        if !labels.contains_key(&term.topology_key) {
            verdict.breaks(Rule::PodAffinity, format!("the node has no label {}", term.topology_key));
        }
    }

    let mut wanted = Vec::new();
    for (other, place) in world.others(pod) {
        if terms.iter().all(|term| means(world, newcomer, term, other)) {
            wanted.push(place);
        }
    }
    let somewhere = wanted.iter().any(|place| terms.iter().any(|term| place.metadata.labels.contains_key(&term.topology_key)));
    if !somewhere && terms.iter().all(|term| means(world, newcomer, term, newcomer)) {
        return;
    }
    for term in terms {
        if !wanted.iter().any(|place| near(place, world.node(node), &term.topology_key)) {
            verdict.breaks(Rule::PodAffinity, format!("nobody it needs is within the same {}", term.topology_key));
        }
    }
}

fn required_affinity(pod: &Pod) -> &[PodAffinityTerm] {
    let affinity = pod.spec.affinity.as_ref().and_then(|affinity| affinity.pod_affinity.as_ref());
    affinity.map_or(&[], |affinity| &affinity.required_during_scheduling_ignored_during_execution)
}

fn required_anti_affinity(pod: &Pod) -> &[PodAffinityTerm] {
    let affinity = pod.spec.affinity.as_ref().and_then(|affinity| affinity.pod_anti_affinity.as_ref());
    affinity.map_or(&[], |affinity| &affinity.required_during_scheduling_ignored_during_execution)
}

fn near(one: &Node, other: &Node, key: &str) -> bool {
    match (one.metadata.labels.get(key), other.metadata.labels.get(key)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// Whether `term` of `owner` speaks of `target`: its namespace, and its labels.
fn means(world: &World, owner: &Pod, term: &PodAffinityTerm, target: &Pod) -> bool {
    let selector = narrowed(term.label_selector.as_ref(), &owner.metadata.labels, &term.match_label_keys, &term.mismatch_label_keys);
    means_namespace(world, owner, term, namespace(&target.metadata)) && selects(selector.as_ref(), &target.metadata.labels)
}

/// Listed namespaces and selected ones add up; a term that neither lists nor selects means its owner's namespace.
fn means_namespace(world: &World, owner: &Pod, term: &PodAffinityTerm, target: &str) -> bool {
    if term.namespaces.is_empty() && term.namespace_selector.is_none() {
        return target == namespace(&owner.metadata);
    }
    let listed = term.namespaces.iter().any(|name| name == target);
    listed || selects(term.namespace_selector.as_ref(), &namespace_labels(world, target))
}

/// The labels of a namespace. The API server gives every namespace its name as a label; of one that the input does not
/// hold, that label is all there is to know.
fn namespace_labels(world: &World, name: &str) -> StringMap {
    let found = world.objects().namespaces.iter().find(|namespace| namespace.metadata.name == name);
    let mut labels = found.map(|namespace| namespace.metadata.labels.clone()).unwrap_or_default();
    labels.entry("kubernetes.io/metadata.name".to_owned()).or_insert(name.to_owned());
    labels
}
