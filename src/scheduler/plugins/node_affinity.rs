//! NodeAffinity: node selector, required and preferred node affinity, and the affinity that the profile adds.
//!
//! When every required term names its nodes (`matchFields` on `metadata.name`), only those come into question (PreFilter).
//!
//! Source: pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go, v1.36.

use crate::cluster::class::NodeTerm;
use crate::cluster::index::NodeSet;
use crate::scheduler::attempt::{Code, Rejection, Rejections};
use crate::scheduler::framework::{Cycle, Plugin, normalise_by_maximum};

const REASON_POD: &str = "node(s) didn't match Pod's node affinity/selector";
const REASON_ENFORCED: &str = "node(s) didn't match scheduler-enforced node affinity";
const REASON_CONFLICT: &str = "pod affinity terms conflict";

fn admit(cycle: &Cycle<'_>) -> Result<Option<NodeSet>, Rejection> {
    let Some(terms) = &cycle.class.required_nodes else { return Ok(None) };
    let listed: Option<Vec<_>> = terms.iter().map(|term| term.listed_names.as_ref()).collect();
    let Some(listed) = listed.filter(|listed| !listed.is_empty()) else { return Ok(None) };
    let names: Vec<_> = listed.into_iter().flatten().collect();
    if names.is_empty() {
        return Err(Rejection::new(PLUGIN.name, Code::UnschedulableAndUnresolvable, REASON_CONFLICT));
    }
    let mut set = NodeSet::none(cycle.cluster.nodes.len());
    names.into_iter().filter_map(|&name| cycle.cluster.nodes.find(name)).for_each(|node| set.insert(node));
    Ok(Some(set))
}

fn filter(cycle: &Cycle<'_>, set: &mut NodeSet, rejections: &mut Rejections) {
    let mut strike = |allowed: &NodeSet, reason: &'static str| {
        let mut struck = set.clone();
        struck.subtract(allowed);
        if !struck.is_empty() {
            rejections.reject_all(set, &struck, Rejection::new(PLUGIN.name, Code::UnschedulableAndUnresolvable, reason));
        }
    };
    if let Some(terms) = &cycle.profile.added_required_nodes {
        strike(&cycle.cluster.nodes_matching_any(terms), REASON_ENFORCED);
    }
    if !cycle.class.node_selector.is_empty() || cycle.class.required_nodes.is_some() {
        strike(&cycle.cluster.nodes_wanted(cycle.class), REASON_POD);
    }
}

/// Preferred terms and the nodes that satisfy them; `None` if there is no such term.
pub fn raw(cycle: &Cycle<'_>) -> Option<Vec<(i64, NodeSet)>> {
    let matching = |(weight, term): &(i64, NodeTerm)| (*weight, cycle.cluster.nodes_matching(term));
    let preferred = cycle.profile.added_preferred_nodes.iter().chain(&cycle.class.preferred_nodes);
    let terms: Vec<_> = preferred.map(matching).collect();
    (!terms.is_empty()).then_some(terms)
}

/// The more the better.
pub fn normalise(scores: &mut [i64]) {
    normalise_by_maximum(scores, false);
}

fn score(cycle: &Cycle<'_>, set: &NodeSet) -> Option<Vec<i64>> {
    let terms = raw(cycle)?;
    let sum = |node| terms.iter().filter(|(_, nodes)| nodes.contains(node)).map(|(weight, _)| weight).sum();
    let mut scores: Vec<i64> = set.iter().map(sum).collect();
    normalise(&mut scores);
    Some(scores)
}

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    weight: 2,
    admit: Some(admit),
    filter: Some(filter),
    score: Some(score),
    ..Plugin::named("NodeAffinity", "node selector and node affinity", "nodeaffinity/node_affinity.go")
};
