//! How full a node is, from the run that fills it least to the one that fills it most.

use super::Run;
use crate::cluster::Cluster;
use crate::cluster::index::{NodeId, ResourceId};
use crate::cluster::resources::{CPU, MEMORY, PODS};

/// The resources that are compared.
pub const RESOURCES: [ResourceId; 3] = [CPU, MEMORY, PODS];

/// What is requested of a node, by [`RESOURCES`].
pub(super) type Use = [i64; RESOURCES.len()];

/// How full a node is, by [`RESOURCES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeRange {
    /// The node.
    pub node: NodeId,
    /// What is requested there.
    pub requested: [Range; RESOURCES.len()],
}

/// A range of amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The least of any run.
    pub least: i64,
    /// Half of the runs have no more; of an even number of runs, the lower of the two in the middle.
    pub median: i64,
    /// The most of any run.
    pub most: i64,
}

impl Range {
    /// Of some amounts; none without any.
    pub fn of(mut amounts: Vec<i64>) -> Option<Self> {
        amounts.sort_unstable();
        Some(Range { least: *amounts.first()?, median: amounts[(amounts.len() - 1) / 2], most: *amounts.last()? })
    }

    /// Whether it is the same in all runs.
    pub fn is_point(self) -> bool {
        self.least == self.most
    }
}

impl NodeRange {
    /// Of every node, in list order; none without runs.
    pub fn all(cluster: &Cluster, runs: &[Run]) -> Vec<NodeRange> {
        let range = |node: NodeId, resource: usize| Range::of(runs.iter().map(|run| run.uses[node.index()][resource]).collect());
        let of_node = |node: NodeId| Some(NodeRange { node, requested: [range(node, 0)?, range(node, 1)?, range(node, 2)?] });
        cluster.nodes.ids().filter_map(of_node).collect()
    }

    /// Whether the node is equally full in all runs.
    pub fn is_point(&self) -> bool {
        self.requested.iter().all(|range| range.is_point())
    }
}
