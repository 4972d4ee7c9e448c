//! How [`SizeView`] reads.

use super::{AlternativeView, BeyondView, CostView, SizeView, StateView};
use crate::report::amount::{count, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};

/// So many states, alternatives or things beyond fit a screen.
const ROWS: usize = 8;

impl SizeView {
    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        document.lines("", self.lead());
        self.add_nodes(&mut document);
        self.add_replay(&mut document, detail);
        self.add_unreached(&mut document);
        self.add_alternatives(&mut document, detail);
        if let Some(why) = &self.why {
            why.add_to(&mut document, detail);
        }
        if let Some(realisation) = &self.realisation {
            realisation.add_to(&mut document, detail);
        }
        self.add_beyond(&mut document, detail);
        if detail == Detail::Full {
            let mut table = Table::new().left("pod").left("node");
            for placed in &self.placement {
                table.row(vec![placed.pod.as_str().into(), placed.node.as_deref().unwrap_or("none").into()]);
            }
            document.table("Where the replay puts every pod", table, Vec::new());
        }
        document
    }

    /// The answer in one line.
    pub(in crate::report::views) fn headline(&self) -> Text {
        let (what, conditions) = (self.everything(), self.conditions());
        if !self.holds {
            let nearest = if self.count > 0 { format!("; {} comes nearest", self.fleet()) } else { String::new() };
            return Text::bad(format!("No fleet was found on which {what} {conditions}{nearest}"));
        }
        if self.count == 0 {
            return Text::good(format!("Nothing to buy: {what} {conditions} on what is there"));
        }
        let cost = self.cost.map_or_else(String::new, |cost| format!(" for {} an hour", money(cost.per_hour)));
        let existing: u32 = self.nodes.iter().map(|nodes| nodes.existing).sum();
        let text = match existing {
            0 => format!("Buy {}{cost}: {what} {conditions}", self.fleet()),
            _ if existing == self.count => format!("Nothing to buy: {what} {conditions} on {}{cost}", self.fleet()),
            _ => {
                let to_buy = count((self.count - existing) as usize, "node");
                format!("Have {}{cost}, which is {to_buy} to buy and {existing} that are there: {what} {conditions}", self.fleet())
            }
        };
        if self.holds() { Text::good(text) } else { Text::new(text, Mood::Notable) }
    }

    /// `everything`, or what of it can run.
    fn everything(&self) -> String {
        match self.beyond.iter().filter(|beyond| beyond.what == "impossible").map(|beyond| beyond.pods).sum() {
            0 => "everything".to_owned(),
            pods => format!("everything but {} that no node takes", count(pods, "pod")),
        }
    }

    /// `runs, under 70 % of every node, and any one node can be lost`.
    fn conditions(&self) -> String {
        let under = self.asked.max_utilization.map(|share| format!(", every node under {share} %"));
        let survive = match self.asked.survive.split_once('=') {
            Some((what, number)) => format!(", any {number} {what}s can be lost"),
            None if self.asked.survive == "none" => String::new(),
            None => format!(", any {} can be lost", self.asked.survive),
        };
        format!("runs{}{survive}", under.unwrap_or_default())
    }

    /// `4 × m5.large, 2 × r5.large`.
    fn fleet(&self) -> String {
        let mut types: Vec<(String, u32)> = Vec::new();
        for nodes in &self.nodes {
            match types.iter_mut().find(|(name, _)| *name == nodes.node_type) {
                Some((_, count)) => *count += nodes.count,
                None => types.push((nodes.node_type.clone(), nodes.count)),
            }
        }
        list(&types.iter().map(|(name, count)| format!("{count} × {name}")).collect::<Vec<_>>(), 4)
    }

    /// What no plan can be below, what stays, what goes.
    pub(in crate::report::views) fn lead(&self) -> Vec<Text> {
        let bound = &self.lower_bound;
        let mut lines = Vec::new();
        let at_least = match (bound.cost, self.cost) {
            _ if bound.infeasible => format!("It is proven: {}.", bound.because),
            (Some(least), Some(_)) => format!("No plan costs less than {} an hour: {}.", money(least.per_hour), bound.because),
            _ => format!("No plan has fewer than {}: {}.", count(bound.nodes as usize, "node"), bound.nodes_because),
        };
        let gap = match self.gap {
            _ if !self.holds => String::new(),
            Some(gap) if gap <= 0.0 => " So this is the best there is.".to_owned(),
            Some(gap) => format!(" So this is at most {gap} % above the best there is."),
            None => String::new(),
        };
        lines.push(Text::from(at_least + &gap));
        if bound.cost.is_some() && !bound.infeasible && self.holds && self.count > 0 {
            lines.push(Text::faint(format!(
                "And no plan has fewer than {}: {}.",
                count(bound.nodes as usize, "node"),
                bound.nodes_because
            )));
        }
        if self.not_played > 0 {
            let losses = count(self.not_played, "loss");
            lines.push(Text::new(format!("There are too many losses to play them all: {losses} were not."), Mood::Notable));
        }
        if self.cut_off {
            lines.push(Text::new("The time limit ended the search: --time-limit gives it more.", Mood::Notable));
        }
        if !self.kept.is_empty() && !self.asked.keep_existing {
            let kept: Vec<String> = self.kept.iter().map(|kept| format!("{} ({})", kept.node, why_kept(kept.because))).collect();
            lines.push(Text::from(format!("Stays: {}.", list(&kept, 4))));
        }
        if !self.removed.is_empty() {
            lines.push(Text::from(format!("Not needed any more: {}.", list(&self.removed, 6))));
        }
        lines
    }

    /// The nodes to have, by type and zone.
    pub(in crate::report::views) fn add_nodes(&self, document: &mut Document) {
        let has_prices = self.nodes.iter().all(|nodes| nodes.price_per_hour.is_some());
        let has_existing = self.nodes.iter().any(|nodes| nodes.existing > 0);
        let mut table = Table::new().right("nodes").left("type").left("zone").right("cpu").right("memory").right("pods");
        if has_existing {
            table = table.right("there already").right("to buy");
        }
        if has_prices {
            table = table.right("each, an hour").right("a month");
        }
        for nodes in &self.nodes {
            let of = |name: &str| Text::from(nodes.allocatable.get(name).map_or("-", String::as_str));
            let name = match &nodes.capacity_type {
                Some(capacity) => format!("{} ({capacity})", nodes.node_type),
                None => nodes.node_type.clone(),
            };
            let zone = nodes.zone.as_deref().unwrap_or("-");
            let mut row = vec![nodes.count.to_string().into(), name.into(), zone.into(), of("cpu"), of("memory"), of("pods")];
            if has_existing {
                row.extend([nodes.existing.to_string().into(), (nodes.count - nodes.existing).to_string().into()]);
            }
            if let Some(price) = nodes.price_per_hour.filter(|_| has_prices) {
                let month = price * f64::from(nodes.count) * super::HOURS_A_MONTH;
                row.extend([money(price).into(), money(month).into()]);
            }
            table.row(row);
        }
        let total = |cost: CostView| format!("together {} an hour, {} a month of 730 hours", money(cost.per_hour), money(cost.per_month));
        document.table("What to have", table, self.cost.map(total).into_iter().collect());
    }

    fn add_replay(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("state").left("replayed").right("fullest cpu").right("fullest memory");
        let mut states: Vec<&StateView> = self.replay.iter().collect();
        // the normal state first, then what fails, then the fullest
        states.sort_by_key(|state| (!state.lost.is_empty(), state.holds, -(state.fullest_cpu.max(state.fullest_memory) * 10.0) as i64));
        for state in states {
            let name = if state.lost.is_empty() { "nothing lost".to_owned() } else { format!("without {}", state.lost.join(", ")) };
            let (text, mood) = if state.holds { ("holds".to_owned(), Mood::Good) } else { (state.failure(), Mood::Bad) };
            let share = |share: f64| Text::from(format!("{share} %"));
            table.row(vec![name.into(), Text::new(text, mood), share(state.fullest_cpu), share(state.fullest_memory)]);
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(ROWS) };
        let notes = (cut > 0).then(|| format!("… and {} more; -o wide shows all", count(cut, "state"))).into_iter().collect();
        document.table("Replayed by the scheduler", table, notes);
    }

    fn add_unreached(&self, document: &mut Document) {
        let Some(unreached) = &self.unreached else { return };
        let how = match unreached.by {
            "largestFirst" => "if the largest pods are created first, or have a higher priority".to_owned(),
            _ => format!("if {} are pinned to nodes as -o json lists them", count(unreached.pins.len(), "pod")),
        };
        let text = format!("{} would do {how}: left alone, the scheduler does not find that placement.", unreached.fleet.text());
        document.lines("A cheaper fleet, with help", vec![Text::new(text, Mood::Notable)]);
    }

    fn add_alternatives(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("instead").right("nodes").right("an hour").right("more");
        for other in &self.alternatives {
            let cost = other.cost.map_or("-".to_owned(), |cost| money(cost.per_hour));
            let more = match (other.cost, self.cost) {
                (Some(other), Some(own)) => format!("{:+.0} %", (other.per_hour / own.per_hour - 1.0) * 100.0),
                _ => format!("{:+}", i64::from(other.count) - i64::from(self.count)),
            };
            table.row(vec![other.types_text().into(), other.count.to_string().into(), cost.into(), more.into()]);
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(ROWS) };
        let notes = (cut > 0).then(|| format!("… and {} more", thousands(cut))).into_iter().collect();
        document.table("Other fleets that hold", table, notes);
    }

    fn add_beyond(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("what").left("why").left("instead");
        for BeyondView { what, name, pods, because, instead } in &self.beyond {
            let name = if *pods > 1 && *what == "impossible" { format!("{name} and {} more", pods - 1) } else { name.clone() };
            let mood = if matches!(*what, "fragile" | "crowded") { Mood::Notable } else { Mood::Bad };
            // what preemption would say is of no use here
            let why = because.split(". ").next().unwrap_or_default();
            table.row(vec![Text::new(name, mood), why.into(), instead.as_str().into()]);
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(ROWS) };
        let notes = (cut > 0).then(|| format!("… and {} more; -o wide shows all", thousands(cut))).into_iter().collect();
        document.table("What no purchase can mend", table, notes);
    }
}

impl StateView {
    fn failure(&self) -> String {
        let parts = [(self.pending.len(), "pod", "without a node"), (self.below_quorum.len(), "workload", "below quorum")];
        let mut parts: Vec<String> =
            parts.iter().filter(|(number, ..)| *number > 0).map(|(number, one, what)| format!("{} {what}", count(*number, one))).collect();
        parts.extend(self.overfull.iter().take(2).cloned());
        parts.join(", ")
    }
}

impl AlternativeView {
    pub(super) fn types_text(&self) -> String {
        list(&self.types.iter().map(|(name, count)| format!("{count} × {name}")).collect::<Vec<_>>(), 4)
    }

    fn text(&self) -> String {
        match self.cost {
            Some(cost) => format!("{} for {} an hour", self.types_text(), money(cost.per_hour)),
            None => self.types_text(),
        }
    }
}

fn why_kept(because: &str) -> &'static str {
    match because {
        "controlPlane" => "it runs the control plane",
        "localVolume" => "it holds a volume that no other node reaches",
        _ => "asked for",
    }
}

/// An amount of money, in a currency that nobody named.
pub(in crate::report::views) fn money(amount: f64) -> String {
    if amount < 10.0 { format!("{amount:.4}") } else { format!("{amount:.2}") }
}
