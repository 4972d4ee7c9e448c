//! How a schedule reads: its sections for people, its rows for spreadsheets.

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::{Aside, Kin, NodeUse, Pending, PodPlace, ScheduleView, State, group_name, requests};
use crate::report::amount::{count, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};
use crate::report::views::changes::{ChangedPod, Happening};
use crate::report::views::{Records, creation, refusal};

/// Up to this many rows fit a screen.
const ROWS_ON_A_SCREEN: usize = 30;
/// Of groups of pending pods, as many are shown whole.
const GROUPS_ON_A_SCREEN: usize = 8;

impl ScheduleView {
    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        if let Some(changes) = &self.changes {
            changes.sections(&mut document, detail);
        }
        creation::sections(&self.not_created, &mut document, detail);
        self.pending_sections(&mut document, detail);
        self.preemption_section(&mut document, detail);
        match detail {
            Detail::Brief => self.placement_section(&mut document),
            Detail::Full => self.pod_section(&mut document),
        }
        if let Some(realisation) = &self.realisation {
            realisation.add_to(&mut document, detail);
        }
        self.node_section(&mut document, detail, ROWS_ON_A_SCREEN);
        self.aside_section(&mut document, detail);
        document
    }

    /// The answer in one line.
    pub(in crate::report::views) fn headline(&self) -> Text {
        let summary = &self.summary;
        let with_node = summary.bound + summary.placed + summary.moved;
        let have = if summary.pods == 1 { "has" } else { "have" };
        let mut text = format!("{} of {} {have} a node", thousands(with_node), count(summary.pods, "pod"));
        if summary.moved > 0 {
            text.push_str(&format!(" ({} of them evicted for others first)", thousands(summary.moved)));
        }
        let missing = [
            (summary.unschedulable, "unschedulable"),
            (summary.preempted, "evicted for others and not replaced"),
            (summary.gated, "held back by gates"),
            (summary.other_scheduler, "left to another scheduler"),
            (summary.not_created, "not created"),
        ];
        for (number, what) in missing.into_iter().filter(|&(number, _)| number > 0) {
            text.push_str(&format!(", {} {what}", thousands(number)));
        }
        if summary.refused_objects > 0 {
            text.push_str(&format!(", {} refused", count(summary.refused_objects, "other object")));
        }
        if summary.ended > 0 {
            text.push_str(&format!(" ({} more ended)", thousands(summary.ended)));
        }
        let shares: Vec<String> =
            self.resources.iter().take(3).map(|each| format!("{} {} ({})", each.resource, each.share(), each.fraction())).collect();
        text.push_str(&format!("; requested on {}: {}", count(summary.nodes, "node"), shares.join(", ")));
        Text::new(text, if self.holds() { Mood::Good } else { Mood::Bad })
    }

    fn pending_sections(&self, document: &mut Document, detail: Detail) {
        let shown = if detail == Detail::Full { self.pending.len() } else { GROUPS_ON_A_SCREEN };
        for group in self.pending.iter().take(shown) {
            let lead = group.lead(detail);
            document.led_table(group.title(), lead, refusal::table(&group.refusals, detail), Vec::new());
        }
        let rest = self.pending.get(shown..).unwrap_or_default();
        let mut lines: Vec<Text> =
            rest.iter().take(ROWS_ON_A_SCREEN).map(|group| format!("{}: {}", group.title(), group.message).into()).collect();
        let more: usize = rest.iter().skip(ROWS_ON_A_SCREEN).map(|group| group.pods.len()).sum();
        if more > 0 {
            lines.push(Text::faint(format!("… and {}; -o wide shows all", count(more, "more pod"))));
        }
        document.lines("Also pending (-o wide gives their nodes)", lines);
    }

    /// Who left for whom.
    pub(in crate::report::views) fn preemption_section(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("pod").left("gets node").left("from").right("budgets broken");
        for each in &self.preemptions {
            let victims = list(&each.victims, if detail == Detail::Full { usize::MAX } else { 3 });
            table.row(vec![
                each.pod.as_str().into(),
                each.node.as_str().into(),
                Text::new(victims, Mood::Notable),
                each.budget_violations.to_string().into(),
            ]);
        }
        let notes = cut(&mut table, detail);
        document.table("Preempted", table, notes);
    }

    /// A row a workload that got new places.
    fn placement_section(&self, document: &mut Document) {
        type Places<'a> = IndexMap<&'a str, usize, FxBuildHasher>;
        let mut groups: IndexMap<Kin<'_>, (&str, Places<'_>), FxBuildHasher> = IndexMap::default();
        for pod in self.pods.iter().filter(|pod| matches!(pod.state, State::Placed | State::Moved)) {
            let node = pod.node.as_deref().expect("a placed pod has a node");
            *groups.entry(pod.kin()).or_insert((&pod.workload, Places::default())).1.entry(node).or_default() += 1;
        }
        let rank: FxHashMap<&str, usize> = self.nodes.iter().enumerate().map(|(rank, node)| (node.node.as_str(), rank)).collect();
        let mut table = Table::new().left("workload").right("pods").left("on");
        for (workload, mut nodes) in groups.into_values() {
            nodes.sort_by_cached_key(|node, _| rank.get(node).copied());
            let places: Vec<String> =
                nodes.iter().map(|(node, &pods)| if pods == 1 { node.to_string() } else { format!("{node} ×{pods}") }).collect();
            let pods: usize = nodes.values().sum();
            table.row(vec![group_name(workload, pods).into(), thousands(pods).into(), list(&places, 4).into()]);
        }
        let notes = cut(&mut table, Detail::Brief);
        document.table(format!("Placed: {}", count(self.summary.placed + self.summary.moved, "pod")), table, notes);
    }

    /// A row a pod.
    fn pod_section(&self, document: &mut Document) {
        let mut table = Table::new().left("pod").left("workload").left("state").left("node").right("equally good").left("requests");
        for pod in &self.pods {
            let mood = match pod.state {
                State::Bound => Mood::Plain,
                State::Placed => Mood::Good,
                State::Gated | State::OtherScheduler | State::Moved => Mood::Notable,
                State::Unschedulable | State::Preempted => Mood::Bad,
            };
            table.row(vec![
                pod.pod.as_str().into(),
                pod.workload.as_str().into(),
                Text::new(pod.state.word(), mood),
                pod.node.as_deref().unwrap_or("-").into(),
                pod.best_nodes.map_or_else(|| "-".to_owned(), |nodes| nodes.to_string()).into(),
                requests(&pod.requests).into(),
            ]);
        }
        document.table("Pods", table, Vec::new());
    }

    /// Nodes and how full they are, of too many for a screen the fullest.
    pub(in crate::report::views) fn node_section(&self, document: &mut Document, detail: Detail, on_a_screen: usize) {
        let mut nodes: Vec<&NodeUse> = self.nodes.iter().collect();
        let mut notes = Vec::new();
        if detail == Detail::Brief && nodes.len() > on_a_screen {
            nodes.sort_by(|a, b| b.fullest().total_cmp(&a.fullest()));
            nodes.truncate(on_a_screen);
            notes.push(format!("the fullest {} of {}; -o wide shows all", nodes.len(), count(self.nodes.len(), "node")));
        }
        let columns: Vec<&str> = self
            .resources
            .iter()
            .filter(|each| detail == Detail::Full || each.requested > 0 || each.is_main())
            .map(|each| &*each.resource)
            .collect();
        document.table("Nodes: requested of allocatable", node_table(&nodes, &columns), notes);
    }

    fn aside_section(&self, document: &mut Document, detail: Detail) {
        let names = if detail == Detail::Full { usize::MAX } else { 3 };
        let line = |aside: &Aside| {
            let are = if aside.pods.len() == 1 { "is" } else { "are" };
            let text =
                format!("{} {are} {}: {} ({})", count(aside.pods.len(), "pod"), aside.what, aside.consequence, list(&aside.pods, names));
            Text::new(text, if aside.ordinary { Mood::Faint } else { Mood::Notable })
        };
        document.lines("To know", self.asides.iter().map(line).collect());
    }

    /// For spreadsheets: a row a pod.
    pub fn records(&self) -> Records {
        let mut columns = vec!["pod", "workload", "state", "node", "bestNodes", "cpuMilli", "memoryBytes", "message"];
        let messages: rustc_hash::FxHashMap<&str, &str> =
            self.pending.iter().flat_map(|group| group.pods.iter().map(|pod| (pod.as_str(), group.message.as_str()))).collect();
        let amount =
            |pod: &PodPlace, resource: &str| pod.requests.iter().find(|each| each.resource == resource).map_or(0, |each| each.amount);
        let row = |pod: &PodPlace| {
            vec![
                pod.pod.clone(),
                pod.workload.clone(),
                pod.state.word().to_owned(),
                pod.node.clone().unwrap_or_default(),
                pod.best_nodes.map(|nodes| nodes.to_string()).unwrap_or_default(),
                amount(pod, "cpu").to_string(),
                amount(pod, "memory").to_string(),
                messages.get(pod.pod.as_str()).copied().unwrap_or_default().to_owned(),
            ]
        };
        let mut rows: Vec<Vec<String>> = self.pods.iter().map(row).collect();
        let bare = |pod: &str, workload: &str, state: &str, message: &str| {
            let texts = [pod, workload, state, "", "", "", "", message];
            texts.map(str::to_owned).to_vec()
        };
        for group in &self.not_created {
            rows.extend(group.objects.iter().map(|object| bare(object, &group.workload, "notCreated", &group.message)));
        }
        if let Some(changes) = &self.changes {
            columns.extend(["change", "from"]);
            let gone = changes.pods.iter().filter(|pod| pod.change == Happening::Goes);
            rows.extend(gone.map(|pod| bare(&pod.pod, &pod.workload, "gone", "")));
            let known: FxHashMap<&str, &ChangedPod> = changes.pods.iter().map(|pod| (pod.pod.as_str(), pod)).collect();
            for row in &mut rows {
                let change = known.get(row[0].as_str());
                row.push(change.map(|change| change.change.words().to_owned()).unwrap_or_default());
                row.push(change.and_then(|change| change.from.clone()).unwrap_or_default());
            }
        }
        self.add_places(&mut columns, &mut rows);
        Records { columns, rows }
    }

    /// Adds to each row of a pod what identifies it and its place one by one; new columns come last.
    fn add_places(&self, columns: &mut Vec<&'static str>, rows: &mut [Vec<String>]) {
        columns.extend(["namespace", "name", "nodeType", "zone"]);
        let nodes: FxHashMap<&str, &NodeUse> = self.nodes.iter().map(|node| (node.node.as_str(), node)).collect();
        for row in rows {
            let (namespace, name) = row[0].split_once('/').unwrap_or(("", &row[0]));
            let (namespace, name) = (namespace.to_owned(), name.to_owned());
            let node = nodes.get(row[3].as_str());
            let node_type = node.and_then(|node| node.instance_type.clone()).unwrap_or_default();
            let zone = node.and_then(|node| node.zone.clone()).unwrap_or_default();
            row.extend([namespace, name, node_type, zone]);
        }
    }
}

