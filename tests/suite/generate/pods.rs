//! Pods: what they ask for, what they tolerate, whom they like and dislike.

use plimsoll::manifest::Quantity;
use plimsoll::manifest::meta::{LabelSelector, SelectorRequirement};
use plimsoll::manifest::pod::*;

use super::draw::{Draw, map};
use super::{Plan, Trait, metadata, nodes};

/// Apps that pods belong to.
pub const APPS: [&str; 4] = ["web", "db", "cache", "queue"];
/// Namespaces that pods are in.
pub const NAMESPACES: [&str; 3] = ["default", "data-platform", "monitoring"];
/// Labels that make nodes near.
const KEYS: [&str; 4] = ["kubernetes.io/hostname", "topology.kubernetes.io/zone", "topology.kubernetes.io/region", "rack"];

/// Pod number `index` of those whose names begin with `prefix`, without a node and without volumes.
pub fn pod(plan: &Plan, prefix: &str, index: usize) -> Pod {
    let draw = |of: &str| Draw::of(plan.seed, &format!("{prefix} {of}"), index);
    let mut names = draw("names");
    let namespace = names.text(&["default", "default", "default", "data-platform", "monitoring"]);
    let order = 2000 + index + if prefix == "new" { 20_000 } else { 0 };
    let mut metadata = metadata("pod", &namespace, &format!("{prefix}-{index:02}"), order);
    metadata.labels = map([("app", &names.text(&APPS))]);
    if names.percent(60) {
        metadata.labels.insert("tier".to_owned(), names.text(&["front", "back"]));
    }
    if names.percent(40) {
        metadata.labels.insert("pod-template-hash".to_owned(), names.text(&["v1", "v2"]));
    }
    let mut spec = PodSpec { scheduler_name: "default-scheduler".to_owned(), restart_policy: "Always".to_owned(), ..PodSpec::default() };
    containers(plan, &mut draw("containers"), &mut spec);
    pod_level(plan, &mut draw("pod level"), &mut spec);
    spec.tolerations = tolerations(plan, &mut draw("tolerations"));
    spec.node_selector = if plan.has(Trait::NodeSelectors) && draw("selector").percent(15) {
        let (key, value) = *draw("selector value").pick(&[("disktype", "ssd"), ("rack", "rack-1"), ("topology.kubernetes.io/zone", "z-a")]);
        map([(key, value)])
    } else {
        map([])
    };
    spec.affinity = affinity(plan, prefix, index).map(Box::new);
    spec.topology_spread_constraints = spread(plan, &mut draw("spread"));
    if plan.has(Trait::Priorities) {
        let mut draw = draw("priority");
        spec.priority = Some(*draw.pick(if prefix == "new" { &[0, 100, 1000, 5000] } else { &[0, 0, 10, 100, 1000] }));
        spec.preemption_policy = draw.text(&["PreemptLowerPriority", "PreemptLowerPriority", "PreemptLowerPriority", "Never"]);
    } else {
        spec.priority = Some(0);
    }
    if plan.has(Trait::Gates) && prefix == "new" && draw("gate").percent(5) {
        spec.scheduling_gates.push(SchedulingGate { name: "example.com/hold".to_owned() });
    }
    Pod { metadata, spec, status: PodStatus { phase: "Pending".to_owned(), ..PodStatus::default() } }
}

fn containers(plan: &Plan, draw: &mut Draw, spec: &mut PodSpec) {
    for index in 0..1 + usize::from(draw.percent(25)) {
        let mut container = container(plan, draw, format!("c{index}"));
        if plan.has(Trait::HostPorts) && draw.percent(20) {
            container.ports.push(port(draw));
        }
        spec.containers.push(container);
    }
    if plan.has(Trait::InitContainers) && draw.percent(30) {
        for index in 0..1 + draw.below(3) {
            let mut container = container(plan, draw, format!("i{index}"));
            container.restart_policy = draw.percent(45).then(|| "Always".to_owned());
            if plan.has(Trait::HostPorts) && draw.percent(10) {
                container.ports.push(port(draw));
            }
            spec.init_containers.push(container);
        }
    }
}

