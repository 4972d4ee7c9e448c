//! Where an object was written: file, document in it, line and column.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The place an object came from. Costs eight bytes an object; [`crate::manifest::read::Input::locate`] turns it into a [`Location`].
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

/// Line and column in a text, both counted from 1; zero is "not known".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl Position {
    /// The first character of a text.
    pub const START: Position = Position { line: 1, column: 1 };

    /// A position counted from the start of a piece, as one counted from the start of the text that the piece lies in.
    pub fn within(self, piece: Position) -> Position {
        match self.line {
            0 => piece,
            1 => Position { line: piece.line, column: piece.column + self.column.saturating_sub(1) },
            _ => Position { line: piece.line + self.line - 1, column: self.column },
        }
    }
}

/// A place a person can go to: shown as `file:line:column`, or as the file alone when no line is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// The file as it was named, `<stdin>` for standard input.
    pub file: Arc<str>,
    /// Line and column.
    pub position: Position,
}

impl Location {
    /// A place in a file.
    pub fn new(file: &Arc<str>, position: Position) -> Self {
        Location { file: file.clone(), position }
    }

    /// Line, from 1; 0 when not known.
    pub fn line(&self) -> u32 {
        self.position.line
    }

    /// Column, from 1; 0 when not known.
    pub fn column(&self) -> u32 {
        self.position.column
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position;
        if line == 0 { f.write_str(&self.file) } else { write!(f, "{}:{line}:{column}", self.file) }
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
