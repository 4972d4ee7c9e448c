//! A recording's cluster: objects applied one after another, actions, and what each of them answers.
//!
//! An action is a row of [`ACTIONS`]: its name in recordings and a function that does it and returns the facts of its step.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::snapshot::{name_of, owner_of, state_of};
use super::{Recording, drain, lifecycle, node, nodeloss};
use crate::controllers::node_lifecycle;
use crate::controllers::world::{Key, Moment, Stored};
use crate::manifest::networking::Ingress;
use crate::manifest::node::{Namespace, Node};
use crate::manifest::objects::Other;
use crate::manifest::pod::Pod;
use crate::manifest::policy::*;
use crate::manifest::read::read_bytes;
use crate::manifest::refusal::Refusal;
use crate::manifest::storage::*;
use crate::manifest::workload::*;
use crate::scheduler::profile::Configuration;
use crate::scheduler::version::KubernetesVersion;
use crate::simulation::{ControlPlane, PodState};

/// A recording's cluster.
pub(super) struct Cluster {
    /// The cluster.
    pub plane: ControlPlane,
    /// The namespace that is looked at.
    pub namespace: String,
}

/// What a step answers: its facts, and whether the cluster comes to rest and is looked at after it.
pub(super) struct Answer {
    /// The facts of the step.
    pub facts: Map<String, Value>,
    /// Whether the state after it is recorded.
    pub is_recorded: bool,
}

type Act = fn(&mut Cluster, &Value) -> Result<Map<String, Value>, String>;

/// The actions, by the names that recordings have for them.
const ACTIONS: &[(&str, Act)] = &[
    ("create", create),
    ("delete", delete),
    ("forceDelete", force_delete),
    ("deleteNode", node::delete),
    ("patch", patch),
    ("setPods", set_pods),
    ("newPods", new_pods),
    ("holdDelete", hold_delete),
    ("evict", evict),
    ("wait", wait),
    ("alignMinute", align_minute),
    ("cordon", node::cordon),
    ("uncordon", node::uncordon),
    ("drain", drain::drain),
    ("kubeletGone", nodeloss::kubelet_gone),
    ("kubeletBack", nodeloss::kubelet_back),
    ("nodeReady", nodeloss::node_ready),
    ("taint", nodeloss::taint),
];

/// The recorded scheduler lets no pod back off for longer.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(2);

impl Cluster {
    /// An empty cluster of a recording's version, and the namespace of its name.
    pub fn new(recording: &Recording) -> Result<Self, String> {
        let version = KubernetesVersion::ALL.into_iter().find(|version| recording.kubernetes.starts_with(&version.to_string()));
        let version = version.ok_or_else(|| format!("Kubernetes {} is not supported", recording.kubernetes))?;
        let mut plane = ControlPlane::new(version, Configuration::default());
        // whoever recorded these looked after taints himself
        if !recording.name.starts_with(lifecycle::PREFIX) {
            plane.disable(node_lifecycle::NAME);
        }
        plane.start_search_at(recording.chance.search_start);
        plane.begin_daemons_with(recording.chance.daemons_begin_with.clone());
        plane.limit_scheduling_back_off(LONGEST_BACK_OFF);
        Ok(Cluster { plane, namespace: recording.name.clone() })
    }

    /// Applies objects in order, and says what became of each.
    pub fn apply(&mut self, objects: &Value) -> Result<Vec<Value>, String> {
        objects.as_array().into_iter().flatten().map(|object| self.apply_one(object)).collect()
    }

    fn apply_one(&mut self, object: &Value) -> Result<Value, String> {
        let (kind, metadata) = (object["kind"].as_str().unwrap_or_default(), &object["metadata"]);
        let name = metadata["name"].as_str().or(metadata["generateName"].as_str()).unwrap_or_default();
        let reference = match metadata["namespace"].as_str() {
            Some(namespace) => format!("{kind}/{namespace}/{name}"),
            None => format!("{kind}/{name}"),
        };
        let mut answer = Map::new();
        answer.insert("ref".to_owned(), json!(reference));
        match post(&mut self.plane, kind, object) {
            Ok(()) => _ = answer.insert("code".to_owned(), json!(201)),
            Err(refusal) => answer.extend(refused(&refusal)),
        }
        if is_workload(kind) {
            self.plane.settle();
        }
        Ok(Value::Object(answer))
    }

