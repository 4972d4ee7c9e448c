//! What the six metrics say: target, actual, what fails and what to do, each in a few words.

use super::{FailingView, MetricView, NumberView};
use crate::controllers::scale_down::WorkloadKey;
use crate::planning::failover::Span;
use crate::planning::size::Share;
use crate::planning::success_metrics::*;
use crate::report::amount::{Unit, count, duration, list, percent, share, thousands};

/// So many names are in a sentence.
const NAMES: usize = 4;

/// What fails where it is no single thing.
pub(super) const CLUSTER: &str = "the cluster";

/// What to do where there is no node at all.
const ADD_NODES: &str = "add nodes: `plimsoll size` says which";

/// All six, in the guide's order.
pub(super) fn metrics(measured: &SuccessMetrics) -> Vec<MetricView> {
    vec![
        node_count(&measured.node_count),
        pod_distribution(&measured.pod_distribution),
        resource_utilization(&measured.resource_utilization),
        service_replicas(&measured.service_replicas),
        hpa_active(&measured.autoscaling),
        failover(&measured.failover),
    ]
}

fn node_count(measured: &NodeCount) -> MetricView {
    let missing = measured.target.saturating_sub(measured.ready);
    let (not_ready, closed) = (measured.not_ready.len(), measured.closed.len());
    let mut actual = measured.ready.to_string();
    if closed > 0 {
        let take = if measured.open() == 1 { "takes" } else { "take" };
        actual.push_str(&format!(", of which {} {take} ordinary pods", measured.open()));
    }
    if not_ready > 0 {
        actual.push_str(&format!("; {not_ready} not ready"));
    }
    let mut failing = Vec::new();
    let mut next = Vec::new();
    if missing > 0 {
        failing.push(failed(CLUSTER, format!("{}, {missing} too few", count(measured.ready, "ready node"))));
        failing.extend(measured.not_ready.iter().map(|node| failed(node, "not ready".to_owned())));
        next.push(format!("add {}: `plimsoll size` says which", count(missing, "node")));
        if not_ready > 0 {
            next.push(format!("or bring back {}", list(&measured.not_ready, NAMES)));
        }
    }
    let few = missing == 0 && measured.open() < measured.target;
    let remark = || format!("only {} of them take ordinary pods; not {}", measured.open(), list(&measured.closed, NAMES));
    MetricView {
        target: format!("at least {}", count(measured.target, "ready node")),
        numbers: vec![of("nodes", measured.ready), of("nodesThatTakePods", measured.open()), of("nodesNotReady", not_ready)],
        remarks: few.then(remark).into_iter().collect(),
        ..metric("nodeCount", "Node Count", measured.holds(), actual, failing, next)
    }
}

fn pod_distribution(measured: &PodDistribution) -> MetricView {
    let spread = measured.workloads - measured.together.len();
    let mut actual = format!("{spread} of {} spread", count(measured.workloads, "workload"));
    if let Some(Crowd { node, pods }) = &measured.fullest {
        actual.push_str(&format!("; most pods on {node}: {} of {}", thousands(*pods), thousands(measured.pods)));
        actual.push_str(&format!(" ({})", share(*pods as i64, measured.pods as i64)));
    }
    let failing = measured.together.iter().map(|stand| failed(&name(&stand.workload), together(stand)));
    let mut failing: Vec<FailingView> = failing.collect();
    let mut next = Vec::new();
    if measured.is_on_one_node() {
        failing.insert(0, on_one_node(measured));
        next.push("give pods more than one node to stand on: with one, no rule helps".to_owned());
    }
    next.extend(distribution_next(measured));
    let crowded: Vec<String> = measured.crowded.iter().map(|crowd| format!("{} ({})", crowd.node, crowd.pods)).collect();
    let leaning =
        |stand: &Stand| format!("without {}, {} has fewer pods than the {} it needs", stand.node, name(&stand.workload), stand.needed);
    let mut remarks: Vec<String> = measured.leaning.iter().map(leaning).collect();
    if !crowded.is_empty() {
        remarks.insert(0, format!("the alert on crowded nodes fires for {}", list(&crowded, NAMES)));
    }
    MetricView {
        target: "no workload with replicas on one node alone".to_owned(),
        numbers: vec![
            of("workloadsWithReplicas", measured.workloads),
            of("workloadsOnOneNode", measured.together.len()),
            of("pods", measured.pods),
            of("mostPodsOnANode", measured.fullest.as_ref().map_or(0, |crowd| crowd.pods)),
            of("crowdedNodes", measured.crowded.len()),
        ],
        remarks,
        ..metric("podDistribution", "Pod Distribution", measured.holds(), actual, failing, next)
    }
}

