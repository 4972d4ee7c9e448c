//! HPA active: services scale with their load, and have room to.
//!
//! It holds when there is an autoscaler, and every one of them works: its target is in the input and nobody else's, every metric can be
//! computed (what utilisation is a percentage of is requested), it says nothing else of itself (`ScalingActive`, `AbleToScale`), growing is
//! not disabled, its most is above its least and above what there is now, and with all autoscalers at their most at once every pod of its
//! target passes the quotas and finds a node. The last is replayed, by the API server's rules and by the scheduler.
//!
//! Source: k8s.io/kubernetes/pkg/controller/podautoscaler/horizontal.go (conditions and their reasons), v1.36.

use super::Setting;
use crate::controllers::horizontal_pod_autoscaler::assume::Autoscaler;
use crate::controllers::scale_down::WorkloadKey;
use crate::manifest::Objects;
use crate::manifest::autoscaling::{HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition};
use crate::manifest::meta::ObjectMeta;
use crate::planning::headroom::{AtMost, Pending, Room, Trial, at_most};

/// Whether services scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Autoscaling {
    /// Every autoscaler, in the order in which they were written.
    pub scalers: Vec<Scaler>,
}

/// An autoscaler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scaler {
    /// `namespace/name`.
    pub name: String,
    /// What it is to scale.
    pub target: WorkloadKey,
    /// Least replicas.
    pub least: i32,
    /// Most replicas.
    pub most: i32,
    /// Replicas of now; none if the target is not there.
    pub current: Option<i32>,
    /// What keeps it from scaling; nothing if it can.
    pub obstacles: Vec<Obstacle>,
}

/// What keeps an autoscaler from scaling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Its target is not in the input, or is of a kind that cannot be scaled.
    NoTarget,
    /// Another autoscaler scales the same target, so neither does.
    Ambiguous,
    /// Its target has no replicas, which turns autoscaling off.
    AtZero,
    /// A metric cannot be computed.
    Metric(String),
    /// It says of itself that it cannot: the condition, its reason and message.
    Condition {
        /// `ScalingActive` or `AbleToScale`.
        condition: String,
        /// Why, in one word.
        reason: String,
        /// Why, in a sentence.
        message: String,
    },
    /// `behavior.scaleUp.selectPolicy: Disabled`.
    GrowthDisabled,
    /// Its most is no more than its least.
    NoRange,
    /// It is at its most already.
    AtMost,
    /// With all autoscalers at their most, the API server refuses so many of its target's pods, with these words for the first.
    Refused {
        /// How many.
        pods: usize,
        /// The API server's sentence about the first.
        message: String,
    },
    /// With all autoscalers at their most, so many of its target's pods find no node, with this sentence about the first.
    NoNode {
        /// How many.
        pods: usize,
        /// The scheduler's sentence about the first.
        message: String,
    },
}

impl Autoscaling {
    /// Whether there is an autoscaler and all can scale.
    pub fn holds(&self) -> bool {
        !self.scalers.is_empty() && self.able() == self.scalers.len()
    }

    /// How many can scale.
    pub fn able(&self) -> usize {
        self.scalers.iter().filter(|scaler| scaler.obstacles.is_empty()).count()
    }
}

pub(super) fn measure(objects: &Objects, setting: &Setting<'_>) -> Autoscaling {
    let found = at_most(objects, setting.configuration, setting.options);
    Autoscaling { scalers: objects.horizontal_pod_autoscalers.iter().map(|hpa| scaler(hpa, objects, &found, setting)).collect() }
}

fn scaler(hpa: &HorizontalPodAutoscaler, objects: &Objects, found: &AtMost, setting: &Setting<'_>) -> Scaler {
    let (metadata, spec) = (&hpa.metadata, &hpa.spec);
    let is_own = |autoscaler: &Autoscaler| {
        let own = &autoscaler.hpa.metadata;
        own.name == metadata.name && own.namespace_or_default() == metadata.namespace_or_default()
    };
    let index = found.rooms.iter().position(|room| is_own(&room.autoscaler));
    let mut obstacles = match index {
        Some(index) => obstacles(index, &found.rooms[index], found.trial.as_ref(), setting),
        None if is_shared(hpa, objects) => vec![Obstacle::Ambiguous],
        None => vec![Obstacle::NoTarget],
    };
    obstacles.extend(conditions(hpa));
    let target = &spec.scale_target_ref;
    Scaler {
        name: format!("{}/{}", metadata.namespace_or_default(), metadata.name),
        target: WorkloadKey { namespace: metadata.namespace_or_default().to_owned(), kind: target.kind.clone(), name: target.name.clone() },
        least: spec.min_replicas.unwrap_or(1),
        most: spec.max_replicas,
        current: index.map(|index| found.rooms[index].autoscaler.written),
        obstacles,
    }
}

