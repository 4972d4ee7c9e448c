//! What was found: a list that rules and answers write into, in one shape.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::amount::{count, thousands};
use crate::report::document::{Mood, Table, Text};
use crate::report::views::schedule::State;
use crate::report::views::success_metrics::MetricView;
use crate::report::views::{ScheduleView, SuccessMetricsView};

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingView {
    /// What it is an instance of, such as `unschedulable` or the name of a rule.
    pub rule: String,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// What it is about: `namespace/name (Kind)`, a node, or the cluster.
    pub object: String,
    /// Where that was written, as `file:line:column`; absent if not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What is wrong, and what to do.
    pub message: String,
}

/// What a plan finds: what the API server refuses, pods without a node, what fails success metrics and what is worth knowing of them, and
/// pods that are not what they seem.
pub fn of_plan(schedule: &ScheduleView, metrics: &SuccessMetricsView) -> Vec<FindingView> {
    let mut findings = of_schedule(schedule);
    metrics.metrics.iter().for_each(|metric| of_metric(metric, &mut findings));
    for aside in schedule.asides.iter().filter(|aside| !aside.ordinary) {
        let object = format!("{}, such as {}", count(aside.pods.len(), "pod"), aside.pods.first().map_or("", String::as_str));
        findings.push(FindingView::new("notWhatTheySeem", "note", object, format!("{}: {}", aside.what, aside.consequence)));
    }
    findings
}

fn of_schedule(schedule: &ScheduleView) -> Vec<FindingView> {
    let mut findings = Vec::new();
    for group in &schedule.not_created {
        let found = FindingView::new("notCreated", "error", group.title(), group.message.clone());
        findings.push(FindingView { location: (!group.at.is_empty()).then(|| group.at.clone()), ..found });
    }
    for group in &schedule.pending {
        let severity = match group.state {
            State::Gated | State::OtherScheduler => "note",
            _ => "error",
        };
        findings.push(FindingView::new(group.state.word(), severity, group.title(), group.message.clone()));
    }
    findings
}

fn of_metric(metric: &MetricView, findings: &mut Vec<FindingView>) {
    let rule = metric.metric;
    findings.extend(metric.failing.iter().map(|each| FindingView::new(rule, "warning", each.what.clone(), each.why.clone())));
    if !metric.holds && metric.failing.is_empty() {
        let why = format!("{}, where {} is asked for", metric.actual, metric.target);
        findings.push(FindingView::new(rule, "warning", "the cluster".to_owned(), why));
    }
    findings.extend(metric.remarks.iter().map(|remark| FindingView::new(rule, "note", "the cluster".to_owned(), remark.clone())));
}

impl FindingView {
    fn new(rule: &str, severity: &'static str, object: String, message: String) -> Self {
        FindingView { rule: rule.to_owned(), severity, object, location: None, message }
    }

    /// What comes first.
    pub(super) fn urgency(&self) -> usize {
        ["error", "warning", "note"].iter().position(|severity| *severity == self.severity).unwrap_or(usize::MAX)
    }

    /// A row each.
    pub(super) fn table(findings: &[FindingView]) -> Table {
        let has_places = findings.iter().any(|finding| finding.location.is_some());
        let mut table = Table::new().left("severity").left("rule").left("object").left("message");
        if has_places {
            table = table.left("written at");
        }
        for finding in findings {
            let mood = match finding.severity {
                "error" => Mood::Bad,
                "warning" => Mood::Notable,
                _ => Mood::Faint,
            };
            let mut row: Vec<Text> = vec![Text::new(finding.severity, mood), finding.rule.as_str().into(), finding.object.as_str().into()];
            row.push(finding.message.as_str().into());
            if has_places {
                row.push(finding.location.as_deref().unwrap_or("–").into());
            }
            table.row(row);
        }
        table
    }

    /// How many there are, and how many of each: `2 errors, 5 warnings, 1 note`.
    pub(super) fn counted(findings: &[FindingView]) -> (Text, String) {
        let number = |severity: &str| findings.iter().filter(|finding| finding.severity == severity).count();
        let parts = ["error", "warning", "note"].map(|severity| (number(severity), severity));
        let said: Vec<String> = parts.iter().filter(|(number, _)| *number > 0).map(|(number, one)| count(*number, one)).collect();
        let mood = match parts {
            [(0, _), (0, _), _] => Mood::Good,
            [(0, _), ..] => Mood::Notable,
            _ => Mood::Bad,
        };
        (Text::new(thousands(findings.len()), mood), said.join(", "))
    }
}
