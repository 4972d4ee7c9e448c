//! The kubelets: they start the pods of their nodes, say how those are, and let deleted ones go.
//!
//! A pod is started as soon as it is bound, and ready at once, unless its annotation [`ANNOTATION`] or its namespace says
//! otherwise. A deleted pod goes at once, unless kubelets are told to hold on, or its node's kubelet is gone. One that comes back
//! says at once that its node is ready, and [`RETURN`] later how its pods are; those deleted meanwhile go then.
//!
//! A kubelet's lease is always fresh, so that its loss is noticed as late as it can be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::control_plane::ControlPlane;
use crate::controllers::world::{Change, Key, Moment};
use crate::manifest::node::Node;
use crate::manifest::pod::{Condition, Pod};

/// What a pod's annotation calls the state its kubelet brings it to: `ready`, `notready` or `pending`.
pub const ANNOTATION: &str = "sim/kubelet";

/// For so long a kubelet that has come back does nothing about its pods.
const RETURN: Duration = Duration::from_secs(5);

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
    /// Nodes whose kubelet is gone, and since when.
    gone: BTreeMap<String, Moment>,
    /// When kubelets that have come back look at their pods, and on which node.
    returning: BTreeSet<(Moment, String)>,
    /// Pods to look at.
    pending: BTreeSet<Key>,
    /// Nodes that have not said whether they are ready.
    unheard: BTreeSet<Key>,
}

impl Kubelets {
    /// Takes note of pods that were bound or deleted, and of new nodes.
    pub(super) fn note(&mut self, change: &Change) {
        match change {
            Change::Pod(delta) => {
                let pod = delta.after.iter().find(|pod| is_new(pod) || pod.is_terminating());
                self.pending.extend(pod.map(|pod| Key::of(&pod.metadata)));
            }
            Change::Node(delta) => {
                let node = delta.after.iter().find(|node| !node.status.conditions.iter().any(|condition| condition.r#type == "Ready"));
                self.unheard.extend(node.map(|node| Key::of(&node.metadata)));
            }
            _ => {}
        }
    }

    /// When a kubelet acts by itself next.
    pub(super) fn next_timer(&self) -> Option<Moment> {
        self.returning.first().map(|(moment, _)| *moment)
    }

    /// When the kubelet of a node last renewed its lease.
    pub(super) fn last_renewal(&self, node: &str, now: Moment) -> Moment {
        self.gone.get(node).copied().unwrap_or(now)
    }

    /// Looks at all pods again, after kubelets were told to behave otherwise.
    pub fn look_again(&mut self, pods: impl Iterator<Item = Key>) {
        self.pending.extend(pods);
    }
}

/// Whether nothing holds a deleted pod any more: the server removes it whatever its kubelet says.
fn is_forgotten(pod: &Pod) -> bool {
    pod.is_terminating() && pod.metadata.deletion_grace_period_seconds == Some(0) && pod.metadata.finalizers.is_empty()
}

/// Whether a pod is bound and its kubelet has said nothing yet.
fn is_new(pod: &Pod) -> bool {
    !pod.spec.node_name.is_empty() && pod.status.start_time.is_none() && !pod.is_terminal()
}

/// Does what kubelets have to do. Whether they did anything.
pub(super) fn act(plane: &mut ControlPlane) -> bool {
    greet(plane);
    come_back(plane);
    let pending = std::mem::take(&mut plane.kubelets.pending);
    let now = plane.now;
    for key in &pending {
        let Some(pod) = plane.store.get::<Pod>(key).cloned() else { continue };
        if is_forgotten(&pod) {
            plane.forget_pod(key);
            continue;
        }
        if plane.kubelets.gone.contains_key(&pod.spec.node_name) {
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

/// New nodes are ready.
fn greet(plane: &mut ControlPlane) {
    for key in std::mem::take(&mut plane.kubelets.unheard) {
        if !plane.kubelets.gone.contains_key(&key.name) {
            say_ready(plane, &key);
        }
    }
}

/// A kubelet says that its node is well, unless it says so already.
fn say_ready(plane: &mut ControlPlane, key: &Key) {
    let now = Some(plane.now.timestamp());
    plane.store.update::<Node>(key, |node| {
        let conditions = &mut node.status.conditions;
        if !conditions.iter().any(|condition| condition.r#type == "Ready") {
            conditions.push(Condition { r#type: "Ready".to_owned(), ..Condition::default() });
        }
        for condition in conditions.iter_mut().filter(|condition| condition.status == "Unknown" || condition.status.is_empty()) {
            let (status, reason) = if condition.r#type == "Ready" { ("True", "KubeletReady") } else { ("False", "") };
            status.clone_into(&mut condition.status);
            reason.clone_into(&mut condition.reason);
            condition.message.clear();
            condition.last_transition_time.clone_from(&now);
        }
    });
}

/// Kubelets whose time has come look at all their pods: what the node's silence has made of those that run is set right.
fn come_back(plane: &mut ControlPlane) {
    let now = plane.now;
    while let Some((_, node)) = plane.kubelets.returning.first().filter(|(moment, _)| *moment <= now).cloned() {
        plane.kubelets.returning.pop_first();
        let pods = plane.store.pods.iter().filter(|pod| pod.spec.node_name == node);
        let keys: Vec<Key> = pods.map(|pod| Key::of(&pod.metadata)).collect();
        for key in keys.iter().filter(|_| !plane.kubelets.gone.contains_key(&node)) {
            plane.store.update::<Pod>(key, |pod| {
                let is = |kind: &str| pod.status.conditions.iter().any(|it| it.r#type == kind && it.status == "True");
                if is("ContainersReady") && !is("Ready") && !pod.is_terminal() {
                    set_condition(pod, "Ready", "True", "", now);
                }
            });
        }
        plane.kubelets.look_again(keys.into_iter());
    }
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
    /// A node's kubelet falls silent: it renews no lease, starts no pod, and lets none go.
    pub fn kubelet_gone(&mut self, node: &str) {
        let now = self.now;
        self.kubelets.gone.entry(node.to_owned()).or_insert(now);
    }

    /// A node's kubelet comes back.
    pub fn kubelet_back(&mut self, node: &str) {
        if self.kubelets.gone.remove(node).is_some() {
            say_ready(self, &Key::new("", node));
            let moment = self.now + RETURN;
            self.kubelets.returning.insert((moment, node.to_owned()));
        }
    }

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
