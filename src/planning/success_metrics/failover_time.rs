//! Failover: after the loss of any one node, everything is whole again in time.
//!
//! Every node is lost by itself, without warning, and played to its end (see `planning::resilience`). It holds when, after each loss, every
//! workload has as many ready pods again as before in less than the bound, in the worst case, and nobody lost its place for good; exactly
//! at the bound fails. How long a workload had fewer pods than it needs is told beside it, for that is what users notice: with replicas on
//! other nodes it is no time at all, while being whole again takes as long as Kubernetes takes to give up a silent node, which is longer
//! than five minutes unless tolerations are shortened.
//!
//! Pods that nobody manages are gone for good with their node: a remark, for they are no workload that could be whole.
//!
//! For every workload that is late the weakest change that suffices is worked out; like changes are put together with the strictest number,
//! which suffices for all of them.

use std::cmp::Reverse;
use std::mem::discriminant;
use std::time::Duration;

use super::{Question, Setting};
use crate::cluster::index::PodId;
use crate::controllers::scale_down::WorkloadKey;
use crate::graph::failure_domains::{Kind, UnknownDomain, domains};
use crate::manifest::Objects;
use crate::planning::failover::{Change, Failover, Span, StageKind, of_cluster};
use crate::planning::quorum::Quorums;
use crate::planning::resilience::survival::Survival;
use crate::planning::resilience::{self, Judged, Late, Requirements, Resilience, judge};
use crate::simulation::loss::{Baseline, Course, Until};

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
    /// Remark: pods that nobody manages, `namespace/name`: with their node they are gone for good.
    pub unmanaged: Vec<String>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Pods of it find no node; the scheduler's sentence about the first.
    NoNode(String),
    /// This stage of the timeline takes longest, or does not end.
    Stage(StageKind),
}

/// What to do so that workloads are whole again in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// What.
    pub cure: Cure,
    /// Workloads that it helps.
    pub workloads: Vec<WorkloadKey>,
}

/// What makes a workload whole again in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cure {
    /// All of these changes together.
    Changes(Vec<Change>),
    /// Volumes that other nodes reach: its pods find no node because of theirs.
    Storage,
    /// Room, or weaker rules: its pods find no node.
    Room,
    /// No change of settings is enough: more replicas, or other storage.
    Nothing,
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
        unmanaged: unmanaged(question),
        remedies: remedies(question),
    }
}

fn unmanaged(question: &Question<'_>) -> Vec<String> {
    let lost = question.node_losses.resilience.losses.iter().flat_map(|judged| &judged.loss.pods);
    let mut pods: Vec<PodId> = lost.filter(|pod| pod.course == Course::Lost).map(|pod| pod.pod).collect();
    pods.sort_unstable();
    pods.into_iter().map(|pod| question.baseline.cluster().pod_name(pod).to_string()).collect()
}

fn late_workload(question: &Question<'_>, late: &Late, node: String) -> LateWorkload {
    let reason = match &late.breach {
        Some(breach) => Reason::Stage(breach.stage),
        None => Reason::NoNode(no_node(question, late)),
    };
    LateWorkload {
        workload: question.quorums.workloads[late.workload].workload.clone(),
        node,
        after: late.breach.as_ref().and_then(|breach| breach.after),
        reason,
    }
}

/// What the scheduler says of the first pod of a late workload that finds no node.
fn no_node(question: &Question<'_>, late: &Late) -> String {
    let mut pending = question.node_losses.resilience.losses[late.loss].loss.pending();
    let first = pending.find(|pod| question.quorums.of_pod.get(pod.pod.index()) == Some(&Some(late.workload)));
    first.and_then(|pod| pod.message.as_deref()).unwrap_or_default().to_owned()
}

/// The weakest remedy of each workload, like ones together.
fn remedies(question: &Question<'_>) -> Vec<Remedy> {
    let mut remedies: Vec<Remedy> = Vec::new();
    for late in &question.node_losses.resilience.late {
        let cure = cure(question, late);
        let workload = question.quorums.workloads[late.workload].workload.clone();
        match remedies.iter_mut().find(|remedy| is_alike(&remedy.cure, &cure)) {
            Some(remedy) => {
                remedy.cure.tighten(cure);
                remedy.workloads.push(workload);
            }
            None => remedies.push(Remedy { cure, workloads: vec![workload] }),
        }
    }
    remedies.sort_by_key(|remedy| Reverse(remedy.workloads.len()));
    remedies
}

fn cure(question: &Question<'_>, late: &Late) -> Cure {
    match late.breach.as_ref().map(|breach| breach.remedies.first()) {
        Some(Some(changes)) => Cure::Changes(changes.clone()),
        Some(None) => Cure::Nothing,
        None if no_node(question, late).contains(VOLUME_ELSEWHERE) => Cure::Storage,
        None => Cure::Room,
    }
}

/// Upstream's words for a node that a pod's volume cannot be reached from.
const VOLUME_ELSEWHERE: &str = "PersistentVolume's node affinity";

/// Whether two cures do the same things.
fn is_alike(one: &Cure, other: &Cure) -> bool {
    let alike = |(one, other): (&Change, &Change)| discriminant(one) == discriminant(other);
    match (one, other) {
        (Cure::Changes(one), Cure::Changes(other)) => one.len() == other.len() && one.iter().zip(other).all(alike),
        (one, other) => one == other,
    }
}

impl Cure {
    /// Makes it do for what another one like it does for.
    fn tighten(&mut self, other: Cure) {
        if let (Cure::Changes(own), Cure::Changes(other)) = (self, other) {
            own.iter_mut().zip(other).for_each(|(own, other)| *own = stricter(*own, other));
        }
    }
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
