//! Reads a folder of recordings: `cases.jsonl` and `expected-VERSION.jsonl`, plain or gzipped.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::scheduler::version::KubernetesVersion;

/// A case: objects, pods to schedule in order, and perhaps a scheduler configuration.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// Family and number.
    pub name: String,
    /// Objects as an API server hands them out.
    #[serde(default)]
    pub objects: Vec<Value>,
    /// Pods, in the order in which they are scheduled.
    #[serde(default)]
    pub pending: Vec<Value>,
    /// A KubeSchedulerConfiguration; absent is the default.
    #[serde(default)]
    pub config: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Expected {
    name: String,
    steps: Vec<Value>,
}

/// Cases, and what was recorded for each.
#[derive(Debug, Clone, Default)]
pub struct Recordings {
    /// The cases, in order.
    pub cases: Vec<Case>,
    expected: BTreeMap<String, Vec<Value>>,
}

impl Recordings {
    /// Reads the recordings of a version in a folder; or says what is missing or wrong.
    pub fn read(folder: &Path, version: KubernetesVersion) -> Result<Self, String> {
        let cases = lines(folder, "cases")?;
        let expected: Vec<Expected> = lines(folder, &format!("expected-{version}"))?;
        Ok(Recordings { cases, expected: expected.into_iter().map(|expected| (expected.name, expected.steps)).collect() })
    }

    /// What was recorded for a case; nothing if it was not.
    pub fn expected_steps(&self, case: &str) -> &[Value] {
        self.expected.get(case).map_or(&[], Vec::as_slice)
    }
}

/// The lines of `STEM.jsonl`, plain or gzipped.
pub(super) fn lines<T: DeserializeOwned>(folder: &Path, stem: &str) -> Result<Vec<T>, String> {
    let (packed, plain) = (folder.join(format!("{stem}.jsonl.gz")), folder.join(format!("{stem}.jsonl")));
    let mut text = String::new();
    let read = if plain.exists() {
        std::fs::File::open(&plain).and_then(|mut file| file.read_to_string(&mut text))
    } else {
        std::fs::File::open(&packed).and_then(|file| flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text))
    };
    let path = if plain.exists() { plain } else { packed };
    read.map_err(|error| {
        format!("{}: {error}. A folder of recordings holds cases.jsonl(.gz) and expected-VERSION.jsonl(.gz)", path.display())
    })?;
    let parse = |(index, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| format!("{}:{}:{}: {error}", path.display(), index + 1, error.column()))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
}
