//! ReplicationController: a ReplicaSet of the first API version, with a plain map for a selector.
//!
//! Source: k8s.io/kubernetes/pkg/controller/replication (a thin layer over the ReplicaSet's), v1.36.

use super::adoption::{self, Selecting};
use super::ledger::Ledger;
use super::ownership::{Owner, identify};
use super::replica_set::sync::{self as replicas, Replicating};
use super::selector::matches;
use super::world::{Change, Key, Outcome, Store, World};
use crate::manifest::Objects;
use crate::manifest::meta::{LabelSelector, StringMap};
use crate::manifest::pod::Pod;
use crate::manifest::workload::{PodTemplateSpec, ReplicaSetStatus, ReplicationController};

/// Fills every ReplicationController up to its replicas.
pub(super) fn reconcile(objects: &mut Objects, ledger: &mut Ledger<'_>) {
    for controller in &mut objects.replication_controllers {
        identify("ReplicationController", &mut controller.metadata);
        if controller.metadata.deletion_timestamp.is_some() {
            continue;
        }
        let (selector, spec) = (selector_of(controller), &controller.spec);
        let owner = Owner { api_version: "v1", kind: "ReplicationController", metadata: &controller.metadata };
        let claimed = ledger.claim(&owner, Some(&selector));
        ledger.fill(&owner, &spec.template, &claimed, spec.replicas.unwrap_or(1));
    }
}

/// The server defaults an absent selector to the template's labels.
fn selector_of(controller: &ReplicationController) -> LabelSelector {
    let spec = &controller.spec;
    let match_labels = if spec.selector.is_empty() { spec.template.metadata.labels.clone() } else { spec.selector.clone() };
    LabelSelector { match_labels, ..LabelSelector::default() }
}

impl Selecting for ReplicationController {
    fn selects(&self, labels: &StringMap) -> bool {
        matches(&selector_of(self), labels)
    }
}

impl Replicating for ReplicationController {
    fn replicas(&self) -> usize {
        usize::try_from(self.spec.replicas.unwrap_or(1)).unwrap_or(0)
    }
    fn template(&self) -> &PodTemplateSpec {
        &self.spec.template
    }
    fn min_ready_seconds(&self) -> i32 {
        self.spec.min_ready_seconds
    }
    fn status(&self) -> &ReplicaSetStatus {
        &self.status
    }
    fn status_mut(&mut self) -> &mut ReplicaSetStatus {
        &mut self.status
    }
}

/// Names the ReplicationControllers that a change concerns.
pub(super) fn watch(store: &Store, change: &Change, keys: &mut Vec<Key>) {
    match change {
        Change::ReplicationController(delta) => keys.push(delta.key()),
        Change::Pod(delta) => adoption::watch::<ReplicationController, Pod>(store, delta, keys),
        _ => {}
    }
}

/// Brings the pods of a ReplicationController to their number.
pub(super) fn sync(world: &mut dyn World, key: &Key) -> Outcome {
    replicas::sync::<ReplicationController>(world, key)
}
