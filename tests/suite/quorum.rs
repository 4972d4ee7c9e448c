//! How many pods workloads need, and what losses leave of it.

use plimsoll::manifest::Objects;
use plimsoll::manifest::location::Note;
use plimsoll::manifest::read::{Input, read_str};
use plimsoll::planning::quorum::{Quorums, Standing, State};
use plimsoll::{admission, controllers};

/// A workload with the given kind, name, number of replicas, image, and more of its metadata, template metadata and spec.
fn workload(kind: &str, name: &str, replicas: usize, image: &str, more: [&str; 3]) -> String {
    let [annotations, labels, spec] = more;
    format!(
        "
---
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}, namespace: shop, annotations: {{{annotations}}}}}
spec:
  replicas: {replicas}
  {spec}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}{labels}}}}}
    spec: {{containers: [{{name: c, image: '{image}'}}]}}
"
    )
}

fn input(yaml: &str) -> Input {
    let mut input = read_str("shop.yaml", yaml);
    assert_eq!(input.problems, []);
    expand(&mut input.objects);
    input
}

fn expand(objects: &mut Objects) {
    controllers::expand(objects);
    _ = admission::admit(objects);
    controllers::disruption::budgets(objects);
}

fn quorums(yaml: &str, flags: &[&str]) -> Quorums {
    let flags: Vec<_> = flags.iter().map(|flag| flag.parse().expect("a flag")).collect();
    Quorums::of(&input(yaml).objects, &flags)
}

/// `needed of replicas: basis` of the only workload.
fn need(yaml: &str, flags: &[&str]) -> String {
    let quorums = quorums(yaml, flags);
    assert_eq!((quorums.workloads.len(), quorums.notes.len()), (1, 0), "{:?}", quorums.notes);
    let quorum = &quorums.workloads[0];
    format!("{} of {}: {}", quorum.needed, quorum.replicas, quorum.basis)
}

fn plain(kind: &str, replicas: usize) -> String {
    workload(kind, "api", replicas, "example.com/api:1", [""; 3])
}

#[test]
fn stateful_sets_need_a_majority_and_others_one() {
    for (replicas, text) in [
        (1, "1 of 1: one pod"),
        (2, "1 of 2: one of two"),
        (3, "2 of 3: majority of 3"),
        (4, "3 of 4: majority of 4"),
        (5, "3 of 5: majority of 5"),
    ] {
        assert_eq!(need(&plain("StatefulSet", replicas), &[]), text);
    }
    assert_eq!(need(&plain("Deployment", 5), &[]), "1 of 5: one pod");
    assert_eq!(need(&plain("ReplicaSet", 3), &[]), "1 of 3: one pod");
}

#[test]
fn a_flag_counts_over_an_annotation_and_that_over_the_rule() {
    let annotated = |wish: &str| workload("StatefulSet", "db", 5, "etcd:3", [&format!("plimsoll.dev/quorum: '{wish}'"), "", ""]);
    assert_eq!(need(&annotated("2"), &[]), "2 of 5: annotation: 2");
    assert_eq!(need(&annotated("50%"), &[]), "3 of 5: annotation: 50%");
    assert_eq!(need(&annotated("none"), &[]), "0 of 5: annotation: none");
    assert_eq!(need(&annotated("2"), &["shop/db=4"]), "4 of 5: flag: 4");
    assert_eq!(need(&annotated("2"), &["shop/statefulset/db=majority"]), "3 of 5: flag: majority");
    assert_eq!(need(&annotated("2"), &["shop/db=4", "shop/db=1"]), "1 of 5: flag: 1");
}

#[test]
fn an_annotation_of_the_template_counts() {
    let yaml = plain("Deployment", 4).replace("labels: {app: api}", "labels: {app: api}, annotations: {plimsoll.dev/quorum: majority}");
    assert_eq!(need(&yaml, &[]), "3 of 4: annotation: majority");
}

