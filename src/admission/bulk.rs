//! All objects of an input at once: for planning, where nothing is refused, and for saying what a server would refuse.

use std::collections::BTreeMap;

use super::admitted::Admitted;
use super::policies::Policies;
use super::validation::field::{ErrorList, FieldError};
use super::{STEPS, default_storage_class, defaulting, limit_ranger};
use crate::manifest::Objects;
use crate::manifest::location::{Note, Origin};
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::Pod;
use crate::manifest::refusal::Refusal;

/// Fills in what the API server would. A second call changes nothing.
pub fn admit(objects: &mut Objects) -> Vec<Note> {
    let policies = Policies::of(objects);
    objects.limit_ranges.iter_mut().for_each(defaulting::policy::default_limit_range);
    let mut complaints = Complaints::default();
    for pod in objects.pods.iter_mut().filter(|pod| !is_admitted(&pod.metadata)) {
        let was_let_in = was_let_in(&pod.metadata) || !pod.spec.node_name.is_empty();
        let has_priority = pod.spec.priority.is_some();
        for step in STEPS.iter().filter(|step| step.again || !was_let_in || step.name == "Priority" && !has_priority) {
            match (step.admit)(pod, &policies) {
                // what a pod that runs refers to was there once, and is merely not in the input
                Err(refusal) if pod.spec.node_name.is_empty() => complaints.add(step.name, refusal, &pod.metadata),
                _ => {}
            }
        }
        settle_priority(pod);
    }
    for claim in &mut objects.persistent_volume_claims {
        defaulting::policy::default_claim(claim);
        if claim.spec.volume_name.is_empty() && !was_let_in(&claim.metadata) {
            // a default class refuses nothing
            let _ = default_storage_class::admit(claim, &policies);
        }
    }
    complaints.notes()
}

/// Whether this very function has been at a pod that is in no cluster: what a limit range added must not be taken for written.
fn is_admitted(metadata: &ObjectMeta) -> bool {
    metadata.creation_timestamp.is_none() && metadata.annotations.contains_key(limit_ranger::ANNOTATION)
}

/// Whether an object comes from a cluster: a server stamps what it lets in.
fn was_let_in(metadata: &ObjectMeta) -> bool {
    metadata.creation_timestamp.is_some()
}

/// A pod whose class is not known goes on without one.
fn settle_priority(pod: &mut Pod) {
    pod.spec.priority.get_or_insert(0);
    if pod.spec.preemption_policy.is_empty() {
        pod.spec.preemption_policy = "PreemptLowerPriority".to_owned();
    }
}

/// What steps complained about: how many pods alike, and where the first stands.
#[derive(Default)]
struct Complaints {
    alike: BTreeMap<(&'static str, String), (usize, Origin)>,
    order: Vec<(&'static str, String)>,
}

impl Complaints {
    fn add(&mut self, step: &'static str, refusal: Refusal, metadata: &ObjectMeta) {
        let key = (step, reason_of(&refusal.message).to_owned());
        match self.alike.get_mut(&key) {
            Some((count, _)) => *count += 1,
            None => {
                self.order.push(key.clone());
                self.alike.insert(key, (1, metadata.origin));
            }
        }
    }

    fn notes(self) -> Vec<Note> {
        let note = |key: &(&'static str, String)| {
            let (count, origin) = self.alike[key];
            let pods = if count == 1 { "1 pod".to_owned() } else { format!("{count} pods") };
            let instead = match key.0 {
                "Priority" => "here they have priority 0",
                "RuntimeClass" => "here they have no overhead from it",
                _ => "here they go on without that",
            };
            let reason = key.1.strip_prefix("pod rejected: ").unwrap_or(&key.1);
            Note::at(origin, format!("{reason}: {pods}; a server would refuse to create them, {instead}"))
        };
        self.order.iter().map(note).collect()
    }
}

/// What is wrong, without whose name.
fn reason_of(message: &str) -> &str {
    message.split_once(" is forbidden: ").map_or(message, |(_, reason)| reason)
}

/// An object that a server would refuse outright.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Where it was written.
    pub origin: Origin,
    /// Kind, namespace and name, as in `Pod shop/web`.
    pub title: String,
    /// The first field that is wrong, such as `spec.containers[0].resources.requests`.
    pub field: String,
    /// What the server says.
    pub refusal: Refusal,
}

/// Objects that a server would refuse outright, because they make no sense. Objects that come from a cluster were let in by one
/// and are not looked at.
pub fn refusals(objects: &Objects) -> Vec<Refused> {
    let mut refused = Vec::new();
    look(&objects.nodes, &mut refused);
    look(&objects.namespaces, &mut refused);
    look(&objects.pods, &mut refused);
    look(&objects.deployments, &mut refused);
    look(&objects.replica_sets, &mut refused);
    look(&objects.replication_controllers, &mut refused);
    look(&objects.stateful_sets, &mut refused);
    look(&objects.daemon_sets, &mut refused);
    look(&objects.jobs, &mut refused);
    look(&objects.cron_jobs, &mut refused);
    look(&objects.services, &mut refused);
    look(&objects.ingresses, &mut refused);
    look(&objects.persistent_volume_claims, &mut refused);
    look(&objects.persistent_volumes, &mut refused);
    look(&objects.storage_classes, &mut refused);
    look(&objects.horizontal_pod_autoscalers, &mut refused);
    look(&objects.pod_disruption_budgets, &mut refused);
    look(&objects.priority_classes, &mut refused);
    look(&objects.runtime_classes, &mut refused);
    look(&objects.resource_quotas, &mut refused);
    look(&objects.limit_ranges, &mut refused);
    refused.sort_by_key(|refused| refused.origin);
    refused
}

fn look<T: Admitted>(objects: &[T], refused: &mut Vec<Refused>) {
    for object in objects.iter().filter(|object| !was_let_in(object.metadata())) {
        let mut whole = object.clone();
        whole.set_defaults();
        let mut errors = ErrorList::default();
        whole.validate(&mut errors);
        if errors.is_empty() {
            continue;
        }
        let errors: Vec<FieldError> = errors.sorted();
        let metadata = object.metadata();
        let namespace = if T::NAMESPACED { format!("{}/", metadata.namespace_or_default()) } else { String::new() };
        refused.push(Refused {
            origin: metadata.origin,
            title: format!("{} {namespace}{}{}", T::KIND, metadata.name, metadata.generate_name),
            field: errors[0].field.clone(),
            refusal: super::admitted::invalid(&whole, errors),
        });
    }
}
