//! Why pods find no node: for every pod that stays pending one cause, the most specific that holds by itself.
//!
//! First come causes that need no node (a scheduler that nobody runs, requirements that contradict each other, claims that are not there),
//! then those that hold on nodes with nothing on them, then those that hold with everything where it is. A cause is only named if it alone
//! leaves no node; where several filters share the blame, the pod merely stays pending, and the scheduler's sentence says why.
//!
//! Promise: every pod that the scheduler leaves without a node is in exactly one obstacle. Each rule about placing tells one cause.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::contradiction::contradiction;
use super::sight::{Sight, passing, refusals};
use super::subject::Subject;
use crate::cluster::Standing;
use crate::cluster::first_untolerated;
use crate::cluster::index::{ClassId, NodeSet, PodId};
use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::Pod;
use crate::manifest::storage::{PersistentVolume, PersistentVolumeClaim, StorageClass};
use crate::scheduler::attempt::Outcome;
use crate::scheduler::framework::Cycle;
use crate::scheduler::plugins::inter_pod_affinity::REASON_AFFINITY;
use crate::scheduler::{Decision, pre_filter};

/// Why a pod finds no node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// No profile has the name of the scheduler that it asks for.
    UnknownScheduler,
    /// What it requires of its node contradicts itself.
    Contradiction,
    /// A claim that it names is not there.
    MissingClaim,
    /// A claim of it has a StorageClass that is not there.
    UnknownStorageClass,
    /// A claim that is written gets its volume as soon as it is applied, nobody knows where: nothing can be said, and no rule says anything.
    VolumeToCome,
    /// No node has what it requires of labels.
    NoMatchingNode,
    /// All nodes that match have taints that it does not tolerate.
    Taints,
    /// Its volumes reach none of the nodes that it may go to.
    Volumes,
    /// All nodes that it may go to are too small, even with nothing on them.
    TooLarge,
    /// Its host ports are taken on all nodes that it may go to.
    HostPorts,
    /// There are no pods such as it must be near to.
    NothingToBeNear,
    /// Pods that it must keep away from, or that keep away from it, are in all domains.
    AntiAffinity,
    /// It can go nowhere without being spread too unevenly.
    Spread,
    /// A scheduling gate holds it back.
    Gated,
    /// Several things together, and most often that nodes are full.
    NoRoom,
}

/// Pods of a workload that find no node for the same cause.
#[derive(Debug, Clone)]
pub struct Obstacle {
    /// The workload, by its place in [`Subject::workloads`].
    pub workload: usize,
    /// Why.
    pub cause: Cause,
    /// The pods, by their places among the objects.
    pub pods: Vec<usize>,
    /// The first of them.
    pub first: PodId,
    /// The scheduler's sentence about it.
    pub message: Arc<str>,
    /// The nodes that come into question but for the cause.
    pub nodes: NodeSet,
}

/// All obstacles, by workload and cause.
pub(super) fn obstacles(subject: &Subject<'_>) -> Vec<Obstacle> {
    if !subject.has_nodes() {
        return Vec::new();
    }
    let (baseline, sight) = (subject.baseline(), subject.sight());
    let cluster = baseline.cluster();
    let tracing = Tracing { subject, sight: &sight, active: active(&sight) };
    let mut known: FxHashMap<ClassId, (Cause, NodeSet)> = FxHashMap::default();
    let mut found: BTreeMap<(usize, Cause), Obstacle> = BTreeMap::new();
    for decision in baseline.schedule().pending() {
        let row = cluster.pod(decision.pod);
        let Some(workload) = subject.workload_of(row.object) else { continue };
        let of_class = || tracing.cause(&subject.objects.pods[row.object], decision);
        let (cause, nodes) = known.entry(row.class).or_insert_with(of_class);
        let obstacle = found.entry((workload, *cause)).or_insert_with(|| Obstacle {
            workload,
            cause: *cause,
            pods: Vec::new(),
            first: decision.pod,
            message: decision.message.clone().unwrap_or_else(|| "".into()),
            nodes: nodes.clone(),
        });
        obstacle.pods.push(row.object);
    }
    found.into_values().collect()
}

/// The classes that have pods on nodes or waiting for one.
fn active(sight: &Sight<'_>) -> Vec<bool> {
    let mut active = vec![false; sight.cluster().classes.len()];
    let is_there = |standing: Standing| matches!(standing, Standing::Bound(_) | Standing::Pending);
    sight.cluster().pods.iter().filter(|row| is_there(row.standing)).for_each(|row| active[row.class.index()] = true);
    active
}

