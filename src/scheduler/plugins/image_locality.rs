//! ImageLocality: nodes that hold the pod's images score higher, the more so the larger and the more widespread they are.
//!
//! Source: pkg/scheduler/framework/plugins/imagelocality/image_locality.go, v1.36.

use crate::cluster::index::{NodeId, NodeSet};
use crate::scheduler::framework::{Cycle, MAX_NODE_SCORE, Plugin};

const MIB: i64 = 1024 * 1024;
const SMALLEST: i64 = 23 * MIB;
const LARGEST_PER_CONTAINER: i64 = 1000 * MIB;

/// Scores of the nodes that hold at least one of the pod's images; every other node has 0.
pub fn raw(cycle: &Cycle<'_>) -> Vec<(NodeId, i64)> {
    let nodes = &cycle.cluster.nodes;
    let held: Vec<_> = cycle.class.images.iter().filter_map(|name| nodes.images.get(name)).collect();
    if held.is_empty() {
        return Vec::new();
    }
    let mut holders = NodeSet::none(nodes.len());
    held.iter().for_each(|(_, on)| holders.unite(on));
    let present = cycle.outages.present();
    let share = |size: i64, on: &NodeSet| scale(size, on.common(present), cycle.outages.present_count());
    let scaled: Vec<(i64, &NodeSet)> = held.iter().map(|(size, on)| (share(*size, on), on)).collect();
    let largest = LARGEST_PER_CONTAINER * cycle.class.images.len() as i64;
    let score = |node: NodeId| {
        let sum: i64 = scaled.iter().filter(|(_, on)| on.contains(node)).map(|(size, _)| size).sum();
        (node, MAX_NODE_SCORE * (sum.clamp(SMALLEST, largest) - SMALLEST) / (largest - SMALLEST))
    };
    holders.iter().map(score).collect()
}

/// An image that few nodes hold counts for less, lest they attract everything.
fn scale(size: i64, holders: usize, nodes: usize) -> i64 {
    (size as f64 * (holders as f64 / nodes as f64)) as i64
}

fn score(cycle: &Cycle<'_>, set: &NodeSet) -> Option<Vec<i64>> {
    let mut dense = vec![0; cycle.cluster.nodes.len()];
    raw(cycle).into_iter().for_each(|(node, score)| dense[node.index()] = score);
    Some(set.iter().map(|node| dense[node.index()]).collect())
}

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    weight: 1,
    score: Some(score),
    ..Plugin::named("ImageLocality", "nodes that hold the images", "imagelocality/image_locality.go")
};
