//! ReplicaSet: `replicas` pods of one template, which one does not matter.
//!
//! Source: k8s.io/kubernetes/pkg/controller/replicaset/replica_set.go, v1.36.

mod status;
pub(super) mod sync;

use super::ledger::Ledger;
use super::ownership::{Owner, identify};
use crate::manifest::Objects;

/// Fills every ReplicaSet up to its replicas; pods in excess stay, because which of them would go is not the plain way's affair.
pub(super) fn reconcile(objects: &mut Objects, ledger: &mut Ledger<'_>) {
    for set in &mut objects.replica_sets {
        identify("ReplicaSet", &mut set.metadata);
        if set.metadata.deletion_timestamp.is_some() {
            continue;
        }
        let owner = Owner { api_version: "apps/v1", kind: "ReplicaSet", metadata: &set.metadata };
        let claimed = ledger.claim(&owner, set.spec.selector.as_ref());
        ledger.fill(&owner, &set.spec.template, &claimed, set.spec.replicas.unwrap_or(1));
    }
}
