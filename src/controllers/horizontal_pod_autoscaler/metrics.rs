//! What the three metrics APIs answer, and how the controller reads it.
//!
//! Source: k8s.io/kubernetes/pkg/controller/podautoscaler/metrics/client.go, k8s.io/metrics, v1.36.

use std::collections::BTreeMap;

use super::Milliseconds;
use crate::manifest::Quantity;
use crate::manifest::autoscaling::CrossVersionObjectReference;
use crate::manifest::meta::{LabelSelector, StringMap};
use crate::manifest::pod::ResourceList;

/// Everything the metrics APIs know of one namespace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// metrics.k8s.io: cpu and memory of the pods.
    pub resource: Vec<PodMetrics>,
    /// custom.metrics.k8s.io, by metric: its value for each pod.
    pub pods: BTreeMap<String, Vec<(String, Quantity)>>,
    /// custom.metrics.k8s.io: values for other objects.
    pub objects: Vec<ObjectMetric>,
    /// external.metrics.k8s.io, by metric.
    pub external: BTreeMap<String, Vec<ExternalMetric>>,
    /// What an API fails with, if it does.
    pub errors: ApiErrors,
}

/// What an API fails with, if it does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiErrors {
    /// metrics.k8s.io.
    pub resource: Option<String>,
    /// custom.metrics.k8s.io, asked about pods.
    pub pods: Option<String>,
    /// custom.metrics.k8s.io, asked about other objects.
    pub objects: Option<String>,
    /// external.metrics.k8s.io.
    pub external: Option<String>,
}

/// cpu and memory of a pod.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PodMetrics {
    /// The pod.
    pub pod: String,
    /// Its labels.
    pub labels: StringMap,
    /// When it was measured.
    pub timestamp: Milliseconds,
    /// Over how many milliseconds.
    pub window_milliseconds: i64,
    /// What each container uses.
    pub containers: Vec<(String, ResourceList)>,
}

/// A value of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectMetric {
    /// The object's kind.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// The metric.
    pub metric: String,
    /// Its value.
    pub value: Quantity,
}

/// A value from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExternalMetric {
    /// Labels of its series; none if they are not known, and then every selector takes it.
    pub labels: Option<StringMap>,
    /// Its value.
    pub value: Quantity,
}

/// A pod's value as the controller reckons with it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PodMetric {
    pub timestamp: Milliseconds,
    pub window_milliseconds: i64,
    pub value_milli: i64,
}

/// Values by pod.
pub(super) type PodMetricsInfo<'a> = BTreeMap<&'a str, PodMetric>;

impl Answers {
    /// cpu or memory of the selected pods: of all containers, or of one.
    pub(super) fn resource_metric(&self, resource: &str, selector: &LabelSelector, container: &str) -> Result<PodMetricsInfo<'_>, String> {
        if let Some(error) = &self.errors.resource {
            return Err(format!("unable to fetch metrics from resource metrics API: {error}"));
        }
        let selected: Vec<&PodMetrics> =
            self.resource.iter().filter(|metrics| crate::controllers::selector::matches(selector, &metrics.labels)).collect();
        if selected.is_empty() {
            return Err("no metrics returned from resource metrics API".to_owned());
        }
        let mut found = PodMetricsInfo::new();
        for metrics in selected {
            let value_milli = if container.is_empty() { metrics.sum(resource) } else { metrics.of_container(resource, container) };
            if let Some(value_milli) = value_milli {
                let PodMetrics { timestamp, window_milliseconds, .. } = *metrics;
                found.insert(&metrics.pod, PodMetric { timestamp, window_milliseconds, value_milli });
            }
        }
        Ok(found)
    }

    /// A metric of each pod.
    pub(super) fn pods_metric(&self, metric: &str) -> Result<PodMetricsInfo<'_>, String> {
        if let Some(error) = &self.errors.pods {
            return Err(format!("unable to fetch metrics from custom metrics API: {error}"));
        }
        let values = self.pods.get(metric).map(Vec::as_slice).unwrap_or_default();
        if values.is_empty() {
            return Err("no metrics returned from custom metrics API".to_owned());
        }
        let of = |value: &Quantity| PodMetric { value_milli: value.milli(), ..PodMetric::default() };
        Ok(values.iter().map(|(pod, value)| (pod.as_str(), of(value))).collect())
    }

    /// A metric of an object, in thousandths.
    pub(super) fn object_metric(&self, metric: &str, object: &CrossVersionObjectReference) -> Result<i64, String> {
        let prefix = "unable to fetch metrics from custom metrics API";
        if let Some(error) = &self.errors.objects {
            return Err(format!("{prefix}: {error}"));
        }
        let is_it = |found: &&ObjectMetric| found.metric == metric && found.kind == object.kind && found.name == object.name;
        self.objects.iter().find(is_it).map(|found| found.value.milli()).ok_or_else(|| {
            format!("{prefix}: the server could not find the metric {metric} for {} {}", group_resource(object), object.name)
        })
    }

    /// Values of a metric from outside, in thousandths.
    pub(super) fn external_metric(&self, metric: &str, selector: Option<&LabelSelector>) -> Result<Vec<i64>, String> {
        if let Some(error) = &self.errors.external {
            return Err(format!("unable to fetch metrics from external metrics API: {error}"));
        }
        let takes = |found: &&ExternalMetric| match (&found.labels, selector) {
            (Some(labels), Some(selector)) => crate::controllers::selector::matches(selector, labels),
            _ => true,
        };
        let series = self.external.get(metric).map(Vec::as_slice).unwrap_or_default();
        let values: Vec<i64> = series.iter().filter(takes).map(|found| found.value.milli()).collect();
        if values.is_empty() { Err("no metrics returned from external metrics API".to_owned()) } else { Ok(values) }
    }
}

impl PodMetrics {
    /// What all containers use; nothing if one of them was not measured.
    fn sum(&self, resource: &str) -> Option<i64> {
        if self.containers.is_empty() {
            return None;
        }
        self.containers.iter().map(|(_, usage)| usage.get(resource).map(|value| value.milli())).sum()
    }

    /// What one container uses; nothing if it was not measured.
    fn of_container(&self, resource: &str, container: &str) -> Option<i64> {
        let (_, usage) = self.containers.iter().find(|(name, _)| name == container)?;
        usage.get(resource).map(|value| value.milli())
    }
}

/// Plural and group of an object's kind, as a REST mapper would have it: `services`, `ingresses.networking.k8s.io`.
fn group_resource(object: &CrossVersionObjectReference) -> String {
    let kind = object.kind.to_lowercase();
    let plural = match kind.as_bytes() {
        [.., b's'] => format!("{kind}es"),
        [.., b'y'] => format!("{}ies", &kind[..kind.len() - 1]),
        _ => format!("{kind}s"),
    };
    match object.api_version.split_once('/') {
        Some((group, _)) => format!("{plural}.{group}"),
        None => plural,
    }
}
