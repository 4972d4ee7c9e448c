//! Whose samples are whose: measured pods are brought to their workloads, and measured containers to containers by name.
//!
//! A pod of the input is known by its name. Others, such as those of older ReplicaSets, are known by their labels where a metrics API
//! gave them, else by how controllers name pods; where two workloads could have made a name, it is nobody's.
//!
//! Source of the names: k8s.io/apiserver/pkg/storage/names/generate.go (a prefix of at most 58 letters and 5 more), and the controllers
//! of k8s.io/kubernetes/pkg/controller, v1.36.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::subject::{Subject, of_pod};
use crate::graph::Ownership;
use crate::graph::dependencies::Reference;
use crate::manifest::Objects;
use crate::usage::{ContainerSeries, Usage};

/// Samples by whose they are.
#[derive(Default)]
pub(super) struct Attribution<'a> {
    /// By subject and container; the empty name is pods as a whole whose containers were not told apart.
    pub series: BTreeMap<(usize, &'a str), Vec<&'a ContainerSeries>>,
    /// Measured pods that belong to nothing in the input, `namespace/name`.
    pub unknown_pods: Vec<String>,
}

impl<'a> Attribution<'a> {
    /// Of all that was measured.
    pub fn new(subjects: &[Subject], objects: &Objects, usage: &'a Usage) -> Self {
        let finder = Finder::new(subjects, objects);
        let mut found: FxHashMap<(&str, &str), Option<usize>> = FxHashMap::default();
        let mut attribution = Attribution::default();
        let mut unknown = BTreeSet::new();
        for series in &usage.series {
            let key = (series.namespace.as_str(), series.pod.as_str());
            let subject = *found.entry(key).or_insert_with(|| finder.find(series));
            match subject {
                Some(subject) => attribution.series.entry((subject, series.container.as_str())).or_default().push(series),
                None => _ = unknown.insert(key),
            }
        }
        let path = |(namespace, name): (&str, &str)| if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
        attribution.unknown_pods = unknown.into_iter().map(path).collect();
        attribution
    }

    /// The samples of a container.
    pub fn of(&self, subject: usize, container: &str) -> &[&'a ContainerSeries] {
        self.of_subject(subject).find(|(name, _)| *name == container).map_or(&[], |(_, series)| series)
    }

    /// All samples of a subject, with the names of containers.
    pub fn of_subject(&self, subject: usize) -> impl Iterator<Item = (&'a str, &[&'a ContainerSeries])> {
        self.series.range((subject, "")..(subject + 1, "")).map(|((_, container), series)| (*container, series.as_slice()))
    }
}

/// The container that what is measured of pods as a whole is about: the only one that goes on running.
pub(super) fn only_container(subject: &Subject) -> Option<&str> {
    let mut running =
        subject.containers().filter(|(kind, _)| *kind != super::ContainerKind::Init).map(|(_, container)| container.name.as_str());
    running.next().filter(|_| running.next().is_none())
}

/// Finds the subject of a measured pod.
struct Finder<'a> {
    subjects: &'a [Subject],
    by_pod: FxHashMap<(&'a str, &'a str), usize>,
    /// Pods of the input by name alone, where only one is called so.
    by_name: FxHashMap<&'a str, Option<usize>>,
    by_namespace: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Finder<'a> {
    fn new(subjects: &'a [Subject], objects: &'a Objects) -> Self {
        let numbers: BTreeMap<&Reference, usize> =
            subjects.iter().enumerate().map(|(number, subject)| (&subject.workload, number)).collect();
        let ownership = Ownership::new(objects);
        let mut finder = Finder { subjects, by_pod: FxHashMap::default(), by_name: FxHashMap::default(), by_namespace: BTreeMap::new() };
        for pod in &objects.pods {
            let Some(&number) = numbers.get(&of_pod(&ownership, pod).0) else { continue };
            finder.by_pod.insert((pod.metadata.namespace_or_default(), &pod.metadata.name), number);
            finder.by_name.entry(&pod.metadata.name).and_modify(|found| *found = None).or_insert(Some(number));
        }
        for (number, subject) in subjects.iter().enumerate() {
            finder.by_namespace.entry(&subject.workload.namespace).or_default().push(number);
        }
        finder
    }

    fn find(&self, series: &ContainerSeries) -> Option<usize> {
        if series.namespace.is_empty() {
            let all: Vec<usize> = (0..self.subjects.len()).collect();
            return self.by_name.get(series.pod.as_str()).copied().flatten().or_else(|| self.find_among(&all, series));
        }
        let known = self.by_pod.get(&(series.namespace.as_str(), series.pod.as_str())).copied();
        known.or_else(|| self.find_among(self.by_namespace.get(series.namespace.as_str())?, series))
    }

    /// The only one that could have made it: by labels if there are any, else by name.
    fn find_among(&self, candidates: &[usize], series: &ContainerSeries) -> Option<usize> {
        let is_likely = |&&number: &&usize| {
            let subject = &self.subjects[number];
            match &series.labels {
                Some(labels) => has_labels(subject, |key, value| labels.get(key).is_some_and(|own| own == value)),
                None => could_be_called(&subject.workload, &series.pod),
            }
        };
        let mut likely = candidates.iter().filter(is_likely);
        likely.next().filter(|_| likely.next().is_none()).copied()
    }
}

