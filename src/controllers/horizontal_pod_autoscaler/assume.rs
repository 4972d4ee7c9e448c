//! How many replicas autoscaled workloads have in a plan.
//!
//! [`autoscalers`] finds every autoscaler that works: one that the API server would take, whose target is in the input and is scaled by it alone.
//! [`autoscale`] writes the replicas of an [`Assumption`] into the targets. Run it before [`expand`](crate::controllers::expand), and
//! [`scale_down`](crate::controllers::scale_down::scale_down) after it; [`expand_autoscaled`](crate::controllers::expand_autoscaled) is the three together.
//!
//! A workload at zero replicas stays there: autoscaling is off for it, upstream too. Requests are those of the template, with limits in the place of requests that
//! are missing; what a LimitRange would add is not looked at.

use std::collections::BTreeMap;

use super::Flags;
use super::aim::Aim;
use super::load::{Demand, Factor, Load};
use super::replica_calculator::Tolerances;
use super::requests::request_milli;
use crate::controllers::scale_down::WorkloadKey;
use crate::controllers::selector::matches;
use crate::manifest::Objects;
use crate::manifest::autoscaling::*;
use crate::manifest::location::Note;
use crate::manifest::meta::{LabelSelector, ObjectMeta};
use crate::manifest::pod::Pod;
use crate::manifest::workload::PodTemplateSpec;
use crate::usage::{PodUsage, Usage};

/// What a plan takes for the replicas of autoscaled workloads.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Assumption {
    /// As written or observed, within the autoscaler's bounds.
    #[default]
    Current,
    /// The autoscaler's least.
    Min,
    /// The autoscaler's most.
    Max,
    /// Where the controller comes to rest under this usage.
    Usage(Box<Usage>),
    /// Chosen, by `namespace/kind/name`; other workloads as `Current`.
    Given(Vec<(String, i32)>),
}

/// A workload whose replicas are not those that were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescaled {
    /// The workload.
    pub workload: WorkloadKey,
    /// Replicas as written or observed.
    pub from: i32,
    /// Replicas assumed.
    pub to: i32,
}

/// An autoscaler that works, and its target.
#[derive(Debug, Clone)]
pub struct Autoscaler {
    /// The autoscaler, defaulted.
    pub hpa: HorizontalPodAutoscaler,
    /// What it scales.
    pub target: WorkloadKey,
    /// Replicas of the target, as written or observed.
    pub written: i32,
    /// The same within bounds.
    pub current: i32,
    template: PodTemplateSpec,
    selector: LabelSelector,
}

impl Autoscaler {
    /// Least and most.
    pub fn bounds(&self) -> (i32, i32) {
        (self.hpa.spec.min_replicas.unwrap_or(1), self.hpa.spec.max_replicas)
    }

    /// Whether a pod is one of its target's.
    pub fn owns(&self, pod: &Pod) -> bool {
        pod.metadata.namespace_or_default() == self.target.namespace && matches(&self.selector, &pod.metadata.labels)
    }

    /// Namespace and name.
    pub fn name(&self) -> String {
        format!("{}/{}", self.hpa.metadata.namespace_or_default(), self.hpa.metadata.name)
    }

    /// The load if every metric is exactly at its target at the current replicas.
    pub fn load_at_target(&self) -> (Load, Vec<String>) {
        self.load(|metric| metric.at_target(self.current))
    }

    /// The load that was measured. What could not be told of a metric is said.
    pub fn measured_load(&self, usage: &Usage, pods: &[Pod]) -> (Load, Vec<String>) {
        let own = self.own_usage(usage, pods);
        self.load(|metric| metric.measured(self, usage, &own))
    }

