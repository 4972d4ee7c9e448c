//! Reads assertions: policies as tests.

use std::path::Path;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{document, expect, problem, text};
use crate::check::assertions::{Assertion, Written};
use crate::manifest::location::Position;
use crate::manifest::read::Problem;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Document {
    api_version: String,
    kind: String,
    assertions: Vec<Spanned<Assertion>>,
}

/// Reads them.
pub fn assertions(path: &Path) -> Result<Vec<Written>, Problem> {
    assertions_str(&path.display().to_string(), &text(path)?)
}

/// Reads them from a text, under a name to be shown in problems.
pub fn assertions_str(name: &str, text: &str) -> Result<Vec<Written>, Problem> {
    let document: Document = document(name, text)?;
    expect(name, "apiVersion", &document.api_version, "plimsoll.dev/v1")?;
    expect(name, "kind", &document.kind, "Assertions")?;
    let mut written: Vec<Written> = Vec::new();
    for spanned in document.assertions {
        let at = spanned.referenced;
        let position = Position { line: at.line() as u32, column: at.column() as u32 };
        let assertion = spanned.value;
        if let Some(wrong) = assertion.problem() {
            return Err(problem(name, position, format!("assertion {:?}: {wrong}", assertion.name)).hint(HINT));
        }
        if written.iter().any(|other| other.assertion.name == assertion.name) {
            return Err(
                problem(name, position, format!("two assertions are named {:?}", assertion.name)).hint("give each a name of its own")
            );
        }
        written.push(Written { assertion, file: name.to_owned(), position });
    }
    match written.is_empty() {
        true => Err(problem(name, Position::default(), "there is no assertion in it".to_owned()).hint(HINT)),
        false => Ok(written),
    }
}

const HINT: &str = "see \"Policies as tests\" in the README, or schemas/assertions.v1.json";
