//! Taint eviction: pods leave a node with `NoExecute` taints once they no longer tolerate them.
//!
//! For each taint the first toleration about it counts, however long those after it may last; the pod stays as long as the least
//! of them says. One without a toleration for a taint leaves at once. An eviction that is planned stays planned when taints
//! change to others that are tolerated for a while: neither a shorter nor a longer time replaces it. It is called off when all
//! taints are gone, or when all that are left are tolerated for ever. Budgets have no say.
//!
//! Source: k8s.io/kubernetes/pkg/controller/tainteviction/taint_eviction.go, v1.36.

use std::sync::Arc;
use std::time::Duration;

use super::disruption_target;
use super::taint::{NO_EXECUTE, tolerates};
use super::world::memory::TaintEviction;
use super::world::{Change, Key, Moment, Outcome, Store, World};
use crate::manifest::node::{Node, Taint};
use crate::manifest::pod::{Pod, Toleration};

const REASON: &str = "DeletionByTaintManager";
const MESSAGE: &str = "Taint manager: deleting due to NoExecute taint";

/// How long a pod may stay on its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// It leaves at once.
    NoLonger,
    /// For so long.
    For(Duration),
    /// For good.
    ForEver,
}

impl Stay {
    /// The time; none for ever.
    pub fn time(self) -> Option<Duration> {
        match self {
            Stay::NoLonger => Some(Duration::ZERO),
            Stay::For(time) => Some(time),
            Stay::ForEver => None,
        }
    }
}

/// The pods of a node whose `NoExecute` taints change, and pods that come to a node or tolerate other things.
pub(super) fn watch(store: &Store, change: &Change, keys: &mut Vec<Key>) {
    match change {
        Change::Node(delta) => {
            let taints = |node: &Option<Arc<Node>>| node.as_deref().map(no_execute).unwrap_or_default();
            if taints(&delta.before) != taints(&delta.after) {
                let name = &delta.latest().metadata.name;
                keys.extend(store.pods.iter().filter(|pod| pod.spec.node_name == *name).map(|pod| Key::of(&pod.metadata)));
            }
        }
        Change::Pod(delta) => {
            let facts = |pod: &Option<Arc<Pod>>| pod.as_ref().map(|pod| (pod.spec.node_name.clone(), pod.spec.tolerations.clone()));
            let is_on_node = delta.sides().any(|pod| !pod.spec.node_name.is_empty());
            if is_on_node && facts(&delta.before) != facts(&delta.after) {
                keys.push(delta.key());
            }
        }
        _ => {}
    }
}

/// Evicts a pod, or plans to, or calls that off.
pub(super) fn sync(world: &mut dyn World, key: &Key) -> Outcome {
    let now = world.now();
    let planned = world.store_mut().memory.taint_evictions.remove(key);
    let store = world.store();
    let Some(pod) = store.get::<Pod>(key).filter(|pod| !pod.spec.node_name.is_empty() && !pod.is_terminating()) else {
        return Outcome::Done;
    };
    // one of the same name may have been here before
    let planned = planned.filter(|planned| planned.uid == pod.metadata.uid);
    let plan = match store.get::<Node>(&Key::new("", &pod.spec.node_name)) {
        Some(node) => plan(pod, &no_execute(node), planned, now),
        // what was planned before the node went stays planned
        None => planned,
    };
    match plan {
        None => Outcome::Done,
        Some(plan) if plan.at <= now => {
            world.store_mut().update::<Pod>(key, |pod| disruption_target::mark(pod, REASON, MESSAGE, now));
            world.delete_pod(key);
            Outcome::Done
        }
        Some(plan) => {
            let remaining = plan.at.since(now);
            world.store_mut().memory.taint_evictions.insert(key.clone(), plan);
            Outcome::After(remaining)
        }
    }
}

fn plan(pod: &Pod, taints: &[Taint], planned: Option<TaintEviction>, now: Moment) -> Option<TaintEviction> {
    let eviction = |at: Moment| Some(TaintEviction { uid: pod.metadata.uid.clone(), since: now, at });
    match (stay(taints, &pod.spec.tolerations), planned) {
        (Stay::ForEver, _) => None,
        (Stay::NoLonger, _) => eviction(now),
        (Stay::For(_), Some(planned)) if planned.since < now => Some(planned),
        (Stay::For(duration), _) => eviction(now + duration),
    }
}

/// How long a pod with these tolerations stays on a node with these taints. Only `NoExecute` taints count.
pub fn stay(taints: &[Taint], tolerations: &[Toleration]) -> Stay {
    let mut least = None;
    for taint in taints.iter().filter(|taint| taint.effect == NO_EXECUTE) {
        let Some(toleration) = tolerations.iter().find(|toleration| tolerates(toleration, taint)) else { return Stay::NoLonger };
        let seconds = toleration.toleration_seconds.map(|seconds| seconds.max(0).unsigned_abs());
        least = least.into_iter().chain(seconds).min();
    }
    least.map_or(Stay::ForEver, |seconds| Stay::For(Duration::from_secs(seconds)))
}

fn no_execute(node: &Node) -> Vec<Taint> {
    node.spec.taints.iter().filter(|taint| taint.effect == NO_EXECUTE).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::taint::taint;

    fn toleration(key: &str, seconds: Option<i64>) -> Toleration {
        Toleration { key: key.to_owned(), operator: "Exists".to_owned(), toleration_seconds: seconds, ..Toleration::default() }
    }

    #[test]
    fn the_first_toleration_of_each_taint_counts_and_the_least_of_them() {
        let taints = [taint("a", NO_EXECUTE), taint("b", NO_EXECUTE)];
        let first = [toleration("a", Some(9)), toleration("", Some(20)), toleration("a", Some(4))];
        assert_eq!(stay(&taints, &first), Stay::For(Duration::from_secs(9)));
        assert_eq!(stay(&taints, &[toleration("a", Some(9)), toleration("b", None)]), Stay::For(Duration::from_secs(9)));
        assert_eq!(stay(&taints, &[toleration("a", None)]), Stay::NoLonger);
        assert_eq!(stay(&taints, &[toleration("", None)]), Stay::ForEver);
        assert_eq!(stay(&taints, &[toleration("", Some(-1))]), Stay::For(Duration::ZERO));
        assert_eq!(stay(&[], &[]), Stay::ForEver);
    }
}
