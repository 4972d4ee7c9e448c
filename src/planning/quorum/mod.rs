//! How many pods a workload needs to do its work, and what a loss leaves of that.
//!
//! What decides, in this order: a flag ([`Override`]), the annotation [`ANNOTATION`] of the workload or of its pod template, what is known of
//! the application (`applications`: recognised by the labels `app.kubernetes.io/name` and `app` or by the name of an image), and else
//!
//! - a StatefulSet with three replicas or more: a majority, `n / 2 + 1`;
//! - a StatefulSet with two: one. Two can be a primary and a standby, of which one serves; a group of two that has to agree is worse than one
//!   alone, and the applications that agree by majority are known. Who runs one nevertheless says `majority`;
//! - everything else: one.
//!
//! Promise: nothing is refused. A wish that makes no sense is a note with its place, and the rule counts that would count without it.
//! DaemonSets, Jobs, static pods and pods that nobody manages have no quorum.
//!
//! What is not known: arguments and environment of containers are not kept (they may hold secrets), so that `min.insync.replicas`, the parity
//! of MinIO or the back end of Vault are not seen; an annotation says them.
//!
//! To add an application: a row in `applications`, a test in `tests/suite/quorum.rs`.

mod applications;
mod budget;
mod minio;
mod standing;
mod wish;
mod workload;

pub use applications::{APPLICATIONS, Application, Need};
pub use budget::Budget;
pub use minio::{Drives, MINIO_ANNOTATION};
pub use standing::{Hit, Standing, State};
pub use wish::{Override, Wish};

use std::fmt;

use crate::controllers::scale_down::WorkloadKey;
use crate::manifest::Objects;
use crate::manifest::location::{Note, Origin};
use workload::Workload;

/// Annotation of a workload or its pod template: a number of pods, a share such as `50%`, `majority`, or `none`.
pub const ANNOTATION: &str = "plimsoll.dev/quorum";

/// The workloads of an input and what they need.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quorums {
    /// The workloads, by namespace, kind and name.
    pub workloads: Vec<Quorum>,
    /// The workload of each pod of the input, as an index; none for pods without one.
    pub of_pod: Vec<Option<usize>>,
    /// Budgets that say how many pods must stay healthy.
    pub budgets: Vec<Budget>,
    /// Which budgets select which pods: pod and budget as indices, by pod.
    budgets_of_pods: Vec<(usize, usize)>,
    /// Wishes that make no sense.
    pub notes: Vec<Note>,
}

/// How many of its pods a workload needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Quorum {
    /// The workload.
    pub workload: WorkloadKey,
    /// Where it was read; for an operator's own kinds, where its first pod was.
    pub origin: Origin,
    /// Its pods, as indices; not those that have ended or are being deleted.
    pub pods: Vec<usize>,
    /// Pods that it wants.
    pub replicas: usize,
    /// Pods that must be ready; 0 if it was said that there is no such number.
    pub needed: usize,
    /// Where that comes from.
    pub basis: Basis,
    /// What it was recognised as.
    pub application: Option<&'static str>,
    /// Whether its pods come back one after another: a StatefulSet with `podManagementPolicy: OrderedReady`.
    pub ordered: bool,
    /// Seconds a pod must be ready to count as available.
    pub min_ready_seconds: i32,
}

/// Where a number of needed pods comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Basis {
    /// A flag.
    Flag(Wish),
    /// An annotation.
    Annotation(Wish),
    /// What is known of the application.
    Application {
        /// Which one.
        name: &'static str,
        /// What it needs, and why.
        need: String,
        /// Who says so.
        source: &'static str,
    },
    /// A StatefulSet with so many replicas that they may have to agree.
    Majority(usize),
    /// A StatefulSet with two replicas.
    Pair,
    /// One pod does the work.
    One,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Basis::Flag(wish) => write!(f, "flag: {wish}"),
            Basis::Annotation(wish) => write!(f, "annotation: {wish}"),
            Basis::Application { name, need, .. } => write!(f, "{name}: {need}"),
            Basis::Majority(replicas) => write!(f, "majority of {replicas}"),
            Basis::Pair => write!(f, "one of two"),
            Basis::One => write!(f, "one pod"),
        }
    }
}

