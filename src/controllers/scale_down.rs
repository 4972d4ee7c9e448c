//! Fewer replicas over a dump: which pods go.
//!
//! [`expand`](super::expand) fills up and takes nothing away, because a dump may hold pods in excess for good reasons (a rollout under way). Where
//! replicas were lowered on purpose, this takes the surplus: of a StatefulSet the highest ordinals, of a Deployment the pods of its older
//! ReplicaSets first, and of a ReplicaSet or ReplicationController those that upstream ranks first (`deletion_rank`). There is
//! no clock here, so ages are compared as they are, and equals by name.
//!
//! Source: k8s.io/kubernetes/pkg/controller/replicaset/replica_set.go getPodsToDelete, v1.36.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::deletion_rank;
use super::ledger::is_active;
use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::Pod;

/// A workload by namespace, kind and name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkloadKey {
    /// Namespace.
    pub namespace: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
}

impl std::fmt::Display for WorkloadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

impl WorkloadKey {
    fn owns(&self, metadata: &ObjectMeta) -> bool {
        metadata.namespace_or_default() == self.namespace
            && metadata.controller().is_some_and(|owner| owner.kind == self.kind && owner.name == self.name)
    }
}

/// Takes away the pods that a workload has beyond these replicas. Call it after [`expand`](super::expand), which gives pods their owners. Returns how
/// many went.
pub fn scale_down(objects: &mut Objects, workload: &WorkloadKey, replicas: i32) -> usize {
    let doomed = match workload.kind.as_str() {
        "Deployment" => of_deployment(objects, workload, replicas),
        "StatefulSet" => of_stateful_set(objects, workload, replicas),
        _ => surplus(&objects.pods, workload, replicas, &related(&objects.pods, |owner| owner == workload)),
    };
    let before = objects.pods.len();
    let mut position = 0;
    objects.pods.retain(|_| {
        position += 1;
        !doomed.contains(&(position - 1))
    });
    before - objects.pods.len()
}

/// Lowers the ReplicaSets of a Deployment, the oldest first, and gathers their surplus.
fn of_deployment(objects: &mut Objects, workload: &WorkloadKey, replicas: i32) -> FxHashSet<usize> {
    let mut own: Vec<usize> = (0..objects.replica_sets.len()).filter(|&at| workload.owns(&objects.replica_sets[at].metadata)).collect();
    own.sort_by(|&a, &b| {
        let order = |at: usize| super::deployment::age_order(&objects.replica_sets[at]);
        order(a).cmp(&order(b))
    });
    let have: i32 = own.iter().map(|&at| objects.replica_sets[at].spec.replicas.unwrap_or(1)).sum();
    let mut excess = (have - replicas).max(0);
    let keys: Vec<WorkloadKey> = own.iter().map(|&at| key_of("ReplicaSet", &objects.replica_sets[at].metadata)).collect();
    let related = related(&objects.pods, |owner| keys.contains(owner));
    let mut doomed = FxHashSet::default();
    for (at, key) in own.into_iter().zip(&keys) {
        let count = objects.replica_sets[at].spec.replicas.unwrap_or(1);
        let fewer = count.min(excess);
        if fewer > 0 {
            excess -= fewer;
            objects.replica_sets[at].spec.replicas = Some(count - fewer);
            doomed.extend(surplus(&objects.pods, key, count - fewer, &related));
        }
    }
    doomed
}

/// The key of a workload.
pub(super) fn key_of(kind: &str, metadata: &ObjectMeta) -> WorkloadKey {
    WorkloadKey { namespace: metadata.namespace_or_default().to_owned(), kind: kind.to_owned(), name: metadata.name.clone() }
}