/// What keeps an autoscaler that works from growing.
fn obstacles(index: usize, room: &Room, trial: Option<&Trial>, setting: &Setting<'_>) -> Vec<Obstacle> {
    if room.load.replicas == 0 {
        return vec![Obstacle::AtZero];
    }
    let mut obstacles: Vec<Obstacle> = room.problems.iter().cloned().map(Obstacle::Metric).collect();
    let (least, most) = room.autoscaler.bounds();
    if !can_grow(&room.autoscaler.hpa) {
        obstacles.push(Obstacle::GrowthDisabled);
    }
    if most <= least {
        obstacles.push(Obstacle::NoRange);
    } else if room.autoscaler.written >= most && !setting.at_most {
        obstacles.push(Obstacle::AtMost);
    }
    let pending = |is_refused: bool| {
        let own = move |pending: &&Pending| pending.autoscaler == Some(index) && pending.is_refused == is_refused;
        let mut own = trial.into_iter().flat_map(|trial| &trial.pending).filter(own);
        own.next().map(|first| (1 + own.count(), first.message.clone()))
    };
    obstacles.extend(pending(true).map(|(pods, message)| Obstacle::Refused { pods, message }));
    obstacles.extend(pending(false).map(|(pods, message)| Obstacle::NoNode { pods, message }));
    obstacles
}

fn can_grow(hpa: &HorizontalPodAutoscaler) -> bool {
    let rules = hpa.spec.behavior.as_ref().and_then(|behavior| behavior.scale_up.as_ref());
    rules.and_then(|rules| rules.select_policy.as_deref()) != Some("Disabled")
}

/// Whether its target is there, and another autoscaler has it too.
fn is_shared(hpa: &HorizontalPodAutoscaler, objects: &Objects) -> bool {
    let namespace = hpa.metadata.namespace_or_default();
    let target = &hpa.spec.scale_target_ref;
    let is_target = |metadata: &ObjectMeta| metadata.name == target.name && metadata.namespace_or_default() == namespace;
    let is_there = match target.kind.as_str() {
        "Deployment" => objects.deployments.iter().any(|each| is_target(&each.metadata)),
        "StatefulSet" => objects.stateful_sets.iter().any(|each| is_target(&each.metadata)),
        "ReplicaSet" => objects.replica_sets.iter().any(|each| is_target(&each.metadata)),
        "ReplicationController" => objects.replication_controllers.iter().any(|each| is_target(&each.metadata)),
        _ => false,
    };
    let has_it = |other: &&HorizontalPodAutoscaler| {
        let own = &other.spec.scale_target_ref;
        other.metadata.namespace_or_default() == namespace && (&own.kind, &own.name) == (&target.kind, &target.name)
    };
    is_there && objects.horizontal_pod_autoscalers.iter().filter(has_it).count() > 1
}

/// What an autoscaler says of itself. That it is off because its target has no replicas is told by the target.
fn conditions(hpa: &HorizontalPodAutoscaler) -> impl Iterator<Item = Obstacle> {
    let says_no = |condition: &&HorizontalPodAutoscalerCondition| {
        condition.status == "False" && ["ScalingActive", "AbleToScale"].contains(&condition.r#type.as_str()) && condition.reason != OFF
    };
    hpa.status.conditions.iter().filter(says_no).map(|condition| Obstacle::Condition {
        condition: condition.r#type.clone(),
        reason: condition.reason.clone(),
        message: condition.message.clone(),
    })
}

/// The reason of an autoscaler whose target is at zero replicas.
const OFF: &str = "ScalingDisabled";
