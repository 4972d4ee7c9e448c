//! The cluster in memory, and how it comes to rest.
//!
//! A cluster is at rest when nothing has changed for [`QUIET`]: syncs that fall due later (a back-off, a minute of cron) are left
//! for when time is let pass. Who is syncing when does not depend on chance: keys are synced in the order in which changes named
//! them, and between syncs the kubelets, the recount of quotas, the garbage collector and the scheduler have their turn.

use std::collections::BTreeSet;
use std::time::Duration;

use super::quota_recount::Recount;
use super::scheduling::Scheduling;
use super::work_queue::WorkQueue;
use super::{garbage, kubelet, volumes};
use crate::admission::ApiServer;
use crate::controllers::LOOPS;
use crate::controllers::world::{Change, Key, Moment, Outcome, Store};
use crate::scheduler::profile::Configuration;
use crate::scheduler::version::KubernetesVersion;

/// A cluster in which nothing changes for this long is at rest.
pub const QUIET: Duration = Duration::from_secs(1);

/// When the clock of a new cluster starts: 2026-01-01T00:00:00Z.
const START: Moment = Moment::from_milliseconds(1_767_225_600_000);

/// So many rounds without time passing are no coming to rest but a quarrel between loops.
const ROUNDS_AT_MOST: usize = 1_000_000;

/// Something a control loop said about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Kind of the object.
    pub kind: &'static str,
    /// The object.
    pub key: Key,
    /// In one word.
    pub reason: &'static str,
    /// In a sentence.
    pub message: String,
}

/// A cluster in memory, with all that acts in it.
pub struct ControlPlane {
    pub(super) store: Store,
    pub(super) server: ApiServer,
    pub(super) now: Moment,
    pub(super) queue: WorkQueue,
    pub(super) kubelets: kubelet::Kubelets,
    pub(super) scheduling: Scheduling,
    pub(super) recount: Recount,
    pub(super) volumes: volumes::Noted,
    /// What went without its owner, to be collected.
    pub(super) orphaned: Vec<garbage::Gone>,
    pub(super) events: Vec<Event>,
    /// Control loops that do not run, by name.
    disabled: BTreeSet<String>,
    /// How many objects were ever created: uids and generated names are made of it.
    pub(super) created: u64,
}

impl ControlPlane {
    /// An empty cluster, in which all control loops run.
    pub fn new(version: KubernetesVersion, configuration: Configuration) -> Self {
        ControlPlane {
            store: Store::default(),
            server: ApiServer::new(),
            now: START,
            queue: WorkQueue::default(),
            kubelets: kubelet::Kubelets::default(),
            scheduling: Scheduling::new(version, configuration),
            recount: Recount::default(),
            volumes: volumes::Noted::default(),
            orphaned: Vec::new(),
            events: Vec::new(),
            disabled: BTreeSet::new(),
            created: 0,
        }
    }

    /// Does without a control loop, as `--controllers=*,-NAME` makes kube-controller-manager do.
    pub fn disable(&mut self, name: &str) {
        self.disabled.insert(name.to_owned());
    }

    /// Everything that is stored.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The API server, for what its quotas say.
    pub fn server(&self) -> &ApiServer {
        &self.server
    }

    /// The cluster's own time.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// What control loops said, the oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// How the kubelets behave.
    pub fn kubelets_mut(&mut self) -> &mut kubelet::Kubelets {
        &mut self.kubelets
    }

    /// Lets the scheduler's next search begin at this place in its list of nodes, as one does that has scheduled before: see
    /// [`crate::scheduler::ties`].
    pub fn start_search_at(&mut self, place: usize) {
        self.scheduling.start_at(place);
    }

    /// Lets DaemonSets that lack pods on several nodes begin with these: upstream begins with any.
    pub fn begin_daemons_with(&mut self, nodes: BTreeSet<String>) {
        self.store.memory.daemons_begin_with = nodes;
    }

    /// Lets no pod that was rejected back off for longer (`podMaxBackoffSeconds` of the scheduler's configuration).
    pub fn limit_scheduling_back_off(&mut self, longest: Duration) {
        self.scheduling.limit_back_off(longest);
    }

    /// Lets the scheduler, and nobody else, try one pod, if there is one to be tried.
    pub fn try_one_pod(&mut self) {
        self.dispatch();
        self.schedule_at_most(1);
    }

    /// Lets the cluster come to rest: nothing has changed for a second, which then has passed.
    pub fn settle(&mut self) {
        let mut last_change = self.now;
        self.work();
        while let Some(moment) = self.next_timer().filter(|&moment| moment <= last_change + QUIET) {
            self.ring(moment);
            if self.work() {
                last_change = self.now;
            }
        }
        self.now = last_change + QUIET;
    }

    /// Lets time pass.
    pub fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.work();
        while let Some(moment) = self.next_timer().filter(|&moment| moment <= end) {
            self.ring(moment);
            self.work();
        }
        self.now = end;
    }

    fn next_timer(&self) -> Option<Moment> {
        let timers = [self.queue.next_timer(), self.kubelets.next_timer(), self.scheduling.next_flush()];
        timers.into_iter().flatten().min()
    }

    fn ring(&mut self, moment: Moment) {
        self.now = self.now.max(moment);
        self.queue.ring(self.now);
        self.scheduling.flush(self.now);
    }

    /// Lets everybody act until nobody has anything to do at this moment. Whether anything changed.
    fn work(&mut self) -> bool {
        let mut changed = false;
        for _ in 0..ROUNDS_AT_MOST {
            changed |= self.dispatch();
            if let Some((row, key)) = self.queue.pop() {
                self.sync(row, key);
            } else if !self.act() {
                return changed;
            }
        }
        panic!("the control loops do not come to rest at {}", self.now.timestamp());
    }

    /// Tells everybody who watches what changed. Whether anything did.
    fn dispatch(&mut self) -> bool {
        let changes = self.store.take_changes();
        let mut keys = Vec::new();
        for change in &changes {
            for (row, control_loop) in LOOPS.iter().enumerate().filter(|(_, control_loop)| !self.disabled.contains(control_loop.name)) {
                (control_loop.watch)(&self.store, change, &mut keys);
                keys.drain(..).for_each(|key| self.queue.add((row, key)));
            }
            self.note(change);
        }
        !changes.is_empty()
    }

    fn note(&mut self, change: &Change) {
        self.kubelets.note(change);
        self.scheduling.note(change, self.now);
        self.recount.note(change);
        self.volumes.note(change);
        self.orphaned.extend(garbage::gone(change));
    }

    fn sync(&mut self, row: usize, key: Key) {
        let outcome = (LOOPS[row].sync)(self, &key);
        let item = (row, key);
        if outcome == Outcome::Failed {
            self.queue.add_after_failure(self.now, item);
            return;
        }
        self.queue.forget_failures(&item);
        if let Outcome::After(duration) = outcome {
            self.queue.add_at(self.now + duration, item);
        }
    }

    /// One turn of those that are no control loops. Whether one of them did anything.
    fn act(&mut self) -> bool {
        kubelet::act(self) || self.recount_quotas() || garbage::collect(self) || volumes::act(self) || self.schedule()
    }
}
