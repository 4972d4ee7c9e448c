//! One's own catalogue as a table: CSV with a line of names.
//!
//! Columns: `name` (or `instance_type`, `type`), `cpu`, `memory`, `pods`, `ephemeral-storage` and any `domain/resource` are amounts that
//! pods can have; `capacity_cpu` and so on are what the machine has; then `arch`, `os`, `price`, `zone` or `zones` (`a;b`),
//! `capacity_type`, `limit`, `labels` (`k=v;k=v`), `taints` (`k=v:Effect;...`). Letters' case, `-` and `_` do not matter but in names of
//! resources. Rows of one name add offerings.

use super::collect::{Collector, Draft};
use super::document::in_zones;
use super::fields::{self, TAINT};
use super::table::{Row, Table, plain};
use crate::catalogue::{Offering, Reserve, label, node};
use crate::manifest::location::Position;
use crate::manifest::read::tree::Node;

const COLUMNS: &str = "known are name, cpu, memory, pods, ephemeral-storage, example.com/gpu, arch, os, price, zones, capacity_type, \
limit, labels, taints";

/// What a column holds.
enum Column {
    Name,
    Resource(String),
    Capacity(String),
    Label(&'static str),
    Price,
    Zones,
    CapacityType,
    Limit,
    Labels,
    Taints,
    Unknown,
}

/// Reads the table.
pub(super) fn read(table: &Table, collector: &mut Collector) {
    let columns: Vec<Column> = table.names.iter().map(|name| column(name)).collect();
    for (name, _) in table.names.iter().zip(&columns).filter(|(_, column)| matches!(column, Column::Unknown)) {
        collector.warning(Position::START, format!("column {name:?} means nothing here"), COLUMNS);
    }
    for row in &table.rows {
        let errors = collector.errors();
        let draft = draft(row, &columns, collector);
        if collector.errors() == errors {
            collector.add(draft);
        }
    }
}

fn column(name: &str) -> Column {
    match plain(name).as_str() {
        "name" | "type" | "instancetype" | "instance" => Column::Name,
        "cpu" | "memory" | "pods" => Column::Resource(plain(name)),
        "ephemeralstorage" => Column::Resource("ephemeral-storage".to_owned()),
        "capacitycpu" | "capacitymemory" | "capacitypods" => Column::Capacity(plain(name)["capacity".len()..].to_owned()),
        "arch" | "architecture" => Column::Label(label::ARCH),
        "os" | "operatingsystem" => Column::Label(label::OS),
        "price" | "priceperhour" | "pricehour" => Column::Price,
        "zone" | "zones" => Column::Zones,
        "capacitytype" => Column::CapacityType,
        "limit" => Column::Limit,
        "labels" => Column::Labels,
        "taints" => Column::Taints,
        _ if name.contains('/') || name.starts_with("hugepages-") => Column::Resource(name.to_owned()),
        _ => Column::Unknown,
    }
}

fn draft(row: &Row, columns: &[Column], collector: &mut Collector) -> Draft {
    let mut draft = Draft { position: row.position(), ..Draft::default() };
    let mut offering = Offering::default();
    let mut zones = Vec::new();
    if row.len() > columns.len() {
        collector.error(row.position(), format!("{} cells, where {} are named", row.len(), columns.len()));
    }
    for (index, column) in columns.iter().enumerate() {
        let Some(cell) = row.cell(index) else { continue };
        let node_type = &mut draft.node_type;
        match column {
            Column::Name => node_type.name = fields::scalar(&cell).unwrap_or_default(),
            Column::Resource(name) => {
                node_type.allocatable.extend(collector.amount(&cell, name).map(|amount| (name.clone(), amount)));
            }
            Column::Capacity(name) => {
                let (capacity, _) = draft.capacity.get_or_insert_with(|| (Default::default(), Reserve::default()));
                capacity.extend(collector.amount(&cell, name).map(|amount| (name.clone(), amount)));
            }
            Column::Label(key) => drop(node_type.labels.insert((*key).to_owned(), fields::scalar(&cell).unwrap_or_default())),
            Column::Price => offering.price_micros_hour = collector.price(&cell, "price"),
            Column::Zones => zones = collector.texts(&cell, "zones"),
            Column::CapacityType => offering.capacity_type = fields::scalar(&cell),
            Column::Limit => offering.limit = collector.count(&cell, "limit"),
            Column::Labels => labels(&cell, &mut draft, collector),
            Column::Taints => taints(&cell, &mut draft, collector),
            Column::Unknown => {}
        }
    }
    // what a row limits is the type where it is all the row is about, and the zone's offering where rows are about zones
    if zones.len() > 1 {
        draft.node_type.limit = offering.limit;
    }
    if let Some((capacity, _)) = &mut draft.capacity {
        // other columns than those of the capacity are amounts of which the machine keeps nothing
        capacity.extend(std::mem::take(&mut draft.node_type.allocatable));
    }
    draft.node_type.offerings = in_zones(&offering, &zones);
    draft
}

fn labels(cell: &Node, draft: &mut Draft, collector: &mut Collector) {
    let text = fields::scalar(cell).unwrap_or_default();
    for pair in text.split(';').map(str::trim).filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some((key, value)) => drop(draft.node_type.labels.insert(key.trim().to_owned(), value.trim().to_owned())),
            None => collector.error_with_hint(cell.position, format!("labels: {pair:?} is not key=value"), "write k=v;k=v"),
        }
    }
}

fn taints(cell: &Node, draft: &mut Draft, collector: &mut Collector) {
    let text = fields::scalar(cell).unwrap_or_default();
    for text in text.split(';').map(str::trim).filter(|text| !text.is_empty()) {
        match node::parse_taint(text) {
            Some(taint) => draft.node_type.taints.push(taint),
            None => collector.error_with_hint(cell.position, format!("taints: {text:?} is not a taint"), TAINT),
        }
    }
}
