//! Recommendations written into objects: templates, what was made of them, and pods.

use rustc_hash::FxHashMap;

use super::subject::of_pod;
use super::{ContainerSizing, Resource, Rightsizing, WorkloadSizing};
use crate::graph::Ownership;
use crate::graph::dependencies::Reference;
use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::{Container, Pod, PodSpec};

impl Rightsizing {
    /// Writes it into objects, as they are once everything has been rolled out: into templates, into ReplicaSets and Jobs that were made
    /// of them, and into pods that have not ended.
    pub fn apply(&self, objects: &mut Objects) {
        apply(&self.workloads, objects);
    }
}

/// Writes these into objects.
pub(super) fn apply(workloads: &[WorkloadSizing], objects: &mut Objects) {
    let changed: FxHashMap<&Reference, &WorkloadSizing> =
        workloads.iter().filter(|workload| workload.is_changed()).map(|workload| (&workload.workload, workload)).collect();
    if changed.is_empty() {
        return;
    }
    let ownership = Ownership::new(objects);
    let of_pods: Vec<Option<&WorkloadSizing>> =
        (objects.pods.iter()).map(|pod| changed.get(&of_pod(&ownership, pod).0).copied().filter(|_| !pod.is_terminal())).collect();
    drop(ownership);
    objects.pods.iter_mut().zip(of_pods).for_each(|(pod, sizing)| {
        if let Some(sizing) = sizing {
            write_pod(pod, sizing)
        }
    });
    let of = |kind: &str, metadata: &ObjectMeta| {
        let namespace = metadata.namespace_or_default();
        let own = changed.get(&Reference::new(kind, namespace, &metadata.name)).copied();
        own.or_else(|| {
            let owner = metadata.controller().filter(|owner| matches!(owner.kind.as_str(), "Deployment" | "CronJob"))?;
            changed.get(&Reference::new(owner.kind.as_str(), namespace, &owner.name)).copied()
        })
    };
    macro_rules! write {
        ($list:expr, $kind:literal, |$own:ident| $spec:expr) => {
            for $own in &mut $list {
                if let Some(sizing) = of($kind, &$own.metadata) {
                    write_spec(&mut $spec, sizing);
                }
            }
        };
    }
    write!(objects.deployments, "Deployment", |own| own.spec.template.spec);
    write!(objects.replica_sets, "ReplicaSet", |own| own.spec.template.spec);
    write!(objects.replication_controllers, "ReplicationController", |own| own.spec.template.spec);
    write!(objects.stateful_sets, "StatefulSet", |own| own.spec.template.spec);
    write!(objects.daemon_sets, "DaemonSet", |own| own.spec.template.spec);
    write!(objects.jobs, "Job", |own| own.spec.template.spec);
    write!(objects.cron_jobs, "CronJob", |own| own.spec.job_template.spec.template.spec);
}

fn write_spec(spec: &mut PodSpec, sizing: &WorkloadSizing) {
    for container in spec.init_containers.iter_mut().chain(&mut spec.containers) {
        if let Some(sizing) = sizing.containers.iter().find(|sizing| sizing.name == container.name) {
            write_container(container, sizing);
        }
    }
}

fn write_container(container: &mut Container, sizing: &ContainerSizing) {
    for sizing in sizing.resources.iter().filter(|sizing| sizing.is_changed()) {
        let resources = &mut container.resources;
        for (list, amount) in [(&mut resources.requests, sizing.to.request), (&mut resources.limits, sizing.to.limit)] {
            match amount {
                Some(amount) => _ = list.insert(sizing.resource.name().to_owned(), amount),
                None => _ = list.remove(sizing.resource.name()),
            }
        }
    }
}

/// A pod, and what its node has in force for it, as if it had been made anew. A limit that a limit range adds is added again, and a request that was
/// defaulted from a limit that goes is gone with it.
fn write_pod(pod: &mut Pod, sizing: &WorkloadSizing) {
    write_spec(&mut pod.spec, sizing);
    let statuses = pod.status.container_statuses.iter_mut().chain(&mut pod.status.init_container_statuses);
    for status in statuses {
        let Some(sizing) = sizing.containers.iter().find(|sizing| sizing.name == status.name) else { continue };
        for changed in sizing.resources.iter().filter(|sizing| sizing.is_changed()).map(|sizing| sizing.resource.name()) {
            status.allocated_resources.remove(changed);
            if let Some(resources) = &mut status.resources {
                resources.requests.remove(changed);
                resources.limits.remove(changed);
            }
        }
    }
    for resource in Resource::ALL {
        let sized = sizing.containers.iter().flat_map(|container| &container.resources).filter(|sizing| sizing.resource == resource);
        if sized.clone().any(super::ResourceSizing::is_changed) {
            pod.status.allocated_resources.remove(resource.name());
            if let Some(resources) = &mut pod.status.resources {
                resources.requests.remove(resource.name());
                resources.limits.remove(resource.name());
            }
        }
    }
}
