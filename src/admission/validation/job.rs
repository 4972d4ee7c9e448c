//! Jobs and CronJobs.
//!
//! Source: k8s.io/kubernetes/pkg/apis/batch/validation/validation.go, v1.36; the schedule is checked as
//! github.com/robfig/cron/v3's standard parser does.

use super::field::{ErrorList, Path};
use super::job_policies::validate_policies;
use super::metadata::{is_sound, matches, validate_metadata, validate_selector};
use super::names;
use super::pod::validate_template;
use crate::manifest::cron_schedule::CronSchedule;
use crate::manifest::workload::{CronJob, Job, JobSpec};

const MOST_INDEXED_PARALLELISM: i32 = 100_000;
const MOST_FAILED_INDEXES: i32 = 100_000;
const MANY_COMPLETIONS: i32 = 100_000;
const MOST_AT_MANY_COMPLETIONS: i32 = 10_000;

/// Checks a Job.
pub(in crate::admission) fn validate_job(job: &Job, errors: &mut ErrorList) {
    validate_metadata(&job.metadata, true, names::dns_subdomain, errors);
    let (spec, path) = (&job.spec, Path::root("spec"));
    validate_job_spec(spec, &path, errors);
    match &spec.selector {
        // the server writes it, unless the Job says that it was written by hand
        None if spec.manual_selector == Some(true) => errors.required(&path.child("selector"), ""),
        selector => validate_selector(selector.as_ref(), &path.child("selector"), errors),
    }
    if let Some(selector) = spec.selector.as_ref().filter(|selector| is_sound(selector))
        && !matches(Some(selector), &spec.template.metadata.labels)
    {
        let (template, labels) = (path.child("template"), &spec.template.metadata.labels);
        let metadata = template.child("metadata");
        errors.invalid(&metadata.child("labels"), labels, "`selector` does not match template `labels`");
    }
    if is_indexed(spec)
        && let Some(completions) = spec.completions.filter(|completions| *completions > 0)
    {
        let hostname = format!("{}-{}", job.metadata.name, completions - 1);
        if !names::dns_label(&hostname).is_empty() {
            let detail = format!("will not able to create pod with invalid DNS label: {hostname}");
            let metadata = Path::root("metadata");
            errors.invalid(&metadata.child("name"), &job.metadata.name, &detail);
        }
    }
}

fn is_indexed(spec: &JobSpec) -> bool {
    spec.completion_mode.as_deref() == Some("Indexed")
}

