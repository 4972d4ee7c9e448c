//! The fast path: what was worked out for a class is kept, and brought up to date by what changed since.
//!
//! Promise: the same decision as [`super::Scheduler::attempt`], the plain path (a property test compares them). Work is
//! proportional to what changed:
//!
//! - resource verdicts and scores are kept by *shape* (what pods ask for), which many classes share; a bind touches one node;
//! - static verdicts (taints, node affinity, cordons) are kept by class, as bits;
//! - spread and affinity counts are kept by class ([`plugins::pod_topology_spread`], [`plugins::inter_pod_affinity`]);
//! - nodes that all normalised scores see alike form a *bucket*; within it only the resource score decides, and that is
//!   kept as sets of nodes by score. The best nodes are then a few intersections of bits.
//!
//! Pods with volumes, and any pod while a node is kept free for a nominated pod, take the plain path; so does every pod that
//! nothing takes, for its diagnosis (which is then reused for its class until something changes).

mod levels;
mod partition;
mod view;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Cycle;
use super::attempt::Outcome;
use super::run::Choice;
use super::ties::TieBreaker;
use crate::cluster::class::Class;
use crate::cluster::index::{ClassId, PodId};
use crate::cluster::occupancy::Checkpoint;
use crate::cluster::resources::Amounts;
use levels::Levels;
use view::ClassView;

/// How many classes are kept, and how many shapes; beyond that the half that was used longest ago is dropped. Pods of a lost zone come
/// back in no order of their classes, and a class costs a thousand decisions to see anew; it takes some ten kilobytes for 5,000 nodes.
const CLASSES: usize = 4096;
const SHAPES: usize = 256;

/// What pods ask for, as far as resource plugins look at it.
type Shape = (Amounts, Amounts, usize);

/// Everything that is kept between attempts.
#[derive(Debug, Clone, Default)]
pub struct Incremental {
    levels: FxHashMap<Shape, Kept<Levels>>,
    views: FxHashMap<ClassId, Kept<ClassView>>,
    refused: FxHashMap<ClassId, (usize, Arc<str>)>,
    clock: u64,
}

#[derive(Debug, Clone)]
struct Kept<T> {
    value: T,
    used: u64,
    /// Whom it was made for: a pod, and the index of its profile.
    sample: (PodId, usize),
}

impl Incremental {
    /// Decides a pod of class `id`, scheduled by the profile with this index; `None` if no node takes it.
    pub fn choose(&mut self, cycle: &Cycle<'_>, id: ClassId, profile: usize, ties: &mut TieBreaker) -> Option<Choice> {
        self.clock += 1;
        let shape = (cycle.class.incoming.amounts.clone(), cycle.class.scored.clone(), profile);
        let sample = (cycle.pod, profile);
        drop_oldest(&mut self.levels, SHAPES);
        drop_oldest(&mut self.views, CLASSES);
        let levels = self.levels.entry(shape).or_insert_with(|| Kept { value: Levels::new(cycle), used: 0, sample });
        let view = self.views.entry(id).or_insert_with(|| Kept { value: ClassView::new(cycle), used: 0, sample });
        (levels.used, view.used) = (self.clock, self.clock);
        levels.value.catch_up(cycle);
        view.value.catch_up(cycle);
        view.value.decide(cycle, &levels.value);
        let (feasible, best) = (view.value.feasible(), view.value.best());
        let node = ties.choose(feasible, best, cycle.outages.order())?;
        Some(Choice { outcome: Outcome::Bound, node: Some(node), best_count: best.len(), message: None, preemption: None })
    }

    /// Brings what was used since a checkpoint up to date once more, after everything since was taken back and before the log forgets
    /// it. `cycle` is what an attempt for a pod by a profile sees.
    pub fn rewind<'a>(&mut self, checkpoint: Checkpoint, cycle: impl Fn(PodId, usize) -> Cycle<'a>) {
        let log = checkpoint.log_length();
        for kept in self.levels.values_mut().filter(|kept| kept.value.seen() > log) {
            kept.value.catch_up(&cycle(kept.sample.0, kept.sample.1));
            kept.value.cut_short(log);
        }
        for kept in self.views.values_mut().filter(|kept| kept.value.seen() > log) {
            kept.value.catch_up(&cycle(kept.sample.0, kept.sample.1));
            kept.value.cut_short(log);
        }
        self.refused.retain(|_, (at, _)| *at <= log);
    }

    /// The sentence with which a class was refused, if nothing has happened since.
    pub fn refusal(&self, class: ClassId, log: usize) -> Option<Choice> {
        let (at, message) = self.refused.get(&class)?;
        let choice =
            Choice { outcome: Outcome::Unschedulable, node: None, best_count: 0, message: Some(message.clone()), preemption: None };
        (*at == log).then_some(choice)
    }

    /// Remembers that a class was refused, and in which words.
    pub fn remember_refusal(&mut self, class: ClassId, log: usize, choice: &Choice) {
        if let (Outcome::Unschedulable, Some(message)) = (choice.outcome, &choice.message) {
            self.refused.insert(class, (log, message.clone()));
        }
    }
}

/// Whether the fast path can decide pods of this class.
pub fn covers(class: &Class) -> bool {
    class.volumes.is_empty() && !class.gated
}

fn drop_oldest<K: Eq + std::hash::Hash + Clone, T>(kept: &mut FxHashMap<K, Kept<T>>, most: usize) {
    if kept.len() < most {
        return;
    }
    let mut stamps: Vec<u64> = kept.values().map(|kept| kept.used).collect();
    let middle = *stamps.select_nth_unstable(most / 2).1;
    kept.retain(|_, kept| kept.used > middle);
}
