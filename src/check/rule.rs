//! A rule: what it is called, how bad what it finds is, and its manual.
//!
//! The manual is the module documentation of the rule's file, and there is no other: `plimsoll explain-rule`, the README's table and
//! SARIF's help are all made from it.

use super::finding::Findings;
use super::subject::Subject;
use crate::manifest::read::Severity;

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Pods that will not run.
    DoesNotRun,
    /// Pods that run until something fails.
    DoesNotSurvive,
    /// Pods that run until there are more of them.
    DoesNotScale,
    /// What is paid for and not used, or used and not paid for.
    Wastes,
    /// What gets in the way of those who operate it.
    Operations,
}

impl Group {
    /// All of them.
    pub const ALL: [Group; 5] = [Group::DoesNotRun, Group::DoesNotSurvive, Group::DoesNotScale, Group::Wastes, Group::Operations];

    /// In words, such as `does not run`.
    pub fn words(self) -> &'static str {
        match self {
            Group::DoesNotRun => "does not run",
            Group::DoesNotSurvive => "does not survive",
            Group::DoesNotScale => "does not scale",
            Group::Wastes => "wastes",
            Group::Operations => "operations",
        }
    }
}

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What tells it from others for good, such as `PL101`; the first digit is its group.
    pub code: &'static str,
    /// What it finds, such as `fits-no-node`: reads well after "allow".
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// How bad what it finds is, unless settings say otherwise.
    pub severity: Severity,
    /// The text of its file.
    pub source: &'static str,
    /// Looks for it.
    pub find: fn(&Subject<'_>, &mut Findings),
}

/// The manual of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manual {
    /// What it finds, in a sentence.
    pub title: String,
    /// The rest, in Markdown: what, why it matters, an example, what to do instead, where it is from.
    pub text: String,
}

impl Rule {
    /// Its manual: the module documentation of its file.
    pub fn manual(&self) -> Manual {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let end = lines.iter().position(|line| line.trim().is_empty()).unwrap_or(lines.len());
        Manual { title: lines[..end].join(" "), text: lines[end..].join("\n").trim().to_owned() }
    }

    /// Whether somebody who says this means this rule: its code or its name, in any case.
    pub fn is_called(&self, name: &str) -> bool {
        self.code.eq_ignore_ascii_case(name) || self.name.eq_ignore_ascii_case(name)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}
