//! What to buy, as `size` works it out: one library call for whoever wants the answer as a part of another.

use anyhow::bail;

use super::commands::size::{GoalArguments, MarketArguments};
use super::time::Deadline;
use crate::manifest::Objects;
use crate::planning::packing::Budget;
use crate::planning::size::{Question, node_bound, offers, size};
use crate::report::amount::list;
use crate::report::views::size::{Asked, SizeView};
use crate::scheduler::Options;
use crate::scheduler::profile::Configuration;

/// What to buy.
pub struct Purchase {
    /// The answer, without what it says of every pod.
    pub view: SizeView,
    /// The cluster after the purchase, before anything is placed; none if no fleet was found that holds.
    pub objects: Option<Objects>,
}

/// Finds it. `replicas` is what was said of autoscaled workloads.
pub fn purchase(
    objects: &Objects,
    (goal, market): (&GoalArguments, &MarketArguments),
    configuration: &Configuration,
    options: Options,
    replicas: &str,
) -> anyhow::Result<Purchase> {
    let found = market.market(objects, goal.survive)?;
    let mut offers = offers(&found.catalogue, &found.zones, &market.capacity_types);
    // what has no price cannot be the cheapest
    if offers.iter().any(|offer| offer.offering.price_micros_hour.is_some()) {
        offers.retain(|offer| offer.offering.price_micros_hour.is_some());
    }
    if offers.is_empty() {
        bail!("nothing can be bought: no type of the catalogue is offered in {}", list(&found.zones, 5));
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
        max_types: goal.max_types.map(usize::from),
        objective: goal.objective.into(),
        configuration,
        options,
        budget: Budget { remaining: &remaining, seed: 0 },
    };
    let sizing = size(&question);
    let nodes = node_bound(&question);
    let asked = Asked {
        survive: question.survive,
        below_percent: question.below.map(|share| f64::from(share.0) / 10_000.0),
        objective: question.objective,
        replicas,
        keep_existing: question.keep_existing,
        kubernetes: &options.version.to_string(),
        offers: &offers,
        nodes: &nodes,
    };
    let view = SizeView::new(&asked, &sizing, Vec::new());
    let objects = sizing.plan.filter(|plan| plan.trial.holds()).map(|plan| plan.objects);
    Ok(Purchase { view, objects })
}
