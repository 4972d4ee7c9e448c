//! What gets created: everything that is written passes the API server, and so does every pod that controllers make of it.
//!
//! Promise: an object that the server refuses is not there afterwards, and is named with the server's words; so a pod that is *not
//! created* is told apart from one that is *pending*. What is in the cluster already is adopted as it is. What is new comes in
//! the order in which `helm install` creates it (policies, then volumes, then workloads) and then, pod by pod, as controllers
//! make it: a StatefulSet stops at the ordinal that is refused, other controllers go on and try again.
//!
//! What the input does not know of is not held against it: without namespaces, priority classes, runtime classes or service
//! accounts of a cluster, those that are named are taken to be there.
//!
//! To add a kind: a word in `in_order!`, where it is to be created.
//!
//! Source: k8s.io/kubernetes/pkg/controller/statefulset/stateful_pod_control.go CreateStatefulPod (claims first, then the pod);
//! helm.sh/helm/v3/pkg/releaseutil/kind_sorter.go InstallOrder.

use std::any::Any;

use rustc_hash::{FxHashMap, FxHashSet};

use super::running_pod::keep_running;
use super::unknown::presume;
use crate::admission::{self, Admitted, ApiServer};
use crate::manifest::Objects;
use crate::manifest::location::{Note, Origin};
use crate::manifest::meta::{ObjectMeta, OwnerReference};
use crate::manifest::objects::Other;
use crate::manifest::pod::Pod;
use crate::manifest::read::Written;
use crate::manifest::refusal::Refusal;
use crate::manifest::resource::Resource;
use crate::manifest::storage::PersistentVolumeClaim;
use crate::manifest::workload::ReplicaSet;

/// An object that the API server refuses.
#[derive(Debug, Clone, PartialEq)]
pub struct NotCreated {
    /// Kind, such as `Pod` or `Deployment`.
    pub kind: String,
    /// Namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Where it, or what it was to be made for, was written.
    pub origin: Origin,
    /// Whether there is an older version of it, which stays.
    pub is_update: bool,
    /// The pod, if it is one; that of a claim that is refused before its pod.
    pub pod: Option<Box<Pod>>,
    /// What the server says.
    pub refusal: Refusal,
}

impl NotCreated {
    /// What the server says, without whose name: alike for alike objects.
    pub fn why(&self) -> &str {
        let message = self.refusal.message.as_str();
        [" is forbidden: ", " is invalid: "].iter().find_map(|verdict| Some(message.split_once(verdict)?.1)).unwrap_or(message)
    }
}

/// What came of creating everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Creation {
    /// What was refused, in the order in which it was tried.
    pub refused: Vec<NotCreated>,
    /// Remarks of controllers and of admission.
    pub notes: Vec<Note>,
}

/// Creates what was written, and the pods, claims and ReplicaSets that controllers make of it. `replaced` has the cluster's versions
/// of what was written over them, and `expand` is what controllers do ([`controllers::expand`](crate::controllers::expand)). The
/// objects are ready for placing afterwards.
pub fn create(objects: &mut Objects, written: &Written, replaced: &Objects, expand: impl FnOnce(&mut Objects) -> Vec<Note>) -> Creation {
    let mut work = Work { server: ApiServer::new(), written, refused: Vec::new() };
    let mut notes = Vec::new();
    let mut sets = objects.replica_sets.len();
    if *written == Written::Nothing {
        notes.extend(expand(objects));
        // a cluster at rest needs no server
        if objects.replica_sets.len() > sets || has_made(&objects.pods) || has_made(&objects.persistent_volume_claims) {
            let made = objects.replica_sets.split_off(sets);
            work.open(objects, replaced);
            objects.replica_sets.extend(made);
            work.create_made(objects, sets);
        }
    } else {
        work.open(objects, replaced);
        notes.extend(keep_running(&mut objects.pods, &replaced.pods, written));
        work.apply(objects, replaced);
        sets = objects.replica_sets.len();
        notes.extend(expand(objects));
        work.create_made(objects, sets);
    }
    notes.extend(admission::admit(objects));
    Creation { refused: work.refused, notes }
}

fn has_made<T: Resource>(objects: &[T]) -> bool {
    objects.iter().any(|object| is_made(object.metadata()))
}

/// A server, and what it refused so far.
struct Work<'a> {
    server: ApiServer,
    written: &'a Written,
    refused: Vec<NotCreated>,
}

/// Calls a method for the objects of each kind, in the order in which they are created.
macro_rules! in_order {
    ($objects:ident, $replaced:ident, |$list:ident, $old:ident| $call:expr) => {
        in_order!(@ $objects $replaced $list $old $call;
            namespaces priority_classes runtime_classes storage_classes limit_ranges resource_quotas prometheus_rules others nodes
            persistent_volumes
            services persistent_volume_claims pod_disruption_budgets horizontal_pod_autoscalers daemon_sets replication_controllers
            replica_sets deployments stateful_sets jobs cron_jobs ingresses pods)
    };
    (@ $objects:ident $replaced:ident $list:ident $old:ident $call:expr; $($field:ident)*) => { $( {
        let ($list, $old) = (&mut $objects.$field, &$replaced.$field);
        $call;
    } )* };
}

