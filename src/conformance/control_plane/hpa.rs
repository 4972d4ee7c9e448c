//! The family `hpa`: autoscalers, sync by sync.
//!
//! The recorded controller ran on a clock of its own, on which a call of a metrics API takes a millisecond and nothing else takes any time.
//! The other autoscalers of a recording were never synced themselves, so the controller does not know their pods.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Recording;
use super::event_correlator::Correlator;
use crate::admission::horizontal_pod_autoscaler::default_hpa;
use crate::controllers::horizontal_pod_autoscaler::metrics::{Answers, ApiErrors, ExternalMetric, ObjectMetric, PodMetrics};
use crate::controllers::horizontal_pod_autoscaler::{Clock, Flags, Memory, Milliseconds, ObservedPod, Outcome, Scale, Sight, reconcile};
use crate::manifest::Quantity;
use crate::manifest::autoscaling::{HorizontalPodAutoscaler, MetricStatus};
use crate::manifest::meta::StringMap;
use crate::manifest::pod::{Condition, Container, Pod, ResourceList, ResourceRequirements};

/// Replays a recording: the defaulted spec, and what every sync did.
pub(super) fn replay(recording: &Recording) -> Result<Value, String> {
    let input: Input = serde_json::from_slice(recording.input.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let mut hpa = input.hpa;
    default_hpa(&mut hpa);
    let defaulted = serde_json::to_value(&hpa.spec).map_err(|error| error.to_string())?;
    let mut world = World { memory: input.history.memory(), clock: Clock { now: 0, call_milliseconds: 1 }, ..World::default() };
    let flags = input.controller.flags();
    let steps: Vec<Value> = input.steps.iter().map(|step| world.step(step, &mut hpa, &flags)).collect();
    Ok(json!({"defaultedSpec": defaulted, "steps": steps}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    hpa: HorizontalPodAutoscaler,
    controller: Controller,
    #[serde(default)]
    history: History,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Controller {
    tolerance: f64,
    downscale_stabilization_seconds: i64,
    cpu_initialization_period_seconds: i64,
    initial_readiness_delay_seconds: i64,
}

impl Controller {
    fn flags(&self) -> Flags {
        Flags {
            tolerance: self.tolerance,
            downscale_stabilization_seconds: self.downscale_stabilization_seconds,
            cpu_initialization_period_seconds: self.cpu_initialization_period_seconds,
            initial_readiness_delay_seconds: self.initial_readiness_delay_seconds,
        }
    }
}

/// What the controller remembers from before: age in seconds, and number.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct History {
    recommendations: Vec<(f64, i32)>,
    scale_up_events: Vec<(f64, i32)>,
    scale_down_events: Vec<(f64, i32)>,
}

impl History {
    fn memory(&self) -> Memory {
        let at = |entries: &[(f64, i32)]| entries.iter().map(|&(age, number)| (-milliseconds(age), number)).collect();
        Memory {
            recommendations: (!self.recommendations.is_empty()).then(|| at(&self.recommendations)),
            scale_up_events: at(&self.scale_up_events),
            scale_down_events: at(&self.scale_down_events),
        }
    }
}

fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    #[serde(default)]
    after_seconds: f64,
    scale: Option<StepScale>,
    pods: Option<Vec<StepPod>>,
    auto_pods: Option<AutoPods>,
    #[serde(default)]
    metrics: Metrics,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StepScale {
    spec_replicas: i32,
    status_replicas: i32,
    selector: String,
    missing: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StepPod {
    name: String,
    #[serde(default)]
    labels: StringMap,
    #[serde(default)]
    phase: String,
    ready: Option<bool>,
    started_seconds_ago: Option<f64>,
    ready_transition_seconds_ago: Option<f64>,
    #[serde(default)]
    deleting: bool,
    #[serde(default)]
    containers: Vec<StepContainer>,
    #[serde(default)]
    init_containers: Vec<StepContainer>,
    pod_requests: Option<ResourceList>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StepContainer {
    name: String,
    #[serde(default)]
    requests: ResourceList,
    restart_policy: Option<String>,
}

/// Pods that are all alike: as many as there are replicas.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct AutoPods {
    requests: ResourceList,
    usage: ResourceList,
    total_milli_usage: BTreeMap<String, i64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metrics {
    resource: Vec<StepMetrics>,
    pods: BTreeMap<String, Vec<StepValue>>,
    objects: Vec<StepObject>,
    external: BTreeMap<String, Vec<Quantity>>,
    errors: Errors,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Errors {
    resource: Option<String>,
    custom: Option<String>,
    pods: Option<String>,
    objects: Option<String>,
    object: Option<String>,
    external: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StepMetrics {
    pod: String,
    #[serde(default)]
    labels: StringMap,
    #[serde(default)]
    age_seconds: f64,
    #[serde(default = "minute")]
    window_seconds: f64,
    #[serde(default)]
    containers: Vec<StepUsage>,
}

fn minute() -> f64 {
    60.0
}

#[derive(Deserialize)]
struct StepUsage {
    name: String,
    #[serde(default)]
    usage: ResourceList,
}

#[derive(Deserialize)]
struct StepValue {
    pod: String,
    value: Quantity,
}

#[derive(Deserialize)]
struct StepObject {
    kind: String,
    name: String,
    metric: String,
    value: Quantity,
}

/// What lasts from step to step.
#[derive(Default)]
struct World {
    memory: Memory,
    clock: Clock,
    scale: StepScale,
    pods: Vec<TimedPod>,
    events: Correlator,
}

struct TimedPod {
    pod: Pod,
    started: Option<Milliseconds>,
    ready_changed: Option<Milliseconds>,
}

impl TimedPod {
    fn observed(&self) -> ObservedPod<'_> {
        ObservedPod { pod: &self.pod, started: self.started, ready_changed: self.ready_changed }
    }
}

impl World {
    fn step(&mut self, step: &Step, hpa: &mut HorizontalPodAutoscaler, flags: &Flags) -> Value {
        self.clock.now += milliseconds(step.after_seconds);
        if let Some(scale) = &step.scale {
            self.scale = scale.clone();
        }
        let now = self.clock.now;
        let mut answers = step.metrics.answers(now);
        if let Some(pods) = &step.pods {
            self.pods = pods.iter().map(|pod| pod.timed(now)).collect();
        }
        if let Some(auto) = &step.auto_pods {
            self.pods = (0..self.scale.spec_replicas).map(|number| auto.pod(number, now)).collect();
            answers.resource.extend((0..self.scale.spec_replicas).map(|number| auto.metrics(number, self.scale.spec_replicas, now)));
        }
        let StepScale { spec_replicas, status_replicas, .. } = self.scale;
        let scale = Scale { spec_replicas, status_replicas, selector: self.scale.selector.clone() };
        let pods: Vec<ObservedPod<'_>> = self.pods.iter().map(TimedPod::observed).collect();
        let sight = Sight { scale: (!self.scale.missing).then_some(&scale), pods: &pods, metrics: &answers, rivals: &[] };
        let mut outcome = reconcile(hpa, flags, &mut self.memory, sight, &mut self.clock);
        outcome.events = self.events.observe(outcome.events, self.clock.now);
        hpa.status = outcome.status.clone();
        if let Some(replicas) = outcome.scale_to {
            self.scale.spec_replicas = replicas;
            self.scale.status_replicas = replicas;
        }
        facts(&outcome, self.scale.spec_replicas)
    }
}

impl StepPod {
    fn timed(&self, now: Milliseconds) -> TimedPod {
        let mut pod = Pod::default();
        pod.metadata.name.clone_from(&self.name);
        pod.metadata.labels.clone_from(&self.labels);
        pod.metadata.deletion_timestamp = self.deleting.then(|| "2000-01-01T00:00:00Z".to_owned());
        pod.status.phase.clone_from(&self.phase);
        pod.status.conditions.extend(self.ready.map(ready));
        pod.spec.containers = self.containers.iter().map(StepContainer::container).collect();
        pod.spec.init_containers = self.init_containers.iter().map(StepContainer::container).collect();
        pod.spec.resources = self.pod_requests.clone().map(|requests| Box::new(ResourceRequirements { requests, ..Default::default() }));
        let ago = |seconds: Option<f64>| seconds.map(|seconds| now - milliseconds(seconds));
        TimedPod { pod, started: ago(self.started_seconds_ago), ready_changed: ago(self.ready_transition_seconds_ago) }
    }
}

fn ready(holds: bool) -> Condition {
    Condition { r#type: "Ready".to_owned(), status: if holds { "True" } else { "False" }.to_owned(), ..Default::default() }
}

impl StepContainer {
    fn container(&self) -> Container {
        let mut container = Container { name: self.name.clone(), restart_policy: self.restart_policy.clone(), ..Default::default() };
        container.resources.requests.clone_from(&self.requests);
        container
    }
}

impl AutoPods {
    fn labels() -> StringMap {
        StringMap::from([("app".to_owned(), "web".to_owned())])
    }

    fn pod(&self, number: i32, now: Milliseconds) -> TimedPod {
        let mut pod = Pod::default();
        pod.metadata.name = format!("web-{number}");
        pod.metadata.labels = Self::labels();
        pod.status.phase = "Running".to_owned();
        pod.status.conditions.push(ready(true));
        let mut container = Container { name: "c".to_owned(), ..Default::default() };
        container.resources.requests.clone_from(&self.requests);
        pod.spec.containers.push(container);
        TimedPod { pod, started: Some(now - 3_600_000), ready_changed: Some(now - 3_500_000) }
    }

    fn metrics(&self, number: i32, count: i32, now: Milliseconds) -> PodMetrics {
        let mut usage = self.usage.clone();
        for (name, total) in &self.total_milli_usage {
            usage.insert(name.clone(), Quantity::from_milli(total / i64::from(count.max(1))));
        }
        PodMetrics {
            pod: format!("web-{number}"),
            labels: Self::labels(),
            timestamp: now,
            window_milliseconds: 60_000,
            containers: vec![("c".to_owned(), usage)],
        }
    }
}

impl Metrics {
    fn answers(&self, now: Milliseconds) -> Answers {
        let value = |value: &StepValue| (value.pod.clone(), value.value);
        let object = |object: &StepObject| ObjectMetric {
            kind: object.kind.clone(),
            name: object.name.clone(),
            metric: object.metric.clone(),
            value: object.value,
        };
        let series = |values: &[Quantity]| values.iter().map(|&value| ExternalMetric { labels: None, value }).collect();
        let errors = &self.errors;
        Answers {
            resource: self.resource.iter().map(|metrics| metrics.measured(now)).collect(),
            pods: self.pods.iter().map(|(metric, values)| (metric.clone(), values.iter().map(value).collect())).collect(),
            objects: self.objects.iter().map(object).collect(),
            external: self.external.iter().map(|(metric, values)| (metric.clone(), series(values))).collect(),
            errors: ApiErrors {
                resource: errors.resource.clone(),
                pods: errors.pods.clone().or_else(|| errors.custom.clone()),
                objects: errors.objects.clone().or_else(|| errors.object.clone()).or_else(|| errors.custom.clone()),
                external: errors.external.clone(),
            },
        }
    }
}

impl StepMetrics {
    fn measured(&self, now: Milliseconds) -> PodMetrics {
        PodMetrics {
            pod: self.pod.clone(),
            labels: self.labels.clone(),
            timestamp: now - milliseconds(self.age_seconds),
            window_milliseconds: milliseconds(self.window_seconds),
            containers: self.containers.iter().map(|container| (container.name.clone(), container.usage.clone())).collect(),
        }
    }
}

/// What a sync did, in the recordings' format.
fn facts(outcome: &Outcome, replicas_after: i32) -> Value {
    let status = &outcome.status;
    let conditions: serde_json::Map<String, Value> = (status.conditions.iter())
        .map(|condition| {
            let facts = json!({"status": condition.status, "reason": condition.reason, "message": condition.message});
            (condition.r#type.clone(), facts)
        })
        .collect();
    let metrics = status.current_metrics.as_ref().map(|metrics| metrics.iter().map(metric).collect::<Vec<_>>());
    let mut facts = json!({
        "scaleTo": outcome.scale_to,
        "currentReplicas": status.current_replicas,
        "desiredReplicas": status.desired_replicas,
        "conditions": conditions,
        "currentMetrics": metrics,
        "events": outcome.events,
        "replicasAfter": replicas_after,
    });
    if let Some(error) = &outcome.error {
        facts["error"] = json!(error);
    }
    facts
}

/// A metric as Go writes it: its type also where that is empty.
fn metric(status: &MetricStatus) -> Value {
    let mut value = json!(status);
    if status.r#type.is_empty() {
        value["type"] = json!("");
    }
    value
}
