//! NodeName: a pod that names its node goes nowhere else. Such pods are bound already, so nothing is left to refuse.
//!
//! Source: pkg/scheduler/framework/plugins/nodename/node_name.go, v1.36.

use crate::cluster::index::NodeSet;
use crate::scheduler::attempt::Rejections;
use crate::scheduler::framework::{Cycle, Plugin};

/// Pods with `spec.nodeName` never reach the scheduler: they are on that node, or on a node that is gone.
fn filter(_: &Cycle<'_>, _: &mut NodeSet, _: &mut Rejections) {}

/// Its row.
pub static PLUGIN: Plugin =
    Plugin { filter: Some(filter), ..Plugin::named("NodeName", "pods that name their node", "nodename/node_name.go") };
