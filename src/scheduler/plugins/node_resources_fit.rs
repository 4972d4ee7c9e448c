//! NodeResourcesFit: what a pod asks for must be free; and the emptier (or fuller, or by a shape) the better.
//!
//! A node that could not take the pod even when empty is refused for good (`UnschedulableAndUnresolvable`).
//!
//! Source: pkg/scheduler/framework/plugins/noderesources/{fit,least_allocated,most_allocated,requested_to_capacity_ratio,
//! resource_allocation}.go, v1.36.

use smallvec::SmallVec;

use crate::cluster::Cluster;
use crate::cluster::class::Class;
use crate::cluster::index::{NodeId, NodeSet, ResourceId};
use crate::cluster::occupancy::Occupancy;
use crate::cluster::resources::{CPU, EPHEMERAL_STORAGE, MEMORY, PODS, amount_of};
use crate::scheduler::attempt::{Code, Rejection, Rejections};
use crate::scheduler::framework::{Cycle, MAX_NODE_SCORE, Plugin};

/// A resource of which a node has too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Insufficient {
    /// The resource.
    pub resource: ResourceId,
    /// What the pod asks for.
    pub requested: i64,
    /// What is set aside for others.
    pub used: i64,
    /// What the node has.
    pub allocatable: i64,
}

impl Insufficient {
    /// What the node has left; below zero when it is overcommitted.
    pub fn free(&self) -> i64 {
        self.allocatable - self.used
    }

    /// Whether even the empty node has too little. Upstream does not say so of pod slots.
    pub fn even_empty(&self) -> bool {
        self.resource != PODS && self.requested > self.allocatable
    }

    /// Upstream's reason.
    fn reason(&self, cluster: &Cluster) -> String {
        match self.resource {
            PODS => "Too many pods".to_owned(),
            resource => format!("Insufficient {}", cluster.resources.name(resource)),
        }
    }
}

/// The resources of which `node` has too little for a pod of `class`, in upstream's order.
pub fn insufficient(
    cluster: &Cluster,
    occupancy: &Occupancy,
    class: &Class,
    ignored: &[ResourceId],
    node: NodeId,
) -> SmallVec<[Insufficient; 2]> {
    let mut lacking = SmallVec::new();
    let mut check = |resource: ResourceId, requested: i64| {
        let (used, allocatable) = (occupancy.requested(resource, node), cluster.allocatable(resource, node));
        if requested > allocatable - used {
            lacking.push(Insufficient { resource, requested, used, allocatable });
        }
    };
    check(PODS, 1);
    for &(resource, amount) in class.incoming.amounts.iter().filter(|(resource, amount)| *amount > 0 && !ignored.contains(resource)) {
        check(resource, amount);
    }
    lacking
}

/// Whether `node` has enough of everything: [`insufficient`] without saying what is lacking.
pub fn fits(cluster: &Cluster, occupancy: &Occupancy, class: &Class, ignored: &[ResourceId], node: NodeId) -> bool {
    let enough = |resource: ResourceId, amount: i64| amount <= cluster.allocatable(resource, node) - occupancy.requested(resource, node);
    let mut wanted = class.incoming.amounts.iter();
    enough(PODS, 1) && wanted.all(|&(resource, amount)| amount <= 0 || ignored.contains(&resource) || enough(resource, amount))
}

fn filter(cycle: &Cycle<'_>, set: &mut NodeSet, rejections: &mut Rejections) {
    for node in set.clone().iter() {
        let lacking = insufficient(cycle.cluster, cycle.occupancy, cycle.class, &cycle.profile.ignored_resources, node);
        if lacking.is_empty() {
            continue;
        }
        let code = if lacking.iter().any(Insufficient::even_empty) { Code::UnschedulableAndUnresolvable } else { Code::Unschedulable };
        let reasons = lacking.iter().map(|lacking| lacking.reason(cycle.cluster).into()).collect();
        rejections.reject(set, node, Rejection { plugin: PLUGIN.name, code, reasons });
    }
}

