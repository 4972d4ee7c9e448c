//! The platform of the guide on its way to high availability: from one node to three to five.

use plimsoll::graph::failure_domains::Kind;
use plimsoll::manifest::Objects;
use plimsoll::manifest::read::read_str;
use plimsoll::planning::quorum::{Quorums, State};
use plimsoll::planning::resilience::survival::{Survival, survival};
use plimsoll::scheduler::Options;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::simulation::loss::Baseline;

/// Kind, name, image, replicas, cpu in thousandths, memory in Mi: the services that the guide names, as it wants them.
const SERVICES: [(&str, &str, &str, u8, u32, u32); 8] = [
    ("Deployment", "datahub-gms", "acryldata/datahub-gms", 3, 250, 512),
    ("Deployment", "trino", "trinodb/trino", 2, 250, 512),
    ("Deployment", "superset", "apache/superset", 2, 250, 512),
    ("StatefulSet", "postgres", "postgres:15.5", 3, 500, 1024),
    ("StatefulSet", "elasticsearch", "elasticsearch:8", 3, 500, 2048),
    ("StatefulSet", "kafka", "apache/kafka:3", 3, 500, 1024),
    ("StatefulSet", "minio", "minio/minio", 4, 250, 512),
    ("StatefulSet", "vault", "hashicorp/vault", 3, 250, 256),
];

/// The platform on so many nodes, with the guide's anti-affinity: preferred, over hosts.
fn platform(nodes: usize) -> Objects {
    let mut text = String::from("{apiVersion: v1, kind: Namespace, metadata: {name: data-platform}}\n");
    text += "---\n{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: ceph}, provisioner: rbd.csi.ceph.com, volumeBindingMode: WaitForFirstConsumer}\n";
    for number in 1..=nodes {
        text += &format!(
            "---\n{{apiVersion: v1, kind: Node, metadata: {{name: node-{number}, labels: {{kubernetes.io/hostname: node-{number}}}}}, status: \
             {{allocatable: {{cpu: 10, memory: 32Gi, pods: 110}}, conditions: [{{type: Ready, status: 'True'}}]}}}}\n"
        );
    }
    for (kind, name, image, replicas, cpu, memory) in SERVICES {
        let claims = match kind {
            "StatefulSet" => format!(
                ", serviceName: {name}, volumeClaimTemplates: [{{metadata: {{name: data}}, spec: {{accessModes: [ReadWriteOnce], \
                 storageClassName: ceph, resources: {{requests: {{storage: 50Gi}}}}}}}}]"
            ),
            _ => String::new(),
        };
        text += &format!(
            "---\n{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: {name}, namespace: data-platform}}, spec: {{replicas: {replicas}, \
             selector: {{matchLabels: {{app: {name}}}}}{claims}, template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{affinity: \
             {{podAntiAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: [{{weight: 100, podAffinityTerm: {{topologyKey: \
             kubernetes.io/hostname, labelSelector: {{matchLabels: {{app: {name}}}}}}}}}]}}}}, containers: [{{name: c, image: '{image}', \
             resources: {{requests: {{cpu: {cpu}m, memory: {memory}Mi}}}}}}]}}}}}}}}\n"
        );
    }
    let mut objects = read_str("platform", &text).objects;
    plimsoll::controllers::expand(&mut objects);
    plimsoll::admission::admit(&mut objects);
    plimsoll::controllers::disruption::budgets(&mut objects);
    objects
}

fn on(nodes: usize) -> (Quorums, Survival) {
    let objects = platform(nodes);
    let baseline = Baseline::new(&objects, &Configuration::default(), Options::default(), |scheduler| scheduler.run(|_, _| ()));
    assert_eq!(baseline.waiting(), [], "everything fits on {nodes} nodes");
    let quorums = Quorums::of(&objects, &[]);
    let survival = survival(&objects, &baseline, &quorums, &Kind::Node).expect("nodes have names");
    (quorums, survival)
}

/// The workloads that fall to zero or below their quorum after some loss, and whether some pod finds no node.
fn fallen(quorums: &Quorums, survival: &Survival) -> (Vec<String>, bool) {
    let losses = &survival.resilience.losses;
    let bad = losses.iter().flat_map(|judged| judged.fallen(State::Zero).chain(judged.fallen(State::BelowQuorum)));
    let mut names: Vec<String> = bad.map(|hit| quorums.workloads[hit.workload].workload.name.clone()).collect();
    names.sort();
    names.dedup();
    (names, losses.iter().any(|judged| judged.loss.pending().count() > 0))
}

#[test]
fn one_node_survives_nothing() {
    let (quorums, survival) = on(1);
    let (names, is_pending) = fallen(&quorums, &survival);
    assert_eq!((survival.resilience.survived(), names.len(), is_pending), (0, SERVICES.len(), true));
}

#[test]
fn three_nodes_survive_any_one_but_for_four_drives_on_three_nodes() {
    let (quorums, survival) = on(3);
    assert_eq!(survival.resilience.losses.len(), 3);
    // two of the four drives are together somewhere, and three are needed to write
    assert_eq!(fallen(&quorums, &survival), (vec!["minio".to_owned()], false));
    assert!(!survival.resilience.is_survivable());
}

#[test]
fn five_nodes_survive_any_one() {
    let (quorums, survival) = on(5);
    assert_eq!(fallen(&quorums, &survival), (vec![], false));
    assert!(survival.resilience.is_survivable());
    // and yet the failover takes longer than the guide's five minutes, for all pods tolerate a silent node for as long
    let recovery = survival.resilience.losses.iter().map(|judged| judged.failover.recovery.map(|span| span.most.as_secs()));
    assert!(recovery.clone().all(|seconds| seconds.is_none_or(|seconds| seconds > 300)), "{:?}", recovery.collect::<Vec<_>>());
}
