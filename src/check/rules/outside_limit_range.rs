//! A LimitRange of the namespace refuses pods: a container, pod or claim asks for more or less than it allows.
//!
//! The workload is created and its pods are not; only an event of the ReplicaSet says it. Defaults that the LimitRange itself brings
//! are counted: a container that says nothing can be refused for what it was given.
//!
//! # Example
//!
//! ```yaml
//! kind: LimitRange
//! spec: {limits: [{type: Container, max: {memory: 1Gi}}]}
//! ---
//! kind: Deployment           # a container with a limit of 2Gi
//! ```
//!
//! # Instead
//!
//! Stay within the bounds, or have them changed; `plimsoll plan` proposes a LimitRange that fits what runs.
//!
//! # Source
//!
//! k8s.io/kubernetes/plugin/pkg/admission/limitranger/admission.go, v1.36: the words are the API server's own.

use crate::check::refused::{Refuser, refused_by};
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for refused in refused_by(subject, Refuser::LimitRange) {
        let namespace = if refused.first.namespace.is_empty() { "default" } else { &refused.first.namespace };
        let why = refused.first.why().to_owned();
        let finding = refused.find(subject, findings, "containers[0].resources", "a LimitRange refuses");
        finding.because(format!("the API server says: {why}"));
        finding.help("stay within the bounds of the LimitRange, or have them changed");
        for range in subject.objects.limit_ranges.iter().filter(|range| range.metadata.namespace_or_default() == namespace) {
            finding.see(&range.metadata, "spec.limits", "a LimitRange of its namespace");
        }
    }
}
