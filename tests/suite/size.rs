//! What to buy, against everything that could be bought: on small cases every fleet is tried.

use std::time::Duration;

use plimsoll::catalogue::read::read_str as read_catalogue;
use plimsoll::catalogue::{Catalogue, NodeType};
use plimsoll::manifest::Objects;
use plimsoll::manifest::read::read_str;
use plimsoll::planning::packing::Budget;
use plimsoll::planning::size::showroom::Showroom;
use plimsoll::planning::size::{Fleet, Ground, Objective, Offer, Question, Replay, Share, Sizing, State, Survive, Tolerance, offers, size};
use plimsoll::scheduler::Options;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::verify::{Binding, verify};
use proptest::prelude::*;

/// Long enough never to be cut off.
fn patience() -> Duration {
    Duration::from_secs(3600)
}

/// Objects as the API server and controllers leave them.
fn cluster(text: &str) -> Objects {
    let input = read_str("size", text);
    assert!(!input.has_errors(), "{:?}", input.problems);
    let mut objects = input.objects;
    plimsoll::controllers::expand(&mut objects);
    plimsoll::admission::admit(&mut objects);
    plimsoll::controllers::disruption::budgets(&mut objects);
    objects
}

fn catalogue(text: &str) -> Catalogue {
    read_catalogue("types.csv", text).expect("a catalogue").0
}

/// What is asked, but for objects and offers.
#[derive(Clone, Copy)]
struct Goal {
    keep_existing: bool,
    survive: Survive,
    below: Option<Share>,
    max_types: Option<usize>,
    objective: Objective,
    surge: bool,
    min_nodes: usize,
}

impl Default for Goal {
    fn default() -> Self {
        Goal {
            keep_existing: false,
            survive: Survive::Nothing,
            below: None,
            max_types: None,
            objective: Objective::Cost,
            surge: false,
            min_nodes: 0,
        }
    }
}

