//! Budgets that let no eviction pass: while one of them is so, no drain that meets its pods ends.
//!
//! What a budget allows is counted as its controller counts once all pods are placed and healthy, on both sides: how pods fare just now is
//! no matter of a change.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::subject::Subject;
use crate::controllers;
use crate::manifest::Objects;
use crate::manifest::policy::PodDisruptionBudgetStatus;

/// A budget that lets evictions pass and did not, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetChange {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// How many pods it let go at once; none if it was not there.
    pub before: Option<usize>,
    /// How many it lets go.
    pub after: usize,
    /// How many pods it guards.
    pub pods: usize,
}

impl BudgetChange {
    /// Whether it lets no eviction pass, and did before or was not there.
    pub fn is_blocked(&self) -> bool {
        self.after == 0
    }
}

/// Of two inputs, by namespace and name.
pub(super) fn changes(before: &Subject<'_>, after: &Subject<'_>) -> Vec<BudgetChange> {
    let (old, new) = (allowed(before.objects), allowed(after.objects));
    let change = |((namespace, name), (after, pods)): ((String, String), (usize, usize))| {
        let before = old.get(&(namespace.clone(), name.clone())).map(|(allowed, _)| *allowed);
        let is_told = pods > 0 && before.map_or(after == 0, |before| (before == 0) != (after == 0));
        is_told.then_some(BudgetChange { namespace, name, before, after, pods })
    };
    new.into_iter().filter_map(change).collect()
}

/// How many pods each budget lets go at once, and how many it guards.
fn allowed(objects: &Objects) -> BTreeMap<(String, String), (usize, usize)> {
    if objects.pod_disruption_budgets.is_empty() {
        return BTreeMap::new();
    }
    let mut own = guarded(objects);
    own.pod_disruption_budgets.iter_mut().for_each(|budget| budget.status = PodDisruptionBudgetStatus::default());
    controllers::disruption::budgets(&mut own);
    let number = |number: i32| usize::try_from(number).unwrap_or(0);
    let row = |budget: &crate::manifest::policy::PodDisruptionBudget| {
        let key = (budget.metadata.namespace_or_default().to_owned(), budget.metadata.name.clone());
        (key, (number(budget.status.disruptions_allowed), number(budget.status.expected_pods)))
    };
    own.pod_disruption_budgets.iter().map(row).collect()
}

/// The part of an input that budgets are about: their namespaces' pods, and what those belong to.
fn guarded(objects: &Objects) -> Objects {
    let namespaces: BTreeSet<&str> = objects.pod_disruption_budgets.iter().map(|budget| budget.metadata.namespace_or_default()).collect();
    macro_rules! near {
        ($($field:ident)*) => { Objects {
            $( $field: objects.$field.iter().filter(|it| namespaces.contains(it.metadata.namespace_or_default())).cloned().collect(), )*
            pod_disruption_budgets: objects.pod_disruption_budgets.clone(),
            ..Objects::default()
        } };
    }
    near! { pods deployments replica_sets replication_controllers stateful_sets }
}
