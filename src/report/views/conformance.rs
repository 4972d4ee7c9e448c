//! Whether we agree with what the real scheduler did, family by family.

use schemars::JsonSchema;
use serde::Serialize;

use super::Records;
use crate::report::amount::{count, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};

/// Whether we agree with recordings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConformanceView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Conformance"))]
    pub kind: &'static str,
    /// Agreement by Kubernetes version and family.
    pub families: Vec<Family>,
    /// The first difference of each case that differs.
    pub differences: Vec<Difference>,
}

/// Agreement on a family of cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Family {
    /// Kubernetes version of the recording.
    pub kubernetes: String,
    /// Name of the family.
    pub family: String,
    /// Cases.
    pub cases: usize,
    /// Steps that agree.
    pub agree: usize,
    /// Steps in all.
    pub steps: usize,
}

/// The first difference of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Kubernetes version of the recording.
    pub kubernetes: String,
    /// Name of the case.
    pub case: String,
    /// Which step, counted from 0.
    pub step: usize,
    /// The pod of that step.
    pub pod: String,
    /// Which fact differs.
    pub fact: String,
    /// What was recorded.
    pub recorded: String,
    /// What we say.
    pub ours: String,
}

impl ConformanceView {
    /// Name of this view.
    pub const KIND: &'static str = "Conformance";

    /// Whether every step agrees.
    pub fn holds(&self) -> bool {
        self.differences.is_empty() && self.families.iter().all(|family| family.agree == family.steps)
    }

    /// For readers.
    pub fn document(&self, _: Detail) -> Document {
        let (agree, steps) = self.families.iter().fold((0, 0), |sum, each| (sum.0 + each.agree, sum.1 + each.steps));
        let mood = if self.holds() { Mood::Good } else { Mood::Bad };
        let mut document = Document::new(Text::new(format!("{} of {} agree", thousands(agree), count(steps, "step")), mood));
        let mut table = Table::new().left("kubernetes").left("family").right("cases").right("agree").right("steps");
        for each in &self.families {
            let mood = if each.agree == each.steps { Mood::Plain } else { Mood::Bad };
            table.row(vec![
                each.kubernetes.as_str().into(),
                each.family.as_str().into(),
                each.cases.to_string().into(),
                Text::new(each.agree.to_string(), mood),
                each.steps.to_string().into(),
            ]);
        }
        document.table("", table, Vec::new());
        for each in &self.differences {
            let title = format!("{} (Kubernetes {}), step {}, {}: {} differs", each.case, each.kubernetes, each.step, each.pod, each.fact);
            document.lines(title, vec![format!("recorded  {}", each.recorded).into(), Text::bad(format!("ours      {}", each.ours))]);
        }
        document
    }

    /// For spreadsheets: a row a family.
    pub fn records(&self) -> Records {
        let columns = vec!["kubernetes", "family", "cases", "agree", "steps"];
        let row = |each: &Family| {
            vec![each.kubernetes.clone(), each.family.clone(), each.cases.to_string(), each.agree.to_string(), each.steps.to_string()]
        };
        Records { columns, rows: self.families.iter().map(row).collect() }
    }
}
