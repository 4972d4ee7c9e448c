//! Shelf: the formats in which a result can be written, one file each.
//!
//! Promise: every format writes every view, and the same view gives the same bytes. A format that only writes graphs says so, so that
//! whoever asks for it where there is none can be told.
//!
//! A new format: a file with a `render` function, and a row in [`FORMATS`]; help, README and the architecture test walk the table.

mod csv;
mod dot;
mod json;
mod kustomize;
mod markdown;
mod patch;
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
    /// Whether it writes the graphs of a view and nothing else.
    pub only_graphs: bool,
    /// Whether it writes what a view says is to be done and nothing else.
    pub only_scripts: bool,
    /// Whether it writes what changes objects and nothing else.
    pub only_patches: bool,
    /// Writes a view.
    pub render: fn(&View) -> String,
}

/// All formats; the first is the default.
pub const FORMATS: &[Format] = &[
    Format {
        name: "table",
        about: "for people: what fits a screen, alike things grouped",
        only_graphs: false,
        only_scripts: false,
        only_patches: false,
        render: table::render,
    },
    Format {
        name: "wide",
        about: "for people: everything",
        only_graphs: false,
        only_scripts: false,
        only_patches: false,
        render: wide::render,
    },
    Format {
        name: "json",
        about: "for programs: versioned, see schemas/",
        only_graphs: false,
        only_scripts: false,
        only_patches: false,
        render: json::render,
    },
    Format {
        name: "yaml",
        about: "the same as json, in YAML",
        only_graphs: false,
        only_scripts: false,
        only_patches: false,
        render: yaml::render,
    },
    Format {
        name: "csv",
        about: "for spreadsheets: one row a pod, node or verdict",
        only_graphs: false,
        only_scripts: false,
        only_patches: false,
        render: csv::render,
    },
    Format {
        name: "markdown",
        about: "for pull requests and wikis: everything, long lists folded",
        only_graphs: false,
        only_scripts: false,
        only_patches: false,
        render: markdown::render,
    },
    Format {
        name: "dot",
        about: "for Graphviz: what needs what, as a graph",
        only_graphs: true,
        only_scripts: false,
        only_patches: false,
        render: dot::render,
    },
    Format {
        name: "script",
        about: "for shells: what to do, as kubectl commands",
        only_graphs: false,
        only_scripts: true,
        only_patches: false,
        render: script::render,
    },
    Format {
        name: "patch",
        about: "for kubectl patch: strategic merge patches, a YAML document each",
        only_graphs: false,
        only_scripts: false,
        only_patches: true,
        render: patch::render,
    },
    Format {
        name: "kustomize",
        about: "for kustomize: a kustomization.yaml with inline patches",
        only_graphs: false,
        only_scripts: false,
        only_patches: true,
        render: kustomize::render,
    },
];

/// The format of this name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
