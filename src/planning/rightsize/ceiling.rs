//! What bounds a pod as a whole: limit ranges of pods, and the largest node that takes it.
//!
//! The largest node is the one that the pod's node selector, required affinity and tolerations allow and that has most left beside the
//! pods of DaemonSets and static pods (with what is recommended for those). What a pod has too much is taken from the containers
//! that were measured, from each in proportion. DaemonSets are not held against it: they are everywhere.

use super::apply;
use super::bounds::Bounds;
use super::policy::Resource;
use super::sizing::{Reason, ResourceSizing};
use super::subject::{Changeable, Subject};
use super::totals::pod_total;
use super::{ContainerKind, WorkloadSizing};
use crate::cluster::Cluster;
use crate::cluster::Standing;
use crate::cluster::index::{NodeId, NodeSet, PodId};
use crate::cluster::resources::{CPU, MEMORY};
use crate::manifest::Objects;
use crate::manifest::Quantity;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::{Pod, PodSpec};
use crate::manifest::resource::Resource as _;
use crate::manifest::workload::DaemonSet;
use crate::scheduler::prepare;
use crate::scheduler::profile::Configuration;

/// Lowers, and for the least of a limit range raises, what pods ask for as a whole.
pub(super) fn lower(
    objects: &Objects,
    subjects: &[Subject],
    workloads: &mut [WorkloadSizing],
    mut bounds: impl FnMut(&str) -> [Bounds; 2],
) {
    for (subject, sizing) in subjects.iter().zip(workloads.iter_mut()) {
        for (resource, bounds) in Resource::ALL.into_iter().zip(bounds(&subject.workload.namespace)) {
            within_limit_range(subject, sizing, resource, &bounds);
        }
    }
    let rooms = Rooms::of(objects, subjects, workloads);
    for (number, (subject, sizing)) in subjects.iter().zip(workloads.iter_mut()).enumerate() {
        let spec = after(subject, sizing);
        let wanted = Resource::ALL.map(|resource| resource.amount(pod_total(&spec, resource)));
        let Some((node, room)) = rooms.too_small(number, wanted) else { continue };
        for (resource, room) in Resource::ALL.into_iter().zip(room) {
            let reason = Reason::LargestNode(node.to_owned(), resource.quantity(room));
            shrink(subject, sizing, resource, room, &reason);
        }
    }
}

/// What pods are made from afterwards.
fn after(subject: &Subject, sizing: &WorkloadSizing) -> PodSpec {
    let mut spec = subject.spec.clone();
    for container in spec.init_containers.iter_mut().chain(&mut spec.containers) {
        let sizing = sizing.containers.iter().find(|sizing| sizing.name == container.name);
        for own in sizing.into_iter().flat_map(|sizing| &sizing.resources) {
            // with what limit ranges add
            if let Some(request) = own.becomes.request {
                container.resources.requests.insert(own.resource.name().to_owned(), request);
            }
        }
    }
    spec
}

fn within_limit_range(subject: &Subject, sizing: &mut WorkloadSizing, resource: Resource, bounds: &Bounds) {
    let total = |sizing: &WorkloadSizing| {
        let mut spec = after(subject, sizing);
        // limit ranges do not count overhead
        spec.overhead = Default::default();
        resource.amount(pod_total(&spec, resource))
    };
    if let Some((name, max)) = &bounds.pod.max {
        let reason = Reason::LimitRangeMax(name.clone(), resource.quantity(*max));
        let overhead = subject.spec.overhead.get(resource.name()).copied().unwrap_or_default();
        shrink(subject, sizing, resource, max.saturating_add(resource.amount(overhead)), &reason);
        lower_limits(sizing, resource, *max, &reason);
    }
    if let Some((name, min)) = &bounds.pod.min {
        let short = min - total(sizing);
        let most = |own: &&mut ResourceSizing| own.becomes.request;
        let largest = measured(sizing, resource, |kind| kind != ContainerKind::Init).max_by_key(most);
        if let Some(own) = largest.filter(|_| short > 0) {
            let request = resource.quantity(resource.amount(own.becomes.request.unwrap_or_default()) + short);
            let limit = own.becomes.limit.map(|limit| limit.max(request));
            own.set(Some(request), limit);
            own.say(Reason::LimitRangeMin(name.clone(), resource.quantity(*min)));
        }
    }
}

