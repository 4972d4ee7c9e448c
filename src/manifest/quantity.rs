//! Quantities: exact numbers with the API's suffixes.
//!
//! Kept as a count of nano-units (10⁻⁹), exactly; what is finer is rounded away from zero, as upstream does. Quantities with
//! a binary suffix are capped at 2⁶³ − 1, as upstream does; others hold up to 1.7·10²⁹. The family of suffixes a quantity was
//! written with is remembered for printing (`1024Mi` prints as `1Gi`, `1000m` as `1`), and nothing else: `1Ki` equals `1024`.
//!
//! One difference, on purpose: upstream reads text without any digit (`Mi`, `-`, `.`) as zero; here it is an error.
//!
//! Source: k8s.io/apimachinery/pkg/api/resource/{quantity,suffix,amount}.go, v1.36.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::Sum;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The family of suffixes a quantity is printed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `m`, `k`, `M`, `G`, …: powers of 1000.
    #[default]
    DecimalSi,
    /// `Ki`, `Mi`, `Gi`, …: powers of 1024.
    BinarySi,
    /// `e3`, `e6`, …
    DecimalExponent,
}

/// An exact amount of a resource. 24 bytes: the halves of an `i128` of nano-units, and the format.
#[derive(Clone, Copy, Default)]
pub struct Quantity {
    high: i64,
    low: u64,
    format: Format,
}

const NANO: i128 = 1_000_000_000;
/// Upstream's bound for quantities with a binary suffix.
const BINARY_CAP: i128 = i64::MAX as i128 * NANO;
/// Our bound for all others.
const CAP: i128 = i128::MAX;

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity::from_nano(0);

    const fn new(nano: i128, format: Format) -> Self {
        Quantity { high: (nano >> 64) as i64, low: nano as u64, format }
    }

    /// From a count of nano-units.
    pub const fn from_nano(nano: i128) -> Self {
        Quantity::new(nano, Format::DecimalSi)
    }

    /// From whole units (cores, bytes, pods).
    pub const fn from_units(units: i64) -> Self {
        Quantity::from_nano(units as i128 * NANO)
    }

    /// From thousandths of a unit.
    pub const fn from_milli(milli: i64) -> Self {
        Quantity::from_nano(milli as i128 * (NANO / 1000))
    }

    /// From whole units, printed with binary suffixes (`1Gi`).
    pub const fn from_bytes(bytes: i64) -> Self {
        Quantity::new(bytes as i128 * NANO, Format::BinarySi)
    }

    /// The same amount, printed with another family of suffixes.
    pub const fn with_format(self, format: Format) -> Self {
        Quantity { format, ..self }
    }

    /// The family of suffixes it is printed with.
    pub const fn format(self) -> Format {
        self.format
    }

    /// Count of nano-units.
    pub const fn nano(self) -> i128 {
        ((self.high as i128) << 64) | self.low as i128
    }

    /// Whole units, rounded up (away from zero), as upstream's `Value()`.
    pub const fn units(self) -> i64 {
        round_away(self.nano(), NANO)
    }

    /// Thousandths, rounded up (away from zero), as upstream's `MilliValue()`.
    pub const fn milli(self) -> i64 {
        round_away(self.nano(), NANO / 1000)
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.nano() == 0
    }

    /// Whether it is less than nothing.
    pub const fn is_negative(self) -> bool {
        self.nano() < 0
    }

    /// The sum, unless it is out of range. Like upstream's, it prints as the first of the two that is not zero.
    pub fn checked_add(self, other: Quantity) -> Option<Quantity> {
        let format = if self.is_zero() { other.format } else { self.format };
        Some(Quantity::new(self.nano().checked_add(other.nano())?, format))
    }

    /// The sum, held at the bounds.
    pub fn saturating_add(self, other: Quantity) -> Quantity {
        let format = if self.is_zero() { other.format } else { self.format };
        Quantity::new(self.nano().saturating_add(other.nano()), format)
    }

    /// The difference, held at the bounds; it may be negative.
    pub fn saturating_sub(self, other: Quantity) -> Quantity {
        let format = if self.is_zero() { other.format } else { self.format };
        Quantity::new(self.nano().saturating_sub(other.nano()), format)
    }

    /// So many times as much, held at the bounds.
    pub fn saturating_mul(self, times: i64) -> Quantity {
        Quantity::new(self.nano().saturating_mul(times as i128), self.format)
    }
}

