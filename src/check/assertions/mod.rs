//! Policies as tests: what a team expects of its cluster, written down, and held against the cluster of the input.
//!
//! An assertion has a name, a selection of pods, a state that the cluster is put in ([`When`]: as it is, after losses, with autoscalers at
//! their most, drained, rolled out), and what is expected then: bounds on quantities ([`EXPECTATIONS`]). Each loss, workload, node or quota
//! is measured by itself, and all of them have to be within the bounds.
//!
//! Promise: what cannot be measured (no nodes, no prices, nothing selected) fails and says so, it never passes unseen; the evidence names
//! which loss, which workload, which node; the engines that answer are those of every other command.
//!
//! To add a quantity: a row in `quantities`, its function in `measures`, a passing and a failing case in `tests/suite/assertions.rs`.

mod bounds;
mod document;
mod inquiry;
mod measures;
mod quantities;
mod selection;

pub use bounds::{Amount, Bounds, Count, Money, Share, Time, Unit};
pub use document::{Assertion, Assertions, Autoscalers, Everything, Select, When};
pub use inquiry::Market;
pub use quantities::{EXPECTATIONS, Expect, Expectation, StateKind};

use super::subject::Subject;
use crate::manifest::location::Position;
use bounds::Limits;
use inquiry::Inquiry;

/// An assertion, and where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The assertion.
    pub assertion: Assertion,
    /// The file, as it was named.
    pub file: String,
    /// Where in it.
    pub position: Position,
}

/// What came of an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// Whether everything is as it is expected.
    pub passed: bool,
    /// What was measured, and what was expected: a sentence for each quantity, joined by semicolons.
    pub message: String,
    /// What is not as expected: a sentence each, the worst first.
    pub evidence: Vec<String>,
    /// The file that it is written in.
    pub file: String,
    /// Where in it.
    pub position: Position,
}

/// Something that was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Of what, and in which state: `after the loss of node a`, `StatefulSet db/pg`; empty if it is the cluster as it is.
    pub what: String,
    /// How much.
    pub amount: Amount,
    /// Why: which pods, which node.
    pub because: Vec<String>,
}

/// So many sentences are kept of what is not as expected.
const EVIDENCE: usize = 20;

/// Holds assertions against an input, in their order.
pub fn assert(subject: &Subject<'_>, assertions: &[Written], market: &Market<'_>) -> Vec<Outcome> {
    let inquiry = Inquiry::new(subject, market);
    assertions.iter().map(|written| outcome(&inquiry, written)).collect()
}

fn outcome(inquiry: &Inquiry<'_, '_>, written: &Written) -> Outcome {
    let assertion = &written.assertion;
    let verdicts: Vec<Verdict> = EXPECTATIONS
        .iter()
        .filter_map(|expectation| Some((expectation, (expectation.limits)(&assertion.expect)?)))
        .map(|(expectation, limits)| verdict(inquiry, assertion, expectation, limits))
        .collect();
    let mut evidence: Vec<String> = verdicts.iter().flat_map(|verdict| verdict.evidence.clone()).collect();
    let more = evidence.len().saturating_sub(EVIDENCE);
    evidence.truncate(EVIDENCE);
    if more > 0 {
        evidence.push(format!("and {more} more"));
    }
    Outcome {
        name: assertion.name.clone(),
        passed: verdicts.iter().all(|verdict| verdict.passed),
        message: verdicts.iter().map(|verdict| verdict.message.as_str()).collect::<Vec<_>>().join("; "),
        evidence,
        file: written.file.clone(),
        position: written.position,
    }
}

/// What came of one quantity.
struct Verdict {
    passed: bool,
    message: String,
    evidence: Vec<String>,
}

fn verdict(inquiry: &Inquiry<'_, '_>, assertion: &Assertion, expectation: &Expectation, limits: Limits) -> Verdict {
    let (words, unit) = (expectation.words, expectation.unit);
    let measured = match (expectation.measure)(inquiry, assertion) {
        Ok(measured) if measured.is_empty() => Err("there is nothing to measure it of".to_owned()),
        measured => measured,
    };
    let mut measured = match measured {
        Ok(measured) => measured,
        Err(why) => return Verdict { passed: false, message: format!("{words} cannot be told: {why}"), evidence: Vec::new() },
    };
    let expected = limits.words(unit);
    // the worst first, of equals in the order in which they were measured
    measured.sort_by_key(|each| std::cmp::Reverse(limits.distance(each.amount)));
    let worst = &measured[0];
    let at = if worst.what.is_empty() { String::new() } else { format!(" ({})", worst.what) };
    let off: Vec<&Measured> = measured.iter().filter(|each| !limits.hold(each.amount)).collect();
    let amount = unit.show(worst.amount);
    if off.is_empty() {
        return Verdict { passed: true, message: format!("{words}: {expected} expected, {amount}{at}"), evidence: worst.because.clone() };
    }
    let sentence = |each: &Measured| {
        let what = if each.what.is_empty() { String::new() } else { format!("{}: ", each.what) };
        let because = if each.because.is_empty() { String::new() } else { format!(": {}", each.because.join("; ")) };
        format!("{what}{}{because}", unit.show(each.amount))
    };
    let more = if off.len() > 1 { format!(", and {} more", off.len() - 1) } else { String::new() };
    Verdict {
        passed: false,
        message: format!("{words}: {expected} expected, {amount}{at}{more}"),
        evidence: off.into_iter().map(sentence).collect(),
    }
}
