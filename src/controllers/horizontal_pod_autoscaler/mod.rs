//! HorizontalPodAutoscaler: how many replicas a workload should have, by what was measured.
//!
//! [`reconcile`] is one sync of upstream's controller as a function: of the autoscaler, the flags, what the controller remembers, the
//! scale and pods it sees, what the metrics APIs answer, and the time. It opens nothing and asks no clock. What it gives back is what a
//! cluster would show: the scale that is written, the status with its conditions and metrics, the events and the error, word by word.
//!
//! [`assume`] puts this to use: how many replicas autoscaled workloads have in a plan.
//!
//! Source: k8s.io/kubernetes/pkg/controller/podautoscaler/{horizontal,replica_calculator}.go, metrics/{client,utilization}.go, v1.36,
//! with the feature gates of 1.36: configurable tolerance on, scaling to zero off.

mod aim;
pub mod assume;
mod behavior;
pub mod load;
pub mod metrics;
mod proposal;
mod replica_calculator;
mod requests;
mod selector_text;

use crate::manifest::autoscaling::*;
use crate::manifest::meta::{LabelSelector, StringMap};
use crate::manifest::pod::Pod;
use metrics::Answers;
pub use selector_text::selector_text;

/// A moment, in milliseconds of one clock. Which clock does not matter, as long as all moments are of the same.
pub type Milliseconds = i64;

/// Flags of kube-controller-manager that this controller goes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flags {
    /// How far from its target a metric may be before anything happens, as a fraction.
    pub tolerance: f64,
    /// Seconds of recommendations that the highest is taken of before going down.
    pub downscale_stabilization_seconds: i64,
    /// Seconds after its start in which a pod's cpu is doubted.
    pub cpu_initialization_period_seconds: i64,
    /// Seconds after its start until which a pod that turns unready counts as never having been ready.
    pub initial_readiness_delay_seconds: i64,
}

impl Default for Flags {
    fn default() -> Self {
        Flags {
            tolerance: 0.1,
            downscale_stabilization_seconds: 300,
            cpu_initialization_period_seconds: 300,
            initial_readiness_delay_seconds: 30,
        }
    }
}

/// What the controller remembers of an autoscaler between syncs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// What it recommended before bounds and stabilisation. None before the first sync that got a scale.
    pub recommendations: Option<Vec<(Milliseconds, i32)>>,
    /// Replicas added, while a behaviour was set.
    pub scale_up_events: Vec<(Milliseconds, i32)>,
    /// Replicas taken away, while a behaviour was set.
    pub scale_down_events: Vec<(Milliseconds, i32)>,
}

/// The scale of what an autoscaler scales.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scale {
    /// Replicas asked for.
    pub spec_replicas: i32,
    /// Replicas there are.
    pub status_replicas: i32,
    /// Which pods, as text: `app=web,tier in (a,b)`.
    pub selector: String,
}

/// A pod as the controller sees it, with its times.
#[derive(Debug, Clone, Copy)]
pub struct ObservedPod<'a> {
    /// The pod.
    pub pod: &'a Pod,
    /// When the kubelet took it.
    pub started: Option<Milliseconds>,
    /// When its Ready condition last changed.
    pub ready_changed: Option<Milliseconds>,
}

/// Another autoscaler of the namespace, and which pods it goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rival {
    /// Its name.
    pub name: String,
    /// Its pods.
    pub selector: LabelSelector,
}

/// What there is to see at a sync.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    /// The scale of the target; none if the target does not exist.
    pub scale: Option<&'a Scale>,
    /// Pods of the namespace.
    pub pods: &'a [ObservedPod<'a>],
    /// What the metrics APIs answer.
    pub metrics: &'a Answers,
    /// The other autoscalers of the namespace that have been synced.
    pub rivals: &'a [Rival],
}

/// Tells the time, and how long a call takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clock {
    /// Now.
    pub now: Milliseconds,
    /// Milliseconds that each call of a metrics API takes.
    pub call_milliseconds: i64,
}

