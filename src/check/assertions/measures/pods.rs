//! Pods with and without a node.

use std::collections::BTreeSet;

use super::{after, brief, plain, some};
use crate::check::assertions::document::Assertion;
use crate::check::assertions::inquiry::{Inquiry, Lost};
use crate::check::assertions::quantities::{Answer, StateKind};
use crate::check::assertions::selection::Selection;
use crate::check::assertions::{Amount, Measured};
use crate::cluster::index::PodId;

/// Pods that no node takes, that were evicted for good, or that the API server refuses.
pub(in crate::check::assertions) fn pending(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    inquiry.need_nodes()?;
    let selection = inquiry.selection(assertion)?;
    match assertion.when.state()? {
        StateKind::AtMost => at_most(inquiry, &selection),
        StateKind::Lost => match &*inquiry.losses(&assertion.when)? {
            Ok(losses) => Ok(losses.iter().map(|lost| pending_after(inquiry, &selection, lost)).collect()),
            Err(why) => Err(why.clone()),
        },
        _ => Ok(vec![measured(String::new(), pending_now(inquiry, &selection))]),
    }
}

/// Pods that are on nodes in the end.
pub(in crate::check::assertions) fn placed(inquiry: &Inquiry<'_, '_>, assertion: &Assertion) -> Answer {
    inquiry.need_nodes()?;
    let selection = inquiry.selection(assertion)?;
    let running = inquiry.subject.baseline().running().filter(|pod| selection.has(pod.index())).count();
    if assertion.when.state()? == StateKind::Now {
        return Ok(vec![plain("", Amount::count(running))]);
    }
    let left = |lost: &Lost| {
        let loss = &lost.judged.loss;
        let gone = loss.pods.iter().filter(|pod| selection.has(pod.pod.index()) && pod.to.is_none()).count();
        let evicted = evicted(inquiry, lost).into_iter().filter(|&pod| selection.has(pod)).count();
        let helped = loss.helped.iter().filter(|(pod, _)| selection.has(original(inquiry, *pod))).count();
        plain(after(&lost.name), Amount::count((running + helped).saturating_sub(gone + evicted)))
    };
    match &*inquiry.losses(&assertion.when)? {
        Ok(losses) => Ok(losses.iter().map(left).collect()),
        Err(why) => Err(why.clone()),
    }
}

/// A pod without a node: its name, and why.
type Waiting = (String, String);

fn measured(what: String, waiting: Vec<Waiting>) -> Measured {
    let names: Vec<String> = waiting.iter().map(|(name, _)| name.clone()).collect();
    let mut because = Vec::new();
    if !names.is_empty() {
        let why = waiting.iter().map(|(_, why)| brief(why)).find(|why| !why.is_empty());
        because.push(why.map_or_else(|| some(&names), |why| format!("{}: {why}", some(&names))));
    }
    Measured { what, amount: Amount::count(waiting.len()), because }
}

fn pending_now(inquiry: &Inquiry<'_, '_>, selection: &Selection<'_>) -> Vec<Waiting> {
    let baseline = inquiry.subject.baseline();
    let name = |pod: PodId| baseline.cluster().pod_name(pod).to_string();
    let schedule = baseline.schedule();
    let is_waiting: BTreeSet<PodId> = baseline.waiting().iter().copied().collect();
    let decided = schedule.decisions.iter().filter(|decision| is_waiting.contains(&decision.pod) && selection.has(decision.pod.index()));
    let lost = schedule.lost.iter().filter(|pod| selection.has(pod.index()));
    let refused =
        inquiry.subject.question.creation.refused.iter().filter(|refused| refused.pod.as_deref().is_some_and(|pod| selection.holds(pod)));
    decided
        .map(|decision| (name(decision.pod), decision.message.as_deref().unwrap_or_default().to_owned()))
        .chain(lost.map(|&pod| (name(pod), "evicted for a pod of higher priority".to_owned())))
        .chain(refused.map(|refused| (format!("{}/{}", refused.namespace, refused.name), refused.why().to_owned())))
        .collect()
}

/// Those that a loss leaves without a node, and those that had none before and get none by it.
fn pending_after(inquiry: &Inquiry<'_, '_>, selection: &Selection<'_>, lost: &Lost) -> Measured {
    let (baseline, loss) = (inquiry.subject.baseline(), &lost.judged.loss);
    let name = |pod: usize| baseline.cluster().pod_name(PodId::new(pod)).to_string();
    let displaced = loss.pending().filter(|pod| selection.has(pod.pod.index()));
    let mut waiting: Vec<Waiting> =
        displaced.map(|pod| (name(pod.pod.index()), pod.message.as_deref().unwrap_or_default().to_owned())).collect();
    let evicted = evicted(inquiry, lost).into_iter().filter(|&pod| selection.has(pod));
    waiting.extend(evicted.map(|pod| (name(pod), "evicted for a pod of higher priority".to_owned())));
    let helped: BTreeSet<String> = loss.helped.iter().map(|(pod, _)| name(original(inquiry, *pod))).collect();
    let before = pending_now(inquiry, selection).into_iter();
    waiting.extend(before.filter(|(name, _)| !helped.contains(name)).map(|(name, why)| (name, format!("even before any loss: {why}"))));
    measured(after(&lost.name), waiting)
}

/// Pods that a loss evicts for good and that are not displaced themselves.
fn evicted(inquiry: &Inquiry<'_, '_>, lost: &Lost) -> BTreeSet<usize> {
    let loss = &lost.judged.loss;
    let displaced: BTreeSet<usize> = loss.pods.iter().map(|pod| pod.pod.index()).collect();
    let preempted = loss.preempted.iter().filter(|preempted| preempted.to.is_none());
    preempted.map(|preempted| original(inquiry, preempted.pod)).filter(|pod| !displaced.contains(pod)).collect()
}

fn original(inquiry: &Inquiry<'_, '_>, pod: PodId) -> usize {
    inquiry.subject.baseline().original(pod).index()
}

fn at_most(inquiry: &Inquiry<'_, '_>, selection: &Selection<'_>) -> Answer {
    if selection.is_by_pods() {
        return Err("with autoscalers at their most pods are selected by namespace and workload only".to_owned());
    }
    let answer = inquiry.at_most();
    let Some(trial) = &answer.trial else {
        return Err("the input has no autoscaler that works".to_owned());
    };
    let is_selected = |pod: &crate::planning::headroom::Pending| match pod.autoscaler {
        Some(autoscaler) => selection.names_key(&answer.rooms[autoscaler].autoscaler.target),
        None => {
            let known = inquiry.subject.objects.pods.iter().position(|each| {
                pod.pod
                    .split_once('/')
                    .is_some_and(|(namespace, name)| each.metadata.name == name && each.metadata.namespace_or_default() == namespace)
            });
            known.map_or(!selection.is_by_more_than_namespaces(), |known| selection.has(known))
        }
    };
    let pending = trial.pending.iter().filter(|pod| is_selected(pod));
    Ok(vec![measured("with autoscalers at their most".to_owned(), pending.map(|pod| (pod.pod.clone(), pod.message.clone())).collect())])
}
