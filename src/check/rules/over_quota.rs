//! A ResourceQuota of the namespace refuses pods: too little is left of it, or it wants requests or limits that are not written.
//!
//! The workload is created and its pods are not. Nothing is Pending, so nothing that watches pending pods notices: only an event of the
//! ReplicaSet says it. What other workloads of the namespace use is counted, in the order in which everything is created.
//!
//! # Example
//!
//! ```yaml
//! kind: ResourceQuota
//! spec: {hard: {requests.cpu: 4}}
//! ---
//! kind: Deployment           # five pods of one core each
//! ```
//!
//! # Instead
//!
//! Ask for less, run fewer pods, or have the quota raised; `plimsoll plan` proposes one.
//!
//! # Source
//!
//! k8s.io/kubernetes/plugin/pkg/admission/resourcequota, v1.36: `exceeded quota: …`, `failed quota: …` are the API server's own words.

use crate::check::refused::{Refuser, refused_by};
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for refused in refused_by(subject, Refuser::Quota) {
        let why = refused.first.why().to_owned();
        let is_silent = why.starts_with("failed quota: ");
        let finding = refused.find(subject, findings, "containers[0].resources", "a ResourceQuota refuses");
        finding.because(format!("the API server says: {why}"));
        finding.help(match is_silent {
            true => "write the requests and limits that the quota counts, or give the namespace a LimitRange that brings them",
            false => "ask for less, run fewer pods, or have the quota raised: `plimsoll plan` proposes one",
        });
        for quota in &subject.objects.resource_quotas {
            let is_it = why.split_once("quota: ").is_some_and(|(_, rest)| rest.starts_with(&format!("{},", quota.metadata.name)));
            if is_it && quota.metadata.namespace_or_default() == default(&refused.first.namespace) {
                finding.see(&quota.metadata, "spec.hard", "the quota");
            }
        }
    }
}

fn default(namespace: &str) -> &str {
    if namespace.is_empty() { "default" } else { namespace }
}