/// How a node's use of resources becomes a score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// The emptier the better (default).
    LeastAllocated,
    /// The fuller the better.
    MostAllocated,
    /// By points of (percent in use, score), with straight lines between.
    RequestedToCapacityRatio(Vec<(i64, i64)>),
}

/// Strategy, and the resources it looks at with their weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoringStrategy {
    /// The strategy.
    pub strategy: Strategy,
    /// Resources and weights; those that nobody has are absent.
    pub resources: Vec<(ResourceId, i64)>,
}

/// What a node has, and what would be set aside with the pod, in the eyes of a scorer; `None` when the scorer passes the
/// resource over: the node has none of it, or the pod asks for none of an extended resource.
pub fn share(cycle: &Cycle<'_>, resource: ResourceId, node: NodeId, scored: bool) -> Option<(i64, i64)> {
    let pod = wanted(cycle.class, resource, scored);
    if pod == 0 && !matches!(resource, CPU | MEMORY | EPHEMERAL_STORAGE) {
        return None;
    }
    let allocatable = cycle.cluster.allocatable(resource, node);
    let used = match resource {
        CPU | MEMORY if scored => cycle.occupancy.scored(resource, node),
        resource => cycle.occupancy.requested(resource, node),
    };
    (allocatable != 0).then_some((allocatable, used + pod))
}

/// What a pod asks for, in the eyes of a scorer.
pub fn wanted(class: &Class, resource: ResourceId, scored: bool) -> i64 {
    amount_of(if scored { &class.scored } else { &class.incoming.amounts }, resource)
}

/// The score of one node.
pub fn score_node(cycle: &Cycle<'_>, node: NodeId) -> i64 {
    let scoring = &cycle.profile.fit_scoring;
    let (mut sum, mut weights) = (0, 0);
    for &(resource, weight) in &scoring.resources {
        let Some((allocatable, requested)) = share(cycle, resource, node, true) else { continue };
        let score = scoring.strategy.score(requested, allocatable);
        // a shape that gives nothing takes the resource out of the mean
        if score > 0 || !matches!(scoring.strategy, Strategy::RequestedToCapacityRatio(_)) {
            sum += score * weight;
            weights += weight;
        }
    }
    match &scoring.strategy {
        _ if weights == 0 => 0,
        Strategy::RequestedToCapacityRatio(_) => (sum as f64 / weights as f64).round() as i64,
        _ => sum / weights,
    }
}

impl Strategy {
    fn score(&self, requested: i64, capacity: i64) -> i64 {
        match self {
            Strategy::LeastAllocated if requested > capacity => 0,
            Strategy::LeastAllocated => times_max(capacity - requested, capacity),
            Strategy::MostAllocated => times_max(requested.min(capacity), capacity),
            Strategy::RequestedToCapacityRatio(points) if requested > capacity => on_lines(points, MAX_NODE_SCORE),
            Strategy::RequestedToCapacityRatio(points) => on_lines(points, times_max(requested, capacity)),
        }
    }
}

/// `part * 100 / whole`, whole division.
fn times_max(part: i64, whole: i64) -> i64 {
    match part.checked_mul(MAX_NODE_SCORE) {
        Some(product) => product / whole,
        None => (i128::from(part) * i128::from(MAX_NODE_SCORE) / i128::from(whole)) as i64,
    }
}

/// The value at `x` on straight lines between `points`; level before the first and after the last.
fn on_lines(points: &[(i64, i64)], x: i64) -> i64 {
    match points.iter().position(|&(at, _)| x <= at) {
        None => points.last().map_or(0, |&(_, value)| value),
        Some(0) => points[0].1,
        Some(index) => {
            let ((x0, y0), (x1, y1)) = (points[index - 1], points[index]);
            y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        }
    }
}

fn score(cycle: &Cycle<'_>, set: &NodeSet) -> Option<Vec<i64>> {
    Some(set.iter().map(|node| score_node(cycle, node)).collect())
}

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    weight: 1,
    filter: Some(filter),
    score: Some(score),
    ..Plugin::named("NodeResourcesFit", "requests against what is free", "noderesources/fit.go")
};
