//! A topology: the nodes grouped by the value of one label.

use super::index::{NodeId, NodeSet, TextId};

/// No domain: the node lacks the label.
const NOWHERE: u32 = u32::MAX;

/// The domains of one topology key.
#[derive(Debug, Clone)]
pub struct Topology {
    /// The label key.
    pub key: TextId,
    /// Whether the key is `kubernetes.io/hostname`, which PodTopologySpread scores apart.
    pub is_hostname: bool,
    domain_of: Vec<u32>,
    members: Vec<Vec<NodeId>>,
    with_key: NodeSet,
    /// The domains as sets, where they are few.
    sets: Option<Vec<NodeSet>>,
}

/// Up to how many domains are kept as sets too.
const FEW: usize = 64;

impl Topology {
    /// From the label's value on each node.
    pub fn new(key: TextId, is_hostname: bool, values: impl ExactSizeIterator<Item = Option<TextId>>) -> Self {
        let mut domains = super::index::Interner::default();
        let mut members: Vec<Vec<NodeId>> = Vec::new();
        let mut with_key = NodeSet::none(values.len());
        let assign = |(index, value): (usize, Option<TextId>)| match value {
            None => NOWHERE,
            Some(value) => {
                let domain = domains.intern(value);
                members.resize_with(domains.len(), Vec::new);
                members[domain].push(NodeId::new(index));
                with_key.insert(NodeId::new(index));
                domain as u32
            }
        };
        let domain_of = values.enumerate().map(assign).collect();
        let set = |members: &Vec<NodeId>| {
            let mut set = NodeSet::none(with_key.capacity());
            members.iter().for_each(|&node| set.insert(node));
            set
        };
        let sets = (members.len() <= FEW).then(|| members.iter().map(set).collect());
        Topology { key, is_hostname, domain_of, members, with_key, sets }
    }

    /// How many domains there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether no node has the label.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The domain a node is in.
    pub fn domain(&self, node: NodeId) -> Option<usize> {
        let domain = self.domain_of[node.index()];
        (domain != NOWHERE).then_some(domain as usize)
    }

    /// The nodes of a domain.
    pub fn members(&self, domain: usize) -> &[NodeId] {
        &self.members[domain]
    }

    /// The nodes of a domain as a set, where domains are few.
    pub fn set(&self, domain: usize) -> Option<&NodeSet> {
        self.sets.as_ref().map(|sets| &sets[domain])
    }

    /// Adds the nodes of a domain to a set.
    pub fn insert_into(&self, set: &mut NodeSet, domain: usize) {
        match self.set(domain) {
            Some(nodes) => set.unite(nodes),
            None => self.members[domain].iter().for_each(|&node| set.insert(node)),
        }
    }

    /// Takes the nodes of a domain out of a set.
    pub fn remove_from(&self, set: &mut NodeSet, domain: usize) {
        match self.set(domain) {
            Some(nodes) => set.subtract(nodes),
            None => self.members[domain].iter().for_each(|&node| set.remove(node)),
        }
    }

    /// For each domain, whether a node of `set` is in it.
    pub fn domains_meeting(&self, set: &NodeSet) -> Vec<bool> {
        if let Some(sets) = &self.sets {
            return sets.iter().map(|nodes| nodes.meets(set)).collect();
        }
        let mut meets = vec![false; self.len()];
        set.iter().filter_map(|node| self.domain(node)).for_each(|domain| meets[domain] = true);
        meets
    }

    /// The nodes that have the label.
    pub fn with_key(&self) -> &NodeSet {
        &self.with_key
    }
}
