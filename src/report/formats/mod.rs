//! Shelf: the formats in which a result can be written, one file each.
//!
//! Promise: every format writes every view, and the same view gives the same bytes.
//!
//! A new format: a file with a `render` function, and a row in [`FORMATS`]; help, README and the architecture test walk the table.

mod csv;
mod json;
mod script;
mod table;
mod wide;
mod yaml;

use super::views::View;

/// A format.
#[derive(Debug)]
pub struct Format {
    /// What `-o` calls it.
    pub name: &'static str,
    /// What it is good for.
    pub about: &'static str,
    /// Writes a view.
    pub render: fn(&View) -> String,
}

/// All formats; the first is the default.
pub const FORMATS: &[Format] = &[
    Format { name: "table", about: "for people: what fits a screen, alike things grouped", render: table::render },
    Format { name: "wide", about: "for people: everything", render: wide::render },
    Format { name: "json", about: "for programs: versioned, see schemas/", render: json::render },
    Format { name: "yaml", about: "the same as json, in YAML", render: yaml::render },
    Format { name: "csv", about: "for spreadsheets: one row a pod, node or verdict", render: csv::render },
    Format { name: "script", about: "for shells: the plan as kubectl commands (drain)", render: script::render },
];

/// The format of this name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
