//! Step by step: which run is due, and what becomes of those before it.
//!
//! Source: k8s.io/kubernetes/pkg/controller/cronjob/cronjob_controllerv2.go syncCronJob, cleanupFinishedJobs, utils.go
//! mostRecentScheduleTime, nextScheduleTimeDuration, v1.36.

use std::sync::Arc;
use std::time::Duration;

use super::from_template;
use crate::controllers::job::{finish, is_finished};
use crate::controllers::world::{Change, Key, Moment, Outcome, Store, World};
use crate::manifest::cron_schedule::CronSchedule;
use crate::manifest::workload::{CronJob, Job, ObjectReference};

/// A CronJob looks again a little after its time has come.
const DELTA: Duration = Duration::from_millis(100);
/// The annotation that says for when a Job was meant.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// A CronJob is concerned by itself and by its Jobs.
pub(in crate::controllers) fn watch(_: &Store, change: &Change, keys: &mut Vec<Key>) {
    match change {
        Change::CronJob(delta) => keys.push(delta.key()),
        Change::Job(delta) => {
            let owners = delta.sides().filter_map(|job| Some((job, job.metadata.controller()?)));
            let ours = owners.filter(|(_, owner)| owner.kind == "CronJob");
            keys.extend(ours.map(|(job, owner)| Key::new(&job.metadata.namespace, &owner.name)));
        }
        _ => {}
    }
}

/// Looks at one CronJob.
pub(in crate::controllers) fn sync(world: &mut dyn World, key: &Key) -> Outcome {
    let Some(cron_job) = world.store().get::<CronJob>(key).cloned() else {
        world.store_mut().memory.schedules.remove(key);
        return Outcome::Done;
    };
    let is_its = |job: &&Arc<Job>| job.metadata.controller().is_some_and(|owner| owner.name == key.name && owner.kind == "CronJob");
    let jobs: Vec<Arc<Job>> = world.store().jobs.within(&key.namespace).filter(is_its).cloned().collect();
    let mut run = Run { key: key.clone(), now: world.now(), cron_job: CronJob::clone(&cron_job), jobs };
    if let Some(outcome) = run.reschedule(world) {
        return outcome;
    }
    run.clean_up(world);
    run.look_after_active(world);
    let outcome = run.start(world);
    let status = run.cron_job.status;
    world.store_mut().update::<CronJob>(key, |cron_job| cron_job.status = status);
    outcome
}

/// What a sync knows of its CronJob.
struct Run {
    key: Key,
    now: Moment,
    /// The CronJob as it is to be.
    cron_job: CronJob,
    /// Its Jobs.
    jobs: Vec<Arc<Job>>,
}

impl Run {
    /// A new schedule begins with its next time: what it would have started before is not made up for.
    fn reschedule(&self, world: &mut dyn World) -> Option<Outcome> {
        let spec = &self.cron_job.spec;
        let seen = (spec.schedule.clone(), spec.time_zone.clone());
        let old = world.store_mut().memory.schedules.insert(self.key.clone(), seen.clone())?;
        if old == seen {
            return None;
        }
        let schedule = CronSchedule::parse(&spec.schedule, spec.time_zone.as_deref()).ok()?;
        Some(self.until_next(&schedule))
    }

