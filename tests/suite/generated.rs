//! Properties of the generators themselves: what they make is plausible, varied, and the same every time.

use std::collections::BTreeSet;

use plimsoll::manifest::Objects;
use plimsoll::verify::{Binding, Rule, World, nodes_that_fit, utilization, verdict, verify};
use proptest::prelude::*;

use crate::generate::{Plan, Trait, build, cluster, cluster_from_seed};

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Bound pods do not ask for more than their nodes have.
    #[test]
    fn nodes_are_not_overfull(objects in cluster()) {
        for node in utilization(&World::new(&objects)) {
            for (name, requested) in &node.requested {
                let allocatable = node.allocatable.get(name).copied().unwrap_or(0);
                prop_assert!(*requested <= allocatable, "{}: {name} {requested} of {allocatable}", node.node);
            }
        }
    }

    /// A placement that takes, for each pod in turn, the first node the referee offers is one the referee accepts; and what was
    /// taken away again was never there.
    #[test]
    fn the_referee_agrees_with_itself(objects in cluster()) {
        let mut world = World::new(&objects);
        let before = utilization(&world);
        let mut placed = Vec::new();
        for pod in pending(&objects) {
            let first = (0..objects.nodes.len()).find(|&node| verdict(&world, pod, node).is_empty());
            if let Some(node) = first {
                world.bind(pod, node);
                placed.push((pod, node));
            }
        }
        let name = |node: usize| objects.nodes[node].metadata.name.as_str();
        let bindings: Vec<_> = placed.iter().map(|&(pod, node)| Binding { pod, node: name(node), evicted: vec![] }).collect();
        prop_assert_eq!(verify(&objects, &bindings), vec![]);
        placed.iter().for_each(|&(pod, _)| world.evict(pod));
        prop_assert_eq!(utilization(&world), before);
    }

    /// Names are unique.
    #[test]
    fn names_are_unique(objects in cluster()) {
        let names: BTreeSet<_> = objects.pods.iter().map(|pod| (&pod.metadata.namespace, &pod.metadata.name)).collect();
        prop_assert_eq!(names.len(), objects.pods.len());
        let volumes: BTreeSet<_> = objects.persistent_volumes.iter().map(|volume| &volume.metadata.name).collect();
        prop_assert_eq!(volumes.len(), objects.persistent_volumes.len());
        let claims: BTreeSet<_> = objects.persistent_volume_claims.iter().map(|claim| (&claim.metadata.namespace, &claim.metadata.name)).collect();
        prop_assert_eq!(claims.len(), objects.persistent_volume_claims.len());
    }
}

/// Over some seeds every rule is broken somewhere, and pending pods have nodes that fit, and nodes that don't, in numbers.
#[test]
fn every_rule_comes_up() {
    let mut rules = BTreeSet::new();
    let (mut fitting, mut stuck, mut refused_by_one) = (0, 0, 0);
    for seed in 0..300 {
        let objects = cluster_from_seed(seed);
        let world = World::new(&objects);
        for pod in pending(&objects) {
            let verdicts: Vec<_> = (0..objects.nodes.len()).map(|node| verdict(&world, pod, node)).collect();
            refused_by_one += verdicts.iter().filter(|verdict| verdict.len() == 1).count();
            rules.extend(verdicts.into_iter().flatten().map(|violation| violation.rule));
            let fit = nodes_that_fit(&world, pod);
            if fit.is_empty() { stuck += 1 } else { fitting += 1 }
        }
    }
    println!("{fitting} pending pods fit, {stuck} do not; {refused_by_one} refusals by a single rule; rules: {rules:?}");
    let never = [Rule::UnknownNode, Rule::AlreadyBound, Rule::Ended, Rule::Eviction, Rule::NodeName, Rule::StorageCapacity];
    let expected = ALL.iter().filter(|rule| !never.contains(rule));
    let missing: Vec<_> = expected.filter(|rule| !rules.contains(rule)).collect();
    assert!(missing.is_empty(), "never broken: {missing:?}");
    assert!(fitting > 300 && stuck > 300, "{fitting} fit, {stuck} don't");
}

#[test]
fn the_same_plan_is_the_same_cluster() {
    let plan = Plan { seed: 7, nodes: 200, bound: 1000, pending: 1000, traits: Trait::ALL.to_vec() };
    let objects = build(&plan);
    assert_eq!(objects, build(&plan));
    assert_eq!(objects.nodes.len(), 200);
    assert!(objects.pods.len() > 1500, "{} pods", objects.pods.len());
    assert_ne!(cluster_from_seed(1), cluster_from_seed(2));
}

fn pending(objects: &Objects) -> Vec<usize> {
    (0..objects.pods.len()).filter(|&pod| objects.pods[pod].spec.node_name.is_empty()).collect()
}

const ALL: [Rule; 26] = [
    Rule::UnknownNode,
    Rule::AlreadyBound,
    Rule::Ended,
    Rule::Eviction,
    Rule::SchedulingGate,
    Rule::NodeName,
    Rule::Unschedulable,
    Rule::Taints,
    Rule::NodeSelector,
    Rule::NodeAffinity,
    Rule::HostPorts,
    Rule::PodCount,
    Rule::Resources,
    Rule::PodAntiAffinity,
    Rule::ExistingPodsAntiAffinity,
    Rule::PodAffinity,
    Rule::TopologySpread,
    Rule::ClaimMissing,
    Rule::ClaimUnbound,
    Rule::ClaimUnservable,
    Rule::StorageCapacity,
    Rule::VolumeNodeAffinity,
    Rule::VolumeZone,
    Rule::VolumeLimits,
    Rule::ReadWriteOncePod,
    Rule::DiskConflict,
];
