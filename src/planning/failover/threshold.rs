//! A bound on the failover, and what to change where it does not hold.
//!
//! Promise: every remedy has been tried: with its changes in force the timeline keeps the bound in its worst case, and with a larger number of
//! seconds it would not. Where no single change does, several are named that do together. Where nothing helps, that is said.

use std::fmt;
use std::time::Duration;

use super::timeline::{Case, Controller, build};
use super::{Assumptions, Displaced, Failover, Group, Means, Removal, StageKind, Timeline, failover};
use crate::controllers::taint_eviction::Stay;

/// Why a bound does not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Breach {
    /// Which of the displaced pods is back last, as an index.
    pub pod: usize,
    /// When the workload is back in the worst case; none if never by itself.
    pub after: Option<Duration>,
    /// The stage that breaks it: the one that does not end, or that takes longest.
    pub stage: StageKind,
    /// What helps, the least intrusive first: of each, all changes together. Empty if nothing does but more replicas or other storage.
    pub remedies: Vec<Vec<Change>>,
}

/// Something to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// `tolerationSeconds` of `node.kubernetes.io/unreachable` and `not-ready` in the pod template.
    Toleration {
        /// What they are; none if such a taint is tolerated for ever.
        from: Option<Duration>,
        /// The most that they may be.
        to: Duration,
    },
    /// Something that sets the out-of-service taint on a dead node.
    OutOfServiceTaint {
        /// How long after the loss at the latest.
        within: Duration,
    },
    /// `--node-monitor-grace-period` of the controller manager.
    GracePeriod {
        /// What it is.
        from: Duration,
        /// The most that it may be.
        to: Duration,
    },
    /// The time a pod takes to start: smaller images, other probes.
    Start {
        /// What it is, or is assumed to be.
        from: Duration,
        /// The most that it may be.
        to: Duration,
    },
    /// A controller that replaces the pod, such as a Deployment.
    Controller,
    /// A volume that other nodes can reach.
    Storage,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Toleration { from, to } => {
                write!(f, "set tolerationSeconds of node.kubernetes.io/unreachable and node.kubernetes.io/not-ready from ")?;
                match from {
                    Some(from) => write!(f, "{}", from.as_secs())?,
                    None => write!(f, "for ever")?,
                }
                write!(f, " to at most {}", to.as_secs())
            }
            Change::OutOfServiceTaint { within } => {
                write!(
                    f,
                    "have something set the taint node.kubernetes.io/out-of-service:NoExecute on a dead node within {} s",
                    within.as_secs()
                )
            }
            Change::GracePeriod { from, to } => {
                write!(f, "lower --node-monitor-grace-period from {} to at most {} s", from.as_secs(), to.as_secs())
            }
            Change::Start { from, to } => write!(f, "make a pod start in at most {} s instead of {} s", to.as_secs(), from.as_secs()),
            Change::Controller => write!(f, "let a Deployment or StatefulSet manage it: nobody replaces a bare pod"),
            Change::Storage => write!(f, "use a volume that other nodes can reach: a local one stays with its node"),
        }
    }
}

