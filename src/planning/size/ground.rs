//! What is there before anything is bought: the nodes that stay, and every pod that needs a place.
//!
//! Nodes stay if that is asked for; and always if they run the control plane (static pods), or hold a volume that a claim is bound to and that no
//! other node reaches. If nodes are not kept, everything that a controller brings back is placed anew, also what runs on nodes that stay: the answer is
//! a fleet for the workload, not an addition to what happens to run where.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::offer::{Fleet, Offer};
use crate::manifest::Objects;
use crate::manifest::node::Node;
use crate::manifest::pod::{Pod, PodStatus};
use crate::manifest::storage::{CsiNode, PersistentVolume, VolumeNodeResources};
use crate::simulation::loss::Keeper;
use crate::{admission, controllers};

/// The annotation that a scheduler leaves on a claim whose volume is being made for a node.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// The annotation of pods that stand for static pods.
const MIRROR: &str = "kubernetes.io/config.mirror";
const HOSTNAME: &str = "kubernetes.io/hostname";

/// What is there before anything is bought.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The objects, with the nodes that stay.
    pub objects: Objects,
    /// Nodes that stay, and why.
    pub kept: Vec<Kept>,
    /// Nodes that go.
    pub removed: Vec<Node>,
    /// What CSI drivers attach to a node, taken over for new ones.
    csi: Option<CsiNode>,
}

/// A node that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub node: String,
    /// Why.
    pub because: Because,
}

/// Why a node stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Because {
    /// It was asked for.
    Asked,
    /// It runs static pods: the control plane.
    ControlPlane,
    /// It holds a volume in use that no other node reaches.
    LocalVolume,
}

impl Ground {
    /// Of objects that the API server has seen and controllers have expanded.
    pub fn new(objects: &Objects, keep_existing: bool) -> Self {
        let mut ground = Ground { objects: objects.clone(), kept: Vec::new(), removed: Vec::new(), csi: csi_of_all(&objects.csi_nodes) };
        let (static_nodes, pinned) = (static_nodes(&objects.pods), pinned(objects));
        for node in std::mem::take(&mut ground.objects.nodes) {
            let name = node.metadata.name.as_str();
            let because = match () {
                () if keep_existing => Some(Because::Asked),
                () if static_nodes.contains(name) => Some(Because::ControlPlane),
                () if pinned.contains(name) => Some(Because::LocalVolume),
                () => None,
            };
            match because {
                Some(because) => {
                    ground.kept.push(Kept { node: name.to_owned(), because });
                    ground.objects.nodes.push(node);
                }
                None => ground.removed.push(node),
            }
        }
        if !keep_existing {
            ground.set_free();
        }
        ground
    }

    /// Takes pods off their nodes, so that they are placed anew; those that belong to a node that goes, go with it.
    fn set_free(&mut self) {
        let kept: FxHashSet<&str> = self.kept.iter().map(|kept| kept.node.as_str()).collect();
        let stays = |pod: &Pod| !(is_of_node(pod) || pod.is_terminating()) || kept.contains(pod.spec.node_name.as_str());
        let is_done = |pod: &Pod| pod.is_terminal() || pod.spec.node_name.is_empty();
        // what DaemonSets made for nodes that go is no use; for those that stay they make it again
        let is_made_for_node = |pod: &Pod| pod.spec.node_name.is_empty() && is_of_node(pod);
        self.objects.pods.retain(|pod| !is_made_for_node(pod) && (is_done(pod) || stays(pod)));
        for pod in self.objects.pods.iter_mut().filter(|pod| !is_done(pod) && !is_of_node(pod)) {
            pod.spec.node_name.clear();
            pod.status = PodStatus::default();
        }
        for claim in &mut self.objects.persistent_volume_claims {
            if claim.metadata.annotations.get(SELECTED_NODE).is_some_and(|node| !kept.contains(node.as_str())) {
                claim.metadata.annotations.remove(SELECTED_NODE);
            }
        }
        self.objects.csi_nodes.retain(|csi| kept.contains(csi.metadata.name.as_str()));
        self.objects.volume_attachments.clear();
    }

    /// The objects with a fleet bought: nodes, what their drivers attach, and the pods that DaemonSets put on them.
    pub fn furnish(&self, offers: &[Offer<'_>], fleet: &Fleet) -> Objects {
        let mut objects = self.objects.clone();
        for (offer, count) in fleet.bought() {
            for number in 1..=count {
                let name = offers[offer].node_name(number);
                let Offer { node_type, offering } = &offers[offer];
                if let Some(mut csi) = node_type.csi_node(&name).or_else(|| self.csi.clone()) {
                    csi.metadata.name.clone_from(&name);
                    objects.csi_nodes.push(csi);
                }
                objects.nodes.push(node_type.node(&name, offering.zone.as_deref(), offering.capacity_type.as_deref()));
            }
        }
        controllers::expand(&mut objects);
        admission::admit(&mut objects);
        controllers::disruption::budgets(&mut objects);
        objects
    }
}

/// Whether a pod belongs to its node: it comes and goes with it.
fn is_of_node(pod: &Pod) -> bool {
    Keeper::of(pod) == Keeper::Node
}

fn static_nodes(pods: &[Pod]) -> BTreeSet<&str> {
    let is_static =
        |pod: &&Pod| pod.metadata.annotations.contains_key(MIRROR) || pod.metadata.controller().is_some_and(|owner| owner.kind == "Node");
    pods.iter().filter(is_static).map(|pod| pod.spec.node_name.as_str()).collect()
}

/// Nodes with a volume that belongs to a claim and that no other node reaches.
fn pinned(objects: &Objects) -> BTreeSet<&str> {
    let bound = objects.persistent_volumes.iter().filter(|volume| volume.spec.claim_ref.is_some());
    let local = bound.filter_map(|volume| only_hostname(volume));
    local
        .filter_map(|hostname| objects.nodes.iter().find(|node| hostname_of(node) == hostname))
        .map(|node| node.metadata.name.as_str())
        .collect()
}

fn hostname_of(node: &Node) -> &str {
    node.metadata.labels.get(HOSTNAME).map_or(node.metadata.name.as_str(), String::as_str)
}

/// The host of a volume that asks for exactly one.
fn only_hostname(volume: &PersistentVolume) -> Option<&str> {
    let terms = &volume.spec.node_affinity.as_ref()?.required.as_ref()?.node_selector_terms;
    let [term] = &terms[..] else { return None };
    let mut hosts = term.match_expressions.iter().filter(|requirement| requirement.key == HOSTNAME && requirement.operator == "In");
    match hosts.next().map(|requirement| &requirement.values[..]) {
        Some([host]) => Some(host),
        _ => None,
    }
}

/// What CSI drivers attach to a new node: what they attach to all there are, and of each no more than to any.
fn csi_of_all(nodes: &[CsiNode]) -> Option<CsiNode> {
    let (first, others) = nodes.split_first()?;
    let mut csi = first.clone();
    for other in others {
        let drivers = &other.spec.drivers;
        csi.spec.drivers.retain(|driver| drivers.iter().any(|own| own.name == driver.name));
        for driver in &mut csi.spec.drivers {
            let own = drivers.iter().find(|own| own.name == driver.name).and_then(|own| own.allocatable.as_ref()?.count);
            let least = driver.allocatable.as_ref().and_then(|allocatable| allocatable.count).into_iter().chain(own).min();
            driver.allocatable = least.map(|count| VolumeNodeResources { count: Some(count) });
        }
    }
    Some(csi)
}