fn container(plan: &Plan, draw: &mut Draw, name: String) -> Container {
    let image = if plan.has(Trait::Images) { draw.pick(&nodes::IMAGES).0 } else { "img" };
    let mut requests = ResourceList::new();
    if !(plan.has(Trait::ZeroRequests) && draw.percent(15)) {
        requests.insert("cpu".to_owned(), Quantity::from_milli(*draw.pick(&[1, 50, 100, 250, 500, 1000, 1500])));
    }
    if !(plan.has(Trait::ZeroRequests) && draw.percent(15)) {
        let bytes = *draw.pick(&[1 << 20, 64 << 20, 128 << 20, 300_000_000, 1 << 30]);
        requests.insert("memory".to_owned(), Quantity::from_units(bytes));
    }
    // finer than what is counted: thousandths of a byte, and of a thousandth of a core
    if draw.percent(5) {
        requests.insert("cpu".to_owned(), Quantity::from_nano(100_300_000));
        requests.insert("memory".to_owned(), Quantity::from_milli(100_000_000_500));
    }
    if plan.has(Trait::Ephemeral) && draw.percent(20) {
        requests.insert("ephemeral-storage".to_owned(), Quantity::from_units(*draw.pick(&[100 << 20, 2 << 30, 15 << 30])));
    }
    if plan.has(Trait::Extended) && draw.percent(8) {
        requests.insert("nvidia.com/gpu".to_owned(), Quantity::from_units(*draw.pick(&[0, 1, 2])));
    }
    if plan.has(Trait::HugePages) && draw.percent(6) {
        requests.insert("hugepages-2Mi".to_owned(), Quantity::from_units(32 << 20));
    }
    // a name without a domain that is not native means nothing to the scheduler
    if draw.percent(3) {
        requests.insert("bananas".to_owned(), Quantity::from_units(7));
    }
    let resources = ResourceRequirements { requests, limits: ResourceList::new() };
    Container { name, image: image.to_owned(), resources, ..Container::default() }
}

fn port(draw: &mut Draw) -> ContainerPort {
    let host_ip = draw.text(&["", "", "0.0.0.0", "127.0.0.1", "10.0.0.1"]);
    let protocol = draw.text(&["TCP", "TCP", "UDP"]);
    ContainerPort { container_port: 80, host_port: *draw.pick(&[8080, 8081]), host_ip, protocol, ..ContainerPort::default() }
}

fn pod_level(plan: &Plan, draw: &mut Draw, spec: &mut PodSpec) {
    if plan.has(Trait::PodLevelResources) && draw.percent(10) {
        let mut requests = ResourceList::new();
        if draw.percent(70) {
            requests.insert("cpu".to_owned(), Quantity::from_milli(*draw.pick(&[1500, 2500])));
        }
        if draw.percent(70) {
            requests.insert("memory".to_owned(), Quantity::from_units(1 << 30));
        }
        spec.resources = Some(Box::new(ResourceRequirements { requests, limits: ResourceList::new() }));
    }
    if plan.has(Trait::Overhead) && draw.percent(10) {
        spec.overhead.insert("cpu".to_owned(), Quantity::from_milli(250));
        spec.overhead.insert("memory".to_owned(), Quantity::from_units(120 << 20));
    }
}

fn tolerations(plan: &Plan, draw: &mut Draw) -> Vec<Toleration> {
    let mut tolerations = Vec::new();
    if plan.has(Trait::Taints) && draw.percent(40) {
        for _ in 0..1 + draw.below(2) {
            let (key, value) = *draw.pick(&[
                ("dedicated", "db"),
                ("dedicated", "gpu"),
                ("spot", "true"),
                ("maintenance", ""),
                ("dedicated", "other"),
                ("", ""),
            ]);
            let exists = key.is_empty() || draw.percent(40);
            let operator = if exists { "Exists".to_owned() } else { draw.text(&["", "Equal"]) };
            let value = if exists { "" } else { value };
            let effect = draw.text(&["", "NoSchedule", "NoExecute", "PreferNoSchedule"]);
            tolerations.push(Toleration { key: key.to_owned(), operator, value: value.to_owned(), effect, toleration_seconds: None });
        }
    }
    if plan.has(Trait::Cordons) && draw.percent(10) {
        let key = "node.kubernetes.io/unschedulable".to_owned();
        let (operator, effect) = ("Exists".to_owned(), draw.text(&["", "NoSchedule"]));
        tolerations.push(Toleration { key, operator, effect, ..Toleration::default() });
    }
    tolerations
}

