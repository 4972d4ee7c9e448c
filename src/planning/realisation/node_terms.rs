//! A set of nodes, said by their labels: by what they have in common if that is exact, by their names if not.

use std::collections::BTreeSet;

use super::NODE_GROUP;
use crate::catalogue::is_given;
use crate::manifest::meta::SelectorRequirement;
use crate::manifest::node::Node;
use crate::manifest::pod::NodeSelectorTerm;

/// The label of a node's zone.
pub(super) const ZONE: &str = "topology.kubernetes.io/zone";
/// The label of a node's own name.
pub(super) const HOSTNAME: &str = "kubernetes.io/hostname";
const INSTANCE_TYPE: &str = "node.kubernetes.io/instance-type";

/// Labels by which clusters are divided, the most lasting first.
const DIVISIONS: [&str; 10] = [
    ZONE,
    INSTANCE_TYPE,
    "karpenter.sh/nodepool",
    "eks.amazonaws.com/nodegroup",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
    "agentpool",
    "cluster.x-k8s.io/deployment-name",
    "kops.k8s.io/instancegroup",
    "node.cluster.x-k8s.io/pool",
];
/// Labels that tell one machine from all others, or say how it fares.
const OF_A_MACHINE: [&str; 3] = [HOSTNAME, "k3s.io/hostname", "alpha.eksctl.io/instance-id"];

/// Terms of which one holds for each of the `wanted` nodes, and none for any other `among` those that count. Both are places in `nodes`.
pub(super) fn node_terms(nodes: &[Node], wanted: &BTreeSet<usize>, among: &BTreeSet<usize>) -> Vec<NodeSelectorTerm> {
    // of nodes that are yet to be bought it is known only what type they are of, where, and what they are given
    let is_bought = |node: &usize| nodes[*node].metadata.labels.contains_key(NODE_GROUP);
    let is_known = |key: &&str| [ZONE, INSTANCE_TYPE].contains(key) || is_given(key) || !wanted.iter().any(is_bought);
    let division = DIVISIONS.iter().filter(|key| is_known(key)).find_map(|key| exactly(nodes, wanted, among, &[key]));
    let of_custom = || custom_keys(nodes, wanted).into_iter().filter(is_known).find_map(|key| exactly(nodes, wanted, among, &[key]));
    if let Some(term) = division.or_else(|| exactly(nodes, wanted, among, &[INSTANCE_TYPE, ZONE])).or_else(of_custom) {
        return vec![term];
    }
    // what is bought is known by its group, everything else by its name
    let (bought, named): (BTreeSet<usize>, BTreeSet<usize>) = wanted.iter().partition(|node| is_bought(node));
    let groups = exactly(nodes, &bought, among, &[NODE_GROUP]).filter(|_| !bought.is_empty());
    groups.into_iter().chain(by_name(nodes, &named, among)).collect()
}

/// A term of these keys that holds for exactly these nodes, if there is one.
fn exactly(nodes: &[Node], wanted: &BTreeSet<usize>, among: &BTreeSet<usize>, keys: &[&str]) -> Option<NodeSelectorTerm> {
    let label = |node: usize, key: &str| nodes[node].metadata.labels.get(key).map(String::as_str);
    let values = |key: &&str| wanted.iter().map(|&node| label(node, key)).collect::<Option<BTreeSet<&str>>>();
    let values: Vec<BTreeSet<&str>> = keys.iter().map(values).collect::<Option<_>>()?;
    let holds = |node: &&usize| keys.iter().zip(&values).all(|(key, values)| label(**node, key).is_some_and(|own| values.contains(own)));
    if among.iter().filter(holds).count() != wanted.len() {
        return None;
    }
    let requirement = |(key, values): (&&str, &BTreeSet<&str>)| one_of(key, values.iter().map(|value| (*value).to_owned()).collect());
    Some(NodeSelectorTerm { match_expressions: keys.iter().zip(&values).map(requirement).collect(), ..NodeSelectorTerm::default() })
}

/// Other labels that all of these nodes have and that say more than who each of them is: two nodes or more to a value.
fn custom_keys<'a>(nodes: &'a [Node], wanted: &BTreeSet<usize>) -> Vec<&'a str> {
    let Some(&first) = wanted.first() else { return Vec::new() };
    let keys = nodes[first].metadata.labels.iter().map(|(key, _)| key.as_str());
    let divides = |key: &&str| {
        let values: BTreeSet<Option<&String>> = wanted.iter().map(|&node| nodes[node].metadata.labels.get(*key)).collect();
        values.len() * 2 <= wanted.len()
    };
    keys.filter(|key| !OF_A_MACHINE.contains(key) && *key != NODE_GROUP).filter(divides).collect()
}

/// One term for all nodes whose hostname tells them apart; for each other one its name.
fn by_name(nodes: &[Node], named: &BTreeSet<usize>, among: &BTreeSet<usize>) -> Vec<NodeSelectorTerm> {
    if named.is_empty() {
        return Vec::new();
    }
    if let Some(term) = exactly(nodes, named, among, &[HOSTNAME]) {
        return vec![term];
    }
    // a term takes one name only
    let term = |&node: &usize| NodeSelectorTerm {
        match_fields: vec![one_of("metadata.name", vec![nodes[node].metadata.name.clone()])],
        ..NodeSelectorTerm::default()
    };
    named.iter().map(term).collect()
}

fn one_of(key: &str, values: Vec<String>) -> SelectorRequirement {
    SelectorRequirement { key: key.to_owned(), operator: "In".to_owned(), values }
}

/// Terms of which one holds where one of `these` and one of `those` hold; without any of the one, the other.
pub(super) fn both(these: &[NodeSelectorTerm], those: &[NodeSelectorTerm]) -> Vec<NodeSelectorTerm> {
    if these.is_empty() {
        return those.to_vec();
    }
    let join = |one: &NodeSelectorTerm, other: &NodeSelectorTerm| NodeSelectorTerm {
        match_expressions: [&one.match_expressions[..], &other.match_expressions[..]].concat(),
        match_fields: [&one.match_fields[..], &other.match_fields[..]].concat(),
    };
    these.iter().flat_map(|one| those.iter().map(move |other| join(one, other))).collect()
}
