//! GitHub: a workflow command a finding, which GitHub Actions shows beside the line in the pull request.
//!
//! Findings that are allowed or known from a baseline are not shown, assertions only if they fail; the last line is no command and says how many there are.
//!
//! Source: docs.github.com, "Workflow commands for GitHub Actions": `::error file=…,line=…,endLine=…,col=…,endColumn=…,title=…::message`,
//! with `%`, CR and LF written as `%25`, `%0D`, `%0A`, and `:` and `,` of properties as `%3A`, `%2C`.

use crate::report::views::View;
use crate::report::views::assertions::AssertionView;
use crate::report::views::baseline::WorseView;
use crate::report::views::findings::FindingView;

/// Writes a view.
pub fn render(view: &View) -> String {
    let Some(view) = view.findings() else { return String::new() };
    let found = view.findings.iter().filter(|finding| finding.is_told()).map(command);
    let asserted = view.assertions.iter().filter(|assertion| assertion.fails()).map(assertion);
    let worse = view.baseline.iter().flat_map(|baseline| &baseline.worse).map(worse);
    let commands: String = found.chain(asserted).chain(worse).collect();
    format!("{commands}{}\n", view.headline().text)
}

fn command(finding: &FindingView) -> String {
    let level = if finding.severity == "note" { "notice" } else { finding.severity };
    let place = &finding.place;
    let mut properties = Vec::new();
    let mut property = |name: &str, value: String| properties.push(format!("{name}={value}"));
    // standard input is no file of the repository
    let is_file = !place.file.is_empty() && !place.file.starts_with('<');
    if is_file {
        property("file", escape_property(place.file.trim_start_matches("./")));
    }
    if is_file && place.line > 0 {
        property("line", place.line.to_string());
        property("endLine", place.line.to_string());
        property("col", place.column.to_string());
        if place.end_column > 0 {
            property("endColumn", place.end_column.to_string());
        }
    }
    property("title", escape_property(&format!("{} {}", finding.code, finding.rule)));
    format!("::{level} {}::{}\n", properties.join(","), escape(&finding.text()))
}

fn assertion(assertion: &AssertionView) -> String {
    let place = &assertion.place;
    let file = escape_property(place.file.trim_start_matches("./"));
    let title = escape_property(&format!("assertion {}", assertion.name));
    format!("::error file={file},line={},col={},title={title}::{}\n", place.line, place.column, escape(&assertion.text()))
}

fn worse(worse: &WorseView) -> String {
    format!("::error title=worse than the baseline::{}\n", escape(&worse.text()))
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape(text).replace(':', "%3A").replace(',', "%2C")
}
