//! A pod names a PersistentVolumeClaim that is not there.
//!
//! It stays Pending until somebody creates the claim. Without nodes in the input it is not asked: the cluster may have it.
//!
//! # Example
//!
//! ```yaml
//! volumes: [{name: data, persistentVolumeClaim: {claimName: date}}]      # the claim is called data
//! ```
//!
//! # Instead
//!
//! Correct the name, or create the claim in the namespace of the pod; a StatefulSet makes its own (`volumeClaimTemplates`).
//!
//! # Source
//!
//! pkg/scheduler/framework/plugins/volumebinding/volume_binding.go, v1.36: `persistentvolumeclaim "date" not found`.

use super::sentence;
use crate::check::obstacle::{Cause, missing_claims};
use crate::check::{Findings, Subject};
use crate::manifest::field::FieldPath;
use crate::manifest::read::Severity;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for (obstacle, workload) in subject.obstacles_of(Cause::MissingClaim) {
        let Some(pod) = obstacle.pods.first().map(|&pod| &subject.objects.pods[pod]) else { continue };
        for (place, name) in missing_claims(subject.objects, pod) {
            let path = FieldPath::from("volumes").index(place).join("persistentVolumeClaim.claimName");
            let message = format!("claim {name} is not in namespace {}, so what uses it stays Pending", workload.namespace());
            let finding = findings.on_pods_of(workload, path, message);
            if subject.objects.persistent_volume_claims.is_empty() {
                finding.severity(Severity::Note).because("the input has no claim at all, so perhaps they are only missing here");
            }
            finding.because(sentence(obstacle));
            finding.help("correct the name, or create the claim in the namespace of the pod");
        }
    }
}
