//! What is created, what is refused, and what changes when something is applied to a cluster.

use plimsoll::controllers::expand;
use plimsoll::manifest::Objects;
use plimsoll::manifest::read::{Input, Written, read_str, read_texts};
use plimsoll::report::views::workload::Workloads;
use plimsoll::scheduler::{Options, Scheduler, prepare};
use plimsoll::simulation::difference::Change;
use plimsoll::simulation::{Creation, Difference, NotCreated, Picture, create};
use serde_json::{Value, json};

const CLUSTER: &str = include_str!("../../fixtures/cli/what-if-cluster.yaml");

/// Objects as they are placed, and what was refused.
fn created(mut input: Input) -> (Objects, Creation) {
    let mut objects = std::mem::take(&mut input.objects);
    let creation = create(&mut objects, &input.written, &input.replaced, expand);
    (objects, creation)
}

fn picture(objects: &Objects, refused: &[NotCreated]) -> Picture {
    let (cluster, profiles) = prepare(objects, &Default::default());
    let mut scheduler = Scheduler::new(&cluster, &profiles, Options::default());
    let schedule = scheduler.run(|_, _| ());
    let workloads = Workloads::new(objects);
    Picture::new(objects, &cluster, scheduler.occupancy(), &schedule.decisions, refused, |pod| workloads.of(pod))
}

/// What changes when `manifests` are applied to `cluster`, and what is refused.
fn apply(cluster: &str, manifests: &str) -> (Difference, Creation) {
    difference(read_texts(&[("cluster.yaml", cluster), ("new.yaml", manifests)]))
}

fn difference(input: Input) -> (Difference, Creation) {
    let mut before = input.before().expect("there is a cluster, and something to apply");
    let old = create(&mut before, &Written::Nothing, &Objects::default(), expand);
    let (after, creation) = created(input);
    (Difference::between(&picture(&before, &old.refused), &picture(&after, &creation.refused)), creation)
}

/// `change workload` of every pod.
fn said(difference: &Difference) -> Vec<String> {
    difference.pods.iter().map(|pod| format!("{:?} {}", pod.change, pod.workload)).collect()
}

fn refusals(creation: &Creation) -> Vec<String> {
    creation.refused.iter().map(|each| format!("{} {}: {}", each.kind, each.name, each.why())).collect()
}

