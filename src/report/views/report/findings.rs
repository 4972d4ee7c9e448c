//! What the rules of `check` find, a row each.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::amount::{count, thousands};
use crate::report::document::{Mood, Table, Text};
use crate::report::views::FindingsView;
use crate::report::views::findings::FindingView as Found;

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingView {
    /// The rule, by code and name, such as `PL201 single-replica`.
    pub rule: String,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// What it is about, such as `Deployment shop/api`.
    pub object: String,
    /// Where that was written, as `file:line:column`; absent if not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What is wrong, why, and what to do.
    pub message: String,
}

/// What the rules of `check` find, but for what is allowed.
pub fn of_check(view: &FindingsView) -> Vec<FindingView> {
    let shown = view.findings.iter().filter(|finding| finding.allowed.is_none());
    shown.map(FindingView::new).collect()
}

impl FindingView {
    fn new(finding: &Found) -> Self {
        let sentences = std::iter::once(&finding.message).chain(&finding.evidence).chain(std::iter::once(&finding.help));
        let message: Vec<&str> = sentences.map(String::as_str).filter(|sentence| !sentence.is_empty()).collect();
        FindingView {
            rule: format!("{} {}", finding.code, finding.rule),
            severity: finding.severity,
            object: finding.object.title(),
            location: Some(finding.place.shown()).filter(|place| !place.is_empty()),
            message: message.join("; "),
        }
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
