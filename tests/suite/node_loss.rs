//! Nodes that are lost, tainted or deleted, where recordings say nothing: what becomes of their pods, and when.

use std::time::Duration;

use plimsoll::controllers::world::Key;
use plimsoll::manifest::node::{Node, Taint};
use plimsoll::manifest::pod::Pod;
use plimsoll::manifest::read::read_str;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::version::KubernetesVersion;
use plimsoll::simulation::ControlPlane;

const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// A cluster of nodes `name` or `name/zone`, with these objects, at rest.
fn cluster(nodes: &[&str], yaml: &str) -> ControlPlane {
    let mut plane = ControlPlane::new(KubernetesVersion::V1_36, Configuration::default());
    let mut text = "{apiVersion: v1, kind: Namespace, metadata: {name: default}}\n".to_owned();
    for node in nodes {
        let (name, zone) = node.split_once('/').unwrap_or((node, "z"));
        text += &format!(
            "---\n{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{kubernetes.io/hostname: {name}, topology.kubernetes.io/zone: {zone}}}}}, status: {{allocatable: {{cpu: 8, memory: 8Gi, pods: 110}}}}}}\n"
        );
    }
    let objects = read_str("objects.yaml", &format!("{text}---\n{yaml}")).objects;
    objects.namespaces.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    objects.nodes.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    objects.deployments.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    objects.stateful_sets.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    objects.jobs.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    objects.daemon_sets.into_iter().for_each(|object| _ = plane.create(object).unwrap());
    plane.settle();
    plane
}

/// A workload of so many pods, which tolerate these taints.
fn workload(kind: &str, replicas: usize, tolerations: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: web}}, spec: {{replicas: {replicas}, selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{tolerations: [{tolerations}], containers: [{{name: c, image: i, resources: {{requests: {{cpu: 1}}}}}}]}}}}}}}}"
    )
}

fn set_taints(plane: &mut ControlPlane, node: &str, taints: &[(&str, &str)]) {
    let taints =
        taints.iter().map(|(key, effect)| Taint { key: (*key).to_owned(), effect: (*effect).to_owned(), ..Taint::default() }).collect();
    plane.change_node(&Key::new("", node), |node| node.spec.taints = taints);
}

fn wait(plane: &mut ControlPlane, seconds: u64) {
    plane.wait(Duration::from_secs(seconds));
}

/// How many pods of a node are there to stay, and how many are being deleted.
fn pods(plane: &ControlPlane, node: &str) -> (usize, usize) {
    let (going, staying): (Vec<_>, Vec<_>) =
        plane.store().pods.iter().filter(|pod| pod.spec.node_name == node).partition(|pod| pod.is_terminating());
    (staying.len(), going.len())
}

