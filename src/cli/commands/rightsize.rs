//! `rightsize`: requests and limits from what was measured, and what goes with them.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};

use crate::cli::arguments::{InputArguments, PatchOutputArguments, SchedulerArguments};
use crate::cli::commands::size::{GoalArguments, MarketArguments};
use crate::cli::exit::Exit;
use crate::cli::purchase::purchase;
use crate::cli::{example, input, output};
use crate::controllers::horizontal_pod_autoscaler::assume::Assumption;
use crate::manifest::read::{Problem, Written};
use crate::manifest::{Objects, Quantity};
use crate::planning::headroom;
use crate::planning::recommendation::{AutoscalerBounds, autoscaler_bounds, recommend};
use crate::planning::rightsize::{CpuLimit, Percentile, Policy, Question, rightsize};
use crate::report::views::rightsize::{FleetView, NodesChangeView, Scope};
use crate::report::views::{RecommendationView, RightsizingView, View};
use crate::usage::Usage;
use crate::usage::read::{Content, parse_of, read_of};

/// Arguments of `rightsize`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    /// What was measured: `kubectl top pods -A --containers` (once or again and again), metrics.k8s.io JSON, Prometheus query_range or query JSON, or CSV; `cpu=FILE` and `memory=FILE` where a file does not say which it is (repeatable)
    #[arg(long, value_name = "[cpu=|memory=]FILE", help_heading = "What was measured", value_parser = usage_file)]
    usage: Vec<UsageFile>,

    #[command(flatten)]
    policy: PolicyArguments,

    /// What patches and scripts set: requests and limits, or LimitRanges, quotas and maxima of autoscalers, or all of it
    #[arg(long, value_name = "WHAT", default_value = "requests", help_heading = "Output")]
    set: What,

    #[command(flatten)]
    goal: GoalArguments,

    #[command(flatten)]
    market: MarketArguments,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: PatchOutputArguments,
}

/// What recommendations go by.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Policy")]
struct PolicyArguments {
    /// Percentile of cpu samples to request: of all pods of a workload together, or of the busiest that has 20 samples
    #[arg(long, value_name = "PERCENT", default_value = "95", value_parser = percentile)]
    cpu_percentile: Percentile,

    /// Added to that
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = percent)]
    cpu_margin: u32,

    /// cpu limits: none but where the namespace demands one, kept as they are, or in proportion to the request
    #[arg(long, value_name = "RULE", default_value = "none")]
    cpu_limit: CpuLimitRule,

    /// Added to the highest memory sample; request and limit are never below that unless a bound is named
    #[arg(long, value_name = "PERCENT", default_value = "15%", value_parser = percent)]
    memory_margin: u32,

    /// The least cpu to request
    #[arg(long, value_name = "QUANTITY", default_value = "10m", value_parser = quantity)]
    cpu_minimum: Quantity,

    /// The least memory to request
    #[arg(long, value_name = "QUANTITY", default_value = "32Mi", value_parser = quantity)]
    memory_minimum: Quantity,

    /// What is enough and no more than so much too much stays as it is
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = percent)]
    tolerance: u32,

    /// With fewer samples a recommendation is called a guess
    #[arg(long, value_name = "N", default_value_t = Policy::default().enough_samples)]
    enough_samples: usize,
}

/// What becomes of cpu limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CpuLimitRule {
    None,
    Keep,
    Ratio,
}

/// What patches and scripts set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Requests,
    Policies,
    All,
}

/// A file, and what it holds if it does not say so itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct UsageFile {
    resource: Option<&'static str>,
    path: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll rightsize                                           what the embedded example is to become, measured over a day
  kubectl top pods -A --containers >> top.txt                  a sample; again and again for more
  plimsoll rightsize cluster.json --usage top.txt
  plimsoll rightsize cluster.json --usage cpu=cpu.json --usage memory=memory.json -o patch
  plimsoll rightsize cluster.json --usage both.json --cpu-percentile 99 -o kustomize > kustomization.yaml
  plimsoll rightsize cluster.json --usage both.json --set all -o script | bash

