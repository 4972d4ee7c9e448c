//! What is certain for all losses of `k` nodes, against playing and packing every one of them.

use std::collections::BTreeSet;

use plimsoll::cluster::index::{ClassId, NodeId, PodId};
use plimsoll::cluster::outage::NodeState;
use plimsoll::manifest::Objects;
use plimsoll::manifest::Quantity;
use plimsoll::manifest::meta::OwnerReference;
use plimsoll::planning::interdiction::{
    Availability, Interdiction, Limits, Obstacle, Proof, Question, Repack, Way, interdict, repack, single_nodes,
};
use plimsoll::planning::quorum::{Quorums, Standing, State};
use plimsoll::scheduler::attempt::Rejections;
use plimsoll::scheduler::profile::Configuration;
use plimsoll::scheduler::{Options, Scheduler, framework, pre_filter};
use plimsoll::simulation::loss::{Baseline, Keeper, Loss, Until, lose};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use crate::generate::{Plan, Trait, build};

/// A cluster, how much larger its nodes are than planned, and how many are lost.
#[derive(Debug, Clone)]
struct Case {
    plan: Plan,
    room: i64,
    k: usize,
}

fn cases() -> impl Strategy<Value = Case> {
    let traits = proptest::sample::subsequence(Trait::ALL.to_vec(), 0..=Trait::ALL.len());
    (any::<u64>().no_shrink(), 1..=9usize, 0..=24usize, 0..=8usize, traits, 1..=5i64, 1..=3usize)
        .prop_map(|(seed, nodes, bound, pending, traits, room, k)| Case { plan: Plan { seed, nodes, bound, pending, traits }, room, k })
}

/// The objects of a case: nearly every pod has a controller, and nodes may have room to spare.
fn objects(case: &Case) -> Objects {
    let mut objects = build(&case.plan);
    for node in &mut objects.nodes {
        for (name, quantity) in &mut node.status.allocatable {
            let factor = if name == "pods" { case.room.min(2) } else { case.room };
            *quantity = Quantity::from_nano(quantity.nano() * i128::from(factor));
        }
    }
    for (index, pod) in objects.pods.iter_mut().enumerate() {
        let kind = ["ReplicaSet", "ReplicaSet", "StatefulSet", "Job", "ReplicaSet", "DaemonSet", ""][(index + case.plan.seed as usize) % 7];
        if pod.metadata.owner_references.is_empty() && !kind.is_empty() {
            let (kind, name, uid) = (kind.to_owned(), format!("owner-{}", index % 5), format!("owner-{}", index % 5));
            pod.metadata.owner_references.push(OwnerReference { kind, name, uid, controller: Some(true), ..OwnerReference::default() });
        }
    }
    objects
}

fn baseline(objects: &Objects) -> Baseline {
    Baseline::new(objects, &Configuration::default(), Options::default(), |scheduler| scheduler.run(|_, _| ()))
}

fn ask(baseline: &Baseline, quorums: &Quorums, k: usize, limits: Limits) -> Interdiction {
    let is_ready = |pod: usize| baseline.occupancy().node_of(PodId::new(pod)).is_some();
    let units = single_nodes(baseline);
    interdict(&Question { baseline, quorums, is_ready: &is_ready, units: &units, k, limits }, || ())
}

/// All sets of `k` of so many nodes.
fn subsets(nodes: usize, k: usize) -> Vec<Vec<NodeId>> {
    if k == 0 {
        return vec![Vec::new()];
    }
    let with_last = |last: usize| {
        subsets(last, k - 1).into_iter().map(move |mut subset| {
            subset.push(NodeId::new(last));
            subset
        })
    };
    (0..nodes).flat_map(with_last).collect()
}

fn comes_back(baseline: &Baseline, pod: PodId) -> bool {
    !matches!(baseline.departure(pod).keeper, Keeper::Node | Keeper::Nobody)
}

/// The classes of displaced pods of some nodes.
fn displaced(baseline: &Baseline, nodes: &[NodeId]) -> BTreeSet<ClassId> {
    let pods = nodes.iter().flat_map(|&node| baseline.occupancy().pods_on(node)).filter(|&&pod| comes_back(baseline, pod));
    pods.map(|&pod| baseline.cluster().pod(pod).class).collect()
}

