//! What tells the pods of a StatefulSet apart: ordinal, name, labels, claims.
//!
//! Source: k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_utils.go newStatefulSetPod, updateStorage,
//! getPersistentVolumeClaims, v1.36.

use std::ops::Range;

use crate::controllers::ledger::from_template;
use crate::controllers::ownership::Owner;
use crate::manifest::pod::{ClaimVolumeSource, Pod, Volume};
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::{PodTemplateSpec, StatefulSet};

/// Label: the revision a pod was made from.
pub(super) const REVISION_LABEL: &str = "controller-revision-hash";
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

/// The ordinals a set wants pods for.
pub(super) fn ordinals(set: &StatefulSet) -> Range<i32> {
    let start = set.spec.ordinals.as_ref().map_or(0, |ordinals| ordinals.start);
    start..start.saturating_add(set.spec.replicas.unwrap_or(1))
}

/// The name of the pod of an ordinal.
pub(super) fn pod_name(set: &StatefulSet, ordinal: i32) -> String {
    format!("{}-{ordinal}", set.metadata.name)
}

/// The ordinal of a pod by its name, if that is one of the set's.
pub(super) fn ordinal_of(set: &StatefulSet, pod: &Pod) -> Option<i32> {
    let (parent, ordinal) = pod.metadata.name.rsplit_once('-')?;
    let is_number = !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit());
    if parent == set.metadata.name && is_number { ordinal.parse().ok() } else { None }
}

/// The pod of an ordinal, made from one of the set's templates.
pub(super) fn pod_for(set: &StatefulSet, template: &PodTemplateSpec, owner: &Owner<'_>, ordinal: i32, revision: &str) -> Pod {
    let name = pod_name(set, ordinal);
    let mut pod = from_template(template, owner, name.clone());
    identify_pod(&mut pod, ordinal);
    pod.metadata.labels.insert(REVISION_LABEL.to_owned(), revision.to_owned());
    pod.spec.hostname.clone_from(&name);
    pod.spec.subdomain.clone_from(&set.spec.service_name);
    for template in &set.spec.volume_claim_templates {
        // a claim template hides a volume of the same name
        pod.spec.volumes.retain(|volume| volume.name != template.metadata.name);
        let source = ClaimVolumeSource { claim_name: claim_name(template, &name), read_only: false };
        let volume = Volume { name: template.metadata.name.clone(), persistent_volume_claim: Some(source), ..Volume::default() };
        pod.spec.volumes.push(volume);
    }
    pod
}

/// Puts its name and ordinal among the labels of a pod.
pub(super) fn identify_pod(pod: &mut Pod, ordinal: i32) {
    let name = pod.metadata.name.clone();
    pod.metadata.labels.insert(POD_NAME.to_owned(), name);
    pod.metadata.labels.insert(POD_INDEX.to_owned(), ordinal.to_string());
}

/// Whether a pod bears its name among its labels.
pub(super) fn is_identified(pod: &Pod) -> bool {
    pod.metadata.labels.get(POD_NAME) == Some(&pod.metadata.name)
}

/// The name of a pod's claim.
pub(super) fn claim_name(template: &PersistentVolumeClaim, pod: &str) -> String {
    format!("{}-{pod}", template.metadata.name)
}

/// The claim of a pod, as it is created.
pub(super) fn claim_for(set: &StatefulSet, template: &PersistentVolumeClaim, pod: &str) -> PersistentVolumeClaim {
    let mut claim = template.clone();
    claim.metadata.name = claim_name(template, pod);
    claim.metadata.namespace = set.metadata.namespace_or_default().to_owned();
    claim.metadata.uid.clear();
    claim.metadata.origin = set.metadata.origin;
    claim.metadata.labels.extend(set.spec.selector.iter().flat_map(|selector| selector.match_labels.clone()));
    claim.status.phase = "Pending".to_owned();
    claim
}
