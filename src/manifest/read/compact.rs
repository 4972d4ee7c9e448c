//! Makes what is kept of an object small: a dump has 150,000 pods, and what is not needed of each is not kept for any.
//!
//! Lists are grown in steps while they are read, which leaves half of their room unused; container statuses repeat the
//! resources of the container; volumes made of configuration have no say in where a pod goes.

use crate::manifest::node::Node;
use crate::manifest::pod::{Affinity, Container, Pod, PodAffinity, PodSpec, Volume};

/// Annotations of running pods that nothing here can ever ask for: what network plugins, scrapers and charts leave.
const NOISE: [&str; 6] =
    ["checksum/", "prometheus.io/", "cni.projectcalico.org/", "k8s.v1.cni.cncf.io/", "k8s.ovn.org/", "sidecar.istio.io/status"];

/// Drops from a pod what repeats or does not count, and gives back unused room.
pub(super) fn pod(pod: &mut Pod) {
    drop_repetition(pod);
    pod_spec(&mut pod.spec);
    pod.metadata.annotations.retain(|key, _| !NOISE.iter().any(|noise| key.starts_with(noise)));
    if pod.metadata.annotations.is_empty() {
        // an emptied map still holds a node of half a kilobyte
        pod.metadata.annotations = Default::default();
    }
    pod.metadata.owner_references.shrink_to_fit();
    pod.status.conditions.shrink_to_fit();
    pod.status.container_statuses.shrink_to_fit();
    pod.status.init_container_statuses.shrink_to_fit();
}

/// Gives back unused room of a node; images take most of it.
pub(super) fn node(node: &mut Node) {
    node.spec.taints.shrink_to_fit();
    node.status.conditions.shrink_to_fit();
    node.status.images.iter_mut().for_each(|image| image.names.shrink_to_fit());
    node.status.images.shrink_to_fit();
}

/// In a dump nearly every container status repeats the resources of the container. Where it does, it says nothing that counts
/// (a status without resources means those of the spec), and a third of a pod's memory is saved.
fn drop_repetition(pod: &mut Pod) {
    let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
    let statuses = pod.status.container_statuses.iter_mut().chain(&mut pod.status.init_container_statuses);
    for status in statuses {
        let Some(container) = containers.clone().find(|container| container.name == status.name) else { continue };
        let repeats = status.resources.as_ref().is_none_or(|resources| **resources == container.resources);
        if repeats && (status.allocated_resources.is_empty() || status.allocated_resources == container.resources.requests) {
            status.resources = None;
            status.allocated_resources = Default::default();
        }
    }
}

fn pod_spec(spec: &mut PodSpec) {
    spec.volumes.retain(has_source);
    spec.volumes.shrink_to_fit();
    spec.containers.iter_mut().chain(&mut spec.init_containers).for_each(container);
    spec.containers.shrink_to_fit();
    spec.init_containers.shrink_to_fit();
    spec.tolerations.shrink_to_fit();
    spec.topology_spread_constraints.shrink_to_fit();
    spec.scheduling_gates.shrink_to_fit();
    if let Some(own) = &mut spec.affinity {
        affinity(own);
    }
}

/// Whether a volume is anything but configuration: a claim, a disk, a folder of the node, scratch space.
fn has_source(volume: &Volume) -> bool {
    let nothing = Volume { name: String::new(), ..Volume::default() };
    let sources = |volume: &Volume| {
        let Volume { name: _, persistent_volume_claim, ephemeral, csi, empty_dir, host_path, .. } = volume;
        persistent_volume_claim.is_some() || ephemeral.is_some() || csi.is_some() || empty_dir.is_some() || host_path.is_some()
    };
    sources(volume) || Volume { name: String::new(), ..volume.clone() } != nothing
}

fn container(container: &mut Container) {
    container.ports.shrink_to_fit();
}

fn affinity(affinity: &mut Affinity) {
    if let Some(nodes) = &mut affinity.node_affinity {
        nodes.preferred_during_scheduling_ignored_during_execution.shrink_to_fit();
        if let Some(required) = &mut nodes.required_during_scheduling_ignored_during_execution {
            required.node_selector_terms.iter_mut().for_each(|term| {
                term.match_expressions.iter_mut().for_each(|requirement| requirement.values.shrink_to_fit());
                term.match_expressions.shrink_to_fit();
            });
            required.node_selector_terms.shrink_to_fit();
        }
    }
    let shrink = |pods: &mut PodAffinity| {
        pods.required_during_scheduling_ignored_during_execution.shrink_to_fit();
        pods.preferred_during_scheduling_ignored_during_execution.shrink_to_fit();
    };
    affinity.pod_affinity.as_mut().map(shrink);
    affinity.pod_anti_affinity.as_mut().map(shrink);
}
