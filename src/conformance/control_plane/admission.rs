//! Family `admission`: what the API server makes of objects that are created one after another, and what it refuses.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::Recording;
use super::cluster::refused;
use crate::admission::{Admitted, ApiServer};
use crate::manifest::autoscaling::HorizontalPodAutoscaler;
use crate::manifest::networking::Ingress;
use crate::manifest::node::{Namespace, Node};
use crate::manifest::pod::Pod;
use crate::manifest::policy::*;
use crate::manifest::read::read_bytes;
use crate::manifest::refusal::Refusal;
use crate::manifest::storage::*;
use crate::manifest::workload::*;

/// Makes the facts of a recording.
pub(super) fn replay(recording: &Recording) -> Result<Value, String> {
    let mut server = ApiServer::new();
    let objects = recording.input["objects"].as_array().ok_or("no objects")?;
    let applied: Vec<Value> = objects.iter().map(|object| apply(&mut server, object)).collect::<Result<_, String>>()?;
    Ok(json!({"applied": applied}))
}

fn apply(server: &mut ApiServer, object: &Value) -> Result<Value, String> {
    let metadata = &object["metadata"];
    let kind = object["kind"].as_str().unwrap_or_default();
    let path = [Some(kind), metadata["namespace"].as_str(), metadata["name"].as_str()].into_iter().flatten();
    let reference = path.collect::<Vec<_>>().join("/");
    let mut facts = match post(server, kind, object)? {
        Ok(stored) => created(kind, stored),
        Err(refusal) => refused(&refusal),
    };
    facts.insert("ref".to_owned(), json!(reference));
    Ok(Value::Object(facts))
}

/// What was stored, as JSON; or why it was refused. Objects are read as they are, for the server is to judge them.
fn create<T: Admitted + Serialize + DeserializeOwned>(server: &mut ApiServer, object: &Value) -> Result<Result<Value, Refusal>, String> {
    let object: T = serde_json::from_value(object.clone()).map_err(|error| error.to_string())?;
    Ok(server.create(object).map(|stored| serde_json::to_value(stored).expect("objects are made of what JSON can say")))
}

macro_rules! kinds {
    ($($kind:ident)*) => {
        fn post(server: &mut ApiServer, kind: &str, object: &Value) -> Result<Result<Value, Refusal>, String> {
            match kind {
                $( stringify!($kind) => create::<$kind>(server, object), )*
                _ => post_other(server, object),
            }
        }
    };
}

kinds! {
    Namespace Node Pod Deployment ReplicaSet ReplicationController StatefulSet DaemonSet Job CronJob Service Ingress PersistentVolumeClaim
    PersistentVolume StorageClass PodDisruptionBudget PriorityClass RuntimeClass ResourceQuota LimitRange HorizontalPodAutoscaler
}

fn post_other(server: &mut ApiServer, object: &Value) -> Result<Result<Value, Refusal>, String> {
    let other = read_bytes("object", object.to_string().as_bytes()).objects.others.into_iter().next();
    Ok(server.create(other.ok_or("an object without a name")?).map(|_| Value::Null))
}

fn created(kind: &str, mut stored: Value) -> Map<String, Value> {
    let mut facts = Map::new();
    facts.insert("code".to_owned(), json!(201));
    match kind {
        "Namespace" | "RuntimeClass" | "Node" | "StorageClass" | "ConfigMap" | "Secret" | "ServiceAccount" => return facts,
        "PriorityClass" => _ = facts.insert("object".to_owned(), stored.take()),
        _ => {
            let mut spec = stored["spec"].take();
            write_empty_resources(&mut spec);
            facts.insert("spec".to_owned(), spec);
        }
    }
    if kind == "Pod" {
        facts.insert("qosClass".to_owned(), stored["status"]["qosClass"].take());
    }
    facts
}

/// The server writes `resources: {}` for a container that asks for nothing, and we write nothing.
fn write_empty_resources(spec: &mut Value) {
    for path in ["/containers", "/initContainers", "/template/spec/containers", "/template/spec/initContainers"] {
        for container in spec.pointer_mut(path).and_then(Value::as_array_mut).into_iter().flatten() {
            if container["resources"].is_null() {
                container["resources"] = json!({});
            }
        }
    }
}
