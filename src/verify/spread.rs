//! Rules about even spreading: `topologySpreadConstraints` with `DoNotSchedule`.
//!
//! Source: "Pod Topology Spread Constraints", Kubernetes v1.36.

use std::collections::BTreeMap;

use crate::manifest::meta::LabelSelector;
use crate::manifest::node::Node;
use crate::manifest::pod::{Pod, TopologySpreadConstraint};

use super::machine::{forbids, tolerates};
use super::selectors::{narrowed, pod_accepts_node, selects};
use super::world::namespace;
use super::{Rule, Verdict, World};

/// Where the pod goes there must not be more than `maxSkew` pods in excess of the emptiest domain.
pub fn topology_spread(world: &World, pod: usize, node: usize, verdict: &mut Verdict) {
    let newcomer = world.pod(pod);
    let hard: Vec<_> =
        newcomer.spec.topology_spread_constraints.iter().filter(|constraint| constraint.when_unsatisfiable == "DoNotSchedule").collect();
    for constraint in &hard {
        let key = &constraint.topology_key;
        let Some(domain) = world.node(node).metadata.labels.get(key) else {
            verdict.breaks(Rule::TopologySpread, format!("the node has no label {key}"));
            continue;
        };
        let counts = count_by_domain(world, pod, constraint, &hard);
        let least = least_of(&counts, constraint);
        let own = i64::from(selects(selector(newcomer, constraint).as_ref(), &newcomer.metadata.labels));
        let here = counts.get(domain.as_str()).copied().unwrap_or(0);
        if here + own - least > i64::from(constraint.max_skew) {
            let detail = format!("{key}={domain} would have {} while the emptiest has {least}", here + own);
            verdict.breaks(Rule::TopologySpread, detail);
        }
    }
}

/// What there is in the emptiest domain; nothing, if there are fewer domains than there should be (at least one).
fn least_of(counts: &BTreeMap<&str, i64>, constraint: &TopologySpreadConstraint) -> i64 {
    let wanted = constraint.min_domains.unwrap_or(1);
    if (counts.len() as i64) < i64::from(wanted) { 0 } else { counts.values().min().copied().unwrap_or(0) }
}

/// How many pods count in each domain that counts.
fn count_by_domain<'a>(
    world: &World<'a>,
    pod: usize,
    constraint: &TopologySpreadConstraint,
    hard: &[&TopologySpreadConstraint],
) -> BTreeMap<&'a str, i64> {
    let newcomer = world.pod(pod);
    let mut counts = BTreeMap::new();
    for node in &world.objects().nodes {
        if node_counts(newcomer, node, constraint, hard) {
            counts.insert(node.metadata.labels[&constraint.topology_key].as_str(), 0);
        }
    }
    let selector = selector(newcomer, constraint);
    // an empty selector selects every pod where selectors are documented, but spreading counts none for it
    let selects_nothing =
        selector.as_ref().is_none_or(|selector| selector.match_labels.is_empty() && selector.match_expressions.is_empty());
    if selects_nothing {
        return counts;
    }
    for (other, place) in world.others(pod) {
        let same_namespace = namespace(&other.metadata) == namespace(&newcomer.metadata);
        if same_namespace
            && !other.is_terminating()
            && node_counts(newcomer, place, constraint, hard)
            && selects(selector.as_ref(), &other.metadata.labels)
        {
            *counts.entry(place.metadata.labels[&constraint.topology_key].as_str()).or_insert(0) += 1;
        }
    }
    counts
}

/// A node counts if it has the labels of all hard constraints, and if this constraint's policies let it: by default it must
/// be one that the pod's node selector and node affinity accept, while its taints do not matter.
fn node_counts(pod: &Pod, node: &Node, constraint: &TopologySpreadConstraint, hard: &[&TopologySpreadConstraint]) -> bool {
    let labelled = hard.iter().all(|other| node.metadata.labels.contains_key(&other.topology_key));
    let ignores_affinity = constraint.node_affinity_policy.as_deref() == Some("Ignore");
    let ignores_taints = constraint.node_taints_policy.as_deref() != Some("Honor");
    let tainted = node.spec.taints.iter().any(|taint| forbids(taint) && !tolerates(pod, taint));
    labelled && (ignores_affinity || pod_accepts_node(pod, node)) && (ignores_taints || !tainted)
}

fn selector(pod: &Pod, constraint: &TopologySpreadConstraint) -> Option<LabelSelector> {
    narrowed(constraint.label_selector.as_ref(), &pod.metadata.labels, &constraint.match_label_keys, &[])
}