fn on_one_node(measured: &PodDistribution) -> FailingView {
    match &measured.fullest {
        Some(Crowd { node, pods }) => failed(node, format!("all {} stand on it", count(*pods, "pod"))),
        None => failed(CLUSTER, format!("no node takes any of {}", count(measured.waiting, "pod"))),
    }
}

fn together(stand: &Stand) -> String {
    let needs = if stand.needed >= 2 { format!(", of which it needs {}", stand.needed) } else { String::new() };
    match stand.pods < stand.replicas {
        true => format!("{} of {} placed, on {}{needs}", stand.pods, count(stand.replicas, "pod"), stand.node),
        false => format!("all {} on {}{needs}", count(stand.pods, "pod"), stand.node),
    }
}

fn distribution_next(measured: &PodDistribution) -> Vec<String> {
    let names = |is_meant: fn(&Stand) -> bool| -> Vec<String> {
        measured.together.iter().filter(|stand| is_meant(stand)).map(|stand| name(&stand.workload)).collect()
    };
    let mut next = Vec::new();
    let mut advise = |what: &str, names: Vec<String>| {
        if !names.is_empty() {
            next.push(format!("{what}: {}", list(&names, NAMES)));
        }
    };
    advise("add topologySpreadConstraints (or anti-affinity) on kubernetes.io/hostname", names(|stand| !stand.has_rule));
    advise("find nodes for the pods that wait (`plimsoll schedule`)", names(|stand| stand.has_rule && stand.pods < stand.replicas));
    if measured.nodes >= 2 {
        let settled = names(|stand| stand.has_rule && stand.pods >= stand.replicas);
        advise("roll out again now that there are other nodes, or make the rule required", settled);
    }
    next
}

fn resource_utilization(measured: &ResourceUtilization) -> MetricView {
    let mut actual = format!("requested: {}", fullest(&measured.requested));
    if let Some(used) = &measured.used {
        actual.push_str(&format!("; used: {}", fullest(used)));
    }
    let below = measured.below;
    let failing = |utilization: &Utilization, what: &'static str| {
        let why = move |node: &NodeUtilization| failed(&node.node, too_full(node, below, what));
        utilization.over.iter().map(why).collect::<Vec<_>>()
    };
    let mut all = failing(&measured.requested, "requested");
    if measured.requested.nodes.is_empty() {
        all.push(failed(CLUSTER, "no node".to_owned()));
    }
    all.extend(measured.used.iter().flat_map(|used| failing(used, "used")));
    let next = if measured.holds() { Vec::new() } else { utilization_next(measured) };
    let mut remarks = Vec::new();
    if measured.without_requests > 0 {
        let pods = count(measured.without_requests, "pod");
        remarks.push(format!("{pods} without requests for cpu and memory count as nothing: nodes are fuller than they look"));
    }
    if measured.waiting > 0 {
        remarks.push(format!("{} without a node not counted", are(measured.waiting)));
    }
    if measured.unmeasured > 0 {
        remarks.push(format!("what {} use is not known", count(measured.unmeasured, "pod")));
    }
    let highest = |utilization: &Utilization, share: fn(&NodeUtilization) -> Part| {
        utilization.fullest(share).map(|node| percent(share(node).part, share(node).whole))
    };
    let number = |name, value| NumberView { name, value, unit: "percent" };
    let mut numbers = vec![
        of("nodesTooFull", measured.requested.over.len().max(measured.used.as_ref().map_or(0, |used| used.over.len()))),
        number("highestCpuRequested", highest(&measured.requested, |node| node.cpu)),
        number("highestMemoryRequested", highest(&measured.requested, |node| node.memory)),
    ];
    if let Some(used) = &measured.used {
        numbers.push(number("highestCpuUsed", highest(used, |node| node.cpu)));
        numbers.push(number("highestMemoryUsed", highest(used, |node| node.memory)));
    }
    MetricView {
        target: match below {
            Some(share) => format!("cpu and memory below {} % on every node", f64::from(share.0) / 10_000.0),
            None => "none: nodes may be full".to_owned(),
        },
        numbers,
        remarks,
        ..metric("resourceUtilization", "Resource Utilization", measured.holds(), actual, all, next)
    }
}

fn fullest(utilization: &Utilization) -> String {
    let highest = |what: &str, of: fn(&NodeUtilization) -> Part| {
        let node = utilization.fullest(of)?;
        Some(format!("{what} up to {} on {}", share(of(node).part, of(node).whole), node.node))
    };
    let found: Vec<String> = [highest("cpu", |node| node.cpu), highest("memory", |node| node.memory)].into_iter().flatten().collect();
    if found.is_empty() { "no node".to_owned() } else { found.join(", ") }
}

