//! How much more load autoscaled workloads can take.

use schemars::JsonSchema;
use serde::Serialize;

use super::{API_VERSION, Records};
use crate::controllers::horizontal_pod_autoscaler::load::Factor;
use crate::planning::headroom::{Headroom, Stop, Trial};
use crate::report::amount::{count, list, thousands};
use crate::report::document::{Detail, Document, Mood, Table, Text};

/// How much more load fits.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeadroomView {
    /// Version of this format.
    #[schemars(extend("const" = "plimsoll.dev/v1"))]
    pub api_version: &'static str,
    /// What this is.
    #[schemars(extend("const" = "Headroom"))]
    pub kind: &'static str,
    /// Kubernetes version whose scheduler was replayed.
    pub kubernetes: String,
    /// What a load of 1 is: `usage` for what was measured, `target` for every autoscaler exactly at its target with its current replicas.
    pub basis: &'static str,
    /// Whether everything fits with every autoscaler at its most.
    pub max_fits: bool,
    /// What stops the first pod with every autoscaler at its most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_stop: Option<StopView>,
    /// Pods pending with every autoscaler at its most.
    pub max_pending: usize,
    /// The largest load at which everything fits; none if none does, or all do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest: Option<LoadFactor>,
    /// Whether everything fits however large the load.
    pub unbounded: bool,
    /// What happens just above the largest load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall: Option<Wall>,
    /// The autoscaler that is the first to be at its most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_at_max: Option<FirstAtMax>,
    /// How many different sets of replicas there are between no load and all at their most.
    pub steps: usize,
    /// How many of them were placed.
    pub tried: usize,
    /// Loads above the wall at which everything fits again: from (exclusive), to (inclusive).
    pub fits_again: Vec<Stretch>,
    /// Pods of nothing that is autoscaled that are pending at any load, and were left out of account.
    pub pending_anyway: usize,
    /// The autoscalers.
    pub autoscalers: Vec<AutoscalerRoom>,
}

/// A factor on the load.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoadFactor {
    /// Exactly, as a fraction or a whole number.
    pub exact: String,
    /// As a decimal number, rounded down.
    pub decimal: f64,
}

/// Loads between two factors.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stretch {
    /// Above this.
    pub above: LoadFactor,
    /// Up to and with this; none for "however large".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_to: Option<LoadFactor>,
}

/// What stops a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StopView {
    /// Its autoscaler, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaler: Option<String>,
    /// The pod.
    pub pod: String,
    /// The resource that most nodes lack; none if it is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The reason most nodes give.
    pub reason: String,
    /// How many nodes give it.
    pub nodes: usize,
    /// The scheduler's sentence.
    pub message: String,
}

/// What happens just above the largest load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Wall {
    /// Autoscalers whose replicas grow there.
    pub growing: Vec<String>,
    /// Pods that are pending then.
    pub pending: usize,
    /// The first of them, and what stops it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopView>,
    /// Pods evicted for good.
    pub lost: usize,
}

/// The first autoscaler to be at its most.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FirstAtMax {
    /// The autoscaler.
    pub autoscaler: String,
    /// It is at its most above this.
    pub above: LoadFactor,
}

/// An autoscaler.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutoscalerRoom {
    /// Namespace and name.
    pub name: String,
    /// What it scales.
    pub target: String,
    /// Fewest replicas.
    pub min: i32,
    /// Replicas now.
    pub current: i32,
    /// Most replicas.
    pub max: i32,
    /// Replicas at rest at a load of 1.
    pub at_one: i32,
    /// Replicas at the largest load that fits; none if no load does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_largest: Option<i32>,
    /// It is at its most above this load; none if it never gets there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_above: Option<LoadFactor>,
    /// What could not be told of its metrics.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

impl LoadFactor {
    /// Of an exact factor.
    pub fn new(factor: Factor) -> Self {
        let (top, bottom) = (factor.numerator(), factor.denominator());
        let exact = if bottom == 1 { top.to_string() } else { format!("{top}/{bottom}") };
        let thousandths = top.checked_mul(1000).map_or(factor.approximate() * 1000.0, |top| (top / bottom) as f64);
        LoadFactor { exact, decimal: thousandths.floor() / 1000.0 }
    }

    /// `1.166`, with three digits at most.
    fn short(&self) -> String {
        self.decimal.to_string()
    }
}

impl HeadroomView {
    /// Name of this view.
    pub const KIND: &'static str = "Headroom";

