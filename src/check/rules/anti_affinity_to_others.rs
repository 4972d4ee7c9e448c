//! The anti-affinity of a workload does not match the labels of its own pods, nor those of anything else.
//!
//! Copied from another workload, or left behind when a label was renamed: it is valid, it is there, and it keeps nothing apart. Whoever
//! reads the manifest takes the replicas for spread.
//!
//! It is not said where a term matches other pods or workloads of the input, because staying away from those may be what is meant; nor
//! where another term does match its own pods; nor of a workload that never has two.
//!
//! # Example
//!
//! ```yaml
//! metadata: {labels: {app: api}}
//! spec:
//!   affinity:
//!     podAntiAffinity:
//!       requiredDuringSchedulingIgnoredDuringExecution:
//!       - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: ap1}}}
//! ```
//!
//! # Instead
//!
//! Write the labels that the pods have.
//!
//! # Source
//!
//! k8s.io/kubernetes/pkg/scheduler/framework/plugins/interpodaffinity/filtering.go, v1.36: a term is about the pods that its selector
//! matches in its namespaces, and no others.

use super::one_node_possible::replicas;
use crate::check::apart::{means_itself, terms};
use crate::check::{Findings, Subject, Workload};
use crate::controllers::selector::matches;
use crate::manifest::field::FieldPath;
use crate::manifest::meta::{LabelSelector, StringMap};
use crate::manifest::pod::PodAffinityTerm;

pub(super) fn find(subject: &Subject<'_>, findings: &mut Findings) {
    for workload in subject.workloads.iter().filter(|workload| workload.serves() && replicas(subject, workload) >= 2) {
        let Some((path, term)) = idle_term(subject, workload) else { continue };
        let path = FieldPath::from(path.as_str());
        let (path, why) = match &term.label_selector {
            None => (path, "a term without labelSelector is about no pod".to_owned()),
            Some(_) if !is_near(workload, term) => {
                (path.key("namespaces"), format!("it is about pods of {}, and its own are in {}", term.namespaces.join(", "), workload.namespace()))
            }
            Some(selector) => (path.key("labelSelector"), difference(selector, workload.labels())),
        };
        findings
            .on_pods_of(workload, path, "its anti-affinity does not mean its own pods, nor any other of the input")
            .because(why)
            .help("write the labels that its pods have, so that they are kept apart");
    }
}

/// The first of the terms of a workload, and where it is, if none of them means anything.
pub(super) fn idle_term<'a>(subject: &Subject<'_>, workload: &Workload<'a>) -> Option<(String, &'a PodAffinityTerm)> {
    let terms = terms(workload);
    let is_meant = |term: &PodAffinityTerm| {
        means_itself(workload, term) || !term.mismatch_label_keys.is_empty() || means_anything(subject, term)
    };
    let (path, _, first) = terms.first()?;
    (!terms.iter().any(|(_, _, term)| is_meant(term))).then(|| (path.clone(), *first))
}

fn is_near(workload: &Workload<'_>, term: &PodAffinityTerm) -> bool {
    term.namespace_selector.is_some() || term.namespaces.is_empty() || term.namespaces.iter().any(|own| own == workload.namespace())
}

/// Whether a term matches any pods of the input, in any namespace: where it looks is not asked, so as not to be wrong.
fn means_anything(subject: &Subject<'_>, term: &PodAffinityTerm) -> bool {
    let Some(selector) = &term.label_selector else { return false };
    let near = |namespace: &str| term.namespaces.is_empty() || term.namespaces.iter().any(|own| own == namespace);
    subject.workloads.iter().any(|workload| near(workload.namespace()) && matches(selector, workload.labels()))
        || subject.objects.pods.iter().any(|pod| near(pod.metadata.namespace_or_default()) && matches(selector, &pod.metadata.labels))
}

/// The first requirement that labels do not meet, in a sentence.
pub(super) fn difference(selector: &LabelSelector, labels: &StringMap) -> String {
    let has = |key: &str| match labels.get(key) {
        Some(own) => format!("its pods have {key}={own}"),
        None => format!("its pods have no label {key}"),
    };
    if let Some((key, value)) = selector.match_labels.iter().find(|(key, value)| labels.get(key.as_str()) != Some(*value)) {
        return format!("it asks for {key}={value}, and {}", has(key));
    }
    let unmet = selector.match_expressions.iter().find(|requirement| {
        let alone = LabelSelector { match_expressions: vec![(*requirement).clone()], ..LabelSelector::default() };
        !matches(&alone, labels)
    });
    match unmet {
        Some(requirement) => {
            format!("it asks for {} {} [{}], and {}", requirement.key, requirement.operator, requirement.values.join(", "), has(&requirement.key))
        }
        None => "it asks for no label, and then counts nobody".to_owned(),
    }
}
