//! Which workload a pod belongs to, as people name it.

use crate::graph::Ownership;
use crate::manifest::Objects;
use crate::manifest::pod::Pod;

/// Names the workloads of pods: the Deployment rather than its ReplicaSet, the CronJob rather than its Job.
#[derive(Debug)]
pub struct Workloads<'a>(Ownership<'a>);

impl<'a> Workloads<'a> {
    /// Of these objects.
    pub fn new(objects: &'a Objects) -> Self {
        Workloads(Ownership::new(objects))
    }

    /// `namespace/name (Kind)`; a pod of its own is its own workload.
    pub fn of(&self, pod: &Pod) -> String {
        let workload = self.0.workload(pod);
        format!("{} ({})", workload.path(), workload.kind)
    }
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
