//! What kube-scheduler does where the recordings are silent: the smallest cluster that shows each.

use plimsoll::manifest::read::read_str;
use plimsoll::scheduler::attempt::{Attempt, Outcome};
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::{Options, Scheduler, prepare};
use serde_json::{Value, json};

fn node(name: &str) -> Value {
    let allocatable = json!({"cpu": "4", "memory": "4Gi", "pods": "10"});
    let labels = json!({"kubernetes.io/hostname": name});
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "status": {"allocatable": allocatable}})
}

/// A pod of the app of its own name, of this priority, that asks for some cores.
fn pod(name: &str, priority: i32, cpu: &str, spec: Value) -> Value {
    let metadata = json!({"name": name, "namespace": "default", "uid": name, "labels": {"app": name}});
    let container = json!({"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}});
    let mut pod =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"priority": priority, "containers": [container]}});
    for (key, value) in spec.as_object().into_iter().flatten() {
        pod["spec"][key] = value.clone();
    }
    pod
}

fn on(node: &str, mut pod: Value) -> Value {
    pod["spec"]["nodeName"] = json!(node);
    pod
}

fn nominated(node: &str, mut pod: Value) -> Value {
    pod["status"]["nominatedNodeName"] = json!(node);
    pod
}

fn away_from(app: &str) -> Value {
    let term = json!({"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": "kubernetes.io/hostname"});
    json!({"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}})
}

/// Attempts the pods of these names, binding each or making room for it as the attempt says; the last attempt.
fn last_with(configuration: &Value, objects: &[Value], names: &[&str]) -> (Attempt, Vec<(String, String)>) {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let written =
        json!({"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration", "profiles": [configuration]});
    let written = read_str("configuration", &written.to_string()).objects.scheduler_configurations.remove(0);
    let (cluster, profiles) = prepare(&read_str("objects", &list).objects, &Configuration::new(written).expect("it is valid"));
    let mut scheduler = Scheduler::new(&cluster, &profiles, Options::default());
    let mut last = None;
    for name in names {
        let pod = cluster.find_pod("default", name).expect("it was read");
        let attempt = scheduler.attempt(pod);
        match (&attempt.preemption, attempt.node) {
            (Some(preemption), _) => scheduler.make_room(pod, preemption),
            (None, Some(node)) => scheduler.bind(pod, node),
            (None, None) => {}
        }
        last = Some(attempt);
    }
    let last = last.expect("there is a pod to attempt");
    let refused =
        last.rejections.iter().map(|(node, rejection)| (cluster.node_name(node).to_owned(), rejection.plugin.to_owned())).collect();
    (last, refused)
}

fn last(objects: &[Value], names: &[&str]) -> Attempt {
    last_with(&json!({}), objects, names).0
}

#[test]
fn only_pods_that_leave_by_preemption_keep_a_nominated_pod_from_preempting_again() {
    let mut leaving = on("a", pod("low", 0, "4", json!({})));
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let high = nominated("a", pod("high", 10, "4", json!({})));
    assert_eq!(last(&[node("a"), leaving.clone(), high.clone()], &["high"]).outcome, Outcome::Preempts);
    leaving["status"]["conditions"] = json!([{"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}]);
    let waits = last(&[node("a"), leaving, high], &["high"]);
    assert!(waits.message.ends_with("preemption: not eligible due to a terminating pod on the nominated node."), "{}", waits.message);
}

#[test]
fn nodes_are_not_kept_free_for_pods_of_other_schedulers() {
    let foreign = nominated("a", pod("foreign", 10, "4", json!({"schedulerName": "other"})));
    assert_eq!(last(&[node("a"), foreign, pod("new", 0, "4", json!({}))], &["new"]).outcome, Outcome::Bound);
}

#[test]
fn who_makes_room_on_a_node_ends_nominations_of_lower_priority() {
    let running = on("a", pod("running", 0, "4", json!({})));
    let middle = nominated("a", pod("middle", 5, "3", json!({})));
    let objects = [node("a"), running, middle, pod("high", 10, "2", json!({})), pod("small", 1, "2", json!({}))];
    assert_eq!(last(&objects, &["high", "high", "small"]).outcome, Outcome::Bound);
}

#[test]
fn plugins_that_may_still_help_speak_in_the_order_of_the_profile() {
    let first = json!({"plugins": {"postFilter": {"enabled": [{"name": "DefaultPreemption"}]}}});
    let (attempt, _) = last_with(&first, &[node("a"), pod("large", 0, "5", json!({}))], &["large"]);
    assert!(attempt.message.ends_with("Preemption is not helpful for scheduling., no new claims to deallocate"), "{}", attempt.message);
}

#[test]
fn an_empty_term_of_node_affinity_names_no_node() {
    let named = json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a"]}]});
    let affinity = |terms: Value| json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}});
    let refused = |terms: Value| last_with(&json!({}), &[node("a"), node("b"), pod("new", 0, "1", affinity(terms))], &["new"]).1;
    assert_eq!(refused(json!([named])), [("b".to_owned(), "PreFilter".to_owned())]);
    assert_eq!(refused(json!([{}, named])), [("b".to_owned(), "NodeAffinity".to_owned())]);
}

#[test]
fn an_empty_preferred_term_of_node_affinity_is_scored_with_nothing() {
    let preferred = json!([{"weight": 1, "preference": {}}]);
    let affinity = json!({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}});
    let attempt = last(&[node("a"), pod("new", 0, "1", affinity)], &["new"]);
    let column = attempt.scores.iter().find(|column| column.plugin == "NodeAffinity");
    assert_eq!(column.map(|column| column.scores.clone()), Some(vec![0]));
}

#[test]
fn a_nominated_pod_that_shuns_a_pod_does_not_keep_it_away_unless_a_pod_on_a_node_does() {
    let shy = nominated("a", pod("shy", 10, "1", away_from("new")));
    let objects = [node("a"), shy, pod("new", 0, "1", json!({}))];
    assert_eq!(last(&objects, &["new"]).outcome, Outcome::Bound);
    let elsewhere = on("b", pod("present", 0, "1", away_from("new")));
    let objects = [&objects[..], &[node("b"), elsewhere]].concat();
    assert_eq!(last(&objects, &["new"]).outcome, Outcome::Unschedulable);
}

#[test]
fn a_storage_class_whose_only_topology_is_empty_makes_volumes_nowhere() {
    let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "s"}, "provisioner": "p",
        "volumeBindingMode": "WaitForFirstConsumer", "allowedTopologies": [{}]});
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "claim", "namespace": "default"},
        "spec": {"storageClassName": "s", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    let uses = json!({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "claim"}}]});
    let attempt = last(&[node("a"), class, claim, pod("new", 0, "1", uses)], &["new"]);
    assert!(attempt.message.contains("node(s) didn't find available persistent volumes to bind"), "{}", attempt.message);
}

#[test]
fn a_claim_made_for_another_pod_is_named_with_its_namespace() {
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "new-v", "namespace": "default"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    let template = json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    let uses = json!({"volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": template}}]});
    let attempt = last(&[node("a"), claim, pod("new", 0, "1", uses)], &["new"]);
    let reason = "PVC default/new-v was not created for pod default/new (pod is not owner).";
    assert!(attempt.message.contains(reason), "{}", attempt.message);
}
