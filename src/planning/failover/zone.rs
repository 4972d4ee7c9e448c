//! How fast the lost nodes of a zone get their `NoExecute` taint.
//!
//! Normally the first node at once and each further one 10 s later. A zone is in trouble when more than two of its nodes, and at least 55 %
//! of them, are lost: then large zones (over 50 nodes) are ten times slower, and small ones are left alone, because it is rather the
//! network that is broken. A zone that is lost as a whole is evicted at the normal rate, if any other zone has a node that answers;
//! if none has, nothing is evicted anywhere.
//!
//! Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go ComputeZoneState, handleDisruption, setLimiterInZone,
//! v1.36. A zone is a pair of region and zone label; nodes without labels are one zone of their own, and nodes with the label
//! `node.kubernetes.io/exclude-disruption` do not count.

use std::time::Duration;

use super::Assumptions;
use crate::controllers::node_lifecycle::Pace;

/// The nodes of a zone, and how many of them do not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    /// All its nodes.
    pub nodes: usize,
    /// Those that are lost, together with those that were not ready before.
    pub lost: usize,
}

/// What the loss does to the evictions of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disruption {
    /// Nodes are tainted one after another, so far apart.
    Every(Duration),
    /// No node of the zone is tainted, so that no pod is evicted.
    Stopped,
}

impl Disruption {
    /// How long the node that is lost as number `order` of its zone (from 0) waits for its taint; none if for ever.
    pub fn wait(self, order: usize) -> Option<Duration> {
        match self {
            Disruption::Every(interval) => Some(interval.saturating_mul(u32::try_from(order).unwrap_or(u32::MAX))),
            Disruption::Stopped => None,
        }
    }
}

/// What a loss does to evictions in a zone. `any_node_answers` says whether there is a node in the cluster that is not lost.
pub fn disruption(assumptions: &Assumptions, zone: Zone, any_node_answers: bool) -> Disruption {
    let interval = assumptions.pace().interval(zone.nodes, zone.lost);
    interval.filter(|_| any_node_answers).map_or(Disruption::Stopped, Disruption::Every)
}

impl Assumptions {
    /// How fast the nodes of a zone get their `NoExecute` taint.
    pub fn pace(&self) -> Pace {
        Pace {
            interval: self.node_eviction_interval,
            slow_interval: self.secondary_node_eviction_interval,
            small_at_most: self.large_cluster_size_threshold,
            down_from_percent: usize::try_from(self.unhealthy_zone_threshold_percent).unwrap_or(usize::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_zone_in_trouble_is_left_alone_and_a_lost_one_is_not() {
        let of = |nodes, lost, answers| disruption(&Assumptions::default(), Zone { nodes, lost }, answers);
        let (normal, slow) = (Disruption::Every(Duration::from_secs(10)), Disruption::Every(Duration::from_secs(100)));
        // 2 of 3 are 66 %, but two are never too many
        assert_eq!([of(4, 1, true), of(3, 2, true), of(6, 3, true)], [normal; 3]);
        assert_eq!(of(4, 3, true), Disruption::Stopped);
        assert_eq!(of(4, 4, true), normal);
        assert_eq!(of(4, 4, false), Disruption::Stopped);
        assert_eq!(of(100, 55, true), slow);
        assert_eq!(of(100, 54, true), normal);
    }
}
