//! The kubelets: they start the pods of their nodes, say how those are, and let deleted ones go.
//!
//! A pod is started as soon as it is bound, and ready at once, unless its annotation [`ANNOTATION`] or its namespace says
//! otherwise. A deleted pod goes at once, unless kubelets are told to hold on, or its node's kubelet is gone.

use std::collections::{BTreeMap, BTreeSet};

use super::control_plane::ControlPlane;
use crate::controllers::world::{Change, Key, Moment};
use crate::manifest::pod::{Condition, Pod};

/// What a pod's annotation calls the state its kubelet brings it to: `ready`, `notready` or `pending`.
pub const ANNOTATION: &str = "sim/kubelet";

/// What a kubelet says about a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodState {
    /// Bound, but not started.
    Pending,
    /// Running, and not ready.
    NotReady,
    /// Running and ready.
    Ready,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
}

/// All kubelets.
#[derive(Debug, Clone, Default)]
pub struct Kubelets {
    /// What new pods of a namespace are brought to; absent is ready.
    pub new_pods: BTreeMap<String, PodState>,
    /// Namespaces whose deleted pods are held.
    pub held: BTreeSet<String>,
    /// Nodes whose kubelet is gone.
    pub gone: BTreeSet<String>,
    /// Pods to look at.
    pending: BTreeSet<Key>,
}

impl Kubelets {
    /// Takes note of pods that were bound or deleted.
    pub(super) fn note(&mut self, change: &Change) {
        if let Change::Pod(delta) = change
            && let Some(pod) = &delta.after
            && (is_new(pod) || pod.is_terminating())
        {
            self.pending.insert(Key::of(&pod.metadata));
        }
    }

    /// Looks at all pods again, after kubelets were told to behave otherwise.
    pub fn look_again(&mut self, pods: impl Iterator<Item = Key>) {
        self.pending.extend(pods);
    }
}

/// Whether a pod is bound and its kubelet has said nothing yet.
fn is_new(pod: &Pod) -> bool {
    !pod.spec.node_name.is_empty() && pod.status.start_time.is_none() && !pod.is_terminal()
}

/// Does what kubelets have to do. Whether they did anything.
pub(super) fn act(plane: &mut ControlPlane) -> bool {
    let pending = std::mem::take(&mut plane.kubelets.pending);
    let now = plane.now;
    for key in &pending {
        let Some(pod) = plane.store.get::<Pod>(key).cloned() else { continue };
        if plane.kubelets.gone.contains(&pod.spec.node_name) {
            continue;
        }
        if pod.is_terminating() {
            let is_held = plane.kubelets.held.contains(&key.namespace) && !pod.is_terminal() && !pod.spec.node_name.is_empty();
            if !is_held {
                let_go(plane, key, &pod);
            }
        } else if is_new(&pod) {
            let state = wanted(&pod, &plane.kubelets);
            plane.store.update::<Pod>(key, |pod| report(pod, state, now));
        }
    }
    plane.store.has_changes()
}

fn wanted(pod: &Pod, kubelets: &Kubelets) -> PodState {
    match pod.metadata.annotations.get(ANNOTATION).map(String::as_str) {
        Some("notready") => PodState::NotReady,
        Some("pending") => PodState::Pending,
        Some("ready") => PodState::Ready,
        _ => kubelets.new_pods.get(&pod.metadata.namespace).copied().unwrap_or(PodState::Ready),
    }
}

/// Lets a deleted pod go; one with finalizers stays, with no grace left.
fn let_go(plane: &mut ControlPlane, key: &Key, pod: &Pod) {
    if pod.metadata.finalizers.is_empty() {
        plane.forget_pod(key);
    } else {
        plane.store.update::<Pod>(key, end_grace);
    }
}

/// No grace is left: the time of deletion is that of the request.
fn end_grace(pod: &mut Pod) {
    let metadata = &mut pod.metadata;
    let grace = metadata.deletion_grace_period_seconds.replace(0).unwrap_or(0).max(0);
    let end = metadata.deletion_timestamp.as_deref().and_then(Moment::parse);
    if let Some(end) = end {
        metadata.deletion_timestamp = Some((end - std::time::Duration::from_secs(grace.unsigned_abs())).timestamp());
    }
}

/// Writes what a kubelet says about a pod.
pub(super) fn report(pod: &mut Pod, state: PodState, now: Moment) {
    let (phase, is_ready) = match state {
        PodState::Pending => ("Pending", false),
        PodState::NotReady => ("Running", false),
        PodState::Ready => ("Running", true),
        PodState::Succeeded => ("Succeeded", false),
        PodState::Failed => ("Failed", false),
    };
    pod.status.phase = phase.to_owned();
    pod.status.start_time.get_or_insert_with(|| now.timestamp());
    set_condition(pod, "Initialized", "True", "", now);
    for kind in ["Ready", "ContainersReady"] {
        let reason = if is_ready { "" } else { "ContainersNotReady" };
        set_condition(pod, kind, if is_ready { "True" } else { "False" }, reason, now);
    }
}

/// Sets a condition of a pod; its time changes only with its status.
pub(super) fn set_condition(pod: &mut Pod, kind: &str, status: &str, reason: &str, now: Moment) {
    let conditions = &mut pod.status.conditions;
    if let Some(condition) = conditions.iter_mut().find(|condition| condition.r#type == kind) {
        if condition.status != status {
            condition.last_transition_time = Some(now.timestamp());
        }
        condition.status = status.to_owned();
        condition.reason = reason.to_owned();
        return;
    }
    conditions.push(Condition {
        r#type: kind.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        last_transition_time: Some(now.timestamp()),
        ..Condition::default()
    });
}

impl ControlPlane {
    /// Lets the kubelets say that a pod is in a state.
    pub fn set_pod(&mut self, key: &Key, state: PodState) {
        let now = self.now;
        self.store.update::<Pod>(key, |pod| report(pod, state, now));
    }

    /// Tells kubelets whether to hold on to deleted pods of a namespace.
    pub fn hold_deleted(&mut self, namespace: &str, on: bool) {
        if on {
            self.kubelets.held.insert(namespace.to_owned());
        } else {
            self.kubelets.held.remove(namespace);
            let keys: Vec<Key> = self.store.pods.within(namespace).map(|pod| Key::of(&pod.metadata)).collect();
            self.kubelets.look_again(keys.into_iter());
        }
    }
}
