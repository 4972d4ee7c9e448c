//! Placing everything that waits: the queue is worked off, and worked off again while that helps.
//!
//! A pod that nothing took is tried again once something happened that could help it: pods left, or pods came that it wants
//! to be near or that even out a spread. Upstream does so on events; here it happens when the queue is empty. Victims of a
//! preemption leave at once; if a controller owns them, their replacements join the queue behind the pods of their priority.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::attempt::{Attempt, Outcome, Preemption};
use super::{Scheduler, queue};
use crate::cluster::index::{NodeId, PodId};

/// What was decided about a pod, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The pod.
    pub pod: PodId,
    /// What became of it.
    pub outcome: Outcome,
    /// Its node.
    pub node: Option<NodeId>,
    /// How many nodes were equally good; 0 if none took it.
    pub best_count: usize,
    /// Upstream's sentence, if no node took it.
    pub message: Option<Arc<str>>,
    /// Who made room for it.
    pub preemption: Option<Preemption>,
    /// Whether this pod was evicted by a preemption, and stands for the replacement its controller makes.
    pub replacement: bool,
}

/// What was decided about every pod that waited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// The last decision about each pod, in the order in which they were made.
    pub decisions: Vec<Decision>,
    /// Pods evicted by a preemption that nobody replaces.
    pub lost: Vec<PodId>,
}

impl Schedule {
    /// The decisions that gave no node.
    pub fn pending(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().filter(|decision| decision.node.is_none())
    }
}

/// Pods that wait, by priority and then by turn.
type Queue = BTreeMap<(Reverse<i32>, usize), (PodId, bool)>;

/// A pod that nothing took, and what could help it.
struct Waiting {
    pod: PodId,
    replacement: bool,
    decision: usize,
    /// How far the log was when it was tried.
    tried_at: usize,
}

impl Scheduler<'_> {
    /// Places every pending pod of the input. `progress` is told how many decisions were made, and how many pods wait.
    pub fn run(&mut self, mut progress: impl FnMut(usize, usize)) -> Schedule {
        let pods = queue::pending(self.cluster());
        let mut turns = pods.len();
        let mut queue: Queue = pods.into_iter().enumerate().map(|(turn, pod)| (self.turn(pod, turn), (pod, false))).collect();
        let mut schedule = Schedule::default();
        let mut decided: Vec<Option<Decision>> = Vec::new();
        let mut waiting: Vec<Waiting> = Vec::new();
        loop {
            while let Some((_, (pod, replacement))) = queue.pop_first() {
                let tried_at = self.occupancy().log().len();
                let decision = self.place(pod, replacement, |victim, scheduler| {
                    match scheduler.cluster().pod(victim).controlled {
                        true => _ = queue.insert(scheduler.turn(victim, turns), (victim, true)),
                        false => schedule.lost.push(victim),
                    }
                    turns += 1;
                });
                if decision.outcome == Outcome::Unschedulable {
                    waiting.push(Waiting { pod, replacement, decision: decided.len(), tried_at });
                }
                decided.push(Some(decision));
                progress(decided.len(), queue.len());
            }
            let last_departure = self.occupancy().log().iter().rposition(|change| !change.came);
            let helped = |waiting: &Waiting| self.could_help(waiting, last_departure);
            let (again, still): (Vec<Waiting>, Vec<Waiting>) = waiting.into_iter().partition(helped);
            waiting = still;
            if again.is_empty() {
                break;
            }
            for waiting in again {
                decided[waiting.decision] = None;
                queue.insert(self.turn(waiting.pod, turns), (waiting.pod, waiting.replacement));
                turns += 1;
            }
        }
        schedule.decisions = last_of_each(decided.into_iter().flatten().collect(), &schedule.lost);
        schedule
    }

    fn turn(&self, pod: PodId, turn: usize) -> (Reverse<i32>, usize) {
        (Reverse(self.cluster().class_of(pod).priority), turn)
    }

    /// Whether something happened since a pod was tried that could help it: a pod left, or one came to a pod that minds company.
    fn could_help(&self, waiting: &Waiting, last_departure: Option<usize>) -> bool {
        let class = self.cluster().class_of(waiting.pod);
        let spread = match (&class.spread[..], self.profile_of(waiting.pod)) {
            ([], Some(profile)) => profile.default_spread(self.cluster()),
            (own, _) => own,
        };
        let wants_company = !class.affinity.is_empty() || spread.iter().any(|constraint| constraint.hard);
        let somebody_left = last_departure.is_some_and(|last| last >= waiting.tried_at);
        somebody_left || wants_company && self.occupancy().log().len() > waiting.tried_at
    }

    /// Tries one pod until it has a node or nothing takes it; `evicted` is told of every victim.
    fn place(&mut self, pod: PodId, replacement: bool, mut evicted: impl FnMut(PodId, &Self)) -> Decision {
        let mut preemption: Option<Preemption> = None;
        loop {
            let attempt = self.decide(pod);
            if let Some(room) = attempt.preemption.clone() {
                self.make_room(pod, &room);
                room.victims.iter().for_each(|&victim| evicted(victim, self));
                preemption = Some(room);
                continue;
            }
            if let Some(node) = attempt.node {
                self.bind(pod, node);
            }
            return Decision {
                pod,
                outcome: attempt.outcome,
                node: attempt.node,
                best_count: attempt.best_count,
                message: attempt.message,
                preemption,
                replacement,
            };
        }
    }

    /// Places copies of a pod, one after the other, until one does not fit. Nobody is evicted for them.
    pub fn fit(&mut self, copies: &[PodId]) -> Fit {
        let mut nodes = Vec::new();
        for &pod in copies {
            let choice = self.decide(pod);
            let Some(node) = choice.node else {
                return Fit { nodes, stopped_by: Some(self.attempt(pod)) };
            };
            self.bind(pod, node);
            nodes.push(node);
        }
        Fit { nodes, stopped_by: None }
    }
}

/// The last decision about each pod: one that was placed may have been evicted since, and decided anew or lost.
fn last_of_each(mut decisions: Vec<Decision>, lost: &[PodId]) -> Vec<Decision> {
    let mut seen: FxHashSet<PodId> = lost.iter().copied().collect();
    decisions.reverse();
    decisions.retain(|decision| seen.insert(decision.pod));
    decisions.reverse();
    decisions
}

/// How many copies of a pod fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Where each copy went, in order.
    pub nodes: Vec<NodeId>,
    /// The attempt for the first copy that did not fit; `None` if all that were asked for did.
    pub stopped_by: Option<Attempt>,
}

/// An attempt, in short.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What became of the pod.
    pub outcome: Outcome,
    /// The node that was chosen.
    pub node: Option<NodeId>,
    /// How many nodes were equally good.
    pub best_count: usize,
    /// Upstream's sentence, if no node took it.
    pub message: Option<Arc<str>>,
    /// The preemption, if there is one.
    pub preemption: Option<Preemption>,
}

impl From<Attempt> for Choice {
    fn from(attempt: Attempt) -> Self {
        Choice {
            outcome: attempt.outcome,
            node: attempt.node,
            best_count: attempt.best.len(),
            message: (!attempt.message.is_empty()).then(|| attempt.message.into()),
            preemption: attempt.preemption,
        }
    }
}