fn ready(plane: &ControlPlane, node: &str) -> String {
    let node = plane.store().get::<Node>(&Key::new("", node)).unwrap();
    node.status.conditions.iter().find(|condition| condition.r#type == "Ready").unwrap().status.clone()
}

/// `key:effect` of a node's taints, without what all keys here begin with.
fn taints(plane: &ControlPlane, node: &str) -> Vec<String> {
    let node = plane.store().get::<Node>(&Key::new("", node)).unwrap();
    node.spec.taints.iter().map(|taint| format!("{}:{}", taint.key.trim_start_matches("node.kubernetes.io/"), taint.effect)).collect()
}

const SEVEN_SECONDS: &str = "{key: maint, operator: Exists, effect: NoExecute, tolerationSeconds: 7}, {key: other, operator: Exists, effect: NoExecute, tolerationSeconds: 2}";

#[test]
fn an_eviction_is_called_off_when_the_taint_goes_in_time() {
    let mut plane = cluster(&["n1"], &workload("Deployment", 2, SEVEN_SECONDS));
    set_taints(&mut plane, "n1", &[("maint", "NoExecute")]);
    wait(&mut plane, 6);
    set_taints(&mut plane, "n1", &[]);
    wait(&mut plane, 60);
    assert_eq!(pods(&plane, "n1"), (2, 0));
    // and the time starts anew
    set_taints(&mut plane, "n1", &[("maint", "NoExecute")]);
    plane.kubelet_gone("n1");
    wait(&mut plane, 6);
    assert_eq!(pods(&plane, "n1"), (2, 0));
    wait(&mut plane, 1);
    assert_eq!(pods(&plane, "n1").1, 2);
    let pod = plane.store().pods.iter().find(|pod| pod.is_terminating()).unwrap();
    let reason = pod.status.conditions.iter().find(|condition| condition.r#type == "DisruptionTarget").unwrap().reason.clone();
    assert_eq!(reason, "DeletionByTaintManager");
}

#[test]
fn a_planned_eviction_stays_planned_until_no_taint_or_an_untolerated_one_is_left() {
    let mut plane = cluster(&["n1"], &workload("Deployment", 1, SEVEN_SECONDS));
    plane.kubelet_gone("n1");
    set_taints(&mut plane, "n1", &[("maint", "NoExecute")]);
    wait(&mut plane, 3);
    set_taints(&mut plane, "n1", &[("maint", "NoExecute"), ("other", "NoExecute")]);
    wait(&mut plane, 3);
    assert_eq!(pods(&plane, "n1"), (1, 0));
    set_taints(&mut plane, "n1", &[("other", "NoExecute")]);
    wait(&mut plane, 1);
    assert_eq!(pods(&plane, "n1").1, 1);

    let mut plane = cluster(&["n1"], &workload("Deployment", 1, SEVEN_SECONDS));
    plane.kubelet_gone("n1");
    set_taints(&mut plane, "n1", &[("maint", "NoExecute")]);
    wait(&mut plane, 3);
    set_taints(&mut plane, "n1", &[("maint", "NoExecute"), ("strange", "NoExecute")]);
    wait(&mut plane, 0);
    assert_eq!(pods(&plane, "n1").1, 1);
}

#[test]
fn a_silent_node_is_noticed_after_50_seconds_and_left_after_300_more() {
    let mut plane = cluster(&["n1", "n2", "n3"], &workload("Deployment", 3, ""));
    let before = pods(&plane, "n1").0;
    assert!(before > 0);
    plane.kubelet_gone("n1");
    wait(&mut plane, 49);
    assert_eq!((ready(&plane, "n1").as_str(), taints(&plane, "n1").len()), ("True", 0));
    wait(&mut plane, 6);
    assert_eq!(ready(&plane, "n1"), "Unknown");
    assert_eq!(taints(&plane, "n1"), ["unreachable:NoExecute", "unreachable:NoSchedule"]);
    let is_ready = |pod: &Pod| pod.status.conditions.iter().any(|condition| condition.r#type == "Ready" && condition.status == "True");
    assert_eq!(plane.store().pods.iter().filter(|pod| is_ready(pod)).count(), 3 - before);
    wait(&mut plane, 294);
    assert_eq!(pods(&plane, "n1"), (before, 0));
    wait(&mut plane, 6);
    assert_eq!(pods(&plane, "n1"), (0, before));
    assert_eq!(plane.store().pods.iter().filter(|pod| is_ready(pod)).count(), 3);
    // nobody lets the old ones go until the node is deleted
    wait(&mut plane, 600);
    assert_eq!(pods(&plane, "n1"), (0, before));
    plane.delete::<Node>(&Key::new("", "n1"), false).unwrap();
    wait(&mut plane, 39);
    assert_eq!(pods(&plane, "n1"), (0, before));
    wait(&mut plane, 21);
    assert_eq!((pods(&plane, "n1"), plane.store().pods.len()), ((0, 0), 3));
}

#[test]
fn a_node_that_comes_back_in_time_keeps_its_pods() {
    let mut plane = cluster(&["n1", "n2"], &workload("StatefulSet", 2, ""));
    plane.kubelet_gone("n1");
    wait(&mut plane, 200);
    assert_eq!(taints(&plane, "n1").len(), 2);
    plane.kubelet_back("n1");
    wait(&mut plane, 400);
    assert_eq!((ready(&plane, "n1").as_str(), taints(&plane, "n1").len()), ("True", 0));
    assert_eq!((pods(&plane, "n1"), pods(&plane, "n2")), ((1, 0), (1, 0)));
    assert_eq!(plane.store().stateful_sets.iter().next().unwrap().status.ready_replicas, 2);
}

#[test]
fn a_stateful_pod_comes_back_only_once_its_node_is_out_of_service() {
    let mut plane = cluster(&["n1", "n2"], &workload("StatefulSet", 2, ""));
    plane.kubelet_gone("n1");
    wait(&mut plane, 1000);
    assert_eq!((pods(&plane, "n1"), pods(&plane, "n2")), ((0, 1), (1, 0)));
    let mut taints = plane.store().get::<Node>(&Key::new("", "n1")).unwrap().spec.taints.clone();
    taints.push(Taint { key: "node.kubernetes.io/out-of-service".to_owned(), effect: "NoExecute".to_owned(), ..Taint::default() });
    plane.change_node(&Key::new("", "n1"), |node| node.spec.taints = taints);
    wait(&mut plane, 20);
    plane.settle();
    assert_eq!((pods(&plane, "n1"), pods(&plane, "n2")), ((0, 0), (2, 0)));
}

#[test]
fn a_zone_is_left_node_by_node() {
    let nodes = ["a1/a", "a2/a", "a3/a", "a4/a", "b1/b"];
    let mut plane = cluster(&nodes, "");
    ["a1", "a2"].iter().for_each(|node| plane.kubelet_gone(node));
    wait(&mut plane, 56);
    let is_left = |plane: &ControlPlane, node: &str| taints(plane, node).contains(&"unreachable:NoExecute".to_owned());
    assert_eq!((is_left(&plane, "a1"), is_left(&plane, "a2")), (true, false));
    wait(&mut plane, 10);
    assert!(is_left(&plane, "a2"));
}

#[test]
fn nobody_leaves_the_better_part_of_a_small_zone_nor_a_cluster_that_is_down() {
    let nodes = ["a1/a", "a2/a", "a3/a", "a4/a", "b1/b"];
    let mut plane = cluster(&nodes, &workload("Deployment", 5, ""));
    let is_left = |plane: &ControlPlane, node: &str| taints(plane, node).contains(&"unreachable:NoExecute".to_owned());
    ["a1", "a2", "a3"].iter().for_each(|node| plane.kubelet_gone(node));
    wait(&mut plane, 1000);
    let left = nodes.iter().filter(|node| is_left(&plane, &node[..2])).count();
    assert_eq!((left, ready(&plane, "a3").as_str()), (0, "Unknown"));
    ["a4", "b1"].iter().for_each(|node| plane.kubelet_gone(node));
    wait(&mut plane, 1000);
    assert_eq!(nodes.iter().filter(|node| is_left(&plane, &node[..2])).count(), 0);
    assert_eq!(plane.store().pods.iter().filter(|pod| pod.is_terminating()).count(), 0);
    // when one is back, the others are left one by one
    plane.kubelet_back("b1");
    wait(&mut plane, 41);
    let left: Vec<bool> = nodes.iter().map(|node| is_left(&plane, &node[..2])).collect();
    assert_eq!(left, [true, true, true, false, false]);
}

#[test]
fn a_job_counts_a_pod_whose_node_is_gone_as_failed() {
    let job = "{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {parallelism: 2, completions: 2, template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}";
    let mut plane = cluster(&["n1", "n2"], job);
    plane.kubelet_gone("n1");
    plane.delete::<Node>(&Key::new("", "n1"), false).unwrap();
    wait(&mut plane, 61);
    plane.settle();
    wait(&mut plane, 30);
    let job = plane.store().jobs.iter().next().unwrap().clone();
    assert_eq!((job.status.active, job.status.failed, pods(&plane, "n1"), pods(&plane, "n2")), (2, 1, (0, 0), (2, 0)));
}

#[test]
fn a_cordon_and_pressure_are_taints_where_the_node_lifecycle_controller_runs() {
    let mut plane = cluster(&["n1"], "");
    plane.change_node(&Key::new("", "n1"), |node| {
        node.spec.unschedulable = true;
        let conditions = &mut node.status.conditions;
        let mut pressure = conditions[0].clone();
        (pressure.r#type, pressure.status) = ("DiskPressure".to_owned(), "True".to_owned());
        conditions.push(pressure);
    });
    plane.settle();
    assert_eq!(taints(&plane, "n1"), ["disk-pressure:NoSchedule", "unschedulable:NoSchedule"]);
    plane.change_node(&Key::new("", "n1"), |node| {
        node.spec.unschedulable = false;
        node.status.conditions[1].status = "False".to_owned();
    });
    plane.settle();
    assert_eq!(taints(&plane, "n1").len(), 0);

    let mut plane = cluster(&["n1"], "");
    plane.disable(plimsoll::controllers::node_lifecycle::NAME);
    plane.change_node(&Key::new("", "n1"), |node| node.spec.unschedulable = true);
    set_taints(&mut plane, "n1", &[(UNREACHABLE, "NoSchedule")]);
    plane.settle();
    assert_eq!(taints(&plane, "n1"), ["unreachable:NoSchedule"]);
}
