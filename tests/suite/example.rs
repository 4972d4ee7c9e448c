//! The example is what its README says, and its parts fit each other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll::manifest::meta::{LabelSelector, ObjectMeta, StringMap};
use plimsoll::manifest::pod::{Pod, ResourceList};
use plimsoll::manifest::read::{Input, Options, read};
use plimsoll::{admission, controllers};

/// Reads a part of the example, expands and admits it.
fn load(path: &str) -> Input {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/data-platform").join(path);
    let mut input = read(&[path], Options::default());
    assert!(!input.has_errors(), "{:?}", input.problems);
    let mut notes = controllers::expand(&mut input.objects);
    notes.extend(admission::admit(&mut input.objects));
    assert_eq!(notes, []);
    input
}

fn selects(selector: &LabelSelector, labels: &StringMap) -> bool {
    assert!(selector.match_expressions.is_empty() && !selector.match_labels.is_empty(), "the example's selectors are plain");
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Sum over containers; the example has no init containers.
fn requested<'a>(pods: impl Iterator<Item = &'a Pod>, resource: &str) -> i64 {
    let of = |list: &ResourceList| list.get(resource).map_or(0, |quantity| quantity.milli());
    pods.filter(|pod| !pod.is_terminal()).flat_map(|pod| &pod.spec.containers).map(|container| of(&container.resources.requests)).sum()
}

#[test]
fn today_is_one_node_with_66_bound_pods_that_ask_for_84_percent() {
    let input = load("cluster.yaml");
    let objects = &input.objects;
    assert_eq!(objects.nodes.len(), 1);
    assert_eq!(objects.nodes[0].metadata.name, "dev-cluster-control-plane");
    assert_eq!(objects.pods.len(), 66, "expansion adds nothing to a dump");
    assert!(objects.pods.iter().all(|pod| pod.spec.node_name == "dev-cluster-control-plane"));
    assert_eq!(objects.pods.iter().filter(|pod| pod.is_terminal()).count(), 3);
    assert_eq!(requested(objects.pods.iter(), "cpu"), 3350);
    assert_eq!(requested(objects.pods.iter(), "memory"), 8916 * 1024 * 1024 * 1000);
    let asks_for_nothing =
        |pod: &&Pod| !pod.is_terminal() && pod.spec.containers.iter().all(|container| container.resources.requests.is_empty());
    assert_eq!(objects.pods.iter().filter(asks_for_nothing).count(), 41);
    assert!(input.skipped.kinds.is_empty());
}

#[test]
fn every_owner_in_the_dump_is_in_the_dump() {
    let objects = load("cluster.yaml").objects;
    let uids: Vec<&str> = (objects.nodes.iter().map(|node| &node.metadata))
        .chain(objects.replica_sets.iter().map(|set| &set.metadata))
        .chain(objects.stateful_sets.iter().map(|set| &set.metadata))
        .chain(objects.daemon_sets.iter().map(|set| &set.metadata))
        .chain(objects.jobs.iter().map(|job| &job.metadata))
        .map(|metadata| metadata.uid.as_str())
        .collect();
    for pod in &objects.pods {
        let owner = pod.metadata.controller().expect("every pod has an owner");
        assert!(uids.contains(&owner.uid.as_str()), "{} of {}", owner.name, pod.metadata.name);
    }
    let vault = objects.stateful_sets.iter().find(|set| set.metadata.name == "vault").unwrap();
    assert_eq!(vault.spec.replicas, Some(0));
}

