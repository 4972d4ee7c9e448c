//! Prices that were negotiated, or that move: what a file of overrides changes in a catalogue.
//!
//! A row names types (one, or a pattern with `*` and `?`), and if need be a zone and a capacity type, and gives a price or what the
//! present price is multiplied by. Rows are applied in the order written; each sees what those before it have made.
//!
//! A row for a zone or a capacity type that a type is not yet offered in adds the offering: at the price given, or at so much of what the
//! same costs everywhere, or on demand (`capacityType: spot, factor: 0.35`).

use super::{Catalogue, MICROS, NodeType, Offering};
use crate::manifest::location::Location;
use crate::manifest::read::{Problem, Severity};

/// Rows that change prices, in the order written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// The rows.
    pub rows: Vec<Override>,
}

/// A row: what it is for, and what it changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// The type's name, or a pattern: `*` stands for any text, `?` for any letter.
    pub types: String,
    /// The zone; every one if none is named.
    pub zone: Option<String>,
    /// The capacity type; every one if none is named.
    pub capacity_type: Option<String>,
    /// What it changes.
    pub change: Change,
    /// Where it was written.
    pub location: Location,
}

/// What becomes of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is this, in millionths of the currency's unit an hour.
    Price(i64),
    /// It is multiplied by this, in millionths: a discount of 30 % is 700,000.
    Factor(i64),
}

const ON_DEMAND: &str = "on-demand";

impl Overrides {
    /// Changes the prices of a catalogue. What comes back names the rows that changed nothing.
    pub fn apply(&self, catalogue: &mut Catalogue) -> Vec<Problem> {
        self.rows.iter().filter_map(|row| row.apply(catalogue)).collect()
    }
}

impl Override {
    fn apply(&self, catalogue: &mut Catalogue) -> Option<Problem> {
        let (mut matched, mut changed) = (0, 0);
        for node_type in catalogue.types.iter_mut().filter(|node_type| matches(&self.types, &node_type.name)) {
            matched += 1;
            changed += usize::from(self.change(node_type));
            node_type.sort_offerings();
        }
        let warning = |message: String| Problem::new(Severity::Warning, self.location.clone(), message);
        match (matched, changed) {
            (0, _) => Some(
                warning(format!("no type is called {:?}", self.types))
                    .hint("compare it with the names in the catalogue; * and ? are allowed"),
            ),
            (_, 0) => {
                Some(warning(format!("{:?} has no price that this could change", self.types)).hint("give the price itself: price: 0.12"))
            }
            _ => None,
        }
    }

    /// Changes the offerings of a type, or adds one; whether there was anything to change.
    fn change(&self, node_type: &mut NodeType) -> bool {
        let exact = |offering: &Offering| {
            self.zone.as_ref().is_none_or(|zone| offering.zone.as_ref() == Some(zone))
                && self.capacity_type.as_ref().is_none_or(|own| offering.capacity_type.as_ref() == Some(own))
        };
        let prices = node_type.offerings.iter_mut().filter(|offering| exact(offering));
        let prices: Vec<&mut Offering> = prices.collect();
        if prices.is_empty() {
            let added = self.added(node_type);
            let is_any = !added.is_empty();
            node_type.offerings.extend(added);
            return is_any;
        }
        let mut any = false;
        for offering in prices {
            if let Some(price) = self.change.apply(offering.price_micros_hour) {
                offering.price_micros_hour = Some(price);
                any = true;
            }
        }
        any
    }

    /// The offerings that a row makes of others: of those everywhere for a zone, of those on demand for a capacity type.
    fn added(&self, node_type: &NodeType) -> Vec<Offering> {
        let in_zone = |offering: &&Offering| match &self.zone {
            Some(zone) => offering.zone.as_ref().is_none_or(|own| own == zone),
            None => true,
        };
        let wanted = self.capacity_type.as_deref();
        let is_sold_so = wanted.is_some_and(|wanted| {
            node_type.offerings.iter().filter(in_zone).any(|offering| offering.capacity_type.as_deref() == Some(wanted))
        });
        let is_base = |offering: &&Offering| match (wanted, is_sold_so) {
            (Some(wanted), true) => offering.capacity_type.as_deref() == Some(wanted),
            (Some(_), false) => offering.capacity_type.as_deref().is_none_or(|own| own == ON_DEMAND),
            (None, _) => true,
        };
        let made = |base: &Offering| {
            let price_micros_hour = Some(self.change.apply(base.price_micros_hour)?);
            let zone = self.zone.clone().or_else(|| base.zone.clone());
            let capacity_type = self.capacity_type.clone().or_else(|| base.capacity_type.clone());
            Some(Offering { zone, capacity_type, price_micros_hour, limit: base.limit })
        };
        node_type.offerings.iter().filter(in_zone).filter(is_base).filter_map(made).collect()
    }
}

impl Change {
    fn apply(self, price: Option<i64>) -> Option<i64> {
        match self {
            Change::Price(price) => Some(price),
            Change::Factor(factor) => {
                let product = i128::from(price?) * i128::from(factor) + i128::from(MICROS / 2);
                i64::try_from(product / i128::from(MICROS)).ok()
            }
        }
    }
}

/// Whether a name is what a pattern says, where `*` stands for any text and `?` for any letter.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut of) = (0, 0);
    // where the last star was, and how much of the name it had taken
    let mut star: Option<(usize, usize)> = None;
    while of < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(&letter) if letter == '?' || letter == name[of] => {
                at += 1;
                of += 1;
            }
            _ => match &mut star {
                Some((place, taken)) => {
                    *taken += 1;
                    (at, of) = (*place + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("m5.*", "m5.large", true),
            ("m5.*", "m5a.large", false),
            ("*", "", true),
            ("*.xlarge", "c5.xlarge", true),
            ("*.xlarge", "c5.2xlarge", false),
            ("m?.large", "m5.large", true),
            ("m?.large", "m.large", false),
            ("*a*b", "aab", true),
            ("*a*b", "aabc", false),
            ("m5.large", "m5.large", true),
            ("m5.larg", "m5.large", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
