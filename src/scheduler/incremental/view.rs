//! What one class sees: which nodes it may go to, and which of them all normalised scores see alike.

use super::levels::Levels;
use super::partition::Partition;
use crate::cluster::Cluster;
use crate::cluster::index::NodeSet;
use crate::cluster::occupancy::Change;
use crate::cluster::outage::Outages;
use crate::scheduler::attempt::Rejections;
use crate::scheduler::framework::Cycle;
use crate::scheduler::plugins::{
    image_locality, inter_pod_affinity, node_affinity, node_ports, node_resources_fit, node_unschedulable, pod_topology_spread,
    taint_toleration,
};

/// Raw scores that never change: intolerable taints, preferred node affinity, images (the last needs no normalising).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct StaticKey {
    taints: i64,
    affinity: i64,
    images: i64,
}

/// Pods that count on a node, by soft constraint; `None` where the node does not count.
type SpreadKey = Option<Vec<i64>>;

/// What one class sees.
#[derive(Debug, Clone)]
pub struct ClassView {
    /// Nodes that pass every filter that never changes its mind, whatever becomes of nodes.
    fixed: NodeSet,
    /// Whether cordons keep the class away, and silent kubelets.
    minds: (bool, bool),
    /// Nodes where the class's host ports are free; `None` if it has none.
    ports: Option<NodeSet>,
    hard: Option<pod_topology_spread::Hard>,
    required: Option<inter_pod_affinity::Required>,
    fixed_scores: Partition<StaticKey>,
    soft: Option<(pod_topology_spread::Soft, Partition<SpreadKey>)>,
    preferred: Option<(inter_pod_affinity::Preferred, Partition<i64>)>,
    weights: Weights,
    feasible: NodeSet,
    best: NodeSet,
    seen: usize,
}

#[derive(Debug, Clone, Copy)]
struct Weights {
    taints: i64,
    affinity: i64,
    images: i64,
    spread: i64,
    inter_pod: i64,
}

/// Nodes that all normalised scores see alike, with their raw scores.
struct Bucket<'a> {
    nodes: NodeSet,
    fixed: StaticKey,
    spread: Option<&'a SpreadKey>,
    inter_pod: i64,
}

impl ClassView {
    /// From who is where.
    pub fn new(cycle: &Cycle<'_>) -> Self {
        let nodes = cycle.cluster.nodes.len();
        let filters = |name: &str| cycle.profile.filters.iter().any(|plugin| plugin.name == name);
        let weight = |plugin| cycle.profile.weight_of(plugin);
        let weights = Weights {
            taints: weight(&taint_toleration::PLUGIN),
            affinity: weight(&node_affinity::PLUGIN),
            images: weight(&image_locality::PLUGIN),
            spread: weight(&pod_topology_spread::PLUGIN),
            inter_pod: weight(&inter_pod_affinity::PLUGIN),
        };
        let has_ports = !cycle.class.host_ports.is_empty() && filters(node_ports::PLUGIN.name);
        ClassView {
            fixed: fixed(cycle),
            minds: (
                filters(node_unschedulable::PLUGIN.name) && !node_unschedulable::tolerates(cycle.cluster, cycle.class),
                filters(taint_toleration::PLUGIN.name) && taint_toleration::minds_unreachable(cycle).is_some(),
            ),
            ports: has_ports.then(|| NodeSet::of(nodes, |node| !node_ports::conflicts(cycle, node))),
            hard: if filters(pod_topology_spread::PLUGIN.name) { pod_topology_spread::Hard::new(cycle) } else { None },
            required: if filters(inter_pod_affinity::PLUGIN.name) { inter_pod_affinity::Required::new(cycle) } else { None },
            fixed_scores: fixed_scores(cycle, &weights),
            soft: if weights.spread == 0 { None } else { soft(cycle) },
            preferred: if weights.inter_pod == 0 { None } else { preferred(cycle) },
            weights,
            feasible: NodeSet::none(nodes),
            best: NodeSet::none(nodes),
            seen: cycle.occupancy.log().len(),
        }
    }

    /// Takes in what changed.
    pub fn catch_up(&mut self, cycle: &Cycle<'_>) {
        let cluster = cycle.cluster;
        let changes = &cycle.occupancy.log()[self.seen..];
        self.seen += changes.len();
        for change in changes {
            if let (Some(ports), Some((stay, _))) = (&mut self.ports, change.presence()) {
                ports.set(stay.node, !node_ports::conflicts(cycle, stay.node));
            }
            if let Some(hard) = &mut self.hard {
                hard.apply(cluster, change);
            }
            if let Some(required) = &mut self.required {
                required.apply(cluster, change);
            }
            if let Some((soft, partition)) = &mut self.soft {
                let by = change.counting().map_or(0, |(_, by)| by);
                soft.apply(cluster, change, |constraint, topology, domain| {
                    partition.change_domain(cluster.topology(topology), domain, |key| shift(key, constraint, by));
                });
            }
            if let Some((preferred, partition)) = &mut self.preferred {
                preferred.apply(cluster, change, |topology, domain, by| {
                    partition.change_domain(cluster.topology(topology), domain, |key| *key += by);
                });
            }
        }
        if changes.iter().any(|change| matches!(change, Change::Node(..))) {
            self.count_anew(cycle);
        }
    }

