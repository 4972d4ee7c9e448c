//! A change of a pod template: which nodes, and how evenly over them.

use crate::admission::merge_label_keys;
use crate::manifest::pod::{NodeSelector, NodeSelectorTerm, Pod, PodSpec, PreferredSchedulingTerm, TopologySpreadConstraint};

/// The label by which a Deployment tells the pods of its revisions apart.
pub(super) const REVISION: &str = "pod-template-hash";

/// A change of a pod template. Lists are whole: they hold what was written before, too.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    /// Terms of required node affinity; none if they stay.
    pub required: Option<Vec<NodeSelectorTerm>>,
    /// Terms of preferred node affinity; none if they stay.
    pub preferred: Option<Vec<PreferredSchedulingTerm>>,
    /// Spread constraints; none if they stay.
    pub spread: Option<Vec<TopologySpreadConstraint>>,
    /// How many of these constraints were there before, at the front.
    pub spread_before: usize,
}

impl Change {
    /// Whether it changes nothing.
    pub(super) fn is_empty(&self) -> bool {
        *self == Change::default()
    }

    /// Whether pods wait if it cannot be had.
    pub fn is_required(&self) -> bool {
        let insists = |constraint: &TopologySpreadConstraint| constraint.when_unsatisfiable == "DoNotSchedule";
        let added = self.spread.iter().flat_map(|all| &all[self.spread_before..]);
        self.required.is_some() || added.into_iter().any(insists)
    }

    /// Writes it into the spec of a template or a pod.
    fn write(&self, spec: &mut PodSpec) {
        if self.required.is_some() || self.preferred.is_some() {
            let affinity = spec.affinity.get_or_insert_default().node_affinity.get_or_insert_default();
            if let Some(terms) = &self.required {
                affinity.required_during_scheduling_ignored_during_execution = Some(NodeSelector { node_selector_terms: terms.clone() });
            }
            if let Some(terms) = &self.preferred {
                affinity.preferred_during_scheduling_ignored_during_execution.clone_from(terms);
            }
        }
        if let Some(constraints) = &self.spread {
            spec.topology_spread_constraints.clone_from(constraints);
        }
    }

    /// Makes a pod one that its controller makes of the changed template, and that the API server has seen: of one revision, and nowhere.
    pub(super) fn remake(&self, pod: &mut Pod) {
        pod.spec.node_name.clear();
        pod.status = Default::default();
        if let Some(revision) = pod.metadata.labels.get_mut(REVISION) {
            "planned".clone_into(revision);
        }
        self.write(&mut pod.spec);
        merge_label_keys(pod);
    }
}
