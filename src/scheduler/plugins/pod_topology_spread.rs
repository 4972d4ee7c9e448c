//! PodTopologySpread: how evenly a workload must (`DoNotSchedule`) or should (`ScheduleAnyway`) lie over zones, nodes, racks.
//!
//! A pod without constraints gets the profile's default ones (system defaults: hostname 3, zone 5, both soft), selecting the
//! pods of its services and controller. Pods being deleted and pods of other namespaces do not count.
//!
//! [`Hard`] and [`Soft`] hold the counts. Both are made from an occupancy, and kept up to date by its changes.
//!
//! Source: pkg/scheduler/framework/plugins/podtopologyspread/{filtering,scoring,common}.go, v1.36.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::cluster::Cluster;
use crate::cluster::class::{Class, SpreadConstraint};
use crate::cluster::index::{ClassId, NodeId, NodeSet, TopologyId};
use crate::cluster::occupancy::Change;
use crate::cluster::topology::Topology;
use crate::scheduler::attempt::{Code, Rejection, Rejections};
use crate::scheduler::framework::{Cycle, MAX_NODE_SCORE, Plugin};
use crate::scheduler::plugins::{node_unschedulable, taint_toleration};

const REASON: &str = "node(s) didn't match pod topology spread constraints";
const REASON_LABEL: &str = "node(s) didn't match pod topology spread constraints (missing required label)";

/// The constraints of a pod that are hard, or those that are soft: its own, or the profile's defaults for its owner.
fn constraints<'a>(cycle: &Cycle<'a>, hard: bool) -> Vec<Cow<'a, SpreadConstraint>> {
    if !cycle.class.spread.is_empty() {
        return cycle.class.spread.iter().filter(|constraint| constraint.hard == hard).map(Cow::Borrowed).collect();
    }
    if cycle.class.default_spread.is_empty() {
        return Vec::new();
    }
    let defaults = cycle.profile.default_spread(cycle.cluster).iter().filter(|constraint| constraint.hard == hard);
    defaults.map(|constraint| Cow::Owned(SpreadConstraint { selector: cycle.class.default_spread.clone(), ..constraint.clone() })).collect()
}

/// Pods that count for one constraint, by domain.
#[derive(Debug, Clone)]
struct DomainCounts {
    /// Classes whose pods count, sorted.
    classes: Vec<ClassId>,
    /// Nodes on which they count.
    eligible: NodeSet,
    /// Their number, by domain.
    pods: Vec<i64>,
}

impl DomainCounts {
    fn new(cycle: &Cycle<'_>, constraint: &SpreadConstraint, eligible: NodeSet) -> Self {
        let topology = cycle.cluster.topology(constraint.topology);
        let mut counts = DomainCounts { classes: counted(cycle.cluster, cycle.class, constraint), eligible, pods: vec![0; topology.len()] };
        for &class in &counts.classes {
            for &pod in cycle.occupancy.pods_of(class) {
                let node = cycle.occupancy.node_of(pod).expect("a pod of `pods_of` is on a node");
                if cycle.occupancy.is_terminating(pod) {
                    continue;
                }
                if let (true, Some(domain)) = (counts.eligible.contains(node), topology.domain(node)) {
                    counts.pods[domain] += 1;
                }
            }
        }
        counts
    }

    /// Takes a change in; returns the domain whose number changed, and its number before.
    fn apply(&mut self, topology: &Topology, change: &Change) -> Option<(usize, i64)> {
        let (stay, sign) = change.counting()?;
        if self.classes.binary_search(&stay.class).is_err() || !self.eligible.contains(stay.node) {
            return None;
        }
        let domain = topology.domain(stay.node)?;
        let before = self.pods[domain];
        self.pods[domain] += sign;
        Some((domain, before))
    }
}

/// Classes whose pods a constraint of `class` counts. A selector without requirements counts nobody.
fn counted(cluster: &Cluster, class: &Class, constraint: &SpreadConstraint) -> Vec<ClassId> {
    if constraint.selector.is_empty() {
        return Vec::new();
    }
    let counts = |&id: &ClassId| {
        let other = cluster.class(id);
        other.namespace == class.namespace && !other.terminating && constraint.selector.matches(&other.labels)
    };
    let mut classes: Vec<ClassId> = cluster.relations.candidates(&constraint.selector).filter(counts).collect();
    classes.sort_unstable();
    classes
}

