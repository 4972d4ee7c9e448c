//! Durations as people write them on a command line (`90s`, `5m`, `1h30m`), and the clock for what may take only so long.

use std::time::{Duration, Instant};

/// A point in time after which no more is tried.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub fn after(limit: Duration) -> Self {
        Deadline(Instant::now() + limit)
    }

    /// How long it is until then.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// Reads a duration; a plain number is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let problem = || format!("{text:?} is not a duration such as 30s, 5m or 1h30m");
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let (mut total, mut digits) = (0u64, String::new());
    for letter in text.chars() {
        let unit = match letter {
            '0'..='9' => {
                digits.push(letter);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return Err(problem()),
        };
        let number: u64 = std::mem::take(&mut digits).parse().map_err(|_| problem())?;
        total = number.checked_mul(unit).and_then(|seconds| total.checked_add(seconds)).ok_or_else(problem)?;
    }
    if digits.is_empty() && !text.is_empty() { Ok(Duration::from_secs(total)) } else { Err(problem()) }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_read() {
        let seconds = |text: &str| duration(text).map(|duration| duration.as_secs()).ok();
        assert_eq!([seconds("5m"), seconds("90"), seconds("1h30m"), seconds("30s")], [Some(300), Some(90), Some(5400), Some(30)]);
        assert_eq!([seconds(""), seconds("5x"), seconds("m"), seconds("5m3"), seconds("-1s")], [None; 5]);
    }
}
