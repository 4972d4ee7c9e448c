//! Workloads that are written more than once: the last one counts, as it does for `kubectl apply`.
//!
//! Without this an overlay read beside its base, or a manifest beside a dump, would get its pods twice under the same names.

use rustc_hash::FxHashMap;

use crate::manifest::Objects;
use crate::manifest::location::Note;
use crate::manifest::meta::ObjectMeta;

/// Leaves one workload of each kind, namespace and name, and says which were written more than once.
pub(super) fn resolve(objects: &mut Objects) -> Vec<Note> {
    let mut notes = Vec::new();
    keep_last("Deployment", &mut objects.deployments, |workload| &mut workload.metadata, &mut notes);
    keep_last("ReplicaSet", &mut objects.replica_sets, |workload| &mut workload.metadata, &mut notes);
    keep_last("ReplicationController", &mut objects.replication_controllers, |workload| &mut workload.metadata, &mut notes);
    keep_last("StatefulSet", &mut objects.stateful_sets, |workload| &mut workload.metadata, &mut notes);
    keep_last("DaemonSet", &mut objects.daemon_sets, |workload| &mut workload.metadata, &mut notes);
    keep_last("Job", &mut objects.jobs, |workload| &mut workload.metadata, &mut notes);
    keep_last("CronJob", &mut objects.cron_jobs, |workload| &mut workload.metadata, &mut notes);
    notes
}

/// What remains of the earlier ones is what only the server writes: identity and age.
fn keep_last<T>(kind: &str, workloads: &mut Vec<T>, metadata: impl Fn(&mut T) -> &mut ObjectMeta, notes: &mut Vec<Note>) {
    let mut kept: Vec<T> = Vec::with_capacity(workloads.len());
    let mut positions: FxHashMap<(String, String), (usize, usize)> = FxHashMap::default();
    for mut workload in workloads.drain(..) {
        let new = metadata(&mut workload);
        let key = (new.namespace_or_default().to_owned(), new.name.clone());
        let Some((position, times)) = positions.get_mut(&key) else {
            positions.insert(key, (kept.len(), 1));
            kept.push(workload);
            continue;
        };
        let old = metadata(&mut kept[*position]);
        if new.uid.is_empty() {
            new.uid = std::mem::take(&mut old.uid);
            new.creation_timestamp = new.creation_timestamp.take().or_else(|| old.creation_timestamp.take());
        }
        *times += 1;
        kept[*position] = workload;
    }
    let mut repeated: Vec<_> = positions.into_iter().filter(|(_, (_, times))| *times > 1).collect();
    repeated.sort_by_key(|(_, (position, _))| *position);
    for ((namespace, name), (position, times)) in repeated {
        let message = format!("{kind} {namespace}/{name} is written {times} times; the last one counts, as it does for `kubectl apply`");
        notes.push(Note::at(metadata(&mut kept[position]).origin, message));
    }
    *workloads = kept;
}
