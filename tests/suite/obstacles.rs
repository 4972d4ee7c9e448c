//! Why pods find no node, on small clusters made at random: every pod that stays pending has exactly one cause, and the cause is one. And
//! what can never be met by any node: tried with all values that a label can have.
//!
//! What a cause claims is tried with the scheduler itself: a pod that fits no node even on nodes with nothing on them is refused by an
//! empty cluster; one that finds only taken ports, only pods to keep away from, or no place that is even enough, is refused however large
//! those nodes are made that would take it if they were empty.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::check::contradiction::contradiction;
use plimsoll::check::obstacle::{Cause, Obstacle};
use plimsoll::check::{Question, Settings, Subject};
use plimsoll::cluster::index::Texts;
use plimsoll::cluster::labels::Requirement;
use plimsoll::manifest::Objects;
use plimsoll::manifest::meta::SelectorRequirement;
use plimsoll::manifest::pod::{NodeSelectorTerm, PodSpec};
use plimsoll::manifest::read::{Skipped, Written, read_str};
use plimsoll::scheduler::attempt::Outcome;
use plimsoll::scheduler::{Options, Scheduler, prepare};
use plimsoll::simulation::Creation;
use plimsoll::{admission, controllers};
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Node {
    zone: u8,
    cpu: u8,
    has_disk: bool,
    is_tainted: bool,
}

#[derive(Debug, Clone)]
struct Workload {
    replicas: u8,
    cpu: u8,
    wants_disk: bool,
    tolerates: bool,
    host_port: bool,
    apart: Option<bool>,
    near: Option<u8>,
    spread: Option<(bool, bool)>,
}

fn node() -> impl Strategy<Value = Node> {
    (0..3u8, 1..5u8, any::<bool>(), prop::bool::weighted(0.25)).prop_map(|(zone, cpu, has_disk, is_tainted)| Node {
        zone,
        cpu,
        has_disk,
        is_tainted,
    })
}

fn workload() -> impl Strategy<Value = Workload> {
    let flags = (prop::bool::weighted(0.25), prop::bool::weighted(0.25), prop::bool::weighted(0.25));
    let company = (prop::option::weighted(0.3, any::<bool>()), prop::option::weighted(0.15, 0..4u8));
    let spread = prop::option::weighted(0.3, any::<(bool, bool)>());
    (1..6u8, 1..5u8, flags, company, spread).prop_map(|(replicas, cpu, flags, company, spread)| {
        let (wants_disk, tolerates, host_port) = flags;
        Workload { replicas, cpu, wants_disk, tolerates, host_port, apart: company.0, near: company.1, spread }
    })
}

fn key(by_zone: bool) -> &'static str {
    if by_zone { "topology.kubernetes.io/zone" } else { "kubernetes.io/hostname" }
}

fn text(nodes: &[Node], workloads: &[Workload]) -> String {
    let mut documents = Vec::new();
    for (number, node) in nodes.iter().enumerate() {
        let disk = if node.has_disk { ", disk: ssd" } else { "" };
        let taints = if node.is_tainted { "[{key: kept, value: for-others, effect: NoSchedule}]" } else { "[]" };
        documents.push(format!(
            "{{apiVersion: v1, kind: Node, metadata: {{name: node-{number}, labels: {{kubernetes.io/hostname: node-{number}, \
             topology.kubernetes.io/zone: zone-{}{disk}}}}}, spec: {{taints: {taints}}}, status: {{allocatable: {{cpu: {}, pods: 20}}}}}}",
            node.zone, node.cpu
        ));
    }
    for (number, own) in workloads.iter().enumerate() {
        let mut spec = String::new();
        if own.wants_disk {
            spec += "nodeSelector: {disk: ssd}, ";
        }
        if own.tolerates {
            spec += "tolerations: [{key: kept, operator: Exists}], ";
        }
        let term = |app: usize, key: &str| {
            format!(
                "{{requiredDuringSchedulingIgnoredDuringExecution: [{{labelSelector: {{matchLabels: {{app: w{app}}}}}, topologyKey: {key}}}]}}"
            )
        };
        let apart = own.apart.map(|by_zone| format!("podAntiAffinity: {}", term(number, key(by_zone))));
        let near = own.near.map(|of| format!("podAffinity: {}", term(of as usize, key(true))));
        let affinity: Vec<String> = apart.into_iter().chain(near).collect();
        if !affinity.is_empty() {
            spec += &format!("affinity: {{{}}}, ", affinity.join(", "));
        }
        if let Some((by_zone, honors)) = own.spread {
            let policy = if honors { "Honor" } else { "Ignore" };
            spec += &format!(
                "topologySpreadConstraints: [{{maxSkew: 1, topologyKey: {}, whenUnsatisfiable: DoNotSchedule, nodeTaintsPolicy: {policy}, \
                 labelSelector: {{matchLabels: {{app: w{number}}}}}}}], ",
                key(by_zone)
            );
        }
        let port = if own.host_port { "ports: [{containerPort: 80, hostPort: 80}], " } else { "" };
        documents.push(format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: w{number}}}, spec: {{replicas: {}, selector: {{matchLabels: \
             {{app: w{number}}}}}, template: {{metadata: {{labels: {{app: w{number}}}}}, spec: {{{spec}containers: [{{name: c, image: i, \
             {port}resources: {{requests: {{cpu: {}}}}}}}]}}}}}}}}",
            own.replicas, own.cpu
        ));
    }
    documents.join("\n---\n")
}

