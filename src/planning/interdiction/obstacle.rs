//! Why displaced pods have no places, whatever the order: proofs that can be added up again.
//!
//! The room of a set of nodes bounds what can go nowhere else: for every union of the sets to which pods can go (all unions if the sets are
//! few; each by itself and all together otherwise), what asks for a resource only there must not be more than what is free there. For one
//! resource this is Hall's condition, so that no maximal flow would say more.

use std::collections::BTreeMap;

use super::repack::Item;
use crate::cluster::Cluster;
use crate::cluster::index::{ClassId, NodeId, NodeSet, PodId, ResourceId};
use crate::cluster::occupancy::Occupancy;
use crate::cluster::resources::{PODS, amount_of};

/// All unions of no more sets than this are looked at.
const SETS: usize = 10;

/// Why displaced pods have no places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// No survivor takes this pod, even if it comes first.
    Nowhere {
        /// The pod.
        pod: PodId,
    },
    /// Pods that can only go to some nodes ask for more than is free there.
    Room {
        /// Of which resource.
        resource: ResourceId,
        /// The pods.
        pods: Vec<PodId>,
        /// Where they can go.
        nodes: Vec<NodeId>,
        /// What they ask for.
        asked: i64,
        /// What is free there.
        free: i64,
    },
    /// Pods no two of which can share a node are more than the nodes they can go to.
    Crowd {
        /// The pods.
        pods: Vec<PodId>,
        /// Where they can go.
        nodes: Vec<NodeId>,
    },
    /// Every way to put these pods on nodes was tried.
    Exhausted {
        /// The pods.
        pods: Vec<PodId>,
        /// Bindings that were tried.
        tried: u64,
    },
}

/// An obstacle, if one can be seen without trying.
pub(super) fn find(cluster: &Cluster, occupancy: &Occupancy, items: &[Item]) -> Option<Obstacle> {
    if let Some(item) = items.iter().find(|item| item.nodes.is_empty()) {
        return Some(Obstacle::Nowhere { pod: item.pod });
    }
    let mut sets: Vec<&NodeSet> = Vec::new();
    items.iter().for_each(|item| {
        if !sets.contains(&&item.nodes) {
            sets.push(&item.nodes);
        }
    });
    unions(&sets).into_iter().find_map(|nodes| too_little(cluster, occupancy, items, &nodes)).or_else(|| crowd(cluster, items))
}

fn unions(sets: &[&NodeSet]) -> Vec<NodeSet> {
    let unite = |members: &mut dyn Iterator<Item = &NodeSet>| {
        let mut union = NodeSet::none(sets.first().map_or(0, |set| set.capacity()));
        members.for_each(|set| union.unite(set));
        union
    };
    if sets.len() <= SETS {
        let chosen = |choice: usize| unite(&mut sets.iter().enumerate().filter(|(at, _)| choice >> at & 1 == 1).map(|(_, set)| *set));
        return (1..1usize << sets.len()).map(chosen).collect();
    }
    let mut unions: Vec<NodeSet> = sets.iter().map(|set| (*set).clone()).collect();
    unions.push(unite(&mut sets.iter().copied()));
    unions
}

/// What a pod takes at least of a resource: what it is let in with, or what is set aside for it, whichever is less.
pub(super) fn least(cluster: &Cluster, class: ClassId, resource: ResourceId) -> i64 {
    let class = cluster.class(class);
    if resource == PODS { 1 } else { amount_of(&class.requests.amounts, resource).min(amount_of(&class.incoming.amounts, resource)) }
}

fn too_little(cluster: &Cluster, occupancy: &Occupancy, items: &[Item], nodes: &NodeSet) -> Option<Obstacle> {
    let is_inside = |item: &&Item| item.nodes.common(nodes) == item.nodes.len();
    let inside: Vec<&Item> = items.iter().filter(is_inside).collect();
    cluster.resources.ids().find_map(|resource| {
        let asked: i64 = inside.iter().map(|item| least(cluster, item.class, resource)).sum();
        let free: i64 = nodes.iter().map(|node| (cluster.allocatable(resource, node) - occupancy.requested(resource, node)).max(0)).sum();
        let pods = || inside.iter().filter(|item| least(cluster, item.class, resource) > 0).map(|item| item.pod).collect();
        (asked > free).then(|| Obstacle::Room { resource, pods: pods(), nodes: nodes.iter().collect(), asked, free })
    })
}

/// Pods of one class that must not share a node, and are more than its nodes.
fn crowd(cluster: &Cluster, items: &[Item]) -> Option<Obstacle> {
    let mut by_class: BTreeMap<ClassId, Vec<&Item>> = BTreeMap::new();
    items.iter().for_each(|item| by_class.entry(item.class).or_default().push(item));
    by_class.into_values().find_map(|siblings| {
        let Item { class, nodes, .. } = siblings[0];
        let is_apart = nodes.iter().all(|node| conflict(cluster, *class, *class, node));
        let pods = || siblings.iter().map(|item| item.pod).collect();
        (is_apart && siblings.len() > nodes.len()).then(|| Obstacle::Crowd { pods: pods(), nodes: nodes.iter().collect() })
    })
}

/// Whether pods of two classes cannot share a node, whoever comes first.
pub(super) fn conflict(cluster: &Cluster, one: ClassId, other: ClassId, node: NodeId) -> bool {
    let (one, other) = (cluster.class(one), cluster.class(other));
    let keeps_away = |holder: &crate::cluster::class::Class, comer: &crate::cluster::class::Class| {
        let mut terms = holder.anti_affinity.iter().map(|&term| cluster.term(term));
        terms.any(|term| cluster.topology(term.topology).domain(node).is_some() && term.matches(comer))
    };
    let shares_ports = one.host_ports.iter().any(|port| other.host_ports.iter().any(|taken| port.conflicts(taken)));
    shares_ports || keeps_away(one, other) || keeps_away(other, one)
}
