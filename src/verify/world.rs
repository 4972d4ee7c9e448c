//! Who is where right now, and which volume was promised to which claim.
//!
//! Promise: nothing is cached. The only state is a node index for each pod, and the claims that binding a pod has settled.

use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::node::Node;
use crate::manifest::pod::Pod;

use super::storage;

/// The objects, and the present place of each pod.
#[derive(Debug, Clone)]
pub struct World<'a> {
    objects: &'a Objects,
    /// For each pod, the index of the node it holds something on.
    places: Vec<Option<usize>>,
    /// For each pod, whether it was taken away: its `spec.nodeName` tells of the past then.
    moved: Vec<bool>,
    /// Claims (by index) that were unbound in the manifests and were settled when their pod was bound.
    promises: Vec<(usize, Promise)>,
}

/// How a claim that waited for its first consumer was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// It gets this volume (index).
    Volume(usize),
    /// A volume is made for it, to be reached from this node (index).
    MadeFor(usize),
}

impl<'a> World<'a> {
    /// The state that the manifests describe: pods with a node are on it, unless they have ended or the node is not there.
    pub fn new(objects: &'a Objects) -> Self {
        let count = objects.pods.len();
        let mut world = World { objects, places: vec![None; count], moved: vec![false; count], promises: Vec::new() };
        for (index, pod) in objects.pods.iter().enumerate() {
            if !pod.spec.node_name.is_empty() && !pod.is_terminal() {
                world.places[index] = world.node_named(&pod.spec.node_name);
            }
        }
        world
    }

    /// The objects.
    pub fn objects(&self) -> &'a Objects {
        self.objects
    }

    /// Where a pod is.
    pub fn place(&self, pod: usize) -> Option<usize> {
        self.places[pod]
    }

    /// Puts a pod on a node, without asking whether it may; its waiting claims are settled.
    pub fn bind(&mut self, pod: usize, node: usize) {
        let settled = storage::settle(self, pod, node);
        self.promises.extend(settled);
        self.places[pod] = Some(node);
    }

    /// Takes a pod away. What was promised to its claims stays theirs, as volumes outlive pods.
    pub fn evict(&mut self, pod: usize) {
        self.places[pod] = None;
        self.moved[pod] = true;
    }

    pub(super) fn was_moved(&self, pod: usize) -> bool {
        self.moved[pod]
    }

    /// Index of the node of that name.
    pub fn node_named(&self, name: &str) -> Option<usize> {
        self.objects.nodes.iter().position(|node| node.metadata.name == name)
    }

    /// Index of the pod of that `namespace/name`.
    pub fn pod_named(&self, name: &str) -> Option<usize> {
        (0..self.objects.pods.len()).find(|&pod| self.pod_name(pod) == name)
    }

    /// `namespace/name` of a pod.
    pub fn pod_name(&self, pod: usize) -> String {
        let metadata = &self.objects.pods[pod].metadata;
        format!("{}/{}", namespace(metadata), metadata.name)
    }

    pub(super) fn node_name(&self, node: usize) -> &'a str {
        &self.objects.nodes[node].metadata.name
    }

    pub(super) fn pod(&self, pod: usize) -> &'a Pod {
        &self.objects.pods[pod]
    }

    pub(super) fn node(&self, node: usize) -> &'a Node {
        &self.objects.nodes[node]
    }

    pub(super) fn promise(&self, claim: usize) -> Option<Promise> {
        self.promises.iter().find(|(promised, _)| *promised == claim).map(|(_, promise)| *promise)
    }

    pub(super) fn promised_to(&self, volume: usize) -> Option<usize> {
        self.promises.iter().find(|(_, promise)| *promise == Promise::Volume(volume)).map(|(claim, _)| *claim)
    }

    /// Everybody who is on some node, with that node, but for `pod` itself.
    pub(super) fn others(&self, pod: usize) -> Vec<(&'a Pod, &'a Node)> {
        let mut others = Vec::new();
        for (other, place) in self.places.iter().enumerate() {
            if let (Some(node), true) = (place, other != pod) {
                others.push((self.pod(other), self.node(*node)));
            }
        }
        others
    }

    /// Everybody who is on `node`.
    pub(super) fn on(&self, node: usize) -> Vec<&'a Pod> {
        let mut present = Vec::new();
        for (pod, place) in self.places.iter().enumerate() {
            if *place == Some(node) {
                present.push(self.pod(pod));
            }
        }
        present
    }

    /// Everybody who is on `node`, but for `pod` itself.
    pub(super) fn others_on(&self, pod: usize, node: usize) -> Vec<&'a Pod> {
        let mut others = Vec::new();
        for (other, place) in self.places.iter().enumerate() {
            if *place == Some(node) && other != pod {
                others.push(self.pod(other));
            }
        }
        others
    }
}

/// The namespace an object is in; one that names none is in `default`.
pub(super) fn namespace(metadata: &ObjectMeta) -> &str {
    if metadata.namespace.is_empty() { "default" } else { &metadata.namespace }
}
