//! StatefulSet: pods with a number, a name and claims of their own.
//!
//! Source: k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_utils.go newStatefulSetPod, updateStorage,
//! getPersistentVolumeClaims, v1.36.

use rustc_hash::{FxHashMap, FxHashSet};

use super::ledger::{Ledger, from_template};
use super::names::template_hash;
use super::ownership::{Owner, identify};
use crate::manifest::Objects;
use crate::manifest::pod::{ClaimVolumeSource, Pod, Volume};
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::StatefulSet;

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
            claims.extend(wanted.filter(|claim| known.insert(key(claim))));
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
    let start = set.spec.ordinals.as_ref().map_or(0, |ordinals| ordinals.start);
    let mut made = Vec::new();
    for ordinal in start..start.saturating_add(set.spec.replicas.unwrap_or(1)) {
        let name = format!("{}-{ordinal}", set.metadata.name);
        match existing.get(name.as_str()) {
            // a terminating pod keeps its name until it is gone
            Some(&position) if !pods[position].is_terminal() || pods[position].is_terminating() => continue,
            Some(&position) => ledger.replace(position, pod_for(set, &owner, &name, ordinal, &revision)),
            None => ledger.make(pod_for(set, &owner, &name, ordinal, &revision)),
        }
        made.push(name);
    }
    made
}

/// The pod of an ordinal.
fn pod_for(set: &StatefulSet, owner: &Owner<'_>, name: &str, ordinal: i32, revision: &str) -> Pod {
    let mut pod = from_template(&set.spec.template, owner, name.to_owned());
    let labels = &mut pod.metadata.labels;
    labels.insert("statefulset.kubernetes.io/pod-name".to_owned(), name.to_owned());
    labels.insert("apps.kubernetes.io/pod-index".to_owned(), ordinal.to_string());
    labels.insert("controller-revision-hash".to_owned(), revision.to_owned());
    pod.spec.hostname = name.to_owned();
    for template in &set.spec.volume_claim_templates {
        // a claim template hides a volume of the same name
        pod.spec.volumes.retain(|volume| volume.name != template.metadata.name);
        let source = ClaimVolumeSource { claim_name: claim_name(template, name), read_only: false };
        let volume = Volume { name: template.metadata.name.clone(), persistent_volume_claim: Some(source), ..Volume::default() };
        pod.spec.volumes.push(volume);
    }
    pod
}

fn claim_name(template: &PersistentVolumeClaim, pod: &str) -> String {
    format!("{}-{pod}", template.metadata.name)
}

/// The claim of a pod, not yet bound.
fn claim_for(set: &StatefulSet, template: &PersistentVolumeClaim, pod: &str) -> PersistentVolumeClaim {
    let mut claim = template.clone();
    claim.metadata.name = claim_name(template, pod);
    claim.metadata.namespace = set.metadata.namespace_or_default().to_owned();
    claim.metadata.uid.clear();
    identify("PersistentVolumeClaim", &mut claim.metadata);
    claim.metadata.origin = set.metadata.origin;
    claim.metadata.labels.extend(set.spec.selector.iter().flat_map(|selector| selector.match_labels.clone()));
    claim.status.phase = "Pending".to_owned();
    claim
}
