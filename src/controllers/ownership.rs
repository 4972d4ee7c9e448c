//! Who owns what: objects by the controller they name, and orphans by namespace and label.
//!
//! Built once over all pods (and once over all ReplicaSets), so that ten thousand workloads find their pods among a hundred
//! thousand without looking at each.
//!
//! Source: k8s.io/kubernetes/pkg/controller/controller_ref_manager.go, v1.36.

use rustc_hash::FxHashMap;

use super::selector::matches;
use crate::manifest::meta::{LabelSelector, ObjectMeta, OwnerReference, StringMap};

/// A workload as its pods see it.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub metadata: &'a ObjectMeta,
}

impl Owner<'_> {
    /// The entry that its objects have among their owners.
    pub fn reference(&self) -> OwnerReference {
        OwnerReference {
            api_version: self.api_version.to_owned(),
            kind: self.kind.to_owned(),
            name: self.metadata.name.clone(),
            uid: self.metadata.uid.clone(),
            controller: Some(true),
        }
    }

    /// Whether a reference with this kind and name means this very object, and not an earlier one of the same name.
    fn is_meant_by(&self, reference: &OwnerReference) -> bool {
        reference.uid.is_empty() || reference.uid == self.metadata.uid || is_made_up(&self.metadata.uid)
    }
}

/// Gives an object without identity one that is made from what was written.
pub(super) fn identify(kind: &str, metadata: &mut ObjectMeta) {
    if metadata.uid.is_empty() {
        metadata.uid = format!("{kind}/{}/{}", metadata.namespace_or_default(), metadata.name);
    }
}

/// Whether a uid is ours: a server's never holds a slash.
pub(super) fn is_made_up(uid: &str) -> bool {
    uid.contains('/')
}

/// Objects by owner. Positions are those in the list it was built from.
pub(super) struct Ownership<'a> {
    metadata: Vec<&'a ObjectMeta>,
    by_owner: FxHashMap<(&'a str, &'a str, &'a str), Vec<usize>>,
    orphans: FxHashMap<&'a str, Vec<usize>>,
    orphans_by_label: FxHashMap<(&'a str, &'a str, &'a str), Vec<usize>>,
}

impl<'a> Ownership<'a> {
    /// Builds the index. `is_lost` says of a named owner that it is not in the input, so that its objects count as orphans too.
    pub fn of(objects: impl Iterator<Item = &'a ObjectMeta>, is_lost: impl Fn(&'a ObjectMeta, &'a OwnerReference) -> bool) -> Self {
        let mut ownership = Ownership {
            metadata: objects.collect(),
            by_owner: FxHashMap::default(),
            orphans: FxHashMap::default(),
            orphans_by_label: FxHashMap::default(),
        };
        for position in 0..ownership.metadata.len() {
            let metadata = ownership.metadata[position];
            match metadata.controller() {
                Some(owner) => {
                    let key = (metadata.namespace_or_default(), owner.kind.as_str(), owner.name.as_str());
                    ownership.by_owner.entry(key).or_default().push(position);
                    if is_lost(metadata, owner) {
                        ownership.add_orphan(position, metadata);
                    }
                }
                None => ownership.add_orphan(position, metadata),
            }
        }
        ownership
    }

    fn add_orphan(&mut self, position: usize, metadata: &'a ObjectMeta) {
        let namespace = metadata.namespace_or_default();
        self.orphans.entry(namespace).or_default().push(position);
        for (key, value) in &metadata.labels {
            self.orphans_by_label.entry((namespace, key, value)).or_default().push(position);
        }
    }

    /// Positions of the objects that name this owner as their controller, in input order.
    pub fn owned_by(&self, owner: &Owner<'_>) -> Vec<usize> {
        let key = (owner.metadata.namespace_or_default(), owner.kind, owner.metadata.name.as_str());
        let candidates = self.by_owner.get(&key).map(Vec::as_slice).unwrap_or_default();
        let mean_it = |&position: &usize| self.metadata[position].controller().is_some_and(|reference| owner.is_meant_by(reference));
        candidates.iter().copied().filter(mean_it).collect()
    }

    /// Positions of the orphans of a namespace that match a selector, in input order.
    pub fn orphans(&self, namespace: &str, selector: &LabelSelector) -> Vec<usize> {
        let candidates = match self.rarest_label(namespace, &selector.match_labels) {
            Some(positions) => positions,
            None => self.orphans.get(namespace).map(Vec::as_slice).unwrap_or_default(),
        };
        candidates.iter().copied().filter(|&position| matches(selector, &self.metadata[position].labels)).collect()
    }

    /// The shortest list of orphans that any of these labels leaves; none if there are no labels.
    fn rarest_label<'s>(&'s self, namespace: &'s str, labels: &'s StringMap) -> Option<&'s [usize]> {
        let list = |(key, value): (&'s String, &'s String)| {
            self.orphans_by_label.get(&(namespace, key.as_str(), value.as_str())).map(Vec::as_slice).unwrap_or_default()
        };
        labels.iter().map(list).min_by_key(|positions| positions.len())
    }
}
