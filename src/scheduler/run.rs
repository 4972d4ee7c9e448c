//! Placing everything that waits: the queue is worked off, and worked off again while that helps.
//!
//! A pod that nothing took is tried again once something happened that could help it: pods left, or pods came that it wants
//! to be near or that even out a spread. Upstream does so on events; here it happens when the queue is empty. Victims of a
//! preemption leave at once; if a controller owns them, their replacements join the queue behind the pods of their priority.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::attempt::{Attempt, Outcome, Preemption};
use super::{Scheduler, queue};
use crate::cluster::Cluster;
use crate::cluster::index::{ClassId, NodeId, PodId};
use crate::cluster::occupancy::Change;

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

/// Pods to be placed, and what was decided about them so far.
#[derive(Debug, Clone, Default)]
pub struct Backlog {
    /// Pods that wait for their turn, by priority and then by turn.
    queue: BTreeMap<(Reverse<i32>, usize), Entry>,
    turns: usize,
    /// Pods that nothing took.
    waiting: Vec<Waiting>,
    decided: Vec<Option<Decision>>,
    lost: Vec<PodId>,
}

/// A pod in its turn.
#[derive(Debug, Clone, Copy)]
struct Entry {
    pod: PodId,
    replacement: bool,
}

/// A pod that nothing took, and what could help it.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    entry: Entry,
    decision: Option<usize>,
    /// How far the log was when it was tried.
    tried_at: usize,
}

/// What happened meanwhile: how far the log was when it did last.
#[derive(Debug, Default)]
struct News {
    /// Room was made.
    room: Option<usize>,
    /// A node's state changed.
    of_node: Option<usize>,
    /// A pod of a class came, left, or began to be deleted.
    of_class: FxHashMap<ClassId, usize>,
}

impl Backlog {
    /// Adds a pod behind those of its priority.
    pub fn add(&mut self, cluster: &Cluster, pod: PodId) {
        self.insert(cluster, Entry { pod, replacement: false });
    }

    /// Adds a pod that nothing took when the log was this long: it is tried once something could help it.
    pub fn add_waiting(&mut self, pod: PodId, tried_at: usize) {
        self.waiting.push(Waiting { entry: Entry { pod, replacement: false }, decision: None, tried_at });
    }

    /// The pods that nothing took.
    pub fn waiting(&self) -> impl Iterator<Item = PodId> {
        self.waiting.iter().map(|waiting| waiting.entry.pod)
    }

    fn insert(&mut self, cluster: &Cluster, entry: Entry) {
        let priority = Reverse(cluster.class_of(entry.pod).priority);
        self.queue.insert((priority, self.turns), entry);
        self.turns += 1;
    }

    /// What was decided.
    pub fn into_schedule(self) -> Schedule {
        let decisions = last_of_each(self.decided.into_iter().flatten().collect(), &self.lost);
        Schedule { decisions, lost: self.lost }
    }
}

