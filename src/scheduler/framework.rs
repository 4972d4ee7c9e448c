//! What a plugin is: a row of functions over a *set* of nodes.
//!
//! Upstream asks every plugin about every node and remembers between calls in a string-keyed state. Here the set is an
//! argument: one call a plugin a pod, over columns.

use super::attempt::{Rejection, Rejections};
use super::profile::Profile;
use super::version::Semantics;
use crate::cluster::Cluster;
use crate::cluster::class::Class;
use crate::cluster::index::{NodeId, NodeSet, PodId};
use crate::cluster::occupancy::Occupancy;
use crate::cluster::outage::Outages;

/// The highest score a plugin gives a node before its weight.
pub const MAX_NODE_SCORE: i64 = 100;

/// What a plugin sees of one scheduling attempt.
#[derive(Clone, Copy)]
pub struct Cycle<'a> {
    /// What does not change.
    pub cluster: &'a Cluster,
    /// Who is where.
    pub occupancy: &'a Occupancy,
    /// What has become of nodes.
    pub outages: &'a Outages,
    /// The pod's class.
    pub class: &'a Class,
    /// The pod itself, for what its class does not say (its name, in claims made for it alone).
    pub pod: PodId,
    /// The profile it is scheduled by.
    pub profile: &'a Profile,
    /// What the version of Kubernetes does.
    pub semantics: Semantics,
}

/// Looks at the pod as a whole (upstream's PreFilter): refuses it, or names the only nodes that come into question.
pub type Admit = fn(&Cycle<'_>) -> Result<Option<NodeSet>, Rejection>;

/// Strikes nodes out of the set and says why, in upstream's words.
pub type Filter = fn(&Cycle<'_>, &mut NodeSet, &mut Rejections);

/// Scores the nodes of the set, in list order, from 0 to [`MAX_NODE_SCORE`]; `None` if the plugin skips this pod.
pub type Score = fn(&Cycle<'_>, &NodeSet) -> Option<Vec<i64>>;

/// A plugin: its name upstream, where upstream keeps it, and what it does at each extension point.
#[derive(Debug)]
pub struct Plugin {
    /// Upstream's name.
    pub name: &'static str,
    /// What it decides, in a few words, for people.
    pub decides: &'static str,
    /// Upstream's file, under `pkg/scheduler/framework/plugins/`.
    pub source: &'static str,
    /// Weight of its score in the default profile; 0 if it does not score.
    pub weight: i64,
    /// PreFilter.
    pub admit: Option<Admit>,
    /// Filter.
    pub filter: Option<Filter>,
    /// Score.
    pub score: Option<Score>,
    /// Other extension points it stands at in the default profile.
    pub also_at: &'static [ExtensionPoint],
}

/// The extension points at which a profile can switch plugins on and off, as far as they matter to placing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExtensionPoint {
    /// Before a pod enters the queue.
    PreEnqueue,
    /// Order of the queue.
    QueueSort,
    /// Before filtering.
    PreFilter,
    /// Filtering.
    Filter,
    /// When nothing fits.
    PostFilter,
    /// Scoring.
    Score,
    /// Binding and what surrounds it; Plimsoll always binds.
    Bind,
}

impl Plugin {
    /// A plugin that stands nowhere yet.
    pub const fn named(name: &'static str, decides: &'static str, source: &'static str) -> Self {
        Plugin { name, decides, source, weight: 0, admit: None, filter: None, score: None, also_at: &[] }
    }

    /// Whether it does something at this extension point.
    pub fn stands_at(&self, point: ExtensionPoint) -> bool {
        match point {
            ExtensionPoint::PreFilter => self.admit.is_some() || self.also_at.contains(&point),
            ExtensionPoint::Filter => self.filter.is_some(),
            ExtensionPoint::Score => self.score.is_some(),
            point => self.also_at.contains(&point),
        }
    }
}

/// Runs the profile's filters over `set`: what is left fits, what is struck out has its first refusal.
pub fn run_filters(cycle: &Cycle<'_>, set: &mut NodeSet, rejections: &mut Rejections) {
    for plugin in &cycle.profile.filters {
        if set.is_empty() {
            return;
        }
        if let Some(filter) = plugin.filter {
            filter(cycle, set, rejections);
        }
    }
}

/// The first refusal of one node, if any, by a filter other than `skipped`.
pub fn refusal(cycle: &Cycle<'_>, node: NodeId, skipped: Option<&str>) -> Option<Rejection> {
    let mut set = NodeSet::none(cycle.cluster.nodes.len());
    set.insert(node);
    let mut rejections = Rejections::none(cycle.cluster.nodes.len());
    for plugin in cycle.profile.filters.iter().filter(|plugin| Some(plugin.name) != skipped) {
        if let (Some(filter), false) = (plugin.filter, set.is_empty()) {
            filter(cycle, &mut set, &mut rejections);
        }
    }
    rejections.get(node).cloned()
}

/// Brings raw scores to 0..100 by their maximum; `reverse` makes the largest raw score the worst.
///
/// Source: pkg/scheduler/framework/plugins/helper/normalize_score.go (`DefaultNormalizeScore`), v1.36.
pub fn normalise_by_maximum(scores: &mut [i64], reverse: bool) {
    let maximum = scores.iter().copied().max().unwrap_or(0).max(0);
    if maximum == 0 {
        if reverse {
            scores.fill(MAX_NODE_SCORE);
        }
        return;
    }
    for score in scores {
        *score = MAX_NODE_SCORE * *score / maximum;
        if reverse {
            *score = MAX_NODE_SCORE - *score;
        }
    }
}