fn config(cases: u32) -> ProptestConfig {
    let persistence = FileFailurePersistence::Direct("tests/suite/interdiction.seeds");
    ProptestConfig { cases, failure_persistence: Some(Box::new(persistence)), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn answers_are_those_of_playing_every_loss(case in cases()) {
        let outcome = check_reached(&case);
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }

    #[test]
    fn packings_are_those_of_trying_everything(case in cases()) {
        let outcome = check_repack(&case);
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }
}

/// Plays every subset, and compares; gives how many classes were certain, of how many.
fn check_reached(case: &Case) -> Result<(usize, usize), String> {
    let objects = objects(case);
    let baseline = baseline(&objects);
    let quorums = Quorums::of(&objects, &[]);
    let answer = ask(&baseline, &quorums, case.k, Limits::default());
    let mut scheduler = baseline.scheduler();
    let losses: Vec<Loss> =
        subsets(objects.nodes.len(), case.k).iter().map(|nodes| lose(&baseline, &mut scheduler, nodes, Until::Removed)).collect();
    let failing: Vec<&Loss> = losses.iter().filter(|loss| !loss.is_made_good()).collect();
    match &answer.reached {
        Proof::Holds(coverage) => {
            let sum = coverage.certified + coverage.tried + coverage.alike;
            ensure(failing.is_empty(), || format!("said to hold, but {:?} fails", failing[0].nodes))?;
            ensure(sum == losses.len() as u128, || format!("{sum} losses are covered of {}", losses.len()))?;
        }
        Proof::Fails { nodes, why, .. } => {
            let witness = lose(&baseline, &mut scheduler, nodes, Until::Removed);
            ensure(!witness.is_made_good() && **why == witness, || format!("no witness: {why:?}, but {witness:?}"))?;
        }
        Proof::Open(coverage) => return Err(format!("open, though few enough to play: {coverage:?}")),
    }
    let certain = check_certificates(&baseline, &quorums, case, &losses)?;
    check_availability(&answer.availability, &baseline, &quorums, case.k, objects.nodes.len())?;
    Ok(certain)
}

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}

/// A loss that displaces certain classes only is made good, without anybody being evicted; and figures add up.
fn check_certificates(baseline: &Baseline, quorums: &Quorums, case: &Case, losses: &[Loss]) -> Result<(usize, usize), String> {
    let answer = ask(baseline, quorums, case.k, Limits { replays: 0, ..Limits::default() });
    let Some(coverage) = answer.reached.coverage() else { return Err("a failure without playing".to_owned()) };
    ensure(coverage.certified + coverage.left == losses.len() as u128, || format!("{coverage:?} of {}", losses.len()))?;
    let certain: BTreeSet<ClassId> = coverage.certificate.rooms.iter().map(|room| room.class).collect();
    let uncertified = losses.iter().filter(|loss| !loss.is_made_good()).count();
    ensure(coverage.left >= uncertified as u128, || format!("{uncertified} losses fail, but {} are open", coverage.left))?;
    for room in &coverage.certificate.rooms {
        ensure(room.left() > 0, || format!("{room:?}"))?;
    }
    for loss in losses.iter().filter(|loss| displaced(baseline, &loss.nodes).is_subset(&certain)) {
        let is_clean = loss.is_made_good() && loss.preempted.is_empty();
        ensure(is_clean, || format!("{:?} displaces certain classes only, but {:?}", loss.nodes, loss.pending().collect::<Vec<_>>()))?;
    }
    Ok((certain.len(), certain.len() + coverage.certificate.open.len()))
}

/// Workloads and budgets fall where some subset makes them fall.
fn check_availability(found: &Availability, baseline: &Baseline, quorums: &Quorums, k: usize, nodes: usize) -> Result<(), String> {
    let standing = Standing::of(quorums, |pod| baseline.occupancy().node_of(PodId::new(pod)).is_some());
    let (mut workloads, mut budgets) = (BTreeSet::new(), BTreeSet::new());
    for subset in subsets(nodes, k) {
        let lost: Vec<usize> = subset.iter().flat_map(|&node| baseline.occupancy().pods_on(node)).map(|pod| pod.index()).collect();
        for hit in standing.after(quorums, &lost) {
            if hit.state >= State::BelowQuorum && hit.state > hit.before {
                workloads.insert(hit.workload);
            }
        }
        for (index, budget) in quorums.budgets.iter().enumerate() {
            let hit = lost.iter().filter(|&&pod| quorums.budgets_of(pod).any(|of| of == index)).count();
            if standing.healthy[index] >= budget.desired_healthy && standing.healthy[index] - hit < budget.desired_healthy {
                budgets.insert(index);
            }
        }
    }
    let of = |falls: &[plimsoll::planning::interdiction::Fall]| falls.iter().map(|fall| fall.of).collect::<BTreeSet<_>>();
    ensure(of(&found.workloads) == workloads, || format!("workloads {:?}, not {workloads:?}", found.workloads))?;
    ensure(of(&found.budgets) == budgets, || format!("budgets {:?}, not {budgets:?}", found.budgets))
}