struct Tracing<'t, 's> {
    subject: &'t Subject<'t>,
    sight: &'t Sight<'s>,
    active: Vec<bool>,
}

/// Filters that look at the node and at nothing that is on it.
const OF_LABELS: [&str; 2] = ["NodeName", "NodeAffinity"];
const OF_TAINTS: [&str; 2] = ["NodeUnschedulable", "TaintToleration"];
const OF_VOLUMES: [&str; 2] = ["VolumeBinding", "VolumeZone"];

impl Tracing<'_, '_> {
    fn cause(&self, pod: &Pod, decision: &Decision) -> (Cause, NodeSet) {
        let all = NodeSet::all(self.sight.cluster().nodes.len());
        match decision.outcome {
            Outcome::NotOurs => return (Cause::UnknownScheduler, all),
            Outcome::Gated => return (Cause::Gated, all),
            _ => {}
        }
        if contradiction(&pod.spec).is_some() {
            return (Cause::Contradiction, all);
        }
        if missing_claims(self.subject.objects, pod).next().is_some() {
            return (Cause::MissingClaim, all);
        }
        if claims(self.subject.objects, pod).any(|claim| lacks_class(self.subject.objects, claim)) {
            return (Cause::UnknownStorageClass, all);
        }
        if claims(self.subject.objects, pod).any(|claim| is_to_come(self.subject, claim)) {
            return (Cause::VolumeToCome, all);
        }
        self.on_nodes(decision.pod).unwrap_or((Cause::NoRoom, all))
    }

    fn on_nodes(&self, pod: PodId) -> Option<(Cause, NodeSet)> {
        let cleared = self.sight.cleared(pod)?;
        let (listed, _) = pre_filter(&cleared).ok()?;
        let wanted = passing(&cleared, &listed, &OF_LABELS);
        if wanted.is_empty() {
            return Some((Cause::NoMatchingNode, listed));
        }
        let open = passing(&cleared, &wanted, &OF_TAINTS);
        if open.is_empty() {
            return Some((if all_taints_last(&cleared, &wanted) { Cause::Taints } else { Cause::NoRoom }, wanted));
        }
        let reached = passing(&cleared, &open, &OF_VOLUMES);
        if reached.is_empty() {
            return Some((if has_volumes(&cleared) { Cause::Volumes } else { Cause::NoRoom }, open));
        }
        let large_enough = passing(&cleared, &reached, &["NodeResourcesFit"]);
        if large_enough.is_empty() {
            return Some((Cause::TooLarge, reached));
        }
        Some((self.beside_others(pod, &large_enough), large_enough))
    }

    /// The cause with everything where it is, on nodes that would take the pod if nothing were on them.
    fn beside_others(&self, pod: PodId, nodes: &NodeSet) -> Cause {
        let Some(now) = self.sight.now(pod) else { return Cause::NoRoom };
        if passing(&now, nodes, &["NodePorts"]).is_empty() {
            return Cause::HostPorts;
        }
        let (near, refused) = refusals(&now, nodes, &["InterPodAffinity"]);
        if near.is_empty() {
            let is_affinity = refused.iter().any(|(_, rejection)| rejection.reasons.iter().any(|reason| reason == REASON_AFFINITY));
            return match (is_affinity, self.has_nothing_to_be_near(&now)) {
                (_, true) => Cause::NothingToBeNear,
                (false, false) => Cause::AntiAffinity,
                (true, false) => Cause::NoRoom,
            };
        }
        if passing(&now, nodes, &["PodTopologySpread"]).is_empty() { Cause::Spread } else { Cause::NoRoom }
    }

    /// Whether a term of its required affinity means no pod at all: none that runs, none that waits, and not itself.
    fn has_nothing_to_be_near(&self, cycle: &Cycle<'_>) -> bool {
        let cluster = cycle.cluster;
        let is_meant = |term: crate::cluster::index::TermId| {
            cluster.classes.iter().zip(&self.active).any(|(class, is_active)| *is_active && cluster.term(term).matches(class))
        };
        cycle.class.affinity.iter().any(|&term| !is_meant(term))
    }
}

