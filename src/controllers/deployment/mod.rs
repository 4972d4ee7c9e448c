//! Deployment: a ReplicaSet for every template it ever had, of which the newest grows.
//!
//! Three inputs occur. With its ReplicaSets, the sum of their replicas is made good on the newest. Without them but with their
//! pods, the ReplicaSets are made anew from the pods, because spreading and disruption need the owner. With neither, there is
//! one new ReplicaSet. A changed template beside old pods is a rollout, which the plain way does not play.
//!
//! Source: k8s.io/kubernetes/pkg/controller/deployment/{deployment_controller,sync}.go, v1.36.

pub(super) mod bounds;
mod history;
mod new_set;
mod recreate;
mod rolling;
mod scale;
pub(super) mod sets;
mod status;
pub(super) mod sync;

use std::collections::BTreeMap;

use super::ledger::{Ledger, is_active};
use super::names::template_hash;
use super::ownership::{Owner, Ownership, identify};
use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::workload::{Deployment, ReplicaSet};

const HASH: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";

/// Gives every Deployment ReplicaSets whose replicas add up to its own.
pub(super) fn reconcile(objects: &mut Objects, ledger: &mut Ledger<'_>) {
    let sets = std::mem::take(&mut objects.replica_sets);
    let ownership = Ownership::of(sets.iter().map(|set| &set.metadata), |_, _| false);
    let (mut edits, mut adopted, mut made) = (Vec::new(), Vec::new(), Vec::new());
    for deployment in &mut objects.deployments {
        identify("Deployment", &mut deployment.metadata);
        if deployment.metadata.deletion_timestamp.is_some() {
            continue;
        }
        let owner = Owner { api_version: "apps/v1", kind: "Deployment", metadata: &deployment.metadata };
        let owned = own_sets(deployment, &owner, &ownership);
        if let Some(&newest) = owned.iter().max_by_key(|&&position| age_order(&sets[position])) {
            let have: i32 = owned.iter().map(|&position| sets[position].spec.replicas.unwrap_or(1)).sum();
            edits.push((newest, (deployment.spec.replicas.unwrap_or(1) - have).max(0)));
            adopted.extend(owned.into_iter().map(|position| (position, owner.reference())));
        } else {
            made.extend(new_sets(deployment, &owner, ledger));
        }
    }
    objects.replica_sets = sets;
    for (position, missing) in edits {
        let replicas = &mut objects.replica_sets[position].spec.replicas;
        *replicas = Some(replicas.unwrap_or(1) + missing);
    }
    for (position, reference) in adopted {
        let metadata = &mut objects.replica_sets[position].metadata;
        if metadata.controller().is_none() {
            metadata.owner_references.push(reference);
        }
    }
    objects.replica_sets.extend(made);
}

/// Positions of its ReplicaSets: those that name it, or else those without an owner that its selector takes in.
fn own_sets(deployment: &Deployment, owner: &Owner<'_>, ownership: &Ownership<'_>) -> Vec<usize> {
    let owned = ownership.owned_by(owner);
    match &deployment.spec.selector {
        Some(selector) if owned.is_empty() => ownership.orphans(owner.metadata.namespace_or_default(), selector),
        _ => owned,
    }
}

/// What tells the newest ReplicaSet: the revision, then the time it was made.
pub(super) fn age_order(set: &ReplicaSet) -> (i64, Option<&str>) {
    let revision = set.metadata.annotations.get(REVISION).and_then(|revision| revision.parse().ok()).unwrap_or(0);
    (revision, set.metadata.creation_timestamp.as_deref())
}

/// ReplicaSets for a Deployment that has none in the input.
fn new_sets(deployment: &Deployment, owner: &Owner<'_>, ledger: &Ledger<'_>) -> Vec<ReplicaSet> {
    let desired = deployment.spec.replicas.unwrap_or(1);
    let mut lost = lost_sets(deployment, ledger);
    // the youngest pod belongs to the newest template
    lost.sort_by(|a, b| a.youngest.cmp(&b.youngest));
    let have: i32 = lost.iter().map(|set| set.active).sum();
    if let Some(newest) = lost.last_mut() {
        newest.active += (desired - have).max(0);
        return lost.into_iter().map(|set| replica_set(deployment, owner, &set.hash, set.uid, set.active)).collect();
    }
    // a paused Deployment starts no ReplicaSet
    if deployment.spec.paused {
        Vec::new()
    } else {
        vec![replica_set(deployment, owner, &template_hash(&deployment.spec.template), None, desired)]
    }
}

/// A ReplicaSet of which the input holds only the pods.
struct LostSet<'a> {
    hash: String,
    uid: Option<String>,
    active: i32,
    youngest: Option<&'a str>,
}

/// The ReplicaSets that the Deployment's pods say they belong to, by `pod-template-hash`.
fn lost_sets<'a>(deployment: &Deployment, ledger: &Ledger<'a>) -> Vec<LostSet<'a>> {
    let Some(selector) = &deployment.spec.selector else { return Vec::new() };
    let mut sets: BTreeMap<&str, LostSet<'a>> = BTreeMap::new();
    for position in ledger.ownership.orphans(deployment.metadata.namespace_or_default(), selector) {
        let pod = &ledger.pods[position];
        let Some(hash) = pod.metadata.labels.get(HASH) else { continue };
        let name = format!("{}-{hash}", deployment.metadata.name);
        let reference = pod.metadata.controller();
        if reference.map_or(!pod.metadata.name.starts_with(&name), |reference| reference.name != name) {
            continue;
        }
        let set = sets.entry(hash).or_insert_with(|| LostSet { hash: hash.clone(), uid: None, active: 0, youngest: None });
        set.uid = set.uid.take().or_else(|| reference.map(|reference| reference.uid.clone()));
        set.active += i32::from(is_active(pod));
        set.youngest = set.youngest.max(pod.metadata.creation_timestamp.as_deref());
    }
    sets.into_values().collect()
}

/// A ReplicaSet as the Deployment would write it.
pub(super) fn replica_set(deployment: &Deployment, owner: &Owner<'_>, hash: &str, uid: Option<String>, replicas: i32) -> ReplicaSet {
    let mut set = ReplicaSet::default();
    let mut template = deployment.spec.template.clone();
    template.metadata.labels.insert(HASH.to_owned(), hash.to_owned());
    let mut selector = deployment.spec.selector.clone().unwrap_or_default();
    selector.match_labels.insert(HASH.to_owned(), hash.to_owned());
    set.metadata = ObjectMeta {
        name: format!("{}-{hash}", deployment.metadata.name),
        namespace: deployment.metadata.namespace_or_default().to_owned(),
        uid: uid.unwrap_or_default(),
        labels: template.metadata.labels.clone(),
        owner_references: vec![owner.reference()],
        origin: deployment.metadata.origin,
        ..ObjectMeta::default()
    };
    set.spec.replicas = Some(replicas);
    set.spec.selector = Some(selector);
    set.spec.template = template;
    set
}