/// What is said of each subset, against trying every order and node; and of all subsets, against each. Gives how many subsets fit, how
/// many do not, and how many are open.
fn check_repack(case: &Case) -> Result<[usize; 3], String> {
    let objects = objects(case);
    let baseline = baseline(&objects);
    let quorums = Quorums::of(&objects, &[]);
    let mut scheduler = baseline.scheduler();
    let mut counts = [0; 3];
    for nodes in subsets(objects.nodes.len(), case.k) {
        match repack(&baseline, &mut scheduler, &nodes) {
            Repack::Fits(packing) => {
                counts[0] += 1;
                let is_sound = match packing.way {
                    Way::Replayed => lose(&baseline, &mut scheduler, &nodes, Until::Removed).is_made_good(),
                    _ => after(&baseline, &nodes, |scheduler| packing.places.iter().all(|&(pod, node)| bind(scheduler, pod, node))),
                };
                ensure(is_sound, || format!("{nodes:?} does not fit as {packing:?}"))?;
            }
            Repack::Fails(obstacle) => {
                counts[1] += 1;
                check_obstacle(&baseline, &nodes, &obstacle)?;
                let pods = pods(&baseline, &nodes);
                let found = after(&baseline, &nodes, |scheduler| place_any(scheduler, &pods, &mut 4000));
                ensure(found != Some(true), || format!("{nodes:?} fits, in spite of {obstacle:?}"))?;
            }
            Repack::Open => counts[2] += 1,
        }
        ensure(scheduler.occupancy() == baseline.occupancy(), || format!("{nodes:?} left a trace"))?;
    }
    let answer = ask(&baseline, &quorums, case.k, Limits::default());
    match &answer.repackable {
        Proof::Holds(_) => ensure(counts[1] == 0, || "said to hold, but does not".to_owned())?,
        Proof::Fails { nodes, why, .. } => check_obstacle(&baseline, nodes, why)?,
        Proof::Open(_) => ensure(counts[2] > 0 || case.k > objects.nodes.len(), || "open without need".to_owned())?,
    }
    check_reserve(&baseline, &ask(&baseline, &quorums, case.k, Limits { replays: 0, ..Limits::default() }), counts)?;
    Ok(counts)
}

/// Without trying anything, nothing is called packable that is not; and kept places add up.
fn check_reserve(baseline: &Baseline, answer: &Interdiction, [_, failing, _]: [usize; 3]) -> Result<(), String> {
    let Some(coverage) = answer.repackable.coverage() else { return Err("a failure without packing".to_owned()) };
    ensure(coverage.left >= failing as u128, || format!("{failing} losses fail, but {} are open", coverage.left))?;
    let Some(reserve) = &coverage.certificate.reserve else { return Ok(()) };
    for nodes in subsets(answer.units, answer.k) {
        for (class, places) in &reserve.places {
            let pods = nodes.iter().flat_map(|&node| baseline.occupancy().pods_on(node));
            let needed = pods.filter(|&&pod| comes_back(baseline, pod) && baseline.cluster().pod(pod).class == *class).count();
            let left: usize = places.iter().filter(|(node, _)| !nodes.contains(node)).map(|(_, count)| count).sum();
            ensure(left >= needed, || format!("{left} places are left for {needed} pods of {class:?} without {nodes:?}"))?;
        }
    }
    Ok(())
}

fn check_obstacle(baseline: &Baseline, lost: &[NodeId], obstacle: &Obstacle) -> Result<(), String> {
    match obstacle {
        Obstacle::Room { pods, nodes, asked, free, .. } => {
            ensure(asked > free && !pods.is_empty(), || format!("{obstacle:?}"))?;
            ensure(nodes.iter().all(|node| !lost.contains(node)), || format!("{obstacle:?} counts lost nodes"))
        }
        Obstacle::Crowd { pods, nodes } => ensure(pods.len() > nodes.len(), || format!("{obstacle:?}")),
        Obstacle::Nowhere { pod } => {
            let fits = after(baseline, lost, |scheduler| nodes_for(scheduler, *pod).next().is_some());
            ensure(!fits, || format!("{obstacle:?}, but it has a node"))
        }
        Obstacle::Exhausted { pods, .. } => ensure(!pods.is_empty(), || format!("{obstacle:?}")),
    }
}

