//! InterPodAffinity: near these pods, away from those; required and preferred, and in both directions for anti-affinity.
//!
//! [`Required`] and [`Preferred`] hold the counts by domain. Both are made from an occupancy, and kept up to date by its
//! changes.
//!
//! Source: pkg/scheduler/framework/plugins/interpodaffinity/{filtering,scoring}.go, v1.36.

use rustc_hash::FxHashMap;

use crate::cluster::Cluster;
use crate::cluster::index::{ClassId, NodeId, NodeSet, TermId, TopologyId};
use crate::cluster::occupancy::Change;
use crate::cluster::relations::Role;
use crate::scheduler::attempt::{Code, Rejection, Rejections};
use crate::scheduler::framework::{Cycle, MAX_NODE_SCORE, Plugin};

/// What it says of a node near which there are no pods such as it must be near to.
pub const REASON_AFFINITY: &str = "node(s) didn't match pod affinity rules";
const REASON_ANTI_AFFINITY: &str = "node(s) didn't match pod anti-affinity rules";
const REASON_EXISTING: &str = "node(s) didn't satisfy existing pods anti-affinity rules";

/// Weighted pods by domain of one topology.
#[derive(Debug, Clone)]
struct DomainSums {
    topology: TopologyId,
    /// Classes whose pods count: what one pod adds, and how many terms it takes part in.
    classes: FxHashMap<ClassId, (i64, i64)>,
    sums: Vec<i64>,
    /// How many (pod, term) pairs were added in all.
    entries: i64,
}

impl DomainSums {
    fn new(cluster: &Cluster, topology: TopologyId) -> Self {
        DomainSums { topology, classes: FxHashMap::default(), sums: vec![0; cluster.topology(topology).len()], entries: 0 }
    }

    fn of(cycle: &Cycle<'_>, topology: TopologyId, classes: FxHashMap<ClassId, (i64, i64)>) -> Self {
        let mut sums = DomainSums { classes, ..Self::new(cycle.cluster, topology) };
        let domains = cycle.cluster.topology(topology);
        for (&class, &(weight, terms)) in &sums.classes {
            for &pod in cycle.occupancy.pods_of(class) {
                let node = cycle.occupancy.node_of(pod).expect("a pod of `pods_of` is on a node");
                if let Some(domain) = domains.domain(node) {
                    sums.sums[domain] += weight;
                    sums.entries += terms;
                }
            }
        }
        sums
    }

    /// Takes a change in; returns the domain whose sum changed and by how much.
    fn apply(&mut self, cluster: &Cluster, change: &Change) -> Option<(usize, i64)> {
        let (stay, sign) = change.presence()?;
        let &(weight, terms) = self.classes.get(&stay.class)?;
        let domain = cluster.topology(self.topology).domain(stay.node)?;
        self.sums[domain] += sign * weight;
        self.entries += sign * terms;
        Some((domain, sign * weight))
    }
}

/// Classes whose pods a term means.
fn meant<'a>(cluster: &'a Cluster, term: TermId) -> impl Iterator<Item = ClassId> + 'a {
    let term = cluster.term(term);
    cluster.relations.candidates(&term.selector).filter(|&class| term.matches(cluster.class(class)))
}

/// Required affinity and anti-affinity, in both directions.
#[derive(Debug, Clone)]
pub struct Required {
    /// Pods that satisfy every affinity term, by each term's topology.
    affinity: Vec<DomainSums>,
    /// Whether the pod satisfies its own affinity terms, and so may come first.
    own: bool,
    /// Pods the pod must not be near.
    anti_affinity: Vec<Blocking>,
    /// Pods that must not be near it.
    existing: Vec<Blocking>,
}

/// Pods by domain, and the nodes of the domains that hold any.
#[derive(Debug, Clone)]
struct Blocking {
    sums: DomainSums,
    blocked: NodeSet,
}

impl Blocking {
    fn new(cycle: &Cycle<'_>, topology: TopologyId, classes: FxHashMap<ClassId, (i64, i64)>) -> Self {
        let sums = DomainSums::of(cycle, topology, classes);
        let mut blocked = NodeSet::none(cycle.cluster.nodes.len());
        let domains = cycle.cluster.topology(topology);
        for domain in (0..domains.len()).filter(|&domain| sums.sums[domain] > 0) {
            domains.insert_into(&mut blocked, domain);
        }
        Blocking { sums, blocked }
    }

    fn apply(&mut self, cluster: &Cluster, change: &Change) {
        let Some((domain, _)) = self.sums.apply(cluster, change) else { return };
        let topology = cluster.topology(self.sums.topology);
        match self.sums.sums[domain] > 0 {
            true => topology.insert_into(&mut self.blocked, domain),
            false => topology.remove_from(&mut self.blocked, domain),
        }
    }
}

