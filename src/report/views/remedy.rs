//! What would have to change for a node to accept a pod, plugin by plugin.
//!
//! Promise: every change named is one that this plugin asks for; whether it is wise is for the reader to judge.
//!
//! A new plugin's remedy: a function and a row in `REMEDIES`. A plugin without a row gets its reasons repeated.

use super::context::Context;
use super::refusal::Shortfall;
use crate::cluster::class::{Class, NodeTerm};
use crate::cluster::first_untolerated;
use crate::cluster::index::{ClaimId, NodeId, PodId, TermId, TopologyId};
use crate::cluster::labels::{Operator, Requirement};
use crate::cluster::nodes::Taint;
use crate::cluster::occupancy::Occupancy;
use crate::report::amount::{Unit, list};
use crate::scheduler::attempt::Rejection;

/// What a remedy looks at.
pub struct Case<'a> {
    /// The cluster and its objects.
    pub context: &'a Context<'a>,
    /// Who is where.
    pub occupancy: &'a Occupancy,
    /// The pod.
    pub pod: PodId,
    /// The node that refuses it.
    pub node: NodeId,
    /// Who refuses and why.
    pub rejection: &'a Rejection,
    /// What the node has too little of.
    pub short: &'a [Shortfall],
}

type Remedy = fn(&Case<'_>) -> Vec<String>;

/// By plugin: how hard it is to change what it asks for (a command, a request, other pods), and what that would be.
const REMEDIES: &[(&str, usize, Remedy)] = &[
    ("NodeUnschedulable", 1, uncordon),
    ("NodeName", 2, leave_name_out),
    ("TaintToleration", 2, tolerate),
    ("NodeAffinity", 2, label),
    ("NodePorts", 3, free_ports),
    ("NodeResourcesFit", 2, free_resources),
    ("PodTopologySpread", 3, spread),
    ("InterPodAffinity", 4, move_pods),
    ("VolumeRestrictions", 4, claims),
    ("NodeVolumeLimits", 4, claims),
    ("VolumeBinding", 4, claims),
    ("VolumeZone", 4, claims),
];

/// What nobody knows a remedy for, or what needs other hardware.
const HARDEST: usize = 5;

/// How hard it is to make a plugin pass: comparable between plugins, nothing more.
pub fn effort(plugin: &str, short: &[Shortfall]) -> usize {
    let beyond = short.iter().any(|short| short.needs > short.allocatable);
    let remedy = REMEDIES.iter().find(|(name, ..)| *name == plugin);
    if beyond { HARDEST } else { remedy.map_or(HARDEST, |(_, effort, _)| *effort) }
}

impl Case<'_> {
    /// What would have to change for this plugin to pass.
    pub fn changes(&self) -> Vec<String> {
        let remedy = REMEDIES.iter().find(|(plugin, ..)| *plugin == self.rejection.plugin);
        let changes = remedy.map(|(.., remedy)| remedy(self)).unwrap_or_default();
        if changes.is_empty() { self.rejection.reasons.iter().map(|reason| format!("lift \"{reason}\"")).collect() } else { changes }
    }

    fn class(&self) -> &Class {
        self.context.cluster.class_of(self.pod)
    }

    fn text(&self, id: crate::cluster::index::TextId) -> &str {
        self.context.cluster.texts.get(id)
    }

    fn says(&self, words: &str) -> bool {
        self.rejection.reasons.iter().any(|reason| reason.contains(words))
    }

    /// The pods on the nodes that share a domain with the node, for which `culprit` holds.
    fn neighbours(&self, topology: TopologyId, culprit: impl Fn(&Class) -> bool) -> Vec<String> {
        let cluster = self.context.cluster;
        let topology = cluster.topology(topology);
        let Some(domain) = topology.domain(self.node) else { return Vec::new() };
        let pods = topology.members(domain).iter().flat_map(|&node| self.occupancy.pods_on(node));
        pods.filter(|&&pod| pod != self.pod && culprit(cluster.class_of(pod))).map(|&pod| self.context.pod(pod)).collect()
    }

    /// `zone a`: the domain of the node in a topology.
    fn domain(&self, topology: TopologyId) -> String {
        let cluster = self.context.cluster;
        let key = cluster.topology(topology).key;
        match cluster.nodes.labels[self.node.index()].get(key) {
            Some(value) => format!("{}={}", self.text(key), self.text(value)),
            None => format!("no {}", self.text(key)),
        }
    }
}