/// The sizings of a resource that rest on samples.
fn measured(
    sizing: &mut WorkloadSizing,
    resource: Resource,
    is_wanted: impl Fn(ContainerKind) -> bool,
) -> impl Iterator<Item = &mut ResourceSizing> {
    let containers = sizing.containers.iter_mut().filter(move |container| is_wanted(container.kind));
    containers.map(move |container| &mut container.resources[resource as usize]).filter(|own| own.observed.is_some())
}

/// Takes from measured containers what a pod has more than a ceiling.
fn shrink(subject: &Subject, sizing: &mut WorkloadSizing, resource: Resource, ceiling: i64, reason: &Reason) {
    let total = resource.amount(pod_total(&after(subject, sizing), resource));
    if total <= ceiling {
        return;
    }
    let amount = |own: &ResourceSizing| resource.amount(own.becomes.request.unwrap_or_default());
    let all: i64 =
        sizing.containers.iter().filter(|own| own.kind != ContainerKind::Init).map(|own| amount(&own.resources[resource as usize])).sum();
    let sum: i64 = measured(sizing, resource, |kind| kind != ContainerKind::Init).map(|own| amount(own)).sum();
    let left = ceiling - (all - sum) - resource.amount(subject.spec.overhead.get(resource.name()).copied().unwrap_or_default());
    if left > 0 && left < sum {
        for own in measured(sizing, resource, |kind| kind != ContainerKind::Init) {
            let part = i128::from(amount(own)) * i128::from(left) / i128::from(sum);
            cap(own, resource.floor(i64::try_from(part).unwrap_or(i64::MAX)), reason);
        }
    }
    // one that runs before the others has all of it
    for own in measured(sizing, resource, |kind| kind == ContainerKind::Init).filter(|own| amount(own) > ceiling) {
        cap(own, resource.floor(ceiling), reason);
    }
}

/// Lowers a request, and the limit with it where that is what the request is.
fn cap(own: &mut ResourceSizing, amount: i64, reason: &Reason) {
    let most = own.resource.quantity(amount.max(1));
    if own.becomes.request.is_none_or(|request| request <= most) {
        return;
    }
    let limit = if own.resource == Resource::Memory { Some(most) } else { own.becomes.limit };
    own.set(Some(most), limit);
    own.say(reason.clone());
}

/// Lowers limits that are above what a pod may have in all, as far as requests allow: what is left above all requests is shared by how
/// far limits were above theirs.
fn lower_limits(sizing: &mut WorkloadSizing, resource: Resource, max: i64, reason: &Reason) {
    let amount = |quantity: Option<Quantity>| resource.amount(quantity.unwrap_or_default());
    let running = sizing.containers.iter().filter(|own| own.kind != ContainerKind::Init).map(|own| &own.resources[resource as usize]);
    let all: i64 = running.clone().map(|own| amount(own.becomes.limit)).sum();
    if all <= max {
        return;
    }
    let limited = running.clone().filter(|own| own.observed.is_some() && own.becomes.limit.is_some());
    let excess: i64 = limited.map(|own| amount(own.becomes.limit) - amount(own.becomes.request)).sum();
    let slack = (max - (all - excess)).max(0);
    for own in measured(sizing, resource, |kind| kind != ContainerKind::Init) {
        let (request, limit) = (own.becomes.request, own.becomes.limit);
        let above = amount(limit) - amount(request);
        if limit.is_none() || above <= 0 {
            continue;
        }
        let part = i64::try_from(i128::from(above) * i128::from(slack) / i128::from(excess)).unwrap_or(0);
        let lowered = resource.floor(amount(request) + part).max(amount(request));
        own.set(request, Some(resource.quantity(lowered)));
        own.say(reason.clone());
    }
}