impl Scheduler<'_> {
    /// Places every pending pod of the input. `progress` is told how many decisions were made, and how many pods wait.
    pub fn run(&mut self, progress: impl FnMut(usize, usize)) -> Schedule {
        let mut backlog = Backlog::default();
        let arriving = queue::arriving(self.cluster(), self.options().arrivals);
        arriving.into_iter().for_each(|pod| backlog.add(self.cluster(), pod));
        self.work_off(&mut backlog, progress);
        backlog.into_schedule()
    }

    /// Places the pods of a backlog, as far as they can be. It can be added to afterwards, and worked off again.
    pub fn work_off(&mut self, backlog: &mut Backlog, mut progress: impl FnMut(usize, usize)) {
        loop {
            while let Some((_, entry)) = backlog.queue.pop_first() {
                let tried_at = self.occupancy().log().len();
                let decision = self.place(entry, |victim, scheduler| match scheduler.cluster().pod(victim).controlled {
                    true => backlog.insert(scheduler.cluster(), Entry { pod: victim, replacement: true }),
                    false => backlog.lost.push(victim),
                });
                if decision.outcome == Outcome::Unschedulable {
                    backlog.waiting.push(Waiting { entry, decision: Some(backlog.decided.len()), tried_at });
                }
                backlog.decided.push(Some(decision));
                progress(backlog.decided.len(), backlog.queue.len());
            }
            let news = self.news(backlog.waiting.iter().map(|waiting| waiting.tried_at).min());
            backlog.waiting.iter().for_each(|waiting| self.remember_company(waiting.entry.pod));
            let helped = |waiting: &Waiting| self.could_help(waiting, &news);
            let (again, still): (Vec<Waiting>, Vec<Waiting>) = std::mem::take(&mut backlog.waiting).into_iter().partition(helped);
            backlog.waiting = still;
            if again.is_empty() {
                return;
            }
            for waiting in again {
                if let Some(decision) = waiting.decision {
                    backlog.decided[decision] = None;
                }
                backlog.insert(self.cluster(), waiting.entry);
            }
        }
    }

    /// What happened since the log was this long.
    fn news(&self, since: Option<usize>) -> News {
        let mut news = News::default();
        let (Some(since), outages) = (since, self.occupancy().outages()) else { return news };
        for (at, change) in self.occupancy().log().iter().enumerate().skip(since) {
            let makes_room = match change {
                // one that leaves a dead node leaves no room there, but may have kept others away from all its zone
                Change::Left(stay) => outages.is_up(stay.node) || !self.cluster().class(stay.class).anti_affinity.is_empty(),
                Change::Node(node, _) => outages.is_up(*node),
                _ => false,
            };
            if makes_room {
                news.room = Some(at);
            }
            match change {
                Change::Came(stay) | Change::Left(stay) | Change::Terminating(stay) | Change::Restored(stay) => {
                    news.of_class.insert(stay.class, at);
                }
                Change::Node(..) => news.of_node = Some(at),
            }
        }
        news
    }

    /// Whether something happened since a pod was tried that could help it: room was made, or a pod that minds company got other company.
    fn could_help(&self, waiting: &Waiting, news: &News) -> bool {
        let is_since = |at: Option<usize>| at.is_some_and(|at| at >= waiting.tried_at);
        let company = self.company.get(&self.cluster().pod(waiting.entry.pod).class).map(|company| &company[..]).unwrap_or_default();
        let has_other_company = || company.iter().any(|class| is_since(news.of_class.get(class).copied()));
        is_since(news.room) || !company.is_empty() && (is_since(news.of_node) || has_other_company())
    }

    /// Works out, once for each class, whose coming and going could help its pods.
    fn remember_company(&mut self, pod: PodId) {
        let id = self.cluster().pod(pod).class;
        if !self.company.contains_key(&id) {
            let company = self.company_of(pod);
            self.company.insert(id, company.into());
        }
    }

    /// The classes that a pod's required affinity and hard spread constraints mean, and its own if it has any of them.
    fn company_of(&self, pod: PodId) -> Vec<ClassId> {
        let cluster = self.cluster();
        let class = cluster.class_of(pod);
        let mut company = Vec::new();
        for term in class.affinity.iter().chain(&class.anti_affinity).map(|&term| cluster.term(term)) {
            company.push(cluster.pod(pod).class);
            company.extend(cluster.relations.candidates(&term.selector).filter(|&other| term.matches(cluster.class(other))));
        }
        let default = self.profile_of(pod).map(|profile| profile.default_spread(cluster)).unwrap_or_default();
        let is_default = class.spread.is_empty();
        let constraints = if is_default { default } else { &class.spread };
        for constraint in constraints.iter().filter(|constraint| constraint.hard) {
            let selector = if is_default { &class.default_spread } else { &constraint.selector };
            company.push(cluster.pod(pod).class);
            let counts = |&other: &ClassId| {
                let other = cluster.class(other);
                other.namespace == class.namespace && selector.matches(&other.labels)
            };
            company.extend(cluster.relations.candidates(selector).filter(counts));
        }
        company.sort_unstable();
        company.dedup();
        company
    }

    /// Tries one pod until it has a node or nothing takes it; `evicted` is told of every victim.
    fn place(&mut self, entry: Entry, mut evicted: impl FnMut(PodId, &Self)) -> Decision {
        let Entry { pod, replacement } = entry;
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
