//! How many pods a Job should have, and the making and deleting of the difference.
//!
//! Source: k8s.io/kubernetes/pkg/controller/job/job_controller.go manageJob, indexed_job_utils.go, v1.36.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::failure_policy::{counts, replaces_only_failed};
use super::indexes::{INDEX, index_of};
use super::pass::{FAILURE_COUNT, IGNORED_FAILURE_COUNT, Pass, all_failures, annotated, number};
use super::{FINALIZER, back_off, is_indexed, labelled_template, removal_order};
use crate::controllers::availability::is_ready;
use crate::controllers::ledger::from_template;
use crate::controllers::ownership::Owner;
use crate::controllers::slow_start::slow_start;
use crate::controllers::world::memory::JobFailures;
use crate::controllers::world::{Key, World};
use crate::manifest::pod::Pod;

/// So many pods are made or deleted in one sync.
const AT_ONCE: i32 = 500;
/// Longest prefix of a generated name.
const PREFIX_LENGTH: usize = 58;
/// A Job that waits looks again no sooner.
const BATCH_PERIOD: Duration = Duration::from_secs(1);

impl Pass {
    /// Makes or deletes pods. Whether all that were to be made could be.
    pub fn manage(&mut self, world: &mut dyn World) -> bool {
        if self.job.spec.suspend {
            let doomed = self.doomed(self.active);
            self.delete(world, &doomed);
            return true;
        }
        let wanted = self.wanted();
        let mut doomed = self.doomed((self.active - wanted).max(0));
        doomed.truncate(usize::try_from(AT_ONCE).unwrap_or(0));
        if !doomed.is_empty() {
            self.delete(world, &doomed);
            return true;
        }
        let in_the_way = if replaces_only_failed(&self.job) { self.terminating } else { 0 };
        let missing = wanted - in_the_way - self.active;
        missing <= 0 || self.fill(world, missing)
    }

    fn wanted(&self) -> i32 {
        let parallelism = self.job.spec.parallelism.unwrap_or(1);
        match super::completions(&self.job) {
            // a work queue: the first success means that the queue is empty, and the others come to their end
            None if self.succeeded > 0 => self.active,
            None => parallelism,
            Some(completions) => (completions - self.succeeded).min(parallelism).max(0),
        }
    }

    /// Active pods to be deleted: those without a place among the indexes, and others until there are at least so many.
    fn doomed(&self, at_least: i32) -> Vec<Arc<Pod>> {
        let (mut doomed, mut left) = if is_indexed(&self.job) { self.superfluous() } else { (Vec::new(), self.active_pods.clone()) };
        let more = usize::try_from(at_least).unwrap_or(0).saturating_sub(doomed.len());
        removal_order::sort(&mut left);
        doomed.extend(left.into_iter().take(more));
        doomed
    }

    /// Pods without an index, with one that is too high, or with one that another pod has too; and the rest.
    fn superfluous(&self) -> (Vec<Arc<Pod>>, Vec<Arc<Pod>>) {
        let mut by_index: BTreeMap<i32, Vec<Arc<Pod>>> = BTreeMap::new();
        let mut doomed = Vec::new();
        for pod in &self.active_pods {
            match index_of(pod).filter(|&index| index < self.completions()) {
                Some(index) => by_index.entry(index).or_default().push(pod.clone()),
                None => doomed.push(pod.clone()),
            }
        }
        let mut left = Vec::new();
        for mut pods in by_index.into_values() {
            removal_order::sort(&mut pods);
            left.extend(pods.pop());
            doomed.extend(pods);
        }
        (doomed, left)
    }

    /// Deletes pods that are not to count as failed: without their finalizer nobody counts them.
    fn delete(&mut self, world: &mut dyn World, doomed: &[Arc<Pod>]) {
        for pod in doomed {
            let key = Key::of(&pod.metadata);
            world.store_mut().update::<Pod>(&key, |pod| pod.metadata.finalizers.retain(|finalizer| finalizer != FINALIZER));
            world.delete_pod(&key);
        }
        self.count_deleted(doomed);
    }

    /// Deletes all active pods of a Job that is over; they are counted.
    pub fn delete_active(&mut self, world: &mut dyn World) {
        let doomed = std::mem::take(&mut self.active_pods);
        doomed.iter().for_each(|pod| world.delete_pod(&Key::of(&pod.metadata)));
        self.count_deleted(&doomed);
    }

    fn count_deleted(&mut self, doomed: &[Arc<Pod>]) {
        self.active -= number(doomed.len());
        self.terminating += number(doomed.len());
        self.ready -= number(doomed.iter().filter(|pod| is_ready(pod)).count());
    }

