//! The Eviction API: whether a pod may be evicted, and what its budget says afterwards.
//!
//! Promise: the server's answer, word for word. Whoever asks deletes the pod if it is allowed, and stores the budget's new status.
//!
//! Source: k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go, v1.36.

use crate::manifest::meta::{LabelSelector, SelectorRequirement, StringMap};
use crate::manifest::pod::{Condition, Pod};
use crate::manifest::policy::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use crate::manifest::refusal::{Cause, Refusal};

/// So many evictions may be under way before the controller has seen them.
const MOST_DISRUPTED: usize = 2000;
/// Seconds after which it is worth asking again about a budget that nobody has looked at yet.
const RETRY_SECONDS: i32 = 10;

/// An eviction that is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eviction {
    /// The budget that pays for it, by name, and its status from now on; none if it costs nothing.
    pub budget: Option<(String, PodDisruptionBudgetStatus)>,
}

/// Asks to evict a pod. `budgets` are those of its namespace, `now` is an RFC 3339 timestamp.
///
/// # Errors
///
/// 429 if a budget forbids it (with the budget as cause), 500 if there are several, 403 if a budget's status makes no sense.
pub fn evict<'a>(pod: &Pod, budgets: impl Iterator<Item = &'a PodDisruptionBudget>, now: &str) -> Result<Eviction, Refusal> {
    let free = Eviction { budget: None };
    if pod.is_terminal() || pod.is_terminating() || pod.status.phase == "Pending" {
        return Ok(free);
    }
    let mut budgets = budgets.filter(|budget| selects(budget, pod));
    let Some(budget) = budgets.next() else { return Ok(free) };
    if budgets.next().is_some() {
        let message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        // the server gives no reason in one word here
        return Err(Refusal::new(500, "", message.to_owned()));
    }
    if costs_nothing(pod, budget) {
        return Ok(free);
    }
    let status = pay(budget, &pod.metadata.name, now)?;
    Ok(Eviction { budget: Some((budget.metadata.name.clone(), status)) })
}

