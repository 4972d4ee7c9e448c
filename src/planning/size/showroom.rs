//! One node of every offer, empty but for what DaemonSets put there: which pods each can take, and how much room it has for them.
//!
//! The scheduler's own filters answer, so that selectors, affinity, taints, volumes and ports mean what they mean to it. Rules about order
//! (spread, company that may still come) are waived here; plans are replayed.

use fixedbitset::FixedBitSet;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::sync::Arc;

use super::ground::Ground;
use super::instance::Share;
use super::offer::{Fleet, Offer};
use crate::cluster::index::{ClassId, NodeId, PodId, ResourceId, TextId};
use crate::cluster::resources::{CPU, MEMORY, PODS};
use crate::cluster::{Cluster, Standing};
use crate::manifest::Objects;
use crate::planning::interdiction::possible;
use crate::planning::quorum::Quorums;
use crate::scheduler::attempt::Outcome;
use crate::scheduler::profile::{Configuration, Profile};
use crate::scheduler::{Options, Scheduler, prepare};
use crate::simulation::loss::Keeper;

/// One node of every offer.
#[derive(Debug)]
pub struct Showroom {
    /// The cluster of the nodes that stay and one of every offer.
    pub cluster: Cluster,
    /// What is asked for: the columns of amounts.
    pub resources: Vec<Resource>,
    /// Types of nodes: the offers, then the nodes that stay.
    pub stands: Vec<Stand>,
    /// What has to be placed.
    pub loads: Vec<Load>,
    /// Pods that no node takes, whatever is bought, by what the scheduler says; how many, and the first of them.
    pub impossible: Vec<Impossible>,
    /// Pods that this scheduler passes over: held back by a gate, or another scheduler's.
    pub passed_over: usize,
    /// The workloads of the input and what they need; of the objects of the showroom.
    pub quorums: Quorums,
}

/// Something that pods ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// A resource that nodes have.
    Column(ResourceId),
    /// Volumes that a CSI driver attaches.
    Volumes(TextId),
}

/// A node of an offer, or one that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// The node in the showroom.
    pub node: NodeId,
    /// What it has, by resource.
    pub allocatable: Vec<i64>,
    /// What is taken already: by DaemonSets, and by pods that stay where they are.
    pub taken: Vec<i64>,
}

/// Pods that are alike in everything that packing looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// Their workload, as an index of [`Showroom::quorums`].
    pub workload: Option<usize>,
    /// The pods, by their place among the objects.
    pub pods: Vec<usize>,
    /// Their classes.
    pub classes: Vec<ClassId>,
    /// What each asks for, by resource.
    pub amounts: Vec<i64>,
    /// Which stands can take one.
    pub stands: FixedBitSet,
}

/// Pods that no node takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impossible {
    /// Namespace and name of the first of them.
    pub first: String,
    /// The pods, by their place among the objects.
    pub pods: Vec<usize>,
    /// What the scheduler says about one node of each kind.
    pub message: Arc<str>,
}

