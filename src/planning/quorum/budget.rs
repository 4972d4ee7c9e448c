//! PodDisruptionBudgets, as far as losses go: they do not ask a budget, but count against it.
//!
//! Source: k8s.io/kubernetes/pkg/controller/disruption/disruption.go, v1.36; the numbers are those that `controllers::disruption` left in the
//! status. A budget that the controller cannot compute (`SyncFailed`) desires nothing.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::controllers::selector::matches;
use crate::manifest::Objects;
use crate::manifest::location::Origin;
use crate::manifest::meta::{LabelSelector, StringMap};

/// A PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Where it was read.
    pub origin: Origin,
    /// Pods that must be healthy.
    pub desired_healthy: usize,
}

/// The budgets of an input, and which of its pods they select: pod and budget as indices, by pod. One without a selector selects nothing.
pub(super) fn budgets(objects: &Objects) -> (Vec<Budget>, Vec<(usize, usize)>) {
    let (mut budgets, mut namespaces) = (Vec::new(), BTreeMap::<&str, Near<'_>>::new());
    for budget in &objects.pod_disruption_budgets {
        let Some(selector) = &budget.spec.selector else { continue };
        let namespace = budget.metadata.namespace_or_default();
        namespaces.entry(namespace).or_default().add(selector, budgets.len());
        budgets.push(Budget {
            namespace: namespace.to_owned(),
            name: budget.metadata.name.clone(),
            origin: budget.metadata.origin,
            desired_healthy: usize::try_from(budget.status.desired_healthy).unwrap_or(0),
        });
    }
    let mut selected = Vec::new();
    for (index, pod) in objects.pods.iter().enumerate() {
        let Some(near) = namespaces.get(pod.metadata.namespace_or_default()) else { continue };
        selected.extend(near.find(&pod.metadata.labels).into_iter().map(|budget| (index, budget)));
    }
    (budgets, selected)
}

/// The budgets of a namespace, by one label that their pods must have, so that a pod asks few of them.
#[derive(Default)]
struct Near<'a> {
    by_label: FxHashMap<(&'a str, &'a str), Vec<(&'a LabelSelector, usize)>>,
    others: Vec<(&'a LabelSelector, usize)>,
}

impl<'a> Near<'a> {
    fn add(&mut self, selector: &'a LabelSelector, budget: usize) {
        let list = match selector.match_labels.iter().next() {
            Some((key, value)) => self.by_label.entry((key, value)).or_default(),
            None => &mut self.others,
        };
        list.push((selector, budget));
    }

    /// The budgets that select a pod with these labels, in order.
    fn find(&self, labels: &StringMap) -> Vec<usize> {
        let labelled = labels.iter().filter_map(|(key, value)| self.by_label.get(&(key.as_str(), value.as_str()))).flatten();
        let fitting = labelled.chain(&self.others).filter(|(selector, _)| matches(selector, labels));
        let mut found: Vec<usize> = fitting.map(|&(_, budget)| budget).collect();
        found.sort_unstable();
        found
    }
}
