//! The API server refuses an object, or the pods that controllers make of it, for what is written in it.
//!
//! It is refused however healthy the cluster is. Where pods are refused and not what makes them, the workload is there, and none of its
//! pods ever is: nothing is Pending. Quotas, LimitRanges, PriorityClasses and ServiceAccounts have rules of their own.
//!
//! # Example
//!
//! ```yaml
//! kind: Deployment
//! spec: {selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: web}}}}
//! ```
//!
//! # Instead
//!
//! Correct the field that the message names.
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/apis/*/validation and the admission plugins, v1.36; the words are the API server's own.

use crate::check::refused::{Refused, Refuser, refused_by};
use crate::check::{Findings, Subject};
use crate::manifest::field::FieldPath;
use crate::manifest::read::Severity;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for refused in refused_by(subject, Refuser::Other) {
        let why = refused.first.why().to_owned();
        let path = field(&why).unwrap_or_default();
        let is_of_pods = refused.workload(subject).is_some();
        let within = path.strip_prefix("spec.").filter(|_| is_of_pods).unwrap_or("");
        let finding = refused.find(subject, findings, within, "the API server refuses");
        if !is_of_pods {
            finding.place.path = FieldPath::from(path);
        }
        finding.because(format!("it says: {why}"));
        if refused.first.is_update {
            finding.because("an older version of it is in the cluster, and stays");
        }
        finding.help(help(&refused));
        if is_patch(&why) {
            finding.severity(Severity::Note).because("it has neither a selector nor labels of pods, as a patch for kustomize has not");
            finding.help("check what `kustomize build` prints instead of its parts");
        }
    }
}

fn help(refused: &Refused<'_>) -> &'static str {
    match refused.first.refusal.reason {
        "NotFound" => "create what is missing first, or correct its name",
        "AlreadyExists" => "leave one of the two out, or give them different names",
        _ => "correct what it names: until then it is not there",
    }
}

/// Whether it is hardly meant to be applied by itself: of a workload only some fields are there.
fn is_patch(why: &str) -> bool {
    why.contains("spec.selector: Required value") && why.contains("spec.template.metadata.labels: Invalid value: null")
}

/// The field that a message begins with: `spec.replicas: Invalid value: …`, or the first of a list of such.
fn field(why: &str) -> Option<&str> {
    let (field, _) = why.strip_prefix('[').unwrap_or(why).split_once(": ")?;
    let is_field = field.starts_with("spec") || field.starts_with("metadata");
    (is_field && !field.contains(' ')).then_some(field)
}
