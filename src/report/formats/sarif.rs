//! SARIF 2.1.0: findings for code scanning, with the rules that were asked and their manuals.
//!
//! Columns count characters. Files are named relative to where the program was run (`%SRCROOT%`), unless they were named otherwise. What is
//! allowed is a suppressed result. A fingerprint is made of rule, object and field, so that a finding stays the same when lines move.
//!
//! Source: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", and what GitHub's code scanning takes of it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::rules::RULES;
use crate::check::{Group, Rule};
use crate::report::views::View;
use crate::report::views::findings::{FindingView, FindingsView, PlaceView, severity_of};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// Writes a view.
pub fn render(view: &View) -> String {
    let results = view.findings().map(results).unwrap_or_default();
    let is_judged = results.iter().any(|result| result.rule_index >= RULES.len());
    let tool = Tool { driver: Driver::new(is_judged) };
    let invocation = Invocation { execution_successful: true };
    let bases = BTreeMap::from([(
        SOURCE_ROOT,
        Base { description: Message { text: "the folder that plimsoll was run in".to_owned(), markdown: None } },
    )]);
    let run = Run { tool, invocations: [invocation], column_kind: "unicodeCodePoints", original_uri_base_ids: bases, results };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    serde_json::to_string_pretty(&log).expect("it holds nothing that JSON cannot") + "\n"
}

