//! How a drain plan reads.

use std::collections::BTreeMap;

use super::{BlockedView, DrainView, WaveView};
use crate::report::amount::{count, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};
use crate::report::views::creation;

/// So many waves, and so many rows of a kind, are shown on a screen.
const ON_A_SCREEN: usize = 20;

impl DrainView {
    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mood = if self.holds() { Mood::Good } else { Mood::Bad };
        let mut document = Document::new(Text::new(self.headline(), mood));
        self.waves_section(&mut document, detail);
        self.waiting_section(&mut document, detail);
        self.lost_section(&mut document, detail);
        let shown = if detail == Detail::Full { usize::MAX } else { ON_A_SCREEN };
        for blocked in self.blocked.iter().take(shown) {
            document.lines(blocked.title(), blocked.lines(self, detail));
        }
        if self.blocked.len() > shown {
            let more = format!("… and {} more; -o wide shows all", thousands(self.blocked.len() - shown));
            document.lines("", vec![Text::faint(more)]);
        }
        document.lines("Flags that kubectl drain wants", self.flag_lines(detail));
        document.lines("Added nodes", self.surge_lines());
        document.lines("How long", self.duration_lines());
        if !self.waves.is_empty() {
            document.lines("", vec![Text::faint("-o script writes the plan as kubectl commands; -o wide says where every pod goes")]);
        }
        if detail == Detail::Full {
            self.moves_section(&mut document);
        }
        creation::sections(&self.not_created, &mut document, detail);
        document
    }

    fn headline(&self) -> String {
        let planned: usize = self.waves.iter().map(|wave| wave.nodes.len()).sum();
        let all = count(self.nodes.len(), "node");
        let in_waves = format!("in {}, {}{}", count(self.waves.len(), "wave"), self.fewest(), about(self.seconds));
        let missing: Vec<&str> = self.missing_flags.iter().map(|missing| missing.flag).collect();
        let mut wants: Vec<String> = Vec::new();
        if self.surge.like.len() > self.surge.asked {
            wants.push(count(self.surge.like.len() - self.surge.asked, "more node"));
        }
        if !missing.is_empty() {
            wants.push(missing.join(" "));
        }
        let with = if wants.is_empty() { String::new() } else { format!(" with {}", wants.join(" and ")) };
        match (planned, self.blocked.is_empty()) {
            _ if self.nodes.is_empty() => "there is no node to drain".to_owned(),
            (_, true) if wants.is_empty() => format!("{all} can be drained {in_waves}"),
            (_, true) => format!("not as things stand:{with}, {all} can be drained {in_waves}"),
            (0, false) if self.nodes.len() == 1 => format!("{} cannot be drained", self.nodes[0]),
            (0, false) => format!("none of {all} can be drained"),
            (_, false) => format!("{} of {all} can be drained{with} {in_waves}", thousands(planned)),
        }
    }

    fn fewest(&self) -> String {
        let waves = self.waves.len();
        match self.at_least.waves {
            _ if waves <= 1 => String::new(),
            bound if bound >= waves => "the fewest there can be, ".to_owned(),
            bound => format!("of which at least {} are needed, ", thousands(bound)),
        }
    }

    fn waves_section(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().right("wave").left("nodes").right("evictions").right("wait").right("drained").right("next");
        let names = if detail == Detail::Full { usize::MAX } else { 6 };
        for (number, wave) in self.waves.iter().enumerate() {
            table.row(vec![
                (number + 1).to_string().into(),
                nodes(&wave.nodes, names).into(),
                thousands(wave.moves.len()).into(),
                if wave.waiting.is_empty() { "-".into() } else { Text::new(thousands(wave.waiting.len()), Mood::Notable) },
                span(u64::from(wave.drained_after_seconds)).into(),
                span(u64::from(wave.seconds)).into(),
            ]);
        }
        let mut notes = Vec::new();
        if detail == Detail::Brief {
            let cut = table.cut(ON_A_SCREEN);
            notes.extend((cut > 0).then(|| format!("… and {} more; -o wide shows all", thousands(cut))));
        }
        if self.waves.len() > 1 && !self.at_least.because.is_empty() {
            notes.push(format!("at least {}: {}", count(self.at_least.waves, "wave"), self.at_least.because));
        }
        let gone = if self.afterwards == "gone" { ", and are deleted" } else { "" };
        document.table(format!("Waves: nodes that go together{gone}"), table, notes);
    }

    /// Pods that have no node for the time being, those of one workload together.
    fn waiting_section(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().right("wave").left("without a node until it is back").left("why that may be");
        for (number, wave) in self.waves.iter().enumerate() {
            let mut alike: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
            for waiting in &wave.waiting {
                alike.entry((&waiting.workload, &waiting.because)).or_default().push(&waiting.pod);
            }
            for ((workload, because), pods) in alike {
                let who = if pods.len() == 1 { pods[0].to_owned() } else { format!("{} of {workload}", count(pods.len(), "pod")) };
                table.row(vec![(number + 1).to_string().into(), who.into(), because.into()]);
            }
        }
        let cut = if detail == Detail::Brief { table.cut(ON_A_SCREEN) } else { 0 };
        let notes = (cut > 0).then(|| format!("… and {} more; -o wide shows all", thousands(cut)));
        document.table("Down for the time being", table, notes.into_iter().collect());
    }

    fn lost_section(&self, document: &mut Document, detail: Detail) {
        let names = if detail == Detail::Full { usize::MAX } else { 5 };
        let mut lines = Vec::new();
        for (number, wave) in self.waves.iter().enumerate() {
            if !wave.lost.is_empty() {
                let text = format!("wave {}: {}: no controller brings them back", number + 1, list(&wave.lost, names));
                lines.push(Text::new(text, Mood::Notable));
            }
            if !wave.preempted.is_empty() {
                let text = format!("wave {}: {} make room for pods of higher priority", number + 1, list(&wave.preempted, names));
                lines.push(Text::new(text, Mood::Notable));
            }
        }
        document.lines("Lost, or moved by others", lines);
    }

    fn flag_lines(&self, detail: Detail) -> Vec<Text> {
        let names = if detail == Detail::Full { usize::MAX } else { 3 };
        let line = |missing: &super::MissingFlag| {
            let pods = format!("{} ({})", count(missing.pods.len(), "pod"), list(&missing.pods, names));
            vec![
                Text::bad(format!("add {}: {}", missing.flag, what_it_does(missing.flag))),
                Text::faint(format!("without it: {}: {pods}", missing.message)),
            ]
        };
        self.missing_flags.iter().flat_map(line).collect()
    }

    fn surge_lines(&self) -> Vec<Text> {
        let surge = &self.surge;
        let like = list(&surge.like, 4);
        let fewest = if surge.fewest { "; one fewer was tried and is not enough" } else { "" };
        match surge.needed {
            Some(0) if surge.asked == 0 => Vec::new(),
            Some(0) => vec![Text::faint(format!("none is needed; {} counted on, like {like}", are(surge.like.len())))],
            Some(needed) if needed > surge.asked => {
                let text = format!(
                    "{} needed for the time being, like {like}{fewest}: the waves above count on {}; --surge {needed} says that you add {}",
                    are(needed),
                    if needed == 1 { "it" } else { "them" },
                    if needed == 1 { "it" } else { "them" }
                );
                vec![Text::bad(text)]
            }
            Some(needed) => vec![format!("{} needed, {} added, like {like}{fewest}", are(needed), thousands(surge.like.len())).into()],
            None => {
                let text = format!("more nodes like those that are there do not help: up to {} were tried", thousands(surge.tried.max(1)));
                vec![Text::new(text, Mood::Notable)]
            }
        }
    }

    fn duration_lines(&self) -> Vec<Text> {
        if self.waves.is_empty() {
            return Vec::new();
        }
        let assumed = &self.assumptions;
        let mut text = format!("{} for all waves, if every pod takes its whole grace period to end", span(self.seconds));
        text.push_str(&format!(" and what takes its place {} to start (--start)", span(u64::from(assumed.start_seconds))));
        let work = match assumed.maintenance_seconds {
            0 => "work on the nodes takes no time (--maintenance)".to_owned(),
            seconds => format!("work on each node takes {} (--maintenance)", span(u64::from(seconds))),
        };
        let retry = format!("a refused eviction is tried again every {} s; {work}", assumed.retry_seconds);
        vec![text.into(), Text::faint(retry)]
    }

    fn moves_section(&self, document: &mut Document) {
        for (number, wave) in self.waves.iter().enumerate() {
            let mut table = Table::new().left("pod").left("from").left("to").left("budget");
            for each in &wave.moves {
                let to = each.to.as_deref().map_or_else(|| Text::new(wave.fate(&each.pod), Mood::Notable), Text::from);
                table.row(vec![each.pod.as_str().into(), each.from.as_str().into(), to, each.budget.as_deref().unwrap_or("-").into()]);
            }
            document.table(format!("Wave {}", number + 1), table, Vec::new());
        }
    }
}