fn affinity(plan: &Plan, prefix: &str, index: usize) -> Option<Affinity> {
    let draw = |of: &str| Draw::of(plan.seed, &format!("{prefix} {of}"), index);
    let node_affinity = NodeAffinity {
        required_during_scheduling_ignored_during_execution: required_nodes(plan, &mut draw("required nodes")),
        preferred_during_scheduling_ignored_during_execution: preferred_nodes(plan, &mut draw("preferred nodes")),
    };
    let near = pod_affinity(plan, Trait::PodAffinity, 12, &mut draw("near"), &mut draw("rather near"));
    let far = pod_affinity(plan, Trait::PodAntiAffinity, 20, &mut draw("far"), &mut draw("rather far"));
    let some = |affinity: PodAffinity| (affinity != PodAffinity::default()).then_some(affinity);
    let affinity = Affinity {
        node_affinity: (node_affinity != NodeAffinity::default()).then_some(node_affinity),
        pod_affinity: some(near),
        pod_anti_affinity: some(far),
    };
    (affinity != Affinity::default()).then_some(affinity)
}

fn required_nodes(plan: &Plan, draw: &mut Draw) -> Option<NodeSelector> {
    if !plan.has(Trait::NodeAffinity) || !draw.percent(25) {
        return None;
    }
    let mut terms: Vec<_> = (0..1 + draw.below(2)).map(|_| node_term(draw)).collect();
    if draw.percent(20) {
        let values = vec![nodes::name(draw.below(plan.nodes + 1))];
        let operator = draw.text(&["In", "In", "NotIn"]);
        let match_fields = vec![SelectorRequirement { key: "metadata.name".to_owned(), operator, values }];
        terms = vec![NodeSelectorTerm {
            match_fields,
            match_expressions: if draw.percent(30) { vec![node_requirement(draw)] } else { vec![] },
        }];
    }
    if draw.percent(5) {
        terms.push(NodeSelectorTerm::default());
    }
    Some(NodeSelector { node_selector_terms: terms })
}

fn preferred_nodes(plan: &Plan, draw: &mut Draw) -> Vec<PreferredSchedulingTerm> {
    if !plan.has(Trait::PreferredNodes) || !draw.percent(30) {
        return Vec::new();
    }
    (0..1 + draw.below(2)).map(|_| PreferredSchedulingTerm { weight: *draw.pick(&[1, 10, 50, 100]), preference: node_term(draw) }).collect()
}

fn node_term(draw: &mut Draw) -> NodeSelectorTerm {
    NodeSelectorTerm { match_expressions: (0..1 + draw.below(2)).map(|_| node_requirement(draw)).collect(), match_fields: Vec::new() }
}

fn node_requirement(draw: &mut Draw) -> SelectorRequirement {
    let choices: [(&str, &[&str]); 4] = [
        ("topology.kubernetes.io/zone", &["z-a", "z-b", "z-c"]),
        ("rack", &["rack-0", "rack-1", "rack-2"]),
        ("disktype", &["ssd", "hdd"]),
        ("gen", &["1", "2", "3"]),
    ];
    let (key, values) = *draw.pick(&choices);
    let operator = if key == "gen" { draw.text(&["Gt", "Lt"]) } else { draw.text(&["In", "In", "NotIn", "Exists", "DoesNotExist"]) };
    let values = match operator.as_str() {
        "Gt" | "Lt" => vec![draw.text(values)],
        "In" | "NotIn" => draw.texts(values),
        _ => Vec::new(),
    };
    SelectorRequirement { key: key.to_owned(), operator, values }
}

