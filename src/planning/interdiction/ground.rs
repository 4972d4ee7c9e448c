//! What every bound stands on: where classes can go at all, who hosts whom, and who may come along.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::units::{Units, comes_back};
use crate::cluster::Cluster;
use crate::cluster::class::Class;
use crate::cluster::index::{ClaimId, ClassId, NodeSet, PodId};
use crate::cluster::relations::Role;
use crate::cluster::topology::Topology;
use crate::scheduler::attempt::Rejections;
use crate::scheduler::framework::Cycle;
use crate::scheduler::plugins::{inter_pod_affinity, node_ports, node_resources_fit, pod_topology_spread, volume_restrictions};
use crate::scheduler::{Scheduler, pre_filter};
use crate::simulation::loss::Baseline;

/// Filters that can change their minds when pods come. The others refuse what they refuse, for as long as nobody leaves a survivor.
const MOVABLE: [&str; 5] = [
    node_ports::PLUGIN.name,
    node_resources_fit::PLUGIN.name,
    pod_topology_spread::PLUGIN.name,
    inter_pod_affinity::PLUGIN.name,
    volume_restrictions::PLUGIN.name,
];

/// What every bound stands on.
pub(super) struct Ground<'a> {
    pub baseline: &'a Baseline,
    pub scheduler: Scheduler<'a>,
    pub units: &'a Units,
    /// How many units are lost.
    pub k: usize,
    /// One pod of each class that would have to come back.
    pub samples: Vec<Option<PodId>>,
    /// Where they are, by class: unit and number.
    pub hosts: Vec<Vec<(u32, i64)>>,
    /// The distinct sets of nodes to which classes can go at all.
    pub grounds: Vec<NodeSet>,
    /// The set of each class that has displaced pods; none if the scheduler refuses it as a whole.
    pub ground_of: Vec<Option<usize>>,
    /// Pods that found no node before the loss and may find one after it, because others come that they want near, or leave.
    pub latecomers: Vec<PodId>,
    /// How many pods use each claim, on nodes or waiting.
    pub users: FxHashMap<ClaimId, usize>,
    /// By topology: whether every domain is one node.
    pub is_single: Vec<bool>,
}

impl<'a> Ground<'a> {
    pub fn new(baseline: &'a Baseline, units: &'a Units, k: usize) -> Self {
        let cluster = baseline.cluster();
        let mut hosts = vec![Vec::new(); cluster.classes.len()];
        for (unit, displaced) in units.displaced.iter().enumerate() {
            displaced.iter().for_each(|&(class, count)| hosts[class.index()].push((unit as u32, count)));
        }
        let scheduler = baseline.scheduler();
        let latecomers = baseline.waiting().iter().copied().filter(|&pod| minds_others(&scheduler, pod)).collect();
        let mut ground = Ground {
            baseline,
            scheduler,
            units,
            k,
            samples: samples(baseline, &hosts),
            hosts,
            grounds: Vec::new(),
            ground_of: vec![None; cluster.classes.len()],
            latecomers,
            users: users(baseline),
            is_single: cluster.topologies.iter().map(is_single).collect(),
        };
        ground.find_grounds();
        ground
    }

