//! What became of what a baseline has: what is mended, and what got worse besides findings.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use schemars::JsonSchema;
use serde::Serialize;

use super::findings::{ObjectView, severity_of};
use crate::check::comparison::{Comparison, Fate, FateChange, Unplaced};
use crate::check::known::{Known, Matched};
use crate::check::rules;
use crate::controllers::scale_down::WorkloadKey;
use crate::planning::quorum::State;
use crate::report::amount::{count, list};
use crate::report::document::{Detail, Document, Table, Text};

/// So many mended findings are shown in brief.
const SHOWN: usize = 10;
/// So many pods are named.
const PODS: usize = 3;

/// What became of what a baseline has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaselineView {
    /// What it was read from, as it was named.
    pub source: String,
    /// Whether places, losses and evictions were compared, too: not with what an earlier check wrote.
    pub is_placed: bool,
    /// What got worse besides findings.
    pub worse: Vec<WorseView>,
    /// Findings that are no more.
    pub mended: Vec<MendedView>,
}

/// Something that got worse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorseView {
    /// `pending`, `notCreated`, `survivability` or `eviction`.
    pub what: &'static str,
    /// What it is about: a workload or a budget.
    pub object: ObjectView,
    /// What got worse, in a sentence; the object is not named in it.
    pub message: String,
    /// Why.
    pub evidence: Vec<String>,
}

/// A finding that is no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MendedView {
    /// The rule's code.
    pub code: String,
    /// The rule's name; empty if there is no such rule any more.
    pub rule: String,
    /// How bad it was.
    pub severity: &'static str,
    /// What it was about.
    pub object: ObjectView,
    /// What was wrong.
    pub message: String,
}

impl BaselineView {
    /// Of findings that were matched with a baseline's, and of what else was compared.
    pub fn new(source: String, matched: &Matched, comparison: Option<&Comparison>) -> Self {
        BaselineView {
            source,
            is_placed: comparison.is_some(),
            worse: comparison.map(worse).unwrap_or_default(),
            mended: mended(&matched.mended),
        }
    }

    /// Adds what got worse.
    pub fn worse_section(&self, document: &mut Document) {
        document.table("What got worse", worse_table(&self.worse), Vec::new());
    }

    /// Adds what is mended.
    pub fn mended_section(&self, document: &mut Document, detail: Detail) {
        mended_section(&self.mended, document, detail);
    }
}

impl WorseView {
    /// All that is said of it, a sentence a line.
    pub fn text(&self) -> String {
        let first = format!("{}: {}", self.object.title(), self.message);
        std::iter::once(first).chain(self.evidence.iter().cloned()).collect::<Vec<_>>().join("\n")
    }
}

/// What got worse, the most urgent first.
pub fn worse(comparison: &Comparison) -> Vec<WorseView> {
    let unplaced = comparison.unplaced.iter().map(of_unplaced);
    // a workload that falls with a node mostly falls with a zone, too: said once
    let mut lost: IndexMap<&WorkloadKey, (Vec<&str>, &FateChange), FxBuildHasher> = IndexMap::default();
    for (kind, change) in comparison.lost() {
        lost.entry(&change.workload).or_insert_with(|| (Vec::new(), change)).0.push(kind.kind.name());
    }
    let lost = lost.into_values().map(|(kinds, change)| of_fate(&kinds, change));
    let blocked = comparison.blocked().map(|budget| WorseView {
        what: "eviction",
        object: ObjectView { kind: "PodDisruptionBudget".into(), namespace: budget.namespace.clone(), name: budget.name.clone() },
        message: match budget.before {
            Some(before) => format!("it lets no pod go; it let {before} go at once"),
            None => "it is new and lets no pod go".to_owned(),
        },
        evidence: vec![format!("it guards {}, and all of them must stay: no drain that meets them ends", count(budget.pods, "pod"))],
    });
    unplaced.chain(lost).chain(blocked).collect()
}

