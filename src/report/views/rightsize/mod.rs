//! What every container should ask for, and what comes of it.

pub mod nodes;
mod page;
mod patch;
mod rows;

pub use nodes::{FleetView, NodesChangeView};

use schemars::JsonSchema;
use serde::Serialize;

use super::recommendation::RecommendationView;
use super::{API_VERSION, Records};
use crate::planning::rightsize::*;

/// What every container should ask for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RightsizingView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Rightsizing"))]
    pub kind: &'static str,
    /// What recommendations go by.
    pub policy: PolicyView,
    /// What was measured.
    pub measured: MeasuredView,
    /// Every container, by namespace, workload and place in the pod.
    pub containers: Vec<ContainerView>,
    /// Containers that were measured and are in no template: something adds them to pods.
    pub injected: Vec<InjectedView>,
    /// What it does to autoscaled replicas.
    pub autoscalers: Vec<AutoscalerView>,
    /// What all pods ask for, by namespace.
    pub totals: Vec<TotalsView>,
    /// The same of all namespaces together.
    pub total: TotalsView,
    /// Bounds of quotas that the recommendation exceeds with every autoscaler at its most.
    pub quotas_exceeded: Vec<ExcessView>,
    /// Quotas, defaults and bounds of autoscalers that go with it.
    pub recommended: RecommendationView,
    /// What it does to the number of nodes; absent if nothing can be bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<NodesChangeView>,
    /// What patches and scripts set.
    #[serde(skip)]
    pub scope: Scope,
}

/// What patches and scripts set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// Requests and limits of containers.
    #[default]
    Requests,
    /// LimitRanges, quotas and maxima of autoscalers.
    Policies,
    /// Both.
    All,
}

/// What recommendations go by.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyView {
    /// The percentile of cpu samples that is requested.
    pub cpu_percentile: f64,
    /// Added to it, in percent.
    pub cpu_margin_percent: u32,
    /// What becomes of cpu limits: `none`, `keep` or `ratio`.
    pub cpu_limit: &'static str,
    /// Added to the highest memory sample, in percent.
    pub memory_margin_percent: u32,
    /// The least cpu that is requested.
    pub cpu_minimum: String,
    /// The least memory that is requested.
    pub memory_minimum: String,
    /// A request that is enough, and no more than so many percent too much, stays.
    pub tolerance_percent: u32,
    /// With fewer samples a recommendation is called a guess.
    pub enough_samples: usize,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeasuredView {
    /// How many samples there are.
    pub samples: usize,
    /// Seconds between the first and the last of those that were used; absent if they have no times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_seconds: Option<i64>,
    /// How many containers have samples of cpu or memory.
    pub containers: usize,
    /// How many have none.
    pub containers_without_data: usize,
    /// Measured pods that belong to nothing in the input, `namespace/name`.
    pub unknown_pods: Vec<String>,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerView {
    /// Namespace.
    pub namespace: String,
    /// Kind of the workload.
    pub workload_kind: String,
    /// Name of the workload.
    pub workload: String,
    /// Name of the container.
    pub container: String,
    /// `container`, `sidecar` or `init`.
    pub container_kind: &'static str,
    /// How many pods there are.
    pub pods: usize,
    /// How it is changed: `template`, `resize` (a pod of its own, in place), `recreate` (a Job), `staticPod` or `owner` (what makes it is
    /// not in the input).
    pub change_in: &'static str,
    /// cpu.
    pub cpu: ResourceView,
    /// Memory.
    pub memory: ResourceView,
}

/// A resource of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceView {
    /// What was measured; absent if nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<ObservedView>,
    /// What was measured with its margin, unrounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<String>,
    /// Request and limit now, with what limit ranges add.
    pub now: SettingView,
    /// Request and limit as they should be, with what limit ranges add.
    pub to: SettingView,
    /// Whether something has to be written for that.
    pub changed: bool,
    /// Whether bounds leave less than what was measured with its margin.
    pub short: bool,
    /// Whether bounds leave less memory than the highest sample.
    pub below_peak: bool,
    /// Why.
    pub reasons: Vec<ReasonView>,
    #[serde(skip)]
    written: SettingView,
    #[serde(skip)]
    to_write: SettingView,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservedView {
    /// How many samples.
    pub samples: usize,
    /// Of how many pods.
    pub pods: usize,
    /// Seconds between the first and the last; absent if they have no times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_seconds: Option<i64>,
    /// The percentile of the policy, of the busiest pod.
    pub percentile: String,
    /// The highest sample.
    pub peak: String,
}

/// A request and a limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingView {
    /// The request; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The limit; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// Why a setting is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReasonView {
    /// In one word, such as `limitRangeMax`.
    pub reason: &'static str,
    /// In a sentence.
    pub message: String,
}

/// A container that is in no template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InjectedView {
    /// `namespace/name (Kind)` of the workload.
    pub workload: String,
    /// The container.
    pub container: String,
}

/// What it does to an autoscaler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutoscalerView {
    /// `namespace/name` of the autoscaler.
    pub autoscaler: String,
    /// `Kind name` of what it scales.
    pub scales: String,
    /// Its least.
    pub min: i32,
    /// Its most.
    pub max: i32,
    /// Replicas now.
    pub replicas: i32,
    /// Replicas that the busiest moment asks for with the requests of now; absent if what it goes by was not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted_now: Option<i32>,
    /// The same with the recommended requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted_then: Option<i32>,
    /// Targets in percent of requests.
    pub targets: Vec<TargetView>,
}

