//! NodePools for Karpenter, one a group, that can buy exactly the plan.
//!
//! Karpenter buys when pods ask for it and goes by a pool's limits: so many nodes, and as a second lock what they have together. It would
//! give back what a plan keeps in reserve, so it is told not to consolidate; a pool that has its nodes whether pods ask for them or not is
//! what `replicas` are for, which is said beside them.
//!
//! Source: kubernetes-sigs/karpenter pkg/apis/v1/nodepool.go and pkg/apis/crds (karpenter.sh/v1), karpenter.sh/docs/concepts/nodepools
//! (1.14); limits of nodes are kept while buying since kubernetes-sigs/karpenter#2526; static capacity is alpha since 1.8.

use std::fmt::Write;

use super::{NodeGroups, Parameter, instance_type, labels, write_map};
use crate::manifest::Quantity;
use crate::report::views::object_patch::scalar;
use crate::report::views::size::NodesView;

pub(super) const PARAMETERS: &[Parameter] = &[
    ("NODE_CLASS_GROUP", "the provider's, such as karpenter.k8s.aws"),
    ("NODE_CLASS_KIND", "the provider's, such as EC2NodeClass"),
    ("NODE_CLASS_NAME", "the node class that all pools take"),
];

const ARCH: &str = "kubernetes.io/arch";
const OS: &str = "kubernetes.io/os";

impl NodeGroups<'_> {
    /// As NodePools.
    pub fn node_pools(&self) -> String {
        self.stream(node_pool)
    }
}

fn node_pool(nodes: &NodesView) -> String {
    let mut out = format!("apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata:\n  name: {}\nspec:\n", scalar(&nodes.group));
    _ = writeln!(
        out,
        "  # replicas: {}   # with static capacity, for nodes that no pod asks for yet; limits are of nodes alone then",
        nodes.count
    );
    out.push_str("  template:\n    metadata:\n      labels:\n");
    write_map(&mut out, "        ", labels(nodes));
    out.push_str("    spec:\n      nodeClassRef:\n");
    for (key, name) in [("group", "GROUP"), ("kind", "KIND"), ("name", "NAME")] {
        _ = writeln!(out, "        {key}: \"${{NODE_CLASS_{name}}}\"");
    }
    out.push_str("      requirements:\n");
    let requirements = [
        ("node.kubernetes.io/instance-type", Some(instance_type(nodes))),
        ("topology.kubernetes.io/zone", nodes.zone.as_deref()),
        ("karpenter.sh/capacity-type", nodes.capacity_type.as_deref()),
        (ARCH, nodes.arch.as_deref()),
        (OS, nodes.os.as_deref()),
    ];
    for (key, value) in requirements {
        if let Some(value) = value {
            _ = writeln!(out, "      - key: {key}\n        operator: In\n        values: [{}]", scalar(value));
        }
    }
    if !nodes.taints.is_empty() {
        out.push_str("      taints:\n");
    }
    for taint in &nodes.taints {
        _ = writeln!(out, "      - key: {}", scalar(&taint.key));
        if !taint.value.is_empty() {
            _ = writeln!(out, "        value: {}", scalar(&taint.value));
        }
        _ = writeln!(out, "        effect: {}", scalar(&taint.effect));
    }
    out.push_str("  disruption:\n    consolidationPolicy: WhenEmptyOrUnderutilized\n    consolidateAfter: Never\n  limits:\n");
    write_limits(nodes, &mut out);
    out
}

/// So many nodes, and what they have together as machines; of types of which only what pods can have is known, cores rounded up.
fn write_limits(nodes: &NodesView, out: &mut String) {
    let parse = |amount: Option<&String>| amount.and_then(|amount| amount.parse::<Quantity>().ok());
    let count = i64::from(nodes.count);
    let cores = |quantity: Quantity| (quantity.milli() + 999) / 1000;
    if let Some(cpu) = parse(nodes.capacity.get("cpu").or_else(|| nodes.allocatable.get("cpu"))) {
        _ = writeln!(out, "    cpu: {}", scalar(&cores(cpu).saturating_mul(count).to_string()));
    }
    match parse(nodes.capacity.get("memory")) {
        Some(memory) => {
            let mebibytes = (memory.units() + (1 << 20) - 1) >> 20;
            _ = writeln!(out, "    memory: {}", scalar(&format!("{}Mi", mebibytes.saturating_mul(count))));
        }
        None => out.push_str("    # memory: the catalogue says what pods can have of a node, not what the machine has\n"),
    }
    _ = writeln!(out, "    nodes: {}", scalar(&nodes.count.to_string()));
}
