//! Namespaces of workloads have no ResourceQuota, though others have one.
//!
//! A quota holds one team to its share; what has none can take all of the rest, and that of the others with it once nodes are full. It is
//! only said where some namespace of the input has a quota, of namespaces that are expected to be fit for production; once for all of
//! them, at the first quota.
//!
//! # Example
//!
//! ```yaml
//! kind: ResourceQuota
//! metadata: {name: quota, namespace: shop}        # and namespace billing has workloads and none
//! ```
//!
//! # Instead
//!
//! ```yaml
//! kind: ResourceQuota
//! metadata: {name: quota, namespace: billing}
//! spec: {hard: {requests.cpu: "8", requests.memory: 16Gi}}
//! ```
//!
//! # Source
//!
//! Task 3 ("ResourceQuotas applied to namespaces") of a guide to highly available data platforms.

use std::collections::BTreeMap;

use crate::check::placement::{listed, pods};
use crate::check::{Findings, Subject};

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let quotas = &subject.objects.resource_quotas;
    let Some(first) = quotas.first() else { return };
    let mut without: BTreeMap<&str, usize> = BTreeMap::new();
    for workload in subject.workloads.iter().filter(|workload| workload.serves() && subject.is_production(workload)) {
        let has_one = quotas.iter().any(|quota| quota.metadata.namespace_or_default() == workload.namespace());
        if !has_one && workload.replicas != Some(0) {
            *without.entry(workload.namespace()).or_default() += workload.pods.len();
        }
    }
    let number: usize = without.values().sum();
    if without.is_empty() {
        return;
    }
    let what = if without.len() == 1 { "namespace has" } else { "namespaces have" };
    let message = format!("{} other {what} no quota: {}", without.len(), listed(without.keys()));
    findings
        .on(first, "spec.hard", message)
        .because(format!("{} of these may grow, at the cost of what this one is held to", pods(number)))
        .help("give each a ResourceQuota, or allow this: `plimsoll rightsize` works out what namespaces ask for");
}