/// Replacements of the displaced pods of some nodes.
fn pods(baseline: &Baseline, nodes: &[NodeId]) -> Vec<PodId> {
    let pods = nodes.iter().flat_map(|&node| baseline.occupancy().pods_on(node)).filter(|&&pod| comes_back(baseline, pod));
    pods.map(|&pod| baseline.replacement(pod)).collect()
}

/// What a scheduler says once these nodes are gone with all their pods.
fn after<T>(baseline: &Baseline, nodes: &[NodeId], ask: impl FnOnce(&mut Scheduler<'_>) -> T) -> T {
    let mut scheduler = baseline.scheduler();
    for &node in nodes {
        scheduler.occupancy().pods_on(node).to_vec().into_iter().for_each(|pod| _ = scheduler.evict(pod));
        scheduler.set_node(node, NodeState { gone: true, ..NodeState::default() });
    }
    ask(&mut scheduler)
}

fn nodes_for(scheduler: &Scheduler<'_>, pod: PodId) -> std::vec::IntoIter<NodeId> {
    let Some(profile) = scheduler.profile_of(pod) else { return Vec::new().into_iter() };
    let cycle = scheduler.cycle(pod, profile);
    let Ok((mut set, _)) = pre_filter(&cycle) else { return Vec::new().into_iter() };
    framework::run_filters(&cycle, &mut set, &mut Rejections::none(cycle.cluster.nodes.len()));
    set.iter().collect::<Vec<_>>().into_iter()
}

fn bind(scheduler: &mut Scheduler<'_>, pod: PodId, node: NodeId) -> bool {
    let fits = nodes_for(scheduler, pod).any(|feasible| feasible == node);
    if fits {
        scheduler.bind(pod, node);
    }
    fits
}

/// Whether these pods can be bound in some order to some nodes; none if that takes too many steps.
fn place_any(scheduler: &mut Scheduler<'_>, pods: &[PodId], steps: &mut usize) -> Option<bool> {
    if pods.is_empty() {
        return Some(true);
    }
    for (at, &pod) in pods.iter().enumerate() {
        let others: Vec<PodId> = pods.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, &pod)| pod).collect();
        for node in nodes_for(scheduler, pod) {
            if *steps == 0 {
                return None;
            }
            *steps -= 1;
            scheduler.bind(pod, node);
            let found = place_any(scheduler, &others, steps);
            scheduler.evict(pod);
            if found != Some(false) {
                return found;
            }
        }
    }
    Some(false)
}

/// Over some seeds certificates hold and do not hold, and packings are found, refuted and left open.
#[test]
fn every_answer_comes_up() {
    let (mut certain, mut classes, mut packed) = (0, 0, [0; 3]);
    for seed in 0..60 {
        let traits = Trait::ALL.into_iter().filter(|each| (*each as usize + seed as usize).is_multiple_of(3)).collect();
        let (nodes, room) = (4 + seed as usize % 5, 1 + seed as i64 % 4);
        let case = Case { plan: Plan { seed, nodes, bound: 20, pending: 4, traits }, room, k: 1 + seed as usize % 2 };
        let (of, all) = check_reached(&case).unwrap_or_else(|problem| panic!("{case:?}: {problem}"));
        (certain, classes) = (certain + of, classes + all);
        let counts = check_repack(&case).unwrap_or_else(|problem| panic!("{case:?}: {problem}"));
        packed.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    println!("{certain} of {classes} classes are certain of a node; {packed:?} losses fit, do not, are open");
    assert!(certain > 100 && classes > certain + 100, "{certain} of {classes}");
    assert!(packed[0] > 100 && packed[1] > 100, "{packed:?}");
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let traits = vec![Trait::Taints, Trait::PodAntiAffinity, Trait::HardSpread, Trait::NodeSelectors, Trait::Priorities];
    let case = Case { plan: Plan { seed: 11, nodes: 30, bound: 200, pending: 30, traits }, room: 2, k: 2 };
    let objects = objects(&case);
    let (baseline, quorums) = (baseline(&objects), Quorums::of(&objects, &[]));
    let answer = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be had");
        pool.install(|| ask(&baseline, &quorums, 2, Limits { replays: 300, ..Limits::default() }))
    };
    assert_eq!(answer(1), answer(4));
}
