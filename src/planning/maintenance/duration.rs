//! How long a wave takes, estimated.
//!
//! All nodes of a wave are drained at once. A pod takes its grace period to end, and what takes its place so long to start; a budget lets
//! as many go at a time as it allows, and `kubectl drain` asks again every five seconds. Pods without a budget go at once. Then comes
//! what is done to the nodes, all at once too, and in the end whoever waited starts.
//!
//! Source: k8s.io/kubectl/pkg/drain/drain.go (evictPods), v0.36, for the five seconds; k8s.io/kubernetes/pkg/controller/job/backoff_utils.go
//! for the back-off of Jobs.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use crate::cluster::index::PodId;
use crate::manifest::Objects;
use crate::manifest::pod::Pod;
use crate::planning::failover::{Assumptions, start};
use crate::simulation::drain::{State, Wave};
use crate::simulation::loss::Keeper;

/// Seconds between two tries to evict a pod.
pub const RETRY_SECONDS: u32 = 5;
/// Seconds until a Job replaces a pod for the first time.
pub const JOB_BACK_OFF_SECONDS: u32 = 10;

/// What is assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// How long a pod takes from when it has a node until it is ready; none for what its annotation, its probes or the default say.
    pub start: Option<Duration>,
    /// How long the work on each node takes.
    pub maintenance: Duration,
}

impl Timing {
    /// How long a pod takes to start, in seconds.
    pub fn start_seconds(&self, pod: &Pod) -> u32 {
        let assumptions = Assumptions { start: self.start, ..Assumptions::default() };
        seconds(start(&assumptions, pod).0)
    }

    /// How long pods take to start of which nothing is known, in seconds.
    pub fn usual_start_seconds(&self) -> u32 {
        self.start_seconds(&Pod::default())
    }

    /// How long the work on each node takes, in seconds.
    pub fn maintenance_seconds(&self) -> u32 {
        seconds(self.maintenance)
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// How long a wave takes, in seconds from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WaveTime {
    /// Until its nodes are drained.
    pub drained: u32,
    /// Until everything runs again and the next wave may begin.
    pub whole: u32,
}

/// Estimates a wave that begins with the budgets of `start`, all of whose pods run.
pub fn wave_time(objects: &Objects, start: &State<'_>, wave: &Wave, timing: Timing) -> WaveTime {
    let setting = start.setting();
    let starting = |pod: PodId| timing.start_seconds(&objects.pods[setting.cluster().pod(pod).object]);
    // when each budget lets the next ones go
    let mut turns: BTreeMap<usize, BinaryHeap<Reverse<u32>>> = BTreeMap::new();
    let (mut drained, mut running) = (0u32, 0u32);
    for eviction in &wave.evictions {
        let turn = eviction.budget.map(|budget| {
            let allowed = start.budgets()[budget].allowed(start.healthy()[budget]).max(1);
            turns.entry(budget).or_insert_with(|| (0..allowed).map(|_| Reverse(0)).collect())
        });
        let (begin, turn) = match turn {
            None => (0, None),
            Some(turn) => (turn.pop().map_or(running, |Reverse(free)| free.next_multiple_of(RETRY_SECONDS)), Some(turn)),
        };
        let traits = setting.traits(eviction.pod);
        let gone = begin.saturating_add(traits.grace_seconds);
        let made = match traits.keeper {
            Keeper::AtOnce => begin,
            Keeper::Job => gone.saturating_add(JOB_BACK_OFF_SECONDS),
            _ => gone,
        };
        drained = drained.max(gone);
        if eviction.to.is_some() {
            let ready = made.saturating_add(starting(eviction.pod));
            running = running.max(ready);
            turn.into_iter().for_each(|turn| turn.push(Reverse(ready)));
        }
    }
    let back = drained.saturating_add(timing.maintenance_seconds());
    let waited = wave.waiting.iter().map(|waiting| starting(waiting.pod)).max().unwrap_or(0);
    WaveTime { drained, whole: back.saturating_add(waited).max(running) }
}
