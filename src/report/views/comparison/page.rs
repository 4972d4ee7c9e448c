//! A difference for readers: the verdict, what got worse, then what changes, from the large to the small.

use super::{ChangedWorkload, DiffView, FateView, FleetView, TallyView};
use crate::report::amount::{count, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};
use crate::report::views::Records;
use crate::report::views::baseline::{mended_section, worse_table};
use crate::report::views::changes::{Changes, Happening};
use crate::report::views::findings::FindingView;
use crate::report::views::size::money;
use crate::report::views::usage::ResourceUse;

/// So many workloads are shown in brief.
const WORKLOADS: usize = 20;
/// So many types of nodes are named.
const TYPES: usize = 6;

impl DiffView {
    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        document.table("What gets worse", worse_table(&self.worse), Vec::new());
        document.diagnostics(self.findings.new.iter().map(FindingView::diagnostic).collect());
        let (workloads, notes) = self.workload_table(detail);
        document.table("Workloads", workloads, notes);
        let changes = Changes { new_objects: 0, changed_objects: 0, pods: self.pods.clone(), nodes: self.nodes.clone() };
        let (pods, notes) = changes.by_workload(detail);
        let groups = pods.rows.len();
        document.table("Pods", pods, notes);
        if self.before != self.after || !self.pods.is_empty() || !self.workloads.is_empty() {
            document.table("Cluster", self.cluster_table(), Vec::new());
        }
        document.table("Losses of nodes and zones", self.fate_table(), Vec::new());
        mended_section(&self.findings.mended, &mut document, detail);
        changes.node_section(&mut document, detail);
        if detail == Detail::Full && self.pods.len() > groups {
            document.table("Pod by pod", changes.by_pod(), Vec::new());
        }
        document.lines("", self.remarks());
        document
    }

    fn headline(&self) -> Text {
        let (worse, rest) = (self.what_is_worse(), self.what_else());
        let rest = if rest.is_empty() { String::new() } else { format!("; {}", rest.join(", ")) };
        match worse.is_empty() {
            false if self.is_worse => Text::bad(format!("Worse: {}{rest}", worse.join(", "))),
            _ if worse.is_empty() && rest.is_empty() => Text::good(self.quiet().to_owned()),
            _ => Text::good(format!(
                "Nothing gets worse{}{rest}",
                if worse.is_empty() { String::new() } else { format!(": {}", worse.join(", ")) }
            )),
        }
    }

    /// What to say where nothing is told to be different.
    fn quiet(&self) -> &'static str {
        if self.nodes.is_empty() { "Nothing changes" } else { "Nothing gets worse" }
    }

    fn what_is_worse(&self) -> Vec<String> {
        let pods = |change: Happening| self.pods.iter().filter(|pod| pod.change == change).count();
        let of = |what: &str| self.worse.iter().filter(|worse| worse.what == what).count();
        let found = |severity: &str| self.findings.new.iter().filter(|finding| finding.severity == severity).count();
        let mut parts = Vec::new();
        let mut say = |number: usize, one: &str, what_one: &str, what_more: &str| {
            if number > 0 {
                parts.push(format!("{}{}", count(number, one), if number == 1 { what_one } else { what_more }));
            }
        };
        say(pods(Happening::GoesPending), "pod", " without a node", " without a node");
        say(pods(Happening::NotCreated), "pod", " not created", " not created");
        say(of("survivability"), "workload", " no longer survives a loss", " no longer survive a loss");
        say(of("eviction"), "budget", " lets nobody go", " let nobody go");
        say(found("error"), "new error", "", "");
        say(found("warning"), "new warning", "", "");
        say(found("note"), "new note", "", "");
        parts
    }

    fn what_else(&self) -> Vec<String> {
        let mut parts = Vec::new();
        for (change, word) in [
            (Happening::Appears, "new"),
            (Happening::GetsNode, "placed that had no node"),
            (Happening::Moves, "moved"),
            (Happening::Replaced, "replaced"),
            (Happening::Goes, "gone"),
        ] {
            match self.pods.iter().filter(|pod| pod.change == change).count() {
                0 => {}
                number if parts.is_empty() => parts.push(format!("{} {word}", count(number, "pod"))),
                number => parts.push(format!("{} {word}", thousands(number))),
            }
        }
        let won = self.fates().into_iter().filter(|(_, fate)| fate.change == "won").count();
        if won > 0 {
            parts.push(format!(
                "{} every loss now",
                if won == 1 { "1 workload survives".to_owned() } else { format!("{won} workloads survive") }
            ));
        }
        if self.before.nodes != self.after.nodes {
            parts.push(format!("{} nodes instead of {}", thousands(self.after.nodes), thousands(self.before.nodes)));
        }
        if !self.findings.mended.is_empty() {
            parts.push(format!("{} mended", count(self.findings.mended.len(), "finding")));
        }
        parts
    }

    fn workload_table(&self, detail: Detail) -> (Table, Vec<String>) {
        let mut table = Table::new().left("workload").left("change").left("replicas").left("pods");
        for each in &self.workloads {
            let mood = if each.change == "gone" { Mood::Notable } else { Mood::Plain };
            let pods = if each.new_template { "made anew: another template" } else { "" };
            table.row(vec![each.object.title().into(), Text::new(each.change, mood), replicas(each).into(), pods.into()]);
        }
        let notes = match if detail == Detail::Full { 0 } else { table.cut(WORKLOADS) } {
            0 => Vec::new(),
            more => vec![format!("… and {} more; -o wide shows all", thousands(more))],
        };
        (table, notes)
    }

    /// What a cluster has in numbers, where they are not all as they were.
    fn cluster_table(&self) -> Table {
        let mut table = Table::new().left("").right("before").right("after");
        let mut row = |name: &str, before: String, after: String, is_worse: bool| {
            // how many nodes and at what price is asked even where it stays
            if before != after || (name == "nodes" || name.starts_with("cost")) && after != "-" {
                let mood = if is_worse { Mood::Bad } else { Mood::Plain };
                table.row(vec![name.into(), before.into(), Text::new(after, mood)]);
            }
        };
        let (before, after) = (&self.before, &self.after);
        row("nodes", thousands(before.nodes), thousands(after.nodes), false);
        row("types", types(before), types(after), false);
        row("cost an hour", cost(before), cost(after), false);
        let mut names: Vec<&str> = before.resources.iter().chain(&after.resources).map(|each| each.resource.as_str()).collect();
        names.dedup();
        let mut seen = std::collections::BTreeSet::new();
        for name in names.into_iter().filter(|name| seen.insert(*name)) {
            row(&format!("{name} requested"), used(before, name), used(after, name), false);
        }
        for resource in ["cpu", "memory"] {
            row(&format!("fullest node, {resource}"), fullest(before, resource), fullest(after, resource), false);
        }
        for kind in &self.survivability {
            let told = |tally: Option<TallyView>| tally.map_or("-".to_owned(), |it| format!("{} of {}", it.survived, it.losses));
            let share = |tally: Option<TallyView>| tally.is_some_and(|it| it.survived < it.losses);
            let is_worse = !share(kind.before) && share(kind.after);
            row(&format!("losses of a {} survived", kind.each), told(kind.before), told(kind.after), is_worse);
        }
        table
    }

    /// What is not among what got worse: workloads that survive now, and new ones that do not.
    fn fate_table(&self) -> Table {
        let mut table = Table::new().left("workload").left("loss of any").left("change").left("what happens");
        for (kinds, fate) in self.fates() {
            let change = if fate.change == "won" { Text::good("survived now") } else { Text::new("new, and not survived", Mood::Notable) };
            table.row(vec![fate.object.title().into(), kinds.into(), change, fate.message.as_str().into()]);
        }
        table
    }

    /// The same, a workload and what happens to it once for all kinds of loss.
    fn fates(&self) -> Vec<(String, &FateView)> {
        let mut fates: Vec<(String, &FateView)> = Vec::new();
        for kind in &self.survivability {
            for fate in kind.workloads.iter().filter(|fate| fate.change != "lost") {
                match fates.iter_mut().find(|(_, known)| known.object == fate.object && known.change == fate.change) {
                    Some((kinds, _)) => kinds.push_str(&format!(" or {}", kind.each)),
                    None => fates.push((kind.each.clone(), fate)),
                }
            }
        }
        fates
    }

    fn remarks(&self) -> Vec<Text> {
        let mut remarks = Vec::new();
        if !self.is_placed {
            let text = "not both have nodes, so nothing is said of places and losses: --cluster DUMP puts a cluster under both";
            remarks.push(Text::new(text, Mood::Notable));
        }
        if self.findings.known > 0 {
            remarks.push(Text::faint(format!("{} in both: `plimsoll check` tells them", count(self.findings.known, "finding"))));
        }
        for (side, fleet) in [("before", &self.before), ("after", &self.after)] {
            if !fleet.unpriced.is_empty() {
                let names = list(&fleet.unpriced, TYPES);
                remarks.push(Text::faint(format!("not in the cost {side}, because the catalogue has no price for them: {names}")));
            }
        }
        let compared = format!("{} compared with {}, Kubernetes {}", self.head, self.base, self.kubernetes);
        remarks.push(Text::faint(compared));
        remarks
    }
}

