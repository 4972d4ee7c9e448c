//! Changing the size of ReplicaSets: of one, and of all in proportion when a Deployment is scaled in the midst of a rollout.
//!
//! Source: k8s.io/kubernetes/pkg/controller/deployment/sync.go scale, scaleReplicaSet, isScalingEvent;
//! deployment/util/deployment_util.go GetReplicaSetProportion, IsSaturated, v1.36.

use std::cmp::Reverse;

use super::bounds::{is_rolling, max_surge, replicas};
use super::sets::{Sets, age, wanted};
use crate::controllers::world::{Key, World};
use crate::manifest::meta::StringMap;
use crate::manifest::workload::{Deployment, ReplicaSet};

/// Annotation of a ReplicaSet: what its Deployment wanted when it was last scaled.
pub(super) const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// Annotation of a ReplicaSet: how many pods its Deployment could then have at most.
pub(super) const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";

/// Writes down on a ReplicaSet what its Deployment wants.
pub(super) fn annotate(annotations: &mut StringMap, deployment: &Deployment) {
    let desired = replicas(deployment);
    annotations.insert(DESIRED_REPLICAS.to_owned(), desired.to_string());
    annotations.insert(MAX_REPLICAS.to_owned(), (desired + max_surge(deployment)).to_string());
}

/// Gives a ReplicaSet another size. Whether that is another one.
pub(super) fn resize(world: &mut dyn World, deployment: &Deployment, set: &ReplicaSet, size: i32) -> bool {
    if wanted(set) == size {
        return false;
    }
    rewrite(world, deployment, set, size);
    true
}

/// As [`resize`], but also writes down what the Deployment wants if only that has changed.
fn rewrite(world: &mut dyn World, deployment: &Deployment, set: &ReplicaSet, size: i32) {
    world.store_mut().update::<ReplicaSet>(&Key::of(&set.metadata), |set| {
        if wanted(set) != size {
            set.metadata.generation = set.metadata.generation.map(|generation| generation + 1);
        }
        set.spec.replicas = Some(size);
        annotate(&mut set.metadata.annotations, deployment);
    });
}

/// Whether the Deployment has been scaled since its ReplicaSets were.
pub(super) fn is_due(deployment: &Deployment, sets: &Sets) -> bool {
    let mut noted = sets.active().filter_map(|set| note(set, DESIRED_REPLICAS));
    noted.any(|desired| desired != replicas(deployment))
}

/// Brings the ReplicaSets to the size of the Deployment without rolling out anything.
pub(super) fn scale(world: &mut dyn World, deployment: &Deployment) {
    let sets = Sets::of(world.store(), deployment);
    if sets.new.is_none() && sets.old.is_empty() {
        return;
    }
    if let Some(only) = sets.active_or_latest() {
        resize(world, deployment, only, replicas(deployment));
    } else if sets.new.as_ref().is_some_and(|new| is_saturated(deployment, new)) {
        sets.active_old().for_each(|old| _ = resize(world, deployment, old, 0));
    } else if is_rolling(&deployment.spec) {
        scale_in_proportion(world, deployment, &sets);
    }
}

/// Whether all that the Deployment wants is there in its newest form.
fn is_saturated(deployment: &Deployment, new: &ReplicaSet) -> bool {
    let desired = replicas(deployment);
    wanted(new) == desired && note(new, DESIRED_REPLICAS) == Some(desired) && new.status.available_replicas == desired
}

/// Adds or takes pods from all ReplicaSets that have some, to each by its share; the largest takes what rounding leaves.
fn scale_in_proportion(world: &mut dyn World, deployment: &Deployment, sets: &Sets) {
    let allowed = if replicas(deployment) > 0 { replicas(deployment) + max_surge(deployment) } else { 0 };
    let to_add = allowed - sets.wanted();
    let mut active: Vec<_> = sets.active().cloned().collect();
    active.sort_by(|a, b| {
        // of equals the newer grows first, the older shrinks first
        let ages = if to_add > 0 { age(b).cmp(&age(a)) } else { age(a).cmp(&age(b)) };
        Reverse(wanted(a)).cmp(&Reverse(wanted(b))).then(ages)
    });
    let mut added = 0;
    let mut sizes = Vec::with_capacity(active.len());
    for set in &active {
        let share = share(deployment, set, to_add, added);
        added += share;
        sizes.push(wanted(set) + share);
    }
    if let Some(largest) = sizes.first_mut() {
        *largest = (*largest + to_add - added).max(0);
    }
    active.iter().zip(sizes).for_each(|(set, size)| rewrite(world, deployment, set, size));
}

/// How many of `to_add` pods (fewer than none to take) a ReplicaSet gets when `added` are given out already.
fn share(deployment: &Deployment, set: &ReplicaSet, to_add: i32, added: i32) -> i32 {
    if to_add == 0 || to_add == added {
        return 0;
    }
    let fraction = fraction(deployment, set);
    if to_add > 0 { fraction.min(to_add - added) } else { fraction.max(to_add - added) }
}

/// By how much a ReplicaSet would change if it kept its part of the whole.
fn fraction(deployment: &Deployment, set: &ReplicaSet) -> i32 {
    let own = wanted(set);
    if replicas(deployment) == 0 {
        return -own;
    }
    let before = note(set, MAX_REPLICAS).filter(|&noted| noted != 0).unwrap_or(deployment.status.replicas);
    if before == 0 {
        return 0;
    }
    let most = replicas(deployment) + max_surge(deployment);
    let size = f64::from(own) * f64::from(most) / f64::from(before);
    // `round` takes halves away from zero, as upstream's RoundToInt32
    size.round() as i32 - own
}

/// A number that was written down on a ReplicaSet.
fn note(set: &ReplicaSet, annotation: &str) -> Option<i32> {
    set.metadata.annotations.get(annotation).and_then(|number| number.parse().ok())
}
