//! A table of Amazon's types, derived from Karpenter's documentation: what pods can have is given, prices are those on demand.
//!
//! Columns: instance_type, arch, alloc_cpu_milli, alloc_mem_mib, alloc_pods, and alloc_ephemeral_mib, gpu_count, gpu_name,
//! price_usd_h_ondemand and those that become Karpenter's labels. GPUs are the resource of their maker. The zone is not said: a type costs
//! the same in all of the region's.
//!
//! Source of labels: aws/karpenter-provider-aws, pkg/apis/v1/labels.go and pkg/providers/instancetype/types.go.

use super::collect::{Collector, Draft};
use super::fields::scalar;
use super::table::{Row, Table};
use crate::catalogue::{NodeType, Offering, label};
use crate::manifest::Quantity;
use crate::manifest::meta::StringMap;
use crate::manifest::read::tree::Node;

const NEEDED: [&str; 4] = ["instance_type", "alloc_cpu_milli", "alloc_mem_mib", "alloc_pods"];
/// Columns that are labels, as Karpenter names them.
const LABELS: [(&str, &str); 10] = [
    ("arch", label::ARCH),
    ("family", "karpenter.k8s.aws/instance-family"),
    ("capacity_vcpu", "karpenter.k8s.aws/instance-cpu"),
    ("capacity_mem_mib", "karpenter.k8s.aws/instance-memory"),
    ("cpu_manufacturer", "karpenter.k8s.aws/instance-cpu-manufacturer"),
    ("hypervisor", "karpenter.k8s.aws/instance-hypervisor"),
    ("network_mbps", "karpenter.k8s.aws/instance-network-bandwidth"),
    ("ebs_mbps", "karpenter.k8s.aws/instance-ebs-bandwidth"),
    ("gpu_name", "karpenter.k8s.aws/instance-gpu-name"),
    ("gpu_count", "karpenter.k8s.aws/instance-gpu-count"),
];

/// Whether a table is of this kind.
pub(super) fn is_header(table: &Table) -> bool {
    table.has(&NEEDED)
}

/// Reads the table.
pub(super) fn read(table: &Table, collector: &mut Collector) {
    for row in &table.rows {
        let errors = collector.errors();
        let node_type = node_type(table, row, collector);
        if collector.errors() == errors {
            collector.add(Draft { position: row.position(), node_type, capacity: None });
        }
    }
}

fn node_type(table: &Table, row: &Row, collector: &mut Collector) -> NodeType {
    let text = |column: &str| table.cell(row, column).as_ref().and_then(scalar).unwrap_or_default();
    let mut node_type = NodeType { name: text("instance_type"), ..NodeType::default() };
    let gpu = gpu_resource(&text("gpu_name"));
    let amounts: [(&str, &str, Unit); 5] = [
        ("alloc_cpu_milli", "cpu", Quantity::from_milli),
        ("alloc_mem_mib", "memory", mebibytes),
        ("alloc_pods", "pods", Quantity::from_units),
        ("alloc_ephemeral_mib", "ephemeral-storage", mebibytes),
        ("gpu_count", gpu, Quantity::from_units),
    ];
    for (column, resource, unit) in amounts {
        let number = table.cell(row, column).and_then(|cell| whole(&cell, column, collector)).unwrap_or_default();
        if number > 0 {
            node_type.allocatable.insert(resource.to_owned(), unit(number));
        }
    }
    node_type.labels = labels(table, row, &node_type.name);
    let price_micros_hour = table.cell(row, "price_usd_h_ondemand").and_then(|cell| collector.price(&cell, "price_usd_h_ondemand"));
    node_type.offerings = vec![Offering { capacity_type: Some("on-demand".to_owned()), price_micros_hour, ..Offering::default() }];
    node_type
}

/// Makes an amount of a number.
pub(super) type Unit = fn(i64) -> Quantity;

/// A whole number of a cell, not negative.
pub(super) fn whole(cell: &Node, column: &str, collector: &mut Collector) -> Option<i64> {
    collector.count(cell, column).map(i64::from)
}

/// So many MiB.
pub(super) fn mebibytes(number: i64) -> Quantity {
    Quantity::from_bytes(number << 20)
}

/// The resource of a GPU, by its maker's device plugin.
fn gpu_resource(name: &str) -> &'static str {
    if name.starts_with("radeon") { "amd.com/gpu" } else { "nvidia.com/gpu" }
}

fn labels(table: &Table, row: &Row, name: &str) -> StringMap {
    let mut labels = StringMap::new();
    let mut set = |key: &str, value: &str| drop(labels.insert(key.to_owned(), value.to_owned()));
    for (column, key) in LABELS {
        if let Some(value) = table.cell(row, column).as_ref().and_then(scalar).filter(|value| !(column == "gpu_count" && value == "0")) {
            set(key, &value);
        }
    }
    if let Some((family, size)) = name.split_once('.') {
        set("karpenter.k8s.aws/instance-size", size);
        // m5ad: category m, generation 5
        let letters = family.find(|letter: char| !letter.is_ascii_lowercase()).unwrap_or(family.len());
        let generation: String = family[letters..].chars().take_while(char::is_ascii_digit).collect();
        if letters > 0 && !generation.is_empty() {
            set("karpenter.k8s.aws/instance-category", &family[..letters]);
            set("karpenter.k8s.aws/instance-generation", &generation);
        }
    }
    labels
}
