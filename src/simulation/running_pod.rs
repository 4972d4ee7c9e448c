//! Pods that run are not changed by what is written over them: the running one stays, and people are told.
//!
//! Labels and annotations may change, and do. Of the spec the server lets next to nothing change; whoever wants the written pod has
//! to delete the running one first.
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidatePodUpdate, v1.36.

use rustc_hash::FxHashMap;

use crate::admission::ApiServer;
use crate::manifest::location::Note;
use crate::manifest::pod::{Pod, PodSpec};
use crate::manifest::read::Written;

/// Puts back the pods that something was written over, with the labels and annotations that were written.
pub(super) fn keep_running(pods: &mut [Pod], replaced: &[Pod], written: &Written) -> Vec<Note> {
    if replaced.is_empty() {
        return Vec::new();
    }
    let old: FxHashMap<(&str, &str), &Pod> =
        replaced.iter().map(|pod| ((pod.metadata.namespace.as_str(), pod.metadata.name.as_str()), pod)).collect();
    let mut notes = Vec::new();
    for pod in pods.iter_mut().filter(|pod| written.holds(&pod.metadata)) {
        let Some(&running) = old.get(&(pod.metadata.namespace.as_str(), pod.metadata.name.as_str())) else { continue };
        if !asks_for_the_same(pod, running) {
            let name = format!("{}/{}", running.metadata.namespace, running.metadata.name);
            let text = "is there already, and the server lets nobody change what a pod asks for: the one that is there stays; delete it \
                        first to get the written one";
            notes.push(Note::at(pod.metadata.origin, format!("pod {name} {text}")));
        }
        pod.spec = running.spec.clone();
        pod.status = running.status.clone();
    }
    notes
}

/// Whether a server would see no difference between the spec of a running pod and one that was written for it.
fn asks_for_the_same(written: &Pod, running: &Pod) -> bool {
    let mut fresh = written.clone();
    fresh.metadata.name = "compared".to_owned();
    fresh.spec.priority.get_or_insert(running.spec.priority.unwrap_or(0));
    let Ok(stored) = ApiServer::of_partly_known_cluster().create(stripped(fresh)) else { return false };
    let mut running = running.clone();
    "compared".clone_into(&mut running.metadata.name);
    let Ok(running) = ApiServer::of_partly_known_cluster().create(stripped(running)) else { return false };
    comparable(stored.spec) == comparable(running.spec)
}

/// Without what a server, a scheduler or a policy adds, and what it would look up in a cluster.
fn stripped(mut pod: Pod) -> Pod {
    let spec = &mut pod.spec;
    spec.priority = None;
    spec.priority_class_name.clear();
    spec.preemption_policy.clear();
    spec.runtime_class_name = None;
    spec.overhead = Default::default();
    spec.node_name.clear();
    spec.service_account_name.clear();
    pod
}

fn comparable(mut spec: PodSpec) -> PodSpec {
    // tokens are mounted into every pod
    spec.volumes.retain(|volume| !volume.name.starts_with("kube-api-access-"));
    spec.tolerations.sort_by(|one, other| (&one.key, &one.effect, &one.operator).cmp(&(&other.key, &other.effect, &other.operator)));
    spec
}
