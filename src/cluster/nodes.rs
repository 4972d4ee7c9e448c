//! The nodes, as columns, in the order in which upstream's snapshot lists them.

use rustc_hash::FxHashMap;

use super::index::{NodeId, NodeSet, TextId, Texts};
use super::labels::{LabelSet, Operator, Requirement};
use super::resources::{PODS, ResourceNames, amount};
use crate::manifest::meta::StringMap;
use crate::manifest::node::Node;

/// A taint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Taint {
    /// Key.
    pub key: TextId,
    /// Value.
    pub value: TextId,
    /// What it does.
    pub effect: TaintEffect,
}

/// What a taint does to pods that do not tolerate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaintEffect {
    /// New ones stay away.
    NoSchedule,
    /// New ones had better stay away.
    PreferNoSchedule,
    /// New ones stay away and running ones leave.
    NoExecute,
    /// Unknown to upstream: it does nothing.
    Unknown,
}

impl TaintEffect {
    /// From its name.
    pub fn parse(name: &str) -> Self {
        match name {
            "NoSchedule" => TaintEffect::NoSchedule,
            "PreferNoSchedule" => TaintEffect::PreferNoSchedule,
            "NoExecute" => TaintEffect::NoExecute,
            _ => TaintEffect::Unknown,
        }
    }

    /// Whether it keeps new pods away.
    pub fn keeps_away(self) -> bool {
        matches!(self, TaintEffect::NoSchedule | TaintEffect::NoExecute)
    }
}

/// The nodes of a cluster; every column is indexed by [`NodeId`].
#[derive(Debug, Clone, Default)]
pub struct Nodes {
    /// Names.
    pub names: Vec<TextId>,
    /// Positions in `Objects::nodes`.
    pub objects: Vec<usize>,
    /// Labels.
    pub labels: Vec<LabelSet>,
    /// Cordoned nodes.
    pub unschedulable: NodeSet,
    /// Nodes by their taints: each distinct list of taints, and who has it. Nodes without taints are in none.
    pub tainted: Vec<(Vec<Taint>, NodeSet)>,
    /// What can be asked for, by resource column and node.
    pub allocatable: Vec<Vec<i64>>,
    /// For each image name, normalised: its size in bytes and the nodes that hold it.
    pub images: FxHashMap<TextId, (i64, NodeSet)>,
    /// The zone of each node, by number in the order in which zones were first seen.
    zones: Vec<usize>,
    by_name: FxHashMap<TextId, NodeId>,
    columns: FxHashMap<TextId, Vec<Option<TextId>>>,
}

impl Nodes {
    /// Brings `nodes` into list order and into columns.
    pub fn new(texts: &mut Texts, resources: &mut ResourceNames, nodes: &[Node]) -> Self {
        let order = list_order(nodes);
        let count = order.len();
        let mut table = Nodes { unschedulable: NodeSet::none(count), ..Nodes::default() };
        for &(object, zone) in &order {
            table.push(texts, NodeId::new(table.names.len()), object, &nodes[object], count);
            table.zones.push(zone);
        }
        table.fill_allocatable(resources, nodes);
        table
    }

    fn push(&mut self, texts: &mut Texts, id: NodeId, object: usize, node: &Node, count: usize) {
        let name = texts.intern(&node.metadata.name);
        let labels = LabelSet::new(texts, &node.metadata.labels);
        for &(key, value) in labels.pairs() {
            self.columns.entry(key).or_insert_with(|| vec![None; count])[id.index()] = Some(value);
        }
        self.by_name.insert(name, id);
        self.names.push(name);
        self.objects.push(object);
        self.labels.push(labels);
        self.unschedulable.set(id, node.spec.unschedulable);
        self.push_taints(texts, id, node, count);
        for image in &node.status.images {
            for name in &image.names {
                let entry = self.images.entry(texts.intern(name)).or_insert_with(|| (image.size_bytes, NodeSet::none(count)));
                entry.1.insert(id);
            }
        }
    }

    fn push_taints(&mut self, texts: &mut Texts, id: NodeId, node: &Node, count: usize) {
        let taint = |taint: &crate::manifest::node::Taint| Taint {
            key: texts.intern(&taint.key),
            value: texts.intern(&taint.value),
            effect: TaintEffect::parse(&taint.effect),
        };
        let taints: Vec<Taint> = node.spec.taints.iter().map(taint).collect();
        if taints.is_empty() {
            return;
        }
        let known = self.tainted.iter().position(|(distinct, _)| *distinct == taints);
        let index = known.unwrap_or_else(|| {
            self.tainted.push((taints, NodeSet::none(count)));
            self.tainted.len() - 1
        });
        self.tainted[index].1.insert(id);
    }

