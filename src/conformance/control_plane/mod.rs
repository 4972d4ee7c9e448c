//! Recordings of the real control plane: what kube-apiserver, kube-controller-manager and kube-scheduler made of objects and
//! actions, replayed by ours.
//!
//! A recording is an input (objects in the order in which they were applied, then actions) and the facts that came out. The
//! replay of a family makes the same facts from the input alone. Facts that bear on none of placement, capacity, disruption
//! and scale are left out, on both sides; [`LEFT_OUT`] is the whole list.
//!
//! To add a family: a file with a `replay` function, a row in [`FAMILIES`].
//!
//! Format: `fixtures/conformance/control-plane/README.md`.

mod admission;
mod chance;
mod cluster;
mod compare;
mod drain;
mod e2e;
mod event_correlator;
mod expansion;
mod hpa;
mod lifecycle;
mod node;
mod nodeloss;
mod pdb;
mod placement;
mod quota;
mod read;
mod snapshot;

use serde::Deserialize;
use serde_json::Value;

pub use read::read;

use super::CaseResult;
use chance::Chance;

/// A recording: an input, and what the real control plane made of it.
#[derive(Debug, Clone, Deserialize)]
pub struct Recording {
    /// Its name.
    pub name: String,
    /// Its family.
    pub family: String,
    /// The Kubernetes version that was recorded, such as `1.36.2`.
    pub kubernetes: String,
    /// What was given.
    pub input: Value,
    /// What came out.
    pub expect: Value,
    /// Facts that were not the same each time and were taken out of `expect`.
    #[serde(default)]
    pub unstable: Vec<String>,
    /// Which of the outcomes that chance allows is replayed.
    #[serde(skip)]
    chance: Chance,
}

/// A family of recordings.
pub struct Family {
    /// Its name, which is also that of its file.
    pub name: &'static str,
    /// Makes the facts of a recording from its input.
    replay: fn(&Recording) -> Result<Value, String>,
}

/// The families that can be replayed.
pub const FAMILIES: &[Family] = &[
    Family { name: "admission", replay: admission::replay },
    Family { name: "hpa", replay: hpa::replay },
    Family { name: "quota", replay: quota::replay },
    Family { name: "expansion", replay: expansion::replay },
    Family { name: "pdb", replay: pdb::replay },
    Family { name: "e2e", replay: e2e::replay },
    Family { name: "drain", replay: drain::replay },
    Family { name: "nodeloss", replay: nodeloss::replay },
];

/// A fact that is not compared, because placement, capacity, disruption and scale do not depend on it.
pub struct LeftOut {
    /// The families it occurs in.
    pub families: &'static [&'static str],
    /// Where it is: keys with dots between, `*` for any key or index, `**` for any number of them.
    pub path: &'static str,
    /// What it is about.
    pub what: &'static str,
}

/// All facts that are left out.
pub const LEFT_OUT: &[LeftOut] = &[
    LeftOut { families: &["admission"], path: "**.imagePullPolicy", what: "when images are pulled" },
    LeftOut { families: &["admission"], path: "**.terminationMessagePath", what: "where last words are kept" },
    LeftOut { families: &["admission"], path: "**.terminationMessagePolicy", what: "where last words are kept" },
    LeftOut { families: &["admission"], path: "**.dnsPolicy", what: "how names are looked up" },
    LeftOut { families: &["admission"], path: "**.enableServiceLinks", what: "environment variables of services" },
    LeftOut { families: &["admission"], path: "**.securityContext", what: "rights of processes" },
    LeftOut { families: &["admission"], path: "**.serviceAccount", what: "the old name of serviceAccountName" },
    LeftOut { families: &["admission"], path: "applied.*.spec.serviceName", what: "the governing service of a StatefulSet" },
    LeftOut { families: &["admission"], path: "applied.*.spec.template.metadata.creationTimestamp", what: "a time that is never set" },
    LeftOut { families: &["nodeloss"], path: "steps.*.code", what: "that there was something to delete" },
];

/// Replays a recording, and compares every fact that is not left out. Of the outcomes that chance allows one has to agree; if none
/// does, the closest is shown.
pub fn compare(recording: &Recording) -> CaseResult {
    let mut closest: Option<CaseResult> = None;
    let distance = |result: &CaseResult| result.difference.as_ref().map_or(0, |difference| difference.at.len());
    for chance in Chance::all(recording) {
        let result = replayed(&Recording { chance, ..recording.clone() });
        if closest.as_ref().is_none_or(|closest| distance(&result) < distance(closest)) {
            closest = Some(result);
        }
        if closest.as_ref().is_some_and(|closest| closest.difference.is_none()) {
            break;
        }
    }
    closest.expect("there is one outcome at least")
}

fn replayed(recording: &Recording) -> CaseResult {
    let row = FAMILIES.iter().find(|row| row.name == recording.family);
    let replayed = row
        .ok_or_else(|| format!("recordings of family {} cannot be replayed yet", recording.family))
        .and_then(|row| (row.replay)(recording));
    let ours = replayed.unwrap_or_else(Value::String);
    compare::result(recording, &ours, LEFT_OUT)
}
