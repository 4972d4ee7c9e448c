//! What the controllers remember beside the objects. It is lost when kube-controller-manager starts anew, and may be.

use std::collections::{BTreeMap, BTreeSet};

use super::{Key, Moment};
use crate::controllers::node_lifecycle::EvictionQueue;
use crate::manifest::pod::Condition;

/// What the controllers remember.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// With which of the nodes that lack a pod DaemonSets begin.
    pub daemons_begin_with: BTreeSet<String>,
    /// Failures of each Job since its last success.
    pub jobs: BTreeMap<Key, JobFailures>,
    /// The schedule and time zone that each CronJob was last seen with.
    pub schedules: BTreeMap<Key, (String, Option<String>)>,
    /// The template that each DaemonSet was last seen with, as a hash.
    pub templates: BTreeMap<Key, String>,
    /// Failed pods of each DaemonSet, by the node's name: how long no other is deleted there, and since when.
    pub daemons: BTreeMap<(Key, String), BackOff>,
    /// When each pod on a tainted node will be evicted.
    pub taint_evictions: BTreeMap<Key, TaintEviction>,
    /// What the pod garbage collector waits for.
    pub pod_garbage: PodGarbage,
    /// Health of nodes and zones.
    pub node_lifecycle: NodeLifecycle,
}

/// Failures since the last success.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobFailures {
    /// How many.
    pub count: u32,
    /// When the last of them was.
    pub last: Option<Moment>,
}

/// A back-off: how long, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    /// How long it lasts.
    pub duration: std::time::Duration,
    /// When it began.
    pub since: Moment,
}

/// A planned eviction from a tainted node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaintEviction {
    /// Which pod of its name.
    pub uid: String,
    /// When it was planned.
    pub since: Moment,
    /// When it takes place.
    pub at: Moment,
}

/// What the pod garbage collector waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodGarbage {
    /// When it looks next; none before it has seen a pod.
    pub next: Option<Moment>,
    /// Nodes that pods name and that do not exist, by name: until when they may yet appear.
    pub quarantine: BTreeMap<String, Moment>,
}

/// What the node lifecycle controller knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeLifecycle {
    /// When it looks at all nodes next; none before it has seen one.
    pub next: Option<Moment>,
    /// Each node it knows, by name.
    pub nodes: BTreeMap<String, NodeHealth>,
    /// Each zone it knows, by region and zone.
    pub zones: BTreeMap<String, Zone>,
}

/// What was last heard of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeHealth {
    /// When that was noticed.
    pub heard: Moment,
    /// When its kubelet had renewed its lease.
    pub lease: Option<Moment>,
    /// Its condition `Ready`.
    pub ready: Option<Condition>,
}

/// What is known of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// How much of it is down.
    pub state: ZoneState,
    /// Its nodes that wait for a `NoExecute` taint.
    pub queue: EvictionQueue,
}

/// How much of a zone is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneState {
    /// Not looked at yet.
    Initial,
    /// Little or nothing.
    Normal,
    /// The better part.
    PartialDisruption,
    /// Everything.
    FullDisruption,
}
