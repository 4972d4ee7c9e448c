//! Which workload a pod belongs to, as people name it.

use rustc_hash::FxHashMap;

use crate::manifest::Objects;
use crate::manifest::pod::Pod;

/// Names the workloads of pods: the Deployment rather than its ReplicaSet, the CronJob rather than its Job.
#[derive(Debug)]
pub struct Workloads<'a> {
    owner_of: FxHashMap<(&'static str, &'a str, &'a str), (&'a str, &'a str)>,
}

impl<'a> Workloads<'a> {
    /// Of these objects.
    pub fn new(objects: &'a Objects) -> Self {
        let sets = objects.replica_sets.iter().map(|set| ("ReplicaSet", &set.metadata));
        let jobs = objects.jobs.iter().map(|job| ("Job", &job.metadata));
        let owner_of = sets
            .chain(jobs)
            .filter_map(|(kind, meta)| {
                let owner = meta.controller()?;
                Some(((kind, meta.namespace.as_str(), meta.name.as_str()), (owner.kind.as_str(), owner.name.as_str())))
            })
            .collect();
        Workloads { owner_of }
    }

    /// `namespace/name (Kind)`; a pod of its own is its own workload.
    pub fn of(&self, pod: &Pod) -> String {
        let namespace = namespace(pod);
        let Some(owner) = pod.metadata.controller() else { return format!("{namespace}/{} (Pod)", pod.metadata.name) };
        let kind = match owner.kind.as_str() {
            "ReplicaSet" => "ReplicaSet",
            "Job" => "Job",
            other => return format!("{namespace}/{} ({other})", owner.name),
        };
        if let Some((kind, name)) = self.owner_of.get(&(kind, namespace, owner.name.as_str())) {
            return format!("{namespace}/{name} ({kind})");
        }
        match deployment_of(pod, &owner.name) {
            Some(name) if kind == "ReplicaSet" => format!("{namespace}/{name} (Deployment)"),
            _ => format!("{namespace}/{} ({kind})", owner.name),
        }
    }
}

/// A Deployment names its ReplicaSets after itself and the hash that it labels their pods with; dumps without ReplicaSets still tell.
fn deployment_of<'a>(pod: &Pod, replica_set: &'a str) -> Option<&'a str> {
    let hash = pod.metadata.labels.get("pod-template-hash")?;
    replica_set.strip_suffix(hash.as_str())?.strip_suffix('-')
}

/// The namespace of a pod; manifests may leave it to the context, which is `default`.
pub fn namespace(pod: &Pod) -> &str {
    if pod.metadata.namespace.is_empty() { "default" } else { &pod.metadata.namespace }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::meta::OwnerReference;

    #[test]
    fn a_deployment_is_known_by_its_hash() {
        let mut pod = Pod::default();
        pod.metadata.name = "api-7d4b9-x2x".into();
        pod.metadata.namespace = "web".into();
        let workloads = |pod: &Pod| Workloads::new(&Objects::default()).of(pod);
        assert_eq!(workloads(&pod), "web/api-7d4b9-x2x (Pod)");
        let owner = OwnerReference { kind: "ReplicaSet".into(), name: "api-7d4b9".into(), controller: Some(true), ..Default::default() };
        pod.metadata.owner_references.push(owner);
        assert_eq!(workloads(&pod), "web/api-7d4b9 (ReplicaSet)");
        pod.metadata.labels.insert("pod-template-hash".into(), "7d4b9".into());
        assert_eq!(workloads(&pod), "web/api (Deployment)");
    }
}
