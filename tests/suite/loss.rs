//! A loss leaves no trace, the fast way agrees with the plain one, and the two acts follow the rules of node loss.

use plimsoll::cluster::index::NodeId;
use plimsoll::cluster::outage::NodeState;
use plimsoll::controllers::node_lifecycle::Pace;
use plimsoll::manifest::Objects;
use plimsoll::manifest::meta::OwnerReference;
use plimsoll::manifest::read::read_str;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::version::KubernetesVersion;
use plimsoll::scheduler::{Options, Scheduler, prepare, queue};
use plimsoll::simulation::loss::{Baseline, Course, Loss, Until, lose, sweep};
use proptest::prelude::*;

use crate::generate;

fn baseline(objects: &Objects, options: Options) -> Baseline {
    Baseline::new(objects, &Configuration::default(), options, |scheduler| scheduler.run(|_, _| ()))
}

fn of(text: &str) -> Baseline {
    let mut input = read_str("test", text);
    plimsoll::controllers::expand(&mut input.objects);
    plimsoll::admission::admit(&mut input.objects);
    baseline(&input.objects, Options::default())
}

/// Gives every pod an owner that replaces it, of one kind or another.
fn owned(mut objects: Objects) -> Objects {
    for (number, pod) in objects.pods.iter_mut().enumerate().filter(|(_, pod)| pod.metadata.controller().is_none()) {
        let kind = ["ReplicaSet", "StatefulSet", "ReplicaSet", "Job", "DaemonSet"][number % 5].to_owned();
        let owner = OwnerReference { kind, name: "owner".into(), uid: "owner".into(), controller: Some(true), ..Default::default() };
        pod.metadata.owner_references.push(owner);
    }
    objects
}

/// Sets of one, two or all nodes.
fn losses(baseline: &Baseline) -> Vec<Vec<NodeId>> {
    let nodes: Vec<NodeId> = baseline.cluster().nodes.ids().collect();
    let pairs = nodes.windows(2).map(<[NodeId]>::to_vec);
    nodes.iter().map(|&node| vec![node]).chain(pairs).chain([nodes.clone()]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn losses_leave_no_trace_and_the_fast_way_is_the_plain_one(plan in generate::plan(), old in any::<bool>(), wait in any::<bool>()) {
        let objects = owned(generate::build(&plan));
        let version = if old { KubernetesVersion::V1_34 } else { KubernetesVersion::V1_36 };
        let options = Options { version, ..Options::default() };
        let until = if wait { Until::Removed } else { Until::Unattended };
        let (fast, plain) = (baseline(&objects, options), baseline(&objects, Options { plain: true, ..options }));
        let mut shared = fast.scheduler();
        for nodes in losses(&fast) {
            let loss = lose(&fast, &mut shared, &nodes, until);
            prop_assert_eq!(&loss, &lose(&plain, &mut plain.scheduler(), &nodes, until));
            prop_assert!(shared.occupancy() == fast.occupancy(), "the loss of {:?} left a trace", nodes);
        }
    }

    #[test]
    fn nothing_lost_is_the_baseline(plan in generate::plan()) {
        let objects = generate::build(&plan);
        let baseline = baseline(&objects, Options::default());
        let loss = lose(&baseline, &mut baseline.scheduler(), &[], Until::Removed);
        prop_assert!(loss.pods.is_empty() && loss.preempted.is_empty() && loss.helped.is_empty());
    }

    /// What a node that is gone leaves behind is what a cluster is that never had it.
    #[test]
    fn a_node_that_is_gone_was_never_there(plan in generate::plan(), place in any::<prop::sample::Index>(), old in any::<bool>()) {
        let objects = generate::build(&plan);
        let version = if old { KubernetesVersion::V1_34 } else { KubernetesVersion::V1_36 };
        let options = Options { version, ..Options::default() };
        let lost = place.index(objects.nodes.len());
        let mut without = objects.clone();
        let name = without.nodes.remove(lost).metadata.name;
        without.pods.retain(|pod| pod.spec.node_name != name);
        without.csi_nodes.retain(|node| node.metadata.name != name);
        let mut with = objects;
        with.pods.retain(|pod| pod.spec.node_name != name);
        let ((cluster, profiles), (small, small_profiles)) =
            (prepare(&with, &Configuration::default()), prepare(&without, &Configuration::default()));
        let (mut scheduler, mut other) = (Scheduler::new(&cluster, &profiles, options), Scheduler::new(&small, &small_profiles, options));
        scheduler.set_node(cluster.find_node(&name).expect("it is there"), NodeState { gone: true, ..NodeState::default() });
        // upstream keeps a zone's turn when its first node goes, so that the list may be another than that of a new cluster
        let listed = scheduler.occupancy().outages().order().expect("a node is gone").iter().map(|&node| cluster.node_name(node));
        prop_assume!(listed.eq(small.nodes.ids().map(|node| small.node_name(node))));
        for (one, same) in queue::pending(&cluster).into_iter().zip(queue::pending(&small)) {
            prop_assert_eq!(cluster.pod_name(one), small.pod_name(same));
            let plain = scheduler.clone().attempt(one);
            let (choice, expected) = (scheduler.decide(one), other.decide(same));
            let names = |node: Option<NodeId>, cluster: &plimsoll::cluster::Cluster| node.map(|node| cluster.node_name(node).to_owned());
            prop_assert_eq!(names(choice.node, &cluster), names(expected.node, &small));
            prop_assert_eq!(plain.node, choice.node);
            // upstream's sentence names a volume's missing node either way; what counts is the rest
            prop_assert_eq!(&choice.message, &expected.message);
            if let (Some(node), Some(small_node)) = (choice.node, expected.node) {
                scheduler.bind(one, node);
                other.bind(same, small_node);
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let plan = generate::Plan { seed: 5, nodes: 60, bound: 300, pending: 60, traits: generate::Trait::ALL.to_vec() };
    let baseline = baseline(&generate::build(&plan), Options::default());
    let losses = losses(&baseline);
    let played = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be had");
        pool.install(|| sweep(&baseline, &losses, Until::Removed, |_, loss| loss, || ()))
    };
    assert_eq!(played(1), played(4));
}

const THREE: &str = "
{apiVersion: v1, kind: Node, metadata: {name: a, labels: {kubernetes.io/hostname: a}}, status: {allocatable: {cpu: 2, memory: 8Gi, pods: 10}}}
---
{apiVersion: v1, kind: Node, metadata: {name: b, labels: {kubernetes.io/hostname: b}}, status: {allocatable: {cpu: 2, memory: 8Gi, pods: 10}}}
---
{apiVersion: v1, kind: Node, metadata: {name: c, labels: {kubernetes.io/hostname: c}}, status: {allocatable: {cpu: 2, memory: 8Gi, pods: 10}}}
";

fn courses(baseline: &Baseline, loss: &Loss) -> Vec<(String, Course, Option<String>)> {
    let name = |pod| baseline.cluster().pod_name(pod).to_string();
    let node = |node: Option<NodeId>| node.map(|node| baseline.cluster().node_name(node).to_owned());
    loss.pods.iter().map(|pod| (name(pod.pod), pod.course, node(pod.to))).collect()
}

/// What the API server adds to every pod.
const FIVE_MINUTES: &str =
    "tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 300}], ";

#[test]
fn each_controller_brings_its_pods_back_in_its_own_way() {
    let pod = |name: &str, owner: &str, rest: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop{owner}}}, spec: {{nodeName: a, {rest}\
             containers: [{{name: c, resources: {{requests: {{cpu: 100m}}}}}}]}}, status: {{phase: Running}}}}\n"
        )
    };
    let owned = |kind: &str| format!(", ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: o, uid: u, controller: true}}]");
    let text = [
        THREE.to_owned(),
        pod("api", &owned("ReplicaSet"), FIVE_MINUTES),
        pod(
            "quick",
            &owned("ReplicaSet"),
            "tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 5}], ",
        ),
        pod("db-0", &owned("StatefulSet"), FIVE_MINUTES),
        pod("agent", &owned("DaemonSet"), "tolerations: [{operator: Exists}], "),
        pod("alone", "", FIVE_MINUTES),
    ];
    let baseline = of(&text.concat());
    let node = baseline.cluster().find_node("a").unwrap();
    let unattended = lose(&baseline, &mut baseline.scheduler(), &[node], Until::Unattended);
    let there = |name: &str| Some(name.to_owned());
    let shop = |name: &str| format!("shop/{name}");
    assert_eq!(
        courses(&baseline, &unattended),
        [
            (shop("quick"), Course::Replaced(5), there("b")),
            (shop("api"), Course::Replaced(300), there("c")),
            (shop("db-0"), Course::Stuck, None),
            (shop("alone"), Course::Lost, None),
            (shop("agent"), Course::WithNode, None),
        ]
    );
    let removed = lose(&baseline, &mut baseline.scheduler(), &[node], Until::Removed);
    assert_eq!(courses(&baseline, &removed)[2], (shop("db-0"), Course::OnceRemoved, there("b")));
}

