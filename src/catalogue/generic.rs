//! A small catalogue of nobody's, for when none is given.
//!
//! Three families: 2, 4 and 8 GiB of memory a core, from 2 to 64 cores. Pods have what GKE's formula leaves, 110 at most.
//!
//! The price is a reference, not what anybody charges: 0.025 a core and 0.001 a gigabyte an hour, the formula by which Karpenter's own
//! simulations (kubernetes-sigs/karpenter, kwok/tools/gen_instance_types.go) price their node types. It makes types comparable; where
//! money matters, give a catalogue.

use super::{Catalogue, NodeType, Offering, Reserve, label};
use crate::manifest::Quantity;

/// Families: a name, and GiB of memory a core.
const FAMILIES: [(&str, i64); 3] = [("compute", 2), ("general", 4), ("memory", 8)];
/// Cores.
const SIZES: [i64; 9] = [2, 4, 8, 12, 16, 24, 32, 48, 64];
/// What a core costs an hour, in millionths.
const CORE_MICROS: i64 = 25_000;
/// What 10⁹ bytes of memory cost an hour, in millionths.
const GIGABYTE_MICROS: i64 = 1_000;

/// Nobody's catalogue: general, compute and memory types from 2 to 64 cores, with a reference price that nobody charges.
pub fn embedded() -> Catalogue {
    let types = FAMILIES.iter().flat_map(|&(family, ratio)| SIZES.map(|cores| generic(family, cores, cores * ratio)));
    Catalogue { types: types.collect() }
}

fn generic(family: &str, cores: i64, gibibytes: i64) -> NodeType {
    let memory = gibibytes << 30;
    let capacity = [
        ("cpu", Quantity::from_units(cores)),
        ("memory", Quantity::from_bytes(memory)),
        ("pods", Quantity::from_units(110)),
        ("ephemeral-storage", Quantity::from_bytes(100 << 30)),
    ];
    let capacity = capacity.map(|(resource, amount)| (resource.to_owned(), amount)).into_iter().collect();
    let name = format!("{family}-{cores}");
    let labels = [(label::INSTANCE_TYPE, name.as_str()), (label::ARCH, "amd64"), (label::OS, "linux")];
    let price = cores * CORE_MICROS + (i128::from(memory) * i128::from(GIGABYTE_MICROS) / 1_000_000_000) as i64;
    NodeType {
        allocatable: Reserve::Gke.allocatable(&capacity),
        labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        offerings: vec![Offering { price_micros_hour: Some(price), ..Offering::default() }],
        name,
        ..NodeType::default()
    }
}
