//! What needs what: Ingress → Service → workload ← PodDisruptionBudget, HorizontalPodAutoscaler; workload → claim → volume → where it
//! can be reached; workload → node → rack → zone → region.
//!
//! An edge points from what needs to what is needed, so what is in reach *against* the edges is what hangs on something
//! ([`Dependencies::dependents`]). Pods are counted on the edges and are no members themselves: a cluster has a hundred thousand of
//! them and a few thousand workloads.
//!
//! Promise: an object that is referred to and is not in the input is a member that says so; an object that reaches nothing is in
//! [`Dependencies::gaps`]. Members and edges come in an order that does not depend on the order of documents.
//!
//! Source: k8s.io/kubernetes/pkg/controller/endpointslice (Services), networking/v1 (Ingresses), pkg/controller/disruption
//! (budgets), pkg/controller/podautoscaler (autoscalers), pkg/scheduler/framework/plugins/{volumebinding,volumezone} (volumes), v1.36.

mod build;
mod selected;
mod storage;

use std::collections::BTreeMap;
use std::fmt;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, EdgeRef, Reversed};

use super::failure_domains::Level;
use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
pub(super) use build::Running;
pub(super) use storage::Reach;

/// An object by kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// Kind, such as `Deployment`; `Zone` and the like for failure domains.
    pub kind: String,
    /// Namespace; empty for what is in none.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Reference {
    /// An object.
    pub fn new(kind: impl Into<String>, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Reference { kind: kind.into(), namespace: namespace.into(), name: name.into() }
    }

    fn of(kind: &str, metadata: &ObjectMeta) -> Self {
        Reference::new(kind, metadata.namespace_or_default(), &metadata.name)
    }

    /// `namespace/name`, or the name of what is in no namespace.
    pub fn path(&self) -> String {
        if self.namespace.is_empty() { self.name.clone() } else { format!("{}/{}", self.namespace, self.name) }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.path())
    }
}

/// What a member is in the order of things: each needs those that come later, but for budgets and
/// autoscalers, which hold on to workloads. Of domains the widest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// An Ingress.
    Ingress,
    /// A Service.
    Service,
    /// A HorizontalPodAutoscaler.
    HorizontalPodAutoscaler,
    /// A PodDisruptionBudget.
    PodDisruptionBudget,
    /// What pods belong to, of whatever kind.
    Workload,
    /// A PersistentVolumeClaim.
    PersistentVolumeClaim,
    /// A StorageClass.
    StorageClass,
    /// A PersistentVolume.
    PersistentVolume,
    /// A node.
    Node,
    /// A failure domain above nodes.
    Domain(Level),
}

/// Something that others need, or that needs others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is.
    pub role: Role,
    /// Which one it is.
    pub reference: Reference,
    /// Whether it is only referred to, and not in the input.
    pub is_missing: bool,
    /// Workloads: pods on nodes.
    pub pods: usize,
    /// Workloads and Services: pods on nodes that are ready.
    pub ready: usize,
}

/// In which way one member needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// Ingress → Service.
    LeadsTo,
    /// Service → workload.
    SendsTo,
    /// HorizontalPodAutoscaler → workload.
    Scales,
    /// PodDisruptionBudget → workload.
    Protects,
    /// Workload → node.
    RunsOn,
    /// Workload → claim.
    Uses,
    /// Claim without a volume → StorageClass.
    WaitsFor,
    /// Claim → volume.
    BoundTo,
    /// Volume → node or domain.
    ReachedFrom,
    /// Node or domain → wider domain.
    LiesIn,
}

impl Relation {
    /// As a verb.
    pub fn words(self) -> &'static str {
        match self {
            Relation::LeadsTo => "leads to",
            Relation::SendsTo => "sends to",
            Relation::Scales => "scales",
            Relation::Protects => "protects",
            Relation::RunsOn => "runs on",
            Relation::Uses => "uses",
            Relation::WaitsFor => "waits for",
            Relation::BoundTo => "bound to",
            Relation::ReachedFrom => "reached from",
            Relation::LiesIn => "lies in",
        }
    }
}

/// An edge: one member needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dependency<'a> {
    /// What needs.
    pub from: &'a Member,
    /// What is needed.
    pub to: &'a Member,
    /// In which way.
    pub relation: Relation,
    /// How many pods it is about; 0 where it is about none.
    pub pods: usize,
}

/// Something that ought to lead somewhere, and does not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The object.
    pub of: Reference,
    /// What it lacks.
    pub lack: Lack,
}

/// What an object lacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// Its selector matches no pod and no workload.
    Pods,
    /// It refers to an object that is not in the input.
    Object(Reference),
    /// A claim that is bound to no volume.
    Volume,
    /// A volume that no node of the input can reach.
    Node,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.lack {
            Lack::Pods => write!(f, "{} selects no pod", self.of),
            Lack::Object(object) => write!(f, "{} refers to {object}, which is not in the input", self.of),
            Lack::Volume => write!(f, "{} is bound to no volume", self.of),
            Lack::Node => write!(f, "{} can be reached from no node of the input", self.of),
        }
    }
}