    fn fill_allocatable(&mut self, resources: &mut ResourceNames, nodes: &[Node]) {
        for (index, &object) in self.objects.iter().enumerate() {
            for (name, quantity) in &nodes[object].status.allocatable {
                let Some(column) = resources.column(name) else { continue };
                if self.allocatable.len() <= column.index() {
                    self.allocatable.resize_with(column.index() + 1, Vec::new);
                }
                let cells = &mut self.allocatable[column.index()];
                cells.resize(self.objects.len(), 0);
                cells[index] = amount(name, *quantity);
            }
        }
        self.widen(resources);
    }

    /// Gives every resource column its cells; called again once pods have named their resources.
    pub fn widen(&mut self, resources: &ResourceNames) {
        self.allocatable.resize_with(resources.ids().len().max(PODS.index() + 1), Vec::new);
        self.allocatable.iter_mut().for_each(|cells| cells.resize(self.names.len(), 0));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The node of this name.
    pub fn find(&self, name: TextId) -> Option<NodeId> {
        self.by_name.get(&name).copied()
    }

    /// All nodes, in list order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = NodeId> + use<> {
        (0..self.len()).map(NodeId::new)
    }

    /// The number of a node's zone, counted in the order in which zones were first seen. Nodes without labels share one.
    pub fn zone(&self, node: NodeId) -> usize {
        self.zones[node.index()]
    }

    /// The scheduler's list if it held only these nodes.
    pub fn list_order_of(&self, set: &NodeSet) -> Vec<NodeId> {
        let mut zones: Vec<Vec<NodeId>> = Vec::new();
        for node in set.iter() {
            let zone = self.zones[node.index()];
            zones.resize_with(zones.len().max(zone + 1), Vec::new);
            zones[zone].push(node);
        }
        in_turns(&zones).map(|(node, _)| node).collect()
    }

    /// A label's value on every node, if any node has it.
    pub fn label_column(&self, key: TextId) -> Option<&[Option<TextId>]> {
        self.columns.get(&key).map(Vec::as_slice)
    }

    /// The nodes whose labels satisfy every requirement.
    pub fn matching(&self, texts: &Texts, requirements: &[Requirement]) -> NodeSet {
        let mut set = NodeSet::all(self.len());
        for requirement in requirements {
            match self.label_column(requirement.key) {
                Some(column) => set.intersect(&NodeSet::of(self.len(), |node| requirement.matches(column[node.index()], texts))),
                None if matches!(requirement.operator, Operator::NotIn | Operator::DoesNotExist) => {}
                None => set.clear(),
            }
        }
        set
    }
}

/// The order of upstream's snapshot, with the number of each node's zone: zones take turns in the order in which they were first
/// seen, nodes of a zone in the order of their creation. Nodes without a creation time come last, as written.
///
/// Source: pkg/scheduler/backend/cache/node_tree.go, v1.36.
fn list_order(nodes: &[Node]) -> Vec<(usize, usize)> {
    let mut by_creation: Vec<usize> = (0..nodes.len()).collect();
    by_creation.sort_by_key(|&index| {
        let created = nodes[index].metadata.creation_timestamp.as_deref();
        (created.is_none(), created)
    });
    let mut zones: indexmap::IndexMap<(&str, &str), Vec<usize>> = indexmap::IndexMap::new();
    for index in by_creation {
        zones.entry(zone_of(&nodes[index].metadata.labels)).or_default().push(index);
    }
    let zones: Vec<Vec<usize>> = zones.into_values().collect();
    in_turns(&zones).collect()
}

/// The members of each list in turn, with the number of their list.
fn in_turns<T: Copy>(lists: &[Vec<T>]) -> impl Iterator<Item = (T, usize)> {
    let rounds = lists.iter().map(Vec::len).max().unwrap_or(0);
    (0..rounds).flat_map(move |round| lists.iter().enumerate().filter_map(move |(number, list)| Some((*list.get(round)?, number))))
}

fn zone_of(labels: &StringMap) -> (&str, &str) {
    let label = |beta: &str, stable: &str| labels.get(beta).or_else(|| labels.get(stable)).map_or("", String::as_str);
    (
        label("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
        label("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    )
}
