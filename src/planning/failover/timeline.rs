//! The timeline of one pod: stage by stage from the loss of its node until it is ready elsewhere.
//!
//! Source: k8s.io/kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go (detection, taints),
//! pkg/controller/tainteviction/taint_eviction.go (deletion), pkg/controller/replicaset (a terminating pod is replaced at once),
//! pkg/controller/statefulset (its name must be free first), pkg/controller/job (after the back-off; with `podReplacementPolicy: Failed`
//! only when the pod has ended), pkg/controller/podgc/gc_controller.go (orphans, out-of-service),
//! pkg/controller/volume/attachdetach/reconciler/reconciler.go (force detach), v1.36.

use std::time::Duration;

use super::start::start;
use super::toleration::{out_of_service, unreachable};
use super::{Assumptions, Claim, DetachFrom, Disruption, Hold, Means, Removal, Span};
use crate::controllers::taint_eviction::{Stay, stay};
use crate::manifest::pod::Pod;
use crate::manifest::workload::Job;

/// What manages a pod, as far as its replacement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controller {
    /// A ReplicaSet (of a Deployment) or a ReplicationController: replaces a pod as soon as it is being deleted.
    ReplicaSet,
    /// A Job that replaces pods that are being deleted, after its back-off.
    Job,
    /// A Job that replaces pods only when they have ended (`podReplacementPolicy: Failed`).
    JobWhenEnded,
    /// A StatefulSet: replaces a pod when its object is gone.
    StatefulSet,
    /// A controller that is not known, such as a StrimziPodSet or the Cluster of an operator: taken to have stable names, as a StatefulSet.
    Unknown,
    /// A DaemonSet: its pod belongs to the node.
    DaemonSet,
    /// The node itself: a static pod.
    Node,
    /// Nothing: nobody replaces it.
    Nothing,
}

/// A pod of a node that is lost.
#[derive(Debug, Clone, Copy)]
pub struct Displaced<'a> {
    /// The pod, as admission left it: with the tolerations that the API server adds.
    pub pod: &'a Pod,
    /// What manages it.
    pub controller: Controller,
    /// How evictions go in the zone of its node.
    pub disruption: Disruption,
    /// Which of the lost nodes of the zone its node is, from 0.
    pub order_in_zone: usize,
    /// What its volumes mean for a move.
    pub claims: &'a [Claim],
    /// `minReadySeconds` of its workload.
    pub min_ready_seconds: i32,
}

/// What happens to a pod, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The stages, one after another. Those that take no time in any case are left out, but for detection and start.
    pub stages: Vec<Stage>,
    /// When the replacement is created; none if never by itself.
    pub created: Option<Span>,
    /// When the replacement is ready; none if never by itself.
    pub back_after: Option<Span>,
    /// Whether there is a replacement, ever. Pods of DaemonSets, static pods, pods nobody manages and pods that are never evicted have none.
    pub moves: bool,
}

/// A part of a timeline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// What happens.
    pub kind: StageKind,
    /// When it begins, counted from the loss.
    pub start: Span,
    /// How long it takes; none if it does not end by itself.
    pub length: Option<Span>,
    /// Where the length comes from.
    pub basis: Basis,
}

/// What happens in a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StageKind {
    /// The node has not been found to be lost.
    Detection,
    /// The node has not got its `NoExecute` taint: other nodes of its zone come first, or its zone is left alone.
    Taint,
    /// The pod tolerates the taint.
    Toleration,
    /// The Job waits before it replaces the pod.
    BackOff,
    /// The dead pod's object is still there, and its name is not free.
    Removal,
    /// Nobody replaces the pod.
    NoReplacement,
    /// The replacement waits for its binding.
    Scheduling,
    /// A volume is still attached to the dead node.
    Detach,
    /// A volume is a disk of the dead node.
    LocalVolume,
    /// The replacement starts.
    Start,
    /// The replacement is ready, but not yet for `minReadySeconds`.
    Availability,
}

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// It was given.
    Flag,
    /// An annotation of the pod.
    Annotation,
    /// The pod's spec, or its workload's.
    PodSpec,
    /// What Kubernetes does if nothing else is said.
    KubernetesDefault,
    /// Nothing says it.
    Assumed,
}

impl Basis {
    /// Of a setting of the control plane: as it is by default, or given.
    pub(super) fn of_setting(is_usual: bool) -> Self {
        if is_usual { Basis::KubernetesDefault } else { Basis::Flag }
    }

    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Basis::Flag => "flag",
            Basis::Annotation => "annotation",
            Basis::PodSpec => "pod spec",
            Basis::KubernetesDefault => "Kubernetes default",
            Basis::Assumed => "assumed",
        }
    }
}

impl StageKind {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            StageKind::Detection => "detection",
            StageKind::Taint => "taint",
            StageKind::Toleration => "toleration",
            StageKind::BackOff => "back-off of the Job",
            StageKind::Removal => "dead pod's object",
            StageKind::NoReplacement => "no replacement",
            StageKind::Scheduling => "scheduling",
            StageKind::Detach => "volume detach",
            StageKind::LocalVolume => "local volume",
            StageKind::Start => "start",
            StageKind::Availability => "minReadySeconds",
        }
    }
}

