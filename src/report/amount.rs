//! Amounts of resources, counts and shares as people write them.
//!
//! Promise: nothing is rounded into a lie. Cores are exact to the milli-core, a share is 100 % only when it is full and 0 % only when
//! it is nothing, and a need that is not met never reads the same as what is free.

/// How a resource is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Thousandths of a core.
    MilliCores,
    /// Bytes.
    Bytes,
    /// Whole things: pods, devices.
    Count,
}

impl Unit {
    /// How this resource is counted.
    pub fn of(resource: &str) -> Unit {
        match resource {
            "cpu" => Unit::MilliCores,
            "memory" | "ephemeral-storage" | "storage" => Unit::Bytes,
            _ if resource.starts_with("hugepages-") => Unit::Bytes,
            _ => Unit::Count,
        }
    }

    /// Its name in our output.
    pub fn name(self) -> &'static str {
        match self {
            Unit::MilliCores => "milliCores",
            Unit::Bytes => "bytes",
            Unit::Count => "count",
        }
    }

    /// An amount with its unit: `250m`, `3.2`, `1.5Gi`, `8`.
    pub fn amount(self, value: i64) -> String {
        match self {
            Unit::MilliCores => cores(value),
            Unit::Bytes => bytes(value),
            Unit::Count => value.to_string(),
        }
    }

    /// Two amounts that differ, written so that they read differently.
    pub fn distinct(self, one: i64, other: i64) -> (String, String) {
        let pair = (self.amount(one), self.amount(other));
        if pair.0 != pair.1 || one == other { pair } else { (one.to_string(), other.to_string()) }
    }
}

fn cores(milli: i64) -> String {
    if milli.abs() < 1000 && milli != 0 {
        return format!("{milli}m");
    }
    let (whole, rest) = (milli / 1000, (milli % 1000).abs());
    format!("{whole}.{rest:03}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

const BINARY: [(&str, i64); 6] = [("Ei", 1 << 60), ("Pi", 1 << 50), ("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];

fn bytes(value: i64) -> String {
    let size = value.unsigned_abs();
    let Some(&(suffix, unit)) = BINARY.iter().find(|&&(_, unit)| size >= unit as u64) else { return value.to_string() };
    if value % unit == 0 {
        return format!("{}{suffix}", value / unit);
    }
    let amount = value as f64 / unit as f64;
    let text = if amount.abs() < 10.0 { format!("{amount:.2}") } else { format!("{amount:.1}") };
    format!("{}{suffix}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A share in percent, one digit after the point, for machines.
pub fn percent(part: i64, whole: i64) -> f64 {
    if whole == 0 {
        return if part == 0 { 0.0 } else { 100.0 };
    }
    (part as f64 / whole as f64 * 1000.0).round() / 10.0
}

/// A share in percent for people: `71 %`.
pub fn share(part: i64, whole: i64) -> String {
    if whole == 0 {
        return if part == 0 { "-".to_owned() } else { "over".to_owned() };
    }
    let rounded = (part as f64 / whole as f64 * 100.0).round() as i64;
    match rounded {
        0 if part > 0 => "<1 %".to_owned(),
        100 if part < whole => "99 %".to_owned(),
        100 if part > whole => "101 %".to_owned(),
        _ => format!("{rounded} %"),
    }
}

/// A count with its word: `1 pod`, `12,000 pods`.
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{} {}", thousands(number), plural(one)) }
}

/// A count with its digits in groups of three.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn plural(one: &str) -> String {
    match one.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if one.ends_with('s') => format!("{one}es"),
        None => format!("{one}s"),
    }
}

/// A span of time: `45 s`, `6 min`, `6 min 25 s`.
pub fn duration(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// Items joined as in a sentence, cut after `limit`: `a, b and 3 more`.
pub fn list<T: AsRef<str>>(items: &[T], limit: usize) -> String {
    let shown: Vec<&str> = items.iter().take(limit).map(AsRef::as_ref).collect();
    match items.len().saturating_sub(limit) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), thousands(more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_or_short() {
        assert_eq!(Unit::MilliCores.amount(250), "250m");
        assert_eq!(Unit::MilliCores.amount(4000), "4");
        assert_eq!(Unit::MilliCores.amount(3250), "3.25");
        assert_eq!(Unit::MilliCores.amount(0), "0");
        assert_eq!(Unit::MilliCores.amount(-1500), "-1.5");
        assert_eq!(Unit::Bytes.amount(1 << 30), "1Gi");
        assert_eq!(Unit::Bytes.amount(3 << 29), "1.5Gi");
        assert_eq!(Unit::Bytes.amount(1000), "1000");
        assert_eq!(Unit::Bytes.amount(100_000_000), "95.4Mi");
    }

    #[test]
    fn a_need_never_reads_like_what_is_free() {
        assert_eq!(Unit::Bytes.distinct(1 << 30, (1 << 30) + 1).0, "1073741824");
        assert_eq!(Unit::Bytes.distinct(1 << 30, 1 << 29), ("1Gi".to_owned(), "512Mi".to_owned()));
    }

    #[test]
    fn a_share_is_full_only_when_full() {
        assert_eq!(share(999, 1000), "99 %");
        assert_eq!(share(1000, 1000), "100 %");
        assert_eq!(share(1001, 1000), "101 %");
        assert_eq!(share(1, 1000), "<1 %");
        assert_eq!(share(0, 1000), "0 %");
        assert_eq!(share(0, 0), "-");
    }

    #[test]
    fn counts_read_well() {
        assert_eq!(count(1, "pod"), "1 pod");
        assert_eq!(count(12000, "pod"), "12,000 pods");
        assert_eq!(count(2, "StorageClass"), "2 StorageClasses");
        assert_eq!(count(2, "priority"), "2 priorities");
        assert_eq!(list(&["a", "b", "c"], 2), "a, b and 1 more");
        assert_eq!([45, 360, 385].map(duration), ["45 s", "6 min", "6 min 25 s"]);
    }
}