    /// Deletes the oldest finished Jobs.
    fn clean_up(&mut self, world: &mut dyn World) {
        let spec = &self.cron_job.spec;
        let limits =
            [("Complete", spec.successful_jobs_history_limit.unwrap_or(3)), ("Failed", spec.failed_jobs_history_limit.unwrap_or(1))];
        for (end, limit) in limits {
            let mut ended: Vec<Arc<Job>> =
                self.jobs.iter().filter(|job| finish(job).is_some_and(|condition| condition.r#type == end)).cloned().collect();
            ended.sort_by_key(|job| (job.status.start_time.is_none(), job.status.start_time.clone(), job.metadata.name.clone()));
            let excess = ended.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
            ended.iter().take(excess).for_each(|job| self.delete(world, job));
        }
    }

    fn delete(&mut self, world: &mut dyn World, job: &Job) {
        world.delete_job(&Key::of(&job.metadata));
        self.forget(&job.metadata.uid);
        world.event("CronJob", &self.key, "SuccessfulDelete", format!("Deleted job {}", job.metadata.name));
    }

    fn forget(&mut self, uid: &str) {
        self.cron_job.status.active.retain(|reference| reference.uid != uid);
    }

    /// Takes Jobs that have finished or vanished off the list of active ones.
    fn look_after_active(&mut self, world: &mut dyn World) {
        for job in self.jobs.clone() {
            let is_active = self.cron_job.status.active.iter().any(|reference| reference.uid == job.metadata.uid);
            match finish(&job) {
                Some(end) if is_active => {
                    self.forget(&job.metadata.uid);
                    let message = format!("Saw completed job: {}, condition: {}", job.metadata.name, end.r#type);
                    world.event("CronJob", &self.key, "SawCompletedJob", message);
                    self.note_success(&job);
                }
                Some(_) => self.note_success(&job),
                None => {}
            }
        }
        let known: Vec<&str> = self.jobs.iter().map(|job| job.metadata.uid.as_str()).collect();
        self.cron_job.status.active.retain(|reference| known.contains(&reference.uid.as_str()));
    }

    fn note_success(&mut self, job: &Job) {
        if let Some(completed) = &job.status.completion_time {
            let last = &mut self.cron_job.status.last_successful_time;
            if last.as_ref().is_none_or(|last| last < completed) {
                *last = Some(completed.clone());
            }
        }
    }

    /// Starts the run that is due, if one is and may.
    fn start(&mut self, world: &mut dyn World) -> Outcome {
        let spec = &self.cron_job.spec;
        if self.cron_job.metadata.deletion_timestamp.is_some() || spec.suspend {
            return Outcome::Done;
        }
        let schedule = match CronSchedule::parse(&spec.schedule, spec.time_zone.as_deref()) {
            Ok(schedule) => schedule,
            Err(problem) => {
                let message = format!("unparseable schedule: {:?} : {problem}", spec.schedule);
                world.event("CronJob", &self.key, "UnparseableSchedule", message);
                return Outcome::Done;
            }
        };
        let Some(due) = self.most_recent(&schedule, true).filter(|&due| self.may_start(world, due)) else {
            return self.until_next(&schedule);
        };
        if !self.create(world, &schedule, due) {
            return Outcome::Failed;
        }
        self.until_next(&schedule)
    }

    /// Whether the run of this time is neither too late nor there nor in another's way; one that is in its way is deleted.
    fn may_start(&mut self, world: &mut dyn World, due: i64) -> bool {
        let at = Moment::from_milliseconds(due * 1000);
        let spec = &self.cron_job.spec;
        let is_late = spec.starting_deadline_seconds.is_some_and(|limit| at + Duration::from_secs(limit.max(0).unsigned_abs()) < self.now);
        if is_late {
            world.event("CronJob", &self.key, "MissSchedule", format!("Missed scheduled time to start a job: {}", at.timestamp()));
            return false;
        }
        let name = self.name(due);
        let status = &self.cron_job.status;
        if status.active.iter().any(|reference| reference.name == name) || status.last_schedule_time == Some(at.timestamp()) {
            return false;
        }
        match spec.concurrency_policy.as_str() {
            "Forbid" if !status.active.is_empty() => {
                let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
                world.event("CronJob", &self.key, "JobAlreadyActive", message.to_owned());
                false
            }
            "Replace" => {
                let active: Vec<String> = status.active.iter().map(|reference| reference.uid.clone()).collect();
                for job in self.jobs.clone().iter().filter(|job| active.contains(&job.metadata.uid)) {
                    self.delete(world, job);
                }
                true
            }
            _ => true,
        }
    }

    fn name(&self, due: i64) -> String {
        format!("{}-{}", self.key.name, due / 60)
    }

    /// Creates the Job of a time. Whether it is there now.
    fn create(&mut self, world: &mut dyn World, schedule: &CronSchedule, due: i64) -> bool {
        let mut job = from_template(&self.cron_job);
        job.metadata.name = self.name(due);
        job.metadata.annotations.insert(SCHEDULED.to_owned(), schedule.local_time(due));
        let key = Key::of(&job.metadata);
        if let Err(refusal) = world.create_job(job)
            && refusal.code != 409
        {
            world.event("CronJob", &self.key, "FailedCreate", format!("Error creating job: {refusal}"));
            return false;
        }
        let Some(job) = world.store().get::<Job>(&key).cloned() else { return true };
        let is_ours = job.metadata.controller().is_some_and(|owner| owner.uid == self.cron_job.metadata.uid);
        if is_ours && !is_finished(&job) {
            self.cron_job.status.active.push(ObjectReference {
                api_version: "batch/v1".to_owned(),
                kind: "Job".to_owned(),
                namespace: key.namespace,
                name: key.name,
                uid: job.metadata.uid.clone(),
            });
            self.cron_job.status.last_schedule_time = Some(Moment::from_milliseconds(due * 1000).timestamp());
        }
        true
    }

    /// The last time of the schedule that has come since the last run, in seconds since 1970.
    fn most_recent(&self, schedule: &CronSchedule, with_deadline: bool) -> Option<i64> {
        let now = self.now.milliseconds().div_euclid(1000);
        let mut earliest = self.last_run();
        if let Some(limit) = self.cron_job.spec.starting_deadline_seconds.filter(|_| with_deadline) {
            earliest = earliest.max(now - limit);
        }
        let first = schedule.next(earliest).filter(|&first| first <= now)?;
        let second = schedule.next(first)?;
        // whoever missed many starts need not go through all of them
        let interval = (second - first).max(1);
        let mut time = first.max(first + ((now - first) / interval - 1) * interval);
        let mut last = first;
        while let Some(next) = schedule.next(time).filter(|&next| next <= now) {
            (time, last) = (next, next);
        }
        Some(last)
    }

    fn last_run(&self) -> i64 {
        let written = self.cron_job.status.last_schedule_time.as_ref().or(self.cron_job.metadata.creation_timestamp.as_ref());
        let moment = written.and_then(|text| Moment::parse(text)).unwrap_or(self.now);
        moment.milliseconds().div_euclid(1000)
    }

    /// Nothing more to do until shortly after the next time of the schedule.
    fn until_next(&self, schedule: &CronSchedule) -> Outcome {
        let last = self.most_recent(schedule, false).unwrap_or_else(|| self.last_run());
        match schedule.next(last).filter(|&next| next * 1000 > self.now.milliseconds()) {
            Some(next) => Outcome::After((Moment::from_milliseconds(next * 1000) + DELTA).since(self.now)),
            None => Outcome::Done,
        }
    }
}
