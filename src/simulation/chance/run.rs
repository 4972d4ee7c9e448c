//! One run, as far as it is compared with others.

use std::sync::Arc;

use super::node_range::{RESOURCES, Use};
use crate::cluster::Standing;
use crate::cluster::index::{NodeId, PodId};
use crate::scheduler::Scheduler;
use crate::scheduler::attempt::Outcome;
use crate::scheduler::run::{Decision, Schedule};

/// What came of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its seed.
    pub seed: u64,
    /// Where the pods are in the end that waited or were evicted, by number; those that have gates or another scheduler are not among them.
    pub places: Vec<(PodId, Option<NodeId>)>,
    /// Pods that no node takes, by number, and the scheduler's sentence.
    pub pending: Vec<(PodId, Arc<str>)>,
    /// Pods that had a node and were evicted for others, by number.
    pub evicted: Vec<PodId>,
    /// Pods that were evicted and nobody replaces, by number; pods that waited may be among them.
    pub lost: Vec<PodId>,
    /// What is requested of each node.
    pub(super) uses: Vec<Use>,
}

impl Run {
    pub(super) fn new(seed: u64, scheduler: &Scheduler<'_>, schedule: &Schedule) -> Self {
        let (cluster, occupancy) = (scheduler.cluster(), scheduler.occupancy());
        let is_asked = |decision: &&Decision| !matches!(decision.outcome, Outcome::Gated | Outcome::NotOurs);
        let asked: Vec<&Decision> = schedule.decisions.iter().filter(is_asked).collect();
        let pods = asked.iter().map(|decision| decision.pod).chain(schedule.lost.iter().copied());
        let mut places: Vec<(PodId, Option<NodeId>)> = pods.map(|pod| (pod, occupancy.node_of(pod))).collect();
        places.sort_unstable();
        let unplaced = asked.iter().filter(|decision| decision.node.is_none());
        let mut pending: Vec<_> = unplaced.map(|decision| (decision.pod, decision.message.clone().unwrap_or_default())).collect();
        pending.sort_unstable_by_key(|&(pod, _)| pod);
        let was_bound = |pod: &PodId| matches!(cluster.pod(*pod).standing, Standing::Bound(_));
        let evicted = places.iter().map(|&(pod, _)| pod).filter(was_bound).collect();
        let mut lost = schedule.lost.clone();
        lost.sort_unstable();
        let of_node = |node: NodeId| RESOURCES.map(|resource| occupancy.requested(resource, node));
        Run { seed, places, pending, evicted, lost, uses: cluster.nodes.ids().map(of_node).collect() }
    }

    /// Whether every pod has a node that should have one: nobody waits, and nobody was evicted for good.
    pub fn places_all(&self) -> bool {
        self.pending.is_empty() && self.lost.is_empty()
    }

    /// How many pods have no node that should have one.
    pub fn missing(&self) -> usize {
        self.pending.len() + self.lost.len()
    }

    /// Where a pod is in the end: where it was if nothing was decided about it.
    pub(super) fn place(&self, pod: PodId, standing: Standing) -> Option<NodeId> {
        match (self.places.binary_search_by_key(&pod, |&(pod, _)| pod), standing) {
            (Ok(at), _) => self.places[at].1,
            (Err(_), Standing::Bound(node)) => Some(node),
            (Err(_), _) => None,
        }
    }
}