    /// Which domains there are, and how widespread an image is, depends on what has become of nodes.
    fn count_anew(&mut self, cycle: &Cycle<'_>) {
        if self.weights.images != 0 && cycle.class.images.iter().any(|name| cycle.cluster.nodes.images.contains_key(name)) {
            self.fixed_scores = fixed_scores(cycle, &self.weights);
        }
        if self.hard.is_some() {
            self.hard = pod_topology_spread::Hard::new(cycle);
        }
        if self.soft.as_ref().is_some_and(|(soft, _)| soft.minds_taints()) {
            self.soft = soft(cycle);
        }
    }

    /// How far in the log this has been brought.
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// The log was cut short; what was cut off had been taken back.
    pub fn cut_short(&mut self, log: usize) {
        self.seen = self.seen.min(log);
    }

    /// Works out which nodes take the pod, and which of them are best.
    pub fn decide(&mut self, cycle: &Cycle<'_>, levels: &Levels) {
        self.feasible.assign_common(&self.fixed, levels.fitting());
        self.feasible.intersect(cycle.outages.present());
        if self.minds.0 {
            self.feasible.subtract(cycle.outages.cordoned());
        }
        if self.minds.1 {
            self.feasible.subtract(cycle.outages.unreachable());
        }
        if let Some(ports) = &self.ports {
            self.feasible.intersect(ports);
        }
        if let Some(hard) = &self.hard {
            hard.restrict(&mut self.feasible);
        }
        if let Some(required) = &self.required {
            required.restrict(cycle.cluster, &mut self.feasible);
        }
        self.best.clear();
        if self.feasible.is_empty() {
            return;
        }
        let mut best = std::mem::take(&mut self.best);
        let buckets = self.buckets();
        let offsets = self.offsets(cycle.cluster, &buckets);
        let mut top = i64::MIN;
        for (bucket, offset) in buckets.iter().zip(offsets) {
            let reached = levels.descending().take_while(|(score, _)| offset + score >= top);
            let Some((score, nodes)) = { reached }.find(|(_, nodes)| nodes.meets(&bucket.nodes)) else { continue };
            if offset + score > top {
                top = offset + score;
                best.clear();
            }
            best.unite_common(nodes, &bucket.nodes);
        }
        self.best = best;
    }

    /// The nodes that take the pod.
    pub fn feasible(&self) -> &NodeSet {
        &self.feasible
    }

    /// The nodes with the highest total.
    pub fn best(&self) -> &NodeSet {
        &self.best
    }

    /// The feasible nodes, by everything that normalised scores depend on.
    fn buckets(&self) -> Vec<Bucket<'_>> {
        let mut buckets: Vec<Bucket<'_>> = Vec::new();
        for (fixed, nodes) in self.fixed_scores.parts() {
            buckets.extend(common(&self.feasible, nodes).map(|nodes| Bucket { nodes, fixed: *fixed, spread: None, inter_pod: 0 }));
        }
        if let Some((_, partition)) = &self.soft {
            buckets = refine(&buckets, partition, |bucket, key| bucket.spread = Some(key));
        }
        if let Some((_, partition)) = &self.preferred {
            buckets = refine(&buckets, partition, |bucket, key| bucket.inter_pod = *key);
        }
        buckets
    }

    /// What all normalised scores together give each bucket: normalising looks at smallest and largest raw score only, so one
    /// node a bucket stands for all.
    fn offsets(&self, cluster: &Cluster, buckets: &[Bucket<'_>]) -> Vec<i64> {
        let mut offsets: Vec<i64> = buckets.iter().map(|bucket| self.weights.images * bucket.fixed.images).collect();
        let mut add = |weight: i64, scores: Vec<i64>| offsets.iter_mut().zip(scores).for_each(|(offset, score)| *offset += weight * score);
        let mut column = |weight: i64, raw: fn(&Bucket<'_>) -> i64, normalise: fn(&mut [i64])| {
            let mut scores: Vec<i64> = buckets.iter().map(raw).collect();
            if weight != 0 && scores.iter().any(|score| *score != scores[0]) {
                normalise(&mut scores);
                add(weight, scores);
            }
        };
        column(self.weights.taints, |bucket| bucket.fixed.taints, taint_toleration::normalise);
        column(self.weights.affinity, |bucket| bucket.fixed.affinity, node_affinity::normalise);
        column(self.weights.inter_pod, |bucket| bucket.inter_pod, inter_pod_affinity::normalise);
        if let (Some((soft, _)), true) = (&self.soft, buckets.len() > 1) {
            let weights = soft.weights(cluster, &self.feasible);
            let raw = |bucket: &Bucket<'_>| bucket.spread.and_then(Option::as_ref).map(|key| soft.raw(key, &weights));
            add(self.weights.spread, pod_topology_spread::normalise(&buckets.iter().map(raw).collect::<Vec<_>>()));
        }
        offsets
    }
}