fn of_stateful_set(objects: &Objects, workload: &WorkloadKey, replicas: i32) -> FxHashSet<usize> {
    let is_it = |metadata: &ObjectMeta| metadata.name == workload.name && metadata.namespace_or_default() == workload.namespace;
    let set = objects.stateful_sets.iter().find(|set| is_it(&set.metadata));
    let start = set.and_then(|set| set.spec.ordinals.as_ref()).map_or(0, |ordinals| ordinals.start);
    let end = start.saturating_add(replicas);
    let ordinal = |pod: &Pod| pod.metadata.name.strip_prefix(&format!("{}-", workload.name))?.parse::<i32>().ok();
    let goes = |pod: &Pod| workload.owns(&pod.metadata) && ordinal(pod).is_some_and(|ordinal| !(start..end).contains(&ordinal));
    objects.pods.iter().enumerate().filter(|(_, pod)| goes(pod)).map(|(at, _)| at).collect()
}

/// How many active pods each node has of some owners.
fn related(pods: &[Pod], is_meant: impl Fn(&WorkloadKey) -> bool) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for pod in pods.iter().filter(|pod| is_active(pod) && !pod.spec.node_name.is_empty()) {
        let Some(owner) = pod.metadata.controller() else { continue };
        let namespace = pod.metadata.namespace_or_default().to_owned();
        if is_meant(&WorkloadKey { namespace, kind: owner.kind.clone(), name: owner.name.clone() }) {
            *counts.entry(pod.spec.node_name.clone()).or_default() += 1;
        }
    }
    counts
}

/// Positions of the active pods of an owner that go first, as many as there are too many.
fn surplus(pods: &[Pod], owner: &WorkloadKey, replicas: i32, related: &BTreeMap<String, usize>) -> FxHashSet<usize> {
    let is_own = |(_, pod): &(usize, &Pod)| owner.owns(&pod.metadata) && is_active(pod);
    // by name, so that equals do not depend on the order of documents
    let own: BTreeMap<&str, (usize, &Pod)> =
        pods.iter().enumerate().filter(is_own).map(|(at, pod)| (pod.metadata.name.as_str(), (at, pod))).collect();
    let excess = own.len().saturating_sub(usize::try_from(replicas).unwrap_or(0));
    let beside = |node: &str| related.get(node).copied().unwrap_or(0);
    let ranked = deletion_rank::sort(own.values().map(|(_, pod)| *pod).collect(), beside, None);
    ranked.into_iter().take(excess).map(|pod| own[pod.metadata.name.as_str()].0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(yaml: &str, replicas: i32) -> Vec<String> {
        let mut objects = crate::manifest::read::read_str("pods.yaml", yaml).objects;
        let names = |objects: &Objects| objects.pods.iter().map(|pod| pod.metadata.name.clone()).collect::<Vec<_>>();
        let before = names(&objects);
        let set = WorkloadKey { namespace: "default".into(), kind: "ReplicaSet".into(), name: "web".into() };
        scale_down(&mut objects, &set, replicas);
        let after = names(&objects);
        before.into_iter().filter(|name| !after.contains(name)).collect()
    }

    fn pod(name: &str, node: &str, more: &str) -> String {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, {more}ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: web, controller: true}}]}}\nspec: {{nodeName: '{node}', containers: [{{name: c}}]}}\nstatus: {{phase: {}, conditions: [{{type: Ready, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z'}}]}}\n",
            if node.is_empty() { "Pending" } else { "Running" }
        )
    }

    #[test]
    fn a_pod_without_a_node_goes_before_one_that_runs() {
        let text = [pod("a", "n1", ""), pod("b", "", ""), pod("c", "n2", "")].concat();
        assert_eq!(gone(&text, 2), ["b"]);
    }

    #[test]
    fn a_cheap_pod_goes_before_one_that_is_doubled_up_and_that_before_the_youngest() {
        let cheap = "annotations: {controller.kubernetes.io/pod-deletion-cost: '-5'}, ";
        let young = "creationTimestamp: '2026-02-02T00:00:00Z', ";
        let old = "creationTimestamp: '2026-02-01T00:00:00Z', ";
        let text = [pod("a", "n1", old), pod("b", "n1", young), pod("c", "n2", cheap), pod("d", "n3", young)].concat();
        assert_eq!(gone(&text, 3), ["c"]);
        assert_eq!(gone(&text, 2), ["b", "c"]);
        assert_eq!(gone(&text, 1), ["a", "b", "c"]);
    }
}
