//! One look at a Job: its pods counted, and whether it is over.
//!
//! Source: k8s.io/kubernetes/pkg/controller/job/job_controller.go syncJob, indexed_job_utils.go, v1.36.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::failure_policy::{self, Meaning, counts, is_failed};
use super::indexes::{self, index_of};
use super::{back_off, completions, has_finalizer, is_indexed, success_policy};
use crate::controllers::availability::is_ready;
use crate::controllers::world::Moment;
use crate::controllers::world::memory::JobFailures;
use crate::manifest::pod::{Condition, Pod};
use crate::manifest::workload::Job;

/// How often this index has failed.
pub(super) const FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-failure-count";
/// How often this index has failed without its counting.
pub(super) const IGNORED_FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// What a sync knows of its Job.
pub(super) struct Pass {
    pub now: Moment,
    /// The Job as it is to be.
    pub job: Job,
    /// All its pods, those that have ended or are ending included.
    pub pods: Vec<Arc<Pod>>,
    /// Those that run or will run.
    pub active_pods: Vec<Arc<Pod>>,
    pub active: i32,
    pub ready: i32,
    pub terminating: i32,
    pub succeeded: i32,
    failed: i32,
    /// Failures since the last success.
    pub failures: JobFailures,
    /// Indexed: which have succeeded.
    pub succeeded_indexes: BTreeSet<i32>,
    /// Indexed, with a limit each: which have failed.
    pub failed_indexes: Option<BTreeSet<i32>>,
    /// Indexed, with a limit each: the last failure of an index that is to be tried again.
    pub to_be_replaced: BTreeMap<i32, Arc<Pod>>,
    /// The condition that ends the Job.
    pub finished: Option<Condition>,
    /// When to look again.
    pub again: Option<Duration>,
}

impl Pass {
    /// Counts the pods of a Job.
    pub fn begin(job: &Job, pods: Vec<Arc<Pod>>, failures: JobFailures, now: Moment) -> Self {
        let active_pods: Vec<Arc<Pod>> = pods.iter().filter(|pod| !pod.is_terminal() && !pod.is_terminating()).cloned().collect();
        let mut pass = Pass {
            now,
            active: number(active_pods.len()),
            ready: number(active_pods.iter().filter(|pod| is_ready(pod)).count()),
            terminating: number(pods.iter().filter(|pod| !pod.is_terminal() && pod.is_terminating()).count()),
            job: job.clone(),
            pods,
            active_pods,
            succeeded: 0,
            failed: 0,
            failures,
            succeeded_indexes: BTreeSet::new(),
            failed_indexes: None,
            to_be_replaced: BTreeMap::new(),
            finished: None,
            again: None,
        };
        let succeeded = pass.uncounted(|pod| pod.status.phase == "Succeeded");
        let failed = pass.uncounted(|pod| is_failed(pod, job));
        pass.succeeded = job.status.succeeded + number(succeeded.len());
        pass.failed = job.status.failed + number(failed.iter().filter(|pod| counts(job, pod)).count());
        pass.failures = back_off::after(failures, &succeeded, &failed);
        pass
    }

    /// Pods that the status does not count yet: they still have the finalizer, and an index if one is needed.
    fn uncounted(&self, is_meant: impl Fn(&Pod) -> bool) -> Vec<Arc<Pod>> {
        let is_valid = |pod: &Pod| has_finalizer(pod) && self.has_valid_index(pod);
        self.pods.iter().filter(|pod| is_valid(pod) && is_meant(pod)).cloned().collect()
    }

    /// Whether the Job needs no indexes, or the pod has one of them.
    pub fn has_valid_index(&self, pod: &Pod) -> bool {
        !is_indexed(&self.job) || index_of(pod).is_some_and(|index| index < self.completions())
    }

    /// How many must succeed; only for Jobs that say so.
    pub fn completions(&self) -> i32 {
        completions(&self.job).unwrap_or(0)
    }

    /// Decides whether the Job is over.
    pub fn judge(&mut self) {
        self.start();
        self.finished = self.condition("SuccessCriteriaMet").or_else(|| self.failure_target()).or_else(|| self.failed_by_policy());
        if self.finished.is_none() {
            self.finished = self.past_limits();
        }
        if is_indexed(&self.job) {
            self.judge_indexes();
        }
    }

    fn start(&mut self) {
        if !self.job.spec.suspend {
            let now = self.now.timestamp();
            self.job.status.start_time.get_or_insert(now);
        }
    }

