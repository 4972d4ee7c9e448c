//! Ephemeral volumes: a claim for one pod, named after it and gone with it.
//!
//! Source: k8s.io/kubernetes/pkg/controller/volume/ephemeral/controller.go, v1.36.

use rustc_hash::FxHashSet;

use super::ledger::Ledger;
use super::ownership::{Owner, identify};
use crate::manifest::Objects;
use crate::manifest::pod::{Pod, Volume};
use crate::manifest::storage::PersistentVolumeClaim;

/// Makes the claims that pods still to be placed wait for. Bound pods had theirs; if it is not in the input it was not dumped.
pub(super) fn reconcile(objects: &mut Objects, ledger: &mut Ledger<'_>) {
    let waiting = |pod: &&Pod| pod.spec.node_name.is_empty() && pod.spec.volumes.iter().any(|volume| volume.ephemeral.is_some());
    let mut claims: Vec<PersistentVolumeClaim> = ledger.pods.iter().chain(ledger.made()).filter(waiting).flat_map(claims_of).collect();
    if claims.is_empty() {
        return;
    }
    let known: FxHashSet<(&str, &str)> = objects.persistent_volume_claims.iter().map(key).collect();
    claims.retain(|claim| !known.contains(&key(claim)));
    objects.persistent_volume_claims.extend(claims);
}

fn key(claim: &PersistentVolumeClaim) -> (&str, &str) {
    (claim.metadata.namespace_or_default(), &claim.metadata.name)
}

fn claims_of(pod: &Pod) -> impl Iterator<Item = PersistentVolumeClaim> {
    pod.spec.volumes.iter().filter_map(|volume| claim_of(pod, volume))
}

fn claim_of(pod: &Pod, volume: &Volume) -> Option<PersistentVolumeClaim> {
    let template = volume.ephemeral.as_ref()?.volume_claim_template.as_ref()?;
    let mut claim = PersistentVolumeClaim { metadata: template.metadata.clone(), spec: template.spec.clone(), ..Default::default() };
    claim.metadata.name = format!("{}-{}", pod.metadata.name, volume.name);
    claim.metadata.namespace = pod.metadata.namespace_or_default().to_owned();
    claim.metadata.owner_references = vec![Owner { api_version: "v1", kind: "Pod", metadata: &pod.metadata }.reference()];
    claim.metadata.origin = pod.metadata.origin;
    identify("PersistentVolumeClaim", &mut claim.metadata);
    claim.status.phase = "Pending".to_owned();
    Some(claim)
}
