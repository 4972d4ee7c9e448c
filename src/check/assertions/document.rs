//! How assertions are written: the file that `check --assert` reads. The schema is committed as `schemas/assertions.v1.json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::quantities::{Expect, StateKind};

/// Assertions about a cluster and what goes to it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(title = "Assertions")]
pub struct Assertions {
    /// `plimsoll.dev/v1`.
    pub api_version: String,
    /// `Assertions`.
    pub kind: String,
    /// The assertions.
    pub assertions: Vec<Assertion>,
}

/// One of them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Assertion {
    /// What it says, for people: `the loss of any node leaves nothing important pending`.
    pub name: String,
    /// Which pods it is about: all if nothing is said.
    #[serde(default)]
    pub select: Select,
    /// What the cluster is put through: nothing if nothing is said.
    #[serde(default)]
    pub when: When,
    /// What has to hold then: all of it.
    pub expect: Expect,
}

/// Which pods it is about: those that everything which is said holds of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Select {
    /// Those in these namespaces; globs, such as `team-*`.
    pub namespaces: Vec<String>,
    /// Those of these workloads; globs over `namespace/name` or `Kind/namespace/name`, such as `db/*` or `StatefulSet/*/*`.
    pub workloads: Vec<String>,
    /// Those with all of these labels.
    pub labels: BTreeMap<String, String>,
    /// Those with this priority or more.
    pub priority_at_least: Option<i32>,
    /// Whether it may select nothing: then the assertion passes; without this it fails, for a name was misspelt or something is gone.
    pub may_be_empty: bool,
}

/// What the cluster is put through: one of these, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct When {
    /// Each of these is lost by itself: `node`, `zone`, `region`, `rack`, or the key of a label.
    pub lost: Option<String>,
    /// With `lost`: so many of them at once, every set of so many; 1 if nothing is said.
    pub count: Option<u8>,
    /// With `lost`: only these, by name; globs.
    pub only: Vec<String>,
    /// Autoscalers are at their most.
    pub autoscalers: Option<Autoscalers>,
    /// All nodes are drained, wave by wave, as `plimsoll drain` plans it.
    pub drained: Option<Everything>,
    /// Everything is rolled out at once, with its surge.
    pub rollout: Option<Everything>,
}

/// Where autoscalers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Autoscalers {
    /// At their most.
    Max,
}

/// All there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Everything {
    /// All.
    All,
}

impl When {
    /// Which state it is; a problem in words if it is none or several.
    pub fn state(&self) -> Result<StateKind, String> {
        let said = [
            self.lost.as_ref().map(|_| StateKind::Lost),
            self.autoscalers.map(|_| StateKind::AtMost),
            self.drained.map(|_| StateKind::Drained),
            self.rollout.map(|_| StateKind::Rollout),
        ];
        let said: Vec<StateKind> = said.into_iter().flatten().collect();
        match said[..] {
            _ if self.lost.is_none() && (self.count.is_some() || !self.only.is_empty()) => {
                Err("`count` and `only` go with `lost`: which domains are lost".to_owned())
            }
            _ if self.count == Some(0) => Err("`count: 0` loses nothing: leave `when` out".to_owned()),
            [] => Ok(StateKind::Now),
            [state] => Ok(state),
            _ => Err("`when` says one thing: lost, autoscalers, drained or rollout".to_owned()),
        }
    }
}