    fn load(&self, seen: impl Fn(&Aim<'_>) -> Result<Demand, String>) -> (Load, Vec<String>) {
        let (mut demands, mut problems) = (Vec::new(), Vec::new());
        for metric in &self.hpa.spec.metrics {
            match Aim::of(metric, self).and_then(|aim| seen(&aim)) {
                Ok(demand) => demands.push(demand),
                Err(problem) => problems.push(problem),
            }
        }
        let behavior = self.hpa.spec.behavior.clone().unwrap_or_default();
        let allowed = |rules: &Option<HpaScalingRules>| {
            rules.as_ref().and_then(|rules| rules.select_policy.as_deref()).is_none_or(|policy| policy != "Disabled")
        };
        let flag = Flags::default().tolerance;
        let tolerance =
            |rules: &Option<HpaScalingRules>| rules.as_ref().and_then(|rules| rules.tolerance).map_or(flag, super::proposal::approximate);
        let load = Load {
            replicas: self.current,
            is_partial: !problems.is_empty(),
            demands,
            bounds: self.bounds(),
            tolerances: Tolerances { scale_down: tolerance(&behavior.scale_down), scale_up: tolerance(&behavior.scale_up) },
            can_grow: allowed(&behavior.scale_up),
            can_shrink: allowed(&behavior.scale_down),
        };
        (load, problems)
    }

    /// What was measured of the target's pods: of those in the input by name, else by their labels, else by how their names are made.
    fn own_usage<'a>(&self, usage: &'a Usage, pods: &[Pod]) -> Vec<&'a PodUsage> {
        let namespace = self.target.namespace.as_str();
        let is_here = |measured: &&PodUsage| measured.namespace.is_empty() || measured.namespace == namespace;
        let own: Vec<&str> = (pods.iter())
            .filter(|pod| pod.metadata.namespace_or_default() == namespace && matches(&self.selector, &pod.metadata.labels))
            .filter(|pod| !pod.is_terminal())
            .map(|pod| pod.metadata.name.as_str())
            .collect();
        let fits = |measured: &&PodUsage| match (&measured.labels, own.is_empty()) {
            (_, false) => own.contains(&measured.name.as_str()),
            (Some(labels), true) => matches(&self.selector, labels),
            (None, true) => self.could_be_called(&measured.name),
        };
        usage.pods.iter().filter(is_here).filter(fits).collect()
    }

    /// Whether a pod of the target could have this name.
    pub(super) fn could_be_called(&self, name: &str) -> bool {
        let Some(rest) = name.strip_prefix(&self.target.name).and_then(|rest| rest.strip_prefix('-')) else { return false };
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        match (self.target.kind.as_str(), rest.split_once('-')) {
            ("StatefulSet", None) => rest.bytes().all(|byte| byte.is_ascii_digit()),
            ("Deployment", Some((hash, suffix))) => is_word(hash) && hash.len() <= 10 && is_word(suffix) && suffix.len() == 5,
            ("ReplicaSet" | "ReplicationController", None) => is_word(rest) && rest.len() == 5,
            _ => false,
        }
    }

    /// What each pod requests.
    pub(super) fn request(&self, resource: &str, container: &str) -> Result<i64, String> {
        let mut pod = Pod { spec: self.template.spec.clone(), ..Pod::default() };
        pod.metadata.name.clone_from(&self.target.name);
        for container in pod.spec.containers.iter_mut().chain(&mut pod.spec.init_containers) {
            let resources = &mut container.resources;
            for (name, limit) in &resources.limits {
                if !resources.requests.contains_key(name) {
                    resources.requests.insert(name.clone(), *limit);
                }
            }
        }
        match request_milli(&pod, container, resource)? {
            0 => Err(format!("no {resource} is requested, so there is no utilization of it")),
            request => Ok(request),
        }
    }
}

/// The autoscalers that work, in the order in which they were written, and why others do not. Expects them defaulted, and those that the
/// API server refuses gone.
pub fn autoscalers(objects: &Objects) -> (Vec<Autoscaler>, Vec<Note>) {
    let targets = targets(objects);
    let (mut found, mut notes): (Vec<Autoscaler>, Vec<Note>) = Default::default();
    for hpa in &objects.horizontal_pod_autoscalers {
        let reference = &hpa.spec.scale_target_ref;
        let target = key(&reference.kind, &ObjectMeta { name: reference.name.clone(), ..hpa.metadata.clone() });
        let Some(workload) = targets.get(&target) else {
            let text = format!("{} does nothing: {target} is not in the input, or cannot be scaled", title(hpa));
            notes.push(Note::at(hpa.metadata.origin, text));
            continue;
        };
        let bounds = (hpa.spec.min_replicas.unwrap_or(1), hpa.spec.max_replicas);
        let current = if workload.replicas == 0 { 0 } else { workload.replicas.max(bounds.0).min(bounds.1) };
        let (template, selector) = (workload.template.clone(), workload.selector.clone());
        found.push(Autoscaler { hpa: hpa.clone(), target, written: workload.replicas, current, template, selector });
    }
    let is_alone = |own: &&Autoscaler| found.iter().filter(|other| other.target == own.target).count() == 1;
    for twice in found.iter().filter(|own| !is_alone(own)) {
        let text = format!("{} does nothing: another one scales {} too (AmbiguousSelector)", title(&twice.hpa), twice.target);
        notes.push(Note::at(twice.hpa.metadata.origin, text));
    }
    (found.iter().filter(is_alone).cloned().collect(), notes)
}

fn title(hpa: &HorizontalPodAutoscaler) -> String {
    format!("HorizontalPodAutoscaler {}/{}", hpa.metadata.namespace_or_default(), hpa.metadata.name)
}