fn objects(nodes: &[Node], workloads: &[Workload]) -> Objects {
    let input = read_str("random.yaml", &text(nodes, workloads));
    assert!(input.problems.is_empty(), "{:?}", input.problems);
    let mut objects = input.objects;
    controllers::expand(&mut objects);
    admission::admit(&mut objects);
    objects
}

/// Whether the scheduler finds a node for this pod, which has none, with the others where they are.
fn finds_node(objects: &Objects, name: &str) -> bool {
    let (cluster, profiles) = prepare(objects, &Default::default());
    let pod = cluster.pod_ids().find(|&pod| cluster.pod_name(pod).name == name).expect("it is there");
    Scheduler::new(&cluster, &profiles, Options::default()).attempt(pod).outcome == Outcome::Bound
}

/// The cluster with nothing but this pod.
fn alone(objects: &Objects, pod: usize) -> Objects {
    Objects { nodes: objects.nodes.clone(), pods: vec![objects.pods[pod].clone()], ..Objects::default() }
}

/// The cluster with every pod where it was placed, and the nodes of an obstacle so large that they are never full.
fn enlarged(subject: &Subject<'_>, obstacle: &Obstacle) -> Objects {
    let (baseline, mut objects) = (subject.baseline(), subject.objects.clone());
    for pod in baseline.pods() {
        if let Some(node) = baseline.occupancy().node_of(pod) {
            let cluster = baseline.cluster();
            objects.pods[cluster.pod(pod).object].spec.node_name = cluster.node_name(node).to_owned();
        }
    }
    let names: BTreeSet<&str> = obstacle.nodes.iter().map(|node| baseline.cluster().node_name(node)).collect();
    for node in objects.nodes.iter_mut().filter(|node| names.contains(node.metadata.name.as_str())) {
        let amounts = [("cpu", 1_000_000), ("pods", 1_000_000)];
        node.status.allocatable =
            amounts.into_iter().map(|(name, amount)| (name.to_owned(), plimsoll::manifest::Quantity::from_units(amount))).collect();
    }
    objects
}

