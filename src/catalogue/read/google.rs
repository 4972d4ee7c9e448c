//! Google's price table, derived from Cluster Autoscaler's: types are built of the predefined families it prices.
//!
//! Columns: table, key, value. `instancePrices` has a price for each type, `preemptiblePrices` that of it as spot. A predefined type's
//! name says its cores (`n2-highmem-8`), and family and class say the memory a core: the ratios below are published, and the table's own
//! prices of a core and of a gigabyte give the same. What pods can have is worked out by GKE's formula. Types of which this is not enough
//! (shared cores, accelerators, local disks, very large memory) are left out and named.
//!
//! Source: kubernetes/autoscaler, cluster-autoscaler/cloudprovider/gce/gce_price_info.go; Compute Engine's documentation of machine types.

use indexmap::IndexMap;

use super::collect::{Collector, DEFAULT_PODS, Draft};
use super::fields::scalar;
use super::table::Table;
use crate::catalogue::{NodeType, Offering, Reserve, label};
use crate::manifest::Quantity;
use crate::manifest::location::Position;

/// Families and classes of predefined types, and MiB of memory a core.
const FAMILIES: [(&str, i64); 24] = [
    ("c2-standard", 4096),
    ("c2d-highcpu", 2048),
    ("c2d-highmem", 8192),
    ("c2d-standard", 4096),
    ("c3-highcpu", 2048),
    ("c3-highmem", 8192),
    ("c3-standard", 4096),
    ("c3d-highcpu", 2048),
    ("c3d-highmem", 8192),
    ("c3d-standard", 4096),
    ("e2-highcpu", 1024),
    ("e2-highmem", 8192),
    ("e2-standard", 4096),
    ("n1-highcpu", 921), // 0.9 GiB
    ("n1-highmem", 6656),
    ("n1-standard", 3840),
    ("n2-highcpu", 1024),
    ("n2-highmem", 8192),
    ("n2-standard", 4096),
    ("n2d-highcpu", 1024),
    ("n2d-highmem", 8192),
    ("n2d-standard", 4096),
    ("t2d-standard", 4096),
    ("t2a-standard", 4096),
];
/// Types that differ from their family: MiB in all.
const EXCEPTIONS: [(&str, i64); 1] = [("n2-highmem-128", 864 * 1024)];

/// Prices of a type, in millionths, and where they are written.
#[derive(Default)]
struct Prices {
    position: Position,
    on_demand: Option<i64>,
    spot: Option<i64>,
}

/// Whether a table is of this kind.
pub(super) fn is_header(table: &Table) -> bool {
    table.has(&["table", "key", "value"])
}

/// Reads the table.
pub(super) fn read(table: &Table, collector: &mut Collector) {
    let mut prices: IndexMap<String, Prices> = IndexMap::new();
    for row in &table.rows {
        let text = |column: &str| table.cell(row, column).as_ref().and_then(scalar).unwrap_or_default();
        let (kind, key) = (text("table"), text("key"));
        if kind != "instancePrices" && kind != "preemptiblePrices" {
            continue;
        }
        let Some(price) = table.cell(row, "value").and_then(|cell| collector.price(&cell, "value")) else { continue };
        let entry = prices.entry(key).or_insert_with(|| Prices { position: row.position(), ..Prices::default() });
        let field = if kind == "instancePrices" { &mut entry.on_demand } else { &mut entry.spot };
        *field = Some(price);
    }
    if prices.is_empty() {
        let message = "a table of prices in which no machine type is priced";
        return collector.error_with_hint(
            Position::START,
            message,
            "rows of instancePrices are needed: instancePrices,n2-standard-4,0.1942",
        );
    }
    let mut left_out = Vec::new();
    for (name, prices) in prices {
        match size(&name) {
            Some((cores, mebibytes)) => collector.add(draft(name, cores, mebibytes, &prices)),
            None => left_out.push(name),
        }
    }
    if !left_out.is_empty() {
        let message =
            format!("{} types are priced here, but this table does not tell what they have: {}", left_out.len(), left_out.join(", "));
        collector.note(message);
    }
}

/// Cores and MiB of a predefined type, by its name.
fn size(name: &str) -> Option<(i64, i64)> {
    let (family, cores) = name.rsplit_once('-')?;
    let cores: i64 = cores.parse().ok().filter(|cores| (1..=1024).contains(cores))?;
    let (_, ratio) = FAMILIES.iter().find(|(known, _)| *known == family)?;
    let exception = EXCEPTIONS.iter().find(|(known, _)| *known == name);
    Some((cores, exception.map_or(cores * ratio, |(_, memory)| *memory)))
}

fn draft(name: String, cores: i64, mebibytes: i64, prices: &Prices) -> Draft {
    let capacity = [
        ("cpu", Quantity::from_units(cores)),
        ("memory", Quantity::from_bytes(mebibytes << 20)),
        ("pods", Quantity::from_units(DEFAULT_PODS)),
    ];
    let capacity = capacity.map(|(resource, amount)| (resource.to_owned(), amount)).into_iter().collect();
    let offering = |capacity_type: &str, price: Option<i64>| {
        price.map(|_| Offering { capacity_type: Some(capacity_type.to_owned()), price_micros_hour: price, ..Offering::default() })
    };
    let offerings = [offering("on-demand", prices.on_demand), offering("spot", prices.spot)].into_iter().flatten().collect();
    let arch = if name.starts_with("t2a-") { "arm64" } else { "amd64" };
    let labels = [(label::ARCH.to_owned(), arch.to_owned())].into();
    let node_type = NodeType { name, labels, offerings, ..NodeType::default() };
    Draft { position: prices.position, node_type, capacity: Some((capacity, Reserve::Gke)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::parse_price;

    #[test]
    fn sizes_are_in_the_names_and_agree_with_the_price_of_a_core_and_of_a_gigabyte() {
        assert_eq!(size("n2-standard-8"), Some((8, 32 * 1024)));
        assert_eq!(size("n1-standard-1"), Some((1, 3840)));
        assert_eq!(size("n2-highmem-128"), Some((128, 864 * 1024)));
        assert_eq!([size("e2-micro"), size("a2-highgpu-1g"), size("z3-highmem-8-highlssd"), size("m1-ultramem-40")], [None; 4]);
        // name, price, price of a core, price of a gigabyte
        for (name, price, core, gigabyte) in [
            ("n1-highmem-16", "0.9472", "0.031611", "0.004237"),
            ("n2-standard-8", "0.3885", "0.031611", "0.004237"),
            ("c3d-highcpu-4", "0.14992", "0.02956", "0.003956"),
            ("e2-highcpu-2", "0.04947", "0.021811", "0.002923"),
        ] {
            let micros = |text| parse_price(text).expect("a price") as f64;
            let (cores, mebibytes) = size(name).expect("predefined");
            let made = cores as f64 * micros(core) + mebibytes as f64 / 1024.0 * micros(gigabyte);
            assert!((made / micros(price) - 1.0).abs() < 0.002, "{name}: {made}");
        }
    }
}