/// What nodes have left beside what is on every node, and who can go where.
struct Rooms {
    names: Vec<String>,
    rooms: Vec<[i64; 2]>,
    /// By subject, the nodes that take it; none if that is no question.
    eligible: Vec<Option<NodeSet>>,
}

impl Rooms {
    fn of(objects: &Objects, subjects: &[Subject], workloads: &[WorkloadSizing]) -> Self {
        let stays = |pod: &&Pod| {
            let kind = pod.metadata.controller().map(|owner| owner.kind.as_str());
            !pod.is_terminal() && matches!(kind, Some("Node" | DaemonSet::KIND))
        };
        let pods: Vec<Pod> = objects.pods.iter().filter(stays).cloned().collect();
        let daemons = pods.len();
        let mut few = Objects { nodes: objects.nodes.clone(), pods, ..Objects::default() };
        apply::apply(workloads, &mut few);
        few.pods.extend(subjects.iter().enumerate().map(|(number, subject)| sample(number, subject)));
        let (cluster, _) = prepare(&few, &Configuration::default());
        let mut rooms: Vec<[i64; 2]> =
            cluster.nodes.ids().map(|node| [CPU, MEMORY].map(|column| cluster.allocatable(column, node))).collect();
        let mut eligible = vec![None; subjects.len()];
        for pod in cluster.pod_ids() {
            let allowed = allowed(&cluster, pod);
            match cluster.pod(pod).object.checked_sub(daemons) {
                None => {
                    if let Some(node) = bound(&cluster, pod).or_else(|| allowed.first()) {
                        let requests = &cluster.class_of(pod).requests;
                        rooms[node.index()][0] -= requests.get(CPU);
                        rooms[node.index()][1] -= requests.get(MEMORY);
                    }
                }
                Some(number) => {
                    let subject = &subjects[number];
                    let asks = subject.workload.kind != DaemonSet::KIND && subject.changeable != Changeable::StaticPod;
                    eligible[number] = asks.then_some(allowed);
                }
            }
        }
        let names = cluster.nodes.ids().map(|node| cluster.node_name(node).to_owned()).collect();
        Rooms { names, rooms, eligible }
    }

    /// The node that comes nearest to taking a pod of a subject, and what it has, if no node that may take it has room for it.
    fn too_small(&self, subject: usize, wanted: [i64; 2]) -> Option<(&str, [i64; 2])> {
        let fits = |node: &NodeId| self.rooms[node.index()].iter().zip(wanted).all(|(room, wanted)| *room >= wanted);
        let eligible = self.eligible[subject].as_ref()?;
        if eligible.iter().any(|node| fits(&node)) {
            return None;
        }
        let share = |node: &NodeId| {
            let shares = self.rooms[node.index()].iter().zip(wanted).map(|(room, wanted)| *room as f64 / wanted.max(1) as f64);
            shares.fold(f64::INFINITY, f64::min)
        };
        // of equals the first
        let best = eligible.iter().fold(None, |best: Option<NodeId>, node| match best {
            Some(best) if share(&best) >= share(&node) => Some(best),
            _ => Some(node),
        })?;
        let room = self.rooms[best.index()];
        room.iter().all(|room| *room > 0).then_some((self.names[best.index()].as_str(), room))
    }
}

/// The nodes that labels and taints allow.
fn allowed(cluster: &Cluster, pod: PodId) -> NodeSet {
    let class = cluster.class_of(pod);
    let mut allowed = cluster.nodes_wanted(class);
    allowed.subtract(&cluster.nodes_repelling(&class.tolerations));
    allowed
}

fn bound(cluster: &Cluster, pod: PodId) -> Option<NodeId> {
    match cluster.pod(pod).standing {
        Standing::Bound(node) => Some(node),
        _ => None,
    }
}

/// A pod of a subject that is nowhere yet.
fn sample(number: usize, subject: &Subject) -> Pod {
    let mut spec = subject.spec.clone();
    spec.node_name.clear();
    let metadata = ObjectMeta {
        name: format!("sample-{number}"),
        namespace: subject.workload.namespace.clone(),
        labels: subject.labels.clone(),
        ..ObjectMeta::default()
    };
    Pod { metadata, spec, ..Pod::default() }
}
