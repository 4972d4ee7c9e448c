//! Autoscalers: what they scale, by which metrics, how fast, and what they said last.
//!
//! The shape is `autoscaling/v2`'s, which `v2beta2` shares. What `autoscaling/v1` writes otherwise (one cpu percentage as a field;
//! further metrics, behaviour, current metrics and conditions as JSON in annotations, as the API server itself stores them there) is
//! brought into that shape on reading, by [`HorizontalPodAutoscaler::modernise`].
//!
//! Source: k8s.io/api/autoscaling/{v1,v2}/types.go, k8s.io/kubernetes/pkg/apis/autoscaling/v1/conversion.go, v1.36.

use super::meta::{LabelSelector, ObjectMeta};
use super::quantity::Quantity;

objects! {
    /// A HorizontalPodAutoscaler (autoscaling/v2).
    pub struct HorizontalPodAutoscaler {
        /// Metadata.
        pub metadata: ObjectMeta,
        /// Spec.
        pub spec: HorizontalPodAutoscalerSpec,
        /// Status.
        pub status: HorizontalPodAutoscalerStatus,
    }

    /// `spec` of an autoscaler.
    pub struct HorizontalPodAutoscalerSpec {
        /// What it scales.
        pub scale_target_ref: CrossVersionObjectReference,
        /// Fewest; absent is 1.
        pub min_replicas: Option<i32>,
        /// Most.
        pub max_replicas: i32,
        /// What it goes by; the metric that asks for most decides.
        pub metrics: Vec<MetricSpec>,
        /// How fast it may go.
        pub behavior: Option<HorizontalPodAutoscalerBehavior>,
        /// Of `autoscaling/v1`: percentage of the requested cpu that pods should use on average. Empty once read.
        #[serde(rename = "targetCPUUtilizationPercentage")]
        pub target_cpu_utilization_percentage: Option<i32>,
    }

    /// An object in the autoscaler's namespace.
    pub struct CrossVersionObjectReference {
        /// API group and version.
        pub api_version: String,
        /// Kind.
        pub kind: String,
        /// Name.
        pub name: String,
    }

    /// A metric to go by. The field of its type is set.
    pub struct MetricSpec {
        /// `Resource`, `ContainerResource`, `Pods`, `Object` or `External`.
        pub r#type: String,
        /// A metric of one object, such as requests a second of an Ingress.
        pub object: Option<ObjectMetricSource>,
        /// A metric of each pod.
        pub pods: Option<PodsMetricSource>,
        /// cpu or memory of the pods.
        pub resource: Option<ResourceMetricSource>,
        /// cpu or memory of one container of the pods.
        pub container_resource: Option<ContainerResourceMetricSource>,
        /// A metric of something outside, such as the length of a queue.
        pub external: Option<ExternalMetricSource>,
    }

    /// A metric of one object.
    pub struct ObjectMetricSource {
        /// The object.
        pub described_object: CrossVersionObjectReference,
        /// `Value` or `AverageValue`.
        pub target: MetricTarget,
        /// The metric.
        pub metric: MetricIdentifier,
    }

    /// A metric of each pod.
    pub struct PodsMetricSource {
        /// The metric.
        pub metric: MetricIdentifier,
        /// `AverageValue`.
        pub target: MetricTarget,
    }

    /// cpu or memory of the pods.
    pub struct ResourceMetricSource {
        /// `cpu` or `memory`.
        pub name: String,
        /// `Utilization` or `AverageValue`.
        pub target: MetricTarget,
    }

    /// cpu or memory of one container of the pods.
    pub struct ContainerResourceMetricSource {
        /// `cpu` or `memory`.
        pub name: String,
        /// `Utilization` or `AverageValue`.
        pub target: MetricTarget,
        /// The container.
        pub container: String,
    }

    /// A metric of something outside.
    pub struct ExternalMetricSource {
        /// The metric.
        pub metric: MetricIdentifier,
        /// `Value` or `AverageValue`.
        pub target: MetricTarget,
    }

    /// A metric by name, and perhaps by labels.
    pub struct MetricIdentifier {
        /// Name.
        pub name: String,
        /// Which of the series of that name.
        pub selector: Option<LabelSelector>,
    }

    /// Where a metric should be.
    pub struct MetricTarget {
        /// `Utilization`, `Value` or `AverageValue`.
        pub r#type: String,
        /// In all.
        pub value: Option<Quantity>,
        /// A pod, on average.
        pub average_value: Option<Quantity>,
        /// Percent of what the pods request.
        pub average_utilization: Option<i32>,
    }

    /// How fast an autoscaler may go.
    pub struct HorizontalPodAutoscalerBehavior {
        /// Upwards.
        pub scale_up: Option<HpaScalingRules>,
        /// Downwards.
        pub scale_down: Option<HpaScalingRules>,
    }

    /// How fast an autoscaler may go in one direction.
    pub struct HpaScalingRules {
        /// Seconds of recommendations that the most cautious is taken of.
        pub stabilization_window_seconds: Option<i32>,
        /// `Max` (default), `Min` or `Disabled`: which policy counts.
        pub select_policy: Option<String>,
        /// Bounds on the change.
        pub policies: Option<Vec<HpaScalingPolicy>>,
        /// How far from the target the metric may be before anything happens, as a fraction of it.
        pub tolerance: Option<Quantity>,
    }

    /// So much change in so many seconds.
    pub struct HpaScalingPolicy {
        /// `Pods` or `Percent`.
        pub r#type: String,
        /// How many, or what percentage.
        pub value: i32,
        /// In how many seconds.
        pub period_seconds: i32,
    }

    /// `status` of an autoscaler.
    pub struct HorizontalPodAutoscalerStatus {
        /// Which version of the spec this is about.
        pub observed_generation: Option<i64>,
        /// When it last changed the scale.
        pub last_scale_time: Option<String>,
        /// How many there are.
        pub current_replicas: i32,
        /// How many there should be.
        pub desired_replicas: i32,
        /// What it last read of its metrics, in their order.
        pub current_metrics: Option<Vec<MetricStatus>>,
        /// Whether it can scale, does, and is bounded.
        pub conditions: Vec<HorizontalPodAutoscalerCondition>,
    }

    /// What an autoscaler read of a metric. All empty where reading failed.
    pub struct MetricStatus {
        /// As in the spec.
        pub r#type: String,
        /// A metric of one object.
        pub object: Option<ObjectMetricStatus>,
        /// A metric of each pod.
        pub pods: Option<PodsMetricStatus>,
        /// cpu or memory of the pods.
        pub resource: Option<ResourceMetricStatus>,
        /// cpu or memory of one container of the pods.
        pub container_resource: Option<ContainerResourceMetricStatus>,
        /// A metric of something outside.
        pub external: Option<ExternalMetricStatus>,
    }

    /// What was read of a metric of one object.
    pub struct ObjectMetricStatus {
        /// The metric.
        pub metric: MetricIdentifier,
        /// Its value.
        pub current: MetricValueStatus,
        /// The object.
        pub described_object: CrossVersionObjectReference,
    }

    /// What was read of a metric of each pod.
    pub struct PodsMetricStatus {
        /// The metric.
        pub metric: MetricIdentifier,
        /// Its value.
        pub current: MetricValueStatus,
    }

    /// What was read of cpu or memory.
    pub struct ResourceMetricStatus {
        /// `cpu` or `memory`.
        pub name: String,
        /// Its value.
        pub current: MetricValueStatus,
    }

    /// What was read of cpu or memory of one container.
    pub struct ContainerResourceMetricStatus {
        /// `cpu` or `memory`.
        pub name: String,
        /// Its value.
        pub current: MetricValueStatus,
        /// The container.
        pub container: String,
    }

    /// What was read of a metric of something outside.
    pub struct ExternalMetricStatus {
        /// The metric.
        pub metric: MetricIdentifier,
        /// Its value.
        pub current: MetricValueStatus,
    }

    /// The value of a metric.
    pub struct MetricValueStatus {
        /// In all.
        pub value: Option<Quantity>,
        /// A pod, on average.
        pub average_value: Option<Quantity>,
        /// Percent of what the pods request.
        pub average_utilization: Option<i32>,
    }

    /// A condition of an autoscaler.
    pub struct HorizontalPodAutoscalerCondition {
        /// `AbleToScale`, `ScalingActive` or `ScalingLimited`.
        pub r#type: String,
        /// `True`, `False` or `Unknown`.
        pub status: String,
        /// When it last changed.
        pub last_transition_time: Option<String>,
        /// Why, in one word.
        pub reason: String,
        /// Why, in a sentence.
        pub message: String,
    }
}