#[test]
fn wishes_that_make_no_sense_are_notes_with_their_place() {
    let yaml = workload("StatefulSet", "db", 3, "x", ["plimsoll.dev/quorum: most", "", ""]);
    let input = input(&yaml);
    let flags = ["shop/nobody=1".parse().expect("a flag")];
    let quorums = Quorums::of(&input.objects, &flags);
    assert_eq!(quorums.workloads[0].needed, 2);
    let text = |note: &Note| (note.origin.map(|origin| input.locate(origin).to_string()), note.message.clone());
    let expected = "StatefulSet shop/db: annotation plimsoll.dev/quorum: \"most\" is none of: a number of pods, a share such as 50%, majority, \
                    none; it does not count";
    assert_eq!(text(&quorums.notes[0]), (Some("shop.yaml:3:1".to_owned()), expected.to_owned()));
    assert_eq!(text(&quorums.notes[1]), (None, "quorum shop/nobody=1: there is no such workload".to_owned()));
}

#[test]
fn more_than_all_is_all() {
    let quorums = quorums(&plain("StatefulSet", 3), &["shop/api=4"]);
    assert_eq!(quorums.workloads[0].needed, 3);
    assert_eq!(quorums.notes[0].message, "StatefulSet shop/api: flag: 4 of 3 pods can never be ready: taken as all of them");
}

#[test]
fn applications_are_recognised() {
    let of =
        |image: &str, replicas, labels: &str, spec: &str| need(&workload("StatefulSet", "s", replicas, image, ["", labels, spec]), &[]);
    let claims = "volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]";
    assert_eq!(
        of("docker.elastic.co/elasticsearch/elasticsearch:8.5.1", 3, "", ""),
        "2 of 3: Elasticsearch: majority of 3 master-eligible nodes"
    );
    assert_eq!(
        of("bitnami/elasticsearch:9", 3, ", app.kubernetes.io/component: data", ""),
        "2 of 3: Elasticsearch: all but one of 3: an index has one replica by default"
    );
    assert_eq!(
        of("bitnami/kafka:4.0.0", 3, ", app.kubernetes.io/component: controller-eligible", ""),
        "2 of 3: Kafka: majority of 3 controllers"
    );
    // two that have to agree are both needed
    assert_eq!(of("registry.k8s.io/etcd:3.6", 2, "", ""), "2 of 2: etcd: majority of 2 members");
    assert_eq!(of("hashicorp/vault:1.20", 3, "", claims), "2 of 3: Vault: majority of 3 servers with integrated storage");
    assert_eq!(of("hashicorp/vault:1.20", 3, "", ""), "1 of 3: Vault: one active server, the storage is elsewhere (no volumes of its own)");
    assert_eq!(of("ghcr.io/cloudnative-pg/postgresql:16", 3, "", claims), "1 of 3: PostgreSQL: one primary serves, standbys take over");
    assert_eq!(of("x", 3, ", app.kubernetes.io/name: rabbitmq", ""), "2 of 3: RabbitMQ: majority of 3 nodes (quorum queues)");
    assert_eq!(of("apache/doris:fe-2.1.7", 3, "", ""), "2 of 3: Doris: majority of 3 followers");
    assert_eq!(
        of("apache/doris:be-2.1.7", 4, "", ""),
        "3 of 4: Doris: all but one of 4: a tablet has three replicas by default, a majority is written"
    );
    assert_eq!(of("kafka:3", 1, "", ""), "1 of 1: Kafka: runs alone");
    // a proxy in front is not the application; a label says more than an image
    let meshed = workload("StatefulSet", "s", 3, "istio/proxyv2:1", [""; 3])
        .replace("image: 'istio/proxyv2:1'}", "image: 'istio/proxyv2:1'}, {name: d, image: mongo}");
    assert_eq!(need(&meshed, &[]), "2 of 3: MongoDB: majority of 3 members");
    assert_eq!(
        need(&workload("StatefulSet", "zookeeper", 3, "solsson/kafka:2.5", [""; 3]), &[]),
        "2 of 3: ZooKeeper: majority of 3 members"
    );
    // a Deployment with such an image is a client
    assert_eq!(need(&workload("Deployment", "d", 3, "etcd:3", [""; 3]), &[]), "1 of 3: one pod");
}