fn too_full(node: &NodeUtilization, below: Option<Share>, what: &str) -> String {
    let said = |name: &str, unit: Unit, each: Part| {
        let amounts = format!("{} of {}", unit.amount(each.part), unit.amount(each.whole));
        below.is_some_and(|below| each.reaches(below)).then(|| format!("{name} {} {what} ({amounts})", share(each.part, each.whole)))
    };
    let parts = [said("cpu", Unit::MilliCores, node.cpu), said("memory", Unit::Bytes, node.memory)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Whether all nodes together have enough, and how much is missing if they have not.
fn utilization_next(measured: &ResourceUtilization) -> Vec<String> {
    if measured.requested.nodes.is_empty() {
        return vec![ADD_NODES.to_owned()];
    }
    let below = measured.below.unwrap_or(Share::ONE);
    let missing = |utilization: &Utilization, unit: Unit, name: &str, of: fn(&NodeUtilization) -> Part| {
        let sum = |part: fn(Part) -> i64| utilization.nodes.iter().map(|node| i128::from(part(of(node)))).sum::<i128>();
        let (part, whole) = (sum(|each| each.part), sum(|each| each.whole));
        // below the bound, not at it
        let more = part * i128::from(Share::ONE.0) / i128::from(below.0.max(1)) + 1 - whole;
        (more > 0).then(|| format!("{} {name}", unit.amount(i64::try_from(more).unwrap_or(i64::MAX))))
    };
    let by_each = [Some(&measured.requested), measured.used.as_ref()].into_iter().flatten();
    let short: Vec<String> = by_each
        .filter_map(|each| {
            let parts = [missing(each, Unit::MilliCores, "cpu", |node| node.cpu), missing(each, Unit::Bytes, "memory", |node| node.memory)];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" and "))
        })
        .take(1)
        .collect();
    match short.first() {
        Some(short) => {
            vec![format!("add nodes with at least {short} more, or lower requests that are too high: `plimsoll size` says which nodes")]
        }
        None => vec!["all nodes together have enough: spread pods more evenly, or let the full nodes be larger".to_owned()],
    }
}

fn service_replicas(measured: &ServiceReplicas) -> MetricView {
    let what = if measured.are_known { "service" } else { "workload" };
    let enough = measured.groups - measured.short.len();
    let failing = measured.short.iter().map(|group| {
        let names: Vec<String> = group.workloads.iter().map(name).collect();
        failed(&list(&names, NAMES), too_few(group))
    });
    let names = |wants: fn(&Group, usize) -> bool| -> Vec<String> {
        let groups = measured.short.iter().filter(|group| wants(group, measured.target));
        groups.flat_map(|group| group.workloads.iter().map(name)).collect()
    };
    let mut next = Vec::new();
    let (single, sets, wanting) = (names(is_single), names(is_set), names(|group, target| !is_single(group, target)));
    if !single.is_empty() {
        next.push(format!("run {} replicas of {}", measured.target, list(&single, NAMES)));
    }
    if !sets.is_empty() {
        next.push(format!("which for StatefulSets takes replication that is set up, or an operator: {}", list(&sets, NAMES)));
    }
    if !wanting.is_empty() {
        next.push(format!("see `plimsoll schedule` for pods that have no node or are not ready: {}", list(&wanting, NAMES)));
    }
    let mut remarks = Vec::new();
    if !measured.single_aside.is_empty() {
        let names: Vec<String> = measured.single_aside.iter().map(name).collect();
        remarks.push(format!("one replica each, and no Service leads to them: {}", list(&names, NAMES)));
    }
    remarks.extend(measured.may_shrink.iter().map(|(hpa, least)| format!("{hpa} may go down to {}", count(*least, "replica"))));
    MetricView {
        target: format!("at least {} for each {what}", count(measured.target, "ready pod")),
        numbers: vec![of("services", measured.groups), of("servicesWithTooFewPods", measured.short.len())],
        remarks,
        ..metric(
            "serviceReplicas",
            "Service Replicas",
            measured.holds(),
            format!("{} of {}", enough, count(measured.groups, what)),
            failing.collect(),
            next,
        )
    }
}

fn is_single(group: &Group, target: usize) -> bool {
    group.wanted < target
}

/// Whether more replicas take more than a number.
fn is_set(group: &Group, target: usize) -> bool {
    is_single(group, target) && group.workloads.iter().any(|workload| workload.kind == "StatefulSet")
}

