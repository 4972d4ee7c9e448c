//! Failure domains: nodes that go together, because they share a machine, a rack, a zone or a region.
//!
//! Domains are what node labels say. A label's domain is the set of nodes that have the same value, as topology keys of spread
//! constraints have it; a node without the label is in no domain of it, and [`Partition::without`] names it. Where labels nest
//! (region → zone → rack → node) [`FailureDomains`] is the graph of it: a forest, unless a domain straddles two of the level above.
//!
//! To add a level: a variant of [`Kind`] with its labels, and one of [`Level`].
//!
//! Source: "Well-Known Labels, Annotations and Taints" (topology.kubernetes.io/region and /zone, and their beta forms), Kubernetes
//! v1.36; racks have no well-known label, so every label whose name has the word `rack` in it counts (Rook, Portworx, OpenShift
//! and most bare-metal set-ups write one of those).

use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::Dfs;
use thiserror::Error;

use crate::manifest::node::Node;

/// Labels that say a node's zone, the first that is there counts; the last is what clusters without a cloud write.
const ZONE: &[&str] = &["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone", "zone"];
/// Labels that say a node's region.
const REGION: &[&str] = &["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region", "region"];
/// So many names are listed in a message.
const LISTED: usize = 12;

/// What nodes are grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Each node by itself.
    Node,
    /// By the one label that says the rack.
    Rack,
    /// By zone.
    Zone,
    /// By region.
    Region,
    /// By the label of this key.
    Label(String),
}

impl Kind {
    /// `node`, `rack`, `zone`, `region`, or a label key. The well-known keys of zones and regions mean their beta forms too.
    pub fn parse(text: &str) -> Self {
        match text {
            "node" => Kind::Node,
            "rack" => Kind::Rack,
            _ if ZONE.contains(&text) => Kind::Zone,
            _ if REGION.contains(&text) => Kind::Region,
            key => Kind::Label(key.to_owned()),
        }
    }

    /// What people call it: `zone`, or the label's key.
    pub fn name(&self) -> &str {
        match self {
            Kind::Node => "node",
            Kind::Rack => "rack",
            Kind::Zone => "zone",
            Kind::Region => "region",
            Kind::Label(key) => key,
        }
    }
}

/// Nodes that go together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain {
    /// What they share: `node`, `zone`, `region`, or a label key.
    pub key: String,
    /// Which one it is: the node's name, or the label's value.
    pub value: String,
    /// Names of its nodes, sorted.
    pub nodes: Vec<String>,
}

impl std::fmt::Display for Domain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.key.as_str() {
            "node" | "zone" | "region" => write!(f, "{} {}", self.key, self.value),
            key => write!(f, "{key}={}", self.value),
        }
    }
}

/// All domains of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// What their nodes share, as in [`Domain::key`].
    pub key: String,
    /// The domains, by value.
    pub domains: Vec<Domain>,
    /// Names of the nodes that are in none of them, sorted.
    pub without: Vec<String>,
}

/// Why there is no such domain.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnknownDomain {
    /// Not of the form `KEY=VALUE`.
    #[error("KEY=VALUE is expected, such as topology.kubernetes.io/zone=zone-a, not {0:?}")]
    NotAPair(String),
    /// No node has the label.
    #[error("no node has the label {key}; the labels of the nodes are {}", listed(.keys))]
    NoSuchKey {
        /// The label that is missing.
        key: String,
        /// Keys of the labels that nodes have, sorted.
        keys: Vec<String>,
    },
    /// No node has that value.
    #[error("there is no {key} {value}; there is {}", listed(.values))]
    NoSuchValue {
        /// What nodes are grouped by.
        key: String,
        /// The value that is missing.
        value: String,
        /// The values there are, sorted.
        values: Vec<String>,
    },
    /// Several labels could say the rack, and say different things.
    #[error("several labels could say the rack: {}; name the one that is meant instead of `rack`", listed(.0))]
    SeveralRacks(Vec<String>),
}

fn listed(names: &[String]) -> String {
    match names.len() {
        0 => "none".to_owned(),
        more if more > LISTED => format!("{} and {} more", names[..LISTED].join(", "), more - LISTED),
        _ => names.join(", "),
    }
}

/// The domains of a kind, by value.
pub fn domains(nodes: &[Node], kind: &Kind) -> Result<Vec<Domain>, UnknownDomain> {
    Ok(partition(nodes, kind)?.domains)
}

