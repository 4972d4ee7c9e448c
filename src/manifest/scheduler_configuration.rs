//! `KubeSchedulerConfiguration` (kubescheduler.config.k8s.io/v1): profiles, plugins, weights, arguments.

use super::pod::{NodeAffinity, TopologySpreadConstraint};

objects! {
    /// The configuration file of kube-scheduler.
    pub struct KubeSchedulerConfiguration {
        /// API group and version.
        pub api_version: String,
        /// Profiles; none means the default one.
        pub profiles: Vec<KubeSchedulerProfile>,
        /// How many nodes upstream looks at; Plimsoll looks at all.
        pub percentage_of_nodes_to_score: Option<i32>,
        /// Webhooks; not modelled.
        pub extenders: Vec<serde_json::Value>,
    }

    /// A profile: a scheduler by name.
    pub struct KubeSchedulerProfile {
        /// The name pods ask for; absent is `default-scheduler`.
        pub scheduler_name: Option<String>,
        /// Plugins switched on and off.
        pub plugins: Plugins,
        /// Arguments of plugins.
        pub plugin_config: Vec<PluginConfig>,
        /// How many nodes upstream looks at; Plimsoll looks at all.
        pub percentage_of_nodes_to_score: Option<i32>,
    }

    /// Plugins by extension point.
    pub struct Plugins {
        /// Before a pod enters the queue.
        pub pre_enqueue: PluginSet,
        /// Order of the queue.
        pub queue_sort: PluginSet,
        /// Before filtering.
        pub pre_filter: PluginSet,
        /// Filtering.
        pub filter: PluginSet,
        /// When nothing fits.
        pub post_filter: PluginSet,
        /// Before scoring.
        pub pre_score: PluginSet,
        /// Scoring.
        pub score: PluginSet,
        /// Setting aside.
        pub reserve: PluginSet,
        /// Holding back.
        pub permit: PluginSet,
        /// Before binding.
        pub pre_bind: PluginSet,
        /// Binding.
        pub bind: PluginSet,
        /// After binding.
        pub post_bind: PluginSet,
        /// All extension points at once.
        pub multi_point: PluginSet,
    }

    /// Plugins switched on and off at one extension point.
    pub struct PluginSet {
        /// On, in order.
        pub enabled: Vec<PluginReference>,
        /// Off; `*` is all.
        pub disabled: Vec<PluginReference>,
    }

    /// A plugin by name.
    pub struct PluginReference {
        /// Name.
        pub name: String,
        /// Weight of its score; 0 is the default.
        pub weight: Option<i32>,
    }

    /// Arguments of a plugin.
    pub struct PluginConfig {
        /// Name of the plugin.
        pub name: String,
        /// Its arguments.
        pub args: Option<PluginArgs>,
    }

    /// Arguments of any of the default plugins: the union of their fields (their names do not collide).
    pub struct PluginArgs {
        /// `NodeAffinityArgs`.
        pub added_affinity: Option<NodeAffinity>,
        /// `PodTopologySpreadArgs`.
        pub default_constraints: Vec<TopologySpreadConstraint>,
        /// `PodTopologySpreadArgs`: `System` or `List`.
        pub defaulting_type: Option<String>,
        /// `NodeResourcesFitArgs`.
        pub scoring_strategy: Option<ScoringStrategy>,
        /// `NodeResourcesFitArgs`.
        pub ignored_resources: Vec<String>,
        /// `NodeResourcesFitArgs`.
        pub ignored_resource_groups: Vec<String>,
        /// `NodeResourcesBalancedAllocationArgs`.
        pub resources: Vec<ResourceSpec>,
        /// `InterPodAffinityArgs`.
        pub hard_pod_affinity_weight: Option<i32>,
        /// `InterPodAffinityArgs`.
        pub ignore_preferred_terms_of_existing_pods: bool,
        /// `DefaultPreemptionArgs`.
        pub min_candidate_nodes_percentage: Option<i32>,
        /// `DefaultPreemptionArgs`.
        pub min_candidate_nodes_absolute: Option<i32>,
        /// `VolumeBindingArgs`.
        pub shape: Vec<UtilizationShapePoint>,
    }

    /// How NodeResourcesFit scores.
    pub struct ScoringStrategy {
        /// `LeastAllocated` (default), `MostAllocated`, `RequestedToCapacityRatio`.
        pub r#type: Option<String>,
        /// Resources and weights; absent is cpu and memory, 1 each.
        pub resources: Vec<ResourceSpec>,
        /// Shape of `RequestedToCapacityRatio`.
        pub requested_to_capacity_ratio: Option<RequestedToCapacityRatioParam>,
    }

    /// A resource and its weight.
    pub struct ResourceSpec {
        /// Name.
        pub name: String,
        /// Weight; 0 is 1.
        pub weight: i64,
    }

    /// Shape of `RequestedToCapacityRatio`.
    pub struct RequestedToCapacityRatioParam {
        /// Points of the shape.
        pub shape: Vec<UtilizationShapePoint>,
    }

    /// A point of a shape.
    pub struct UtilizationShapePoint {
        /// Percent of the node in use.
        pub utilization: i32,
        /// Score, 0 to 10.
        pub score: i32,
    }
}
