//! Step by step: what a Job does when something about it has changed.
//!
//! Source: k8s.io/kubernetes/pkg/controller/job/job_controller.go syncJob, trackJobStatusAndRemoveFinalizers, v1.36.

use std::sync::Arc;

use super::failure_policy::{counts, is_failed};
use super::indexes::{self, index_of};
use super::pass::Pass;
use super::{FINALIZER, JOB_NAME, completions, has_finalizer, is_finished, is_indexed};
use crate::controllers::adoption::{self, Selecting};
use crate::controllers::world::{Change, Key, Outcome, Store, World};
use crate::manifest::pod::{Condition, Pod};
use crate::manifest::workload::Job;

/// A Job is concerned by itself, by its pods, and by pods that it might adopt or that it left behind.
pub(in crate::controllers) fn watch(store: &Store, change: &Change, keys: &mut Vec<Key>) {
    match change {
        Change::Job(delta) => keys.push(delta.key()),
        Change::Pod(delta) => {
            adoption::watch::<Job, Pod>(store, delta, keys);
            let left = delta.after.iter().filter(|pod| pod.metadata.controller().is_none() && has_finalizer(pod));
            keys.extend(left.filter_map(|pod| Some(Key::new(&pod.metadata.namespace, pod.metadata.labels.get(JOB_NAME)?))));
        }
        _ => {}
    }
}

/// Looks at one Job.
pub(in crate::controllers) fn sync(world: &mut dyn World, key: &Key) -> Outcome {
    match world.store().get::<Job>(key).cloned() {
        Some(job) if job.spec.managed_by.as_deref().is_some_and(|manager| manager != "kubernetes.io/job-controller") => Outcome::Done,
        Some(job) if !is_finished(&job) => sync_unfinished(world, key, &job),
        _ => {
            world.store_mut().memory.jobs.remove(key);
            let_go(world, key);
            Outcome::Done
        }
    }
}

/// Takes the finalizer off all pods that no unfinished Job counts.
fn let_go(world: &mut dyn World, key: &Key) {
    let is_left = |pod: &&Arc<Pod>| {
        has_finalizer(pod)
            && match pod.metadata.controller() {
                Some(owner) => owner.kind == "Job" && owner.name == key.name,
                None => pod.metadata.labels.get(JOB_NAME) == Some(&key.name),
            }
    };
    let left: Vec<Key> = world.store().pods.within(&key.namespace).filter(is_left).map(|pod| Key::of(&pod.metadata)).collect();
    left.iter().for_each(|key| remove_finalizer(world, key));
}

fn remove_finalizer(world: &mut dyn World, key: &Key) {
    world.store_mut().update::<Pod>(key, |pod| pod.metadata.finalizers.retain(|finalizer| finalizer != FINALIZER));
}

/// The pods of a Job. Those it adopts are held from now on.
fn claim(world: &mut dyn World, job: &Job) -> Vec<Arc<Pod>> {
    let is_orphan = |pod: &&Arc<Pod>| pod.metadata.controller().is_none() && job.selects(&pod.metadata.labels) && !has_finalizer(pod);
    let orphans: Vec<Key> =
        world.store().pods.within(&job.metadata.namespace).filter(is_orphan).map(|pod| Key::of(&pod.metadata)).collect();
    let mut pods = adoption::claim::<Job, Pod>(world, job, |_| true);
    for pod in pods.iter_mut().filter(|pod| orphans.contains(&Key::of(&pod.metadata))) {
        let key = Key::of(&pod.metadata);
        world.store_mut().update::<Pod>(&key, |pod| pod.metadata.finalizers.push(FINALIZER.to_owned()));
        *pod = world.store().get::<Pod>(&key).cloned().unwrap_or_else(|| pod.clone());
    }
    pods
}

fn sync_unfinished(world: &mut dyn World, key: &Key, job: &Job) -> Outcome {
    let pods = claim(world, job);
    let failures = world.store().memory.jobs.get(key).copied().unwrap_or_default();
    let mut pass = Pass::begin(job, pods, failures, world.now());
    pass.judge();
    let mut all_made = true;
    if pass.finished.is_some() {
        pass.delete_active(world);
    } else if job.metadata.deletion_timestamp.is_none() {
        all_made = pass.manage(world);
        pass.complete_or_suspend();
    }
    let is_written = pass.write(world, key, job);
    match pass.again {
        _ if !all_made => Outcome::Failed,
        Some(duration) => Outcome::After(duration),
        None if is_written => Outcome::Done,
        None => Outcome::Failed,
    }
}

