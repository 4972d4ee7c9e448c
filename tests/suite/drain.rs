//! Draining: plans are carried out on the control plane step by step, and held against every order there is.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::LazyLock;

use plimsoll::cluster::index::NodeId;
use plimsoll::controllers;
use plimsoll::controllers::world::Key;
use plimsoll::manifest::Objects;
use plimsoll::manifest::meta::IntOrString;
use plimsoll::manifest::node::Taint;
use plimsoll::manifest::pod::Pod;
use plimsoll::manifest::policy::PodDisruptionBudget;
use plimsoll::manifest::read::read_str;
use plimsoll::planning::maintenance::verdict::troubles;
use plimsoll::planning::maintenance::{Blocked, Cause, Change, Maintenance, Question, Timing, maintain};
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::version::KubernetesVersion;
use plimsoll::scheduler::{Options, Scheduler};
use plimsoll::simulation::ControlPlane;
use plimsoll::simulation::drain::{Afterwards, Flags, Refuser, Setting, State, Treatment};
use proptest::prelude::*;
use serde_json::Value;

const CORDON: &str = "node.kubernetes.io/unschedulable";

/// A workload of a test, and its budget.
#[derive(Debug, Clone)]
struct Written {
    kind: &'static str,
    replicas: usize,
    cpu_milli: usize,
    rule: &'static str,
    budget: &'static str,
}

const RULES: [&str; 5] = [
    "",
    "",
    ", affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: APP}}}]}}",
    ", topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: APP}}}]",
    ", nodeSelector: {zone: z0}",
];
const BUDGETS: [&str; 8] =
    ["", "", "maxUnavailable: 1", "maxUnavailable: 0", "minAvailable: 1", "minAvailable: 2", "minAvailable: 50%", "maxUnavailable: 30%"];

impl Written {
    fn text(&self, number: usize) -> String {
        let Written { kind, replicas, cpu_milli, rule, budget } = self;
        let (app, rule) = (format!("w{number}"), rule.replace("APP", &format!("w{number}")));
        let service = if *kind == "StatefulSet" { ", serviceName: s" } else { "" };
        let replicas = if *kind == "DaemonSet" { String::new() } else { format!("replicas: {replicas}, ") };
        let mut text = format!(
            "---\n{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: {app}, namespace: shop}}, spec: {{{replicas}selector: {{matchLabels: {{app: {app}}}}}{service}, \
             template: {{metadata: {{labels: {{app: {app}}}}}, spec: {{containers: [{{name: c, image: i, resources: {{requests: {{cpu: {cpu_milli}m}}}}}}]{rule}}}}}}}}}\n"
        );
        if !budget.is_empty() {
            text += &format!(
                "---\n{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: b{number}, namespace: shop}}, spec: {{{budget}, selector: {{matchLabels: {{app: {app}}}}}}}}}\n"
            );
        }
        text
    }
}

fn workload() -> impl Strategy<Value = Written> {
    let kinds = prop::sample::select(vec!["Deployment", "Deployment", "StatefulSet", "DaemonSet"]);
    let (rules, budgets) = (prop::sample::select(RULES.to_vec()), prop::sample::select(BUDGETS.to_vec()));
    (kinds, 1..4usize, prop::sample::select(vec![100usize, 500, 900, 1500]), rules, budgets).prop_map(
        |(kind, replicas, cpu_milli, rule, budget)| match kind {
            "DaemonSet" => Written { kind, replicas, cpu_milli: 100, rule: "", budget: "" },
            _ => Written { kind, replicas, cpu_milli, rule, budget },
        },
    )
}

/// A small cluster, at rest.
fn cluster(most_nodes: usize, most_workloads: usize) -> impl Strategy<Value = (usize, Vec<Written>)> {
    (2..=most_nodes, prop::collection::vec(workload(), 1..=most_workloads))
}

fn written((nodes, workloads): &(usize, Vec<Written>)) -> String {
    let mut text = String::from("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n");
    for node in 0..*nodes {
        text += &format!(
            "---\n{{apiVersion: v1, kind: Node, metadata: {{name: n{node}, labels: {{kubernetes.io/hostname: n{node}, zone: z{}}}}}, \
             status: {{allocatable: {{cpu: 2, memory: 8Gi, pods: 20}}, conditions: [{{type: Ready, status: 'True'}}]}}}}\n",
            node % 2
        );
    }
    let workloads: Vec<String> = workloads.iter().enumerate().map(|(number, workload)| workload.text(number)).collect();
    text + &workloads.concat()
}

