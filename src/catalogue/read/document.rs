//! One's own catalogue, as YAML or JSON.
//!
//! ```yaml
//! apiVersion: plimsoll.dev/v1
//! kind: Catalogue
//! reserve: gke                 # for types that give capacity: gke (the default), aks, eks, kwok, none, or {cpu: 100m, memory: 500Mi}
//! zones: [a, b, c]             # of all types that name none of their own; without any, a type is the same in every zone
//! zoneLabels: [topology.ebs.csi.aws.com/zone]   # labels that repeat the zone, besides topology.kubernetes.io/zone
//! types:
//! - name: m5.large
//!   allocatable: {cpu: 1930m, memory: 7031Mi, pods: 29}   # or capacity: {cpu: 2, memory: 8Gi, pods: 29}
//!   architecture: amd64        # the label kubernetes.io/arch
//!   labels: {pool: general}
//!   taints: ["dedicated=batch:NoSchedule"]
//!   volumeLimits: {ebs.csi.aws.com: 25}
//!   price: 0.096               # an hour
//!   zones: [a, b]
//!   limit: 10                  # in all zones together
//!   offerings:                 # or each way to buy it; what one does not say, the type does
//!   - {zone: a, capacityType: spot, price: 0.03, limit: 4}
//! ```

use super::collect::{Collector, Draft};
use super::{FORMATS, fields};
use crate::catalogue::{Offering, Reserve, label};
use crate::manifest::read::tree::{Entry, Node, Value};

const KIND: &str = "Catalogue";
const API_VERSION: &str = "plimsoll.dev/v1";

const DOCUMENT_KEYS: [&str; 7] = ["apiVersion", "kind", "metadata", "reserve", "zones", "zoneLabels", "types"];
const TYPE_KEYS: [&str; 16] = [
    "name",
    "allocatable",
    "capacity",
    "reserve",
    "architecture",
    "operatingSystem",
    "labels",
    "taints",
    "price",
    "capacityType",
    "zones",
    "zone",
    "limit",
    "offerings",
    "zoneLabels",
    "volumeLimits",
];
const OFFERING_KEYS: [&str; 5] = ["zone", "zones", "capacityType", "price", "limit"];

/// What a type has that says nothing of its own.
#[derive(Default)]
pub(super) struct Defaults {
    reserve: Reserve,
    zones: Vec<String>,
    zone_labels: Vec<String>,
}

/// Reads a document.
pub(super) fn read(document: &Node, collector: &mut Collector) {
    let text = |key: &str| document.get(key).and_then(fields::scalar).unwrap_or_default();
    let (kind, version) = (text("kind"), text("apiVersion"));
    let Some(types) = document.get("types").filter(|_| kind.is_empty() || kind == KIND) else {
        let message = if kind == KIND { "a Catalogue without types".to_owned() } else { format!("kind {kind:?} holds no node types") };
        return collector.error_with_hint(document.position, message, FORMATS);
    };
    if !version.is_empty() && version != API_VERSION {
        let position = document.get("apiVersion").map_or(document.position, |node| node.position);
        collector.warning(position, format!("apiVersion {version} is read as {API_VERSION}"), &format!("write apiVersion: {API_VERSION}"));
    }
    let entries = collector.entries(document, KIND);
    collector.only(entries, &DOCUMENT_KEYS);
    let defaults = Defaults {
        reserve: document.get("reserve").and_then(|node| reserve(node, collector)).unwrap_or_default(),
        zones: document.get("zones").map_or_else(Vec::new, |node| collector.texts(node, "zones")),
        zone_labels: document.get("zoneLabels").map_or_else(Vec::new, |node| collector.texts(node, "zoneLabels")),
    };
    let types = collector.items(types, "types");
    read_types(types, &defaults, collector);
}

/// Reads types.
pub(super) fn read_types(items: &[Node], defaults: &Defaults, collector: &mut Collector) {
    for item in items {
        let errors = collector.errors();
        let draft = draft(item, defaults, collector);
        if collector.errors() == errors {
            collector.add(draft);
        }
    }
}

