//! What a container was seen to use: a percentile and the peak of its samples.
//!
//! All pods of a workload have the same requests, so the busiest of them counts: the percentile is the highest of that of all samples
//! together and those of each pod that has enough samples for one. A pod that was only seen while it started decides nothing alone.

use super::policy::{Percentile, Resource};
use crate::manifest::Quantity;
use crate::usage::{ContainerSeries, Moment, Sample};

/// With fewer samples a pod has no percentile of its own: the 95th of 20 is the second highest.
const OWN_PERCENTILE: usize = 20;

/// What a container was seen to use of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed {
    /// How many samples there are.
    pub samples: usize,
    /// Of how many pods.
    pub pods: usize,
    /// Seconds between the first and the last; none if they have no times.
    pub span_seconds: Option<i64>,
    /// The percentile that was asked for.
    pub percentile: Quantity,
    /// The highest of all.
    pub peak: Quantity,
}

/// Of these series, all of one container; none if nothing was measured.
pub(super) fn observe(series: &[&ContainerSeries], resource: Resource, percentile: Percentile) -> Option<Observed> {
    let measured: Vec<&[Sample]> = series.iter().map(|series| series.of(resource.name())).filter(|samples| !samples.is_empty()).collect();
    let mut pods: Vec<(&str, &str)> = series
        .iter()
        .filter(|series| !series.of(resource.name()).is_empty())
        .map(|series| (series.namespace.as_str(), series.pod.as_str()))
        .collect();
    pods.sort_unstable();
    pods.dedup();
    let mut all: Vec<i64> = amounts(measured.iter().copied().flatten(), resource);
    let peak = *all.iter().max()?;
    let own = measured.iter().filter(|samples| samples.len() >= OWN_PERCENTILE);
    let busiest = own.map(|samples| nth(&mut amounts(samples.iter(), resource), percentile)).max();
    let times = measured.iter().copied().flatten().filter_map(|sample| match sample.moment {
        Moment::At(milliseconds) => Some(milliseconds),
        Moment::Snapshot(_) => None,
    });
    let span = times.clone().min().zip(times.max()).map(|(first, last)| (last - first) / 1000);
    Some(Observed {
        samples: all.len(),
        pods: pods.len(),
        span_seconds: span,
        percentile: resource.quantity(nth(&mut all, percentile).max(busiest.unwrap_or(0))),
        peak: resource.quantity(peak),
    })
}

fn amounts<'a>(samples: impl Iterator<Item = &'a Sample>, resource: Resource) -> Vec<i64> {
    samples.map(|sample| resource.amount(sample.amount)).collect()
}

/// The percentile of values of which there is at least one.
fn nth(values: &mut [i64], percentile: Percentile) -> i64 {
    let rank = percentile.rank(values.len());
    *values.select_nth_unstable(rank).1
}
