//! What a team says once for all its checks, and the files that it names: read for every command that asks the rules.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::Args;

use super::arguments::{InputArguments, SchedulerArguments, cron_runs};
use super::input::{self, Loaded};
use super::output;
use crate::catalogue::{self, Catalogue};
use crate::check::{self, Question, Settings, rules};
use crate::controllers::cron_job::CronRuns;
use crate::planning::quota::Quotas;
use crate::scheduler::Options;
use crate::scheduler::profile::Configuration;
use crate::scheduler::version::KubernetesVersion;
use crate::usage::read::Content;
use crate::usage::{self, Usage};

/// What is looked for.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What is found")]
pub struct TeamArguments {
    /// What a team says once for all checks; without it, plimsoll.yaml, if the current folder has one
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,

    /// Ask these rules only, by code or name (repeatable)
    #[arg(long, value_name = "RULE", value_parser = rule)]
    pub only: Vec<&'static str>,

    /// Do not ask these rules (repeatable)
    #[arg(long, value_name = "RULE", value_parser = rule)]
    pub skip: Vec<&'static str>,

    /// Node types that can be bought, as `size` takes them (repeatable): also for what nodes cost that are there
    #[arg(long, value_name = "FILE")]
    pub catalogue: Vec<PathBuf>,

    /// Prices that replace those of the catalogue, as `size` takes them (repeatable)
    #[arg(long, value_name = "FILE")]
    pub prices: Vec<PathBuf>,

    /// Measured usage (kubectl top, metrics APIs, Prometheus, CSV)
    #[arg(long, value_name = "FILE")]
    pub usage: Option<PathBuf>,
}

fn rule(text: &str) -> Result<&'static str, String> {
    rules::find(text).map(|rule| rule.code).ok_or_else(|| "no such rule: `plimsoll explain-rule` lists them".to_owned())
}

/// What a team says, the files that it names, and how the scheduler works.
#[derive(Debug)]
pub struct Team {
    /// What it says.
    pub settings: Settings,
    /// What can be bought.
    pub catalogue: Option<Catalogue>,
    usage: Option<Usage>,
    /// How the scheduler works, with what the settings assume.
    pub scheduler: SchedulerArguments,
    configuration: Configuration,
    options: Options,
    /// The folder of the settings, which names in them are relative to.
    folder: PathBuf,
}

impl Team {
    /// Reads it.
    pub fn read(arguments: &TeamArguments, scheduler: &SchedulerArguments) -> anyhow::Result<Self> {
        let usual = Some(PathBuf::from(check::read::USUAL_SETTINGS)).filter(|path| path.exists());
        let path = arguments.settings.clone().or(usual);
        let mut settings = match &path {
            None => Settings::default(),
            Some(path) => check::read::settings(path).map_err(|problem| anyhow!("{problem}"))?,
        };
        let scheduler = assumed(&settings, scheduler).map_err(|problem| anyhow!("settings: assumptions.kubernetes: {problem}"))?;
        let folder = path.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
        let beside = |name: &String| folder.join(name);
        let named: Vec<PathBuf> = settings.catalogue.iter().map(beside).collect();
        let paths = if arguments.catalogue.is_empty() { &named } else { &arguments.catalogue };
        let catalogue = read_catalogue(paths, &arguments.prices)?;
        let usage = arguments.usage.clone().or_else(|| settings.usage.as_ref().map(beside));
        let usage = usage.as_deref().map(read_usage).transpose()?;
        silence(&mut settings, &arguments.only, &arguments.skip);
        let (configuration, options) = (scheduler.configuration()?, scheduler.options()?);
        Ok(Team { settings, catalogue, usage, scheduler, configuration, options, folder })
    }

    /// What to read, with what the settings assume of replicas and CronJobs.
    pub fn input(&self, arguments: &InputArguments) -> anyhow::Result<InputArguments> {
        let mut input = arguments.clone();
        let assumptions = &self.settings.assumptions;
        if let Some(replicas) = assumptions.replicas.as_ref().filter(|_| input.replicas == "current") {
            let is_word = ["current", "min", "max"].contains(&replicas.as_str());
            input.replicas = if is_word { replicas.clone() } else { self.folder.join(replicas).display().to_string() };
        }
        if let Some(runs) = assumptions.cron_runs.as_ref().filter(|_| input.cron_runs == CronRuns::One) {
            input.cron_runs = cron_runs(runs).map_err(|problem| anyhow!("settings: assumptions.cronRuns: {problem}"))?;
        }
        Ok(input)
    }

    /// The question about an input; what its quotas hold is worked out beforehand ([`Loaded::quotas`]).
    pub fn question<'a>(&'a self, loaded: &'a Loaded, quotas: Option<&'a Quotas>) -> Question<'a> {
        Question {
            objects: &loaded.objects,
            creation: &loaded.creation,
            before: loaded.before.as_ref().map(|before| &before.objects),
            skipped: &loaded.input().skipped,
            written: &loaded.input().written,
            replicas: loaded.replicas(),
            quotas,
            usage: self.usage.as_ref(),
            catalogue: self.catalogue.as_ref(),
            settings: &self.settings,
            configuration: &self.configuration,
            options: self.options,
        }
    }
}

/// How the scheduler works, with the version that settings assume.
fn assumed(settings: &Settings, scheduler: &SchedulerArguments) -> Result<SchedulerArguments, String> {
    let mut scheduler = scheduler.clone();
    if let Some(version) = settings.assumptions.kubernetes.as_ref().filter(|_| scheduler.kubernetes == KubernetesVersion::default()) {
        scheduler.kubernetes = version.parse()?;
    }
    Ok(scheduler)
}

/// Turns rules off: all but those that are asked, and those that are not.
fn silence(settings: &mut Settings, only: &[&'static str], skip: &[&'static str]) {
    let is_silent = |code: &str| skip.contains(&code) || !only.is_empty() && !only.contains(&code);
    for rule in rules::RULES.iter().filter(|rule| is_silent(rule.code)) {
        settings.rules.retain(|name, _| !rule.is_called(name));
        settings.rules.insert(rule.name.to_owned(), check::settings::Level::Off);
    }
}

fn read_catalogue(paths: &[PathBuf], prices: &[PathBuf]) -> anyhow::Result<Option<Catalogue>> {
    let mut catalogue = Catalogue::default();
    for path in paths {
        let (read, problems) = catalogue::read::read(path).map_err(|problem| anyhow!("catalogue: {problem}"))?;
        input::tell_problems(&problems, false);
        catalogue.types.extend(read.types);
    }
    if paths.is_empty() && !prices.is_empty() {
        bail!("--prices changes the prices of a --catalogue, and there is none");
    }
    for path in prices {
        let (overrides, problems) = catalogue::read::overrides(path).map_err(|problem| anyhow!("--prices: {problem}"))?;
        input::tell_problems(&problems, false);
        input::tell_problems(&overrides.apply(&mut catalogue), false);
    }
    if catalogue.types.is_empty() && !paths.is_empty() {
        output::note("the catalogue has no type");
    }
    Ok((!paths.is_empty()).then_some(catalogue))
}

fn read_usage(path: &Path) -> anyhow::Result<Usage> {
    match usage::read::read(path).map_err(|problem| anyhow!("usage: {problem}"))? {
        Content::Usage(usage) => Ok(usage),
        Content::Replicas(_) => bail!("usage: {} holds replicas, not usage; --replicas takes those", path.display()),
    }
}
