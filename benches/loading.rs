//! How many bytes a second are loaded: a List of pods, as JSON and as YAML.
//!
//! `cargo bench --bench loading`.

use divan::Bencher;
use divan::counter::BytesCount;
use plimsoll::manifest::read::read_str;
use serde_json::{Value, json};

fn main() {
    divan::main();
}

/// A pod with what real dumps carry and placing does not need: environment, managed fields, statuses.
fn pod(index: usize) -> Value {
    let environment: Vec<Value> = (0..20).map(|variable| json!({"name": format!("VARIABLE_{variable}"), "value": "some value"})).collect();
    let managed = json!([{"manager": "kubelet", "operation": "Update", "fieldsV1": {"f:status": {"f:conditions": {"f:type": {}}}}}]);
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("pod-{index}"), "namespace": "bench", "uid": format!("uid-{index}"), "labels": {"app": format!("app-{}", index / 10)},
            "managedFields": managed},
        "spec": {"nodeName": format!("node-{}", index % 500), "containers": [{"name": "main", "image": "registry.example/app:1", "env": environment,
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}}]},
        "status": {"phase": "Running", "startTime": "2026-01-01T00:00:00Z", "conditions": [{"type": "Ready", "status": "True"}]}})
}

fn list(pods: usize) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": (0..pods).map(pod).collect::<Vec<_>>()})
}

#[divan::bench(sample_count = 5)]
fn json_10000_pods(bencher: Bencher) {
    let text = list(10_000).to_string();
    bencher.counter(BytesCount::of_str(&text)).bench(|| read_str("bench.json", &text));
}

#[divan::bench(sample_count = 5)]
fn yaml_1000_pods(bencher: Bencher) {
    let text = serde_saphyr::to_string(&list(1000)).expect("plain data");
    bencher.counter(BytesCount::of_str(&text)).bench(|| read_str("bench.yaml", &text));
}