fn draft(item: &Node, defaults: &Defaults, collector: &mut Collector) -> Draft {
    let mut draft = Draft { position: item.position, ..Draft::default() };
    let mut own_reserve = None;
    let entries = collector.entries(item, "a type");
    collector.only(entries, &TYPE_KEYS);
    draft.node_type.zone_labels = defaults.zone_labels.clone();
    let node_type = &mut draft.node_type;
    for Entry { key, value, .. } in entries {
        match key.as_str() {
            "name" => node_type.name = collector.text(value, key).unwrap_or_default(),
            "allocatable" => node_type.allocatable = collector.resources(value, key),
            "capacity" => draft.capacity = Some((collector.resources(value, key), defaults.reserve.clone())),
            "reserve" => own_reserve = reserve(value, collector),
            "labels" => node_type.labels.extend(collector.labels(value, key)),
            "architecture" | "operatingSystem" => {
                let label = if key == "architecture" { label::ARCH } else { label::OS };
                let value = collector.text(value, key).unwrap_or_default();
                node_type.labels.insert(label.to_owned(), value);
            }
            "taints" => node_type.taints = collector.taints(value, key),
            "zoneLabels" => node_type.zone_labels = collector.texts(value, key),
            "limit" => node_type.limit = collector.count(value, key),
            "volumeLimits" => {
                for Entry { key, value, .. } in collector.entries(value, key) {
                    let count = collector.count(value, key).map(|count| i32::try_from(count).unwrap_or(i32::MAX));
                    node_type.volume_limits.extend(count.map(|count| (key.clone(), count)));
                }
            }
            _ => {}
        }
    }
    node_type.offerings = offerings(item, defaults, collector);
    if let (Some((_, reserve)), Some(own)) = (&mut draft.capacity, own_reserve) {
        *reserve = own;
    }
    if draft.capacity.is_some() && item.get("allocatable").is_some() {
        // what pods can have was said: nothing is worked out
        draft.capacity = None;
    }
    draft
}

/// The ways to buy a type: those it lists, or one for each zone.
fn offerings(item: &Node, defaults: &Defaults, collector: &mut Collector) -> Vec<Offering> {
    let zones = match zones(item, collector) {
        zones if zones.is_empty() => defaults.zones.clone(),
        zones => zones,
    };
    let base = Offering {
        zone: None,
        capacity_type: item.get("capacityType").and_then(|node| collector.text(node, "capacityType")),
        price_micros_hour: item.get("price").and_then(|node| collector.price(node, "price")),
        limit: None,
    };
    let Some(list) = item.get("offerings") else { return in_zones(&base, &zones) };
    let mut offerings = Vec::new();
    for item in collector.items(list, "offerings") {
        let entries = collector.entries(item, "an offering");
        collector.only(entries, &OFFERING_KEYS);
        let mut offering = base.clone();
        let own = self::zones(item, collector);
        for Entry { key, value, .. } in entries {
            match key.as_str() {
                "capacityType" => offering.capacity_type = collector.text(value, key),
                "price" => offering.price_micros_hour = collector.price(value, key),
                "limit" => offering.limit = collector.count(value, key),
                _ => {}
            }
        }
        offerings.extend(in_zones(&offering, if own.is_empty() { &zones } else { &own }));
    }
    offerings
}

fn zones(item: &Node, collector: &mut Collector) -> Vec<String> {
    let mut zones = item.get("zones").map_or_else(Vec::new, |node| collector.texts(node, "zones"));
    zones.extend(item.get("zone").and_then(|node| collector.text(node, "zone")));
    zones
}

/// The same offering in each zone; in none in particular if there are none.
pub(super) fn in_zones(offering: &Offering, zones: &[String]) -> Vec<Offering> {
    match zones {
        [] => vec![offering.clone()],
        zones => zones.iter().map(|zone| Offering { zone: Some(zone.clone()), ..offering.clone() }).collect(),
    }
}

fn reserve(node: &Node, collector: &mut Collector) -> Option<Reserve> {
    if let Value::Map(_) = node.value {
        return Some(Reserve::Amounts(collector.resources(node, "reserve")));
    }
    let name = collector.text(node, "reserve")?;
    let rule = Reserve::named(&name);
    if rule.is_none() {
        collector.error_with_hint(
            node.position,
            format!("reserve: no rule is called {name:?}"),
            "gke, aks, eks, kwok, none, or amounts: {cpu: 100m, memory: 500Mi}",
        );
    }
    rule
}
