//! An autoscaler's fewest replicas are more than its most.
//!
//! The API server refuses it, so that nothing is scaled; in a release that is upgraded, the old bounds stay, and nobody notices until load comes.
//!
//! # Example
//!
//! ```yaml
//! kind: HorizontalPodAutoscaler
//! spec: {minReplicas: 5, maxReplicas: 3}
//! ```
//!
//! # Instead
//!
//! Give `maxReplicas` as many as the load at its peak needs, and `minReplicas` no more.
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/apis/autoscaling/validation/validation.go, v1.36: ``must be greater than or equal to `minReplicas` ``.

use crate::check::refused::{Refuser, refused_by};
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for refused in refused_by(subject, Refuser::AutoscalerBounds) {
        let why = refused.first.why().to_owned();
        let finding = refused.find(subject, findings, "", "its fewest replicas are more than its most, and the API server refuses");
        finding.place.path = "spec.maxReplicas".into();
        finding.because(format!("it says: {why}"));
        finding.help("raise maxReplicas, or lower minReplicas");
    }
}
