//! Samples as they are read, or files one after another, made one [`Usage`].

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::{ContainerSeries, ContainerUsage, Moment, PodUsage, Sample, Usage};
use crate::manifest::Quantity;
use crate::manifest::meta::StringMap;

/// The cgroup of a pod's sandbox, which cadvisor reports beside the containers.
const SANDBOX: &str = "POD";

type Key = (String, String, String);

/// Gathers samples into series.
#[derive(Default)]
pub(super) struct Gathering {
    series: IndexMap<Key, ContainerSeries, FxBuildHasher>,
    snapshot: u32,
    seen: BTreeSet<Key>,
}

/// Whose a sample is.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub namespace: &'a str,
    pub pod: &'a str,
    pub container: &'a str,
    pub labels: Option<&'a StringMap>,
}

impl Gathering {
    /// From here on it is another snapshot; nothing happens before the first row of one.
    pub fn next_snapshot(&mut self) {
        if !self.seen.is_empty() {
            self.seen.clear();
            self.snapshot += 1;
        }
    }

    /// A container of the present snapshot. One that was there already begins the next.
    pub fn row(&mut self, owner: Owner<'_>) -> Moment {
        if !self.seen.insert(key(owner)) {
            self.next_snapshot();
            self.seen.insert(key(owner));
        }
        self.enter(owner);
        Moment::Snapshot(self.snapshot)
    }

    /// A container that is there, whatever is known of what it used.
    pub fn enter(&mut self, owner: Owner<'_>) {
        self.series_of(owner);
    }

    /// Adds what a container used of a resource.
    pub fn add(&mut self, owner: Owner<'_>, resource: &str, sample: Sample) {
        self.samples_of(owner, resource).push(sample);
    }

    /// Adds all of a container and a resource.
    pub fn extend(&mut self, owner: Owner<'_>, resource: &str, samples: impl Iterator<Item = Sample>) {
        self.samples_of(owner, resource).extend(samples);
    }

    fn series_of(&mut self, owner: Owner<'_>) -> &mut ContainerSeries {
        self.series.entry(key(owner)).or_insert_with(|| ContainerSeries {
            namespace: owner.namespace.to_owned(),
            pod: owner.pod.to_owned(),
            container: owner.container.to_owned(),
            labels: owner.labels.cloned(),
            ..ContainerSeries::default()
        })
    }

    fn samples_of(&mut self, owner: Owner<'_>, resource: &str) -> &mut Vec<Sample> {
        let series = self.series_of(owner);
        if !series.samples.contains_key(resource) {
            series.samples.insert(resource.to_owned(), Vec::new());
        }
        series.samples.get_mut(resource).expect("just put there")
    }

    /// All that was gathered.
    pub fn finish(self) -> Usage {
        settle(self.series.into_values().collect())
    }
}

impl Usage {
    /// Adds what another input holds. What has no time in it was measured after all that has none here.
    pub fn join(&mut self, other: Usage) {
        self.custom.extend(other.custom);
        self.external.extend(other.external);
        let snapshots = self.moments().filter_map(|moment| if let Moment::Snapshot(number) = moment { Some(number + 1) } else { None });
        let offset = snapshots.max().unwrap_or(0);
        let mut gathering = Gathering::default();
        for (series, offset) in self.series.iter().map(|own| (own, 0)).chain(other.series.iter().map(|new| (new, offset))) {
            let ContainerSeries { namespace, pod, container, labels, .. } = series;
            let owner = Owner { namespace, pod, container, labels: labels.as_ref() };
            for (resource, samples) in &series.samples {
                gathering.extend(owner, resource, samples.iter().map(|sample| Sample { moment: later(sample.moment, offset), ..*sample }));
            }
        }
        let Usage { pods, series, .. } = gathering.finish();
        (self.pods, self.series) = (pods, series);
    }

    /// Every moment of every sample.
    fn moments(&self) -> impl Iterator<Item = Moment> + '_ {
        self.series.iter().flat_map(|series| series.samples.values().flatten()).map(|sample| sample.moment)
    }
}

fn key(owner: Owner<'_>) -> Key {
    (owner.namespace.to_owned(), owner.pod.to_owned(), owner.container.to_owned())
}

fn later(moment: Moment, offset: u32) -> Moment {
    match moment {
        Moment::Snapshot(number) => Moment::Snapshot(number + offset),
        at => at,
    }
}

/// Puts samples in order, leaves out what counts containers twice, and finds the latest.
fn settle(mut series: Vec<ContainerSeries>) -> Usage {
    let told_apart: BTreeSet<(String, String)> = (series.iter())
        .filter(|series| !series.container.is_empty() && series.container != SANDBOX)
        .map(|series| (series.namespace.clone(), series.pod.clone()))
        .collect();
    series.retain(|series| match series.container.as_str() {
        SANDBOX => false,
        "" => !told_apart.contains(&(series.namespace.clone(), series.pod.clone())),
        _ => true,
    });
    for (_, samples) in series.iter_mut().flat_map(|series| series.samples.iter_mut()) {
        samples.sort_by(|one, other| one.moment.cmp(&other.moment).then(other.amount.cmp(&one.amount)));
        samples.dedup_by_key(|sample| sample.moment);
    }
    Usage { pods: latest(&series), series, ..Usage::default() }
}

/// What was used last: of each resource what was still true when the last of all samples was taken.
fn latest(series: &[ContainerSeries]) -> Vec<PodUsage> {
    let mut ends: BTreeMap<&str, Moment> = BTreeMap::new();
    for (resource, samples) in series.iter().flat_map(|series| &series.samples) {
        if let Some(last) = samples.last() {
            let end = ends.entry(resource).or_insert(last.moment);
            *end = (*end).max(last.moment);
        }
    }
    let mut pods: IndexMap<(&str, &str), PodUsage> = IndexMap::new();
    for series in series {
        let amounts =
            series.samples.keys().filter_map(|resource| Some((resource.clone(), series.at(resource, *ends.get(resource.as_str())?)?)));
        let usage: litemap::LiteMap<String, Quantity> = amounts.collect();
        let is_gone = usage.is_empty() && series.samples.values().any(|samples| !samples.is_empty());
        if is_gone {
            continue;
        }
        let pod = pods.entry((&series.namespace, &series.pod)).or_insert_with(|| PodUsage {
            namespace: series.namespace.clone(),
            name: series.pod.clone(),
            labels: series.labels.clone(),
            containers: Vec::new(),
        });
        pod.containers.push(ContainerUsage { name: series.container.clone(), usage });
    }
    pods.into_values().collect()
}
