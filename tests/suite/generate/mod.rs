//! Clusters made up at random, for properties and for comparing fast paths with plain ones.
//!
//! Promise: the same [`Plan`] gives the same objects, byte for byte; every node, pod and trait of a pod is drawn from a stream
//! of its own, so that a smaller plan is a smaller cluster of the same kind (which is what makes shrinking useful). Clusters
//! are often nearly full: bound pods fill nodes without overfilling them, and many pending pods ask for exactly what some
//! node has left, or for a little more. Bound pods may break rules among themselves, as they do in real dumps.
//!
//! To add a trait: a variant of [`Trait`], a row in [`Trait::ALL`], and the code that asks `plan.has(..)` for it.

mod draw;
mod nodes;
mod placement;
mod pods;
mod storage;
mod workloads;

use plimsoll::manifest::Objects;
use plimsoll::manifest::meta::ObjectMeta;
use proptest::prelude::*;

/// What a cluster may have besides plain pods and nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trait {
    InitContainers,
    PodLevelResources,
    Overhead,
    Resize,
    Extended,
    HugePages,
    Ephemeral,
    Taints,
    Cordons,
    LabelGaps,
    NodeSelectors,
    NodeAffinity,
    PreferredNodes,
    HostPorts,
    PodAffinity,
    PodAntiAffinity,
    PreferredPods,
    HardSpread,
    SoftSpread,
    Claims,
    Disks,
    VolumeLimits,
    Priorities,
    Gates,
    Images,
    Workloads,
    Terminating,
    Terminal,
    AbsentNodes,
    ZeroRequests,
}

impl Trait {
    /// All of them.
    pub const ALL: [Trait; 30] = [
        Trait::InitContainers,
        Trait::PodLevelResources,
        Trait::Overhead,
        Trait::Resize,
        Trait::Extended,
        Trait::HugePages,
        Trait::Ephemeral,
        Trait::Taints,
        Trait::Cordons,
        Trait::LabelGaps,
        Trait::NodeSelectors,
        Trait::NodeAffinity,
        Trait::PreferredNodes,
        Trait::HostPorts,
        Trait::PodAffinity,
        Trait::PodAntiAffinity,
        Trait::PreferredPods,
        Trait::HardSpread,
        Trait::SoftSpread,
        Trait::Claims,
        Trait::Disks,
        Trait::VolumeLimits,
        Trait::Priorities,
        Trait::Gates,
        Trait::Images,
        Trait::Workloads,
        Trait::Terminating,
        Trait::Terminal,
        Trait::AbsentNodes,
        Trait::ZeroRequests,
    ];
}

/// From what a cluster is made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Decides everything the other fields leave open.
    pub seed: u64,
    /// How many nodes.
    pub nodes: usize,
    /// How many pods that have a node.
    pub bound: usize,
    /// How many pods that wait for one.
    pub pending: usize,
    /// What the cluster may have.
    pub traits: Vec<Trait>,
}

impl Plan {
    fn has(&self, wanted: Trait) -> bool {
        self.traits.contains(&wanted)
    }
}

/// A plan of at most 12 nodes and 40 pods, with some of the traits.
pub fn plan() -> impl Strategy<Value = Plan> {
    let traits = proptest::sample::subsequence(Trait::ALL.to_vec(), 0..=Trait::ALL.len());
    (any::<u64>().no_shrink(), 1..=12usize, 0..=24usize, 0..=16usize, traits).prop_map(|(seed, nodes, bound, pending, traits)| Plan {
        seed,
        nodes,
        bound,
        pending,
        traits,
    })
}

/// A small cluster.
pub fn cluster() -> impl Strategy<Value = Objects> {
    plan().prop_map(|plan| build(&plan))
}

/// A small cluster with every trait, for a seed.
pub fn cluster_from_seed(seed: u64) -> Objects {
    let mut draw = draw::Draw::of(seed, "size", 0);
    let (nodes, bound, pending) = (1 + draw.below(12), draw.below(25), draw.below(17));
    build(&Plan { seed, nodes, bound, pending, traits: Trait::ALL.to_vec() })
}

/// The cluster of a plan.
pub fn build(plan: &Plan) -> Objects {
    let mut objects = Objects { namespaces: workloads::namespaces(), nodes: nodes::nodes(plan), ..Objects::default() };
    storage::classes(plan, &mut objects);
    let mut bound: Vec<_> = (0..plan.bound).map(|index| pods::pod(plan, "run", index)).collect();
    for (index, pod) in bound.iter_mut().enumerate() {
        storage::volumes(plan, index, pod, &mut objects);
    }
    placement::place(plan, bound, &mut objects);
    let mut pending: Vec<_> = (0..plan.pending).map(|index| pods::pod(plan, "new", index)).collect();
    for (index, pod) in pending.iter_mut().enumerate() {
        storage::volumes(plan, index, pod, &mut objects);
    }
    placement::tighten(plan, &mut pending, &objects);
    objects.pods.extend(pending);
    workloads::workloads(plan, &mut objects);
    objects
}

/// Metadata as an API server would give it: an identity, and a time of creation that follows `order`.
fn metadata(kind: &str, namespace: &str, name: &str, order: usize) -> ObjectMeta {
    ObjectMeta {
        name: name.to_owned(),
        namespace: namespace.to_owned(),
        uid: format!("{kind}-{namespace}-{name}"),
        creation_timestamp: Some(format!(
            "2026-01-{:02}T{:02}:{:02}:{:02}Z",
            1 + order / 86400,
            order / 3600 % 24,
            order / 60 % 60,
            order % 60
        )),
        ..ObjectMeta::default()
    }
}
