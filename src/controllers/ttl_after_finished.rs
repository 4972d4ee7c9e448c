//! TTL after finished: deletes a Job so many seconds after its end.
//!
//! Source: k8s.io/kubernetes/pkg/controller/ttlafterfinished/ttlafterfinished_controller.go, v1.36.

use std::time::Duration;

use super::job::finish;
use super::world::{Change, Key, Moment, Outcome, Store, World};
use crate::manifest::workload::Job;

/// Jobs that have a time to live and are over.
pub(super) fn watch(_: &Store, change: &Change, keys: &mut Vec<Key>) {
    if let Change::Job(delta) = change {
        keys.extend(delta.after.as_deref().and_then(end_of_life).map(|_| delta.key()));
    }
}

/// Deletes a Job whose time has come.
pub(super) fn sync(world: &mut dyn World, key: &Key) -> Outcome {
    let job = world.store().get::<Job>(key).filter(|job| job.metadata.deletion_timestamp.is_none());
    let Some(end) = job.and_then(|job| end_of_life(job)) else { return Outcome::Done };
    if end > world.now() {
        return Outcome::After(end.since(world.now()));
    }
    world.delete_job(key);
    Outcome::Done
}

fn end_of_life(job: &Job) -> Option<Moment> {
    let seconds = job.spec.ttl_seconds_after_finished?;
    let finished = Moment::parse(finish(job)?.last_transition_time.as_deref()?)?;
    Some(finished + Duration::from_secs(seconds.max(0).unsigned_abs().into()))
}
