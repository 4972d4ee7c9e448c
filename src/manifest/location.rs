//! Where an object was written: file, document in it, and (on demand) line and column.

use serde::{Deserialize, Serialize};

/// The place an object came from. Costs eight bytes an object; line and column are found again only when somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// Index into the list of input files.
    pub file: u32,
    /// Index of the document (or list item) in the file.
    pub document: u32,
}

impl Default for Origin {
    fn default() -> Self {
        Origin { file: u32::MAX, document: 0 }
    }
}

/// A remark about the input that is nobody's mistake but changes how the answer should be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is about, when it is about one object.
    pub origin: Option<Origin>,
    /// The remark, a sentence.
    pub message: String,
}

impl Note {
    /// A remark about the object written at `origin`.
    pub fn at(origin: Origin, message: impl Into<String>) -> Self {
        Note { origin: Some(origin), message: message.into() }
    }

    /// A remark about the input as a whole.
    pub fn general(message: impl Into<String>) -> Self {
        Note { origin: None, message: message.into() }
    }
}
