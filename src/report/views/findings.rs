//! What is wrong with manifests and with the cluster they go to.

mod page;

use schemars::JsonSchema;
use serde::Serialize;

use super::assertions::AssertionView;
use super::baseline::BaselineView;
use super::{API_VERSION, Records};
use crate::check::Finding;
use crate::check::assertions::Outcome;
use crate::check::comparison::Comparison;
use crate::check::known::{Matched, Novelty};
use crate::check::settings::FailOn;
use crate::manifest::read::{Excerpt, Places, Severity};
use crate::report::document::{Diagnostic, Quote};

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingsView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Findings"))]
    pub kind: &'static str,
    /// Kubernetes version that was taken.
    pub kubernetes: String,
    /// From which severity on a finding makes the answer "no": `note`, `warning`, `error` or `never`.
    pub fail_on: &'static str,
    /// Whether the answer is "no".
    pub fails: bool,
    /// How many findings there are of each severity, and how many are allowed.
    pub counts: Counts,
    /// How many objects were looked at.
    pub objects: usize,
    /// How many rules were asked.
    pub rules: usize,
    /// The findings: by the order of the input, then by rule. Those that are allowed, and those that a baseline has, are among them.
    pub findings: Vec<FindingView>,
    /// What came of assertions, in the order in which they were written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assertions: Vec<AssertionView>,
    /// What became of what a baseline has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineView>,
}

/// How many findings there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
    /// Of any severity, allowed by an annotation or by settings: counted nowhere else.
    pub allowed: usize,
    /// Of any severity, known from a baseline: counted nowhere else.
    pub known: usize,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingView {
    /// The rule's code, such as `PL101`.
    pub code: &'static str,
    /// The rule's name, such as `fits-no-node`.
    pub rule: &'static str,
    /// What the rule is about, such as `does not run`.
    pub group: &'static str,
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// What it is about.
    pub object: ObjectView,
    /// What is wrong, in a sentence; the object is not named in it.
    pub message: String,
    /// Why.
    pub evidence: Vec<String>,
    /// What to do next.
    pub help: String,
    /// Where it is written.
    pub place: PlaceView,
    /// Other places that have to do with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<PlaceView>,
    /// Why it is no trouble, if somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<AllowedView>,
    /// With a baseline: `new`, `worse` (known, and it was less bad) or `known`, which does not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
}

/// An object by its names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectView {
    /// Kind.
    pub kind: String,
    /// Namespace; empty for cluster-scoped kinds.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// Where something is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaceView {
    /// The file as it was named; empty if it was not read from one.
    pub file: String,
    /// Line, from 1; 0 if it is not known.
    pub line: u32,
    /// Column, from 1; 0 if it is not known.
    pub column: u32,
    /// The column behind its last character; 0 if it is not known.
    pub end_column: u32,
    /// The field, such as `spec.template.spec.containers[0].resources`; empty for the object itself.
    pub path: String,
    /// What there is to say of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The line, for formats that quote it.
    #[serde(skip)]
    pub line_text: Option<String>,
}

/// Why something that was found is no trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllowedView {
    /// What somebody said; empty if nothing.
    pub reason: String,
    /// Where: `annotation` or `settings`.
    pub by: &'static str,
}

impl FindingsView {
    /// Its `kind`.
    pub const KIND: &'static str = "Findings";

    /// Of what so many rules found in so many objects.
    pub fn new(
        findings: &[Finding],
        places: &mut Places<'_>,
        kubernetes: impl ToString,
        (objects, rules): (usize, usize),
        fail_on: FailOn,
    ) -> Self {
        let findings: Vec<FindingView> = findings.iter().map(|finding| FindingView::new(finding, places)).collect();
        let mut view = FindingsView {
            api_version: API_VERSION,
            kind: FindingsView::KIND,
            kubernetes: kubernetes.to_string(),
            fail_on: words_of(fail_on),
            fails: false,
            counts: Counts::default(),
            objects,
            rules,
            findings,
            assertions: Vec::new(),
            baseline: None,
        };
        view.settle();
        view
    }

