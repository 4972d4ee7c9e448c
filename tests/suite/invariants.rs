//! Scheduler and referee judge each other: they share no code, so what both say is likely true.
//!
//! On clusters made up at random every pending pod is tried in the scheduler's order, and at each attempt the two must agree
//! about every node, for the same reason; and in the end about how full every node is.

use plimsoll::cluster::Cluster;
use plimsoll::cluster::index::NodeId;
use plimsoll::manifest::Objects;
use plimsoll::scheduler::attempt::{Attempt, Outcome};
use plimsoll::scheduler::profile::{Configuration, Profile};
use plimsoll::scheduler::{Options, Scheduler, prepare, queue};
use plimsoll::verify::{Binding, Rule, World, nodes_that_fit, utilization, verdict, verify};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use crate::generate::{Plan, Trait, build, cluster_from_seed, plan};
use crate::referee::plugins_of;

fn config() -> ProptestConfig {
    let persistence = FileFailurePersistence::Direct("tests/suite/invariants.seeds");
    ProptestConfig { cases: 600, failure_persistence: Some(Box::new(persistence)), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    /// The referee accepts every binding at its moment, and a pod called unschedulable fits no node.
    #[test]
    fn scheduler_and_referee_agree(plan in plan()) {
        let outcome = judge(&build(&plan));
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }

    /// The same objects give the same attempts, byte for byte.
    #[test]
    fn the_same_input_has_the_same_outcome(plan in plan()) {
        let objects = build(&plan);
        let run = || {
            let mut attempts = Vec::new();
            replay(&objects, |_, attempt| { attempts.push(attempt.clone()); Ok(()) }).map(|_| attempts)
        };
        prop_assert_eq!(run(), run());
    }
}

#[test]
fn they_agree_on_clusters_with_everything() {
    for seed in 0..300 {
        judge(&cluster_from_seed(seed)).unwrap_or_else(|disagreement| panic!("seed {seed}: {disagreement}"));
    }
}

/// Plans on which the two once disagreed.
#[test]
fn they_agree_where_they_once_did_not() {
    for (seed, nodes, bound, pending, traits) in [
        // a ReadWriteOncePod claim made for one pod alone, and mounted by name by another
        (13_289_108_115_457_311_159, 2, 6, 9, vec![Trait::Claims]),
        // a claim for which a volume is being made elsewhere
        (2_606_468_884_300_312_819, 5, 9, 9, vec![Trait::HugePages, Trait::Claims]),
        // a waiting claim that a pod mounts twice
        (2_850_443_775_223_879_141, 7, 0, 6, vec![Trait::Claims]),
        // the same of a claim that an earlier pod has settled
        (12_423_726_079_316_893_090, 2, 0, 9, vec![Trait::Claims, Trait::Images, Trait::ZeroRequests]),
    ] {
        let plan = Plan { seed, nodes, bound, pending, traits };
        judge(&build(&plan)).unwrap_or_else(|disagreement| panic!("{plan:?}: {disagreement}"));
    }
}

#[test]
fn they_agree_on_larger_clusters() {
    for seed in 0..3 {
        // without the traits of which a few pods decide the fate of all
        let traits = Trait::ALL.into_iter().filter(|each| ![Trait::Gates, Trait::ZeroRequests].contains(each)).collect();
        let objects = build(&Plan { seed, nodes: 60, bound: 250, pending: 150, traits });
        judge(&objects).unwrap_or_else(|disagreement| panic!("seed {seed}: {disagreement}"));
    }
}

/// Tries every pending pod; `look` sees each attempt before it is carried out. Returns what was bound, as the referee has it.
fn replay<'a>(objects: &'a Objects, mut look: impl FnMut(&Seen<'_>, &Attempt) -> Result<(), String>) -> Result<Vec<Binding<'a>>, String> {
    let (cluster, profiles): (Cluster, Vec<Profile>) = prepare(objects, &Configuration::default());
    let mut scheduler = Scheduler::new(&cluster, &profiles, Options::default());
    let mut world = World::new(objects);
    let mut bindings = Vec::new();
    for pod in queue::pending(&cluster) {
        let object = cluster.pod(pod).object;
        let mut evicted = Vec::new();
        for _ in 0..2 {
            let attempt = scheduler.attempt(pod);
            look(&Seen { objects, cluster: &cluster, world: &world, pod: object }, &attempt)?;
            if let Some(preemption) = attempt.preemption.as_ref().filter(|_| attempt.outcome == Outcome::Preempts) {
                for &victim in &preemption.victims {
                    let (index, held) = (cluster.pod(victim).object, scheduler.evict(victim));
                    if held != preemption.node {
                        return Err(format!("victim {} is not on the nominated node", world.pod_name(index)));
                    }
                    world.evict(index);
                    evicted.push(index);
                }
                continue;
            }
            if let Some(node) = attempt.node.filter(|_| attempt.outcome == Outcome::Bound) {
                scheduler.bind(pod, node);
                let node = world.node_named(cluster.node_name(node)).ok_or("an unknown node")?;
                world.bind(object, node);
                let name = objects.nodes[node].metadata.name.as_str();
                bindings.push(Binding { pod: object, node: name, evicted: std::mem::take(&mut evicted) });
            }
            break;
        }
    }
    same_use(&cluster, &scheduler, &world)?;
    Ok(bindings)
}

/// What an attempt is judged by.
struct Seen<'a> {
    objects: &'a Objects,
    cluster: &'a Cluster,
    world: &'a World<'a>,
    pod: usize,
}

fn judge(objects: &Objects) -> Result<(), String> {
    let bindings = replay(objects, agree)?;
    match verify(objects, &bindings).first() {
        Some(violation) => Err(format!("{violation}")),
        None => Ok(()),
    }
}

fn agree(seen: &Seen<'_>, attempt: &Attempt) -> Result<(), String> {
    let name = seen.world.pod_name(seen.pod);
    if attempt.outcome == Outcome::Gated || attempt.outcome == Outcome::Unschedulable {
        let fit = nodes_that_fit(seen.world, seen.pod);
        if !fit.is_empty() {
            return Err(format!("{name} is {:?}, the referee would put it on {fit:?}", attempt.outcome));
        }
    }
    if attempt.outcome == Outcome::Gated {
        return Ok(());
    }
    for node in (0..seen.cluster.nodes.len()).map(NodeId::new) {
        let node_name = seen.cluster.node_name(node);
        let index = seen.world.node_named(node_name).ok_or("an unknown node")?;
        let violations = verdict(seen.world, seen.pod, index);
        let place = format!("{name} on {node_name}");
        match attempt.rejections.get(node) {
            None if attempt.feasible.contains(node) && !violations.is_empty() => {
                return Err(format!("{place} is feasible, the referee says {violations:#?}"));
            }
            None => {}
            Some(rejection) => {
                let rules: Vec<Rule> = violations.iter().map(|violation| violation.rule).collect();
                if !rules.iter().any(|rule| plugins_of(*rule).contains(&rejection.plugin)) {
                    return Err(format!("{place}: {rejection:?}, the referee says {violations:#?}"));
                }
            }
        }
    }
    debug_assert_eq!(seen.objects.nodes.len(), seen.cluster.nodes.len());
    Ok(())
}

/// Both count the same pods and the same requests on every node.
fn same_use(cluster: &Cluster, scheduler: &Scheduler<'_>, world: &World) -> Result<(), String> {
    for used in utilization(world) {
        let node = cluster.find_node(&used.node).ok_or("an unknown node")?;
        let count = scheduler.occupancy().pod_count(node);
        if count != used.pods as i64 {
            return Err(format!("{}: {count} pods, the referee counts {}", used.node, used.pods));
        }
        for (name, requested) in &used.requested {
            let Some(resource) = cluster.resources.find(name) else {
                return Err(format!("{}: {name} is no resource to the scheduler", used.node));
            };
            let counted = scheduler.occupancy().requested(resource, node);
            if counted != *requested {
                return Err(format!("{}: {name} {counted}, the referee counts {requested}", used.node));
            }
        }
    }
    Ok(())
}
