//! The same for readers.

use super::{ContainerView, ReasonView, ResourceView, RightsizingView, TotalsView};
use crate::manifest::Quantity;
use crate::report::amount::{Unit, count, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};

/// So many containers are shown where not all are.
const ROWS: usize = 40;
/// So many names are said.
const NAMES: usize = 5;

impl RightsizingView {
    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        document.lines("", self.lead());
        self.add_containers(&mut document, detail);
        self.add_totals(&mut document, detail);
        self.add_autoscalers(&mut document);
        self.add_excess(&mut document);
        if let Some(nodes) = &self.nodes {
            nodes.add_to(&mut document);
        }
        self.recommended.add_to(&mut document, detail);
        document
    }

    fn headline(&self) -> Text {
        if self.measured.containers == 0 {
            return Text::bad("Nothing that was measured belongs to a container of the input");
        }
        let changed = self.containers.iter().filter(|own| own.cpu.changed || own.memory.changed).count();
        let short = self.containers.iter().filter(|own| own.cpu.short || own.memory.short).count();
        let without = self.measured.containers_without_data;
        let total = &self.total;
        let pair = |resource: &str, now: &str, then: &str| format!("{} → {}", readable(resource, now), readable(resource, then));
        let (cpu, memory) = (pair("cpu", &total.cpu_now, &total.cpu_then), pair("memory", &total.memory_now, &total.memory_then));
        let requests = format!(": cpu {cpu}, memory {memory} in all");
        let mut text = match changed {
            0 => format!("Of {} none has to ask for anything else", count(self.measured.containers, "measured container")),
            _ => format!(
                "{} of {} should ask for something else{requests}",
                thousands(changed),
                count(self.measured.containers, "measured container")
            ),
        };
        if short > 0 {
            text.push_str(&format!("; {} cannot get what they need", thousands(short)));
        }
        let quotas = self.quotas_exceeded.iter().filter(|excess| excess.new).count();
        if quotas > 0 {
            text.push_str(&format!("; {} too small for it", count(quotas, "quota bound")));
        }
        if without > 0 {
            text.push_str(&format!("; {} more without data", thousands(without)));
        }
        Text::new(text, if self.holds() { Mood::Good } else { Mood::Bad })
    }

    /// What everything rests on, in a sentence.
    pub(super) fn basis(&self) -> String {
        let policy = &self.policy;
        let margin = |percent: u32| if percent == 0 { String::new() } else { format!(" + {percent} %") };
        let limit = match policy.cpu_limit {
            "keep" => "cpu limits as they are",
            "ratio" => "cpu limits in proportion",
            _ => "no cpu limit",
        };
        format!(
            "cpu: P{} of the busiest pod{}, {limit}; memory: peak{}, request and limit; at least {} and {}; what is within {} % stays",
            policy.cpu_percentile,
            margin(policy.cpu_margin_percent),
            margin(policy.memory_margin_percent),
            policy.cpu_minimum,
            policy.memory_minimum,
            policy.tolerance_percent
        )
    }

    fn lead(&self) -> Vec<Text> {
        let measured = &self.measured;
        let span =
            measured.span_seconds.filter(|seconds| *seconds > 0).map(|seconds| format!(" over {}", span(seconds))).unwrap_or_default();
        let mut lead = vec![
            Text::from(format!("Measured: {}{span}, of {}.", count(measured.samples, "sample"), count(measured.containers, "container"))),
            Text::from(format!("Policy: {}.", self.basis())),
        ];
        let guesses: Vec<String> = self.containers.iter().filter(|own| has(own, "guess")).map(name).collect();
        if !guesses.is_empty() {
            let text = format!(
                "Guesses, of fewer than {} samples: {}",
                count(self.policy.enough_samples, "sample").trim_end_matches(" samples"),
                list(&guesses, NAMES)
            );
            lead.push(Text::new(text, Mood::Notable));
        }
        let short_span = measured.span_seconds.is_some_and(|seconds| seconds < DAY);
        if short_span {
            lead.push(Text::new("Less than a day was measured: what peaks daily may be missing", Mood::Notable));
        }
        let without: Vec<String> =
            self.containers.iter().filter(|own| own.cpu.observed.is_none() && own.memory.observed.is_none()).map(name).collect();
        if !without.is_empty() {
            lead.push(Text::new(format!("Without data, and left as they are: {}", list(&without, NAMES)), Mood::Notable));
        }
        if !measured.unknown_pods.is_empty() {
            lead.push(Text::faint(format!("Measured, but of nothing in the input: {}", list(&measured.unknown_pods, NAMES))));
        }
        let injected: Vec<String> = self.injected.iter().map(|own| format!("{} of {}", own.container, own.workload)).collect();
        if !injected.is_empty() {
            lead.push(Text::faint(format!("In no template, so something adds them to pods: {}", list(&injected, NAMES))));
        }
        lead
    }

    fn add_containers(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new()
            .left("workload")
            .left("container")
            .right("pods")
            .right("samples")
            .right(format!("cpu P{}", self.policy.cpu_percentile));
        for column in ["cpu peak", "cpu request", "cpu limit", "memory peak", "memory request", "memory limit"] {
            table = table.right(column);
        }
        table = table.left("because");
        let shown =
            |own: &&ContainerView| detail == Detail::Full || own.cpu.changed || own.memory.changed || own.cpu.short || own.memory.short;
        for own in self.containers.iter().filter(shown) {
            table.row(row(own));
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(ROWS) };
        let notes = if cut > 0 { vec![format!("… and {}; -o wide shows all", count(cut, "more container"))] } else { Vec::new() };
        let title = if detail == Detail::Full { "Containers" } else { "Containers that should ask for something else" };
        document.table(title, table, notes);
    }

    fn add_totals(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("namespace").right("cpu now").right("then").right("memory now").right("then");
        let is_shown = |own: &&TotalsView| detail == Detail::Full || own.cpu_now != own.cpu_then || own.memory_now != own.memory_then;
        let shown: Vec<&TotalsView> = self.totals.iter().filter(is_shown).collect();
        // a sum of nothing that changes says nothing
        let all = (!shown.is_empty()).then_some(&self.total);
        for own in shown.into_iter().chain(all) {
            let name = if own.namespace.is_empty() { "all of them" } else { own.namespace.as_str() };
            let amounts = [("cpu", &own.cpu_now), ("cpu", &own.cpu_then), ("memory", &own.memory_now), ("memory", &own.memory_then)];
            let amounts = amounts.into_iter().map(|(resource, amount)| Text::from(readable(resource, amount)));
            table.row([Text::from(name)].into_iter().chain(amounts).collect());
        }
        document.table("What all pods request", table, Vec::new());
    }

    fn add_autoscalers(&self, document: &mut Document) {
        let mut table = Table::new()
            .left("autoscaler")
            .left("scales")
            .right("min")
            .right("max")
            .right("replicas")
            .right("wants now")
            .right("wants then");
        table = table.left("target that keeps replicas");
        for own in &self.autoscalers {
            let number = |replicas: Option<i32>| replicas.map_or("?".to_owned(), |replicas| replicas.to_string());
            let is_at_max = own.wanted_then == Some(own.max) && own.wanted_now != Some(own.max);
            let changed = own.targets.iter().filter(|target| target.percent != target.percent_that_keeps_replicas);
            let targets: Vec<String> = changed
                .map(|target| {
                    let container = target.container.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
                    format!("{}{container} {} % → {} %", target.resource, target.percent, target.percent_that_keeps_replicas)
                })
                .collect();
            table.row(vec![
                own.autoscaler.as_str().into(),
                own.scales.as_str().into(),
                own.min.to_string().into(),
                own.max.to_string().into(),
                own.replicas.to_string().into(),
                number(own.wanted_now).into(),
                Text::new(number(own.wanted_then), if is_at_max { Mood::Notable } else { Mood::Plain }),
                targets.join(", ").into(),
            ]);
        }
        let notes = vec![
            "wants: where the controller comes to rest under the busiest moment that was measured; ? if that was not measured".to_owned(),
        ];
        document.table("Autoscalers: utilisation is a share of the request", table, notes);
    }

    fn add_excess(&self, document: &mut Document) {
        let mut table = Table::new().left("namespace").left("quota").left("resource").right("hard").right("used").right("then");
        table = table.right("at hpa max").right("then").left("");
        for own in &self.quotas_exceeded {
            let mood = if own.new { Mood::Bad } else { Mood::Notable };
            table.row(vec![
                own.namespace.as_str().into(),
                own.quota.as_str().into(),
                own.resource.as_str().into(),
                own.hard.as_str().into(),
                own.now.as_str().into(),
                own.then.as_str().into(),
                own.now_at_hpa_max.as_str().into(),
                own.then_at_hpa_max.as_str().into(),
                Text::new(if own.new { "too small for the recommendation" } else { "too small already" }, mood),
            ]);
        }
        document.table("Quotas that are too small", table, Vec::new());
    }
}

