//! What a loss leaves of quorums and budgets.
//!
//! A budget is below its bound when fewer of its pods are healthy than it desires, counted as the disruption controller counts. It gates
//! evictions, not losses; but while it is below, nothing else may be evicted.

use std::collections::BTreeMap;

use super::Quorums;

/// How a workload stands, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Enough pods for everything that was promised.
    Fine,
    /// Enough to do the work, but fewer than a PodDisruptionBudget promises.
    BelowBudget,
    /// Too few to do the work.
    BelowQuorum,
    /// None at all.
    Zero,
}

impl State {
    /// Of a workload with so many ready pods. One that wants no pods is fine without any.
    pub fn of(replicas: usize, needed: usize, ready: usize, is_below_budget: bool) -> Self {
        match ready {
            0 if replicas > 0 => State::Zero,
            _ if ready < needed => State::BelowQuorum,
            _ if is_below_budget => State::BelowBudget,
            _ => State::Fine,
        }
    }
}

/// How many pods are ready: what losses are measured against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Ready pods of each workload.
    pub ready: Vec<usize>,
    /// Healthy pods of each budget.
    pub healthy: Vec<usize>,
    is_ready: Vec<bool>,
}

/// A workload that loses pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Which workload, as an index.
    pub workload: usize,
    /// Its ready pods that are lost.
    pub lost: usize,
    /// Those that are left.
    pub ready: usize,
    /// How it stood before.
    pub before: State,
    /// How it stands.
    pub state: State,
    /// Budgets of the lost pods that are below their bound, as indices.
    pub budgets: Vec<usize>,
}

impl Standing {
    /// Counts the pods that are ready (or, of manifests, placed), by their index.
    pub fn of(quorums: &Quorums, is_ready: impl Fn(usize) -> bool) -> Self {
        let is_ready: Vec<bool> = (0..quorums.of_pod.len()).map(is_ready).collect();
        let mut standing = Standing { ready: vec![0; quorums.workloads.len()], healthy: vec![0; quorums.budgets.len()], is_ready };
        for pod in (0..standing.is_ready.len()).filter(|&pod| standing.is_ready[pod]).collect::<Vec<_>>() {
            if let Some(workload) = quorums.of_pod[pod] {
                standing.ready[workload] += 1;
            }
            quorums.budgets_of(pod).for_each(|budget| standing.healthy[budget] += 1);
        }
        standing
    }

    /// How every workload stands without any loss. Budgets that are below already are no loss's fault and count as kept.
    pub fn state(&self, quorums: &Quorums, workload: usize) -> State {
        let quorum = &quorums.workloads[workload];
        State::of(quorum.replicas, quorum.needed, self.ready[workload], false)
    }

    /// The workloads that lose ready pods with these pods (indices, each once), in order. Takes time for the lost pods only.
    pub fn after(&self, quorums: &Quorums, lost: &[usize]) -> Vec<Hit> {
        let mut of_workloads: BTreeMap<usize, (usize, Vec<usize>)> = BTreeMap::new();
        let mut of_budgets: BTreeMap<usize, usize> = BTreeMap::new();
        for &pod in lost.iter().filter(|&&pod| self.is_ready.get(pod) == Some(&true)) {
            quorums.budgets_of(pod).for_each(|budget| *of_budgets.entry(budget).or_default() += 1);
            if let Some(workload) = quorums.of_pod[pod] {
                let (count, budgets) = of_workloads.entry(workload).or_default();
                *count += 1;
                budgets.extend(quorums.budgets_of(pod));
            }
        }
        let is_below = |budget: usize| {
            let lost = of_budgets.get(&budget).copied().unwrap_or(0);
            self.healthy[budget].saturating_sub(lost) < quorums.budgets[budget].desired_healthy
        };
        let hits = of_workloads.into_iter().map(|(workload, (lost, mut budgets))| {
            budgets.sort_unstable();
            budgets.dedup();
            budgets.retain(|&budget| is_below(budget));
            let quorum = &quorums.workloads[workload];
            let ready = self.ready[workload].saturating_sub(lost);
            let state = State::of(quorum.replicas, quorum.needed, ready, !budgets.is_empty());
            Hit { workload, lost, ready, before: self.state(quorums, workload), state, budgets }
        });
        hits.collect()
    }
}
