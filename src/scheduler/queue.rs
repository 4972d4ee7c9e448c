//! The order in which pending pods are tried: priority, then age, then as written.
//!
//! Pods without a creation time (manifests) come after those that have one, in the order of their documents: that is the
//! order in which they would be applied.
//!
//! Source: pkg/scheduler/framework/plugins/queuesort/priority_sort.go, v1.36.

use std::cmp::Reverse;

use crate::cluster::index::PodId;
use crate::cluster::{Cluster, Standing};

/// The pending pods, in the order in which they are tried.
pub fn pending(cluster: &Cluster) -> Vec<PodId> {
    let mut pods: Vec<PodId> = cluster.pod_ids().filter(|&pod| cluster.pod(pod).standing == Standing::Pending).collect();
    pods.sort_by_cached_key(|&pod| {
        let created = cluster.pod(pod).created.map(|time| cluster.texts.get(time));
        (Reverse(cluster.class_of(pod).priority), created.is_none(), created, pod)
    });
    pods
}
