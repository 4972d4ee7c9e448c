//! A workload runs as a ServiceAccount that is not there, so that none of its pods is created.
//!
//! The workload is created, and its ReplicaSet; the API server refuses each pod. It is said where the input has ServiceAccounts of the
//! cluster; and of manifests where the same file brings ServiceAccounts for the same namespace and nothing brings this one, which is a note: the cluster may have it.
//!
//! # Example
//!
//! ```yaml
//! kind: ServiceAccount
//! metadata: {name: api}
//! ---
//! kind: Deployment
//! spec: {template: {spec: {serviceAccountName: apis}}}
//! ```
//!
//! # Instead
//!
//! Correct the name, or add the ServiceAccount to what is applied.
//!
//! # Source
//!
//! k8s.io/kubernetes/plugin/pkg/admission/serviceaccount/admission.go, v1.36: `error looking up service account`.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::refused::{Refuser, refused_by};
use crate::check::{Findings, Subject};
use crate::manifest::read::Severity;

const HELP: &str = "correct the name, or add the ServiceAccount to what is applied";

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    let mut told = BTreeSet::new();
    for refused in refused_by(subject, Refuser::ServiceAccount) {
        told.insert(refused.first.origin);
        let why = refused.first.why().to_owned();
        let finding = refused.find(subject, findings, "serviceAccountName", "for want of its ServiceAccount the API server refuses");
        finding.because(format!("it says: {why}")).help(HELP);
    }
    let accounts = || subject.objects.others.iter().filter(|other| other.resource == "serviceaccounts").map(|other| &other.metadata);
    let named: BTreeSet<&str> = accounts().map(|account| account.name.as_str()).collect();
    let mut beside: BTreeMap<(u32, &str), BTreeSet<&str>> = BTreeMap::new();
    accounts().for_each(|one| _ = beside.entry((one.origin.file, one.namespace_or_default())).or_default().insert(&one.name));
    for workload in subject.workloads.iter().filter(|workload| subject.question.written.holds(workload.metadata)) {
        let name = workload.spec.service_account_name.as_str();
        let Some(there) = beside.get(&(workload.metadata.origin.file, workload.namespace())) else { continue };
        if name.is_empty() || name == "default" || named.contains(name) || told.contains(&workload.metadata.origin) {
            continue;
        }
        findings
            .on_pods_of(workload, "serviceAccountName", format!("ServiceAccount {name:?} is not among those that are applied with it"))
            .severity(Severity::Note)
            .because(format!("namespace {} gets {}", workload.namespace(), there.iter().copied().collect::<Vec<_>>().join(", ")))
            .because("unless the cluster has it already, the API server refuses every pod")
            .help(HELP);
    }
}
