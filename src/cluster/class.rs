//! Pod classes: what the scheduler knows of a pod, compiled once for all pods it cannot tell apart.

use smallvec::SmallVec;

use super::index::{TermId, TextId, TopologyId};
use super::labels::{LabelSet, Requirement, Selector};
use super::nodes::{Taint, TaintEffect};
use super::resources::{Amounts, Requests};
use super::storage::PodVolumes;

/// Pods that the scheduler cannot tell apart.
#[derive(Debug, Clone)]
pub struct Class {
    /// Their namespace.
    pub namespace: TextId,
    /// Their labels.
    pub labels: LabelSet,
    /// What a node sets aside for one.
    pub requests: Requests,
    /// What the filters ask for, for one that has no node yet.
    pub incoming: Requests,
    /// What NodeResourcesFit's scorer counts for one that has no node yet.
    pub scored: Amounts,
    /// Priority.
    pub priority: i32,
    /// Whether it may evict pods of lower priority.
    pub preempts: bool,
    /// Taints it tolerates.
    pub tolerations: Vec<Toleration>,
    /// Node labels it must have.
    pub node_selector: Vec<Requirement>,
    /// Required node affinity: one term must match.
    pub required_nodes: Option<Vec<NodeTerm>>,
    /// Preferred node affinity.
    pub preferred_nodes: Vec<(i64, NodeTerm)>,
    /// Ports it takes on its node.
    pub host_ports: Vec<HostPort>,
    /// Pods it must be near, all terms.
    pub affinity: Vec<TermId>,
    /// Pods it must not be near.
    pub anti_affinity: Vec<TermId>,
    /// Pods it wants to be near (positive) or away from (negative).
    pub preferred_pods: Vec<(TermId, i64)>,
    /// Spread constraints it states.
    pub spread: Vec<SpreadConstraint>,
    /// What default spread constraints select: pods of its services and controller.
    pub default_spread: Selector,
    /// Names of the images of all containers, normalised.
    pub images: Vec<TextId>,
    /// Volumes.
    pub volumes: PodVolumes,
    /// The scheduler it asks for.
    pub scheduler: TextId,
    /// Whether a scheduling gate holds it back.
    pub gated: bool,
    /// Dynamic resource claims; not modelled.
    pub resource_claims: usize,
    /// Whether it is being deleted.
    pub terminating: bool,
}

/// A compiled toleration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Toleration {
    /// Key; none tolerates every key.
    pub key: Option<TextId>,
    /// Effect; none tolerates every effect.
    pub effect: Option<TaintEffect>,
    /// Value it must equal; none is `Exists`.
    pub value: Option<TextId>,
}

impl Toleration {
    /// Whether it tolerates a taint.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        self.effect.is_none_or(|effect| effect == taint.effect)
            && self.key.is_none_or(|key| key == taint.key)
            && self.value.is_none_or(|value| value == taint.value)
    }
}

/// A term of node affinity: all of it must hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct NodeTerm {
    /// On labels.
    pub labels: Vec<Requirement>,
    /// On the node's name: the name, and whether it must (true) or must not (false) be this.
    pub names: Vec<(TextId, bool)>,
    /// Names that an `In` on `metadata.name` lists, for the PreFilter; none if there is no such requirement.
    pub listed_names: Option<Vec<TextId>>,
    /// Whether it can match: an empty term, and one that upstream cannot parse, match nothing.
    pub valid: bool,
}

/// A port on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// Address; none is every address of the node.
    pub address: Option<TextId>,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: TextId,
    /// Number.
    pub port: i32,
}

impl HostPort {
    /// Whether both cannot be on one node.
    pub fn conflicts(&self, other: &HostPort) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.address.is_none() || other.address.is_none() || self.address == other.address)
    }
}

/// Which namespaces a term looks into.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Namespaces {
    /// All of them.
    All,
    /// These, sorted.
    These(SmallVec<[TextId; 2]>),
}

/// Pods by selector and namespace, near by a topology.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PodTerm {
    /// In which namespaces.
    pub namespaces: Namespaces,
    /// Which pods.
    pub selector: Selector,
    /// What makes nodes near.
    pub topology: TopologyId,
}

impl PodTerm {
    /// Whether pods of a class are meant.
    pub fn matches(&self, class: &Class) -> bool {
        let in_namespace = match &self.namespaces {
            Namespaces::All => true,
            Namespaces::These(namespaces) => namespaces.contains(&class.namespace),
        };
        in_namespace && self.selector.matches(&class.labels)
    }
}

/// A compiled spread constraint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SpreadConstraint {
    /// How uneven it may be.
    pub max_skew: i64,
    /// Domains.
    pub topology: TopologyId,
    /// Whether it must hold (`DoNotSchedule`).
    pub hard: bool,
    /// Which pods count.
    pub selector: Selector,
    /// How many domains there must be before skew is measured against more than zero.
    pub min_domains: usize,
    /// Whether only nodes that the pod's node affinity allows count (`Honor`).
    pub honor_affinity: bool,
    /// Whether only nodes whose taints it tolerates count (`Honor`).
    pub honor_taints: bool,
}
