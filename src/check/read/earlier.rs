//! Reads what an earlier check found: what `check -o json` wrote.

use std::path::Path;

use serde::Deserialize;

use super::text;
use crate::check::finding::ObjectName;
use crate::check::known::Known;
use crate::manifest::location::Position;
use crate::manifest::read::{Problem, Severity};

/// What an earlier check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Findings that nobody had allowed.
    pub findings: Vec<Known>,
    /// Assertions by name, and whether they held.
    pub assertions: Vec<(String, bool)>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Header {
    api_version: String,
    kind: String,
}

#[derive(Deserialize)]
struct Document {
    findings: Vec<Written>,
    #[serde(default)]
    assertions: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Written {
    code: String,
    severity: String,
    object: Object,
    message: String,
    place: Place,
    #[serde(default)]
    allowed: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Object {
    kind: String,
    #[serde(default)]
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct Place {
    path: String,
}

#[derive(Deserialize)]
struct Outcome {
    name: String,
    passed: bool,
}

/// Reads it; none if the file is something else, such as manifests.
pub fn earlier(path: &Path) -> Result<Option<Earlier>, Problem> {
    if path.is_dir() || path.extension().is_none_or(|extension| extension != "json") {
        return Ok(None);
    }
    earlier_str(&path.display().to_string(), &text(path)?)
}

/// Reads it from a text, under a name to be shown in problems.
pub fn earlier_str(name: &str, text: &str) -> Result<Option<Earlier>, Problem> {
    let header: Header = serde_json::from_str(text).unwrap_or_default();
    if !header.api_version.starts_with("plimsoll.dev/") {
        return Ok(None);
    }
    if header.kind != "Findings" {
        let message = format!("it is a {} of plimsoll, and what `check -o json` wrote is expected", header.kind);
        return Err(super::problem(name, Position::default(), message));
    }
    let document: Document = serde_json::from_str(text).map_err(|error| {
        let at = Position { line: error.line() as u32, column: error.column() as u32 };
        super::problem(name, at, format!("it is not what `check -o json` writes: {error}"))
    })?;
    let findings = document.findings.into_iter().filter(|finding| finding.allowed.is_none()).map(known).collect();
    let assertions = document.assertions.into_iter().map(|outcome| (outcome.name, outcome.passed)).collect();
    Ok(Some(Earlier { findings, assertions }))
}

fn known(written: Written) -> Known {
    let Written { code, severity, object, message, place, .. } = written;
    let severity = match severity.as_str() {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Note,
    };
    let object = ObjectName { kind: object.kind, namespace: object.namespace, name: object.name };
    Known { code, object, path: place.path, severity, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_check_wrote_is_read_and_manifests_are_left_alone() {
        assert_eq!(earlier_str("a.json", "{\"apiVersion\": \"v1\", \"kind\": \"List\"}"), Ok(None));
        assert!(earlier_str("a.json", "{\"apiVersion\": \"plimsoll.dev/v1\", \"kind\": \"Size\"}").is_err());
        let text = r#"{"apiVersion": "plimsoll.dev/v1", "kind": "Findings", "assertions": [{"name": "a", "passed": false}], "findings": [
            {"code": "PL1", "severity": "error", "object": {"kind": "Node", "name": "n"}, "message": "m", "place": {"path": "spec"}},
            {"code": "PL2", "severity": "note", "object": {"kind": "Node", "name": "n"}, "message": "m", "place": {"path": ""},
             "allowed": {"reason": "", "by": "settings"}}]}"#;
        let earlier = earlier_str("a.json", text).unwrap().unwrap();
        assert_eq!(earlier.assertions, [("a".to_owned(), false)]);
        assert_eq!(earlier.findings.len(), 1);
        assert_eq!((earlier.findings[0].path.as_str(), earlier.findings[0].severity), ("spec", Severity::Error));
    }
}
