//! `check`: what is wrong with manifests and with the cluster they go to.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::Args;

use crate::catalogue::{self, Catalogue};
use crate::check::settings::FailOn;
use crate::check::{self, Question, Settings, rules};
use crate::cli::arguments::{FindingsOutputArguments, InputArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::input::{self, Loaded};
use crate::cli::output;
use crate::manifest::read::Places;
use crate::report::views::{FindingsView, View};
use crate::usage::read::Content;
use crate::usage::{self, Usage};

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    /// The cluster that the manifests go to: a dump, read as one more PATH
    #[arg(long, value_name = "DUMP")]
    cluster: Option<PathBuf>,

    /// What a team says once for all checks; without it, plimsoll.yaml, if the current folder has one
    #[arg(long, value_name = "FILE", help_heading = "What is found")]
    settings: Option<PathBuf>,

    /// Ask these rules only, by code or name (repeatable)
    #[arg(long, value_name = "RULE", help_heading = "What is found", value_parser = rule)]
    only: Vec<&'static str>,

    /// Do not ask these rules (repeatable)
    #[arg(long, value_name = "RULE", help_heading = "What is found", value_parser = rule)]
    skip: Vec<&'static str>,

    /// From which severity on a finding fails the check; warning if the settings say nothing
    #[arg(long, value_name = "SEVERITY", help_heading = "What is found", value_parser = fail_on)]
    fail_on: Option<FailOn>,

    /// Node types that can be bought, as `size` takes them (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "What is found")]
    catalogue: Vec<PathBuf>,

    /// Measured usage (kubectl top, metrics APIs, Prometheus, CSV)
    #[arg(long, value_name = "FILE", help_heading = "What is found")]
    usage: Option<PathBuf>,

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
  plimsoll explain-rule single-replica                   the manual of a rule

A finding that is known and accepted is allowed where it is written, with a reason:
  metadata: {annotations: {plimsoll.dev/allow: \"single-replica: a batch importer may restart\"}}
or in plimsoll.yaml: {allow: [{rule: single-replica, object: Deployment/batch/*, reason: they may restart}]}

Exit code 1 when anything is found that is not allowed, from --fail-on upwards.";

fn rule(text: &str) -> Result<&'static str, String> {
    rules::find(text).map(|rule| rule.code).ok_or_else(|| "no such rule: `plimsoll explain-rule` lists them".to_owned())
}

fn fail_on(text: &str) -> Result<FailOn, String> {
    match text {
        "note" => Ok(FailOn::Note),
        "warning" => Ok(FailOn::Warning),
        "error" => Ok(FailOn::Error),
        "never" => Ok(FailOn::Never),
        _ => Err("note, warning, error or never is expected".to_owned()),
    }
}

/// Runs `check`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut team = Team::read(arguments)?;
    let fail_on = arguments.fail_on.or(team.settings.fail_on).unwrap_or(FailOn::Warning);
    team.silence(&arguments.only, &arguments.skip);
    let paths = arguments.cluster.iter().chain(&arguments.input.paths).cloned().collect();
    let input = InputArguments { paths, ..arguments.input.clone() };
    let loaded = input::load_to_check(&input)?;
    let findings = findings(&loaded, &team, &arguments.scheduler)?;
    let mut places = Places::new(loaded.input());
    let kubernetes = arguments.scheduler.kubernetes;
    let view = FindingsView::new(&findings, &mut places, kubernetes, loaded.input().objects_read(), fail_on);
    let holds = view.holds();
    output::answer(&(arguments.output.output.0.render)(&View::Findings(Box::new(view))))?;
    Ok(loaded.exit(holds))
}

/// Everything that the rules find.
fn findings(loaded: &Loaded, team: &Team, scheduler: &SchedulerArguments) -> anyhow::Result<Vec<check::Finding>> {
    let (configuration, options) = (scheduler.configuration()?, scheduler.options()?);
    let quotas = loaded.quotas();
    Ok(check::check(Question {
        objects: &loaded.objects,
        creation: &loaded.creation,
        before: loaded.before.as_ref().map(|before| &before.objects),
        skipped: &loaded.input().skipped,
        written: &loaded.input().written,
        replicas: loaded.replicas(),
        quotas: quotas.as_ref(),
        usage: team.usage.as_ref(),
        catalogue: team.catalogue.as_ref(),
        settings: &team.settings,
        configuration: &configuration,
        options,
    }))
}

/// What a team says, and the files that it names.
struct Team {
    settings: Settings,
    catalogue: Option<Catalogue>,
    usage: Option<Usage>,
}

impl Team {
    fn read(arguments: &Arguments) -> anyhow::Result<Self> {
        let usual = Some(PathBuf::from(check::read::USUAL_SETTINGS)).filter(|path| path.exists());
        let path = arguments.settings.clone().or(usual);
        let settings = match &path {
            None => Settings::default(),
            Some(path) => check::read::settings(path).map_err(|problem| anyhow!("{problem}"))?,
        };
        let folder = path.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
        let beside = |name: &String| folder.join(name);
        let named: Vec<PathBuf> = settings.catalogue.iter().map(beside).collect();
        let catalogue = read_catalogue(if arguments.catalogue.is_empty() { &named } else { &arguments.catalogue })?;
        let usage = arguments.usage.clone().or_else(|| settings.usage.as_ref().map(beside));
        Ok(Team { catalogue, usage: usage.as_deref().map(read_usage).transpose()?, settings })
    }

    /// Turns rules off: all but those that are asked, and those that are not.
    fn silence(&mut self, only: &[&'static str], skip: &[&'static str]) {
        let is_silent = |code: &str| skip.contains(&code) || !only.is_empty() && !only.contains(&code);
        for rule in rules::RULES.iter().filter(|rule| is_silent(rule.code)) {
            self.settings.rules.retain(|name, _| !rule.is_called(name));
            self.settings.rules.insert(rule.name.to_owned(), check::settings::Level::Off);
        }
    }
}

fn read_catalogue(paths: &[PathBuf]) -> anyhow::Result<Option<Catalogue>> {
    let mut catalogue = Catalogue::default();
    for path in paths {
        let (read, problems) = catalogue::read::read(path).map_err(|problem| anyhow!("catalogue: {problem}"))?;
        input::tell_problems(&problems, false);
        catalogue.types.extend(read.types);
    }
    Ok((!paths.is_empty()).then_some(catalogue))
}

fn read_usage(path: &Path) -> anyhow::Result<Usage> {
    match usage::read::read(path).map_err(|problem| anyhow!("usage: {problem}"))? {
        Content::Usage(usage) => Ok(usage),
        Content::Replicas(_) => bail!("usage: {} holds replicas, not usage; --replicas takes those", path.display()),
    }
}