/// Creates everything in a cluster and lets it come to rest.
fn played(objects: &Objects) -> ControlPlane {
    let mut plane = ControlPlane::new(KubernetesVersion::V1_36, Configuration::default());
    macro_rules! create {
        ($( $field:ident )*) => { $( for object in objects.$field.clone() { plane.create(object).expect("nothing is refused"); } )* };
    }
    create! { namespaces nodes pod_disruption_budgets storage_classes deployments stateful_sets daemon_sets jobs pods }
    plane.settle();
    plane
}

fn read(text: &str) -> Objects {
    let objects = read_str("test", text).objects;
    assert_ne!(objects, Objects::default(), "{text}");
    objects
}

fn place(scheduler: &mut Scheduler<'_>) -> plimsoll::scheduler::Schedule {
    scheduler.run(|_, _| ())
}

fn planned<'a>(objects: &'a Objects, nodes: &'a [String], parallel: Option<usize>) -> Maintenance<'a> {
    static CONFIGURATION: LazyLock<Configuration> = LazyLock::new(Configuration::default);
    maintain(&question(objects, nodes, parallel, &CONFIGURATION))
}

fn question<'a>(objects: &'a Objects, nodes: &'a [String], parallel: Option<usize>, configuration: &'a Configuration) -> Question<'a> {
    Question {
        objects,
        configuration,
        options: Options::default(),
        nodes,
        flags: Flags::ALL,
        parallel,
        surge: 0,
        surge_like: None,
        afterwards: Afterwards::Back,
        timing: Timing::default(),
        place: &place,
    }
}

fn set_cordon(plane: &mut ControlPlane, node: &str, on: bool) {
    plane.change_node(&Key::new("", node), |node| {
        node.spec.unschedulable = on;
        node.spec.taints.retain(|taint| taint.key != CORDON);
        if on {
            node.spec.taints.push(Taint { key: CORDON.to_owned(), effect: "NoSchedule".to_owned(), value: String::new() });
        }
    });
}

fn owner(pod: &Pod) -> String {
    match pod.metadata.controller() {
        Some(owner) => format!("{}/{}", owner.kind, owner.name),
        None => format!("Pod/{}", pod.metadata.name),
    }
}

/// How many pods of each owner are on each node, and without one.
type Picture = BTreeMap<(String, String), usize>;

fn picture(plane: &ControlPlane) -> Picture {
    let mut picture = Picture::new();
    for pod in plane.store().pods.iter() {
        *picture.entry((owner(pod), pod.spec.node_name.clone())).or_default() += 1;
    }
    picture
}

/// Drains nodes as `kubectl drain` does, one eviction after another. How many were let pass, and the owners of those that were not.
fn drain(plane: &mut ControlPlane, nodes: &[String]) -> (usize, Vec<String>) {
    nodes.iter().for_each(|node| set_cordon(plane, node, true));
    plane.settle();
    let pods = plane.store().pods.iter().filter(|pod| nodes.contains(&pod.spec.node_name));
    let pods = pods.filter(|pod| pod.metadata.controller().is_none_or(|owner| owner.kind != "DaemonSet"));
    let mut left: Vec<Key> = pods.map(|pod| Key::of(&pod.metadata)).collect();
    left.sort();
    let mut passed = 0;
    loop {
        let tried = left.len();
        let mut refused = Vec::new();
        for key in left {
            match plane.evict(&key) {
                Ok(()) => {
                    passed += 1;
                    plane.settle();
                }
                Err(refusal) => {
                    assert_eq!(refusal.code, 429, "{refusal:?}");
                    refused.push(key);
                }
            }
        }
        left = refused;
        if left.is_empty() || left.len() == tried {
            break;
        }
    }
    let pod = |key: &Key| owner(plane.store().get::<Pod>(key).expect("it was refused, so it is there"));
    (passed, left.iter().map(pod).collect())
}

fn names(answer: &Maintenance<'_>, nodes: &[NodeId]) -> Vec<String> {
    nodes.iter().map(|&node| answer.setting.cluster().node_name(node).to_owned()).collect()
}

