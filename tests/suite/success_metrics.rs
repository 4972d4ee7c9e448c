//! The six success metrics: each fails and holds on the smallest cluster that shows it, at its bound to the unit.

use std::time::Duration;

use plimsoll::manifest::Objects;
use plimsoll::manifest::read::read_str;
use plimsoll::planning::failover::{Assumptions, Change};
use plimsoll::planning::quorum::Quorums;
use plimsoll::planning::size::Share;
use plimsoll::planning::success_metrics::{
    Cure, Obstacle, Question, Reason, Setting, SuccessMetrics, Thresholds, measure, measure_objects, node_losses,
};
use plimsoll::scheduler::Options;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::simulation::loss::Baseline;
use plimsoll::usage::{ContainerUsage, PodUsage, Usage};

/// What a test changes of the way it is measured.
#[derive(Default)]
struct Way {
    thresholds: Thresholds,
    assumptions: Assumptions,
    usage: Option<Usage>,
    at_most: bool,
}

fn objects(text: &str) -> Objects {
    let input = read_str("cluster", text);
    assert!(input.problems.is_empty(), "{:?}", input.problems);
    let mut objects = input.objects;
    plimsoll::admission::horizontal_pod_autoscaler::admit(&mut objects);
    plimsoll::controllers::expand(&mut objects);
    plimsoll::admission::admit(&mut objects);
    plimsoll::controllers::disruption::budgets(&mut objects);
    objects
}

fn measured_so(text: &str, way: &Way) -> SuccessMetrics {
    let configuration = Configuration::default();
    let setting = Setting {
        configuration: &configuration,
        options: Options::default(),
        thresholds: &way.thresholds,
        assumptions: &way.assumptions,
        usage: way.usage.as_ref(),
        at_most: way.at_most,
    };
    measure_objects(&objects(text), setting)
}

fn measured(text: &str) -> SuccessMetrics {
    measured_so(text, &Way::default())
}

/// Nodes with so much cpu and memory, `more` in their spec.
fn nodes(count: usize, cpu: &str, memory: &str) -> String {
    (1..=count).map(|number| node(&format!("node-{number}"), cpu, memory, "", "True")).collect()
}

fn node(name: &str, cpu: &str, memory: &str, spec: &str, ready: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{kubernetes.io/hostname: {name}}}}}, spec: {{{spec}}}, status: \
         {{allocatable: {{cpu: '{cpu}', memory: {memory}, pods: 110}}, conditions: [{{type: Ready, status: '{ready}'}}]}}}}\n"
    )
}

/// A workload of containers that ask for so much; `pod` goes into its pods' spec.
fn workload(kind: &str, name: &str, replicas: usize, cpu: &str, pod: &str) -> String {
    let service = if kind == "StatefulSet" { format!("serviceName: {name}, ") } else { String::new() };
    let requests = if cpu.is_empty() { String::new() } else { format!(", resources: {{requests: {{cpu: '{cpu}', memory: 64Mi}}}}") };
    format!(
        "---\n{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: {name}, namespace: shop}}, spec: {{replicas: {replicas}, {service}selector: \
         {{matchLabels: {{app: {name}}}}}, template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{{pod}containers: [{{name: c, image: \
         registry.example/c{requests}}}]}}}}}}}}\n"
    )
}

fn deployment(name: &str, replicas: usize) -> String {
    workload("Deployment", name, replicas, "100m", "")
}

fn service(name: &str, selector: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: shop}}, spec: {{selector: {{{selector}}}, ports: [{{port: 80}}]}}}}\n"
    )
}

fn hpa(name: &str, least: usize, most: usize) -> String {
    format!(
        "---\n{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: {name}, namespace: shop}}, spec: {{scaleTargetRef: \
         {{apiVersion: apps/v1, kind: Deployment, name: {name}}}, minReplicas: {least}, maxReplicas: {most}, metrics: [{{type: Resource, resource: \
         {{name: cpu, target: {{type: Utilization, averageUtilization: 70}}}}}}]}}}}\n"
    )
}

/// Leaves a lost node after so many seconds.
fn tolerates(seconds: u32) -> String {
    let one = |key: &str| format!("{{key: node.kubernetes.io/{key}, operator: Exists, effect: NoExecute, tolerationSeconds: {seconds}}}");
    format!("tolerations: [{}, {}], ", one("unreachable"), one("not-ready"))
}

