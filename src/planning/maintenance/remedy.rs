//! The smallest change that frees a blocked eviction.
//!
//! Promise: every change that is named was tried: with it the evictions in question are let pass, and with one less they are not.

use crate::cluster::index::{NodeId, PodId};
use crate::controllers::disruption;
use crate::manifest::Objects;
use crate::manifest::meta::{IntOrString, ObjectMeta};
use crate::manifest::pod::Pod;
use crate::manifest::policy::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use crate::simulation::drain::{Afterwards, Budget, Flag, Refuser, State};

/// A change that frees evictions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// `kubectl drain` gets a flag.
    Flag(Flag),
    /// A budget wants less.
    Budget {
        /// The budget, by its position among the objects.
        budget: usize,
        /// What stands there.
        from: (&'static str, IntOrString),
        /// What would do.
        to: (&'static str, IntOrString),
    },
    /// One of the budgets of a pod is deleted.
    Delete(usize),
    /// A workload gets one replica more.
    Replicas {
        /// Kind of the workload.
        kind: &'static str,
        /// A pod of it.
        pod: PodId,
        /// Replicas that it has.
        from: i32,
        /// Replicas that would do.
        to: i32,
    },
}

/// So many nodes are tried for a change that concerns more.
const NODES: usize = 16;

const MIN_AVAILABLE: &str = "minAvailable";
const MAX_UNAVAILABLE: &str = "maxUnavailable";

/// Whether this refuser refuses anything when each of these nodes is drained alone.
fn refuses(state: &mut State<'_>, nodes: &[NodeId], refuser: Refuser) -> bool {
    let is_refused = |&node: &NodeId| {
        let wave = state.try_drain(&[node], Afterwards::Back);
        wave.refused.iter().any(|&(_, _, by)| by == refuser || matches!(refuser, Refuser::TwoBudgets(..)) && is_one_of(by, refuser))
    };
    nodes.iter().take(NODES).any(is_refused)
}

/// Whether one of two budgets goes on refusing when the other is gone.
fn is_one_of(by: Refuser, two: Refuser) -> bool {
    matches!((by, two), (Refuser::Budget(one), Refuser::TwoBudgets(first, second)) if one == first || one == second)
}

/// How a budget that refuses evictions on these nodes has to change, if that helps.
pub fn of_budget(state: &mut State<'_>, nodes: &[NodeId], budget: usize, written: &PodDisruptionBudget) -> Option<Change> {
    let row = state.budgets()[budget];
    let selected = state.setting().pods().filter(|&pod| state.setting().selecting(pod).contains(&(budget as u32))).count();
    let selected = i32::try_from(selected).unwrap_or(i32::MAX);
    let is_countless = row.failed || row.expected <= 0;
    let wants = if is_countless { selected } else { row.desired };
    let less = smallest(wants, |less| {
        *state.budget_mut(budget) = Budget { desired: wants - less, expected: row.expected.max(selected), failed: false, ..row };
        !refuses(state, nodes, Refuser::Budget(budget))
    });
    *state.budget_mut(budget) = row;
    let less = less?;
    let spec = &written.spec;
    let (from, to) = match (&spec.max_unavailable, &spec.min_available) {
        (Some(most), _) if is_countless => ((MAX_UNAVAILABLE, most.clone()), (MIN_AVAILABLE, number(wants - less))),
        (_, Some(least)) if is_countless => ((MIN_AVAILABLE, least.clone()), (MIN_AVAILABLE, number(wants - less))),
        (Some(most), _) => ((MAX_UNAVAILABLE, most.clone()), (MAX_UNAVAILABLE, more_of(most, row.expected, row.expected - wants + less))),
        (None, Some(least)) => ((MIN_AVAILABLE, least.clone()), (MIN_AVAILABLE, less_of(least, row.expected, wants - less))),
        (None, None) => return None,
    };
    Some(Change::Budget { budget, from, to })
}

/// The smallest number from 1 to `most` that will do: doubled until one does, then halved in.
fn smallest(most: i32, mut will_do: impl FnMut(i32) -> bool) -> Option<i32> {
    let mut high = 1;
    while high <= most && !will_do(high) {
        high = (high * 2).min(most).max(high + 1);
    }
    if high > most {
        return None;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if will_do(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

fn number(value: i32) -> IntOrString {
    IntOrString::Int(i64::from(value))
}

/// The largest `minAvailable` of the same form that wants no more than `wanted` of `expected`. Shares round up.
fn less_of(written: &IntOrString, expected: i32, wanted: i32) -> IntOrString {
    match written {
        IntOrString::Int(_) => number(wanted),
        IntOrString::Text(_) => IntOrString::Text(format!("{}%", i64::from(wanted) * 100 / i64::from(expected.max(1)))),
    }
}

/// The smallest `maxUnavailable` of the same form that lets `gone` of `expected` go. Shares round up.
fn more_of(written: &IntOrString, expected: i32, gone: i32) -> IntOrString {
    match written {
        IntOrString::Int(_) => number(gone),
        IntOrString::Text(_) => IntOrString::Text(format!("{}%", i64::from(gone - 1) * 100 / i64::from(expected.max(1)) + 1)),
    }
}

/// Which of two budgets that select one pod may be deleted.
pub fn of_two(state: &mut State<'_>, nodes: &[NodeId], one: usize, other: usize) -> Vec<Change> {
    let mut changes = Vec::new();
    for budget in [one, other] {
        state.budget_mut(budget).exists = false;
        if !refuses(state, nodes, Refuser::TwoBudgets(one, other)) {
            changes.push(Change::Delete(budget));
        }
        state.budget_mut(budget).exists = true;
    }
    changes
}

/// The objects with one replica more of a pod's workload, and what changes by that; none if it has no replicas. Its budget's status is
/// worked out anew.
pub fn with_replica(objects: &Objects, pod: &Pod, budget: usize) -> Option<(Objects, (&'static str, i32, i32))> {
    let mut objects = objects.clone();
    let (kind, from) = grow(&mut objects, pod)?;
    let mut more = pod.clone();
    let name = format!("{}-more", pod.metadata.name);
    let is_set = kind == "StatefulSet";
    // each pod of a StatefulSet has claims of its own
    let ending = format!("-{}", pod.metadata.name);
    more.spec.volumes.retain(|volume| {
        let claim = volume.persistent_volume_claim.as_ref().map(|claim| claim.claim_name.as_str());
        !(is_set && claim.is_some_and(|claim| claim.ends_with(&ending)))
    });
    more.metadata = ObjectMeta { name, uid: String::new(), deletion_timestamp: None, creation_timestamp: None, ..more.metadata };
    more.spec.node_name.clear();
    more.status = Default::default();
    objects.pods.push(more);
    objects.pod_disruption_budgets[budget].status = PodDisruptionBudgetStatus::default();
    disruption::budgets(&mut objects);
    Some((objects, (kind, from, from + 1)))
}

/// Adds one to the replicas of a pod's workload; its kind, and the replicas that it had.
fn grow(objects: &mut Objects, pod: &Pod) -> Option<(&'static str, i32)> {
    let owner = pod.metadata.controller()?;
    let namespace = pod.metadata.namespace_or_default();
    let named = |metadata: &ObjectMeta, name: &str| metadata.name == name && metadata.namespace_or_default() == namespace;
    let add = |replicas: &mut Option<i32>| {
        let from = replicas.unwrap_or(1);
        *replicas = Some(from + 1);
        from
    };
    match owner.kind.as_str() {
        "StatefulSet" => {
            let set = objects.stateful_sets.iter_mut().find(|set| named(&set.metadata, &owner.name))?;
            Some(("StatefulSet", add(&mut set.spec.replicas)))
        }
        "ReplicationController" => {
            let found = objects.replication_controllers.iter_mut().find(|it| named(&it.metadata, &owner.name))?;
            Some(("ReplicationController", add(&mut found.spec.replicas)))
        }
        "ReplicaSet" => {
            let set = objects.replica_sets.iter_mut().find(|set| named(&set.metadata, &owner.name))?;
            let above = set.metadata.controller().filter(|above| above.kind == "Deployment").map(|above| above.name.clone());
            let from = add(&mut set.spec.replicas);
            let Some(above) = above else { return Some(("ReplicaSet", from)) };
            let deployment = objects.deployments.iter_mut().find(|it| named(&it.metadata, &above))?;
            Some(("Deployment", add(&mut deployment.spec.replicas)))
        }
        _ => None,
    }
}

/// Whether a budget lets everything on these nodes go.
pub fn is_freed(state: &mut State<'_>, nodes: &[NodeId], budget: usize) -> bool {
    !refuses(state, nodes, Refuser::Budget(budget))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_change_is_found() {
        assert_eq!(smallest(9, |less| less >= 5), Some(5));
        assert_eq!(smallest(9, |less| less >= 1), Some(1));
        assert_eq!(smallest(9, |less| less >= 9), Some(9));
        assert_eq!(smallest(9, |_| false), None);
        assert_eq!(smallest(0, |_| true), None);
    }

    #[test]
    fn shares_stay_shares() {
        let share = |text: &str| IntOrString::Text(text.to_owned());
        assert_eq!(less_of(&share("100%"), 3, 2), share("66%"));
        assert_eq!(more_of(&share("0%"), 3, 1), share("1%"));
        assert_eq!(more_of(&share("25%"), 4, 2), share("26%"));
        assert_eq!(less_of(&number(2), 3, 1), number(1));
    }
}
