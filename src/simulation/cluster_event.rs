//! What happens in a cluster, as kube-scheduler tells it to the pods that wait.
//!
//! A change to an object is none, one or several events: a node that gets a label and loses a taint is two. To the scheduler a pod is
//! there while it has not ended, and counts for others once it has a node.
//!
//! To add one: a row in [`Action`], and where it is told in [`events_of`].
//!
//! Source: k8s.io/kubernetes/pkg/scheduler/eventhandlers.go and framework/events.go, v1.36.

use std::sync::Arc;

use crate::controllers::world::{Change, Delta, Key, Stored};
use crate::manifest::node::Node;
use crate::manifest::pod::{Pod, ResourceList};

/// What happened to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    NodeAdd,
    NodeDelete,
    NodeUpdateAllocatable,
    NodeUpdateLabel,
    NodeUpdateTaint,
    PodAdd,
    PodDelete,
    PodUpdateLabel,
    PodUpdateScaleDown,
    PodUpdateToleration,
    PodUpdateSchedulingGatesEliminated,
    ClaimAdd,
    ClaimUpdate,
    VolumeAdd,
    VolumeUpdate,
    ClassAdd,
    ClassUpdate,
    CsiNodeAdd,
    CsiNodeUpdate,
    CsiDriverUpdate,
    CapacityAdd,
    CapacityUpdate,
    AttachmentDelete,
}

/// An event, and whom it is told.
#[derive(Debug, Clone)]
pub(super) struct ClusterEvent {
    /// What happened.
    pub action: Action,
    /// To what: before and after.
    pub change: Change,
    /// Only this pod is told: the one that changed while it waits.
    pub only: Option<Key>,
    /// Only pods of at most this priority are told: the others did not mind a pod that was nominated.
    pub up_to_priority: Option<i32>,
}

impl ClusterEvent {
    fn new(action: Action, change: &Change) -> Self {
        ClusterEvent { action, change: change.clone(), only: None, up_to_priority: None }
    }
}

/// The events of a change.
pub(super) fn events_of(change: &Change) -> Vec<ClusterEvent> {
    let actions = match change {
        Change::Pod(delta) => return pod_events(delta, change),
        Change::Node(delta) => node_actions(delta),
        Change::PersistentVolumeClaim(delta) => added_or(delta, Action::ClaimAdd, Action::ClaimUpdate),
        Change::PersistentVolume(delta) => added_or(delta, Action::VolumeAdd, Action::VolumeUpdate),
        Change::StorageClass(delta) => added_or(delta, Action::ClassAdd, Action::ClassUpdate),
        Change::CsiNode(delta) => added_or(delta, Action::CsiNodeAdd, Action::CsiNodeUpdate),
        Change::CsiStorageCapacity(delta) => added_or(delta, Action::CapacityAdd, Action::CapacityUpdate),
        Change::CsiDriver(delta) if delta.before.is_some() && delta.after.is_some() => vec![Action::CsiDriverUpdate],
        Change::VolumeAttachment(delta) if delta.after.is_none() => vec![Action::AttachmentDelete],
        _ => Vec::new(),
    };
    actions.into_iter().map(|action| ClusterEvent::new(action, change)).collect()
}

fn added_or<T: Stored>(delta: &Delta<T>, added: Action, updated: Action) -> Vec<Action> {
    match (&delta.before, &delta.after) {
        (None, Some(_)) => vec![added],
        (Some(_), Some(_)) => vec![updated],
        _ => Vec::new(),
    }
}

fn node_actions(delta: &Delta<Node>) -> Vec<Action> {
    let (before, after) = match (&delta.before, &delta.after) {
        (None, _) => return vec![Action::NodeAdd],
        (_, None) => return vec![Action::NodeDelete],
        (Some(before), Some(after)) => (before, after),
    };
    let is_uncordoned = before.spec.unschedulable && !after.spec.unschedulable;
    let rows = [
        (is_uncordoned, Action::NodeUpdateTaint),
        (before.status.allocatable != after.status.allocatable, Action::NodeUpdateAllocatable),
        (before.metadata.labels != after.metadata.labels, Action::NodeUpdateLabel),
        (before.spec.taints != after.spec.taints, Action::NodeUpdateTaint),
    ];
    rows.into_iter().filter_map(|(happened, action)| happened.then_some(action)).collect()
}

/// A pod, if it is there as far as the scheduler knows.
fn present(pod: Option<&Arc<Pod>>) -> Option<&Pod> {
    pod.map(AsRef::as_ref).filter(|pod| !pod.is_terminal())
}

fn pod_events(delta: &Delta<Pod>, change: &Change) -> Vec<ClusterEvent> {
    let has_node = |pod: &&Pod| !pod.spec.node_name.is_empty();
    let (before, after) = (present(delta.before.as_ref()), present(delta.after.as_ref()));
    match (before.filter(has_node), after.filter(has_node)) {
        (None, Some(_)) => vec![ClusterEvent::new(Action::PodAdd, change)],
        (Some(_), None) => vec![ClusterEvent::new(Action::PodDelete, change)],
        (Some(before), Some(after)) => pod_actions(before, after).into_iter().map(|action| ClusterEvent::new(action, change)).collect(),
        (None, None) => waiting_pod_events(before, after, change),
    }
}

/// The events of a pod that has no node.
fn waiting_pod_events(before: Option<&Pod>, after: Option<&Pod>, change: &Change) -> Vec<ClusterEvent> {
    let Some(before) = before else { return Vec::new() };
    let mut events = Vec::new();
    if let Some(after) = after {
        let only = Some(Key::of(&after.metadata));
        let own = |action| ClusterEvent { only: only.clone(), ..ClusterEvent::new(action, change) };
        events.extend(pod_actions(before, after).into_iter().map(own));
    }
    let kept = &before.status.nominated_node_name;
    if !kept.is_empty() && after.is_none_or(|after| after.status.nominated_node_name != *kept) {
        // as if it had left the node that was kept free for it
        let left = Change::Pod(Delta { before: Some(Arc::new(before.clone())), after: None });
        let up_to_priority = Some(before.spec.priority.unwrap_or(0));
        events.push(ClusterEvent { up_to_priority, ..ClusterEvent::new(Action::PodDelete, &left) });
    }
    events
}

fn pod_actions(before: &Pod, after: &Pod) -> Vec<Action> {
    let rows = [
        (before.metadata.labels != after.metadata.labels, Action::PodUpdateLabel),
        (asks_for_less(before, after), Action::PodUpdateScaleDown),
        (!before.spec.scheduling_gates.is_empty() && after.spec.scheduling_gates.is_empty(), Action::PodUpdateSchedulingGatesEliminated),
        (before.spec.tolerations.len() != after.spec.tolerations.len(), Action::PodUpdateToleration),
    ];
    rows.into_iter().filter_map(|(happened, action)| happened.then_some(action)).collect()
}

/// Whether a container, or the pod as a whole, asks for less of something than before.
fn asks_for_less(before: &Pod, after: &Pod) -> bool {
    let less =
        |before: &ResourceList, after: &ResourceList| before.iter().any(|(name, amount)| after.get(name).is_none_or(|now| now < amount));
    let pairs = before.spec.containers.iter().zip(&after.spec.containers);
    let pairs = pairs.chain(before.spec.init_containers.iter().zip(&after.spec.init_containers));
    let whole = |pod: &Pod| pod.spec.resources.as_deref().map(|resources| resources.requests.clone()).unwrap_or_default();
    pairs.into_iter().any(|(old, new)| less(&old.resources.requests, &new.resources.requests)) || less(&whole(before), &whole(after))
}