impl Required {
    /// From who is where; `None` if nothing is required of this pod by itself or by pods there are.
    pub fn new(cycle: &Cycle<'_>) -> Option<Self> {
        let (cluster, class) = (cycle.cluster, cycle.class);
        let by_term = |term: &TermId| {
            let classes = meant(cluster, *term).map(|class| (class, (1, 1))).collect();
            Blocking::new(cycle, cluster.term(*term).topology, classes)
        };
        let required = Required {
            affinity: affinity(cycle),
            own: class.affinity.iter().all(|&term| cluster.term(term).matches(class)),
            anti_affinity: class.anti_affinity.iter().map(by_term).collect(),
            existing: existing(cycle),
        };
        let nothing = required.affinity.is_empty() && required.anti_affinity.is_empty() && required.existing.is_empty();
        (!nothing).then_some(required)
    }

    /// Brings the counts up to date.
    pub fn apply(&mut self, cluster: &Cluster, change: &Change) {
        for sums in &mut self.affinity {
            sums.apply(cluster, change);
        }
        self.anti_affinity.iter_mut().chain(&mut self.existing).for_each(|blocking| blocking.apply(cluster, change));
    }

    /// Strikes out the nodes that a term forbids.
    pub fn restrict(&self, cluster: &Cluster, set: &mut NodeSet) {
        if let Some(near) = self.near(cluster) {
            set.intersect(&near);
        }
        self.anti_affinity.iter().chain(&self.existing).for_each(|blocking| set.subtract(&blocking.blocked));
    }

    /// The nodes that satisfy the affinity terms; `None` without terms. The first pod of a group that wants to be near itself
    /// may go to any node that has the keys.
    fn near(&self, cluster: &Cluster) -> Option<NodeSet> {
        if self.affinity.is_empty() {
            return None;
        }
        let first = self.own && self.affinity.iter().all(|sums| sums.entries == 0);
        let mut set = NodeSet::all(cluster.nodes.len());
        for sums in &self.affinity {
            let topology = cluster.topology(sums.topology);
            let satisfied = |node: NodeId| topology.domain(node).is_some_and(|domain| first || sums.sums[domain] > 0);
            set.intersect(&NodeSet::of(cluster.nodes.len(), satisfied));
        }
        Some(set)
    }
}

/// Pods that satisfy *every* affinity term of the pod, counted by the topology of each.
fn affinity(cycle: &Cycle<'_>) -> Vec<DomainSums> {
    let (cluster, terms) = (cycle.cluster, &cycle.class.affinity);
    let Some((&first, rest)) = terms.split_first() else { return Vec::new() };
    let all = |&class: &ClassId| rest.iter().all(|&term| cluster.term(term).matches(cluster.class(class)));
    let classes: FxHashMap<ClassId, (i64, i64)> = meant(cluster, first).filter(all).map(|class| (class, (1, 1))).collect();
    terms.iter().map(|&term| DomainSums::of(cycle, cluster.term(term).topology, classes.clone())).collect()
}

/// Pods whose required anti-affinity means this pod.
fn existing(cycle: &Cycle<'_>) -> Vec<Blocking> {
    let mut by_topology: indexmap::IndexMap<TopologyId, FxHashMap<ClassId, (i64, i64)>> = indexmap::IndexMap::new();
    for_each_holder(cycle, |term, class, role| {
        if role == Role::AntiAffinity {
            let entry = by_topology.entry(cycle.cluster.term(term).topology).or_default().entry(class).or_default();
            *entry = (entry.0 + 1, entry.1 + 1);
        }
    });
    by_topology.into_iter().map(|(topology, classes)| Blocking::new(cycle, topology, classes)).collect()
}

/// Calls `visit` for every class that holds a term that means this pod.
fn for_each_holder(cycle: &Cycle<'_>, mut visit: impl FnMut(TermId, ClassId, Role)) {
    let relations = &cycle.cluster.relations;
    for term in relations.terms_about(&cycle.class.labels) {
        let holders = relations.holders(term);
        if !holders.is_empty() && cycle.cluster.term(term).matches(cycle.class) {
            holders.iter().for_each(|holding| visit(term, holding.class, holding.role));
        }
    }
}

/// Whether upstream's PreFilter skips the plugin: the pod requires nothing, and no pod there is must not be near it. The filter
/// then stays silent for the whole attempt, even about a nominated pod that must not be near it.
pub fn skips(cycle: &Cycle<'_>) -> bool {
    let requires = !cycle.class.affinity.is_empty() || !cycle.class.anti_affinity.is_empty();
    !requires && existing(cycle).iter().all(|blocking| blocking.sums.entries == 0)
}

