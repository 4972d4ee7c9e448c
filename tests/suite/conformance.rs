//! The recordings of the real scheduler: every step of every case, in both versions, and by the fast path too.

use std::path::Path;

use plimsoll::conformance::{Recordings, by_family, control_plane};
use plimsoll::scheduler::version::KubernetesVersion;

fn agrees(version: KubernetesVersion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance");
    let recordings = Recordings::read(&folder, version).expect("the recordings are committed");
    let results = recordings.compare(version);
    let differing: Vec<String> =
        results.iter().filter_map(|result| Some(format!("{}: {}", result.name, result.difference.as_ref()?))).collect();
    assert!(differing.is_empty(), "{} of {} cases differ; the first: {}", differing.len(), results.len(), differing[0]);
    assert_eq!(results.len(), 600);
    assert_eq!(by_family(&results).len(), 15);
}

#[test]
fn every_recording_of_1_34_agrees() {
    agrees(KubernetesVersion::V1_34);
}

#[test]
fn every_recording_of_1_36_agrees() {
    agrees(KubernetesVersion::V1_36);
}

#[test]
fn every_recording_of_a_control_plane_agrees() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance/control-plane");
    let recordings = control_plane::read(&folder).expect("the recordings are committed");
    let results: Vec<_> = recordings.iter().map(control_plane::compare).collect();
    let differing: Vec<String> =
        results.iter().filter_map(|result| Some(format!("{}: {}", result.name, result.difference.as_ref()?))).collect();
    assert!(differing.is_empty(), "{} of {} recordings differ; the first: {}", differing.len(), results.len(), differing[0]);
    assert_eq!(results.len(), 690);
}

#[test]
fn objects_are_posted_as_they_are_written_and_every_action_is_known() {
    let recording: control_plane::Recording = serde_json::from_value(serde_json::json!({
        "name": "made-up", "family": "quota", "kubernetes": "1.36.2", "expect": {},
        "input": {
            "objects": [
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "made-up"}},
                {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "9"}}},
                {"apiVersion": "x.io/v1", "kind": "Foo", "metadata": {"name": "foo", "namespace": "made-up"}},
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "made-up"}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web", "namespace": "made-up"}, "spec": {
                    "replicas": -1, "selector": {"matchLabels": {"a": "b"}},
                    "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}},
            ],
            "actions": [
                {"op": "patch", "kind": "Foo", "name": "foo", "patch": {"data": {}}},
                {"op": "holdDelete", "on": true},
                {"op": "delete", "kind": "Pod", "name": "p", "policy": "Foreground"},
                {"op": "forceDelete", "name": "p"},
                {"op": "deleteNode", "node": "n"},
            ],
        },
    }))
    .unwrap();
    let facts = control_plane::compare(&recording).steps.remove(0);
    let message = "ReplicaSet.apps \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0";
    assert_eq!((facts["rejected"].as_array().map(Vec::len), facts["rejected"][0]["message"].as_str()), (Some(1), Some(message)));
    let states: Vec<_> = facts["steps"].as_array().unwrap().iter().map(|step| step["state"]["pods"][0]["state"].as_str()).collect();
    assert_eq!(states, [Some("Running/Ready"), Some("Running/Ready"), Some("Terminating"), None, None]);
}