/// An event, as the controller records it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Event {
    /// `Normal` or `Warning`.
    pub r#type: &'static str,
    /// Why, in one word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
}

/// What a sync did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The replicas that were written; none if the scale was left alone.
    pub scale_to: Option<i32>,
    /// The status, with the conditions of earlier syncs that this one did not touch.
    pub status: HorizontalPodAutoscalerStatus,
    /// The events, in order.
    pub events: Vec<Event>,
    /// The error that the sync ended in. Scaling may have happened all the same.
    pub error: Option<String>,
}

/// One sync of an autoscaler that the API server has defaulted. `hpa.status` is where the last sync left it.
pub fn reconcile(hpa: &HorizontalPodAutoscaler, flags: &Flags, memory: &mut Memory, sight: Sight<'_>, clock: &mut Clock) -> Outcome {
    let outcome = Outcome { status: hpa.status.clone(), ..Outcome::default() };
    let mut sync = Sync { hpa, flags, memory, sight, clock, outcome };
    sync.run();
    sync.outcome
}

/// A sync under way.
struct Sync<'a> {
    hpa: &'a HorizontalPodAutoscaler,
    flags: &'a Flags,
    memory: &'a mut Memory,
    sight: Sight<'a>,
    clock: &'a mut Clock,
    outcome: Outcome,
}

