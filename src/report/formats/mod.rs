//! Shelf: the formats in which a result can be written, one file each.
//!
//! Promise: every format writes every view, and the same view gives the same bytes. A format that only writes graphs says so, so that
//! whoever asks for it where there is none can be told.
//!
//! A new format: a file with a `render` function, and a row in [`FORMATS`]; help, README and the architecture test walk the table.

mod csv;
mod dot;
mod drawing;
mod github;
mod html;
mod json;
mod junit;
mod kustomize;
mod machine_deployments;
mod markdown;
mod node_pools;
mod patch;
mod png;
mod sarif;
mod script;
mod snippet;
mod svg;
mod table;
mod tfvars;
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
    /// What it writes of a view and nothing else; none if it writes everything.
    pub only: Option<Only>,
    /// Writes a view.
    pub render: fn(&View) -> String,
}

/// A part of a view that some formats are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// Its graphs.
    Graphs,
    /// Its charts.
    Charts,
    /// What is to be done.
    Scripts,
    /// What changes objects.
    Patches,
    /// What is wrong.
    Findings,
    /// The nodes to have.
    NodeGroups,
}

/// All formats; the first is the default.
pub const FORMATS: &[Format] = &[
    Format { name: "table", about: "for people: what fits a screen, alike things grouped", only: None, render: table::render },
    Format { name: "wide", about: "for people: everything", only: None, render: wide::render },
    Format { name: "json", about: "for programs: versioned, see schemas/", only: None, render: json::render },
    Format { name: "yaml", about: "the same as json, in YAML", only: None, render: yaml::render },
    Format { name: "csv", about: "for spreadsheets: one row a pod, node or verdict", only: None, render: csv::render },
    Format { name: "markdown", about: "for pull requests and wikis: everything, long lists folded", only: None, render: markdown::render },
    Format {
        name: "html",
        about: "for browsers: everything, as one page with tables to search and sort, and charts",
        only: None,
        render: html::render,
    },
    Format { name: "dot", about: "for Graphviz: what needs what, as a graph", only: Some(Only::Graphs), render: dot::render },
    Format { name: "svg", about: "for browsers and documents: charts", only: Some(Only::Charts), render: svg::render },
    Format { name: "script", about: "for shells: what to do, as kubectl commands", only: Some(Only::Scripts), render: script::render },
    Format {
        name: "patch",
        about: "for kubectl patch: strategic merge patches, a YAML document each",
        only: Some(Only::Patches),
        render: patch::render,
    },
    Format {
        name: "kustomize",
        about: "for kustomize: a kustomization.yaml with inline patches",
        only: Some(Only::Patches),
        render: kustomize::render,
    },
    Format {
        name: "tfvars",
        about: "for Terraform: the nodes to have as node groups, the content of a .tfvars.json",
        only: Some(Only::NodeGroups),
        render: tfvars::render,
    },
    Format {
        name: "machine-deployments",
        about: "for Cluster API: the nodes to have as MachineDeployments",
        only: Some(Only::NodeGroups),
        render: machine_deployments::render,
    },
    Format {
        name: "node-pools",
        about: "for Karpenter: the nodes to have as NodePools with limits",
        only: Some(Only::NodeGroups),
        render: node_pools::render,
    },
    Format {
        name: "sarif",
        about: "for code scanning: SARIF 2.1.0, with every rule's manual",
        only: Some(Only::Findings),
        render: sarif::render,
    },
    Format {
        name: "junit",
        about: "for test reports: a suite a rule, a case a finding",
        only: Some(Only::Findings),
        render: junit::render,
    },
    Format {
        name: "github",
        about: "for GitHub Actions: annotations on files and lines",
        only: Some(Only::Findings),
        render: github::render,
    },
];

/// A format that is no text.
#[derive(Debug)]
pub struct Picture {
    /// What `-o` calls it.
    pub name: &'static str,
    /// What it is good for.
    pub about: &'static str,
    /// Writes the charts of a view.
    pub render: fn(&View) -> Vec<u8>,
}

/// All formats that are no text; `report` writes them.
pub const PICTURES: &[Picture] = &[Picture { name: "png", about: "for chats and slides: charts, of `report`", render: png::render }];

/// The format of this name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