impl Pass {
    fn complete_or_suspend(&mut self) {
        let is_complete = match completions(&self.job) {
            None => self.succeeded > 0,
            Some(completions) => self.succeeded >= completions,
        };
        if is_complete && self.active == 0 {
            let message = "Reached expected number of succeeded pods";
            self.finished = Some(self.new_condition("SuccessCriteriaMet", "CompletionsReached", message));
        } else if self.job.spec.suspend {
            let suspended = self.new_condition("Suspended", "JobSuspended", "Job suspended");
            if ensure(&mut self.job.status.conditions, suspended) {
                // the time a Job stands still does not count towards its deadline
                self.job.status.start_time = None;
            }
        } else {
            let resumed = Condition { status: "False".to_owned(), ..self.new_condition("Suspended", "JobResumed", "Job resumed") };
            if ensure(&mut self.job.status.conditions, resumed) {
                self.job.status.start_time = Some(self.now.timestamp());
            }
        }
    }

    /// Counts pods that have ended, lets them go, and writes the status. Whether the server took it.
    fn write(&mut self, world: &mut dyn World, key: &Key, old: &Job) -> bool {
        let counts_changed = old.status.active != self.active || old.status.ready != Some(self.ready);
        // ValidateJobStatusUpdate: cannot set more ready pods than active. Nothing is counted then, nothing let go.
        if self.ready > self.active && counts_changed {
            return false;
        }
        self.job.status.active = self.active;
        self.job.status.ready = Some(self.ready);
        self.job.status.terminating = Some(self.terminating);
        let counted = self.count();
        self.end();
        world.store_mut().memory.jobs.insert(key.clone(), self.failures);
        let status = self.job.status.clone();
        world.store_mut().update::<Job>(key, |job| job.status = status);
        counted.iter().for_each(|pod| remove_finalizer(world, pod));
        true
    }

    /// Adds pods that have ended to the counters, and returns those that need not be held any longer.
    fn count(&mut self) -> Vec<Key> {
        let is_lost = self.finished.as_ref().is_some_and(|condition| condition.r#type != "SuccessCriteriaMet");
        let mut counted = Vec::new();
        for pod in self.pods.iter().filter(|pod| has_finalizer(pod)) {
            let has_failed = is_failed(pod, &self.job);
            if !self.may_go(pod, has_failed) {
                continue;
            }
            counted.push(Key::of(&pod.metadata));
            if pod.status.phase == "Succeeded" {
                self.job.status.succeeded += i32::from(!is_indexed(&self.job));
            } else if (has_failed || is_lost) && self.has_valid_index(pod) && counts(&self.job, pod) {
                self.job.status.failed += 1;
            }
        }
        if is_indexed(&self.job) {
            self.job.status.succeeded = super::pass::number(self.succeeded_indexes.len());
            self.job.status.completed_indexes = indexes::print(&self.succeeded_indexes);
            self.job.status.failed_indexes = self.failed_indexes.as_ref().map(indexes::print);
        }
        counted
    }

    /// Whether a pod need not be held any longer.
    fn may_go(&self, pod: &Pod, has_failed: bool) -> bool {
        if self.job.metadata.deletion_timestamp.is_some() || self.finished.is_some() || pod.status.phase == "Succeeded" {
            return true;
        }
        let waits =
            index_of(pod).and_then(|index| self.to_be_replaced.get(&index)).is_some_and(|last| last.metadata.uid == pod.metadata.uid);
        has_failed && !waits
    }

    /// Says that the Job will end, and that it has ended once all its pods are gone.
    fn end(&mut self) {
        let Some(finished) = self.finished.take() else { return };
        let end = match finished.r#type.as_str() {
            "FailureTarget" => "Failed",
            "SuccessCriteriaMet" => "Complete",
            _ => &finished.r#type.clone(),
        };
        let last = self.new_condition(end, &finished.reason, &finished.message);
        let is_complete = end == "Complete";
        if finished.r#type != end {
            let conditions = &mut self.job.status.conditions;
            if !conditions.iter().any(|condition| condition.r#type == finished.r#type) {
                conditions.push(finished);
            }
        }
        if self.terminating > 0 {
            return;
        }
        if is_complete {
            self.job.status.completion_time = Some(self.now.timestamp());
        }
        ensure(&mut self.job.status.conditions, last);
    }
}

/// Sets a condition; one that does not hold and was not there is not worth saying. Whether anything changed.
fn ensure(conditions: &mut Vec<Condition>, new: Condition) -> bool {
    let Some(old) = conditions.iter_mut().find(|condition| condition.r#type == new.r#type) else {
        let holds = new.status != "False";
        conditions.extend(holds.then_some(new));
        return holds;
    };
    let is_other = old.status != new.status || old.reason != new.reason || old.message != new.message;
    if is_other {
        *old = new;
    }
    is_other
}