/// An amount that was measured or added up, as people read it.
fn readable(resource: &str, amount: &str) -> String {
    let quantity: Quantity = amount.parse().unwrap_or_default();
    Unit::of(resource).amount(if resource == "cpu" { quantity.milli() } else { quantity.units() })
}

const DAY: i64 = 86_400;

/// A time that a person can picture: `3 h`, `14 d`.
fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / DAY),
    }
}

fn name(own: &ContainerView) -> String {
    match own.container == own.workload {
        true => format!("{}/{}", own.namespace, own.workload),
        false => format!("{}/{} {}", own.namespace, own.workload, own.container),
    }
}

fn has(own: &ContainerView, reason: &str) -> bool {
    [&own.cpu, &own.memory].iter().any(|resource| resource.reasons.iter().any(|own| own.reason == reason))
}

/// Reasons that are said elsewhere, or that the amounts say themselves.
const SILENT: [&str; 4] = ["guess", "notMeasured", "enough", "minimum"];

/// Whether a reason is worth a word beside the amounts.
fn is_told(resource: &ResourceView, reason: &ReasonView) -> bool {
    // a limit that stays needs no reason
    let stays = ["limitDemanded", "limitRangeDefault"].contains(&reason.reason) && resource.now.limit == resource.to.limit;
    !SILENT.contains(&reason.reason) && !stays
}