fn judge(subject: &Subject<'_>, obstacle: &Obstacle) -> Result<(), TestCaseError> {
    for &pod in &obstacle.pods {
        let name = subject.objects.pods[pod].metadata.name.as_str();
        match obstacle.cause {
            Cause::NoMatchingNode | Cause::Taints | Cause::TooLarge | Cause::NothingToBeNear => {
                prop_assert!(
                    !finds_node(&alone(subject.objects, pod), name),
                    "{:?}: {name} finds a node in an empty cluster",
                    obstacle.cause
                );
            }
            Cause::HostPorts | Cause::AntiAffinity | Cause::Spread => {
                prop_assert!(
                    !finds_node(&enlarged(subject, obstacle), name),
                    "{:?}: {name} finds a node where all are larger",
                    obstacle.cause
                );
            }
            Cause::NoRoom => {}
            other => prop_assert!(false, "{other:?} has no reason in these clusters"),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_pending_pod_has_one_cause_and_the_scheduler_bears_it_out(
        nodes in prop::collection::vec(node(), 1..5),
        workloads in prop::collection::vec(workload(), 1..5),
    ) {
        let objects = objects(&nodes, &workloads);
        let (creation, skipped, settings, configuration) = (Creation::default(), Skipped::default(), Settings::default(), Default::default());
        let (written, replicas) = (Written::Everything, BTreeMap::new());
        let subject = Subject::new(Question {
            objects: &objects,
            creation: &creation,
            before: None,
            skipped: &skipped,
            written: &written,
            replicas: &replicas,
            quotas: None,
            usage: None,
            catalogue: None,
            settings: &settings,
            configuration: &configuration,
            options: Options::default(),
        });
        let cluster = subject.baseline().cluster();
        let pending: Vec<usize> = subject.baseline().schedule().pending().map(|decision| cluster.pod(decision.pod).object).collect();
        let mut told: Vec<usize> = subject.obstacles().iter().flat_map(|obstacle| obstacle.pods.iter().copied()).collect();
        told.sort_unstable();
        prop_assert_eq!(&told.iter().copied().collect::<BTreeSet<_>>(), &pending.iter().copied().collect::<BTreeSet<_>>());
        prop_assert_eq!(told.len(), pending.len(), "each once");
        for obstacle in subject.obstacles() {
            judge(&subject, obstacle)?;
        }
    }
}

fn requirement() -> impl Strategy<Value = SelectorRequirement> {
    let value = prop::sample::select(vec!["a", "b", "0", "1", "2", "3"]);
    let operator = prop::sample::select(vec!["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]);
    (operator, prop::collection::vec(value, 1..4), -1..4i64).prop_map(|(operator, values, bound)| {
        let values = match operator {
            "In" | "NotIn" => values.into_iter().map(str::to_owned).collect(),
            "Gt" | "Lt" => vec![bound.to_string()],
            _ => Vec::new(),
        };
        SelectorRequirement { key: "k".to_owned(), operator: operator.to_owned(), values }
    })
}

/// A pod with this node selector for the one label there is, and these terms of node affinity.
fn spec(selected: Option<&str>, terms: &[Vec<SelectorRequirement>]) -> PodSpec {
    let mut spec = PodSpec::default();
    spec.node_selector.extend(selected.map(|value| ("k".to_owned(), value.to_owned())));
    let affinity = spec.affinity.get_or_insert_default().node_affinity.get_or_insert_default();
    let required = affinity.required_during_scheduling_ignored_during_execution.get_or_insert_default();
    let term = |all: &Vec<SelectorRequirement>| NodeSelectorTerm { match_expressions: all.clone(), match_fields: Vec::new() };
    required.node_selector_terms = terms.iter().map(term).collect();
    spec
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn requirements_contradict_each_other_if_and_only_if_no_value_of_the_label_meets_them(
        selected in prop::option::of(prop::sample::select(vec!["a", "1", "c"])),
        terms in prop::collection::vec(prop::collection::vec(requirement(), 1..4), 1..3),
    ) {
        // values that are named, others, numbers in a spelling that is not named, and no label at all
        let mut texts = Texts::default();
        let values = ["a", "b", "c", "0", "1", "2", "3", "4", "00", "01", "02", "03", "04"];
        let values: Vec<_> = values.into_iter().map(|value| Some(texts.intern(value))).chain([None]).collect();
        let wanted = selected.map(|value| texts.intern(value));
        let compiled: Vec<Vec<Requirement>> =
            terms.iter().map(|term| term.iter().map(|one| Requirement::new(&mut texts, one).expect("it is valid")).collect()).collect();
        let meets = |value| {
            wanted.is_none_or(|wanted| value == Some(wanted))
                && compiled.iter().any(|term| term.iter().all(|one| one.matches(value, &texts)))
        };
        let can_be_met = values.iter().any(|value| meets(*value));
        prop_assert_eq!(contradiction(&spec(selected, &terms)).is_none(), can_be_met);
    }
}

#[test]
fn a_contradiction_names_what_cannot_hold_together() {
    let one = |operator: &str, value: &str| SelectorRequirement {
        key: "k".to_owned(),
        operator: operator.to_owned(),
        values: vec![value.to_owned()],
    };
    let found = contradiction(&spec(Some("ssd"), &[vec![one("NotIn", "ssd")]])).expect("ssd is not other than ssd");
    assert_eq!((found.reasons, found.by_selector), (vec!["k cannot be ssd and none of ssd".to_owned()], true));
    assert_eq!(contradiction(&spec(Some("ssd"), &[vec![one("NotIn", "ssd")], vec![one("In", "ssd")]])), None);
}
