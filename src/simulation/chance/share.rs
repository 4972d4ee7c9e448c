//! The share of runs in which something holds, and what that says of all runs.

/// The share of runs in which something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share {
    /// In how many.
    pub runs: usize,
    /// Of how many.
    pub of: usize,
}

/// How many standard deviations to either side hold 95 % of a normal distribution.
const NORMAL_95: f64 = 1.959_963_984_540_054;

impl Share {
    /// Of these runs.
    pub fn of<T>(runs: &[T], holds: impl Fn(&T) -> bool) -> Self {
        Share { runs: runs.iter().filter(|run| holds(run)).count(), of: runs.len() }
    }

    /// Runs of all runs, 0 to 1; 0 without any.
    pub fn value(self) -> f64 {
        self.runs as f64 / self.of.max(1) as f64
    }

    /// Whether it holds in all runs.
    pub fn is_all(self) -> bool {
        self.runs == self.of
    }

    /// Between what the share of all possible runs lies, with a confidence of 95 %: Wilson's score interval.
    pub fn interval(self) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let (share, count, square) = (self.value(), self.of as f64, NORMAL_95 * NORMAL_95);
        let centre = (share + square / (2.0 * count)) / (1.0 + square / count);
        let spread = (share * (1.0 - share) / count + square / (4.0 * count * count)).sqrt();
        let half = NORMAL_95 * spread / (1.0 + square / count);
        // at the ends the interval ends where the share does, whatever rounding says
        let least = if self.runs == 0 { 0.0 } else { (centre - half).max(0.0) };
        let most = if self.is_all() { 1.0 } else { (centre + half).min(1.0) };
        (least, most)
    }

    /// What happened in none of these runs happens in less than this share of all runs, with a confidence of 95 %: about 3 / runs, which
    /// is known as the rule of three.
    pub fn bound_of_never(self) -> f64 {
        1.0 - 0.05_f64.powf(1.0 / self.of.max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_wilson_s() {
        let percent = |runs, of| {
            let (least, most) = Share { runs, of }.interval();
            ((least * 1000.0).round() / 10.0, (most * 1000.0).round() / 10.0)
        };
        assert_eq!(percent(12, 200), (3.5, 10.2));
        // Newcombe 1998, table I: 81 of 263 and 0 of 20
        assert_eq!(percent(81, 263), (25.5, 36.6));
        assert_eq!(percent(0, 20), (0.0, 16.1));
        assert_eq!(percent(20, 20), (83.9, 100.0));
        assert_eq!(percent(0, 0), (0.0, 100.0));
        let bound = |of| (Share { runs: 0, of }.bound_of_never() * 1000.0).round() / 10.0;
        assert_eq!((bound(1), bound(20), bound(200), bound(3000)), (95.0, 13.9, 1.5, 0.1));
    }
}
