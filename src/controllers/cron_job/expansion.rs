//! The plain way: the Jobs that a CronJob may have under way at once.
//!
//! A CronJob that comes from a cluster has the Jobs it has; one that was only written down gets a run, as if its time had come.

use super::overlap::{Overlap, overlap};
use super::{CronRuns, from_template};
use crate::controllers::job::is_finished;
use crate::controllers::ledger::Ledger;
use crate::controllers::names::generated;
use crate::controllers::ownership::{identify, is_made_up};
use crate::manifest::Objects;
use crate::manifest::location::Note;
use crate::manifest::workload::{CronJob, Job};

/// From when on schedules are looked at: 2026-01-01T00:00:00Z. No clock decides anything here.
const FROM: i64 = 1_767_225_600;

/// Adds the Jobs that are missing.
pub(in crate::controllers) fn reconcile(objects: &mut Objects, ledger: &mut Ledger<'_>) {
    let (mut later, mut made) = (0, Vec::new());
    for cron_job in &mut objects.cron_jobs {
        if cron_job.metadata.deletion_timestamp.is_some() || cron_job.spec.suspend {
            continue;
        }
        let uid = &cron_job.metadata.uid;
        let is_from_cluster = !uid.is_empty() && !is_made_up(uid);
        identify("CronJob", &mut cron_job.metadata);
        let runs = if is_from_cluster { 0 } else { wanted(cron_job, ledger) };
        if runs == 0 {
            later += 1;
            continue;
        }
        let active = objects.jobs.iter().filter(|job| is_run_of(cron_job, job)).count();
        let prefix = format!("{}-", cron_job.metadata.name);
        made.extend((active..runs).map(|number| new_run(cron_job, generated(&prefix, u32::try_from(number).unwrap_or(0)))));
    }
    objects.jobs.extend(made);
    match later {
        0 => {}
        1 => ledger.note(Note::general("1 CronJob runs later; none of its pods are placed")),
        _ => ledger.note(Note::general(format!("{later} CronJobs run later; none of their pods are placed"))),
    }
}

/// How many runs there should be.
fn wanted(cron_job: &CronJob, ledger: &mut Ledger<'_>) -> usize {
    match (ledger.cron_runs, overlap(cron_job, FROM)) {
        (CronRuns::None, _) => 0,
        (CronRuns::One, Overlap::AtMost(most)) => most.min(1),
        (CronRuns::Overlapping, Overlap::AtMost(most)) => most,
        (CronRuns::One, Overlap::Unbounded) => 1,
        (CronRuns::Overlapping, Overlap::Unbounded) => {
            let name = &cron_job.metadata.name;
            let message = format!(
                "CronJob {name:?} may have any number of runs at once: concurrencyPolicy is Allow and its Jobs have no activeDeadlineSeconds; one is counted"
            );
            ledger.note(Note::at(cron_job.metadata.origin, message));
            1
        }
    }
}

fn is_run_of(cron_job: &CronJob, job: &Job) -> bool {
    let is_its = |owner: &crate::manifest::meta::OwnerReference| owner.kind == "CronJob" && owner.name == cron_job.metadata.name;
    job.metadata.namespace_or_default() == cron_job.metadata.namespace_or_default()
        && job.metadata.controller().is_some_and(is_its)
        && !is_finished(job)
}

fn new_run(cron_job: &CronJob, name: String) -> Job {
    let mut job = from_template(cron_job);
    job.metadata.name = name;
    job
}
