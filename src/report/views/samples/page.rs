//! How samples read.

use super::{DrawnView, LossSamplesView, NodeRangeView, ResourceRange, SamplesView, ShareView};
use crate::report::amount::{Unit, count, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};
use crate::report::views::creation;
use crate::simulation::chance::Share;

/// So many rows of a table fit a screen.
const ROWS: usize = 12;
/// So many nodes of a workload are named.
const NODES: usize = 4;

impl ShareView {
    /// `12 of 200 runs (6 %, 95 % interval 3.5–10.2 %)`.
    pub fn sentence(&self) -> String {
        let (least, most) = (self.percent_least95, self.percent_most95);
        format!("{} of {} ({} %, 95 % interval {least}–{most} %)", thousands(self.runs), count(self.of, "run"), self.percent)
    }

    /// The same in a table: `52 of 200 (26 %, 20.4–32.5 %)`.
    fn cell(&self) -> String {
        let (least, most) = (self.percent_least95, self.percent_most95);
        format!("{} of {} ({} %, {least}–{most} %)", thousands(self.runs), thousands(self.of), self.percent)
    }

    /// What was seen in no run may happen all the same: `less than 1.5 % of all runs`, with a confidence of 95 %.
    fn bound_of_never(&self) -> String {
        let bound = Share { runs: 0, of: self.of }.bound_of_never();
        format!("less than {} % of all runs", (bound * 1000.0).ceil() / 10.0)
    }
}

impl DrawnView {
    /// What was drawn, and what that means.
    fn remarks(&self) -> [Text; 3] {
        let drawn = match (self.arrivals, self.ties) {
            ("random", "random") => {
                "the order in which pods of one priority and age arrive, and which of equally good nodes they get".to_owned()
            }
            ("random", ties) => format!("the order in which pods of one priority and age arrive (ties: {ties})"),
            _ => "which of equally good nodes pods get (arrivals: listed)".to_owned(),
        };
        let last = self.seed.wrapping_add(self.runs.saturating_sub(1) as u64);
        let seeds = if self.runs == 1 { format!("seed {}", self.seed) } else { format!("seeds {} to {last}", self.seed) };
        [
            Text::faint(format!("Each run draws {drawn}; {seeds}.")),
            Text::faint("Runs are drawn, not searched: what none of them shows is rare, not impossible."),
            Text::faint("Intervals hold the share of all possible runs with a confidence of 95 %."),
        ]
    }
}