impl Showroom {
    /// Of what is there, and everything that is offered.
    pub fn new(ground: &Ground, offers: &[Offer<'_>], configuration: &Configuration, options: Options) -> Self {
        let objects = ground.furnish(offers, &Fleet(vec![1; offers.len()]));
        let (mut cluster, profiles) = prepare(&objects, configuration);
        let waiting: Vec<PodId> = (cluster.pod_ids()).filter(|&pod| waits(&cluster, &objects, pod)).collect();
        waiting.iter().for_each(|&pod| cluster.set_aside(pod));
        let mut scheduler = Scheduler::new(&cluster, &profiles, options);
        scheduler.say_little(true);
        scheduler.run(|_, _| ());
        scheduler.say_little(false);
        let resources = resources(&cluster, &waiting);
        let names = offers.iter().map(|offer| offer.node_name(1)).chain(ground.kept.iter().map(|kept| kept.node.clone()));
        let nodes: Vec<NodeId> = names.filter_map(|name| cluster.find_node(&name)).collect();
        let stand = |&node: &NodeId| Stand::new(&scheduler, &resources, node);
        let stands: Vec<Stand> = nodes.iter().map(stand).collect();
        let quorums = Quorums::of(&objects, &[]);
        let mut sorting =
            Sorting { scheduler, profiles: &profiles, resources: &resources, nodes: &nodes, quorums: &quorums, seen: FxHashMap::default() };
        let (loads, impossible, passed_over) = sorting.sort(&waiting);
        drop(sorting);
        Showroom { loads, impossible, passed_over, stands, resources, quorums, cluster }
    }

    /// Loads that fill more than a share of cpu or memory of every stand that takes them: pods for which no node can stay below it.
    pub fn oversized(&self, below: Option<Share>) -> Vec<usize> {
        let Some(below) = below else { return Vec::new() };
        let fits = |load: &Load, stand: &Stand| {
            let bounded = self.resources.iter().enumerate().filter(|(_, resource)| matches!(resource, Resource::Column(CPU | MEMORY)));
            bounded.into_iter().all(|(place, _)| stand.taken[place] + load.amounts[place] <= below.below(stand.allocatable[place]))
        };
        let is_oversized = |load: &Load| !load.stands.ones().any(|stand| fits(load, &self.stands[stand]));
        (0..self.loads.len()).filter(|&load| is_oversized(&self.loads[load])).collect()
    }

    /// What a resource is called.
    pub fn resource_name(&self, resource: usize) -> String {
        match self.resources[resource] {
            Resource::Column(column) => self.cluster.resources.name(column).to_owned(),
            Resource::Volumes(driver) => format!("volumes of {}", self.cluster.texts.get(driver)),
        }
    }
}

/// Whether a pod needs a place of its own choice: DaemonSets choose for theirs.
fn waits(cluster: &Cluster, objects: &Objects, pod: PodId) -> bool {
    let row = cluster.pod(pod);
    row.standing == Standing::Pending && Keeper::of(&objects.pods[row.object]) != Keeper::Node
}

/// Everything that one of these pods asks for; pod slots always.
fn resources(cluster: &Cluster, pods: &[PodId]) -> Vec<Resource> {
    let mut columns = vec![CPU, MEMORY, PODS];
    let mut drivers: Vec<TextId> = Vec::new();
    let mut seen = vec![false; cluster.classes.len()];
    for &pod in pods {
        let class = cluster.pod(pod).class;
        if std::mem::replace(&mut seen[class.index()], true) {
            continue;
        }
        columns.extend(cluster.class(class).requests.amounts.iter().filter(|(_, amount)| *amount > 0).map(|(column, _)| *column));
        drivers.extend(volumes(cluster, class).into_iter().map(|(driver, _)| driver));
    }
    columns.sort_unstable();
    columns.dedup();
    drivers.sort_unstable();
    drivers.dedup();
    drivers.retain(|driver| cluster.storage.limits.keys().any(|(_, limited)| limited == driver));
    columns.into_iter().map(Resource::Column).chain(drivers.into_iter().map(Resource::Volumes)).collect()
}

/// How many volumes of its own each driver attaches for a pod of a class. Volumes that several pods may share are not counted: they
/// could be counted twice.
fn volumes(cluster: &Cluster, class: ClassId) -> Vec<(TextId, i64)> {
    let storage = &cluster.storage;
    let mut drivers: Vec<(TextId, i64)> = Vec::new();
    for claim in cluster.class(class).volumes.claims.iter().filter_map(|used| used.claim).map(|claim| storage.claim(claim)) {
        let is_shared = claim.access_modes.iter().any(|&mode| cluster.texts.get(mode).ends_with("Many"));
        let driver = match claim.volume_name {
            Some(name) => storage.volume_by_name.get(&name).and_then(|&volume| storage.volume(volume).csi).map(|(driver, _)| driver),
            None => claim.class.and_then(|class| storage.classes.get(&class)).map(|class| class.provisioner),
        };
        let Some(driver) = driver.filter(|_| !is_shared) else { continue };
        match drivers.iter_mut().find(|(known, _)| *known == driver) {
            Some((_, count)) => *count += 1,
            None => drivers.push((driver, 1)),
        }
    }
    drivers
}

/// What one pod of a class asks for, by resource.
fn amounts(cluster: &Cluster, class: ClassId, resources: &[Resource]) -> Vec<i64> {
    let volumes = volumes(cluster, class);
    let amount = |resource: &Resource| match *resource {
        Resource::Column(PODS) => 1,
        Resource::Column(column) => cluster.class(class).requests.get(column),
        Resource::Volumes(driver) => volumes.iter().find(|(known, _)| *known == driver).map_or(0, |(_, count)| *count),
    };
    resources.iter().map(amount).collect()
}

impl Stand {
    fn new(scheduler: &Scheduler<'_>, resources: &[Resource], node: NodeId) -> Self {
        let (cluster, occupancy) = (scheduler.cluster(), scheduler.occupancy());
        let on_node = |driver: TextId| {
            let pods = occupancy.pods_on(node).iter().flat_map(|&pod| volumes(cluster, cluster.pod(pod).class));
            pods.filter(|(known, _)| *known == driver).map(|(_, count)| count).sum()
        };
        let allocatable = |resource: &Resource| match *resource {
            Resource::Column(column) => cluster.allocatable(column, node),
            Resource::Volumes(driver) => cluster.storage.limits.get(&(node, driver)).copied().unwrap_or(i64::from(u32::MAX)),
        };
        let taken = |resource: &Resource| match *resource {
            Resource::Column(PODS) => occupancy.pod_count(node),
            Resource::Column(column) => occupancy.requested(column, node),
            Resource::Volumes(driver) => on_node(driver),
        };
        Stand { node, allocatable: resources.iter().map(allocatable).collect(), taken: resources.iter().map(taken).collect() }
    }
}

/// Pods being sorted into loads.
struct Sorting<'a, 'c> {
    scheduler: Scheduler<'c>,
    profiles: &'a [Profile],
    resources: &'a [Resource],
    nodes: &'a [NodeId],
    quorums: &'a Quorums,
    seen: FxHashMap<ClassId, (Vec<i64>, FixedBitSet)>,
}

/// Loads by workload, amounts and stands.
type Key = (Option<usize>, Option<ClassId>, Vec<i64>, FixedBitSet);

impl Sorting<'_, '_> {
    fn sort(&mut self, pods: &[PodId]) -> (Vec<Load>, Vec<Impossible>, usize) {
        let mut loads: IndexMap<Key, Load, FxBuildHasher> = IndexMap::default();
        let mut impossible: IndexMap<ClassId, Impossible, FxBuildHasher> = IndexMap::default();
        let mut passed_over = 0;
        for &pod in pods {
            let row = self.scheduler.cluster().pod(pod);
            let (id, object) = (row.class, row.object);
            if self.is_passed_over(pod) {
                passed_over += 1;
                continue;
            }
            let (amounts, stands) = self.look(id, pod);
            if stands.is_clear() {
                impossible.entry(id).or_insert_with(|| self.why_not(pod)).pods.push(object);
                continue;
            }
            let workload = self.quorums.of_pod.get(object).copied().flatten();
            let class = workload.is_none().then_some(id);
            let load = loads.entry((workload, class, amounts.clone(), stands.clone()));
            let load = load.or_insert_with(|| Load { workload, pods: Vec::new(), classes: Vec::new(), amounts, stands });
            load.pods.push(object);
            if !load.classes.contains(&id) {
                load.classes.push(id);
            }
        }
        (loads.into_values().collect(), impossible.into_values().collect(), passed_over)
    }

    fn is_passed_over(&self, pod: PodId) -> bool {
        let class = self.scheduler.cluster().class_of(pod);
        let name = self.scheduler.cluster().texts.get(class.scheduler);
        class.gated || !self.profiles.iter().any(|profile| profile.scheduler_name == name)
    }

    fn look(&mut self, class: ClassId, pod: PodId) -> (Vec<i64>, FixedBitSet) {
        if let Some(known) = self.seen.get(&class) {
            return known.clone();
        }
        let set = possible(&self.scheduler, pod);
        let mut stands = FixedBitSet::with_capacity(self.nodes.len());
        self.nodes.iter().enumerate().filter(|(_, node)| set.contains(**node)).for_each(|(stand, _)| stands.insert(stand));
        let answer = (amounts(self.scheduler.cluster(), class, self.resources), stands);
        self.seen.insert(class, answer.clone());
        answer
    }

    fn why_not(&mut self, pod: PodId) -> Impossible {
        let attempt = self.scheduler.attempt(pod);
        let message = if attempt.outcome == Outcome::Bound { String::new() } else { attempt.message };
        Impossible { first: self.scheduler.cluster().pod_name(pod).to_string(), pods: Vec::new(), message: message.into() }
    }
}