fn replicas(workload: &ChangedWorkload) -> String {
    let told = |replicas: Option<usize>| replicas.map_or("-".to_owned(), thousands);
    match (workload.replicas_before, workload.replicas_after) {
        (None, None) => "one a node".to_owned(),
        (before, after) if before == after => told(after),
        (before, after) => format!("{} → {}", told(before), told(after)),
    }
}

fn types(fleet: &FleetView) -> String {
    let named = fleet.types.iter().filter(|each| !each.name.is_empty());
    let types: Vec<String> = named.map(|each| format!("{} × {}", thousands(each.nodes), each.name)).collect();
    if types.is_empty() { "-".to_owned() } else { list(&types, TYPES) }
}

fn cost(fleet: &FleetView) -> String {
    fleet.cost_per_hour.map_or("-".to_owned(), money)
}

fn used(fleet: &FleetView, name: &str) -> String {
    let used: Option<&ResourceUse> = fleet.resources.iter().find(|each| each.resource == name);
    used.map_or("-".to_owned(), |used| format!("{} ({})", used.fraction(), used.share()))
}

fn fullest(fleet: &FleetView, resource: &str) -> String {
    let fullest = fleet.fullest.iter().find(|each| each.resource == resource);
    fullest.map_or("-".to_owned(), |each| format!("{} % ({})", each.percent, each.node))
}

