//! When a CronJob runs: five fields of cron, or a word such as `@hourly`, read as the API server reads them.
//!
//! Read by hand, for its corners decide what runs: a day matches if *both* its day of the month and its day of the week do when one
//! of the two fields is `*` or `?`, else if *either* does (`*/2` is no star here); 7 is not Sunday; a time that the clock skips in spring is
//! left out and one that it repeats in autumn runs twice. The crates there are differ in one or another of these.
//!
//! Source: github.com/robfig/cron/v3 parser.go ParseStandard, spec.go Next, constantdelay.go, as k8s.io/kubernetes v1.36 vendors it.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

/// A schedule. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct CronSchedule {
    zone: TimeZone,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    Fields { minutes: u64, hours: u64, days: u64, months: u64, weekdays: u64, any_day: bool },
    Every(Duration),
}

struct Bounds {
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds { least: 0, most: 59, names: &[] };
const HOURS: Bounds = Bounds { least: 0, most: 23, names: &[] };
const DAYS: Bounds = Bounds { least: 1, most: 31, names: &[] };
const MONTHS: Bounds =
    Bounds { least: 1, most: 12, names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"] };
const WEEKDAYS: Bounds = Bounds { least: 0, most: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

/// The words for common schedules.
const WORDS: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// A schedule that does not match within so many years never does.
const YEARS: i16 = 5;

impl CronSchedule {
    /// Reads a schedule in a time zone of the IANA database; without one in UTC.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in the API server's words.
    pub fn parse(text: &str, time_zone: Option<&str>) -> Result<Self, String> {
        let (written_zone, text) = split_zone(text)?;
        let zone = match written_zone.or(time_zone) {
            Some(name) => TimeZone::get(name).map_err(|_| format!("unknown time zone {name}"))?,
            None => TimeZone::UTC,
        };
        Ok(CronSchedule { zone, rule: parse_rule(text)? })
    }

    /// The first time after `after` at which it runs; none if there is none within five years.
    pub fn next(&self, after: i64) -> Option<i64> {
        match &self.rule {
            Rule::Every(delay) => Some(after + i64::try_from(delay.as_secs()).ok()?),
            Rule::Fields { .. } => self.next_match(after),
        }
    }

    /// Steps through real time, so that hours the clock skips or repeats are met as they are.
    fn next_match(&self, after: i64) -> Option<i64> {
        let Rule::Fields { minutes, hours, months, .. } = self.rule else { return None };
        let mut time = Timestamp::from_second(after.div_euclid(60) * 60 + 60).ok()?.to_zoned(self.zone.clone());
        let last_year = time.year().saturating_add(YEARS);
        while time.year() <= last_year {
            time = if !has(months, time.month()) {
                time.first_of_month().ok()?.checked_add(1.month()).ok()?.start_of_day().ok()?
            } else if !self.day_matches(&time) {
                time.checked_add(1.day()).ok()?.start_of_day().ok()?
            } else if !has(hours, time.hour()) {
                time.checked_add(SignedDuration::from_mins(60 - i64::from(time.minute()))).ok()?
            } else if !has(minutes, time.minute()) {
                time.checked_add(SignedDuration::from_mins(1)).ok()?
            } else {
                return Some(time.timestamp().as_second());
            };
        }
        None
    }

    fn day_matches(&self, time: &Zoned) -> bool {
        let Rule::Fields { days, weekdays, any_day, .. } = self.rule else { return true };
        let (day, weekday) = (has(days, time.day()), has(weekdays, time.weekday().to_sunday_zero_offset()));
        if any_day { day && weekday } else { day || weekday }
    }

    /// A time in the schedule's own zone, RFC 3339.
    pub fn local_time(&self, seconds: i64) -> String {
        let Ok(time) = Timestamp::from_second(seconds) else { return String::new() };
        if self.zone == TimeZone::UTC {
            return time.to_string();
        }
        let local = time.to_zoned(self.zone.clone());
        time.display_with_offset(local.offset()).to_string()
    }
}

fn has(bits: u64, value: i8) -> bool {
    bits >> value & 1 == 1
}

/// `TZ=Zone` or `CRON_TZ=Zone` in front, and the rest.
fn split_zone(text: &str) -> Result<(Option<&str>, &str), String> {
    if text.is_empty() {
        return Err("empty spec string".to_owned());
    }
    let Some(rest) = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) else { return Ok((None, text)) };
    let (zone, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Ok((Some(zone), rest.trim()))
}

fn parse_rule(text: &str) -> Result<Rule, String> {
    if let Some(duration) = text.strip_prefix("@every ") {
        let delay =
            parse_duration(duration).ok_or_else(|| format!("failed to parse duration {text}: time: invalid duration {duration:?}"))?;
        return Ok(Rule::Every(Duration::from_secs(delay.as_secs().max(1))));
    }
    let text = match WORDS.iter().find(|(word, _)| *word == text) {
        Some((_, fields)) => fields,
        None if text.starts_with('@') => return Err(format!("unrecognized descriptor: {text}")),
        None => text,
    };
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    };
    let (minutes, _) = parse_field(minute, &MINUTES)?;
    let (hours, _) = parse_field(hour, &HOURS)?;
    let (days, any_day) = parse_field(day, &DAYS)?;
    let (months, _) = parse_field(month, &MONTHS)?;
    let (weekdays, any_weekday) = parse_field(weekday, &WEEKDAYS)?;
    Ok(Rule::Fields { minutes, hours, days, months, weekdays, any_day: any_day || any_weekday })
}

/// The values of a field as bits, and whether a star is among its parts.
fn parse_field(field: &str, bounds: &Bounds) -> Result<(u64, bool), String> {
    let mut all = (0, false);
    for part in field.split(',').filter(|part| !part.is_empty()) {
        let (bits, is_star) = parse_range(part, bounds)?;
        all = (all.0 | bits, all.1 || is_star);
    }
    Ok(all)
}

/// `*`, `a`, `a-b`, each with `/step` if you like; `a/step` goes on to the end.
fn parse_range(part: &str, bounds: &Bounds) -> Result<(u64, bool), String> {
    let pieces: Vec<&str> = part.split('/').collect();
    let ends: Vec<&str> = pieces[0].split('-').collect();
    let is_star = ends[0] == "*" || ends[0] == "?";
    let (first, mut last) = match ends[..] {
        _ if is_star => (bounds.least, bounds.most),
        [only] => (parse_value(only, bounds)?, parse_value(only, bounds)?),
        [first, last] => (parse_value(first, bounds)?, parse_value(last, bounds)?),
        _ => return Err(format!("too many hyphens: {part}")),
    };
    let step = match pieces[..] {
        [_] => 1,
        [_, step] => {
            let step = parse_number(step)?;
            if ends.len() == 1 {
                last = bounds.most;
            }
            step
        }
        _ => return Err(format!("too many slashes: {part}")),
    };
    if first < bounds.least {
        return Err(format!("beginning of range ({first}) below minimum ({}): {part}", bounds.least));
    }
    if last > bounds.most {
        return Err(format!("end of range ({last}) above maximum ({}): {part}", bounds.most));
    }
    if first > last {
        return Err(format!("beginning of range ({first}) beyond end of range ({last}): {part}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {part}"));
    }
    let bits = (first..=last).step_by(step as usize).fold(0, |bits, value| bits | 1 << value);
    Ok((bits, is_star && step == 1))
}

fn parse_value(text: &str, bounds: &Bounds) -> Result<u32, String> {
    let named = bounds.names.iter().position(|name| name.eq_ignore_ascii_case(text));
    match named {
        Some(position) => Ok(bounds.least + u32::try_from(position).unwrap_or(0)),
        None => parse_number(text),
    }
}

fn parse_number(text: &str) -> Result<u32, String> {
    let number: i64 =
        text.parse().map_err(|_| format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"))?;
    u32::try_from(number).map_err(|_| format!("negative number ({number}) not allowed: {text}"))
}

/// A duration as Go writes it: `1h30m`, `1.5h`, `90s`.
fn parse_duration(text: &str) -> Option<Duration> {
    let units = [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let (mut rest, mut seconds) = (text.strip_prefix('+').unwrap_or(text), 0.0);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(rest.len());
        let (_, unit) = units.iter().find(|(name, _)| *name == &rest[..letters])?;
        seconds += number * unit;
        rest = &rest[letters..];
    }
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(schedule: &str, zone: Option<&str>, after: &str, count: usize) -> Vec<String> {
        let schedule = CronSchedule::parse(schedule, zone).unwrap();
        let mut time = after.parse::<Timestamp>().unwrap().as_second();
        let mut next = || {
            time = schedule.next(time)?;
            Some(Timestamp::from_second(time).unwrap().to_string())
        };
        (0..count).filter_map(|_| next()).collect()
    }

    #[test]
    fn fields_and_words() {
        let start = "2026-01-01T00:00:05Z";
        assert_eq!(runs("* * * * *", None, start, 2), ["2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"]);
        assert_eq!(runs("@hourly", None, start, 1), ["2026-01-01T01:00:00Z"]);
        assert_eq!(runs("30 6-16/4 * * mon-fri", None, start, 4)[3], "2026-01-02T06:30:00Z");
        assert_eq!(runs("0 0 29 2 *", None, start, 1), ["2028-02-29T00:00:00Z"]);
        assert_eq!(runs("0 0 31 2 *", None, start, 1), Vec::<String>::new());
        assert_eq!(runs("@every 1h30m", None, start, 1), ["2026-01-01T01:30:05Z"]);
        assert_eq!(runs("5/20 * * * ?", None, start, 3)[2], "2026-01-01T00:45:00Z");
    }

    #[test]
    fn either_day_will_do_unless_one_of_them_is_a_star() {
        let start = "2026-01-01T00:00:00Z";
        // 2026-01-05 is a Monday
        assert_eq!(runs("0 0 13 * 1", None, start, 2), ["2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z"]);
        assert_eq!(runs("0 0 13 * *", None, start, 1), ["2026-01-13T00:00:00Z"]);
        assert_eq!(runs("0 0 */2 * 1", None, start, 2), ["2026-01-03T00:00:00Z", "2026-01-05T00:00:00Z"]);
    }

    #[test]
    fn skipped_hours_are_left_out_and_repeated_ones_run_twice() {
        let berlin = Some("Europe/Berlin");
        assert_eq!(runs("30 2 * * *", berlin, "2026-03-28T12:00:00Z", 1), ["2026-03-30T00:30:00Z"]);
        assert_eq!(runs("30 2 * * *", berlin, "2026-10-24T12:00:00Z", 2), ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]);
        assert_eq!(runs("0 9 * * *", Some("Asia/Tokyo"), "2026-01-01T00:00:00Z", 1), ["2026-01-02T00:00:00Z"]);
    }

    #[test]
    fn what_is_wrong_is_said_in_the_servers_words() {
        let wrong = |text: &str| CronSchedule::parse(text, None).unwrap_err();
        assert_eq!(wrong("* * * *"), "expected exactly 5 fields, found 4: [* * * *]");
        assert_eq!(wrong("60 * * * *"), "end of range (60) above maximum (59): 60");
        assert_eq!(wrong("* * * * 7"), "end of range (7) above maximum (6): 7");
        assert_eq!(wrong("* * 0 * *"), "beginning of range (0) below minimum (1): 0");
        assert_eq!(wrong("x * * * *"), "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax");
        assert_eq!(wrong("*/0 * * * *"), "step of range should be a positive number: */0");
        assert_eq!(wrong("@often"), "unrecognized descriptor: @often");
    }
}
