//! What the controllers remember beside the objects. It is lost when kube-controller-manager starts anew, and may be.

use std::collections::{BTreeMap, BTreeSet};

use super::{Key, Moment};

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
