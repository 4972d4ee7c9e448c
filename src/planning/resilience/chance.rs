//! How surely losses are survived: each played in every one of many runs that differ in what is left to chance.
//!
//! A run draws where the pods are that wait in the input, in which order replacements come, and which of equally good nodes they take
//! (see [`crate::simulation::chance`]). All losses of a run start from the same baseline. Times are not judged here.

use rayon::prelude::*;

use super::{Question, Requirements, is_ready};
use crate::planning::quorum::Standing;
use crate::scheduler::Options;
use crate::scheduler::attempt::Outcome;
use crate::simulation::chance::{Draws, Share};
use crate::simulation::loss::{Baseline, Loss, sweep_with};

/// How surely losses are survived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chances {
    /// Each loss, in the order in which they were asked.
    pub losses: Vec<LossChance>,
    /// Runs in which every one of them is survived.
    pub every: Share,
    /// Runs in which pods find no node even before any loss.
    pub pending_before: Share,
}

/// How surely a loss is survived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossChance {
    /// Runs in which it is.
    pub survived: Share,
    /// The fewest pods that are left without a node, over all runs.
    pub least_missing: usize,
    /// The most that are.
    pub most_missing: usize,
    /// The seed of the worst run: of those in which it is not survived if there are any, the one that leaves most pods without a node; of
    /// equals the first.
    pub worst_seed: u64,
}

/// What one run makes of a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Verdict {
    is_broken: bool,
    missing: usize,
}

impl Chances {
    /// Whether every loss is survived in every run.
    pub fn is_sure(&self) -> bool {
        self.every.is_all()
    }
}

/// Plays every loss in every run. `again` makes a baseline of the question's objects with other options; `told` is called after each loss
/// of each run, on any thread.
pub fn chances(question: &Question<'_>, draws: &Draws, again: impl Fn(Options) -> Baseline + Sync, told: impl Fn() + Sync) -> Chances {
    let is_drawn = question.baseline.schedule().decisions.iter().any(|each| !matches!(each.outcome, Outcome::Gated | Outcome::NotOurs));
    let run = |number: usize| {
        let options = draws.options_of(number);
        // where nothing waits, all runs start alike
        let own = is_drawn.then(|| again(options));
        let baseline = own.as_ref().unwrap_or(question.baseline);
        let pending_before = !baseline.waiting().is_empty();
        (pending_before, verdicts(&Question { baseline, ..*question }, options, &told))
    };
    let runs: Vec<(bool, Vec<Verdict>)> = (0..draws.runs).into_par_iter().map(run).collect();
    Chances {
        losses: (0..question.losses.len()).map(|loss| LossChance::new(draws, &runs, loss)).collect(),
        every: Share::of(&runs, |(_, verdicts)| verdicts.iter().all(|verdict| !verdict.is_broken)),
        pending_before: Share::of(&runs, |(pending_before, _)| *pending_before),
    }
}

fn verdicts(question: &Question<'_>, options: Options, told: impl Fn() + Sync) -> Vec<Verdict> {
    let standing = Standing::of(question.quorums, |pod| is_ready(question.objects, question.baseline, pod));
    let judge = |_: usize, loss: Loss| {
        let lost: Vec<usize> = loss.pods.iter().map(|displaced| displaced.pod.index()).collect();
        let broken = Requirements::broken(&loss, &standing.after(question.quorums, &lost)).among(question.requirements);
        let evicted = loss.preempted.iter().filter(|preempted| preempted.to.is_none()).count();
        Verdict { is_broken: broken != Requirements::NONE, missing: loss.pending().count() + evicted }
    };
    sweep_with(question.baseline, options, question.losses, question.until, judge, told)
}

impl LossChance {
    fn new(draws: &Draws, runs: &[(bool, Vec<Verdict>)], loss: usize) -> Self {
        let of_loss: Vec<Verdict> = runs.iter().map(|(_, verdicts)| verdicts[loss]).collect();
        let missing = || of_loss.iter().map(|verdict| verdict.missing);
        let worst = (0..of_loss.len()).rev().max_by_key(|&run| of_loss[run]).unwrap_or(0);
        LossChance {
            survived: Share::of(&of_loss, |verdict| !verdict.is_broken),
            least_missing: missing().min().unwrap_or(0),
            most_missing: missing().max().unwrap_or(0),
            worst_seed: draws.seed_of(worst),
        }
    }
}
