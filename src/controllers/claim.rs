//! Which pods are an owner's: those that name it, less those that no longer match, and the orphans that do.
//!
//! Source: k8s.io/kubernetes/pkg/controller/controller_ref_manager.go ClaimPods, v1.36.

use std::sync::Arc;

use super::ownership::Owner;
use super::selector::matches;
use super::world::{Key, World};
use crate::manifest::meta::LabelSelector;
use crate::manifest::pod::Pod;

/// The pods of an owner, the oldest first. Orphans that match are adopted (and changed by `on_adoption`), pods that no longer
/// match are let go; an owner that is being deleted does neither.
pub(super) fn claim_pods(
    world: &mut dyn World,
    owner: &Owner<'_>,
    selector: Option<&LabelSelector>,
    on_adoption: fn(&mut Pod),
) -> Vec<Arc<Pod>> {
    let is_leaving = owner.metadata.deletion_timestamp.is_some();
    let candidates: Vec<Arc<Pod>> = world.store().pods.within(&owner.metadata.namespace).cloned().collect();
    let mut claimed = Vec::new();
    for pod in candidates {
        let is_meant = selector.is_some_and(|selector| matches(selector, &pod.metadata.labels));
        let key = Key::of(&pod.metadata);
        match pod.metadata.controller() {
            Some(reference) if reference.uid != owner.metadata.uid => {}
            Some(_) if is_meant => claimed.push(pod),
            Some(_) if !is_leaving => release(world, &key, &owner.metadata.uid),
            None if is_meant && !is_leaving && !pod.is_terminating() => {
                world.store_mut().update::<Pod>(&key, |pod| {
                    pod.metadata.owner_references.push(owner.reference());
                    on_adoption(pod);
                });
                claimed.extend(world.store().get::<Pod>(&key).cloned());
            }
            _ => {}
        }
    }
    claimed
}

fn release(world: &mut dyn World, key: &Key, uid: &str) {
    world.store_mut().update::<Pod>(key, |pod| pod.metadata.owner_references.retain(|reference| reference.uid != uid));
}
