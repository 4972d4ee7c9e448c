//! The ReplicaSets of a Deployment: the one of its template, and the old ones.
//!
//! Source: k8s.io/kubernetes/pkg/controller/deployment/util/deployment_util.go FindNewReplicaSet, FindOldReplicaSets,
//! EqualIgnoreHash, FindActiveOrLatest, v1.36.

use std::sync::Arc;

use super::{HASH, REVISION};
use crate::controllers::world::Store;
use crate::manifest::workload::{Deployment, PodTemplateSpec, ReplicaSet};

/// How many pods a ReplicaSet wants.
pub(super) fn wanted(set: &ReplicaSet) -> i32 {
    set.spec.replicas.unwrap_or(1)
}

/// The revision a ReplicaSet is of; zero if it does not say.
pub(in crate::controllers) fn revision(set: &ReplicaSet) -> i64 {
    set.metadata.annotations.get(REVISION).and_then(|revision| revision.parse().ok()).unwrap_or(0)
}

/// Whether two templates are the same, but for the hash in their labels.
pub(super) fn is_same_template(one: &PodTemplateSpec, other: &PodTemplateSpec) -> bool {
    let (labels, others) = (&one.metadata.labels, &other.metadata.labels);
    let plain = |(key, _): &(&String, &String)| key.as_str() != HASH;
    let is_alike = one.spec == other.spec && one.metadata.annotations == other.metadata.annotations;
    is_alike && labels.iter().filter(plain).eq(others.iter().filter(plain))
}

/// The ReplicaSets of a Deployment as they are now.
pub(super) struct Sets {
    /// That of the Deployment's template, if there is one.
    pub new: Option<Arc<ReplicaSet>>,
    /// All others, the oldest first.
    pub old: Vec<Arc<ReplicaSet>>,
}

impl Sets {
    /// Those that the Deployment controls.
    pub fn of(store: &Store, deployment: &Deployment) -> Self {
        let uid = &deployment.metadata.uid;
        let is_its = |set: &&Arc<ReplicaSet>| set.metadata.controller().is_some_and(|owner| &owner.uid == uid);
        let mut old: Vec<_> = store.replica_sets.within(&deployment.metadata.namespace).filter(is_its).cloned().collect();
        old.sort_by(|a, b| age(a).cmp(&age(b)));
        // the oldest, should there be several
        let new = old.iter().position(|set| is_same_template(&set.spec.template, &deployment.spec.template));
        Sets { new: new.map(|position| old.remove(position)), old }
    }

    /// All of them, the old ones first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        self.old.iter().chain(&self.new)
    }

    /// Those that want pods.
    pub fn active(&self) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        self.all().filter(|set| wanted(set) > 0)
    }

    /// Old ones that want pods.
    pub fn active_old(&self) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        self.old.iter().filter(|set| wanted(set) > 0)
    }

    /// The only one that wants pods, or the newest if none does.
    pub fn active_or_latest(&self) -> Option<&Arc<ReplicaSet>> {
        let mut active = self.active();
        match (active.next(), active.next()) {
            (Some(_), Some(_)) => None,
            (Some(only), None) => Some(only),
            _ => self.new.as_ref().or(self.old.last()),
        }
    }

    /// How many pods they want together.
    pub fn wanted(&self) -> i32 {
        self.all().map(|set| wanted(set)).sum()
    }

    /// How many pods of theirs are available.
    pub fn available(&self) -> i32 {
        self.all().map(|set| set.status.available_replicas).sum()
    }
}

/// What orders ReplicaSets by age.
pub(super) fn age(set: &ReplicaSet) -> (Option<&str>, &str) {
    (set.metadata.creation_timestamp.as_deref(), &set.metadata.name)
}