/// Carries the waves of a plan out. After each, everybody is where the plan has them; until several wait for nodes that come back: a queue tries
/// them again as their back-offs end, and a plan, in which time stands still, as they stand. Whether it came to the end.
fn carry_out(plane: &mut ControlPlane, answer: &Maintenance<'_>) -> bool {
    for (wave, _) in &answer.plan.waves {
        let nodes = names(answer, &wave.nodes);
        let pending_before = plane.store().pods.iter().filter(|pod| pod.spec.node_name.is_empty()).count();
        let (passed, refused) = drain(plane, &nodes);
        assert_eq!((passed, refused), (wave.evictions.len(), vec![]), "draining {nodes:?}");
        let waiting = plane.store().pods.iter().filter(|pod| pod.spec.node_name.is_empty()).count() - pending_before;
        // what a StatefulSet does not make yet is not there to be counted
        let made = wave.waiting.iter().filter(|waiting| waiting.is_made).count();
        assert_eq!(waiting, made, "without a node while {nodes:?} are away");
        if pending_before + waiting > 1 {
            return false;
        }
        nodes.iter().for_each(|node| set_cordon(plane, node, false));
        plane.settle();
    }
    true
}

/// The first blocked eviction of a plan is refused in the cluster too. Trying that moves pods, so that no second one is tried.
fn blocked_is_refused(plane: &mut ControlPlane, answer: &Maintenance<'_>) {
    let by_budget = |blocked: &Blocked| match blocked.cause {
        Cause::Refused(Refuser::Budget(budget)) => Some((budget, blocked.nodes[0])),
        _ => None,
    };
    let Some((budget, node)) = answer.plan.blocked.iter().find_map(by_budget) else { return };
    let app = answer.objects.pod_disruption_budgets[budget].metadata.name.replace('b', "w");
    let (_, refused) = drain(plane, &names(answer, &[node]));
    assert!(refused.iter().any(|owner| owner.contains(&app)), "{app} is refused, not {refused:?}");
}

/// Every change that is said to free evictions does, for a plan that is made anew.
fn changes_free(objects: &Objects, blocked: &Blocked) {
    let Cause::Refused(Refuser::Budget(budget)) = blocked.cause else { return };
    // whether it still is, and whether it takes an added node not to be
    let is_blocked = |objects: &Objects| {
        let answer = planned(objects, &[], None);
        let mut others = answer.plan.blocked.iter();
        let is_same = others.any(|other| other.cause == blocked.cause && other.nodes.iter().any(|node| blocked.nodes.contains(node)));
        (is_same, is_same || !answer.surge.like.is_empty())
    };
    for change in &blocked.remedies {
        let Change::Budget { to: (field, value), .. } = change else { continue };
        assert!(!is_blocked(&with_budget(objects, budget, field, value.clone())).0, "{change:?}");
        let one_less = match (value, *field) {
            (IntOrString::Int(number), "minAvailable") => IntOrString::Int(number + 1),
            (IntOrString::Int(number), _) => IntOrString::Int(number - 1),
            _ => continue,
        };
        assert!(is_blocked(&with_budget(objects, budget, field, one_less)).1, "one less than {change:?}");
    }
}

fn with_budget(objects: &Objects, budget: usize, field: &str, value: IntOrString) -> Objects {
    let mut objects = objects.clone();
    let written: &mut PodDisruptionBudget = &mut objects.pod_disruption_budgets[budget];
    let (least, most) = if field == "minAvailable" { (Some(value), None) } else { (None, Some(value)) };
    (written.spec.min_available, written.spec.max_unavailable) = (least, most);
    written.status = Default::default();
    controllers::disruption::budgets(&mut objects);
    objects
}

