//! How an owner gets and loses its objects: by its selector, through owner references.
//!
//! An orphan that a selector takes in is adopted; an object that its owner's selector no longer takes in is let go. What belongs
//! to another owner is never touched.
//!
//! Source: k8s.io/kubernetes/pkg/controller/controller_ref_manager.go ClaimObject, v1.36.

use std::sync::Arc;

use super::ownership::Owner;
use super::selector::matches;
use super::world::{Delta, Key, Store, Stored, World};
use crate::manifest::meta::{LabelSelector, ObjectMeta, StringMap};

/// A kind whose objects select others by their labels.
pub(super) trait Selecting: Stored {
    /// Whether it selects an object with these labels.
    fn selects(&self, labels: &StringMap) -> bool;
}

/// The owner as its objects name it.
pub(super) fn owner<T: Stored>(object: &T) -> Owner<'_> {
    Owner { api_version: T::API_VERSION, kind: T::KIND, metadata: object.metadata() }
}

/// What an owner has of the candidates, once it has adopted and released; the oldest first.
pub(super) fn claim<O: Selecting, T: Stored>(world: &mut dyn World, object: &O, is_candidate: impl Fn(&T) -> bool) -> Vec<Arc<T>> {
    let owner = owner(object);
    let candidates = T::table(world.store()).within(&owner.metadata.namespace).filter(|candidate| is_candidate(candidate));
    let judged: Vec<(Key, Verdict)> = candidates
        .map(|candidate| {
            (Key::of(candidate.metadata()), judge(&owner, candidate.metadata(), || object.selects(&candidate.metadata().labels)))
        })
        .filter(|(_, verdict)| *verdict != Verdict::Leave)
        .collect();
    for (key, verdict) in &judged {
        world.store_mut().update::<T>(key, |claimed| {
            let references = &mut claimed.metadata_mut().owner_references;
            match verdict {
                Verdict::Adopt => references.push(owner.reference()),
                Verdict::Release => references.retain(|reference| reference.uid != owner.metadata.uid),
                Verdict::Keep | Verdict::Leave => {}
            }
        });
    }
    let kept = judged.iter().filter(|(_, verdict)| *verdict != Verdict::Release);
    kept.filter_map(|(key, _)| world.store().get::<T>(key).cloned()).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    Adopt,
    Release,
    Leave,
}

fn judge(owner: &Owner<'_>, metadata: &ObjectMeta, is_selected: impl Fn() -> bool) -> Verdict {
    let owner_stays = owner.metadata.deletion_timestamp.is_none();
    match metadata.controller() {
        Some(reference) if reference.uid != owner.metadata.uid => Verdict::Leave,
        Some(_) if is_selected() => Verdict::Keep,
        Some(_) if owner_stays => Verdict::Release,
        None if owner_stays && metadata.deletion_timestamp.is_none() && is_selected() => Verdict::Adopt,
        _ => Verdict::Leave,
    }
}

/// Adds the keys of the owners of a kind that a change to one of their objects concerns: those that it names or named, and, of
/// an orphan, those that may adopt it.
pub(super) fn watch<O: Selecting, T: Stored>(store: &Store, delta: &Delta<T>, keys: &mut Vec<Key>) {
    for metadata in delta.sides().map(T::metadata) {
        if let Some(reference) = metadata.controller().filter(|reference| reference.kind == O::KIND) {
            keys.push(Key::new(&metadata.namespace, &reference.name));
        }
    }
    let Some(metadata) = delta.after.as_deref().map(T::metadata).filter(|metadata| metadata.controller().is_none()) else { return };
    let takers = O::table(store).within(&metadata.namespace).filter(|taker| taker.selects(&metadata.labels));
    keys.extend(takers.map(|taker| Key::of(taker.metadata())));
}

/// Whether a selector takes in these labels; none takes in nothing.
pub(super) fn selects(selector: Option<&LabelSelector>, labels: &StringMap) -> bool {
    selector.is_some_and(|selector| matches(selector, labels))
}