/// Those of `nodes` that a constraint's inclusion policies let count.
fn included(cycle: &Cycle<'_>, constraint: &SpreadConstraint, nodes: &NodeSet) -> NodeSet {
    let mut set = nodes.clone();
    if constraint.honor_affinity {
        set.intersect(&cycle.cluster.nodes_wanted(cycle.class));
    }
    if constraint.honor_taints {
        set.subtract(&cycle.cluster.nodes_repelling(&cycle.class.tolerations));
        if taint_toleration::minds_unreachable(cycle).is_some() {
            set.subtract(cycle.outages.unreachable());
        }
        // the cordons of the input have their taints in the input
        if !node_unschedulable::tolerates(cycle.cluster, cycle.class) {
            let mut cordoned = cycle.outages.cordoned().clone();
            cordoned.subtract(&cycle.cluster.nodes.unschedulable);
            set.subtract(&cordoned);
        }
    }
    set
}

fn with_all_keys(cluster: &Cluster, constraints: &[Cow<'_, SpreadConstraint>]) -> NodeSet {
    let mut set = NodeSet::all(cluster.nodes.len());
    constraints.iter().for_each(|constraint| set.intersect(cluster.topology(constraint.topology).with_key()));
    set
}

/// Hard constraints and their counts.
#[derive(Debug, Clone)]
pub struct Hard {
    constraints: Vec<HardConstraint>,
}

#[derive(Debug, Clone)]
struct HardConstraint {
    constraint: SpreadConstraint,
    counts: DomainCounts,
    /// Domains with a node on which pods count.
    present: Vec<bool>,
    /// How many present domains have each number of pods.
    histogram: BTreeMap<i64, usize>,
    /// 1 if the pod itself would count.
    own: i64,
    /// Nodes on which one more pod does not exceed the skew.
    allowed: NodeSet,
    /// The smallest number against which skew is measured.
    floor: i64,
}

impl Hard {
    /// From who is where; `None` if the pod has no hard constraint.
    pub fn new(cycle: &Cycle<'_>) -> Option<Self> {
        let constraints = constraints(cycle, true);
        if constraints.is_empty() {
            return None;
        }
        let with_keys = with_all_keys(cycle.cluster, &constraints);
        let hard = constraints.into_iter().map(|constraint| HardConstraint::new(cycle, constraint.into_owned(), &with_keys));
        Some(Hard { constraints: hard.collect() })
    }

    /// Brings the counts up to date.
    pub fn apply(&mut self, cluster: &Cluster, change: &Change) {
        self.constraints.iter_mut().for_each(|constraint| constraint.apply(cluster.topology(constraint.constraint.topology), change));
    }

    /// Strikes out the nodes that a constraint forbids.
    pub fn restrict(&self, set: &mut NodeSet) {
        self.constraints.iter().for_each(|constraint| set.intersect(&constraint.allowed));
    }
}

impl HardConstraint {
    fn new(cycle: &Cycle<'_>, constraint: SpreadConstraint, with_keys: &NodeSet) -> Self {
        let topology = cycle.cluster.topology(constraint.topology);
        let mut eligible = included(cycle, &constraint, cycle.outages.present());
        eligible.intersect(with_keys);
        let present = topology.domains_meeting(&eligible);
        let counts = DomainCounts::new(cycle, &constraint, eligible);
        let mut histogram = BTreeMap::new();
        for (pods, _) in counts.pods.iter().zip(&present).filter(|(_, present)| **present) {
            *histogram.entry(*pods).or_default() += 1;
        }
        let own = i64::from(constraint.selector.matches(&cycle.class.labels));
        let allowed = NodeSet::none(cycle.cluster.nodes.len());
        let mut hard = HardConstraint { constraint, counts, present, histogram, own, allowed, floor: 0 };
        hard.rebuild(topology);
        hard
    }

    /// The smallest number of pods of any domain; 0 while there are fewer domains than asked for. No domain forbids nothing.
    fn floor(&self) -> i64 {
        let domains: usize = self.histogram.values().sum();
        if domains < self.constraint.min_domains {
            return 0;
        }
        self.histogram.first_key_value().map_or(i64::from(i32::MAX), |(pods, _)| *pods)
    }

    fn allows(&self, domain: usize) -> bool {
        let pods = if self.present[domain] { self.counts.pods[domain] } else { 0 };
        pods + self.own - self.floor <= self.constraint.max_skew
    }

    fn rebuild(&mut self, topology: &Topology) {
        self.floor = self.floor();
        self.allowed.clear();
        for domain in 0..topology.len() {
            if self.allows(domain) {
                topology.insert_into(&mut self.allowed, domain);
            }
        }
    }

    fn apply(&mut self, topology: &Topology, change: &Change) {
        let Some((domain, before)) = self.counts.apply(topology, change) else { return };
        let count = self.histogram.get_mut(&before).expect("a present domain is counted");
        *count -= 1;
        if *count == 0 {
            self.histogram.remove(&before);
        }
        *self.histogram.entry(self.counts.pods[domain]).or_default() += 1;
        if self.floor() != self.floor {
            self.rebuild(topology);
        } else {
            match self.allows(domain) {
                true => topology.insert_into(&mut self.allowed, domain),
                false => topology.remove_from(&mut self.allowed, domain),
            }
        }
    }
}

fn filter(cycle: &Cycle<'_>, set: &mut NodeSet, rejections: &mut Rejections) {
    let Some(hard) = Hard::new(cycle) else { return };
    for constraint in &hard.constraints {
        let mut strike = |keep: &NodeSet, code: Code, reason: &'static str| {
            let mut struck = set.clone();
            struck.subtract(keep);
            rejections.reject_all(set, &struck, Rejection::new(PLUGIN.name, code, reason));
        };
        strike(cycle.cluster.topology(constraint.constraint.topology).with_key(), Code::UnschedulableAndUnresolvable, REASON_LABEL);
        strike(&constraint.allowed, Code::Unschedulable, REASON);
    }
}

