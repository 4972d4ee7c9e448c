//! Control loops step by step, where recordings say nothing: objects go in, time passes, and the pods are counted.

use std::time::Duration;

use plimsoll::controllers::world::Key;
use plimsoll::manifest::Objects;
use plimsoll::manifest::pod::Pod;
use plimsoll::manifest::read::read_str;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::version::KubernetesVersion;
use plimsoll::simulation::{ControlPlane, PodState};

const NODES: &str = "
{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {allocatable: {cpu: 8, memory: 8Gi, pods: 110}}}
---
{apiVersion: v1, kind: Node, metadata: {name: n2}, status: {allocatable: {cpu: 8, memory: 8Gi, pods: 110}}}
";

/// A cluster of two nodes with these objects, at rest.
fn cluster(yaml: &str) -> ControlPlane {
    let version = *KubernetesVersion::ALL.last().expect("there are versions");
    let mut plane = ControlPlane::new(version, Configuration::default());
    let Objects { namespaces, nodes, jobs, cron_jobs, daemon_sets, .. } =
        read_str("objects.yaml", &format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: default}}}}\n---{NODES}---\n{yaml}"))
            .objects;
    namespaces.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    nodes.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    jobs.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    cron_jobs.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    daemon_sets.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    plane.settle();
    plane
}

fn keys(plane: &ControlPlane, state: &str) -> Vec<Key> {
    let is_meant = |pod: &Pod| match state {
        "Terminating" => pod.is_terminating(),
        phase => pod.status.phase == phase && !pod.is_terminating(),
    };
    plane.store().pods.iter().filter(|pod| is_meant(pod)).map(|pod| Key::of(&pod.metadata)).collect()
}

fn job(spec: &str) -> String {
    format!(
        "{{apiVersion: batch/v1, kind: Job, metadata: {{name: j}}, spec: {{{spec}, template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: i}}]}}}}}}}}"
    )
}

/// Fails the first running pod, and lets time pass.
fn fail_one(plane: &mut ControlPlane, seconds: u64) {
    let key = keys(plane, "Running")[0].clone();
    plane.set_pod(&key, PodState::Failed);
    plane.wait(Duration::from_secs(seconds));
}

#[test]
fn a_job_waits_longer_after_every_failure_and_gives_up() {
    let mut plane = cluster(&job("backoffLimit: 1"));
    fail_one(&mut plane, 9);
    assert_eq!(keys(&plane, "Running").len(), 0);
    plane.wait(Duration::from_secs(2));
    assert_eq!(keys(&plane, "Running").len(), 1);
    fail_one(&mut plane, 1);
    let job = plane.store().jobs.iter().next().unwrap().clone();
    let reasons: Vec<&str> = job.status.conditions.iter().map(|condition| condition.reason.as_str()).collect();
    assert_eq!((job.status.failed, reasons), (2, vec!["BackoffLimitExceeded"; 2]));
}

#[test]
fn up_to_1_36_2_a_failure_beside_ready_pods_is_counted_only_when_it_is_replaced() {
    let mut plane = cluster(&job("parallelism: 3, completions: 3"));
    let key = keys(&plane, "Running")[0].clone();
    plane.evict(&key).unwrap();
    plane.wait(Duration::from_secs(5));
    let failed = |plane: &ControlPlane| plane.store().jobs.iter().next().unwrap().status.failed;
    assert_eq!((keys(&plane, "Running").len(), keys(&plane, "Terminating").len(), failed(&plane)), (2, 1, 0));
    plane.wait(Duration::from_secs(6));
    assert_eq!((keys(&plane, "Running").len(), keys(&plane, "Terminating").len(), failed(&plane)), (3, 0, 1));
}

#[test]
fn the_time_a_job_is_suspended_does_not_count_towards_its_deadline() {
    let mut plane = cluster(&job("activeDeadlineSeconds: 20"));
    let key = Key::new("default", "j");
    for (suspend, seconds) in [(true, 60), (false, 15)] {
        let patch = serde_json::json!({"spec": {"suspend": suspend}});
        plane.patch::<plimsoll::manifest::workload::Job>(&key, &patch).unwrap();
        plane.wait(Duration::from_secs(seconds));
        let job = plane.store().jobs.get(&key).unwrap();
        assert_eq!((keys(&plane, "Running").len(), job.status.start_time.is_none()), (usize::from(!suspend), suspend));
    }
    plane.wait(Duration::from_secs(10));
    let conditions = plane.store().jobs.get(&key).unwrap().status.conditions.clone();
    assert!(conditions.iter().any(|condition| condition.reason == "DeadlineExceeded"));
}

#[test]
fn a_finished_job_lives_as_long_as_it_may() {
    let mut plane = cluster(&job("ttlSecondsAfterFinished: 30"));
    let key = keys(&plane, "Running")[0].clone();
    plane.set_pod(&key, PodState::Succeeded);
    plane.wait(Duration::from_secs(20));
    assert_eq!((plane.store().jobs.len(), plane.store().pods.len()), (1, 1));
    plane.wait(Duration::from_secs(15));
    assert_eq!((plane.store().jobs.len(), plane.store().pods.len()), (0, 0));
}

#[test]
fn runs_are_replaced_or_forbidden_or_pile_up() {
    for (policy, runs) in [("Allow", 3), ("Forbid", 1), ("Replace", 1)] {
        let template = "{spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}";
        let yaml = format!(
            "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: cj}}, spec: {{schedule: '* * * * *', concurrencyPolicy: {policy}, jobTemplate: {template}}}}}"
        );
        let mut plane = cluster(&yaml);
        plane.wait(Duration::from_secs(185));
        assert_eq!((plane.store().jobs.len(), keys(&plane, "Running").len()), (runs, runs), "{policy}");
    }
}

#[test]
fn a_daemon_set_is_replaced_node_by_node() {
    let yaml = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d}, spec: {selector: {matchLabels: {app: d}}, template: {metadata: {labels: {app: d}}, spec: {containers: [{name: c, image: i}]}}}}";
    let mut plane = cluster(yaml);
    plane.kubelets_mut().new_pods.insert("default".to_owned(), PodState::NotReady);
    let set = Key::new("default", "d");
    let patch: serde_json::Value = serde_json::from_str(r#"{"spec": {"template": {"metadata": {"annotations": {"v": "2"}}}}}"#).unwrap();
    plane.patch::<plimsoll::manifest::workload::DaemonSet>(&set, &patch).unwrap();
    plane.settle();
    let updated = |plane: &ControlPlane| plane.store().daemon_sets.get(&set).unwrap().status.updated_number_scheduled;
    assert_eq!((plane.store().pods.len(), updated(&plane)), (2, 1));
    keys(&plane, "Running").iter().for_each(|key| plane.set_pod(key, PodState::Ready));
    plane.settle();
    assert_eq!((plane.store().pods.len(), updated(&plane)), (2, 2));
}
