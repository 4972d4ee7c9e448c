//! Small numbers for names, and sets of nodes as bits.

use std::hash::Hash;

use fixedbitset::FixedBitSet;
use rustc_hash::FxBuildHasher;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident;)*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// From a position in its table.
            pub fn new(index: usize) -> Self {
                $name(u32::try_from(index).expect("fewer than 2^32 of anything"))
            }

            /// Position in its table.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )* };
}

ids! {
    /// A node: its position in the snapshot's list, which is the order in which upstream looks at nodes.
    NodeId;
    /// A pod: its position in [`super::Cluster`]'s table.
    PodId;
    /// A pod class: pods that the scheduler cannot tell apart.
    ClassId;
    /// A text (label key or value, name, namespace).
    TextId;
    /// A resource column.
    ResourceId;
    /// A topology key and its domains.
    TopologyId;
    /// An affinity term: pods by selector and namespaces, near by a topology.
    TermId;
    /// A claim of storage.
    ClaimId;
    /// A volume.
    VolumeId;
}

/// Numbers for things, in the order in which they were first seen.
#[derive(Debug, Clone)]
pub struct Interner<T> {
    items: indexmap::IndexSet<T, FxBuildHasher>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner { items: indexmap::IndexSet::default() }
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// The number of `item`, given now if it had none.
    pub fn intern(&mut self, item: T) -> usize {
        self.items.insert_full(item).0
    }

    /// The number of `item`, if it has one.
    pub fn find<Q: ?Sized + Hash + indexmap::Equivalent<T>>(&self, item: &Q) -> Option<usize> {
        self.items.get_index_of(item)
    }

    /// The item with this number.
    pub fn get(&self, index: usize) -> &T {
        &self.items[index]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All items, in the order of their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &T> {
        self.items.iter()
    }
}

/// Texts by number.
#[derive(Debug, Clone, Default)]
pub struct Texts(Interner<Box<str>>);

impl Texts {
    /// The number of `text`, given now if it had none.
    pub fn intern(&mut self, text: &str) -> TextId {
        match self.0.find(text) {
            Some(index) => TextId::new(index),
            None => TextId::new(self.0.intern(text.into())),
        }
    }

    /// The number of `text`, if it has one.
    pub fn find(&self, text: &str) -> Option<TextId> {
        self.0.find(text).map(TextId::new)
    }

    /// The text with this number.
    pub fn get(&self, id: TextId) -> &str {
        self.0.get(id.index())
    }
}

/// A set of nodes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct NodeSet(FixedBitSet);

impl NodeSet {
    /// No node of `len`.
    pub fn none(len: usize) -> Self {
        NodeSet(FixedBitSet::with_capacity(len))
    }

    /// Every node of `len`.
    pub fn all(len: usize) -> Self {
        let mut bits = FixedBitSet::with_capacity(len);
        bits.insert_range(..);
        NodeSet(bits)
    }

    /// Those of `len` nodes for which `keep` holds.
    pub fn of(len: usize, mut keep: impl FnMut(NodeId) -> bool) -> Self {
        let mut set = NodeSet::none(len);
        (0..len).map(NodeId::new).filter(|&node| keep(node)).for_each(|node| set.insert(node));
        set
    }

    /// How many nodes there could be.
    pub fn capacity(&self) -> usize {
        self.0.len()
    }

    /// Adds a node.
    pub fn insert(&mut self, node: NodeId) {
        self.0.insert(node.index());
    }

    /// Takes a node out.
    pub fn remove(&mut self, node: NodeId) {
        self.0.remove(node.index());
    }

    /// Puts a node in or out.
    pub fn set(&mut self, node: NodeId, member: bool) {
        self.0.set(node.index(), member);
    }

    /// Whether a node is in it.
    pub fn contains(&self, node: NodeId) -> bool {
        self.0.contains(node.index())
    }

    /// How many nodes are in it.
    pub fn len(&self) -> usize {
        self.0.count_ones(..)
    }

    /// Whether no node is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_clear()
    }

    /// Its nodes, in list order.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.0.ones().map(NodeId::new)
    }

    /// Its first node in list order.
    pub fn first(&self) -> Option<NodeId> {
        self.0.minimum().map(NodeId::new)
    }

    /// Keeps what is also in `other`.
    pub fn intersect(&mut self, other: &NodeSet) {
        self.0.intersect_with(&other.0);
    }

    /// Adds what is in `other`.
    pub fn unite(&mut self, other: &NodeSet) {
        self.0.union_with(&other.0);
    }

    /// Takes out what is in `other`.
    pub fn subtract(&mut self, other: &NodeSet) {
        self.0.difference_with(&other.0);
    }

    /// Whether they share a node.
    pub fn meets(&self, other: &NodeSet) -> bool {
        self.words().iter().zip(other.words()).any(|(a, b)| a & b != 0)
    }

    /// How many nodes they share.
    pub fn common(&self, other: &NodeSet) -> usize {
        self.words().iter().zip(other.words()).map(|(a, b)| (a & b).count_ones() as usize).sum()
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Its bits, 64 nodes a word on 64-bit machines.
    pub fn words(&self) -> &[usize] {
        self.0.as_slice()
    }

    /// Adds what both `a` and `b` hold, without allocating.
    pub fn unite_common(&mut self, a: &NodeSet, b: &NodeSet) {
        let words = self.0.as_mut_slice().iter_mut();
        words.zip(a.words()).zip(b.words()).for_each(|((word, a), b)| *word |= a & b);
    }

    /// Makes this the nodes that both `a` and `b` hold, without allocating.
    pub fn assign_common(&mut self, a: &NodeSet, b: &NodeSet) {
        self.0.clone_from(&a.0);
        self.0.intersect_with(&b.0);
    }
}
