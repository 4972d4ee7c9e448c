//! Nodes by a key that few of them differ in.

use crate::cluster::index::{NodeId, NodeSet};
use crate::cluster::topology::Topology;

/// Every node in exactly one part, by key.
#[derive(Debug, Clone)]
pub struct Partition<K> {
    parts: Vec<(K, NodeSet)>,
}

impl<K: PartialEq + Clone> Partition<K> {
    /// Nodes by the parts they are in.
    pub fn new(parts: Vec<(K, NodeSet)>) -> Self {
        Partition { parts: parts.into_iter().filter(|(_, nodes)| !nodes.is_empty()).collect() }
    }

    /// The parts.
    pub fn parts(&self) -> &[(K, NodeSet)] {
        &self.parts
    }

    /// Changes the key of all nodes of a domain.
    pub fn change_domain(&mut self, topology: &Topology, domain: usize, change: impl Fn(&mut K)) {
        match (topology.set(domain), topology.members(domain)) {
            (Some(nodes), _) => self.change_set(nodes, change),
            (None, members) => members.iter().for_each(|&node| self.change_node(node, &change)),
        }
    }

    /// Changes the key of a node.
    pub fn change_node(&mut self, node: NodeId, change: impl Fn(&mut K)) {
        let Some(from) = self.parts.iter().position(|(_, nodes)| nodes.contains(node)) else { return };
        let mut key = self.parts[from].0.clone();
        change(&mut key);
        self.parts[from].1.remove(node);
        let mut moved = NodeSet::none(self.parts[from].1.capacity());
        match self.parts.iter_mut().find(|(other, _)| *other == key) {
            Some((_, nodes)) => nodes.insert(node),
            None => {
                moved.insert(node);
                self.parts.push((key, moved));
            }
        }
        self.forget_if_empty(from);
    }

    /// Changes the key of all nodes of a set.
    pub fn change_set(&mut self, set: &NodeSet, change: impl Fn(&mut K)) {
        let mut moved: Vec<(K, NodeSet)> = Vec::new();
        for (key, nodes) in self.parts.iter_mut().filter(|(_, nodes)| nodes.meets(set)) {
            let mut leaving = nodes.clone();
            leaving.intersect(set);
            nodes.subtract(set);
            let mut key = key.clone();
            change(&mut key);
            moved.push((key, leaving));
        }
        for (key, nodes) in moved {
            match self.parts.iter_mut().find(|(other, _)| *other == key) {
                Some((_, present)) => present.unite(&nodes),
                None => self.parts.push((key, nodes)),
            }
        }
        self.parts.retain(|(_, nodes)| !nodes.is_empty());
    }

    fn forget_if_empty(&mut self, part: usize) {
        if self.parts[part].1.is_empty() {
            self.parts.swap_remove(part);
        }
    }
}
