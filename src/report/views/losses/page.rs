//! How [`LossesView`] reads.

use super::{FallenWorkload, FullestNode, LossView, LossesView, PendingPod, Seconds, TimelineView};
use crate::report::amount::{count, duration, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};

/// So many losses fit a screen.
const LOSSES: usize = 15;
/// So many workloads of a loss do.
const WORKLOADS: usize = 12;

impl LossesView {
    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        document.lines("", self.remarks());
        if let Some(verdict) = &self.verdict {
            document.table("The verdict", verdict.table(), Vec::new());
        }
        if let Some(samples) = &self.samples {
            samples.add_to(&mut document, detail);
        }
        self.add_losses(&mut document, detail);
        if let Some(worst) = self.worst() {
            worst.add_fallen(&mut document, detail, self.losses.len() > 1);
            worst.add_pending(&mut document, detail);
            worst.add_moves(&mut document, detail);
            worst.add_preempted(&mut document, detail);
            worst.add_gone(&mut document, detail);
            worst.add_remedies(&mut document, detail);
        }
        self.add_reach(&mut document, detail);
        self.add_timeline(&mut document, detail);
        self.add_late(&mut document, detail);
        self.add_assumptions(&mut document, detail);
        if let Some(graph) = &self.graph {
            graph.add_to(&mut document, "What needs what");
        }
        document
    }

    fn headline(&self) -> Text {
        let of = |number: usize| match number {
            1 => format!("the loss of {}", self.losses.first().map_or("nothing", |loss| loss.lost.as_str())),
            _ => format!("{} losses of a {}", thousands(number), self.each),
        };
        let total = self.losses.len();
        if let (true, Some(samples)) = (self.survivable, self.samples.as_ref().filter(|samples| !samples.holds())) {
            return Text::bad(format!("Survivable in this one run, but {}", samples.headline()));
        }
        if self.asked > total as u128 {
            return self.headline_of_many();
        }
        match (self.survivable, total) {
            (_, 0) => Text::new("Nothing is lost: there is no node", Mood::Notable),
            (true, 1) => Text::good(format!("Survivable: {} leaves every workload what it needs, and every pod comes back", of(1))),
            (true, _) => {
                Text::good(format!("Survivable: each of {} leaves every workload what it needs, and every pod comes back", of(total)))
            }
            (false, _) if self.survived == total => Text::bad(format!("Survivable, but too slow: {} back too late", self.late_count())),
            (false, 1) => Text::bad(format!("Not survivable: {}", of(1))),
            (false, _) => Text::bad(format!(
                "Not survivable: {} of {}; the worst is {}",
                thousands(total - self.survived),
                of(total),
                self.worst.as_deref().unwrap_or_default()
            )),
        }
    }

    /// Of more losses than were looked at one by one.
    fn headline_of_many(&self) -> Text {
        let asked = format!("{} losses of a {}", usize::try_from(self.asked).map_or_else(|_| self.asked.to_string(), thousands), self.each);
        let is_open = self.verdict.as_ref().is_some_and(|verdict| verdict.is_open());
        match (self.survivable, is_open, &self.worst) {
            (true, ..) => Text::good(format!("Survivable: proven for each of {asked}")),
            (false, true, None) => Text::new(format!("Not decided: neither proven nor refuted for each of {asked}"), Mood::Notable),
            (false, _, Some(worst)) => Text::bad(format!("Not survivable: not every one of {asked}; the worst that was found is {worst}")),
            (false, false, None) => Text::bad(format!("Not survivable: not every one of {asked}")),
        }
    }

    fn late_count(&self) -> String {
        match self.late.len() {
            1 => "1 workload is".to_owned(),
            more => format!("{} workloads are", thousands(more)),
        }
    }

    /// What the figures mean.
    fn remarks(&self) -> Vec<Text> {
        let mut remarks = Vec::new();
        if self.pending_before > 0 {
            let pods = count(self.pending_before, "pod");
            remarks.push(Text::new(format!("{pods} found no node even before any loss: see `plimsoll schedule`"), Mood::Notable));
        }
        remarks.push(Text::faint(match self.until {
            "removed" => "Pods are placed as kube-scheduler does: first with the lost nodes silent, then with their Node objects deleted.",
            _ => "Pods are placed as kube-scheduler does, with the lost nodes silent and nobody's help: their Node objects stay.",
        }));
        let required = list(&self.required, usize::MAX);
        remarks.push(Text::faint(format!("Required of each loss: {}.", if required.is_empty() { "nothing" } else { &required })));
        remarks
    }

    fn add_losses(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("lost").right("pods").right("back").right("pending").left("workloads that fall");
        table = table.left("fullest node then").right("outage").right("whole again");
        let mut losses: Vec<&LossView> = self.losses.iter().collect();
        // the worst first, those that are alike as they were asked
        losses.sort_by_key(|loss| std::cmp::Reverse(loss.badness()));
        for loss in losses {
            table.row(loss.cells());
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(LOSSES) };
        let notes = cut_note(cut, "loss").into_iter().collect();
        document.table(if self.losses.len() > 1 { "Losses, the worst first" } else { "The loss" }, table, notes);
    }

    fn add_reach(&self, document: &mut Document, detail: Detail) {
        if let Some(radius) = &self.blast_radius {
            radius.add_dependents_to(document, detail);
        }
    }

    fn add_timeline(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("workload").right("pods").left("stages").right("back after");
        for view in &self.timeline {
            table.row(view.cells());
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(WORKLOADS) };
        let notes = cut_note(cut, "workload").into_iter().collect();
        let worst = self.worst.as_deref().unwrap_or_default();
        document.table(format!("When pods are back after the loss of {worst}, the last first"), table, notes);
    }

    fn add_late(&self, document: &mut Document, detail: Detail) {
        let Some(limit) = self.max_failover_seconds else { return };
        let mut table =
            Table::new().left("workload").left("after the loss of").right("back after").left("mostly").left("what helps (one of)");
        for late in &self.late {
            let after = late.after_seconds.map_or_else(|| "never".to_owned(), duration);
            let remedies: Vec<String> = late.remedies.iter().map(|changes| changes.join("; and ")).collect();
            let remedies = if remedies.is_empty() { "more replicas, or room for them".to_owned() } else { remedies.join(" | ") };
            table.row(vec![
                late.workload.as_str().into(),
                late.lost.as_str().into(),
                Text::bad(after),
                late.because.as_str().into(),
                remedies.into(),
            ]);
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(WORKLOADS) };
        let notes = cut_note(cut, "workload").into_iter().collect();
        let title = format!("Not whole again within {}", duration(limit));
        match self.late.is_empty() {
            true => document.lines("", vec![Text::good(format!("Every workload is whole again within {}", duration(limit)))]),
            false => document.table(title, table, notes),
        }
    }

    fn add_assumptions(&self, document: &mut Document, detail: Detail) {
        // what nobody changed is Kubernetes' own and fits in no screen
        let shown = self.assumptions.iter().filter(|each| detail == Detail::Full || each.basis != "Kubernetes default");
        let lines = shown.map(|each| Text::faint(format!("{}: {} ({})", each.name, each.value, each.basis)));
        document.lines("Assumed", lines.collect());
    }
}

