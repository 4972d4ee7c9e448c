//! What an input lacks, and which answers that weakens.
//!
//! Promise: each gap is said once, at the first object that it concerns, with what it weakens and how to close it.

use std::collections::BTreeSet;

use super::problem::{Problem, Severity};
use super::{Input, KUBECTL_GET};
use crate::manifest::Objects;
use crate::manifest::location::Location;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::{PodAffinity, PodSpec};

/// Whether the objects come from a running cluster: pods have nodes, or states.
pub(super) fn is_dump(objects: &Objects) -> bool {
    objects.pods.iter().any(|pod| !pod.spec.node_name.is_empty() && !pod.status.phase.is_empty())
}

/// The problem of a dump that has pods on nodes, but no nodes.
pub(super) fn missing_nodes(objects: &Objects) -> Option<Problem> {
    let lacks = objects.nodes.is_empty() && is_dump(objects);
    lacks.then(|| {
        let message = "the dump has pods on nodes, but no Node objects: nothing can be placed";
        Problem::new(Severity::Error, Location::default(), message).hint(format!("dump the nodes too: {KUBECTL_GET}"))
    })
}

/// All gaps of an input.
pub(super) fn weaknesses(input: &Input) -> Vec<Problem> {
    let gaps = Gaps { input, objects: &input.objects };
    let found = [
        gaps.namespaces(),
        gaps.priority_classes(),
        gaps.runtime_classes(),
        gaps.claims(),
        gaps.storage_classes(),
        gaps.volumes(),
        gaps.csi_nodes(),
        gaps.services(),
        gaps.allocatable(),
        gaps.owners(),
    ];
    found.into_iter().flatten().collect()
}

struct Gaps<'a> {
    input: &'a Input,
    objects: &'a Objects,
}

impl<'a> Gaps<'a> {
    fn gap(&self, at: Option<&ObjectMeta>, message: String, resources: &str) -> Problem {
        let location = at.map(|metadata| self.input.locate(metadata.origin)).unwrap_or_default();
        let problem = Problem::new(Severity::Warning, location, message);
        problem.hint(format!("add what `kubectl get {resources} -A -o json` prints"))
    }

