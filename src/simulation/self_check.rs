//! Whether we would have put pods where they are: how far a plan can be trusted, told by the dump itself.
//!
//! Every bound pod is taken off its node, the others stay, and every filter is asked whether that node takes it. The real scheduler has
//! answered that question with yes, so a no is one of three things: something that changed since and does not move pods that run
//! (taints, labels, neighbours that left: "ignored during execution"); something that the input lacks; or a contradiction: the input
//! says what cannot be, somebody went past the scheduler, or we are wrong.
//!
//! Promise: nothing is changed. Pods that no scheduler of ours has placed are counted, not judged: static ones, those of other
//! schedulers, those on nodes that are not in the input.
//!
//! A new plugin that filters: an arm in `cause`.

use rustc_hash::FxHashMap;

use crate::cluster::index::{ClassId, NodeId, NodeSet, PodId};
use crate::cluster::occupancy::Occupancy;
use crate::cluster::resources::PODS;
use crate::cluster::{Cluster, Standing};
use crate::manifest::Objects;
use crate::manifest::pod::Pod;
use crate::scheduler::attempt::{Rejection, Rejections};
use crate::scheduler::framework::{Cycle, refusal};
use crate::scheduler::plugins::node_resources_fit::insufficient;
use crate::scheduler::plugins::{
    inter_pod_affinity, node_affinity, node_ports, node_resources_fit, node_unschedulable, pod_topology_spread, taint_toleration,
    volume_binding,
};
use crate::scheduler::profile::Profile;
use crate::scheduler::version::Semantics;

/// What a refusal of a pod's own node means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// It cannot be: the input contradicts itself, the scheduler was passed by, or we are wrong.
    Contradiction,
    /// The input lacks what the pod refers to.
    Lacking,
    /// It was so once: what was asked for then has changed since, and pods that run are left alone.
    Since,
}

/// A filter that refuses a pod's own node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The pod.
    pub pod: PodId,
    /// Where it is.
    pub node: NodeId,
    /// Who refuses, and why, in upstream's words.
    pub rejection: Rejection,
    /// What that means.
    pub cause: Cause,
    /// Of which resources there is too little, if that is why.
    pub short: Vec<Short>,
}

/// A resource of which more is set aside on a node than it has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Short {
    /// The resource.
    pub resource: String,
    /// What is set aside with the pod: cpu in thousandths of a core, everything else in units.
    pub used: i64,
    /// What the node has.
    pub allocatable: i64,
}

/// How far we would have put pods where they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SelfCheck {
    /// Pods on nodes that were judged.
    pub judged: usize,
    /// Those of them whose node every filter accepts.
    pub accepted: usize,
    /// Who refuses which pod, in the order of the pods; a pod may be refused by several.
    pub findings: Vec<Finding>,
    /// Static pods: no scheduler placed them.
    pub fixed: usize,
    /// Pods of schedulers that are not ours.
    pub foreign: usize,
    /// Pods on nodes that are not in the input.
    pub orphaned: usize,
    /// Pods that are being deleted.
    pub leaving: usize,
}

impl SelfCheck {
    /// How many pods are refused for this cause and none that is worse.
    pub fn refused_for(&self, cause: Cause) -> usize {
        let mut worst: FxHashMap<PodId, Cause> = FxHashMap::default();
        for finding in &self.findings {
            let known = worst.entry(finding.pod).or_insert(finding.cause);
            *known = (*known).min(finding.cause);
        }
        worst.values().filter(|&&worst| worst == cause).count()
    }
}