/// Soft constraints and their counts.
#[derive(Debug, Clone)]
pub struct Soft {
    constraints: Vec<SoftConstraint>,
    /// Nodes that count at all: with the pod's own constraints, those that have every key.
    scored: NodeSet,
}

#[derive(Debug, Clone)]
struct SoftConstraint {
    constraint: SpreadConstraint,
    counts: DomainCounts,
}

/// A node's raw score before normalisation; `None` for nodes that do not count.
pub type RawScore = Option<i64>;

impl Soft {
    /// From who is where; `None` if the pod has no soft constraint.
    pub fn new(cycle: &Cycle<'_>) -> Option<Self> {
        let constraints = constraints(cycle, false);
        if constraints.is_empty() {
            return None;
        }
        // system defaults let nodes without a zone take part in spreading over hosts
        let need_all_keys = !cycle.class.spread.is_empty() || !cycle.profile.system_defaulted();
        let all = NodeSet::all(cycle.cluster.nodes.len());
        let scored = if need_all_keys { with_all_keys(cycle.cluster, &constraints) } else { all.clone() };
        let soft = constraints.into_iter().map(|constraint| {
            // pods of a host are counted on the host itself, whatever the inclusion policies; nobody is on a node that is gone, which may
            // come back
            let is_hostname = cycle.cluster.topology(constraint.topology).is_hostname;
            let mut eligible = if is_hostname { all.clone() } else { included(cycle, &constraint, &all) };
            eligible.intersect(&scored);
            SoftConstraint { counts: DomainCounts::new(cycle, &constraint, eligible), constraint: constraint.into_owned() }
        });
        Some(Soft { constraints: soft.collect(), scored })
    }

    /// Brings the counts up to date, and calls `moved` for every domain whose number changed: which constraint, its topology,
    /// which domain.
    pub fn apply(&mut self, cluster: &Cluster, change: &Change, mut moved: impl FnMut(usize, TopologyId, usize)) {
        for (index, constraint) in self.constraints.iter_mut().enumerate() {
            if let Some((domain, _)) = constraint.counts.apply(cluster.topology(constraint.constraint.topology), change) {
                moved(index, constraint.constraint.topology, domain);
            }
        }
    }

    /// Whether a node's taints decide whether pods on it count.
    pub fn minds_taints(&self) -> bool {
        self.constraints.iter().any(|constraint| constraint.constraint.honor_taints)
    }

    /// How many constraints there are.
    pub fn len(&self) -> usize {
        self.constraints.len()
    }

