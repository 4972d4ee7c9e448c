//! Step by step: what a budget says when something about its pods has changed.
//!
//! A pod that several budgets select concerns only one of them, as with the real controller: the others go stale.
//!
//! Source: k8s.io/kubernetes/pkg/controller/disruption/disruption.go trySync, failSafe, buildDisruptedPodMap, v1.36.

use std::sync::Arc;
use std::time::Duration;

use super::expected::expected;
use super::scale::scale_of;
use super::{set_condition, set_condition_by_number, status};
use crate::controllers::availability::is_ready;
use crate::controllers::selector::matches;
use crate::controllers::world::{Change, Key, Moment, Outcome, Store, World};
use crate::manifest::meta::StringMap;
use crate::manifest::pod::Pod;
use crate::manifest::policy::PodDisruptionBudget;

/// An eviction that was let pass and has not happened after this time is forgotten.
const DELETION_TIMEOUT: Duration = Duration::from_secs(120);

/// A budget is concerned by itself, and by pods that it is the first to select.
pub(in crate::controllers) fn watch(store: &Store, change: &Change, keys: &mut Vec<Key>) {
    match change {
        Change::PodDisruptionBudget(delta) => keys.push(delta.key()),
        Change::Pod(delta) => {
            let pod = delta.latest();
            let mut budgets = store.pod_disruption_budgets.within(&pod.metadata.namespace);
            keys.extend(budgets.find(|budget| selects(budget, pod)).map(|budget| Key::of(&budget.metadata)));
        }
        _ => {}
    }
}

/// Whether a budget selects a pod; one without a selector selects none.
fn selects(budget: &PodDisruptionBudget, pod: &Pod) -> bool {
    budget.spec.selector.as_ref().is_some_and(|selector| matches(selector, &pod.metadata.labels))
}

/// Looks at one budget.
pub(in crate::controllers) fn sync(world: &mut dyn World, key: &Key) -> Outcome {
    let Some(budget) = world.store().get::<PodDisruptionBudget>(key).cloned() else { return Outcome::Done };
    let now = world.now();
    let store = world.store();
    let pods: Vec<Arc<Pod>> = store.pods.within(&key.namespace).filter(|pod| selects(&budget, pod)).cloned().collect();
    let references: Vec<&Pod> = pods.iter().map(|pod| &**pod).collect();
    let expected = expected(&budget.spec, &references, |owner, pod| scale_of(store, owner, &pod.metadata.namespace));
    let mut again = None;
    let new = match expected {
        Ok(expected) => {
            let (disrupted, recheck) = still_expected(&budget, &pods, now);
            again = recheck;
            let healthy = pods.iter().filter(|pod| is_healthy(pod, &disrupted, now)).count();
            let mut new = status(&budget, expected, i32::try_from(healthy).unwrap_or(i32::MAX));
            new.disrupted_pods = disrupted;
            set_condition_by_number(&mut new, Some(now.timestamp()));
            new
        }
        Err(problem) => {
            let mut new = budget.status.clone();
            new.disruptions_allowed = 0;
            new.observed_generation = budget.metadata.generation;
            set_condition(&mut new.conditions, "False", "SyncFailed", &problem, Some(now.timestamp()));
            new
        }
    };
    world.store_mut().update::<PodDisruptionBudget>(key, |budget| budget.status = new);
    again.map_or(Outcome::Done, Outcome::After)
}

/// Evictions that were let pass and whose pods are not being deleted yet; and when to look whether they are.
fn still_expected(budget: &PodDisruptionBudget, pods: &[Arc<Pod>], now: Moment) -> (StringMap, Option<Duration>) {
    let mut expected = StringMap::new();
    let mut again = None;
    for pod in pods.iter().filter(|pod| !pod.is_terminating()) {
        let Some(written) = budget.status.disrupted_pods.get(&pod.metadata.name) else { continue };
        let Some(end) = Moment::parse(written).map(|time| time + DELETION_TIMEOUT).filter(|&end| end >= now) else { continue };
        expected.insert(pod.metadata.name.clone(), written.clone());
        let left = end.since(now);
        again = Some(again.map_or(left, |old: Duration| old.min(left)));
    }
    (expected, again)
}

fn is_healthy(pod: &Pod, disrupted: &StringMap, now: Moment) -> bool {
    let is_leaving = |written: &String| Moment::parse(written).is_some_and(|time| time + DELETION_TIMEOUT > now);
    !pod.is_terminating() && !disrupted.get(&pod.metadata.name).is_some_and(is_leaving) && is_ready(pod)
}
