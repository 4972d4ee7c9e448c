//! What makes the real scheduler put pods where a plan has them: the weakest change of each workload's template that does, proven by
//! placing everything again.
//!
//! A template cannot pin its pods one by one. It can wish for nodes, insist on them, and spread pods over zones and nodes; so for each
//! workload there is a ladder of changes (`ladder`), from none over wishes to what is required, and the lowest rung is taken on which
//! the plan comes true (`rehearsal`): from none of the pods that are made anew, as they are listed, and in random orders with random
//! ties. Nodes that are bought alike stand for each other; every other node is itself.
//!
//! Promise: what is said to be realised came true in every one of these runs, with exactly the changes that are returned, all at once. What
//! no rung reaches is left unchanged and named, as is what no patch can change (Jobs, pods of their own, pods of foreign owners).
//!
//! Not looked at: how a rollout gets there. While it surges, new pods are placed beside old ones; so a Deployment counts the pods of
//! its own revision only (`matchLabelKeys: [pod-template-hash]`).
//!
//! To add a means: a rung in `ladder`. Source of what templates can say: k8s.io/api core/v1 PodSpec, v1.36.

mod change;
mod fleet;
mod ladder;
mod node_terms;
mod planned;
mod rehearsal;

use std::collections::BTreeMap;

pub use change::Change;
pub use fleet::{FleetRealisation, realise_fleet};
pub use planned::{Changeable, Planned};
pub use rehearsal::Outcome;

use crate::manifest::Objects;
use crate::manifest::read::Written;
use crate::scheduler::Options;
use crate::scheduler::profile::Configuration;
use ladder::ladder;
use rehearsal::Rehearsal;

/// The label by which nodes that are bought say which group they belong to.
pub const NODE_GROUP: &str = "plimsoll.dev/node-group";

/// A plan that was placed once makes no promise beyond that; one that was bought does.
pub type Promise<'a> = &'a dyn Fn(&Objects) -> bool;

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The cluster: seen by the API server, expanded by controllers, nothing placed that waits.
    pub objects: &'a Objects,
    /// What of that is only written: what cannot be changed once it is created can be changed there.
    pub written: &'a Written,
    /// The plan: the node of each pod, by its place among the objects.
    pub places: &'a [Option<String>],
    /// Nodes that stand for each other, and the group that they are of. All others are themselves.
    pub groups: &'a BTreeMap<String, String>,
    /// Namespaces whose workloads are looked at; without any, all.
    pub namespaces: &'a [String],
    /// Whether the replicas of autoscaled workloads are those of the plan, and not those that were written.
    pub sets_replicas: bool,
    /// What has to hold of the changed objects, besides that everyone is in its place; none if nothing has.
    pub promise: Option<Promise<'a>>,
    /// The scheduler.
    pub configuration: &'a Configuration,
    /// How it decides when pods come as they are listed.
    pub options: Options,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Realisation {
    /// Workloads with a pod that is placed anew, by namespace, name and kind.
    pub workloads: Vec<Realised>,
    /// Workloads whose pods are all where they are to be.
    pub staying: usize,
    /// How often everything was placed again, each time.
    pub runs: usize,
    /// What the promise left room for.
    pub kept: Kept,
}

/// Which changes the promise left room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// All: it holds with the changes that are returned.
    All,
    /// Wishes only: with what is required it does not hold.
    Wishes,
    /// None.
    Nothing,
}

/// A workload, and what puts it where the plan has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Realised {
    /// The workload, and where the plan has it.
    pub planned: Planned,
    /// The change of its template; none if it needs none, or none helps.
    pub change: Option<Change>,
    /// The replicas that have to be set.
    pub replicas: Option<i32>,
    /// What came of placing it again.
    pub outcome: Outcome,
}

impl Realised {
    /// Whether it came true in every run.
    pub fn is_realised(&self) -> bool {
        self.outcome.holds()
    }
}

/// So many pods are placed at most to find out whether weaker changes do.
const PLACEMENTS: usize = 400_000;

