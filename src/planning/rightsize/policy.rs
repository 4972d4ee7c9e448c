//! What is asked for by what was measured: percentiles, margins, least amounts, and how amounts are rounded.
//!
//! The default is what the right-sizers in use agree on: a percentile of cpu, which can be shared and throttled, and the peak of memory,
//! which cannot, with a margin. cpu has no limit, because a limit takes away what is idle.
//!
//! Source: github.com/robusta-dev/krr `strategies/simple.py` (P95 of cpu, highest memory and 15 %, no cpu limit, 10m and 100Mi at
//! least), kubernetes/autoscaler vertical-pod-autoscaler `recommender/logic/recommender.go` (P90, 15 %, 25m and 250Mi a pod).

use crate::manifest::Quantity;

/// What recommendations go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The percentile of cpu samples that is requested.
    pub cpu_percentile: Percentile,
    /// What is added to that, in percent.
    pub cpu_margin_percent: u32,
    /// What becomes of cpu limits.
    pub cpu_limit: CpuLimit,
    /// What is added to the highest memory sample, in percent. Request and limit are both never below that.
    pub memory_margin_percent: u32,
    /// The least cpu that is requested.
    pub cpu_minimum: Quantity,
    /// The least memory that is requested.
    pub memory_minimum: Quantity,
    /// A request that is enough, and no more than so many percent too much, is left as it is.
    pub tolerance_percent: u32,
    /// With fewer samples than this a recommendation is called a guess.
    pub enough_samples: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            cpu_percentile: Percentile::new(95_000).expect("it is one"),
            cpu_margin_percent: 0,
            cpu_limit: CpuLimit::None,
            memory_margin_percent: 15,
            cpu_minimum: Quantity::from_milli(10),
            memory_minimum: Quantity::from_bytes(32 << 20),
            tolerance_percent: 5,
            enough_samples: 20,
        }
    }
}

/// What becomes of cpu limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CpuLimit {
    /// There is none, but where a policy of the namespace demands one.
    None,
    /// It stays, and is raised to the request where it would be below.
    Keep,
    /// It stays as many times the request as it is now; where it is not both, as with `None`.
    Ratio,
}

/// A percentile, in thousandths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percentile(u32);

impl Percentile {
    /// From 0 to 100,000.
    pub fn new(thousandths: u32) -> Option<Self> {
        (thousandths <= 100_000).then_some(Percentile(thousandths))
    }

    /// Thousandths of a percent.
    pub fn thousandths(self) -> u32 {
        self.0
    }

    /// Which of so many sorted values it is, from 0: the nearest rank, so that it is a value that was measured.
    pub fn rank(self, count: usize) -> usize {
        let rank = (self.0 as u128 * count as u128).div_ceil(100_000) as usize;
        rank.saturating_sub(1).min(count.saturating_sub(1))
    }
}

impl std::fmt::Display for Percentile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// What is sized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// cpu, in thousandths of a core.
    Cpu,
    /// Memory, in bytes.
    Memory,
}

impl Resource {
    /// Both.
    pub const ALL: [Resource; 2] = [Resource::Cpu, Resource::Memory];

    /// As Kubernetes calls it.
    pub fn name(self) -> &'static str {
        match self {
            Resource::Cpu => "cpu",
            Resource::Memory => "memory",
        }
    }

    /// Thousandths of a core, or bytes; rounded up.
    pub fn amount(self, quantity: Quantity) -> i64 {
        match self {
            Resource::Cpu => quantity.milli(),
            Resource::Memory => quantity.units(),
        }
    }

    /// The other way.
    pub fn quantity(self, amount: i64) -> Quantity {
        match self {
            Resource::Cpu => Quantity::from_milli(amount),
            Resource::Memory => Quantity::from_bytes(amount),
        }
    }

    /// An amount that reads well and is not below this one: cpu with two significant digits, memory with four bits of its mebibytes.
    /// It is never above by more than a tenth, from 10m and 16Mi on.
    pub fn readable(self, amount: i64) -> i64 {
        let step = match self {
            Resource::Cpu => 10i64.pow(amount.max(1).ilog10().saturating_sub(1)),
            Resource::Memory => (1i64 << 20).max(1 << (amount.max(1).ilog2().saturating_sub(4))),
        };
        round_up(amount, step)
    }

    /// The largest amount that is not above this one and still whole: thousandths of a core, mebibytes.
    pub fn floor(self, amount: i64) -> i64 {
        match self {
            Resource::Cpu => amount,
            Resource::Memory => amount - amount.rem_euclid(1 << 20),
        }
    }
}

/// The next multiple of a step.
fn round_up(amount: i64, step: i64) -> i64 {
    (amount.div_euclid(step) + i64::from(amount.rem_euclid(step) != 0)).saturating_mul(step)
}

impl Policy {
    /// The least that is requested of a resource.
    pub fn minimum(&self, resource: Resource) -> i64 {
        match resource {
            Resource::Cpu => resource.amount(self.cpu_minimum),
            Resource::Memory => resource.amount(self.memory_minimum),
        }
    }

    /// What is added to what was measured, in percent.
    pub fn margin_percent(&self, resource: Resource) -> u32 {
        match resource {
            Resource::Cpu => self.cpu_margin_percent,
            Resource::Memory => self.memory_margin_percent,
        }
    }

    /// An amount with the margin, rounded up.
    pub fn with_margin(&self, resource: Resource, amount: i64) -> i64 {
        percent_of(amount, 100 + self.margin_percent(resource))
    }
}

/// So many percent of an amount, rounded up.
pub fn percent_of(amount: i64, percent: u32) -> i64 {
    let product = i128::from(amount) * i128::from(percent);
    i64::try_from(product.div_euclid(100) + i128::from(product.rem_euclid(100) != 0)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_rounded_up_to_what_reads_well() {
        for (milli, expected) in [(1, 1), (10, 10), (11, 11), (101, 110), (110, 110), (949, 950), (1001, 1100), (2450, 2500)] {
            assert_eq!(Resource::Cpu.readable(milli), expected, "{milli}m");
        }
        const MEBI: i64 = 1 << 20;
        for (mebi, expected) in [(33, 34), (100, 100), (300, 304), (1000, 1024), (1331, 1344), (5000, 5120)] {
            assert_eq!(Resource::Memory.readable(mebi * MEBI - MEBI / 2), expected * MEBI, "{mebi}Mi");
        }
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let percentile = |thousandths: u32, count| Percentile::new(thousandths).expect("it is one").rank(count);
        assert_eq!((percentile(95_000, 100), percentile(95_000, 20), percentile(95_000, 1)), (94, 18, 0));
        assert_eq!((percentile(100_000, 7), percentile(0, 7), percentile(50_000, 4)), (6, 0, 1));
        assert_eq!(Percentile::new(99_900).expect("it is one").to_string(), "99.9");
    }

    proptest! {
        #[test]
        fn rounding_never_takes_away_and_adds_a_tenth_at_most(amount in 10i64..1 << 40) {
            let cpu = Resource::Cpu.readable(amount);
            prop_assert!(cpu >= amount && cpu - amount <= amount / 10);
            let bytes = amount + (16 << 20);
            let memory = Resource::Memory.readable(bytes);
            prop_assert!(memory >= bytes && memory - bytes <= bytes / 10);
        }
    }
}