    /// Does an action.
    pub fn act(&mut self, action: &Value) -> Result<Answer, String> {
        let name = action["op"].as_str().unwrap_or_default();
        let row = ACTIONS.iter().find(|(op, _)| *op == name).ok_or_else(|| format!("action {name} is not known"))?;
        let mut facts = (row.1)(self, action)?;
        facts.insert("op".to_owned(), json!(name));
        let is_recorded = action["record"] != json!(false) && name != "newPods";
        Ok(Answer { facts, is_recorded })
    }

    /// Does all actions, and returns the facts of each with the state after it.
    pub fn steps(&mut self, actions: &Value, state: impl Fn(&Cluster) -> Value) -> Result<Vec<Value>, String> {
        let mut steps = Vec::new();
        for action in actions.as_array().into_iter().flatten() {
            let mut answer = self.act(action)?;
            self.plane.settle();
            if answer.is_recorded {
                answer.facts.insert("state".to_owned(), state(self));
            }
            steps.push(Value::Object(answer.facts));
        }
        Ok(steps)
    }

    /// Plays a recording: what was refused of its objects, the state after they were applied, and the steps, if there are any.
    pub fn play(&mut self, recording: &Recording, state: impl Fn(&Cluster) -> Value) -> Result<Map<String, Value>, String> {
        let mut facts = self.begin(recording, &state)?;
        self.go_on(recording, &state, &mut facts)?;
        Ok(facts)
    }

    /// The first half of [`Cluster::play`]: the objects.
    pub fn begin(&mut self, recording: &Recording, state: impl Fn(&Cluster) -> Value) -> Result<Map<String, Value>, String> {
        let applied = self.apply(&recording.input["objects"])?;
        let rejected: Value = applied.into_iter().filter(|answer| answer["code"] != json!(201)).collect();
        self.plane.settle();
        Ok(Map::from_iter([("rejected".to_owned(), rejected), ("initial".to_owned(), state(self))]))
    }

    /// The second half of [`Cluster::play`]: the actions. Whether there are any.
    pub fn go_on(
        &mut self,
        recording: &Recording,
        state: impl Fn(&Cluster) -> Value,
        facts: &mut Map<String, Value>,
    ) -> Result<bool, String> {
        let actions = &recording.input["actions"];
        let has_any = actions.as_array().is_some_and(|actions| !actions.is_empty());
        if has_any {
            facts.insert("steps".to_owned(), Value::Array(self.steps(actions, state)?));
        }
        Ok(has_any)
    }

    /// Keys of the pods of the namespace that are not being deleted, by name.
    pub fn pods(&self) -> Vec<Key> {
        let pods = self.plane.store().pods.within(&self.namespace).filter(|pod| !pod.is_terminating());
        let mut keys: Vec<Key> = pods.map(|pod| Key::of(&pod.metadata)).collect();
        keys.sort_unstable();
        keys
    }

    /// Those of [`Cluster::pods`] that an action's `owner` and `state` ask for.
    pub fn selected(&self, action: &Value) -> Vec<Key> {
        let is_meant = |key: &Key| {
            let Some(pod) = self.plane.store().get::<Pod>(key) else { return false };
            let owner_fits = action["owner"].as_str().is_none_or(|owner| owner_of(self.plane.store(), pod) == owner);
            owner_fits && action["state"].as_str().is_none_or(|state| state_of(pod) == state)
        };
        self.pods().into_iter().filter(is_meant).collect()
    }
}

/// The facts of a refusal.
pub(super) fn refused(refusal: &Refusal) -> Map<String, Value> {
    let mut facts = Map::new();
    facts.insert("code".to_owned(), json!(refusal.code));
    if !refusal.reason.is_empty() {
        facts.insert("reason".to_owned(), json!(refusal.reason));
    }
    facts.insert("message".to_owned(), json!(refusal.message));
    facts
}

/// Evicts pods in the order of their names, and lets the cluster come to rest after each.
fn evict(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let mut answers = Vec::new();
    for (index, key) in cluster.selected(action).into_iter().enumerate() {
        let mut facts = evict_one(cluster, &key);
        facts.insert("index".to_owned(), json!(index));
        if facts["code"] == json!(201) && action["settle"] != json!(false) {
            cluster.plane.settle();
        }
        answers.push(Value::Object(facts));
    }
    Ok(Map::from_iter([("evictions".to_owned(), Value::Array(answers))]))
}