const TOGETHER: &str = "nodeSelector: {kubernetes.io/hostname: node-1}, ";

#[test]
fn three_nodes_are_enough_and_two_are_not() {
    assert!(!measured(&nodes(2, "4", "8Gi")).node_count.holds());
    assert!(measured(&nodes(3, "4", "8Gi")).node_count.holds());
}

#[test]
fn a_node_that_is_not_ready_does_not_count_and_a_closed_one_does() {
    let two = nodes(2, "4", "8Gi");
    let down = measured(&(two.clone() + &node("down", "4", "8Gi", "", "Unknown"))).node_count;
    assert_eq!((down.ready, down.not_ready.as_slice(), down.holds()), (2, ["down".to_owned()].as_slice(), false));
    let cordoned = measured(&(two.clone() + &node("closed", "4", "8Gi", "unschedulable: true", "True"))).node_count;
    assert_eq!((cordoned.ready, cordoned.open(), cordoned.holds()), (3, 2, true));
    let tainted = "taints: [{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}]";
    let tainted = measured(&(two + &node("closed", "4", "8Gi", tainted, "True"))).node_count;
    assert_eq!((tainted.closed, tainted.target), (vec!["closed".to_owned()], 3));
}

#[test]
fn a_workload_on_one_node_is_not_spread() {
    let spread = measured(&(nodes(2, "4", "8Gi") + &deployment("web", 2))).pod_distribution;
    assert!(spread.holds(), "{spread:?}");
    assert_eq!((spread.pods, spread.nodes, spread.workloads), (2, 2, 1));
    let together = nodes(2, "4", "8Gi") + &workload("Deployment", "web", 2, "100m", TOGETHER) + &deployment("other", 2);
    let together = measured(&together).pod_distribution;
    assert!(!together.holds());
    let names: Vec<&str> = together.together.iter().map(|stand| stand.workload.name.as_str()).collect();
    assert_eq!((names, together.together[0].node.as_str(), together.together[0].pods), (vec!["web"], "node-1", 2));
    assert!(!together.together[0].is_critical && !together.together[0].has_rule);
}

#[test]
fn critical_workloads_come_first_and_a_rule_is_seen() {
    let rule = "topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, \
                labelSelector: {matchLabels: {app: db}}}], ";
    let text = nodes(1, "8", "8Gi") + &deployment("web", 2) + &workload("StatefulSet", "db", 3, "100m", rule);
    let distribution = measured(&text).pod_distribution;
    let stands: Vec<(&str, bool, bool)> =
        distribution.together.iter().map(|stand| (stand.workload.name.as_str(), stand.is_critical, stand.has_rule)).collect();
    assert_eq!(stands, [("db", true, true), ("web", false, false)]);
}

#[test]
fn single_replicas_and_jobs_need_no_spreading_but_one_node_for_all_is_none() {
    let job = "---\n{apiVersion: batch/v1, kind: Job, metadata: {name: load, namespace: shop}, spec: {parallelism: 3, completions: 3, template: \
               {spec: {nodeSelector: {kubernetes.io/hostname: node-1}, restartPolicy: Never, containers: [{name: c, image: i}]}}}}\n";
    let two = measured(&(nodes(2, "4", "8Gi") + &deployment("web", 1) + &deployment("api", 1) + job)).pod_distribution;
    assert_eq!((two.holds(), two.workloads), (true, 0), "{two:?}");
    let one = measured(&(nodes(1, "4", "8Gi") + &deployment("web", 1) + &deployment("api", 1))).pod_distribution;
    assert_eq!((one.holds(), one.together.len()), (false, 0));
}

#[test]
fn a_crowded_node_and_a_leaning_quorum_are_remarks() {
    let crowd = measured(&(nodes(2, "8", "8Gi") + &deployment("web", 62))).pod_distribution;
    assert_eq!((crowd.holds(), crowd.crowded.len()), (true, 2), "31 a node");
    let calm = measured(&(nodes(2, "8", "8Gi") + &deployment("web", 60))).pod_distribution;
    assert_eq!((calm.fullest.map(|crowd| crowd.pods), calm.crowded.len()), (Some(30), 0), "30 are no crowd");
    let leaning = measured(&(nodes(2, "8", "8Gi") + &workload("StatefulSet", "db", 3, "100m", ""))).pod_distribution;
    assert!(leaning.holds());
    assert_eq!((leaning.leaning[0].pods, leaning.leaning[0].needed), (2, 2), "one is left, and two are needed");
}