impl LossView {
    fn badness(&self) -> (bool, usize, usize, usize) {
        let fallen = |state: &str| self.fallen.iter().filter(|fallen| fallen.state == state).count();
        (!self.survived, self.pending.len(), fallen("zero") + fallen("belowQuorum"), fallen("belowBudget"))
    }

    fn cells(&self) -> Vec<Text> {
        let mood = if self.survived { Mood::Good } else { Mood::Bad };
        let pending = match self.pending.len() {
            0 => Text::from("0"),
            some => Text::bad(thousands(some)),
        };
        vec![
            Text::new(self.lost.as_str(), mood),
            thousands(self.pods).into(),
            thousands(self.back).into(),
            pending,
            self.falls(),
            self.fullest().into(),
            time(self.outage),
            time(self.recovery),
        ]
    }

    /// `2 to zero, 1 below quorum`.
    fn falls(&self) -> Text {
        let states =
            [("zero", "to zero", Mood::Bad), ("belowQuorum", "below quorum", Mood::Bad), ("belowBudget", "below budget", Mood::Notable)];
        let of = |state: &str| self.fallen.iter().filter(|fallen| fallen.state == state).count();
        let parts: Vec<String> = states
            .iter()
            .filter(|(state, ..)| of(state) > 0)
            .map(|(state, words, _)| format!("{} {words}", thousands(of(state))))
            .collect();
        let mood = states.iter().find(|(state, ..)| of(state) > 0).map_or(Mood::Faint, |(.., mood)| *mood);
        Text::new(if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }, mood)
    }

    fn fullest(&self) -> String {
        let of = |name: &str, node: &Option<FullestNode>| node.as_ref().map(|node| format!("{name} {} %", node.percent.round()));
        let parts: Vec<String> = [of("cpu", &self.peak.cpu), of("memory", &self.peak.memory)].into_iter().flatten().collect();
        parts.join(", ")
    }

    fn add_fallen(&self, document: &mut Document, detail: Detail, is_one_of_many: bool) {
        let mut table = Table::new()
            .left("workload")
            .left("falls")
            .right("ready left")
            .right("needs")
            .left("because")
            .right("outage")
            .right("whole again");
        let mut fallen: Vec<&FallenWorkload> = self.fallen.iter().collect();
        let rank = |fallen: &FallenWorkload| ["zero", "belowQuorum", "belowBudget"].iter().position(|state| *state == fallen.state);
        fallen.sort_by_key(|fallen| rank(fallen));
        for each in fallen {
            table.row(each.cells());
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(WORKLOADS) };
        let mut notes: Vec<String> = cut_note(cut, "workload").into_iter().collect();
        if self.kept > 0 {
            notes.push(format!("{} besides lose pods and keep what they need", count(self.kept, "workload")));
        }
        let title =
            if is_one_of_many { format!("The worst, {}: workloads that fall", self.lost) } else { "Workloads that fall".to_owned() };
        document.table(title, table, notes);
    }

    fn add_pending(&self, document: &mut Document, detail: Detail) {
        let mut alike: indexmap::IndexMap<(&str, &str), usize> = indexmap::IndexMap::new();
        for pod in &self.pending {
            // what preemption could not do matters less than what every node says
            let why = if detail == Detail::Full { pod.message.as_str() } else { pod.message.split(". ").next().unwrap_or_default() };
            *alike.entry((pod.workload.as_str(), why)).or_default() += 1;
        }
        let mut table = Table::new().left("workload").right("pending").left("why");
        for ((workload, message), pods) in alike {
            table.row(vec![workload.into(), Text::bad(thousands(pods)), message.into()]);
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(WORKLOADS) };
        document.table(
            format!("Pods that find no node after the loss of {}", self.lost),
            table,
            cut_note(cut, "workload").into_iter().collect(),
        );
    }

    fn add_moves(&self, document: &mut Document, detail: Detail) {
        let mut places: indexmap::IndexMap<&str, std::collections::BTreeMap<&str, usize>> = indexmap::IndexMap::new();
        for (pod, to) in self.moves.iter().flatten().filter_map(|pod| Some((pod, pod.to.as_deref()?))) {
            *places.entry(pod.workload.as_str()).or_default().entry(to).or_default() += 1;
        }
        let mut table = Table::new().left("workload").right("back").left("on");
        for (workload, nodes) in places {
            let times = |(node, pods): (&&str, &usize)| if *pods == 1 { (*node).to_owned() } else { format!("{node} ×{pods}") };
            let on: Vec<String> = nodes.iter().map(times).collect();
            table.row(vec![workload.into(), thousands(nodes.values().sum()).into(), list(&on, 8).into()]);
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(WORKLOADS) };
        document.table(format!("Where pods of {} come back", self.lost), table, cut_note(cut, "workload").into_iter().collect());
    }

    fn add_preempted(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("evicted").left("from").left("for").left("then");
        for pod in &self.preempted {
            let then = pod.to.as_deref().map_or_else(|| Text::bad("pending"), |node| Text::from(format!("on {node}")));
            table.row(vec![pod.pod.as_str().into(), pod.from.as_str().into(), pod.by.as_str().into(), then]);
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(WORKLOADS) };
        document.table("Pods of lower priority that make room", table, cut_note(cut, "pod").into_iter().collect());
    }

    /// What would help against what the loss does: the levers that a person has, with those to whom they apply.
    fn add_remedies(&self, document: &mut Document, detail: Detail) {
        let limit = if detail == Detail::Full { usize::MAX } else { 4 };
        let mut lines = Vec::new();
        let mut advise = |names: Vec<&str>, what: &str| {
            if !names.is_empty() {
                let mut names = names;
                names.dedup();
                lines.push(Text::from(format!("{what}: {}", list(&names, limit))));
            }
        };
        let bad = || self.fallen.iter().filter(|fallen| fallen.state != "belowBudget");
        advise(
            bad().filter(|fallen| fallen.replicas == 1).map(|fallen| fallen.workload.as_str()).collect(),
            "run a second replica of what has one",
        );
        advise(
            bad().filter(|fallen| fallen.replicas > 1).map(|fallen| fallen.workload.as_str()).collect(),
            "spread over nodes (required anti-affinity or topologySpreadConstraints on kubernetes.io/hostname) what stood together",
        );
        let is_local = |pod: &&PendingPod| pod.message.contains("PersistentVolume's node affinity");
        let (local, others): (Vec<&PendingPod>, Vec<&PendingPod>) = self.pending.iter().partition(is_local);
        advise(
            local.iter().map(|pod| pod.workload.as_str()).collect(),
            "their volumes are reached only from what is lost, and they come back only with it: keep a copy elsewhere (a replica in another place), or use storage that more nodes reach",
        );
        advise(
            others.iter().map(|pod| pod.workload.as_str()).collect(),
            "make room (more or larger nodes, smaller requests) or relax rules for",
        );
        document.lines("What would help", lines);
    }

    fn add_gone(&self, document: &mut Document, detail: Detail) {
        if self.gone.is_empty() {
            return;
        }
        let limit = if detail == Detail::Full { usize::MAX } else { WORKLOADS };
        let line = format!("{}: {}", count(self.gone.len(), "pod"), list(&self.gone, limit));
        document.lines("Nobody brings these back (no controller)", vec![Text::new(line, Mood::Notable)]);
    }
}

