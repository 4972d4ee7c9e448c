//! What came of assertions: which hold, which do not, and why.

use schemars::JsonSchema;
use serde::Serialize;

use super::findings::PlaceView;
use crate::check::assertions::Outcome;
use crate::report::amount::count;
use crate::report::document::{Detail, Diagnostic, Document, Mood, Table, Text};

/// What came of an assertion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssertionView {
    /// Its name.
    pub name: String,
    /// Whether everything is as it is expected.
    pub passed: bool,
    /// What was measured, and what was expected.
    pub message: String,
    /// What is not as expected, the worst first; of one that passed, what came nearest to the bound.
    pub evidence: Vec<String>,
    /// Where it is written.
    pub place: PlaceView,
    /// With a baseline: `new` (it was not asked there), `same`, `worse` (it held there), `mended`, or `known`, which failed there already
    /// and makes nothing fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
}

impl AssertionView {
    /// Of what came of one.
    pub fn new(outcome: &Outcome) -> Self {
        let (line, column) = (outcome.position.line, outcome.position.column);
        AssertionView {
            name: outcome.name.clone(),
            passed: outcome.passed,
            message: outcome.message.clone(),
            evidence: outcome.evidence.clone(),
            place: PlaceView { file: outcome.file.clone(), line, column, ..PlaceView::default() },
            state: None,
        }
    }

    /// Whether it makes the answer "no".
    pub fn fails(&self) -> bool {
        !self.passed && self.state != Some("known")
    }

    /// Takes note of what came of it in a baseline, if it was asked there.
    pub fn compare(&mut self, before: Option<bool>) {
        self.state = Some(match (before, self.passed) {
            (None, _) => "new",
            (Some(true), true) => "same",
            (Some(true), false) => "worse",
            (Some(false), true) => "mended",
            (Some(false), false) => "known",
        });
    }

    /// All that is said of it, a sentence a line.
    pub fn text(&self) -> String {
        let first = format!("assertion {:?}: {}", self.name, self.message);
        std::iter::once(first).chain(self.evidence.iter().cloned()).collect::<Vec<_>>().join("\n")
    }

    fn diagnostic(&self) -> Diagnostic {
        Diagnostic {
            severity: "error",
            code: "assertion".to_owned(),
            title: format!("{}: {}", self.name, self.message),
            quotes: vec![self.place.quote()],
            notes: self.evidence.clone(),
            help: String::new(),
        }
    }
}

/// `2 of 6 assertions fail`; nothing if none is asked.
pub fn headline(assertions: &[AssertionView]) -> Option<String> {
    let (all, failing) = (assertions.len(), assertions.iter().filter(|assertion| assertion.fails()).count());
    let known = assertions.iter().filter(|assertion| assertion.state == Some("known")).count();
    let known = if known > 0 { format!(", {known} failed already") } else { String::new() };
    match (all, failing) {
        (0, _) => None,
        (_, 0) if known.is_empty() => Some(format!("{} hold{}", count(all, "assertion"), if all == 1 { "s" } else { "" })),
        (_, 0) => Some(format!("no assertion of {all} got worse{known}")),
        (_, 1) => Some(format!("1 of {} fails{known}", count(all, "assertion"))),
        (_, failing) => Some(format!("{failing} of {} fail{known}", count(all, "assertion"))),
    }
}

/// Adds what came of them: those that fail whole, then all in a table.
pub fn sections(assertions: &[AssertionView], document: &mut Document, detail: Detail) {
    document.diagnostics(assertions.iter().filter(|assertion| assertion.fails()).map(AssertionView::diagnostic).collect());
    let mut table = Table::new().left("assertion").left("").left("what was measured");
    for assertion in assertions {
        let word = match (assertion.passed, assertion.state) {
            (true, Some("mended")) => Text::good("holds now"),
            (true, _) => Text::good("holds"),
            (false, Some("known")) => Text::new("failed already", Mood::Notable),
            (false, _) => Text::bad("fails"),
        };
        let evidence = if detail == Detail::Full && assertion.passed { &assertion.evidence[..] } else { &[] };
        let message = std::iter::once(&assertion.message).chain(evidence).cloned().collect::<Vec<_>>().join(": ");
        table.row(vec![assertion.name.as_str().into(), word, message.into()]);
    }
    document.table("Assertions", table, Vec::new());
}
