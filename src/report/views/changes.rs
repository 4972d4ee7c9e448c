//! What changes when something is applied to a cluster: pods that come, go, move or are left without a node, and the nodes that
//! fill or empty.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use schemars::JsonSchema;
use serde::Serialize;

use super::usage::ResourceUse;
use crate::report::amount::{count, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};
use crate::simulation::Difference;
use crate::simulation::difference::{Change, NodeChange, PodChange};

/// What changes when something is applied to a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// How many objects are applied that the cluster does not have.
    pub new_objects: usize,
    /// How many objects are applied that the cluster has.
    pub changed_objects: usize,
    /// The pods that are not as they were, the most urgent first.
    pub pods: Vec<ChangedPod>,
    /// The nodes that are not as they were, those that change most first.
    pub nodes: Vec<ChangedNode>,
}

/// A pod that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedPod {
    /// `namespace/name`; of one that goes, the name it had.
    pub pod: String,
    /// `namespace/name (Kind)` of what it belongs to.
    pub workload: String,
    /// What happens to it.
    pub change: Happening,
    /// The pod whose place it takes, if that had another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The node it, or the pod it replaces, was on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The node it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What happens to a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Happening {
    /// It has no node afterwards, and had one before or was not there.
    GoesPending,
    /// The API server refuses it, and did not before.
    NotCreated,
    /// It is on another node afterwards.
    Moves,
    /// Another pod of its workload takes its place.
    Replaced,
    /// It is gone.
    Goes,
    /// It is new.
    Appears,
    /// It was pending or not created, and is not any more.
    GetsNode,
}

/// A node that is not as it was.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedNode {
    /// The node.
    pub node: String,
    /// Use before, of the resources that change and of cpu, memory and pods; empty if the node is new.
    pub before: Vec<ResourceUse>,
    /// Use after, of the same resources; empty if the node is gone.
    pub after: Vec<ResourceUse>,
}

/// Up to this many rows fit a screen.
const ROWS_ON_A_SCREEN: usize = 20;
/// So many nodes are enough to see where it goes.
const NODES_ON_A_SCREEN: usize = 8;

impl Happening {
    /// In words, as of one pod.
    pub fn words(self) -> &'static str {
        match self {
            Happening::GoesPending => "goes pending",
            Happening::NotCreated => "is not created",
            Happening::Moves => "moves",
            Happening::Replaced => "is replaced",
            Happening::Goes => "goes",
            Happening::Appears => "appears",
            Happening::GetsNode => "gets a node",
        }
    }

    /// In words, as of several pods.
    fn plural(self) -> &'static str {
        match self {
            Happening::GoesPending => "go pending",
            Happening::NotCreated => "are not created",
            Happening::Moves => "move",
            Happening::Replaced => "are replaced",
            Happening::Goes => "go",
            Happening::Appears => "appear",
            Happening::GetsNode => "get a node",
        }
    }

    fn mood(self) -> Mood {
        match self {
            Happening::GoesPending | Happening::NotCreated => Mood::Bad,
            Happening::Moves | Happening::Replaced | Happening::Goes => Mood::Notable,
            Happening::Appears | Happening::GetsNode => Mood::Good,
        }
    }
}

impl From<Change> for Happening {
    fn from(change: Change) -> Self {
        match change {
            Change::GoesPending => Happening::GoesPending,
            Change::NotCreated => Happening::NotCreated,
            Change::Moves => Happening::Moves,
            Change::Replaced => Happening::Replaced,
            Change::Goes => Happening::Goes,
            Change::Appears => Happening::Appears,
            Change::GetsNode => Happening::GetsNode,
        }
    }
}

impl Changes {
    /// Of a difference; `applied` counts the new and the changed objects, `namespaces` are those whose pods are shown, none for all.
    pub fn new(difference: &Difference, applied: (usize, usize), namespaces: &[String]) -> Self {
        let is_shown = |pod: &&PodChange| namespaces.is_empty() || namespaces.contains(&pod.namespace);
        let mut nodes: Vec<ChangedNode> = difference.nodes.iter().map(ChangedNode::new).collect();
        nodes.sort_by(|one, other| other.shift().total_cmp(&one.shift()).then_with(|| one.node.cmp(&other.node)));
        Changes {
            new_objects: applied.0,
            changed_objects: applied.1,
            pods: difference.pods.iter().filter(is_shown).map(ChangedPod::new).collect(),
            nodes,
        }
    }

