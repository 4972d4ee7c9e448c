//! Why a plan costs what it costs.

use schemars::JsonSchema;
use serde::Serialize;

use super::page::money;
use super::{AlternativeView, CostView, cost, percent, shown};
use crate::planning::size::why::{Rule, Why};
use crate::planning::size::{Fleet, Offer, Sizing};
use crate::report::amount::Unit;
use crate::report::document::{Chart, Detail, Document, Lines, Mood, Plot, Table, Text};

/// So many rules fit a screen.
const RULES: usize = 10;

/// Why a plan costs what it costs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhyView {
    /// What nodes have and what of it is asked for.
    pub resources: Vec<ResourceView>,
    /// Rules without which the plan would cost less; the dearest first.
    pub rules: Vec<RuleView>,
    /// How many rules were dropped for a try.
    pub rules_tried: usize,
    /// What growth would cost.
    pub growth: Vec<GrowthView>,
    /// Fleets with fewer and more nodes.
    pub curve: Vec<PointView>,
}

/// A resource of all nodes together.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceView {
    /// Its name.
    pub resource: String,
    /// What nodes have.
    pub allocatable: String,
    /// What is asked for.
    pub requested: String,
    /// That in percent.
    pub share: f64,
    /// Of what is asked for, what DaemonSets and static pods ask for.
    pub of_nodes: String,
    /// On how many nodes it is the fullest resource.
    pub binds_on: usize,
    /// What would be left of it when each node's fullest resource is used up by more of the same mix.
    pub stranded: String,
    /// What one more core, GiB or piece costs an hour, if bins could be bought in parts; absent if prices are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow_price: Option<f64>,
}

/// What a rule costs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    /// The rule: `survive`, `maxUtilization`, `antiAffinity`, `spread`, `nodeAffinity`, `affinity` or `hostPorts`.
    pub rule: &'static str,
    /// Whose; absent if it is everybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// Nodes fewer without it, at least.
    pub nodes: i64,
    /// What that saves, at least; absent if prices are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saves: Option<CostView>,
}

/// What growth would cost.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrowthView {
    /// By how many percent each workload has more pods, rounded up.
    pub percent: u32,
    /// How many pods that is more.
    pub pods: usize,
    /// The fleet that holds then; absent if none was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<AlternativeView>,
}

/// A fleet near the plan.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PointView {
    /// How many nodes.
    pub nodes: u32,
    /// What they cost; absent if prices are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostView>,
    /// Whether everything holds.
    pub holds: bool,
    /// Cpu or memory of the fullest node with nothing lost, in percent.
    pub fullest: f64,
    /// The same after the worst loss; absent if nothing was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fullest_after_loss: Option<f64>,
}

