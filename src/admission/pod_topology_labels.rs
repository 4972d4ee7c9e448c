//! PodTopologyLabels: a pod that is bound gets the zone and region of its node as labels.
//!
//! Source: k8s.io/kubernetes/plugin/pkg/admission/podtopologylabels/admission.go, v1.36 (on by default from 1.35).

use crate::manifest::node::Node;
use crate::manifest::pod::Pod;

const LABELS: [&str; 2] = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

/// Copies zone and region of the node that a pod is being bound to. What the pod itself says is overwritten.
pub fn bind_topology_labels(pod: &mut Pod, node: &Node) {
    for key in LABELS {
        if let Some(value) = node.metadata.labels.get(key) {
            pod.metadata.labels.insert(key.to_owned(), value.clone());
        }
    }
}