/// The fewest waves in which these nodes can be drained, by trying every order of every partition.
fn fewest(state: &State<'_>, nodes: &[NodeId], most: usize) -> Option<usize> {
    if nodes.is_empty() {
        return Some(0);
    }
    if most == 0 {
        return None;
    }
    let mut best: Option<usize> = None;
    for part in 1..1usize << nodes.len() {
        let of = |wanted: bool| (0..nodes.len()).filter(move |bit| (part >> bit & 1 == 1) == wanted).map(|bit| nodes[bit]);
        let (group, rest): (Vec<NodeId>, Vec<NodeId>) = (of(true).collect(), of(false).collect());
        let mut next = state.clone();
        let wave = next.drain(&group, Afterwards::Back);
        if !troubles(state.setting(), &wave).is_empty() {
            continue;
        }
        let room = best.map_or(most, |best| best - 1);
        if let Some(more) = fewest(&next, &rest, room.min(most) - 1) {
            best = Some(1 + more);
            if best == Some(1) {
                break;
            }
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_runs_through_on_the_control_plane(input in cluster(4, 5)) {
        let mut plane = played(&read(&written(&input)));
        let dump = plane.store().objects();
        let before = picture(&plane);
        let answer = planned(&dump, &[], None);
        if answer.surge.like.is_empty() && carry_out(&mut plane, &answer) {
            let count = |picture: &Picture| {
                let mut by_owner: BTreeMap<String, (usize, usize)> = BTreeMap::new();
                for ((owner, node), number) in picture {
                    let entry = by_owner.entry(owner.clone()).or_default();
                    if node.is_empty() { entry.1 += number } else { entry.0 += number }
                }
                by_owner
            };
            for (owner, (placed, _)) in count(&before) {
                prop_assert!(count(&picture(&plane))[&owner].0 >= placed, "{} has fewer places than before", owner);
            }
            blocked_is_refused(&mut plane, &answer);
        }
    }

    #[test]
    fn the_fewest_waves_are_the_fewest(input in cluster(4, 4), parallel in prop::option::of(1..3usize)) {
        let plane = played(&read(&written(&input)));
        let dump = plane.store().objects();
        let answer = planned(&dump, &[], parallel);
        prop_assert!(answer.plan.bound.waves <= answer.plan.waves.len() || !answer.plan.is_complete());
        if answer.plan.is_complete() && answer.surge.like.is_empty() && parallel.is_none() {
            let setting = Setting::new(&dump, &[], &Configuration::default(), Options::default(), place);
            let best = fewest(&State::new(&setting, 0), &answer.plan.nodes, answer.plan.nodes.len());
            prop_assert_eq!(best, Some(answer.plan.waves.len()));
            prop_assert!(answer.plan.bound.waves <= best.unwrap());
        }
        if let Some(parallel) = parallel {
            prop_assert!(answer.plan.waves.iter().all(|(wave, _)| wave.nodes.len() <= parallel));
        }
    }

    #[test]
    fn what_is_said_to_free_evictions_frees_them(input in cluster(3, 3)) {
        let dump = played(&read(&written(&input))).store().objects();
        let answer = planned(&dump, &[], None);
        if answer.surge.like.is_empty() {
            answer.plan.blocked.iter().for_each(|blocked| changes_free(&dump, blocked));
        }
    }

    #[test]
    fn nodes_stay_drained_while_they_are_away(input in cluster(4, 4)) {
        let dump = played(&read(&written(&input))).store().objects();
        let setting = Setting::new(&dump, &[], &Configuration::default(), Options::default(), place);
        for node in setting.cluster().nodes.ids() {
            let mut state = State::new(&setting, 0);
            let wave = state.drain(&[node], Afterwards::Gone);
            let left = state.scheduler().occupancy().pods_on(node).iter().filter(|&&pod| setting.traits(pod).treatment == Treatment::Goes).count();
            prop_assert_eq!(left, wave.refused.len());
            prop_assert!(wave.evictions.iter().all(|eviction| eviction.to != Some(node)));
        }
    }
}

fn plimsoll(arguments: &[&str]) -> std::process::Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(std::process::Stdio::null());
    command.output().expect("the program starts")
}

const ALL_FLAGS: [&str; 3] = ["--ignore-daemonsets", "--delete-emptydir-data", "--force"];

#[test]
fn exit_codes_say_what_can_be_drained() {
    let code = |arguments: &[&str]| plimsoll(arguments).status.code();
    let input = "fixtures/cli/drain.yaml";
    assert_eq!(code(&["drain", input, "node-d", "--ignore-daemonsets"]), Some(0));
    assert_eq!(code(&["drain", input, "--node", "node-d", "--ignore-daemonsets"]), Some(0));
    assert_eq!(code(&["drain", input, "node-d"]), Some(1), "kubectl drain wants a flag");
    assert_eq!(code(&[&["drain", input, "--all"][..], &ALL_FLAGS].concat()), Some(1), "budgets");
    assert_eq!(code(&["drain", "fixtures/cli/drain-full.yaml"]), Some(1), "no room");
    assert_eq!(code(&["drain", "fixtures/cli/drain-full.yaml", "--surge", "1"]), Some(0));
    for misuse in [&["node-x"][..], &["--all", "node-d"], &["--surge-like", "node-x"], &["--parallel", "0"], &["--start", "soon"]] {
        assert_eq!(code(&[&["drain", input][..], misuse].concat()), Some(2), "{misuse:?}");
    }
    assert_eq!(code(&["explain", "data-platform/postgres-0", "-o", "script"]), Some(2), "nothing to do");
}

#[test]
fn scripts_are_what_bash_understands() {
    if std::process::Command::new("bash").arg("-c").arg("true").output().is_err() {
        return;
    }
    for arguments in [
        &["drain", "-o", "script"][..],
        &["drain", "--ignore-daemonsets", "-o", "script"],
        &["drain", "fixtures/cli/drain.yaml", "-o", "script"],
        &["drain", "fixtures/cli/drain-full.yaml", "--surge", "1", "--gone", "-o", "script"],
        &["drain", "fixtures/cli/drain-full.yaml", "-o", "script"],
    ] {
        let script = plimsoll(arguments).stdout;
        assert_eq!(script, plimsoll(arguments).stdout, "the same bytes");
        let path = std::env::temp_dir().join(format!("plimsoll-drain-{}.sh", std::process::id()));
        std::fs::write(&path, &script).expect("the folder for temporary files can be written");
        let checked = std::process::Command::new("bash").arg("-n").arg(&path).output().expect("bash starts");
        std::fs::remove_file(&path).expect("it was written");
        assert!(checked.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&checked.stderr));
    }
}

