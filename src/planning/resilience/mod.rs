//! What a cluster survives: the loss of a node, of any node, of a zone; judged by what its workloads need.
//!
//! [`judge`] plays every loss (see [`crate::simulation::loss`]) and judges it twice. *Availability*: at the moment of the loss, which
//! workloads have too few ready pods left, or fewer than a PodDisruptionBudget promises. *Capacity*: in the end, which pods find no node
//! among the survivors, and who lost its place for another. A third answer is time: how long workloads feel it ([`super::failover`]).
//!
//! Promise: a workload is never blamed for what was wrong before the loss, and every loss says why it is not survived. What kube-scheduler
//! reaches is replayed, pod by pod; whether another placement exists is told apart from it (`super::interdiction`).

mod chance;
mod requirement;
pub mod survival;
mod timing;

use std::time::Duration;

pub use chance::{Chances, LossChance, chances};
pub use requirement::Requirements;
pub use timing::{Late, WorkloadTiming};

use super::failover::{Assumptions, Failover, Timeline};
use super::quorum::{Hit, Quorums, Standing, State};
use crate::cluster::index::{NodeId, PodId};
use crate::manifest::Objects;
use crate::simulation::loss::{Baseline, Course, Loss, Until, sweep};
use timing::Timing;

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The objects of the baseline.
    pub objects: &'a Objects,
    /// The cluster before anything is lost.
    pub baseline: &'a Baseline,
    /// What its workloads need.
    pub quorums: &'a Quorums,
    /// The losses, each by itself.
    pub losses: &'a [Vec<NodeId>],
    /// How far each is played.
    pub until: Until,
    /// What must hold for a loss to be survived.
    pub requirements: Requirements,
    /// What timelines assume.
    pub assumptions: &'a Assumptions,
    /// The longest recovery that is allowed.
    pub max_failover: Option<Duration>,
}

/// The answer, over all losses.
#[derive(Debug, Clone, PartialEq)]
pub struct Resilience {
    /// Each loss, in the order in which they were asked.
    pub losses: Vec<Judged>,
    /// The worst of them.
    pub worst: Option<usize>,
    /// Workloads that are back later than is allowed, each with the loss after which it is back last.
    pub late: Vec<Late>,
}

/// A loss and what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What came of it.
    pub loss: Loss,
    /// Workloads that lose ready pods, in the order of [`Quorums::workloads`].
    pub hits: Vec<Hit>,
    /// How long each of them feels it, in the same order.
    pub timings: Vec<WorkloadTiming>,
    /// How long the cluster feels it.
    pub failover: Failover,
    /// What is required and does not hold.
    pub broken: Requirements,
}

impl Resilience {
    /// Whether every loss is survived, in time.
    pub fn is_survivable(&self) -> bool {
        self.late.is_empty() && self.losses.iter().all(Judged::is_survived)
    }

    /// How many losses are survived.
    pub fn survived(&self) -> usize {
        self.losses.iter().filter(|judged| judged.is_survived()).count()
    }
}

impl Judged {
    /// Whether everything that is required holds.
    pub fn is_survived(&self) -> bool {
        self.broken == Requirements::NONE
    }

    /// Workloads that fall to a state because of the loss.
    pub fn fallen(&self, state: State) -> impl Iterator<Item = &Hit> {
        self.hits.iter().filter(move |hit| hit.state == state && hit.before < state)
    }

    /// How bad it is; the greater the worse.
    fn badness(&self) -> (usize, usize, usize, usize, usize, usize) {
        let fallen = |state| self.fallen(state).count();
        let (zero, quorum, budget) = (fallen(State::Zero), fallen(State::BelowQuorum), fallen(State::BelowBudget));
        (usize::from(!self.is_survived()), self.loss.pending().count(), zero + quorum, zero, budget, self.loss.pods.len())
    }
}

/// Plays and judges every loss. `told` is called after each, on any thread.
pub fn judge(question: &Question<'_>, told: impl Fn() + Sync) -> Resilience {
    let ready = |pod: usize| is_ready(question.objects, question.baseline, pod);
    let standing = Standing::of(question.quorums, ready);
    let timing = Timing::new(question);
    let losses = sweep(question.baseline, question.losses, question.until, |_, loss| judged(question, &standing, &timing, loss), told);
    // of equals the first is named
    let worst = (0..losses.len()).rev().max_by_key(|&index| losses[index].badness());
    let late = timing.late(&losses);
    Resilience { losses, worst, late }
}

/// Whether a pod, by its place among the objects, counts as ready before the loss: it is on a node, and nothing says that it is not.
pub fn is_ready(objects: &Objects, baseline: &Baseline, pod: usize) -> bool {
    let written = &objects.pods[pod];
    let says_not = written.status.conditions.iter().any(|condition| condition.r#type == "Ready" && condition.status != "True");
    let is_placed = baseline.occupancy().node_of(PodId::new(pod)).is_some();
    is_placed && !written.is_terminating() && !says_not
}

/// What happens to each pod of a loss, and when: of those that have business elsewhere.
pub fn timelines(question: &Question<'_>, loss: &Loss) -> Vec<(PodId, Timeline)> {
    let timing = Timing::new(question);
    let disruptions = timing.disruptions(&loss.nodes);
    let moving = loss.pods.iter().filter(|displaced| displaced.course != Course::WithNode);
    moving.map(|displaced| (displaced.pod, timing.timeline(&disruptions, displaced))).collect()
}

fn judged(question: &Question<'_>, standing: &Standing, timing: &Timing<'_>, loss: Loss) -> Judged {
    let lost: Vec<usize> = loss.pods.iter().map(|displaced| displaced.pod.index()).collect();
    let hits = standing.after(question.quorums, &lost);
    let timings = timing.of(&loss, &hits);
    let failover = timing.of_cluster(&timings);
    let broken = Requirements::broken(&loss, &hits).among(question.requirements);
    Judged { loss, hits, timings, failover, broken }
}