impl WhyView {
    /// Of an explanation.
    pub fn new(offers: &[Offer<'_>], sizing: &Sizing, why: &Why) -> Self {
        let has_prices = sizing.prices.iter().any(|price| *price != 1);
        let price_of = |name: &str| {
            let price = why.shadow_prices.iter().find(|(known, _)| known == name)?.1;
            has_prices.then(|| significant(price * per_unit(name) / 1e6))
        };
        let resource = |used: &crate::planning::size::why::ResourceUse| {
            let unit = Unit::of(&used.resource);
            ResourceView {
                resource: used.resource.clone(),
                allocatable: unit.amount(used.allocatable),
                requested: unit.amount(used.requested),
                share: if used.allocatable > 0 { percent(used.requested, used.allocatable) } else { 0.0 },
                of_nodes: unit.amount(used.of_nodes),
                binds_on: used.binds_on,
                stranded: unit.amount(used.stranded),
                shadow_price: price_of(&used.resource),
            }
        };
        let saves = |price: i64| has_prices.then(|| CostView::new(price));
        let alternative = |fleet: &Fleet| AlternativeView::new(offers, fleet);
        WhyView {
            resources: why.uses.iter().map(resource).collect(),
            rules: (why.rules.iter())
                .map(|cost| RuleView {
                    rule: word(cost.rule),
                    workload: cost.workload.as_ref().map(ToString::to_string),
                    nodes: cost.nodes,
                    saves: saves(cost.price),
                })
                .collect(),
            rules_tried: why.rules_tried,
            growth: (why.growth.iter())
                .map(|growth| GrowthView { percent: growth.percent, pods: growth.pods, fleet: growth.fleet.as_ref().map(alternative) })
                .collect(),
            curve: (why.curve.iter())
                .map(|point| PointView {
                    nodes: point.fleet.nodes(),
                    cost: cost(offers, &point.fleet),
                    holds: point.holds,
                    fullest: shown(point.peak.cpu.max(point.peak.memory)),
                    fullest_after_loss: Some(shown(point.peak_after_loss.cpu.max(point.peak_after_loss.memory)))
                        .filter(|share| *share > 0.0),
                })
                .collect(),
        }
    }

    /// Adds what it says to a document.
    pub fn add_to(&self, document: &mut Document, detail: Detail) {
        self.add_resources(document);
        self.add_rules(document, detail);
        let mut growth = Table::new().left("if everything grows by").right("pods more").left("then have").right("an hour");
        for step in &self.growth {
            let fleet = step.fleet.as_ref();
            let types = fleet.map_or_else(|| Text::bad("no fleet of these types was found"), |fleet| Text::from(fleet.types_text()));
            let cost = fleet.and_then(|fleet| fleet.cost).map_or("-".to_owned(), |cost| money(cost.per_hour));
            growth.row(vec![format!("{} %", step.percent).into(), step.pods.to_string().into(), types, cost.into()]);
        }
        document.table("Growth", growth, Vec::new());
        self.add_curve(document);
        self.charts().into_iter().for_each(|chart| document.chart(chart));
    }

    /// Adds the numbers of the curves.
    pub(in crate::report::views) fn add_curve(&self, document: &mut Document) {
        let mut curve = Table::new().right("nodes").right("an hour").left("replayed").right("fullest node").right("after the worst loss");
        for point in &self.curve {
            let cost = point.cost.map_or("-".to_owned(), |cost| money(cost.per_hour));
            let holds = if point.holds { Text::good("holds") } else { Text::bad("fails") };
            let after = point.fullest_after_loss.map_or("-".to_owned(), |share| format!("{share} %"));
            curve.row(vec![point.nodes.to_string().into(), cost.into(), holds, format!("{} %", point.fullest).into(), after.into()]);
        }
        document.table("Fewer and more nodes", curve, Vec::new());
    }

    /// Cost and headroom against the number of nodes.
    pub(in crate::report::views) fn charts(&self) -> [Chart; 2] {
        let nodes = |point: &PointView| f64::from(point.nodes);
        let of = |value: &dyn Fn(&PointView) -> Option<f64>| -> Vec<(f64, f64)> {
            self.curve.iter().filter_map(|point| Some((nodes(point), value(point)?))).collect()
        };
        let holds = self.curve.iter().find(|point| point.holds);
        let headroom = |share: f64| (100.0 - share).max(0.0);
        let mark = |value: Option<f64>| {
            holds.and_then(|point| Some(("the fewest that hold".to_owned(), (nodes(point), value?)))).into_iter().collect()
        };
        let chart = |name, title: &str, about: &str, up: &str, lines, marks| Chart {
            name,
            title: title.to_owned(),
            about: about.to_owned(),
            plot: Plot::Lines(Lines { axes: ("nodes".to_owned(), up.to_owned()), lines, marks }),
        };
        let cost = chart(
            "cost-curve",
            "Cost by number of nodes",
            "What fleets with fewer and more nodes than the plan's cost an hour; the fewest nodes on which everything holds are marked.",
            "an hour",
            vec![("cost".to_owned(), of(&|point| Some(point.cost?.per_hour)))],
            mark(holds.and_then(|point| Some(point.cost?.per_hour))),
        );
        let room = chart(
            "headroom-curve",
            "Headroom of the fullest node",
            "What is free of cpu or memory on the fullest node, by number of nodes, with nothing lost and after the worst loss.",
            "percent of cpu or memory",
            vec![
                ("with nothing lost".to_owned(), of(&|point| Some(headroom(point.fullest)))),
                ("after the worst loss".to_owned(), of(&|point| Some(headroom(point.fullest_after_loss?)))),
            ],
            mark(holds.map(|point| headroom(point.fullest))),
        );
        [cost, room]
    }

    fn add_resources(&self, document: &mut Document) {
        let has_prices = self.resources.iter().any(|resource| resource.shadow_price.is_some());
        let mut table = Table::new().left("resource").right("nodes have").right("asked for").right("share").right("by DaemonSets");
        table = table.right("fullest on").right("stranded");
        if has_prices {
            table = table.right("one more costs");
        }
        for used in &self.resources {
            let mood = if used.binds_on > 0 { Mood::Notable } else { Mood::Plain };
            let binds = Text::new(crate::report::amount::count(used.binds_on, "node"), mood);
            let mut row: Vec<Text> = vec![used.resource.as_str().into(), used.allocatable.as_str().into(), used.requested.as_str().into()];
            row.extend([format!("{} %", used.share).into(), used.of_nodes.as_str().into(), binds, used.stranded.as_str().into()]);
            if has_prices {
                let price = used.shadow_price.filter(|price| *price > 0.0);
                row.push(price.map_or("nothing".into(), |price| Text::from(format!("{} {}", price, unit_word(&used.resource)))));
            }
            table.row(row);
        }
        document.table("What binds, and what lies idle", table, Vec::new());
    }

    fn add_rules(&self, document: &mut Document, detail: Detail) {
        let mut table = Table::new().left("without").right("nodes").right("saves an hour");
        for cost in &self.rules {
            let name = match &cost.workload {
                Some(workload) => format!("{} of {workload}", phrase(cost.rule)),
                None => phrase(cost.rule).to_owned(),
            };
            let saves = cost.saves.map_or("-".to_owned(), |saves| money(saves.per_hour));
            table.row(vec![name.into(), format!("{:+}", -cost.nodes).into(), saves.into()]);
        }
        let cut = if detail == Detail::Full { 0 } else { table.cut(RULES) };
        let mut notes: Vec<String> = (cut > 0).then(|| format!("… and {cut} more; -o wide shows all")).into_iter().collect();
        if self.rules_tried > 0 && self.rules.is_empty() {
            notes.push(format!("none of {} rules costs a node", self.rules_tried));
            document.lines("What rules cost", notes.into_iter().map(Text::from).collect());
            return;
        }
        document.table("What rules cost", table, notes);
    }
}

fn word(rule: Rule) -> &'static str {
    match rule {
        Rule::Survive => "survive",
        Rule::Utilization => "maxUtilization",
        Rule::AntiAffinity => "antiAffinity",
        Rule::Spread => "spread",
        Rule::NodeAffinity => "nodeAffinity",
        Rule::Affinity => "affinity",
        Rule::HostPorts => "hostPorts",
    }
}

fn phrase(rule: &str) -> &'static str {
    match rule {
        "survive" => "surviving losses",
        "maxUtilization" => "the limit on utilisation",
        "antiAffinity" => "required anti-affinity",
        "spread" => "the hard spread constraint",
        "nodeAffinity" => "node selector and affinity",
        "affinity" => "required affinity",
        _ => "host ports",
    }
}

/// How many of our units are one that people count: a core, a GiB, a piece.
fn per_unit(resource: &str) -> f64 {
    match resource {
        "cpu" => 1000.0,
        _ if unit_word(resource) == "a GiB" => (1u64 << 30) as f64,
        _ => 1.0,
    }
}

fn unit_word(resource: &str) -> &'static str {
    match resource {
        "cpu" => "a core",
        "memory" | "ephemeral-storage" => "a GiB",
        _ if resource.starts_with("hugepages-") => "a GiB",
        _ => "each",
    }
}

/// Rounded to three digits that count: what a solver says is no more exact.
fn significant(number: f64) -> f64 {
    if number.abs() < 1e-12 {
        return 0.0;
    }
    let scale = 10f64.powi(2 - number.abs().log10().floor() as i32);
    (number * scale).round() / scale
}
