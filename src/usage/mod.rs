//! Layer 1: what was measured.
//!
//! Amounts as `kubectl top`, the three metrics APIs, Prometheus or a table of one's own hand them out, exactly as written; what they are
//! measured for (a pod, an object, nothing in the cluster) is kept beside them. Nothing here knows what they mean for anybody: the
//! autoscaler's controller makes its answers of the latest, `planning::rightsize` of all that there are.
//!
//! What was measured more than once is a [`ContainerSeries`]; [`Usage::pods`] is the latest of all series. A sample has a time, or, where
//! none was written, the number of its snapshot. What is measured twice at one moment (a restarted container, overlapping queries) counts
//! once, with the greater amount.
//!
//! [`read`] is the only part that opens files, and the home of the formats. A new format: a file there, and an arm where it is told from
//! the others.
//!
//! Rooms of layer 1 may use `manifest` for amounts, labels and places, and nothing else.
//!
//! Source of the shapes: k8s.io/metrics/pkg/apis/{metrics,custom_metrics,external_metrics}, k8s.io/kubectl/pkg/metricsutil, v1.36.

mod gather;
pub mod read;
mod series;

pub use series::{ContainerSeries, LOOKBACK_MILLISECONDS, Moment, Sample};

use crate::manifest::Quantity;
use crate::manifest::meta::StringMap;
use crate::manifest::pod::ResourceList;

/// Everything that was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// cpu and memory of pods, as they were last.
    pub pods: Vec<PodUsage>,
    /// All that was measured of containers, in the order in which they were first met; each resource in the order of time.
    pub series: Vec<ContainerSeries>,
    /// Metrics of objects, pods among them.
    pub custom: Vec<CustomMetric>,
    /// Metrics from outside.
    pub external: Vec<ExternalMetric>,
}

/// cpu and memory of a pod.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PodUsage {
    /// Its namespace; empty if it was not written, and then any will do.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its labels, if they were written.
    pub labels: Option<StringMap>,
    /// What each container uses; one without a name where containers were not told apart.
    pub containers: Vec<ContainerUsage>,
}

/// cpu and memory of a container.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContainerUsage {
    /// Its name; empty for all of the pod together.
    pub name: String,
    /// What it uses.
    pub usage: ResourceList,
}

/// A metric of an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CustomMetric {
    /// The object's namespace; empty if it was not written.
    pub namespace: String,
    /// The object's kind.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// The metric.
    pub metric: String,
    /// Its value.
    pub value: Quantity,
}

/// A metric from outside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExternalMetric {
    /// The metric.
    pub metric: String,
    /// Labels of its series.
    pub labels: StringMap,
    /// Its value.
    pub value: Quantity,
}

impl PodUsage {
    /// What the pod uses of a resource, of all containers or of one. None if that was not measured.
    pub fn total(&self, resource: &str, container: &str) -> Option<Quantity> {
        if container.is_empty() {
            return self.containers.iter().map(|container| container.usage.get(resource).copied()).sum();
        }
        self.containers.iter().find(|candidate| candidate.name == container)?.usage.get(resource).copied()
    }
}

impl Usage {
    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty() && self.custom.is_empty() && self.external.is_empty()
    }
}
