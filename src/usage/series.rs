//! What containers used over time.
//!
//! Source of the five minutes after which a sample is stale: Prometheus, "Querying basics", staleness (`--query.lookback-delta`).

use crate::manifest::Quantity;
use crate::manifest::meta::StringMap;

/// For so long a sample stands for what is used, in milliseconds.
pub const LOOKBACK_MILLISECONDS: i64 = 300_000;

/// When something was measured: what has no time comes before what has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Moment {
    /// At no known time, in this snapshot, counted from 0 in the order of the input.
    Snapshot(u32),
    /// Milliseconds since 1970.
    At(i64),
}

/// An amount at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub moment: Moment,
    /// How much: cores, bytes.
    pub amount: Quantity,
}

/// What a container used, whenever it was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContainerSeries {
    /// Namespace of the pod; empty if it was not written.
    pub namespace: String,
    /// Name of the pod.
    pub pod: String,
    /// Name of the container; empty for all of the pod together.
    pub container: String,
    /// Labels of the pod, if they were written.
    pub labels: Option<StringMap>,
    /// Samples by resource, such as `cpu` or `memory`, each in the order of time, one a moment.
    pub samples: litemap::LiteMap<String, Vec<Sample>>,
}

impl Moment {
    /// Whether what was measured then still holds at another moment.
    pub fn reaches(self, later: Moment) -> bool {
        match (self, later) {
            (Moment::At(own), Moment::At(later)) => own <= later && later - own < LOOKBACK_MILLISECONDS,
            (own, later) => own == later,
        }
    }
}

impl ContainerSeries {
    /// The samples of a resource.
    pub fn of(&self, resource: &str) -> &[Sample] {
        self.samples.get(resource).map_or(&[], Vec::as_slice)
    }

    /// What it used of a resource at a moment: the last sample that still held.
    pub fn at(&self, resource: &str, moment: Moment) -> Option<Quantity> {
        let samples = self.of(resource);
        let last = samples[..samples.partition_point(|sample| sample.moment <= moment)].last()?;
        last.moment.reaches(moment).then_some(last.amount)
    }
}
