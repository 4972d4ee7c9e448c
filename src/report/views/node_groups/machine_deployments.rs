//! MachineDeployments for Cluster API, one a group.
//!
//! The machine template of a type and the bootstrap configuration are the provider's: they are referred to by names that have to be there.
//! Cluster API hands on labels of some domains only; what it does not, and taints, the bootstrap configuration has to set, so both are
//! named in annotations from which the autoscaler reads what a node of the group will be.
//!
//! Source: kubernetes-sigs/cluster-api api/core/v1beta2 (the version that is served since 1.11; v1beta1 was announced to go with 1.14,
//! August 2026), docs/book/src/developer/providers/migrations/v1.10-to-v1.11.md; kubernetes/autoscaler
//! cluster-autoscaler/cloudprovider/clusterapi/README.md for the annotations.

use std::fmt::Write;

use super::{NodeGroups, Parameter, instance_type, labels, write_map};
use crate::report::views::object_patch::scalar;
use crate::report::views::size::{NodesView, TaintView};

pub(super) const PARAMETERS: &[Parameter] = &[
    ("CLUSTER_NAME", "the Cluster's name; machine templates are expected as CLUSTER_NAME-TYPE, such as my-m5-large"),
    ("NAMESPACE", "the Cluster's namespace"),
    ("KUBERNETES_VERSION", "such as v1.36.0"),
    ("INFRASTRUCTURE_TEMPLATE_KIND", "the provider's, such as AWSMachineTemplate"),
    ("BOOTSTRAP_TEMPLATE_KIND", "such as KubeadmConfigTemplate"),
    ("BOOTSTRAP_TEMPLATE_NAME", "its name; what Cluster API does not hand on of labels and taints is set there"),
];

/// Domains whose labels Cluster API hands on to nodes.
const HANDED_ON: [&str; 3] = ["node-role.kubernetes.io", "node-restriction.kubernetes.io", "node.cluster.x-k8s.io"];

impl NodeGroups<'_> {
    /// As MachineDeployments.
    pub fn machine_deployments(&self) -> String {
        self.stream(machine_deployment)
    }
}

fn machine_deployment(nodes: &NodesView) -> String {
    let name = scalar(&format!("${{CLUSTER_NAME}}-{}", nodes.group));
    let mut out = format!(
        "apiVersion: cluster.x-k8s.io/v1beta2\nkind: MachineDeployment\nmetadata:\n  name: {name}\n  namespace: \"${{NAMESPACE}}\"\n  labels:\n    cluster.x-k8s.io/cluster-name: \"${{CLUSTER_NAME}}\"\n  annotations:\n"
    );
    write_map(&mut out, "    ", annotations(nodes).iter().map(|(key, value)| (*key, value.as_str())));
    let template = scalar(&format!("${{CLUSTER_NAME}}-{}", template_name(instance_type(nodes))));
    _ = write!(
        out,
        "spec:\n  clusterName: \"${{CLUSTER_NAME}}\"\n  replicas: {}\n  selector:\n    matchLabels:\n      cluster.x-k8s.io/cluster-name: \"${{CLUSTER_NAME}}\"\n      cluster.x-k8s.io/deployment-name: {name}\n  template:\n    metadata:\n      labels:\n        cluster.x-k8s.io/cluster-name: \"${{CLUSTER_NAME}}\"\n        cluster.x-k8s.io/deployment-name: {name}\n",
        nodes.count
    );
    let is_handed_on = |key: &str| {
        let domain = key.split_once('/').map_or("", |(domain, _)| domain);
        HANDED_ON.iter().any(|own| domain.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    };
    write_map(&mut out, "        ", labels(nodes).into_iter().filter(|(key, _)| is_handed_on(key)));
    out.push_str("    spec:\n      clusterName: \"${CLUSTER_NAME}\"\n      version: \"${KUBERNETES_VERSION}\"\n");
    if let Some(zone) = &nodes.zone {
        _ = writeln!(out, "      failureDomain: {}", scalar(zone));
    }
    _ = write!(
        out,
        "      bootstrap:\n        configRef:\n          apiGroup: bootstrap.cluster.x-k8s.io\n          kind: \"${{BOOTSTRAP_TEMPLATE_KIND}}\"\n          name: \"${{BOOTSTRAP_TEMPLATE_NAME}}\"\n      infrastructureRef:\n        apiGroup: infrastructure.cluster.x-k8s.io\n        kind: \"${{INFRASTRUCTURE_TEMPLATE_KIND}}\"\n        name: {template}\n"
    );
    out
}

/// What the autoscaler goes by: how many there may be, and what a node is while there is none.
fn annotations(nodes: &NodesView) -> Vec<(&'static str, String)> {
    let own: Vec<String> = labels(nodes).into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    let taint = |taint: &TaintView| format!("{}={}:{}", taint.key, taint.value, taint.effect);
    let taints: Vec<String> = nodes.taints.iter().map(taint).collect();
    let amount = |resource: &str| nodes.capacity.get(resource).or_else(|| nodes.allocatable.get(resource)).cloned();
    let known = [
        ("capacity.cluster-autoscaler.kubernetes.io/cpu", amount("cpu")),
        ("capacity.cluster-autoscaler.kubernetes.io/labels", Some(own.join(","))),
        ("capacity.cluster-autoscaler.kubernetes.io/maxPods", amount("pods")),
        ("capacity.cluster-autoscaler.kubernetes.io/memory", amount("memory")),
        ("capacity.cluster-autoscaler.kubernetes.io/taints", Some(taints.join(",")).filter(|taints| !taints.is_empty())),
        ("cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size", Some(nodes.count.to_string())),
        ("cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size", Some(nodes.count.to_string())),
    ];
    known.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

/// A type as part of an object's name.
fn template_name(text: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    text.chars().map(letter).collect::<String>().trim_matches('-').to_owned()
}
