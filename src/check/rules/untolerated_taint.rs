//! All nodes that a pod matches have taints that it does not tolerate.
//!
//! Selectors bring a pod to nodes, tolerations let it in: nodes that are kept for something (GPUs, ingress, a team) usually need both. Taints that come
//! with a node's condition or with a cordon go away again, and are not meant here. Without nodes in the input it is not asked.
//!
//! # Example
//!
//! ```yaml
//! nodeSelector: {pool: gpu}      # all nodes of the pool have the taint nvidia.com/gpu=present:NoSchedule
//! ```
//!
//! # Instead
//!
//! ```yaml
//! nodeSelector: {pool: gpu}
//! tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
//! ```
//!
//! # Source
//!
//! pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go, v1.36: `node(s) had untolerated taint(s)`.

use std::collections::BTreeMap;

use super::{each_of, pending, sentence};
use crate::check::obstacle::{Cause, Obstacle};
use crate::check::sight::Sight;
use crate::check::{Findings, Subject};
use crate::cluster::first_untolerated;
use crate::cluster::nodes::TaintEffect;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    subject.each_obstacle(Cause::Taints, |obstacle, workload, sight| {
        let message = format!("{}: {} that it matches has a taint that it does not tolerate", pending(obstacle, workload), each_of(&obstacle.nodes));
        let path = if workload.spec.tolerations.is_empty() { "nodeSelector" } else { "tolerations" };
        let finding = findings.on_pods_of(workload, path, message);
        for (taint, count) in taints(sight, obstacle) {
            finding.because(format!("on {count}: {taint}"));
        }
        finding.because(sentence(obstacle));
        finding.help("add a toleration for the taint, or let the pod go to other nodes");
    });
}

/// The first taint of each node that keeps the pod away, and how many nodes have it.
fn taints(sight: &Sight<'_>, obstacle: &Obstacle) -> BTreeMap<String, usize> {
    let cluster = sight.cluster();
    let class = cluster.class_of(obstacle.first);
    let mut counts = BTreeMap::new();
    for (taints, nodes) in &cluster.nodes.tainted {
        let common = nodes.common(&obstacle.nodes);
        if let (Some(taint), true) = (first_untolerated(taints, &class.tolerations), common > 0) {
            let effect = if taint.effect == TaintEffect::NoExecute { "NoExecute" } else { "NoSchedule" };
            let value = sight.text(taint.value);
            let value = if value.is_empty() { String::new() } else { format!("={value}") };
            *counts.entry(format!("{}{value}:{effect}", sight.text(taint.key))).or_default() += common;
        }
    }
    counts
}