impl Pending {
    /// `shop/api (Deployment): 4 pods pending`.
    pub(in crate::report::views) fn title(&self) -> String {
        let state = match self.state {
            State::Gated => "held back by gates",
            State::OtherScheduler => "left to another scheduler",
            State::Preempted => "evicted for others and not replaced",
            _ => "pending",
        };
        format!("{}: {} {state}", self.workload, count(self.pods.len(), "pod"))
    }

    fn lead(&self, detail: Detail) -> Vec<Text> {
        let mut lines = Vec::new();
        if !self.message.is_empty() {
            lines.push(self.message.as_str().into());
        }
        let names = if detail == Detail::Full { usize::MAX } else { 3 };
        let each = if self.pods.len() == 1 { "it asks" } else { "each asks" };
        lines.push(Text::faint(format!("{}: {each} for {}", list(&self.pods, names), requests(&self.requests))));
        lines
    }
}

impl NodeUse {
    /// The highest share of cpu, memory or pods in use.
    fn fullest(&self) -> f64 {
        self.resources.iter().map(|each| each.percent).fold(0.0, f64::max)
    }

    fn state(&self) -> Text {
        let mut words = self.taints.clone();
        if self.unschedulable {
            words.insert(0, "cordoned".to_owned());
        }
        if words.is_empty() { "ready".into() } else { Text::new(words.join(" "), Mood::Notable) }
    }
}

