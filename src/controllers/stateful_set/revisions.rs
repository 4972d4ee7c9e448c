//! The templates that a StatefulSet has and had, as ControllerRevisions.
//!
//! The *update* revision is that of the template as it is written; the *current* one is that which all pods had when the last
//! update was through. A template that was there before gets its old revision back, with a new number.
//!
//! Source: k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_control.go getStatefulSetRevisions, truncateHistory;
//! pkg/controller/history/controller_history.go, v1.36.

use std::sync::Arc;

use super::identity::REVISION_LABEL;
use crate::controllers::adoption::{self, owner};
use crate::controllers::names::template_hash;
use crate::controllers::world::{Key, Store, World};
use crate::manifest::pod::Pod;
use crate::manifest::workload::{ControllerRevision, StatefulSet};

const HASH: &str = "controller.kubernetes.io/hash";
/// What the server writes where nothing is said.
const DEFAULT_LIMIT: i32 = 10;

/// The two revisions that pods of a StatefulSet may be made from.
pub(super) struct Revisions {
    /// What the pods were before an update.
    pub current: Arc<ControllerRevision>,
    /// What they are to be.
    pub update: Arc<ControllerRevision>,
}

/// The revision a pod was made from; empty if it does not say.
pub(super) fn revision_of(pod: &Pod) -> &str {
    pod.metadata.labels.get(REVISION_LABEL).map_or("", String::as_str)
}

/// Finds the revisions of a set, and creates the one of its template if it is new.
pub(super) fn find(world: &mut dyn World, set: &StatefulSet) -> Revisions {
    adopt(world, set);
    let known = list(world.store(), set);
    let next = known.last().map_or(1, |newest| newest.revision + 1);
    let equal = known.iter().rposition(|revision| revision.data.spec.template == set.spec.template);
    let update = match equal {
        Some(position) if position + 1 == known.len() => known[position].clone(),
        Some(position) => {
            let key = Key::of(&known[position].metadata);
            world.store_mut().update::<ControllerRevision>(&key, |revision| revision.revision = next);
            world.store().get::<ControllerRevision>(&key).cloned().unwrap_or_else(|| known[position].clone())
        }
        None => create(world, set, next),
    };
    let current = known.iter().find(|revision| revision.metadata.name == set.status.current_revision);
    Revisions { current: current.unwrap_or(&update).clone(), update }
}

/// The revisions of a set, the newest last.
fn list(store: &Store, set: &StatefulSet) -> Vec<Arc<ControllerRevision>> {
    let is_its = |revision: &&Arc<ControllerRevision>| revision.metadata.controller().is_some_and(|owner| owner.uid == set.metadata.uid);
    let mut revisions: Vec<_> = store.controller_revisions.within(&set.metadata.namespace).filter(is_its).cloned().collect();
    revisions.sort_by_key(|revision| revision.revision);
    revisions
}

/// Makes revisions without an owner its own, which an earlier set of the same selector may have left.
fn adopt(world: &mut dyn World, set: &StatefulSet) {
    let is_free = |revision: &&Arc<ControllerRevision>| {
        revision.metadata.controller().is_none() && adoption::selects(set.spec.selector.as_ref(), &revision.metadata.labels)
    };
    let free = world.store().controller_revisions.within(&set.metadata.namespace).filter(is_free);
    let keys: Vec<Key> = free.map(|revision| Key::of(&revision.metadata)).collect();
    for key in keys {
        let reference = owner(set).reference();
        world.store_mut().update::<ControllerRevision>(&key, |revision| revision.metadata.owner_references.push(reference));
    }
}

/// Creates the revision of the template as it is written. A name that is taken by another template asks for another hash.
fn create(world: &mut dyn World, set: &StatefulSet, number: i64) -> Arc<ControllerRevision> {
    let (mut template, now) = (set.spec.template.clone(), world.now().timestamp());
    for collisions in 0.. {
        let hash = template_hash(&template);
        let key = Key::new(&set.metadata.namespace, format!("{}-{hash}", set.metadata.name));
        if world.store().get::<ControllerRevision>(&key).is_some() {
            template.metadata.annotations.insert("collisions".to_owned(), (collisions + 1).to_string());
            continue;
        }
        let mut revision = ControllerRevision { revision: number, ..ControllerRevision::default() };
        revision.metadata.uid = format!("{}/{}", set.metadata.uid, key.name);
        revision.metadata.name = key.name;
        revision.metadata.namespace = key.namespace;
        revision.metadata.creation_timestamp = Some(now);
        revision.metadata.labels = set.spec.template.metadata.labels.clone();
        revision.metadata.labels.insert(HASH.to_owned(), hash);
        revision.metadata.owner_references.push(owner(set).reference());
        revision.data.spec.template = set.spec.template.clone();
        world.store_mut().put(revision.clone());
        return Arc::new(revision);
    }
    unreachable!("there is an end to the names that are taken")
}

/// Removes revisions beyond the limit, the oldest first, unless a pod or the status still needs them.
pub(super) fn truncate(world: &mut dyn World, set: &StatefulSet, pods: &[Arc<Pod>], in_use: &Revisions) {
    let limit = usize::try_from(set.spec.revision_history_limit.unwrap_or(DEFAULT_LIMIT)).unwrap_or(0);
    let is_live = |name: &str| {
        name == in_use.current.metadata.name || name == in_use.update.metadata.name || pods.iter().any(|pod| revision_of(pod) == name)
    };
    let mut idle = list(world.store(), set);
    idle.retain(|revision| !is_live(&revision.metadata.name));
    for revision in &idle[..idle.len().saturating_sub(limit)] {
        world.store_mut().remove::<ControllerRevision>(&Key::of(&revision.metadata));
    }
}