impl WaveView {
    fn fate(&self, pod: &str) -> &'static str {
        if self.lost.iter().any(|lost| lost == pod) { "lost" } else { "waits" }
    }
}

impl BlockedView {
    fn title(&self) -> String {
        let pods = count(self.pods.len(), "pod");
        let on = nodes(&self.nodes, 4);
        match self.reason {
            "budget" => format!("Blocked on {on}: budget {} keeps {pods} from leaving", self.budgets[0]),
            "twoBudgets" => format!("Blocked on {on}: budgets {} select the same {pods}", self.budgets.join(" and ")),
            "preemption" => format!("Blocked on {on}: {pods} would lose their place to pods of higher priority"),
            _ => format!("No room for {pods} of {on}"),
        }
    }

    fn lines(&self, view: &DrainView, detail: Detail) -> Vec<Text> {
        let names = if detail == Detail::Full { usize::MAX } else { 3 };
        let mut lines: Vec<Text> = self.messages.iter().map(|message| Text::bad(message.as_str())).collect();
        lines.push(Text::faint(list(&self.pods, names)));
        if !self.changes.is_empty() {
            lines.push(Text::good(format!("to free {}: {}", if self.pods.len() == 1 { "it" } else { "them" }, self.changes.join(", or "))));
        } else if matches!(self.reason, "noPlace" | "preemption") && view.surge.needed.is_none() {
            lines.push("what keeps it off the other nodes is in the sentence above; `plimsoll explain` says it node by node".into());
        }
        lines
    }
}

fn nodes(names: &[String], limit: usize) -> String {
    let all = if names.len() > limit { format!(" ({} in all)", count(names.len(), "node")) } else { String::new() };
    format!("{}{all}", list(names, limit))
}

fn are(number: usize) -> String {
    let are = if number == 1 { "is" } else { "are" };
    format!("{} {are}", count(number, "more node"))
}

fn about(seconds: u64) -> String {
    format!("about {}", span(seconds))
}

fn what_it_does(flag: &str) -> &'static str {
    match flag {
        "--ignore-daemonsets" => "pods of DaemonSets stay on their nodes",
        "--delete-emptydir-data" => "what pods keep in emptyDir volumes is lost",
        _ => "pods without a controller are gone for good",
    }
}

/// A span of time as people say it: `45 s`, `2 min 30 s`, `3 h 5 min`.
fn span(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, rest) => format!("{rest} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, rest) => format!("{minutes} min {rest} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_read_well() {
        assert_eq!([0, 45, 60, 150, 3600, 11_100].map(span), ["0 s", "45 s", "1 min", "2 min 30 s", "1 h", "3 h 5 min"]);
    }
}