impl Work<'_> {
    /// Tells the server of everything that is in the cluster, and of what it is presumed to have.
    fn open(&mut self, objects: &mut Objects, replaced: &Objects) {
        presume(&mut self.server, objects, self.written);
        in_order!(objects, replaced, |list, old| {
            old.iter().for_each(|object| self.server.adopt(object));
            list.iter().filter(|object| !is_new(self.written, *object)).for_each(|object| self.server.adopt(object));
        });
    }

    /// Creates or updates everything that was written.
    fn apply(&mut self, objects: &mut Objects, replaced: &Objects) {
        in_order!(objects, replaced, |list, old| self.apply_all(list, old));
    }

    fn apply_all<T: Admitted + 'static>(&mut self, list: &mut Vec<T>, replaced: &[T]) {
        let old: FxHashMap<(&str, &str), &T> = replaced.iter().map(|object| (key(object.metadata()), object)).collect();
        let (mut refused, first) = (FxHashSet::default(), self.refused.len());
        for (place, object) in list.iter_mut().enumerate() {
            if !is_new(self.written, object) {
                continue;
            }
            let older = old.get(&key(object.metadata())).copied();
            let result = match older {
                // a pod that runs was put back in its place
                Some(older) if T::KIND == Pod::KIND => Ok(older.clone()),
                Some(older) => self.server.update(older, object.clone()),
                None => self.server.create(object.clone()),
            };
            match (result, older) {
                (Ok(_), Some(_)) if T::KIND == Pod::KIND => {}
                // what every namespace holds anyway is changed by what is written, in nothing that we know of
                (Err(refusal), None) if T::KIND == Other::KIND && refusal.reason == "AlreadyExists" => {}
                (Ok(stored), _) => *object = stored,
                (Err(refusal), older) => {
                    self.refused.push(not_created(object, older.is_some(), refusal));
                    match older {
                        Some(older) => *object = older.clone(),
                        None => _ = refused.insert(place),
                    }
                }
            }
        }
        remove(list, &refused);
        self.refused[first..].sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    }

    /// Creates what controllers made: ReplicaSets, then pod after pod with its claims, then the claims of ephemeral volumes.
    fn create_made(&mut self, objects: &mut Objects, first_set: usize) {
        let orphans = self.create_sets(&objects.replica_sets[first_set..]);
        let mut claims = Claims::new(&objects.persistent_volume_claims);
        let ordered: FxHashSet<(String, String)> = (objects.stateful_sets.iter())
            .filter(|set| set.spec.pod_management_policy != "Parallel")
            .map(|set| owned_key(&set.metadata.namespace, &set.metadata.name))
            .collect();
        let mut stopped: FxHashMap<(String, String), Refusal> = FxHashMap::default();
        let mut gone = FxHashSet::default();
        for (place, pod) in objects.pods.iter_mut().enumerate().filter(|(_, pod)| is_made(&pod.metadata)) {
            let owner = pod.metadata.controller();
            let owner = owner.map(|owner| (owner.kind.clone(), owned_key(&pod.metadata.namespace, &owner.name)));
            let result = match &owner {
                Some((kind, owner)) if kind == "StatefulSet" && stopped.contains_key(owner) => Err(stopped[owner].clone()),
                Some((kind, owner)) if kind == "ReplicaSet" && orphans.contains_key(owner) => Err(orphans[owner].clone()),
                _ => self.create_pod(pod, &mut claims),
            };
            let Err(refusal) = result else { continue };
            if let Some((kind, owner)) = owner
                && kind == "StatefulSet"
                && ordered.contains(&owner)
            {
                stopped.entry(owner).or_insert_with(|| refusal.clone());
            }
            self.refused.push(not_created(pod, false, refusal));
            gone.insert(place);
        }
        let lost = self.settle_claims(&mut objects.persistent_volume_claims, claims, &gone, &objects.pods);
        remove(&mut objects.pods, &gone);
        remove(&mut objects.persistent_volume_claims, &lost);
    }

    /// The ReplicaSets that are refused: their pods are not even tried.
    fn create_sets(&mut self, sets: &[ReplicaSet]) -> FxHashMap<(String, String), Refusal> {
        let mut refused = FxHashMap::default();
        for set in sets {
            if let Err(refusal) = self.server.create(set.clone()) {
                refused.insert(owned_key(&set.metadata.namespace, &set.metadata.name), refusal);
            }
        }
        refused
    }

    /// A pod, and before it the claims that its StatefulSet makes for it.
    fn create_pod(&mut self, pod: &mut Pod, claims: &mut Claims) -> Result<(), Refusal> {
        for name in pod.spec.volumes.iter().filter_map(|volume| Some(&volume.persistent_volume_claim.as_ref()?.claim_name)) {
            if let Some(claim) = claims.take(&pod.metadata.namespace, name) {
                claims.created.push((claim.0, self.server.create(claim.1)?));
            }
        }
        *pod = self.server.create(pod.clone())?;
        Ok(())
    }

    /// Writes back the claims that were created, and creates those of ephemeral volumes. The places of those that are not there.
    fn settle_claims(
        &mut self,
        all: &mut [PersistentVolumeClaim],
        claims: Claims,
        gone: &FxHashSet<usize>,
        pods: &[Pod],
    ) -> FxHashSet<usize> {
        let dead: FxHashSet<(&str, &str)> = gone.iter().map(|&place| key(&pods[place].metadata)).collect();
        let of_dead = |owner: &OwnerReference, namespace: &str| owner.kind == Pod::KIND && dead.contains(&(namespace, owner.name.as_str()));
        let made = all.iter().enumerate().filter(|(_, claim)| is_made(&claim.metadata));
        let mut lost: FxHashSet<usize> = made.map(|(place, _)| place).collect();
        for (place, claim) in claims.created {
            lost.remove(&place);
            all[place] = claim;
        }
        for (place, claim) in all.iter_mut().enumerate().filter(|(_, claim)| is_made(&claim.metadata)) {
            let owner = claim.metadata.controller();
            let lives = owner.is_some_and(|owner| owner.kind == Pod::KIND && !of_dead(owner, &claim.metadata.namespace));
            if !lost.contains(&place) || !lives {
                continue;
            }
            match self.server.create(claim.clone()) {
                Ok(stored) => {
                    lost.remove(&place);
                    *claim = stored;
                }
                Err(refusal) => self.refused.push(not_created(claim, false, refusal)),
            }
        }
        lost
    }
}

