//! From which nodes volumes can be reached: their node affinity, and the zone labels of older ones.
//!
//! Source: k8s.io/component-helpers/storage/volume/helpers.go CheckNodeAffinity and
//! k8s.io/kubernetes/pkg/scheduler/framework/plugins/volumezone/volume_zone.go, v1.36.

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;
use rustc_hash::FxHashMap;

use crate::cluster::index::Texts;
use crate::cluster::labels::Requirement;
use crate::manifest::meta::SelectorRequirement;
use crate::manifest::node::Node;
use crate::manifest::pod::{NodeSelector, NodeSelectorTerm};
use crate::manifest::storage::PersistentVolume;

/// Labels of a volume that say where it is; several values stand with `__` between them.
const ZONE_LABELS: &[&str] = &[
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
];

/// Nodes from which some volumes can be reached.
#[derive(Debug, Clone, Default)]
pub(in crate::graph) struct Reach {
    /// The nodes, by their place in the graph.
    pub nodes: Vec<NodeIndex>,
    /// The volumes.
    pub volumes: Vec<NodeIndex>,
    /// Whether it is a node by name that they ask for, and not where it stands.
    pub by_name: bool,
}

/// What a volume asks of a node: equal wishes have the same reach.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Wish<'a> {
    affinity: Option<&'a NodeSelector>,
    zones: Vec<(&'static str, &'a str)>,
}

/// The nodes, to be found by label.
pub(super) struct Reachable<'a> {
    texts: Texts,
    nodes: &'a [Node],
    by_label: FxHashMap<(&'a str, &'a str), Vec<usize>>,
    known: FxHashMap<Wish<'a>, Vec<usize>>,
}

impl<'a> Reachable<'a> {
    /// Of these nodes.
    pub fn new(nodes: &'a [Node]) -> Self {
        let mut by_label: FxHashMap<(&str, &str), Vec<usize>> = FxHashMap::default();
        for (place, node) in nodes.iter().enumerate() {
            by_label.entry((NAME, node.metadata.name.as_str())).or_default().push(place);
            node.metadata.labels.iter().for_each(|(key, value)| by_label.entry((key, value)).or_default().push(place));
        }
        Reachable { texts: Texts::default(), nodes, by_label, known: FxHashMap::default() }
    }

    /// Places of the nodes from which a volume can be reached, ascending, and whether it asks for nodes by name; none if from all.
    pub fn of(&mut self, volume: &'a PersistentVolume) -> Option<(Vec<usize>, bool)> {
        let affinity = volume.spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref());
        let label = |&key: &&'static str| Some((key, volume.metadata.labels.get(key)?.as_str()));
        let zones: Vec<_> = ZONE_LABELS.iter().filter_map(label).filter(|(_, value)| is_readable(value)).collect();
        if affinity.is_none() && zones.is_empty() {
            return None;
        }
        let by_name = affinity.is_some_and(|affinity| affinity.node_selector_terms.iter().all(is_by_name));
        let wish = Wish { affinity, zones };
        if let Some(places) = self.known.get(&wish) {
            return Some((places.clone(), by_name));
        }
        let mut places = match wish.affinity {
            Some(affinity) => self.by_affinity(affinity),
            None => (0..self.nodes.len()).collect(),
        };
        places.retain(|&place| is_in(&self.nodes[place], &wish.zones));
        self.known.insert(wish, places.clone());
        Some((places, by_name))
    }

    fn by_affinity(&mut self, affinity: &NodeSelector) -> Vec<usize> {
        let mut places: Vec<usize> = affinity.node_selector_terms.iter().flat_map(|term| self.by_term(term)).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    fn by_term(&mut self, term: &NodeSelectorTerm) -> Vec<usize> {
        let requirements: Option<Vec<(&str, Requirement)>> = term
            .match_expressions
            .iter()
            .map(|each| (each.key.as_str(), each))
            .chain(term.match_fields.iter().map(|each| (NAME, each)))
            .map(|(key, each)| Some((key, Requirement::new(&mut self.texts, each)?)))
            .collect();
        // an empty term, and one that upstream cannot read, match nothing
        let Some(requirements) = requirements.filter(|requirements| !requirements.is_empty()) else { return Vec::new() };
        let equal =
            term.match_expressions.iter().map(|each| (each.key.as_str(), each)).chain(term.match_fields.iter().map(|each| (NAME, each)));
        let few = equal.filter(|(_, each)| each.operator == "In").min_by_key(|(key, each)| self.number_with(key, each));
        let candidates = match few {
            Some((key, each)) => each.values.iter().flat_map(|value| self.with(key, value)).copied().collect(),
            None => (0..self.nodes.len()).collect::<Vec<usize>>(),
        };
        let texts = &mut self.texts;
        let mut matches = |place: &usize| {
            let node = &self.nodes[*place];
            requirements.iter().all(|(key, requirement)| {
                let value = if *key == NAME { Some(&node.metadata.name) } else { node.metadata.labels.get(*key) };
                let value = value.map(|value| texts.intern(value));
                requirement.matches(value, texts)
            })
        };
        candidates.into_iter().filter(|place| matches(place)).collect()
    }

    fn with<'s>(&'s self, key: &'s str, value: &'s str) -> &'s [usize] {
        self.by_label.get(&(key, value)).map(Vec::as_slice).unwrap_or_default()
    }

    fn number_with(&self, key: &str, requirement: &SelectorRequirement) -> usize {
        requirement.values.iter().map(|value| self.with(key, value).len()).sum()
    }
}

/// Stands for the field of a node that selectors know, its name: no label has an empty key.
const NAME: &str = "";

/// Whether a term names the nodes it means.
fn is_by_name(term: &NodeSelectorTerm) -> bool {
    !term.match_fields.is_empty() || term.match_expressions.iter().any(|each| each.key == "kubernetes.io/hostname")
}

/// Upstream passes a label with an empty zone over.
fn is_readable(value: &str) -> bool {
    value.split("__").all(|zone| !zone.trim().is_empty())
}

/// Whether a node is where the labels of a volume say. A beta label is satisfied by the node's newer one.
fn is_in(node: &Node, zones: &[(&str, &str)]) -> bool {
    // a node without any such label takes every volume
    let labels = &node.metadata.labels;
    if !ZONE_LABELS.iter().any(|&key| labels.contains_key(key)) {
        return true;
    }
    zones.iter().all(|(key, zones)| {
        let newer = key.replace("failure-domain.beta.kubernetes.io/", "topology.kubernetes.io/");
        let value = labels.get(*key).or_else(|| labels.get(newer.as_str()));
        value.is_some_and(|value| zones.split("__").any(|zone| zone.trim() == value))
    })
}

/// The reaches of volumes, equal ones together.
pub(super) fn grouped(volumes: impl Iterator<Item = (NodeIndex, Vec<NodeIndex>, bool)>) -> Vec<Reach> {
    let mut groups: BTreeMap<(Vec<NodeIndex>, bool), Vec<NodeIndex>> = BTreeMap::new();
    volumes.for_each(|(volume, nodes, by_name)| groups.entry((nodes, by_name)).or_default().push(volume));
    groups.into_iter().map(|((nodes, by_name), volumes)| Reach { nodes, volumes, by_name }).collect()
}
