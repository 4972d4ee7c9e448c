//! What a metric goes by, and the load that makes it what it is.
//!
//! Source of the targets: k8s.io/api/autoscaling/v2/types.go MetricTarget, v1.36.

use super::assume::Autoscaler;
use super::load::Demand;
use crate::controllers::selector::matches;
use crate::manifest::Quantity;
use crate::manifest::autoscaling::*;
use crate::manifest::meta::{LabelSelector, StringMap};
use crate::usage::{CustomMetric, PodUsage, Usage};

/// What a metric goes by, and where it should be.
pub(super) enum Aim<'a> {
    /// cpu or memory of pods, or of a container of them.
    Resource { name: &'a str, container: &'a str, goal: Goal },
    /// A metric of pods.
    Pods { metric: &'a str, target: i64 },
    /// A metric of an object.
    Object { metric: &'a str, object: &'a CrossVersionObjectReference, whole: bool, target: i64 },
    /// A metric from outside.
    External { metric: &'a str, selector: Option<&'a LabelSelector>, whole: bool, target: i64 },
}

/// Where a resource should be.
#[derive(Clone, Copy)]
pub(super) enum Goal {
    Percent { request: i64, percent: i32 },
    Average { target: i64 },
}

impl<'a> Aim<'a> {
    /// Of a metric of an autoscaler; or why it cannot be reckoned with.
    pub(super) fn of(metric: &'a MetricSpec, autoscaler: &Autoscaler) -> Result<Self, String> {
        let resource = |name: &'a str, container: &'a str, target: &MetricTarget| {
            let goal = match (target.average_value, target.average_utilization) {
                (Some(value), _) => Goal::Average { target: value.milli() },
                (None, Some(percent)) => Goal::Percent { request: autoscaler.request(name, container)?, percent },
                (None, None) => return Err(format!("{name} has no target")),
            };
            Ok(Aim::Resource { name, container, goal })
        };
        let milli = |value: Option<Quantity>| value.unwrap_or_default().milli();
        let shared = |target: &MetricTarget| match target.average_value {
            Some(value) => (false, value.milli()),
            None => (true, milli(target.value)),
        };
        match metric {
            MetricSpec { resource: Some(source), .. } => resource(&source.name, "", &source.target),
            MetricSpec { container_resource: Some(source), .. } => resource(&source.name, &source.container, &source.target),
            MetricSpec { pods: Some(source), .. } => {
                Ok(Aim::Pods { metric: &source.metric.name, target: milli(source.target.average_value) })
            }
            MetricSpec { object: Some(source), .. } => {
                let (whole, target) = shared(&source.target);
                Ok(Aim::Object { metric: &source.metric.name, object: &source.described_object, whole, target })
            }
            MetricSpec { external: Some(source), .. } => {
                let (whole, target) = shared(&source.target);
                let MetricIdentifier { name, selector } = &source.metric;
                Ok(Aim::External { metric: name, selector: selector.as_ref(), whole, target })
            }
            _ => Err(format!("a metric of type {:?} names nothing", metric.r#type)),
        }
    }

    /// The load at which the metric is just what it should be.
    pub(super) fn at_target(&self, replicas: i32) -> Result<Demand, String> {
        let times = |amount: i64| amount.saturating_mul(i64::from(replicas));
        Ok(match *self {
            Aim::Resource { goal: Goal::Percent { request, percent }, .. } => {
                Demand::Utilization { total: times(request).saturating_mul(i64::from(percent)) / 100, request, percent }
            }
            Aim::Resource { goal: Goal::Average { target }, .. } | Aim::Pods { target, .. } => {
                Demand::Average { total: times(target), target }
            }
            Aim::Object { whole, target, .. } | Aim::External { whole, target, .. } => match whole {
                true => Demand::Value { total: times(target), target },
                false => Demand::Shared { total: times(target), target },
            },
        })
    }

    /// The load that was measured.
    pub(super) fn measured(&self, autoscaler: &Autoscaler, usage: &Usage, own: &[&PodUsage]) -> Result<Demand, String> {
        let namespace = autoscaler.target.namespace.as_str();
        match *self {
            Aim::Resource { name, container, goal } => {
                let values: Vec<Quantity> = own.iter().filter_map(|pod| pod.total(name, container)).collect();
                if values.is_empty() {
                    return Err(format!("{name} of its pods was not measured"));
                }
                let total = values.iter().fold(0i64, |sum, value| sum.saturating_add(value.milli()));
                Ok(match goal {
                    Goal::Percent { request, percent } => Demand::Utilization { total, request, percent },
                    Goal::Average { target } => Demand::Average { total, target },
                })
            }
            Aim::Pods { metric, target } => {
                let is_it = |found: &&CustomMetric| {
                    found.kind == "Pod" && found.metric == metric && (found.namespace.is_empty() || found.namespace == namespace)
                };
                let is_own = |name: &str| own.iter().any(|pod| pod.name == name) || own.is_empty() && autoscaler.could_be_called(name);
                let values: Vec<i64> =
                    usage.custom.iter().filter(is_it).filter(|found| is_own(&found.name)).map(|found| found.value.milli()).collect();
                match values.is_empty() {
                    true => Err(format!("{metric} of its pods was not measured")),
                    false => Ok(Demand::Average { total: values.iter().sum(), target }),
                }
            }
            Aim::Object { metric, object, whole, target } => {
                let is_it = |found: &&CustomMetric| {
                    let is_here = found.namespace.is_empty() || found.namespace == namespace;
                    found.kind == object.kind && found.name == object.name && found.metric == metric && is_here
                };
                let found = usage.custom.iter().find(is_it);
                let found = found.ok_or_else(|| format!("{metric} of {} {} was not measured", object.kind, object.name))?;
                Ok(outside(found.value.milli(), whole, target, autoscaler.current))
            }
            Aim::External { metric, selector, whole, target } => {
                let takes = |labels: &StringMap| selector.is_none_or(|selector| matches(selector, labels));
                let found: Vec<i64> = (usage.external.iter())
                    .filter(|found| found.metric == metric && takes(&found.labels))
                    .map(|found| found.value.milli())
                    .collect();
                match found.is_empty() {
                    true => Err(format!("external metric {metric} was not measured")),
                    false => Ok(outside(found.iter().sum(), whole, target, autoscaler.current)),
                }
            }
        }
    }
}

fn outside(value: i64, whole: bool, target: i64, replicas: i32) -> Demand {
    match whole {
        true => Demand::Value { total: value.saturating_mul(i64::from(replicas)), target },
        false => Demand::Shared { total: value, target },
    }
}
