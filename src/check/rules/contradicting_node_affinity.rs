//! What a pod requires of its node contradicts itself, so that no node whatever can take it.
//!
//! Node selector and required node affinity must both hold, and within a term of the affinity everything must. No label that somebody
//! puts on a node, and no node that is bought, mends it.
//!
//! # Example
//!
//! ```yaml
//! nodeSelector: {kubernetes.io/arch: arm64}
//! affinity:
//!   nodeAffinity:
//!     requiredDuringSchedulingIgnoredDuringExecution:
//!       nodeSelectorTerms:
//!       - matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [amd64]}]
//! ```
//!
//! # Instead
//!
//! Leave one of the two out. Alternatives are terms of their own: `nodeSelectorTerms` is a list of which one must hold.
//!
//! # Source
//!
//! k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go, v1.36 (GetRequiredNodeAffinity).

use crate::check::contradiction::contradiction;
use crate::check::{Findings, Subject};

const AFFINITY: &str = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution";

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for workload in &subject.workloads {
        let Some(found) = contradiction(workload.spec) else { continue };
        let message = "what it requires of its node contradicts itself, so no node can ever take its pods";
        let finding = findings.on_pods_of(workload, AFFINITY, message);
        let many = found.reasons.len() > 1;
        for (place, reason) in found.reasons.iter().enumerate() {
            finding.because(if many { format!("term {place}: {reason}") } else { reason.clone() });
        }
        if found.by_selector {
            finding.see(workload.metadata, format!("{}.nodeSelector", workload.spec_path).as_str(), "the node selector must hold, too");
        }
        finding.help("take one of the requirements out; alternatives are nodeSelectorTerms of their own");
    }
}
