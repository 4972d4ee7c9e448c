//! Failover: after the loss of any one node, everything is whole again in time.
//!
//! Every node is lost by itself, without warning, and played to its end (see `planning::resilience`). It holds when, after each loss, every
//! workload has as many ready pods again as before in less than the bound, in the worst case, and nobody lost its place for good; exactly
//! at the bound fails. How long a workload had fewer pods than it needs is told beside it, for that is what users notice: with replicas on
//! other nodes it is no time at all, while being whole again takes as long as Kubernetes takes to give up a silent node, which is longer
//! than five minutes unless tolerations are shortened.
//!
//! For every workload that is late the weakest change that suffices is worked out; like changes are put together with the strictest number,
//! which suffices for all of them.

use std::cmp::Reverse;
use std::time::Duration;

use super::{Question, Setting};
use crate::controllers::scale_down::WorkloadKey;
use crate::graph::failure_domains::{Kind, UnknownDomain, domains};
use crate::manifest::Objects;
use crate::planning::failover::{Change, Failover, Span, StageKind, of_cluster};
use crate::planning::quorum::Quorums;
use crate::planning::resilience::survival::Survival;
use crate::planning::resilience::{self, Judged, Late, Requirements, Resilience, judge};
use crate::simulation::loss::{Baseline, Until};

/// How long the loss of a node is felt.
#[derive(Debug, Clone, PartialEq)]
pub struct FailoverTime {
    /// Everything is whole again in less than this.
    pub limit: Duration,
    /// Losses that were played: one a node.
    pub losses: usize,
    /// How many of them are made good in time.
    pub in_time: usize,
    /// The longest that any workload has fewer pods than it needs; none if that does not end by itself.
    pub outage: Option<Span>,
    /// The longest until any workload is whole again; none if never by itself.
    pub recovery: Option<Span>,
    /// Workloads that are late, each after the loss where it is worst; those that never come back first, then the latest.
    pub late: Vec<LateWorkload>,
    /// Pods that are evicted for replacements of others and find no node again: after which loss, and how many.
    pub evicted: Vec<(String, usize)>,
    /// The weakest changes that suffice, for how many workloads each, most first.
    pub remedies: Vec<Remedy>,
}

/// A workload that is whole again too late.
#[derive(Debug, Clone, PartialEq)]
pub struct LateWorkload {
    /// The workload.
    pub workload: WorkloadKey,
    /// The node whose loss is worst for it.
    pub node: String,
    /// How long it takes; none if never by itself.
    pub after: Option<Duration>,
    /// Why.
    pub reason: Reason,
}

/// Why a workload is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Pods of it find no node.
    NoNode,
    /// This stage of the timeline takes longest, or does not end.
    Stage(StageKind),
}

/// What to change so that workloads are whole again in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// All of these together; nothing if it is room that is missing, or if nothing but more replicas or other storage helps.
    pub changes: Vec<Change>,
    /// Whether pods find no node, so that it is room that is missing.
    pub is_room: bool,
    /// Workloads that it helps.
    pub workloads: Vec<WorkloadKey>,
}

impl FailoverTime {
    /// Whether everything is whole again in time. Where there is no node to lose nothing is.
    pub fn holds(&self) -> bool {
        self.losses > 0 && self.in_time == self.losses && self.late.is_empty()
    }
}

/// Plays the loss of each node, for [`measure`](super::measure()) and for whoever wants to know what is survived.
pub fn node_losses(objects: &Objects, baseline: &Baseline, quorums: &Quorums, setting: &Setting<'_>) -> Survival {
    let none = || Survival { domains: Vec::new(), resilience: Resilience { losses: Vec::new(), worst: None, late: Vec::new() } };
    losses(objects, baseline, quorums, setting, &Kind::Node).unwrap_or_else(|_| none())
}

/// Plays the loss of each domain of a kind, with the same assumptions and the same bound.
pub fn losses(
    objects: &Objects,
    baseline: &Baseline,
    quorums: &Quorums,
    setting: &Setting<'_>,
    kind: &Kind,
) -> Result<Survival, UnknownDomain> {
    let domains = domains(&objects.nodes, kind)?;
    let losses: Vec<_> = domains.iter().map(|domain| baseline.nodes(domain.nodes.iter().map(String::as_str))).collect();
    let question = resilience::Question {
        objects,
        baseline,
        quorums,
        losses: &losses,
        until: Until::Removed,
        requirements: Requirements::default(),
        assumptions: setting.assumptions,
        // what takes exactly as long is late
        max_failover: Some(setting.thresholds.failover.saturating_sub(Duration::from_nanos(1))),
    };
    let resilience = judge(&question, || ());
    Ok(Survival { domains, resilience })
}