/// Each claim that stands in the way, and what it lacks.
fn claims(case: &Case<'_>) -> Vec<String> {
    let used = case.class().volumes.claims.iter();
    used.filter_map(|used| {
        let name = case.text(used.name);
        match used.claim {
            None => Some(format!("create the claim {name}")),
            Some(claim) => claim_lacks(case, claim).map(|lacks| format!("claim {name}: {lacks}")),
        }
    })
    .collect()
}

fn claim_lacks(case: &Case<'_>, id: ClaimId) -> Option<String> {
    let storage = &case.context.cluster.storage;
    let claim = storage.claim(id);
    if let Some(volume) = claim.volume_name {
        let volume_name = case.text(volume);
        return match case.rejection.plugin {
            _ if !storage.volume_by_name.contains_key(&volume) => Some(format!("its volume {volume_name} is not in the input")),
            "VolumeBinding" | "VolumeZone" => Some(format!("its volume {volume_name} may not be reached from this node")),
            "NodeVolumeLimits" => Some(format!("the node cannot attach volume {volume_name} too: detach another of its driver")),
            _ => Some(format!("one pod only may use it at a time (volume {volume_name})")),
        };
    }
    let class = claim.class.map(|class| (case.text(class), storage.classes.get(&class)));
    Some(match class {
        None => "bind it to a volume, or name a storage class".to_owned(),
        Some((class, None)) => format!("create its storage class {class}, or bind it to a volume"),
        Some((class, Some(known))) if !known.waits_for_consumer => {
            format!("bind it to a volume: its class {class} binds at once (Immediate), and it is not bound")
        }
        Some((class, Some(known))) if !known.provisions => format!("offer a volume of class {class} on this node: the class makes none"),
        Some((class, Some(_))) => format!("let class {class} make volumes for this node (allowed topologies, capacity, attach limit)"),
    })
}

fn uncordon(case: &Case<'_>) -> Vec<String> {
    vec![format!("uncordon the node: kubectl uncordon {}", case.context.node(case.node))]
}

fn leave_name_out(case: &Case<'_>) -> Vec<String> {
    vec![format!("take spec.nodeName out of the pod: it names {}", case.context.written(case.pod).spec.node_name)]
}

fn tolerate(case: &Case<'_>) -> Vec<String> {
    let nodes = &case.context.cluster.nodes;
    let Some((taints, _)) = nodes.tainted.iter().find(|(_, nodes)| nodes.contains(case.node)) else { return Vec::new() };
    let untolerated = taints.iter().filter(|taint| first_untolerated(std::slice::from_ref(taint), &case.class().tolerations).is_some());
    untolerated.map(|taint| remove_taint(case, taint)).collect()
}

fn remove_taint(case: &Case<'_>, taint: &Taint) -> String {
    let node = case.context.node(case.node);
    let (key, taint) = (case.text(taint.key), case.context.taint(taint));
    match key.strip_prefix("node.kubernetes.io/") {
        // the control plane sets and lifts these: removing them by hand changes nothing
        Some("unschedulable") => uncordon(case).remove(0),
        Some(_) => format!("wait until the node recovers: the control plane set {taint} and will lift it"),
        None => format!("tolerate the taint {taint}, or remove it: kubectl taint node {node} {taint}-"),
    }
}

fn label(case: &Case<'_>) -> Vec<String> {
    let class = case.class();
    let mut changes: Vec<String> = class.node_selector.iter().filter_map(|requirement| label_change(case, requirement)).collect();
    let terms = class.required_nodes.iter().flatten();
    let nearest = terms.filter(|term| term.valid).map(|term| term_changes(case, term)).min_by_key(Vec::len);
    changes.extend(nearest.unwrap_or_default());
    changes.dedup();
    changes
}

fn term_changes(case: &Case<'_>, term: &NodeTerm) -> Vec<String> {
    let labels = term.labels.iter().filter_map(|requirement| label_change(case, requirement));
    let own = case.context.cluster.nodes.names[case.node.index()];
    let names = term.names.iter().filter(|(name, wanted)| (*name == own) != *wanted);
    let name = |&(name, wanted): &(_, bool)| match wanted {
        true => format!("the pod's node affinity wants the node {}", case.text(name)),
        false => format!("the pod's node affinity shuns the node {}", case.text(name)),
    };
    labels.chain(names.map(name)).collect()
}