const FULL: &str = include_str!("../../fixtures/cli/drain-full.yaml");

fn expanded(text: &str) -> Objects {
    let mut objects = read(text);
    controllers::expand(&mut objects);
    plimsoll::admission::admit(&mut objects);
    controllers::disruption::budgets(&mut objects);
    objects
}

#[test]
fn added_nodes_are_as_few_as_do() {
    let objects = expanded(FULL);
    let answer = planned(&objects, &[], None);
    assert_eq!((answer.surge.needed, answer.surge.is_fewest, answer.surge.like.len()), (Some(1), true, 1));
    assert_eq!((answer.plan.waves.len(), answer.plan.bound.waves), (2, 2));
    assert!(!answer.holds(), "one node has to be added");
    // a copy has a hostname of its own and nothing on it
    let copy = answer.objects.nodes.last().unwrap();
    assert_eq!(copy.metadata.labels["kubernetes.io/hostname"], copy.metadata.name);
    let node = answer.setting.cluster().find_node(&copy.metadata.name).unwrap();
    assert!(answer.setting.occupancy().pods_on(node).is_empty());
}

#[test]
fn a_stateful_set_makes_its_pods_one_after_another() {
    let text = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Node, metadata: {name: a, labels: {kubernetes.io/hostname: a, big: 'yes'}}, status: {allocatable: {cpu: 4, memory: 8Gi, pods: 20}}}
---
{apiVersion: v1, kind: Node, metadata: {name: b, labels: {kubernetes.io/hostname: b}}, status: {allocatable: {cpu: 1, memory: 8Gi, pods: 20}}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, namespace: shop}, spec: {replicas: 2, serviceName: s, POLICY selector: {matchLabels: {app: s}}, template: {metadata: {labels: {app: s}}, spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 2}}}]}}}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: s, namespace: shop}, spec: {maxUnavailable: 2, selector: {matchLabels: {app: s}}}}
";
    for (policy, made) in [("", 1), ("podManagementPolicy: Parallel,", 2)] {
        let objects = expanded(&text.replace("POLICY", policy));
        let setting = Setting::new(&objects, &[], &Configuration::default(), Options::default(), place);
        let node = setting.cluster().find_node("a").unwrap();
        let wave = State::new(&setting, 0).drain(&[node], Afterwards::Back);
        assert_eq!((wave.waiting.len(), wave.waiting.iter().filter(|waiting| waiting.is_made).count()), (2, made), "{policy}");
        assert!(wave.stranded.is_empty());
    }
}