fn ask(objects: &Objects, offers: &[Offer<'_>], goal: Goal) -> Sizing {
    ask_within(objects, offers, goal, &patience)
}

fn ask_within(objects: &Objects, offers: &[Offer<'_>], goal: Goal, remaining: &(dyn Fn() -> Duration + Sync)) -> Sizing {
    let configuration = Configuration::default();
    size(&Question {
        objects,
        offers,
        keep_existing: goal.keep_existing,
        survive: goal.survive,
        below: goal.below,
        surge: goal.surge,
        min_nodes: goal.min_nodes,
        max_types: goal.max_types,
        objective: goal.objective,
        configuration: &configuration,
        options: Options::default(),
        budget: Budget { remaining, seed: 0 },
    })
}

/// The least that a fleet can cost that holds in the replay, of all with at most so many nodes; by trying every one.
fn cheapest(objects: &Objects, offers: &[Offer<'_>], goal: Goal, prices: &[i64], most: u32) -> Option<i64> {
    let (configuration, options) = (Configuration::default(), Options::default());
    let ground = Ground::new(objects, goal.keep_existing);
    let showroom = Showroom::new(&ground, offers, &configuration, options);
    let tolerance = Tolerance::of(&ground, goal.survive);
    let impossible = showroom.impossible.iter().flat_map(|impossible| impossible.pods.iter().copied()).collect();
    let oversized = showroom.oversized(goal.below).iter().flat_map(|&load| showroom.loads[load].pods.iter().copied()).collect();
    let replay = Replay {
        ground: &ground,
        offers,
        impossible: &impossible,
        tolerance: &tolerance,
        below: goal.below,
        oversized: &oversized,
        min_nodes: goal.min_nodes,
        survive: goal.survive,
        surge: goal.surge,
        configuration: &configuration,
        options,
    };
    let mut fleets = vec![Fleet::none(0)];
    for _ in offers {
        let longer = |fleet: &Fleet| (0..=most - fleet.nodes()).map(|count| Fleet([&fleet.0[..], &[count]].concat())).collect::<Vec<_>>();
        fleets = fleets.iter().flat_map(longer).collect();
    }
    fleets.sort_by_key(|fleet| fleet.price(prices));
    fleets.iter().find(|fleet| replay.play(fleet).holds()).map(|fleet| fleet.price(prices))
}

/// The plan's placement, judged by the referee from the manifests alone.
fn assert_refereed(sizing: &Sizing) {
    let plan = sizing.plan.as_ref().expect("a plan");
    let place = |(name, node): &'_ (String, Option<String>)| {
        let (namespace, name) = name.split_once('/').expect("names have namespaces");
        let pod = plan.objects.pods.iter().position(|pod| pod.metadata.namespace == namespace && pod.metadata.name == name);
        (pod.expect("it is there"), node.clone())
    };
    let places: Vec<(usize, Option<String>)> = plan.placement.iter().map(place).collect();
    let bindings: Vec<Binding<'_>> =
        places.iter().filter_map(|(pod, node)| Some(Binding { pod: *pod, node: node.as_deref()?, evicted: Vec::new() })).collect();
    assert_eq!(verify(&plan.objects, &bindings), [], "the referee accepts every binding");
}

fn deployment(name: &str, replicas: u32, cpu: u32, memory: u32, more: &str) -> String {
    format!(
        "---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}, namespace: shop}}, spec: {{replicas: {replicas}, selector: \
         {{matchLabels: {{app: {name}}}}}, template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{{more}containers: [{{name: c, \
         resources: {{requests: {{cpu: {cpu}m, memory: {memory}Mi}}}}}}]}}}}}}}}\n"
    )
}

/// Required anti-affinity to its own pods.
fn apart(name: &str, topology: &str) -> String {
    format!(
        "affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: {topology}, labelSelector: \
         {{matchLabels: {{app: {name}}}}}}}]}}}}, "
    )
}

const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";
const TWO_TYPES: &str = "name,cpu,memory,pods,price\nsmall,2,4Gi,20,0.05\nlarge,4,16Gi,40,0.12\n";

fn count(sizing: &Sizing) -> u32 {
    sizing.plan.as_ref().map_or(0, |plan| plan.fleet.nodes())
}

#[test]
fn a_workload_whose_pods_keep_apart_needs_a_node_for_each_and_one_to_lose() {
    let objects = cluster(&deployment("web", 3, 100, 64, &apart("web", HOSTNAME)));
    let catalogue = catalogue("name,cpu,memory,pods,price\nsmall,2,4Gi,20,0.05\n");
    let offers = offers(&catalogue, &[], &[]);
    let sizing = ask(&objects, &offers, Goal::default());
    assert_eq!((count(&sizing), sizing.bound.price), (3, 150_000));
    assert_refereed(&sizing);
    let sizing = ask(&objects, &offers, Goal { survive: Survive::Nodes(1), ..Goal::default() });
    assert_eq!((count(&sizing), sizing.bound.price, &sizing.bound.state), (4, 200_000, &State::NodesLost(1)));
    assert!(sizing.plan.expect("a plan").trial.losses.iter().all(|loss| loss.holds()));
}

#[test]
fn what_daemon_sets_take_is_not_there_for_others() {
    let daemon = "---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent, namespace: shop}, spec: {selector: {matchLabels: {app: \
                  agent}}, template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: c, resources: {requests: {cpu: 600m}}}]}}}}\n";
    let objects = cluster(&(deployment("web", 4, 700, 64, "") + daemon));
    let catalogue = catalogue("name,cpu,memory,pods,price\nsmall,2,4Gi,20,0.05\n");
    // 1,400 thousandths are left of each: two pods
    let sizing = ask(&objects, &offers(&catalogue, &[], &[]), Goal::default());
    assert_eq!((count(&sizing), sizing.bound.price), (2, 100_000));
    let plan = sizing.plan.as_ref().expect("a plan");
    assert_eq!(plan.objects.pods.iter().filter(|pod| pod.metadata.name.starts_with("agent-")).count(), 2);
    assert_refereed(&sizing);
}

#[test]
fn nodes_stay_under_the_limit_and_exactly_the_limit_is_too_much() {
    let objects = cluster(&deployment("web", 2, 1400, 64, ""));
    let catalogue = catalogue("name,cpu,memory,pods,price\nsmall,2,4Gi,20,0.05\nmiddle,2100m,4Gi,20,0.06\n");
    let sizing = ask(&objects, &offers(&catalogue, &[], &[]), Goal { below: Some(Share(700_000)), ..Goal::default() });
    let plan = sizing.plan.as_ref().expect("a plan");
    assert_eq!(plan.fleet, Fleet(vec![0, 2]), "1400m are 70 % of two cores, which is not under it");
    assert!(plan.trial.peak.cpu < 0.7);
}

#[test]
fn a_zone_can_be_lost_if_the_others_have_room() {
    let objects = cluster(&deployment("web", 6, 900, 64, ""));
    let catalogue = catalogue("name,cpu,memory,pods,price\nsmall,2,4Gi,20,0.05\n");
    let zones = ["a", "b", "c"].map(str::to_owned);
    let offers = offers(&catalogue, &zones, &[]);
    let sizing = ask(&objects, &offers, Goal { survive: Survive::Zones(1), ..Goal::default() });
    // three nodes hold it, and any two zones must have three
    let plan = sizing.plan.as_ref().expect("a plan");
    assert_eq!(sizing.bound.state, State::ZonesLost(1));
    assert_eq!((sizing.bound.price, plan.fleet.nodes()), (250_000, 5), "two and two and one: without two of them three are left");
    assert_eq!(plan.trial.losses.len(), 3);
    assert!(plan.trial.holds());
}

#[test]
fn pods_of_a_quorum_are_spread_so_that_a_loss_leaves_enough() {
    let set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop}, spec: {replicas: 3, serviceName: db, selector: \
               {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, resources: {requests: \
               {cpu: 100m}}}]}}}}\n";
    let objects = cluster(set);
    let catalogue = catalogue("name,cpu,memory,pods,price\nlarge,8,16Gi,40,0.2\n");
    let sizing = ask(&objects, &offers(&catalogue, &[], &[]), Goal { survive: Survive::Nodes(1), ..Goal::default() });
    // a majority is two of three, so no node may hold two
    assert_eq!((count(&sizing), sizing.bound.price), (3, 600_000));
}

