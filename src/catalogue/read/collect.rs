//! Gathers types as they are read: fills in what follows from what is said, refuses what cannot be, and notes what was taken for granted.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::FORMATS;
use crate::catalogue::{Catalogue, NodeType, Offering, Reserve, label};
use crate::manifest::Quantity;
use crate::manifest::location::{Location, Position};
use crate::manifest::pod::ResourceList;
use crate::manifest::read::{Problem, Severity};

/// How many pods a kubelet runs unless it is told otherwise.
pub(super) const DEFAULT_PODS: i64 = 110;

/// Less memory than this is a number whose suffix was forgotten.
const SMALLEST_MEMORY: i64 = 1 << 20;

/// A type as a file describes it.
#[derive(Default)]
pub(super) struct Draft {
    pub position: Position,
    /// Amounts, labels, taints and offerings; the labels that follow are added.
    pub node_type: NodeType,
    /// What the machine has, where it is not said what pods can have, and by which rule that is worked out.
    pub capacity: Option<(ResourceList, Reserve)>,
}

pub(super) struct Collector {
    file: Arc<str>,
    pub problems: Vec<Problem>,
    catalogue: Catalogue,
    /// Types by name, and where each was written.
    known: FxHashMap<String, (usize, Position)>,
    granted: BTreeMap<Granted, Vec<String>>,
}

/// What was taken for granted, and named in a note for all types together.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Granted {
    Reserve(&'static str),
    Pods,
    Architecture,
    Price,
}

impl Collector {
    pub fn new(file: &str) -> Self {
        let (problems, catalogue, known, granted) = Default::default();
        Collector { file: file.into(), problems, catalogue, known, granted }
    }

    pub fn location(&self, position: Position) -> Location {
        Location::new(&self.file, position)
    }

    pub fn file(&self) -> &str {
        &self.file
    }

    pub fn problem(&self, severity: Severity, position: Position, message: impl Into<String>) -> Problem {
        Problem::new(severity, self.location(position), message)
    }

    pub fn error(&mut self, position: Position, message: impl Into<String>) {
        self.problems.push(self.problem(Severity::Error, position, message));
    }

    pub fn error_with_hint(&mut self, position: Position, message: impl Into<String>, hint: &str) {
        self.problems.push(self.problem(Severity::Error, position, message).hint(hint));
    }

    pub fn warning(&mut self, position: Position, message: impl Into<String>, hint: &str) {
        self.problems.push(self.problem(Severity::Warning, position, message).hint(hint));
    }

    pub fn note(&mut self, message: impl Into<String>) {
        self.problems.push(self.problem(Severity::Note, Position::default(), message));
    }

