//! Arguments that several commands share.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, ValueEnum};

use crate::controllers::cron_job::CronRuns;
use crate::controllers::horizontal_pod_autoscaler::assume::Assumption;
use crate::manifest::read;
use crate::report::formats::{self, FORMATS, Format, Only};
use crate::scheduler::Options;
use crate::scheduler::arrivals::Arrivals;
use crate::scheduler::profile::Configuration;
use crate::scheduler::ties::Ties;
use crate::scheduler::version::KubernetesVersion;
use crate::simulation::chance::Draws;
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

/// Reads which runs of CronJobs count.
pub fn cron_runs(text: &str) -> Result<CronRuns, String> {
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

    /// Which of several equally good nodes is taken; upstream unless samples are drawn
    #[arg(long, value_name = "RULE")]
    pub ties: Option<TieRule>,

    /// In which order pods of the same priority and age arrive; listed unless samples are drawn
    #[arg(long, value_name = "ORDER")]
    pub arrivals: Option<ArrivalRule>,

    /// Seed of what is random: the same seed gives the same answer
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

/// In which order pods of the same priority and age arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ArrivalRule {
    /// as they are listed in the input
    Listed,
    /// in any, by --seed; pods of a StatefulSet by their ordinals
    Random,
}

/// How often chance is asked.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Chance")]
pub struct SampleArguments {
    /// Draw arrival orders and ties so many times, and say how often what happens; --ties and --arrivals keep one of them fixed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub samples: Option<u32>,
}

/// How an answer is written that has no graph in it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArguments {
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = Formats { with: &[] })]
    pub output: FormatName,
}

/// How an answer is written that has a graph in it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct GraphOutputArguments {
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = Formats { with: &[Only::Graphs] })]
    pub output: FormatName,
}

/// How an answer is written that is something to do.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct ScriptOutputArguments {
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = Formats { with: &[Only::Scripts] })]
    pub output: FormatName,
}

/// How an answer is written that changes objects.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct PatchOutputArguments {
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = Formats { with: &[Only::Scripts, Only::Patches] })]
    pub output: FormatName,
}

/// How an answer is written that is a placement.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct PlacementOutputArguments {
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = Formats { with: &[Only::Graphs, Only::Scripts, Only::Patches] })]
    pub output: FormatName,
}

/// How an answer is written that is a fleet and a placement on it, with charts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct FleetOutputArguments {
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = Formats { with: &[Only::Charts, Only::Graphs, Only::Scripts, Only::Patches, Only::NodeGroups] })]
    pub output: FormatName,
}

/// How an answer is written that has a graph in it, a fleet, and what to set.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct PlanOutputArguments {
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = Formats { with: &[Only::Graphs, Only::Patches, Only::NodeGroups] })]
    pub output: FormatName,
}

/// How an answer is written that is about what is wrong.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct FindingsOutputArguments {
    /// How to write the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table", value_parser = Formats { with: &[Only::Findings] })]
    pub output: FormatName,
}

/// A format by its name.
#[derive(Debug, Clone, Copy)]
pub struct FormatName(pub &'static Format);

/// Reads the name of a format.
#[derive(Debug, Clone, Copy)]
struct Formats {
    /// What an answer has that some formats write only.
    with: &'static [Only],
}

impl Formats {
    fn is_allowed(self, format: &Format) -> bool {
        format.only.is_none_or(|only| self.with.contains(&only))
    }

    fn names(self) -> impl Iterator<Item = PossibleValue> {
        let allowed = FORMATS.iter().filter(move |format| self.is_allowed(format));
        allowed.map(|format| PossibleValue::new(format.name).help(format.about))
    }
}

/// Why a command cannot write a format, and which can.
fn not_for(format: &Format, only: Only, command: &str) -> String {
    let name = format.name;
    match only {
        Only::Graphs => {
            format!("-o {name} draws graphs, and `{command}` has none: `plimsoll schedule`, `plimsoll plan` or `plimsoll lose` has one\n")
        }
        Only::Charts => format!("-o {name} draws charts, and `{command}` has none: `plimsoll size` and `plimsoll report` have\n"),
        Only::Scripts => {
            format!("-o {name} is for what is to be done, and `{command}` does nothing: `plimsoll drain` or `plimsoll schedule` does\n")
        }
        Only::Findings => format!("-o {name} is for what is wrong with files, and `{command}` finds nothing: `plimsoll check` does\n"),
        Only::Patches => {
            let others = "`plimsoll schedule`, `plimsoll size`, `plimsoll plan` or `plimsoll rightsize` does";
            format!("-o {name} is for what changes objects, and `{command}` changes none: {others}\n")
        }
        Only::NodeGroups => {
            format!("-o {name} is for nodes to be bought, and `{command}` buys none: `plimsoll size` or `plimsoll plan` does\n")
        }
    }
}

impl TypedValueParser for Formats {
    type Value = FormatName;

    fn parse_ref(&self, command: &clap::Command, argument: Option<&clap::Arg>, value: &std::ffi::OsStr) -> Result<FormatName, clap::Error> {
        let format = value.to_str().and_then(formats::find);
        if let Some((format, only)) = format.filter(|format| !self.is_allowed(format)).and_then(|format| Some((format, format.only?))) {
            return Err(clap::Error::raw(ErrorKind::InvalidValue, not_for(format, only, command.get_name())).with_cmd(command));
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
        if self.seed.is_some() && self.ties != Some(TieRule::Random) && self.arrivals != Some(ArrivalRule::Random) {
            bail!("--seed goes with --ties random, --arrivals random or --samples");
        }
        Ok(self.options_beside_samples())
    }

    /// The same where the seed may be that of samples.
    pub fn options_beside_samples(&self) -> Options {
        self.decided(TieRule::Upstream, ArrivalRule::Listed)
    }

    /// Which samples to draw: everything at random that is not said to be otherwise.
    pub fn draws(&self, samples: u32) -> anyhow::Result<Draws> {
        let options = self.decided(TieRule::Random, ArrivalRule::Random);
        if !matches!(options.ties, Ties::Random(_)) && options.arrivals == Arrivals::Listed {
            bail!("--samples draws nothing with both --ties and --arrivals fixed: leave one of them random");
        }
        Ok(Draws { options, seed: self.seed.unwrap_or(0), runs: samples as usize })
    }

    fn decided(&self, ties: TieRule, arrivals: ArrivalRule) -> Options {
        let seed = self.seed.unwrap_or(0);
        let ties = match self.ties.unwrap_or(ties) {
            TieRule::Random => Ties::Random(seed),
            TieRule::Upstream => Ties::Upstream,
            TieRule::First => Ties::First,
        };
        let arrivals = match self.arrivals.unwrap_or(arrivals) {
            ArrivalRule::Random => Arrivals::Random(seed),
            ArrivalRule::Listed => Arrivals::Listed,
        };
        Options { version: self.kubernetes, ties, arrivals, plain: false }
    }

    /// How ties are broken, for the report; and in which order pods arrive, if that is not as they are listed.
    pub fn ties(&self) -> String {
        let options = self.options_beside_samples();
        let ties = match options.ties {
            Ties::Upstream => "upstream".to_owned(),
            Ties::First => "first".to_owned(),
            Ties::Random(seed) => format!("random, seed {seed}"),
        };
        match options.arrivals {
            Arrivals::Listed => ties,
            Arrivals::Random(seed) => format!("{ties}; arrivals random, seed {seed}"),
        }
    }
}