/// The domain of a kind that has this value: `(Kind::Zone, "zone-a")`, `(Kind::Node, "node-1")`.
pub fn domain(nodes: &[Node], kind: &Kind, value: &str) -> Result<Domain, UnknownDomain> {
    let Partition { key, domains, .. } = partition(nodes, kind)?;
    match domains.binary_search_by(|domain| domain.value.as_str().cmp(value)) {
        Ok(place) => Ok(domains.into_iter().nth(place).expect("just found")),
        Err(_) => Err(UnknownDomain::NoSuchValue {
            key,
            value: value.to_owned(),
            values: domains.into_iter().map(|domain| domain.value).collect(),
        }),
    }
}

/// Takes `KEY=VALUE` apart.
pub fn pair(text: &str) -> Result<(Kind, &str), UnknownDomain> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((Kind::parse(key), value)),
        _ => Err(UnknownDomain::NotAPair(text.to_owned())),
    }
}

/// The domains of a kind, and the nodes that are in none. Some node has to be in one, unless there are no nodes.
pub fn partition(nodes: &[Node], kind: &Kind) -> Result<Partition, UnknownDomain> {
    let key = match kind {
        Kind::Rack => rack_label(nodes)?,
        kind => kind.name().to_owned(),
    };
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut without = BTreeSet::new();
    for node in nodes {
        let name = node.metadata.name.as_str();
        match value_of(node, kind, &key) {
            Some(value) => _ = groups.entry(value).or_default().insert(name),
            None => _ = without.insert(name),
        }
    }
    if groups.is_empty() && !nodes.is_empty() {
        return Err(no_such_key(nodes, kind));
    }
    let owned = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
    let domain = |(value, names): (&str, BTreeSet<&str>)| Domain { key: key.clone(), value: value.to_owned(), nodes: owned(names) };
    Ok(Partition { domains: groups.into_iter().map(domain).collect(), without: owned(without), key: key.clone() })
}

fn value_of<'a>(node: &'a Node, kind: &Kind, key: &str) -> Option<&'a str> {
    match kind {
        Kind::Node => Some(&node.metadata.name),
        Kind::Zone => first_of(node, ZONE),
        Kind::Region => first_of(node, REGION),
        Kind::Rack | Kind::Label(_) => node.metadata.labels.get(key).map(String::as_str),
    }
}

/// The first of some labels that says something.
fn first_of<'a>(node: &'a Node, keys: &[&str]) -> Option<&'a str> {
    let mut values = keys.iter().filter_map(|&key| node.metadata.labels.get(key));
    values.find(|value| !value.is_empty()).map(String::as_str)
}

fn no_such_key(nodes: &[Node], kind: &Kind) -> UnknownDomain {
    let keys: BTreeSet<&String> = nodes.iter().flat_map(|node| node.metadata.labels.keys()).collect();
    let key = match kind {
        Kind::Zone => ZONE[0],
        Kind::Region => REGION[0],
        kind => kind.name(),
    };
    UnknownDomain::NoSuchKey { key: key.to_owned(), keys: keys.into_iter().cloned().collect() }
}

/// Labels that may say the rack, sorted, and how many nodes have each.
pub fn rack_labels(nodes: &[Node]) -> BTreeMap<String, usize> {
    let mut labels = BTreeMap::new();
    for key in nodes.iter().flat_map(|node| node.metadata.labels.keys()).filter(|key| is_rack(key)) {
        *labels.entry(key.clone()).or_default() += 1;
    }
    labels
}

/// Whether the name of a label, without its prefix, has the word `rack` in it: `topology.rook.io/rack`, `rack-id`, `px/rack`.
fn is_rack(key: &str) -> bool {
    let name = key.rsplit_once('/').map_or(key, |(_, name)| name);
    name.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word.eq_ignore_ascii_case("rack"))
}

/// The label that says the rack. Several are fine as long as they say the same of every node.
fn rack_label(nodes: &[Node]) -> Result<String, UnknownDomain> {
    let labels = rack_labels(nodes);
    let Some(first) = labels.keys().next() else { return Err(no_such_key(nodes, &Kind::Rack)) };
    let agree = |node: &Node| labels.keys().all(|key| node.metadata.labels.get(key) == node.metadata.labels.get(first));
    if nodes.iter().all(agree) { Ok(first.clone()) } else { Err(UnknownDomain::SeveralRacks(labels.into_keys().collect())) }
}