    fn first(&self, uses: impl Fn(&PodSpec) -> bool) -> Option<&'a ObjectMeta> {
        self.objects.pod_specs().find(|(_, spec)| uses(spec)).map(|(metadata, _)| metadata)
    }

    fn namespaces(&self) -> Option<Problem> {
        if !self.objects.namespaces.is_empty() {
            return None;
        }
        let user = self.first(uses_namespace_selector)?;
        let message = "a namespaceSelector is used, but there are no Namespace objects: it selects by no labels but the namespace's name, so pod affinity \
                       and anti-affinity may be judged too leniently or too strictly";
        Some(self.gap(Some(user), message.to_owned(), "namespaces"))
    }

    fn priority_classes(&self) -> Option<Problem> {
        // a cluster has some of its own: then all are there, and what names another is refused
        if self.objects.priority_classes.iter().any(|class| !self.input.written.holds(&class.metadata)) {
            return None;
        }
        let known: BTreeSet<&str> = self.objects.priority_classes.iter().map(|class| class.metadata.name.as_str()).collect();
        let lacks = |spec: &&PodSpec| {
            let class = spec.priority_class_name.as_str();
            spec.priority.is_none() && !class.is_empty() && !class.starts_with("system-") && !known.contains(class)
        };
        let user = self.first(|spec| lacks(&spec))?;
        let specs = self.objects.pod_specs().map(|(_, spec)| spec);
        let missing: BTreeSet<&str> = specs.filter(lacks).map(|spec| spec.priority_class_name.as_str()).collect();
        let message = format!(
            "PriorityClass {} is used, but not there: its pods are taken to have priority 0, which decides the order of the queue and preemption",
            some(&missing)
        );
        Some(self.gap(Some(user), message, "priorityclasses"))
    }

    fn runtime_classes(&self) -> Option<Problem> {
        if self.objects.runtime_classes.iter().any(|class| !self.input.written.holds(&class.metadata)) {
            return None;
        }
        let known: BTreeSet<&str> = self.objects.runtime_classes.iter().map(|class| class.metadata.name.as_str()).collect();
        let lacks = |spec: &PodSpec| {
            spec.overhead.is_empty() && spec.runtime_class_name.as_deref().is_some_and(|class| !class.is_empty() && !known.contains(class))
        };
        let user = self.first(lacks)?;
        let message = "a RuntimeClass is used, but not there: what it adds to its pods, and the nodes it allows, are not counted";
        Some(self.gap(Some(user), message.to_owned(), "runtimeclasses"))
    }

    fn claims(&self) -> Option<Problem> {
        if !self.objects.persistent_volume_claims.is_empty() {
            return None;
        }
        let user = self.first(|spec| spec.volumes.iter().any(|volume| volume.persistent_volume_claim.is_some()))?;
        let message = "pods use claims, but there are no PersistentVolumeClaim objects: where their volumes can be reached is not known, and \
                       the scheduler holds such pods back";
        Some(self.gap(Some(user), message.to_owned(), "persistentvolumeclaims"))
    }

    fn storage_classes(&self) -> Option<Problem> {
        if !self.objects.storage_classes.is_empty() {
            return None;
        }
        let claims = self.objects.persistent_volume_claims.iter();
        let pending = claims.filter(|claim| claim.spec.volume_name.is_empty()).map(|claim| &claim.metadata).next();
        let template = || {
            let sets = self.objects.stateful_sets.iter();
            sets.filter(|set| !set.spec.volume_claim_templates.is_empty()).map(|set| &set.metadata).next()
        };
        let user = pending.or_else(template)?;
        let message = "claims without a volume, but no StorageClass objects: whether and where their volumes can be made is not known";
        Some(self.gap(Some(user), message.to_owned(), "storageclasses"))
    }

    fn volumes(&self) -> Option<Problem> {
        if !self.objects.persistent_volumes.is_empty() {
            return None;
        }
        let bound = self.objects.persistent_volume_claims.iter().find(|claim| !claim.spec.volume_name.is_empty())?;
        let message =
            "claims are bound, but there are no PersistentVolume objects: the zones and nodes that their volumes are tied to are not known";
        Some(self.gap(Some(&bound.metadata), message.to_owned(), "persistentvolumes"))
    }

    fn csi_nodes(&self) -> Option<Problem> {
        if !self.objects.csi_nodes.is_empty() || self.objects.nodes.is_empty() {
            return None;
        }
        let uses = |spec: &PodSpec| {
            let volumes = spec.volumes.iter();
            volumes.clone().any(|volume| volume.persistent_volume_claim.is_some() || volume.csi.is_some() || volume.ephemeral.is_some())
        };
        let user = self.first(uses)?;
        let message = "pods use volumes, but there are no CSINode objects: how many volumes a node can attach is not checked";
        Some(self.gap(Some(user), message.to_owned(), "csinodes"))
    }

    fn services(&self) -> Option<Problem> {
        if !is_dump(self.objects) {
            return None;
        }
        let owned = self.objects.pods.iter().find(|pod| pod.metadata.controller().is_some_and(|owner| owner.kind == "ReplicaSet"));
        let mut missing = Vec::new();
        if self.objects.services.is_empty() {
            missing.push("services");
        }
        if self.objects.replica_sets.is_empty() && owned.is_some() {
            missing.push("replicasets");
        }
        if missing.is_empty() {
            return None;
        }
        let message = format!(
            "the dump has no {}: pods without spread constraints of their own are spread by default over what these select, so scores may differ \
             from the cluster's",
            missing.join(" and no ")
        );
        Some(self.gap(None, message, &missing.join(",")))
    }

    fn allocatable(&self) -> Option<Problem> {
        let without: Vec<&ObjectMeta> =
            self.objects.nodes.iter().filter(|node| node.status.allocatable.is_empty()).map(|node| &node.metadata).collect();
        let first = without.first()?;
        let names: BTreeSet<&str> = without.iter().map(|metadata| metadata.name.as_str()).collect();
        let message = format!(
            "{} without status.allocatable ({}): no pod fits there, as on a node that has just joined",
            nodes(without.len()),
            some(&names)
        );
        let problem = Problem::new(Severity::Warning, self.input.locate(first.origin), message);
        Some(problem.hint("dump nodes with `kubectl get nodes -o json`, or write status.allocatable with cpu, memory and pods"))
    }

    fn owners(&self) -> Option<Problem> {
        if is_dump(self.objects) {
            return None;
        }
        let names: Vec<String> =
            self.input.skipped.owners().map(|((version, kind), count)| format!("{count} {kind} ({version})")).collect();
        if names.is_empty() {
            return None;
        }
        let message =
            format!("operators make pods of {}, which cannot be worked out from here: these pods are not counted", names.join(", "));
        let problem = Problem::new(Severity::Warning, Location::default(), message);
        Some(problem.hint("dump the pods of a cluster where the operators have run, or write the pods as a StatefulSet or Deployment"))
    }
}

fn uses_namespace_selector(spec: &PodSpec) -> bool {
    let Some(affinity) = &spec.affinity else { return false };
    let terms = |pods: &PodAffinity| {
        let preferred = pods.preferred_during_scheduling_ignored_during_execution.iter().map(|wish| &wish.pod_affinity_term);
        let mut all = pods.required_during_scheduling_ignored_during_execution.iter().chain(preferred);
        // an empty selector selects every namespace, labels or not
        all.any(|term| term.namespace_selector.as_ref().is_some_and(|selector| *selector != Default::default()))
    };
    affinity.pod_affinity.as_ref().is_some_and(terms) || affinity.pod_anti_affinity.as_ref().is_some_and(terms)
}

fn nodes(count: usize) -> String {
    if count == 1 { "a node".to_owned() } else { format!("{count} nodes") }
}

/// Some of the names, and how many there are more.
fn some(names: &BTreeSet<&str>) -> String {
    let shown: Vec<&str> = names.iter().take(3).copied().collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
