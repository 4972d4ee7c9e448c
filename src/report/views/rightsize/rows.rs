//! From the library's result to the rows of the view, and its reasons in words.

use super::{
    AutoscalerView, ContainerView, ExcessView, ObservedView, PolicyView, ReasonView, ResourceView, SettingView, TargetView, TotalsView,
};
use crate::manifest::Quantity;
use crate::planning::rightsize::*;

pub(super) fn policy(policy: &Policy) -> PolicyView {
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

pub(super) fn container(workload: &WorkloadSizing, container: &ContainerSizing, policy: &Policy) -> ContainerView {
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

pub(super) fn autoscaler(effect: &AutoscalerEffect) -> AutoscalerView {
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

pub(super) fn totals(totals: &NamespaceTotals) -> TotalsView {
    TotalsView {
        namespace: totals.namespace.clone(),
        cpu_now: totals.cpu.0.to_string(),
        cpu_then: totals.cpu.1.to_string(),
        memory_now: totals.memory.0.to_string(),
        memory_then: totals.memory.1.to_string(),
    }
}

pub(super) fn excess(excess: &QuotaExcess) -> ExcessView {
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
