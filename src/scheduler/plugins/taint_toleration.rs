//! TaintToleration: untolerated `NoSchedule` and `NoExecute` taints keep a pod away; untolerated `PreferNoSchedule` taints
//! cost score.
//!
//! 1.34's reason names the taint, 1.36's does not.
//!
//! Source: pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go, v1.36 and v1.34.

use std::borrow::Cow;

use crate::cluster::class::{Class, Toleration};
use crate::cluster::first_untolerated;
use crate::cluster::index::{NodeId, NodeSet};
use crate::cluster::nodes::{Taint, TaintEffect};
use crate::scheduler::attempt::{Code, Rejection, Rejections};
use crate::scheduler::framework::{Cycle, Plugin, normalise_by_maximum};

const REASON: &str = "node(s) had untolerated taint(s)";

/// The taint of nodes whose kubelet is silent that this class does not tolerate.
pub fn minds_unreachable<'a>(cycle: &Cycle<'a>) -> Option<&'a Taint> {
    first_untolerated(&cycle.cluster.unreachable, &cycle.class.tolerations)
}

fn filter(cycle: &Cycle<'_>, set: &mut NodeSet, rejections: &mut Rejections) {
    for (taints, nodes) in &cycle.cluster.nodes.tainted {
        if let Some(taint) = first_untolerated(taints, &cycle.class.tolerations) {
            rejections.reject_all(set, nodes, Rejection::new(PLUGIN.name, Code::UnschedulableAndUnresolvable, reason(cycle, taint)));
        }
    }
    if let (false, Some(taint)) = (cycle.outages.unreachable().is_empty(), minds_unreachable(cycle)) {
        let rejection = Rejection::new(PLUGIN.name, Code::UnschedulableAndUnresolvable, reason(cycle, taint));
        rejections.reject_all(set, cycle.outages.unreachable(), rejection);
    }
}

fn reason(cycle: &Cycle<'_>, taint: &Taint) -> Cow<'static, str> {
    if !cycle.semantics.taint_reason_names_taint {
        return REASON.into();
    }
    let text = |id| cycle.cluster.texts.get(id);
    format!("node(s) had untolerated taint {{{}: {}}}", text(taint.key), text(taint.value)).into()
}

/// How many `PreferNoSchedule` taints of a list a class does not tolerate.
fn intolerable(class: &Class, taints: &[Taint]) -> i64 {
    let applies = |toleration: &&Toleration| toleration.effect.is_none_or(|effect| effect == TaintEffect::PreferNoSchedule);
    let soft = taints.iter().filter(|taint| taint.effect == TaintEffect::PreferNoSchedule);
    soft.filter(|taint| !class.tolerations.iter().filter(applies).any(|toleration| toleration.tolerates(taint))).count() as i64
}

/// Nodes with at least one intolerable `PreferNoSchedule` taint, and how many; every other node has none.
pub fn raw<'a>(cycle: &Cycle<'a>) -> Vec<(i64, &'a NodeSet)> {
    let tainted = cycle.cluster.nodes.tainted.iter();
    tainted.map(|(taints, nodes)| (intolerable(cycle.class, taints), nodes)).filter(|&(count, _)| count > 0).collect()
}

/// The fewer the better.
pub fn normalise(scores: &mut [i64]) {
    normalise_by_maximum(scores, true);
}

fn score(cycle: &Cycle<'_>, set: &NodeSet) -> Option<Vec<i64>> {
    let raw = raw(cycle);
    let count = |node: NodeId| raw.iter().find(|(_, nodes)| nodes.contains(node)).map_or(0, |(count, _)| *count);
    let mut scores: Vec<i64> = set.iter().map(count).collect();
    normalise(&mut scores);
    Some(scores)
}

/// Its row.
pub static PLUGIN: Plugin = Plugin {
    weight: 3,
    filter: Some(filter),
    score: Some(score),
    ..Plugin::named("TaintToleration", "taints and tolerations", "tainttoleration/taint_toleration.go")
};