/// The recorded drains of a real control plane; none until they are committed.
fn recorded() -> Vec<Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance/control-plane/drain.jsonl.gz");
    let mut text = String::new();
    let Ok(file) = std::fs::File::open(path) else { return Vec::new() };
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("they can be read");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// Does what a recording does between drains.
fn act(plane: &mut ControlPlane, namespace: &str, action: &Value) {
    match action["op"].as_str() {
        Some("create") => {
            let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": action["objects"]});
            for node in read_str("created.json", &list.to_string()).objects.nodes {
                plane.create(node).expect("nothing is refused");
            }
        }
        Some("cordon") => set_cordon(plane, action["node"].as_str().unwrap(), true),
        Some("uncordon") => set_cordon(plane, action["node"].as_str().unwrap(), false),
        Some("setPods") => {
            let mut keys: Vec<Key> = plane.store().pods.within(namespace).map(|pod| Key::of(&pod.metadata)).collect();
            keys.sort();
            let patch = serde_json::json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}});
            for index in action["indices"].as_array().expect("which pods").iter().map(|index| index.as_u64().unwrap() as usize) {
                plane.patch::<Pod>(&keys[index], &patch).expect("nothing is refused");
            }
        }
        other => panic!("{other:?} is not done here"),
    }
    plane.settle();
}

#[test]
fn recorded_drains_end_as_they_did() {
    let mut drains = 0;
    for recording in recorded() {
        let name = recording["name"].as_str().unwrap();
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": recording["input"]["objects"]});
        let mut plane = played(&read_str("recorded.json", &list.to_string()).objects);
        let steps = recording["expect"]["steps"].as_array().unwrap();
        for (action, step) in recording["input"]["actions"].as_array().unwrap().iter().zip(steps) {
            let Some(node) = action["node"].as_str().filter(|_| action["op"] == "drain") else {
                act(&mut plane, name, action);
                continue;
            };
            let dump = plane.store().objects();
            let setting = Setting::new(&dump, &[], &Configuration::default(), Options::default(), place);
            let node_id = setting.cluster().find_node(node).unwrap();
            let wave = State::new(&setting, 0).drain(&[node_id], Afterwards::Back);
            let passes = step["passes"].as_array().unwrap().iter().flat_map(|pass| pass.as_array().unwrap());
            let passed = passes.filter(|answer| answer["code"] == 201).count();
            let blocked: u64 = step["blocked"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
            assert_eq!((wave.evictions.len(), wave.refused.len() as u64), (passed, blocked), "{name}, {node}");
            let (passed, refused) = drain(&mut plane, &[node.to_owned()]);
            assert_eq!((passed, refused.len()), (wave.evictions.len(), wave.refused.len()), "{name}, {node}: the control plane");
            drains += 1;
        }
    }
    assert!(drains == 0 || drains >= 14, "{drains} drains");
}

#[test]
fn a_node_is_a_topology_domain_until_it_is_gone() {
    let mut text = String::from("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n");
    for (node, zone) in [("a", "z0"), ("b", "z0"), ("c", "z1")] {
        text += &format!(
            "---\n{{apiVersion: v1, kind: Node, metadata: {{name: {node}, labels: {{kubernetes.io/hostname: {node}, zone: {zone}}}}}, status: {{allocatable: {{cpu: 4, memory: 8Gi, pods: 20}}}}}}\n"
        );
    }
    text += &Written { kind: "Deployment", replicas: 4, cpu_milli: 100, rule: RULES[3], budget: "maxUnavailable: 3" }.text(0);
    let objects = expanded(&text);
    let setting = Setting::new(&objects, &[], &Configuration::default(), Options::default(), place);
    let cluster = setting.cluster();
    let (a, c) = (cluster.find_node("a").unwrap(), cluster.find_node("c").unwrap());
    // the other node of the zone takes them
    assert_eq!(State::new(&setting, 0).drain(&[a], Afterwards::Back).waiting, []);
    // cordoned and drained, its zone has none of them, and so no other zone may have more than one more
    for afterwards in [Afterwards::Back, Afterwards::Gone] {
        let mut state = State::new(&setting, 0);
        let wave = state.drain(&[c], afterwards);
        assert_eq!((wave.waiting.len(), wave.stranded.len()), (2, 0), "{afterwards:?}");
        let back = setting.pods().filter(|&pod| state.scheduler().occupancy().node_of(setting.replacement(pod)) == Some(c)).count();
        // once it is gone, so is its zone, and they are placed where they had no place before
        assert_eq!(back, if afterwards == Afterwards::Back { 2 } else { 0 });
    }
}
