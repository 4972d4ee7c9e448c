//! The loss of any `k` of many: what is certain for all `C(N, k)` losses, without playing them all.
//!
//! [`interdict`] gives three answers, from cheap to dear, each a [`Proof`]:
//!
//! - *availability* (`availability`): which workloads can be left with too few ready pods at the moment of the loss. Exact.
//! - *reached*: whether kube-scheduler brings back everything, whatever is lost. A certificate over sums (`room`) covers most losses
//!   at once; branch and bound (`search`) lists the others, with units that are alike merged (`orbit`) where they are too many; these are
//!   played, the most threatened first.
//! - *repackable*: whether some placement exists, though kube-scheduler may not find it. Whatever certifies the former, and a packing that
//!   keeps enough places whatever is lost (`packing`); loss by loss, [`repack`].
//!
//! Pruning by "a larger loss is harder" is right for the last and wrong for kube-scheduler, which may do better when more is lost; so the
//! former is pruned by certificates that speak for every loss of a branch, and by nothing else.
//!
//! Promise: what holds was proven or played, what fails has a witness that was played or an [`Obstacle`], and everything else is
//! [`Proof::Open`] with the number of losses that are left. The same question has the same answer, whatever the number of threads.
//! `tests/suite/interdiction.rs` holds it against playing and packing every subset of small clusters.
//!
//! Sources: R. K. Wood, Deterministic network interdiction (1993); D. Bertsimas and M. Sim, The price of robustness (2004), for sums over
//! the `k` worst.

mod assignment;
mod availability;
mod demand;
mod ground;
mod obstacle;
mod orbit;
mod packing;
mod proof;
mod repack;
mod room;
mod search;
mod units;

pub use availability::{Availability, Fall};
pub use demand::Unbounded;
pub use obstacle::Obstacle;
pub use packing::Reserve;
pub use proof::{Certificate, Coverage, Proof};
pub(super) use repack::possible;
pub use repack::{Packing, Repack, Way, repack, repack_after};
pub use room::ClassRoom;
pub use search::choose;

use super::quorum::Quorums;
use crate::cluster::index::NodeId;
use crate::simulation::loss::{Baseline, Loss};
use ground::Ground;
use units::Units;

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The cluster before anything is lost.
    pub baseline: &'a Baseline,
    /// What its workloads need.
    pub quorums: &'a Quorums,
    /// Whether a pod of the input, by index, is ready before the loss.
    pub is_ready: &'a (dyn Fn(usize) -> bool + Sync),
    /// What can be lost: nodes that go together. [`single_nodes`] for nodes.
    pub units: &'a [Vec<NodeId>],
    /// How many of them are lost.
    pub k: usize,
    /// How much is tried.
    pub limits: Limits,
}

/// How much is tried before an answer is left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Losses that are played, and as many that are packed.
    pub replays: usize,
    /// Tests of a class in a branch.
    pub tests: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { replays: 4096, tests: 5_000_000 }
    }
}

/// The answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Interdiction {
    /// How many units are lost.
    pub k: usize,
    /// Of how many.
    pub units: usize,
    /// In how many ways.
    pub losses: u128,
    /// Whether enough ready pods are left at the moment of the loss.
    pub availability: Availability,
    /// Whether kube-scheduler brings everything back. A failure is a loss that was played.
    pub reached: Proof<Box<Loss>>,
    /// Whether everything has a place.
    pub repackable: Proof<Obstacle>,
}

/// Every node by itself, as what can be lost.
pub fn single_nodes(baseline: &Baseline) -> Vec<Vec<NodeId>> {
    baseline.cluster().nodes.ids().map(|node| vec![node]).collect()
}

/// Answers for all losses of `k` units at once. `told` is called after each loss that is played, on any thread.
pub fn interdict(question: &Question<'_>, told: impl Fn() + Sync) -> Interdiction {
    let Question { baseline, k, .. } = *question;
    let units = Units::new(baseline, question.units);
    let availability = availability::availability(baseline, question.quorums, &units, k, question.is_ready);
    let ground = Ground::new(baseline, &units, k);
    let prover = proof::Prover::new(&ground, question.limits);
    let (reached, played) = prover.reached(&told);
    let repackable = prover.repackable(&played, reached.failing_units());
    Interdiction { k, units: units.len(), losses: search::choose(units.len(), k), availability, reached, repackable }
}
