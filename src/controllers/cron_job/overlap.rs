//! How many runs of a CronJob may be under way at once.
//!
//! Nobody knows how long a run takes; `activeDeadlineSeconds` of its Jobs says how long it may take at most.

use std::collections::VecDeque;

use crate::manifest::cron_schedule::CronSchedule;
use crate::manifest::workload::CronJob;

/// So many starts of a schedule are looked at: a week of minutes, more than a year of hours.
const STARTS: usize = 10_080;

/// How many runs may be under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// At most so many.
    AtMost(usize),
    /// As many as start before the first ends: runs may overlap and nothing bounds how long they take.
    Unbounded,
}

/// How many runs of a CronJob may be under way at once, by its schedule, its concurrency policy and the deadline of its Jobs.
/// `from` is the time in seconds since 1970 from which on starts are looked at. A suspended one, or one whose schedule never comes
/// or makes no sense, has none.
pub fn overlap(cron_job: &CronJob, from: i64) -> Overlap {
    let spec = &cron_job.spec;
    let schedule = CronSchedule::parse(&spec.schedule, spec.time_zone.as_deref()).ok().filter(|_| !spec.suspend);
    let Some(schedule) = schedule.filter(|schedule| schedule.next(from).is_some()) else { return Overlap::AtMost(0) };
    if matches!(spec.concurrency_policy.as_str(), "Forbid" | "Replace") {
        return Overlap::AtMost(1);
    }
    match spec.job_template.spec.active_deadline_seconds {
        Some(deadline) => Overlap::AtMost(most_within(&schedule, from, deadline.max(1))),
        None => Overlap::Unbounded,
    }
}

/// The most starts within any window of so many seconds.
fn most_within(schedule: &CronSchedule, from: i64, seconds: i64) -> usize {
    let (mut time, mut most) = (from, 0);
    let mut window: VecDeque<i64> = VecDeque::new();
    for _ in 0..STARTS {
        let Some(start) = schedule.next(time) else { break };
        time = start;
        while window.front().is_some_and(|first| first + seconds <= start) {
            window.pop_front();
        }
        window.push_back(start);
        most = most.max(window.len());
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedule_policy_and_deadline_bound_the_runs() {
        let of = |spec: &str| {
            let cron_job: CronJob = serde_saphyr::from_str(&format!("spec: {spec}")).unwrap();
            overlap(&cron_job, 1_767_225_600)
        };
        assert_eq!(of("{schedule: '* * * * *'}"), Overlap::Unbounded);
        assert_eq!(of("{schedule: '* * * * *', concurrencyPolicy: Forbid}"), Overlap::AtMost(1));
        assert_eq!(of("{schedule: '* * * * *', jobTemplate: {spec: {activeDeadlineSeconds: 61}}}"), Overlap::AtMost(2));
        assert_eq!(of("{schedule: '0,5,6 * * * *', jobTemplate: {spec: {activeDeadlineSeconds: 301}}}"), Overlap::AtMost(2));
        assert_eq!(of("{schedule: '@daily', jobTemplate: {spec: {activeDeadlineSeconds: 3600}}}"), Overlap::AtMost(1));
        assert_eq!(of("{schedule: '@daily', suspend: true}"), Overlap::AtMost(0));
        assert_eq!(of("{schedule: '0 0 31 2 *'}"), Overlap::AtMost(0));
    }
}
