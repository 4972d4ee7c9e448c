//! What is written over a cluster: which objects are applied, what an update leaves as it was, and the cluster before it.
//!
//! `kubectl get` hands out objects with a `uid`, and people write objects without one; so an input that holds both sorts is a
//! cluster and what is to be applied to it. A dump whose uids were taken out is a file that has nodes, and pods that run on nodes.
//! An input of one sort alone has nothing to compare.
//!
//! Promise: what `kubectl apply` does not touch stays: identity, status, labels and annotations that others set, replicas that
//! are not written, the volume of a bound claim.
//!
//! To add a kind that keeps more than its metadata: a row in `keeps!`.

use std::collections::BTreeSet;

use super::Input;
use super::kinds::Kind;
use crate::manifest::Objects;
use crate::manifest::location::Origin;
use crate::manifest::meta::{ObjectMeta, StringMap};
use crate::manifest::monitoring::PrometheusRule;
use crate::manifest::networking::Ingress;
use crate::manifest::node::{Namespace, Node};
use crate::manifest::pod::Pod;
use crate::manifest::policy::*;
use crate::manifest::scheduler_configuration::KubeSchedulerConfiguration;
use crate::manifest::storage::*;
use crate::manifest::workload::*;

/// Which objects of an input were written, to be applied to a cluster; the others are of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Written {
    /// All: there is no cluster in the input.
    #[default]
    Everything,
    /// None: the input is a cluster.
    Nothing,
    /// Those that stand here; the others are a cluster's.
    These(BTreeSet<Origin>),
}

impl Written {
    /// Of an input whose files have all been read.
    pub(super) fn of(input: &Input) -> Self {
        let all = || Kind::ALL.iter().flat_map(|kind| kind.metadata(&input.objects).into_iter().map(move |metadata| (*kind, metadata)));
        let files = file_sorts(input);
        let is_dumped = |metadata: &ObjectMeta| {
            let FileSort { has_uids, has_nodes, has_running_pods } = files[metadata.origin.file as usize];
            !metadata.uid.is_empty() || has_nodes && has_running_pods && !has_uids
        };
        if !all().any(|(kind, metadata)| matches!(kind, Kind::Node | Kind::Pod) && is_dumped(metadata)) {
            return Written::Everything;
        }
        // without nodes of its own a cluster has those that were written
        let has_nodes = input.objects.nodes.iter().any(|node| is_dumped(&node.metadata));
        let written = all().filter(|&(kind, metadata)| !is_dumped(metadata) && (has_nodes || kind != Kind::Node));
        let mut written: BTreeSet<Origin> = written.map(|(_, metadata)| metadata.origin).collect();
        if written.is_empty() {
            return Written::Nothing;
        }
        let others = input.objects.others.iter().map(|other| &other.metadata);
        written.extend(others.filter(|metadata| !is_dumped(metadata)).map(|metadata| metadata.origin));
        Written::These(written)
    }

    /// Whether this object was written.
    pub fn holds(&self, metadata: &ObjectMeta) -> bool {
        self.holds_at(metadata.origin)
    }

    /// Whether what stands here was written.
    pub fn holds_at(&self, origin: Origin) -> bool {
        match self {
            Written::Everything => true,
            Written::Nothing => false,
            Written::These(origins) => origins.contains(&origin),
        }
    }

    /// Whether it was written over a cluster that is in the input too.
    pub(super) fn is_applied(&self, metadata: &ObjectMeta) -> bool {
        matches!(self, Written::These(origins) if origins.contains(&metadata.origin))
    }
}

/// What tells whether a file came from a cluster.
#[derive(Clone, Copy, Default)]
struct FileSort {
    has_uids: bool,
    has_nodes: bool,
    has_running_pods: bool,
}

fn file_sorts(input: &Input) -> Vec<FileSort> {
    let mut files = vec![FileSort::default(); input.files.len()];
    let file = |metadata: &ObjectMeta| metadata.origin.file as usize;
    for kind in Kind::ALL {
        let known = kind.metadata(&input.objects).into_iter().filter(|metadata| !metadata.uid.is_empty());
        known.for_each(|metadata| files[file(metadata)].has_uids = true);
    }
    input.objects.nodes.iter().for_each(|node| files[file(&node.metadata)].has_nodes = true);
    let runs = |pod: &&Pod| !pod.spec.node_name.is_empty() && !pod.status.phase.is_empty();
    input.objects.pods.iter().filter(runs).for_each(|pod| files[file(&pod.metadata)].has_running_pods = true);
    files
}