    /// How many errors there are; if there are more of them later, what was read in between is not whole.
    pub fn errors(&self) -> usize {
        self.problems.iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    pub fn first_error(&self) -> Option<Problem> {
        self.problems.iter().find(|problem| problem.severity == Severity::Error).cloned()
    }

    /// Takes a type in, or says why not.
    pub fn add(&mut self, draft: Draft) {
        let Draft { position, mut node_type, capacity } = draft;
        if node_type.name.is_empty() {
            return self.error_with_hint(position, "a type without a name", "name it: name: m5.large");
        }
        let name = node_type.name.clone();
        if let Some((capacity, reserve)) = capacity {
            node_type.capacity = with_pods(capacity, &mut || self.grant(Granted::Pods, &name));
            node_type.allocatable = reserve.allocatable(&node_type.capacity);
            self.grant(Granted::Reserve(reserve.describe()), &name);
        } else {
            node_type.allocatable = with_pods(node_type.allocatable, &mut || self.grant(Granted::Pods, &name));
        }
        let amount = |resource: &str| node_type.allocatable.get(resource).copied().unwrap_or_default();
        if let Some(resource) = ["cpu", "memory"].iter().find(|resource| amount(resource).nano() <= 0) {
            return self.error(position, format!("{name} leaves pods no {resource}"));
        }
        let memory = amount("memory").units();
        if memory < SMALLEST_MEMORY {
            let message = format!("{name} has only {memory} bytes of memory");
            return self.error_with_hint(position, message, "amounts without a suffix are bytes: write 8Gi");
        }
        self.imply_labels(&mut node_type);
        if node_type.offerings.is_empty() {
            node_type.offerings.push(Offering::default());
        }
        for offering in &mut node_type.offerings {
            offering.limit = [offering.limit, node_type.limit].into_iter().flatten().min();
        }
        self.insert(position, node_type);
    }

    fn imply_labels(&mut self, node_type: &mut NodeType) {
        let implied = [(label::INSTANCE_TYPE, node_type.name.as_str()), (label::OS, "linux"), (label::ARCH, "amd64")];
        for (key, value) in implied {
            if !node_type.labels.contains_key(key) {
                node_type.labels.insert(key.to_owned(), value.to_owned());
                if key == label::ARCH {
                    self.grant(Granted::Architecture, &node_type.name);
                }
            }
        }
    }

    /// A type of a name that is known adds its offerings, if it is the same type.
    fn insert(&mut self, position: Position, mut node_type: NodeType) {
        let Some(&(index, earlier)) = self.known.get(&node_type.name) else {
            self.known.insert(node_type.name.clone(), (self.catalogue.types.len(), position));
            self.catalogue.types.push(node_type);
            return;
        };
        let known = &self.catalogue.types[index];
        let is_same = known.allocatable == node_type.allocatable
            && (&known.labels, &known.taints, known.limit) == (&node_type.labels, &node_type.taints, node_type.limit);
        let sold = |offering: &Offering| (offering.zone.clone(), offering.capacity_type.clone());
        let is_new = node_type.offerings.iter().all(|offering| known.offerings.iter().all(|other| sold(other) != sold(offering)));
        if !is_same || !is_new {
            let what = if is_same { "is offered a second time" } else { "is described a second time, differently" };
            let message = format!("{} {what} (first in line {})", node_type.name, earlier.line);
            return self.error_with_hint(position, message, "leave one of them, or give them different zones or capacity types");
        }
        self.catalogue.types[index].offerings.append(&mut node_type.offerings);
    }

    fn grant(&mut self, what: Granted, name: &str) {
        self.granted.entry(what).or_default().push(name.to_owned());
    }

    /// The types and the problems; or the first of the problems if there are no types.
    pub fn finish(mut self) -> Result<(Catalogue, Vec<Problem>), Problem> {
        if self.catalogue.types.is_empty() {
            let none = self.problem(Severity::Error, Position::START, "no node types here").hint(FORMATS);
            return Err(self.first_error().unwrap_or(none));
        }
        for node_type in &mut self.catalogue.types {
            node_type.sort_offerings();
        }
        let unpriced = self.catalogue.types.iter().filter(|node_type| node_type.offerings.iter().all(|o| o.price_micros_hour.is_none()));
        let unpriced: Vec<String> = unpriced.map(|node_type| node_type.name.clone()).collect();
        if !unpriced.is_empty() {
            self.granted.insert(Granted::Price, unpriced);
        }
        let total = self.catalogue.types.len();
        for (what, mut names) in std::mem::take(&mut self.granted) {
            names.dedup();
            let message = what.say(&which(&names, total));
            self.note(message);
        }
        Ok((self.catalogue, self.problems))
    }
}

impl Granted {
    fn say(&self, which: &str) -> String {
        match self {
            Granted::Reserve(rule) => format!("what pods can have of {which} is worked out from what the machine has: {rule}"),
            Granted::Pods => format!("nothing is said of how many pods run on {which}: {DEFAULT_PODS}, the kubelet's default, are taken"),
            Granted::Architecture => format!("nothing is said of the architecture of {which}: amd64 is taken"),
            Granted::Price => format!("nothing is said of the price of {which}"),
        }
    }
}

/// Types in a sentence: all, one, or how many and the first.
fn which(names: &[String], total: usize) -> String {
    match names {
        [name] => name.clone(),
        _ if names.len() == total => format!("all {total} types"),
        _ => format!("{} of {total} types ({}, ...)", names.len(), names[0]),
    }
}

/// The same with the kubelet's default where nothing is said of pods.
fn with_pods(mut amounts: ResourceList, granted: &mut dyn FnMut()) -> ResourceList {
    if !amounts.contains_key("pods") {
        granted();
        amounts.insert("pods".to_owned(), Quantity::from_units(DEFAULT_PODS));
    }
    amounts
}
