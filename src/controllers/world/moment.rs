//! A point in virtual time.

use std::ops::{Add, Sub};
use std::time::Duration;

/// Milliseconds since 1970, in the cluster's own time. Timestamps of objects hold whole seconds, as in the API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    /// A moment from milliseconds since 1970.
    pub const fn from_milliseconds(milliseconds: i64) -> Self {
        Moment(milliseconds)
    }

    /// Milliseconds since 1970.
    pub const fn milliseconds(self) -> i64 {
        self.0
    }

    /// The moment an RFC 3339 timestamp names; none if it names none.
    pub fn parse(timestamp: &str) -> Option<Self> {
        timestamp.parse::<jiff::Timestamp>().ok().map(|timestamp| Moment(timestamp.as_millisecond()))
    }

    /// The timestamp as the API writes it: RFC 3339 in UTC, fractions of a second cut off.
    pub fn timestamp(self) -> String {
        let seconds = self.0.div_euclid(1000);
        jiff::Timestamp::from_second(seconds).map(|timestamp| timestamp.to_string()).unwrap_or_default()
    }

    /// The first moment after this one that is a whole number of periods since 1970.
    pub fn next_multiple_of(self, period: Duration) -> Self {
        let period = i64::try_from(period.as_millis()).unwrap_or(i64::MAX).max(1);
        Moment((self.0.div_euclid(period) + 1).saturating_mul(period))
    }

    /// Time since an earlier moment; zero if it is a later one.
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_millis((self.0 - earlier.0).max(0).unsigned_abs())
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, duration: Duration) -> Moment {
        Moment(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Moment {
    type Output = Moment;

    fn sub(self, duration: Duration) -> Moment {
        Moment(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_read_and_written_in_whole_seconds() {
        let moment = Moment::parse("2026-01-01T00:00:00Z").unwrap();
        assert_eq!((moment + Duration::from_millis(1900)).timestamp(), "2026-01-01T00:00:01Z");
        assert_eq!(Moment::parse("2026-01-01T01:00:00+01:00"), Some(moment));
        assert_eq!(Moment::parse("yesterday"), None);
    }
}
