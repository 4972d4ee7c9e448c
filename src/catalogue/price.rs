//! Prices: decimal text to millionths of the currency's unit.

use crate::manifest::Quantity;

/// How many millionths the currency's unit has.
pub const MICROS: i64 = 1_000_000;

/// Reads a price an hour, such as `0.096`, to the nearest millionth. None if it is no decimal number, negative, or out of range.
pub fn parse_price(text: &str) -> Option<i64> {
    let text = text.trim();
    // a quantity has suffixes that no price has
    if !text.bytes().all(|letter| letter.is_ascii_digit() || matches!(letter, b'.' | b'e' | b'E' | b'+' | b'-')) || text.starts_with('-') {
        return None;
    }
    // a lone E would be read as exa
    if text.ends_with(['e', 'E']) {
        return None;
    }
    let price: Quantity = text.parse().ok()?;
    i64::try_from(price.nano().checked_add(500)? / 1000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_to_the_nearest_millionth() {
        for (text, micros) in [
            ("0.096", Some(96_000)),
            (" 1 ", Some(1_000_000)),
            ("0.019003238553599998", Some(19_003)),
            ("0.0000005", Some(1)),
            ("0.0000004", Some(0)),
            ("1e-3", Some(1_000)),
            ("-1", None),
            ("10m", None),
            ("1E", None),
            ("$1", None),
            ("", None),
            ("1e30", None),
        ] {
            assert_eq!(parse_price(text), micros, "{text}");
        }
    }
}