#[test]
fn the_target_has_the_replicas_of_the_guide() {
    let objects = load("target").objects;
    assert_eq!(objects.nodes.len(), 4);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for pod in &objects.pods {
        *counts.entry(pod.metadata.labels.get("app").map_or("", String::as_str)).or_default() += 1;
    }
    let of = |name: &str| counts[name];
    assert_eq!([of("datahub-gms"), of("postgres"), of("elasticsearch"), of("kafka"), of("minio"), of("vault")], [3, 3, 3, 3, 4, 3]);
    assert_eq!([of("trino-coordinator"), of("trino"), of("superset"), of("doris-fe"), of("doris-be")], [1, 2, 2, 3, 3]);
    assert_eq!(of("node-exporter"), 4, "the agents run on the tainted node too");
    assert_eq!(of("ingress-nginx-controller"), 2);
    let claims = objects.persistent_volume_claims.iter().filter(|claim| claim.metadata.name.starts_with("data-postgres-"));
    assert!(claims.clone().all(|claim| claim.spec.storage_class_name.as_deref() == Some("standard")));
    assert_eq!(claims.count(), 3);
}

#[test]
fn every_kind_of_the_target_is_modelled() {
    let input = load("target");
    let kinds: Vec<&str> = input.skipped.kinds.keys().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(kinds, Vec::<&str>::new());
    assert_eq!(input.objects.prometheus_rules.len(), 1, "the guide's alerts");
}

#[test]
fn selectors_budgets_services_and_autoscalers_of_the_target_point_at_pods() {
    let objects = load("target").objects;
    let any = |metadata: &ObjectMeta, selector: &LabelSelector| {
        objects.pods.iter().any(|pod| pod.metadata.namespace == metadata.namespace && selects(selector, &pod.metadata.labels))
    };
    for budget in &objects.pod_disruption_budgets {
        assert!(any(&budget.metadata, budget.spec.selector.as_ref().unwrap()), "{}", budget.metadata.name);
    }
    for service in &objects.services {
        let selector = LabelSelector { match_labels: service.spec.selector.clone(), ..LabelSelector::default() };
        // as in the guide: no pod has role=primary until something elects one
        assert_eq!(any(&service.metadata, &selector), service.metadata.name != "postgres-primary", "{}", service.metadata.name);
    }
    let selectors = (objects.deployments.iter().map(|workload| (&workload.spec.selector, &workload.spec.template)))
        .chain(objects.stateful_sets.iter().map(|workload| (&workload.spec.selector, &workload.spec.template)))
        .chain(objects.daemon_sets.iter().map(|workload| (&workload.spec.selector, &workload.spec.template)));
    for (selector, template) in selectors {
        assert!(selects(selector.as_ref().unwrap(), &template.metadata.labels));
    }
    for autoscaler in &objects.horizontal_pod_autoscalers {
        let target = &autoscaler.spec.scale_target_ref.name;
        assert!(objects.deployments.iter().any(|deployment| deployment.metadata.name == *target), "{target}");
    }
}

#[test]
fn the_target_nearly_fills_the_quota_of_the_guide() {
    let objects = load("target").objects;
    let pods = || objects.pods.iter().filter(|pod| pod.metadata.namespace == "data-platform");
    assert_eq!(requested(pods(), "cpu"), 7850);
    assert_eq!(requested(pods(), "memory"), 16320 * 1024 * 1024 * 1000);
    let complete = |pod: &Pod| {
        let has = |list: &ResourceList| list.contains_key("cpu") && list.contains_key("memory");
        pod.spec.containers.iter().all(|container| has(&container.resources.requests) && has(&container.resources.limits))
    };
    assert!(pods().all(complete), "a quota makes requests and limits mandatory");
    assert_eq!(objects.resource_quotas[0].spec.hard.get("requests.cpu").unwrap().units(), 8);
}

#[test]
fn the_nightly_export_takes_what_its_namespace_and_its_class_give_it() {
    let objects = load("target").objects;
    let pod = objects.pods.iter().find(|pod| pod.metadata.name.starts_with("nightly-export-")).expect("one run counts");
    assert_eq!((pod.spec.priority, pod.spec.preemption_policy.as_str()), (Some(-10), "Never"));
    let resources = &pod.spec.containers[0].resources;
    assert_eq!(resources.requests.get("cpu").unwrap().milli(), 100);
    assert_eq!(resources.limits.get("memory").unwrap().units(), 512 << 20);
    assert_eq!(pod.spec.tolerations.len(), 2, "five minutes each, as every pod has them");
}