#[test]
fn minio_needs_the_write_quorum_of_its_erasure_sets() {
    let of = |replicas, annotation: &str, claims: usize| {
        let claim = |number| format!("{{metadata: {{name: data{number}}}, spec: {{accessModes: [ReadWriteOnce]}}}}");
        let templates = (0..claims).map(claim).collect::<Vec<_>>().join(", ");
        let spec = format!("volumeClaimTemplates: [{templates}]");
        need(&workload("StatefulSet", "minio", replicas, "quay.io/minio/minio:latest", [annotation, "", &spec]), &[])
    };
    assert_eq!(of(4, "", 1), "3 of 4: MinIO: write quorum of an erasure set of 4 drives (EC:2: 3 drives, 1 of them a pod)");
    assert_eq!(of(4, "", 4), "3 of 4: MinIO: write quorum of an erasure set of 16 drives (EC:4: 12 drives, 4 of them a pod)");
    assert_eq!(of(8, "", 1), "5 of 8: MinIO: write quorum of an erasure set of 8 drives (EC:4: 5 drives, 1 of them a pod)");
    assert_eq!(of(1, "", 4), "1 of 1: MinIO: a single server");
    assert_eq!(
        of(8, "plimsoll.dev/minio: 'http://minio-{0...7}/data{1...2} EC:2'", 1),
        "7 of 8: MinIO: write quorum of an erasure set of 16 drives (EC:2: 14 drives, 2 of them a pod)"
    );
}

#[test]
fn an_operators_pods_are_a_workload() {
    let pod = |number| {
        format!(
            "
---
apiVersion: v1
kind: Pod
metadata:
  name: log-kafka-{number}
  namespace: shop
  labels: {{app.kubernetes.io/name: kafka}}
  ownerReferences: [{{apiVersion: core.strimzi.io/v1beta2, kind: StrimziPodSet, name: log-kafka, uid: u, controller: true}}]
spec: {{containers: [{{name: kafka, image: 'quay.io/strimzi/kafka:0.46.0'}}]}}
"
        )
    };
    let yaml: String = (0..3).map(pod).collect();
    assert_eq!(need(&yaml, &[]), "2 of 3: Kafka: majority of 3 brokers");
    assert_eq!(quorums(&yaml, &[]).workloads[0].workload.to_string(), "StrimziPodSet shop/log-kafka");
}

#[test]
fn daemon_sets_jobs_and_bare_pods_have_none() {
    let yaml = "
apiVersion: v1
kind: Pod
metadata: {name: bare}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}
";
    let quorums = quorums(yaml, &[]);
    assert_eq!((quorums.workloads.len(), quorums.of_pod), (0, vec![None, None]));
}

#[test]
fn losses_are_counted_against_quorum_and_budget() {
    let budget = "
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: db, namespace: shop}
spec: {maxUnavailable: 0, selector: {matchLabels: {app: db}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {minAvailable: 50%, selector: {matchExpressions: [{key: app, operator: In, values: [web]}]}}
";
    let yaml = workload("StatefulSet", "db", 5, "x", [""; 3]) + &workload("Deployment", "web", 3, "x", [""; 3]) + budget;
    let quorums = quorums(&yaml, &[]);
    let index = |name: &str| quorums.workloads.iter().position(|quorum| quorum.workload.name == name).expect("it is there");
    let standing = Standing::of(&quorums, |_| true);
    let after = |name: &str, count: usize| {
        let hits = standing.after(&quorums, &quorums.workloads[index(name)].pods[..count]);
        assert_eq!((hits.len(), hits[0].workload, hits[0].lost, hits[0].before), (1, index(name), count, State::Fine));
        hits[0].state
    };
    assert_eq!([1, 2, 3, 5].map(|count| after("db", count)), [State::BelowBudget, State::BelowBudget, State::BelowQuorum, State::Zero]);
    // half of three, rounded up, are two
    assert_eq!([1, 2, 3].map(|count| after("web", count)), [State::Fine, State::BelowBudget, State::Zero]);
    assert_eq!(standing.after(&quorums, &[]), []);
}

#[test]
fn pods_that_are_not_ready_are_not_lost() {
    let quorums = quorums(&plain("StatefulSet", 3), &[]);
    let standing = Standing::of(&quorums, |pod| pod != 0);
    assert_eq!(standing.after(&quorums, &[0]), []);
    let hits = standing.after(&quorums, &[0, 1]);
    assert_eq!((hits[0].lost, hits[0].ready, hits[0].before, hits[0].state), (1, 1, State::Fine, State::BelowQuorum));
}