impl Controller {
    /// What manages a pod, by the controller it names. Of a Job the replacement policy is not known here: see [`Controller::of_job`].
    pub fn of(pod: &Pod) -> Self {
        match pod.metadata.controller().map(|owner| owner.kind.as_str()) {
            None if pod.metadata.annotations.contains_key("kubernetes.io/config.mirror") => Controller::Node,
            None => Controller::Nothing,
            Some("ReplicaSet" | "Deployment" | "ReplicationController") => Controller::ReplicaSet,
            Some("Job" | "CronJob") => Controller::Job,
            Some("StatefulSet") => Controller::StatefulSet,
            Some("DaemonSet") => Controller::DaemonSet,
            Some("Node") => Controller::Node,
            Some(_) => Controller::Unknown,
        }
    }

    /// How a Job replaces its pods. One with a pod failure policy waits for their end.
    pub fn of_job(job: &Job) -> Self {
        match job.spec.pod_replacement_policy.as_deref() {
            Some("Failed") => Controller::JobWhenEnded,
            None if job.spec.pod_failure_policy.is_some() => Controller::JobWhenEnded,
            _ => Controller::Job,
        }
    }
}

impl Timeline {
    /// The longest it can take until the replacement is ready; none if it is never by itself.
    pub fn worst(&self) -> Option<Duration> {
        self.back_after.map(|span| span.most)
    }

    /// The stage that takes longest: the first that does not end, or else the one with the longest worst case.
    pub fn longest(&self) -> Option<&Stage> {
        let endless = self.stages.iter().find(|stage| stage.length.is_none());
        let most = |stage: &&Stage| stage.length.map(|length| length.most);
        // of equals the earliest
        endless.or_else(|| self.stages.iter().rev().max_by_key(most))
    }
}

/// What happens to a pod of a lost node, and when.
pub fn timeline(assumptions: &Assumptions, displaced: &Displaced<'_>) -> Timeline {
    build(assumptions, &Case::of(assumptions, displaced))
}

/// What a timeline depends on, taken out of the manifests: what remedies change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Case {
    pub controller: Controller,
    /// How long the node waits for its taint; none if for ever.
    pub taint: Option<Duration>,
    pub toleration: Stay,
    pub toleration_basis: Basis,
    /// Whether the out-of-service taint drives the pod away.
    pub leaves_out_of_service: bool,
    pub is_attached: bool,
    pub is_local: bool,
    pub start: Duration,
    pub start_basis: Basis,
    pub min_ready: Duration,
}

/// What the API server lets a pod tolerate when it says nothing.
const DEFAULT_TOLERATION: Stay = Stay::For(Duration::from_secs(300));

impl Case {
    pub fn of(assumptions: &Assumptions, displaced: &Displaced<'_>) -> Self {
        let tolerations = &displaced.pod.spec.tolerations;
        let toleration = stay(&[unreachable()], tolerations);
        let (start, start_basis) = start(assumptions, displaced.pod);
        Case {
            controller: displaced.controller,
            taint: displaced.disruption.wait(displaced.order_in_zone),
            toleration,
            toleration_basis: if toleration == DEFAULT_TOLERATION { Basis::KubernetesDefault } else { Basis::PodSpec },
            leaves_out_of_service: stay(&[out_of_service()], tolerations) != Stay::ForEver,
            is_attached: displaced.claims.iter().any(|claim| claim.hold == Hold::OneNode),
            is_local: displaced.claims.iter().any(|claim| claim.hold == Hold::Local),
            start,
            start_basis,
            min_ready: Duration::from_secs(u64::try_from(displaced.min_ready_seconds).unwrap_or(0)),
        }
    }
}

/// Stages put one behind another.
struct Stages {
    stages: Vec<Stage>,
    /// Where the next one begins; none behind one that does not end.
    now: Option<Span>,
}

impl Stages {
    /// Adds a stage that ends at a point, or never.
    fn until(&mut self, kind: StageKind, end: Option<Span>, basis: Basis) {
        let Some(start) = self.now else { return };
        let length = end.map(|end| end.since(start));
        if length.is_none_or(|length| !length.is_zero()) || matches!(kind, StageKind::Detection | StageKind::Start) {
            self.stages.push(Stage { kind, start, length, basis });
        }
        self.now = length.map(|length| start + length);
    }

    /// Adds a stage of a known length.
    fn take(&mut self, kind: StageKind, length: Duration, basis: Basis) {
        self.until(kind, self.now.map(|start| start + Span::exactly(length)), basis);
    }

    fn finish(self, created: Option<Span>, moves: bool) -> Timeline {
        Timeline { stages: self.stages, created, back_after: self.now.filter(|_| moves), moves }
    }
}