    /// Makes pods, unless a failure is too recent. Whether none was refused.
    fn fill(&mut self, world: &mut dyn World, missing: i32) -> bool {
        let has_limit_per_index = self.job.spec.backoff_limit_per_index.is_some();
        let wait = if has_limit_per_index { Duration::ZERO } else { back_off::remaining(self.failures, self.now) };
        if !wait.is_zero() {
            return self.hold_back(wait);
        }
        let missing = missing.min(AT_ONCE);
        if !is_indexed(&self.job) {
            return self.create(world, &vec![None; usize::try_from(missing).unwrap_or(0)]);
        }
        let mut indexes = self.first_pending(usize::try_from(missing).unwrap_or(0));
        if has_limit_per_index && !indexes.is_empty() {
            let waits: Vec<Duration> = indexes.iter().map(|index| self.wait_of(*index)).collect();
            if let Some(&shortest) = waits.iter().min().filter(|wait| !wait.is_zero()) {
                return self.hold_back(shortest);
            }
            let mut waits = waits.into_iter();
            indexes.retain(|_| waits.next().is_some_and(|wait| wait.is_zero()));
        }
        self.create(world, &indexes.into_iter().map(Some).collect::<Vec<_>>())
    }

    /// Up to 1.36.2 a Job that holds a pod back says that it has no active pod at all (k/k#139428).
    fn hold_back(&mut self, wait: Duration) -> bool {
        self.active = 0;
        self.look_again(wait.max(BATCH_PERIOD));
        true
    }

    fn wait_of(&self, index: i32) -> Duration {
        let Some(pod) = self.to_be_replaced.get(&index) else { return Duration::ZERO };
        let count = u32::try_from(all_failures(pod)).unwrap_or(0).saturating_add(1);
        back_off::remaining(JobFailures { count, last: Some(back_off::finished(pod)) }, self.now)
    }

    /// The lowest indexes that neither run nor are over.
    fn first_pending(&self, count: usize) -> Vec<i32> {
        let mut taken: BTreeSet<i32> = self.active_pods.iter().filter_map(|pod| index_of(pod)).collect();
        if replaces_only_failed(&self.job) {
            let leaving = self.pods.iter().filter(|pod| pod.is_terminating() && !pod.is_terminal());
            taken.extend(leaving.filter_map(|pod| index_of(pod)));
        }
        let is_over = |index: &i32| {
            self.succeeded_indexes.contains(index) || self.failed_indexes.as_ref().is_some_and(|failed| failed.contains(index))
        };
        (0..self.completions()).filter(|index| !taken.contains(index) && !is_over(index)).take(count).collect()
    }

    /// Makes pods. Whether none was refused.
    fn create(&mut self, world: &mut dyn World, indexes: &[Option<i32>]) -> bool {
        let key = Key::of(&self.job.metadata);
        let made = slow_start(indexes.len(), |position| {
            let made = world.create_pod(self.new_pod(indexes[position]));
            match &made {
                Ok(_) => self.active += 1,
                Err(refusal) => world.event("Job", &key, "FailedCreate", format!("Error creating: {refusal}")),
            }
            made.map(|_| ())
        });
        made.is_ok()
    }

    fn new_pod(&self, index: Option<i32>) -> Pod {
        let job = &self.job;
        let owner = Owner { api_version: "batch/v1", kind: "Job", metadata: &job.metadata };
        let mut pod = from_template(&labelled_template(job), &owner, String::new());
        pod.metadata.uid.clear();
        pod.metadata.finalizers = job.spec.template.metadata.finalizers.clone();
        if !pod.metadata.finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
            pod.metadata.finalizers.push(FINALIZER.to_owned());
        }
        pod.metadata.generate_name = format!("{}-", job.metadata.name);
        if let Some(index) = index {
            self.place(&mut pod, index);
        }
        pod
    }

    /// Gives a pod its index, and how often that has failed.
    fn place(&self, pod: &mut Pod, index: i32) {
        let (name, ending) = (&self.job.metadata.name, format!("-{index}-"));
        let room = PREFIX_LENGTH - ending.len();
        pod.metadata.generate_name = name.chars().take(room).collect::<String>() + &ending;
        pod.metadata.labels.insert(INDEX.to_owned(), index.to_string());
        pod.metadata.annotations.insert(INDEX.to_owned(), index.to_string());
        pod.spec.hostname = format!("{name}-{index}");
        if self.job.spec.backoff_limit_per_index.is_none() {
            return;
        }
        let (mut counted, mut ignored) = (0, 0);
        if let Some(old) = self.to_be_replaced.get(&index) {
            let counts = counts(&self.job, old);
            counted = annotated(old, FAILURE_COUNT) + i32::from(counts);
            ignored = annotated(old, IGNORED_FAILURE_COUNT) + i32::from(!counts);
        }
        pod.metadata.annotations.insert(FAILURE_COUNT.to_owned(), counted.to_string());
        if ignored > 0 {
            pod.metadata.annotations.insert(IGNORED_FAILURE_COUNT.to_owned(), ignored.to_string());
        }
    }
}