/// Whether a pod has all labels of the template; a template without labels says nothing.
fn has_labels(subject: &Subject, has: impl Fn(&str, &str) -> bool) -> bool {
    !subject.labels.is_empty() && subject.labels.iter().all(|(key, value)| has(key, value))
}

/// Longest prefix of a name that a server completes, and how many letters it adds.
const PREFIX: usize = 58;
const SUFFIX: usize = 5;

/// Whether a workload's pod could have this name.
fn could_be_called(workload: &Reference, pod: &str) -> bool {
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_suffix = |text: &str| text.len() == SUFFIX && is_word(text);
    let name = workload.name.as_str();
    if workload.kind == "StatefulSet" {
        return pod.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')).is_some_and(is_number);
    }
    if pod.len() == PREFIX + SUFFIX {
        let (stem, suffix) = (pod.get(..PREFIX).unwrap_or_default(), pod.get(PREFIX..).unwrap_or_default());
        let is_cut =
            format!("{name}-").starts_with(stem) || stem.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')).is_some_and(is_word);
        return is_cut && is_suffix(suffix);
    }
    let Some(rest) = pod.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')) else { return false };
    let parts: Vec<&str> = rest.split('-').collect();
    match (workload.kind.as_str(), &parts[..]) {
        ("Deployment", [hash, suffix]) => is_word(hash) && hash.len() <= 10 && is_suffix(suffix),
        ("ReplicaSet" | "ReplicationController" | "DaemonSet" | "Job", [suffix]) => is_suffix(suffix),
        ("Job", [index, suffix]) => is_number(index) && is_suffix(suffix),
        ("CronJob", [minutes, suffix]) => is_number(minutes) && minutes.len() >= 7 && is_suffix(suffix),
        ("CronJob", [minutes, index, suffix]) => is_number(minutes) && minutes.len() >= 7 && is_number(index) && is_suffix(suffix),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn could(kind: &str, name: &str, pod: &str) -> bool {
        could_be_called(&Reference::new(kind, "shop", name), pod)
    }

    #[test]
    fn pods_are_known_by_how_controllers_name_them() {
        assert!(could("Deployment", "web", "web-7c9d6b5f48-4xk2m"));
        assert!(!could("Deployment", "web", "web-api-7c9d6b5f48-4xk2m"), "that is of web-api");
        assert!(could("Deployment", "web-api", "web-api-7c9d6b5f48-4xk2m"));
        assert!(could("StatefulSet", "db", "db-12") && !could("StatefulSet", "db", "db-x"));
        assert!(could("DaemonSet", "agent", "agent-4xk2m") && !could("DaemonSet", "agent", "agent-7c9d6b5f48-4xk2m"));
        assert!(could("CronJob", "report", "report-29123456-4xk2m") && could("CronJob", "report", "report-29123456-0-4xk2m"));
        assert!(could("Job", "load", "load-4xk2m") && could("Job", "load", "load-3-4xk2m"));
        assert!(!could("Kafka", "events", "events-4xk2m"));
    }

    #[test]
    fn long_names_are_cut_before_the_suffix() {
        let name = "a".repeat(50);
        let stem = format!("{name}-7c9d6b5f48-");
        assert!(could("Deployment", &name, &format!("{}4xk2m", &stem[..58])));
        let name = "a".repeat(60);
        assert!(could("Deployment", &name, &format!("{}4xk2m", &name[..58])));
    }
}