impl HorizontalPodAutoscaler {
    /// Brings what `autoscaling/v1` writes in its own way into the shape of `v2`: the cpu percentage and the annotations that hold
    /// further metrics and the behaviour. An annotation that cannot be read stays where it is.
    pub fn modernise(&mut self) {
        if let Some(percentage) = self.spec.target_cpu_utilization_percentage.take() {
            self.spec.metrics.push(cpu_utilization(percentage));
        }
        let annotations = &mut self.metadata.annotations;
        let metrics = annotations.get(METRICS).and_then(|text| serde_json::from_str::<Vec<LegacyMetricSpec>>(text).ok());
        if let Some(metrics) = metrics {
            annotations.remove(METRICS);
            // the server keeps the cpu percentage in front of the others
            self.spec.metrics.extend(metrics.into_iter().map(MetricSpec::from));
        }
        if self.spec.behavior.is_none()
            && let Some(behavior) = annotations.get(BEHAVIOR).and_then(|text| serde_json::from_str(text).ok())
        {
            annotations.remove(BEHAVIOR);
            self.spec.behavior = Some(behavior);
        }
    }
}

/// A metric that asks for a percentage of the requested cpu.
pub fn cpu_utilization(percentage: i32) -> MetricSpec {
    let target = MetricTarget { r#type: "Utilization".to_owned(), average_utilization: Some(percentage), ..MetricTarget::default() };
    let resource = ResourceMetricSource { name: "cpu".to_owned(), target };
    MetricSpec { r#type: "Resource".to_owned(), resource: Some(resource), ..MetricSpec::default() }
}

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

objects! {
    /// A metric as the annotation of `autoscaling/v1` spells it.
    pub struct LegacyMetricSpec {
        /// As in `v2`.
        pub r#type: String,
        /// A metric of one object; its target is the object here.
        pub object: Option<LegacyMetricSource>,
        /// A metric of each pod.
        pub pods: Option<LegacyMetricSource>,
        /// cpu or memory of the pods.
        pub resource: Option<LegacyMetricSource>,
        /// cpu or memory of one container of the pods.
        pub container_resource: Option<LegacyMetricSource>,
        /// A metric of something outside.
        pub external: Option<LegacyMetricSource>,
    }

    /// All fields that a metric may have in the annotation.
    pub struct LegacyMetricSource {
        /// Resource.
        pub name: String,
        /// Container.
        pub container: String,
        /// Object.
        pub target: CrossVersionObjectReference,
        /// Metric.
        pub metric_name: String,
        /// Which of its series.
        pub selector: Option<LabelSelector>,
        /// Which of its series, for something outside.
        pub metric_selector: Option<LabelSelector>,
        /// Target in all.
        pub target_value: Option<Quantity>,
        /// Target a pod.
        pub target_average_value: Option<Quantity>,
        /// Target a pod, of an object's metric.
        pub average_value: Option<Quantity>,
        /// Target in percent.
        pub target_average_utilization: Option<i32>,
    }
}

impl LegacyMetricSource {
    fn metric(&self) -> MetricIdentifier {
        MetricIdentifier { name: self.metric_name.clone(), selector: self.selector.clone().or_else(|| self.metric_selector.clone()) }
    }

    fn aim(&self) -> MetricTarget {
        let average_value = self.target_average_value.or(self.average_value);
        let r#type = match (self.target_average_utilization, average_value) {
            (Some(_), _) => "Utilization",
            (None, Some(_)) => "AverageValue",
            (None, None) => "Value",
        };
        // an object's metric with a target a pod carries a value of zero besides
        let value = self.target_value.filter(|_| average_value.is_none());
        MetricTarget { r#type: r#type.to_owned(), value, average_value, average_utilization: self.target_average_utilization }
    }
}

impl From<LegacyMetricSpec> for MetricSpec {
    fn from(old: LegacyMetricSpec) -> Self {
        MetricSpec {
            r#type: old.r#type,
            object: old.object.map(|source| ObjectMetricSource {
                target: source.aim(),
                metric: source.metric(),
                described_object: source.target,
            }),
            pods: old.pods.map(|source| PodsMetricSource { metric: source.metric(), target: source.aim() }),
            resource: old.resource.map(|source| ResourceMetricSource { target: source.aim(), name: source.name }),
            container_resource: old.container_resource.map(|source| ContainerResourceMetricSource {
                target: source.aim(),
                name: source.name,
                container: source.container,
            }),
            external: old.external.map(|source| ExternalMetricSource { metric: source.metric(), target: source.aim() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_version_is_read_as_the_second() {
        let input = crate::manifest::read::read_str(
            "v1.yaml",
            r#"
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata:
  name: web
  annotations:
    autoscaling.alpha.kubernetes.io/metrics: '[{"type":"Resource","resource":{"name":"memory","targetAverageUtilization":70}},
      {"type":"Pods","pods":{"metricName":"qps","targetAverageValue":"5"}}]'
    autoscaling.alpha.kubernetes.io/behavior: '{"ScaleDown":null,"scaleUp":{"stabilizationWindowSeconds":30}}'
spec: {maxReplicas: 5, targetCPUUtilizationPercentage: 60, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
"#,
        );
        assert_eq!(input.problems, []);
        let spec = &input.objects.horizontal_pod_autoscalers[0].spec;
        assert_eq!(spec.metrics[0], cpu_utilization(60));
        assert_eq!(spec.metrics[1].resource.as_ref().unwrap().target.average_utilization, Some(70));
        assert_eq!(spec.metrics[2].pods.as_ref().unwrap().target.r#type, "AverageValue");
        assert_eq!(spec.behavior.as_ref().unwrap().scale_up.as_ref().unwrap().stabilization_window_seconds, Some(30));
    }
}