fn too_few(group: &Group) -> String {
    let services = match group.services.as_slice() {
        [] => String::new(),
        [one] => format!(", Service {one}"),
        several => format!(", Services {}", list(several, NAMES)),
    };
    let pods = match (group.wanted, group.placed, group.ready) {
        (0, 0, _) => "scaled to zero".to_owned(),
        (wanted, placed, _) if placed < wanted => format!("{placed} of {} on a node", count(wanted, "pod")),
        (_, placed, ready) if ready < placed => format!("{ready} of {} ready", count(placed, "pod")),
        (wanted, ..) => count(wanted, "replica"),
    };
    format!("{pods}{services}")
}

fn hpa_active(measured: &Autoscaling) -> MetricView {
    let failing = measured.scalers.iter().filter(|scaler| !scaler.obstacles.is_empty()).map(|scaler| {
        let why: Vec<String> = scaler.obstacles.iter().map(|obstacle| obstacle_sentence(scaler, obstacle)).collect();
        failed(&scaler.name, why.join("; "))
    });
    let mut failing: Vec<FailingView> = failing.collect();
    let mut next = hpa_next(measured);
    let actual = match measured.scalers.len() {
        0 => "no HorizontalPodAutoscaler".to_owned(),
        all => format!("{} of {all} can scale", measured.able()),
    };
    if measured.scalers.is_empty() {
        failing.push(failed(CLUSTER, "no HorizontalPodAutoscaler, so nothing scales".to_owned()));
        next.push("write a HorizontalPodAutoscaler for each service whose load changes".to_owned());
    }
    MetricView {
        target: "every HPA can scale, and there is one".to_owned(),
        numbers: vec![of("autoscalers", measured.scalers.len()), of("autoscalersThatCanScale", measured.able())],
        ..metric("hpaActive", "HPA Active", measured.holds(), actual, failing, next)
    }
}

fn obstacle_sentence(scaler: &Scaler, obstacle: &Obstacle) -> String {
    let target = name(&scaler.target);
    match obstacle {
        Obstacle::NoTarget => format!("its target {target} is not in the input, or cannot be scaled"),
        Obstacle::Ambiguous => format!("another one scales {target} too, so neither does"),
        Obstacle::AtZero => format!("{target} has no replicas, which turns autoscaling off"),
        Obstacle::Metric(problem) => problem.clone(),
        Obstacle::Condition { condition, reason, message } => format!("{condition} is False: {reason}: {message}"),
        Obstacle::GrowthDisabled => "behavior.scaleUp is Disabled".to_owned(),
        Obstacle::NoRange => format!("minReplicas and maxReplicas are both {}", scaler.most),
        Obstacle::AtMost => format!("{target} is at its maxReplicas of {} already", scaler.most),
        Obstacle::Refused { pods, message } => {
            let why = message.split_once(" is forbidden: ").map_or(message.as_str(), |(_, why)| why);
            let why = why.split(", used: ").next().unwrap_or_default();
            format!("with every HPA at its most, {} not created: {why}", are(*pods))
        }
        Obstacle::NoNode { pods, message } => {
            // what preemption would say is of no use here: nobody is evicted for a replica
            let why = message.split(". ").next().unwrap_or_default();
            format!("with every HPA at its most, {} without a node: {why}", are(*pods))
        }
    }
}

fn are(pods: usize) -> String {
    let are = if pods == 1 { "is" } else { "are" };
    format!("{} {are}", count(pods, "pod"))
}

/// What to do about each kind of obstacle.
fn hpa_next(measured: &Autoscaling) -> Vec<String> {
    type Kind = fn(&Obstacle) -> bool;
    let kinds: [(Kind, &str); 8] = [
        (|each| matches!(each, Obstacle::NoTarget), "name a target that is there"),
        (|each| matches!(each, Obstacle::Ambiguous), "leave one autoscaler for each target"),
        (|each| matches!(each, Obstacle::AtZero), "give the target a replica"),
        (|each| matches!(each, Obstacle::Metric(_)), "request what the metric is a percentage of"),
        (|each| matches!(each, Obstacle::Condition { .. }), "see that its metrics are served (metrics-server, an adapter)"),
        (
            |each| matches!(each, Obstacle::GrowthDisabled | Obstacle::NoRange | Obstacle::AtMost),
            "let it grow: raise maxReplicas; `plimsoll fit --hpa` says how far all fit",
        ),
        (|each| matches!(each, Obstacle::Refused { .. }), "raise the quota, or lower maxReplicas"),
        (|each| matches!(each, Obstacle::NoNode { .. }), "add nodes (`plimsoll size --replicas max`), or lower maxReplicas"),
    ];
    let line = |(is_kind, what): &(Kind, &str)| {
        let names: Vec<&str> =
            (measured.scalers.iter()).filter(|scaler| scaler.obstacles.iter().any(is_kind)).map(|scaler| scaler.name.as_str()).collect();
        (!names.is_empty()).then(|| format!("{what}: {}", list(&names, NAMES)))
    };
    kinds.iter().filter_map(line).collect()
}

