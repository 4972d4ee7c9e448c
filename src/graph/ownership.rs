//! Which workload a pod belongs to: the Deployment rather than its ReplicaSet, the CronJob rather than its Job.
//!
//! Source: `metadata.ownerReferences` of pods, ReplicaSets and Jobs; where the ReplicaSet is not in the input, the label that the
//! Deployment controller gives its pods (k8s.io/kubernetes/pkg/controller/deployment/sync.go, v1.36).

use rustc_hash::FxHashMap;

use super::dependencies::Reference;
use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::Pod;

/// The owners of ReplicaSets and Jobs, for the owners of their pods.
#[derive(Debug)]
pub struct Ownership<'a> {
    owner_of: FxHashMap<(&'static str, &'a str, &'a str), (&'a str, &'a str)>,
}

impl<'a> Ownership<'a> {
    /// Of these objects.
    pub fn new(objects: &'a Objects) -> Self {
        let sets = objects.replica_sets.iter().map(|set| ("ReplicaSet", &set.metadata));
        let jobs = objects.jobs.iter().map(|job| ("Job", &job.metadata));
        let owner_of = |(kind, metadata): (&'static str, &'a ObjectMeta)| {
            let owner = metadata.controller()?;
            Some(((kind, metadata.namespace_or_default(), metadata.name.as_str()), (owner.kind.as_str(), owner.name.as_str())))
        };
        Ownership { owner_of: sets.chain(jobs).filter_map(owner_of).collect() }
    }

    /// What a pod belongs to; a pod without an owner is its own workload.
    pub fn workload(&self, pod: &Pod) -> Reference {
        let namespace = pod.metadata.namespace_or_default();
        let Some(owner) = pod.metadata.controller() else { return Reference::new("Pod", namespace, &pod.metadata.name) };
        let kind = match owner.kind.as_str() {
            "ReplicaSet" => "ReplicaSet",
            "Job" => "Job",
            other => return Reference::new(other, namespace, &owner.name),
        };
        if let Some(&(kind, name)) = self.owner_of.get(&(kind, namespace, owner.name.as_str())) {
            return Reference::new(kind, namespace, name);
        }
        match deployment_of(pod, &owner.name) {
            Some(name) if kind == "ReplicaSet" => Reference::new("Deployment", namespace, name),
            _ => Reference::new(kind, namespace, &owner.name),
        }
    }
}

/// A Deployment names its ReplicaSets after itself and the hash that it labels their pods with; dumps without ReplicaSets still tell.
fn deployment_of<'a>(pod: &Pod, replica_set: &'a str) -> Option<&'a str> {
    let hash = pod.metadata.labels.get("pod-template-hash")?;
    replica_set.strip_suffix(hash.as_str())?.strip_suffix('-')
}
