//! Disruption: how many of the pods of a PodDisruptionBudget may go.
//!
//! [`budgets`] is the plain way: every pod that is not being deleted counts as healthy once it is placed. `watch` and `sync` are
//! the way step by step.
//!
//! Source: k8s.io/kubernetes/pkg/controller/disruption/disruption.go, v1.36.

mod expansion;
mod expected;
mod scale;
mod sync;

pub use expansion::budgets;
pub(crate) use expected::scaled;
pub(super) use sync::{sync, watch};

use expected::Expected;

use crate::manifest::pod::Condition;
use crate::manifest::policy::{PodDisruptionBudget, PodDisruptionBudgetStatus};

/// The condition that says whether any pod may go.
const DISRUPTION_ALLOWED: &str = "DisruptionAllowed";

/// The status of a budget that expects so many pods, and of whose pods so many are healthy.
fn status(budget: &PodDisruptionBudget, expected: Expected, healthy: i32) -> PodDisruptionBudgetStatus {
    let spare = healthy - expected.desired_healthy;
    // with no pods nothing is allowed, so that the first pods are safe until they are counted
    let allowed = if expected.pods <= 0 { 0 } else { spare.max(0) };
    PodDisruptionBudgetStatus {
        current_healthy: healthy,
        desired_healthy: expected.desired_healthy,
        expected_pods: expected.pods,
        disruptions_allowed: allowed,
        observed_generation: budget.metadata.generation,
        disrupted_pods: budget.status.disrupted_pods.clone(),
        conditions: budget.status.conditions.clone(),
    }
}

/// Sets the condition; its time changes only with its status.
fn set_condition(conditions: &mut Vec<Condition>, status: &str, reason: &str, message: &str, now: Option<String>) {
    let new = Condition {
        r#type: DISRUPTION_ALLOWED.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        last_transition_time: now,
    };
    match conditions.iter_mut().find(|condition| condition.r#type == DISRUPTION_ALLOWED) {
        Some(old) if old.status == new.status => {
            let since = old.last_transition_time.take();
            *old = Condition { last_transition_time: since, ..new };
        }
        Some(old) => *old = new,
        None => conditions.push(new),
    }
}

/// Sets the condition as the number of disruptions allowed says.
fn set_condition_by_number(status: &mut PodDisruptionBudgetStatus, now: Option<String>) {
    let (holds, reason) = if status.disruptions_allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    set_condition(&mut status.conditions, holds, reason, "", now);
}
