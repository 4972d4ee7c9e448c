//! Resource verdicts and scores of one shape of pod, for every node.

use std::collections::BTreeMap;

use crate::cluster::index::{NodeId, NodeSet};
use crate::cluster::occupancy::Change;
use crate::scheduler::framework::Cycle;
use crate::scheduler::plugins::{node_resources_balanced_allocation as balanced, node_resources_fit as fit};

/// Nodes by resource score: NodeResourcesFit and NodeResourcesBalancedAllocation, weighted.
#[derive(Debug, Clone)]
pub struct Levels {
    fitting: NodeSet,
    filters: bool,
    fit_weight: i64,
    balanced_weight: i64,
    score_of: Vec<i64>,
    /// Scores, and how many nodes and which have them.
    by_score: BTreeMap<i64, (usize, NodeSet)>,
    /// How far in the log this has been brought.
    seen: usize,
}

impl Levels {
    /// Asks every node.
    pub fn new(cycle: &Cycle<'_>) -> Self {
        let skips = balanced::skips(cycle);
        let mut levels = Levels {
            fitting: NodeSet::all(cycle.cluster.nodes.len()),
            filters: cycle.profile.filters.iter().any(|plugin| plugin.name == fit::PLUGIN.name),
            fit_weight: cycle.profile.weight_of(&fit::PLUGIN),
            balanced_weight: if skips { 0 } else { cycle.profile.weight_of(&balanced::PLUGIN) },
            score_of: Vec::new(),
            by_score: BTreeMap::new(),
            seen: 0,
        };
        levels.rebuild(cycle);
        levels
    }

    fn rebuild(&mut self, cycle: &Cycle<'_>) {
        self.by_score.clear();
        self.score_of = cycle.cluster.nodes.ids().map(|node| self.score(cycle, node)).collect();
        for node in cycle.cluster.nodes.ids() {
            self.fitting.set(node, self.fits(cycle, node));
            self.enter(node);
        }
        self.seen = cycle.occupancy.log().len();
    }

    /// Asks the nodes that changed.
    pub fn catch_up(&mut self, cycle: &Cycle<'_>) {
        let changes = &cycle.occupancy.log()[self.seen..];
        if changes.len() > cycle.cluster.nodes.len() {
            return self.rebuild(cycle);
        }
        self.seen += changes.len();
        for (stay, _) in changes.iter().filter_map(Change::presence) {
            let node = stay.node;
            self.fitting.set(node, self.fits(cycle, node));
            let score = self.score(cycle, node);
            if score != self.score_of[node.index()] {
                self.leave(node);
                self.score_of[node.index()] = score;
                self.enter(node);
            }
        }
    }

    fn fits(&self, cycle: &Cycle<'_>, node: NodeId) -> bool {
        !self.filters || fit::fits(cycle.cluster, cycle.occupancy, cycle.class, &cycle.profile.ignored_resources, node)
    }

    fn score(&self, cycle: &Cycle<'_>, node: NodeId) -> i64 {
        let fit = if self.fit_weight == 0 { 0 } else { self.fit_weight * fit::score_node(cycle, node) };
        let balanced = if self.balanced_weight == 0 { 0 } else { self.balanced_weight * balanced::score_node(cycle, node) };
        fit + balanced
    }

    fn enter(&mut self, node: NodeId) {
        let level = self.by_score.entry(self.score_of[node.index()]).or_insert_with(|| (0, NodeSet::none(self.fitting.capacity())));
        level.0 += 1;
        level.1.insert(node);
    }

    fn leave(&mut self, node: NodeId) {
        let score = self.score_of[node.index()];
        let level = self.by_score.get_mut(&score).expect("a node is entered under its score");
        level.0 -= 1;
        level.1.remove(node);
        if level.0 == 0 {
            self.by_score.remove(&score);
        }
    }

    /// How far in the log this has been brought.
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// The log was cut short; what was cut off had been taken back.
    pub fn cut_short(&mut self, log: usize) {
        self.seen = self.seen.min(log);
    }

    /// Nodes that have room.
    pub fn fitting(&self) -> &NodeSet {
        &self.fitting
    }

    /// Scores from the highest, and the nodes that have them.
    pub fn descending(&self) -> impl Iterator<Item = (i64, &NodeSet)> {
        self.by_score.iter().rev().map(|(score, (_, nodes))| (*score, nodes))
    }
}