#[test]
fn seventy_percent_is_too_full() {
    let full = |cpu: &str| measured(&(nodes(1, "10", "8Gi") + &workload("Deployment", "web", 1, cpu, ""))).resource_utilization;
    assert!(full("6999m").holds());
    let at = full("7");
    assert!(!at.holds());
    let over = &at.requested.over[0];
    assert_eq!((over.node.as_str(), over.cpu.part, over.cpu.whole), ("node-1", 7000, 10_000));
    let way = Way { thresholds: Thresholds { utilization: Some(Share(700_001)), ..Thresholds::default() }, ..Way::default() };
    assert!(measured_so(&(nodes(1, "10", "8Gi") + &workload("Deployment", "web", 1, "7", "")), &way).resource_utilization.holds());
    let way = Way { thresholds: Thresholds { utilization: None, ..Thresholds::default() }, ..Way::default() };
    assert!(measured_so(&(nodes(1, "10", "8Gi") + &workload("Deployment", "web", 1, "10", "")), &way).resource_utilization.holds());
}

#[test]
fn memory_counts_as_cpu_does_and_every_node_counts() {
    // 64Mi a pod
    let of = |pods: usize| measured(&(nodes(1, "64", "640Mi") + &deployment("web", pods))).resource_utilization.holds();
    assert_eq!([of(6), of(7)], [true, false]);
    let other = nodes(2, "10", "8Gi") + &workload("Deployment", "web", 1, "9", TOGETHER);
    let other = measured(&other).resource_utilization;
    assert_eq!((other.holds(), other.requested.over.len(), other.requested.nodes.len()), (false, 1, 2), "the other node is empty");
}

#[test]
fn what_was_measured_counts_beside_requests() {
    let text = nodes(1, "10", "8Gi") + &workload("Deployment", "web", 1, "1", "") + &workload("Deployment", "dim", 1, "", "");
    let pods: Vec<String> = objects(&text).pods.iter().map(|pod| pod.metadata.name.clone()).collect();
    let web = pods.iter().find(|name| name.starts_with("web")).expect("it was made").clone();
    let used = |cpu: &str| {
        let amount = cpu.parse().expect("it is a quantity");
        let container = ContainerUsage { name: String::new(), usage: [("cpu".to_owned(), amount)].into_iter().collect() };
        let pod = PodUsage { namespace: "shop".to_owned(), name: web.clone(), labels: None, containers: vec![container] };
        let way = Way { usage: Some(Usage { pods: vec![pod], ..Usage::default() }), ..Way::default() };
        measured_so(&text, &way).resource_utilization
    };
    assert!(used("6999m").holds());
    let over = used("7");
    assert!(!over.holds());
    assert_eq!((over.requested.over.len(), over.used.expect("it was measured").over.len()), (0, 1));
    assert_eq!((over.without_requests, over.unmeasured), (1, 1), "the other pod asks for nothing, and nobody knows what it uses");
    assert_eq!(measured(&text).resource_utilization.used, None);
}

#[test]
fn two_ready_pods_a_service_are_enough_and_one_is_not() {
    let of = |replicas: usize| {
        let text = nodes(2, "4", "8Gi") + &deployment("web", replicas) + &service("web", "app: web") + &service("also", "app: web");
        measured(&text).service_replicas
    };
    assert!(of(2).holds());
    let single = of(1);
    assert!(!single.holds());
    let short = &single.short[0];
    assert_eq!((short.services.join(" ").as_str(), short.wanted, short.ready), ("also web", 1, 1));
    assert_eq!((short.workloads[0].name.as_str(), single.groups), ("web", 1), "two Services of one workload are one question");
    assert_eq!((of(0).short[0].wanted, of(0).holds()), (0, false), "what is scaled to zero serves nobody");
}

