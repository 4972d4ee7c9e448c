//! What is known already: findings of a baseline, so that only what got worse fails.
//!
//! A finding is found again by its rule, its object and its field, never by its line: files may be moved about. Where a field has several
//! findings of one rule, as many are known as there were; where a list has shifted, the sentence tells which element is meant. What was
//! allowed in the baseline is not known: somebody took the allowance away.
//!
//! Promise: each known finding makes up for one finding at most, so that a second one of a kind is new.

use super::finding::{Finding, ObjectName};
use crate::manifest::field::{FieldPath, Step};
use crate::manifest::read::Severity;

/// A finding as far as it is needed to find it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The rule's code.
    pub code: String,
    /// What it is about.
    pub object: ObjectName,
    /// The field, as it is shown.
    pub path: String,
    /// How bad it was.
    pub severity: Severity,
    /// What was said of it.
    pub message: String,
}

/// Whether a finding was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// It was not.
    New,
    /// It was, and was less bad: this bad.
    Worse(Severity),
    /// It was.
    Known,
}

/// What is new, and what is mended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matched {
    /// Whether each finding was there before, in their order.
    pub novelty: Vec<Novelty>,
    /// What was there before and is no more, in the order of the baseline.
    pub mended: Vec<Known>,
}

/// What of findings has to be equal for them to be the same.
type Key = (String, ObjectName, String, String);

impl Known {
    /// Those findings of a baseline that nobody had allowed.
    pub fn of(findings: &[Finding]) -> Vec<Known> {
        let known = |finding: &Finding| Known {
            code: finding.rule.code.to_owned(),
            object: finding.object.clone(),
            path: finding.place.path.to_string(),
            severity: finding.severity,
            message: finding.message.clone(),
        };
        findings.iter().filter(|finding| finding.allowed.is_none()).map(known).collect()
    }
}

/// By what a finding of a baseline and one of now are the same.
type Stage = (fn(&Known) -> Key, fn(&Finding) -> Key);

/// Finds the findings of a baseline again: first what is equal in all but its line, then what is about the same field, then what is about
/// another element of the same list and says the same.
pub fn find_again(known: &[Known], findings: &[Finding]) -> Matched {
    let mut matched = Matched { novelty: vec![Novelty::New; findings.len()], mended: Vec::new() };
    let mut is_used = vec![false; known.len()];
    // what somebody allows since may take what is known, but only what nobody else takes
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_key(|&index| findings[index].allowed.is_some());
    let stages: [Stage; 3] = [
        (|known| key(known, known.path.clone(), true), |finding| key_of(finding, finding.place.path.to_string(), true)),
        (|known| key(known, known.path.clone(), false), |finding| key_of(finding, finding.place.path.to_string(), false)),
        (|known| key(known, without_indices(&known.path), true), |finding| key_of(finding, bare(&finding.place.path), true)),
    ];
    for (of_known, of_finding) in stages {
        let mut free: std::collections::BTreeMap<Key, Vec<usize>> = Default::default();
        (0..known.len()).rev().filter(|&at| !is_used[at]).for_each(|at| free.entry(of_known(&known[at])).or_default().push(at));
        for &index in order.iter().filter(|&&index| matched.novelty[index] == Novelty::New).collect::<Vec<_>>() {
            let Some(at) = free.get_mut(&of_finding(&findings[index])).and_then(Vec::pop) else { continue };
            is_used[at] = true;
            matched.novelty[index] = novelty(known[at].severity, findings[index].severity);
        }
    }
    matched.mended = known.iter().zip(is_used).filter(|(_, is_used)| !is_used).map(|(known, _)| known.clone()).collect();
    matched
}

/// The less, the worse.
fn novelty(before: Severity, now: Severity) -> Novelty {
    if now < before { Novelty::Worse(before) } else { Novelty::Known }
}

fn key(known: &Known, path: String, with_message: bool) -> Key {
    (known.code.clone(), known.object.clone(), path, if with_message { known.message.clone() } else { String::new() })
}

fn key_of(finding: &Finding, path: String, with_message: bool) -> Key {
    let message = if with_message { finding.message.clone() } else { String::new() };
    (finding.rule.code.to_owned(), finding.object.clone(), path, message)
}

fn bare(path: &FieldPath) -> String {
    without_indices(&FieldPath(path.0.iter().filter(|step| matches!(step, Step::Key(_))).cloned().collect()).to_string())
}

/// A path as it is shown, without the places of elements in their lists; keys in brackets are in quotes.
fn without_indices(path: &str) -> String {
    let mut bare = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        bare.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        rest = match digits > 0 && after[digits..].starts_with(']') {
            true => &after[digits + 1..],
            false => {
                bare.push('[');
                after
            }
        };
    }
    bare + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::finding::Place;
    use crate::check::rules::RULES;
    use crate::manifest::location::Origin;

    fn finding(name: &str, path: &str, message: &str, severity: Severity) -> Finding {
        Finding {
            rule: &RULES[0],
            severity,
            object: ObjectName { kind: "Deployment".into(), namespace: "shop".into(), name: name.into() },
            place: Place { origin: Origin { file: 0, document: name.len() as u32 }, path: path.into() },
            message: message.into(),
            evidence: Vec::new(),
            related: Vec::new(),
            help: String::new(),
            allowed: None,
        }
    }

    #[test]
    fn lines_and_elements_may_move_and_a_second_one_is_new() {
        let warning = |name, path, message| finding(name, path, message, Severity::Warning);
        let before = [warning("api", "spec.containers[0].image", "a"), warning("api", "spec.replicas", "one"), warning("db", "", "x")];
        let mut now = vec![
            warning("api", "spec.containers[1].image", "a"),
            warning("api", "spec.replicas", "said otherwise"),
            warning("api", "spec.replicas", "a second one"),
            warning("web", "", "x"),
        ];
        now[0].place.origin.document = 77;
        let matched = find_again(&Known::of(&before), &now);
        assert_eq!(matched.novelty, [Novelty::Known, Novelty::Known, Novelty::New, Novelty::New]);
        assert_eq!(matched.mended.iter().map(|known| known.object.name.as_str()).collect::<Vec<_>>(), ["db"]);
    }

    #[test]
    fn what_gets_worse_is_told_from_what_is_known_and_what_was_allowed_is_new() {
        let mut before = [finding("api", "", "x", Severity::Note), finding("db", "", "x", Severity::Error)];
        before[1].allowed = Some(crate::check::finding::Allowed { reason: String::new(), by: "settings" });
        let now = [finding("api", "", "x", Severity::Error), finding("db", "", "x", Severity::Error)];
        assert_eq!(find_again(&Known::of(&before), &now).novelty, [Novelty::Worse(Severity::Note), Novelty::New]);
        let less = [finding("api", "", "x", Severity::Error)];
        assert_eq!(find_again(&Known::of(&less), &[finding("api", "", "x", Severity::Note)]).novelty, [Novelty::Known]);
    }

    #[test]
    fn keys_in_brackets_are_no_places_in_lists() {
        assert_eq!(without_indices("spec.containers[12].env[0].name"), "spec.containers.env.name");
        assert_eq!(without_indices("metadata.annotations[\"a.b/c\"]"), "metadata.annotations[\"a.b/c\"]");
    }
}
