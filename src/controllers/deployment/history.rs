//! Old ReplicaSets that nobody needs any more.
//!
//! Source: k8s.io/kubernetes/pkg/controller/deployment/sync.go cleanupDeployment, v1.36.

use super::sets::{Sets, age, revision, wanted};
use crate::controllers::world::{Key, World};
use crate::manifest::workload::{Deployment, ReplicaSet};

/// What the server writes where nothing is said.
const DEFAULT_LIMIT: i32 = 10;

/// Removes ReplicaSets beyond the limit, those of the lowest revision first, unless they still have pods.
pub(super) fn clean(world: &mut dyn World, deployment: &Deployment) {
    let limit = deployment.spec.revision_history_limit.unwrap_or(DEFAULT_LIMIT);
    let mut old = Sets::of(world.store(), deployment).old;
    old.retain(|set| set.metadata.deletion_timestamp.is_none());
    let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    old.sort_by(|a, b| revision(a).cmp(&revision(b)).then_with(|| age(a).cmp(&age(b))));
    let is_idle =
        |set: &ReplicaSet| set.status.replicas == 0 && wanted(set) == 0 && set.metadata.generation <= set.status.observed_generation;
    for set in old[..surplus].iter().filter(|set| is_idle(set)) {
        world.store_mut().remove::<ReplicaSet>(&Key::of(&set.metadata));
    }
}
