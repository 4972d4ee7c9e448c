//! Upstream's sentences: why no node takes a pod.
//!
//! Source: pkg/scheduler/framework/types.go (`FitError.Error`), v1.36.

use std::collections::BTreeMap;

use super::attempt::{Rejection, Rejections};

/// What upstream says of a pod in a cluster without nodes.
pub const NO_NODES: &str = "no nodes available to schedule pods";

/// `0/5 nodes are available: 2 Insufficient memory, 5 Insufficient cpu.` and what PostFilter plugins add.
pub fn fit_error(nodes: usize, refused: Option<&Rejection>, rejections: &Rejections, post_filter: &str) -> String {
    let mut sentence = format!("0/{nodes} nodes are available:");
    match refused {
        Some(refused) => sentence += &format!(" {}.", refused.reasons.join(", ")),
        None => sentence += &histogram(rejections),
    }
    if !post_filter.is_empty() {
        sentence += &format!(" {post_filter}");
    }
    sentence
}

/// Reasons with the number of nodes that gave each, sorted as text.
fn histogram(rejections: &Rejections) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (rejection, count) in rejections.histogram() {
        rejection.reasons.iter().for_each(|reason| *counts.entry(reason).or_default() += count);
    }
    let mut parts: Vec<String> = counts.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    parts.sort_unstable();
    if parts.is_empty() { String::new() } else { format!(" {}.", parts.join(", ")) }
}
