//! `plan`: all we know of a cluster; later issues grow it.

use clap::Args;

use crate::cli::arguments::{InputArguments, OutputArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::input::{self, Loaded};
use crate::cli::{output, placement};
use crate::report::views::plan::{ClusterPlan, PlanView};
use crate::report::views::{API_VERSION, View};

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: OutputArguments,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll plan                      the embedded example: today's one node, then the three workers it is to become
  plimsoll plan cluster.json         the same for your own cluster
  plimsoll plan cluster.json new/    with these manifests applied

Exit code 1 when a pod of the (last) cluster gets no node.";

/// Runs `plan`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut clusters = Vec::new();
    let mut complete = true;
    for (title, loaded) in inputs(arguments)? {
        complete &= loaded.complete;
        clusters.push(look_at(arguments, title, &loaded)?);
    }
    let view = View::Plan(Box::new(PlanView { api_version: API_VERSION, kind: PlanView::KIND, clusters }));
    output::answer(&(arguments.output.output.0.render)(&view))?;
    Ok(if complete { Exit::of(view.holds()) } else { Exit::Misuse })
}

fn inputs(arguments: &Arguments) -> anyhow::Result<Vec<(&'static str, Loaded)>> {
    if !arguments.input.paths.is_empty() {
        return Ok(vec![("The cluster", input::load(&arguments.input.paths)?)]);
    }
    output::note("no PATH given, so this is the embedded example (fixtures/data-platform): a cluster today, and what it is to become");
    Ok(vec![("Today", input::today()), ("After the plan", input::target())])
}

fn look_at(arguments: &Arguments, title: &str, loaded: &Loaded) -> anyhow::Result<ClusterPlan> {
    let (configuration, options) = (arguments.scheduler.configuration()?, arguments.scheduler.options()?);
    let schedule = placement::schedule(&loaded.objects, &configuration, options, arguments.scheduler.ties(), &[]);
    Ok(ClusterPlan { title: title.to_owned(), schedule, fits: Vec::new() })
}