    /// Of an answer.
    pub fn new(headroom: &Headroom, kubernetes: impl ToString, measured: bool) -> Self {
        let names: Vec<String> = headroom.rooms.iter().map(|room| room.autoscaler.name()).collect();
        let stop = |stop: &Stop| stop_view(stop, &names);
        let trial = headroom.wall.and_then(|wall| headroom.stretches[wall].trial.as_ref());
        let wall = |trial: &Trial| Wall {
            growing: headroom.grown_at_wall().into_iter().map(|index| names[index].clone()).collect(),
            pending: trial.pending.len(),
            stop: trial.stop.as_ref().map(stop),
            lost: trial.lost,
        };
        let factor = |at: usize| headroom.stretches[at].up_to.map(LoadFactor::new);
        let again = |at: usize| Some(Stretch { above: factor(at.checked_sub(1)?)?, up_to: factor(at) });
        let one = headroom.at(Factor::ONE);
        HeadroomView {
            api_version: API_VERSION,
            kind: Self::KIND,
            kubernetes: kubernetes.to_string(),
            basis: if measured { "usage" } else { "target" },
            max_fits: headroom.max_fits(),
            max_stop: headroom.at_max.stop.as_ref().filter(|_| !headroom.max_fits()).map(stop),
            max_pending: headroom.at_max.pending.len(),
            largest: headroom.largest().map(LoadFactor::new),
            unbounded: headroom.wall.is_none(),
            wall: trial.map(wall),
            first_at_max: headroom
                .first_at_most()
                .map(|(index, above)| FirstAtMax { autoscaler: names[index].clone(), above: LoadFactor::new(above) }),
            steps: headroom.stretches.len(),
            tried: headroom.tried(),
            fits_again: headroom.fit_again().into_iter().filter_map(again).collect(),
            pending_anyway: headroom.tolerated,
            autoscalers: (0..names.len()).map(|index| autoscaler(headroom, index, &one.replicas)).collect(),
        }
    }

    /// Whether everything fits at its most.
    pub fn holds(&self) -> bool {
        self.max_fits
    }

    /// For readers.
    pub fn document(&self, detail: Detail) -> Document {
        let mut document = Document::new(self.headline());
        document.lines("How far the load may rise", self.rise());
        let mut table = Table::new().left("autoscaler").left("scales").right("min").right("now").right("max").right("at load 1");
        table = table.right("at the largest").right("at max above");
        for each in &self.autoscalers {
            let number = |number: i32| Text::from(number.to_string());
            let largest = each.at_largest.map_or("-".into(), number);
            let above = each.max_above.as_ref().map_or("never".into(), |factor| Text::from(format!("×{}", factor.short())));
            let name = Text::from(each.name.as_str());
            let target = Text::from(each.target.as_str());
            table.row(vec![name, target, number(each.min), number(each.current), number(each.max), number(each.at_one), largest, above]);
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(30) };
        let mut notes: Vec<String> = Vec::new();
        if cut > 0 {
            notes.push(format!("… and {} more autoscalers; -o wide shows all", thousands(cut)));
        }
        notes.extend(self.autoscalers.iter().flat_map(|each| each.problems.iter().map(|problem| format!("{}: {problem}", each.name))));
        document.table("Autoscalers", table, notes);
        document
    }

    fn headline(&self) -> Text {
        let count = count(self.autoscalers.len(), "autoscaler");
        match (&self.max_stop, self.max_fits) {
            (_, true) => Text::good(format!("Everything fits with {count} at max")),
            (Some(stop), false) => {
                let what = match &stop.resource {
                    Some(resource) if stop.is_refusal() => format!("too little {resource} in a quota"),
                    Some(resource) => format!("too little {resource}"),
                    None => stop.reason.clone(),
                };
                let state = if stop.is_refusal() { "pending or not created" } else { "pending" };
                Text::bad(format!("With {count} at max, {} {state}: {what}", pods_are(self.max_pending)))
            }
            (None, false) => Text::bad(format!("With {count} at max, pods are evicted for good")),
        }
    }

