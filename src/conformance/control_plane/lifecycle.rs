//! Recordings `nodeloss-lifecycle-*` of the family `nodeloss`: the node lifecycle controller runs, kubelets fall silent, and what
//! happens is timed.
//!
//! Where the pods were to begin with is not a fact but was brought about: while a workload started, all nodes were cordoned but
//! those that `podsOnNodeBefore` has pods of it on. `timelineSeconds` says for each node that was lost, in seconds since the first was,
//! when its condition `Ready` changed and taints came (`nodeEvents`), and when its pods were no longer ready, deleted, and gone (`pods`).
//! Of these recordings only the facts that are there are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Recording;
use super::cluster::Cluster;
use super::drain::placed_state;
use super::nodeloss::{Watched, watched};
use crate::controllers::world::{Key, Moment};
use crate::manifest::node::Node;

/// What the names of these recordings begin with.
pub(super) const PREFIX: &str = "nodeloss-lifecycle-";

const SECOND: Duration = Duration::from_secs(1);

/// Makes the facts of a recording.
pub(super) fn replay(recording: &Recording) -> Result<Value, String> {
    let mut cluster = Cluster::new(recording)?;
    let mut rejected = Vec::new();
    for object in recording.input["objects"].as_array().into_iter().flatten() {
        let cordoned = cordon(&mut cluster, &nodes_of(object, &recording.expect["podsOnNodeBefore"]));
        rejected.extend(cluster.apply(&json!([object]))?.into_iter().filter(|answer| answer["code"] != json!(201)));
        cluster.plane.settle();
        cordoned.iter().for_each(|key| cluster.plane.change_node(key, |node| node.spec.unschedulable = false));
    }
    cluster.plane.settle();
    let mut facts = Map::from_iter([("rejected".to_owned(), Value::Array(rejected)), ("initial".to_owned(), placed_state(&cluster))]);
    let mut timeline = Timeline::default();
    let mut steps = Vec::new();
    for action in recording.input["actions"].as_array().into_iter().flatten() {
        steps.push(step(&mut cluster, action, &mut timeline)?);
    }
    facts.insert("steps".to_owned(), Value::Array(steps));
    facts.insert("timelineSeconds".to_owned(), timeline.facts());
    facts.insert("podsOnNodeBefore".to_owned(), recording.expect["podsOnNodeBefore"].clone());
    facts.retain(|name, _| recording.expect.get(name).is_some());
    Ok(Value::Object(facts))
}

/// The nodes that are to have pods of a workload; none if it has no say in that.
fn nodes_of(object: &Value, before: &Value) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let owner = format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]));
    let has = |pods: &Value| match pods {
        Value::Object(owners) => owners.contains_key(&owner),
        Value::Array(rows) => rows.iter().any(|row| row["owner"] == json!(owner)),
        _ => false,
    };
    let nodes = before.as_object().into_iter().flatten();
    nodes.filter(|(_, pods)| has(pods)).map(|(node, _)| node.clone()).collect()
}

/// Cordons all nodes but these, if there are any; the ones it cordoned.
fn cordon(cluster: &mut Cluster, open: &BTreeSet<String>) -> Vec<Key> {
    let is_shut = |node: &Node| !open.is_empty() && !open.contains(&node.metadata.name) && !node.spec.unschedulable;
    let nodes = cluster.plane.store().nodes.iter().filter(|node| is_shut(node));
    let keys: Vec<Key> = nodes.map(|node| Key::of(&node.metadata)).collect();
    keys.iter().for_each(|key| cluster.plane.change_node(key, |node| node.spec.unschedulable = true));
    keys
}

/// Does an action. Time that passes is looked at second by second.
fn step(cluster: &mut Cluster, action: &Value, timeline: &mut Timeline) -> Result<Value, String> {
    let name = action["op"].as_str().unwrap_or_default();
    if name == "kubeletGone" {
        timeline.lose(cluster, action["node"].as_str().unwrap_or_default());
    }
    let seconds = if name == "wait" { action["seconds"].as_u64().unwrap_or(0) } else { 0 };
    for _ in 0..seconds {
        cluster.plane.wait(SECOND);
        timeline.look(cluster);
    }
    let rest = if name == "wait" { json!({"op": name, "seconds": 0}) } else { action.clone() };
    let mut answer = cluster.act(&rest)?;
    cluster.plane.settle();
    timeline.look(cluster);
    if answer.is_recorded {
        answer.facts.insert("state".to_owned(), placed_state(cluster));
    }
    Ok(Value::Object(answer.facts))
}

/// What happened to the nodes that were lost.
#[derive(Default)]
struct Timeline {
    start: Option<Moment>,
    nodes: BTreeMap<String, Lost>,
}

struct Lost {
    events: BTreeMap<String, i64>,
    pods: Vec<Watched>,
}

impl Timeline {
    fn lose(&mut self, cluster: &Cluster, node: &str) {
        self.start.get_or_insert(cluster.plane.now());
        let lost = Lost { events: BTreeMap::new(), pods: watched(cluster, node) };
        self.nodes.entry(node.to_owned()).or_insert(lost);
    }

    fn look(&mut self, cluster: &Cluster) {
        let Some(start) = self.start else { return };
        let now = cluster.plane.now();
        for (name, lost) in &mut self.nodes {
            lost.pods.iter_mut().for_each(|pod| pod.look(cluster));
            let Some(node) = cluster.plane.store().get::<Node>(&Key::new("", name)) else { continue };
            let taints = node.spec.taints.iter().map(|taint| format!("{}:{}", taint.key, taint.effect));
            let changed = node.status.conditions.iter().filter(|condition| condition.r#type == "Ready" && condition.status != "True");
            for event in taints.chain(changed.map(|condition| format!("Ready={}", condition.status))) {
                lost.events.entry(event).or_insert_with(|| seconds(now, start));
            }
        }
    }

    fn facts(self) -> Value {
        let Some(start) = self.start else { return json!({}) };
        let row = |pod: Watched| {
            let after = |moment: Option<Moment>| moment.map(|moment| seconds(moment, start));
            let mut row = json!({"owner": pod.owner, "notReadyAfterSeconds": after(pod.not_ready), "deletionAfterSeconds": after(pod.deleted), "objectGone": pod.is_gone});
            if let Some(name) = pod.name {
                row["name"] = json!(name);
            }
            row
        };
        let facts = |lost: Lost| json!({"nodeEvents": lost.events, "pods": lost.pods.into_iter().map(row).collect::<Vec<_>>()});
        self.nodes.into_iter().map(|(node, lost)| (node, facts(lost))).collect()
    }
}

fn seconds(moment: Moment, start: Moment) -> i64 {
    moment.since(start).as_secs_f64().round() as i64
}