#[test]
fn jobs_daemon_sets_and_what_nobody_asks_do_not_count() {
    let daemon = "---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent, namespace: shop}, spec: {selector: {matchLabels: {app: agent}}, \
                  template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: c, image: i}]}}}}\n";
    let job = "---\n{apiVersion: batch/v1, kind: Job, metadata: {name: load, namespace: shop}, spec: {template: {metadata: {labels: {app: load}}, \
               spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}\n";
    let text = nodes(1, "4", "8Gi")
        + &deployment("web", 2)
        + &deployment("worker", 1)
        + daemon
        + job
        + &service("web", "app: web")
        + &service("agent", "app: agent")
        + &service("load", "app: load")
        + &service("nothing", "app: nothing");
    let replicas = measured(&text).service_replicas;
    assert_eq!((replicas.holds(), replicas.groups), (true, 1), "{replicas:?}");
    assert_eq!(replicas.single_aside.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["worker"]);
}

#[test]
fn a_canary_is_no_single_and_a_service_for_the_primary_means_the_set() {
    let labelled = |name: &str, replicas: usize| {
        deployment(name, replicas).replace(&format!("labels: {{app: {name}}}"), &format!("labels: {{app: {name}, site: shop}}"))
    };
    let canary = nodes(1, "4", "8Gi") + &labelled("stable", 3) + &labelled("canary", 1) + &service("site", "site: shop");
    let canary = measured(&canary).service_replicas;
    assert_eq!((canary.holds(), canary.groups), (true, 1), "{canary:?}");
    let primary =
        nodes(1, "4", "8Gi") + &workload("StatefulSet", "db", 3, "100m", "") + &service("db", "statefulset.kubernetes.io/pod-name: db-0");
    assert!(measured(&primary).service_replicas.holds(), "it fails over to another pod of the set");
}

#[test]
fn a_replica_without_a_node_does_not_serve() {
    let text = nodes(1, "1", "8Gi") + &workload("Deployment", "web", 2, "600m", "") + &service("web", "app: web");
    let short = &measured(&text).service_replicas.short[0];
    assert_eq!((short.wanted, short.placed, short.ready), (2, 1, 1));
}

#[test]
fn without_services_every_workload_counts() {
    let text = nodes(1, "4", "8Gi") + &deployment("web", 1) + &workload("StatefulSet", "db", 2, "100m", "");
    let replicas = measured(&text).service_replicas;
    assert!(!replicas.are_known && !replicas.holds());
    assert_eq!((replicas.groups, replicas.short[0].workloads[0].name.as_str()), (2, "web"));
}

#[test]
fn an_autoscaler_below_the_bound_is_a_remark() {
    let text = nodes(1, "8", "8Gi") + &deployment("web", 2) + &service("web", "app: web") + &hpa("web", 1, 4);
    let replicas = measured(&text).service_replicas;
    assert_eq!((replicas.holds(), replicas.may_shrink), (true, vec![("shop/web".to_owned(), 1)]));
}

/// What keeps the autoscaler of `web` from scaling.
fn obstacles(text: &str) -> Vec<Obstacle> {
    measured(text).autoscaling.scalers[0].obstacles.clone()
}

#[test]
fn an_autoscaler_with_room_is_active_and_without_one_nothing_is() {
    let text = nodes(1, "8", "8Gi") + &deployment("web", 2);
    assert!(!measured(&text).autoscaling.holds(), "there is none");
    let active = measured(&(text + &hpa("web", 2, 5))).autoscaling;
    assert!(active.holds(), "{active:?}");
    assert_eq!((active.scalers[0].least, active.scalers[0].current, active.scalers[0].most), (2, Some(2), 5));
}

#[test]
fn an_autoscaler_without_a_target_or_with_a_rival_does_nothing() {
    let rival = hpa("web", 2, 5).replace("metadata: {name: web", "metadata: {name: rival");
    assert_eq!(obstacles(&(nodes(1, "8", "8Gi") + &deployment("api", 2) + &hpa("web", 2, 5))), [Obstacle::NoTarget]);
    let both = nodes(1, "8", "8Gi") + &deployment("web", 2) + &hpa("web", 2, 5) + &rival;
    let both = measured(&both).autoscaling;
    assert_eq!((both.able(), &both.scalers[0].obstacles), (0, &vec![Obstacle::Ambiguous]));
}

#[test]
fn a_percentage_of_nothing_cannot_be_computed() {
    let text = nodes(1, "8", "8Gi") + &workload("Deployment", "web", 2, "", "") + &hpa("web", 2, 5);
    let found = obstacles(&text);
    assert!(matches!(&found[..], [Obstacle::Metric(why)] if why.contains("missing request for cpu")), "{found:?}");
}

