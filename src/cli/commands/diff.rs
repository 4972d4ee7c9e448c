//! `diff`: what changes from a base to a head.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::check::comparison::Comparison;
use crate::check::{self, Subject};
use crate::cli::arguments::{InputArguments, OutputArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::input::{self, Loaded};
use crate::cli::output;
use crate::cli::placement::Ground;
use crate::cli::progress::Progress;
use crate::cli::team::{Team, TeamArguments};
use crate::manifest::read::Places;
use crate::report::views::comparison::Compared;
use crate::report::views::{Context, DiffView, UpgradeView, View};
use crate::scheduler::Options;
use crate::scheduler::ties::Ties;
use crate::scheduler::version::KubernetesVersion;
use crate::simulation::chance::{Draws, sample};
use crate::simulation::upgrade::upgrade;

/// Arguments of `diff`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(mut_arg("paths", |argument| argument.value_name("BASE HEAD|PATH").required(true).help(PATHS).long_help(PATHS)))]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    /// The cluster that both go to: a dump, read as one more path of each
    #[arg(long, value_name = "DUMP")]
    cluster: Option<PathBuf>,

    /// Compare two versions of Kubernetes on one input: --kubernetes says the one before
    #[arg(long, value_name = "VERSION")]
    to: Option<KubernetesVersion>,

    /// With --to: draw whole runs of both versions so many times
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    samples: u32,

    #[command(flatten)]
    team: TeamArguments,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: OutputArguments,
}

const PATHS: &str = "What is compared, each a dump, manifests, a folder, or `-` for standard input: what was, and what is to be. \
                     With --to: any number of paths, which are one input";

const EXAMPLES: &str = "\
Examples:
  plimsoll diff main/manifests manifests --cluster cluster.json
  plimsoll diff main/manifests manifests --cluster cluster.json -o markdown > comment.md
  plimsoll diff yesterday.json today.json --catalogue types.csv
  helm template shop ./chart | plimsoll diff main.yaml - --cluster cluster.json
  plimsoll diff --kubernetes 1.34 --to 1.36 cluster.json manifests/

Two versions of Kubernetes are asked at every placement in the same state of the cluster, so that
what differs is the version's doing; where best nodes overlap, a tie decides, which 1.34 draws.

Exit code 1 when something gets worse: pods without a node or refused, a loss that was survived
and no longer is, a budget that lets nobody go, a new error or warning.";

/// Runs `diff`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    if let Some(to) = arguments.to {
        return versions(arguments, to);
    }
    let team = Team::read(&arguments.team, &arguments.scheduler)?;
    let [base, head] = &arguments.input.paths[..] else {
        bail!("two paths are compared, BASE and HEAD, not {}; with --to one input is", arguments.input.paths.len())
    };
    if base == head && base.to_string_lossy() == "-" {
        bail!("only one of the two can come from standard input");
    }
    let (before, after) = (load(arguments, &team, base)?, load(arguments, &team, head)?);
    let quotas = [before.quotas(), after.quotas()];
    let subjects = [Subject::new(team.question(&before, quotas[0].as_ref())), Subject::new(team.question(&after, quotas[1].as_ref()))];
    let findings = [check::check_subject(&subjects[0]), check::check_subject(&subjects[1])];
    let comparison = Comparison::between(&subjects[0], &subjects[1]);
    let names = [base.display().to_string(), head.display().to_string()];
    let compared = Compared {
        names: [&names[0], &names[1]],
        kubernetes: team.scheduler.kubernetes.name(),
        comparison: &comparison,
        findings: [&findings[0], &findings[1]],
    };
    let view = DiffView::new(compared, &mut Places::new(after.input()));
    let holds = view.holds();
    output::answer(&(arguments.output.output.0.render)(&View::Diff(Box::new(view))))?;
    Ok(if before.complete { after.exit(holds) } else { Exit::Misuse })
}

/// What another version of Kubernetes places differently.
fn versions(arguments: &Arguments, to: KubernetesVersion) -> anyhow::Result<Exit> {
    let (configuration, options) = (arguments.scheduler.configuration()?, arguments.scheduler.options()?);
    let from = options.version;
    if from == to {
        bail!("--kubernetes and --to are both {to}: say the version before by --kubernetes, such as --kubernetes 1.34 --to 1.36");
    }
    let paths = arguments.cluster.iter().chain(&arguments.input.paths).cloned().collect();
    let loaded = input::load(&InputArguments { paths, ..arguments.input.clone() })?;
    let ground = Ground::new(&loaded.objects, &configuration);
    let upgrade = upgrade(&ground.cluster, &ground.profiles, from, Options { version: to, ..options });
    let progress = Progress::of_runs("placing");
    let runs = [from, to].map(|version| {
        let options = Options { version, ties: Ties::Random(0), ..options };
        let draws = Draws { options, seed: arguments.scheduler.seed.unwrap_or(0), runs: arguments.samples as usize };
        sample(&ground.cluster, &ground.profiles, &draws, || progress.count(2 * u64::from(arguments.samples)))
    });
    drop(progress);
    let context = Context::new(&loaded.objects, &ground.cluster, to, "");
    let view = UpgradeView::new(&context, [from, to], &upgrade, [&runs[0], &runs[1]]);
    let holds = view.holds();
    output::answer(&(arguments.output.output.0.render)(&View::Upgrade(Box::new(view))))?;
    Ok(loaded.exit(holds))
}

/// Reads one side, and the cluster that it goes to.
fn load(arguments: &Arguments, team: &Team, path: &PathBuf) -> anyhow::Result<Loaded> {
    let paths = arguments.cluster.iter().chain([path]).cloned().collect();
    input::load_to_check(&InputArguments { paths, ..team.input(&arguments.input)? }).with_context(|| path.display().to_string())
}
