//! A pod names a PriorityClass that the cluster does not have.
//!
//! The API server refuses such a pod, whoever makes it: the Deployment is created, its ReplicaSet is created, and no pod ever is. Nothing is
//! Pending, so nothing that watches pending pods notices.
//!
//! It is only said where the input has PriorityClasses at all, or is the dump of a cluster; `system-cluster-critical` and
//! `system-node-critical` are always there.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment
//! spec: {template: {spec: {priorityClassName: gold}}}    # and no PriorityClass "gold"
//! ```
//!
//! # Instead
//!
//! Add the PriorityClass to what is applied, or take the name of one that is there.
//!
//! # Source
//!
//! k8s.io/kubernetes/plugin/pkg/admission/priority/admission.go, v1.36: `no PriorityClass with name gold was found`.

use crate::check::{Findings, Subject};

const BUILT_IN: [&str; 2] = ["system-cluster-critical", "system-node-critical"];

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let classes = &subject.objects.priority_classes;
    if classes.is_empty() {
        return;
    }
    for workload in &subject.workloads {
        let name = workload.spec.priority_class_name.as_str();
        if name.is_empty() || BUILT_IN.contains(&name) || classes.iter().any(|class| class.metadata.name == name) {
            continue;
        }
        let mut there: Vec<&str> = classes.iter().map(|class| class.metadata.name.as_str()).collect();
        there.sort_unstable();
        findings
            .on_pods_of(workload, "priorityClassName", format!("PriorityClass {name:?} is not there, so none of its pods is created"))
            .because(format!("there are {}", there.join(", ")))
            .help("apply the PriorityClass first, or name one that is there");
    }
}
