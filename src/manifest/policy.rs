//! Promises and bounds: disruption budgets, quotas, limit ranges, priority and runtime classes.

pub use super::autoscaling::HorizontalPodAutoscaler;
use super::meta::{IntOrString, LabelSelector, ObjectMeta, StringMap};
use super::pod::{Condition, ResourceList, Toleration};

objects! {
    /// A PodDisruptionBudget.
    pub struct PodDisruptionBudget {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: PodDisruptionBudgetSpec,
        /// Status.
        pub status: PodDisruptionBudgetStatus,
    }

    /// `spec` of a PodDisruptionBudget.
    pub struct PodDisruptionBudgetSpec {
        /// How many must stay.
        pub min_available: Option<IntOrString>,
        /// How many may go.
        pub max_unavailable: Option<IntOrString>,
        /// Which pods.
        pub selector: Option<LabelSelector>,
        /// `IfHealthyBudget` (default) or `AlwaysAllow`.
        pub unhealthy_pod_eviction_policy: Option<String>,
    }

    /// `status` of a PodDisruptionBudget.
    pub struct PodDisruptionBudgetStatus {
        /// How many may go now.
        pub disruptions_allowed: i32,
        /// How many are healthy.
        pub current_healthy: i32,
        /// How many must be.
        pub desired_healthy: i32,
        /// How many there are.
        pub expected_pods: i32,
        /// Evictions under way, by pod name.
        pub disrupted_pods: StringMap,
        /// Which version of the spec this is about.
        pub observed_generation: Option<i64>,
        /// `DisruptionAllowed`.
        pub conditions: Vec<Condition>,
    }

    /// A PriorityClass.
    pub struct PriorityClass {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// The priority.
        pub value: i32,
        /// Whether pods without a class get it.
        pub global_default: bool,
        /// `PreemptLowerPriority` (default) or `Never`.
        pub preemption_policy: Option<String>,
    }

    /// A RuntimeClass.
    pub struct RuntimeClass {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// What it adds to a pod.
        pub overhead: Option<Overhead>,
        /// Where its pods run.
        pub scheduling: Option<RuntimeScheduling>,
    }

    /// What a runtime class adds to a pod.
    pub struct Overhead {
        /// Resources.
        pub pod_fixed: ResourceList,
    }

    /// Where pods of a runtime class run.
    pub struct RuntimeScheduling {
        /// Node labels.
        pub node_selector: StringMap,
        /// Tolerations.
        pub tolerations: Vec<Toleration>,
    }

    /// A ResourceQuota.
    pub struct ResourceQuota {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: ResourceQuotaSpec,
        /// Status.
        pub status: ResourceQuotaStatus,
    }

    /// `spec` of a ResourceQuota.
    pub struct ResourceQuotaSpec {
        /// The bounds.
        pub hard: ResourceList,
        /// Which pods count.
        pub scopes: Vec<String>,
        /// Which pods count, by expression.
        pub scope_selector: Option<ScopeSelector>,
    }

    /// Which pods a quota counts.
    pub struct ScopeSelector {
        /// All of them must match.
        pub match_expressions: Vec<ScopedResourceSelectorRequirement>,
    }

    /// A scope and its values.
    pub struct ScopedResourceSelectorRequirement {
        /// `Terminating`, `BestEffort`, `PriorityClass`, …
        pub scope_name: String,
        /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
        pub operator: String,
        /// Values.
        pub values: Vec<String>,
    }

    /// `status` of a ResourceQuota.
    pub struct ResourceQuotaStatus {
        /// The bounds in force.
        pub hard: ResourceList,
        /// What is used.
        pub used: ResourceList,
    }

    /// A LimitRange.
    pub struct LimitRange {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: LimitRangeSpec,
    }

    /// `spec` of a LimitRange.
    pub struct LimitRangeSpec {
        /// The limits.
        pub limits: Vec<LimitRangeItem>,
    }

    /// Bounds and defaults for one type of thing.
    pub struct LimitRangeItem {
        /// `Container`, `Pod` or `PersistentVolumeClaim`.
        pub r#type: String,
        /// Largest.
        pub max: ResourceList,
        /// Smallest.
        pub min: ResourceList,
        /// Default limits.
        pub default: ResourceList,
        /// Default requests.
        pub default_request: ResourceList,
        /// Largest limit / request.
        pub max_limit_request_ratio: ResourceList,
    }
}