/// A level of failure domains; the widest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Regions.
    Region,
    /// Zones.
    Zone,
    /// Racks.
    Rack,
    /// Nodes.
    Node,
}

impl Level {
    /// The levels above nodes, the widest first.
    pub const ABOVE_NODES: [Level; 3] = [Level::Region, Level::Zone, Level::Rack];

    fn kind(self) -> Kind {
        match self {
            Level::Region => Kind::Region,
            Level::Zone => Kind::Zone,
            Level::Rack => Kind::Rack,
            Level::Node => Kind::Node,
        }
    }
}

/// A domain by its level and name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Its level.
    pub level: Level,
    /// The label's value, or the node's name.
    pub value: String,
}

/// Region → zone → rack → node, as far as nodes are labelled.
#[derive(Debug, Clone, Default)]
pub struct FailureDomains {
    graph: DiGraph<Place, ()>,
    places: BTreeMap<Place, NodeIndex>,
    without: BTreeMap<Level, Vec<String>>,
}

impl FailureDomains {
    /// Of these nodes. A level on which no node is labelled, or on which labels contradict each other, is left out.
    pub fn new(nodes: &[Node]) -> Self {
        let mut domains = FailureDomains::default();
        let mut chains: BTreeMap<String, Vec<Place>> = BTreeMap::new();
        for level in [Level::Region, Level::Zone, Level::Rack, Level::Node] {
            let Ok(Partition { domains: values, without, .. }) = partition(nodes, &level.kind()) else { continue };
            if !without.is_empty() {
                domains.without.insert(level, without);
            }
            for Domain { value, nodes, .. } in values {
                nodes.into_iter().for_each(|node| chains.entry(node).or_default().push(Place { level, value: value.clone() }));
            }
        }
        let all: BTreeSet<&Place> = chains.values().flatten().collect();
        domains.places = all.into_iter().map(|place| (place.clone(), domains.graph.add_node(place.clone()))).collect();
        for pair in chains.values().flat_map(|chain| chain.windows(2)) {
            domains.graph.update_edge(domains.places[&pair[0]], domains.places[&pair[1]], ());
        }
        domains
    }

    /// All domains, the widest first, then by name.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.keys()
    }

    /// The domains of a level, by name.
    pub fn level(&self, level: Level) -> impl Iterator<Item = &Place> {
        self.places.keys().filter(move |place| place.level == level)
    }

    /// Domains that lie in no wider one.
    pub fn roots(&self) -> Vec<&Place> {
        self.places.keys().filter(|place| self.parents(place).is_empty()).collect()
    }

    /// What lies directly in a domain, by level and name.
    pub fn children(&self, place: &Place) -> Vec<&Place> {
        self.neighbours(place, Direction::Outgoing)
    }

    /// What a domain lies directly in; more than one where it straddles.
    pub fn parents(&self, place: &Place) -> Vec<&Place> {
        self.neighbours(place, Direction::Incoming)
    }

    /// Names of the nodes in a domain, sorted.
    pub fn nodes(&self, place: &Place) -> Vec<&str> {
        let Some(&start) = self.places.get(place) else { return Vec::new() };
        let mut search = Dfs::new(&self.graph, start);
        let mut found = BTreeSet::new();
        while let Some(next) = search.next(&self.graph) {
            let place = &self.graph[next];
            if place.level == Level::Node {
                found.insert(place.value.as_str());
            }
        }
        found.into_iter().collect()
    }

    /// Domains that lie in several of the next wider ones, so that the graph is no forest: a rack label that two zones share.
    pub fn straddling(&self) -> Vec<&Place> {
        self.places.keys().filter(|place| self.parents(place).len() > 1).collect()
    }

    /// Names of the nodes without a label of a level on which others have one, sorted.
    pub fn without(&self, level: Level) -> &[String] {
        self.without.get(&level).map(Vec::as_slice).unwrap_or_default()
    }

    fn neighbours(&self, place: &Place, direction: Direction) -> Vec<&Place> {
        let Some(&index) = self.places.get(place) else { return Vec::new() };
        let mut found: Vec<&Place> = self.graph.neighbors_directed(index, direction).map(|index| &self.graph[index]).collect();
        found.sort_unstable();
        found
    }
}
