//! `schedule`: where every pod goes.

use clap::Args;

use crate::cli::arguments::{InputArguments, OutputArguments, SampleArguments, SchedulerArguments};
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
    chance: SampleArguments,

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
  plimsoll schedule cluster.json --samples 200  how sure is that? in any order, with any tie

Objects of a cluster (with a uid, as kubectl prints them) and written ones together are a what-if: the written ones are applied.

Samples are drawn, not searched: they say how often something happens, and that what none of them shows is rare; not that it never happens.

Exit code 1 when a pod that wants a node gets none (with --samples: in any run), or when the API server would refuse to create something.";

/// Runs `schedule`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let configuration = arguments.scheduler.configuration()?;
    let (loaded, view) = match arguments.chance.samples {
        Some(samples) => {
            let draws = arguments.scheduler.draws(samples)?;
            let loaded = input::load(&arguments.input)?;
            let view = placement::samples(&loaded, &configuration, &draws, &arguments.namespace);
            (loaded, View::Samples(Box::new(view)))
        }
        None => {
            let (options, ties) = (arguments.scheduler.options()?, arguments.scheduler.ties());
            let loaded = input::load(&arguments.input)?;
            let view = placement::schedule(&loaded, &configuration, options, ties, &arguments.namespace);
            (loaded, View::Schedule(Box::new(view)))
        }
    };
    output::answer(&(arguments.output.output.0.render)(&view))?;
    Ok(loaded.exit(view.holds()))
}
