//! Nodes that are added for the time of a maintenance: copies of nodes that are there.
//!
//! A copy is what a node pool would make: a name and hostname of its own, no state (cordon, taints of conditions, images), and no pods
//! but those of DaemonSets.

use crate::manifest::Objects;
use crate::manifest::node::Node;
use crate::manifest::pod::Pod;

const HOSTNAME: &str = "kubernetes.io/hostname";

/// Taints that say how a node is, not what it is for.
const STATE: [&str; 4] =
    ["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "ToBeDeletedByClusterAutoscaler", "DeletionCandidateOfClusterAutoscaler"];

/// Adds a copy of each of these nodes (positions among the objects), with the pods that DaemonSets run there; the names of the copies.
pub fn add(objects: &mut Objects, like: &[usize]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for &source in like {
        let name = unused(objects, &objects.nodes[source].metadata.name);
        let source = objects.nodes[source].clone();
        let of_daemon_sets = |pod: &&Pod| {
            pod.spec.node_name == source.metadata.name && pod.metadata.controller().is_some_and(|owner| owner.kind == "DaemonSet")
        };
        let pods: Vec<Pod> = objects.pods.iter().filter(of_daemon_sets).map(|pod| moved(pod, &name)).collect();
        objects.pods.extend(pods);
        let drivers = objects.csi_nodes.iter().find(|csi| csi.metadata.name == source.metadata.name).cloned();
        objects.csi_nodes.extend(drivers.map(|mut csi| {
            csi.metadata.name.clone_from(&name);
            csi
        }));
        objects.nodes.push(copy(source, &name));
        names.push(name);
    }
    names
}

fn unused(objects: &Objects, like: &str) -> String {
    let is_free = |name: &String| !objects.nodes.iter().any(|node| node.metadata.name == *name);
    (1..).map(|number| format!("{like}-surge-{number}")).find(is_free).expect("there are more numbers than nodes")
}

fn copy(mut node: Node, name: &str) -> Node {
    node.metadata.name = name.to_owned();
    node.metadata.uid.clear();
    node.metadata.creation_timestamp = None;
    node.metadata.deletion_timestamp = None;
    if node.metadata.labels.contains_key(HOSTNAME) {
        node.metadata.labels.insert(HOSTNAME.to_owned(), name.to_owned());
    }
    node.spec.unschedulable = false;
    node.spec.taints.retain(|taint| !STATE.iter().any(|state| taint.key.starts_with(state)));
    node.status.images.clear();
    node
}

fn moved(pod: &Pod, node: &str) -> Pod {
    let mut pod = pod.clone();
    pod.metadata.name = format!("{}-on-{node}", pod.metadata.name);
    pod.metadata.uid.clear();
    pod.metadata.deletion_timestamp = None;
    pod.spec.node_name = node.to_owned();
    pod
}
