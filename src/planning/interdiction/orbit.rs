//! Units that differ in name only: losing one of them is like losing another.
//!
//! Two single nodes are alike when they have the same allocatable, labels (apart from the hostname's), taints, cordon, images and attached
//! volumes, host equally many pods of each class that leave in the same way, and are told apart by no class: nobody may go to the one and
//! not to the other, and no affinity names either. Units of several nodes are each their own.

use rustc_hash::{FxHashMap, FxHashSet};

use super::ground::Ground;
use crate::cluster::Cluster;
use crate::cluster::class::NodeTerm;
use crate::cluster::index::{ClassId, NodeId, TextId};
use crate::simulation::loss::Departure;

/// Above so many distinct sets of nodes to which classes can go nothing is taken for alike.
const GROUNDS: usize = 512;

/// The units, those that are alike together, in the order of their first.
pub(super) struct Orbits {
    pub members: Vec<Vec<u32>>,
    /// By unit.
    pub of_unit: Vec<usize>,
}

impl Orbits {
    /// Every unit by itself.
    pub fn apart(units: usize) -> Self {
        Orbits { members: (0..units as u32).map(|unit| vec![unit]).collect(), of_unit: (0..units).collect() }
    }

    /// Units that are alike together.
    pub fn new(ground: &Ground<'_>) -> Self {
        let units = ground.units;
        let named = named_nodes(ground.baseline.cluster());
        let mut numbers: FxHashMap<Signature, usize> = FxHashMap::default();
        let mut orbits = Orbits { members: Vec::new(), of_unit: Vec::with_capacity(units.len()) };
        for unit in 0..units.len() {
            let next = orbits.members.len();
            let number = match (&units.nodes[unit][..], ground.grounds.len() <= GROUNDS) {
                (&[node], true) if !named.contains(&ground.baseline.cluster().nodes.names[node.index()]) => {
                    *numbers.entry(signature(ground, node)).or_insert(next)
                }
                _ => next,
            };
            if number == next {
                orbits.members.push(Vec::new());
            }
            orbits.members[number].push(unit as u32);
            orbits.of_unit.push(number);
        }
        orbits
    }

    /// How many units are like this one, itself included.
    pub fn size(&self, orbit: usize) -> usize {
        self.members[orbit].len()
    }
}

/// Everything in which nodes that are not alike can differ.
#[derive(PartialEq, Eq, Hash)]
struct Signature {
    allocatable: Vec<i64>,
    zone: usize,
    labels: Vec<(TextId, TextId)>,
    taints: Vec<usize>,
    cordoned: bool,
    grounds: Vec<bool>,
    images: Vec<TextId>,
    limits: Vec<(TextId, i64)>,
    /// Attached volumes belong to this node.
    attached: Option<NodeId>,
    pods: Vec<(ClassId, Departure, usize)>,
}

fn signature(ground: &Ground<'_>, node: NodeId) -> Signature {
    let (baseline, cluster) = (ground.baseline, ground.baseline.cluster());
    let is_hostname = |key: TextId| cluster.texts.get(key) == "kubernetes.io/hostname";
    let nodes = &cluster.nodes;
    let labels = nodes.labels[node.index()].pairs().iter().copied().filter(|&(key, _)| !is_hostname(key));
    let images = nodes.images.iter().filter(|(_, (_, holders))| holders.contains(node)).map(|(&name, _)| name);
    let limits = cluster.storage.limits.iter().filter(|((of, _), _)| *of == node).map(|(&(_, driver), &limit)| (driver, limit));
    let (mut images, mut limits): (Vec<_>, Vec<_>) = (images.collect(), limits.collect());
    images.sort_unstable();
    limits.sort_unstable();
    Signature {
        allocatable: nodes.allocatable.iter().map(|column| column[node.index()]).collect(),
        zone: nodes.zone(node),
        labels: labels.collect(),
        taints: (0..nodes.tainted.len()).filter(|&list| nodes.tainted[list].1.contains(node)).collect(),
        cordoned: nodes.unschedulable.contains(node),
        grounds: ground.grounds.iter().map(|set| set.contains(node)).collect(),
        images,
        limits,
        attached: cluster.storage.attached.contains_key(&node).then_some(node),
        pods: pods(baseline, node),
    }
}

fn pods(baseline: &crate::simulation::loss::Baseline, node: NodeId) -> Vec<(ClassId, Departure, usize)> {
    let mut counts: FxHashMap<(ClassId, Departure), usize> = FxHashMap::default();
    for &pod in baseline.occupancy().pods_on(node) {
        *counts.entry((baseline.cluster().pod(pod).class, baseline.departure(pod))).or_default() += 1;
    }
    let mut pods: Vec<_> = counts.into_iter().map(|((class, departure), count)| (class, departure, count)).collect();
    pods.sort_unstable_by_key(|&(class, departure, _)| (class, departure.keeper, departure.after_seconds));
    pods
}

/// Nodes that a class wants or shuns by name.
fn named_nodes(cluster: &Cluster) -> FxHashSet<TextId> {
    let terms = |class: &crate::cluster::class::Class| -> Vec<NodeTerm> {
        let preferred = class.preferred_nodes.iter().map(|(_, term)| term);
        class.required_nodes.iter().flatten().chain(preferred).cloned().collect()
    };
    cluster.classes.iter().flat_map(terms).flat_map(|term| term.names.into_iter().map(|(name, _)| name)).collect()
}
