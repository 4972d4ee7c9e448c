//! What each loss does to each workload: only where a workload loses pods, so that it stays small for large clusters.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use schemars::JsonSchema;
use serde::Serialize;

use crate::graph::failure_domains::Kind;
use crate::planning::failover::Failover;
use crate::planning::quorum::{Hit, Quorums, State};
use crate::planning::resilience::Judged;
use crate::planning::resilience::survival::Survival;
use crate::report::views::Context;
use crate::report::views::losses::{Seconds, workload_name};
use crate::simulation::loss::Course;

/// What each loss does to each workload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureMatrixView {
    /// What is lost, each by itself: every node, then every zone if there are several.
    pub losses: Vec<LostView>,
    /// Workloads that lose pods by any of them: `namespace/name (Kind)`.
    pub workloads: Vec<String>,
    /// What happens, where anything does.
    pub failures: Vec<FailureView>,
}

/// A loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LostView {
    /// What is lost: `node n1`, `zone zone-a`.
    pub lost: String,
    /// Whether it is survived: every pod comes back, no workload falls to zero or below its quorum.
    pub survived: bool,
}

/// What a loss does to a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureView {
    /// The loss, by its place in `losses`.
    pub loss: usize,
    /// The workload, by its place in `workloads`.
    pub workload: usize,
    /// The worst that happens.
    pub verdict: Verdict,
    /// Ready pods that it loses.
    pub lost: usize,
    /// Ready pods that are left at first.
    pub ready: usize,
    /// Ready pods that it needs; absent if nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed: Option<usize>,
    /// Pods that find no node in the end.
    pub pending: usize,
    /// How long it lacks pods that it needs; `null` if that does not end by itself.
    pub outage: Option<Seconds>,
    /// How long until it is whole again; `null` if never by itself.
    pub recovery: Option<Seconds>,
}

/// What happens to a workload, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It loses pods and keeps what it needs, or stands no worse than before.
    Survives,
    /// It has fewer pods than a budget promises.
    BelowBudget,
    /// Nobody manages it, so nobody brings it back.
    Gone,
    /// It has fewer pods than it needs, for a while.
    BelowQuorum,
    /// It has no ready pod, for a while.
    Down,
    /// Pods of it find no node in the end; it has those that it needs.
    Pending,
    /// It lacks pods that it needs, and does not get them by itself.
    StaysDown,
}

impl FailureMatrixView {
    /// Of what was lost, kind by kind.
    pub fn new(context: &Context<'_>, quorums: &Quorums, losses: &[(Kind, &Survival)]) -> Self {
        let mut names: IndexMap<String, (), FxBuildHasher> = IndexMap::default();
        let mut view = FailureMatrixView::default();
        for (_, survival) in losses {
            for (domain, judged) in survival.domains.iter().zip(&survival.resilience.losses) {
                let loss = view.losses.len();
                view.losses.push(LostView { lost: domain.to_string(), survived: judged.is_survived() });
                for (name, failure) in failures(context, quorums, judged) {
                    view.failures.push(FailureView { loss, workload: names.insert_full(name, ()).0, ..failure });
                }
            }
        }
        view.workloads = names.into_keys().collect();
        view
    }
}

/// What a loss does, by workload: those that are known to need something first, then whatever else has pods that do not come back.
fn failures(context: &Context<'_>, quorums: &Quorums, judged: &Judged) -> IndexMap<String, FailureView, FxBuildHasher> {
    let mut failures: IndexMap<String, FailureView, FxBuildHasher> = IndexMap::default();
    for (hit, timing) in judged.hits.iter().zip(&judged.timings) {
        let quorum = &quorums.workloads[hit.workload];
        failures.insert(workload_name(quorum), FailureView::new(hit, quorum.needed, timing.failover));
    }
    for displaced in &judged.loss.pods {
        let is_gone = displaced.course == Course::Lost;
        if !displaced.is_pending() && !is_gone {
            continue;
        }
        let failure = failures.entry(context.workload(displaced.pod)).or_insert_with(FailureView::of_unknown);
        failure.verdict = failure.verdict.max(if is_gone { Verdict::Gone } else { Verdict::Pending });
        failure.pending += usize::from(!is_gone);
        (failure.lost, failure.recovery) = (failure.lost.max(1), None);
    }
    failures
}

impl FailureView {
    fn new(hit: &Hit, needed: usize, failover: Failover) -> Self {
        let verdict = match hit.state {
            // nobody is blamed for what was wrong before
            state if state <= hit.before => Verdict::Survives,
            State::Fine => Verdict::Survives,
            State::BelowBudget => Verdict::BelowBudget,
            State::BelowQuorum | State::Zero if failover.outage.is_none() => Verdict::StaysDown,
            State::BelowQuorum => Verdict::BelowQuorum,
            State::Zero => Verdict::Down,
        };
        let (outage, recovery) = (failover.outage.map(Seconds::of), failover.recovery.map(Seconds::of));
        FailureView { loss: 0, workload: 0, verdict, lost: hit.lost, ready: hit.ready, needed: Some(needed), pending: 0, outage, recovery }
    }

    /// Of a workload of which nobody knows what it needs.
    fn of_unknown() -> Self {
        let verdict = Verdict::Survives;
        FailureView { loss: 0, workload: 0, verdict, lost: 0, ready: 0, needed: None, pending: 0, outage: None, recovery: None }
    }
}
