//! Findings that somebody knows of and accepts: by an annotation of the object, or by the settings.
//!
//! The annotation `plimsoll.dev/allow` names rules, each with a reason: `single-replica: a batch importer may restart`. Several are on lines
//! of their own, or separated by semicolons; several rules with one reason are separated by commas. It counts on the object itself, on the
//! template of its pods, and on the namespace, for everything in it.

use rustc_hash::FxHashMap;

use super::finding::{Allowed, Finding, ObjectName};
use super::settings::Settings;
use super::workload::workloads;
use crate::catalogue::matches;
use crate::manifest::Objects;
use crate::manifest::field::FieldPath;
use crate::manifest::location::Origin;
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

/// Metadata with the annotation, whose it is, and the way to it.
#[derive(Debug)]
pub(super) struct Annotated<'a> {
    pub object: ObjectName,
    pub origin: Origin,
    pub metadata: &'a ObjectMeta,
    pub path: FieldPath,
}

/// Everywhere that the annotation counts and is written.
pub(super) fn annotated(objects: &Objects) -> Vec<Annotated<'_>> {
    let mut found = Vec::new();
    for workload in workloads(objects) {
        let (object, origin) = (workload.object(), workload.metadata.origin);
        found.push(Annotated { object: object.clone(), origin, metadata: workload.metadata, path: "metadata".into() });
        if let Some(template) = workload.spec_path.strip_suffix(".spec") {
            let path = FieldPath::from(template).key("metadata");
            found.push(Annotated { object, origin, metadata: workload.pod_metadata, path });
        }
    }
    // what controllers make has copies of what is written on their owners
    macro_rules! others {
        ($($field:ident)*) => { $( found.extend(objects.$field.iter().filter(|it| it.metadata.controller().is_none()).map(of_object)); )* };
    }
    others! { nodes namespaces services ingresses persistent_volume_claims persistent_volumes storage_classes pod_disruption_budgets
    priority_classes resource_quotas limit_ranges horizontal_pod_autoscalers replica_sets jobs prometheus_rules }
    found.retain(|annotated| annotated.metadata.annotations.contains_key(ANNOTATION));
    found
}

fn of_object<T: Resource>(object: &T) -> Annotated<'_> {
    let metadata = object.metadata();
    Annotated { object: ObjectName::new(T::KIND, metadata), origin: metadata.origin, metadata, path: "metadata".into() }
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
        for Annotated { object, metadata, .. } in annotated(objects) {
            allowances.of_object.entry(object).or_default().extend(acceptances(metadata));
        }
        for namespace in &objects.namespaces {
            allowances.of_namespace.insert(&namespace.metadata.name, acceptances(&namespace.metadata));
        }
        allowances
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
