//! StatefulSet: pods with a number, a name and claims of their own.
//!
//! Source: k8s.io/kubernetes/pkg/controller/statefulset, v1.36; each file names its own.

mod claims;
mod identity;
mod replicas;
mod revisions;
mod status;
pub(super) mod sync;

use rustc_hash::{FxHashMap, FxHashSet};

use super::ledger::Ledger;
use super::names::template_hash;
use super::ownership::{Owner, identify};
use crate::manifest::Objects;
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::StatefulSet;
use identity::{claim_for, ordinals, pod_for, pod_name};

/// Makes the pods of every ordinal that has none, with the claims they lack.
pub(super) fn reconcile(objects: &mut Objects, ledger: &mut Ledger<'_>) {
    let claims = &mut objects.persistent_volume_claims;
    let key = |claim: &PersistentVolumeClaim| (claim.metadata.namespace_or_default().to_owned(), claim.metadata.name.clone());
    let mut known: FxHashSet<(String, String)> = claims.iter().map(key).collect();
    for set in &mut objects.stateful_sets {
        identify("StatefulSet", &mut set.metadata);
        if set.metadata.deletion_timestamp.is_some() {
            continue;
        }
        for pod in make_pods(set, ledger) {
            let wanted = set.spec.volume_claim_templates.iter().map(|template| claim_for(set, template, &pod));
            let missing = wanted.filter(|claim| known.insert(key(claim)));
            claims.extend(missing.map(|mut claim| {
                identify("PersistentVolumeClaim", &mut claim.metadata);
                claim
            }));
        }
    }
}

/// Enters the missing pods of a set, and returns their names.
fn make_pods(set: &StatefulSet, ledger: &mut Ledger<'_>) -> Vec<String> {
    let owner = Owner { api_version: "apps/v1", kind: "StatefulSet", metadata: &set.metadata };
    let claimed = ledger.claim(&owner, set.spec.selector.as_ref());
    let pods = ledger.pods;
    let existing: FxHashMap<&str, usize> = claimed.iter().map(|&position| (pods[position].metadata.name.as_str(), position)).collect();
    let revision = format!("{}-{}", set.metadata.name, template_hash(&set.spec.template));
    let mut made = Vec::new();
    for ordinal in ordinals(set) {
        let name = pod_name(set, ordinal);
        let pod = || pod_for(set, &set.spec.template, &owner, ordinal, &revision);
        match existing.get(name.as_str()) {
            // a terminating pod keeps its name until it is gone
            Some(&position) if !pods[position].is_terminal() || pods[position].is_terminating() => continue,
            Some(&position) => ledger.replace(position, pod()),
            None => ledger.make(pod()),
        }
        made.push(name);
    }
    made
}