From Prometheus, with promtool query range or curl …/api/v1/query_range:
  sum by (namespace, pod, container) (rate(container_cpu_usage_seconds_total{container!=\"\"}[5m]))
  max by (namespace, pod, container) (container_memory_working_set_bytes{container!=\"\"})

Exit code 1 when a container cannot get what it needs (a LimitRange or the largest node does not allow it), or when a quota that holds now would not.";

/// Runs `rightsize`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (configuration, options) = (arguments.scheduler.configuration()?, arguments.scheduler.options()?);
    let usage = usage(arguments)?;
    let loaded = input::load_target(&arguments.input)?;
    let sizing = rightsize(&Question { objects: &loaded.objects, usage: &usage, policy: &arguments.policy.policy() });
    let mut after = loaded.objects.clone();
    sizing.apply(&mut after);
    let recommendation = recommend(&after, Some(&sizing));
    // maxima are a matter of nodes: quotas are taken to be those that admit them
    recommendation.apply(&mut after);
    let question = headroom::Question {
        objects: &after,
        written: &Written::Nothing,
        replaced: &Objects::default(),
        assumption: &Assumption::Current,
        usage: None,
        configuration: &configuration,
        options,
    };
    let recommended = RecommendationView::new(&recommendation, bounds(&question).as_ref());
    let mut view = RightsizingView::new(&sizing, recommended, arguments.set.into());
    // patches and scripts say nothing of nodes
    if arguments.output.output.0.only.is_none() {
        let (goal, market) = (&arguments.goal, &arguments.market);
        let fleet = |objects: &Objects| purchase(objects, (goal, market, 0), &configuration, options, (&arguments.input.replicas, None));
        view.nodes = Some(NodesChangeView {
            survive: goal.survive.to_string(),
            before: FleetView::new(&fleet(&loaded.objects)?.view),
            after: FleetView::new(&fleet(&after)?.view),
        });
    }
    let holds = view.holds();
    output::answer(&(arguments.output.output.0.render)(&View::Rightsizing(Box::new(view))))?;
    Ok(loaded.exit(holds))
}

/// Maxima of autoscalers, if there are autoscalers and nodes.
fn bounds(question: &headroom::Question<'_>) -> Option<AutoscalerBounds> {
    if question.objects.nodes.is_empty() {
        return None;
    }
    // without any there is nothing to say
    autoscaler_bounds(question).ok()
}

/// What was measured: all files as one; of the example its own.
fn usage(arguments: &Arguments) -> anyhow::Result<Usage> {
    let mut all = Usage::default();
    if arguments.usage.is_empty() {
        if !arguments.input.paths.is_empty() {
            bail!("what was measured? say --usage FILE, such as the output of `kubectl top pods -A --containers`");
        }
        let (name, text) = example::USAGE;
        all.join(measured(parse_of(name, text, None), Path::new(name))?);
    }
    for UsageFile { resource, path } in &arguments.usage {
        all.join(measured(read_of(path, *resource), path)?);
    }
    Ok(all)
}

fn measured(content: Result<Content, Problem>, path: &Path) -> anyhow::Result<Usage> {
    match content.map_err(|problem| anyhow!("--usage: {problem}"))? {
        Content::Usage(usage) => Ok(usage),
        Content::Replicas(_) => bail!("--usage: {} holds replicas, not usage; --replicas takes those", path.display()),
    }
}

impl PolicyArguments {
    fn policy(&self) -> Policy {
        Policy {
            cpu_percentile: self.cpu_percentile,
            cpu_margin_percent: self.cpu_margin,
            cpu_limit: match self.cpu_limit {
                CpuLimitRule::None => CpuLimit::None,
                CpuLimitRule::Keep => CpuLimit::Keep,
                CpuLimitRule::Ratio => CpuLimit::Ratio,
            },
            memory_margin_percent: self.memory_margin,
            cpu_minimum: self.cpu_minimum,
            memory_minimum: self.memory_minimum,
            tolerance_percent: self.tolerance,
            enough_samples: self.enough_samples,
        }
    }
}

impl From<What> for Scope {
    fn from(what: What) -> Self {
        match what {
            What::Requests => Scope::Requests,
            What::Policies => Scope::Policies,
            What::All => Scope::All,
        }
    }
}

fn usage_file(text: &str) -> Result<UsageFile, String> {
    let (resource, path) = match text.split_once('=') {
        Some(("cpu", path)) => (Some("cpu"), path),
        Some(("memory", path)) => (Some("memory"), path),
        _ => (None, text),
    };
    if path.is_empty() { Err("a file is expected".to_owned()) } else { Ok(UsageFile { resource, path: path.into() }) }
}

fn percentile(text: &str) -> Result<Percentile, String> {
    let number: Option<f64> = text.trim_end_matches('%').trim_start_matches(['P', 'p']).parse().ok();
    let thousandths = number.filter(|number| (0.0..=100.0).contains(number)).map(|number| (number * 1000.0).round() as u32);
    thousandths.and_then(Percentile::new).ok_or_else(|| format!("{text:?} is not a percentile from 0 to 100, such as 95 or 99.9"))
}

fn percent(text: &str) -> Result<u32, String> {
    let number: Option<u32> = text.trim_end_matches('%').trim_end().parse().ok();
    number.filter(|percent| *percent <= 1000).ok_or_else(|| format!("{text:?} is not a percentage from 0% to 1000%, such as 15%"))
}

fn quantity(text: &str) -> Result<Quantity, String> {
    let quantity: Quantity = text.parse().map_err(|error| format!("{error}"))?;
    if quantity.is_negative() { Err("nothing asks for less than nothing".to_owned()) } else { Ok(quantity) }
}
