//! Workloads that come, go, or are changed: their replicas, their pods, where they say what.

use std::collections::BTreeMap;

use crate::check::finding::ObjectName;
use crate::check::subject::Subject;
use crate::check::workload::Workload;

/// A workload that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadChange {
    /// The workload.
    pub object: ObjectName,
    /// What became of it.
    pub kind: ChangeKind,
    /// How many pods it wanted; none if nodes decide or it was not there.
    pub replicas_before: Option<usize>,
    /// How many it wants; none if nodes decide or it is gone.
    pub replicas_after: Option<usize>,
    /// Whether its pods are made anew, because their template is another.
    pub new_template: bool,
}

/// What became of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is there now.
    New,
    /// It is another.
    Changed,
    /// It is not there any more.
    Gone,
}

/// Of two inputs, by kind, namespace and name.
pub(super) fn changes(before: &Subject<'_>, after: &Subject<'_>) -> Vec<WorkloadChange> {
    let (old, new) = (by_name(before), by_name(after));
    let mut names: Vec<&ObjectName> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter_map(|name| change(name, old.get(name).copied(), new.get(name).copied())).collect()
}

/// Bare pods come and go by themselves, and are told as pods.
fn by_name<'s, 'a>(subject: &'s Subject<'a>) -> BTreeMap<ObjectName, &'s Workload<'a>> {
    let named = subject.workloads.iter().filter(|workload| workload.kind != "Pod");
    named.map(|workload| (ObjectName { namespace: workload.namespace().to_owned(), ..workload.object() }, workload)).collect()
}

fn change(name: &ObjectName, before: Option<&Workload<'_>>, after: Option<&Workload<'_>>) -> Option<WorkloadChange> {
    let (kind, new_template) = match (before, after) {
        (None, Some(_)) => (ChangeKind::New, false),
        (Some(_), None) => (ChangeKind::Gone, false),
        (Some(before), Some(after)) => (ChangeKind::Changed, !has_same_pods(before, after)),
        (None, None) => return None,
    };
    let replicas = |workload: Option<&Workload<'_>>| workload.and_then(|workload| workload.replicas);
    let (replicas_before, replicas_after) = (replicas(before), replicas(after));
    let is_same = kind == ChangeKind::Changed && replicas_before == replicas_after && !new_template;
    (!is_same).then(|| WorkloadChange { object: name.clone(), kind, replicas_before, replicas_after, new_template })
}

fn has_same_pods(before: &Workload<'_>, after: &Workload<'_>) -> bool {
    let (old, new) = (before.pod_metadata, after.pod_metadata);
    before.spec == after.spec && old.labels == new.labels && old.annotations == new.annotations
}