/// The cluster as it was before anything was applied.
pub(super) fn before(input: &Input) -> Option<Objects> {
    if !matches!(input.written, Written::These(_)) {
        return None;
    }
    let others = input.objects.others.iter().filter(|other| !input.written.holds(&other.metadata));
    let mut before = Objects { others: others.cloned().collect(), ..Objects::default() };
    Kind::ALL.iter().for_each(|kind| kind.unapply(input, &mut before));
    Some(before)
}

/// How many objects are applied that are new, and how many that the cluster has.
pub(super) fn count(input: &Input) -> (usize, usize) {
    let number = |objects: &Objects, counts: &dyn Fn(&ObjectMeta) -> bool| {
        let kinds = Kind::ALL.iter();
        kinds.map(|kind| kind.metadata(objects).into_iter().filter(|metadata| counts(metadata)).count()).sum::<usize>()
    };
    let updated = number(&input.replaced, &|_| true);
    let applied = number(&input.objects, &|metadata| input.written.is_applied(metadata));
    (applied - updated, updated)
}

/// A written version of an object, with what `kubectl apply` leaves of the old one.
pub(super) fn keep<T: Kept>(mut new: T, old: &T) -> T {
    new.keep(old);
    new
}

/// A kind that can be applied over an older version.
pub(super) trait Kept {
    /// Takes over what was not written.
    fn keep(&mut self, old: &Self);
}

impl Kept for KubeSchedulerConfiguration {
    fn keep(&mut self, _old: &Self) {}
}

/// Identity, age and what others added to it.
fn keep_metadata(new: &mut ObjectMeta, old: &ObjectMeta) {
    new.uid.clone_from(&old.uid);
    new.creation_timestamp.clone_from(&old.creation_timestamp);
    new.deletion_timestamp.clone_from(&old.deletion_timestamp);
    new.generation = old.generation;
    keep_default(&mut new.finalizers, &old.finalizers);
    keep_default(&mut new.owner_references, &old.owner_references);
    keep_entries(&mut new.labels, &old.labels);
    keep_entries(&mut new.annotations, &old.annotations);
}

fn keep_entries(new: &mut StringMap, old: &StringMap) {
    for (key, value) in old {
        new.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

/// What was not written stays as it was.
fn keep_default<T: Clone + Default + PartialEq>(new: &mut T, old: &T) {
    if *new == T::default() {
        new.clone_from(old);
    }
}

/// A row a kind: the fields that stay when they are not written. The status of workloads goes: its absence is how controllers see
/// that there is something new (as the greater generation tells them in a cluster).
macro_rules! keeps {
    ($( $kind:ident [$( $($field:ident).+ ),*] )*) => { $(
        impl Kept for $kind {
            fn keep(&mut self, old: &Self) {
                keep_metadata(&mut self.metadata, &old.metadata);
                $( keep_default(&mut self.$($field).+, &old.$($field).+); )*
            }
        }
    )* };
}

keeps! {
    Namespace []
    Pod []
    Deployment [spec.replicas]
    ReplicaSet [spec.replicas]
    ReplicationController [spec.replicas]
    StatefulSet [spec.replicas]
    DaemonSet []
    Job [spec.selector, status]
    CronJob []
    ControllerRevision []
    Service []
    PrometheusRule []
    Ingress []
    PersistentVolumeClaim [spec.volume_name, spec.storage_class_name, spec.volume_mode, status]
    PersistentVolume [spec.claim_ref, status]
    StorageClass []
    CsiNode []
    CsiDriver []
    CsiStorageCapacity []
    VolumeAttachment []
    PodDisruptionBudget [status]
    PriorityClass []
    RuntimeClass []
    ResourceQuota [status]
    LimitRange []
    HorizontalPodAutoscaler [status]
}

/// A node written without `status` is a change to the node; one with it is the whole node.
impl Kept for Node {
    fn keep(&mut self, old: &Self) {
        keep_metadata(&mut self.metadata, &old.metadata);
        if self.status == Default::default() {
            self.status.clone_from(&old.status);
            keep_default(&mut self.spec.taints, &old.spec.taints);
        }
    }
}