    /// Adds the sections that say it.
    pub fn sections(&self, document: &mut Document, detail: Detail) {
        let (table, notes) = match detail {
            Detail::Brief => self.by_workload(Detail::Brief),
            Detail::Full => (self.by_pod(), Vec::new()),
        };
        document.led_table("What changes", vec![self.headline()], table, notes);
        self.node_section(document, detail);
    }

    fn headline(&self) -> Text {
        let mut counts: IndexMap<Happening, usize, FxBuildHasher> = IndexMap::default();
        self.pods.iter().for_each(|pod| *counts.entry(pod.change).or_default() += 1);
        let said = |(index, (&change, &number)): (usize, (&Happening, &usize))| {
            let number_of = if index == 0 { count(number, "pod") } else { thousands(number) };
            format!("{number_of} {}", if number == 1 { change.words() } else { change.plural() })
        };
        let pods: Vec<String> = counts.iter().enumerate().map(said).collect();
        let result = match (pods.is_empty(), self.nodes.len()) {
            (true, 0) => "nothing changes".to_owned(),
            (true, nodes) => format!("no pod changes, {} {}", count(nodes, "node"), if nodes == 1 { "does" } else { "do" }),
            (false, _) => pods.join(", "),
        };
        let mood = self.pods.first().map_or(Mood::Plain, |pod| if pod.change.mood() == Mood::Bad { Mood::Bad } else { Mood::Plain });
        Text::new(format!("{}: {result}", self.applied()), mood)
    }

    /// `3 new objects, 1 changed`.
    fn applied(&self) -> String {
        match (self.new_objects, self.changed_objects) {
            (new, 0) => count(new, "new object"),
            (0, changed) => count(changed, "changed object"),
            (new, changed) => format!("{}, {} changed", count(new, "new object"), thousands(changed)),
        }
    }

    /// A row a workload and what happens to its pods.
    pub(super) fn by_workload(&self, detail: Detail) -> (Table, Vec<String>) {
        type Nodes<'a> = IndexMap<&'a str, usize, FxBuildHasher>;
        let mut groups: IndexMap<(Happening, &str), (usize, Nodes<'_>, Nodes<'_>), FxBuildHasher> = IndexMap::default();
        for pod in &self.pods {
            let (pods, from, to) = groups.entry((pod.change, &pod.workload)).or_default();
            *pods += 1;
            pod.from.iter().for_each(|node| *from.entry(node).or_default() += 1);
            pod.to.iter().for_each(|node| *to.entry(node).or_default() += 1);
        }
        let places = |nodes: &Nodes<'_>| {
            let mut nodes: Vec<(&str, usize)> = nodes.iter().map(|(node, pods)| (*node, *pods)).collect();
            nodes.sort_unstable();
            let names: Vec<String> =
                nodes.iter().map(|(node, pods)| if *pods == 1 { (*node).to_owned() } else { format!("{node} ×{pods}") }).collect();
            if names.is_empty() { "-".to_owned() } else { list(&names, 4) }
        };
        let mut table = Table::new().left("workload").right("pods").left("change").left("from").left("to");
        for ((change, workload), (pods, from, to)) in &groups {
            let words = if *pods == 1 { change.words() } else { change.plural() };
            let cells = [(*workload).into(), thousands(*pods).into(), Text::new(words, change.mood())];
            table.row([&cells[..], &[places(from).into(), places(to).into()]].concat());
        }
        let notes = match if detail == Detail::Full { 0 } else { table.cut(ROWS_ON_A_SCREEN) } {
            0 => Vec::new(),
            more => vec![format!("… and {} more; -o wide shows all", thousands(more))],
        };
        (table, notes)
    }

    /// A row a pod.
    pub(super) fn by_pod(&self) -> Table {
        let mut table = Table::new().left("pod").left("workload").left("change").left("replaces").left("from").left("to");
        for pod in &self.pods {
            let cell = |text: &Option<String>| Text::from(text.as_deref().unwrap_or("-"));
            let change = Text::new(pod.change.words(), pod.change.mood());
            let (replaces, from, to) = (cell(&pod.replaces), cell(&pod.from), cell(&pod.to));
            table.row(vec![pod.pod.as_str().into(), pod.workload.as_str().into(), change, replaces, from, to]);
        }
        table
    }

    /// What nodes hold before and after.
    pub(super) fn node_section(&self, document: &mut Document, detail: Detail) {
        let shown = if detail == Detail::Full { self.nodes.len() } else { NODES_ON_A_SCREEN };
        let nodes = &self.nodes[..shown.min(self.nodes.len())];
        let resources: indexmap::IndexSet<&str, FxBuildHasher> =
            nodes.iter().flat_map(|node| node.before.iter().chain(&node.after)).map(|each| each.resource.as_str()).collect();
        let mut table = Table::new().left("node");
        for resource in &resources {
            table = table.right(*resource).right("%");
        }
        for node in nodes {
            let mut row: Vec<Text> = vec![node.node.as_str().into()];
            resources.iter().for_each(|resource| row.extend(node.cells(resource)));
            table.row(row);
        }
        let notes = match self.nodes.len() - nodes.len() {
            0 => Vec::new(),
            more => vec![format!("… and {}; -o wide shows all", count(more, "more node"))],
        };
        document.table("Nodes that change most: requested of allocatable", table, notes);
    }
}