fn filter(cycle: &Cycle<'_>, set: &mut NodeSet, rejections: &mut Rejections) {
    let Some(required) = Required::new(cycle) else { return };
    if let Some(near) = required.near(cycle.cluster) {
        let mut struck = set.clone();
        struck.subtract(&near);
        rejections.reject_all(set, &struck, Rejection::new(PLUGIN.name, Code::UnschedulableAndUnresolvable, REASON_AFFINITY));
    }
    for (blocking, reason) in [(&required.anti_affinity, REASON_ANTI_AFFINITY), (&required.existing, REASON_EXISTING)] {
        for blocking in blocking {
            rejections.reject_all(set, &blocking.blocked, Rejection::new(PLUGIN.name, Code::Unschedulable, reason));
        }
    }
}

/// Preferred terms of the pod, and those of other pods that mean it; theirs that are required count with the profile's weight.
#[derive(Debug, Clone)]
pub struct Preferred {
    by_topology: Vec<DomainSums>,
}

impl Preferred {
    /// From who is where; `None` if no pod could ever count.
    pub fn new(cycle: &Cycle<'_>) -> Option<Self> {
        let cluster = cycle.cluster;
        if cycle.profile.ignore_preferred_terms_of_existing_pods && cycle.class.preferred_pods.is_empty() {
            return None;
        }
        let mut by_topology: indexmap::IndexMap<TopologyId, FxHashMap<ClassId, (i64, i64)>> = indexmap::IndexMap::new();
        let mut add = |term: TermId, class: ClassId, weight: i64| {
            let entry = by_topology.entry(cluster.term(term).topology).or_default().entry(class).or_default();
            *entry = (entry.0 + weight, entry.1 + 1);
        };
        for &(term, weight) in &cycle.class.preferred_pods {
            meant(cluster, term).for_each(|class| add(term, class, weight));
        }
        let hard_weight = cycle.profile.hard_pod_affinity_weight;
        for_each_holder(cycle, |term, class, role| match role {
            Role::Preferred(weight) => add(term, class, weight),
            Role::Affinity if hard_weight > 0 => add(term, class, hard_weight),
            Role::Affinity | Role::AntiAffinity => {}
        });
        let sums: Vec<_> = by_topology.into_iter().map(|(topology, classes)| DomainSums::of(cycle, topology, classes)).collect();
        (!sums.is_empty()).then_some(Preferred { by_topology: sums })
    }

    /// Brings the sums up to date, and calls `moved` for every domain whose sum changed: topology, domain, by how much.
    pub fn apply(&mut self, cluster: &Cluster, change: &Change, mut moved: impl FnMut(TopologyId, usize, i64)) {
        for sums in &mut self.by_topology {
            if let Some((domain, by)) = sums.apply(cluster, change) {
                moved(sums.topology, domain, by);
            }
        }
    }

    /// Calls `visit` for every domain that has a sum: topology, domain, sum.
    pub fn for_each_sum(&self, mut visit: impl FnMut(TopologyId, usize, i64)) {
        for sums in &self.by_topology {
            let summed = sums.sums.iter().enumerate().filter(|(_, sum)| **sum != 0);
            summed.for_each(|(domain, &sum)| visit(sums.topology, domain, sum));
        }
    }

    /// Whether any pod counts now; if none does, the plugin skips itself.
    pub fn counts(&self) -> bool {
        self.by_topology.iter().any(|sums| sums.entries > 0)
    }

    /// The raw score of a node.
    pub fn raw(&self, cluster: &Cluster, node: NodeId) -> i64 {
        let sum = |sums: &DomainSums| cluster.topology(sums.topology).domain(node).map_or(0, |domain| sums.sums[domain]);
        self.by_topology.iter().map(sum).sum()
    }
}

/// Stretches raw scores over 0..100.
pub fn normalise(scores: &mut [i64]) {
    let (minimum, maximum) = (scores.iter().copied().min().unwrap_or(0), scores.iter().copied().max().unwrap_or(0));
    for score in scores {
        *score = match maximum - minimum {
            0 => 0,
            range => (MAX_NODE_SCORE as f64 * ((*score - minimum) as f64 / range as f64)) as i64,
        };
    }
}

fn score(cycle: &Cycle<'_>, set: &NodeSet) -> Option<Vec<i64>> {
    let preferred = Preferred::new(cycle).filter(Preferred::counts)?;
    let mut scores: Vec<i64> = set.iter().map(|node| preferred.raw(cycle.cluster, node)).collect();
    normalise(&mut scores);
    Some(scores)
}

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    weight: 2,
    filter: Some(filter),
    score: Some(score),
    ..Plugin::named("InterPodAffinity", "affinity and anti-affinity between pods", "interpodaffinity/plugin.go")
};
