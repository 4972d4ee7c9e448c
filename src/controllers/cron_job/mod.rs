//! CronJob: Jobs at their time.
//!
//! `reconcile` is the plain way: one run, or all that may overlap. `watch` and `sync` are the way step by step.
//!
//! Source: k8s.io/kubernetes/pkg/controller/cronjob/, v1.36.

mod expansion;
mod overlap;
mod sync;

pub(super) use expansion::reconcile;
pub use overlap::{Overlap, overlap};
pub(super) use sync::{sync, watch};

use super::ownership::Owner;
use crate::manifest::workload::{CronJob, Job};

/// Which runs of a CronJob the plain way counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CronRuns {
    /// None: CronJobs run at another time.
    None,
    /// One run of each.
    #[default]
    One,
    /// All that may be under way at once, by schedule, concurrency policy and deadline; see [`overlap`].
    Overlapping,
}

/// A Job of a CronJob, not yet named.
fn from_template(cron_job: &CronJob) -> Job {
    let template = &cron_job.spec.job_template;
    let owner = Owner { api_version: "batch/v1", kind: "CronJob", metadata: &cron_job.metadata };
    let mut job = Job { spec: template.spec.clone(), ..Job::default() };
    job.metadata.namespace = cron_job.metadata.namespace.clone();
    job.metadata.labels = template.metadata.labels.clone();
    job.metadata.annotations = template.metadata.annotations.clone();
    job.metadata.owner_references = vec![owner.reference()];
    job.metadata.origin = cron_job.metadata.origin;
    job
}
