//! Layer 2: what controllers make of manifests.
//!
//! [`expand`] adds the pods that the workloads of an input want and do not have yet. What is already there counts: a dump that
//! holds a Deployment, its ReplicaSets and their pods gets nothing new, a bare Deployment gets a ReplicaSet and all its pods.
//! New pods stand behind the old ones, are Pending and unbound, and carry their owner, so that spreading by owner works. Their
//! names and uids depend only on what was written, never on chance or on the order of documents.
//!
//! Two ways, held together by `tests/suite/at_rest.rs`. [`LOOPS`] are the controllers step by step, as in a running cluster: each looks
//! at one object in a [`world`] and does what is to be done now; `simulation` runs them. What follows is the plain way: the state that controllers come to rest in, without rollouts, ordering or retries. [`expand`] takes replicas as
//! written; [`expand_autoscaled`] first asks the autoscalers.
//!
//! To add a controller: a file with a `reconcile` function, a row in [`CONTROLLERS`] behind the rows whose objects it reads, a
//! test in `tests/suite/expansion.rs`; `watch` and `sync` functions, a row in [`LOOPS`], a test in `tests/suite/loops.rs`.
//!
//! Source: k8s.io/kubernetes/pkg/controller, v1.36; each file names its own.

mod adoption;
mod availability;
pub mod cron_job;
mod daemon_set;
mod deletion_rank;
mod deployment;
pub mod disruption;
mod disruption_target;
mod ephemeral_volume;
pub mod horizontal_pod_autoscaler;
mod job;
mod ledger;
mod names;
pub mod node_lifecycle;
mod ownership;
mod pod_garbage_collector;
mod replica_set;
mod replication_controller;
pub mod rollout_peak;
pub mod scale_down;
pub(crate) mod selector;
mod slow_start;
mod stateful_set;
mod taint;
pub mod taint_eviction;
mod ttl_after_finished;
mod update;
pub mod world;

use crate::manifest::Objects;
use crate::manifest::location::Note;
use crate::manifest::workload::ReplicaSet;
use cron_job::CronRuns;
pub use daemon_set::target_node;
use horizontal_pod_autoscaler::assume::{Assumption, autoscale};
use ledger::Ledger;
use scale_down::scale_down;
use world::Loop;

/// A controller: reads its objects, claims the pods they have, and asks the ledger for those that are missing.
pub struct Controller {
    /// Name, as kube-controller-manager spells it.
    pub name: &'static str,
    /// One pass over its objects. `objects.pods` is empty meanwhile: pods are in the ledger.
    reconcile: fn(&mut Objects, &mut Ledger<'_>),
}

/// The controllers, in the order in which one reads what another makes.
pub const CONTROLLERS: &[Controller] = &[
    Controller { name: "cronjob-controller", reconcile: cron_job::reconcile },
    Controller { name: "job-controller", reconcile: job::reconcile },
    Controller { name: "deployment-controller", reconcile: deployment::reconcile },
    Controller { name: "replicaset-controller", reconcile: replica_set::reconcile },
    Controller { name: "replicationcontroller-controller", reconcile: replication_controller::reconcile },
    Controller { name: "statefulset-controller", reconcile: stateful_set::reconcile },
    Controller { name: "daemonset-controller", reconcile: daemon_set::reconcile },
    Controller { name: "ephemeral-volume-controller", reconcile: ephemeral_volume::reconcile },
];

/// The control loops, step by step as in a running cluster; an object is synced by the first of them that waits.
pub const LOOPS: &[Loop] = &[
    Loop { name: "cronjob-controller", watch: cron_job::watch, sync: cron_job::sync },
    Loop { name: "daemonset-controller", watch: daemon_set::watch, sync: daemon_set::sync },
    Loop { name: "job-controller", watch: job::watch, sync: job::sync },
    Loop { name: "disruption-controller", watch: disruption::watch, sync: disruption::sync },
    Loop { name: "ttl-after-finished-controller", watch: ttl_after_finished::watch, sync: ttl_after_finished::sync },
    Loop { name: "deployment-controller", watch: deployment::sync::watch, sync: deployment::sync::sync },
    Loop { name: "replicaset-controller", watch: replica_set::sync::watch, sync: replica_set::sync::sync::<ReplicaSet> },
    Loop { name: "replicationcontroller-controller", watch: replication_controller::watch, sync: replication_controller::sync },
    Loop { name: "statefulset-controller", watch: stateful_set::sync::watch, sync: stateful_set::sync::sync },
    Loop { name: node_lifecycle::NAME, watch: node_lifecycle::watch, sync: node_lifecycle::sync },
    Loop { name: "taint-eviction-controller", watch: taint_eviction::watch, sync: taint_eviction::sync },
    Loop { name: "pod-garbage-collector-controller", watch: pod_garbage_collector::watch, sync: pod_garbage_collector::sync },
];

/// [`expand`], with the replicas of autoscaled workloads by an assumption. Where that is fewer than were written, surplus pods go.
pub fn expand_autoscaled(objects: &mut Objects, assumption: &Assumption) -> Vec<Note> {
    expand_assumed(objects, assumption, CronRuns::default())
}

/// As [`expand_autoscaled`], and says which runs of CronJobs count.
pub fn expand_assumed(objects: &mut Objects, assumption: &Assumption, cron_runs: CronRuns) -> Vec<Note> {
    let (scaled, mut notes) = autoscale(objects, assumption);
    notes.extend(expand_with(objects, cron_runs));
    for rescaled in scaled.iter().filter(|rescaled| rescaled.to < rescaled.from) {
        scale_down(objects, &rescaled.workload, rescaled.to);
    }
    notes
}

/// Adds what the controllers would make: ReplicaSets, pods, claims. Where a workload was written over a dump, takes away what it
/// had of an old template or beyond its replicas. A second call changes nothing.
pub fn expand(objects: &mut Objects) -> Vec<Note> {
    expand_with(objects, CronRuns::default())
}

/// As [`expand`], and says which runs of CronJobs count.
pub fn expand_with(objects: &mut Objects, cron_runs: CronRuns) -> Vec<Note> {
    names::complete(objects);
    let written = update::begin(objects);
    let mut notes = Vec::new();
    let pods = std::mem::take(&mut objects.pods);
    let mut ledger = Ledger::open(&pods, &objects.replica_sets);
    ledger.cron_runs = cron_runs;
    for controller in CONTROLLERS {
        (controller.reconcile)(objects, &mut ledger);
    }
    let entries = ledger.close();
    objects.pods = pods;
    notes.extend(entries.post(&mut objects.pods));
    update::finish(objects, written);
    notes
}
