//! Family `e2e`: whole small clusters, and where everything in them ends up.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Recording;
use super::cluster::Cluster;
use super::placement::placement;
use super::snapshot::{failures_of, name_of, owner_of, snapshot_of};
use crate::controllers::world::Store;
use crate::manifest::pod::Pod;

/// Makes the facts of a recording.
pub(super) fn replay(recording: &Recording) -> Result<Value, String> {
    let mut cluster = Cluster::new(recording)?;
    let names: Vec<&str> =
        recording.input["objects"].as_array().into_iter().flatten().filter_map(|it| it["metadata"]["name"].as_str()).collect();
    // a random cluster has two namespaces, and actions are about the first
    let first = format!("{}-a", recording.name);
    if !names.contains(&recording.name.as_str()) && names.contains(&first.as_str()) {
        cluster.namespace = first;
    }
    let mut facts = cluster.play(recording, state)?;
    // here the recordings have an empty list where there are none
    facts.entry("steps").or_insert_with(|| json!([]));
    Ok(Value::Object(facts))
}

fn state(cluster: &Cluster) -> Value {
    let store = cluster.plane.store();
    let names: Vec<&str> = store.namespaces.iter().map(|namespace| namespace.metadata.name.as_str()).collect();
    let of = |namespace: &str| {
        let mut state = snapshot_of(cluster, namespace);
        state["placement"] = placement(store, namespace);
        (namespace.to_owned(), state)
    };
    let mut failures = Map::new();
    for namespace in &names {
        let failed = failures_of(&cluster.plane, |event| event.key.namespace == **namespace);
        if failed.as_array().is_some_and(|failed| !failed.is_empty()) {
            failures.insert((*namespace).to_owned(), failed);
        }
    }
    let used = used_by_node(store);
    let mut state = json!({
        "namespaces": names.iter().map(|namespace| of(namespace)).collect::<Map<_, _>>(),
        "pending": pending(store),
        "failures": failures,
        "placed": used.values().sum::<usize>(),
        "usedByNode": used,
    });
    let nominated = nominated(store);
    if !nominated.is_empty() {
        state["nominated"] = Value::Object(nominated);
    }
    state
}

fn used_by_node(store: &Store) -> BTreeMap<String, usize> {
    let mut used = BTreeMap::new();
    for pod in store.pods.iter().filter(|pod| !pod.spec.node_name.is_empty() && !pod.is_terminal()) {
        *used.entry(pod.spec.node_name.clone()).or_default() += 1;
    }
    used
}

/// The pods that have no node, with what the scheduler said about them.
fn pending(store: &Store) -> Value {
    let mut counts: BTreeMap<[String; 5], usize> = BTreeMap::new();
    for pod in store.pods.iter().filter(|pod| pod.spec.node_name.is_empty() && !pod.is_terminal()) {
        let conditions = &pod.status.conditions;
        let Some(condition) = conditions.iter().find(|condition| condition.r#type == "PodScheduled" && condition.status == "False") else {
            continue;
        };
        let name = name_of(store, pod).unwrap_or_default();
        let row = [&pod.metadata.namespace, &owner_of(store, pod), &name, &condition.reason, &condition.message];
        *counts.entry(row.map(Clone::clone)).or_default() += 1;
    }
    let rows = counts.into_iter().map(|([namespace, owner, name, reason, message], count)| {
        let mut row = json!({"namespace": namespace, "owner": owner, "reason": reason, "message": message, "count": count});
        if !name.is_empty() {
            row["name"] = json!(name);
        }
        row
    });
    rows.collect()
}

fn nominated(store: &Store) -> Map<String, Value> {
    let waits = |pod: &&std::sync::Arc<Pod>| !pod.status.nominated_node_name.is_empty() && pod.spec.node_name.is_empty();
    let row = |pod: &std::sync::Arc<Pod>| {
        let name = name_of(store, pod).unwrap_or_else(|| owner_of(store, pod));
        (name, json!(pod.status.nominated_node_name))
    };
    store.pods.iter().filter(waits).map(row).collect()
}