fn node_table(nodes: &[&NodeUse], columns: &[&str]) -> Table {
    let zones = nodes.iter().any(|node| node.zone.is_some());
    let mut table = Table::new().left("node");
    if zones {
        table = table.left("zone");
    }
    for column in columns {
        table = table.right(*column).right("%");
    }
    table = table.left("takes pods");
    for node in nodes {
        let mut row: Vec<Text> = vec![node.node.as_str().into()];
        if zones {
            row.push(node.zone.as_deref().unwrap_or("-").into());
        }
        for column in columns {
            match node.resources.iter().find(|each| each.resource == *column) {
                Some(each) => row.extend([each.fraction().into(), Text::new(each.share(), fullness(each.percent))]),
                None => row.extend([Text::faint("-"), Text::faint("-")]),
            }
        }
        row.push(node.state());
        table.row(row);
    }
    table
}

fn fullness(percent: f64) -> Mood {
    match percent {
        p if p > 90.0 => Mood::Bad,
        p if p > 70.0 => Mood::Notable,
        _ => Mood::Plain,
    }
}

/// Cuts a table that is too long for a screen; what to say about it.
fn cut(table: &mut Table, detail: Detail) -> Vec<String> {
    match detail {
        Detail::Full => Vec::new(),
        Detail::Brief => match table.cut(ROWS_ON_A_SCREEN) {
            0 => Vec::new(),
            more => vec![format!("… and {} more; -o wide shows all", thousands(more))],
        },
    }
}
