//! A placement as a graph to be drawn: zones are boxes of nodes, nodes are boxes of their pods.

use std::collections::BTreeMap;

use super::schedule::{NodeUse, ScheduleView, State};
use super::size::{NodesView, SizeView};
use crate::report::document::{Graph, Group, Mood, Vertex};

/// A graph that grows.
#[derive(Default)]
struct Drawing {
    graph: Graph,
    zones: BTreeMap<String, usize>,
    nodes: BTreeMap<String, usize>,
}

impl Drawing {
    /// Adds a node as a box in its zone.
    fn node(&mut self, name: &str, zone: Option<&str>, title: String) {
        let groups = &mut self.graph.groups;
        let within = zone.map(|zone| {
            *self.zones.entry(zone.to_owned()).or_insert_with(|| {
                groups.push(Group { name: format!("zone {zone}"), within: None });
                groups.len() - 1
            })
        });
        groups.push(Group { name: title, within });
        self.nodes.insert(name.to_owned(), groups.len() - 1);
    }

    /// Adds a pod to its node, or to none.
    fn pod(&mut self, pod: &str, node: Option<&str>, lines: Vec<String>, mood: Mood) {
        let group = match node {
            Some(node) => self.nodes.get(node).copied(),
            None => Some(self.nowhere()),
        };
        self.graph.vertices.push(Vertex { id: format!("Pod {pod}"), kind: "Pod".to_owned(), lines, mood, group });
    }

    fn nowhere(&mut self) -> usize {
        let groups = &mut self.graph.groups;
        *self.nodes.entry(String::new()).or_insert_with(|| {
            groups.push(Group { name: "no node".to_owned(), within: None });
            groups.len() - 1
        })
    }

    /// The graph. A box with nothing in it would not be drawn.
    fn finish(mut self) -> Graph {
        for (name, &group) in &self.nodes {
            if self.graph.vertices.iter().all(|vertex| vertex.group != Some(group)) {
                let (id, lines) = (format!("Node {name}"), vec!["no pod".to_owned()]);
                self.graph.vertices.push(Vertex { id, kind: "Node".to_owned(), lines, mood: Mood::Faint, group: Some(group) });
            }
        }
        self.graph
    }
}

impl ScheduleView {
    /// As a graph.
    pub(super) fn placement(&self) -> Graph {
        let mut drawing = Drawing::default();
        for node in &self.nodes {
            drawing.node(&node.node, node.zone.as_deref(), title(node));
        }
        for pod in &self.pods {
            let mood = match pod.state {
                State::Bound => Mood::Plain,
                State::Placed => Mood::Good,
                State::Gated | State::OtherScheduler | State::Moved => Mood::Notable,
                State::Unschedulable | State::Preempted => Mood::Bad,
            };
            let asked = super::schedule::requests(&pod.requests);
            drawing.pod(&pod.pod, pod.node.as_deref(), vec![pod.pod.clone(), asked], mood);
        }
        drawing.finish()
    }
}

/// `node a, m5.large: cpu 40 %, memory 20 %`.
fn title(node: &NodeUse) -> String {
    let kind = node.instance_type.as_ref().map(|kind| format!(", {kind}")).unwrap_or_default();
    let uses: Vec<String> = node.resources.iter().take(2).map(|each| format!("{} {}", each.resource, each.share())).collect();
    format!("node {}{kind}: {}", node.node, uses.join(", "))
}

impl SizeView {
    /// As a graph.
    pub(super) fn placement(&self) -> Graph {
        let mut drawing = Drawing::default();
        let mut all: Vec<(&str, Option<&str>, String)> =
            self.kept.iter().map(|kept| (kept.node.as_str(), kept.zone.as_deref(), format!("node {} (stays)", kept.node))).collect();
        for nodes in &self.nodes {
            all.extend(nodes.names.iter().map(|name| (name.as_str(), nodes.zone.as_deref(), bought(nodes, name))));
        }
        for (name, zone, title) in all {
            drawing.node(name, zone, title);
        }
        for place in &self.placement {
            let mood = if place.node.is_some() { Mood::Good } else { Mood::Bad };
            drawing.pod(&place.pod, place.node.as_deref(), vec![place.pod.clone()], mood);
        }
        drawing.finish()
    }
}

fn bought(nodes: &NodesView, name: &str) -> String {
    format!("node {name}, {}", nodes.node_type)
}
