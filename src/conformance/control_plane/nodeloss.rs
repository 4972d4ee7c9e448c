//! Family `nodeloss`: kubelets that fall silent, nodes that are tainted, and when the pods there go.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::cluster::Cluster;
use super::drain::placed_state;
use super::snapshot::{name_of, owner_of};
use super::{Recording, lifecycle};
use crate::controllers::world::{Key, Moment};
use crate::manifest::node::{Node, Taint};
use crate::manifest::pod::{Condition, Pod};

/// How often a tainted node is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Makes the facts of a recording.
pub(super) fn replay(recording: &Recording) -> Result<Value, String> {
    if recording.name.starts_with(lifecycle::PREFIX) {
        return lifecycle::replay(recording);
    }
    Cluster::new(recording)?.play(recording, placed_state).map(Value::Object)
}

/// A node's kubelet falls silent.
pub(super) fn kubelet_gone(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    cluster.plane.kubelet_gone(&node_key(action).name);
    Ok(Map::new())
}

/// A node's kubelet comes back.
pub(super) fn kubelet_back(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    cluster.plane.kubelet_back(&node_key(action).name);
    Ok(Map::new())
}

/// Somebody says how a node is.
pub(super) fn node_ready(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let (status, now) = (action["status"].as_str().unwrap_or("True").to_owned(), cluster.plane.now());
    cluster.plane.change_node(&node_key(action), |node| {
        node.status.conditions.retain(|condition| condition.r#type != "Ready");
        let last_transition_time = Some(now.timestamp());
        node.status.conditions.push(Condition { r#type: "Ready".to_owned(), status, last_transition_time, ..Condition::default() });
    });
    Ok(Map::new())
}

/// Gives a node other taints, and looks for some time at what becomes of the pods that were on it.
pub(super) fn taint(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let key = node_key(action);
    let text = |taint: &Value, field: &str| taint[field].as_str().unwrap_or_default().to_owned();
    let taints = action["taints"].as_array().into_iter().flatten();
    let taints: Vec<Taint> =
        taints.map(|taint| Taint { key: text(taint, "key"), value: text(taint, "value"), effect: text(taint, "effect") }).collect();
    let mut watched = watched(cluster, &key.name);
    let start = cluster.plane.now();
    cluster.plane.change_node(&key, |node: &mut Node| node.spec.taints = taints);
    let end = start + Duration::from_secs_f64(action["observeSeconds"].as_f64().unwrap_or(0.0).max(0.0));
    cluster.plane.wait(Duration::ZERO);
    watched.iter_mut().for_each(|pod| pod.look(cluster));
    while cluster.plane.now() < end {
        cluster.plane.wait(LOOK.min(end.since(cluster.plane.now())));
        watched.iter_mut().for_each(|pod| pod.look(cluster));
    }
    Ok(Map::from_iter([("podsOnNode".to_owned(), rows(watched, start))]))
}

/// A pod that was on a node when that was tainted or lost.
pub(super) struct Watched {
    key: Key,
    uid: String,
    /// Who owns it.
    pub owner: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    was_terminating: bool,
    /// When it was first seen not to be ready.
    pub not_ready: Option<Moment>,
    /// When it was first seen to be deleted.
    pub deleted: Option<Moment>,
    /// Whether nothing of it is left.
    pub is_gone: bool,
}

/// The pods of a node, to be watched.
pub(super) fn watched(cluster: &Cluster, node: &str) -> Vec<Watched> {
    let store = cluster.plane.store();
    let pods = store.pods.within(&cluster.namespace).filter(|pod| pod.spec.node_name == node && !pod.is_terminal());
    let watched = pods.map(|pod| Watched {
        key: Key::of(&pod.metadata),
        uid: pod.metadata.uid.clone(),
        owner: owner_of(store, pod),
        name: name_of(store, pod),
        was_terminating: pod.is_terminating(),
        not_ready: None,
        deleted: None,
        is_gone: false,
    });
    watched.collect()
}

impl Watched {
    /// Looks at what has become of it by now.
    pub fn look(&mut self, cluster: &Cluster) {
        let now = cluster.plane.now();
        let found = cluster.plane.store().get::<Pod>(&self.key).filter(|found| found.metadata.uid == self.uid);
        self.is_gone = found.is_none();
        if !self.was_terminating && found.is_none_or(|found| found.is_terminating()) {
            self.deleted.get_or_insert(now);
        }
        let is_ready = |pod: &Pod| pod.status.conditions.iter().any(|condition| condition.r#type == "Ready" && condition.status == "True");
        if !found.is_some_and(|found| is_ready(found)) {
            self.not_ready.get_or_insert(now);
        }
    }
}

/// What became of the pods, those of the same fate counted together.
fn rows(watched: Vec<Watched>, start: Moment) -> Value {
    let mut counts: BTreeMap<(String, Option<String>, Option<i64>, bool), usize> = BTreeMap::new();
    for pod in watched {
        let seconds = pod.deleted.map(|moment| moment.since(start).as_secs_f64().round() as i64);
        *counts.entry((pod.owner, pod.name, seconds, pod.is_gone)).or_default() += 1;
    }
    let rows = counts.into_iter().map(|((owner, name, seconds, is_gone), count)| {
        let mut row = json!({"owner": owner, "deletionAfterSeconds": seconds, "objectGone": is_gone, "count": count});
        if let Some(name) = name {
            row["name"] = json!(name);
        }
        row
    });
    rows.collect()
}

fn node_key(action: &Value) -> Key {
    Key::new("", action["node"].as_str().unwrap_or_default())
}
