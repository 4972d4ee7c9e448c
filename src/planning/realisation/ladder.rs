//! The changes of a template that may put its pods where a plan has them, the weakest first.
//!
//! 1. Pods should be spread evenly, as far as the plan has them so.
//! 2. They should be on the nodes of the plan, the more the more the plan has there.
//! 3. They must not be spread more unevenly than in the plan.
//! 4. They must be on the nodes of the plan, and should be spread evenly over them.
//! 5. They must be on the nodes of the plan, and must not be spread more unevenly over them.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, REVISION};
use super::node_terms::{HOSTNAME, ZONE, both, node_terms};
use super::planned::{Planned, Template};
use crate::manifest::node::Node;
use crate::manifest::pod::{NodeAffinity, NodeSelector, PreferredSchedulingTerm, TopologySpreadConstraint};

/// What a plan stands on.
pub(super) struct Ground<'a> {
    pub nodes: &'a [Node],
    /// Which nodes stand for each other, by place: those of the same number.
    pub spots: Vec<usize>,
    /// Nodes that a workload's pods may be on by what is written, by their first pod.
    pub open: BTreeMap<usize, BTreeSet<usize>>,
}

/// The changes worth trying for a workload.
pub(super) fn ladder(planned: &Planned, ground: &Ground<'_>) -> Vec<Change> {
    let Some(template) = &planned.template else { return Vec::new() };
    if planned.nodes.is_empty() {
        return Vec::new();
    }
    let scene = Scene::new(planned, template, ground);
    let (all, own) = (&scene.among, &scene.wanted);
    let wish = scene.preferred(all);
    let rungs = [
        scene.change(false, Vec::new(), scene.spread(false, all)),
        scene.change(false, wish.clone(), scene.spread(false, all)),
        scene.change(false, wish, scene.spread(true, all)),
        scene.change(true, scene.preferred(own), scene.spread(false, own)),
        scene.change(true, scene.preferred(own), scene.spread(true, own)),
    ];
    let mut ladder: Vec<Change> = Vec::new();
    for rung in rungs {
        if !rung.is_empty() && !ladder.contains(&rung) {
            ladder.push(rung);
        }
    }
    ladder
}

/// A workload and the nodes that it is about.
struct Scene<'a> {
    planned: &'a Planned,
    template: &'a Template,
    nodes: &'a [Node],
    spots: &'a [usize],
    /// Nodes that its pods may be on.
    among: BTreeSet<usize>,
    /// Nodes that the plan has them on, and those that stand for these.
    wanted: BTreeSet<usize>,
}

impl<'a> Scene<'a> {
    fn new(planned: &'a Planned, template: &'a Template, ground: &'a Ground<'_>) -> Self {
        let used: BTreeSet<usize> = planned.nodes.keys().map(|&node| ground.spots[node]).collect();
        let mut among = planned.pods.first().and_then(|pod| ground.open.get(pod)).cloned().unwrap_or_default();
        among.extend(planned.nodes.keys());
        let wanted = among.iter().copied().filter(|&node| used.contains(&ground.spots[node])).collect();
        Scene { planned, template, nodes: ground.nodes, spots: &ground.spots, among, wanted }
    }

    fn affinity(&self) -> Option<&NodeAffinity> {
        self.template.spec.affinity.as_ref()?.node_affinity.as_ref()
    }

    fn change(&self, on_nodes: bool, wishes: Vec<PreferredSchedulingTerm>, spread: Vec<TopologySpreadConstraint>) -> Change {
        let insists = on_nodes && self.wanted != self.among;
        let required = insists.then(|| {
            let before = self.affinity().and_then(|own| own.required_during_scheduling_ignored_during_execution.as_ref());
            let before = before.map_or(&[][..], |before: &NodeSelector| &before.node_selector_terms);
            both(before, &node_terms(self.nodes, &self.wanted, &self.among))
        });
        let preferred = (!wishes.is_empty()).then(|| {
            let before = self.affinity().map_or(&[][..], |own| &own.preferred_during_scheduling_ignored_during_execution);
            before.iter().cloned().chain(wishes).collect()
        });
        let before = &self.template.spec.topology_spread_constraints;
        let spread_before = if spread.is_empty() { 0 } else { before.len() };
        let spread = (!spread.is_empty()).then(|| before.iter().cloned().chain(spread).collect());
        Change { required, preferred, spread, spread_before }
    }