#[test]
fn what_no_purchase_can_mend_is_named_and_the_rest_is_planned() {
    let text = deployment("web", 2, 500, 64, "") + &deployment("huge", 1, 64000, 64, "") + &deployment("lone", 1, 100, 64, "");
    let objects = cluster(&text);
    let catalogue = catalogue(TWO_TYPES);
    let sizing = ask(&objects, &offers(&catalogue, &[], &[]), Goal { survive: Survive::Nodes(1), ..Goal::default() });
    assert_eq!(sizing.impossible.len(), 1);
    assert!(sizing.impossible[0].first.starts_with("shop/huge-") && sizing.impossible[0].message.contains("Insufficient cpu"));
    let fragile: Vec<String> = sizing.tolerance.fragile.iter().map(|(workload, ..)| workload.name.clone()).collect();
    assert_eq!(fragile, ["huge", "lone"]);
    assert!(sizing.plan.expect("a plan for the rest").trial.holds());
}

#[test]
fn nodes_that_stay_are_used_and_what_runs_stays_where_it_is() {
    let node = "{apiVersion: v1, kind: Node, metadata: {name: old, labels: {kubernetes.io/hostname: old}}, status: {allocatable: {cpu: 4, \
                memory: 16Gi, pods: 20}, conditions: [{type: Ready, status: 'True'}]}}\n";
    let objects = cluster(&(node.to_owned() + &deployment("web", 5, 1000, 64, "")));
    let types = [NodeType::like(&objects.nodes[0])].to_vec();
    let catalogue = Catalogue { types };
    let offers = offers(&catalogue, &[], &[]);
    let kept = ask(&objects, &offers, Goal { keep_existing: true, ..Goal::default() });
    assert_eq!((count(&kept), kept.bound.price), (1, 1), "four fit on the old one");
    assert_eq!(kept.plan.as_ref().expect("a plan").objects.nodes.len(), 2);
    let anew = ask(&objects, &offers, Goal::default());
    assert_eq!((count(&anew), anew.ground.removed.len()), (2, 1));
}