#[test]
fn an_autoscaler_needs_a_range_that_is_not_used_up() {
    let at = |least: usize, most: usize, replicas: usize| {
        obstacles(&(nodes(1, "8", "8Gi") + &deployment("web", replicas) + &hpa("web", least, most)))
    };
    assert_eq!(at(3, 3, 3), [Obstacle::NoRange]);
    assert_eq!(at(2, 3, 3), [Obstacle::AtMost]);
    assert_eq!(at(2, 3, 2), []);
    assert_eq!(at(2, 3, 0), [Obstacle::AtZero]);
    let text = nodes(1, "8", "8Gi") + &deployment("web", 3) + &hpa("web", 2, 3);
    let way = Way { at_most: true, ..Way::default() };
    assert!(measured_so(&text, &way).autoscaling.holds(), "who asks about the most knows that it is the most");
}

#[test]
fn an_autoscaler_says_itself_what_is_wrong() {
    let disabled = hpa("web", 2, 5).replace("maxReplicas: 5", "maxReplicas: 5, behavior: {scaleUp: {selectPolicy: Disabled}}");
    let text = nodes(1, "8", "8Gi") + &deployment("web", 2);
    assert_eq!(obstacles(&(text.clone() + &disabled)), [Obstacle::GrowthDisabled]);
    let status = "status: {conditions: [{type: ScalingActive, status: 'False', reason: FailedGetResourceMetric, message: no metrics}, \
                  {type: AbleToScale, status: 'True', reason: SucceededGetScale}]}, spec: {scaleTargetRef";
    let broken = hpa("web", 2, 5).replace("spec: {scaleTargetRef", status);
    let found = obstacles(&(text + &broken));
    assert!(matches!(&found[..], [Obstacle::Condition { reason, .. }] if reason == "FailedGetResourceMetric"), "{found:?}");
}

#[test]
fn the_most_has_to_fit_the_nodes_and_the_quota() {
    let web = workload("Deployment", "web", 2, "1", "");
    let text = nodes(1, "4", "8Gi") + &web;
    assert_eq!(obstacles(&(text.clone() + &hpa("web", 2, 4))), []);
    let found = obstacles(&(text.clone() + &hpa("web", 2, 6)));
    let is_room = |why: &str| why.contains("Insufficient cpu");
    assert!(matches!(&found[..], [Obstacle::NoNode { pods: 2, message }] if is_room(message)), "{found:?}");
    let quota = "---\n{apiVersion: v1, kind: ResourceQuota, metadata: {name: team, namespace: shop}, spec: {hard: {pods: '3'}}}\n";
    let found = obstacles(&(text + &hpa("web", 2, 4) + quota));
    assert!(matches!(&found[..], [Obstacle::Refused { pods: 1, message }] if message.contains("exceeded quota: team")), "{found:?}");
}

#[test]
fn failover_takes_less_than_five_minutes_to_the_second() {
    // found out within 55 s at the latest, started within 30 s
    let of = |seconds: u32| measured(&(nodes(3, "4", "8Gi") + &workload("Deployment", "web", 2, "100m", &tolerates(seconds)))).failover;
    let (in_time, late) = (of(214), of(215));
    assert!(in_time.holds(), "{in_time:?}");
    assert_eq!(in_time.recovery.map(|span| span.most), Some(Duration::from_secs(299)));
    assert!(!late.holds(), "300 s are not less than 300 s");
    assert_eq!((late.late.len(), late.late[0].after, late.in_time), (1, Some(Duration::from_secs(300)), 1));
    assert_eq!(late.outage.map(|span| span.most), Some(Duration::ZERO), "the other replica serves all the while");
    let cure = Cure::Changes(vec![Change::Toleration { from: Some(Duration::from_secs(215)), to: Duration::from_secs(214) }]);
    assert_eq!(late.remedies.iter().map(|remedy| remedy.cure.clone()).collect::<Vec<_>>(), [cure]);
}

