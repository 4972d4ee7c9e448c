//! A finding: what is wrong with which object, at which field, why, and what to do next.

use std::fmt;

use super::rule::Rule;
use super::workload::Workload;
use crate::manifest::field::FieldPath;
use crate::manifest::location::Origin;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::read::Severity;
use crate::manifest::resource::Resource;

/// An object by its names; shown as `Deployment shop/api`, or `Node n1` where there is no namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName {
    /// Kind.
    pub kind: String,
    /// Namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectName {
    /// Of an object of this kind with this metadata.
    pub fn new(kind: &str, metadata: &ObjectMeta) -> Self {
        ObjectName { kind: kind.to_owned(), namespace: metadata.namespace.clone(), name: metadata.name.clone() }
    }

    /// `Kind/namespace/name`, or `Kind/name`: what patterns in settings are matched with.
    pub fn path(&self) -> String {
        let Self { kind, namespace, name } = self;
        if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{kind}/{namespace}/{name}") }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name } = self;
        if namespace.is_empty() { write!(f, "{kind} {name}") } else { write!(f, "{kind} {namespace}/{name}") }
    }
}

/// A field of an object that was written somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Where the object was written.
    pub origin: Origin,
    /// The field; empty for the object itself.
    pub path: FieldPath,
}

/// Why something that was found is no trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// What somebody said about it; empty if nothing.
    pub reason: String,
    /// Where it is said: `annotation` or `settings`.
    pub by: &'static str,
}

/// Something that a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub object: ObjectName,
    /// Where it is written.
    pub place: Place,
    /// What is wrong, in a sentence without a full stop; the object is named before it.
    pub message: String,
    /// Why: what was reckoned, said by the scheduler, or found elsewhere; a sentence each.
    pub evidence: Vec<String>,
    /// Other places that have to do with it, and in which way.
    pub related: Vec<(Place, String)>,
    /// What to do next.
    pub help: String,
    /// Why it is no trouble, if somebody said so.
    pub allowed: Option<Allowed>,
}

impl Finding {
    /// The order of findings, and what makes two the same.
    pub(super) fn key(&self) -> (Origin, &'static str, &FieldPath, &ObjectName, &str) {
        (self.place.origin, self.rule.code, &self.place.path, &self.object, &self.message)
    }

    /// With a sentence on why.
    pub fn because(&mut self, evidence: impl Into<String>) -> &mut Self {
        self.evidence.push(evidence.into());
        self
    }

    /// With another place that has to do with it.
    pub fn see(&mut self, metadata: &ObjectMeta, path: impl Into<FieldPath>, how: impl Into<String>) -> &mut Self {
        self.related.push((Place { origin: metadata.origin, path: path.into() }, how.into()));
        self
    }

    /// With what to do next.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = help.into();
        self
    }

    /// Worse, or less bad, than its rule usually is. Settings that change the severity of the rule win.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        if self.severity == self.rule.severity {
            self.severity = severity;
        }
        self
    }
}

/// What a rule has found so far.
#[derive(Debug)]
pub struct Findings {
    rule: &'static Rule,
    severity: Severity,
    found: Vec<Finding>,
}

impl Findings {
    /// None yet.
    pub(super) fn new(rule: &'static Rule, severity: Severity) -> Self {
        Findings { rule, severity, found: Vec::new() }
    }

    pub(super) fn into_inner(self) -> Vec<Finding> {
        self.found
    }

    /// Something is wrong with a field of an object: what, in a sentence without a full stop, without the object's name.
    pub fn on<T: Resource>(&mut self, object: &T, path: impl Into<FieldPath>, message: impl Into<String>) -> &mut Finding {
        self.named(ObjectName::new(T::KIND, object.metadata()), object.metadata().origin, path.into(), message.into())
    }

    /// The same of a workload; the path starts at its pods' spec.
    pub fn on_pods_of(&mut self, workload: &Workload<'_>, path: impl Into<FieldPath>, message: impl Into<String>) -> &mut Finding {
        let mut whole = FieldPath::from(workload.spec_path);
        whole.0.extend(path.into().0);
        self.named(workload.object(), workload.metadata.origin, whole, message.into())
    }

    /// The same of a workload itself; the path starts at the object.
    pub fn on_workload(&mut self, workload: &Workload<'_>, path: impl Into<FieldPath>, message: impl Into<String>) -> &mut Finding {
        self.named(workload.object(), workload.metadata.origin, path.into(), message.into())
    }

    /// The same of anything.
    pub fn named(&mut self, object: ObjectName, origin: Origin, path: FieldPath, message: String) -> &mut Finding {
        self.found.push(Finding {
            rule: self.rule,
            severity: self.severity,
            object,
            place: Place { origin, path },
            message,
            evidence: Vec::new(),
            related: Vec::new(),
            help: String::new(),
            allowed: None,
        });
        self.found.last_mut().expect("just pushed")
    }
}
