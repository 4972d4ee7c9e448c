//! Resource utilization: every node stays below a share of its cpu and of its memory.
//!
//! By what pods on it request, as the scheduler counts; and by what they use as well, if that was measured. It holds when no node reaches
//! the bound in either: exactly at the bound fails. Shares are of what is allocatable, as `kubectl top nodes` has them. Remarks: pods
//! without requests, which count as nothing, pods that wait for a node, and pods on nodes that were not measured.

use rustc_hash::FxHashMap;

use super::{Setting, Share};
use crate::cluster::index::{NodeId, PodId};
use crate::cluster::resources::{CPU, MEMORY};
use crate::manifest::{Objects, Quantity};
use crate::simulation::loss::Baseline;
use crate::usage::{PodUsage, Usage};

/// How full nodes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceUtilization {
    /// Every node stays below this share; none if nodes may be full.
    pub below: Option<Share>,
    /// By what pods request.
    pub requested: Utilization,
    /// By what they use; none if nothing was measured, or nothing of the pods that are there.
    pub used: Option<Utilization>,
    /// Remark: pods on nodes that request neither cpu nor memory.
    pub without_requests: usize,
    /// Remark: pods that find no node, and count nowhere.
    pub waiting: usize,
    /// Remark: pods on nodes of which no use is known; 0 if nothing was measured.
    pub unmeasured: usize,
}

/// How full nodes are by one measure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Utilization {
    /// Every node, in list order.
    pub nodes: Vec<NodeUtilization>,
    /// Those that reach the bound, the fullest first.
    pub over: Vec<NodeUtilization>,
}

/// How full a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeUtilization {
    /// The node.
    pub node: String,
    /// In thousandths of a core.
    pub cpu: Part,
    /// In bytes.
    pub memory: Part,
}

/// A part of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// What is requested or used.
    pub part: i64,
    /// What is allocatable.
    pub whole: i64,
}

impl Part {
    /// Whether it is at least such a share; something of nothing is, nothing of nothing is not.
    pub fn reaches(self, share: Share) -> bool {
        self.part > 0 && !share.holds(self.part, self.whole)
    }

    /// As a fraction, for showing and comparing.
    pub fn approximate(self) -> f64 {
        match (self.part, self.whole) {
            (0, _) => 0.0,
            (_, 0) => f64::INFINITY,
            (part, whole) => part as f64 / whole as f64,
        }
    }
}

impl NodeUtilization {
    /// The larger of its two shares.
    pub fn fullest(&self) -> f64 {
        self.cpu.approximate().max(self.memory.approximate())
    }
}

impl Utilization {
    /// The node that is fullest by a share, of equals the first.
    pub fn fullest(&self, share: impl Fn(&NodeUtilization) -> Part) -> Option<&NodeUtilization> {
        // of equals max_by takes the last
        self.nodes.iter().rev().max_by(|one, other| share(one).approximate().total_cmp(&share(other).approximate()))
    }

    fn new(nodes: Vec<NodeUtilization>, below: Option<Share>) -> Self {
        let reaches = |node: &&NodeUtilization| below.is_some_and(|below| node.cpu.reaches(below) || node.memory.reaches(below));
        let mut over: Vec<NodeUtilization> = nodes.iter().filter(reaches).cloned().collect();
        over.sort_by(|one, other| other.fullest().total_cmp(&one.fullest()));
        Utilization { nodes, over }
    }
}

impl ResourceUtilization {
    /// Whether there are nodes, and every one of them stays below the bound.
    pub fn holds(&self) -> bool {
        !self.requested.nodes.is_empty() && self.requested.over.is_empty() && self.used.as_ref().is_none_or(|used| used.over.is_empty())
    }
}

pub(super) fn measure(objects: &Objects, baseline: &Baseline, setting: &Setting<'_>) -> ResourceUtilization {
    let below = setting.thresholds.utilization;
    let (cluster, occupancy) = (baseline.cluster(), baseline.occupancy());
    let requested = |node| (occupancy.requested(CPU, node), occupancy.requested(MEMORY, node));
    let asks_nothing = |pod: &PodId| {
        let requests = &cluster.class_of(*pod).requests;
        requests.get(CPU) == 0 && requests.get(MEMORY) == 0
    };
    let used = setting.usage.and_then(|usage| used(objects, baseline, usage));
    let amounts = |used: &Used| {
        let of = |node| used.by_node.get(&node).map_or((0, 0), |(cpu, memory)| (cpu.milli(), memory.units()));
        utilization(baseline, of)
    };
    ResourceUtilization {
        below,
        requested: Utilization::new(utilization(baseline, requested), below),
        used: used.as_ref().map(|used| Utilization::new(amounts(used), below)),
        without_requests: baseline.running().filter(asks_nothing).count(),
        waiting: baseline.waiting().len(),
        unmeasured: used.map_or(0, |used| used.unmeasured),
    }
}

/// Every node with these amounts of cpu and memory.
fn utilization(baseline: &Baseline, amounts: impl Fn(NodeId) -> (i64, i64)) -> Vec<NodeUtilization> {
    let cluster = baseline.cluster();
    let node = |node: NodeId| {
        let (cpu, memory) = amounts(node);
        NodeUtilization {
            node: cluster.node_name(node).to_owned(),
            cpu: Part { part: cpu, whole: cluster.allocatable(CPU, node) },
            memory: Part { part: memory, whole: cluster.allocatable(MEMORY, node) },
        }
    };
    cluster.nodes.ids().map(node).collect()
}

/// What was measured of the pods on nodes.
struct Used {
    /// cpu and memory.
    by_node: FxHashMap<NodeId, (Quantity, Quantity)>,
    unmeasured: usize,
}

/// What pods on each node use; none if no pod on a node was measured.
fn used(objects: &Objects, baseline: &Baseline, usage: &Usage) -> Option<Used> {
    let named: FxHashMap<(&str, &str), &PodUsage> =
        usage.pods.iter().map(|measured| ((measured.namespace.as_str(), measured.name.as_str()), measured)).collect();
    let mut used = Used { by_node: FxHashMap::default(), unmeasured: 0 };
    for pod in baseline.running() {
        let metadata = &objects.pods[pod.index()].metadata;
        // what was measured without a namespace may be in any
        let of = |namespace| named.get(&(namespace, metadata.name.as_str()));
        let node = baseline.occupancy().node_of(pod);
        match (of(metadata.namespace_or_default()).or_else(|| of("")), node) {
            (Some(measured), Some(node)) => {
                let sum = used.by_node.entry(node).or_default();
                sum.0 = sum.0.saturating_add(measured.total("cpu", "").unwrap_or_default());
                sum.1 = sum.1.saturating_add(measured.total("memory", "").unwrap_or_default());
            }
            _ => used.unmeasured += 1,
        }
    }
    (!used.by_node.is_empty()).then_some(used)
}
