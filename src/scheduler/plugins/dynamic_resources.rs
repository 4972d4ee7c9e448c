//! DynamicResources: device claims. They are not modelled; the plugin takes part in scores (always 0; in 1.34 it does not
//! score) and in messages.
//!
//! Its PostFilter comes before preemption's and says that there is no claim to deallocate. When another plugin's PreFilter
//! has refused the pod, its state was never written, and its PostFilter fails with `not found`, which upstream then
//! appends to the sentence in place of preemption's.
//!
//! Source: pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go, v1.36.

use crate::cluster::index::NodeSet;
use crate::scheduler::framework::{Cycle, ExtensionPoint, Plugin};

/// What its PostFilter says of a pod without claims.
pub const NOTHING_TO_DEALLOCATE: &str = "no new claims to deallocate";
/// What its PostFilter fails with when a PreFilter refused the pod.
pub const STATE_NOT_FOUND: &str = "not found";

fn score(cycle: &Cycle<'_>, set: &NodeSet) -> Option<Vec<i64>> {
    cycle.semantics.dynamic_resources_score.then(|| vec![0; set.len()])
}

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    score: Some(score),
    also_at: &[ExtensionPoint::PreFilter, ExtensionPoint::PostFilter],
    ..Plugin::named("DynamicResources", "device claims (not modelled: scores 0)", "dynamicresources/dynamicresources.go")
};