    /// Whether there is none; there always is one.
    pub fn is_empty(&self) -> bool {
        self.constraints.is_empty()
    }

    /// Calls `visit` for every constraint and domain on which pods count: which constraint, its topology, which domain, how many.
    pub fn for_each_count(&self, mut visit: impl FnMut(usize, TopologyId, usize, i64)) {
        for (index, constraint) in self.constraints.iter().enumerate() {
            let counted = constraint.counts.pods.iter().enumerate().filter(|(_, pods)| **pods != 0);
            counted.for_each(|(domain, &pods)| visit(index, constraint.constraint.topology, domain, pods));
        }
    }

    /// Calls `visit` for every constraint whose key some nodes lack: which constraint, which nodes.
    pub fn for_each_lacking(&self, cluster: &Cluster, mut visit: impl FnMut(usize, &NodeSet)) {
        for (index, constraint) in self.constraints.iter().enumerate() {
            let mut lacking = NodeSet::all(cluster.nodes.len());
            lacking.subtract(cluster.topology(constraint.constraint.topology).with_key());
            if !lacking.is_empty() {
                visit(index, &lacking);
            }
        }
    }

    /// Nodes that count at all.
    pub fn scored(&self) -> &NodeSet {
        &self.scored
    }

    /// Pods that count on a node, by constraint; −1 where the node lacks the key.
    pub fn key(&self, cluster: &Cluster, node: NodeId) -> Vec<i64> {
        let pods = |constraint: &SoftConstraint| {
            let domain = cluster.topology(constraint.constraint.topology).domain(node);
            domain.map_or(-1, |domain| constraint.counts.pods[domain])
        };
        self.constraints.iter().map(pods).collect()
    }

    /// How much a pod weighs by constraint: more where there are more domains, so that hosts are not drowned by zones.
    pub fn weights(&self, cluster: &Cluster, feasible: &NodeSet) -> Vec<f64> {
        let mut scored = feasible.clone();
        scored.intersect(&self.scored);
        let weight = |constraint: &SoftConstraint| {
            let topology = cluster.topology(constraint.constraint.topology);
            let size = if topology.is_hostname { scored.len() } else { domains_of(topology, &scored) };
            ((size + 2) as f64).ln()
        };
        self.constraints.iter().map(weight).collect()
    }

    /// The raw score of nodes with these counts.
    pub fn raw(&self, key: &[i64], weights: &[f64]) -> i64 {
        let mut score = 0.0;
        for ((constraint, &pods), weight) in self.constraints.iter().zip(key).zip(weights) {
            if pods >= 0 {
                score += pods as f64 * weight + (constraint.constraint.max_skew - 1) as f64;
            }
        }
        score.round() as i64
    }
}

/// How many domains a set of nodes lies in; nodes without the key are one domain more.
fn domains_of(topology: &Topology, set: &NodeSet) -> usize {
    let mut lacking = set.clone();
    lacking.subtract(topology.with_key());
    topology.domains_meeting(set).into_iter().filter(|meets| *meets).count() + usize::from(!lacking.is_empty())
}

/// The fewer pods the better; nodes that do not count get nothing.
pub fn normalise(raw: &[RawScore]) -> Vec<i64> {
    let counted = || raw.iter().copied().flatten();
    let (minimum, maximum) = (counted().min().unwrap_or(0), counted().max().unwrap_or(0).max(0));
    let score = |raw: &RawScore| match raw {
        None => 0,
        Some(_) if maximum == 0 => MAX_NODE_SCORE,
        Some(raw) => MAX_NODE_SCORE * (maximum + minimum - raw) / maximum,
    };
    raw.iter().map(score).collect()
}

fn score(cycle: &Cycle<'_>, set: &NodeSet) -> Option<Vec<i64>> {
    let soft = Soft::new(cycle)?;
    let weights = soft.weights(cycle.cluster, set);
    let raw = |node| soft.scored.contains(node).then(|| soft.raw(&soft.key(cycle.cluster, node), &weights));
    Some(normalise(&set.iter().map(raw).collect::<Vec<_>>()))
}

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    weight: 2,
    filter: Some(filter),
    score: Some(score),
    ..Plugin::named("PodTopologySpread", "topology spread constraints, own and default", "podtopologyspread/plugin.go")
};