    /// With what came of assertions.
    pub fn with_assertions(mut self, outcomes: &[Outcome]) -> Self {
        self.assertions = outcomes.iter().map(AssertionView::new).collect();
        self.settle();
        self
    }

    /// With what became of what a baseline has, and what got worse besides; `held` are its assertions by name, and whether they held.
    pub fn with_baseline(mut self, source: String, matched: &Matched, comparison: Option<&Comparison>, held: &[(String, bool)]) -> Self {
        for assertion in &mut self.assertions {
            assertion.compare(held.iter().find(|(name, _)| *name == assertion.name).map(|(_, held)| *held));
        }
        for (finding, novelty) in self.findings.iter_mut().zip(&matched.novelty) {
            finding.state = Some(novelty_of(*novelty));
            if let Novelty::Worse(before) = novelty {
                finding.evidence.push(format!("it was a {} in the baseline", severity_of(*before)));
            }
        }
        self.baseline = Some(BaselineView::new(source, matched, comparison));
        self.settle();
        self
    }

    /// Counts, and says whether the answer is "no".
    fn settle(&mut self) {
        let mut counts = Counts::default();
        for finding in &self.findings {
            *match (&finding.allowed, finding.is_known(), finding.severity) {
                (Some(_), ..) => &mut counts.allowed,
                (None, true, _) => &mut counts.known,
                (None, false, "error") => &mut counts.errors,
                (None, false, "warning") => &mut counts.warnings,
                _ => &mut counts.notes,
            } += 1;
        }
        self.counts = counts;
        let is_worse = self.baseline.as_ref().is_some_and(|baseline| !baseline.worse.is_empty()) && self.fail_on != "never";
        let is_broken = self.fail_on != "never" && self.assertions.iter().any(AssertionView::fails);
        self.fails = is_worse || is_broken || self.findings.iter().any(|finding| self.fails_at(finding));
    }

    /// Whether a finding makes the answer "no".
    pub fn fails_at(&self, finding: &FindingView) -> bool {
        finding.is_told() && rank(finding.severity) <= rank(self.fail_on) && self.fail_on != "never"
    }

    /// Whether nothing was found that fails.
    pub fn holds(&self) -> bool {
        !self.fails
    }

    /// For spreadsheets: a row a finding.
    pub fn records(&self) -> Records {
        let columns = [
            "code",
            "rule",
            "group",
            "severity",
            "kind",
            "namespace",
            "name",
            "message",
            "help",
            "file",
            "line",
            "column",
            "path",
            "allowed",
            "state",
        ];
        let row = |finding: &FindingView| {
            let FindingView { object, place, .. } = finding;
            let allowed = finding.allowed.as_ref().map(|allowed| format!("{}: {}", allowed.by, allowed.reason));
            [
                finding.code.to_owned(),
                finding.rule.to_owned(),
                finding.group.to_owned(),
                finding.severity.to_owned(),
                object.kind.clone(),
                object.namespace.clone(),
                object.name.clone(),
                finding.message.clone(),
                finding.help.clone(),
                place.file.clone(),
                place.line.to_string(),
                place.column.to_string(),
                place.path.clone(),
                allowed.unwrap_or_default(),
                finding.state.unwrap_or_default().to_owned(),
            ]
            .to_vec()
        };
        let asserted = |assertion: &AssertionView| {
            let severity = if assertion.passed { "passed" } else { "error" };
            let message = std::iter::once(&assertion.message).chain(&assertion.evidence).cloned().collect::<Vec<_>>().join("; ");
            let (place, state) = (&assertion.place, assertion.state.unwrap_or_default());
            let (line, column) = (place.line.to_string(), place.column.to_string());
            let cells = [
                "assertion",
                &assertion.name,
                "assertions",
                severity,
                "",
                "",
                "",
                &message,
                "",
                &place.file,
                &line,
                &column,
                "",
                "",
                state,
            ];
            cells.map(str::to_owned).to_vec()
        };
        let rows = self.findings.iter().map(row).chain(self.assertions.iter().map(asserted)).collect();
        Records { columns: columns.to_vec(), rows }
    }
}

