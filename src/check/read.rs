//! Reads what a team says about its checks. The only part of `check` that opens files.

mod assertions;
mod earlier;

use std::path::Path;
use std::sync::Arc;

pub use assertions::{assertions, assertions_str};
pub use earlier::{Earlier, earlier, earlier_str};
use serde::de::DeserializeOwned;

use super::rules;
use super::settings::Settings;
use crate::manifest::location::{Location, Position};
use crate::manifest::read::{Problem, Severity};

/// The file that is taken if none is named and it is there.
pub const USUAL_SETTINGS: &str = "plimsoll.yaml";

/// Reads settings.
pub fn settings(path: &Path) -> Result<Settings, Problem> {
    settings_str(&path.display().to_string(), &text(path)?)
}

/// Reads settings from a text, under a name to be shown in problems.
pub fn settings_str(name: &str, text: &str) -> Result<Settings, Problem> {
    let settings: Settings = document(name, text)?;
    expect(name, "apiVersion", &settings.api_version, "plimsoll.dev/v1")?;
    expect(name, "kind", &settings.kind, "Settings")?;
    let allowed = settings.allow.iter().map(|allow| &allow.rule);
    match settings.rules.keys().chain(allowed).find(|rule| rules::find(rule).is_none()) {
        None => Ok(settings),
        Some(unknown) => Err(problem(name, Position::default(), format!("there is no rule {unknown:?}"))
            .hint("`plimsoll explain-rule` lists the rules; codes such as PL101 are taken, too")),
    }
}

/// One typed document of a text; whatever is not known of is a problem with its place.
pub(super) fn document<T: DeserializeOwned + Default>(name: &str, text: &str) -> Result<T, Problem> {
    if text.trim().is_empty() {
        return Ok(T::default());
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let at = error.location().map(|at| Position { line: at.line() as u32, column: at.column() as u32 }).unwrap_or_default();
        let message = error.without_snippet().to_string();
        let message = message.split(" at line").next().unwrap_or_default();
        problem(name, at, message.trim().to_owned()).hint("see the README for what can be said, or the schema in schemas/")
    })
}

/// A word that must be what it is, if it is there.
pub(super) fn expect(name: &str, field: &str, found: &str, expected: &str) -> Result<(), Problem> {
    match found.is_empty() || found == expected {
        true => Ok(()),
        false => Err(problem(name, Position::default(), format!("{field} is {found:?}, and {expected:?} is expected"))),
    }
}

pub(super) fn text(path: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(path).map_err(|error| {
        problem(&path.display().to_string(), Position::default(), format!("cannot be read: {error}"))
            .hint("check the path, and that it is readable UTF-8")
    })
}

fn problem(name: &str, position: Position, message: String) -> Problem {
    let file: Arc<str> = name.into();
    Problem::new(Severity::Error, Location::new(&file, position), message)
}
