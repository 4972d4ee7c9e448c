//! Nodes: sizes, labels with gaps, taints, cordons, images.

use plimsoll::manifest::Quantity;
use plimsoll::manifest::node::{ContainerImage, Node, NodeSpec, NodeStatus, Taint};
use plimsoll::manifest::pod::{Condition, ResourceList};

use super::draw::Draw;
use super::{Plan, Trait, metadata};

/// Images that pods use and nodes may hold, with their sizes.
pub const IMAGES: [(&str, i64); 3] =
    [("registry.local/web:1", 80_000_000), ("registry.local/db:2", 600_000_000), ("registry.local/ml:3", 2_400_000_000)];

/// The nodes of a plan.
pub fn nodes(plan: &Plan) -> Vec<Node> {
    (0..plan.nodes).map(|index| node(plan, index)).collect()
}

/// Name of a node.
pub fn name(index: usize) -> String {
    format!("node-{index:03}")
}

fn node(plan: &Plan, index: usize) -> Node {
    let mut metadata = metadata("node", "", &name(index), index);
    metadata.labels.insert("kubernetes.io/hostname".to_owned(), metadata.name.clone());
    let mut draw = Draw::of(plan.seed, "node labels", index);
    let zones = ["z-a", "z-b", "z-c"];
    let labels = [
        ("topology.kubernetes.io/region", draw.text(&["r1", "r1", "r1", "r2"])),
        ("topology.kubernetes.io/zone", draw.text(&zones)),
        ("rack", draw.text(&["rack-0", "rack-1", "rack-2", "rack-3"])),
        ("disktype", draw.text(&["ssd", "hdd"])),
        ("gen", draw.text(&["1", "2", "3", "5", "old"])),
    ];
    for (key, value) in labels {
        if !(plan.has(Trait::LabelGaps) && draw.percent(15)) {
            metadata.labels.insert(key.to_owned(), value);
        }
    }
    let allocatable = allocatable(plan, index);
    let ready = Condition { r#type: "Ready".to_owned(), status: "True".to_owned(), ..Condition::default() };
    let status = NodeStatus {
        capacity: allocatable.clone(),
        allocatable,
        conditions: vec![ready],
        images: images(plan, index),
        ..NodeStatus::default()
    };
    Node { metadata, spec: spec(plan, index), status }
}

fn allocatable(plan: &Plan, index: usize) -> ResourceList {
    let mut draw = Draw::of(plan.seed, "node size", index);
    let cores = *draw.pick(&[1, 2, 4, 8]);
    let reserved = *draw.pick(&[0, 0, 80, 150]);
    let mut list = ResourceList::from_iter([
        ("cpu".to_owned(), Quantity::from_milli(cores * 1000 - reserved)),
        ("memory".to_owned(), Quantity::from_units(cores * draw.pick(&[1 << 30, 2 << 30, 4_000_000_000]) - reserved * 1_000_003)),
        ("pods".to_owned(), Quantity::from_units(*draw.pick(&[3, 6, 12, 110, 110]))),
    ]);
    if plan.has(Trait::Ephemeral) {
        list.insert("ephemeral-storage".to_owned(), Quantity::from_units(*draw.pick(&[20 << 30, 100 << 30])));
    }
    if plan.has(Trait::Extended) && draw.percent(35) {
        list.insert("nvidia.com/gpu".to_owned(), Quantity::from_units(*draw.pick(&[1, 2, 4, 8])));
    }
    if plan.has(Trait::HugePages) && draw.percent(35) {
        list.insert("hugepages-2Mi".to_owned(), Quantity::from_units(*draw.pick(&[64 << 20, 256 << 20])));
    }
    list
}

fn spec(plan: &Plan, index: usize) -> NodeSpec {
    let mut spec = NodeSpec::default();
    let mut draw = Draw::of(plan.seed, "node taints", index);
    if plan.has(Trait::Taints) && draw.percent(35) {
        for _ in 0..1 + draw.below(2) {
            let (key, value) = *draw.pick(&[("dedicated", "db"), ("dedicated", "gpu"), ("spot", "true"), ("maintenance", "")]);
            let effect = draw.text(&["NoSchedule", "NoExecute", "PreferNoSchedule", "PreferNoSchedule"]);
            spec.taints.push(Taint { key: key.to_owned(), value: value.to_owned(), effect });
        }
        // the API server takes a key and an effect once
        spec.taints.dedup_by(|one, other| one.key == other.key && one.effect == other.effect);
    }
    if plan.has(Trait::Cordons) && draw.percent(12) {
        spec.unschedulable = true;
        if draw.percent(70) {
            let key = "node.kubernetes.io/unschedulable".to_owned();
            spec.taints.push(Taint { key, value: String::new(), effect: "NoSchedule".to_owned() });
        }
    }
    spec
}

fn images(plan: &Plan, index: usize) -> Vec<ContainerImage> {
    if !plan.has(Trait::Images) {
        return Vec::new();
    }
    let mut draw = Draw::of(plan.seed, "node images", index);
    let held = IMAGES.iter().filter(|_| draw.percent(40));
    held.map(|(name, size_bytes)| ContainerImage { names: vec![(*name).to_owned(), format!("{name}@sha256:0")], size_bytes: *size_bytes })
        .collect()
}
