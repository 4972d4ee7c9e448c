//! The state of a namespace as recordings have it: pods by owner and state, workloads, quotas, claims, budgets.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::cluster::Cluster;
use crate::controllers::world::{Key, Store};
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::{Pod, ResourceList};
use crate::manifest::workload::{Job, ReplicaSet};
use crate::simulation::{ControlPlane, Event};

const REVISION: &str = "deployment.kubernetes.io/revision";

/// The state of the cluster's namespace.
pub(super) fn snapshot(cluster: &Cluster) -> Value {
    snapshot_of(cluster, &cluster.namespace)
}

/// The state of a namespace; parts that it has nothing of are absent.
pub(super) fn snapshot_of(cluster: &Cluster, namespace: &str) -> Value {
    let store = cluster.plane.store();
    let mut state = Map::new();
    state.insert("pods".to_owned(), pods(store, namespace));
    state.insert("workloads".to_owned(), Value::Object(workloads(store, namespace)));
    let mut add = |name: &str, part: Map<String, Value>| {
        if !part.is_empty() {
            state.insert(name.to_owned(), Value::Object(part));
        }
    };
    add("quotas", quotas(cluster, namespace));
    add("pvcs", claims(store, namespace));
    add("pdbs", budgets(store, namespace));
    Value::Object(state)
}

/// Whether a pod's name does not depend on chance.
fn is_named(store: &Store, pod: &Pod) -> bool {
    pod.metadata.controller().is_none_or(|owner| owner.kind == "StatefulSet") || index_of(store, pod).is_some()
}

/// `job[index]` for a pod of an indexed Job.
fn index_of(store: &Store, pod: &Pod) -> Option<String> {
    let owner = pod.metadata.controller().filter(|owner| owner.kind == "Job")?;
    let job = store.get::<Job>(&Key::new(&pod.metadata.namespace, &owner.name))?;
    let index = pod.metadata.annotations.get("batch.kubernetes.io/job-completion-index")?;
    (job.spec.completion_mode.as_deref() == Some("Indexed")).then(|| format!("{}[{index}]", owner.name))
}

/// The name recordings have for a pod, where it has one.
pub(super) fn name_of(store: &Store, pod: &Pod) -> Option<String> {
    is_named(store, pod).then(|| index_of(store, pod).unwrap_or_else(|| pod.metadata.name.clone()))
}

/// Who owns a pod in the end: the Deployment of its ReplicaSet, the CronJob of its Job.
pub(super) fn owner_of(store: &Store, pod: &Pod) -> String {
    let Some(owner) = pod.metadata.controller() else { return format!("Pod/{}", pod.metadata.name) };
    let key = Key::new(&pod.metadata.namespace, &owner.name);
    let above = match owner.kind.as_str() {
        "ReplicaSet" => store.get::<ReplicaSet>(&key).and_then(|set| titled(&set.metadata)),
        "Job" => store.get::<Job>(&key).and_then(|job| titled(&job.metadata)),
        _ => None,
    };
    let own = || match store.get::<ReplicaSet>(&key).filter(|_| owner.kind == "ReplicaSet") {
        Some(set) => set_name(set),
        None => owner.name.clone(),
    };
    above.unwrap_or_else(|| format!("{}/{}", owner.kind, own()))
}

/// The name of a ReplicaSet, with `<hash>` for the hash of one that a Deployment made.
fn set_name(set: &ReplicaSet) -> String {
    let hash = set.metadata.labels.get("pod-template-hash");
    let stem = hash.and_then(|hash| set.metadata.name.strip_suffix(hash.as_str())).filter(|stem| stem.ends_with('-'));
    stem.map_or_else(|| set.metadata.name.clone(), |stem| format!("{stem}<hash>"))
}

fn titled(metadata: &ObjectMeta) -> Option<String> {
    metadata.controller().map(|owner| format!("{}/{}", owner.kind, owner.name))
}

