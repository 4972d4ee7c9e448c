//! What a YAML scalar means: text, number, boolean or null, by the rules of YAML 1.1 as go-yaml applies them.
//!
//! Source: go-yaml v2 `resolve.go` (the parser under `sigs.k8s.io/yaml`, and so under kubectl).

use std::borrow::Cow;

use super::tree::Value;

/// The value of a scalar; only a plain one can be anything but text, unless a tag says so.
pub(super) fn resolve(text: Cow<'_, str>, plain: bool, tag: Option<&str>) -> Value {
    match tag {
        Some("str") => Value::Text(text.into_owned()),
        Some("float") => match resolve_plain(&text) {
            Some(Value::Int(number)) => Value::Float(number as f64),
            Some(value @ Value::Float(_)) => value,
            _ => Value::Text(text.into_owned()),
        },
        Some(_) => resolve_plain(&text).unwrap_or_else(|| Value::Text(text.into_owned())),
        None if plain => resolve_plain(&text).unwrap_or_else(|| Value::Text(text.into_owned())),
        None => Value::Text(text.into_owned()),
    }
}

/// A mapping key as text: `on:` is the key `true`, as it becomes on the way through JSON.
pub(super) fn key(text: &str, plain: bool, tag: Option<&str>) -> String {
    match resolve(Cow::Borrowed(text), plain, tag) {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Unsigned(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::Text(text) => text,
        _ => text.to_owned(),
    }
}

fn resolve_plain(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "true" | "True" | "TRUE" | "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Some(Value::Bool(false)),
        _ => {}
    }
    match text.as_bytes()[0] {
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text),
        _ => None,
    }
}

fn number(text: &str) -> Option<Value> {
    let plain: Cow<'_, str> = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    integer(&plain).or_else(|| float(&plain))
}

fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(magnitude)) {
        (false, Ok(number)) => Some(Value::Int(number)),
        (false, Err(_)) => Some(Value::Unsigned(magnitude)),
        (true, _) => i64::try_from(-(magnitude as i128)).ok().map(Value::Int),
    }
}

fn float(text: &str) -> Option<Value> {
    let number = match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => f64::INFINITY,
        "-.inf" | "-.Inf" | "-.INF" => f64::NEG_INFINITY,
        ".nan" | ".NaN" | ".NAN" => f64::NAN,
        _ if is_float(text) => text.parse().ok()?,
        _ => return None,
    };
    // on the way through JSON 3.0 is written 3, and so is a whole number to the API server
    let whole = number.fract() == 0.0 && number.abs() < 9e15;
    Some(if whole { Value::Int(number as i64) } else { Value::Float(number) })
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Value {
        resolve(Cow::Borrowed(text), true, None)
    }

    #[test]
    fn scalars_mean_what_kubectl_takes_them_for() {
        for (text, value) in [
            ("yes", Value::Bool(true)),
            ("Off", Value::Bool(false)),
            ("yEs", Value::Text("yEs".into())),
            ("~", Value::Null),
            ("12", Value::Int(12)),
            ("-12", Value::Int(-12)),
            ("1_000", Value::Int(1000)),
            ("0755", Value::Int(0o755)),
            ("0o17", Value::Int(15)),
            ("0x1F", Value::Int(31)),
            ("08", Value::Int(8)),
            ("18446744073709551615", Value::Unsigned(u64::MAX)),
            ("0.25", Value::Float(0.25)),
            (".5", Value::Float(0.5)),
            ("5.", Value::Int(5)),
            ("1e3", Value::Int(1000)),
            ("1.10", Value::Float(1.1)),
            ("100m", Value::Text("100m".into())),
            ("1e", Value::Text("1e".into())),
            ("-", Value::Text("-".into())),
            (".", Value::Text(".".into())),
            ("1.2.3", Value::Text("1.2.3".into())),
            ("2024-01-01", Value::Text("2024-01-01".into())),
            ("10.0.0.1", Value::Text("10.0.0.1".into())),
        ] {
            assert_eq!(plain(text), value, "{text}");
        }
        assert_eq!(key("on", true, None), "true");
        assert_eq!(resolve(Cow::Borrowed("12"), false, None), Value::Text("12".into()));
        assert_eq!(resolve(Cow::Borrowed("12"), true, Some("str")), Value::Text("12".into()));
    }
}