/// Evicts a pod: who it was, and the answer.
pub(super) fn evict_one(cluster: &mut Cluster, key: &Key) -> Map<String, Value> {
    let store = cluster.plane.store();
    let mut facts = Map::new();
    if let Some(pod) = store.get::<Pod>(key) {
        facts.insert("owner".to_owned(), json!(owner_of(store, pod)));
        facts.insert("stateBefore".to_owned(), json!(state_of(pod)));
        facts.extend(name_of(store, pod).map(|name| ("name".to_owned(), json!(name))));
    }
    match cluster.plane.evict(key) {
        Ok(()) => _ = facts.insert("code".to_owned(), json!(201)),
        Err(refusal) => {
            facts.extend(refused(&refusal));
            let causes: Vec<Value> = refusal.causes.iter().map(|cause| json!({"reason": cause.reason, "message": cause.message})).collect();
            if !causes.is_empty() {
                facts.insert("causes".to_owned(), Value::Array(causes));
            }
            facts.extend(refusal.retry_after_seconds.map(|seconds| ("retryAfterSeconds".to_owned(), json!(seconds))));
        }
    }
    facts
}

/// Whether the cluster is left to come to rest after an object of this kind.
fn is_workload(kind: &str) -> bool {
    ["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "ResourceQuota"]
        .contains(&kind)
}

macro_rules! by_kind {
    ($( $kind:ident )*) => {
        /// Creates an object as it is written: what makes no sense is for the server to refuse.
        fn post(plane: &mut ControlPlane, kind: &str, object: &Value) -> Result<(), Refusal> {
            let text = object.to_string();
            match kind {
                "Node" => match serde_json::from_slice::<Node>(text.as_bytes()) {
                    Ok(object) => node::post(plane, object),
                    Err(error) => Err(unreadable(kind, &error)),
                },
                $( stringify!($kind) => match serde_json::from_slice::<$kind>(text.as_bytes()) {
                    Ok(object) => plane.create(object).map(|_| ()),
                    Err(error) => Err(unreadable(kind, &error)),
                }, )*
                _ => post_others(plane, read_bytes(kind, text.as_bytes()).objects.others),
            }
        }

        fn patch_kind(plane: &mut ControlPlane, kind: &str, key: &Key, patch: &Value) -> Result<(), Refusal> {
            match kind {
                $( stringify!($kind) => plane.patch::<$kind>(key, patch), )*
                // nothing that is looked at depends on what is in it
                _ => find_other(plane, kind, key).map(|_| ()),
            }
        }

        fn delete_kind(plane: &mut ControlPlane, kind: &str, key: &Key, orphan: bool) -> Result<(), Refusal> {
            match kind {
                "Pod" => plane.remove_pod(key, None),
                "PersistentVolumeClaim" => plane.delete_claim(key),
                $( stringify!($kind) => plane.delete::<$kind>(key, orphan), )*
                _ => find_other(plane, kind, key).and_then(|key| plane.delete::<Other>(&key, false)),
            }
        }
    };
}

by_kind! {
    Namespace
    Node
    StorageClass
    PriorityClass
    RuntimeClass
    LimitRange
    ResourceQuota
    PersistentVolume
    PersistentVolumeClaim
    Service
    Ingress
    PodDisruptionBudget
    HorizontalPodAutoscaler
    Pod
    Deployment
    ReplicaSet
    ReplicationController
    StatefulSet
    DaemonSet
    Job
    CronJob
}

fn post_others(plane: &mut ControlPlane, others: Vec<Other>) -> Result<(), Refusal> {
    others.into_iter().try_for_each(|other| plane.create(other).map(|_| ()))
}

/// The server's answer to what is not even of the right form.
fn unreadable(kind: &str, error: &serde_json::Error) -> Refusal {
    Refusal::new(400, "BadRequest", format!("{kind} in version \"v1\" cannot be handled as a {kind}: {error}"))
}

/// The key of an object of a kind that is not modelled.
fn find_other(plane: &ControlPlane, kind: &str, key: &Key) -> Result<Key, Refusal> {
    let is_meant = |other: &&std::sync::Arc<Other>| other.kind == kind && other.metadata.name == key.name;
    let found = plane.store().others.within(&key.namespace).find(is_meant).map(|other| other.key());
    found.ok_or_else(|| Refusal::not_found(&format!("{}s", kind.to_lowercase()), &key.name))
}

fn create(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let applied = cluster.apply(&action["objects"])?;
    Ok(Map::from_iter([("applied".to_owned(), Value::Array(applied))]))
}

fn target(cluster: &Cluster, action: &Value) -> (String, Key) {
    let kind = action["kind"].as_str().unwrap_or_default().to_owned();
    let is_wide = ["Node", "Namespace", "StorageClass", "PriorityClass", "RuntimeClass", "PersistentVolume"].contains(&kind.as_str());
    let namespace = action["namespace"].as_str().unwrap_or(if is_wide { "" } else { &cluster.namespace });
    (kind, Key::new(namespace, action["name"].as_str().unwrap_or_default()))
}

/// `code`, and `message` where it was refused.
pub(super) fn answer(result: Result<(), Refusal>) -> Map<String, Value> {
    match result {
        Ok(()) => Map::from_iter([("code".to_owned(), json!(200))]),
        Err(refusal) => Map::from_iter([("code".to_owned(), json!(refusal.code)), ("message".to_owned(), json!(refusal.message))]),
    }
}

fn delete(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let (kind, key) = target(cluster, action);
    Ok(answer(delete_kind(&mut cluster.plane, &kind, &key, action["policy"] == json!("Orphan"))))
}

fn patch(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let (kind, key) = target(cluster, action);
    Ok(answer(patch_kind(&mut cluster.plane, &kind, &key, &action["patch"])))
}

/// Deletes a pod without grace: its kubelet is not waited for.
fn force_delete(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let (_, key) = target(cluster, action);
    Ok(answer(cluster.plane.remove_pod(&key, Some(0))))
}

fn set_pods(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let state = match action["to"].as_str().unwrap_or_default() {
        "Running/Ready" => PodState::Ready,
        "Running/NotReady" => PodState::NotReady,
        "Pending/Bound" => PodState::Pending,
        "Succeeded" => PodState::Succeeded,
        "Failed" => PodState::Failed,
        other => return Err(format!("pods cannot be set to {other:?}")),
    };
    let mut keys = cluster.selected(action);
    if let Some(indices) = action["indices"].as_array() {
        let wanted: Vec<usize> = indices.iter().filter_map(|index| usize::try_from(index.as_u64()?).ok()).collect();
        keys = wanted.iter().filter_map(|&index| keys.get(index).cloned()).collect();
    }
    if let Some(first) = action["first"].as_u64() {
        keys.truncate(usize::try_from(first).unwrap_or(usize::MAX));
    }
    keys.iter().for_each(|key| cluster.plane.set_pod(key, state));
    Ok(Map::from_iter([("touched".to_owned(), json!(keys.len()))]))
}

fn new_pods(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let state = match action["state"].as_str().unwrap_or_default() {
        "ready" => PodState::Ready,
        "notready" => PodState::NotReady,
        "pending" => PodState::Pending,
        other => return Err(format!("new pods cannot be {other:?}")),
    };
    let namespace = cluster.namespace.clone();
    cluster.plane.kubelets_mut().new_pods.insert(namespace, state);
    Ok(Map::new())
}

fn hold_delete(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let namespace = cluster.namespace.clone();
    cluster.plane.hold_deleted(&namespace, action["on"] == json!(true));
    Ok(Map::new())
}

fn wait(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let seconds = action["seconds"].as_f64().unwrap_or_default();
    cluster.plane.wait(Duration::from_millis((seconds * 1000.0) as u64));
    Ok(Map::new())
}

/// Waits for second 05 of a minute.
fn align_minute(cluster: &mut Cluster, _: &Value) -> Result<Map<String, Value>, String> {
    let into_minute = |moment: Moment| moment.milliseconds().rem_euclid(60_000);
    let missing = (65_000 - into_minute(cluster.plane.now())) % 60_000;
    cluster.plane.wait(Duration::from_millis(missing.unsigned_abs()));
    Ok(Map::new())
}
