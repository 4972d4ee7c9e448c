//! What the Eviction API answers for a pod, and the budgets that it goes by.

use schemars::JsonSchema;
use serde::Serialize;

use crate::admission::eviction::{evict, selects};
use crate::manifest::Objects;
use crate::manifest::pod::Pod;
use crate::manifest::policy::PodDisruptionBudget;
use crate::report::document::{Mood, Text};

/// When it is asked; only an eviction that is under way already would care.
const NOW: &str = "1970-01-01T00:00:00Z";

/// What the Eviction API answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvictionAnswer {
    /// Whether the pod may go now.
    pub allowed: bool,
    /// HTTP status: 201, 429 or 500.
    pub code: u16,
    /// What the API server says, if it refuses.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Why, budget by budget.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// The budgets that select the pod.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<BudgetStatus>,
}

/// A disruption budget as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BudgetStatus {
    /// Name, in the pod's namespace.
    pub name: String,
    /// Pods it expects.
    pub expected_pods: i32,
    /// Of them healthy.
    pub current_healthy: i32,
    /// Healthy at the least.
    pub desired_healthy: i32,
    /// How many may go now.
    pub disruptions_allowed: i32,
}

impl EvictionAnswer {
    /// For a pod that runs.
    pub fn new(objects: &Objects, pod: &Pod) -> Self {
        let namespace = pod.metadata.namespace_or_default();
        let own = || objects.pod_disruption_budgets.iter().filter(move |budget| budget.metadata.namespace_or_default() == namespace);
        let budgets = own().filter(|budget| selects(budget, pod)).map(status).collect();
        match evict(pod, own(), NOW) {
            Ok(_) => EvictionAnswer { allowed: true, code: 201, message: String::new(), causes: Vec::new(), budgets },
            Err(refusal) => EvictionAnswer {
                allowed: false,
                code: refusal.code,
                message: refusal.message,
                causes: refusal.causes.into_iter().map(|cause| cause.message).collect(),
                budgets,
            },
        }
    }

    /// For readers.
    pub(super) fn lines(&self) -> Vec<Text> {
        let budgets: Vec<String> = self.budgets.iter().map(BudgetStatus::sentence).collect();
        let by = if budgets.is_empty() { "no disruption budget selects it".to_owned() } else { budgets.join("; ") };
        if self.allowed {
            return vec![Text::faint(format!("may be evicted now ({by})"))];
        }
        let mut lines = vec![Text::new(format!("may not be evicted now: {} ({by})", self.message), Mood::Notable)];
        lines.extend(self.causes.iter().map(|cause| Text::new(cause.as_str(), Mood::Notable)));
        lines
    }
}

impl BudgetStatus {
    fn sentence(&self) -> String {
        format!(
            "budget {}: {} of {} healthy, {} needed, {} may go",
            self.name, self.current_healthy, self.expected_pods, self.desired_healthy, self.disruptions_allowed
        )
    }
}

fn status(budget: &PodDisruptionBudget) -> BudgetStatus {
    BudgetStatus {
        name: budget.metadata.name.clone(),
        expected_pods: budget.status.expected_pods,
        current_healthy: budget.status.current_healthy,
        desired_healthy: budget.status.desired_healthy,
        disruptions_allowed: budget.status.disruptions_allowed,
    }
}
