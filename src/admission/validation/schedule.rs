//! Schedules of CronJobs: whether cron can read them.
//!
//! Source: github.com/robfig/cron/v3 parser.go (ParseStandard), with its sentences.

/// A field of a schedule: its bounds, and the names of its values.
struct Field {
    first: i64,
    last: i64,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FIELDS: [Field; 5] = [
    Field { first: 0, last: 59, names: &[] },
    Field { first: 0, last: 23, names: &[] },
    Field { first: 1, last: 31, names: &[] },
    Field { first: 1, last: 12, names: MONTHS },
    Field { first: 0, last: 6, names: DAYS },
];
const WORDS: &[&str] = &["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Why a schedule cannot be read; nothing if it can.
pub(super) fn wrong(text: &str) -> Option<String> {
    if text.contains("TZ") {
        let detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        return Some(detail.to_owned());
    }
    if text.starts_with('@') {
        let is_known = WORDS.contains(&text) || text.starts_with("@every ");
        return (!is_known).then(|| format!("unrecognized descriptor: {text}"));
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Some(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    }
    fields.iter().zip(&FIELDS).find_map(|(text, field)| text.split(',').find_map(|part| field.wrong(part)))
}

impl Field {
    /// Why a range such as `1-5/2` cannot be read.
    fn wrong(&self, part: &str) -> Option<String> {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        if step.is_some_and(|step| step.contains('/')) {
            return Some(format!("too many slashes: {part}"));
        }
        let (low, high) = range.split_once('-').map_or((range, None), |(low, high)| (low, Some(high)));
        if high.is_some_and(|high| high.contains('-')) {
            return Some(format!("too many hyphens: {part}"));
        }
        self.check(low, high, step, part).err()
    }

    fn check(&self, low: &str, high: Option<&str>, step: Option<&str>, part: &str) -> Result<(), String> {
        let is_any = low == "*" || low == "?";
        let start = if is_any { self.first } else { self.number(low)? };
        let end = match high {
            Some(high) => self.number(high)?,
            None if is_any || step.is_some() => self.last,
            None => start,
        };
        let step = step.map_or(Ok(1), plain_number)?;
        if start < self.first {
            return Err(format!("beginning of range ({start}) below minimum ({}): {part}", self.first));
        }
        if end > self.last {
            return Err(format!("end of range ({end}) above maximum ({}): {part}", self.last));
        }
        if start > end {
            return Err(format!("beginning of range ({start}) beyond end of range ({end}): {part}"));
        }
        if step == 0 {
            return Err(format!("step of range should be a positive number: {part}"));
        }
        Ok(())
    }

    fn number(&self, text: &str) -> Result<i64, String> {
        let named = self.names.iter().position(|name| *name == text.to_lowercase());
        named.map_or_else(|| plain_number(text), |place| Ok(place as i64 + self.first))
    }
}

fn plain_number(text: &str) -> Result<i64, String> {
    match text.parse::<i64>() {
        Ok(number) if number < 0 => Err(format!("negative number ({number}) not allowed: {text}")),
        Ok(number) => Ok(number),
        Err(_) => Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_read_or_say_why_not() {
        for text in ["* * * * *", "*/5 0-6,12 1 jan-MAR mon", "@hourly", "@every 5m", "0 0 ? * 0"] {
            assert_eq!(wrong(text), None, "{text}");
        }
        for (text, why) in [
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("a * * * *", "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("@never", "unrecognized descriptor: @never"),
        ] {
            assert_eq!(wrong(text).as_deref(), Some(why));
        }
    }
}
