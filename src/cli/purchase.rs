//! What to buy: the one library call that `size` and `plan` share.

use anyhow::bail;

use super::commands::size::{GoalArguments, MarketArguments, ObjectiveName};
use super::output;
use super::time::Deadline;
use crate::manifest::Objects;
use crate::manifest::read::Written;
use crate::planning::packing::Budget;
use crate::planning::realisation::realise_fleet;
use crate::planning::size::why::{Depth, why};
use crate::planning::size::{Question, Sizing, node_bound, offers, size};
use crate::report::amount::{count, list};
use crate::report::formats::{Format, Only};
use crate::report::views::node_groups::parameters;
use crate::report::views::size::{Asked, PlacedView, SizeView, WhyView};
use crate::report::views::{RealisationView, View};
use crate::scheduler::Options;
use crate::scheduler::profile::Configuration;

/// What to buy.
pub struct Purchase {
    /// The answer, without what it says of every pod.
    pub view: SizeView,
    /// The cluster after the purchase, before anything is placed; none if no fleet was found that holds.
    pub objects: Option<Objects>,
}

/// Finds it. `replicas` is what was said of autoscaled workloads; what realises the placement is looked for only if it is said
/// what is only written.
pub fn purchase(
    objects: &Objects,
    (goal, market, min_nodes): (&GoalArguments, &MarketArguments, usize),
    configuration: &Configuration,
    options: Options,
    (replicas, written): (&str, Option<&Written>),
) -> anyhow::Result<Purchase> {
    Asking { goal, market, min_nodes, objects, replicas, configuration, options }.ask(|question, sizing, view| Purchase {
        view: SizeView {
            placement: Vec::new(),
            realisation: written.and_then(|written| realisation(question, sizing, written, replicas)),
            ..view
        },
        objects: sizing.plan.as_ref().filter(|plan| plan.trial.holds()).map(|plan| plan.objects.clone()),
    })
}

/// What realises the placement of the plan that was found; none without one.
pub fn realisation(question: &Question<'_>, sizing: &Sizing, written: &Written, replicas: &str) -> Option<RealisationView> {
    let found = realise_fleet(question, sizing, written, replicas != "current")?;
    Some(RealisationView::new(&found.realisation, &found.objects, &found.groups))
}

/// Says what has to be filled in of what a format writes of the nodes to have.
pub fn tell_parameters(format: &Format, view: &View) {
    let Some(groups) = view.node_groups().filter(|_| format.only == Some(Only::NodeGroups)) else { return };
    let unnamed = groups.unnamed_types();
    if !unnamed.is_empty() {
        output::note(&format!("{}: no label says which instance type that is, so its name stands for one: replace it", list(&unnamed, 5)));
    }
    for (name, what) in parameters(format.name) {
        output::note(&format!("to fill in: ${{{name}}}: {what}"));
    }
}

/// Everything that is needed to ask what to buy.
pub struct Asking<'a> {
    /// What the plan has to hold.
    pub goal: &'a GoalArguments,
    /// What can be bought.
    pub market: &'a MarketArguments,
    /// How many nodes that take pods there must be at least.
    pub min_nodes: usize,
    /// What is there and what is to run.
    pub objects: &'a Objects,
    /// Replicas of autoscaled workloads, as they were asked for.
    pub replicas: &'a str,
    /// The scheduler.
    pub configuration: &'a Configuration,
    /// How it decides.
    pub options: Options,
}

impl Asking<'_> {
    /// Asks, and says why, to this depth, if one is given; and what realises the placement, if it is said what is only written.
    pub fn explained(&self, depth: Option<&Depth>, written: Option<&Written>) -> anyhow::Result<SizeView> {
        self.ask(|question, sizing, mut view| {
            // what explains has as long again
            let deadline = Deadline::after(self.goal.time_limit);
            let question = Question { budget: Budget { remaining: &|| deadline.remaining(), seed: 0 }, ..*question };
            view.realisation = written.and_then(|written| realisation(&question, sizing, written, self.replicas));
            if let (Some(depth), Some(plan)) = (depth, &sizing.plan) {
                view.why = Some(WhyView::new(question.offers, sizing, &why(&question, sizing, plan, depth)));
            }
            view
        })
    }

    /// Asks, and hands on the question, the answer and its view.
    pub fn ask<T>(&self, then: impl FnOnce(&Question<'_>, &Sizing, SizeView) -> T) -> anyhow::Result<T> {
        let Asking { goal, market: arguments, objects, .. } = *self;
        let market = arguments.market(objects, goal.survive)?;
        let mut offers = offers(&market.catalogue, &market.zones, &arguments.capacity_types);
        if goal.objective != ObjectiveName::Count && offers.iter().any(|offer| offer.offering.price_micros_hour.is_some()) {
            let all = offers.len();
            offers.retain(|offer| offer.offering.price_micros_hour.is_some());
            if offers.len() < all {
                output::note(&format!("{} without a price left out of account", count(all - offers.len(), "offer")));
            }
        }
        if offers.is_empty() {
            let (zones, ways) = (list(&market.zones, 5), list(&arguments.capacity_types, 5));
            bail!("nothing can be bought: no type of the catalogue is offered in {zones} as {ways}");
        }
        let deadline = Deadline::after(goal.time_limit);
        let remaining = || deadline.remaining();
        let question = Question {
            objects,
            offers: &offers,
            keep_existing: goal.keep_existing,
            survive: goal.survive,
            below: goal.max_utilization.0,
            surge: goal.surge,
            min_nodes: self.min_nodes,
            max_types: goal.max_types.map(usize::from),
            objective: goal.objective.into(),
            configuration: self.configuration,
            options: self.options,
            budget: Budget { remaining: &remaining, seed: 0 },
        };
        let sizing = size(&question);
        let nodes = node_bound(&question);
        let asked = Asked {
            survive: question.survive,
            below_percent: question.below.map(|share| f64::from(share.0) / 10_000.0),
            objective: question.objective,
            replicas: self.replicas,
            keep_existing: question.keep_existing,
            kubernetes: &self.options.version.to_string(),
            offers: &offers,
            nodes: &nodes,
        };
        let placement = sizing.plan.as_ref().map(|plan| placement(&plan.placement)).unwrap_or_default();
        let view = SizeView::new(&asked, &sizing, placement);
        Ok(then(&question, &sizing, view))
    }
}

fn placement(places: &[(String, Option<String>)]) -> Vec<PlacedView> {
    places.iter().map(|(pod, node)| PlacedView { pod: pod.clone(), node: node.clone() }).collect()
}
