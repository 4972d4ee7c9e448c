//! ReplicationController: a ReplicaSet of the first API version, with a plain map for a selector.
//!
//! Source: k8s.io/kubernetes/pkg/controller/replication (a thin layer over the ReplicaSet's), v1.36.

use super::ledger::Ledger;
use super::ownership::{Owner, identify};
use crate::manifest::Objects;
use crate::manifest::meta::LabelSelector;

/// Fills every ReplicationController up to its replicas.
pub(super) fn reconcile(objects: &mut Objects, ledger: &mut Ledger<'_>) {
    for controller in &mut objects.replication_controllers {
        identify("ReplicationController", &mut controller.metadata);
        if controller.metadata.deletion_timestamp.is_some() {
            continue;
        }
        let spec = &controller.spec;
        // the server defaults an absent selector to the template's labels
        let match_labels = if spec.selector.is_empty() { spec.template.metadata.labels.clone() } else { spec.selector.clone() };
        let selector = LabelSelector { match_labels, ..LabelSelector::default() };
        let owner = Owner { api_version: "v1", kind: "ReplicationController", metadata: &controller.metadata };
        let claimed = ledger.claim(&owner, Some(&selector));
        ledger.fill(&owner, &spec.template, &claimed, spec.replicas.unwrap_or(1));
    }
}