impl SamplesView {
    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        document.lines("", self.remarks());
        creation::sections(&self.not_created, &mut document, detail);
        self.add_pending(&mut document, detail);
        self.add_evicted(&mut document, detail);
        document.lines("Places", self.determined());
        self.add_undetermined(&mut document, detail);
        self.add_nodes(&mut document, detail);
        document
    }

    fn headline(&self) -> Text {
        let mut text = match self.pending.runs {
            0 if self.places.pods == 0 => "No pod waits for a place, so nothing is left to chance".to_owned(),
            0 => format!("Pending in none of {} (95 % sure: in {})", count(self.pending.of, "run"), self.pending.bound_of_never()),
            _ => format!("Pending in {}", self.pending.sentence()),
        };
        let refused: usize = self.not_created.iter().map(|group| group.objects.len()).sum();
        if refused > 0 {
            text.push_str(&format!("; {} not created, whatever happens", count(refused, "object")));
        }
        Text::new(text, if self.holds() { Mood::Good } else { Mood::Bad })
    }

    fn remarks(&self) -> Vec<Text> {
        let mut remarks: Vec<Text> = self.drawn.remarks().into();
        if let Some(worst) = &self.worst {
            let again = self.drawn.again(worst.seed);
            let pods = count(worst.pods, "pod");
            remarks.push(format!("The worst run leaves {pods} without a node: `plimsoll schedule … {again}` shows it").into());
        }
        remarks
    }

    fn add_pending(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("workload").right("pods").right("pending").left("in runs (interval)").left("mostly because");
        for each in &self.pending_workloads {
            let why = match each.messages.split_first() {
                None => "evicted for others, and nobody replaces them".to_owned(),
                Some((first, [])) => first.message.clone(),
                Some((first, others)) => format!("{} (and {})", first.message, count(others.len(), "other reason")),
            };
            table.row(vec![
                each.workload.as_str().into(),
                thousands(each.pods).into(),
                Text::bad(range(each.least, each.most)),
                each.pending.cell().into(),
                why.into(),
            ]);
        }
        let notes = cut(&mut table, detail, "workload");
        document.table("Pending in some run, or evicted for good", table, notes);
    }

    fn add_evicted(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("workload").left("in runs (interval)").left("pods");
        for each in &self.evicted_workloads {
            let pods = list(&each.pods, if detail == Detail::Full { usize::MAX } else { 3 });
            table.row(vec![each.workload.as_str().into(), each.evicted.cell().into(), Text::new(pods, Mood::Notable)]);
        }
        let notes = cut(&mut table, detail, "workload");
        document.table("Evicted for others in some run", table, notes);
    }

    /// What is determined, and how far.
    fn determined(&self) -> Vec<Text> {
        let places = &self.places;
        if places.pods == 0 {
            return Vec::new();
        }
        let parts = [
            (places.fixed, "in the same place in every run"),
            (places.exchanged, "only changing places with identical pods"),
            (places.undetermined, "elsewhere in some run"),
        ];
        let some = parts.iter().filter(|(pods, _)| *pods > 0);
        let parts: Vec<String> = some.map(|(pods, what)| format!("{} {what}", thousands(*pods))).collect();
        let mut lines: Vec<Text> = vec![format!("Of {}: {}", count(places.pods, "pod"), parts.join(", ")).into()];
        if places.outcomes > 1 {
            let distinct = thousands(places.outcomes_up_to_exchange);
            let outcomes = count(places.outcomes, "different outcome");
            lines.push(format!("{outcomes}; {distinct} if pods that the scheduler cannot tell apart are not told apart").into());
        }
        let open = self.nodes.iter().filter(|node| !node.determined).count();
        lines.push(match (self.use_determined, places.outcomes) {
            (true, 1) => Text::good("Every node is equally full in every run"),
            (true, _) => Text::good("Every node is equally full in every run, although not every pod has one place"),
            (false, _) => Text::new(format!("{} not equally full in every run", are(open, "node")), Mood::Notable),
        });
        lines
    }

    fn add_undetermined(&self, document: &mut Document, detail: Detail) {
        let mut table =
            Table::new().left("workload").right("pods").right("undetermined").right("arrangements").right("nodes").left("mostly on");
        for each in &self.undetermined {
            let on = |node: &super::SeenNode| {
                format!("{} in {}", node.node, crate::report::amount::share(node.runs as i64, self.drawn.runs as i64))
            };
            let nodes: Vec<String> = each.nodes.iter().map(on).collect();
            table.row(vec![
                each.workload.as_str().into(),
                thousands(each.pods).into(),
                Text::new(thousands(each.undetermined), Mood::Notable),
                thousands(each.arrangements).into(),
                thousands(each.nodes.len()).into(),
                list(&nodes, if detail == Detail::Full { usize::MAX } else { NODES }).into(),
            ]);
        }
        let notes = cut(&mut table, detail, "workload");
        document.table("Pods whose place is not determined (with the share of runs)", table, notes);
    }

    fn add_nodes(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("node").right("cpu").right("memory").right("pods");
        let mut nodes: Vec<&NodeRangeView> = self.nodes.iter().filter(|node| detail == Detail::Full || !node.determined).collect();
        if detail == Detail::Brief {
            nodes.sort_by(|one, other| other.spread().total_cmp(&one.spread()));
        }
        for node in nodes {
            let cells = node.resources.iter().map(|resource| Text::from(resource.cell()));
            table.row([Text::from(node.node.as_str())].into_iter().chain(cells).collect());
        }
        let mut notes = cut(&mut table, detail, "node");
        let same = self.nodes.iter().filter(|node| node.determined).count();
        if detail == Detail::Brief && same > 0 {
            notes.push(format!("{} equally full in every run", are(same, "more node")));
        }
        document.table("What is requested of nodes: least – median – most of all runs", table, notes);
    }
}

