//! The pods there are, the pods that get made, and the orphans that find an owner.
//!
//! Controllers only read the old pods and only append to the ledger; [`Entries::post`] writes all of it at once, so that
//! positions stay valid while controllers run.
//!
//! Source: k8s.io/kubernetes/pkg/controller/controller_utils.go GetPodFromTemplate, FilterActivePods, v1.36.

use rustc_hash::{FxHashMap, FxHashSet};

use super::cron_job::CronRuns;
use super::names;
use super::ownership::{Owner, Ownership};
use crate::manifest::location::Note;
use crate::manifest::meta::{LabelSelector, ObjectMeta, OwnerReference};
use crate::manifest::pod::Pod;
use crate::manifest::workload::{PodTemplateSpec, ReplicaSet};

/// What controllers see of pods.
pub(super) struct Ledger<'a> {
    /// The pods of the input.
    pub pods: &'a [Pod],
    /// Those pods by owner.
    pub ownership: Ownership<'a>,
    /// Which runs of CronJobs count.
    pub cron_runs: CronRuns,
    entries: Entries,
}

/// What controllers did to pods.
#[derive(Default)]
pub(super) struct Entries {
    /// New pods, in the order they were made.
    pub made: Vec<Pod>,
    /// Old pods that a new one of the same name takes the place of.
    replaced: Vec<(usize, Pod)>,
    /// Orphans and their new owners.
    adopted: FxHashMap<usize, OwnerReference>,
    notes: Vec<Note>,
}

impl<'a> Ledger<'a> {
    /// Indexes the pods of an input. Pods of ReplicaSets that are not in it count as orphans, for their Deployment to find.
    pub fn open(pods: &'a [Pod], replica_sets: &[ReplicaSet]) -> Self {
        let known: FxHashSet<(&str, &str)> =
            replica_sets.iter().map(|set| (set.metadata.namespace_or_default(), set.metadata.name.as_str())).collect();
        let is_lost = |metadata: &ObjectMeta, owner: &OwnerReference| {
            owner.kind == "ReplicaSet" && !known.contains(&(metadata.namespace_or_default(), owner.name.as_str()))
        };
        Ledger {
            pods,
            ownership: Ownership::of(pods.iter().map(|pod| &pod.metadata), is_lost),
            cron_runs: CronRuns::default(),
            entries: Entries::default(),
        }
    }

    /// Ends the controllers' work.
    pub fn close(self) -> Entries {
        self.entries
    }

    /// Positions of the pods of a workload: those that name it, and the orphans that its selector takes in.
    pub fn claim(&mut self, owner: &Owner<'_>, selector: Option<&LabelSelector>) -> Vec<usize> {
        let mut claimed = self.ownership.owned_by(owner);
        let Some(selector) = selector.filter(|selector| **selector != LabelSelector::default()) else { return claimed };
        for position in self.ownership.orphans(owner.metadata.namespace_or_default(), selector) {
            let pod = &self.pods[position];
            let is_free = pod.metadata.controller().is_none() && !self.entries.adopted.contains_key(&position);
            if is_free && is_active(pod) {
                self.entries.adopted.insert(position, owner.reference());
                claimed.push(position);
            }
        }
        claimed
    }

    /// How many of the claimed pods count towards replicas.
    pub fn active(&self, claimed: &[usize]) -> usize {
        claimed.iter().filter(|&&position| is_active(&self.pods[position])).count()
    }

    /// Makes pods with generated names until the workload has `desired` active ones.
    pub fn fill(&mut self, owner: &Owner<'_>, template: &PodTemplateSpec, claimed: &[usize], desired: i32) {
        let missing = usize::try_from(desired).unwrap_or(0).saturating_sub(self.active(claimed));
        let prefix = format!("{}-", owner.metadata.name);
        for name in self.free_names(&prefix, claimed).take(missing).collect::<Vec<_>>() {
            let mut pod = from_template(template, owner, name);
            pod.metadata.generate_name = prefix.clone();
            self.make(pod);
        }
    }

    /// Generated names with a prefix that none of the claimed pods has.
    pub fn free_names(&self, prefix: &str, claimed: &[usize]) -> impl Iterator<Item = String> + use<'_, 'a> {
        let taken: FxHashSet<&str> = claimed.iter().map(|&position| self.pods[position].metadata.name.as_str()).collect();
        let prefix = prefix.to_owned();
        (0..u32::MAX).map(move |number| names::generated(&prefix, number)).filter(move |name| !taken.contains(name.as_str()))
    }

    /// Adds a pod behind all others.
    pub fn make(&mut self, pod: Pod) {
        self.entries.made.push(pod);
    }

    /// Puts a pod in the place of an old one.
    pub fn replace(&mut self, position: usize, pod: Pod) {
        self.entries.replaced.push((position, pod));
    }

    /// The pods made so far.
    pub fn made(&self) -> &[Pod] {
        &self.entries.made
    }

    /// Adds a remark.
    pub fn note(&mut self, note: Note) {
        self.entries.notes.push(note);
    }
}

impl Entries {
    /// Writes what was done into the pods of the input, and returns the remarks.
    pub fn post(self, pods: &mut Vec<Pod>) -> Vec<Note> {
        for (position, owner) in self.adopted {
            pods[position].metadata.owner_references.push(owner);
        }
        for (position, pod) in self.replaced {
            pods[position] = pod;
        }
        pods.extend(self.made);
        self.notes
    }
}

/// Whether a pod counts towards replicas: it has neither ended nor been asked to.
pub(super) fn is_active(pod: &Pod) -> bool {
    !pod.is_terminal() && !pod.is_terminating()
}

/// A new pod of a workload: its template, its name, its owner.
pub(super) fn from_template(template: &PodTemplateSpec, owner: &Owner<'_>, name: String) -> Pod {
    let mut pod = Pod { spec: template.spec.clone(), ..Pod::default() };
    pod.metadata = ObjectMeta {
        uid: format!("{}/{name}", owner.metadata.uid),
        name,
        namespace: owner.metadata.namespace_or_default().to_owned(),
        labels: template.metadata.labels.clone(),
        annotations: template.metadata.annotations.clone(),
        owner_references: vec![owner.reference()],
        origin: owner.metadata.origin,
        ..ObjectMeta::default()
    };
    pod.status.phase = "Pending".to_owned();
    pod
}
