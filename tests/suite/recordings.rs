//! The recordings of the real scheduler, `fixtures/conformance/*.jsonl.gz`, read as plainly as can be.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use plimsoll::manifest::Objects;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A case: objects, pods to schedule in order, and perhaps a scheduler configuration.
#[derive(Deserialize)]
pub struct Case {
    pub name: String,
    pub objects: Vec<Value>,
    pub pending: Vec<Value>,
    #[serde(default)]
    pub config: Value,
}

/// What the real scheduler did in one case.
#[derive(Deserialize)]
pub struct Expected {
    pub name: String,
    pub steps: Vec<Step>,
}

/// One scheduling attempt.
#[derive(Deserialize)]
pub struct Step {
    pub pod: String,
    pub outcome: String,
    #[serde(default)]
    pub node: Option<String>,
    #[serde(default)]
    pub feasible: Vec<String>,
    #[serde(default)]
    pub rejected: BTreeMap<String, Rejection>,
    #[serde(default)]
    pub preemption: Option<Preemption>,
}

/// Why a node was refused.
#[derive(Deserialize)]
pub struct Rejection {
    pub plugin: String,
    pub reasons: Vec<String>,
}

/// Who was removed.
#[derive(Deserialize)]
pub struct Preemption {
    pub victims: Vec<String>,
}

/// All cases.
pub fn cases() -> Vec<Case> {
    lines("cases.jsonl.gz")
}

/// What a version of Kubernetes did in all cases.
pub fn expected(version: &str) -> Vec<Expected> {
    lines(&format!("expected-{version}.jsonl.gz"))
}

fn lines<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance").join(file);
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    lines.map(|line| serde_json::from_str(&line.expect("a line of text")).expect("a recording")).collect()
}

impl Case {
    /// The objects of the case by kind; the pending pods come last, in their order.
    pub fn objects(&self) -> Objects {
        by_kind(self.objects.iter().chain(&self.pending))
    }
}

/// API objects by kind; what names no kind is a pod.
pub fn by_kind<'a>(values: impl IntoIterator<Item = &'a Value>) -> Objects {
    let mut objects = Objects::default();
    for value in values {
        match value["kind"].as_str().unwrap_or("Pod") {
            "Pod" => objects.pods.push(read(value)),
            "Node" => objects.nodes.push(read(value)),
            "Namespace" => objects.namespaces.push(read(value)),
            "Service" => objects.services.push(read(value)),
            "ReplicaSet" => objects.replica_sets.push(read(value)),
            "PersistentVolumeClaim" => objects.persistent_volume_claims.push(read(value)),
            "PersistentVolume" => objects.persistent_volumes.push(read(value)),
            "StorageClass" => objects.storage_classes.push(read(value)),
            "CSINode" => objects.csi_nodes.push(read(value)),
            "CSIDriver" => objects.csi_drivers.push(read(value)),
            "CSIStorageCapacity" => objects.csi_storage_capacities.push(read(value)),
            "VolumeAttachment" => objects.volume_attachments.push(read(value)),
            "PodDisruptionBudget" => objects.pod_disruption_budgets.push(read(value)),
            "PriorityClass" => objects.priority_classes.push(read(value)),
            other => panic!("no arm for kind {other}"),
        }
    }
    objects
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("an API object")
}
