//! A time that is known to lie between two bounds.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

/// A length or a point of time in seconds, from the least to the most it can be. Points are counted from the loss of the node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// The shortest, when everything falls well.
    pub least: Duration,
    /// The longest, when everything falls badly. Promises are made of this one.
    pub most: Duration,
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span { least: Duration::ZERO, most: Duration::ZERO };

    /// A time that is known exactly.
    pub const fn exactly(time: Duration) -> Self {
        Span { least: time, most: time }
    }

    /// A time between two bounds.
    pub const fn between(least: Duration, most: Duration) -> Self {
        Span { least, most }
    }

    /// The later of two points, in each case.
    pub fn later(self, other: Span) -> Span {
        Span { least: self.least.max(other.least), most: self.most.max(other.most) }
    }

    /// The earlier of two points, in each case.
    pub fn earlier(self, other: Span) -> Span {
        Span { least: self.least.min(other.least), most: self.most.min(other.most) }
    }

    /// How long it is from an earlier point to this one: none if it is not earlier.
    pub fn since(self, earlier: Span) -> Span {
        Span { least: self.least.saturating_sub(earlier.least), most: self.most.saturating_sub(earlier.most) }
    }

    /// Whether it takes no time in any case.
    pub fn is_zero(self) -> bool {
        self == Span::ZERO
    }
}

impl Add for Span {
    type Output = Span;

    fn add(self, other: Span) -> Span {
        Span { least: self.least.saturating_add(other.least), most: self.most.saturating_add(other.most) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = (self.least.as_secs(), self.most.as_secs());
        if least == most { write!(f, "{most} s") } else { write!(f, "{least}-{most} s") }
    }
}
