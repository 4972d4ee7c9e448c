//! Layer 6: recordings of the real kube-scheduler and the real control plane, replayed.
//!
//! A recording is a small cluster, the pods to schedule in order, and what the real scheduler decided for each of them. The
//! replay decides anew, without looking at the expected line but for the node that the case goes on with, and every
//! difference is reported by its path. Format: `fixtures/conformance/README.md`.

pub mod control_plane;
mod read;
mod replay;
mod step;

use std::fmt;

use rayon::prelude::*;
use serde_json::Value;

pub use read::{Case, Recordings};
pub use replay::replay;
pub use step::Step;

use crate::scheduler::version::KubernetesVersion;

/// How one case compares.
#[derive(Debug, Clone)]
pub struct CaseResult {
    /// The case.
    pub name: String,
    /// The family it belongs to.
    pub family: String,
    /// What this program decided, in the recordings' format.
    pub steps: Vec<Value>,
    /// Steps that agree in full.
    pub agreeing: usize,
    /// Steps that were recorded, or decided if there are more of those.
    pub all: usize,
    /// The first difference.
    pub difference: Option<Difference>,
}

/// The first step of a case that differs.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Which step, from 0.
    pub step: usize,
    /// The recorded step; none if there is no such step.
    pub expected: Value,
    /// The decided step; none if there is no such step.
    pub actual: Value,
    /// Every path at which the two differ.
    pub at: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pod = [&self.expected, &self.actual].into_iter().find_map(|step| step["pod"].as_str());
        writeln!(f, "step {} ({}):", self.step, pod.unwrap_or("no pod"))?;
        self.at.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        writeln!(f, "  expected {}", self.expected)?;
        write!(f, "  actual   {}", self.actual)
    }
}

/// How a family of cases compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyResult {
    /// The family.
    pub family: String,
    /// Cases that agree in full.
    pub cases_agreeing: usize,
    /// Cases in all.
    pub cases: usize,
    /// Steps that agree.
    pub agreeing: usize,
    /// Steps in all.
    pub all: usize,
}

impl Recordings {
    /// Replays every case, in order.
    pub fn compare(&self, version: KubernetesVersion) -> Vec<CaseResult> {
        self.cases.par_iter().map(|case| compare(case, self.expected_steps(&case.name), version)).collect()
    }
}

/// Sums cases up by family, in the order in which the families first occur.
pub fn by_family(results: &[CaseResult]) -> Vec<FamilyResult> {
    let mut families: indexmap::IndexMap<&str, FamilyResult> = indexmap::IndexMap::new();
    for result in results {
        let name = result.family.as_str();
        let sum = families.entry(name).or_insert_with(|| FamilyResult {
            family: name.to_owned(),
            cases_agreeing: 0,
            cases: 0,
            agreeing: 0,
            all: 0,
        });
        sum.cases += 1;
        sum.cases_agreeing += usize::from(result.difference.is_none());
        sum.agreeing += result.agreeing;
        sum.all += result.all;
    }
    families.into_values().collect()
}

/// The family of a case: its name up to the number.
pub fn family(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((family, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => family,
        _ => name,
    }
}

fn compare(case: &Case, expected: &[Value], version: KubernetesVersion) -> CaseResult {
    let steps = match replay(case, expected, version) {
        Ok(steps) => steps.iter().map(Step::to_value).collect(),
        Err(problem) => vec![Value::String(problem)],
    };
    let all = steps.len().max(expected.len());
    let pair = |index: usize| (expected.get(index).unwrap_or(&Value::Null), steps.get(index).unwrap_or(&Value::Null));
    let differing: Vec<usize> = (0..all).filter(|&index| pair(index).0 != pair(index).1).collect();
    let difference = differing.first().map(|&step| {
        let (expected, actual) = pair(step);
        let mut at = Vec::new();
        differences("", expected, actual, &mut at);
        Difference { step, expected: expected.clone(), actual: actual.clone(), at }
    });
    CaseResult { name: case.name.clone(), family: family(&case.name).to_owned(), agreeing: all - differing.len(), all, steps, difference }
}

/// Every path below `path` at which two values differ.
fn differences(path: &str, expected: &Value, actual: &Value, at: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differences(&below, a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), at);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() && a.iter().any(Value::is_object) => {
            a.iter().zip(b).enumerate().for_each(|(index, (a, b))| differences(&format!("{path}[{index}]"), a, b, at));
        }
        (a, b) if a == b => {}
        (a, b) => at.push(format!("{path}: expected {a}, actual {b}")),
    }
}
