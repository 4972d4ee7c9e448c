//! How full nodes are: bars of each node, and a heat map of nodes and resources. Of large clusters the fullest nodes by name, and the rest
//! counted by how full they are.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::ReportView;
use crate::report::amount::{count, list};
use crate::report::document::{Bar, BarRow, Bars, Cell, Chart, Grid, Plot, Shade, Table, Text};
use crate::report::views::schedule::NodeUse;
use crate::report::views::usage::ResourceUse;

/// So many nodes have bars of their own: the fullest.
const BARS: usize = 40;
/// So many nodes have a row of their own in the heat map; more are put together by how full they are.
const ROWS: usize = 60;
/// So many resources have a column.
const RESOURCES: usize = 8;

impl ReportView {
    /// A bar for cpu, memory and pods of each node.
    pub(super) fn bars(&self) -> Chart {
        let columns: Vec<String> = self.resources.iter().filter(|each| each.is_main()).map(|each| each.resource.clone()).collect();
        let limit = |name: &String| self.max_utilization.filter(|_| name != "pods");
        let mut nodes: Vec<&NodeUse> = self.nodes.iter().collect();
        let mut notes = Vec::new();
        if nodes.len() > BARS {
            nodes.sort_by(|one, other| fullness(other).total_cmp(&fullness(one)));
            notes.push(format!("The {BARS} fullest nodes; {} not shown here, and in the table below.", count(nodes.len() - BARS, "node")));
            nodes.truncate(BARS);
        }
        let row = |node: &&NodeUse| BarRow {
            name: node.node.clone(),
            aside: node.zone.clone().unwrap_or_default(),
            bars: columns.iter().map(|name| bar(node, name)).collect(),
        };
        let rows = nodes.iter().map(row).collect();
        let of_all = |each: &ResourceUse| format!("{} {}", each.resource, each.share());
        let all: Vec<String> = self.resources.iter().filter(|each| each.is_main()).map(of_all).collect();
        let about = format!("What pods request of each node. Of all nodes together: {}.", all.join(", "));
        let limits = columns.iter().map(limit).collect();
        let plot = Plot::Bars(Bars { columns, limits, rows, notes });
        Chart { name: "utilisation", title: "Node utilisation".to_owned(), about, plot }
    }

    /// How full each node is of each resource.
    pub(super) fn heat_map(&self) -> Chart {
        let columns: Vec<String> = self.requested().map(|each| each.resource.clone()).collect();
        let mut notes = Vec::new();
        if self.resources.len() > columns.len() {
            let known = |name: &str| columns.iter().any(|column| column == name);
            let others: Vec<&str> = self.resources.iter().map(|each| each.resource.as_str()).filter(|name| !known(name)).collect();
            notes.push(format!("No column here, because nothing or little is requested: {}.", list(&others, 4)));
        }
        let rows = match self.nodes.len() > ROWS {
            true => self.levels(&columns, &mut notes),
            false => self.nodes.iter().map(|node| (node.node.clone(), columns.iter().map(|name| heat(node, name)).collect())).collect(),
        };
        let legend = (0..=5).map(|level| (Shade::Level(level), LEVELS[usize::from(level)].to_owned())).collect();
        let grid = Grid { axes: ("node".to_owned(), "resource".to_owned()), columns, rows, legend, notes };
        let about = "How much of each resource pods request of each node, in percent of what they can have.".to_owned();
        Chart { name: "heat-map", title: "Nodes and resources".to_owned(), about, plot: Plot::Grid(grid) }
    }

    /// The resources that are worth a column: those that somebody asks for.
    fn requested(&self) -> impl Iterator<Item = &ResourceUse> {
        self.resources.iter().filter(|each| each.is_main() || each.requested > 0).take(RESOURCES)
    }

    /// Nodes that are as full as one another, the fullest first.
    fn levels(&self, columns: &[String], notes: &mut Vec<String>) -> Vec<(String, Vec<Cell>)> {
        let mut groups: IndexMap<Vec<Option<u8>>, usize, FxBuildHasher> = IndexMap::default();
        for node in &self.nodes {
            *groups.entry(columns.iter().map(|name| percent(node, name).map(level)).collect()).or_default() += 1;
        }
        groups.sort_by(|one, _, other, _| other.cmp(one));
        let more: usize = groups.values().skip(ROWS).sum();
        if more > 0 {
            notes.push(format!("{} of the least full are not shown here, and in the table below.", count(more, "node")));
        }
        let cell = |level: &Option<u8>| match level {
            Some(level) => Cell { text: LEVELS[usize::from(*level)].to_owned(), about: String::new(), shade: Shade::Level(*level) },
            None => nothing(),
        };
        groups.iter().take(ROWS).map(|(levels, &nodes)| (count(nodes, "node"), levels.iter().map(cell).collect())).collect()
    }

    /// The same of every node in numbers.
    pub(super) fn node_table(&self) -> Table {
        let has_zones = self.nodes.iter().any(|node| node.zone.is_some());
        let mut table = Table::new().left("node");
        if has_zones {
            table = table.left("zone");
        }
        for each in self.requested() {
            table = table.right(each.resource.as_str()).right(format!("{} %", each.resource));
        }
        table = table.left("taints and cordons");
        for node in &self.nodes {
            let mut row: Vec<Text> = vec![node.node.as_str().into()];
            if has_zones {
                row.push(node.zone.as_deref().unwrap_or("–").into());
            }
            for each in self.requested() {
                let used = used(node, &each.resource);
                row.extend(
                    [used.map_or_else(String::new, ResourceUse::fraction), used.map_or_else(String::new, ResourceUse::share)]
                        .map(Text::from),
                );
            }
            let cordon = node.unschedulable.then(|| "cordoned".to_owned());
            row.push(cordon.into_iter().chain(node.taints.iter().cloned()).collect::<Vec<_>>().join(", ").into());
            table.row(row);
        }
        table
    }
}

/// What levels say.
const LEVELS: [&str; 6] = ["<20 %", "20–40 %", "40–60 %", "60–80 %", "80–<100 %", "full"];

fn level(percent: f64) -> u8 {
    if percent >= 100.0 { 5 } else { (percent / 20.0).clamp(0.0, 4.0) as u8 }
}

/// How full a node is of one resource, if it has any of it.
fn percent(node: &NodeUse, resource: &str) -> Option<f64> {
    let used = used(node, resource)?;
    (used.allocatable > 0 || used.requested > 0).then_some(used.percent)
}

fn bar(node: &NodeUse, resource: &str) -> Option<Bar> {
    let percent = percent(node, resource)?;
    Some(Bar { percent, text: used(node, resource)?.share() })
}

fn used<'a>(node: &'a NodeUse, resource: &str) -> Option<&'a ResourceUse> {
    node.resources.iter().find(|each| each.resource == resource)
}

/// How full a node is of what it is fullest of.
fn fullness(node: &NodeUse) -> f64 {
    node.resources.iter().filter(|each| each.is_main()).map(|each| each.percent).fold(0.0, f64::max)
}

fn heat(node: &NodeUse, resource: &str) -> Cell {
    let Some((used, percent)) = used(node, resource).zip(percent(node, resource)) else { return nothing() };
    let about = format!("{}: {} of {resource} requested", node.node, used.fraction());
    Cell { text: used.share(), about, shade: Shade::Level(level(percent)) }
}

/// Of a resource that a node does not have.
fn nothing() -> Cell {
    Cell { text: "–".to_owned(), ..Cell::default() }
}