#[test]
fn one_change_for_several_workloads_does_for_the_strictest() {
    let slow = workload("Deployment", "slow", 2, "100m", "").replace("spec: {replicas", "spec: {minReadySeconds: 60, replicas");
    let text = nodes(3, "4", "8Gi") + &deployment("web", 2) + &slow;
    let failover = measured(&text).failover;
    let Cure::Changes(changes) = &failover.remedies[0].cure else { panic!("{failover:?}") };
    let [Change::Toleration { to, .. }] = changes[..] else { panic!("{changes:?}") };
    assert_eq!((failover.remedies.len(), failover.remedies[0].workloads.len(), to), (1, 2, Duration::from_secs(154)));
    let cured = |seconds: u32| {
        let cured = |text: String| text.replace("spec: {containers", &format!("spec: {{{}containers", tolerates(seconds)));
        measured(&(nodes(3, "4", "8Gi") + &cured(deployment("web", 2)) + &cured(slow.clone()))).failover.holds()
    };
    assert_eq!([cured(154), cured(155)], [true, false], "it suffices, and one second more does not");
}

#[test]
fn who_finds_no_node_or_waits_for_ever_is_late() {
    let full = measured(&(nodes(2, "1", "8Gi") + &workload("Deployment", "web", 2, "600m", &tolerates(30)))).failover;
    assert!(!full.holds());
    assert!(matches!(&full.late[0].reason, Reason::NoNode(why) if why.contains("Insufficient cpu")), "{full:?}");
    assert_eq!((full.recovery, &full.remedies[0].cure), (None, &Cure::Room));
    let set = nodes(3, "4", "8Gi") + &workload("StatefulSet", "db", 3, "100m", &tolerates(30));
    let stuck = measured(&set).failover;
    assert_eq!((stuck.holds(), stuck.late[0].after), (false, None), "nobody removes the dead pod");
    let Cure::Changes(changes) = &stuck.remedies[0].cure else { panic!("{stuck:?}") };
    let [Change::OutOfServiceTaint { within }] = changes[..] else { panic!("{changes:?}") };
    let removed = |after: Duration| {
        use plimsoll::planning::failover::{Means, Removal};
        let removal = Some(Removal { means: Means::OutOfServiceTaint, after });
        let way = Way { assumptions: Assumptions { removal, ..Assumptions::default() }, ..Way::default() };
        measured_so(&set, &way).failover.holds()
    };
    assert_eq!([removed(within), removed(within + Duration::from_secs(1))], [true, false], "within {within:?}");
}

#[test]
fn a_pod_that_nobody_manages_is_a_remark() {
    let pod = "---\n{apiVersion: v1, kind: Pod, metadata: {name: tool, namespace: shop}, spec: {containers: [{name: c, image: i}]}}\n";
    let failover = measured(&(nodes(3, "4", "8Gi") + pod)).failover;
    assert_eq!((failover.holds(), failover.unmanaged), (true, vec!["shop/tool".to_owned()]));
}

#[test]
fn with_no_node_nothing_holds() {
    let nothing = measured(&deployment("web", 2));
    assert_eq!((nothing.each(), nothing.failover.losses), ([false; 6], 0), "what stands nowhere is neither spread nor below anything");
}

/// A cluster as the guide wants it.
fn good() -> String {
    let web = workload("Deployment", "web", 3, "250m", &tolerates(60));
    nodes(3, "4", "8Gi") + &web + &service("web", "app: web") + &hpa("web", 2, 6)
}

#[test]
fn a_cluster_as_the_guide_wants_it_passes() {
    let all = measured(&good());
    assert_eq!((all.each(), all.holds()), ([true; 6], true), "{all:?}");
}

#[test]
fn what_is_handed_in_is_not_measured_otherwise() {
    let objects = objects(&good());
    let (configuration, way) = (Configuration::default(), Way::default());
    let setting = Setting {
        configuration: &configuration,
        options: Options::default(),
        thresholds: &way.thresholds,
        assumptions: &way.assumptions,
        usage: None,
        at_most: false,
    };
    let baseline = Baseline::new(&objects, &configuration, Options::default(), |scheduler| scheduler.run(|_, _| ()));
    let quorums = Quorums::of(&objects, &[]);
    let losses = node_losses(&objects, &baseline, &quorums, &setting);
    let shared = measure(&Question { objects: &objects, baseline: &baseline, quorums: &quorums, node_losses: &losses, setting });
    assert_eq!(shared, measure_objects(&objects, setting));
}
