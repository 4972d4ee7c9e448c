//! Family `expansion`: the pods that controllers make of workloads, step by step.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Recording;
use super::cluster::Cluster;
use super::snapshot::{owner_of, snapshot, state_of};
use crate::controllers::world::Store;
use crate::manifest::pod::Pod;

/// Labels whose values are hashes or uids.
const HASHES: [&str; 4] = ["pod-template-hash", "controller-revision-hash", "controller-uid", "batch.kubernetes.io/controller-uid"];

/// Labels that every pod of a workload has a value of its own for.
const PER_POD: [&str; 3] =
    ["apps.kubernetes.io/pod-index", "statefulset.kubernetes.io/pod-name", "batch.kubernetes.io/job-completion-index"];

/// Makes the facts of a recording.
pub(super) fn replay(recording: &Recording) -> Result<Value, String> {
    let mut cluster = Cluster::new(recording)?;
    let mut facts = cluster.play(recording, snapshot)?;
    facts.insert("podTemplates".to_owned(), templates(cluster.plane.store(), &cluster.namespace));
    Ok(Value::Object(facts))
}

/// What the pods of each owner have in common.
fn templates(store: &Store, namespace: &str) -> Value {
    let mut by_owner: BTreeMap<String, Vec<&Pod>> = BTreeMap::new();
    for pod in store.pods.within(namespace).filter(|pod| pod.metadata.controller().is_some()) {
        by_owner.entry(owner_of(store, pod)).or_default().push(pod);
    }
    by_owner.into_iter().map(|(owner, pods)| (owner, template(&pods))).collect()
}

fn template(pods: &[&Pod]) -> Value {
    let pod = pods[0];
    let kind = pod.metadata.controller().map_or("", |owner| owner.kind.as_str());
    let mut facts = json!({
        "labels": labels(pod),
        "hostname": if pod.spec.hostname == pod.metadata.name { json!("<pod name>") } else { text(&pod.spec.hostname) },
        "subdomain": text(&pod.spec.subdomain),
        "tolerations": pod.spec.tolerations,
        "ownerKind": kind,
    });
    if kind == "DaemonSet" {
        facts["nodes"] = nodes(pods);
        facts["affinitySample"] = affinity(pod);
    }
    facts
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

/// The labels, without those that binding copies from the node.
fn labels(pod: &Pod) -> Value {
    let value = |key: &str, value: &str| match key {
        key if HASHES.contains(&key) => json!("<hash>"),
        key if PER_POD.contains(&key) => json!("<per pod>"),
        _ => json!(value),
    };
    let labels = pod.metadata.labels.iter().filter(|(key, _)| !key.starts_with("topology.kubernetes.io/"));
    Value::Object(labels.map(|(key, text)| (key.clone(), value(key, text))).collect())
}

/// The node that a DaemonSet's pod is for, whether or not it got there.
fn node_of(pod: &Pod) -> Option<&str> {
    let required = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.as_ref()?;
    let field = required.node_selector_terms.iter().flat_map(|term| &term.match_fields).find(|field| field.key == "metadata.name")?;
    field.values.first().map(String::as_str)
}

fn nodes(pods: &[&Pod]) -> Value {
    let row = |pod: &&Pod| {
        let facts = json!({"node": node_of(pod), "state": state_of(pod), "bound": !pod.spec.node_name.is_empty()});
        (node_of(pod).unwrap_or_default().to_owned(), facts)
    };
    let by_node: BTreeMap<String, Value> = pods.iter().map(row).collect();
    by_node.into_values().collect()
}

fn affinity(pod: &Pod) -> Value {
    let text = serde_json::to_string(&pod.spec.affinity).unwrap_or_default();
    let named = node_of(pod).map(|node| text.replace(&format!("[\"{node}\"]"), "[\"<node>\"]"));
    named.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null)
}