#[test]
fn a_silent_node_is_still_a_domain_and_one_that_is_gone_is_not() {
    let set = "---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 3, selector: {matchLabels: {app: web}}, template: {
  metadata: {labels: {app: web}}, spec: {containers: [{name: c, resources: {requests: {cpu: 100m}}}], topologySpreadConstraints: [
  {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]}}}}
";
    let baseline = of(&format!("{THREE}{set}"));
    let node = baseline.cluster().find_node("b").unwrap();
    // the silent node has none of them and counts, so that two on another would be too many
    let unattended = lose(&baseline, &mut baseline.scheduler(), &[node], Until::Unattended);
    assert!(unattended.pods[0].is_pending() && unattended.pods[0].waited, "{unattended:?}");
    let sentence = unattended.pods[0].message.as_deref().unwrap();
    assert!(
        sentence.starts_with("0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't match pod topology"),
        "{sentence}"
    );
    let removed = lose(&baseline, &mut baseline.scheduler(), &[node], Until::Removed);
    assert!(removed.is_made_good() && removed.pods[0].waited, "{removed:?}");
}

#[test]
fn evictions_from_lost_nodes_go_zone_by_zone() {
    let nodes = ["a1 a", "b1 b", "a2 a", "b2 b", "a3 a", "a4 a"].map(|pair| pair.split_once(' ').expect("a pair"));
    let node = |(name, zone): (&str, &str)| {
        format!("---\n{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{topology.kubernetes.io/zone: {zone}}}}}}}\n")
    };
    let baseline = of(&nodes.map(node).concat());
    let lost = |names: &[&str]| {
        let nodes = &baseline.cluster().nodes;
        let found = baseline.zones().lost(nodes, &Pace::default(), &baseline.nodes(names.iter().copied()));
        found.iter().map(|lost| lost.wait().map(|wait| wait.as_secs())).collect::<Vec<_>>()
    };
    assert_eq!(lost(&["a2", "a1", "b1"]), [Some(0), Some(10), Some(0)]);
    // three of four, and zone b as a whole
    assert_eq!(lost(&["a1", "a2", "a3"]), [None; 3]);
    assert_eq!(lost(&["b1", "b2"]), [Some(0), Some(10)]);
    assert_eq!(lost(&["a1", "b1", "a2", "b2", "a3", "a4"]), [None; 6]);
}
