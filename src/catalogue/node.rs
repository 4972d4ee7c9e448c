//! From a node to the type it is of, and from a type to a fresh node.
//!
//! A clone has what a new node of the same pool would come up with: what pods can have, the pool's labels and taints. What belongs to
//! the one machine (its name, its address), to where it stands (the zone) or to how it fares just now (conditions, drains) stays behind.

use super::{NodeType, Offering, label};
use crate::manifest::meta::{ObjectMeta, StringMap};
use crate::manifest::node::{Node, NodeSpec, NodeStatus, Taint};
use crate::manifest::pod::Condition;
use crate::manifest::storage::{CsiNode, CsiNodeDriver, CsiNodeSpec, VolumeNodeResources};

/// Why a label is not part of a node's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DroppedLabel {
    /// It names or numbers this one machine.
    Machine,
    /// It says where the machine stands; a fresh node gets that of its own zone.
    Zone,
    /// It says how the machine was bought, which is the offering's.
    Purchase,
}

/// Labels that belong to one machine, whatever their value.
const MACHINE: [&str; 6] = [
    label::HOSTNAME,
    "k3s.io/hostname",
    "alpha.eksctl.io/instance-id",
    "node.openshift.io/hostname",
    "kubernetes.azure.com/node-index",
    "topology.kubernetes.io/rack",
];
/// Labels that say where a machine stands.
const ZONES: [&str; 3] = [label::ZONE, "failure-domain.beta.kubernetes.io/zone", "topology.k8s.aws/zone-id"];
/// Labels that say how a machine was bought.
const PURCHASE: [&str; 5] = [
    label::CAPACITY_TYPE,
    "eks.amazonaws.com/capacityType",
    "kubernetes.azure.com/scalesetpriority",
    "cloud.google.com/gke-spot",
    "cloud.google.com/gke-preemptible",
];
/// Taints that say how a node fares just now: conditions, drains, and a start that is not over.
const PASSING_TAINTS: [&str; 15] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.kubernetes.io/unschedulable",
    "node.kubernetes.io/out-of-service",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "node.cloudprovider.kubernetes.io/shutdown",
    "ToBeDeletedByClusterAutoscaler",
    "DeletionCandidateOfClusterAutoscaler",
    "karpenter.sh/disrupted",
    "karpenter.sh/disruption",
    "karpenter.sh/unregistered",
];

/// Whether, and why, a label of a node is not part of its type: for it is the machine's own, the place's, or the purchase's.
pub fn dropped_label(node: &Node, key: &str, value: &str) -> Option<DroppedLabel> {
    let name = node.metadata.name.as_str();
    let instance = node.spec.provider_id.rsplit('/').next().unwrap_or_default();
    let zone = zone(node);
    // a short value (a node named 1) would be found in anything
    let names_it = !name.is_empty() && (value == name || name.len() > 3 && value.contains(name)) || value == instance && !value.is_empty();
    match key {
        _ if PURCHASE.contains(&key) => Some(DroppedLabel::Purchase),
        _ if ZONES.contains(&key) || zone.is_some_and(|zone| follows_zone(key) && value == zone) => Some(DroppedLabel::Zone),
        _ if MACHINE.contains(&key) || key.ends_with("-ip") || names_it => Some(DroppedLabel::Machine),
        _ => None,
    }
}

/// Domains of labels that the kubelet, a cloud or a provisioner gives nodes by itself; those below them, too.
const PROVIDERS: [&str; 9] = [
    "kubernetes.io",
    "k8s.io",
    "k8s.aws",
    "karpenter.sh",
    "eks.amazonaws.com",
    "cloud.google.com",
    "kubernetes.azure.com",
    "eksctl.io",
    "k3s.io",
];

/// Whether a label is one that people give their nodes, rather than the kubelet, the cloud or a provisioner.
pub fn is_given(key: &str) -> bool {
    let Some((domain, _)) = key.split_once('/') else { return key != "agentpool" };
    let is_below = |provider: &&str| domain.strip_suffix(*provider).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !PROVIDERS.iter().any(is_below)
}

/// Whether a label is one of those in which CSI drivers and clouds repeat the zone.
fn follows_zone(key: &str) -> bool {
    key != label::REGION && (key.ends_with("/zone") || key.starts_with("topology."))
}

fn zone(node: &Node) -> Option<&str> {
    ZONES[..2].iter().find_map(|key| node.metadata.labels.get(*key)).map(String::as_str)
}