fn common(a: &NodeSet, b: &NodeSet) -> Option<NodeSet> {
    a.meets(b).then(|| {
        let mut both = a.clone();
        both.intersect(b);
        both
    })
}

/// Splits buckets by the parts of a partition.
fn refine<'a, K: PartialEq + Clone>(
    buckets: &[Bucket<'a>],
    partition: &'a Partition<K>,
    set: impl Fn(&mut Bucket<'a>, &'a K),
) -> Vec<Bucket<'a>> {
    let mut refined = Vec::new();
    for bucket in buckets {
        for (key, nodes) in partition.parts() {
            if let Some(nodes) = common(&bucket.nodes, nodes) {
                let mut part = Bucket { nodes, ..*bucket };
                set(&mut part, key);
                refined.push(part);
            }
        }
    }
    refined
}

/// Nodes that pass PreFilter results and every filter that never changes its mind. The others are kept up to date apart;
/// volumes do not come here.
fn fixed(cycle: &Cycle<'_>) -> NodeSet {
    let outages = Outages::none(&cycle.cluster.nodes);
    let cycle = &Cycle { outages: &outages, ..*cycle };
    let kept_apart =
        [node_ports::PLUGIN.name, node_resources_fit::PLUGIN.name, pod_topology_spread::PLUGIN.name, inter_pod_affinity::PLUGIN.name];
    let Ok((mut set, _)) = crate::scheduler::pre_filter(cycle) else { return NodeSet::none(cycle.cluster.nodes.len()) };
    let mut rejections = Rejections::none(cycle.cluster.nodes.len());
    for plugin in cycle.profile.filters.iter().filter(|plugin| !kept_apart.contains(&plugin.name)) {
        if let Some(filter) = plugin.filter {
            filter(cycle, &mut set, &mut rejections);
        }
    }
    set
}

fn fixed_scores(cycle: &Cycle<'_>, weights: &Weights) -> Partition<StaticKey> {
    let mut partition = Partition::new(vec![(StaticKey::default(), NodeSet::all(cycle.cluster.nodes.len()))]);
    if weights.taints != 0 {
        for (taints, nodes) in taint_toleration::raw(cycle) {
            partition.change_set(nodes, |key| key.taints = taints);
        }
    }
    if weights.affinity != 0 {
        for (weight, nodes) in node_affinity::raw(cycle).unwrap_or_default() {
            partition.change_set(&nodes, |key| key.affinity += weight);
        }
    }
    if weights.images != 0 {
        for (node, score) in image_locality::raw(cycle).into_iter().filter(|(_, score)| *score != 0) {
            partition.change_node(node, |key| key.images = score);
        }
    }
    partition
}

fn soft(cycle: &Cycle<'_>) -> Option<(pod_topology_spread::Soft, Partition<SpreadKey>)> {
    let soft = pod_topology_spread::Soft::new(cycle)?;
    let mut others = NodeSet::all(cycle.cluster.nodes.len());
    others.subtract(soft.scored());
    let start: SpreadKey = Some(vec![0; soft.len()]);
    let mut partition = Partition::new(vec![(start, soft.scored().clone()), (None, others)]);
    soft.for_each_lacking(cycle.cluster, |constraint, nodes| partition.change_set(nodes, |key| shift(key, constraint, -1)));
    soft.for_each_count(|constraint, topology, domain, pods| {
        partition.change_domain(cycle.cluster.topology(topology), domain, |key| shift(key, constraint, pods));
    });
    Some((soft, partition))
}

fn shift(key: &mut SpreadKey, constraint: usize, by: i64) {
    if let Some(pods) = key {
        pods[constraint] += by;
    }
}

fn preferred(cycle: &Cycle<'_>) -> Option<(inter_pod_affinity::Preferred, Partition<i64>)> {
    let preferred = inter_pod_affinity::Preferred::new(cycle)?;
    let mut partition = Partition::new(vec![(0, NodeSet::all(cycle.cluster.nodes.len()))]);
    preferred.for_each_sum(|topology, domain, sum| {
        partition.change_domain(cycle.cluster.topology(topology), domain, |key| *key += sum);
    });
    Some((preferred, partition))
}
