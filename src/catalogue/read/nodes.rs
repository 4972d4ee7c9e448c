//! Nodes of a cluster as a catalogue: each shape of node is a type that could be bought again.
//!
//! Nodes are alike if what they would be as a type is alike: allocatable, labels and taints, without what is one machine's own. A type is
//! named after the label of its instance type; of several shapes with one name, all but the first have the name of their first node
//! behind it. A dump knows no price, and no limit.

use super::FORMATS;
use super::collect::{Collector, Draft};
use super::fields::scalar;
use crate::catalogue::NodeType;
use crate::manifest::read::tree::{Node, Value};
use crate::manifest::read::{self, Severity};
use crate::manifest::storage::CsiNode;

/// Whether a document is a node, or a list that may hold some.
pub(super) fn holds_nodes(document: &Node) -> bool {
    let kind = document.get("kind").and_then(scalar).unwrap_or_default();
    kind == "Node" || kind == "List" || kind == "NodeList" || matches!(document.get("items"), Some(Node { value: Value::List(_), .. }))
}

/// Reads nodes, and the volume limits of their CSINodes.
pub(super) fn read(text: &str, collector: &mut Collector) {
    let input = read::read_str(collector.file(), text);
    // what is wrong with other objects of a dump, or with the dump as a whole, is nothing to a catalogue
    let is_about_nodes = |problem: &&read::Problem| !problem.location.file.is_empty() && problem.message.contains("Node");
    collector.problems.extend(input.problems.iter().filter(is_about_nodes).cloned());
    let mut types: Vec<(NodeType, usize)> = Vec::new();
    let mut shapes: Vec<NodeType> = Vec::new();
    for (index, node) in input.objects.nodes.iter().enumerate() {
        let csi_node = input.objects.csi_nodes.iter().find(|csi_node| csi_node.metadata.name == node.metadata.name);
        let none = CsiNode::default();
        let mut shape = NodeType::like(node).with_volume_limits(csi_node.unwrap_or(&none));
        // nodes without an instance type are named after themselves, and alike all the same
        let is_named = shape.name != format!("like-{}", node.metadata.name);
        let name = if is_named { shape.name.clone() } else { String::new() };
        let named = std::mem::replace(&mut shape.name, name);
        if shapes.contains(&shape) {
            continue;
        }
        shapes.push(shape.clone());
        shape.name = match types.iter().any(|(other, _)| other.name == named) {
            true => format!("{named}-{}", node.metadata.name),
            false => named,
        };
        types.push((shape, index));
    }
    if types.is_empty() {
        let position = crate::manifest::location::Position::START;
        return collector.problems.push(collector.problem(Severity::Error, position, "no nodes in these lists").hint(FORMATS));
    }
    for (node_type, index) in types {
        let position = input.locate(input.objects.nodes[index].metadata.origin).position;
        collector.add(Draft { position, node_type, capacity: None });
    }
}