impl NodeType {
    /// The type that a node of a dump is of. It costs what nobody has said, in any zone; its name is that of the node's instance type,
    /// or `like-` and the node's.
    pub fn like(node: &Node) -> NodeType {
        let labels = &node.metadata.labels;
        let kept = |(key, value): &(&String, &String)| dropped_label(node, key, value).is_none();
        let follows = |(key, value): &(&String, &String)| follows_zone(key) && !ZONES.contains(&key.as_str()) && zone(node) == Some(value);
        let name = [label::INSTANCE_TYPE, "beta.kubernetes.io/instance-type"].iter().find_map(|key| labels.get(*key));
        NodeType {
            name: name.filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| format!("like-{}", node.metadata.name)),
            allocatable: node.status.allocatable.clone(),
            capacity: node.status.capacity.clone(),
            labels: labels.iter().filter(kept).map(|(key, value)| (key.clone(), value.clone())).collect(),
            zone_labels: labels.iter().filter(follows).map(|(key, _)| key.clone()).collect(),
            taints: node.spec.taints.iter().filter(|taint| !PASSING_TAINTS.contains(&taint.key.as_str())).cloned().collect(),
            offerings: vec![Offering { capacity_type: capacity_type(labels), ..Offering::default() }],
            ..NodeType::default()
        }
    }

    /// The same with the volume limits that a node's CSI drivers report.
    pub fn with_volume_limits(mut self, node: &CsiNode) -> NodeType {
        let count = |driver: &CsiNodeDriver| driver.allocatable.as_ref().and_then(|allocatable| allocatable.count);
        let limits = node.spec.drivers.iter().filter_map(|driver| Some((driver.name.clone(), count(driver)?)));
        self.volume_limits.extend(limits);
        self
    }

    /// A fresh node of this type, as it is once it has joined: ready, empty, with the labels of its own name, of the zone in which it was
    /// bought and of how. A zone of none leaves out the labels of zone and region.
    pub fn node(&self, name: &str, zone: Option<&str>, capacity_type: Option<&str>) -> Node {
        let mut labels = self.labels.clone();
        let mut set = |key: &str, value: &str| drop(labels.insert(key.to_owned(), value.to_owned()));
        set(label::HOSTNAME, name);
        if let Some(zone) = zone {
            set(label::ZONE, zone);
            self.zone_labels.iter().for_each(|key| set(key, zone));
            if let Some(region) = region(zone).filter(|_| !self.labels.contains_key(label::REGION)) {
                set(label::REGION, region);
            }
        }
        if let Some(capacity_type) = capacity_type {
            set(label::CAPACITY_TYPE, capacity_type);
        }
        let ready = Condition { r#type: "Ready".into(), status: "True".into(), reason: "KubeletReady".into(), ..Condition::default() };
        Node {
            metadata: ObjectMeta { name: name.to_owned(), labels, ..ObjectMeta::default() },
            spec: NodeSpec { taints: self.taints.clone(), ..NodeSpec::default() },
            status: NodeStatus {
                capacity: self.allocatable.clone(),
                allocatable: self.allocatable.clone(),
                conditions: vec![ready],
                ..NodeStatus::default()
            },
        }
    }

    /// What the CSI drivers of a fresh node of this type report; none if the type limits no volumes.
    pub fn csi_node(&self, name: &str) -> Option<CsiNode> {
        let driver = |(driver, count): (&String, &i32)| CsiNodeDriver {
            name: driver.clone(),
            node_id: name.to_owned(),
            topology_keys: self.zone_labels.clone(),
            allocatable: Some(VolumeNodeResources { count: Some(*count) }),
        };
        let drivers: Vec<CsiNodeDriver> = self.volume_limits.iter().map(driver).collect();
        let metadata = ObjectMeta { name: name.to_owned(), ..ObjectMeta::default() };
        (!drivers.is_empty()).then_some(CsiNode { metadata, spec: CsiNodeSpec { drivers } })
    }
}

/// How a node was bought, by the labels in which the clouds say so.
pub(super) fn capacity_type(labels: &StringMap) -> Option<String> {
    let is_true = |key: &str| labels.get(key).is_some_and(|value| value == "true");
    let named = labels.get(label::CAPACITY_TYPE).or_else(|| labels.get("eks.amazonaws.com/capacityType"));
    if let Some(named) = named {
        return Some(named.to_lowercase().replace('_', "-"));
    }
    let is_azure_spot = labels.get("kubernetes.azure.com/scalesetpriority").is_some_and(|value| value == "spot");
    let is_spot = is_azure_spot || is_true("cloud.google.com/gke-spot") || is_true("cloud.google.com/gke-preemptible");
    is_spot.then(|| "spot".to_owned())
}

/// The region of a zone, where the zone is named as one of the three large clouds names it: `us-east-1a`, `us-central1-a`, `westeurope-1`.
fn region(zone: &str) -> Option<&str> {
    let last = zone.chars().last()?;
    if let Some((region, end)) = zone.rsplit_once('-').filter(|(region, end)| end.len() == 1 && !region.is_empty()) {
        let google = end.bytes().all(|letter| letter.is_ascii_lowercase()) && region.ends_with(|c: char| c.is_ascii_digit());
        let is_word = region.len() >= 6 && region.bytes().all(|letter| letter.is_ascii_alphanumeric());
        let azure = end.bytes().all(|letter| letter.is_ascii_digit()) && is_word;
        return (google || azure).then_some(region);
    }
    let region = &zone[..zone.len() - last.len_utf8()];
    let is_amazon = last.is_ascii_lowercase() && region.ends_with(|c: char| c.is_ascii_digit()) && region.matches('-').count() >= 2;
    is_amazon.then_some(region)
}

/// A taint as `kubectl taint` writes it: `key=value:Effect` or `key:Effect`.
pub(super) fn parse_taint(text: &str) -> Option<Taint> {
    let (rest, effect) = text.trim().rsplit_once(':')?;
    let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
    let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) && !key.is_empty();
    known.then(|| Taint { key: key.to_owned(), value: value.to_owned(), effect: effect.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_told_from_zones_as_the_clouds_name_them() {
        for (zone, expected) in [
            ("us-east-1a", Some("us-east-1")),
            ("us-central1-a", Some("us-central1")),
            ("westeurope-1", Some("westeurope")),
            ("a", None),
            ("rack-7", None),
            ("zone-a", None),
            ("fra1", None),
            ("", None),
        ] {
            assert_eq!(region(zone), expected, "{zone}");
        }
    }

    #[test]
    fn taints_are_read_as_kubectl_writes_them() {
        let taint = |key: &str, value: &str, effect: &str| Some(Taint { key: key.into(), value: value.into(), effect: effect.into() });
        assert_eq!(parse_taint("a=b:NoSchedule"), taint("a", "b", "NoSchedule"));
        assert_eq!(parse_taint("a:NoExecute"), taint("a", "", "NoExecute"));
        assert_eq!(parse_taint("a=b:Never"), None);
        assert_eq!(parse_taint("a=b"), None);
    }
}
