//! Layer 3: the same as numbers.
//!
//! [`Cluster`] is everything that does not change while pods are placed: names interned, labels and selectors compiled,
//! resources in columns, pods grouped into classes. [`occupancy::Occupancy`] is the only thing that changes: who is where.
//!
//! Past this door there is no string on a hot path, and nothing here depends on hash order.

pub mod class;
pub mod compile;
pub mod index;
pub mod labels;
pub mod nodes;
pub mod normalise;
pub mod occupancy;
pub mod outage;
pub mod relations;
pub mod resources;
pub mod storage;
pub mod topology;

use std::fmt;

use rustc_hash::FxHashMap;

use class::{Class, NodeTerm, PodTerm, SpreadConstraint, Toleration};
use index::{ClassId, Interner, NodeId, NodeSet, PodId, ResourceId, TermId, TextId, Texts, TopologyId};
use labels::{LabelSet, Selector};
use nodes::{Nodes, Taint};
use relations::Relations;
use resources::ResourceNames;
use storage::Storage;
use topology::Topology;

/// A pod, apart from its class.
#[derive(Debug, Clone)]
pub struct PodRow {
    /// Its class.
    pub class: ClassId,
    /// Its namespace.
    pub namespace: TextId,
    /// Its name.
    pub name: TextId,
    /// Its position in `Objects::pods`.
    pub object: usize,
    /// Where it was when the input was taken.
    pub standing: Standing,
    /// When it started: RFC 3339; none if it has not.
    pub started: Option<TextId>,
    /// When it was created; none if the API server has not seen it.
    pub created: Option<TextId>,
    /// The node a preemption keeps free for it.
    pub nominated: Option<NodeId>,
    /// Whether it is leaving because this scheduler preempted it.
    pub preempted: bool,
    /// Whether a controller owns it, and would replace it.
    pub controlled: bool,
    /// The StatefulSet that makes its pods one after another, if it is one of those.
    pub sequence: Option<TextId>,
}

/// Where a pod was when the input was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// On a node.
    Bound(NodeId),
    /// On a node that is not in the input: it holds nothing anywhere.
    Orphaned,
    /// It has ended: it holds nothing.
    Ended,
    /// It waits for a node.
    Pending,
    /// It waits for a node and is being deleted: the scheduler passes it over.
    PendingDeletion,
    /// It is not in the cluster: it is placed only when asked for (what-ifs).
    Aside,
}

/// A disruption budget, as preemption sees it.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Namespace.
    pub namespace: TextId,
    /// Name.
    pub name: TextId,
    /// Which pods.
    pub selector: Selector,
    /// How many may go now.
    pub allowed: i64,
    /// Pods whose eviction is already under way.
    pub disrupted: Vec<TextId>,
}

/// A cluster as numbers; nothing in it changes while pods are placed.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Every text.
    pub texts: Texts,
    /// Names of the resource columns.
    pub resources: ResourceNames,
    /// Nodes.
    pub nodes: Nodes,
    /// Pods.
    pub pods: Vec<PodRow>,
    /// Pod classes.
    pub classes: Vec<Class>,
    /// Topologies by key.
    pub topologies: Vec<Topology>,
    /// Affinity terms.
    pub terms: Interner<PodTerm>,
    /// Who is meant by whose terms and constraints.
    pub relations: Relations,
    /// Storage.
    pub storage: Storage,
    /// Disruption budgets.
    pub budgets: Vec<Budget>,
    /// System default spread constraints (hostname, zone), without selectors.
    pub system_spread: Vec<SpreadConstraint>,
    /// Labels of every namespace.
    pub namespaces: Vec<(TextId, LabelSet)>,
    /// The taints of a node whose kubelet is silent.
    pub unreachable: [Taint; 2],
    pod_by_name: FxHashMap<(TextId, TextId), PodId>,
}

/// A pod's name as people write it: `namespace/name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodName<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
}

impl fmt::Display for PodName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl Cluster {
    /// A pod's row.
    pub fn pod(&self, id: PodId) -> &PodRow {
        &self.pods[id.index()]
    }

    /// All pods, in the order in which they were read.
    pub fn pod_ids(&self) -> impl ExactSizeIterator<Item = PodId> + use<> {
        (0..self.pods.len()).map(PodId::new)
    }