/// What tells members apart, and their order.
type Key = (Role, Reference);

/// What needs what in a cluster.
#[derive(Debug, Clone, Default)]
pub struct Dependencies {
    pub(super) graph: DiGraph<Member, (Relation, usize)>,
    pub(super) members: BTreeMap<Key, NodeIndex>,
    gaps: Vec<Gap>,
    /// Pods that are on a node or use a claim; the rest hangs on nothing that could be lost.
    pub(super) pods: Vec<Running>,
    /// Pods on each node, by the node's place in the graph.
    pub(super) pods_on: BTreeMap<NodeIndex, Vec<usize>>,
    /// Pods that use a volume through a claim.
    pub(super) pods_with: BTreeMap<NodeIndex, Vec<usize>>,
    /// From where volumes can be reached that not every node reaches.
    pub(super) reaches: Vec<Reach>,
    /// Those of [`Self::reaches`] that each node is part of.
    pub(super) reaches_of: BTreeMap<NodeIndex, Vec<usize>>,
    /// Pods that a budget counts as healthy now, and those it wants.
    pub(super) budgets: BTreeMap<NodeIndex, (i32, i32)>,
}

/// The node that each pod of an input says it is on.
pub fn bound(objects: &Objects) -> Vec<Option<&str>> {
    let node = |pod: &crate::manifest::pod::Pod| !pod.spec.node_name.is_empty();
    objects.pods.iter().map(|pod| node(pod).then_some(pod.spec.node_name.as_str())).collect()
}

impl Dependencies {
    /// Of these objects; `places` says of each pod, in the order of the input, on which node it is: [`bound`], or what a scheduler made
    /// of it. A pod on a node counts as ready unless it says it is not; one that has ended, or is being deleted, does not count.
    pub fn new(objects: &Objects, places: &[Option<&str>]) -> Self {
        assert_eq!(places.len(), objects.pods.len(), "every pod of the input has a place or none");
        build::build(objects, places)
    }

    /// Everything that needs or is needed, by role, kind, namespace and name.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values().map(|&index| &self.graph[index])
    }

    /// The member that is this object.
    pub fn member(&self, role: Role, reference: &Reference) -> Option<&Member> {
        self.members.get(&(role, reference.clone())).map(|&index| &self.graph[index])
    }

    /// The edges, in the order of the members that they start from.
    pub fn dependencies(&self) -> impl Iterator<Item = Dependency<'_>> {
        self.members.values().flat_map(|&index| self.edges(index, Direction::Outgoing))
    }

    /// What ought to lead somewhere and does not, by object; claims that merely wait for a volume come last.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// What a member needs directly.
    pub fn needs(&self, member: &Member) -> Vec<Dependency<'_>> {
        self.index(member).map(|index| self.edges(index, Direction::Outgoing)).unwrap_or_default()
    }

    /// What needs a member directly.
    pub fn needed_by(&self, member: &Member) -> Vec<Dependency<'_>> {
        self.index(member).map(|index| self.edges(index, Direction::Incoming)).unwrap_or_default()
    }

    /// Everything that hangs on a member, directly or not, in the order of members. It may have other things to hang on.
    pub fn dependents(&self, member: &Member) -> Vec<&Member> {
        let Some(start) = self.index(member) else { return Vec::new() };
        let against = Reversed(&self.graph);
        let mut search = Dfs::new(against, start);
        let mut found = Vec::new();
        while let Some(next) = search.next(against) {
            found.extend((next != start).then(|| &self.graph[next]));
        }
        found.sort_unstable_by_key(|member| (member.role, &member.reference));
        found
    }

    fn index(&self, member: &Member) -> Option<NodeIndex> {
        self.members.get(&(member.role, member.reference.clone())).copied()
    }

    fn edges(&self, index: NodeIndex, direction: Direction) -> Vec<Dependency<'_>> {
        let edges = self.graph.edges_directed(index, direction);
        let mut edges: Vec<Dependency<'_>> = edges
            .map(|edge| {
                let &(relation, pods) = edge.weight();
                Dependency { from: &self.graph[edge.source()], to: &self.graph[edge.target()], relation, pods }
            })
            .collect();
        edges.sort_unstable_by(|one, two| far_end(one, direction).cmp(&far_end(two, direction)));
        edges
    }
}

/// What edges of one member are sorted by.
fn far_end<'a>(edge: &Dependency<'a>, direction: Direction) -> (Role, &'a Reference, Relation) {
    let end = if direction == Direction::Outgoing { edge.to } else { edge.from };
    (end.role, &end.reference, edge.relation)
}
