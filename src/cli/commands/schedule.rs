//! `schedule`: where every pod goes.

use clap::Args;

use crate::cli::arguments::{InputArguments, OutputArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::placement;
use crate::cli::{input, output};
use crate::report::views::View;

/// Arguments of `schedule`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    /// Show the pods of this namespace only (repeatable); all pods are placed all the same
    #[arg(short, long, value_name = "NAME")]
    namespace: Vec<String>,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: OutputArguments,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll schedule                             the embedded example
  plimsoll schedule cluster.json                what is bound, placed, pending, and why
  plimsoll schedule cluster.json app/ -n shop   what if I apply these? what changes; only namespace shop
  helm template app | plimsoll schedule cluster.json - -o wide
  plimsoll schedule cluster.json -o json | jq '.pending[].message'
  plimsoll schedule cluster.json --kubernetes 1.34 --ties random --seed 7

Objects of a cluster (with a uid, as kubectl prints them) and written ones together are a what-if: the written ones are applied.

Exit code 1 when a pod that wants a node gets none, or when the API server would refuse to create something.";

/// Runs `schedule`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (configuration, options) = (arguments.scheduler.configuration()?, arguments.scheduler.options()?);
    let loaded = input::load(&arguments.input)?;
    let ties = arguments.scheduler.ties();
    let view = View::Schedule(Box::new(placement::schedule(&loaded, &configuration, options, ties, &arguments.namespace)));
    output::answer(&(arguments.output.output.0.render)(&view))?;
    Ok(loaded.exit(view.holds()))
}