#[test]
fn pods_that_run_together_on_what_stays_are_named_and_the_rest_is_planned() {
    let node = "{apiVersion: v1, kind: Node, metadata: {name: old, labels: {kubernetes.io/hostname: old}}, status: {allocatable: {cpu: 8, \
                memory: 32Gi, pods: 40}, conditions: [{type: Ready, status: 'True'}]}}\n";
    let pod = |number: usize| {
        format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: dns-{number}, namespace: default, labels: {{app: dns}}, ownerReferences: \
             [{{apiVersion: apps/v1, kind: StatefulSet, name: dns, uid: u, controller: true}}]}}, spec: {{nodeName: old, containers: \
             [{{name: c, image: i, resources: {{requests: {{cpu: 100m}}}}}}]}}, status: {{phase: Running, conditions: [{{type: Ready, \
             status: 'True'}}]}}}}\n"
        )
    };
    let set = "---\n{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: dns, namespace: default, uid: u}, spec: {replicas: 2, \
               serviceName: dns, selector: {matchLabels: {app: dns}}, template: {metadata: {labels: {app: dns}}, spec: {containers: \
               [{name: c, image: i, resources: {requests: {cpu: 100m}}}]}}}}\n";
    let text = node.to_owned() + set + &pod(0) + &pod(1) + &deployment("web", 4, 1000, 64, "");
    let objects = cluster(&text);
    let catalogue = Catalogue { types: vec![NodeType::like(&objects.nodes[0])] };
    let offers = offers(&catalogue, &[], &[]);
    let goal = Goal { survive: Survive::Nodes(1), ..Goal::default() };
    let kept = ask(&objects, &offers, Goal { keep_existing: true, ..goal });
    let crowded: Vec<_> =
        kept.tolerance.crowded.iter().map(|(workload, node, pods)| (workload.name.as_str(), node.as_str(), *pods)).collect();
    assert_eq!(crowded, [("dns", "old", 2)], "{:?}", kept.tolerance);
    assert!(kept.plan.expect("a plan for the rest").trial.holds());
    let anew = ask(&objects, &offers, goal);
    assert!(anew.tolerance.crowded.is_empty() && anew.plan.expect("a plan").trial.holds(), "what is placed anew is spread");
}

#[test]
fn limits_on_types_and_numbers_are_kept() {
    let objects = cluster(&(deployment("web", 4, 1900, 100, "") + &deployment("cache", 2, 100, 12000, "")));
    let catalogue_of = catalogue("name,cpu,memory,pods,price,limit\nsmall,2,4Gi,20,0.05,3\nlarge,4,16Gi,40,0.12,\n");
    let offers = offers(&catalogue_of, &[], &[]);
    let sizing = ask(&objects, &offers, Goal::default());
    let plan = sizing.plan.expect("a plan");
    assert!(plan.fleet.0[0] <= 3 && plan.trial.holds());
    let narrow = ask(&objects, &offers, Goal { max_types: Some(1), ..Goal::default() }).plan.expect("a plan");
    assert_eq!(narrow.fleet.bought().count(), 1);
    let fewest = ask(&objects, &offers, Goal { objective: Objective::Count, ..Goal::default() });
    assert_eq!(fewest.plan.expect("a plan").fleet, Fleet(vec![0, 2]));
}