pub(super) fn measure(question: &Question<'_>) -> FailoverTime {
    let limit = question.setting.thresholds.failover;
    let (domains, resilience) = (&question.node_losses.domains, &question.node_losses.resilience);
    let evicted = |judged: &Judged| judged.loss.preempted.iter().filter(|preempted| preempted.to.is_none()).count();
    let is_in_time = |judged: &&Judged| {
        let recovered = judged.failover.recovery.is_some_and(|span| span.most < limit);
        recovered && evicted(judged) == 0
    };
    let name = |index: usize| domains[index].value.clone();
    let all: Vec<Failover> = resilience.losses.iter().map(|judged| judged.failover).collect();
    let together = of_cluster(&all);
    let mut late: Vec<LateWorkload> = resilience.late.iter().map(|late| late_workload(question, late, name(late.loss))).collect();
    // what never comes back first
    late.sort_by_key(|late| Reverse(late.after.unwrap_or(Duration::MAX)));
    let evictions = resilience.losses.iter().enumerate().filter(|(_, judged)| evicted(judged) > 0);
    FailoverTime {
        limit,
        losses: resilience.losses.len(),
        in_time: resilience.losses.iter().filter(is_in_time).count(),
        outage: together.outage,
        recovery: together.recovery,
        late,
        evicted: evictions.map(|(index, judged)| (name(index), evicted(judged))).collect(),
        remedies: remedies(question.quorums, &resilience.late),
    }
}

fn late_workload(question: &Question<'_>, late: &Late, node: String) -> LateWorkload {
    LateWorkload {
        workload: question.quorums.workloads[late.workload].workload.clone(),
        node,
        after: late.breach.as_ref().and_then(|breach| breach.after),
        reason: late.breach.as_ref().map_or(Reason::NoNode, |breach| Reason::Stage(breach.stage)),
    }
}

/// The weakest remedy of each workload, like ones together.
fn remedies(quorums: &Quorums, late: &[Late]) -> Vec<Remedy> {
    let mut remedies: Vec<Remedy> = Vec::new();
    for late in late {
        let changes = late.breach.as_ref().and_then(|breach| breach.remedies.first()).cloned().unwrap_or_default();
        let workload = quorums.workloads[late.workload].workload.clone();
        let is_room = late.breach.is_none();
        match remedies.iter_mut().find(|remedy| remedy.is_room == is_room && is_alike(&remedy.changes, &changes)) {
            Some(remedy) => {
                remedy.changes.iter_mut().zip(changes).for_each(|(own, other)| *own = stricter(*own, other));
                remedy.workloads.push(workload);
            }
            None => remedies.push(Remedy { changes, is_room, workloads: vec![workload] }),
        }
    }
    remedies.sort_by_key(|remedy| Reverse(remedy.workloads.len()));
    remedies
}

/// Whether two remedies change the same things.
fn is_alike(one: &[Change], other: &[Change]) -> bool {
    let alike = |(one, other): (&Change, &Change)| std::mem::discriminant(one) == std::mem::discriminant(other);
    one.len() == other.len() && one.iter().zip(other).all(alike)
}

/// The change that does for both.
fn stricter(one: Change, other: Change) -> Change {
    match (one, other) {
        (Change::Toleration { from, to }, Change::Toleration { from: since, to: until }) => {
            // for ever is longest
            let from = from.zip(since).map(|(from, since)| from.max(since));
            Change::Toleration { from, to: to.min(until) }
        }
        (Change::OutOfServiceTaint { within }, Change::OutOfServiceTaint { within: other }) => {
            Change::OutOfServiceTaint { within: within.min(other) }
        }
        (Change::GracePeriod { from, to }, Change::GracePeriod { to: other, .. }) => Change::GracePeriod { from, to: to.min(other) },
        (Change::Start { from, to }, Change::Start { from: longer, to: other }) => {
            Change::Start { from: from.max(longer), to: to.min(other) }
        }
        (one, _) => one,
    }
}
