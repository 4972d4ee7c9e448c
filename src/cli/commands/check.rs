//! `check`: what is wrong with manifests and with the cluster they go to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;

use crate::check::assertions::{Market, Outcome, Written, assert};
use crate::check::comparison::Comparison;
use crate::check::known::{Known, find_again};
use crate::check::settings::FailOn;
use crate::check::{self, Subject};
use crate::cli::arguments::{FindingsOutputArguments, InputArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::input::{self, Loaded};
use crate::cli::output;
use crate::cli::team::{Team, TeamArguments};
use crate::cli::time::Deadline;
use crate::manifest::read::Places;
use crate::report::views::{FindingsView, View};

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    /// The cluster that the manifests go to: a dump, read as one more PATH
    #[arg(long, value_name = "DUMP")]
    cluster: Option<PathBuf>,

    /// From which severity on a finding fails the check; warning if the settings say nothing
    #[arg(long, value_name = "SEVERITY", help_heading = "What is found", value_parser = fail_on)]
    fail_on: Option<FailOn>,

    /// Policies as tests: what has to hold of the cluster, in a file of assertions (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "What is found")]
    assert: Vec<PathBuf>,

    /// What is there already: manifests or a dump of the base, or what `check -o json` wrote of it; only what got worse fails
    #[arg(long, value_name = "PATH", help_heading = "What is found")]
    baseline: Option<PathBuf>,

    #[command(flatten)]
    team: TeamArguments,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: FindingsOutputArguments,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll check manifests/                              can they run, survive, scale?
  plimsoll check manifests/ --cluster cluster.json       and on this cluster?
  helm template shop ./chart | plimsoll check - --cluster cluster.json
  plimsoll check manifests/ --skip single-replica --fail-on error
  plimsoll check manifests/ --cluster cluster.json --assert policies.yaml
  plimsoll check manifests/ --baseline main/manifests/   what got worse against what main has
  plimsoll explain-rule single-replica                   the manual of a rule

A finding that is known and accepted is allowed where it is written, with a reason:
  metadata: {annotations: {plimsoll.dev/allow: \"single-replica: a batch importer may restart\"}}
or in plimsoll.yaml: {allow: [{rule: single-replica, object: Deployment/batch/*, reason: they may restart}]}

With --baseline, findings are known by rule, object and field, not by line, and known ones do not fail. New ones do, and so does what got
worse without being a finding: pods that find no node any more, a loss that is no longer survived, a budget that lets nobody go.

Exit code 1 when anything is found that is not allowed and not known, from --fail-on upwards, or when an assertion fails.";

fn fail_on(text: &str) -> Result<FailOn, String> {
    match text {
        "note" => Ok(FailOn::Note),
        "warning" => Ok(FailOn::Warning),
        "error" => Ok(FailOn::Error),
        "never" => Ok(FailOn::Never),
        _ => Err("note, warning, error or never is expected".to_owned()),
    }
}

/// So long is searched for what has to be bought, if an assertion asks it.
const SEARCH: Duration = Duration::from_secs(10);

/// Runs `check`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let team = Team::read(&arguments.team, &arguments.scheduler)?;
    let assertions = assertions(&arguments.assert)?;
    let fail_on = arguments.fail_on.or(team.settings.fail_on).unwrap_or(FailOn::Warning);
    let loaded = load(arguments, &team, &arguments.input.paths)?;
    let quotas = loaded.quotas();
    let subject = Subject::new(team.question(&loaded, quotas.as_ref()));
    let findings = check::check_subject(&subject);
    let mut places = Places::new(loaded.input());
    let kubernetes = team.scheduler.kubernetes;
    let asked = (loaded.input().objects_read(), team.settings.rules_asked());
    let mut view = FindingsView::new(&findings, &mut places, kubernetes, asked, fail_on);
    if !assertions.is_empty() {
        view = view.with_assertions(&asserted(&subject, &assertions));
    }
    if let Some(path) = &arguments.baseline {
        view = compared(arguments, &team, path, (&subject, &findings, &assertions), view)?;
    }
    let holds = view.holds();
    output::answer(&(arguments.output.output.0.render)(&View::Findings(Box::new(view))))?;
    Ok(loaded.exit(holds))
}

/// Reads assertions; their names tell them apart, so no two may have the same.
fn assertions(paths: &[PathBuf]) -> anyhow::Result<Vec<Written>> {
    let mut assertions: Vec<Written> = Vec::new();
    for path in paths {
        for written in check::read::assertions(path).map_err(|problem| anyhow!("{problem}"))? {
            if let Some(other) = assertions.iter().find(|other| other.assertion.name == written.assertion.name) {
                bail!("{} and {} both have an assertion named {:?}", other.file, written.file, written.assertion.name);
            }
            assertions.push(written);
        }
    }
    Ok(assertions)
}

fn asserted(subject: &Subject<'_>, assertions: &[Written]) -> Vec<Outcome> {
    let deadline = Deadline::after(SEARCH);
    assert(subject, assertions, &Market { remaining: &|| deadline.remaining() })
}

/// Reads manifests, and the cluster that they go to.
fn load(arguments: &Arguments, team: &Team, paths: &[PathBuf]) -> anyhow::Result<Loaded> {
    let paths = arguments.cluster.iter().chain(paths).cloned().collect();
    input::load_to_check(&InputArguments { paths, ..team.input(&arguments.input)? })
}

/// What is new against a baseline, and what got worse.
fn compared(
    arguments: &Arguments,
    team: &Team,
    path: &Path,
    (subject, findings, assertions): (&Subject<'_>, &[check::Finding], &[Written]),
    view: FindingsView,
) -> anyhow::Result<FindingsView> {
    let source = path.display().to_string();
    if let Some(earlier) = check::read::earlier(path).map_err(|problem| anyhow!("--baseline: {problem}"))? {
        output::note("the baseline is what an earlier check found: findings and assertions are compared, places and losses are not");
        return Ok(view.with_baseline(source, &find_again(&earlier.findings, findings), None, &earlier.assertions));
    }
    let base = load(arguments, team, &[path.to_owned()]).context("--baseline")?;
    let quotas = base.quotas();
    let before = Subject::new(team.question(&base, quotas.as_ref()));
    let matched = find_again(&Known::of(&check::check_subject(&before)), findings);
    let held: Vec<(String, bool)> = asserted(&before, assertions).into_iter().map(|outcome| (outcome.name, outcome.passed)).collect();
    Ok(view.with_baseline(source, &matched, Some(&Comparison::between(&before, subject)), &held))
}