impl Quorums {
    /// Finds what the workloads of an input need. The input is complete: controllers have made their pods, and budgets have a status
    /// (`controllers::disruption::budgets`).
    pub fn of(objects: &Objects, overrides: &[Override]) -> Self {
        let (workloads, of_pod) = workload::workloads(objects);
        let mut quorums = Quorums { of_pod, ..Quorums::default() };
        let mut used = vec![false; overrides.len()];
        for workload in &workloads {
            // of several flags for one workload the last counts
            let flag = overrides.iter().rposition(|flag| flag.means(&workload.key));
            overrides.iter().zip(&mut used).for_each(|(flag, used)| *used |= flag.means(&workload.key));
            let quorum = quorum(workload, flag.map(|index| overrides[index].wish), &mut quorums.notes);
            quorums.workloads.push(quorum);
        }
        let idle = overrides.iter().zip(used).filter(|(_, used)| !used);
        quorums.notes.extend(idle.map(|(flag, _)| Note::general(format!("quorum {flag}: there is no such workload"))));
        (quorums.budgets, quorums.budgets_of_pods) = budget::budgets(objects);
        quorums
    }

    /// The quorum of a pod's workload.
    pub fn of_pod(&self, pod: usize) -> Option<&Quorum> {
        self.of_pod.get(pod).copied().flatten().map(|index| &self.workloads[index])
    }

    /// The budgets that select a pod, as indices.
    pub fn budgets_of(&self, pod: usize) -> impl Iterator<Item = usize> + '_ {
        let start = self.budgets_of_pods.partition_point(|&(of, _)| of < pod);
        self.budgets_of_pods[start..].iter().take_while(move |&&(of, _)| of == pod).map(|&(_, budget)| budget)
    }
}

/// What one workload needs.
fn quorum(workload: &Workload<'_>, flag: Option<Wish>, notes: &mut Vec<Note>) -> Quorum {
    let recognised = applications::recognise(workload);
    let (wanted, basis) = if let Some(wish) = flag {
        (wish.of(workload.replicas), Basis::Flag(wish))
    } else if let Some(wish) = annotated(workload, notes) {
        (wish.of(workload.replicas), Basis::Annotation(wish))
    } else {
        by_rule(workload, recognised, notes)
    };
    if wanted > workload.replicas && workload.replicas > 0 {
        let message = format!("{}: {basis} of {} pods can never be ready: taken as all of them", workload.key, workload.replicas);
        notes.push(Note::at(workload.origin, message));
    }
    Quorum {
        workload: workload.key.clone(),
        origin: workload.origin,
        pods: workload.pods.clone(),
        replicas: workload.replicas,
        needed: wanted.min(workload.replicas),
        basis,
        application: recognised.map(|application| application.name),
        ordered: workload.ordered,
        min_ready_seconds: workload.min_ready_seconds,
    }
}

/// What the annotations of a workload wish, the workload's own first.
fn annotated(workload: &Workload<'_>, notes: &mut Vec<Note>) -> Option<Wish> {
    workload.annotation(ANNOTATION).and_then(|text| match text.parse() {
        Ok(wish) => Some(wish),
        Err(problem) => {
            notes.push(Note::at(workload.origin, format!("{}: annotation {ANNOTATION}: {problem}; it does not count", workload.key)));
            None
        }
    })
}

fn by_rule(workload: &Workload<'_>, recognised: Option<&'static Application>, notes: &mut Vec<Note>) -> (usize, Basis) {
    let replicas = workload.replicas;
    if let Some(application) = recognised {
        let Need { pods, why } = (application.rule)(workload, notes);
        return (pods.min(replicas), Basis::Application { name: application.name, need: why, source: application.source });
    }
    match replicas {
        2 if workload.key.kind == "StatefulSet" => (1, Basis::Pair),
        3.. if workload.key.kind == "StatefulSet" => (majority(replicas), Basis::Majority(replicas)),
        _ => (replicas.min(1), Basis::One),
    }
}

/// More than half.
fn majority(of: usize) -> usize {
    of / 2 + 1
}
