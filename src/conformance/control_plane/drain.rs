//! Family `drain`: a node is emptied by evictions, pass after pass, until one brings nothing more.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Recording;
use super::cluster::{Cluster, evict_one};
use super::placement::placement;
use super::snapshot::{owner_of, snapshot};
use crate::controllers::world::Key;
use crate::manifest::pod::Pod;

/// A node that is not cordoned gets as many pods as it loses, and is not drained for ever.
const PASSES_AT_MOST: usize = 20;

/// Makes the facts of a recording.
pub(super) fn replay(recording: &Recording) -> Result<Value, String> {
    Cluster::new(recording)?.play(recording, placed_state).map(Value::Object)
}

/// The state of the cluster's namespace, and where its pods are.
pub(super) fn placed_state(cluster: &Cluster) -> Value {
    let mut state = snapshot(cluster);
    state["placement"] = placement(cluster.plane.store(), &cluster.namespace);
    state
}

/// Evicts what is on a node, but for pods of DaemonSets, and lets the cluster come to rest after each that went; again and again,
/// as long as any went.
pub(super) fn drain(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let node = action["node"].as_str().unwrap_or_default();
    let mut passes = Vec::new();
    while passes.len() < PASSES_AT_MOST {
        let pods = evictable(cluster, node);
        if pods.is_empty() {
            break;
        }
        let (answers, is_success) = pass(cluster, pods.into_iter().map(|(_, key)| key));
        passes.push(Value::Array(answers));
        if !is_success {
            break;
        }
    }
    let mut blocked: BTreeMap<String, usize> = BTreeMap::new();
    for (owner, _) in evictable(cluster, node) {
        *blocked.entry(owner).or_default() += 1;
    }
    Ok(Map::from_iter([("passes".to_owned(), Value::Array(passes)), ("blocked".to_owned(), json!(blocked))]))
}

/// One pass: the answers, and whether any pod went.
fn pass(cluster: &mut Cluster, keys: impl Iterator<Item = Key>) -> (Vec<Value>, bool) {
    let mut answers = Vec::new();
    let mut is_success = false;
    for key in keys {
        let mut facts = evict_one(cluster, &key);
        facts.remove("reason");
        facts.remove("retryAfterSeconds");
        // here the causes are their messages alone
        if let Some(Value::Array(causes)) = facts.get_mut("causes") {
            causes.iter_mut().for_each(|cause| *cause = cause["message"].take());
        }
        if facts["code"] == json!(201) {
            is_success = true;
            cluster.plane.settle();
        }
        answers.push(Value::Object(facts));
    }
    (answers, is_success)
}

/// The pods that a drain of a node evicts, by owner and name.
fn evictable(cluster: &Cluster, node: &str) -> Vec<(String, Key)> {
    let store = cluster.plane.store();
    let is_daemon = |pod: &Pod| pod.metadata.controller().is_some_and(|owner| owner.kind == "DaemonSet");
    let pods = store.pods.iter().filter(|pod| pod.spec.node_name == node && !pod.is_terminating() && !is_daemon(pod));
    let mut pods: Vec<(String, Key)> = pods.map(|pod| (owner_of(store, pod), Key::of(&pod.metadata))).collect();
    pods.sort_unstable();
    pods
}
