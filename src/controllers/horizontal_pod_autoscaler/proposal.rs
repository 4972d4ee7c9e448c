//! What each metric proposes, what the status says of it, and which proposal wins: the highest.
//!
//! Source: k8s.io/kubernetes/pkg/controller/podautoscaler/horizontal.go computeReplicasForMetrics, computeStatusFor…Metric,
//! validateAndParseSelector, tolerancesForHpa, v1.36.

use super::replica_calculator::{Calculator, Tolerances};
use super::{Scale, Sync, selector_text};
use crate::manifest::Quantity;
use crate::manifest::autoscaling::*;
use crate::manifest::meta::{LabelSelector, SelectorRequirement};
use crate::manifest::quantity::Format;

/// What all metrics together propose.
#[derive(Default)]
pub(super) struct Found {
    /// Replicas, and the metric that asks for them; none if nothing may be done.
    pub replicas: Option<(i32, String)>,
    /// What was read of each metric; none if none was asked.
    pub statuses: Option<Vec<MetricStatus>>,
    /// What went wrong. There may be replicas all the same.
    pub error: Option<String>,
}

/// What one metric proposes.
struct Proposal {
    replicas: i32,
    /// What it is called in conditions and events.
    name: String,
    status: MetricStatus,
}

/// A metric that could not be used: the word for conditions and events, the message there, and the error that goes on.
struct Failure {
    reason: &'static str,
    message: String,
    error: String,
}

impl Failure {
    /// A failure whose error is told on with something in front.
    fn new(reason: &'static str, message: String, prefix: &str) -> Self {
        let error = format!("{prefix}{message}");
        Failure { reason, message, error }
    }

    /// The same with one more thing in front of the error.
    fn within(self, prefix: &str) -> Self {
        Failure { error: format!("{prefix}{}", self.error), ..self }
    }
}

