//! Bounds on what is measured: counts, shares, times and money, as people write them.
//!
//! Everything measured is a whole number of the smallest part that matters (a pod, a billionth, a second, a millionth of the currency), so
//! that "at most 70 %" is exact.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::catalogue::parse_price;

/// An amount in the smallest part of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub i128);

impl Amount {
    /// More than any bound: what never ends, something of nothing.
    pub const ENDLESS: Amount = Amount(i128::MAX);

    /// So many.
    pub fn count(number: usize) -> Self {
        Amount(number as i128)
    }

    /// A part of a whole, in billionths; nothing of nothing is none, something of nothing is endless.
    pub fn share(part: i128, whole: i128) -> Self {
        match (part, whole) {
            (part, _) if part <= 0 => Amount(0),
            (_, whole) if whole <= 0 => Amount::ENDLESS,
            // one that is a little over a bound stays over it
            (part, whole) => Amount((part.saturating_mul(1_000_000_000) + whole - 1) / whole),
        }
    }
}

/// What an amount is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Billionths of a whole.
    Share,
    /// Seconds.
    Time,
    /// Millionths of the currency's unit.
    Money,
}

impl Unit {
    /// As people say it: `3`, `71.4 %`, `6 min 25 s`, `1.25`.
    pub fn show(self, amount: Amount) -> String {
        let Amount(value) = amount;
        match self {
            _ if amount == Amount::ENDLESS => if self == Unit::Time { "never by itself" } else { "endless" }.to_owned(),
            Unit::Count => value.to_string(),
            Unit::Share => format!("{} %", trimmed(format!("{:.2}", value as f64 / 1e7))),
            Unit::Time => match (value / 60, value % 60) {
                (0, seconds) => format!("{seconds} s"),
                (minutes, 0) => format!("{minutes} min"),
                (minutes, seconds) => format!("{minutes} min {seconds} s"),
            },
            Unit::Money => trimmed(format!("{:.6}", value as f64 / 1e6)),
        }
    }

    /// Reads an amount.
    fn parse(self, text: &str) -> Result<Amount, String> {
        let problem = |example: &str| format!("{text:?} is not {example}");
        let text = text.trim();
        match self {
            Unit::Count => text.parse::<u64>().map(|number| Amount(i128::from(number))).map_err(|_| problem("a number such as 3")),
            Unit::Share => {
                let (number, scale) = text.strip_suffix('%').map_or((text, 1e9), |number| (number.trim(), 1e7));
                let share = number.parse::<f64>().ok().filter(|share| share.is_finite() && *share >= 0.0);
                share.map(|share| Amount((share * scale).round() as i128)).ok_or_else(|| problem("a share such as 70% or 0.7"))
            }
            Unit::Time => {
                seconds(text).map(|seconds| Amount(i128::from(seconds))).ok_or_else(|| problem("a time such as 30s, 5m or 1h30m"))
            }
            Unit::Money => {
                parse_price(text).map(|micros| Amount(i128::from(micros))).ok_or_else(|| problem("a price an hour such as 12.50"))
            }
        }
    }
}

fn trimmed(text: String) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A plain number is seconds.
fn seconds(text: &str) -> Option<u64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let (mut total, mut number) = (0u64, String::new());
    for letter in text.chars() {
        let unit = match letter {
            '0'..='9' => {
                number.push(letter);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return None,
        };
        total = total.checked_add(std::mem::take(&mut number).parse::<u64>().ok()?.checked_mul(unit)?)?;
    }
    (number.is_empty() && !text.is_empty()).then_some(total)
}

/// What bounds are written in.
pub trait Scale {
    /// The unit.
    const UNIT: Unit;
    /// What the schema says of a bound.
    const ABOUT: &'static str;
}

macro_rules! scales {
    ($( $(#[$meta:meta])* $name:ident $about:literal )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name;

        impl Scale for $name {
            const UNIT: Unit = Unit::$name;
            const ABOUT: &'static str = $about;
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "description": $about, "type": ["string", "number"] })
            }
        }
    )* };
}

