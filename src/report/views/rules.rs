//! The rules of `check`, and their manuals.

use schemars::JsonSchema;
use serde::Serialize;

use super::findings::severity_of;
use super::{API_VERSION, Records};
use crate::check::Rule;
use crate::report::document::{Detail, Document, Table, Text};

/// Rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RulesView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Rules"))]
    pub kind: &'static str,
    /// The rules, by code.
    pub rules: Vec<RuleView>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    /// What tells it from others for good, such as `PL101`.
    pub code: &'static str,
    /// What it finds, such as `fits-no-node`.
    pub name: &'static str,
    /// What it is about, such as `does not run`.
    pub group: &'static str,
    /// How bad what it finds is, unless settings say otherwise: `error`, `warning` or `note`.
    pub severity: &'static str,
    /// What it finds, in a sentence.
    pub title: String,
    /// Its manual, in Markdown.
    pub manual: String,
}

impl RulesView {
    /// Its `kind`.
    pub const KIND: &'static str = "Rules";

    /// Of these rules.
    pub fn new<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Self {
        RulesView { api_version: API_VERSION, kind: RulesView::KIND, rules: rules.into_iter().map(RuleView::new).collect() }
    }

    /// For readers: of one rule its manual, of several a table.
    pub fn document(&self, _: Detail) -> Document {
        if let [rule] = &self.rules[..] {
            let mut document = Document::new(Text::from(format!("{} {}: {}", rule.code, rule.name, rule.title)));
            document.lines("", vec![Text::faint(format!("{}, {}", rule.group, rule.severity))]);
            document.lines("", rule.manual.lines().map(Text::from).collect());
            return document;
        }
        let mut document = Document::new(Text::from(format!("{} rules", self.rules.len())));
        let mut table = Table::new().left("code").left("rule").left("severity").left("finds");
        for rule in &self.rules {
            table.row(vec![rule.code.into(), rule.name.into(), rule.severity.into(), rule.title.as_str().into()]);
        }
        document.table("", table, vec!["`plimsoll explain-rule CODE` prints the manual of one".to_owned()]);
        document
    }

    /// For spreadsheets.
    pub fn records(&self) -> Records {
        let row = |rule: &RuleView| [rule.code, rule.name, rule.group, rule.severity, &rule.title].map(str::to_owned).to_vec();
        Records { columns: vec!["code", "name", "group", "severity", "title"], rows: self.rules.iter().map(row).collect() }
    }
}

impl RuleView {
    fn new(rule: &Rule) -> Self {
        let manual = rule.manual();
        RuleView {
            code: rule.code,
            name: rule.name,
            group: rule.group.words(),
            severity: severity_of(rule.severity),
            title: manual.title,
            manual: manual.text,
        }
    }
}
