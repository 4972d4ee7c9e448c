//! Quantities: exact numbers with the API's suffixes.
//!
//! Kept as an `i128` count of nano-units (10⁻⁹). Upstream rounds what is finer than nano away from zero and caps at
//! 2⁶³ − 1; so does this.
//!
//! Source: k8s.io/apimachinery/pkg/api/resource/quantity.go, v1.36.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact amount of a resource, in nano-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity {
    nano: i128,
}

const NANO: i128 = 1_000_000_000;

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity { nano: 0 };

    /// From a count of nano-units.
    pub const fn from_nano(nano: i128) -> Self {
        Quantity { nano }
    }

    /// From whole units (cores, bytes, pods).
    pub const fn from_units(units: i64) -> Self {
        Quantity { nano: units as i128 * NANO }
    }

    /// From thousandths of a unit.
    pub const fn from_milli(milli: i64) -> Self {
        Quantity { nano: milli as i128 * (NANO / 1000) }
    }

    /// Count of nano-units.
    pub const fn nano(self) -> i128 {
        self.nano
    }

    /// Whole units, rounded up (away from zero), as upstream's `Value()`.
    pub fn units(self) -> i64 {
        round_away(self.nano, NANO)
    }

    /// Thousandths, rounded up (away from zero), as upstream's `MilliValue()`.
    pub fn milli(self) -> i64 {
        round_away(self.nano, NANO / 1000)
    }
}

fn round_away(nano: i128, unit: i128) -> i64 {
    let (quotient, rest) = (nano / unit, nano % unit);
    let rounded = quotient + rest.signum();
    rounded.clamp(i64::MIN as i128, i64::MAX as i128) as i64
}

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a quantity: a number and a suffix (n u m k M G T P E Ki Mi Gi Ti Pi Ei, or an exponent) are expected")]
pub struct QuantityError {
    text: String,
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse(text).ok_or_else(|| QuantityError { text: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<Quantity> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let mut nano = 0i128;
    let (numerator, exponent) = match suffix {
        "" => (1i128, 0i32),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        _ => {
            let digits = suffix.strip_prefix(['e', 'E'])?;
            (1, digits.strip_prefix('+').unwrap_or(digits).parse().ok()?)
        }
    };
    // digits · 10^(9 + exponent − fraction digits) · numerator, rounded away from zero
    let digits: String = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let scale = 9 + exponent - fraction.len() as i32;
    if !digits.is_empty() {
        if digits.len() as i32 + scale > 30 {
            nano = i64::MAX as i128 * NANO;
        } else {
            let mantissa: i128 = digits.get(..36.min(digits.len()))?.parse().ok()?;
            let scale = scale + (digits.len() as i32 - 36).max(0);
            nano = if scale >= 0 {
                mantissa.checked_mul(numerator)?.checked_mul(10i128.checked_pow(scale as u32)?).unwrap_or(i128::MAX)
            } else {
                let divisor = 10i128.checked_pow((-scale) as u32).unwrap_or(i128::MAX);
                let product = mantissa.checked_mul(numerator)?;
                product / divisor + (product % divisor != 0) as i128
            };
        }
    }
    nano = nano.min(i64::MAX as i128 * NANO);
    Some(Quantity { nano: if negative { -nano } else { nano } })
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano % NANO == 0 { write!(f, "{}", self.nano / NANO) } else { write!(f, "{}n", self.nano) }
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Quantity;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: serde::de::Error>(self, units: i64) -> Result<Quantity, E> {
                Ok(Quantity::from_units(units))
            }
            fn visit_u64<E: serde::de::Error>(self, units: u64) -> Result<Quantity, E> {
                Ok(Quantity::from_units(i64::try_from(units).unwrap_or(i64::MAX)))
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Quantity, E> {
                number.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