impl Sync<'_> {
    /// Asks all metrics. One that fails does not keep the others from growing the target, but from shrinking it.
    pub(super) fn compute_replicas(&mut self, scale: &Scale) -> Found {
        let selector = match self.parse_selector(&scale.selector) {
            Ok(selector) => selector,
            Err(error) => return Found { error: Some(error), ..Found::default() },
        };
        let specs = &self.hpa.spec.metrics;
        let (mut statuses, mut failures) = (Vec::new(), Vec::new());
        let (mut replicas, mut name) = (0, String::new());
        for spec in specs {
            match self.propose(spec, scale, &selector) {
                Ok(proposal) => {
                    if replicas == 0 || proposal.replicas > replicas {
                        (replicas, name) = (proposal.replicas, proposal.name);
                    }
                    statuses.push(proposal.status);
                }
                Err(failure) => {
                    self.warn(failure.reason, &failure.message);
                    statuses.push(MetricStatus::default());
                    failures.push(failure);
                }
            }
        }
        let error = failures
            .first()
            .map(|first| format!("invalid metrics ({} invalid out of {}), first error is: {}", failures.len(), specs.len(), first.error));
        let statuses = Some(statuses);
        if let Some(first) = failures.first()
            && (failures.len() >= specs.len() || replicas < scale.spec_replicas)
        {
            let message = format!("the HPA was unable to compute the replica count: {}", first.message);
            self.set_condition("ScalingActive", false, first.reason, message);
            return Found { replicas: None, statuses, error };
        }
        let message = format!("the HPA was able to successfully calculate a replica count from {name}");
        self.set_condition("ScalingActive", true, "ValidMetricFound", message);
        Found { replicas: Some((replicas, name)), statuses, error }
    }

    /// Reads the scale's selector, and looks whether another autoscaler goes by the same pods.
    fn parse_selector(&mut self, text: &str) -> Result<LabelSelector, String> {
        if text.is_empty() {
            let error = "selector is required";
            self.warn("SelectorRequired", error);
            let message = "the HPA target's scale is missing a selector".to_owned();
            self.set_condition("ScalingActive", false, "InvalidSelector", message);
            return Err(error.to_owned());
        }
        let refuse = |sync: &mut Self, reason: &str, error: String| {
            sync.warn(reason, &error);
            sync.set_condition("ScalingActive", false, reason, error.clone());
            error
        };
        let selector = selector_text::parse(text).map_err(|error| {
            let error = format!("couldn't convert selector into a corresponding internal selector object: {error}");
            refuse(self, "InvalidSelector", error)
        })?;
        let pods = self.pods_of(&selector);
        let takes_one =
            |other: &LabelSelector| pods.iter().any(|pod| crate::controllers::selector::matches(other, &pod.pod.metadata.labels));
        let mut rivals: Vec<&str> = self.sight.rivals.iter().filter(|rival| takes_one(&rival.selector)).map(|rival| &*rival.name).collect();
        if rivals.is_empty() {
            return Ok(selector);
        }
        rivals.push(&self.hpa.metadata.name);
        rivals.sort_unstable();
        let keys: Vec<String> = rivals.iter().map(|name| format!("{{{name} {}}}", self.namespace())).collect();
        let error = format!("pods by selector {text} are controlled by multiple HPAs: [{}]", keys.join(" "));
        Err(refuse(self, "AmbiguousSelector", error))
    }

    fn propose(&mut self, spec: &MetricSpec, scale: &Scale, selector: &LabelSelector) -> Result<Proposal, Failure> {
        match (spec.r#type.as_str(), spec) {
            ("Object", MetricSpec { object: Some(source), .. }) => {
                self.by_object(source, scale, selector).map_err(|failure| failure.within("failed to get object metric value: "))
            }
            ("Pods", MetricSpec { pods: Some(source), .. }) => {
                self.by_pods(source, scale, selector).map_err(|failure| failure.within("failed to get pods metric value: "))
            }
            ("Resource", MetricSpec { resource: Some(source), .. }) => self.by_resource(source, scale, selector),
            ("ContainerResource", MetricSpec { container_resource: Some(source), .. }) => self.by_container(source, scale, selector),
            ("External", MetricSpec { external: Some(source), .. }) => {
                let prefix = format!("failed to get {} external metric value: ", source.metric.name);
                self.by_external(source, scale, selector).map_err(|failure| failure.within(&prefix))
            }
            (kind, _) => Err(Failure::new("InvalidMetricSourceType", format!("unknown metric source type {kind:?}"), "")),
        }
    }

    /// A calculator at this moment, which is after the call that got the metric.
    fn calculator(&self, selector: &LabelSelector) -> Calculator<'_> {
        Calculator { flags: self.flags, tolerances: self.tolerances(), pods: self.pods_of(selector), now: self.clock.now }
    }

    fn tolerances(&self) -> Tolerances {
        let flag = self.flags.tolerance;
        let behavior = self.hpa.spec.behavior.as_ref();
        let own = |rules: Option<&HpaScalingRules>| rules.and_then(|rules| rules.tolerance).map_or(flag, approximate);
        Tolerances {
            scale_down: own(behavior.and_then(|behavior| behavior.scale_down.as_ref())),
            scale_up: own(behavior.and_then(|behavior| behavior.scale_up.as_ref())),
        }
    }

    /// A call of a metrics API takes its time.
    fn call(&mut self) {
        self.clock.now += self.clock.call_milliseconds;
    }

    fn by_resource(&mut self, source: &ResourceMetricSource, scale: &Scale, selector: &LabelSelector) -> Result<Proposal, Failure> {
        let (replicas, measured, current) = self.by_usage(&source.name, "", &source.target, scale, selector).map_err(|message| {
            Failure::new("FailedGetResourceMetric", message, &format!("failed to get {} resource metric value: ", source.name))
        })?;
        let name = match measured {
            Measured::Average => format!("{} resource", source.name),
            Measured::Utilization => format!("{} resource utilization (percentage of request)", source.name),
        };
        let resource = Some(ResourceMetricStatus { name: source.name.clone(), current });
        Ok(Proposal { replicas, name, status: MetricStatus { r#type: "Resource".to_owned(), resource, ..Default::default() } })
    }

    fn by_container(
        &mut self,
        source: &ContainerResourceMetricSource,
        scale: &Scale,
        selector: &LabelSelector,
    ) -> Result<Proposal, Failure> {
        let found = self.by_usage(&source.name, &source.container, &source.target, scale, selector);
        let (replicas, measured, current) = found.map_err(|message| {
            Failure::new(
                "FailedGetContainerResourceMetric",
                message,
                &format!("failed to get {} container metric value: ", source.container),
            )
        })?;
        let name = match measured {
            Measured::Average => format!("{} resource", source.name),
            Measured::Utilization => format!("{} container resource utilization (percentage of request)", source.name),
        };
        let container = source.container.clone();
        let container_resource = Some(ContainerResourceMetricStatus { name: source.name.clone(), current, container });
        let status = MetricStatus { r#type: "ContainerResource".to_owned(), container_resource, ..Default::default() };
        Ok(Proposal { replicas, name, status })
    }

    /// cpu or memory of the pods or of one container of them, against an average or against the requests.
    fn by_usage(
        &mut self,
        resource: &str,
        container: &str,
        target: &MetricTarget,
        scale: &Scale,
        selector: &LabelSelector,
    ) -> Result<(i32, Measured, MetricValueStatus), String> {
        let current = scale.spec_replicas;
        let format = if resource == "memory" { Format::BinarySi } else { Format::DecimalSi };
        let (what, target) = match (target.average_value, target.average_utilization) {
            (Some(value), _) => ("usage", Err(value.milli())),
            (None, Some(percent)) => ("utilization", Ok(percent)),
            (None, None) => {
                let message =
                    "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set";
                return Err(message.to_owned());
            }
        };
        self.call();
        let answer = self.sight.metrics.resource_metric(resource, selector, container);
        let calculator = self.calculator(selector);
        let found = answer.map_err(|error| format!("unable to get metrics for resource {resource}: {error}"));
        let found = found.and_then(|metrics| match target {
            Err(milli) => calculator.by_average(metrics, current, milli, resource).map(|(replicas, average)| {
                let current = MetricValueStatus { average_value: Some(milli_quantity(average, format)), ..Default::default() };
                (replicas, Measured::Average, current)
            }),
            Ok(percent) => calculator.by_utilization(metrics, current, percent, resource, container).map(|proposal| {
                let average_value = Some(milli_quantity(proposal.average_milli, format));
                let current = MetricValueStatus { value: None, average_value, average_utilization: Some(proposal.percent) };
                (proposal.replicas, Measured::Utilization, current)
            }),
        });
        found.map_err(|error| format!("failed to get {resource} {what}: {error}"))
    }

    fn by_pods(&mut self, source: &PodsMetricSource, scale: &Scale, selector: &LabelSelector) -> Result<Proposal, Failure> {
        self.call();
        let name = &source.metric.name;
        let target = source.target.average_value.unwrap_or_default().milli();
        let answer = self.sight.metrics.pods_metric(name).map_err(|error| format!("unable to get metric {name}: {error}"));
        let found = answer.and_then(|metrics| self.calculator(selector).by_average(metrics, scale.spec_replicas, target, ""));
        let (replicas, average) = found.map_err(|message| Failure::new("FailedGetPodsMetric", message, ""))?;
        let current = average_of(average);
        let pods = Some(PodsMetricStatus { metric: source.metric.clone(), current });
        let status = MetricStatus { r#type: "Pods".to_owned(), pods, ..Default::default() };
        Ok(Proposal { replicas, name: format!("pods metric {name}"), status })
    }

    fn by_object(&mut self, source: &ObjectMetricSource, scale: &Scale, selector: &LabelSelector) -> Result<Proposal, Failure> {
        const REASON: &str = "FailedGetObjectMetric";
        let (metric, object, target) = (&source.metric.name, &source.described_object, &source.target);
        let per_pod = target.r#type == "AverageValue" && target.average_value.is_some();
        if !per_pod && (target.r#type != "Value" || target.value.is_none()) {
            let message = "invalid object metric source: neither a value target nor an average value target was set";
            return Err(Failure::new(REASON, message.to_owned(), ""));
        }
        self.call();
        let answer = self
            .sight
            .metrics
            .object_metric(metric, object)
            .map_err(|error| format!("unable to get metric {metric}: {} on {} {}/{error}", object.kind, self.namespace(), object.name));
        let calculator = self.calculator(selector);
        let (replicas, name, current) = if per_pod {
            let prefix = format!("failed to get {metric} object metric: ");
            let usage = answer.map_err(|message| Failure::new(REASON, message, &prefix))?;
            let target = target.average_value.unwrap_or_default().milli();
            let (replicas, each) = calculator.by_value_per_pod(usage, scale.status_replicas, target, false);
            (replicas, outside_name(&source.metric), average_of(each))
        } else {
            let target = target.value.unwrap_or_default().milli();
            let found = answer.and_then(|usage| Ok((calculator.by_value(usage, scale.spec_replicas, target)?, usage)));
            let (replicas, usage) = found.map_err(|message| Failure::new(REASON, message, ""))?;
            (replicas, format!("{} metric {metric}", object.kind), value_of(usage))
        };
        let object = Some(ObjectMetricStatus { metric: source.metric.clone(), current, described_object: object.clone() });
        Ok(Proposal { replicas, name, status: MetricStatus { r#type: "Object".to_owned(), object, ..Default::default() } })
    }

    fn by_external(&mut self, source: &ExternalMetricSource, scale: &Scale, selector: &LabelSelector) -> Result<Proposal, Failure> {
        const REASON: &str = "FailedGetExternalMetric";
        let (metric, target) = (&source.metric.name, &source.target);
        if target.average_value.is_none() && target.value.is_none() {
            let message = "invalid external metric source: neither a value target nor an average value target was set";
            return Err(Failure::new(REASON, message.to_owned(), ""));
        }
        self.call();
        let answer = self.sight.metrics.external_metric(metric, source.metric.selector.as_ref()).map_err(|error| {
            let series = selector_dump(source.metric.selector.as_ref());
            format!("unable to get external metric {}/{metric}/{series}: {error}", self.namespace())
        });
        // upstream sums until it overflows
        let usage = answer.map(|values| values.into_iter().fold(0i64, i64::saturating_add));
        let calculator = self.calculator(selector);
        let (replicas, current) = if let Some(target) = target.average_value {
            let prefix = format!("failed to get {metric} external metric: ");
            let usage = usage.map_err(|message| Failure::new(REASON, message, &prefix))?;
            let (replicas, each) = calculator.by_value_per_pod(usage, scale.status_replicas, target.milli(), true);
            (replicas, average_of(each))
        } else {
            let prefix = format!("failed to get external metric {metric}: ");
            let target = target.value.unwrap_or_default().milli();
            let found = usage.and_then(|usage| Ok((calculator.by_value(usage, scale.spec_replicas, target)?, usage)));
            let (replicas, usage) = found.map_err(|message| Failure::new(REASON, message, &prefix))?;
            (replicas, value_of(usage))
        };
        let external = Some(ExternalMetricStatus { metric: source.metric.clone(), current });
        let status = MetricStatus { r#type: "External".to_owned(), external, ..Default::default() };
        Ok(Proposal { replicas, name: outside_name(&source.metric), status })
    }
}

/// What a resource was measured against.
#[derive(Clone, Copy)]
enum Measured {
    Average,
    Utilization,
}

fn milli_quantity(milli: i64, format: Format) -> Quantity {
    Quantity::from_milli(milli).with_format(format)
}

fn average_of(milli: i64) -> MetricValueStatus {
    MetricValueStatus { average_value: Some(Quantity::from_milli(milli)), ..Default::default() }
}

fn value_of(milli: i64) -> MetricValueStatus {
    MetricValueStatus { value: Some(Quantity::from_milli(milli)), ..Default::default() }
}

/// Upstream's name for a metric from outside, and, by mistake, for one of an object that is divided among the pods.
fn outside_name(metric: &MetricIdentifier) -> String {
    format!("external metric {}({})", metric.name, selector_dump(metric.selector.as_ref()))
}

/// A selector as Go prints it with `%+v`.
fn selector_dump(selector: Option<&LabelSelector>) -> String {
    let Some(selector) = selector else { return "nil".to_owned() };
    let labels: String = selector.match_labels.iter().map(|(key, value)| format!("{key}: {value},")).collect();
    let expression = |requirement: &SelectorRequirement| {
        let SelectorRequirement { key, operator, values } = requirement;
        format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{}],}},", values.join(" "))
    };
    let expressions: String = selector.match_expressions.iter().map(expression).collect();
    format!("&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}")
}

/// A quantity as a double, by way of its canonical form: digits times a power of ten, as upstream multiplies.
pub(super) fn approximate(quantity: Quantity) -> f64 {
    let (mut digits, mut exponent) = (quantity.nano(), -9);
    while digits != 0 && digits % 1000 == 0 {
        (digits, exponent) = (digits / 1000, exponent + 3);
    }
    let power = match exponent {
        -9 => 1e-9,
        -6 => 1e-6,
        -3 => 1e-3,
        _ => 10f64.powi(exponent),
    };
    digits as f64 * power
}