const fn round_away(nano: i128, unit: i128) -> i64 {
    let (quotient, rest) = (nano / unit, nano % unit);
    let rounded = quotient + rest.signum();
    if rounded > i64::MAX as i128 {
        i64::MAX
    } else if rounded < i64::MIN as i128 {
        i64::MIN
    } else {
        rounded as i64
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano() == other.nano()
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano().cmp(&other.nano())
    }
}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nano().hash(state);
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Quantity>>(quantities: I) -> Quantity {
        quantities.fold(Quantity::ZERO, Quantity::saturating_add)
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quantity({self})")
    }
}

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a quantity: write a number and, if need be, a suffix (n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent as in 1e3)"
)]
pub struct QuantityError {
    text: String,
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse(text).ok_or_else(|| QuantityError { text: text.chars().take(40).collect() })
    }
}

/// What a suffix multiplies by: a power of two, a power of ten.
struct Multiplier {
    two: u32,
    ten: i64,
    format: Format,
}

fn multiplier(suffix: &str) -> Option<Multiplier> {
    let decimal = |ten| Some(Multiplier { two: 0, ten, format: Format::DecimalSi });
    let binary = |two| Some(Multiplier { two, ten: 0, format: Format::BinarySi });
    match suffix {
        "" => decimal(0),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let sound = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let ten = sound.then(|| exponent.parse().ok()).flatten()?;
            Some(Multiplier { two: 0, ten, format: Format::DecimalExponent })
        }
    }
}

fn parse(text: &str) -> Option<Quantity> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let by = multiplier(suffix)?;
    let nano = in_nano(whole, fraction, &by).unwrap_or_else(|| in_nano_at_length(whole, fraction, &by));
    let nano = if by.format == Format::BinarySi { nano.min(BINARY_CAP) } else { nano };
    // less than one byte of something binary prints in decimals, and does so upstream from the start
    let format = if by.format == Format::BinarySi && 0 < nano && nano < NANO { Format::DecimalSi } else { by.format };
    Some(Quantity::new(if negative { -nano } else { nano }, format))
}

/// The amount where it fits into machine numbers all the way: nearly always.
fn in_nano(whole: &str, fraction: &str, by: &Multiplier) -> Option<i128> {
    if whole.len() + fraction.len() > 18 {
        return None;
    }
    let digits = |text: &str| text.bytes().fold(0i128, |number, byte| number * 10 + i128::from(byte - b'0'));
    let mantissa = digits(whole) * 10i128.pow(fraction.len() as u32) + digits(fraction);
    let mantissa = mantissa.checked_mul(1i128 << by.two)?;
    let scale = 9 + by.ten.checked_sub(fraction.len() as i64)?;
    if scale >= 0 {
        return mantissa.checked_mul(10i128.checked_pow(u32::try_from(scale).ok()?)?);
    }
    let divisor = 10i128.checked_pow(u32::try_from(-scale).ok()?)?;
    Some(mantissa / divisor + i128::from(mantissa % divisor != 0))
}

/// The amount, digit by digit, for numbers of any length.
fn in_nano_at_length(whole: &str, fraction: &str, by: &Multiplier) -> i128 {
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').skip_while(|digit| *digit == 0).collect();
    if digits.is_empty() {
        return 0;
    }
    for _ in 0..by.two {
        double(&mut digits);
    }
    let scale = by.ten.saturating_add(9).saturating_sub(fraction.len() as i64);
    let kept = (digits.len() as i64).saturating_add(scale.min(0)).max(0) as usize;
    let rounds_up = digits[kept..].iter().any(|digit| *digit != 0);
    let number = digits[..kept].iter().try_fold(0i128, |number, digit| number.checked_mul(10)?.checked_add(i128::from(*digit)));
    let power = u32::try_from(scale.max(0)).ok().and_then(|scale| 10i128.checked_pow(scale));
    let scaled = number.zip(power).and_then(|(number, power)| number.checked_mul(power));
    scaled.and_then(|number| number.checked_add(i128::from(rounds_up))).unwrap_or(CAP)
}