    /// The classes of which pods would have to come back, and one such pod of each.
    pub fn displaced(&self) -> impl Iterator<Item = (ClassId, PodId)> + '_ {
        self.samples.iter().enumerate().filter_map(|(class, pod)| Some((ClassId::new(class), (*pod)?)))
    }

    fn find_grounds(&mut self) {
        let displaced: Vec<(ClassId, PodId)> = self.displaced().collect();
        let find = |&(class, pod): &(ClassId, PodId)| (class, self.fixed(pod));
        let found: Vec<(ClassId, Option<NodeSet>)> = displaced.par_iter().map(find).collect();
        let mut numbers: FxHashMap<NodeSet, usize> = FxHashMap::default();
        for (class, set) in found {
            let Some(set) = set else { continue };
            let next = numbers.len();
            let number = *numbers.entry(set.clone()).or_insert(next);
            if number == next {
                self.grounds.push(set);
            }
            self.ground_of[class.index()] = Some(number);
        }
    }

    /// The nodes that pass PreFilter results and every filter that cannot change its mind; none if the pod is refused as a whole.
    fn fixed(&self, pod: PodId) -> Option<NodeSet> {
        let profile = self.scheduler.profile_of(pod)?;
        let cycle = self.scheduler.cycle(pod, profile);
        if cycle.class.gated {
            return None;
        }
        let (mut set, _) = pre_filter(&cycle).ok()?;
        filter_fixed(&cycle, &mut set);
        Some(set)
    }

    /// The most pods of some classes that can come along, and that are no displaced ones.
    pub fn late(&self, of: impl Fn(ClassId) -> bool) -> i64 {
        self.latecomers.iter().filter(|&&pod| of(self.baseline.cluster().pod(pod).class)).count() as i64
    }
}

/// Strikes out what the filters refuse that cannot change their minds.
fn filter_fixed(cycle: &Cycle<'_>, set: &mut NodeSet) {
    let mut rejections = Rejections::none(cycle.cluster.nodes.len());
    for plugin in cycle.profile.filters.iter().filter(|plugin| !MOVABLE.contains(&plugin.name)) {
        if let Some(filter) = plugin.filter {
            filter(cycle, set, &mut rejections);
        }
    }
}

fn samples(baseline: &Baseline, hosts: &[Vec<(u32, i64)>]) -> Vec<Option<PodId>> {
    let occupancy = baseline.occupancy();
    let sample = |(class, hosts): (usize, &Vec<(u32, i64)>)| {
        let pods = if hosts.is_empty() { &[] } else { occupancy.pods_of(ClassId::new(class)) };
        let pod = pods.iter().copied().filter(|&pod| comes_back(baseline, pod)).min()?;
        Some(baseline.replacement(pod))
    };
    hosts.iter().enumerate().map(sample).collect()
}

fn users(baseline: &Baseline) -> FxHashMap<ClaimId, usize> {
    let mut users = FxHashMap::default();
    for pod in baseline.running().chain(baseline.waiting().iter().copied()) {
        let claims = &baseline.cluster().class_of(pod).volumes.claims;
        claims.iter().filter_map(|used| used.claim).for_each(|claim| *users.entry(claim).or_default() += 1);
    }
    users
}

fn is_single(topology: &Topology) -> bool {
    (0..topology.len()).all(|domain| topology.members(domain).len() <= 1)
}

/// Whether pods that come or go elsewhere can help a pod that waits. The others wait for room, of which a loss makes none: as long as
/// nobody leaves a survivor, what refused them once refuses them again, and evicting the less important helps no more than it did.
fn minds_others(scheduler: &Scheduler<'_>, pod: PodId) -> bool {
    let cluster = scheduler.cluster();
    let class = cluster.class_of(pod);
    let defaults = scheduler.profile_of(pod).map(|profile| profile.default_spread(cluster)).unwrap_or_default();
    let spread = if class.spread.is_empty() { defaults } else { &class.spread };
    !class.affinity.is_empty()
        || !class.anti_affinity.is_empty()
        || spread.iter().any(|constraint| constraint.hard)
        || !class.volumes.is_empty()
        || !class.host_ports.is_empty()
        || holders(cluster, class).next().is_some()
}

/// Classes whose required anti-affinity means pods of a class, each with the topology.
pub(super) fn holders<'a>(
    cluster: &'a Cluster,
    class: &'a Class,
) -> impl Iterator<Item = (crate::cluster::index::TopologyId, ClassId)> + 'a {
    let terms = cluster.relations.terms_about(&class.labels).filter(move |&term| cluster.term(term).matches(class));
    terms.flat_map(move |term| {
        let held = cluster.relations.holders(term).iter().filter(|holding| holding.role == Role::AntiAffinity);
        held.map(move |holding| (cluster.term(term).topology, holding.class))
    })
}
