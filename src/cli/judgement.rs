//! How a cluster is judged: arguments that `plan` and `report` share.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::Args;

use super::arguments::{InputArguments, SchedulerArguments};
use super::commands::size::GoalArguments;
use super::input::Loaded;
use super::placement::{self, Settled};
use super::recovery::RecoveryArguments;
use super::time;
use crate::planning::failover::Assumptions;
use crate::planning::size::Share;
use crate::planning::success_metrics::{Setting, Thresholds};
use crate::scheduler::Options;
use crate::scheduler::profile::Configuration;
use crate::usage::read::Content;
use crate::usage::{self, Usage};

/// How the six success metrics are judged.
#[derive(Debug, Args)]
#[command(next_help_heading = "How it is judged")]
pub struct MetricArguments {
    /// Ready nodes that there must be
    #[arg(long, value_name = "N", default_value = "3")]
    pub min_nodes: usize,

    /// More pods than this on a node are worth a remark
    #[arg(long, value_name = "N", default_value = "30")]
    max_pods_per_node: usize,

    /// Ready pods that each service must have
    #[arg(long, value_name = "N", default_value = "2")]
    min_replicas: usize,

    /// After losing any node everything must be whole again in less than this
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = time::duration)]
    max_failover: Duration,

    /// Measured usage of the pods that are there (kubectl top pods, metrics API, CSV): by that, too, nodes must stay below --max-utilization
    #[arg(long, value_name = "FILE")]
    usage: Option<PathBuf>,

    #[command(flatten)]
    recovery: RecoveryArguments,
}

impl MetricArguments {
    fn thresholds(&self, utilization: Option<Share>) -> Thresholds {
        Thresholds {
            nodes: self.min_nodes,
            pods_per_node: self.max_pods_per_node,
            utilization,
            replicas: self.min_replicas,
            failover: self.max_failover,
        }
    }

    fn usage(&self) -> anyhow::Result<Option<Usage>> {
        let Some(path) = &self.usage else { return Ok(None) };
        match usage::read::read(path).map_err(|problem| anyhow!("--usage: {problem}"))? {
            Content::Usage(usage) => Ok(Some(usage)),
            Content::Replicas(_) => bail!("--usage: {} holds replicas, not usage; --replicas takes those", path.display()),
        }
    }
}

/// Everything that a cluster is judged by.
pub struct Judgement {
    /// How the scheduler works.
    pub configuration: Configuration,
    /// How it decides what that leaves open.
    pub options: Options,
    /// The same in words.
    pub ties: String,
    /// The bounds of the metrics.
    pub thresholds: Thresholds,
    assumptions: Assumptions,
    usage: Option<Usage>,
    /// Whether replicas are those of autoscalers at their most.
    at_most: bool,
}

impl Judgement {
    /// As the arguments say.
    pub fn new(
        input: &InputArguments,
        scheduler: &SchedulerArguments,
        metrics: &MetricArguments,
        goal: &GoalArguments,
    ) -> anyhow::Result<Self> {
        Ok(Judgement {
            configuration: scheduler.configuration()?,
            options: scheduler.options()?,
            ties: scheduler.ties(),
            thresholds: metrics.thresholds(goal.max_utilization.0),
            assumptions: metrics.recovery.assumptions(),
            usage: metrics.usage()?,
            at_most: input.replicas == "max",
        })
    }

    /// Where every pod goes, and the cluster as it is then.
    pub fn settle(&self, loaded: &Loaded) -> Settled {
        placement::settle(loaded, &self.configuration, self.options, self.ties.clone())
    }

    /// The same as the library asks for it.
    pub fn setting(&self) -> Setting<'_> {
        Setting {
            configuration: &self.configuration,
            options: self.options,
            thresholds: &self.thresholds,
            assumptions: &self.assumptions,
            usage: self.usage.as_ref(),
            at_most: self.at_most,
        }
    }
}
