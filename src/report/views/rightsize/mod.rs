//! What every container should ask for, and what comes of it.

mod page;
mod patch;

pub(super) use patch::scalar;

use schemars::JsonSchema;
use serde::Serialize;

use super::recommendation::RecommendationView;
use super::{API_VERSION, Records};
use crate::manifest::Quantity;
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
            sizing.containers().map(|(workload, container)| self::container(workload, container, &sizing.policy)).collect();
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
            policy: policy(&sizing.policy),
            measured: MeasuredView {
                samples: sizing.samples,
                span_seconds: spans.filter_map(|resource| resource.observed.as_ref()?.span_seconds).max(),
                containers: with_data,
                containers_without_data: containers.len() - with_data,
                unknown_pods: sizing.unknown_pods.clone(),
            },
            containers,
            injected: sizing.workloads.iter().flat_map(injected).collect(),
            autoscalers: sizing.autoscalers.iter().map(autoscaler).collect(),
            totals: sizing.totals.iter().map(totals).collect(),
            total: totals(&sizing.total()),
            quotas_exceeded: sizing.quotas.iter().map(excess).collect(),
            recommended,
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

fn policy(policy: &Policy) -> PolicyView {
    PolicyView {
        cpu_percentile: f64::from(policy.cpu_percentile.thousandths()) / 1000.0,
        cpu_margin_percent: policy.cpu_margin_percent,
        cpu_limit: match policy.cpu_limit {
            CpuLimit::None => "none",
            CpuLimit::Keep => "keep",
            CpuLimit::Ratio => "ratio",
        },
        memory_margin_percent: policy.memory_margin_percent,
        cpu_minimum: policy.cpu_minimum.to_string(),
        memory_minimum: policy.memory_minimum.to_string(),
        tolerance_percent: policy.tolerance_percent,
        enough_samples: policy.enough_samples,
    }
}

fn container(workload: &WorkloadSizing, container: &ContainerSizing, policy: &Policy) -> ContainerView {
    let [cpu, memory] = &container.resources;
    ContainerView {
        namespace: workload.workload.namespace.clone(),
        workload_kind: workload.workload.kind.clone(),
        workload: workload.workload.name.clone(),
        container: container.name.clone(),
        container_kind: match container.kind {
            ContainerKind::Container => "container",
            ContainerKind::Sidecar => "sidecar",
            ContainerKind::Init => "init",
        },
        pods: workload.pods,
        change_in: match workload.changeable {
            Changeable::Template => "template",
            Changeable::Pod => "resize",
            Changeable::Anew => "recreate",
            Changeable::StaticPod => "staticPod",
            Changeable::Elsewhere => "owner",
        },
        cpu: resource(cpu, policy),
        memory: resource(memory, policy),
    }
}

fn resource(sizing: &ResourceSizing, policy: &Policy) -> ResourceView {
    ResourceView {
        observed: sizing.observed.map(|observed| ObservedView {
            samples: observed.samples,
            pods: observed.pods,
            span_seconds: observed.span_seconds,
            percentile: observed.percentile.to_string(),
            peak: observed.peak.to_string(),
        }),
        need: sizing.need.map(|need| need.to_string()),
        now: setting(sizing.now),
        to: setting(sizing.becomes),
        changed: sizing.is_changed(),
        short: sizing.is_short(),
        below_peak: sizing.is_below_peak(),
        reasons: sizing.reasons.iter().map(|reason| self::reason(reason, sizing, policy)).collect(),
        written: setting(sizing.written),
        to_write: setting(sizing.to),
    }
}

fn setting(setting: Setting) -> SettingView {
    let text = |amount: Option<Quantity>| amount.map(|amount| amount.to_string());
    SettingView { request: text(setting.request), limit: text(setting.limit) }
}

fn reason(reason: &Reason, sizing: &ResourceSizing, policy: &Policy) -> ReasonView {
    let name = sizing.resource.name();
    let (reason, message) = match reason {
        Reason::NotMeasured => ("notMeasured", format!("no {name} was measured: left as it is")),
        Reason::NotToldApart => ("notToldApart", "only the pod as a whole was measured: left as it is".to_owned()),
        Reason::PodLevel => ("podLevel", format!("{name} is set for the pod as a whole: left as it is")),
        Reason::Guess => {
            let samples = sizing.observed.map_or(0, |observed| observed.samples);
            ("guess", format!("a guess: {samples} samples, and {} are wished for", policy.enough_samples))
        }
        Reason::AtLimit => ("atLimit", format!("its {name} stops at its limit, so it may need more")),
        Reason::Minimum => ("minimum", format!("the least {name} of the policy")),
        Reason::Enough => ("enough", format!("{name} is enough as it is")),
        Reason::NotLowered => ("notLowered", format!("an init container is seldom seen: {name} is not lowered")),
        Reason::LimitRangeMin(range, amount) => ("limitRangeMin", format!("LimitRange {range}: at least {amount} {name}")),
        Reason::LimitRangeMax(range, amount) => ("limitRangeMax", format!("LimitRange {range}: at most {amount} {name}")),
        Reason::LimitRangeRatio(range, ratio) => {
            let ratio = f64::from(i32::try_from(*ratio).unwrap_or(i32::MAX)) / 1000.0;
            ("limitRangeRatio", format!("LimitRange {range}: a {name} limit of at most {ratio} times the request"))
        }
        Reason::LimitRangeDefault(range, amount) => {
            ("limitRangeDefault", format!("without one LimitRange {range} would set a {name} limit of {amount}"))
        }
        Reason::LimitDemanded(by) => ("limitDemanded", format!("{by} refuses containers without a {name} limit")),
        Reason::LargestNode(node, amount) => {
            ("largestNode", format!("the largest node that takes it, {node}, has {amount} {name} beside its DaemonSets"))
        }
    };
    ReasonView { reason, message }
}

fn autoscaler(effect: &AutoscalerEffect) -> AutoscalerView {
    let target = |target: &Target| TargetView {
        resource: target.resource.clone(),
        container: target.container.clone(),
        percent: target.percent,
        percent_that_keeps_replicas: target.keeps,
    };
    AutoscalerView {
        autoscaler: effect.autoscaler.path(),
        scales: format!("{} {}", effect.workload.kind, effect.workload.path()),
        min: effect.bounds.0,
        max: effect.bounds.1,
        replicas: effect.replicas,
        wanted_now: effect.before,
        wanted_then: effect.after,
        targets: effect.targets.iter().map(target).collect(),
    }
}

fn totals(totals: &NamespaceTotals) -> TotalsView {
    TotalsView {
        namespace: totals.namespace.clone(),
        cpu_now: totals.cpu.0.to_string(),
        cpu_then: totals.cpu.1.to_string(),
        memory_now: totals.memory.0.to_string(),
        memory_then: totals.memory.1.to_string(),
    }
}

fn excess(excess: &QuotaExcess) -> ExcessView {
    ExcessView {
        namespace: excess.namespace.clone(),
        quota: excess.quota.clone(),
        resource: excess.resource.clone(),
        hard: excess.hard.to_string(),
        now: excess.now.0.to_string(),
        then: excess.now.1.to_string(),
        now_at_hpa_max: excess.at_most.0.to_string(),
        then_at_hpa_max: excess.at_most.1.to_string(),
        new: excess.is_new(),
    }
}
