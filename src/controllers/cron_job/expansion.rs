//! CronJob: Jobs at their time. The plain way looks at one moment, and no Job starts in it.
//!
//! Source: k8s.io/kubernetes/pkg/controller/cronjob/cronjob_controllerv2.go, v1.36.

use crate::controllers::ledger::Ledger;
use crate::manifest::Objects;
use crate::manifest::location::Note;

/// Says once how many CronJobs there are whose pods are not placed. Jobs they already made are Jobs like any other.
pub(in crate::controllers) fn reconcile(objects: &mut Objects, ledger: &mut Ledger<'_>) {
    let count = objects.cron_jobs.iter().filter(|job| !job.spec.suspend && job.metadata.deletion_timestamp.is_none()).count();
    match count {
        0 => {}
        1 => ledger.note(Note::general("1 CronJob runs later; none of its pods are placed")),
        _ => ledger.note(Note::general(format!("{count} CronJobs run later; none of their pods are placed"))),
    }
}
