//! SchedulingGates: a pod with a gate does not enter the queue.
//!
//! Source: pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go, v1.36.

use crate::scheduler::framework::{ExtensionPoint, Plugin};

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    also_at: &[ExtensionPoint::PreEnqueue],
    ..Plugin::named("SchedulingGates", "holds back pods with a scheduling gate", "schedulinggates/scheduling_gates.go")
};
