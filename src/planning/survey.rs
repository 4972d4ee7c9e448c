//! What is asked of every cluster first: the six success metrics, and what it survives.
//!
//! Promise: every loss is played once, whatever it is asked for.

use super::quorum::Quorums;
use super::resilience::survival::Survival;
use super::success_metrics::{self, Question, Setting, SuccessMetrics, losses, node_losses};
use crate::graph::failure_domains::Kind;
use crate::manifest::Objects;
use crate::simulation::loss::Baseline;

/// What is known of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// What its workloads need.
    pub quorums: Quorums,
    /// What comes of losing each node.
    pub node_losses: Survival,
    /// What comes of losing each zone, if it has several.
    pub zone_losses: Option<Survival>,
    /// The six success metrics.
    pub measured: SuccessMetrics,
}

impl Survey {
    /// Of a cluster where every pod has its place. The objects are those of the baseline: seen by the API server, expanded by controllers,
    /// their budgets with a status.
    pub fn new(objects: &Objects, baseline: &Baseline, setting: Setting<'_>) -> Self {
        let quorums = Quorums::of(objects, &[]);
        let node_losses = node_losses(objects, baseline, &quorums, &setting);
        let question = Question { objects, baseline, quorums: &quorums, node_losses: &node_losses, setting };
        let measured = success_metrics::measure(&question);
        let zone_losses = losses(objects, baseline, &quorums, &setting, &Kind::Zone).ok().filter(|zones| zones.domains.len() > 1);
        Survey { quorums, node_losses, zone_losses, measured }
    }

    /// Every loss that was played, by kind.
    pub fn losses(&self) -> impl Iterator<Item = (Kind, &Survival)> {
        std::iter::once((Kind::Node, &self.node_losses)).chain(self.zone_losses.iter().map(|zones| (Kind::Zone, zones)))
    }
}