/// The claims that controllers made, until they are created.
struct Claims {
    waiting: FxHashMap<(String, String), (usize, PersistentVolumeClaim)>,
    created: Vec<(usize, PersistentVolumeClaim)>,
}

impl Claims {
    fn new(claims: &[PersistentVolumeClaim]) -> Self {
        let entry = |(place, claim): (usize, &PersistentVolumeClaim)| {
            let key = owned_key(&claim.metadata.namespace, &claim.metadata.name);
            let of_pod = claim.metadata.controller().is_some_and(|owner| owner.kind == Pod::KIND);
            (is_made(&claim.metadata) && !of_pod).then(|| (key, (place, claim.clone())))
        };
        Claims { waiting: claims.iter().enumerate().filter_map(entry).collect(), created: Vec::new() }
    }

    fn take(&mut self, namespace: &str, name: &str) -> Option<(usize, PersistentVolumeClaim)> {
        if self.waiting.is_empty() {
            return None;
        }
        self.waiting.remove(&owned_key(namespace, name))
    }
}

/// Whether an object has yet to pass the server. A pod that runs has passed one, whoever wrote it down.
fn is_new<T: Resource + 'static>(written: &Written, object: &T) -> bool {
    let pod = (object as &dyn Any).downcast_ref::<Pod>();
    if (pod.is_some() || T::KIND == PersistentVolumeClaim::KIND) && is_made(object.metadata()) {
        return true;
    }
    written.holds(object.metadata()) && !pod.is_some_and(|pod| !pod.spec.node_name.is_empty() && !pod.status.phase.is_empty())
}

fn not_created<T: Resource + 'static>(object: &T, is_update: bool, refusal: Refusal) -> NotCreated {
    let metadata = object.metadata();
    NotCreated {
        kind: (object as &dyn Any).downcast_ref::<Other>().map_or(T::KIND, |other| &other.kind).to_owned(),
        namespace: metadata.namespace.clone(),
        name: if metadata.name.is_empty() { metadata.generate_name.clone() } else { metadata.name.clone() },
        origin: metadata.origin,
        is_update,
        pod: (object as &dyn Any).downcast_ref::<Pod>().map(|pod| Box::new(pod.clone())),
        refusal,
    }
}

/// Whether a controller of ours made it: its uid is made of its owner's and its name, and a server's never holds a slash.
fn is_made(metadata: &ObjectMeta) -> bool {
    metadata.uid.contains('/')
}

fn key(metadata: &ObjectMeta) -> (&str, &str) {
    (&metadata.namespace, &metadata.name)
}

fn owned_key(namespace: &str, name: &str) -> (String, String) {
    (namespace.to_owned(), name.to_owned())
}

/// Leaves out the objects at some places.
fn remove<T>(list: &mut Vec<T>, places: &FxHashSet<usize>) {
    if places.is_empty() {
        return;
    }
    let mut place = 0..;
    list.retain(|_| place.next().is_none_or(|place| !places.contains(&place)));
}
