//! Whether we agree with what the real scheduler and the real control plane did, family by family.

use schemars::JsonSchema;
use serde::Serialize;

use super::{API_VERSION, Records};
use crate::conformance::{self, CaseResult, FamilyResult};
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
    /// Cases of which every step agrees.
    pub cases_agreeing: usize,
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
    /// Every path at which that step differs, with both values.
    pub at: Vec<String>,
    /// The recorded step, as JSON; `null` if there is none.
    pub recorded: String,
    /// Our step, as JSON; `null` if there is none.
    pub ours: String,
}

impl ConformanceView {
    /// Name of this view.
    pub const KIND: &'static str = "Conformance";

    /// Of replays, each of one Kubernetes version.
    pub fn new(replays: &[(String, Vec<CaseResult>)]) -> Self {
        let families =
            replays.iter().flat_map(|(version, results)| conformance::by_family(results).into_iter().map(|sum| family(version, sum)));
        let differences = replays.iter().flat_map(|(version, results)| results.iter().filter_map(|result| difference(version, result)));
        ConformanceView { api_version: API_VERSION, kind: Self::KIND, families: families.collect(), differences: differences.collect() }
    }

    /// Whether every step agrees.
    pub fn holds(&self) -> bool {
        self.differences.is_empty() && self.families.iter().all(|family| family.agree == family.steps)
    }

    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let (agree, steps) = self.families.iter().fold((0, 0), |sum, each| (sum.0 + each.agree, sum.1 + each.steps));
        let mood = if self.holds() { Mood::Good } else { Mood::Bad };
        let cases: usize = self.families.iter().map(|each| each.cases).sum();
        let headline = format!("{} of {} agree, in {}", thousands(agree), count(steps, "step"), count(cases, "case"));
        let mut document = Document::new(Text::new(headline, mood));
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
            let title = format!("{} (Kubernetes {}), step {}", each.case, each.kubernetes, each.step);
            document.lines(title, each.lines(detail));
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

/// So many paths of a difference, and so much of each, are shown where everything is not.
const PATHS: usize = 4;
const LETTERS: usize = 400;

impl Difference {
    fn lines(&self, detail: Detail) -> Vec<Text> {
        let values = [format!("recorded {}", self.recorded), format!("ours     {}", self.ours)];
        if detail == Detail::Full {
            return self.at.iter().map(|at| Text::bad(at.as_str())).chain(values.map(Text::from)).collect();
        }
        let mut lines: Vec<Text> = self.at.iter().take(PATHS).map(|at| Text::bad(cut(at))).collect();
        if self.at.len() > PATHS {
            lines.push(Text::faint(format!("… and {} more; -o wide shows all", self.at.len() - PATHS)));
        }
        // the facts of a whole cluster are no help on a screen
        lines.extend(values.into_iter().filter(|value| value.chars().count() <= 4 * LETTERS).map(Text::from));
        lines
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn family(version: &str, sum: FamilyResult) -> Family {
    Family {
        kubernetes: version.to_owned(),
        family: sum.family,
        cases: sum.cases,
        cases_agreeing: sum.cases_agreeing,
        agree: sum.agreeing,
        steps: sum.all,
    }
}

fn difference(version: &str, result: &CaseResult) -> Option<Difference> {
    let difference = result.difference.as_ref()?;
    Some(Difference {
        kubernetes: version.to_owned(),
        case: result.name.clone(),
        step: difference.step,
        at: difference.at.clone(),
        recorded: difference.expected.to_string(),
        ours: difference.actual.to_string(),
    })
}
