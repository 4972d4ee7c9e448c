//! Amounts of resources as messages have them: `250m`, `1.5Gi`, `8`.
//!
//! Promise: two amounts that differ never read the same.

use crate::manifest::Quantity;

/// An amount of a resource: cpu in thousandths of a core, everything else in units.
pub fn amount(resource: &str, value: i64) -> String {
    match resource {
        "cpu" => Quantity::from_milli(value).to_string(),
        "memory" | "ephemeral-storage" => bytes(value),
        _ if resource.starts_with("hugepages-") => bytes(value),
        _ => value.to_string(),
    }
}

/// Two amounts, exact where rounding would make them read the same.
pub fn distinct(resource: &str, one: i64, other: i64) -> (String, String) {
    let pair = (amount(resource, one), amount(resource, other));
    if pair.0 != pair.1 || one == other { pair } else { (one.to_string(), other.to_string()) }
}

const BINARY: [(&str, i64); 5] = [("Pi", 1 << 50), ("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];

fn bytes(value: i64) -> String {
    match BINARY.iter().find(|(_, unit)| value.abs() >= *unit) {
        None => value.to_string(),
        Some((suffix, unit)) if value % unit == 0 => format!("{}{suffix}", value / unit),
        Some((suffix, unit)) => {
            let amount = format!("{:.1}", value as f64 / *unit as f64);
            format!("{}{suffix}", amount.strip_suffix(".0").unwrap_or(&amount))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_that_differ_read_differently() {
        assert_eq!(
            (amount("cpu", 1500), amount("memory", 3 << 29), amount("nvidia.com/gpu", 2)),
            ("1500m".into(), "1.5Gi".into(), "2".into())
        );
        let (one, other) = distinct("memory", 8 << 30, (8 << 30) - 1);
        assert_eq!((one.as_str(), other.as_str()), ("8589934592", "8589934591"));
    }
}
