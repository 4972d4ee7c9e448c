//! What a rule costs: what can be taken away from the plan when it is dropped.

use std::collections::BTreeSet;

use super::{Near, Stage};
use crate::controllers::scale_down::WorkloadKey;
use crate::manifest::Objects;
use crate::manifest::pod::PodSpec;
use crate::planning::size::Question;
use crate::planning::size::survive::Survive;

/// So many workloads have their rules dropped for a try, those with most pods first.
const WORKLOADS: usize = 40;

/// A rule that can be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Losses must be survived.
    Survive,
    /// Nodes must not be too full.
    Utilization,
    /// Pods keep away from others: required anti-affinity.
    AntiAffinity,
    /// Pods spread evenly: hard spread constraints.
    Spread,
    /// Pods go to some nodes only: node selector and required node affinity.
    NodeAffinity,
    /// Pods keep each other company: required affinity.
    Affinity,
    /// Pods take ports of their node.
    HostPorts,
}

/// What a rule costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCost {
    /// The rule.
    pub rule: Rule,
    /// Whose; none if it is everybody's.
    pub workload: Option<WorkloadKey>,
    /// Nodes fewer without it; negative if the cheaper fleet has more.
    pub nodes: i64,
    /// What the fleet counts less without it.
    pub price: i64,
}

/// Rules of single workloads: whether a pod has it, and how it is dropped.
type Row = (Rule, fn(&PodSpec) -> bool, fn(&mut PodSpec));

const ROWS: [Row; 5] = [
    (
        Rule::AntiAffinity,
        |spec| {
            spec.affinity
                .as_ref()
                .and_then(|affinity| affinity.pod_anti_affinity.as_ref())
                .is_some_and(|rule| !rule.required_during_scheduling_ignored_during_execution.is_empty())
        },
        |spec| {
            if let Some(rule) = spec.affinity.as_mut().and_then(|affinity| affinity.pod_anti_affinity.as_mut()) {
                rule.required_during_scheduling_ignored_during_execution.clear();
            }
        },
    ),
    (
        Rule::Spread,
        |spec| spec.topology_spread_constraints.iter().any(|constraint| constraint.when_unsatisfiable == "DoNotSchedule"),
        |spec| spec.topology_spread_constraints.retain(|constraint| constraint.when_unsatisfiable != "DoNotSchedule"),
    ),
    (
        Rule::NodeAffinity,
        |spec| {
            let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
            !spec.node_selector.is_empty()
                || affinity.is_some_and(|rule| rule.required_during_scheduling_ignored_during_execution.is_some())
        },
        |spec| {
            spec.node_selector.clear();
            if let Some(rule) = spec.affinity.as_mut().and_then(|affinity| affinity.node_affinity.as_mut()) {
                rule.required_during_scheduling_ignored_during_execution = None;
            }
        },
    ),
    (
        Rule::Affinity,
        |spec| {
            spec.affinity
                .as_ref()
                .and_then(|affinity| affinity.pod_affinity.as_ref())
                .is_some_and(|rule| !rule.required_during_scheduling_ignored_during_execution.is_empty())
        },
        |spec| {
            if let Some(rule) = spec.affinity.as_mut().and_then(|affinity| affinity.pod_affinity.as_mut()) {
                rule.required_during_scheduling_ignored_during_execution.clear();
            }
        },
    ),
    (
        Rule::HostPorts,
        |spec| spec.containers.iter().any(|container| container.ports.iter().any(|port| port.host_port > 0)),
        |spec| spec.containers.iter_mut().for_each(|container| container.ports.retain(|port| port.host_port == 0)),
    ),
];

/// What each rule costs that costs anything, the dearest first, and how many were dropped for a try.
pub(super) fn costs(near: &Near<'_>) -> (Vec<RuleCost>, usize) {
    let question = near.question;
    let mut found = Vec::new();
    let mut tried = 0;
    let mut weigh = |rule: Rule, workload: Option<WorkloadKey>, question: &Question<'_>, objects: &Objects| {
        if (question.budget.remaining)().is_zero() {
            return;
        }
        tried += 1;
        let Some(fleet) = Stage::new(question, objects).reach(question, near.prices, near.fleet, i64::MAX) else { return };
        let price = near.price - fleet.price(near.prices);
        if price > 0 {
            found.push(RuleCost { rule, workload, nodes: i64::from(near.fleet.nodes()) - i64::from(fleet.nodes()), price });
        }
    };
    if question.survive != Survive::Nothing {
        weigh(Rule::Survive, None, &Question { survive: Survive::Nothing, ..*question }, question.objects);
    }
    if question.below.is_some() {
        weigh(Rule::Utilization, None, &Question { below: None, ..*question }, question.objects);
    }
    for (workload, pods) in workloads(question) {
        for (rule, has, drop) in ROWS {
            if has(&question.objects.pods[pods[0]].spec) {
                let mut objects = question.objects.clone();
                pods.iter().for_each(|&pod| drop(&mut objects.pods[pod].spec));
                weigh(rule, Some(workload.clone()), question, &objects);
            }
        }
    }
    found.sort_by_key(|cost| (std::cmp::Reverse(cost.price), cost.rule, cost.workload.clone()));
    (found, tried)
}

/// Workloads whose pods are placed, and their pods among the objects of the question; those with most pods first.
fn workloads(question: &Question<'_>) -> Vec<(WorkloadKey, Vec<usize>)> {
    let quorums = crate::planning::quorum::Quorums::of(question.objects, &[]);
    let has_rules = |spec: &PodSpec| ROWS.iter().any(|(_, has, _)| has(spec));
    let with_rules =
        quorums.workloads.into_iter().filter(|quorum| quorum.pods.first().is_some_and(|&pod| has_rules(&question.objects.pods[pod].spec)));
    let mut workloads: Vec<(WorkloadKey, Vec<usize>)> = with_rules.map(|quorum| (quorum.workload, quorum.pods)).collect();
    workloads.sort_by_key(|(workload, pods)| (std::cmp::Reverse(pods.len()), workload.clone()));
    workloads.truncate(WORKLOADS);
    let mut seen = BTreeSet::new();
    workloads.retain(|(workload, _)| seen.insert(workload.clone()));
    workloads
}