/// What to do about a label; none if it is as it should be.
fn label_change(case: &Case<'_>, requirement: &Requirement) -> Option<String> {
    let cluster = case.context.cluster;
    let value = cluster.nodes.labels[case.node.index()].get(requirement.key);
    if requirement.matches(value, &cluster.texts) {
        return None;
    }
    let key = case.text(requirement.key);
    let has = value.map_or_else(|| "has none".to_owned(), |value| format!("has {}", case.text(value)));
    let values: Vec<&str> = requirement.values.iter().map(|&value| case.text(value)).collect();
    Some(match requirement.operator {
        Operator::In if values.len() == 1 => format!("label the node {key}={} (it {has})", values[0]),
        Operator::In => format!("label the node {key} with one of {} (it {has})", list(&values, 5)),
        Operator::NotIn => format!("change the node's label {key} (it {has})"),
        Operator::Exists => format!("label the node with {key}"),
        Operator::DoesNotExist => format!("remove the node's label {key} (it {has})"),
        Operator::Gt => format!("label the node {key} above {} (it {has})", requirement.bound),
        Operator::Lt => format!("label the node {key} below {} (it {has})", requirement.bound),
    })
}

fn free_ports(case: &Case<'_>) -> Vec<String> {
    let taken = case.occupancy.ports(case.node);
    let wanted = case.class().host_ports.iter().filter(|port| taken.iter().any(|other| other.conflicts(port)));
    let holder = |port: &crate::cluster::class::HostPort| {
        let pods = case.occupancy.pods_on(case.node).iter();
        pods.filter(|&&pod| case.context.cluster.class_of(pod).host_ports.iter().any(|other| other.conflicts(port)))
            .map(|&pod| case.context.pod(pod))
            .next()
    };
    wanted
        .map(|port| {
            format!(
                "free host port {}/{}, held by {}",
                port.port,
                case.text(port.protocol),
                holder(port).unwrap_or_else(|| "another pod".to_owned())
            )
        })
        .collect()
}

fn free_resources(case: &Case<'_>) -> Vec<String> {
    let change = |short: &Shortfall| {
        let unit = Unit::of(&short.resource);
        if short.resource == "pods" {
            return format!("room for one more pod: the node {}", short.sentence());
        }
        if short.needs > short.allocatable {
            let (needs, has) = unit.distinct(short.needs, short.allocatable);
            return format!("a larger node, or a smaller request: needs {needs} {}, the node has {has} in all", short.resource);
        }
        format!("{} more {} free: {}", unit.amount(short.needs - short.free), short.resource, short.sentence())
    };
    case.short.iter().map(change).collect()
}

fn spread(case: &Case<'_>) -> Vec<String> {
    let cluster = case.context.cluster;
    let hard = case.class().spread.iter().filter(|constraint| constraint.hard);
    let change = |constraint: &crate::cluster::class::SpreadConstraint| {
        let topology = cluster.topology(constraint.topology);
        let key = case.text(topology.key);
        if topology.domain(case.node).is_none() {
            return Some(format!("label the node with {key}, which the pod is spread over"));
        }
        let namespace = case.class().namespace;
        let matching =
            case.neighbours(constraint.topology, |class| class.namespace == namespace && constraint.selector.matches(&class.labels));
        let skew = constraint.max_skew;
        (!matching.is_empty()).then(|| {
            format!(
                "fewer than {} of its kind in {} (maxSkew {skew}): {}",
                matching.len(),
                case.domain(constraint.topology),
                list(&matching, 3)
            )
        })
    };
    hard.filter_map(change).collect()
}

fn move_pods(case: &Case<'_>) -> Vec<String> {
    let cluster = case.context.cluster;
    let class = case.class();
    let term = |id: TermId| cluster.term(id);
    if case.says("existing pods anti-affinity") {
        let hostile = |other: &Class, topology: TopologyId| {
            other.anti_affinity.iter().any(|&id| term(id).topology == topology && term(id).matches(class))
        };
        let topologies = (0..cluster.topologies.len()).map(TopologyId::new);
        return topologies
            .filter_map(|topology| away(case, topology, case.neighbours(topology, |other| hostile(other, topology)), "want it away"))
            .collect();
    }
    if case.says("anti-affinity") {
        let change = |&id: &TermId| {
            away(case, term(id).topology, case.neighbours(term(id).topology, |other| term(id).matches(other)), "it must stay away from")
        };
        return class.anti_affinity.iter().filter_map(change).collect();
    }
    let lonely = |&&id: &&TermId| case.neighbours(term(id).topology, |other| term(id).matches(other)).is_empty();
    let change = |&id: &TermId| format!("a pod that it must be near, in {}", case.domain(term(id).topology));
    class.affinity.iter().filter(lonely).map(change).collect()
}

fn away(case: &Case<'_>, topology: TopologyId, pods: Vec<String>, why: &str) -> Option<String> {
    (!pods.is_empty()).then(|| format!("move away from {} the pods that {why}: {}", case.domain(topology), list(&pods, 3)))
}