/// A Deployment without any policy to its pods.
fn deployment(namespace: &str, name: &str, replicas: usize, cpu: &str) -> String {
    let template = json!({"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": name, "resources": {"requests": {"cpu": cpu}}}]}});
    let spec = json!({"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace}, "spec": spec}).to_string()
}

#[test]
fn an_input_of_one_sort_has_nothing_before_it() {
    let manifests = deployment("shop", "web", 1, "1");
    assert_eq!(read_str("a", &manifests).written, Written::Everything);
    assert_eq!(read_str("a", CLUSTER).written, Written::Nothing);
    assert!(read_str("a", &manifests).before().is_none() && read_str("a", CLUSTER).before().is_none());
    let stripped = "{apiVersion: v1, kind: Node, metadata: {name: node}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: \
                    {nodeName: node, containers: [{name: c}]}, status: {phase: Running}}\n";
    assert_eq!(read_str("a", stripped).written, Written::Nothing, "a dump without uids is known by its running pods");
    let both = read_texts(&[("a", stripped), ("b", &manifests)]);
    assert_eq!(both.before().expect("one file is a dump").pods.len(), 1);
    assert_eq!(both.applied(), (1, 0));
}

#[test]
fn the_cluster_before_has_the_versions_that_were_replaced() {
    let input = read_texts(&[("a", CLUSTER), ("b", &deployment("shop", "web", 7, "1"))]);
    assert_eq!(input.objects.deployments[0].spec.replicas, Some(7));
    assert_eq!(input.objects.deployments[0].metadata.uid, "web", "identity stays");
    let before = input.before().expect("there is a before");
    assert_eq!(before, read_str("a", CLUSTER).objects);
    assert!(input.problems.is_empty(), "an update is no duplicate: {:?}", input.problems);
}

#[test]
fn what_is_not_written_stays() {
    let text = "{apiVersion: v1, kind: Node, metadata: {name: node-1, labels: {tier: gold}}}\n---\n\
                {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {template: {}}}\n";
    let input = read_texts(&[("a", CLUSTER), ("b", text)]);
    let node = &input.objects.nodes[0];
    assert_eq!((node.metadata.labels["tier"].as_str(), node.metadata.labels["kubernetes.io/hostname"].as_str()), ("gold", "node-1"));
    assert_eq!(node.status.allocatable.len(), 3, "a node without a status keeps the one it has");
    assert_eq!(input.objects.deployments[0].spec.replicas, Some(3), "who scales a workload writes no replicas");
}

#[test]
fn a_dump_applied_to_itself_changes_nothing() {
    let input = read_texts(&[("a", CLUSTER), ("b", CLUSTER)]);
    assert_eq!(input.written, Written::Nothing);
    let (twice, _) = created(input);
    let (once, _) = created(read_str("a", CLUSTER));
    assert!(Difference::between(&picture(&once, &[]), &picture(&twice, &[])).is_empty());
}

/// The workloads of a dump as somebody would have written them: without what a cluster adds.
fn written_again(dump: &str) -> String {
    let documents: Vec<Value> = serde_saphyr::from_multiple(dump).expect("the dump is YAML");
    let items = documents.into_iter().flat_map(|mut document| match document["items"].take() {
        Value::Array(items) => items,
        _ => vec![document],
    });
    let kinds = ["Deployment", "StatefulSet", "DaemonSet", "Service", "PersistentVolumeClaim", "ResourceQuota", "LimitRange", "Node"];
    let wanted = items.filter(|item| kinds.contains(&item["kind"].as_str().unwrap_or_default()));
    let texts = wanted.map(|mut item| {
        let metadata = item["metadata"].as_object_mut().expect("every object has metadata");
        metadata.retain(|name, _| ["name", "namespace", "labels"].contains(&name.as_str()));
        item.as_object_mut().expect("it is an object").remove("status");
        item.to_string()
    });
    texts.collect::<Vec<_>>().join("\n---\n")
}

#[test]
fn what_a_cluster_has_already_changes_nothing_when_it_is_applied() {
    for dump in [CLUSTER, include_str!("../../fixtures/data-platform/cluster.yaml")] {
        let (difference, creation) = apply(dump, &written_again(dump));
        assert_eq!(refusals(&creation), Vec::<String>::new());
        assert_eq!(said(&difference), Vec::<String>::new());
        assert!(difference.nodes.is_empty(), "{:?}", difference.nodes);
    }
}

#[test]
fn it_does_not_matter_whether_the_dump_comes_first() {
    for manifests in [
        include_str!("../../fixtures/cli/what-if-new.yaml"),
        include_str!("../../fixtures/cli/what-if-template.yaml"),
        include_str!("../../fixtures/cli/what-if-preempt.yaml"),
        include_str!("../../fixtures/cli/what-if-pods.yaml"),
        include_str!("../../fixtures/cli/what-if-invalid.yaml"),
    ] {
        let (one, first) = difference(read_texts(&[("a", CLUSTER), ("b", manifests)]));
        let (other, second) = difference(read_texts(&[("b", manifests), ("a", CLUSTER)]));
        assert_eq!(one, other);
        assert_eq!(refusals(&first), refusals(&second));
    }
}

#[test]
fn pods_beyond_a_quota_are_not_created_and_the_others_are() {
    let (difference, creation) = apply(CLUSTER, &deployment("tight", "api", 5, "100m"));
    let why = "exceeded quota: team, requested: pods=1, used: pods=4, limited: pods=4";
    assert_eq!(creation.refused.iter().map(NotCreated::why).collect::<Vec<_>>(), [why; 2]);
    let refused = difference.pods.iter().filter(|pod| pod.change == Change::NotCreated).count();
    let appeared = difference.pods.iter().filter(|pod| pod.change == Change::Appears).count();
    assert_eq!((refused, appeared), (2, 3));
}

#[test]
fn a_stateful_set_stops_at_the_ordinal_that_is_refused_and_its_claims_with_it() {
    let set = |policy: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: StatefulSet, metadata: {{name: db, namespace: tight}}, spec: {{replicas: 6, serviceName: db, \
             podManagementPolicy: {policy}, selector: {{matchLabels: {{app: db}}}}, volumeClaimTemplates: [{{metadata: {{name: data}}, spec: \
             {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}}}], template: {{metadata: {{labels: {{app: db}}}}, \
             spec: {{containers: [{{name: main, image: db}}]}}}}}}}}"
        )
    };
    for (policy, claims) in [("OrderedReady", 4), ("Parallel", 6)] {
        let (objects, creation) = created(read_texts(&[("a", CLUSTER), ("b", &set(policy))]));
        let names: Vec<&str> = creation.refused.iter().map(|each| each.name.as_str()).collect();
        assert_eq!(names, ["db-3", "db-4", "db-5"], "{policy}");
        assert_eq!(objects.persistent_volume_claims.len(), claims, "{policy}: a claim is made before its pod");
    }
}

