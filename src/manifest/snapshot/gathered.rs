//! The kinds that a snapshot asks a cluster for, and what is weaker without each.
//!
//! Promise: every kind that is read is asked for, and no Secret or ConfigMap ever is. Service accounts are kept by name only.

use crate::manifest::monitoring::PrometheusRule;
use crate::manifest::networking::Ingress;
use crate::manifest::node::{Namespace, Node};
use crate::manifest::pod::Pod;
use crate::manifest::policy::*;
use crate::manifest::resource::Resource;
use crate::manifest::storage::*;
use crate::manifest::workload::*;

/// A kind that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gathered {
    /// Its name, such as `Deployment`.
    pub kind: &'static str,
    /// Its plural with its group, as `kubectl get` takes it: `deployments.apps`.
    pub resource: &'static str,
    /// Whether its objects live in namespaces.
    pub is_namespaced: bool,
    /// What is weaker without it, as the end of a sentence.
    pub without: &'static str,
}

const fn row<T: Resource>(without: &'static str) -> Gathered {
    Gathered { kind: T::KIND, resource: T::RESOURCE, is_namespaced: T::NAMESPACED, without }
}

/// The kinds, those first without which nothing can be said.
pub const GATHERED: &[Gathered] = &[
    row::<Node>("nothing can be placed: there are no nodes"),
    row::<Pod>("nodes look empty: only what workloads want can be placed, and not what is there"),
    row::<Namespace>("namespace selectors of pod affinity select by the namespace's name only"),
    row::<PriorityClass>("pods without a resolved priority count as priority 0, and preemption is misjudged"),
    row::<Deployment>("losses, drains and rollouts do not know what comes back of Deployments"),
    row::<ReplicaSet>("losses and drains do not know what comes back of ReplicaSets"),
    row::<StatefulSet>("losses, drains and quorums do not know what comes back of StatefulSets"),
    row::<ControllerRevision>("a StatefulSet or DaemonSet in the middle of a rollout is taken as rolled out"),
    row::<DaemonSet>("new nodes look emptier than they would be: pods of DaemonSets are not added to them"),
    row::<ReplicationController>("losses and drains do not know what comes back of ReplicationControllers"),
    row::<Job>("losses and drains do not know which pods of Jobs come back"),
    row::<CronJob>("runs of CronJobs are not counted"),
    row::<HorizontalPodAutoscaler>("replicas stay as they are: nobody is known to scale"),
    row::<PodDisruptionBudget>("drains and preemption heed no disruption budget"),
    row::<Service>("pods of a Service are spread less evenly than the scheduler would, and dependencies are not drawn"),
    row::<Ingress>("dependencies on Ingresses are not drawn"),
    row::<PersistentVolumeClaim>("pods with claims are placed as if their volumes could be anywhere, or not at all"),
    row::<PersistentVolume>("volumes that are tied to a node or zone are not known to be"),
    row::<StorageClass>("claims without a volume cannot be placed"),
    row::<CsiNode>("limits on the number of volumes of a node are not known"),
    row::<CsiDriver>("free storage capacity is not asked for where a driver wants it"),
    row::<CsiStorageCapacity>("free storage capacity is not known"),
    row::<VolumeAttachment>("volumes that are still attached elsewhere are not counted"),
    row::<RuntimeClass>("overhead and node selectors of runtime classes are not known"),
    row::<ResourceQuota>("quotas refuse nothing"),
    row::<LimitRange>("defaults and bounds of LimitRanges are not applied to new pods"),
    row::<PrometheusRule>("it is not known which alerts there are"),
    Gathered {
        kind: "ServiceAccount",
        resource: "serviceaccounts",
        is_namespaced: true,
        without: "every service account that is named is presumed to be there",
    },
];

/// The row of a resource, with or without its group.
pub fn find(resource: &str) -> Option<&'static Gathered> {
    let plural = |name: &str| name.split_once('.').map_or(name.to_owned(), |(plural, _)| plural.to_owned());
    GATHERED.iter().find(|row| row.resource == resource || plural(row.resource) == resource)
}