/// Writes the replicas of an assumption into the workloads, and returns those that were changed.
pub fn autoscale(objects: &mut Objects, assumption: &Assumption) -> (Vec<Rescaled>, Vec<Note>) {
    let (autoscalers, mut notes) = autoscalers(objects);
    let mut chosen: BTreeMap<WorkloadKey, (i32, i32)> = BTreeMap::new();
    if let Assumption::Given(given) = assumption {
        choose(objects, given, &mut chosen, &mut notes);
    }
    let mut scaled = Vec::new();
    for autoscaler in &autoscalers {
        let Autoscaler { hpa, target, written, .. } = autoscaler;
        let (fewest, most) = autoscaler.bounds();
        if *written == 0 && !chosen.contains_key(target) {
            let text = format!("{target} has no replicas, so {} leaves it alone", title(hpa));
            notes.push(Note::at(hpa.metadata.origin, text));
            continue;
        }
        let (replicas, why) = match (chosen.remove(target), assumption) {
            (Some((_, replicas)), _) if (fewest..=most).contains(&replicas) => (replicas, "as chosen".to_owned()),
            (Some((_, replicas)), _) => (replicas, format!("as chosen, though {} would hold it within {fewest} and {most}", title(hpa))),
            (None, Assumption::Min) => (fewest, format!("the least of {}", title(hpa))),
            (None, Assumption::Max) => (most, format!("the most of {}", title(hpa))),
            (None, Assumption::Usage(usage)) => by_usage(autoscaler, usage, &objects.pods, &mut notes),
            (None, Assumption::Current | Assumption::Given(_)) => {
                (autoscaler.current, format!("within {fewest} and {most}, the bounds of {}", title(hpa)))
            }
        };
        if replicas != *written {
            notes.push(Note::at(hpa.metadata.origin, format!("{target}: {written} replicas written, {replicas} assumed: {why}")));
            scaled.push(Rescaled { workload: target.clone(), from: *written, to: replicas });
        }
    }
    for (workload, (from, to)) in chosen {
        notes.push(Note::general(format!("{workload}: {from} replicas written, {to} assumed: as chosen")));
        scaled.push(Rescaled { workload, from, to });
    }
    for Rescaled { workload, to, .. } in &scaled {
        set_replicas(objects, workload, *to);
    }
    (scaled, notes)
}

/// Finds the workloads that replicas were chosen for.
fn choose(objects: &Objects, given: &[(String, i32)], chosen: &mut BTreeMap<WorkloadKey, (i32, i32)>, notes: &mut Vec<Note>) {
    let targets = targets(objects);
    for (name, replicas) in given {
        let mut parts = name.splitn(3, '/').map(str::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        let workload = WorkloadKey { namespace: part(), kind: part(), name: part() };
        match targets.get(&workload) {
            Some(target) if target.replicas == *replicas => {}
            Some(target) => drop(chosen.insert(workload, (target.replicas, *replicas))),
            None => notes.push(Note::general(format!("{replicas} replicas were chosen for {workload}, which is not in the input"))),
        }
    }
}

fn by_usage(autoscaler: &Autoscaler, usage: &Usage, pods: &[Pod], notes: &mut Vec<Note>) -> (i32, String) {
    let (load, problems) = autoscaler.measured_load(usage, pods);
    let name = title(&autoscaler.hpa);
    for problem in problems {
        notes.push(Note::at(autoscaler.hpa.metadata.origin, format!("{name}: {problem}, so it does not shrink {}", autoscaler.target)));
    }
    match load.is_known() {
        true => (load.settle(Factor::ONE), format!("where {name} comes to rest under the usage given")),
        false => (autoscaler.current, format!("nothing is known of the load on {name}")),
    }
}

/// Writes replicas into a workload.
pub fn set_replicas(objects: &mut Objects, workload: &WorkloadKey, replicas: i32) {
    macro_rules! set {
        ($list:expr, $kind:literal) => {
            let own = |metadata: &ObjectMeta| workload.kind == $kind && key($kind, metadata) == *workload;
            if let Some(found) = $list.iter_mut().find(|candidate| own(&candidate.metadata)) {
                found.spec.replicas = Some(replicas);
            }
        };
    }
    set!(objects.deployments, "Deployment");
    set!(objects.replica_sets, "ReplicaSet");
    set!(objects.stateful_sets, "StatefulSet");
    set!(objects.replication_controllers, "ReplicationController");
}

fn key(kind: &str, metadata: &ObjectMeta) -> WorkloadKey {
    WorkloadKey { namespace: metadata.namespace_or_default().to_owned(), kind: kind.to_owned(), name: metadata.name.clone() }
}

struct Target<'a> {
    replicas: i32,
    template: &'a PodTemplateSpec,
    selector: LabelSelector,
}

/// Everything that can be scaled.
fn targets(objects: &Objects) -> BTreeMap<WorkloadKey, Target<'_>> {
    let mut targets = BTreeMap::new();
    macro_rules! of {
        ($list:expr, $kind:literal) => {
            for workload in &$list {
                let selector = workload.spec.selector.clone().unwrap_or_default();
                let (replicas, template) = (workload.spec.replicas.unwrap_or(1), &workload.spec.template);
                targets.insert(key($kind, &workload.metadata), Target { replicas, template, selector });
            }
        };
    }
    of!(objects.deployments, "Deployment");
    of!(objects.replica_sets, "ReplicaSet");
    of!(objects.stateful_sets, "StatefulSet");
    for workload in &objects.replication_controllers {
        let spec = &workload.spec;
        let match_labels = if spec.selector.is_empty() { spec.template.metadata.labels.clone() } else { spec.selector.clone() };
        let selector = LabelSelector { match_labels, ..LabelSelector::default() };
        let target = Target { replicas: spec.replicas.unwrap_or(1), template: &spec.template, selector };
        targets.insert(key("ReplicationController", &workload.metadata), target);
    }
    targets
}
