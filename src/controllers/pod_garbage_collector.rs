//! The pod garbage collector: every 20 seconds it deletes, without waiting for a kubelet, pods that none will let go.
//!
//! These are: pods of a node that has not existed for 40 seconds; pods being deleted on a node that is not ready and has the
//! taint `out-of-service`; pods being deleted that never had a node; and the oldest of the pods that have ended, if there are more
//! than 12500. A pod that has not ended is made to have failed first, so that its Job counts it.
//!
//! Source: k8s.io/kubernetes/pkg/controller/podgc/gc_controller.go, v1.36.

use std::collections::BTreeSet;
use std::time::Duration;

use super::disruption_target;
use super::world::{Change, Key, Moment, Outcome, Store, World};
use crate::manifest::node::Node;
use crate::manifest::pod::Pod;

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(20);
/// For so long a node that is missing may yet appear.
const QUARANTINE: Duration = Duration::from_secs(40);
/// So many pods that have ended may stay: `--terminated-pod-gc-threshold`.
const TERMINATED_AT_MOST: usize = 12500;

const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";
const REASON: &str = "DeletionByPodGC";
const MESSAGE: &str = "PodGC: node no longer exists";

/// It looks at everything at once, so it has one key; the first pod sets it going.
pub(super) fn watch(store: &Store, change: &Change, keys: &mut Vec<Key>) {
    if matches!(change, Change::Pod(_)) && store.memory.pod_garbage.next.is_none() {
        keys.push(Key::new("", ""));
    }
}

/// Collects, if it is time to.
pub(super) fn sync(world: &mut dyn World, _: &Key) -> Outcome {
    let now = world.now();
    if world.store().memory.pod_garbage.next.is_some_and(|next| next <= now) {
        collect_terminated(world);
        collect_terminating(world);
        collect_orphaned(world);
        collect_unscheduled(world);
    }
    if world.store().pods.is_empty() {
        world.store_mut().memory.pod_garbage.next = None;
        return Outcome::Done;
    }
    let next = now.next_multiple_of(PERIOD);
    world.store_mut().memory.pod_garbage.next = Some(next);
    Outcome::After(next.since(now))
}

/// Those that were evicted by their kubelets go first, then the oldest.
fn collect_terminated(world: &mut dyn World) {
    let mut ended: Vec<_> = world.store().pods.iter().filter(|pod| pod.is_terminal()).cloned().collect();
    let surplus = ended.len().saturating_sub(TERMINATED_AT_MOST);
    if surplus == 0 {
        return;
    }
    let is_evicted = |pod: &Pod| pod.status.phase == "Failed" && pod.status.reason == "Evicted";
    ended.sort_by_cached_key(|pod| (!is_evicted(pod), pod.metadata.creation_timestamp.clone(), pod.metadata.name.clone()));
    ended[..surplus].iter().for_each(|pod| force_delete(world, &Key::of(&pod.metadata), None));
}

fn collect_terminating(world: &mut dyn World) {
    let store = world.store();
    let is_out_of_service = |pod: &Pod| {
        let node = store.get::<Node>(&Key::new("", &pod.spec.node_name));
        node.is_some_and(|node| !is_ready(node) && node.spec.taints.iter().any(|taint| taint.key == OUT_OF_SERVICE))
    };
    let keys = keys(store, |pod| pod.is_terminating() && is_out_of_service(pod));
    keys.iter().for_each(|key| force_delete(world, key, None));
}

fn collect_orphaned(world: &mut dyn World) {
    let now = world.now();
    let store = world.store();
    let is_missing = |name: &str| !name.is_empty() && store.get::<Node>(&Key::new("", name)).is_none();
    let mut names: Vec<String> = store.pods.iter().map(|pod| pod.spec.node_name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| is_missing(name));
    let quarantine = &mut world.store_mut().memory.pod_garbage.quarantine;
    for name in names {
        quarantine.entry(name).or_insert(now + QUARANTINE);
    }
    let mut gone: BTreeSet<String> = quarantine.iter().filter(|(_, end)| **end <= now).map(|(name, _)| name.clone()).collect();
    quarantine.retain(|name, _| !gone.contains(name));
    let store = world.store();
    gone.retain(|name| store.get::<Node>(&Key::new("", name)).is_none());
    let keys = keys(store, |pod| gone.contains(&pod.spec.node_name));
    keys.iter().for_each(|key| force_delete(world, key, Some(now)));
}

fn collect_unscheduled(world: &mut dyn World) {
    let keys = keys(world.store(), |pod| pod.is_terminating() && pod.spec.node_name.is_empty());
    keys.iter().for_each(|key| force_delete(world, key, None));
}

fn keys(store: &Store, is_meant: impl Fn(&Pod) -> bool) -> Vec<Key> {
    store.pods.iter().filter(|pod| is_meant(pod)).map(|pod| Key::of(&pod.metadata)).collect()
}

fn is_ready(node: &Node) -> bool {
    node.status.conditions.iter().any(|condition| condition.r#type == "Ready" && condition.status == "True")
}

/// Deletes a pod for which there is no kubelet. `orphaned` is when it was found to have no node.
fn force_delete(world: &mut dyn World, key: &Key, orphaned: Option<Moment>) {
    world.store_mut().update::<Pod>(key, |pod| {
        if !pod.is_terminal() {
            "Failed".clone_into(&mut pod.status.phase);
            if let Some(now) = orphaned {
                disruption_target::mark(pod, REASON, MESSAGE, now);
            }
        }
    });
    // one that has ended goes without grace
    world.delete_pod(key);
}