impl NodeRangeView {
    /// How far cpu or memory vary, in percent of the node.
    fn spread(&self) -> f64 {
        let shares = self.resources.iter().filter(|resource| resource.resource != "pods");
        shares.map(|resource| resource.percent_most - resource.percent_least).fold(0.0, f64::max)
    }
}

impl ResourceRange {
    fn cell(&self) -> String {
        let amount = |amount: i64| Unit::of(&self.resource).amount(amount);
        if self.least == self.most {
            return amount(self.least);
        }
        let (least, median, most) = (self.percent_least.round(), self.percent_median.round(), self.percent_most.round());
        match self.unit {
            "count" => format!("{} – {} – {}", self.least, self.median, self.most),
            _ => format!("{} – {} – {} ({least} – {median} – {most} %)", amount(self.least), amount(self.median), amount(self.most)),
        }
    }
}

impl LossSamplesView {
    /// The answer, for a headline: `survived in 188 of 200 runs (…)`.
    pub fn headline(&self) -> String {
        let what = if self.losses.len() == 1 { "it is" } else { "all of them are" };
        format!("by chance {what} survived in only {}", self.every.sentence())
    }

    /// Adds it to a document.
    pub fn add_to(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("lost").left("survived in runs (interval)").right("pending").left("the worst run");
        let mut losses: Vec<_> =
            self.losses.iter().filter(|loss| detail == Detail::Full || loss.survived.runs < loss.survived.of).collect();
        losses.sort_by_key(|loss| (loss.survived.runs, std::cmp::Reverse(loss.most_pending)));
        for loss in losses {
            let mood = if loss.survived.runs == loss.survived.of { Mood::Good } else { Mood::Bad };
            table.row(vec![
                Text::new(loss.lost.as_str(), mood),
                loss.survived.cell().into(),
                range(loss.least_pending, loss.most_pending).into(),
                self.drawn.again(loss.worst_seed).into(),
            ]);
        }
        let mut notes = cut(&mut table, detail, "loss");
        let sure = self.losses.iter().filter(|loss| loss.survived.runs == loss.survived.of).count();
        if detail == Detail::Brief && sure > 0 && sure < self.losses.len() {
            notes.push(format!("{} survived in every run", are(sure, "more loss")));
        }
        if !self.holds() {
            notes.push("`plimsoll lose …` with the arguments of its worst run shows it".to_owned());
        }
        document.led_table("By chance", self.lead(), table, notes);
    }

    fn lead(&self) -> Vec<Text> {
        let every = if self.losses.len() == 1 { "The loss is" } else { "Every loss is" };
        let mut lead = vec![match self.holds() {
            true => Text::good(format!(
                "{every} survived in all {} (95 % sure: not in {})",
                count(self.every.of, "run"),
                self.every.bound_of_never()
            )),
            false => Text::bad(format!("{every} survived in {}", self.every.sentence())),
        }];
        if self.pending_before.runs > 0 {
            let runs = self.pending_before.sentence();
            lead.push(Text::new(format!("In {runs} pods find no node even before any loss"), Mood::Notable));
        }
        lead.extend(self.drawn.remarks());
        lead
    }
}

/// `3`, or `0–3`.
fn range(least: usize, most: usize) -> String {
    if least == most { thousands(most) } else { format!("{}–{}", thousands(least), thousands(most)) }
}

/// `1 node is`, `2 nodes are`.
fn are(number: usize, one: &str) -> String {
    format!("{} {}", count(number, one), if number == 1 { "is" } else { "are" })
}

/// Cuts a table to what fits a screen, and says so.
fn cut(table: &mut Table, detail: Detail, one: &str) -> Vec<String> {
    let cut = if detail == Detail::Full { 0 } else { table.cut(ROWS) };
    if cut > 0 { vec![format!("… and {}; -o wide shows all", count(cut, &format!("more {one}")))] } else { Vec::new() }
}
