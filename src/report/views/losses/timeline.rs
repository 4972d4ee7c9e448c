//! When the pods of a lost node are back, and which workloads are back too late.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Seconds, workload_name};
use crate::planning::failover::{Stage, Timeline};
use crate::planning::resilience::{Late, Question, timelines};
use crate::report::views::Context;
use crate::simulation::loss::Loss;

/// What happens to alike pods of a workload, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimelineView {
    /// The workload.
    pub workload: String,
    /// Its pods to which this happens.
    pub pods: usize,
    /// The stages, one after another.
    pub stages: Vec<StageView>,
    /// When the replacement is ready, counted from the loss; `null` if never by itself.
    pub back_after: Option<Seconds>,
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StageView {
    /// What happens.
    pub stage: &'static str,
    /// How long it takes; `null` if it does not end by itself.
    pub takes: Option<Seconds>,
    /// Where that comes from.
    pub basis: &'static str,
}

/// A workload that is back too late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LateView {
    /// The workload.
    pub workload: String,
    /// The loss after which it is back last.
    pub lost: String,
    /// When it is back in the worst case, in seconds; absent if never by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_seconds: Option<u64>,
    /// What takes longest.
    pub because: String,
    /// What helps: each is enough, and may be several changes together.
    pub remedies: Vec<Vec<String>>,
}

/// What happens to the pods of a loss, alike ones of a workload together; the last to be back first.
pub(super) fn of(context: &Context<'_>, question: &Question<'_>, loss: &Loss) -> Vec<TimelineView> {
    let mut alike: IndexMap<TimelineView, usize> = IndexMap::new();
    for (pod, timeline) in timelines(question, loss) {
        *alike.entry(TimelineView::new(context.workload(pod), &timeline)).or_default() += 1;
    }
    let mut views: Vec<TimelineView> = alike.into_iter().map(|(view, pods)| TimelineView { pods, ..view }).collect();
    views.sort_by_key(|view| {
        let back = view.back_after.map(|back| (std::cmp::Reverse(back.most), std::cmp::Reverse(back.least)));
        (back.is_some(), back, view.workload.clone())
    });
    views
}

impl std::hash::Hash for TimelineView {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.workload, self.stages.len()).hash(state);
    }
}

impl TimelineView {
    fn new(workload: String, timeline: &Timeline) -> Self {
        TimelineView {
            workload,
            pods: 0,
            stages: timeline.stages.iter().map(StageView::new).collect(),
            back_after: timeline.back_after.map(Seconds::of),
        }
    }
}

impl StageView {
    fn new(stage: &Stage) -> Self {
        StageView { stage: stage.kind.text(), takes: stage.length.map(Seconds::of), basis: stage.basis.text() }
    }
}

impl LateView {
    pub(super) fn new(question: &Question<'_>, late: &Late, names: &[String]) -> Self {
        let because = |breach: &crate::planning::failover::Breach| breach.stage.text().to_owned();
        let remedies = late.breach.iter().flat_map(|breach| &breach.remedies);
        LateView {
            workload: workload_name(&question.quorums.workloads[late.workload]),
            lost: names[late.loss].clone(),
            after_seconds: late.breach.as_ref().and_then(|breach| breach.after).map(|after| after.as_secs()),
            because: late.breach.as_ref().map_or_else(|| "no node takes its pods".to_owned(), because),
            remedies: remedies.map(|changes| changes.iter().map(ToString::to_string).collect()).collect(),
        }
    }
}
