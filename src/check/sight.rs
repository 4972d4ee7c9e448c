//! What the scheduler's own filters say of a pod: on the nodes as they are, and on the same nodes with nothing on them but what belongs to
//! them (pods of DaemonSets, static pods).
//!
//! Promise: nothing here decides by itself what a node takes; every answer is a filter's.

use crate::cluster::Cluster;
use crate::cluster::class::Class;
use crate::cluster::index::{NodeSet, PodId};
use crate::cluster::occupancy::Occupancy;
use crate::scheduler::Scheduler;
use crate::scheduler::attempt::Rejections;
use crate::scheduler::framework::Cycle;
use crate::simulation::loss::{Baseline, Keeper};

/// A baseline, and the same nodes cleared.
#[derive(Debug)]
pub struct Sight<'s> {
    scheduler: Scheduler<'s>,
    cleared: &'s Occupancy,
}

/// The nodes of a baseline with nothing on them but what belongs to them.
pub(super) fn cleared(baseline: &Baseline) -> Occupancy {
    let cluster = baseline.cluster();
    let mut occupancy = Occupancy::empty(cluster);
    for pod in baseline.running().filter(|&pod| baseline.departure(pod).keeper == Keeper::Node) {
        if let Some(node) = baseline.occupancy().node_of(pod) {
            occupancy.bind(cluster, pod, node);
        }
    }
    occupancy
}

impl<'s> Sight<'s> {
    /// Of a baseline and its nodes cleared.
    pub(super) fn new(baseline: &'s Baseline, cleared: &'s Occupancy) -> Self {
        Sight { scheduler: baseline.scheduler(), cleared }
    }

    /// The cluster as numbers.
    pub fn cluster(&self) -> &'s Cluster {
        self.scheduler.cluster()
    }

    /// A text of the cluster.
    pub fn text(&self, id: crate::cluster::index::TextId) -> &'s str {
        self.cluster().texts.get(id)
    }

    /// What plugins see of a pod, with everything where it is; none if it is another scheduler's.
    pub fn now(&self, pod: PodId) -> Option<Cycle<'_>> {
        let profile = self.scheduler.profile_of(pod)?;
        Some(self.scheduler.cycle(pod, profile))
    }

    /// The same on cleared nodes.
    pub fn cleared(&self, pod: PodId) -> Option<Cycle<'_>> {
        Some(Cycle { occupancy: self.cleared, outages: self.cleared.outages(), ..self.now(pod)? })
    }
}

/// Those of `nodes` that pass these filters of the profile.
pub fn passing(cycle: &Cycle<'_>, nodes: &NodeSet, plugins: &[&str]) -> NodeSet {
    refusals(cycle, nodes, plugins).0
}

/// The same, and why others do not.
pub fn refusals(cycle: &Cycle<'_>, nodes: &NodeSet, plugins: &[&str]) -> (NodeSet, Rejections) {
    let (mut set, mut rejections) = (nodes.clone(), Rejections::none(cycle.cluster.nodes.len()));
    for plugin in cycle.profile.filters.iter().filter(|plugin| plugins.contains(&plugin.name)) {
        if let (Some(filter), false) = (plugin.filter, set.is_empty()) {
            filter(cycle, &mut set, &mut rejections);
        }
    }
    (set, rejections)
}

/// Those of `nodes` that pass these filters for a pod like this one but for what `change` does to it.
pub fn passing_as(cycle: &Cycle<'_>, nodes: &NodeSet, plugins: &[&str], change: impl FnOnce(&mut Class)) -> NodeSet {
    let mut class = cycle.class.clone();
    change(&mut class);
    passing(&Cycle { class: &class, ..*cycle }, nodes, plugins)
}