impl Sync<'_> {
    fn run(&mut self) {
        let reference = self.reference();
        let scale = match self.get_scale(&reference) {
            Ok(scale) => scale,
            Err((cause, error)) => {
                self.warn("FailedGetScale", &cause);
                let message = format!("the HPA controller was unable to get the target's current scale: {cause}");
                self.set_condition("AbleToScale", false, "FailedGetScale", message);
                self.outcome.error = Some(error);
                return;
            }
        };
        self.set_condition(
            "AbleToScale",
            true,
            "SucceededGetScale",
            "the HPA controller was able to get the target's current scale".into(),
        );
        let current = scale.spec_replicas;
        let now = self.clock.now;
        self.memory.recommendations.get_or_insert_with(|| vec![(now, current)]);
        self.decide(&scale, &reference);
    }

    /// Kind, namespace and name of the target.
    fn reference(&self) -> String {
        let target = &self.hpa.spec.scale_target_ref;
        format!("{}/{}/{}", target.kind, self.namespace(), target.name)
    }

    fn namespace(&self) -> &str {
        self.hpa.metadata.namespace_or_default()
    }

    /// The scale; or why there is none, and the error to end in.
    fn get_scale(&self, reference: &str) -> Result<Scale, (String, String)> {
        let target = &self.hpa.spec.scale_target_ref;
        let parts: Vec<&str> = target.api_version.split('/').collect();
        let group = match parts[..] {
            [_] => "",
            [group, _] => group,
            _ => {
                let cause = format!("unexpected GroupVersion string: {}", target.api_version);
                return Err((cause.clone(), format!("invalid API version in scale target reference: {cause}")));
            }
        };
        let Some(resource) = scalable(group, &target.kind) else {
            let cause = format!("no matches for kind \"{}\" in group \"{group}\"", target.kind);
            return Err((cause.clone(), format!("unable to determine resource for scale target reference: {cause}")));
        };
        self.sight.scale.cloned().ok_or_else(|| {
            let group = if group.is_empty() { String::new() } else { format!(".{group}") };
            let cause = format!("{resource}/scale{group} \"{}\" not found", target.name);
            (cause.clone(), format!("failed to query scale subresource for {reference}: {cause}"))
        })
    }

    fn decide(&mut self, scale: &Scale, reference: &str) {
        let spec = &self.hpa.spec;
        let (current, fewest) = (scale.spec_replicas, spec.min_replicas.unwrap_or(1));
        if current == 0 && fewest != 0 {
            let message = "scaling is disabled since the replica count of the target is zero";
            self.set_condition("ScalingActive", false, "ScalingDisabled", message.into());
            self.set_status(current, current, None);
        } else if current > spec.max_replicas {
            self.rescale(current, spec.max_replicas, "Current number of replicas above Spec.MaxReplicas", None);
        } else if current < fewest {
            self.rescale(current, fewest, "Current number of replicas below Spec.MinReplicas", None);
        } else {
            self.decide_by_metrics(scale, fewest, reference);
        }
    }

    fn decide_by_metrics(&mut self, scale: &Scale, fewest: i32, reference: &str) {
        let current = scale.spec_replicas;
        let found = self.compute_replicas(scale);
        self.outcome.error = found.error;
        let Some((proposed, metric)) = found.replicas else {
            let error = self.outcome.error.take().unwrap_or_default();
            self.set_status(current, self.outcome.status.desired_replicas, found.statuses);
            self.warn("FailedComputeMetricsReplicas", &error);
            self.outcome.error =
                Some(format!("failed to compute desired number of replicas based on listed metrics for {reference}: {error}"));
            return;
        };
        // a proposal of none leaves the metric unnamed
        let (wanted, metric) = if proposed > 0 { (proposed, metric) } else { (0, String::new()) };
        let reason = match wanted.cmp(&current) {
            std::cmp::Ordering::Greater => format!("{metric} above target"),
            std::cmp::Ordering::Less => "All metrics below target".to_owned(),
            std::cmp::Ordering::Equal => String::new(),
        };
        let desired = self.normalize(current, wanted, fewest);
        if desired != current {
            self.rescale(current, desired, &reason, found.statuses);
        } else {
            self.set_status(current, current, found.statuses);
        }
    }

    fn rescale(&mut self, current: i32, desired: i32, reason: &str, statuses: Option<Vec<MetricStatus>>) {
        self.outcome.scale_to = Some(desired);
        let message = format!("the HPA controller was able to update the target scale to {desired}");
        self.set_condition("AbleToScale", true, "SucceededRescale", message);
        let message = format!("New size: {desired}; reason: {reason}");
        self.outcome.events.push(Event { r#type: "Normal", reason: "SuccessfulRescale".to_owned(), message });
        self.store_scale_event(current, desired);
        self.set_status(current, desired, statuses);
    }

    fn set_status(&mut self, current: i32, desired: i32, statuses: Option<Vec<MetricStatus>>) {
        let status = &mut self.outcome.status;
        status.current_replicas = current;
        status.desired_replicas = desired;
        status.current_metrics = statuses;
    }

    fn warn(&mut self, reason: &str, message: &str) {
        self.outcome.events.push(Event { r#type: "Warning", reason: reason.to_owned(), message: message.to_owned() });
    }

    fn set_condition(&mut self, kind: &str, holds: bool, reason: &str, message: String) {
        let conditions = &mut self.outcome.status.conditions;
        let position = conditions.iter().position(|condition| condition.r#type == kind).unwrap_or_else(|| {
            conditions.push(HorizontalPodAutoscalerCondition { r#type: kind.to_owned(), ..Default::default() });
            conditions.len() - 1
        });
        let condition = &mut conditions[position];
        condition.status = if holds { "True" } else { "False" }.to_owned();
        condition.reason = reason.to_owned();
        condition.message = message;
    }

    /// The pods that a selector takes in.
    fn pods_of(&self, selector: &LabelSelector) -> Vec<ObservedPod<'_>> {
        let matches = |labels: &StringMap| super::selector::matches(selector, labels);
        self.sight.pods.iter().filter(|pod| matches(&pod.pod.metadata.labels)).copied().collect()
    }
}

/// The word for what of this kind has a scale.
fn scalable(group: &str, kind: &str) -> Option<&'static str> {
    match (group, kind) {
        ("apps", "Deployment") => Some("deployments"),
        ("apps", "ReplicaSet") => Some("replicasets"),
        ("apps", "StatefulSet") => Some("statefulsets"),
        ("", "ReplicationController") => Some("replicationcontrollers"),
        _ => None,
    }
}
