//! The cheapest bins that together are worth enough: what every bound of this folder comes down to.
//!
//! If every item is given a value, and no bin of a type can hold more than so much value, then the bins of a packing hold at least the value
//! of all items. The cheapest whole numbers of bins that could are a lower bound, whatever the value means: an amount, a count of items no
//! two of which share a bin, a dual-feasible function, a dual price.
//!
//! Promise: the answer is never above the true least price, also when the search is cut short; everything is whole numbers.

use std::collections::BTreeMap;

use super::super::Bin;

/// How many nodes the search for whole numbers may take.
const NODES: u32 = 2_000;

/// A type of bin to cover with.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// The most value that one holds.
    most: i128,
    price: i128,
    limit: i128,
}

/// One search.
struct Search {
    parts: Vec<Part>,
    best: Option<i128>,
    nodes: u32,
}

/// The least price of bins that hold a value together, each at most `most[type]`; none if all there are do not.
pub(in super::super) fn cover(bins: &[Bin], value: i128, most: &[i128]) -> Option<i64> {
    let parts = parts(bins, most);
    // What costs nothing is used up first.
    let (free, parts): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|part| part.price == 0);
    let value = free.iter().fold(value, |value, part| value.saturating_sub(part.limit.saturating_mul(part.most)));
    let least = relaxed(&parts, value, 0)?;
    let mut search = Search { parts, best: None, nodes: NODES };
    search.branch(0, value, 0);
    let unit = search.parts.iter().fold(0, |unit, part| gcd(unit, part.price));
    let price = if search.nodes > 0 { search.best? } else { round_up(least, unit) };
    Some(i64::try_from(price).unwrap_or(i64::MAX).min(i64::MAX - 1))
}

/// The types that hold anything, alike ones as one, the most value for the price first.
fn parts(bins: &[Bin], most: &[i128]) -> Vec<Part> {
    let mut alike: BTreeMap<(i128, i128), i128> = BTreeMap::new();
    for (bin, most) in bins.iter().zip(most).filter(|(bin, most)| **most > 0 && bin.limit != Some(0)) {
        let limit = alike.entry((i128::from(bin.price), *most)).or_default();
        *limit = limit.saturating_add(bin.limit.map_or(i128::MAX, i128::from));
    }
    let mut parts: Vec<Part> = alike.into_iter().map(|((price, most), limit)| Part { most, price, limit }).collect();
    parts.sort_by(|a, b| (a.price * b.most).cmp(&(b.price * a.most)).then(b.most.cmp(&a.most)));
    parts
}

/// The least price if bins could be bought in parts, rounded up; none if all there are do not do.
fn relaxed(parts: &[Part], mut value: i128, mut price: i128) -> Option<i128> {
    for part in parts {
        if value <= 0 {
            return Some(price);
        }
        if part.limit >= (value + part.most - 1) / part.most {
            return Some(price + (value * part.price + part.most - 1) / part.most);
        }
        value -= part.limit * part.most;
        price += part.limit * part.price;
    }
    (value <= 0).then_some(price)
}

impl Search {
    /// Tries every number of the part at hand, the most first.
    fn branch(&mut self, index: usize, value: i128, price: i128) {
        self.nodes = self.nodes.saturating_sub(1);
        if value <= 0 {
            self.best = Some(self.best.map_or(price, |best| best.min(price)));
            return;
        }
        let Some(part) = self.parts.get(index).copied() else { return };
        let enough = (value + part.most - 1) / part.most;
        let mut number = enough.min(part.limit);
        while number >= 0 && self.nodes > 0 {
            let (left, paid) = (value - number * part.most, price + number * part.price);
            let least = if left <= 0 { Some(paid) } else { relaxed(&self.parts[index + 1..], left, paid) };
            if least.is_some_and(|least| self.best.is_none_or(|best| least < best)) {
                self.branch(index + 1, left, paid);
            } else if left > 0 {
                // With fewer of the best part the rest only gets dearer.
                return;
            }
            number -= 1;
        }
    }
}

/// The least multiple of a unit that is not below a price.
pub(in super::super) fn round_up(price: i128, unit: i128) -> i128 {
    if unit <= 0 { price } else { (price + unit - 1).div_euclid(unit) * unit }
}

/// The greatest common divisor.
pub(in super::super) fn gcd(one: i128, other: i128) -> i128 {
    if other == 0 { one.abs() } else { gcd(other, one % other) }
}