/// Finds what realises a plan.
pub fn realise(question: &Question<'_>) -> Realisation {
    let rehearsal = Rehearsal::new(question);
    let ladders: Vec<Vec<Change>> = rehearsal.planned.iter().map(|planned| ladder(planned, &rehearsal.ground)).collect();
    let mut search = Search::new(&rehearsal, ladders);
    let mut outcomes = search.climb();
    let holds = |search: &Search<'_>| {
        let promise = question.promise.filter(|_| search.changes_anything());
        promise.is_none_or(|promise| promise(&rehearsal.changed(&search.changes())))
    };
    let mut kept = Kept::All;
    if !holds(&search) {
        kept = Kept::Wishes;
        search = search.of_wishes();
        outcomes = search.climb();
    }
    if kept == Kept::Wishes && !holds(&search) {
        kept = Kept::Nothing;
        search = search.of_nothing();
        outcomes = search.climb();
    }
    let changes: Vec<Option<Change>> = search.changes().into_iter().map(Option::<&Change>::cloned).collect();
    let workloads = rehearsal.planned.iter().zip(changes).zip(outcomes).map(|((planned, change), outcome)| Realised {
        change,
        replicas: planned.replicas.filter(|_| question.sets_replicas),
        planned: planned.clone(),
        outcome,
    });
    Realisation { workloads: workloads.collect(), staying: rehearsal.staying, runs: rehearsal::RUNS, kept }
}

/// Whether a workload that was where the plan has it in every run is not in one.
fn loses(before: &[Outcome], after: &[Outcome]) -> bool {
    before.iter().zip(after).any(|(before, after)| before.holds() && !after.holds())
}

/// The way up the ladders.
struct Search<'a> {
    rehearsal: &'a Rehearsal<'a>,
    ladders: Vec<Vec<Change>>,
    /// How many rungs each workload is up; 0 changes nothing.
    rungs: Vec<usize>,
    /// Workloads whose ladder was of no use.
    given_up: Vec<bool>,
}

impl<'a> Search<'a> {
    fn new(rehearsal: &'a Rehearsal<'a>, ladders: Vec<Vec<Change>>) -> Self {
        let number = ladders.len();
        Search { rehearsal, ladders, rungs: vec![0; number], given_up: vec![false; number] }
    }

    /// The same from the ground with nothing that is required.
    fn of_wishes(self) -> Self {
        let wishes = self.ladders.into_iter().map(|ladder| ladder.into_iter().filter(|change| !change.is_required()).collect());
        Search::new(self.rehearsal, wishes.collect())
    }

    /// The same from the ground without any change.
    fn of_nothing(self) -> Self {
        Search::new(self.rehearsal, vec![Vec::new(); self.ladders.len()])
    }

    fn changes(&self) -> Vec<Option<&Change>> {
        self.ladders.iter().zip(&self.rungs).map(|(ladder, rung)| ladder.get(rung.checked_sub(1)?)).collect()
    }

    fn changes_anything(&self) -> bool {
        self.rungs.iter().any(|rung| *rung > 0)
    }

    /// Every workload as high as it has to go, and no higher as far as there is time to see.
    fn climb(&mut self) -> Vec<Outcome> {
        loop {
            let outcomes = self.rehearsal.rehearse(&self.changes(), &[]);
            let low: Vec<usize> = (0..outcomes.len()).filter(|&own| !outcomes[own].holds() && !self.given_up[own]).collect();
            if low.is_empty() {
                return self.weaken(outcomes);
            }
            let higher: Vec<usize> = low.iter().copied().filter(|&own| self.rungs[own] < self.ladders[own].len()).collect();
            if higher.is_empty() {
                // all are as high as they go: the one that is farthest from its places may be what keeps others from theirs
                let worst = low.into_iter().min_by_key(|&own| outcomes[own].met).expect("there is one");
                (self.rungs[worst], self.given_up[worst]) = (0, true);
            }
            higher.into_iter().for_each(|own| self.rungs[own] += 1);
        }
    }

    /// One workload after the other goes down again as far as that loses nothing: some only went up because of others.
    fn weaken(&mut self, mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
        let mut left = PLACEMENTS / (rehearsal::RUNS * self.rehearsal.pods().max(1));
        for own in 0..self.rungs.len() {
            let rung = self.rungs[own];
            for lower in 0..rung {
                if left == 0 {
                    return outcomes;
                }
                left -= 1;
                self.rungs[own] = lower;
                let weaker = self.rehearsal.rehearse(&self.changes(), &outcomes);
                if !loses(&outcomes, &weaker) {
                    outcomes = weaker;
                    break;
                }
                self.rungs[own] = rung;
            }
        }
        outcomes
    }
}
