//! Which loads never share a node, or a zone.
//!
//! Only what is certain counts: two loads are rivals if every pod of one keeps every pod of the other away, so that what is proven with
//! rivals is proven for the scheduler. What holds between some pods only is left to the replay.

use std::collections::{BTreeMap, BTreeSet};

use super::showroom::{Load, Showroom};
use crate::cluster::Cluster;
use crate::cluster::class::Class;
use crate::cluster::index::ClassId;

const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

/// Which loads keep out of each other's way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rivalry {
    /// Pairs of loads that never share a node, the lesser first; a load with itself if two of its pods never do.
    pub on_nodes: BTreeSet<(usize, usize)>,
    /// The same of zones.
    pub in_zones: BTreeSet<(usize, usize)>,
}

impl Rivalry {
    /// Of what has to be placed.
    pub fn new(showroom: &Showroom) -> Self {
        let cluster = &showroom.cluster;
        let mut loads_of: BTreeMap<ClassId, Vec<usize>> = BTreeMap::new();
        for (index, load) in showroom.loads.iter().enumerate() {
            load.classes.iter().for_each(|&class| loads_of.entry(class).or_default().push(index));
        }
        let mut found = Found::default();
        for &class in loads_of.keys() {
            found.anti_affinity(cluster, class, &loads_of);
            found.host_ports(cluster, class, &loads_of);
        }
        let whole = |pairs: &BTreeSet<(ClassId, ClassId)>| whole(&showroom.loads, &loads_of, pairs);
        Rivalry { on_nodes: whole(&found.on_nodes), in_zones: whole(&found.in_zones) }
    }
}

/// Classes that keep out of each other's way, the lesser first.
#[derive(Default)]
struct Found {
    on_nodes: BTreeSet<(ClassId, ClassId)>,
    in_zones: BTreeSet<(ClassId, ClassId)>,
}

impl Found {
    fn anti_affinity(&mut self, cluster: &Cluster, class: ClassId, known: &BTreeMap<ClassId, Vec<usize>>) {
        for &term in &cluster.class(class).anti_affinity {
            let term = cluster.term(term);
            let pairs = match cluster.texts.get(cluster.topology(term.topology).key) {
                HOSTNAME => &mut self.on_nodes,
                ZONE => &mut self.in_zones,
                _ => continue,
            };
            let meant = cluster.relations.candidates(&term.selector).filter(|other| known.contains_key(other));
            pairs.extend(meant.filter(|&other| term.matches(cluster.class(other))).map(|other| ordered(class, other)));
        }
    }

    fn host_ports(&mut self, cluster: &Cluster, class: ClassId, known: &BTreeMap<ClassId, Vec<usize>>) {
        let own = &cluster.class(class).host_ports;
        if own.is_empty() {
            return;
        }
        let takes = |other: &Class| own.iter().any(|port| other.host_ports.iter().any(|taken| port.conflicts(taken)));
        self.on_nodes.extend(known.keys().filter(|&&other| takes(cluster.class(other))).map(|&other| ordered(class, other)));
    }
}

/// The pairs of loads of which every pair of pods is one of these pairs of classes.
fn whole(loads: &[Load], loads_of: &BTreeMap<ClassId, Vec<usize>>, pairs: &BTreeSet<(ClassId, ClassId)>) -> BTreeSet<(usize, usize)> {
    let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (one, other) in pairs {
        let mut met: BTreeSet<(usize, usize)> = BTreeSet::new();
        for &of_one in &loads_of[one] {
            met.extend(loads_of[other].iter().map(|&of_other| ordered(of_one, of_other)));
        }
        met.into_iter().for_each(|pair| *counts.entry(pair).or_default() += 1);
    }
    let is_whole = |&(pair, count): &((usize, usize), usize)| {
        let (one, other) = (&loads[pair.0], &loads[pair.1]);
        let all = match pair.0 == pair.1 {
            // a class with one pod is no rival of itself
            true => one.classes.len() * (one.classes.len() - 1) / 2 + usize::from(one.pods.len() > one.classes.len()) * one.classes.len(),
            false => one.classes.len() * other.classes.len(),
        };
        count >= all && all > 0
    };
    counts.into_iter().filter(is_whole).map(|(pair, _)| pair).collect()
}

fn ordered<T: Ord>(one: T, other: T) -> (T, T) {
    if one <= other { (one, other) } else { (other, one) }
}