/// Whether the displaced pods of a workload are all back within a limit in the worst case; if not, why, and what to change. `ordered` is
/// that of [`Group`]. Pods that belong to their node (DaemonSets, static pods) do not count.
pub fn breach(assumptions: &Assumptions, displaced: &[Displaced<'_>], ordered: bool, limit: Duration) -> Option<Breach> {
    let belongs = |displaced: &Displaced<'_>| matches!(displaced.controller, Controller::DaemonSet | Controller::Node);
    let of: Vec<usize> = (0..displaced.len()).filter(|&index| !belongs(&displaced[index])).collect();
    let cases: Vec<Case> = of.iter().map(|&index| Case::of(assumptions, &displaced[index])).collect();
    let trial = Trial { assumptions: assumptions.clone(), cases, ordered };
    let after = trial.worst();
    if after.is_some_and(|after| after <= limit) {
        return None;
    }
    let timelines = trial.timelines();
    // never is later than anything, and of equals the first counts
    let last = (0..timelines.len()).rev().max_by_key(|&index| timelines[index].worst().unwrap_or(Duration::MAX))?;
    let stage = timelines[last].longest().map_or(StageKind::Detection, |stage| stage.kind);
    Some(Breach { pod: of[last], after, stage, remedies: trial.remedies(limit) })
}

/// The pods of a workload under assumptions that may be changed.
#[derive(Clone)]
struct Trial {
    assumptions: Assumptions,
    cases: Vec<Case>,
    ordered: bool,
}

impl Trial {
    fn timelines(&self) -> Vec<Timeline> {
        self.cases.iter().map(|case| build(&self.assumptions, case)).collect()
    }

    fn worst(&self) -> Option<Duration> {
        let timelines = self.timelines();
        let Failover { recovery, .. } = failover(&Group { timelines: &timelines, ready: 0, needed: 0, ordered: self.ordered });
        recovery.map(|span| span.most)
    }

    fn keeps(&self, limit: Duration) -> bool {
        self.worst().is_some_and(|worst| worst <= limit)
    }

    /// Single changes that suffice; or else several together.
    fn remedies(&self, limit: Duration) -> Vec<Vec<Change>> {
        if self.cases.iter().any(|case| case.is_local) {
            return vec![vec![Change::Storage]];
        }
        if self.cases.iter().any(|case| case.controller == Controller::Nothing) {
            return vec![vec![Change::Controller]];
        }
        let single: Vec<Vec<Change>> = LEVERS.iter().filter_map(|lever| self.pull(lever, limit)).map(|change| vec![change]).collect();
        if single.is_empty() { self.together(limit).into_iter().collect() } else { single }
    }

    /// The weakest setting of a lever that keeps the limit.
    fn pull(&self, lever: &Lever, limit: Duration) -> Option<Change> {
        let works = |seconds: u64| {
            let mut trial = self.clone();
            (lever.set)(&mut trial, Duration::from_secs(seconds));
            trial.keeps(limit)
        };
        let least = (lever.least)(self).as_secs();
        // a setting beyond the limit is never of use: all of them take that long
        let seconds = largest(least, limit.as_secs().max(least), works)?;
        (lever.change)(self, Duration::from_secs(seconds))
    }

    /// The changes that are needed together: levers are pulled all the way in their order, until the next one alone suffices.
    fn together(&self, limit: Duration) -> Option<Vec<Change>> {
        let mut trial = self.clone();
        let mut changes = Vec::new();
        for (position, lever) in LEVERS.iter().enumerate() {
            if let Some(change) = trial.pull(lever, limit) {
                changes.push(change);
                return Some(changes);
            }
            // a lever that changes nothing is left alone
            let (before, least) = (trial.clone(), (lever.least)(&trial));
            (lever.set)(&mut trial, least);
            if trial.is_better_than(&before) && position + 1 < LEVERS.len() {
                changes.extend((lever.change)(&before, least));
            } else {
                trial = before;
            }
        }
        None
    }

    fn is_better_than(&self, other: &Trial) -> bool {
        match (self.worst(), other.worst()) {
            (Some(own), Some(other)) => own < other,
            (own, other) => own.is_some() && other.is_none(),
        }
    }

    fn longest_start(&self) -> Duration {
        self.cases.iter().map(|case| case.start).max().unwrap_or_default()
    }
}

/// The largest number of seconds that works, if the smallest does. What works for a number works for smaller ones.
fn largest(least: u64, most: u64, works: impl Fn(u64) -> bool) -> Option<u64> {
    if !works(least) {
        return None;
    }
    let (mut good, mut bad) = (least, most + 1);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if works(middle) { good = middle } else { bad = middle }
    }
    Some(good)
}

/// Something that can be set to a number of seconds.
struct Lever {
    /// Sets it.
    set: fn(&mut Trial, Duration),
    /// The least that it may sensibly be.
    least: fn(&Trial) -> Duration,
    /// The change that this is; none if it is as small already.
    change: fn(&Trial, Duration) -> Option<Change>,
}

/// Nobody is asked to make a pod start faster than this.
const LEAST_START: Duration = Duration::from_secs(5);

/// What can be changed, the least intrusive first. A grace period below two renewals of the lease would take healthy nodes for lost.
const LEVERS: &[Lever] = &[
    Lever { set: set_toleration, least: |_| Duration::ZERO, change: toleration_change },
    Lever {
        set: |trial, within| trial.assumptions.removal = Some(Removal { means: Means::OutOfServiceTaint, after: within }),
        least: |trial| trial.assumptions.detection().most,
        change: |_, within| Some(Change::OutOfServiceTaint { within }),
    },
    Lever { set: set_start, least: |_| LEAST_START, change: start_change },
    Lever {
        set: |trial, grace| trial.assumptions.node_monitor_grace_period = trial.assumptions.node_monitor_grace_period.min(grace),
        least: |trial| trial.assumptions.lease_renew_interval * 2,
        change: |trial, to| {
            let from = trial.assumptions.node_monitor_grace_period;
            (to < from).then_some(Change::GracePeriod { from, to })
        },
    },
];

fn set_toleration(trial: &mut Trial, to: Duration) {
    for case in &mut trial.cases {
        let stays_longer = case.toleration.time().is_none_or(|time| time > to);
        if stays_longer {
            case.toleration = Stay::For(to);
        }
    }
}

fn toleration_change(trial: &Trial, to: Duration) -> Option<Change> {
    let times = trial.cases.iter().map(|case| case.toleration.time());
    // for ever is longest
    let from = times.max_by_key(|time| time.unwrap_or(Duration::MAX))?;
    from.is_none_or(|from| to < from).then_some(Change::Toleration { from, to })
}

fn set_start(trial: &mut Trial, to: Duration) {
    trial.cases.iter_mut().for_each(|case| case.start = case.start.min(to));
}

fn start_change(trial: &Trial, to: Duration) -> Option<Change> {
    let from = trial.longest_start();
    (to < from).then_some(Change::Start { from, to })
}