    fn condition(&self, kind: &str) -> Option<Condition> {
        self.job.status.conditions.iter().find(|condition| condition.r#type == kind && condition.status == "True").cloned()
    }

    fn failure_target(&self) -> Option<Condition> {
        let target = self.condition("FailureTarget")?;
        Some(self.new_condition("Failed", &target.reason, &target.message))
    }

    fn failed_by_policy(&self) -> Option<Condition> {
        self.job.spec.pod_failure_policy.as_ref()?;
        let failed = self.pods.iter().filter(|pod| is_failed(pod, &self.job));
        failed
            .filter_map(|pod| match failure_policy::meaning(&self.job, pod) {
                Meaning::FailJob(message) => Some(self.new_condition("FailureTarget", "PodFailurePolicy", &message)),
                _ => None,
            })
            .next()
    }

    /// Too many failures, or too late.
    fn past_limits(&mut self) -> Option<Condition> {
        let default = if self.job.spec.backoff_limit_per_index.is_some() { i32::MAX } else { 6 };
        let limit = self.job.spec.backoff_limit.unwrap_or(default);
        if self.failed > limit || self.is_past_restarts(limit) {
            return Some(self.new_condition("FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit"));
        }
        let deadline = self.job.spec.active_deadline_seconds.filter(|_| !self.job.spec.suspend)?;
        let start = self.job.status.start_time.as_deref().and_then(Moment::parse)?;
        let (allowed, passed) = (Duration::from_secs(deadline.max(0).unsigned_abs()), self.now.since(start));
        if passed >= allowed {
            return Some(self.new_condition("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline"));
        }
        self.look_again(allowed - passed);
        None
    }

    /// Pods that restart in place count by their restarts.
    fn is_past_restarts(&self, limit: i32) -> bool {
        if self.job.spec.template.spec.restart_policy != "OnFailure" {
            return false;
        }
        let running = self.pods.iter().filter(|pod| pod.status.phase == "Running" || pod.status.phase == "Pending");
        let statuses = running.flat_map(|pod| pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses));
        let restarts: i32 = statuses.map(|status| status.restart_count).sum();
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    }

    fn judge_indexes(&mut self) {
        let completions = self.completions();
        self.succeeded_indexes = indexes::parse(&self.job.status.completed_indexes, completions);
        let succeeded = self.uncounted(|pod| pod.status.phase == "Succeeded");
        self.succeeded_indexes.extend(succeeded.iter().filter_map(|pod| index_of(pod)));
        self.succeeded = number(self.succeeded_indexes.len());
        if self.job.spec.backoff_limit_per_index.is_some() {
            self.judge_failed_indexes(completions);
        }
        if let (None, Some(policy)) = (&self.finished, &self.job.spec.success_policy)
            && let Some(message) = success_policy::matched(policy, completions, &self.succeeded_indexes)
        {
            self.finished = Some(self.new_condition("SuccessCriteriaMet", "SuccessPolicy", &message));
        }
    }

    fn judge_failed_indexes(&mut self, completions: i32) {
        let mut failed = indexes::parse(self.job.status.failed_indexes.as_deref().unwrap_or_default(), completions);
        failed.extend(self.uncounted(|pod| self.has_failed_its_index(pod)).iter().filter_map(|pod| index_of(pod)));
        let number_failed = number(failed.len());
        if self.finished.is_none() {
            let exceeds = self.job.spec.max_failed_indexes.is_some_and(|limit| number_failed > limit);
            if exceeds {
                let message = "Job has exceeded the specified maximal number of failed indexes";
                self.finished = Some(self.new_condition("FailureTarget", "MaxFailedIndexesExceeded", message));
            } else if number_failed > 0 && number_failed + self.succeeded >= completions {
                self.finished = Some(self.new_condition("FailureTarget", "FailedIndexes", "Job has failed indexes"));
            }
        }
        self.to_be_replaced = self.last_failures(&failed);
        self.failed_indexes = Some(failed);
    }

    fn has_failed_its_index(&self, pod: &Pod) -> bool {
        if !is_failed(pod, &self.job) {
            return false;
        }
        let limit = self.job.spec.backoff_limit_per_index.unwrap_or(0);
        match failure_policy::meaning(&self.job, pod) {
            Meaning::FailIndex => true,
            Meaning::Ignore => false,
            Meaning::Count | Meaning::FailJob(_) => annotated(pod, FAILURE_COUNT) >= limit,
        }
    }

    /// The last failure of every index that neither runs nor is over. It is kept until its replacement knows how often it failed.
    fn last_failures(&self, failed: &BTreeSet<i32>) -> BTreeMap<i32, Arc<Pod>> {
        let active: BTreeSet<i32> = self.active_pods.iter().filter_map(|pod| index_of(pod)).collect();
        let mut last: BTreeMap<i32, Arc<Pod>> = BTreeMap::new();
        for pod in self.uncounted(|pod| is_failed(pod, &self.job)) {
            let Some(index) = index_of(&pod) else { continue };
            if self.succeeded_indexes.contains(&index) || failed.contains(&index) || active.contains(&index) {
                continue;
            }
            let is_later = |old: &Arc<Pod>| all_failures(old) <= all_failures(&pod) && back_off::finished(old) <= back_off::finished(&pod);
            if last.get(&index).is_none_or(is_later) {
                last.insert(index, pod);
            }
        }
        last
    }

    /// A condition that holds from now on.
    pub fn new_condition(&self, kind: &str, reason: &str, message: &str) -> Condition {
        Condition {
            r#type: kind.to_owned(),
            status: "True".to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
            last_transition_time: Some(self.now.timestamp()),
        }
    }

    /// Looks again after this time at the latest.
    pub fn look_again(&mut self, after: Duration) {
        self.again = Some(self.again.map_or(after, |old| old.min(after)));
    }
}

/// A number in an annotation; 0 if there is none.
pub(super) fn annotated(pod: &Pod, key: &str) -> i32 {
    pod.metadata.annotations.get(key).and_then(|text| text.parse().ok()).filter(|&number: &i32| number >= 0).unwrap_or(0)
}

/// How often the index of a pod had failed before it, counted or not.
pub(super) fn all_failures(pod: &Pod) -> i32 {
    annotated(pod, FAILURE_COUNT).saturating_add(annotated(pod, IGNORED_FAILURE_COUNT))
}

pub(super) fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
