//! Which pods go first when there are too many.
//!
//! In this order: on no node, pending, not ready, of a low `pod-deletion-cost`, beside many of their like, ready or restarted
//! or made lately. Times count by their order of magnitude only, so that not always the youngest goes.
//!
//! Upstream's rule is no order in the strict sense (of three pods each may come before the next), which is why they are merged
//! here by hand: the standard library may refuse to sort by such a rule.
//!
//! Source: k8s.io/kubernetes/pkg/controller/controller_utils.go ActivePodsWithRanks, v1.36.

use std::borrow::Borrow;
use std::cmp::{Ordering, Reverse};

use super::availability::{is_ready, ready_since};
use super::world::Moment;
use crate::manifest::pod::{ContainerStatus, Pod};

const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// Sorts pods, the first to go first. `beside` says how many of a workload's pods are on a node.
pub(super) fn sort<P: Borrow<Pod>>(pods: Vec<P>, beside: impl Fn(&str) -> usize, now: Option<Moment>) -> Vec<P> {
    let ranked = pods.into_iter().map(|pod| (Rank::of(pod.borrow(), &beside), pod)).collect();
    merge_sort(ranked, now).into_iter().map(|(_, pod)| pod).collect()
}

/// What decides between two pods, in this order.
struct Rank {
    plain: (bool, u8, bool, i32, Reverse<usize>),
    ready: Option<Moment>,
    is_ready: bool,
    restarts: Reverse<(i32, i32)>,
    created: Option<Moment>,
    uid: String,
}

impl Rank {
    fn of(pod: &Pod, beside: impl Fn(&str) -> usize) -> Self {
        let phase = match pod.status.phase.as_str() {
            "Running" => 2,
            "Unknown" => 1,
            _ => 0,
        };
        let cost = pod.metadata.annotations.get(DELETION_COST).and_then(|cost| cost.parse().ok()).unwrap_or(0);
        let is_ready = is_ready(pod);
        Rank {
            plain: (!pod.spec.node_name.is_empty(), phase, is_ready, cost, Reverse(beside(&pod.spec.node_name))),
            ready: ready_since(pod),
            is_ready,
            restarts: Reverse(restarts(pod)),
            created: pod.metadata.creation_timestamp.as_deref().and_then(Moment::parse),
            uid: pod.metadata.uid.clone(),
        }
    }

    fn compare(&self, other: &Rank, now: Option<Moment>) -> Ordering {
        let ready =
            || if self.is_ready && other.is_ready { self.compare_ages(other, self.ready, other.ready, now) } else { Ordering::Equal };
        let created = || self.compare_ages(other, self.created, other.created, now);
        self.plain.cmp(&other.plain).then_with(ready).then_with(|| self.restarts.cmp(&other.restarts)).then_with(created)
    }

    /// Younger first, by order of magnitude; among those of the same magnitude the uid decides.
    fn compare_ages(&self, other: &Rank, own: Option<Moment>, others: Option<Moment>, now: Option<Moment>) -> Ordering {
        match (own, others, now) {
            (own, others, _) if own == others => Ordering::Equal,
            (Some(own), Some(others), Some(now)) => magnitude(own, now).cmp(&magnitude(others, now)).then_with(|| self.uid.cmp(&other.uid)),
            // unknown counts as just now
            (Some(own), Some(others), None) => others.cmp(&own),
            (own, _, _) => {
                if own.is_none() {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }
}

/// The order of magnitude of a time span, in powers of two of a nanosecond.
fn magnitude(since: Moment, now: Moment) -> Option<u32> {
    now.since(since).as_nanos().checked_ilog2()
}

/// Most restarts of a container, and of a sidecar.
fn restarts(pod: &Pod) -> (i32, i32) {
    let most = |statuses: &mut dyn Iterator<Item = &ContainerStatus>| statuses.map(|status| status.restart_count).max().unwrap_or(0);
    let is_sidecar = |status: &&ContainerStatus| {
        let container = pod.spec.init_containers.iter().find(|container| container.name == status.name);
        container.is_some_and(|container| container.restart_policy.as_deref() == Some("Always"))
    };
    let sidecars = most(&mut pod.status.init_container_statuses.iter().filter(is_sidecar));
    (most(&mut pod.status.container_statuses.iter()), sidecars)
}

fn merge_sort<P>(mut pods: Vec<(Rank, P)>, now: Option<Moment>) -> Vec<(Rank, P)> {
    if pods.len() < 2 {
        return pods;
    }
    let right = merge_sort(pods.split_off(pods.len() / 2), now);
    let (mut left, mut right) = (merge_sort(pods, now).into_iter().peekable(), right.into_iter().peekable());
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let comes_first = second.0.compare(&first.0, now) != Ordering::Less;
        merged.extend(if comes_first { left.next() } else { right.next() });
    }
    merged.extend(left.chain(right));
    merged
}