fn row(own: &ContainerView) -> Vec<Text> {
    let observed = |name: &str, resource: &ResourceView, peak: bool| {
        let text = resource.observed.as_ref().map(|observed| readable(name, if peak { &observed.peak } else { &observed.percentile }));
        Text::from(text.unwrap_or_else(|| "-".to_owned()))
    };
    let samples = own.cpu.observed.iter().chain(&own.memory.observed).map(|observed| observed.samples).max().unwrap_or(0);
    let told = |resource| move |reason: &&ReasonView| is_told(resource, reason);
    let reasons = own.cpu.reasons.iter().filter(told(&own.cpu)).chain(own.memory.reasons.iter().filter(told(&own.memory)));
    let reasons: Vec<&str> = reasons.map(|reason| reason.message.as_str()).collect();
    let mood = match own.memory.below_peak {
        true => Mood::Bad,
        false if own.cpu.short || own.memory.short => Mood::Notable,
        false => Mood::Plain,
    };
    let text = if own.memory.below_peak { format!("below the peak: {}", reasons.join("; ")) } else { reasons.join("; ") };
    vec![
        format!("{}/{} ({})", own.namespace, own.workload, own.workload_kind).into(),
        own.container.as_str().into(),
        own.pods.to_string().into(),
        thousands(samples).into(),
        observed("cpu", &own.cpu, false),
        observed("cpu", &own.cpu, true),
        change(&own.cpu.now.request, &own.cpu.to.request),
        change(&own.cpu.now.limit, &own.cpu.to.limit),
        observed("memory", &own.memory, true),
        change(&own.memory.now.request, &own.memory.to.request),
        change(&own.memory.now.limit, &own.memory.to.limit),
        Text::new(text, mood),
    ]
}

fn change(now: &Option<String>, to: &Option<String>) -> Text {
    let word = |amount: &Option<String>| amount.clone().unwrap_or_else(|| "none".to_owned());
    if now == to { Text::faint(word(now)) } else { Text::from(format!("{} → {}", word(now), word(to))) }
}
