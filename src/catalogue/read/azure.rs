//! A table of Azure's types, derived from Cluster Autoscaler's: what the machine has, and no prices.
//!
//! Columns: instance_type, sku_family, vcpu, memory_mib, gpu, arch. What pods can have is worked out by AKS's published formula for 110
//! pods, the default of most of its network plugins. GPUs are the resource of their maker; what Azure counts among them but is none
//! (the FPGAs of the NP family) is left out.
//!
//! Source: kubernetes/autoscaler, cluster-autoscaler/cloudprovider/azure/azure_instance_types.go.

use super::aws::{Unit, mebibytes, whole};
use super::collect::{Collector, DEFAULT_PODS, Draft};
use super::fields::scalar;
use super::table::{Row, Table};
use crate::catalogue::{NodeType, Offering, Reserve, label};
use crate::manifest::Quantity;
use crate::manifest::pod::ResourceList;

/// Families whose GPUs AMD makes, by a part of the family's name in small letters.
const AMD: [&str; 3] = ["nvsv4", "mi300x", "nvadsv710"];

/// Whether a table is of this kind.
pub(super) fn is_header(table: &Table) -> bool {
    table.has(&["instance_type", "vcpu", "memory_mib"])
}

/// Reads the table. Types with less than a core or a gigabyte (`Standard_B1ls`) run no kubelet, and are left out.
pub(super) fn read(table: &Table, collector: &mut Collector) {
    let mut too_small = Vec::new();
    for row in &table.rows {
        let errors = collector.errors();
        let draft = draft(table, row, collector);
        if collector.errors() > errors {
            continue;
        }
        let is_machine =
            draft.capacity.as_ref().is_some_and(|(capacity, _)| capacity.contains_key("cpu") && capacity.contains_key("memory"));
        match is_machine {
            true => collector.add(draft),
            false => too_small.push(draft.node_type.name),
        }
    }
    if !too_small.is_empty() {
        collector.note(format!("left out, for this table gives them no memory: {}", too_small.join(", ")));
    }
}

fn draft(table: &Table, row: &Row, collector: &mut Collector) -> Draft {
    let text = |column: &str| table.cell(row, column).as_ref().and_then(scalar).unwrap_or_default();
    let mut node_type = NodeType { name: text("instance_type"), offerings: vec![Offering::default()], ..NodeType::default() };
    let family = text("sku_family").to_lowercase();
    let gpu = if AMD.iter().any(|part| family.contains(part)) { "amd.com/gpu" } else { "nvidia.com/gpu" };
    let mut capacity = ResourceList::new();
    capacity.insert("pods".to_owned(), Quantity::from_units(DEFAULT_PODS));
    let amounts: [(&str, &str, Unit); 3] =
        [("vcpu", "cpu", Quantity::from_units), ("memory_mib", "memory", mebibytes), ("gpu", gpu, Quantity::from_units)];
    for (column, resource, unit) in amounts {
        let number = table.cell(row, column).and_then(|cell| whole(&cell, column, collector)).unwrap_or_default();
        if number > 0 && !(column == "gpu" && family.contains("npsfamily")) {
            capacity.insert(resource.to_owned(), unit(number));
        }
    }
    let arch = text("arch");
    if !arch.is_empty() {
        node_type.labels.insert(label::ARCH.to_owned(), arch);
    }
    Draft { position: row.position(), node_type, capacity: Some((capacity, Reserve::Aks)) }
}