/// A target in percent of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetView {
    /// `cpu` or `memory`.
    pub resource: String,
    /// The container it is about; absent for all of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Percent now.
    pub percent: i32,
    /// Percent that leaves replicas as they are with the recommended requests.
    pub percent_that_keeps_replicas: i32,
}

/// What all pods of a namespace, or of all of them, ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TotalsView {
    /// The namespace; empty for all of them.
    pub namespace: String,
    /// cpu now.
    pub cpu_now: String,
    /// cpu then.
    pub cpu_then: String,
    /// Memory now.
    pub memory_now: String,
    /// Memory then.
    pub memory_then: String,
}

/// A bound of a quota that is exceeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExcessView {
    /// Namespace.
    pub namespace: String,
    /// Name of the quota.
    pub quota: String,
    /// What is bounded.
    pub resource: String,
    /// The bound.
    pub hard: String,
    /// Used with the replicas and the requests of now.
    pub now: String,
    /// Used with the replicas of now and the recommended requests.
    pub then: String,
    /// Used with every autoscaler at its most and the requests of now.
    pub now_at_hpa_max: String,
    /// Used with every autoscaler at its most and the recommended requests.
    pub then_at_hpa_max: String,
    /// Whether it is the recommendation that exceeds it, with the replicas of now or at most.
    pub new: bool,
}

impl RightsizingView {
    /// Name of this view.
    pub const KIND: &'static str = "Rightsizing";

    /// Of an answer.
    pub fn new(sizing: &Rightsizing, recommended: RecommendationView, scope: Scope) -> Self {
        let containers: Vec<ContainerView> =
            sizing.containers().map(|(workload, container)| rows::container(workload, container, &sizing.policy)).collect();
        let has_data = |container: &&ContainerView| container.cpu.observed.is_some() || container.memory.observed.is_some();
        let with_data = containers.iter().filter(has_data).count();
        let spans = containers.iter().flat_map(|container| [&container.cpu, &container.memory]);
        let injected = |workload: &WorkloadSizing| {
            let path = format!("{} ({})", workload.workload.path(), workload.workload.kind);
            let each = workload.injected.iter().map(move |name| InjectedView { workload: path.clone(), container: name.clone() });
            each.collect::<Vec<_>>()
        };
        RightsizingView {
            api_version: API_VERSION,
            kind: Self::KIND,
            policy: rows::policy(&sizing.policy),
            measured: MeasuredView {
                samples: sizing.samples,
                span_seconds: spans.filter_map(|resource| resource.observed.as_ref()?.span_seconds).max(),
                containers: with_data,
                containers_without_data: containers.len() - with_data,
                unknown_pods: sizing.unknown_pods.clone(),
            },
            containers,
            injected: sizing.workloads.iter().flat_map(injected).collect(),
            autoscalers: sizing.autoscalers.iter().map(rows::autoscaler).collect(),
            totals: sizing.totals.iter().map(rows::totals).collect(),
            total: rows::totals(&sizing.total()),
            quotas_exceeded: sizing.quotas.iter().map(rows::excess).collect(),
            recommended,
            nodes: None,
            scope,
        }
    }

    /// Whether anything was measured, every container gets what it needs, and no quota is in the way that was not.
    pub fn holds(&self) -> bool {
        let is_short = |container: &ContainerView| container.cpu.short || container.memory.short;
        self.measured.containers > 0 && !self.containers.iter().any(is_short) && !self.quotas_exceeded.iter().any(|excess| excess.new)
    }

    /// For spreadsheets: a row for each resource of each container.
    pub fn records(&self) -> Records {
        let columns = vec![
            "namespace",
            "workloadKind",
            "workload",
            "container",
            "containerKind",
            "pods",
            "resource",
            "samples",
            "percentile",
            "peak",
            "need",
            "requestNow",
            "requestTo",
            "limitNow",
            "limitTo",
            "changed",
            "short",
            "reasons",
        ];
        let mut rows = Vec::new();
        for own in &self.containers {
            for (name, resource) in [("cpu", &own.cpu), ("memory", &own.memory)] {
                let observed = |field: fn(&ObservedView) -> String| resource.observed.as_ref().map(field).unwrap_or_default();
                let text = |amount: &Option<String>| amount.clone().unwrap_or_default();
                rows.push(vec![
                    own.namespace.clone(),
                    own.workload_kind.clone(),
                    own.workload.clone(),
                    own.container.clone(),
                    own.container_kind.to_owned(),
                    own.pods.to_string(),
                    name.to_owned(),
                    observed(|observed| observed.samples.to_string()),
                    observed(|observed| observed.percentile.clone()),
                    observed(|observed| observed.peak.clone()),
                    text(&resource.need),
                    text(&resource.now.request),
                    text(&resource.to.request),
                    text(&resource.now.limit),
                    text(&resource.to.limit),
                    resource.changed.to_string(),
                    resource.short.to_string(),
                    resource.reasons.iter().map(|reason| reason.reason).collect::<Vec<_>>().join(" "),
                ]);
            }
        }
        Records { columns, rows }
    }
}
