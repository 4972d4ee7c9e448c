//! `schedule`: where every pod goes.

use anyhow::bail;
use clap::Args;

use crate::cli::arguments::{InputArguments, PlacementOutputArguments, SampleArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::placement;
use crate::cli::{input, output};
use crate::report::formats::Only;
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

    /// Say what realises the placement, too: the weakest change of each workload's template, proven by placing everything again
    #[arg(long)]
    realise: bool,

    #[command(flatten)]
    output: PlacementOutputArguments,
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
  plimsoll schedule cluster.json app/ -o patch  patches that make the real scheduler place it so (also: kustomize, script)
  plimsoll schedule cluster.json app/ -o dot | dot -Tsvg > placement.svg

Objects of a cluster (with a uid, as kubectl prints them) and written ones together are a what-if: the written ones are applied.

Samples are drawn, not searched: they say how often something happens, and that what none of them shows is rare; not that it never happens.

Exit code 1 when a pod that wants a node gets none (with --samples: in any run), or when the API server would refuse to create something.";

/// Runs `schedule`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let configuration = arguments.scheduler.configuration()?;
    let only = arguments.output.output.0.only;
    let is_realised = arguments.realise || matches!(only, Some(Only::Patches | Only::Scripts));
    if arguments.chance.samples.is_some() && (is_realised || only.is_some()) {
        bail!("--samples draws many placements, and only one can be written as -o {} or realised", arguments.output.output.0.name);
    }
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
            let mut asked =
                placement::Asked { configuration: &configuration, options, ties, namespaces: &arguments.namespace, realise: None };
            asked.realise = is_realised.then_some(arguments.input.replicas != "current");
            let view = placement::schedule(&loaded, &asked);
            (loaded, View::Schedule(Box::new(view)))
        }
    };
    output::answer(&(arguments.output.output.0.render)(&view))?;
    Ok(loaded.exit(view.holds()))
}
