//! What one scheduling attempt found: verdicts, scores, the choice, and upstream's sentence.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::cluster::index::{NodeId, NodeSet, PodId};

/// Whether evicting other pods could help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// It could.
    Unschedulable,
    /// It could not.
    UnschedulableAndUnresolvable,
}

impl Code {
    /// Upstream's name of the code.
    pub fn name(self) -> &'static str {
        match self {
            Code::Unschedulable => "Unschedulable",
            Code::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
        }
    }
}

/// A plugin's refusal of a node, or of the pod as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rejection {
    /// The plugin that refused.
    pub plugin: &'static str,
    /// Whether evicting pods could help.
    pub code: Code,
    /// Upstream's reasons, byte for byte, in upstream's order.
    pub reasons: SmallVec<[Cow<'static, str>; 1]>,
}

impl Rejection {
    /// A refusal with one reason.
    pub fn new(plugin: &'static str, code: Code, reason: impl Into<Cow<'static, str>>) -> Self {
        Rejection { plugin, code, reasons: SmallVec::from_iter([reason.into()]) }
    }
}

/// Who refused which node: at most one refusal a node, the first in the profile's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejections {
    distinct: indexmap::IndexSet<Rejection, rustc_hash::FxBuildHasher>,
    of_node: Vec<u32>,
}

const ACCEPTED: u32 = u32::MAX;

impl Rejections {
    /// Nobody refused any of `nodes` nodes yet.
    pub fn none(nodes: usize) -> Self {
        Rejections { distinct: Default::default(), of_node: vec![ACCEPTED; nodes] }
    }

    /// Strikes `node` out of `set` for this reason.
    pub fn reject(&mut self, set: &mut NodeSet, node: NodeId, rejection: Rejection) {
        debug_assert!(set.contains(node), "a node keeps its first refusal");
        set.remove(node);
        self.of_node[node.index()] = self.distinct.insert_full(rejection).0 as u32;
    }

    /// Strikes all of `struck` out of `set` for this reason.
    pub fn reject_all(&mut self, set: &mut NodeSet, struck: &NodeSet, rejection: Rejection) {
        let index = self.distinct.insert_full(rejection).0 as u32;
        struck.iter().filter(|&node| set.contains(node)).for_each(|node| self.of_node[node.index()] = index);
        set.subtract(struck);
    }

    /// Who refused this node.
    pub fn get(&self, node: NodeId) -> Option<&Rejection> {
        match self.of_node[node.index()] {
            ACCEPTED => None,
            index => self.distinct.get_index(index as usize),
        }
    }

    /// The refused nodes in list order, and who refused them.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Rejection)> {
        (0..self.of_node.len()).map(NodeId::new).filter_map(|node| Some((node, self.get(node)?)))
    }

    /// How often each distinct refusal occurred.
    pub fn histogram(&self) -> Vec<(&Rejection, usize)> {
        let mut counts = vec![0; self.distinct.len()];
        self.of_node.iter().filter(|&&index| index != ACCEPTED).for_each(|&index| counts[index as usize] += 1);
        self.distinct.iter().zip(counts).filter(|&(_, count)| count > 0).collect()
    }
}

/// A plugin's scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreColumn {
    /// The plugin.
    pub plugin: &'static str,
    /// Normalised and weighted, one for each feasible node in list order.
    pub scores: Vec<i64>,
}

/// What became of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It has a node.
    Bound,
    /// No node takes it.
    Unschedulable,
    /// Its scheduling gates hold it back.
    Gated,
    /// It evicts others and tries again.
    Preempts,
    /// No profile bears the scheduler name it asks for: another scheduler's pod.
    NotOurs,
}

/// A preemption: where, and who leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preemption {
    /// The node nominated for the pod.
    pub node: NodeId,
    /// Pods that leave it, most important first.
    pub victims: Vec<PodId>,
    /// How many of them break a disruption budget.
    pub budget_violations: usize,
}

/// One scheduling attempt, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// The pod.
    pub pod: PodId,
    /// What became of it.
    pub outcome: Outcome,
    /// Who refused which node.
    pub rejections: Rejections,
    /// A refusal of the pod as a whole (a PreFilter's); then every node is refused with it.
    pub refused: Option<Rejection>,
    /// Nodes left out by a PreFilter result (node affinity by name).
    pub left_out: NodeSet,
    /// Whether nodes were searched: not if the pod was refused as a whole, or a node is kept free for it and takes it.
    pub has_searched: bool,
    /// Nodes that passed every filter.
    pub feasible: NodeSet,
    /// Scores by plugin, in the profile's order; plugins that skipped themselves are absent.
    pub scores: Vec<ScoreColumn>,
    /// Sum of the scores, one for each feasible node in list order.
    pub totals: Vec<i64>,
    /// Nodes with the highest total.
    pub best: NodeSet,
    /// The one that was chosen.
    pub node: Option<NodeId>,
    /// Upstream's sentence, when no node took it.
    pub message: String,
    /// The preemption, when it preempts.
    pub preemption: Option<Preemption>,
}

impl Attempt {
    /// An attempt that has found nothing yet.
    pub fn new(pod: PodId, nodes: usize) -> Self {
        Attempt {
            pod,
            outcome: Outcome::Unschedulable,
            rejections: Rejections::none(nodes),
            refused: None,
            left_out: NodeSet::none(nodes),
            has_searched: false,
            feasible: NodeSet::none(nodes),
            scores: Vec::new(),
            totals: Vec::new(),
            best: NodeSet::none(nodes),
            node: None,
            message: String::new(),
            preemption: None,
        }
    }
}
