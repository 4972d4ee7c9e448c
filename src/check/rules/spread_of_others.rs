//! A spread constraint does not count the workload's own pods: its selector does not match their labels.
//!
//! kube-scheduler evens out the pods that the selector matches. A pod that is not among them changes no count wherever it goes, so that
//! a hard constraint may hold it back and a soft one steer it, but nothing spreads its own kind. Without a selector, or with an empty
//! one, nobody is counted. A key of `matchLabelKeys` that pods do not have is passed over, which is a note.
//!
//! # Example
//!
//! ```yaml
//! metadata: {labels: {app: api}}
//! spec:
//!   topologySpreadConstraints:
//!   - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
//! ```
//!
//! # Instead
//!
//! Write the labels that the pods have.
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread/{common,filtering}.go, v1.36: countPodsMatchSelector,
//! selfMatchNum, mergeLabelSetWithSelector.

use super::anti_affinity_to_others::difference;
use crate::check::apart::spreads_itself;
use crate::check::{Findings, Subject, Workload};
use crate::manifest::field::FieldPath;
use crate::manifest::pod::TopologySpreadConstraint;
use crate::manifest::read::Severity;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    // a pod by itself may well be spread against others
    for workload in subject.workloads.iter().filter(|workload| workload.kind != "Pod") {
        for (at, constraint) in workload.spec.topology_spread_constraints.iter().enumerate() {
            let path = FieldPath::from("topologySpreadConstraints").index(at);
            if !spreads_itself(constraint, workload.labels()) {
                tell(workload, constraint, path, findings);
            } else if let Some((at, key)) = foreign_key(workload, constraint) {
                findings
                    .on_pods_of(workload, path.key("matchLabelKeys").index(at), format!("its pods have no label {key}, so that the key is passed over"))
                    .severity(Severity::Note)
                    .because("the constraint counts the pods of all revisions together")
                    .help(match workload.kind {
                        "StatefulSet" | "DaemonSet" => "write controller-revision-hash, which its pods get, or leave it out",
                        _ => "write pod-template-hash, which pods of a Deployment get, or leave it out",
                    });
            }
        }
    }
}

fn tell(workload: &Workload<'_>, constraint: &TopologySpreadConstraint, path: FieldPath, findings: &mut Findings) {
    let (path, why) = match &constraint.label_selector {
        None => (path, "a constraint without labelSelector counts no pod".to_owned()),
        Some(selector) => (path.key("labelSelector"), difference(selector, workload.labels())),
    };
    findings
        .on_pods_of(workload, path, format!("its spread over {} does not count its own pods, so that it does not spread them", constraint.topology_key))
        .because(why)
        .help("write the labels that its pods have");
}

/// The first of `matchLabelKeys` that pods of a workload do not get, whoever makes them.
fn foreign_key<'a>(workload: &Workload<'_>, constraint: &'a TopologySpreadConstraint) -> Option<(usize, &'a str)> {
    let is_given = |key: &str| match workload.kind {
        "Deployment" => key == "pod-template-hash",
        // a ReplicaSet may be somebody else's, who labels its pods
        "StatefulSet" | "DaemonSet" => matches!(key, "controller-revision-hash" | "statefulset.kubernetes.io/pod-name" | "apps.kubernetes.io/pod-index"),
        "Job" | "CronJob" => key.starts_with("batch.kubernetes.io/") || matches!(key, "job-name" | "controller-uid"),
        _ => true,
    };
    let keys = constraint.match_label_keys.iter().enumerate();
    let mut foreign = keys.filter(|(_, key)| !workload.labels().contains_key(key.as_str()) && !is_given(key));
    foreign.next().map(|(at, key)| (at, key.as_str()))
}
