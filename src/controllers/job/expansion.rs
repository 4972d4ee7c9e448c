//! The plain way: the pods that every unfinished Job would have running now.
//!
//! Source: k8s.io/kubernetes/pkg/controller/job/job_controller.go manageJob, v1.36.

use super::indexes::{self, INDEX, index_of};
use super::{is_finished, labelled_template};
use crate::controllers::ledger::{Ledger, from_template, is_active};
use crate::controllers::ownership::{Owner, identify};
use crate::manifest::Objects;
use crate::manifest::location::Note;
use crate::manifest::workload::{Job, PodTemplateSpec};

/// Starts the pods that every unfinished Job would have running now.
pub(in crate::controllers) fn reconcile(objects: &mut Objects, ledger: &mut Ledger<'_>) {
    let mut suspended = 0;
    for job in &mut objects.jobs {
        identify("Job", &mut job.metadata);
        if job.metadata.deletion_timestamp.is_some() || is_finished(job) || job.status.completion_time.is_some() {
            continue;
        }
        if job.spec.suspend {
            suspended += 1;
            continue;
        }
        let owner = Owner { api_version: "batch/v1", kind: "Job", metadata: &job.metadata };
        let claimed = ledger.claim(&owner, job.spec.selector.as_ref());
        let succeeded = claimed.iter().filter(|&&position| ledger.pods[position].status.phase == "Succeeded").count();
        // the status outlives the pods; the pods may be ahead of the status
        let succeeded = succeeded.max(usize::try_from(job.status.succeeded).unwrap_or(0));
        let wanted = wanted_active(job, i32::try_from(succeeded).unwrap_or(i32::MAX));
        let template = labelled_template(job);
        if job.spec.completion_mode.as_deref() == Some("Indexed") {
            start_indexed(job, &owner, &template, &claimed, wanted, ledger);
        } else {
            ledger.fill(&owner, &template, &claimed, wanted);
        }
    }
    match suspended {
        0 => {}
        1 => ledger.note(Note::general("1 Job is suspended; none of its pods are placed")),
        _ => ledger.note(Note::general(format!("{suspended} Jobs are suspended; none of their pods are placed"))),
    }
}

/// How many pods should be running, given how many succeeded.
fn wanted_active(job: &Job, succeeded: i32) -> i32 {
    let parallelism = job.spec.parallelism.unwrap_or(1).max(0);
    match (job.spec.completions, job.spec.parallelism) {
        (Some(completions), _) => parallelism.min(completions.saturating_sub(succeeded)).max(0),
        (None, None) => (1 - succeeded).max(0),
        // a work queue: the first success means that the queue is empty
        (None, Some(_)) => {
            if succeeded > 0 {
                0
            } else {
                parallelism
            }
        }
    }
}

/// Starts the lowest indexes that neither run nor are done.
fn start_indexed(job: &Job, owner: &Owner<'_>, template: &PodTemplateSpec, claimed: &[usize], wanted: i32, ledger: &mut Ledger<'_>) {
    let completions = job.spec.completions.unwrap_or(1);
    let mut taken = indexes::parse(&job.status.completed_indexes, completions);
    taken.extend(indexes::parse(job.status.failed_indexes.as_deref().unwrap_or_default(), completions));
    let held = claimed.iter().map(|&position| &ledger.pods[position]).filter(|pod| is_active(pod) || pod.status.phase == "Succeeded");
    taken.extend(held.filter_map(index_of));
    let missing = usize::try_from(wanted).unwrap_or(0).saturating_sub(ledger.active(claimed));
    let indexes: Vec<i32> = (0..completions).filter(|index| !taken.contains(index)).take(missing).collect();
    for index in indexes {
        let prefix = format!("{}-{index}-", job.metadata.name);
        let name = ledger.free_names(&prefix, claimed).next().expect("names do not run out");
        let mut pod = from_template(template, owner, name);
        pod.metadata.generate_name = prefix;
        pod.metadata.labels.insert(INDEX.to_owned(), index.to_string());
        pod.metadata.annotations.insert(INDEX.to_owned(), index.to_string());
        pod.spec.hostname = format!("{}-{index}", job.metadata.name);
        ledger.make(pod);
    }
}