#[test]
fn pods_that_keep_out_of_each_others_zone_need_as_many_zones() {
    let objects = cluster(&deployment("web", 3, 100, 64, &apart("web", ZONE)));
    let catalogue = catalogue("name,cpu,memory,pods,price\nsmall,2,4Gi,20,0.05\n");
    let zones = ["a", "b", "c"].map(str::to_owned);
    let offers = offers(&catalogue, &zones, &[]);
    let sizing = ask(&objects, &offers, Goal::default());
    assert_eq!(sizing.plan.as_ref().expect("a plan").fleet, Fleet(vec![1, 1, 1]));
    assert_refereed(&sizing);
}

#[test]
fn without_any_time_there_is_a_plan_and_a_bound_all_the_same() {
    let objects = cluster(&(deployment("web", 5, 900, 64, "") + &deployment("cache", 2, 100, 9000, "")));
    let catalogue = catalogue(TWO_TYPES);
    let goal = Goal { survive: Survive::Nodes(1), below: Some(Share(700_000)), ..Goal::default() };
    let sizing = ask_within(&objects, &offers(&catalogue, &[], &[]), goal, &|| Duration::ZERO);
    let plan = sizing.plan.expect("a plan");
    assert!(plan.trial.holds() && sizing.cut_off && sizing.bound.price > 0 && sizing.bound.price <= plan.price);
}

#[test]
fn as_many_nodes_as_are_asked_for_are_there() {
    let objects = cluster(&deployment("web", 1, 100, 64, ""));
    let catalogue = catalogue(TWO_TYPES);
    let sizing = ask(&objects, &offers(&catalogue, &[], &[]), Goal { min_nodes: 3, ..Goal::default() });
    assert_eq!((count(&sizing), sizing.bound.price, &sizing.bound.state), (3, 150_000, &State::NodesAsked(3)));
}

#[test]
fn a_pod_that_is_too_much_for_the_limit_is_named_and_only_its_node_is_let_off() {
    let objects = cluster(&(deployment("big", 1, 3500, 64, "") + &deployment("web", 4, 1000, 64, "")));
    let catalogue = catalogue(
        "name,cpu,memory,pods,price
large,4,16Gi,40,0.12
",
    );
    let sizing = ask(&objects, &offers(&catalogue, &[], &[]), Goal { below: Some(Share(700_000)), ..Goal::default() });
    assert_eq!(sizing.oversized, [("Deployment shop/big".to_owned(), 1)]);
    let plan = sizing.plan.as_ref().expect("a plan");
    assert!(plan.trial.holds() && plan.trial.peak.cpu > 0.8);
    assert_eq!(plan.fleet.nodes(), 3, "one for the large pod, and two of the others on each of two");
}

#[test]
fn a_rollout_finds_room_for_its_surge_if_that_is_asked() {
    let objects = cluster(&deployment("web", 4, 1000, 64, ""));
    let catalogue = catalogue(
        "name,cpu,memory,pods,price
small,2,4Gi,20,0.05
",
    );
    let offers = offers(&catalogue, &[], &[]);
    assert_eq!(count(&ask(&objects, &offers, Goal::default())), 2);
    // a quarter of four pods more
    assert_eq!(count(&ask(&objects, &offers, Goal { surge: true, ..Goal::default() })), 3);
}

#[test]
fn volumes_that_a_driver_attaches_are_counted() {
    let text = "{apiVersion: v1, kind: Node, metadata: {name: old, labels: {kubernetes.io/hostname: old}}, status: {allocatable: {cpu: 8, memory: \
                16Gi, pods: 20}, conditions: [{type: Ready, status: 'True'}]}}
---
{apiVersion: storage.k8s.io/v1, kind: CSINode, metadata: {name: old}, spec: {drivers: [{name: ebs.csi.aws.com, nodeID: old, allocatable: {count: 2}}]}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: gp3}, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop}, spec: {replicas: 5, serviceName: db, podManagementPolicy: Parallel, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, resources: {requests: {cpu: 100m}}}]}}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], storageClassName: gp3, resources: {requests: {storage: 1Gi}}}}]}}
";
    let objects = cluster(text);
    let catalogue = Catalogue { types: vec![NodeType::like(&objects.nodes[0]).with_volume_limits(&objects.csi_nodes[0])] };
    let sizing = ask(&objects, &offers(&catalogue, &[], &[]), Goal::default());
    assert_eq!((count(&sizing), sizing.bound.price), (3, 3), "two volumes a node");
    assert_refereed(&sizing);
}

