//! Layer 2: the referee. It checks a finished placement from the manifests alone, slowly and obviously.
//!
//! Promise: a placement that passes here breaks no hard rule of kube-scheduler's default profile, and every rule that is
//! broken is named, with who and where. It shares no code with `cluster` or `scheduler` (only `manifest`), keeps nothing
//! between two questions, and compares strings. Where it and the scheduler disagree, one of them is wrong: that is its use.
//!
//! To add a rule: a variant of [`Rule`], a function `(world, pod, node, verdict)` in the file of its family, and a call in
//! [`verdict`].
//!
//! Not judged here: soft rules (scores, `ScheduleAnyway`), whom a preemption chose, nodes kept free for nominated pods,
//! dynamic resource claims, and what a `KubeSchedulerConfiguration` adds or takes away.
//!
//! Source: the Kubernetes documentation and API reference, v1.36 ("Assigning Pods to Nodes", "Taints and Tolerations", "Pod
//! Topology Spread Constraints", "Resource Management", "Sidecar Containers", "Persistent Volumes", "Node-specific Volume
//! Limits"); judged against recordings of the real scheduler in `fixtures/conformance`.

mod machine;
mod neighbours;
mod requests;
mod selectors;
mod spread;
mod storage;
mod world;

use std::fmt;

use crate::manifest::Objects;

pub use requests::{NodeUse, utilization};
pub use world::World;

/// A pod that was put on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding<'a> {
    /// Index into `objects.pods`.
    pub pod: usize,
    /// Name of the node.
    pub node: &'a str,
    /// Pods (indices into `objects.pods`) that were removed right before, to make room.
    pub evicted: Vec<usize>,
}

/// What a placement may break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// The binding names a node that is not there.
    UnknownNode,
    /// The pod already has a node.
    AlreadyBound,
    /// The pod has ended, or its deletion was asked for: it is not placed any more.
    Ended,
    /// A victim was not running, is not less important, or the pod may not preempt.
    Eviction,
    /// The pod is held back by a scheduling gate.
    SchedulingGate,
    /// `spec.nodeName` asks for another node.
    NodeName,
    /// The node is cordoned.
    Unschedulable,
    /// The node has a taint that the pod does not tolerate.
    Taints,
    /// `spec.nodeSelector` does not match.
    NodeSelector,
    /// Required node affinity does not match.
    NodeAffinity,
    /// A port on the node is taken.
    HostPorts,
    /// The node holds as many pods as it may.
    PodCount,
    /// A resource does not suffice.
    Resources,
    /// The pod refuses somebody who is near.
    PodAntiAffinity,
    /// Somebody near refuses the pod.
    ExistingPodsAntiAffinity,
    /// Nobody whom the pod needs is near.
    PodAffinity,
    /// The pod would make its domain too full.
    TopologySpread,
    /// A claim is not there, is being deleted, or is not this pod's own.
    ClaimMissing,
    /// A claim has no volume, and waiting for the pod's node would not get it one.
    ClaimUnbound,
    /// No volume can be found or made for a claim that waits for its first consumer.
    ClaimUnservable,
    /// The class has not enough storage where the node is.
    StorageCapacity,
    /// A bound volume cannot be reached from the node.
    VolumeNodeAffinity,
    /// A bound volume is in another zone or region.
    VolumeZone,
    /// The node's CSI driver cannot attach that many volumes.
    VolumeLimits,
    /// A `ReadWriteOncePod` claim is in use.
    ReadWriteOncePod,
    /// A disk is in use on the node in a way that excludes the pod.
    DiskConflict,
}

/// A rule that a pod breaks on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The pod, `namespace/name`.
    pub pod: String,
    /// The node.
    pub node: String,
    /// Which rule.
    pub rule: Rule,
    /// What exactly, in words.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}: {:?}: {}", self.pod, self.node, self.rule, self.detail)
    }
}

/// Every rule that `pod` on `node` breaks, given who is where right now. The pod itself is thought away first.
pub fn verdict(world: &World, pod: usize, node: usize) -> Vec<Violation> {
    let mut verdict = Verdict { pod: world.pod_name(pod), node: world.node_name(node).to_owned(), violations: Vec::new() };
    machine::scheduling_gates(world, pod, &mut verdict);
    machine::node_name(world, pod, node, &mut verdict);
    machine::unschedulable(world, pod, node, &mut verdict);
    machine::taints(world, pod, node, &mut verdict);
    machine::node_selector(world, pod, node, &mut verdict);
    machine::node_affinity(world, pod, node, &mut verdict);
    machine::host_ports(world, pod, node, &mut verdict);
    requests::pod_count(world, pod, node, &mut verdict);
    requests::resources(world, pod, node, &mut verdict);
    neighbours::existing_pods_anti_affinity(world, pod, node, &mut verdict);
    neighbours::pod_anti_affinity(world, pod, node, &mut verdict);
    neighbours::pod_affinity(world, pod, node, &mut verdict);
    spread::topology_spread(world, pod, node, &mut verdict);
    storage::claims(world, pod, node, &mut verdict);
    storage::limits::volume_limits(world, pod, node, &mut verdict);
    storage::sharing::read_write_once_pod(world, pod, &mut verdict);
    storage::sharing::disk_conflict(world, pod, node, &mut verdict);
    verdict.violations
}

/// Replays bindings in order and judges each at its moment: later bindings excuse nothing, earlier ones count.
///
/// A binding that breaks a rule is carried out all the same, so that one mistake is reported once.
pub fn verify(objects: &Objects, bindings: &[Binding]) -> Vec<Violation> {
    let mut world = World::new(objects);
    let mut violations = Vec::new();
    for binding in bindings {
        let mut notes = Verdict { pod: world.pod_name(binding.pod), node: binding.node.to_owned(), violations: Vec::new() };
        for &victim in &binding.evicted {
            machine::eviction(&world, binding.pod, victim, &mut notes);
            world.evict(victim);
        }
        machine::still_to_be_placed(&world, binding.pod, &mut notes);
        match world.node_named(binding.node) {
            None => notes.breaks(Rule::UnknownNode, "there is no such node".to_owned()),
            Some(node) => {
                notes.violations.extend(verdict(&world, binding.pod, node));
                world.bind(binding.pod, node);
            }
        }
        violations.extend(notes.violations);
    }
    violations
}

/// The nodes that would take `pod` now. Of a pod that was rightly called unschedulable there are none.
pub fn nodes_that_fit(world: &World, pod: usize) -> Vec<String> {
    let mut names = Vec::new();
    for node in 0..world.objects().nodes.len() {
        if verdict(world, pod, node).is_empty() {
            names.push(world.node_name(node).to_owned());
        }
    }
    names
}

/// Collects what one pod breaks on one node.
struct Verdict {
    pod: String,
    node: String,
    violations: Vec<Violation>,
}

impl Verdict {
    fn breaks(&mut self, rule: Rule, detail: String) {
        self.violations.push(Violation { pod: self.pod.clone(), node: self.node.clone(), rule, detail });
    }
}