    /// A class.
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.index()]
    }

    /// A pod's class.
    pub fn class_of(&self, pod: PodId) -> &Class {
        self.class(self.pod(pod).class)
    }

    /// A topology.
    pub fn topology(&self, id: TopologyId) -> &Topology {
        &self.topologies[id.index()]
    }

    /// An affinity term.
    pub fn term(&self, id: TermId) -> &PodTerm {
        self.terms.get(id.index())
    }

    /// A node's name.
    pub fn node_name(&self, id: NodeId) -> &str {
        self.texts.get(self.nodes.names[id.index()])
    }

    /// The node of this name.
    pub fn find_node(&self, name: &str) -> Option<NodeId> {
        self.nodes.find(self.texts.find(name)?)
    }

    /// A pod's name.
    pub fn pod_name(&self, id: PodId) -> PodName<'_> {
        let row = self.pod(id);
        PodName { namespace: self.texts.get(row.namespace), name: self.texts.get(row.name) }
    }

    /// The pod of this name.
    pub fn find_pod(&self, namespace: &str, name: &str) -> Option<PodId> {
        self.pod_by_name.get(&(self.texts.find(namespace)?, self.texts.find(name)?)).copied()
    }

    /// What can be asked of a node: cpu in thousandths of a core, everything else in units.
    pub fn allocatable(&self, resource: ResourceId, node: NodeId) -> i64 {
        self.nodes.allocatable[resource.index()][node.index()]
    }

    /// Takes a pod out of the queue: it is placed only when asked for.
    pub fn set_aside(&mut self, pod: PodId) {
        self.pods[pod.index()].standing = Standing::Aside;
    }

    /// Adds `count` pods like `like` that are placed only when asked for, and returns them. They share its name.
    pub fn push_copies(&mut self, like: PodId, count: usize) -> Vec<PodId> {
        let copy =
            PodRow { standing: Standing::Aside, preempted: false, started: None, created: None, nominated: None, ..self.pod(like).clone() };
        let first = self.pods.len();
        self.pods.extend(std::iter::repeat_n(copy, count));
        (first..self.pods.len()).map(PodId::new).collect()
    }

    /// Adds, behind all pods and in their order, one pod like each that is placed only when asked for: what its controller would make
    /// in its place.
    pub fn push_replacements(&mut self) {
        let replace = |row: &PodRow| PodRow {
            standing: Standing::Aside,
            preempted: false,
            started: None,
            created: None,
            nominated: None,
            ..row.clone()
        };
        let replacements: Vec<PodRow> = self.pods.iter().map(replace).collect();
        self.pods.extend(replacements);
    }

    /// How many pods all nodes together can take.
    pub fn pod_slots(&self) -> usize {
        self.nodes.allocatable[resources::PODS.index()].iter().map(|&slots| slots.max(0) as usize).sum()
    }

    /// The nodes that satisfy one of `terms`.
    pub fn nodes_matching_any(&self, terms: &[NodeTerm]) -> NodeSet {
        let mut set = NodeSet::none(self.nodes.len());
        terms.iter().for_each(|term| set.unite(&self.nodes_matching(term)));
        set
    }

    /// The nodes that satisfy a term.
    pub fn nodes_matching(&self, term: &NodeTerm) -> NodeSet {
        if !term.valid {
            return NodeSet::none(self.nodes.len());
        }
        let mut set = self.nodes.matching(&self.texts, &term.labels);
        for &(name, wanted) in &term.names {
            match (self.nodes.find(name), wanted) {
                (Some(node), true) => {
                    let keep = set.contains(node);
                    set.clear();
                    set.set(node, keep);
                }
                (Some(node), false) => set.remove(node),
                (None, true) => set.clear(),
                (None, false) => {}
            }
        }
        set
    }

    /// The nodes that a class's node selector and required node affinity allow.
    pub fn nodes_wanted(&self, class: &Class) -> NodeSet {
        let mut set = self.nodes.matching(&self.texts, &class.node_selector);
        if let Some(terms) = &class.required_nodes {
            set.intersect(&self.nodes_matching_any(terms));
        }
        set
    }

    /// The nodes with a taint that keeps away pods with these tolerations.
    pub fn nodes_repelling(&self, tolerations: &[Toleration]) -> NodeSet {
        let mut set = NodeSet::none(self.nodes.len());
        for (taints, nodes) in &self.nodes.tainted {
            if first_untolerated(taints, tolerations).is_some() {
                set.unite(nodes);
            }
        }
        set
    }
}

/// The first taint that keeps away pods with these tolerations.
pub fn first_untolerated<'a>(taints: &'a [Taint], tolerations: &[Toleration]) -> Option<&'a Taint> {
    taints.iter().find(|taint| taint.effect.keeps_away() && !tolerations.iter().any(|toleration| toleration.tolerates(taint)))
}