scales! {
    /// Things.
    Count "A number, such as 3"
    /// A share of a whole.
    Share "A share, such as 70% or 0.7"
    /// A time.
    Time "A time, such as 30s, 5m or 1h30m; a plain number is seconds"
    /// Money an hour.
    Money "A price an hour in the currency of the catalogue, such as 12.50"
}

/// What something has to lie between: both ends are within.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound = "S: Scale")]
#[schemars(bound = "S: Scale + JsonSchema", rename = "{S}Bounds")]
pub struct Bounds<S: Scale> {
    /// No more than this.
    #[serde(default)]
    pub at_most: Option<Bound<S>>,
    /// No less than this.
    #[serde(default)]
    pub at_least: Option<Bound<S>>,
}

/// One end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound<S>(Amount, PhantomData<S>);

impl<S: Scale + JsonSchema> JsonSchema for Bound<S> {
    fn schema_name() -> Cow<'static, str> {
        S::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        S::json_schema(generator)
    }
}

impl<'de, S: Scale> Deserialize<'de> for Bound<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

struct Reader<S>(PhantomData<S>);

impl<S: Scale> Visitor<'_> for Reader<S> {
    type Value = Bound<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(S::ABOUT)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bound<S>, E> {
        S::UNIT.parse(text).map(|amount| Bound(amount, PhantomData)).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Bound<S>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Bound<S>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Bound<S>, E> {
        self.visit_str(&number.to_string())
    }
}

/// Bounds without their scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    at_most: Option<Amount>,
    at_least: Option<Amount>,
}

impl<S: Scale> Bounds<S> {
    /// Without the scale.
    pub fn limits(&self) -> Limits {
        let end = |bound: &Option<Bound<S>>| bound.as_ref().map(|bound| bound.0);
        Limits { at_most: end(&self.at_most), at_least: end(&self.at_least) }
    }
}

impl Limits {
    /// Whether there is none at all.
    pub fn are_none(self) -> bool {
        self.at_most.is_none() && self.at_least.is_none()
    }

    /// Whether an amount is within.
    pub fn hold(self, amount: Amount) -> bool {
        self.at_most.is_none_or(|most| amount <= most) && self.at_least.is_none_or(|least| amount >= least)
    }

    /// How far an amount is beyond the nearer end; the less, the further within.
    pub fn distance(self, amount: Amount) -> i128 {
        let over = self.at_most.map(|most| amount.0.saturating_sub(most.0));
        let under = self.at_least.map(|least| least.0.saturating_sub(amount.0));
        over.into_iter().chain(under).max().unwrap_or(0)
    }

    /// `at most 70 %`.
    pub fn words(self, unit: Unit) -> String {
        let most = self.at_most.map(|most| format!("at most {}", unit.show(most)));
        let least = self.at_least.map(|least| format!("at least {}", unit.show(least)));
        least.into_iter().chain(most).collect::<Vec<_>>().join(" and ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_written_and_shown_so() {
        let shown = |unit: Unit, text: &str| unit.parse(text).map(|amount| unit.show(amount)).ok();
        assert_eq!(
            [shown(Unit::Share, "70%"), shown(Unit::Share, "0.7"), shown(Unit::Share, "66.67 %")].map(Option::unwrap),
            ["70 %", "70 %", "66.67 %"]
        );
        assert_eq!([shown(Unit::Time, "5m"), shown(Unit::Time, "385")].map(Option::unwrap), ["5 min", "6 min 25 s"]);
        assert_eq!([shown(Unit::Money, "12.50"), shown(Unit::Count, "3")].map(Option::unwrap), ["12.5", "3"]);
        assert_eq!(
            [shown(Unit::Count, "-1"), shown(Unit::Share, "x"), shown(Unit::Time, "5x"), shown(Unit::Money, "$1")],
            [None, None, None, None]
        );
    }

    #[test]
    fn exactly_at_a_bound_is_within_and_a_byte_more_is_not() {
        let limits = Limits { at_most: Unit::Share.parse("70%").ok(), at_least: None };
        assert!(limits.hold(Amount::share(7, 10)) && limits.hold(Amount::share(0, 0)));
        assert!(!limits.hold(Amount::share((7i128 << 40) + 1, 10i128 << 40)) && !limits.hold(Amount::share(1, 0)));
    }
}