#[test]
fn a_pod_of_a_limited_namespace_gets_its_sizes_and_its_bounds() {
    let pod = |name: &str, resources: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: tight}}, spec: {{containers: [{{name: main, image: x{resources}}}]}}}}\n---\n"
        )
    };
    let text = pod("plain", "") + &pod("large", ", resources: {limits: {cpu: 3}}");
    let (objects, creation) = created(read_texts(&[("a", CLUSTER), ("b", &text)]));
    let plain = objects.pods.iter().find(|pod| pod.metadata.name == "plain").expect("it is created");
    assert_eq!(plain.spec.containers[0].resources.requests.get("cpu").map(|cpu| cpu.milli()), Some(200));
    assert_eq!(refusals(&creation), ["Pod large: maximum cpu usage per Container is 1, but limit is 3"]);
}

#[test]
fn manifests_alone_are_taken_to_know_their_cluster() {
    let text = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: elsewhere}, spec: {priorityClassName: mine, serviceAccountName: \
                me, runtimeClassName: sandbox, containers: [{name: c, image: c}]}}";
    let (objects, creation) = created(read_str("a", text));
    assert_eq!(refusals(&creation), Vec::<String>::new());
    assert_eq!(objects.pods.len(), 1);
}

#[test]
fn a_changed_template_replaces_the_pods_of_a_deployment() {
    let (difference, creation) = apply(CLUSTER, include_str!("../../fixtures/cli/what-if-template.yaml"));
    assert_eq!(refusals(&creation), Vec::<String>::new());
    assert_eq!(said(&difference), ["Replaced shop/web (Deployment)"; 3]);
}

#[test]
fn a_deployment_that_is_scaled_down_loses_pods_where_it_has_most() {
    let (difference, _) = apply(CLUSTER, include_str!("../../fixtures/cli/what-if-scale-down.yaml"));
    assert_eq!(said(&difference), ["Goes shop/web (Deployment)"; 2]);
}

#[test]
fn a_running_pod_stays_and_people_are_told_unless_nothing_differs() {
    let (difference, creation) = apply(CLUSTER, include_str!("../../fixtures/cli/what-if-pods.yaml"));
    assert!(difference.is_empty());
    let about: Vec<&str> = creation.notes.iter().map(|note| note.message.as_str()).filter(|text| text.starts_with("pod ")).collect();
    assert_eq!(about.len(), 1, "{about:?}");
    assert!(about[0].starts_with("pod tight/first is there already"), "{}", about[0]);
}

#[test]
fn a_refused_update_leaves_what_is_there() {
    let (difference, creation) = apply(CLUSTER, include_str!("../../fixtures/cli/what-if-invalid.yaml"));
    let about: Vec<(&str, bool)> = creation.refused.iter().map(|each| (each.name.as_str(), each.is_update)).collect();
    assert_eq!(about, [("web", true), ("wrong", false), ("homeless", false)]);
    assert_eq!(said(&difference), ["NotCreated nowhere/homeless (Pod)"]);
}

#[test]
fn what_comes_with_its_own_accounts_is_created() {
    let chart = r#"
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: twice, namespace: other}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: twice, namespace: other}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: web, namespace: nowhere}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {serviceAccountName: web, containers: [{name: c, image: i}]}}
"#;
    let (objects, creation) = created(read_str("chart.yaml", chart));
    assert_eq!((objects.pods.len(), refusals(&creation)), (1, vec![]));
    // over a cluster that knows its namespaces and accounts, too
    let account =
        |name: &str| format!("\n---\n{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {name}, namespace: shop, uid: u-{name}}}}}");
    let spaces = "\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: other, uid: u-other}}";
    let cluster = format!("{CLUSTER}{}{}{spaces}", account("default"), account("builder"));
    assert_eq!(refusals(&apply(&cluster, chart).1), Vec::<String>::new());
}

#[test]
fn the_pods_of_a_written_job_are_created() {
    let pod = "{spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}";
    let job = format!("{{apiVersion: batch/v1, kind: Job, metadata: {{name: once, namespace: shop}}, spec: {{template: {pod}}}}}");
    let (objects, creation) = created(read_str("job.yaml", &job));
    assert_eq!((objects.pods.len(), refusals(&creation)), (1, vec![]));
}
