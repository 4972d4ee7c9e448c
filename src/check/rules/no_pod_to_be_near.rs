//! A pod must be near pods that there are not: none that runs, none in the manifests, and not the pod itself.
//!
//! Required pod affinity holds a pod back until a pod that it means is on a node. If there is none anywhere, that is for good. Most often the
//! selector has a label that the other workload lost, or the term looks into the wrong namespace.
//!
//! # Example
//!
//! ```yaml
//! affinity:
//!   podAffinity:
//!     requiredDuringSchedulingIgnoredDuringExecution:
//!     - labelSelector: {matchLabels: {app: cache}}      # the pods are labelled app.kubernetes.io/name: cache
//!       topologyKey: kubernetes.io/hostname
//! ```
//!
//! # Instead
//!
//! Select the labels that the other pods have; name their namespace if it is another; or prefer to be near instead of requiring it.
//!
//! # Source
//!
//! pkg/scheduler/framework/plugins/interpodaffinity/filtering.go, v1.36: `node(s) didn't match pod affinity rules`.

use super::{pending, sentence};
use crate::check::obstacle::Cause;
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for (obstacle, workload) in subject.obstacles_of(Cause::NothingToBeNear) {
        let message = format!("{}: there are no pods such as must be near", pending(obstacle, workload));
        let path = "affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution";
        let finding = findings.on_pods_of(workload, path, message);
        finding.because("no pod of the input, running or to be made, has the labels that are selected, in the namespaces that are meant");
        finding.because(sentence(obstacle));
        finding.help("select labels that the other pods have, name their namespace, or prefer instead of requiring");
    }
}