    /// Sentences about the load.
    fn rise(&self) -> Vec<Text> {
        let basis = match self.basis {
            "usage" => "Load 1 is the usage that was measured.",
            _ => "Load 1 is every autoscaler exactly at its target with its current replicas; --usage FILE takes what was measured.",
        };
        let mut lines = vec![match (&self.largest, self.unbounded) {
            (_, true) => Text::good("Everything fits at any load: all autoscalers reach their max before the room ends."),
            (Some(largest), false) => {
                let mood = if largest.decimal < 1.0 { Mood::Bad } else { Mood::Good };
                Text::new(format!("Everything fits up to ×{} of the load (exactly {}).", largest.short(), largest.exact), mood)
            }
            (None, false) => Text::bad("Not even the least load fits."),
        }];
        lines.extend(self.wall.as_ref().map(|wall| Text::from(wall.sentence(self.largest.is_some()))));
        if let Some(stop) = self.wall.as_ref().and_then(|wall| wall.stop.as_ref()) {
            lines.push(Text::faint(stop.message.as_str()));
        }
        if let Some(first) = &self.first_at_max {
            lines.push(Text::from(format!("{} is the first at its max, above ×{}.", first.autoscaler, first.above.short())));
        }
        if !self.fits_again.is_empty() {
            let text = format!("Placement is not monotone: above that, {} fit again.", count(self.fits_again.len(), "larger step"));
            lines.push(Text::new(text, Mood::Notable));
        }
        let tried = match self.tried == self.steps {
            true => format!("All {} of replicas between no load and max were placed.", count(self.steps, "set")),
            false => {
                format!("Of {} of replicas between no load and max, {} were placed, by halving.", count(self.steps, "set"), self.tried)
            }
        };
        lines.push(Text::faint(format!("{basis} {tried}")));
        if self.pending_anyway > 0 {
            lines.push(Text::faint(format!("{} pending at any load and not counted.", pods_are(self.pending_anyway))));
        }
        lines
    }

    /// For spreadsheets: a row an autoscaler.
    pub fn records(&self) -> Records {
        let row = |each: &AutoscalerRoom| {
            let mut row = vec![each.name.clone(), each.target.clone()];
            row.extend([each.min, each.current, each.max, each.at_one].map(|number| number.to_string()));
            row.push(each.at_largest.map_or_else(String::new, |number| number.to_string()));
            row.push(each.max_above.as_ref().map_or_else(String::new, |factor| factor.exact.clone()));
            row.push(self.largest.as_ref().map_or_else(String::new, |factor| factor.exact.clone()));
            row
        };
        let columns = vec!["autoscaler", "target", "min", "current", "max", "at_load_1", "at_largest", "at_max_above", "largest_load"];
        Records { columns, rows: self.autoscalers.iter().map(row).collect() }
    }
}

impl Wall {
    fn sentence(&self, is_above: bool) -> String {
        let start = match (self.growing.is_empty(), is_above) {
            (false, true) => format!("Above that {} grows, and", list(&self.growing, 3)),
            _ => "There".to_owned(),
        };
        match &self.stop {
            None => format!("{start} {} evicted for good.", pods_are(self.lost)),
            Some(stop) => {
                let first = match &stop.autoscaler {
                    Some(name) => format!("{} of {name}", stop.pod),
                    None => format!("{}, which no autoscaler scales", stop.pod),
                };
                let what = match &stop.resource {
                    Some(resource) if stop.is_refusal() => format!("the quota on {resource}"),
                    None if stop.is_refusal() => "the API server, which refuses it".to_owned(),
                    Some(resource) => format!("{resource} (too little on {})", count(stop.nodes, "node")),
                    None => format!("\"{}\" on {}", stop.reason, count(stop.nodes, "node")),
                };
                let state = if stop.is_refusal() { "pending or not created" } else { "pending" };
                format!("{start} {} {state}, first {first}: what stops it is {what}.", pods_are(self.pending))
            }
        }
    }
}

impl StopView {
    /// Whether it is the API server that stops the pod: no node was asked.
    fn is_refusal(&self) -> bool {
        self.nodes == 0
    }
}

fn pods_are(number: usize) -> String {
    format!("{} {}", count(number, "pod"), if number == 1 { "is" } else { "are" })
}

fn stop_view(stop: &Stop, names: &[String]) -> StopView {
    StopView {
        autoscaler: stop.autoscaler.map(|index| names[index].clone()),
        pod: stop.pod.clone(),
        resource: stop.resource.clone(),
        reason: stop.reason.clone(),
        nodes: stop.nodes,
        message: stop.message.clone(),
    }
}

fn autoscaler(headroom: &Headroom, index: usize, at_one: &[i32]) -> AutoscalerRoom {
    let room = &headroom.rooms[index];
    let (min, max) = room.autoscaler.bounds();
    AutoscalerRoom {
        name: room.autoscaler.name(),
        target: room.autoscaler.target.to_string(),
        min,
        current: room.autoscaler.current,
        max,
        at_one: at_one[index],
        at_largest: headroom.last.map(|last| headroom.stretches[last].replicas[index]),
        max_above: room.most_beyond.map(LoadFactor::new),
        problems: room.problems.clone(),
    }
}
