//! Job: pods that run to their end, so many at once and so many in all.
//!
//! [`reconcile`] is the plain way, [`watch`] and [`sync`] the way step by step.
//!
//! Source: k8s.io/kubernetes/pkg/controller/job/, v1.36.

mod back_off;
mod creation;
mod expansion;
mod failure_policy;
mod indexes;
mod pass;
mod removal_order;
mod success_policy;
mod sync;

pub(super) use expansion::reconcile;
pub(super) use sync::{sync, watch};

use super::adoption::Selecting;
use super::names::label_of_uid;
use super::selector::matches;
use crate::manifest::meta::{LabelSelector, StringMap};
use crate::manifest::pod::{Condition, Pod};
use crate::manifest::workload::{Job, PodTemplateSpec};

/// Holds a deleted pod until its Job has counted it.
const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
/// The label by which a Job knows its pods.
const CONTROLLER_UID: &str = "batch.kubernetes.io/controller-uid";
const JOB_NAME: &str = "batch.kubernetes.io/job-name";

/// Whether a Job is complete or has failed.
pub(super) fn is_finished(job: &Job) -> bool {
    finish(job).is_some()
}

/// The condition that ended a Job: `Complete` or `Failed`.
pub(super) fn finish(job: &Job) -> Option<&Condition> {
    let is_end = |condition: &&Condition| condition.r#type == "Complete" || condition.r#type == "Failed";
    job.status.conditions.iter().filter(is_end).find(|condition| condition.status == "True")
}

fn is_indexed(job: &Job) -> bool {
    job.spec.completion_mode.as_deref() == Some("Indexed")
}

/// How many pods must succeed; none is a work queue, of which one must.
fn completions(job: &Job) -> Option<i32> {
    // the server's default, should it not have been applied
    if job.spec.completions.is_none() && job.spec.parallelism.is_none() { Some(1) } else { job.spec.completions }
}

fn has_finalizer(pod: &Pod) -> bool {
    pod.metadata.finalizers.iter().any(|finalizer| finalizer == FINALIZER)
}

/// The template with the labels that the server adds to a Job.
fn labelled_template(job: &Job) -> PodTemplateSpec {
    let mut template = job.spec.template.clone();
    let uid = label_of_uid(&job.metadata.uid);
    let labels = [(CONTROLLER_UID, &uid), ("controller-uid", &uid)];
    for (key, value) in labels.into_iter().chain([(JOB_NAME, &job.metadata.name), ("job-name", &job.metadata.name)]) {
        template.metadata.labels.entry(key.to_owned()).or_insert_with(|| value.clone());
    }
    template
}

/// The selector of a Job, which the server makes unless it was written by hand.
fn selector(job: &Job) -> LabelSelector {
    job.spec.selector.clone().unwrap_or_else(|| LabelSelector {
        match_labels: [(CONTROLLER_UID.to_owned(), label_of_uid(&job.metadata.uid))].into(),
        ..LabelSelector::default()
    })
}

impl Selecting for Job {
    fn selects(&self, labels: &StringMap) -> bool {
        matches(&selector(self), labels)
    }
}
