//! What a cluster survives, in a line each for nodes and zones; `lose` says all of it.

use schemars::JsonSchema;
use serde::Serialize;

use super::losses::Seconds;
use crate::planning::quorum::State;
use crate::planning::resilience::Judged;
use crate::planning::resilience::survival::Survival;
use crate::report::amount::{count, duration, thousands};
use crate::report::document::{Document, Mood, Table, Text};

/// What a cluster survives of a kind of loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SurvivalView {
    /// What is lost each time: `node` or `zone`.
    pub each: String,
    /// How many losses there are.
    pub losses: usize,
    /// How many of them are survived: every pod comes back, no workload falls to zero or below its quorum.
    pub survived: usize,
    /// The worst of them; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<WorstLoss>,
}

/// The worst loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorstLoss {
    /// What is lost.
    pub lost: String,
    /// Pods that find no node in the end.
    pub pending: usize,
    /// Workloads that have no ready pod left at first.
    pub to_zero: usize,
    /// Workloads that have fewer than they need.
    pub below_quorum: usize,
    /// How long until every workload is whole again; `null` if never by itself.
    pub recovery: Option<Seconds>,
}

impl SurvivalView {
    /// Of an answer.
    pub fn new(each: &str, survival: &Survival) -> Self {
        let worst = |worst: usize| WorstLoss::new(survival.domains[worst].to_string(), &survival.resilience.losses[worst]);
        SurvivalView {
            each: each.to_owned(),
            losses: survival.resilience.losses.len(),
            survived: survival.resilience.survived(),
            worst: survival.resilience.worst.map(worst),
        }
    }

    /// Adds what is survived to a document: a row for each kind of loss.
    pub fn add_to(views: &[SurvivalView], document: &mut Document) {
        let mut table = Table::new().left("losing any one").right("survived").left("the worst").left("then").right("whole again");
        for view in views {
            let Some(worst) = &view.worst else { continue };
            let mood = if view.survived == view.losses { Mood::Good } else { Mood::Bad };
            let survived = format!("{} of {}", thousands(view.survived), thousands(view.losses));
            let then = Text::new(worst.sentence(), mood);
            let recovery = worst.recovery.map_or_else(|| "never by itself".to_owned(), |recovery| duration(recovery.most));
            table.row(vec![view.each.as_str().into(), Text::new(survived, mood), worst.lost.as_str().into(), then, recovery.into()]);
        }
        document.table("What it survives", table, vec!["`plimsoll lose` says which workloads, why, and what to change".to_owned()]);
    }
}

impl WorstLoss {
    fn new(lost: String, judged: &Judged) -> Self {
        WorstLoss {
            lost,
            pending: judged.loss.pending().count(),
            to_zero: judged.fallen(State::Zero).count(),
            below_quorum: judged.fallen(State::BelowQuorum).count(),
            recovery: judged.failover.recovery.map(Seconds::of),
        }
    }

    fn sentence(&self) -> String {
        let parts = [
            (self.to_zero, "workload", "to zero"),
            (self.below_quorum, "workload", "below quorum"),
            (self.pending, "pod", "without a node"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(number, ..)| *number > 0).map(|(number, one, what)| format!("{} {what}", count(*number, one))).collect();
        if parts.is_empty() { "everything comes back".to_owned() } else { parts.join(", ") }
    }
}