impl FindingView {
    /// Whether a baseline has it, and it is no worse now.
    pub fn is_known(&self) -> bool {
        self.state == Some("known")
    }

    /// Whether it is told: nobody allows it, and no baseline has it.
    pub fn is_told(&self) -> bool {
        self.allowed.is_none() && !self.is_known()
    }

    /// Of a finding, with the lines that it is about.
    pub fn new(finding: &Finding, places: &mut Places<'_>) -> Self {
        let mut place = |place: &crate::check::finding::Place, message: &str| {
            PlaceView::new(places.find(place.origin, &place.path), place.path.to_string(), message.to_owned())
        };
        FindingView {
            code: finding.rule.code,
            rule: finding.rule.name,
            group: finding.rule.group.words(),
            severity: severity_of(finding.severity),
            object: ObjectView {
                kind: finding.object.kind.clone(),
                namespace: finding.object.namespace.clone(),
                name: finding.object.name.clone(),
            },
            message: finding.message.clone(),
            evidence: finding.evidence.clone(),
            help: finding.help.clone(),
            place: place(&finding.place, ""),
            related: finding.related.iter().map(|(at, how)| place(at, how)).collect(),
            allowed: finding.allowed.as_ref().map(|allowed| AllowedView { reason: allowed.reason.clone(), by: allowed.by }),
            state: None,
        }
    }

    /// All that is said of it, a sentence a line: what is wrong with what, why, and what to do next.
    pub fn text(&self) -> String {
        let first = format!("{}: {}", self.object.title(), self.message);
        let help = Some(format!("next: {}", self.help)).filter(|_| !self.help.is_empty());
        std::iter::once(first).chain(self.evidence.iter().cloned()).chain(help).collect::<Vec<_>>().join("\n")
    }

    /// As it is shown to people.
    pub fn diagnostic(&self) -> Diagnostic {
        let places = std::iter::once(&self.place).chain(&self.related);
        Diagnostic {
            severity: self.severity,
            code: self.code.to_owned(),
            title: format!("{}: {}", self.object.title(), self.message),
            quotes: places.map(PlaceView::quote).collect(),
            notes: self.evidence.clone(),
            help: self.help.clone(),
        }
    }
}

impl ObjectView {
    /// As in paths: `Deployment/shop/api`.
    pub fn path(&self) -> String {
        let Self { kind, namespace, name } = self;
        if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{kind}/{namespace}/{name}") }
    }

    /// As in sentences: `Deployment shop/api`.
    pub fn title(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{} {}", self.kind, self.name),
            namespace => format!("{} {namespace}/{}", self.kind, self.name),
        }
    }
}

impl PlaceView {
    /// As `file:line:column`.
    pub fn shown(&self) -> String {
        if self.line == 0 { self.file.clone() } else { format!("{}:{}:{}", self.file, self.line, self.column) }
    }

    fn new(excerpt: Excerpt, path: String, message: String) -> Self {
        let Excerpt { location, end_column, line } = excerpt;
        let (file, column) = (location.file.to_string(), location.column());
        PlaceView { file, line: location.line(), column, end_column, path, message, line_text: line }
    }

    /// The line, to be quoted.
    pub(super) fn quote(&self) -> Quote {
        Quote {
            file: self.file.clone(),
            line: self.line,
            columns: (self.column, self.end_column),
            text: self.line_text.clone(),
            label: self.message.clone(),
        }
    }
}

/// The word for a severity.
pub fn severity_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn novelty_of(novelty: Novelty) -> &'static str {
    match novelty {
        Novelty::New => "new",
        Novelty::Worse(_) => "worse",
        Novelty::Known => "known",
    }
}

fn words_of(fail_on: FailOn) -> &'static str {
    match fail_on {
        FailOn::Note => "note",
        FailOn::Warning => "warning",
        FailOn::Error => "error",
        FailOn::Never => "never",
    }
}

/// Worst first.
fn rank(severity: &str) -> usize {
    ["error", "warning", "note"].iter().position(|word| *word == severity).unwrap_or(3)
}