fn double(digits: &mut Vec<u8>) {
    let mut carry = 0;
    for digit in digits.iter_mut().rev() {
        let twice = *digit * 2 + carry;
        (*digit, carry) = (twice % 10, twice / 10);
    }
    if carry > 0 {
        digits.insert(0, carry);
    }
}

/// In canonical form: no fraction, no loss, and the largest suffix that allows both.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nano = self.nano();
        if nano == 0 {
            return f.write_str("0");
        }
        let binary = self.format == Format::BinarySi && nano % NANO == 0 && nano.unsigned_abs() >= 1024 * NANO as u128;
        if binary { write_binary(nano / NANO, f) } else { write_decimal(nano, self.format == Format::DecimalExponent, f) }
    }
}

fn write_binary(mut number: i128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut suffix = 0;
    while number % 1024 == 0 && suffix < 6 {
        number /= 1024;
        suffix += 1;
    }
    write!(f, "{number}{}", ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][suffix])
}

fn write_decimal(mut number: i128, as_exponent: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut thousands = 0;
    while number % 1000 == 0 && (as_exponent || thousands < 9) {
        number /= 1000;
        thousands += 1;
    }
    match thousands * 3 - 9 {
        0 => write!(f, "{number}"),
        exponent if as_exponent => write!(f, "{number}e{exponent}"),
        _ => write!(f, "{number}{}", ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"][thousands as usize]),
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

/// Text, or a bare number; `null` is nothing, as it is upstream.
impl serde::de::Visitor<'_> for Visitor {
    type Value = Quantity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity such as 500m or 2Gi")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
        text.trim().parse().map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, units: i64) -> Result<Quantity, E> {
        Ok(Quantity::from_units(units))
    }

    fn visit_u64<E: serde::de::Error>(self, units: u64) -> Result<Quantity, E> {
        Ok(Quantity::from_nano(i128::from(units) * NANO))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Quantity, E> {
        number.to_string().parse().map_err(E::custom)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Quantity, E> {
        Ok(Quantity::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn every_form_is_read_exactly_and_prints_canonically() {
        for (text, nano, printed) in [
            ("0", 0, "0"),
            ("0Ki", 0, "0"),
            ("-0", 0, "0"),
            ("1", NANO, "1"),
            ("+1", NANO, "1"),
            ("-1", -NANO, "-1"),
            ("5.", 5 * NANO, "5"),
            (".5", NANO / 2, "500m"),
            ("1.5", 3 * NANO / 2, "1500m"),
            ("1500m", 3 * NANO / 2, "1500m"),
            ("1000m", NANO, "1"),
            ("0100m", NANO / 10, "100m"),
            ("100n", 100, "100n"),
            ("1u", 1000, "1u"),
            ("1000", 1000 * NANO, "1k"),
            ("1k", 1000 * NANO, "1k"),
            ("1Ki", 1024 * NANO, "1Ki"),
            ("1.G", NANO * NANO, "1G"),
            ("12345678", 12_345_678 * NANO, "12345678"),
            ("1E", NANO * NANO * NANO, "1E"),
            ("1Ei", (1 << 60) * NANO, "1Ei"),
            ("1e3", 1000 * NANO, "1e3"),
            ("1E3", 1000 * NANO, "1e3"),
            ("1e+3", 1000 * NANO, "1e3"),
            ("15e-1", 3 * NANO / 2, "1500e-3"),
            ("1e0", NANO, "1"),
            ("100e1", 1000 * NANO, "1e3"),
            ("1024Mi", (1 << 30) * NANO, "1Gi"),
            ("0.5Gi", (1 << 29) * NANO, "512Mi"),
            ("1.5Gi", 3 * (1 << 29) * NANO, "1536Mi"),
            ("1.5Ki", 1536 * NANO, "1536"),
            ("0.1Ki", 102_400_000_000, "102400m"),
            ("0.0001Ki", 102_400_000, "102400u"),
            ("0.1n", 1, "1n"),
            ("1e-20", 1, "1e-9"),
            ("-0.1n", -1, "-1n"),
            ("0.1234567891", 123_456_790, "123456790n"),
            ("8Ei", BINARY_CAP, "9223372036854775807"),
            ("1000Ei", BINARY_CAP, "9223372036854775807"),
            ("9223372036854775808", (1i128 << 63) * NANO, "9223372036854775808"),
            ("123456789012345678901234567890", 123_456_789_012_345_678_901_234_567_890 * NANO, "123456789012345678901234567890"),
            ("1e100", CAP, "170141183460469231731687303715884105727e-9"),
            ("0.00000000000000000000000000000000000000000000000001Ei", 1, "1n"),
            ("0.1234567890123456789012345Ei", 142335986942043633765524350, "142335986942043633765524350n"),
        ] {
            let read = quantity(text);
            assert_eq!((read.nano(), read.to_string().as_str()), (nano, printed), "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        let texts = [
            "",
            ".",
            "+",
            "-",
            "Mi",
            "m",
            "1mi",
            "1 Gi",
            " 1",
            "1.1.M",
            "1+1.0M",
            "0.1mi",
            "aoeu",
            ".5i",
            "1i",
            "-3.01e-",
            "1e",
            "1e+",
            "1Ke3",
            "0x1",
            "1_000",
            "1MiB",
            "1GB",
            "1K",
            "1g",
            "--1",
            "1e3.5",
            "1e99999999999999999999",
            "١",
        ];
        for text in texts {
            assert!(text.parse::<Quantity>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn rounding_is_away_from_zero() {
        assert_eq!((quantity("1m").units(), quantity("1u").milli(), quantity("-1m").units()), (1, 1, -1));
        assert_eq!((quantity("1e40").units(), quantity("1.001").milli()), (i64::MAX, 1001));
    }

    #[test]
    fn sums_print_as_the_first_that_is_not_zero() {
        let sum: Quantity = ["0", "1Gi", "1024Mi"].into_iter().map(quantity).sum();
        assert_eq!(sum.to_string(), "2Gi");
        assert_eq!(quantity("1500m").saturating_sub(quantity("2")).to_string(), "-500m");
        assert_eq!(quantity("1e3").saturating_mul(3).to_string(), "3e3");
        assert_eq!(Quantity::from_nano(i128::MAX).checked_add(quantity("1n")), None);
    }

    #[test]
    fn numbers_and_null_are_read_too() {
        let read = |json: &str| serde_json::from_str::<Quantity>(json).map(|quantity| quantity.to_string());
        for (json, printed) in [
            ("0.25", "250m"),
            ("2", "2"),
            ("1e3", "1k"),
            ("\" 1Gi \"", "1Gi"),
            ("null", "0"),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            assert_eq!(read(json).ok().as_deref(), Some(printed), "{json}");
        }
        assert!(read("true").is_err() && read("[]").is_err());
    }

    proptest! {
        #[test]
        fn parse_after_print_is_identity(nano in any::<i128>(), shift in 0u32..120, format in 0..3) {
            let format = [Format::DecimalSi, Format::BinarySi, Format::DecimalExponent][format as usize];
            let nano = (nano >> shift).clamp(-CAP, CAP);
            let nano = if format == Format::BinarySi { nano.clamp(-BINARY_CAP, BINARY_CAP) } else { nano };
            let before = Quantity::new(nano, format);
            let after = quantity(&before.to_string());
            prop_assert_eq!(before, after);
            prop_assert_eq!(before.to_string(), after.to_string());
        }

        #[test]
        fn the_short_way_and_the_long_way_agree(whole in "[0-9]{0,9}", fraction in "[0-9]{1,9}", suffix in 0..17usize) {
            let suffix = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e-7"][suffix];
            let by = multiplier(suffix).unwrap();
            if let Some(short) = in_nano(&whole, &fraction, &by) {
                prop_assert_eq!(short, in_nano_at_length(&whole, &fraction, &by));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = text.parse::<Quantity>();
        }
    }
}