/// Whether each of these nodes is kept by a taint that somebody set for good: not by a cordon, nor by what the node's condition brings.
fn all_taints_last(cycle: &Cycle<'_>, nodes: &NodeSet) -> bool {
    let texts = &cycle.cluster.texts;
    let tolerations = &cycle.class.tolerations;
    let lasts = |taint: &crate::cluster::nodes::Taint| {
        let key = texts.get(taint.key);
        let is_open = first_untolerated(std::slice::from_ref(taint), tolerations).is_none();
        !is_open && !key.starts_with("node.kubernetes.io/") && !key.starts_with("node.cloudprovider.kubernetes.io/")
    };
    let tainted = &cycle.cluster.nodes.tainted;
    nodes.iter().all(|node| tainted.iter().any(|(taints, nodes)| nodes.contains(node) && taints.iter().any(lasts)))
}

/// Whether a claim is yet to be applied, and its class (or a volume made by hand) does not wait for the first pod.
fn is_to_come(subject: &Subject<'_>, claim: &PersistentVolumeClaim) -> bool {
    let waits = |class: &StorageClass| class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer");
    let name = class_name(&claim.metadata, claim.spec.storage_class_name.as_deref());
    let class = subject.objects.storage_classes.iter().find(|class| class.metadata.name == name);
    let is_bound = !claim.spec.volume_name.is_empty() || claim.status.phase == "Bound";
    !is_bound && subject.question.written.holds(&claim.metadata) && !class.is_some_and(waits)
}

/// Whether it has a claim whose volume is there, so that it can be said where it is.
fn has_volumes(cycle: &Cycle<'_>) -> bool {
    let storage = &cycle.cluster.storage;
    let claims = cycle.class.volumes.claims.iter().filter_map(|used| used.claim);
    claims.filter_map(|claim| storage.claim(claim).volume_name).any(|volume| storage.volume_by_name.contains_key(&volume))
}

/// The names of claims that a pod's volumes name and that are not there.
pub fn missing_claims<'p>(objects: &Objects, pod: &'p Pod) -> impl Iterator<Item = (usize, &'p str)> {
    let namespace = pod.metadata.namespace_or_default();
    let named = pod.spec.volumes.iter().enumerate();
    let named = named.filter_map(|(place, volume)| Some((place, volume.persistent_volume_claim.as_ref()?.claim_name.as_str())));
    named.filter(move |(_, name)| find_claim(objects, namespace, name).is_none())
}

/// The claims of a pod that are there.
pub fn claims<'o>(objects: &'o Objects, pod: &'o Pod) -> impl Iterator<Item = &'o PersistentVolumeClaim> {
    let namespace = pod.metadata.namespace_or_default();
    pod.spec.volumes.iter().filter_map(move |volume| {
        let own = volume.ephemeral.as_ref().map(|_| format!("{}-{}", pod.metadata.name, volume.name));
        let name = volume.persistent_volume_claim.as_ref().map(|source| source.claim_name.as_str()).or(own.as_deref())?;
        find_claim(objects, namespace, name)
    })
}

fn find_claim<'o>(objects: &'o Objects, namespace: &str, name: &str) -> Option<&'o PersistentVolumeClaim> {
    let is_it = |claim: &&PersistentVolumeClaim| claim.metadata.name == name && claim.metadata.namespace_or_default() == namespace;
    objects.persistent_volume_claims.iter().find(is_it)
}

/// Whether a claim has no volume and no StorageClass that could bring one: it names one that is not there, or none where there is no default.
pub fn lacks_class(objects: &Objects, claim: &PersistentVolumeClaim) -> bool {
    if !claim.spec.volume_name.is_empty() || claim.status.phase == "Bound" {
        return false;
    }
    let name = class_name(&claim.metadata, claim.spec.storage_class_name.as_deref());
    let is_served = |volume: &PersistentVolume| class_name(&volume.metadata, Some(&volume.spec.storage_class_name)) == name;
    !objects.storage_classes.iter().any(|class| class.metadata.name == name) && !objects.persistent_volumes.iter().any(is_served)
}

/// The class of a claim or volume: an annotation from before there was a field for it goes first. Empty for none.
///
/// Source: k8s.io/component-helpers/storage/volume/helpers.go GetPersistentVolumeClaimClass, v1.36.
pub fn class_name<'o>(metadata: &'o ObjectMeta, field: Option<&'o str>) -> &'o str {
    let annotated = metadata.annotations.get("volume.beta.kubernetes.io/storage-class");
    annotated.map(String::as_str).or(field).unwrap_or_default()
}