/// Name, replicas, cpu, memory, and what sort of rule.
type Workload = (u32, u32, u32, u8);

fn workloads() -> impl Strategy<Value = Vec<Workload>> {
    prop::collection::vec((1..4u32, 1..20u32, 1..20u32, 0..5u8), 1..4)
}

fn text(workloads: &[Workload]) -> String {
    let one = |(index, &(replicas, cpu, memory, rule)): (usize, &Workload)| {
        let name = format!("app-{index}");
        let more = match rule {
            0 => apart(&name, HOSTNAME),
            1 => format!(
                "topologySpreadConstraints: [{{maxSkew: 1, topologyKey: {HOSTNAME}, whenUnsatisfiable: DoNotSchedule, labelSelector: \
                 {{matchLabels: {{app: {name}}}}}}}], "
            ),
            _ => String::new(),
        };
        deployment(&name, replicas, cpu * 100, memory * 200, &more)
    };
    workloads.iter().enumerate().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// No fleet that holds is cheaper than the bound, the plan is such a fleet, and the referee accepts where its pods are.
    #[test]
    fn bounds_are_below_every_fleet_and_plans_are_among_them(
        workloads in workloads(),
        survive in prop::sample::select(vec![Survive::Nothing, Survive::Nodes(1)]),
        below in prop::sample::select(vec![None, Some(Share(700_000))]),
        prices in (20..80u32, 60..160u32),
    ) {
        let objects = cluster(&text(&workloads));
        let types = format!("name,cpu,memory,pods,price\nsmall,2,4Gi,4,0.{:03}\nlarge,4,8Gi,8,0.{:03}\n", prices.0, prices.1);
        let catalogue = catalogue(&types);
        let offers = offers(&catalogue, &[], &[]);
        let goal = Goal { survive, below, ..Goal::default() };
        let sizing = ask(&objects, &offers, goal);
        let best = cheapest(&objects, &offers, goal, &sizing.prices, 8);
        let plan = sizing.plan.as_ref().filter(|plan| plan.trial.holds());
        if let Some(best) = best {
            prop_assert!(sizing.bound.price <= best, "the bound {:?} is above {best}", sizing.bound);
            prop_assert!(plan.is_some_and(|plan| plan.fleet.nodes() > 8 || plan.price >= best), "{best} is possible");
        }
        if let Some(plan) = plan {
            prop_assert!(sizing.bound.price <= plan.price);
            if let Some(unreached) = &sizing.unreached {
                prop_assert!(unreached.price < plan.price && unreached.price >= sizing.bound.price && unreached.trial.holds());
            }
            assert_refereed(&sizing);
        }
    }

    /// The same question has the same answer, on one thread as on many.
    #[test]
    fn threads_change_nothing(workloads in workloads()) {
        let objects = cluster(&text(&workloads));
        let catalogue = catalogue(TWO_TYPES);
        let offers = offers(&catalogue, &[], &[]);
        let goal = Goal { survive: Survive::Nodes(1), ..Goal::default() };
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| ask(&objects, &offers, goal))
        };
        let (one, many) = (on(1), on(4));
        prop_assert_eq!(one.plan.map(|plan| (plan.fleet, plan.placement)), many.plan.map(|plan| (plan.fleet, plan.placement)));
        prop_assert_eq!((one.bound, one.alternatives), (many.bound, many.alternatives));
    }
}