/// Asks every filter about every bound pod's own node, with all other pods where the input has them.
pub fn self_check(objects: &Objects, cluster: &Cluster, profiles: &[Profile], semantics: Semantics) -> SelfCheck {
    let mut check = SelfCheck::default();
    let mut bench = Bench { cluster, occupancy: Occupancy::new(cluster), semantics, known: FxHashMap::default() };
    for pod in cluster.pod_ids() {
        let (row, written) = (cluster.pod(pod), &objects.pods[cluster.pod(pod).object]);
        let node = match row.standing {
            Standing::Bound(node) => node,
            Standing::Orphaned => {
                check.orphaned += 1;
                continue;
            }
            _ => continue,
        };
        let scheduler = cluster.texts.get(cluster.class_of(pod).scheduler);
        let profile = profiles.iter().find(|profile| profile.scheduler_name == scheduler);
        match profile {
            _ if is_static(written) => check.fixed += 1,
            _ if written.is_terminating() => check.leaving += 1,
            None => check.foreign += 1,
            Some(profile) => {
                let found = bench.judge(pod, node, profile);
                check.judged += 1;
                check.accepted += usize::from(found.is_empty());
                check.findings.extend(found);
            }
        }
    }
    check
}

/// Whether a kubelet made the pod by itself, past every scheduler.
fn is_static(pod: &Pod) -> bool {
    pod.metadata.annotations.contains_key("kubernetes.io/config.mirror")
        || pod.metadata.owner_references.iter().any(|owner| owner.kind == "Node" && owner.api_version == "v1")
}

/// Where pods are judged one after another.
struct Bench<'a> {
    cluster: &'a Cluster,
    occupancy: Occupancy,
    semantics: Semantics,
    /// Whether a class is accepted on a node without one pod of it: pods of a class are alike.
    known: FxHashMap<(ClassId, NodeId), bool>,
}

impl Bench<'_> {
    /// The filters that refuse a pod's own node.
    fn judge(&mut self, pod: PodId, node: NodeId, profile: &Profile) -> Vec<Finding> {
        let cluster = self.cluster;
        let (id, class) = (cluster.pod(pod).class, cluster.class_of(pod));
        // a claim that is made for one pod alone is told from others by the pod's name
        let is_alike = !class.volumes.claims.iter().any(|claim| claim.ephemeral);
        if is_alike && self.known.get(&(id, node)) == Some(&true) {
            return Vec::new();
        }
        let position = self.occupancy.position(pod).expect("a bound pod is on its node");
        let mark = self.occupancy.mark(node);
        self.occupancy.evict(cluster, pod);
        if !class.host_ports.is_empty() {
            self.take_ports_again(node);
        }
        let cycle = Cycle {
            cluster,
            occupancy: &self.occupancy,
            outages: self.occupancy.outages(),
            class,
            pod,
            profile,
            semantics: self.semantics,
        };
        let is_accepted = admits(&cycle, node).is_empty() && refusal(&cycle, node, None).is_none();
        let found = if is_accepted { Vec::new() } else { refusals(&cycle, node) };
        self.occupancy.restore(cluster, pod, node, position);
        self.occupancy.rewind(mark);
        self.known.insert((id, node), is_accepted);
        found
    }

    /// Lets the pods of a node take their ports once more: the one that left has freed those, too, that others share with it.
    fn take_ports_again(&mut self, node: NodeId) {
        let cluster = self.cluster;
        for (position, other) in self.occupancy.pods_on(node).to_vec().into_iter().enumerate() {
            if !cluster.class_of(other).host_ports.is_empty() {
                self.occupancy.evict(cluster, other);
                self.occupancy.restore(cluster, other, node, position);
            }
        }
    }
}

/// The refusals of plugins that look at the pod as a whole, or leave the node out.
fn admits(cycle: &Cycle<'_>, node: NodeId) -> Vec<Rejection> {
    let refusal = |plugin: &&'static crate::scheduler::framework::Plugin| match (plugin.admit?)(cycle) {
        Err(rejection) => Some(rejection),
        Ok(Some(only)) if !only.contains(node) => {
            let reason = format!("node(s) didn't satisfy plugin(s) [{}]", plugin.name);
            Some(Rejection::new(plugin.name, crate::scheduler::attempt::Code::UnschedulableAndUnresolvable, reason))
        }
        Ok(_) => None,
    };
    cycle.profile.pre_filters.iter().filter_map(refusal).collect()
}

