//! How much of a zone is down, and what follows for the nodes that wait for their `NoExecute` taint.
//!
//! As long as a node of the cluster is ready, a zone that is wholly down is treated as any other; of one that is down for the
//! better part (more than two nodes, 55 % and more) fewer nodes are tainted if it is large, and none if it is small. When nothing in
//! the cluster is ready, it is more likely that the control plane is cut off: taints are taken away, and nobody has to leave.
//!
//! Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go handleDisruption, ComputeZoneState,
//! setLimiterInZone; k8s.io/component-helpers/node/topology GetZoneKey, v1.36.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{EvictionQueue, mark_reachable};
use crate::controllers::world::memory::{NodeLifecycle, Zone, ZoneState};
use crate::controllers::world::{Moment, World};
use crate::manifest::node::Node;

/// So few nodes are never the better part.
const FEW: usize = 2;

/// How fast the nodes of a zone are tainted, and when that slows down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// From one taint to the next: the inverse of `--node-eviction-rate` (0.1 a second).
    pub interval: Duration,
    /// The same in a large zone that is down for the better part: the inverse of `--secondary-node-eviction-rate` (0.01 a second).
    pub slow_interval: Duration,
    /// A zone of more nodes is large: `--large-cluster-size-threshold`.
    pub small_at_most: usize,
    /// A zone is down for the better part from this share on: `--unhealthy-zone-threshold`.
    pub down_from_percent: usize,
}

impl Default for Pace {
    /// As kube-controller-manager has it.
    fn default() -> Self {
        let (interval, slow_interval) = (Duration::from_secs(10), Duration::from_secs(100));
        Pace { interval, slow_interval, small_at_most: 50, down_from_percent: 55 }
    }
}

impl Pace {
    /// From one taint to the next in a zone of so many nodes of which so many are down, while anything in the cluster is ready; none if
    /// nobody is tainted there.
    pub fn interval(&self, nodes: usize, down: usize) -> Option<Duration> {
        match self.state(nodes, down) {
            ZoneState::PartialDisruption => (nodes > self.small_at_most).then_some(self.slow_interval),
            ZoneState::Initial | ZoneState::Normal | ZoneState::FullDisruption => Some(self.interval),
        }
    }

    fn state(&self, nodes: usize, down: usize) -> ZoneState {
        if down > 0 && down == nodes {
            ZoneState::FullDisruption
        } else if down > FEW && down * 100 >= nodes * self.down_from_percent {
            ZoneState::PartialDisruption
        } else {
            ZoneState::Normal
        }
    }
}

const ZONE: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];
const REGION: [&str; 2] = ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"];

/// The zone of a node, with its region.
pub(super) fn zone_of(node: &Node) -> String {
    let label = |keys: [&str; 2]| keys.iter().find_map(|&key| node.metadata.labels.get(key)).cloned().unwrap_or_default();
    let (region, zone) = (label(REGION), label(ZONE));
    if region.is_empty() && zone.is_empty() { String::new() } else { format!("{region}:\0:{zone}") }
}

/// A zone that has just been seen.
pub(super) fn new_zone(now: Moment) -> Zone {
    Zone { state: ZoneState::Initial, queue: EvictionQueue::new(Pace::default().interval, now) }
}

/// How a zone is of whose nodes these are ready or not.
fn state(ready: &[bool]) -> ZoneState {
    Pace::default().state(ready.len(), down(ready))
}

fn down(ready: &[bool]) -> usize {
    ready.iter().filter(|&&is_ready| !is_ready).count()
}

/// Acts on zones that are better or worse than when last looked at.
pub(super) fn handle_disruption(world: &mut dyn World, ready_by_zone: &BTreeMap<String, Vec<bool>>, nodes: &[Arc<Node>]) {
    let now = world.now();
    let states: BTreeMap<&String, ZoneState> = ready_by_zone.iter().map(|(zone, ready)| (zone, state(ready))).collect();
    let memory = &mut world.store_mut().memory.node_lifecycle;
    memory.zones.retain(|name, _| nodes.iter().any(|node| zone_of(node) == *name));
    let mut counted = memory.zones.iter().filter(|(name, _)| states.contains_key(name));
    let was_all_down = counted.all(|(_, zone)| zone.state == ZoneState::FullDisruption);
    let is_all_down = states.values().all(|&state| state == ZoneState::FullDisruption);
    match (was_all_down, is_all_down) {
        (true, true) => {}
        (false, true) => {
            for zone in memory.zones.values_mut() {
                zone.queue.set_interval(None, now);
                zone.state = ZoneState::FullDisruption;
            }
            nodes.iter().for_each(|node| mark_reachable(world, node));
        }
        (true, false) => {
            // nobody could be heard of meanwhile, which is held against nobody
            memory.nodes.values_mut().for_each(|health| health.heard = now);
            set_states(memory, ready_by_zone, &states, now, true);
        }
        (false, false) => set_states(memory, ready_by_zone, &states, now, false),
    }
}

fn set_states(
    memory: &mut NodeLifecycle,
    ready_by_zone: &BTreeMap<String, Vec<bool>>,
    states: &BTreeMap<&String, ZoneState>,
    now: Moment,
    all: bool,
) {
    for (name, zone) in &mut memory.zones {
        let (Some(&state), Some(ready)) = (states.get(name), ready_by_zone.get(name)) else { continue };
        if all || zone.state != state {
            zone.queue.set_interval(Pace::default().interval(ready.len(), down(ready)), now);
            zone.state = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_down_for_the_better_part_from_three_nodes_and_55_percent_on() {
        let zone = |down: usize, up: usize| state(&[vec![false; down], vec![true; up]].concat());
        assert_eq!([zone(0, 4), zone(2, 1), zone(3, 3), zone(1, 3)], [ZoneState::Normal; 4]);
        assert_eq!([zone(3, 1), zone(11, 9)], [ZoneState::PartialDisruption; 2]);
        assert_eq!([zone(1, 0), zone(9, 0)], [ZoneState::FullDisruption; 2]);
        let most = |size| Pace::default().interval(size, size - 1);
        assert_eq!((most(50), most(51)), (None, Some(Duration::from_secs(100))));
    }
}
