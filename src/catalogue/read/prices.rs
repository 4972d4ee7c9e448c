//! Prices that replace those of a catalogue, as YAML, JSON or CSV.
//!
//! ```yaml
//! overrides:
//! - {type: "m5.*", discount: 30%}                                # of every price
//! - {type: m5.large, zone: a, capacityType: spot, price: 0.031}
//! - {type: "*", capacityType: spot, factor: 0.35}                # of what it costs on demand, where spot has no price yet
//! ```
//!
//! As a table: columns type (or name, instance_type), zone, capacity_type, price, discount, factor.

use super::PRICES;
use super::collect::Collector;
use super::fields::scalar;
use super::table::{Table, plain};
use crate::catalogue::{Change, MICROS, Override, Overrides, parse_price};
use crate::manifest::location::Position;
use crate::manifest::read::tree::{Entry, Node, Value};

/// Fields of a row, by their names without case and marks.
const FIELDS: [&str; 9] = ["type", "types", "name", "instancetype", "zone", "capacitytype", "price", "discount", "factor"];

/// Reads rows of a table.
pub(super) fn of_table(table: &Table, collector: &mut Collector) -> Overrides {
    let mut overrides = Overrides::default();
    for row in &table.rows {
        let cell = |(index, name): (usize, &String)| Some(Entry { key: plain(name), position: row.position(), value: row.cell(index)? });
        let fields: Vec<Entry> = table.names.iter().enumerate().filter_map(cell).collect();
        overrides.rows.extend(of_fields(row.position(), &fields, collector));
    }
    overrides
}

/// Reads rows of documents: a list, or a mapping with the list `overrides`.
pub(super) fn of_documents(documents: &[Node], collector: &mut Collector) -> Overrides {
    let mut overrides = Overrides::default();
    for document in documents {
        let list = match &document.value {
            Value::Null => continue,
            Value::Map(_) => document.get("overrides").unwrap_or(document),
            _ => document,
        };
        for item in collector.items(list, "overrides") {
            let entries = collector.entries(item, "an override");
            let plain = |entry: &Entry| Entry { key: plain(&entry.key), ..entry.clone() };
            let fields: Vec<Entry> = entries.iter().map(plain).collect();
            overrides.rows.extend(of_fields(item.position, &fields, collector));
        }
    }
    overrides
}

fn of_fields(position: Position, fields: &[Entry], collector: &mut Collector) -> Option<Override> {
    let errors = collector.errors();
    collector.only(fields, &FIELDS);
    let mut changes = Vec::new();
    let (mut types, mut zone, mut capacity_type) = (None, None, None);
    for Entry { key, value, .. } in fields {
        match key.as_str() {
            "type" | "types" | "name" | "instancetype" => types = collector.text(value, key),
            "zone" => zone = collector.text(value, key),
            "capacitytype" => capacity_type = collector.text(value, key),
            "price" => changes.extend(collector.price(value, key).map(Change::Price)),
            "factor" => changes.extend(collector.price(value, key).map(Change::Factor)),
            "discount" => changes.extend(discount(value, collector)),
            _ => {}
        }
    }
    // an empty cell and a star are every zone
    let some = |text: Option<String>| text.filter(|text| !text.is_empty() && text != "*");
    let location = collector.location(position);
    match (types, changes[..].first()) {
        _ if collector.errors() > errors => None,
        (Some(types), Some(&change)) if changes.len() == 1 && !types.is_empty() => {
            Some(Override { types, zone: some(zone), capacity_type: some(capacity_type), change, location })
        }
        (None, _) => {
            collector.error_with_hint(position, "no type in this row", PRICES);
            None
        }
        _ => {
            collector.error_with_hint(position, "one of price, discount and factor is needed", PRICES);
            None
        }
    }
}

/// A discount as what is left: `30%` or `0.3`, less than all.
fn discount(node: &Node, collector: &mut Collector) -> Option<Change> {
    let text = scalar(node).unwrap_or_default();
    let off = match text.trim().strip_suffix('%') {
        Some(percent) => parse_price(percent).map(|micros| micros / 100),
        None => parse_price(&text),
    };
    let factor = off.map(|off| MICROS - off).filter(|factor| (0..=MICROS).contains(factor));
    if factor.is_none() {
        collector.error(node.position, format!("discount: {text:?} is not part of a price: write 30% or 0.3"));
    }
    factor.map(Change::Factor)
}
