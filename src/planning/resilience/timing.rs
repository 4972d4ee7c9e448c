//! How long workloads feel a loss, and which of them are back too late.

use std::collections::BTreeMap;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::{Judged, Question};
use crate::cluster::index::NodeId;
use crate::manifest::pod::Pod;
use crate::planning::failover::{
    Breach, Claims, Controller, Displaced as Moving, Disruption, Failover, Group, Timeline, breach, failover, of_cluster, timeline,
};
use crate::planning::quorum::Hit;
use crate::simulation::loss::eviction_pace::LostNode;
use crate::simulation::loss::{Course, Displaced, Loss};

/// How long a workload feels a loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorkloadTiming {
    /// Which workload, as an index.
    pub workload: usize,
    /// How long it lacks pods that it needs, and any at all.
    pub failover: Failover,
}

/// A workload that is back too late.
#[derive(Debug, Clone, PartialEq)]
pub struct Late {
    /// Which workload, as an index.
    pub workload: usize,
    /// After which loss it is back last, as an index.
    pub loss: usize,
    /// Why, and what helps. None if pods of it find no node, so that time does not matter.
    pub breach: Option<Breach>,
}

/// What timings need, worked out once for all losses.
pub(super) struct Timing<'a> {
    question: &'a Question<'a>,
    claims: Claims<'a>,
    jobs: FxHashMap<(&'a str, &'a str), Controller>,
}

impl<'a> Timing<'a> {
    pub(super) fn new(question: &'a Question<'a>) -> Self {
        let job = |job: &'a crate::manifest::workload::Job| {
            ((job.metadata.namespace_or_default(), job.metadata.name.as_str()), Controller::of_job(job))
        };
        Timing { question, claims: Claims::of(question.objects), jobs: question.objects.jobs.iter().map(job).collect() }
    }

    /// How long each of the workloads hit feels a loss.
    pub(super) fn of(&self, loss: &Loss, hits: &[Hit]) -> Vec<WorkloadTiming> {
        let disruptions = self.disruptions(&loss.nodes);
        let mut groups: BTreeMap<usize, Vec<Timeline>> = BTreeMap::new();
        for displaced in &loss.pods {
            if let (Some(workload), true) = (self.workload(displaced), moves(displaced)) {
                groups.entry(workload).or_default().push(self.timeline(&disruptions, displaced));
            }
        }
        let timing = |hit: &Hit| {
            let quorum = &self.question.quorums.workloads[hit.workload];
            let timelines = groups.get(&hit.workload).map(Vec::as_slice).unwrap_or_default();
            let group = Group { timelines, ready: hit.ready, needed: quorum.needed, ordered: quorum.ordered };
            WorkloadTiming { workload: hit.workload, failover: failover(&group) }
        };
        hits.iter().map(timing).collect()
    }

    /// How long the cluster feels a loss.
    pub(super) fn of_cluster(&self, timings: &[WorkloadTiming]) -> Failover {
        of_cluster(&timings.iter().map(|timing| timing.failover).collect::<Vec<_>>())
    }

    /// What happens to a pod of a lost node, and when. It is never back if it finds no node.
    pub(super) fn timeline(&self, disruptions: &[LostNode], displaced: &Displaced) -> Timeline {
        let mut line = timeline(self.question.assumptions, &self.moving(disruptions, displaced, &self.claims.of_pod(self.pod(displaced))));
        if displaced.is_pending() {
            line.back_after = None;
        }
        line
    }

    fn moving<'b>(&'b self, disruptions: &[LostNode], displaced: &Displaced, claims: &'b [crate::planning::failover::Claim]) -> Moving<'b> {
        let pod = self.pod(displaced);
        let (disruption, order_in_zone) = disruptions
            .iter()
            .find(|lost| lost.node == displaced.from)
            .map_or((Disruption::Stopped, 0), |lost| (lost.interval.map_or(Disruption::Stopped, Disruption::Every), lost.order_in_zone));
        let workload = self.workload(displaced).map(|workload| &self.question.quorums.workloads[workload]);
        let min_ready_seconds = workload.map_or(0, |workload| workload.min_ready_seconds);
        Moving { pod, controller: self.controller(pod), disruption, order_in_zone, claims, min_ready_seconds }
    }

    fn pod(&self, displaced: &Displaced) -> &'a Pod {
        &self.question.objects.pods[displaced.pod.index()]
    }

    fn workload(&self, displaced: &Displaced) -> Option<usize> {
        self.question.quorums.of_pod.get(displaced.pod.index()).copied().flatten()
    }

    fn controller(&self, pod: &Pod) -> Controller {
        let owner = pod.metadata.controller().filter(|owner| owner.kind == "Job");
        let job = owner.and_then(|owner| self.jobs.get(&(pod.metadata.namespace_or_default(), owner.name.as_str())));
        job.copied().unwrap_or_else(|| Controller::of(pod))
    }

    /// How evictions go from each lost node, and which of its zone it is.
    pub(super) fn disruptions(&self, lost: &[NodeId]) -> Vec<LostNode> {
        let baseline = self.question.baseline;
        baseline.zones().lost(&baseline.cluster().nodes, &self.question.assumptions.pace(), lost)
    }

    /// Workloads that are back too late after some loss, if there is a limit.
    pub(super) fn late(&self, losses: &[Judged]) -> Vec<Late> {
        let Some(limit) = self.question.max_failover else { return Vec::new() };
        // never is later than anything
        let mut last: BTreeMap<usize, (Duration, usize)> = BTreeMap::new();
        for (index, judged) in losses.iter().enumerate() {
            for timing in &judged.timings {
                let after = timing.failover.recovery.map_or(Duration::MAX, |span| span.most);
                let entry = last.entry(timing.workload).or_insert((after, index));
                if after > entry.0 {
                    *entry = (after, index);
                }
            }
        }
        let late = last.into_iter().filter(|(_, (after, _))| *after > limit);
        late.map(|(workload, (_, loss))| Late { workload, loss, breach: self.breach(workload, &losses[loss].loss, limit) }).collect()
    }

    fn breach(&self, workload: usize, loss: &Loss, limit: Duration) -> Option<Breach> {
        let disruptions = self.disruptions(&loss.nodes);
        let displaced: Vec<&Displaced> = loss.pods.iter().filter(|displaced| self.workload(displaced) == Some(workload)).collect();
        if displaced.iter().any(|displaced| displaced.is_pending()) {
            return None;
        }
        let claims: Vec<_> = displaced.iter().map(|displaced| self.claims.of_pod(self.pod(displaced))).collect();
        let moving = displaced.iter().zip(&claims).map(|(displaced, claims)| self.moving(&disruptions, displaced, claims));
        let ordered = self.question.quorums.workloads[workload].ordered;
        breach(self.question.assumptions, &moving.collect::<Vec<_>>(), ordered, limit)
    }
}

/// Whether a pod has business on another node.
fn moves(displaced: &Displaced) -> bool {
    displaced.course != Course::WithNode
}
