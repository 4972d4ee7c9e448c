//! DOT: the graphs of a view, its placement among them, for Graphviz (`dot -Tsvg`). Everything else that a view says is left out.
//!
//! Source: "The DOT Language", graphviz.org/doc/info/lang.html: every identifier is a quoted string, and what is a box here is a
//! subgraph whose name begins with `cluster`.

use std::fmt::Write;

use crate::report::document::{Detail, Graph, Mood, Section, Vertex};
use crate::report::views::View;

/// Writes the graphs of a view, one after another; an empty graph if it has none.
pub fn render(view: &View) -> String {
    let document = view.document(Detail::Full);
    let graphs = document.sections.iter().filter_map(|section| match section {
        Section::Graph { title, graph } => Some((title.as_str(), graph)),
        _ => None,
    });
    let placement = view.placement();
    let graphs = graphs.chain(placement.iter().filter(|graph| !graph.groups.is_empty()).map(|graph| ("", graph)));
    let text: String = graphs.map(|(title, graph)| text(title, graph)).collect();
    if text.is_empty() { "digraph {\n}\n".to_owned() } else { text }
}

/// Writes a graph.
pub fn text(title: &str, graph: &Graph) -> String {
    let mut out = String::from("digraph {\n");
    if !title.is_empty() {
        line(&mut out, 1, &format!("label={};", quoted(title)));
    }
    line(&mut out, 1, "labelloc=t;");
    line(&mut out, 1, "rankdir=LR;");
    line(&mut out, 1, "node [shape=box];");
    contents(&mut out, graph, None, 1);
    for edge in &graph.edges {
        let [from, to] = [edge.from, edge.to].map(|place| quoted(&graph.vertices[place].id));
        line(&mut out, 1, &format!("{from} -> {to} [label={}];", quoted(&edge.text)));
    }
    out.push_str("}\n");
    out
}

/// What stands in a box, or in none: boxes first, each with what is in it.
fn contents(out: &mut String, graph: &Graph, within: Option<usize>, depth: usize) {
    for (place, group) in graph.groups.iter().enumerate().filter(|(_, group)| group.within == within) {
        line(out, depth, &format!("subgraph {} {{", quoted(&format!("cluster_{place}"))));
        line(out, depth + 1, &format!("label={};", quoted(&group.name)));
        contents(out, graph, Some(place), depth + 1);
        line(out, depth, "}");
    }
    for vertex in graph.vertices.iter().filter(|vertex| vertex.group == within) {
        line(out, depth, &format!("{} [{}];", quoted(&vertex.id), attributes(vertex)));
    }
}

fn attributes(vertex: &Vertex) -> String {
    let mut text = format!("label={}", quoted(&vertex.lines.join("\n")));
    let shape = match vertex.kind.as_str() {
        "Ingress" => Some("cds"),
        "Service" => Some("ellipse"),
        "HorizontalPodAutoscaler" | "PodDisruptionBudget" => Some("note"),
        "PersistentVolumeClaim" | "PersistentVolume" => Some("cylinder"),
        "Node" => Some("box3d"),
        "Zone" | "Region" | "Rack" => Some("plaintext"),
        _ => None,
    };
    if let Some(shape) = shape {
        _ = write!(text, ", shape={shape}");
    }
    text.push_str(match vertex.mood {
        Mood::Plain => "",
        Mood::Good => ", color=green",
        Mood::Notable => ", color=orange",
        Mood::Bad => ", color=red, fontcolor=red",
        Mood::Faint => ", style=dashed, fontcolor=gray40",
    });
    text
}

fn line(out: &mut String, depth: usize, text: &str) {
    out.push_str(&"  ".repeat(depth));
    out.push_str(text);
    out.push('\n');
}

/// A quoted string: quotes and backslashes are escaped, a new line is the escape that centres it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => {}
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::{Edge, Group};

    #[test]
    fn names_are_escaped_and_boxes_nest() {
        let vertex = |id: &str, group| Vertex {
            id: id.into(),
            kind: "Node".into(),
            lines: vec![id.into(), "2 pods".into()],
            mood: Mood::Plain,
            group,
        };
        let graph = Graph {
            groups: vec![Group { name: "region r".into(), within: None }, Group { name: "zone \"z\"".into(), within: Some(0) }],
            vertices: vec![vertex("a\"b", Some(1)), vertex("c\\d", None)],
            edges: vec![Edge { from: 0, to: 1, text: "needs".into() }],
        };
        let expected = r#"digraph {
  label="t";
  labelloc=t;
  rankdir=LR;
  node [shape=box];
  subgraph "cluster_0" {
    label="region r";
    subgraph "cluster_1" {
      label="zone \"z\"";
      "a\"b" [label="a\"b\n2 pods", shape=box3d];
    }
  }
  "c\\d" [label="c\\d\n2 pods", shape=box3d];
  "a\"b" -> "c\\d" [label="needs"];
}
"#;
        assert_eq!(text("t", &graph), expected);
    }
}