impl FallenWorkload {
    fn cells(&self) -> Vec<Text> {
        let (words, mood) = match self.state {
            "zero" => ("to zero", Mood::Bad),
            "belowQuorum" => ("below quorum", Mood::Bad),
            _ => ("below budget", Mood::Notable),
        };
        let because = match self.state {
            "belowBudget" => format!("budget {}", list(&self.budgets, 3)),
            _ => self.basis.clone(),
        };
        vec![
            self.workload.as_str().into(),
            Text::new(words, mood),
            thousands(self.ready).into(),
            thousands(self.needed).into(),
            because.into(),
            time(self.outage),
            time(self.recovery),
        ]
    }
}

impl TimelineView {
    fn cells(&self) -> Vec<Text> {
        let stage = |stage: &super::timeline::StageView| match stage.takes {
            Some(takes) => format!("{} {}", stage.stage, span(takes)),
            None => format!("{} without end", stage.stage),
        };
        let stages: Vec<String> = self.stages.iter().map(stage).collect();
        vec![self.workload.as_str().into(), thousands(self.pods).into(), stages.join(" → ").into(), time(self.back_after)]
    }
}

fn cut_note(cut: usize, one: &str) -> Option<String> {
    (cut > 0).then(|| format!("… and {} more; -o wide shows all", count(cut, one)))
}

/// The worst case.
fn time(seconds: Option<Seconds>) -> Text {
    match seconds {
        None => Text::bad("never by itself"),
        Some(Seconds { most: 0, .. }) => Text::good("none"),
        Some(Seconds { most, .. }) => duration(most).into(),
    }
}

fn span(seconds: Seconds) -> String {
    match seconds.least == seconds.most {
        true => duration(seconds.most),
        false => format!("{}–{} s", seconds.least, seconds.most),
    }
}