impl ChangedPod {
    pub(super) fn new(change: &PodChange) -> Self {
        ChangedPod {
            pod: format!("{}/{}", change.namespace, change.name),
            workload: change.workload.clone(),
            change: change.change.into(),
            replaces: change.replaces.as_ref().map(|name| format!("{}/{name}", change.namespace)),
            from: change.from.clone(),
            to: change.to.clone(),
        }
    }
}

impl ChangedNode {
    pub(super) fn new(change: &NodeChange) -> Self {
        const MAIN: [&str; 3] = ["cpu", "memory", "pods"];
        let mut others: Vec<&str> = change.before.keys().chain(change.after.keys()).map(String::as_str).collect();
        others.retain(|name| !MAIN.contains(name) && change.before.get(*name) != change.after.get(*name));
        others.sort_unstable();
        others.dedup();
        let uses = |side: &std::collections::BTreeMap<String, crate::simulation::difference::Use>| {
            let names = MAIN.iter().chain(&others);
            names.filter_map(|name| Some(ResourceUse::new(name, side.get(*name)?.requested, side.get(*name)?.allocatable))).collect()
        };
        ChangedNode { node: change.node.clone(), before: uses(&change.before), after: uses(&change.after) }
    }

    /// The largest change of a share, in points of a hundred.
    pub(super) fn shift(&self) -> f64 {
        let percent = |side: &[ResourceUse], name: &str| side.iter().find(|each| each.resource == name).map_or(0.0, |each| each.percent);
        let names = self.before.iter().chain(&self.after).map(|each| each.resource.as_str());
        names.map(|name| (percent(&self.before, name) - percent(&self.after, name)).abs()).fold(0.0, f64::max)
    }

    /// `2/4 → 3/4` and `50 % → 75 %`.
    fn cells(&self, resource: &str) -> [Text; 2] {
        let find = |side: &[ResourceUse]| side.iter().find(|each| each.resource == resource).map(|each| (each.fraction(), each.share()));
        match (find(&self.before), find(&self.after)) {
            (Some(before), Some(after)) if before == after => [after.0.into(), after.1.into()],
            (Some(before), Some(after)) => {
                [format!("{} → {}", before.0, after.0).into(), Text::new(format!("{} → {}", before.1, after.1), Mood::Notable)]
            }
            (None, Some(after)) => [format!("new: {}", after.0).into(), after.1.into()],
            (Some(before), None) => [format!("{} → gone", before.0).into(), before.1.into()],
            (None, None) => [Text::faint("-"), Text::faint("-")],
        }
    }
}