fn of_unplaced(unplaced: &Unplaced) -> WorseView {
    let (pods, names) = (count(unplaced.pods.len(), "pod"), list(&unplaced.pods, PODS));
    let (what, message) = match unplaced.is_refused {
        true => ("notCreated", format!("the API server refuses {pods}: {names}")),
        false => ("pending", format!("{pods} without a node: {names}")),
    };
    WorseView { what, object: workload(&unplaced.workload), message, evidence: vec![unplaced.message.clone()] }
}

fn of_fate(kinds: &[&str], change: &FateChange) -> WorseView {
    let mut evidence = vec![after(&change.after)];
    if !change.after.message.is_empty() {
        evidence.push(change.after.message.clone());
    }
    let key = &change.workload;
    WorseView {
        what: "survivability",
        object: ObjectView { kind: key.kind.clone(), namespace: key.namespace.clone(), name: key.name.clone() },
        message: format!("it survived the loss of any {}, and no longer does", kinds.join(" or ")),
        evidence,
    }
}

/// `after the loss of node a it has no ready pod, and 2 pods find no node`.
pub fn after(fate: &Fate) -> String {
    if fate.survives() {
        return "after every loss it goes on, and is whole again".to_owned();
    }
    let when = if fate.loss.is_empty() { "even before any loss".to_owned() } else { format!("after the loss of {}", fate.loss) };
    let stands = match fate.state {
        State::Fine | State::BelowBudget => None,
        State::BelowQuorum => Some("it has too few ready pods to do its work".to_owned()),
        State::Zero => Some("it has no ready pod".to_owned()),
    };
    let pending = (fate.pending > 0).then(|| match fate.pending {
        1 => "1 pod finds no node".to_owned(),
        more => format!("{} find no node", count(more, "pod")),
    });
    format!("{when} {}", stands.into_iter().chain(pending).collect::<Vec<_>>().join(", and "))
}

/// The scheduler's sentence without what it tried besides: `0/3 nodes are available: 3 Insufficient cpu`.
pub fn brief(sentence: &str) -> &str {
    match sentence.split_once(". ") {
        Some((first, _)) if first.contains("nodes are available") => first,
        _ => sentence,
    }
}

/// A workload as pods name it: `shop/web (Deployment)`.
fn workload(text: &str) -> ObjectView {
    let (path, kind) = text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")).unwrap_or((text, ""));
    let (namespace, name) = path.split_once('/').unwrap_or(("", path));
    ObjectView { kind: kind.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() }
}

/// Findings that are no more.
pub fn mended(known: &[Known]) -> Vec<MendedView> {
    let view = |known: &Known| MendedView {
        code: known.code.clone(),
        rule: rules::find(&known.code).map(|rule| rule.name.to_owned()).unwrap_or_default(),
        severity: severity_of(known.severity),
        object: ObjectView { kind: known.object.kind.clone(), namespace: known.object.namespace.clone(), name: known.object.name.clone() },
        message: known.message.clone(),
    };
    known.iter().map(view).collect()
}

/// A row a thing that got worse.
pub fn worse_table(worse: &[WorseView]) -> Table {
    let mut table = Table::new().left("object").left("what got worse").left("why");
    for each in worse {
        let why: Vec<&str> = each.evidence.iter().map(|sentence| brief(sentence)).collect();
        table.row(vec![Text::bad(each.object.title()), each.message.as_str().into(), why.join("; ").into()]);
    }
    table
}

/// Adds what is mended.
pub fn mended_section(mended: &[MendedView], document: &mut Document, detail: Detail) {
    let mut table = Table::new().left("object").left("rule").left("was");
    for each in mended {
        let rule = if each.rule.is_empty() { &each.code } else { &each.rule };
        table.row(vec![each.object.title().into(), rule.as_str().into(), Text::faint(each.message.as_str())]);
    }
    let notes = match if detail == Detail::Full { 0 } else { table.cut(SHOWN) } {
        0 => Vec::new(),
        more => vec![format!("… and {}; -o wide shows all", count(more, "more finding"))],
    };
    document.table("Mended", table, notes);
}