fn validate_job_spec(spec: &JobSpec, path: &Path<'_>, errors: &mut ErrorList) {
    let mut number = |field: &str, value: Option<i32>| errors.not_negative(&path.child(field), i64::from(value.unwrap_or(0)));
    number("parallelism", spec.parallelism);
    number("completions", spec.completions);
    number("backoffLimit", spec.backoff_limit);
    number("ttlSecondsAfterFinished", spec.ttl_seconds_after_finished);
    number("backoffLimitPerIndex", spec.backoff_limit_per_index);
    number("maxFailedIndexes", spec.max_failed_indexes);
    errors.not_negative(&path.child("activeDeadlineSeconds"), spec.active_deadline_seconds.unwrap_or(0));
    if spec.max_failed_indexes.is_some() && spec.backoff_limit_per_index.is_none() {
        errors.required(&path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
    }
    if let Some(mode) = spec.completion_mode.as_deref().filter(|mode| !["NonIndexed", "Indexed"].contains(mode)) {
        errors.not_supported(&path.child("completionMode"), mode, &["NonIndexed", "Indexed"]);
    }
    if is_indexed(spec) {
        validate_indexed(spec, path, errors);
    } else if spec.completion_mode.as_deref().unwrap_or("NonIndexed") == "NonIndexed" {
        let per_index = [("backoffLimitPerIndex", spec.backoff_limit_per_index), ("maxFailedIndexes", spec.max_failed_indexes)];
        for (field, value) in per_index {
            value.into_iter().for_each(|value| errors.invalid(&path.child(field), value, "requires indexed completion mode"));
        }
    }
    validate_managed_by(spec, &path.child("managedBy"), errors);
    validate_policies(spec, path, errors);
    let template = path.child("template");
    validate_template(&spec.template, &template, errors);
    validate_restart_policy(spec, &template.child("spec"), errors);
}

fn validate_indexed(spec: &JobSpec, path: &Path<'_>, errors: &mut ErrorList) {
    let (parallelism, most_failed) = (path.child("parallelism"), path.child("maxFailedIndexes"));
    if spec.completions.is_none() {
        errors.required(&path.child("completions"), "when completion mode is Indexed");
    }
    if let Some(number) = spec.parallelism.filter(|number| *number > MOST_INDEXED_PARALLELISM) {
        let detail = format!("must be less than or equal to {MOST_INDEXED_PARALLELISM} when completion mode is Indexed");
        errors.invalid(&parallelism, number, &detail);
    }
    if let (Some(failed), Some(completions)) = (spec.max_failed_indexes, spec.completions)
        && failed > completions
    {
        errors.invalid(&most_failed, failed, "must be less than or equal to completions");
    }
    if let Some(failed) = spec.max_failed_indexes.filter(|failed| *failed > MOST_FAILED_INDEXES) {
        errors.invalid(&most_failed, failed, &format!("must be less than or equal to {MOST_FAILED_INDEXES}"));
    }
    if spec.completions.is_some_and(|completions| completions > MANY_COMPLETIONS) && spec.backoff_limit_per_index.is_some() {
        if spec.max_failed_indexes.is_none() {
            errors.required(&most_failed, &format!("must be specified when completions is above {MANY_COMPLETIONS}"));
        }
        let detail = format!(
            "must be less than or equal to {MOST_AT_MANY_COMPLETIONS} when completions are above {MANY_COMPLETIONS} and used with backoff \
             limit per index"
        );
        for (path, value) in [(&parallelism, spec.parallelism), (&most_failed, spec.max_failed_indexes)] {
            value.filter(|value| *value > MOST_AT_MANY_COMPLETIONS).into_iter().for_each(|value| errors.invalid(path, value, &detail));
        }
    }
}

fn validate_managed_by(spec: &JobSpec, path: &Path<'_>, errors: &mut ErrorList) {
    const MOST_CHARACTERS: usize = 63;
    const UNPREFIXED: &str = "must be a domain-prefixed path (such as \"acme.io/foo\")";
    let Some(manager) = spec.managed_by.as_deref() else { return };
    match manager.split_once('/') {
        _ if manager.is_empty() => errors.required(path, ""),
        None => errors.invalid(path, manager, UNPREFIXED),
        Some(("", _) | (_, "")) => errors.invalid(path, manager, UNPREFIXED),
        Some((domain, _)) => names::dns_subdomain(domain).iter().for_each(|why| errors.invalid(path, domain, why)),
    }
    if manager.len() > MOST_CHARACTERS {
        errors.too_long(path, MOST_CHARACTERS);
    }
}

fn validate_restart_policy(spec: &JobSpec, path: &Path<'_>, errors: &mut ErrorList) {
    let path = path.child("restartPolicy");
    match spec.template.spec.restart_policy.as_str() {
        "Always" | "" => errors.required(&path, "valid values: \"OnFailure\", \"Never\""),
        "Never" => {}
        "OnFailure" if spec.pod_failure_policy.is_none() => {}
        "OnFailure" => errors.invalid(&path, "OnFailure", "only \"Never\" is supported when podFailurePolicy is specified"),
        other => errors.not_supported(&path, other, &["OnFailure", "Never"]),
    }
}

fn validate_time_zone(zone: &str, path: &Path, errors: &mut ErrorList) {
    if zone.is_empty() {
        errors.invalid(path, zone, "timeZone must be nil or non-empty string");
    } else if zone.eq_ignore_ascii_case("Local") {
        errors.invalid(path, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
    } else if let Err(why) = CronSchedule::parse("@daily", Some(zone)) {
        errors.invalid(path, zone, &why);
    }
}

/// Checks a CronJob.
pub(in crate::admission) fn validate_cron_job(cron_job: &CronJob, errors: &mut ErrorList) {
    // Jobs are named after it, with eleven bytes more
    const MOST_NAME_BYTES: usize = 63 - 11;
    validate_metadata(&cron_job.metadata, true, names::dns_subdomain, errors);
    if cron_job.metadata.name.len() > MOST_NAME_BYTES {
        let metadata = Path::root("metadata");
        errors.invalid(&metadata.child("name"), &cron_job.metadata.name, "must be no more than 52 characters");
    }
    let (spec, path) = (&cron_job.spec, Path::root("spec"));
    match spec.schedule.as_str() {
        "" => errors.required(&path.child("schedule"), ""),
        text if text.contains("TZ") => {
            errors.invalid(&path.child("schedule"), text, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        }
        text => CronSchedule::parse(text, None).err().iter().for_each(|why| errors.invalid(&path.child("schedule"), text, why)),
    }
    errors.not_negative(&path.child("startingDeadlineSeconds"), spec.starting_deadline_seconds.unwrap_or(0));
    if let Some(zone) = &spec.time_zone {
        validate_time_zone(zone, &path.child("timeZone"), errors);
    }
    match spec.concurrency_policy.as_str() {
        "Allow" | "Forbid" | "Replace" => {}
        "" => errors.required(&path.child("concurrencyPolicy"), ""),
        other => errors.not_supported(&path.child("concurrencyPolicy"), other, &["Allow", "Forbid", "Replace"]),
    }
    for (field, limit) in
        [("successfulJobsHistoryLimit", spec.successful_jobs_history_limit), ("failedJobsHistoryLimit", spec.failed_jobs_history_limit)]
    {
        errors.not_negative(&path.child(field), i64::from(limit.unwrap_or(0)));
    }
    let template = path.child("jobTemplate");
    let here = template.child("spec");
    let job = &spec.job_template.spec;
    validate_job_spec(job, &here, errors);
    if let Some(selector) = &job.selector {
        errors.invalid(&here.child("selector"), selector, "`selector` will be auto-generated");
    }
    if job.manual_selector == Some(true) {
        errors.not_supported(&here.child("manualSelector"), super::field::Shown::json("true".to_owned()), &["nil", "false"]);
    }
}
