//! Findings that somebody knows of and accepts: by an annotation of the object, or by the settings.
//!
//! The annotation `plimsoll.dev/allow` names rules, each with a reason: `single-replica: a batch importer may restart`. Several are on lines
//! of their own, or separated by semicolons; several rules with one reason are separated by commas. It counts on the object itself, on the
//! template of its pods, and on the namespace, for everything in it.

use rustc_hash::FxHashMap;

use super::finding::{Allowed, Finding, ObjectName};
use super::settings::{Settings, matches};
use super::workload::workloads;
use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::resource::Resource;

/// The annotation.
pub const ANNOTATION: &str = "plimsoll.dev/allow";

/// What an annotation accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The rule, by name or code, as it is written.
    pub rule: String,
    /// Why; empty if nothing is said.
    pub reason: String,
}

/// What the annotation of an object accepts, in the order in which it is written.
pub fn acceptances(metadata: &ObjectMeta) -> Vec<Acceptance> {
    let Some(text) = metadata.annotations.get(ANNOTATION) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in text.split(['\n', ';']).map(str::trim).filter(|entry| !entry.is_empty()) {
        let (rules, reason) = entry.split_once(':').unwrap_or((entry, ""));
        let rules = rules.split([',', ' ']).map(str::trim).filter(|rule| !rule.is_empty());
        found.extend(rules.map(|rule| Acceptance { rule: rule.to_owned(), reason: reason.trim().to_owned() }));
    }
    found
}

/// Everything that is accepted in an input.
#[derive(Debug)]
pub(super) struct Allowances<'a> {
    of_object: FxHashMap<ObjectName, Vec<Acceptance>>,
    of_namespace: FxHashMap<&'a str, Vec<Acceptance>>,
    settings: &'a Settings,
}

impl<'a> Allowances<'a> {
    /// What these objects and settings accept.
    pub fn new(objects: &'a Objects, settings: &'a Settings) -> Self {
        let mut allowances = Allowances { of_object: FxHashMap::default(), of_namespace: FxHashMap::default(), settings };
        for workload in workloads(objects) {
            allowances.add(workload.object(), workload.metadata);
            allowances.add(workload.object(), workload.pod_metadata);
        }
        macro_rules! others {
            ($($field:ident)*) => { $( objects.$field.iter().for_each(|object| allowances.add_object(object)); )* };
        }
        others! { nodes namespaces services ingresses persistent_volume_claims persistent_volumes storage_classes pod_disruption_budgets
        priority_classes resource_quotas limit_ranges horizontal_pod_autoscalers replica_sets jobs prometheus_rules }
        for namespace in &objects.namespaces {
            let accepted = acceptances(&namespace.metadata);
            if !accepted.is_empty() {
                allowances.of_namespace.insert(&namespace.metadata.name, accepted);
            }
        }
        allowances
    }

    fn add_object<T: Resource>(&mut self, object: &T) {
        self.add(ObjectName::new(T::KIND, object.metadata()), object.metadata());
    }

    fn add(&mut self, name: ObjectName, metadata: &ObjectMeta) {
        let accepted = acceptances(metadata);
        if !accepted.is_empty() {
            self.of_object.entry(name).or_default().extend(accepted);
        }
    }

    /// Why a finding is accepted, if it is.
    pub fn of(&self, finding: &Finding) -> Option<Allowed> {
        let own = self.of_object.get(&finding.object).into_iter().flatten();
        let all = own.chain(self.of_namespace.get(finding.object.namespace.as_str()).into_iter().flatten());
        let mut accepted = all.filter(|acceptance| finding.rule.is_called(&acceptance.rule));
        if let Some(acceptance) = accepted.next() {
            return Some(Allowed { reason: acceptance.reason.clone(), by: "annotation" });
        }
        let path = finding.object.path();
        let is_meant = |pattern: &str| pattern.is_empty() || matches(pattern, &path);
        let allow = self.settings.allow.iter().find(|allow| finding.rule.is_called(&allow.rule) && is_meant(&allow.object))?;
        Some(Allowed { reason: allow.reason.clone(), by: "settings" })
    }
}
