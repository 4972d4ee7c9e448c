//! Pods that have no node and had one, or are new: which, and why.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::check::subject::Subject;
use crate::simulation::Difference;
use crate::simulation::difference::Change;

/// Pods of a workload that have no node for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    /// `namespace/name (Kind)`.
    pub workload: String,
    /// The pods, as `namespace/name`.
    pub pods: Vec<String>,
    /// The scheduler's sentence, or the API server's.
    pub message: String,
    /// Whether the API server refuses them.
    pub is_refused: bool,
}

/// Of the objects after a difference.
pub(super) fn unplaced(subject: &Subject<'_>, difference: &Difference) -> Vec<Unplaced> {
    let reasons = reasons(subject);
    let mut groups: IndexMap<(&str, bool, &str), Vec<String>, FxBuildHasher> = IndexMap::default();
    for pod in difference.pods.iter().filter(|pod| matches!(pod.change, Change::GoesPending | Change::NotCreated)) {
        let key = (pod.namespace.clone(), pod.name.clone());
        let reason = reasons.get(&key).map_or("evicted for a pod of higher priority, and nobody brings it back", String::as_str);
        let group = groups.entry((&pod.workload, pod.change == Change::NotCreated, reason)).or_default();
        group.push(format!("{}/{}", pod.namespace, pod.name));
    }
    let unplaced = |((workload, is_refused, message), pods): ((&str, bool, &str), Vec<String>)| Unplaced {
        workload: workload.to_owned(),
        pods,
        message: message.to_owned(),
        is_refused,
    };
    groups.into_iter().map(unplaced).collect()
}

/// Why each pod that has no node has none.
fn reasons(subject: &Subject<'_>) -> BTreeMap<(String, String), String> {
    let (objects, baseline) = (subject.objects, subject.baseline());
    let mut reasons = BTreeMap::new();
    for decision in baseline.schedule().pending() {
        let metadata = &objects.pods[baseline.cluster().pod(decision.pod).object].metadata;
        let key = (metadata.namespace_or_default().to_owned(), metadata.name.clone());
        reasons.insert(key, decision.message.as_deref().unwrap_or_default().to_owned());
    }
    for refused in &subject.question.creation.refused {
        let Some(pod) = &refused.pod else { continue };
        reasons.insert((pod.metadata.namespace_or_default().to_owned(), pod.metadata.name.clone()), refused.why().to_owned());
    }
    reasons
}