    /// Wishes for nodes: one for all that the plan has equally many pods on, of those that have any; none if that is everywhere.
    fn preferred(&self, among: &BTreeSet<usize>) -> Vec<PreferredSchedulingTerm> {
        let mut spots: BTreeMap<usize, (u64, BTreeSet<usize>)> = BTreeMap::new();
        for &node in &self.wanted {
            let (pods, nodes) = spots.entry(self.spots[node]).or_default();
            *pods += u64::from(self.planned.nodes.get(&node).copied().unwrap_or(0));
            nodes.insert(node);
        }
        let mut levels: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
        for (pods, nodes) in spots.into_values() {
            levels.entry(pods * 1000 / nodes.len() as u64).or_default().extend(nodes);
        }
        if levels.len() == 1 && self.wanted == *among {
            return Vec::new();
        }
        let most = levels.keys().copied().max().unwrap_or(1).max(1);
        // where pods can be nowhere else, those nodes need no wish that have fewest: that leaves the others more weight
        let least = if self.wanted == *among { levels.pop_first().map_or(0, |(level, _)| level) } else { 0 };
        let wish = |(level, nodes): (u64, BTreeSet<usize>)| {
            let weight = i32::try_from((level - least) * 100 / (most - least)).unwrap_or(100).clamp(1, 100);
            let terms = node_terms(self.nodes, &nodes, among).into_iter();
            terms.map(move |preference| PreferredSchedulingTerm { weight, preference }).collect::<Vec<_>>()
        };
        levels.into_iter().rev().flat_map(wish).collect()
    }

    /// Constraints that spread pods over the zones and the nodes among these as the plan does: wishes if it does so evenly, or what must be.
    fn spread(&self, must: bool, among: &BTreeSet<usize>) -> Vec<TopologySpreadConstraint> {
        let pods: u32 = self.planned.nodes.values().sum();
        let when = if must { "DoNotSchedule" } else { "ScheduleAnyway" };
        let mut constraints = Vec::new();
        for key in [ZONE, HOSTNAME] {
            let mut domains: BTreeMap<&str, u32> = BTreeMap::new();
            for &node in among {
                if let Some(value) = self.nodes[node].metadata.labels.get(key) {
                    *domains.entry(value).or_default() += self.planned.nodes.get(&node).copied().unwrap_or(0);
                }
            }
            let (least, most) = (domains.values().min().copied().unwrap_or(0), domains.values().max().copied().unwrap_or(0));
            let skew = (most - least).max(1);
            let says_something = if must { skew < pods } else { skew == 1 && pods > 1 };
            let is_there = self
                .template
                .spec
                .topology_spread_constraints
                .iter()
                .any(|own| own.topology_key == key && (own.when_unsatisfiable == when || own.when_unsatisfiable != "ScheduleAnyway"));
            if domains.len() > 1 && says_something && !is_there {
                constraints.extend(self.constraint(key, skew, when));
            }
        }
        constraints
    }

    fn constraint(&self, key: &str, skew: u32, when: &str) -> Option<TopologySpreadConstraint> {
        Some(TopologySpreadConstraint {
            max_skew: i32::try_from(skew).ok()?,
            topology_key: key.to_owned(),
            when_unsatisfiable: when.to_owned(),
            label_selector: Some(self.template.selector.clone()?),
            match_label_keys: if self.template.has_revisions { vec![REVISION.to_owned()] } else { Vec::new() },
            ..TopologySpreadConstraint::default()
        })
    }
}
