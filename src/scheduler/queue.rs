//! The order in which pending pods are tried: priority, then age, then as written.
//!
//! Pods without a creation time (manifests) come after those that have one, in the order of their documents: that is the
//! order in which they would be applied. What nothing orders may be drawn at random instead: see [`super::arrivals`].
//!
//! Source: pkg/scheduler/framework/plugins/queuesort/priority_sort.go, v1.36.

use std::cmp::Reverse;

use super::arrivals::{ArrivalOrder, Arrivals};
use crate::cluster::index::PodId;
use crate::cluster::{Cluster, Standing};

/// The pending pods, in the order in which they are tried: as listed, where neither priority nor time orders them.
pub fn pending(cluster: &Cluster) -> Vec<PodId> {
    let mut pods: Vec<PodId> = cluster.pod_ids().filter(|&pod| cluster.pod(pod).standing == Standing::Pending).collect();
    pods.sort_by_cached_key(|&pod| (turn(cluster, pod), pod));
    pods
}

/// The pending pods, in an order in which they may arrive.
pub fn arriving(cluster: &Cluster, arrivals: Arrivals) -> Vec<PodId> {
    let mut pods = pending(cluster);
    let mut order = ArrivalOrder::new(arrivals);
    for together in pods.chunk_by_mut(|&one, &next| turn(cluster, one) == turn(cluster, next)) {
        order.arrange(cluster, together, |pod| pod);
    }
    pods
}

/// By what the queue orders.
fn turn(cluster: &Cluster, pod: PodId) -> (Reverse<i32>, bool, Option<&str>) {
    let created = cluster.pod(pod).created.map(|time| cluster.texts.get(time));
    (Reverse(cluster.class_of(pod).priority), created.is_none(), created)
}
