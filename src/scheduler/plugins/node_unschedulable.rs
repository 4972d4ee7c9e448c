//! NodeUnschedulable: cordoned nodes take only pods that tolerate `node.kubernetes.io/unschedulable:NoSchedule`.
//!
//! Source: pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go, v1.36.

use crate::cluster::Cluster;
use crate::cluster::class::Class;
use crate::cluster::index::NodeSet;
use crate::cluster::nodes::TaintEffect;
use crate::scheduler::attempt::{Code, Rejection, Rejections};
use crate::scheduler::framework::{Cycle, Plugin};

const REASON: &str = "node(s) were unschedulable";
const TAINT_KEY: &str = "node.kubernetes.io/unschedulable";

/// Whether pods of a class go to cordoned nodes.
pub fn tolerates(cluster: &Cluster, class: &Class) -> bool {
    class.tolerations.iter().any(|toleration| {
        toleration.key.is_none_or(|key| cluster.texts.get(key) == TAINT_KEY)
            && toleration.effect.is_none_or(|effect| effect == TaintEffect::NoSchedule)
            && toleration.value.is_none_or(|value| cluster.texts.get(value).is_empty())
    })
}

fn filter(cycle: &Cycle<'_>, set: &mut NodeSet, rejections: &mut Rejections) {
    if !tolerates(cycle.cluster, cycle.class) {
        let rejection = Rejection::new(PLUGIN.name, Code::UnschedulableAndUnresolvable, REASON);
        rejections.reject_all(set, cycle.outages.cordoned(), rejection);
    }
}

/// Its row.
pub static PLUGIN: Plugin =
    Plugin { filter: Some(filter), ..Plugin::named("NodeUnschedulable", "cordoned nodes", "nodeunschedulable/node_unschedulable.go") };
