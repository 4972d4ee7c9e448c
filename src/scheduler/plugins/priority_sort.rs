//! PrioritySort: higher priority first, then who waited longer. The queue in `scheduler::queue` is sorted by it.
//!
//! Source: pkg/scheduler/framework/plugins/queuesort/priority_sort.go, v1.36.

use crate::scheduler::framework::{ExtensionPoint, Plugin};

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    also_at: &[ExtensionPoint::QueueSort],
    ..Plugin::named("PrioritySort", "order of the queue: priority, then age", "queuesort/priority_sort.go")
};