fn failover(measured: &FailoverTime) -> MetricView {
    let limit = duration(measured.limit.as_secs());
    let mut actual = format!("{} of {} in time", measured.in_time, count(measured.losses, "loss"));
    if measured.losses > 0 {
        let after = |span: Span| format!("after {}", duration(whole_seconds(span.most)));
        let recovery = measured.recovery.map_or_else(|| "never by itself".to_owned(), after);
        actual.push_str(&format!("; at worst whole again {recovery}, {}", lacking(measured.outage)));
    }
    let late = measured.late.iter().map(|late| failed(&name(&late.workload), late_sentence(late)));
    let evicted = measured.evicted.iter().map(|(node, pods)| failed(node, format!("without it, {} evicted for good", are(*pods))));
    let mut next: Vec<String> = measured.remedies.iter().map(remedy).collect();
    let seconds = |name, span: Option<Span>| NumberView { name, value: span.map(|span| span.most.as_secs_f64()), unit: "seconds" };
    let mut failing: Vec<FailingView> = late.chain(evicted).collect();
    let unmanaged = || format!("nobody manages these, so they are gone for good with their node: {}", list(&measured.unmanaged, NAMES));
    if measured.losses == 0 {
        failing.push(failed(CLUSTER, "no node".to_owned()));
        next.push(ADD_NODES.to_owned());
    }
    MetricView {
        target: format!("whole again in less than {limit} after losing any node"),
        numbers: vec![
            of("losses", measured.losses),
            of("lossesMadeGoodInTime", measured.in_time),
            of("lateWorkloads", measured.late.len()),
            seconds("longestRecovery", measured.recovery),
            seconds("longestOutage", measured.outage),
            of("unmanagedPods", measured.unmanaged.len()),
        ],
        remarks: (!measured.unmanaged.is_empty()).then(unmanaged).into_iter().collect(),
        ..metric("failover", "Failover", measured.holds(), actual, failing, next)
    }
}

/// How long services lack pods that they need.
fn lacking(outage: Option<Span>) -> String {
    match outage.map(|span| whole_seconds(span.most)) {
        None => "below need without end".to_owned(),
        Some(0) => "never below need".to_owned(),
        Some(seconds) => format!("below need for {}", duration(seconds)),
    }
}

fn late_sentence(late: &LateWorkload) -> String {
    let when = match late.after {
        Some(after) => format!("after {}", duration(whole_seconds(after))),
        None => "never by itself".to_owned(),
    };
    match &late.reason {
        Reason::NoNode(message) => {
            // what preemption would say is of no use here
            let why = message.split(". ").next().unwrap_or_default();
            format!("without {}, its pods find no node: {why}", late.node)
        }
        Reason::Stage(stage) => format!("whole again {when} without {}, for the longest: {}", late.node, stage.text()),
    }
}

/// Rounded up: a promise is not made shorter.
fn whole_seconds(time: std::time::Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

fn remedy(remedy: &Remedy) -> String {
    let names: Vec<String> = remedy.workloads.iter().map(name).collect();
    let what = match &remedy.cure {
        Cure::Changes(changes) => changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; and "),
        Cure::Storage => "use storage that other nodes reach, or keep a copy on one (a replica elsewhere)".to_owned(),
        Cure::Room => "make room (more or larger nodes, smaller requests), or relax rules".to_owned(),
        Cure::Nothing => "run more replicas, or use other storage".to_owned(),
    };
    format!("{what}: {}", list(&names, NAMES))
}

fn metric(
    metric: &'static str,
    name: &'static str,
    holds: bool,
    actual: String,
    failing: Vec<FailingView>,
    next: Vec<String>,
) -> MetricView {
    MetricView { metric, name, target: String::new(), actual, holds, numbers: Vec::new(), failing, remarks: Vec::new(), next }
}

fn failed(what: &str, why: String) -> FailingView {
    FailingView { what: what.to_owned(), why }
}

fn of(name: &'static str, value: usize) -> NumberView {
    NumberView { name, value: Some(value as f64), unit: "count" }
}

/// `namespace/name (Kind)`, as everywhere.
fn name(key: &WorkloadKey) -> String {
    format!("{}/{} ({})", key.namespace, key.name, key.kind)
}
