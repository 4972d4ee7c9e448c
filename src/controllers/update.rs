//! A spec over a dump replaces what it updates.
//!
//! A workload that is written without a status, while what it has made is there with one, was written over a dump. It comes to
//! rest in its new form: pods of an old template are gone and new ones are made, pods beyond the replicas are gone. A dump by
//! itself is left as it is, a rollout that is under way in it too.
//!
//! Templates are compared but for the server's defaults. Pods of a StatefulSet whose revision is not in the dump are compared
//! themselves; that finds what was added or changed, not what was only left out. The same holds of DaemonSets.
//!
//! Source: where k8s.io/kubernetes/pkg/controller/{deployment,statefulset,daemon,replicaset} come to rest, v1.36.

use rustc_hash::{FxHashMap, FxHashSet};

use super::adoption::owner;
use super::daemon_set::pin;
use super::deployment::{replica_set, sets};
use super::names::template_hash;
use super::ownership::{Owner, Ownership, identify};
use super::scale_down::{WorkloadKey, key_of, scale_down};
use crate::manifest::Objects;
use crate::manifest::completion::{is_completion_of, says_all_of};
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::Pod;
use crate::manifest::resource::Resource;
use crate::manifest::workload::{ControllerRevision, DaemonSet, Deployment, PodTemplateSpec, ReplicaSet, StatefulSet};

/// Workloads that were written over a dump, with the replicas they are not to exceed.
pub(super) struct Written(Vec<(WorkloadKey, i32)>);

/// Makes room for what was written: old ReplicaSets want no pods any more, pods of old templates go.
pub(super) fn begin(objects: &mut Objects) -> Written {
    let mut written = Vec::new();
    roll_deployments(objects, &mut written);
    roll_stateful_sets(objects, &mut written);
    roll_daemon_sets(objects);
    for set in objects
        .replica_sets
        .iter()
        .filter(|set| is_new(&set.metadata, set.status.observed_generation) && set.metadata.controller().is_none())
    {
        written.push((key_of(ReplicaSet::KIND, &set.metadata), set.spec.replicas.unwrap_or(1)));
    }
    for controller in
        objects.replication_controllers.iter().filter(|controller| is_new(&controller.metadata, controller.status.observed_generation))
    {
        written.push((key_of("ReplicationController", &controller.metadata), controller.spec.replicas.unwrap_or(1)));
    }
    Written(written)
}

/// Takes away the pods that are too many once all that are wanted are there.
pub(super) fn finish(objects: &mut Objects, written: Written) {
    let mut counts: FxHashMap<(&str, &str, &str), i32> = FxHashMap::default();
    for metadata in objects.pods.iter().map(|pod| &pod.metadata) {
        if let Some(owner) = metadata.controller() {
            *counts.entry((metadata.namespace_or_default(), &owner.kind, &owner.name)).or_default() += 1;
        }
    }
    let has_more = |(key, replicas): &(WorkloadKey, i32)| {
        counts.get(&(key.namespace.as_str(), key.kind.as_str(), key.name.as_str())).is_some_and(|count| count > replicas)
    };
    let surplus: Vec<_> = written.0.into_iter().filter(has_more).collect();
    for (key, replicas) in surplus {
        scale_down(objects, &key, replicas);
    }
}

/// Whether a workload has not been seen by its controller as it is written now.
fn is_new(metadata: &ObjectMeta, observed_generation: Option<i64>) -> bool {
    observed_generation.is_none() || metadata.generation > observed_generation
}

fn roll_deployments(objects: &mut Objects, written: &mut Vec<(WorkloadKey, i32)>) {
    let sets = std::mem::take(&mut objects.replica_sets);
    let ownership = Ownership::of(sets.iter().map(|set| &set.metadata), |_, _| false);
    let (mut sizes, mut made) = (Vec::new(), Vec::new());
    for deployment in
        objects.deployments.iter_mut().filter(|deployment| is_new(&deployment.metadata, deployment.status.observed_generation))
    {
        identify(Deployment::KIND, &mut deployment.metadata);
        let owned = ownership.owned_by(&owner(deployment));
        if owned.iter().all(|&position| sets[position].status.observed_generation.is_none()) {
            continue;
        }
        let of_template = |&position: &usize| is_completion_of(&sets[position].spec.template, &deployment.spec.template);
        let newest = owned.iter().copied().filter(of_template).max_by_key(|&position| sets::revision(&sets[position]));
        if newest.is_none() && deployment.spec.paused {
            continue;
        }
        let wanted = deployment.spec.replicas.unwrap_or(1);
        sizes.extend(owned.iter().map(|&position| (position, if newest == Some(position) { wanted } else { 0 })));
        if newest.is_none() {
            made.push(replica_set(deployment, &owner(deployment), &template_hash(&deployment.spec.template), None, wanted));
        }
    }
    objects.replica_sets = sets;
    for (position, size) in sizes {
        let set = &mut objects.replica_sets[position];
        set.spec.replicas = Some(size);
        written.push((key_of(ReplicaSet::KIND, &set.metadata), size));
    }
    objects.replica_sets.extend(made);
}