const SOURCE_ROOT: &str = "%SRCROOT%";

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    original_uri_base_ids: BTreeMap<&'static str, Base>,
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Base {
    description: Message,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    information_uri: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    rules: Vec<ReportingDescriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportingDescriptor {
    id: &'static str,
    name: &'static str,
    short_description: Message,
    full_description: Message,
    help: Message,
    default_configuration: Configuration,
    properties: Properties,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Properties {
    tags: [String; 2],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: Vec<SarifLocation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<SarifLocation>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifLocation {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Snippet>,
}

#[derive(Serialize)]
struct Snippet {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    justification: String,
}

#[derive(Serialize)]
struct Message {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

impl Message {
    fn plain(text: impl Into<String>) -> Self {
        Message { text: text.into(), markdown: None }
    }
}

impl Driver {
    /// With all rules, and what is told besides them if anything is.
    fn new(is_judged: bool) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let rules = RULES.iter().map(descriptor).chain(JUDGED.into_iter().filter(|_| is_judged).map(judged)).collect();
        Driver { name: "plimsoll", information_uri: HOME, version, semantic_version: version, rules }
    }
}

fn descriptor(rule: &Rule) -> ReportingDescriptor {
    let manual = rule.manual();
    let about = manual.text.split("\n# ").next().unwrap_or_default().trim();
    let about = about.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n");
    let markdown = format!("{}\n\n{}", manual.title, manual.text);
    ReportingDescriptor {
        id: rule.code,
        name: rule.name,
        short_description: Message::plain(manual.title),
        full_description: Message::plain(about),
        help: Message { text: markdown.clone(), markdown: Some(markdown) },
        default_configuration: Configuration { level: severity_of(rule.severity) },
        properties: Properties { tags: ["kubernetes".to_owned(), tag(rule.group)] },
    }
}

/// What is told besides what rules find: behind the rules, in this order.
const JUDGED: [(&str, &str, &str); 2] = [
    ("assertion", "failed-assertion", "What a team expects of its cluster does not hold."),
    ("worse", "worse-than-baseline", "Something is worse than in the baseline."),
];

fn judged((id, name, about): (&'static str, &'static str, &'static str)) -> ReportingDescriptor {
    ReportingDescriptor {
        id,
        name,
        short_description: Message::plain(about),
        full_description: Message::plain(about),
        help: Message::plain(about),
        default_configuration: Configuration { level: "error" },
        properties: Properties { tags: ["kubernetes".to_owned(), id.to_owned()] },
    }
}

/// One of them, by its place in [`JUDGED`].
fn judged_result(kind: usize, text: String, place: SarifLocation, fingerprint: String) -> SarifResult {
    SarifResult {
        rule_id: JUDGED[kind].0,
        rule_index: RULES.len() + kind,
        level: "error",
        message: Message::plain(text),
        locations: vec![place],
        related_locations: Vec::new(),
        partial_fingerprints: BTreeMap::from([("ruleObjectField/v1", format!("{}/{fingerprint}", JUDGED[kind].0))]),
        suppressions: Vec::new(),
        baseline_state: None,
    }
}

/// Assertions that fail, and what got worse than a baseline.
fn judgements(view: &FindingsView) -> impl Iterator<Item = SarifResult> + '_ {
    let failing = view.assertions.iter().filter(|assertion| assertion.fails());
    let asserted = failing.map(|assertion| judged_result(0, assertion.text(), location(&assertion.place), assertion.name.clone()));
    let worse = view.baseline.iter().flat_map(|baseline| &baseline.worse).map(|worse| {
        let object = LogicalLocation { fully_qualified_name: worse.object.path(), kind: "resource" };
        let place = SarifLocation { logical_locations: vec![object], ..location(&PlaceView::default()) };
        judged_result(1, worse.text(), place, format!("{}/{}", worse.what, worse.object.path()))
    });
    asserted.chain(worse)
}

fn tag(group: Group) -> String {
    group.words().replace(' ', "-")
}

fn results(view: &FindingsView) -> Vec<SarifResult> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let fingerprint = |finding: &FindingView| {
        let key = format!("{}/{}/{}/{}", finding.code, finding.object.kind, finding.object.namespace, finding.object.name);
        let key = format!("{key}:{}", finding.place.path);
        let times = seen.entry(key.clone()).or_default();
        *times += 1;
        if *times == 1 { key } else { format!("{key}#{times}") }
    };
    let prints: Vec<String> = view.findings.iter().map(fingerprint).collect();
    view.findings.iter().zip(prints).map(|(finding, print)| result(finding, print)).chain(judgements(view)).collect()
}

fn result(finding: &FindingView, fingerprint: String) -> SarifResult {
    let object = LogicalLocation { fully_qualified_name: finding.object.path(), kind: "resource" };
    let place = SarifLocation { logical_locations: vec![object], ..location(&finding.place) };
    let related = finding.related.iter().filter(|place| !place.file.is_empty()).zip(1..);
    let suppression = finding.allowed.as_ref().map(|allowed| Suppression {
        kind: if allowed.by == "annotation" { "inSource" } else { "external" },
        justification: allowed.reason.clone(),
    });
    SarifResult {
        rule_id: finding.code,
        rule_index: RULES.iter().position(|rule| rule.code == finding.code).expect("findings have rules"),
        level: finding.severity,
        message: Message::plain(finding.text()),
        locations: vec![place],
        related_locations: related
            .map(|(place, number)| SarifLocation {
                id: Some(number),
                message: Some(Message::plain(place.message.as_str())),
                ..location(place)
            })
            .collect(),
        partial_fingerprints: BTreeMap::from([("ruleObjectField/v1", fingerprint)]),
        suppressions: suppression.into_iter().collect(),
        baseline_state: finding.state.map(|state| match state {
            "known" => "unchanged",
            "worse" => "updated",
            _ => "new",
        }),
    }
}

fn location(place: &PlaceView) -> SarifLocation {
    let region = (place.line > 0).then(|| Region {
        start_line: place.line,
        start_column: place.column.max(1),
        end_column: Some(place.end_column).filter(|end| *end > place.column),
        snippet: place.line_text.clone().map(|text| Snippet { text }),
    });
    let file = (!place.file.is_empty()).then(|| PhysicalLocation { artifact_location: artifact(&place.file), region });
    SarifLocation { id: None, physical_location: file, logical_locations: Vec::new(), message: None }
}

/// A file as a URI: relative to the folder the program was run in, or whole.
fn artifact(file: &str) -> ArtifactLocation {
    let path = file.replace('\\', "/");
    let path = path.trim_start_matches("./");
    match path.starts_with('/') {
        true => ArtifactLocation { uri: format!("file://{}", encoded(path)), uri_base_id: None },
        false => ArtifactLocation { uri: encoded(path.trim_matches(['<', '>'])), uri_base_id: Some(SOURCE_ROOT) },
    }
}

/// RFC 3986: everything but unreserved letters and slashes as `%XX`.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