fn pod_affinity(plan: &Plan, required: Trait, percent: usize, hard: &mut Draw, soft: &mut Draw) -> PodAffinity {
    let mut affinity = PodAffinity::default();
    if plan.has(required) && hard.percent(percent) {
        let terms = 1 + usize::from(hard.percent(25));
        affinity.required_during_scheduling_ignored_during_execution = (0..terms).map(|_| pod_term(hard)).collect();
    }
    if plan.has(Trait::PreferredPods) && soft.percent(15) {
        let terms = 1 + usize::from(soft.percent(25));
        let weighted = |draw: &mut Draw| WeightedPodAffinityTerm { weight: *draw.pick(&[1, 20, 100]), pod_affinity_term: pod_term(draw) };
        affinity.preferred_during_scheduling_ignored_during_execution = (0..terms).map(|_| weighted(soft)).collect();
    }
    affinity
}

fn pod_term(draw: &mut Draw) -> PodAffinityTerm {
    let mut term =
        PodAffinityTerm { label_selector: Some(pod_selector(draw)), topology_key: draw.text(&KEYS), ..PodAffinityTerm::default() };
    if draw.percent(20) {
        term.namespaces = draw.texts(&NAMESPACES);
    }
    if draw.percent(20) {
        let everywhere = LabelSelector::default();
        let team = LabelSelector { match_labels: map([("team", "data")]), match_expressions: Vec::new() };
        term.namespace_selector = Some(if draw.percent(40) { everywhere } else { team });
    }
    term
}

fn pod_selector(draw: &mut Draw) -> LabelSelector {
    if draw.percent(60) {
        return LabelSelector { match_labels: map([("app", &draw.text(&APPS))]), match_expressions: Vec::new() };
    }
    let choices: [(&str, &[&str]); 2] = [("app", &APPS), ("tier", &["front", "back"])];
    let (key, values) = *draw.pick(&choices);
    let operator = draw.text(&["In", "NotIn", "Exists", "DoesNotExist"]);
    let values = if operator.ends_with("In") { draw.texts(values) } else { Vec::new() };
    LabelSelector { match_labels: map([]), match_expressions: vec![SelectorRequirement { key: key.to_owned(), operator, values }] }
}

fn spread(plan: &Plan, draw: &mut Draw) -> Vec<TopologySpreadConstraint> {
    let mut constraints: Vec<TopologySpreadConstraint> = Vec::new();
    for (wanted, action) in [(Trait::HardSpread, "DoNotSchedule"), (Trait::SoftSpread, "ScheduleAnyway")] {
        if !plan.has(wanted) || !draw.percent(20) {
            continue;
        }
        for _ in 0..1 + usize::from(draw.percent(30)) {
            let policy = |draw: &mut Draw| draw.percent(30).then(|| draw.text(&["Honor", "Ignore"]));
            constraints.push(TopologySpreadConstraint {
                max_skew: *draw.pick(&[1, 1, 2, 3]),
                topology_key: draw.text(&KEYS),
                when_unsatisfiable: action.to_owned(),
                label_selector: Some(if draw.percent(5) { LabelSelector::default() } else { pod_selector(draw) }),
                min_domains: (action == "DoNotSchedule" && draw.percent(20)).then(|| *draw.pick(&[1, 2, 3, 4])),
                node_affinity_policy: policy(draw),
                node_taints_policy: policy(draw),
                match_label_keys: if draw.percent(15) { vec!["pod-template-hash".to_owned()] } else { Vec::new() },
            });
        }
    }
    // the API server takes a key and an action once
    let mut seen = Vec::new();
    constraints.retain(|constraint| {
        let pair = (constraint.topology_key.clone(), constraint.when_unsatisfiable.clone());
        let new = !seen.contains(&pair);
        seen.push(pair);
        new
    });
    constraints
}