/// Says on a pod that is about to be evicted that it is a disruption. `now` is an RFC 3339 timestamp.
pub fn mark(pod: &mut Pod, now: &str) {
    let conditions = &mut pod.status.conditions;
    conditions.retain(|condition| condition.r#type != "DisruptionTarget");
    conditions.push(Condition {
        r#type: "DisruptionTarget".to_owned(),
        status: "True".to_owned(),
        reason: "EvictionByEvictionAPI".to_owned(),
        message: "Eviction API: evicting".to_owned(),
        last_transition_time: Some(now.to_owned()),
    });
}

/// Whether the pod does not count as healthy and may go for that.
fn costs_nothing(pod: &Pod, budget: &PodDisruptionBudget) -> bool {
    let status = &budget.status;
    let is_ready = pod.status.conditions.iter().any(|condition| condition.r#type == "Ready" && condition.status == "True");
    let allows = match budget.spec.unhealthy_pod_eviction_policy.as_deref() {
        Some("AlwaysAllow") => true,
        _ => status.current_healthy >= status.desired_healthy && status.desired_healthy > 0,
    };
    !is_ready && allows
}

/// Takes one disruption off a budget.
fn pay(budget: &PodDisruptionBudget, pod: &str, now: &str) -> Result<PodDisruptionBudgetStatus, Refusal> {
    let name = &budget.metadata.name;
    let mut status = budget.status.clone();
    if status.observed_generation.unwrap_or(0) < budget.metadata.generation.unwrap_or(0) {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(Refusal { retry_after_seconds: Some(RETRY_SECONDS), ..too_many(why) });
    }
    if status.disruptions_allowed < 0 {
        return Err(Refusal::forbidden("poddisruptionbudget.policy", name, "pdb disruptions allowed is negative"));
    }
    if status.disrupted_pods.len() > MOST_DISRUPTED {
        let why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
        return Err(Refusal::forbidden("poddisruptionbudget.policy", name, why));
    }
    if status.disruptions_allowed == 0 {
        return Err(too_many(why_not(name, &status)));
    }
    status.disruptions_allowed -= 1;
    if status.disruptions_allowed == 0 {
        say_spent(&mut status.conditions, now);
    }
    status.disrupted_pods.insert(pod.to_owned(), now.to_owned());
    Ok(status)
}

fn why_not(name: &str, status: &PodDisruptionBudgetStatus) -> String {
    let (needed, healthy) = (status.desired_healthy, status.current_healthy);
    let is_said =
        |condition: &&Condition| condition.r#type == "DisruptionAllowed" && condition.status == "False" && !condition.message.is_empty();
    let not_now = format!("The disruption budget {name} does not allow evicting pods currently");
    match status.conditions.iter().find(is_said) {
        // after a failed sync the numbers are not to be trusted
        Some(said) if said.reason == "SyncFailed" => format!("{not_now} because it failed sync: {}", said.message),
        _ if healthy <= needed => format!("The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"),
        Some(said) => format!("{not_now} ({}): {}", said.reason, said.message),
        None => not_now,
    }
}

fn too_many(why: String) -> Refusal {
    let message = "Cannot evict pod as it would violate the pod's disruption budget.".to_owned();
    let causes = vec![Cause { reason: "DisruptionBudget".to_owned(), message: why }];
    Refusal { causes, ..Refusal::new(429, "TooManyRequests", message) }
}

fn say_spent(conditions: &mut [Condition], now: &str) {
    if let Some(condition) = conditions.iter_mut().find(|condition| condition.r#type == "DisruptionAllowed") {
        "False".clone_into(&mut condition.status);
        "InsufficientPods".clone_into(&mut condition.reason);
        condition.message.clear();
        condition.last_transition_time = Some(now.to_owned());
    }
}

/// Whether a budget is about a pod. One without a selector is about none, an empty selector is about all.
/// Whether a budget is about a pod of its namespace.
pub fn selects(budget: &PodDisruptionBudget, pod: &Pod) -> bool {
    budget.spec.selector.as_ref().is_some_and(|selector| matches(selector, &pod.metadata.labels))
}

fn matches(selector: &LabelSelector, labels: &StringMap) -> bool {
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().all(|requirement| holds(requirement, labels.get(&requirement.key)))
}

fn holds(requirement: &SelectorRequirement, value: Option<&String>) -> bool {
    match requirement.operator.as_str() {
        "In" => value.is_some_and(|value| requirement.values.contains(value)),
        "NotIn" => !value.is_some_and(|value| requirement.values.contains(value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-01-01T00:00:00Z";

    fn answer(pod: &str, budgets: &[&str]) -> Result<Eviction, Refusal> {
        let pod: Pod = serde_saphyr::from_str(&format!("{{metadata: {{name: p, labels: {{app: a}}}}, status: {pod}}}")).unwrap();
        let budgets: Vec<PodDisruptionBudget> = budgets
            .iter()
            .map(|text| serde_saphyr::from_str(&format!("{{metadata: {{name: b, generation: 1}}, {text}}}")).unwrap())
            .collect();
        evict(&pod, budgets.iter(), NOW)
    }

    const READY: &str = "{phase: Running, conditions: [{type: Ready, status: 'True'}]}";
    const SPENT: &str = "spec: {selector: {}}, status: {observedGeneration: 1, currentHealthy: 2, desiredHealthy: 2}";

    #[test]
    fn a_budget_pays_or_refuses() {
        let status = "status: {observedGeneration: 1, disruptionsAllowed: 1, conditions: [{type: DisruptionAllowed, status: 'True'}]}";
        let (name, paid) = answer(READY, &[&format!("spec: {{selector: {{}}}}, {status}")]).unwrap().budget.unwrap();
        assert_eq!((name.as_str(), paid.disruptions_allowed, paid.disrupted_pods["p"].as_str()), ("b", 0, NOW));
        assert_eq!((paid.conditions[0].status.as_str(), paid.conditions[0].reason.as_str()), ("False", "InsufficientPods"));
        let refusal = answer(READY, &[SPENT]).unwrap_err();
        assert_eq!(refusal.causes[0].message, "The disruption budget b needs 2 healthy pods and has 2 currently");
        let unseen = answer(READY, &["spec: {selector: {}}"]).unwrap_err();
        assert_eq!((unseen.code, unseen.retry_after_seconds), (429, Some(10)));
    }

    #[test]
    fn some_go_whatever_the_budget_says() {
        for free in ["{phase: Pending}", "{phase: Failed}", "{phase: Succeeded}", "{phase: Running}"] {
            assert_eq!(answer(free, &[SPENT]).unwrap().budget, None, "{free}");
        }
        assert_eq!(answer(READY, &["spec: {selector: {matchLabels: {app: b}}}", "spec: {}"]).unwrap().budget, None);
        assert_eq!(answer(READY, &[SPENT, SPENT]).unwrap_err().code, 500);
    }
}