fn roll_stateful_sets(objects: &mut Objects, written: &mut Vec<(WorkloadKey, i32)>) {
    let ownership = Ownership::of(objects.pods.iter().map(|pod| &pod.metadata), |_, _| false);
    let mut outdated: FxHashSet<usize> = FxHashSet::default();
    for set in objects.stateful_sets.iter_mut().filter(|set| is_new(&set.metadata, set.status.observed_generation)) {
        identify(StatefulSet::KIND, &mut set.metadata);
        let owned = ownership.owned_by(&Owner { api_version: StatefulSet::API_VERSION, kind: StatefulSet::KIND, metadata: &set.metadata });
        let is_outdated = |&position: &usize| is_outdated(set, &objects.pods[position], &objects.controller_revisions);
        outdated.extend(owned.into_iter().filter(is_outdated));
        written.push((key_of(StatefulSet::KIND, &set.metadata), set.spec.replicas.unwrap_or(1)));
    }
    remove_pods(objects, &outdated);
}

fn remove_pods(objects: &mut Objects, outdated: &FxHashSet<usize>) {
    let mut position = 0..;
    objects.pods.retain(|_| position.next().is_none_or(|position| !outdated.contains(&position)));
}

/// The pods of old templates go; every node that should have one gets a new one afterwards.
fn roll_daemon_sets(objects: &mut Objects) {
    let ownership = Ownership::of(objects.pods.iter().map(|pod| &pod.metadata), |_, _| false);
    let mut outdated: FxHashSet<usize> = FxHashSet::default();
    let is_rolled =
        |set: &&mut DaemonSet| is_new(&set.metadata, set.status.observed_generation) && set.spec.update_strategy.r#type != "OnDelete";
    for set in objects.daemon_sets.iter_mut().filter(is_rolled) {
        identify(DaemonSet::KIND, &mut set.metadata);
        let owned = ownership.owned_by(&Owner { api_version: DaemonSet::API_VERSION, kind: DaemonSet::KIND, metadata: &set.metadata });
        let is_outdated = |&position: &usize| is_outdated_daemon(set, &objects.pods[position], &objects.controller_revisions);
        outdated.extend(owned.into_iter().filter(is_outdated));
    }
    remove_pods(objects, &outdated);
}

/// Whether a daemon's pod is replaced because its template is not that of its set any more.
fn is_outdated_daemon(set: &DaemonSet, pod: &Pod, revisions: &[ControllerRevision]) -> bool {
    let Some(hash) = pod.metadata.labels.get("controller-revision-hash").filter(|_| !pod.spec.node_name.is_empty()) else { return false };
    let name = format!("{}-{hash}", set.metadata.name);
    let is_its = |revision: &&ControllerRevision| {
        revision.metadata.name == name && revision.metadata.namespace_or_default() == pod.metadata.namespace_or_default()
    };
    if let Some(revision) = revisions.iter().find(is_its) {
        return !is_completion_of(&revision.data.spec.template, &set.spec.template);
    }
    let mut template = set.spec.template.clone();
    // what the template requires of nodes has made room for the name of the pod's own
    pin(&mut template.spec, &pod.spec.node_name);
    !says_all_of(&as_template(pod), &template)
}

/// Whether a pod is replaced because its template is not that of its set any more.
fn is_outdated(set: &StatefulSet, pod: &Pod, revisions: &[ControllerRevision]) -> bool {
    let strategy = &set.spec.update_strategy;
    let partition = strategy.rolling_update.as_ref().and_then(|bounds| bounds.partition).unwrap_or(0);
    let start = set.spec.ordinals.as_ref().map_or(0, |ordinals| ordinals.start);
    let ordinal = pod.metadata.name.strip_prefix(&format!("{}-", set.metadata.name)).and_then(|ordinal| ordinal.parse::<i32>().ok());
    let is_kept_back = ordinal.is_none_or(|ordinal| ordinal < start.saturating_add(partition));
    // a pod that a cluster made says of which revision it is
    let Some(label) = pod.metadata.labels.get("controller-revision-hash") else { return false };
    if strategy.r#type == "OnDelete" || is_kept_back || pod.spec.node_name.is_empty() {
        return false;
    }
    let is_its = |revision: &&ControllerRevision| {
        &revision.metadata.name == label && revision.metadata.namespace_or_default() == pod.metadata.namespace_or_default()
    };
    match revisions.iter().find(is_its) {
        Some(revision) => !is_completion_of(&revision.data.spec.template, &set.spec.template),
        None => !says_all_of(&as_template(pod), &set.spec.template),
    }
}

/// A pod as the template it may have been made from, with what admission has added since.
fn as_template(pod: &Pod) -> PodTemplateSpec {
    let mut template = PodTemplateSpec { spec: pod.spec.clone(), ..PodTemplateSpec::default() };
    template.metadata.labels = pod.metadata.labels.clone();
    template.metadata.annotations = pod.metadata.annotations.clone();
    template
}
