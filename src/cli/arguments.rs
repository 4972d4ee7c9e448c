//! Arguments that several commands share.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, ValueEnum};

use crate::controllers::cron_job::CronRuns;
use crate::controllers::horizontal_pod_autoscaler::assume::Assumption;
use crate::manifest::read;
use crate::report::formats::{self, FORMATS, Format};
use crate::scheduler::Options;
use crate::scheduler::profile::Configuration;
use crate::scheduler::ties::Ties;
use crate::scheduler::version::KubernetesVersion;
use crate::usage;
use crate::usage::read::Content;

/// What to read.
#[derive(Debug, Clone, Args)]
pub struct InputArguments {
    /// Dumps and manifests: files, folders, globs, `-` for standard input; YAML or JSON, plain, .gz or .zst. Without any: the embedded example
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Say every warning and note about the input, not the first twenty of each
    #[arg(short, long)]
    pub verbose: bool,

    /// Replicas of autoscaled workloads: as they are, their autoscalers' bounds, or a FILE: measured usage (kubectl top, metrics APIs, CSV), or `namespace/kind/name: replicas`
    #[arg(long, value_name = "current|min|max|FILE", default_value = "current")]
    pub replicas: String,

    /// Runs of CronJobs that were only written: none, one of each, or all that may overlap by schedule, policy and deadline
    #[arg(long, value_name = "none|one|overlapping", default_value = "one", value_parser = cron_runs)]
    pub cron_runs: CronRuns,
}

fn cron_runs(text: &str) -> Result<CronRuns, String> {
    match text {
        "none" => Ok(CronRuns::None),
        "one" => Ok(CronRuns::One),
        "overlapping" => Ok(CronRuns::Overlapping),
        _ => Err("none, one or overlapping is expected".to_owned()),
    }
}

impl InputArguments {
    /// What to take for the replicas of autoscaled workloads.
    pub fn assumption(&self) -> anyhow::Result<Assumption> {
        Ok(match self.replicas.as_str() {
            "current" => Assumption::Current,
            "min" => Assumption::Min,
            "max" => Assumption::Max,
            file => match usage::read::read(Path::new(file)).map_err(|problem| anyhow!("--replicas: {problem}"))? {
                Content::Usage(usage) => Assumption::Usage(Box::new(usage)),
                Content::Replicas(replicas) => Assumption::Given(replicas),
            },
        })
    }
}

/// How the scheduler works.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Scheduler")]
pub struct SchedulerArguments {
    /// Kubernetes version whose scheduler is replayed: 1.36 or 1.34
    #[arg(long, value_name = "VERSION", default_value_t)]
    pub kubernetes: KubernetesVersion,

    /// Which of several equally good nodes is taken
    #[arg(long, value_name = "RULE", default_value = "upstream")]
    pub ties: TieRule,

    /// Seed of `--ties random`: the same seed gives the same answer
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// KubeSchedulerConfiguration: profiles, plugins, weights and arguments
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Which of several equally good nodes is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TieRule {
    /// what that version does: 1.36 takes the root of its heap; 1.34 draws at random, so here the first in list order
    Upstream,
    /// the first in list order
    First,
    /// one at random, by --seed
    Random,
}

/// How an answer is written that has no graph in it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArguments {
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = Formats { with_graphs: false, with_scripts: false })]
    pub output: FormatName,
}

/// How an answer is written that has a graph in it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct GraphOutputArguments {
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = Formats { with_graphs: true, with_scripts: false })]
    pub output: FormatName,
}

/// How an answer is written that is something to do.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct ScriptOutputArguments {
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = Formats { with_graphs: false, with_scripts: true })]
    pub output: FormatName,
}

/// Commands whose answer has a graph in it, for those who ask another.
const WITH_GRAPHS: &str = "`plimsoll plan` or `plimsoll lose`";

/// A format by its name.
#[derive(Debug, Clone, Copy)]
pub struct FormatName(pub &'static Format);

/// Reads the name of a format.
#[derive(Debug, Clone, Copy)]
struct Formats {
    /// Whether those are allowed that only write graphs.
    with_graphs: bool,
    /// Whether those are allowed that only write what is to be done.
    with_scripts: bool,
}

impl Formats {
    fn names(self) -> impl Iterator<Item = PossibleValue> {
        let is_allowed = move |format: &&Format| (self.with_graphs || !format.only_graphs) && (self.with_scripts || !format.only_scripts);
        let allowed = FORMATS.iter().filter(is_allowed);
        allowed.map(|format| PossibleValue::new(format.name).help(format.about))
    }
}

impl TypedValueParser for Formats {
    type Value = FormatName;

    fn parse_ref(&self, command: &clap::Command, argument: Option<&clap::Arg>, value: &std::ffi::OsStr) -> Result<FormatName, clap::Error> {
        let format = value.to_str().and_then(formats::find);
        if let Some(format) = format.filter(|format| format.only_graphs && !self.with_graphs) {
            let (name, command_name) = (format.name, command.get_name());
            let message = format!("-o {name} draws graphs, and `{command_name}` has none: {WITH_GRAPHS} has one\n");
            return Err(clap::Error::raw(ErrorKind::InvalidValue, message).with_cmd(command));
        }
        if format.is_some_and(|format| format.only_scripts && !self.with_scripts) {
            let message =
                format!("-o script is for what is to be done, and `{}` does nothing: `plimsoll drain` does\n", command.get_name());
            return Err(clap::Error::raw(ErrorKind::InvalidValue, message).with_cmd(command));
        }
        PossibleValuesParser::new(self.names()).parse_ref(command, argument, value)?;
        Ok(FormatName(format.expect("it is among the names")))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.names()))
    }
}

impl SchedulerArguments {
    /// The profiles to schedule by.
    pub fn configuration(&self) -> anyhow::Result<Configuration> {
        let Some(path) = &self.config else { return Ok(Configuration::default()) };
        let written = read::read_scheduler_configuration(path).map_err(|problem| anyhow!("{problem}"))?;
        Configuration::new(written).map_err(|problems| anyhow!("{}: {}", path.display(), problems.join("\n  ")))
    }

    /// How to decide what the profiles leave open.
    pub fn options(&self) -> anyhow::Result<Options> {
        let ties = match (self.ties, self.seed) {
            (TieRule::Random, seed) => Ties::Random(seed.unwrap_or(0)),
            (_, Some(_)) => bail!("--seed goes with --ties random"),
            (TieRule::Upstream, None) => Ties::Upstream,
            (TieRule::First, None) => Ties::First,
        };
        Ok(Options { version: self.kubernetes, ties, plain: false })
    }

    /// How ties are broken, for the report.
    pub fn ties(&self) -> String {
        match self.ties {
            TieRule::Upstream => "upstream".to_owned(),
            TieRule::First => "first".to_owned(),
            TieRule::Random => format!("random, seed {}", self.seed.unwrap_or(0)),
        }
    }
}
