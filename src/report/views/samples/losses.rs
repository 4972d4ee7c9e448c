//! How surely losses are survived: a part of [`super::super::LossesView`].

use schemars::JsonSchema;
use serde::Serialize;

use super::{DrawnView, ShareView};
use crate::planning::resilience::{Chances, LossChance};
use crate::simulation::chance::Draws;

/// How surely losses are survived: each of them was played in every run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LossSamplesView {
    /// What was drawn.
    pub drawn: DrawnView,
    /// Runs in which every loss is survived; times are not judged.
    pub every: ShareView,
    /// Runs in which pods find no node even before any loss.
    pub pending_before: ShareView,
    /// Each loss, in the order in which they were asked.
    pub losses: Vec<LossSampleView>,
}

/// How surely a loss is survived.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LossSampleView {
    /// What is lost.
    pub lost: String,
    /// Runs in which it is survived.
    pub survived: ShareView,
    /// The fewest pods that are left without a node, over all runs.
    pub least_pending: usize,
    /// The most that are.
    pub most_pending: usize,
    /// Seed of the worst run: `--seed`, with the same `--ties` and `--arrivals`, has it again.
    pub worst_seed: u64,
}

impl LossSamplesView {
    /// Of an answer; `names` are the losses as people say them.
    pub fn new(draws: &Draws, chances: &Chances, names: &[String]) -> Self {
        let loss = |(chance, name): (&LossChance, &String)| LossSampleView {
            lost: name.clone(),
            survived: ShareView::new(chance.survived),
            least_pending: chance.least_missing,
            most_pending: chance.most_missing,
            worst_seed: chance.worst_seed,
        };
        LossSamplesView {
            drawn: DrawnView::new(draws),
            every: ShareView::new(chances.every),
            pending_before: ShareView::new(chances.pending_before),
            losses: chances.losses.iter().zip(names).map(loss).collect(),
        }
    }

    /// Whether every loss is survived in every run.
    pub fn holds(&self) -> bool {
        self.every.runs == self.every.of
    }

    /// The loss that is survived least often; of equals the one that leaves most pods without a node.
    pub fn worst(&self) -> Option<&LossSampleView> {
        self.losses.iter().rev().max_by_key(|loss| (std::cmp::Reverse(loss.survived.runs), loss.most_pending))
    }
}