/// The refusals of all plugins, whatever those before them say.
fn refusals(cycle: &Cycle<'_>, node: NodeId) -> Vec<Finding> {
    let nodes = cycle.cluster.nodes.len();
    let filters = cycle.profile.filters.iter().filter_map(|plugin| {
        let (mut set, mut rejections) = (NodeSet::none(nodes), Rejections::none(nodes));
        set.insert(node);
        (plugin.filter?)(cycle, &mut set, &mut rejections);
        rejections.get(node).cloned()
    });
    let mut found: Vec<Rejection> = admits(cycle, node);
    for rejection in filters {
        // what a plugin said of the pod as a whole it need not say of the node
        if !found.iter().any(|known| known.plugin == rejection.plugin) {
            found.push(rejection);
        }
    }
    // several plugins look for the same claim
    let said: Vec<_> = found.iter().map(|rejection| rejection.reasons.clone()).collect();
    let mut number = 0..;
    found.retain(|rejection| number.next().is_some_and(|number: usize| !said[..number].contains(&rejection.reasons)));
    let finding = |rejection: Rejection| {
        let short = if rejection.plugin == node_resources_fit::PLUGIN.name { shortfalls(cycle, node) } else { Vec::new() };
        Finding { pod: cycle.pod, node, cause: cause(&rejection), rejection, short }
    };
    found.into_iter().map(finding).collect()
}

fn shortfalls(cycle: &Cycle<'_>, node: NodeId) -> Vec<Short> {
    let lacking = insufficient(cycle.cluster, cycle.occupancy, cycle.class, &[], node);
    let short = lacking.iter().map(|lack| Short {
        resource: if lack.resource == PODS { "pods".to_owned() } else { cycle.cluster.resources.name(lack.resource).to_owned() },
        used: lack.used + lack.requested,
        allocatable: lack.allocatable,
    });
    short.collect()
}

/// What a refusal of a pod's own node means.
fn cause(rejection: &Rejection) -> Cause {
    let says = |words: &str| rejection.reasons.iter().any(|reason| reason.contains(words));
    let changes =
        [node_unschedulable::PLUGIN.name, taint_toleration::PLUGIN.name, node_affinity::PLUGIN.name, pod_topology_spread::PLUGIN.name];
    match rejection.plugin {
        plugin if changes.contains(&plugin) => Cause::Since,
        // whom it wanted to be near may have left; from whom it wanted to be away cannot have come
        plugin if plugin == inter_pod_affinity::PLUGIN.name && says("pod affinity rules") => Cause::Since,
        // a claim may be deleted while it is used, and goes when it is not
        plugin if plugin == volume_binding::PLUGIN.name && says("is being deleted") => Cause::Since,
        _ if ["not found", "non-existent", "waiting for ephemeral volume controller"].into_iter().any(says) => Cause::Lacking,
        _ => Cause::Contradiction,
    }
}

/// What can have happened since, for a plugin that refuses what it once accepted; nothing for what cannot be.
pub fn since(plugin: &str) -> Option<&'static str> {
    let rows = [
        (node_unschedulable::PLUGIN.name, "cordoned since"),
        (taint_toleration::PLUGIN.name, "tainted since"),
        (node_affinity::PLUGIN.name, "labels of the node changed since"),
        (pod_topology_spread::PLUGIN.name, "neighbours came and left since"),
        (inter_pod_affinity::PLUGIN.name, "whom they follow left since"),
        (volume_binding::PLUGIN.name, "their claim is being deleted"),
    ];
    rows.into_iter().find(|(name, _)| *name == plugin).map(|(_, words)| words)
}

/// Why it cannot be, in words.
pub fn contradiction(plugin: &str) -> &'static str {
    if plugin == node_resources_fit::PLUGIN.name {
        "more is set aside than the node has: a pod went past the scheduler, a resize waits, the node shrank (a device plugin is down), or we are wrong"
    } else if plugin == node_ports::PLUGIN.name {
        "two pods hold one port of the node: one of them went past the scheduler"
    } else {
        "the scheduler would not have put it there: it was passed by, labels changed under it, or we are wrong"
    }
}
