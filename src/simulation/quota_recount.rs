//! The quota controller: it counts anew what a namespace uses once something there has gone or ended.
//!
//! Source: k8s.io/kubernetes/pkg/controller/resourcequota/resource_quota_controller.go and resource_quota_monitor.go, v1.36.

use std::collections::{BTreeMap, BTreeSet};

use super::control_plane::ControlPlane;
use crate::admission::Counted;
use crate::controllers::world::{Change, Delta, Store, Stored};
use crate::manifest::workload::*;

/// Namespaces to be counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Recount {
    namespaces: BTreeSet<String>,
}

impl Recount {
    /// Takes note of what goes, ends, or changes what it asks for.
    pub fn note(&mut self, change: &Change) {
        match change {
            Change::Pod(delta) => {
                let ended = |pod: Option<&crate::manifest::pod::Pod>| pod.is_none_or(|pod| pod.is_terminal());
                if ended(delta.after.as_deref()) && !ended(delta.before.as_deref()) || delta.after.is_none() {
                    self.add(delta);
                }
            }
            Change::PersistentVolumeClaim(delta) if delta.before.is_some() => self.add(delta),
            Change::Service(delta) if delta.before.is_some() => self.add(delta),
            Change::ResourceQuota(delta) if delta.after.is_some() => self.add(delta),
            Change::Deployment(delta) => self.add_removed(delta),
            Change::ReplicaSet(delta) => self.add_removed(delta),
            Change::ReplicationController(delta) => self.add_removed(delta),
            Change::StatefulSet(delta) => self.add_removed(delta),
            Change::DaemonSet(delta) => self.add_removed(delta),
            Change::Job(delta) => self.add_removed(delta),
            Change::CronJob(delta) => self.add_removed(delta),
            Change::Other(delta) => self.add_removed(delta),
            _ => {}
        }
    }

    fn add<T: Stored>(&mut self, delta: &Delta<T>) {
        self.namespaces.insert(delta.latest().metadata().namespace.clone());
    }

    fn add_removed<T: Stored>(&mut self, delta: &Delta<T>) {
        if delta.after.is_none() {
            self.add(delta);
        }
    }
}

impl ControlPlane {
    /// Counts anew what has to be counted. Never changes an object.
    pub(super) fn recount_quotas(&mut self) -> bool {
        for namespace in std::mem::take(&mut self.recount.namespaces) {
            if self.store.resource_quotas.within(&namespace).next().is_none() {
                continue;
            }
            let now_seconds = Some(self.now.milliseconds().div_euclid(1000));
            let (store, server) = (&self.store, &mut self.server);
            let counted = Counted {
                pods: Box::new(store.pods.within(&namespace).map(AsRef::as_ref)),
                claims: Box::new(store.persistent_volume_claims.within(&namespace).map(AsRef::as_ref)),
                services: Box::new(store.services.within(&namespace).map(AsRef::as_ref)),
                others: others(store, &namespace),
                now_seconds,
            };
            server.recount(&namespace, counted);
        }
        false
    }
}

/// How many objects of every resource a namespace holds, apart from pods, claims and services.
fn others(store: &Store, namespace: &str) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    count::<Deployment>(store, namespace, &mut counts);
    count::<ReplicaSet>(store, namespace, &mut counts);
    count::<ReplicationController>(store, namespace, &mut counts);
    count::<StatefulSet>(store, namespace, &mut counts);
    count::<DaemonSet>(store, namespace, &mut counts);
    count::<Job>(store, namespace, &mut counts);
    count::<CronJob>(store, namespace, &mut counts);
    count::<crate::manifest::policy::PodDisruptionBudget>(store, namespace, &mut counts);
    count::<crate::manifest::policy::ResourceQuota>(store, namespace, &mut counts);
    count::<crate::manifest::policy::LimitRange>(store, namespace, &mut counts);
    for other in store.others.within(namespace) {
        *counts.entry(other.resource.clone()).or_default() += 1;
    }
    counts
}

fn count<T: Stored>(store: &Store, namespace: &str, counts: &mut BTreeMap<String, i64>) {
    let number = T::table(store).within(namespace).count();
    if number > 0 {
        counts.insert(T::RESOURCE.to_owned(), number as i64);
    }
}
