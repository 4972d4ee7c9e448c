//! What is wrong with an input, where, and what to do next.
//!
//! A problem is a value, not an error: reading goes on, and the first never hides the rest. A message never quotes the
//! value of a field that is not modelled, so that nothing secret leaves a dump through an error message.

use std::fmt;

use crate::manifest::location::Location;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something was not loaded.
    Error,
    /// It was loaded, or was not meant to be, but look at it.
    Warning,
    /// Good to know.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

/// Something wrong with an input: what, where, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub location: Location,
    /// How bad.
    pub severity: Severity,
    /// What.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem without a hint.
    pub fn new(severity: Severity, location: Location, message: impl Into<String>) -> Self {
        Problem { location, severity, message: message.into(), hint: None }
    }

    /// The same with what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.location.file.is_empty() {
            write!(f, "{}: ", self.location)?;
        }
        write!(f, "{}: {}", self.severity, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  next: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}