/// A row a thing that changes: what it is, what happens, what was and what is.
pub(super) fn records(view: &DiffView) -> Records {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |what: &str, object: String, change: &str, before: String, after: String, why: String| {
        rows.push(vec![what.to_owned(), object, change.to_owned(), before, after, why]);
    };
    for each in &view.worse {
        row(
            "worse",
            each.object.title(),
            each.what,
            String::new(),
            String::new(),
            format!("{}: {}", each.message, each.evidence.join("; ")),
        );
    }
    for each in &view.workloads {
        let told = |replicas: Option<usize>| replicas.map(|replicas| replicas.to_string()).unwrap_or_default();
        let why = if each.new_template { "another template".to_owned() } else { String::new() };
        row("workload", each.object.title(), each.change, told(each.replicas_before), told(each.replicas_after), why);
    }
    for pod in &view.pods {
        let place = |node: &Option<String>| node.clone().unwrap_or_default();
        row("pod", pod.pod.clone(), pod.change.words(), place(&pod.from), place(&pod.to), pod.workload.clone());
    }
    for kind in &view.survivability {
        for fate in &kind.workloads {
            row("loss", fate.object.title(), fate.change, String::new(), kind.each.clone(), fate.message.clone());
        }
    }
    for finding in &view.findings.new {
        row("finding", finding.object.title(), "new", String::new(), finding.rule.to_owned(), finding.message.clone());
    }
    for each in &view.findings.mended {
        row("finding", each.object.title(), "mended", each.rule.clone(), String::new(), each.message.clone());
    }
    Records { columns: vec!["what", "object", "change", "before", "after", "why"], rows }
}
