//! Disruption budgets as numbers, and what the Eviction API answers by them.
//!
//! The controller's arithmetic (how many pods a budget expects, how many it wants healthy) is that of `controllers::disruption`; while
//! nodes are drained only the number of healthy pods changes. `admission::eviction` is the same answer over objects, in the server's
//! words: [`status`] gives it what it needs.
//!
//! Source: k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go and pkg/controller/disruption/disruption.go, v1.36.

use smallvec::SmallVec;

use crate::cluster::Cluster;
use crate::cluster::index::ClassId;
use crate::manifest::policy::{PodDisruptionBudget, PodDisruptionBudgetStatus};

/// A budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many pods it expects; with none it lets nobody go.
    pub expected: i32,
    /// How many of them must be healthy.
    pub desired: i32,
    /// Whether the controller could not work that out: nobody goes.
    pub failed: bool,
    /// Whether pods that are not ready go whatever it says.
    pub always_allow: bool,
    /// Whether it is there; one that was deleted selects nobody.
    pub exists: bool,
}

/// Who refuses an eviction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refuser {
    /// A budget that has nothing left (429).
    Budget(usize),
    /// The server, because two budgets select the pod (500).
    TwoBudgets(usize, usize),
}

/// Which budgets select the pods of a class.
pub type Selecting = SmallVec<[u32; 1]>;

impl Budget {
    /// Of a budget whose status is filled in.
    pub fn of(written: &PodDisruptionBudget) -> Self {
        let status = &written.status;
        Budget {
            expected: status.expected_pods,
            desired: status.desired_healthy,
            failed: status.conditions.iter().any(|condition| condition.reason == "SyncFailed"),
            always_allow: written.spec.unhealthy_pod_eviction_policy.as_deref() == Some("AlwaysAllow"),
            exists: true,
        }
    }

    /// How many may go while so many are healthy.
    pub fn allowed(&self, healthy: i32) -> i32 {
        if self.failed || self.expected <= 0 { 0 } else { (healthy - self.desired).max(0) }
    }
}

/// For each class, the budgets that select its pods.
pub fn selecting(cluster: &Cluster) -> Vec<Selecting> {
    let of = |index: usize| {
        let class = cluster.class(ClassId::new(index));
        let about = cluster
            .budgets
            .iter()
            .enumerate()
            .filter(|(_, budget)| budget.namespace == class.namespace && budget.selector.matches(&class.labels));
        about.map(|(budget, _)| budget as u32).collect()
    };
    (0..cluster.classes.len()).map(of).collect()
}

/// Asks to evict a pod that runs. `healthy` is the number of healthy pods of each budget. What pays for it, if something has to.
///
/// # Errors
///
/// Who refuses it.
pub fn ask(budgets: &[Budget], healthy: &[i32], selecting: &Selecting, is_ready: bool) -> Result<Option<usize>, Refuser> {
    let mut about = selecting.iter().map(|&budget| budget as usize).filter(|&budget| budgets[budget].exists);
    let Some(first) = about.next() else { return Ok(None) };
    if let Some(second) = about.next() {
        return Err(Refuser::TwoBudgets(first, second));
    }
    let (budget, healthy) = (&budgets[first], healthy[first]);
    if !is_ready && (budget.always_allow || healthy >= budget.desired && budget.desired > 0) {
        return Ok(None);
    }
    if budget.allowed(healthy) == 0 { Err(Refuser::Budget(first)) } else { Ok(Some(first)) }
}

/// The status that a budget has while so many of its pods are healthy, for the server's words.
pub fn status(written: &PodDisruptionBudget, budget: &Budget, healthy: i32) -> PodDisruptionBudgetStatus {
    PodDisruptionBudgetStatus {
        current_healthy: healthy,
        desired_healthy: budget.desired,
        expected_pods: budget.expected,
        disruptions_allowed: budget.allowed(healthy),
        observed_generation: written.metadata.generation,
        ..written.status.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_pays_or_refuses() {
        let budget = Budget { expected: 3, desired: 2, failed: false, always_allow: false, exists: true };
        let one = Selecting::from_slice(&[0]);
        assert_eq!(ask(&[budget], &[3], &one, true), Ok(Some(0)));
        assert_eq!(ask(&[budget], &[2], &one, true), Err(Refuser::Budget(0)));
        assert_eq!(ask(&[budget], &[2], &one, false), Ok(None));
        assert_eq!(ask(&[budget], &[1], &one, false), Err(Refuser::Budget(0)));
        assert_eq!(ask(&[Budget { always_allow: true, ..budget }], &[1], &one, false), Ok(None));
        assert_eq!(ask(&[Budget { failed: true, ..budget }], &[3], &one, true), Err(Refuser::Budget(0)));
        assert_eq!(ask(&[Budget { expected: 0, desired: 0, ..budget }], &[3], &one, true), Err(Refuser::Budget(0)));
        let two = Selecting::from_slice(&[0, 1]);
        assert_eq!(ask(&[budget, budget], &[3, 3], &two, true), Err(Refuser::TwoBudgets(0, 1)));
        assert_eq!(ask(&[budget, Budget { exists: false, ..budget }], &[3, 3], &two, true), Ok(Some(0)));
    }
}