/// When someone's removal of the dead node takes effect on a pod.
#[derive(Clone, Copy)]
struct Effect {
    /// When the pod is deleted by it at the latest.
    deleted: Option<Span>,
    /// When its object is gone.
    gone: Option<Span>,
    /// Whether volumes are detached without waiting.
    detaches: bool,
}

impl Effect {
    fn of(assumptions: &Assumptions, case: &Case, evicted: Option<Span>) -> Self {
        let Some(Removal { means, after }) = assumptions.removal else { return Effect { deleted: None, gone: None, detaches: false } };
        let acts = Span::exactly(after).later(assumptions.detection());
        let period = assumptions.pod_gc_period;
        match means {
            Means::ForceDelete => Effect { deleted: Some(acts), gone: Some(acts), detaches: false },
            Means::DeleteNode => {
                let quarantine = assumptions.pod_gc_quarantine;
                let gone = acts + Span::between(quarantine, quarantine.saturating_add(period));
                Effect { deleted: Some(gone), gone: Some(gone), detaches: false }
            }
            // garbage collection takes only pods that are being deleted, so one that tolerates the taint waits for its eviction
            Means::OutOfServiceTaint => {
                let deleted = if case.leaves_out_of_service { Some(acts) } else { evicted.map(|evicted| evicted.later(acts)) };
                let gone = deleted.map(|deleted| deleted + Span::between(Duration::ZERO, period));
                Effect { deleted, gone, detaches: true }
            }
        }
    }
}

/// The earlier of two points, one of which may be never.
fn first(one: Option<Span>, other: Option<Span>) -> Option<Span> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.earlier(other)),
        (one, other) => one.or(other),
    }
}

/// The timeline of a case.
pub(super) fn build(assumptions: &Assumptions, case: &Case) -> Timeline {
    let usual = Assumptions::default();
    let detection = assumptions.detection();
    let mut stages = Stages { stages: Vec::new(), now: Some(Span::ZERO) };
    stages.until(StageKind::Detection, Some(detection), Basis::of_setting(detection == usual.detection()));
    if matches!(case.controller, Controller::DaemonSet | Controller::Node) {
        return stages.finish(None, false);
    }
    let tainted = case.taint.map(|wait| detection + Span::exactly(wait));
    let evicted = tainted.zip(case.toleration.time()).map(|(tainted, wait)| tainted + Span::exactly(wait));
    let effect = Effect::of(assumptions, case, evicted);
    let rate = Basis::of_setting(assumptions.node_eviction_interval == usual.node_eviction_interval);
    stages.until(StageKind::Taint, first(tainted, effect.deleted), rate);
    let deleted = first(evicted, effect.deleted);
    // what someone does in the meantime cuts the toleration short
    let is_cut = deleted != evicted;
    stages.until(StageKind::Toleration, deleted, if is_cut { Basis::Flag } else { case.toleration_basis });
    replace(assumptions, case, &mut stages, effect.gone);
    let created = stages.now;
    stages.take(StageKind::Scheduling, assumptions.scheduling, Basis::Assumed);
    attach(assumptions, case, &mut stages, deleted, effect);
    stages.take(StageKind::Start, case.start, case.start_basis);
    stages.take(StageKind::Availability, case.min_ready, Basis::PodSpec);
    stages.finish(created, created.is_some())
}

/// From the deletion of a pod to the creation of its replacement.
fn replace(assumptions: &Assumptions, case: &Case, stages: &mut Stages, gone: Option<Span>) {
    match case.controller {
        Controller::ReplicaSet => {}
        Controller::Job => {
            let is_usual = assumptions.job_back_off == Assumptions::default().job_back_off;
            stages.take(StageKind::BackOff, assumptions.job_back_off, Basis::of_setting(is_usual));
        }
        Controller::StatefulSet | Controller::Unknown | Controller::JobWhenEnded => {
            stages.until(StageKind::Removal, gone, if gone.is_some() { Basis::Flag } else { Basis::Assumed });
        }
        Controller::Nothing | Controller::DaemonSet | Controller::Node => {
            stages.until(StageKind::NoReplacement, None, Basis::KubernetesDefault);
        }
    }
}

/// From the binding of a replacement to when it has its volumes.
fn attach(assumptions: &Assumptions, case: &Case, stages: &mut Stages, deleted: Option<Span>, effect: Effect) {
    if case.is_local {
        stages.until(StageKind::LocalVolume, None, Basis::PodSpec);
    }
    if !case.is_attached {
        return;
    }
    let timeout = Span::exactly(assumptions.max_wait_for_unmount);
    let free = match assumptions.detach_from {
        _ if effect.detaches => effect.gone,
        DetachFrom::PodGone => effect.gone.map(|gone| gone + timeout),
        DetachFrom::PodDeleted => first(deleted, effect.gone).map(|deleted| deleted + timeout),
    };
    let end = free.zip(stages.now).map(|(free, now)| free.later(now));
    let is_usual = assumptions.max_wait_for_unmount == Assumptions::default().max_wait_for_unmount;
    stages.until(StageKind::Detach, end, if effect.detaches { Basis::Flag } else { Basis::of_setting(is_usual) });
}
