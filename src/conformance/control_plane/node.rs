//! What recordings do with nodes: create, cordon, uncordon, delete.

use serde_json::{Map, Value};

use super::cluster::{Cluster, answer};
use crate::controllers::world::Key;
use crate::manifest::node::{Node, Taint};
use crate::manifest::refusal::Refusal;
use crate::simulation::ControlPlane;

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Creates a node in two requests, as recordings do: with the taint that admission puts on it, and with just its own and that of a
/// cordon, if it is cordoned. Between them the scheduler comes to try one pod.
pub(super) fn post(plane: &mut ControlPlane, mut node: Node) -> Result<(), Refusal> {
    let own = node.spec.taints.clone();
    add_taint(&mut node, NOT_READY);
    let key = plane.create(node)?;
    plane.try_one_pod();
    plane.change_node(&key, |node| {
        node.spec.taints = own;
        if node.spec.unschedulable {
            add_taint(node, UNSCHEDULABLE);
        }
    });
    Ok(())
}

/// Adds a taint that keeps new pods away, unless the node has it.
fn add_taint(node: &mut Node, key: &str) {
    let taint = Taint { key: key.to_owned(), effect: "NoSchedule".to_owned(), ..Taint::default() };
    if !node.spec.taints.iter().any(|other| other.key == taint.key && other.effect == taint.effect) {
        node.spec.taints.push(taint);
    }
}

pub(super) fn delete(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    let name = action["node"].as_str().or(action["name"].as_str()).unwrap_or_default();
    Ok(answer(cluster.plane.delete::<Node>(&Key::new("", name), false)))
}

pub(super) fn cordon(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    change_node(cluster, action, |node| {
        node.spec.unschedulable = true;
        add_taint(node, UNSCHEDULABLE);
    })
}

pub(super) fn uncordon(cluster: &mut Cluster, action: &Value) -> Result<Map<String, Value>, String> {
    change_node(cluster, action, |node| {
        node.spec.unschedulable = false;
        node.spec.taints.retain(|taint| taint.key != UNSCHEDULABLE);
    })
}

fn change_node(cluster: &mut Cluster, action: &Value, change: impl FnOnce(&mut Node)) -> Result<Map<String, Value>, String> {
    let key = Key::new("", action["node"].as_str().unwrap_or_default());
    cluster.plane.change_node(&key, change);
    Ok(Map::new())
}
