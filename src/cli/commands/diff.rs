//! `diff`: what changes from a base to a head.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use crate::check::comparison::Comparison;
use crate::check::{self, Subject};
use crate::cli::arguments::{InputArguments, OutputArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::input::{self, Loaded};
use crate::cli::output;
use crate::cli::team::{Team, TeamArguments};
use crate::manifest::read::Places;
use crate::report::views::comparison::Compared;
use crate::report::views::{DiffView, View};

/// Arguments of `diff`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(mut_arg("paths", |argument| argument.value_names(["BASE", "HEAD"]).num_args(2).required(true).help(PATHS).long_help(PATHS)))]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    /// The cluster that both go to: a dump, read as one more path of each
    #[arg(long, value_name = "DUMP")]
    cluster: Option<PathBuf>,

    #[command(flatten)]
    team: TeamArguments,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: OutputArguments,
}

const PATHS: &str = "What is compared: a dump, manifests, a folder, or `-` for standard input; what was, then what is to be";

const EXAMPLES: &str = "\
Examples:
  plimsoll diff main/manifests manifests --cluster cluster.json         what a change does to the cluster
  plimsoll diff main/manifests manifests --cluster cluster.json -o markdown > comment.md
  plimsoll diff yesterday.json today.json --catalogue types.csv         two dumps, and what their nodes cost
  helm template shop ./chart | plimsoll diff main.yaml - --cluster cluster.json

Exit code 1 when something gets worse: pods without a node or refused, a loss that was survived and no longer is, a budget that lets
nobody go, a new error or warning.";

/// Runs `diff`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let team = Team::read(&arguments.team, &arguments.scheduler)?;
    let [base, head] = &arguments.input.paths[..] else { bail!("two paths are compared: BASE and HEAD") };
    if base == head && base.to_string_lossy() == "-" {
        bail!("only one of the two can come from standard input");
    }
    let (before, after) = (load(arguments, base)?, load(arguments, head)?);
    let quotas = [before.quotas(), after.quotas()];
    let subjects = [Subject::new(team.question(&before, quotas[0].as_ref())), Subject::new(team.question(&after, quotas[1].as_ref()))];
    let findings = [check::check_subject(&subjects[0]), check::check_subject(&subjects[1])];
    let comparison = Comparison::between(&subjects[0], &subjects[1]);
    let names = [base.display().to_string(), head.display().to_string()];
    let compared = Compared {
        names: [&names[0], &names[1]],
        kubernetes: arguments.scheduler.kubernetes.name(),
        comparison: &comparison,
        findings: [&findings[0], &findings[1]],
    };
    let view = DiffView::new(compared, &mut Places::new(after.input()));
    let holds = view.holds();
    output::answer(&(arguments.output.output.0.render)(&View::Diff(Box::new(view))))?;
    Ok(if before.complete { after.exit(holds) } else { Exit::Misuse })
}

/// Reads one side, and the cluster that it goes to.
fn load(arguments: &Arguments, path: &PathBuf) -> anyhow::Result<Loaded> {
    let paths = arguments.cluster.iter().chain([path]).cloned().collect();
    input::load_to_check(&InputArguments { paths, ..arguments.input.clone() }).with_context(|| path.display().to_string())
}