/// The state of a pod in one word.
pub(super) fn state_of(pod: &Pod) -> &'static str {
    if pod.is_terminating() {
        return "Terminating";
    }
    match pod.status.phase.as_str() {
        "Succeeded" => "Succeeded",
        "Failed" => "Failed",
        "Running" if is_true(pod, "Ready") => "Running/Ready",
        "Running" => "Running/NotReady",
        _ if pod.spec.node_name.is_empty() => "Pending/Unbound",
        _ => "Pending/Bound",
    }
}

fn is_true(pod: &Pod, kind: &str) -> bool {
    pod.status.conditions.iter().any(|condition| condition.r#type == kind && condition.status == "True")
}

fn pods(store: &Store, namespace: &str) -> Value {
    let mut counts: BTreeMap<(String, Option<String>, &str), usize> = BTreeMap::new();
    for pod in store.pods.within(namespace) {
        *counts.entry((owner_of(store, pod), name_of(store, pod), state_of(pod))).or_default() += 1;
    }
    let rows = counts.into_iter().map(|((owner, name, state), count)| {
        let mut row = json!({"owner": owner, "state": state, "count": count});
        if let Some(name) = name {
            row["name"] = json!(name);
        }
        row
    });
    rows.collect()
}

/// An object as JSON; by way of text, which all kinds can be written as anyway.
fn written<T: Serialize>(object: &T) -> Value {
    serde_json::to_string(object).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Some fields of a status; what is not written is zero.
fn numbers<T: Serialize>(object: &T, fields: &[&str]) -> Map<String, Value> {
    let status = written(object)["status"].take();
    fields.iter().map(|&field| (field.to_owned(), status.get(field).cloned().unwrap_or(json!(0)))).collect()
}

/// Conditions by type; each with its status and reason, and its message if it is wanted.
fn conditions<T: Serialize>(object: &T, with_message: bool) -> Map<String, Value> {
    let list = written(object)["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let row = |condition: Value| {
        let mut facts = json!({"status": condition["status"], "reason": condition["reason"]});
        if matches!(facts["reason"].as_str(), Some("NewReplicaSetCreated" | "ReplicaSetUpdated")) {
            facts["reason"] = json!("NewReplicaSetCreated|ReplicaSetUpdated");
        }
        if with_message {
            facts["message"] = condition.get("message").cloned().unwrap_or(json!(""));
        }
        (condition["type"].as_str().unwrap_or_default().to_owned(), facts)
    };
    list.into_iter().map(row).collect()
}

const REPLICAS: [&str; 3] = ["replicas", "readyReplicas", "availableReplicas"];

fn workloads(store: &Store, namespace: &str) -> Map<String, Value> {
    let mut all = Map::new();
    let mut add = |title: String, facts: Map<String, Value>| _ = all.insert(title, Value::Object(facts));
    for deployment in store.deployments.within(namespace) {
        let mut facts = numbers(&**deployment, &REPLICAS);
        facts.extend(numbers(&**deployment, &["updatedReplicas", "unavailableReplicas"]));
        facts.insert("conditions".to_owned(), Value::Object(conditions(&**deployment, false)));
        facts.insert("replicaSets".to_owned(), replica_sets(store, &deployment.metadata));
        add(format!("Deployment/{}", deployment.metadata.name), facts);
    }
    for set in store.replica_sets.within(namespace).filter(|set| set.metadata.controller().is_none()) {
        let mut facts = numbers(&**set, &REPLICAS);
        facts.extend(numbers(&**set, &["fullyLabeledReplicas"]));
        add_conditions(&mut facts, &**set);
        add(format!("ReplicaSet/{}", set_name(set)), facts);
    }
    for controller in store.replication_controllers.within(namespace) {
        let mut facts = numbers(&**controller, &REPLICAS);
        add_conditions(&mut facts, &**controller);
        add(format!("ReplicationController/{}", controller.metadata.name), facts);
    }
    for set in store.stateful_sets.within(namespace) {
        let mut facts = numbers(&**set, &REPLICAS);
        facts.extend(numbers(&**set, &["currentReplicas", "updatedReplicas"]));
        let revisions = numbers(&**set, &["currentRevision", "updateRevision"]);
        facts.insert("rollingOut".to_owned(), json!(revisions["currentRevision"] != revisions["updateRevision"]));
        add(format!("StatefulSet/{}", set.metadata.name), facts);
    }
    for set in store.daemon_sets.within(namespace) {
        add(format!("DaemonSet/{}", set.metadata.name), numbers(&**set, &DAEMON_SET));
    }
    jobs(store, namespace, &mut add);
    all
}

const DAEMON_SET: [&str; 7] = [
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "numberMisscheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
];

/// Conditions are a fact only where there are some.
fn add_conditions<T: Serialize>(facts: &mut Map<String, Value>, object: &T) {
    let conditions = conditions(object, true);
    if !conditions.is_empty() {
        facts.insert("conditions".to_owned(), nameless(Value::Object(conditions)));
    }
}

fn replica_sets(store: &Store, deployment: &ObjectMeta) -> Value {
    let is_its = |set: &&std::sync::Arc<ReplicaSet>| set.metadata.controller().is_some_and(|owner| owner.uid == deployment.uid);
    let revision = |set: &ReplicaSet| set.metadata.annotations.get(REVISION).and_then(|revision| revision.parse::<i64>().ok()).unwrap_or(0);
    let mut sets: Vec<_> = store.replica_sets.within(&deployment.namespace).filter(is_its).collect();
    sets.sort_by_key(|set| revision(set));
    let row = |set: &std::sync::Arc<ReplicaSet>| {
        let mut facts = numbers(&**set, &REPLICAS);
        facts.insert("revision".to_owned(), json!(revision(set)));
        facts.insert("spec".to_owned(), json!(set.spec.replicas.unwrap_or(1)));
        add_conditions(&mut facts, &**set);
        Value::Object(facts)
    };
    sets.into_iter().map(row).collect()
}

/// Jobs of a CronJob are numbered by age.
fn jobs(store: &Store, namespace: &str, add: &mut impl FnMut(String, Map<String, Value>)) {
    let mut numbered: BTreeMap<String, usize> = BTreeMap::new();
    for job in store.jobs.within(namespace) {
        let mut facts = numbers(&**job, &["active", "ready", "succeeded", "failed", "terminating"]);
        for field in ["completedIndexes", "failedIndexes"] {
            let value = numbers(&**job, &[field])[field].clone();
            if value.as_str().is_some_and(|text| !text.is_empty()) {
                facts.insert(field.to_owned(), value);
            }
        }
        facts.insert("conditions".to_owned(), Value::Object(conditions(&**job, true)));
        let title = match job.metadata.controller() {
            Some(owner) => {
                let number = numbered.entry(owner.name.clone()).or_default();
                *number += 1;
                format!("Job/{}:{}#{}", owner.kind, owner.name, *number - 1)
            }
            None => format!("Job/{}", job.metadata.name),
        };
        add(title, facts);
    }
    for cron_job in store.cron_jobs.within(namespace) {
        let status = written(&**cron_job)["status"].take();
        let active = status["active"].as_array().map_or(0, Vec::len);
        let facts = json!({"active": active, "scheduled": status["lastScheduleTime"].is_string()});
        let Value::Object(facts) = facts else { continue };
        add(format!("CronJob/{}", cron_job.metadata.name), facts);
    }
}

fn list(resources: &ResourceList) -> Value {
    Value::Object(resources.iter().map(|(name, quantity)| (name.clone(), json!(quantity.to_string()))).collect())
}

fn quotas(cluster: &Cluster, namespace: &str) -> Map<String, Value> {
    let own = cluster.plane.server().quotas().filter(|quota| quota.metadata.namespace == namespace);
    let row = |quota: &crate::manifest::policy::ResourceQuota| {
        let used = if quota.status.used.is_empty() { Value::Null } else { list(&quota.status.used) };
        let facts = json!({"hard": list(&quota.status.hard), "used": used});
        (quota.metadata.name.clone(), facts)
    };
    own.map(row).collect()
}

fn claims(store: &Store, namespace: &str) -> Map<String, Value> {
    let row = |claim: &std::sync::Arc<crate::manifest::storage::PersistentVolumeClaim>| {
        let facts = json!({
            "phase": claim.status.phase,
            "labels": claim.metadata.labels.iter().collect::<BTreeMap<_, _>>(),
            "request": claim.spec.resources.requests.get("storage").map(ToString::to_string),
            "storageClassName": claim.spec.storage_class_name,
            "terminating": claim.metadata.deletion_timestamp.is_some(),
        });
        (claim.metadata.name.clone(), facts)
    };
    store.persistent_volume_claims.within(namespace).map(row).collect()
}

fn budgets(store: &Store, namespace: &str) -> Map<String, Value> {
    let row = |budget: &std::sync::Arc<crate::manifest::policy::PodDisruptionBudget>| {
        let mut facts = numbers(&**budget, &["currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed"]);
        let mut conditions = conditions(&**budget, true);
        // here a message is a fact only where there is one
        for condition in conditions.values_mut().filter_map(Value::as_object_mut) {
            if condition["message"] == json!("") {
                condition.remove("message");
            }
        }
        facts.insert("conditions".to_owned(), Value::Object(conditions));
        (budget.metadata.name.clone(), Value::Object(facts))
    };
    store.pod_disruption_budgets.within(namespace).map(row).collect()
}

/// What control loops said about objects that failed: distinct, in order.
pub(super) fn failures(plane: &ControlPlane) -> Value {
    failures_of(plane, |_| true)
}

/// As [`failures`], of some objects.
pub(super) fn failures_of(plane: &ControlPlane, is_meant: impl Fn(&Event) -> bool) -> Value {
    let is_of_deployment = |event: &Event| {
        let set = plane.store().get::<ReplicaSet>(&event.key).filter(|_| event.kind == "ReplicaSet");
        set.is_some_and(|set| set.metadata.controller().is_some())
    };
    let events = plane.events();
    let failed = events.iter().filter(|event| event.reason.starts_with("Failed") && is_meant(event));
    let mut rows: Vec<String> = failed
        .map(|event| {
            let name = if is_of_deployment(event) { hashed(&event.key.name) } else { event.key.name.clone() };
            let row = json!({"object": format!("{}/{name}", event.kind), "reason": event.reason, "message": event.message});
            nameless(row).to_string()
        })
        .collect();
    rows.sort_unstable();
    rows.dedup();
    rows.iter().filter_map(|row| serde_json::from_str::<Value>(row).ok()).collect()
}

/// `web-<hash>` for a ReplicaSet of a Deployment.
fn hashed(name: &str) -> String {
    match name.rsplit_once('-') {
        Some((stem, _)) => format!("{stem}-<hash>"),
        None => name.to_owned(),
    }
}

/// Names of pods within messages are written as `<pod>`, whether they are random or not.
fn nameless(mut value: Value) -> Value {
    match &mut value {
        Value::String(text) => {
            for before in ["pods \"", "Pod \""] {
                *text = without_name(text, before);
            }
        }
        Value::Object(fields) => fields.iter_mut().for_each(|(_, child)| *child = nameless(child.take())),
        Value::Array(items) => items.iter_mut().for_each(|child| *child = nameless(child.take())),
        _ => {}
    }
    value
}

fn without_name(text: &str, mark: &str) -> String {
    if let Some((before, rest)) = text.split_once(mark)
        && let Some((_, after)) = rest.split_once('"')
    {
        return format!("{before}{mark}<pod>\"{after}");
    }
    text.to_owned()
}
