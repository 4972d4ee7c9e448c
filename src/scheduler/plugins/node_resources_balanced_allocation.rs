//! NodeResourcesBalancedAllocation: nodes whose resources are used in like proportion score higher.
//!
//! With `s` = trunc((1 − standard deviation of the fractions in use) · 100): 1.34 gives `s` with the pod; 1.36 gives how the
//! pod changes it, 50 + (50 + s with − s without) / 2. A pod that asks for none of the scored resources is passed over.
//!
//! Source: pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go, v1.36 and v1.34.

use smallvec::SmallVec;

use super::node_resources_fit::{share, wanted};
use crate::cluster::index::{NodeId, NodeSet};
use crate::scheduler::framework::{Cycle, MAX_NODE_SCORE, Plugin};
use crate::scheduler::version::BalanceScore;

/// Whether the pod asks for none of the scored resources.
pub fn skips(cycle: &Cycle<'_>) -> bool {
    cycle.profile.balanced_resources.iter().all(|&(resource, _)| wanted(cycle.class, resource, false) == 0)
}

/// The score of one node.
pub fn score_node(cycle: &Cycle<'_>, node: NodeId) -> i64 {
    let mut with: SmallVec<[f64; 4]> = SmallVec::new();
    let mut without: SmallVec<[f64; 4]> = SmallVec::new();
    for &(resource, _) in &cycle.profile.balanced_resources {
        let Some((allocatable, requested)) = share(cycle, resource, node, false) else { continue };
        with.push(fraction(requested, allocatable));
        without.push(fraction(requested - wanted(cycle.class, resource, false), allocatable));
    }
    match cycle.semantics.balance {
        BalanceScore::WithPod => balance(&with),
        BalanceScore::Change => MAX_NODE_SCORE / 2 + (MAX_NODE_SCORE / 2 + balance(&with) - balance(&without)) / 2,
    }
}

fn fraction(requested: i64, allocatable: i64) -> f64 {
    (requested as f64 / allocatable as f64).min(1.0)
}

/// Upstream's arithmetic in upstream's order, so that truncation falls on the same side.
fn balance(fractions: &[f64]) -> i64 {
    let deviation = match fractions {
        [] | [_] => 0.0,
        [a, b] => ((a - b) / 2.0).abs(),
        _ => {
            let count = fractions.len() as f64;
            let mean = fractions.iter().fold(0.0, |sum, fraction| sum + fraction) / count;
            (fractions.iter().fold(0.0, |sum, fraction| sum + (fraction - mean) * (fraction - mean)) / count).sqrt()
        }
    };
    ((1.0 - deviation) * MAX_NODE_SCORE as f64) as i64
}

fn score(cycle: &Cycle<'_>, set: &NodeSet) -> Option<Vec<i64>> {
    (!skips(cycle)).then(|| set.iter().map(|node| score_node(cycle, node)).collect())
}

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    weight: 1,
    score: Some(score),
    ..Plugin::named("NodeResourcesBalancedAllocation", "even use of cpu and memory", "noderesources/balanced_allocation.go")
};
