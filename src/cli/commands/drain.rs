//! `drain`: in which waves nodes can be taken out for maintenance, and what stands in the way.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use crate::cli::arguments::{InputArguments, SchedulerArguments, ScriptOutputArguments};
use crate::cli::exit::Exit;
use crate::cli::{input, output, placement, time};
use crate::manifest::Objects;
use crate::planning::maintenance::{Question, Timing, maintain};
use crate::report::amount::list;
use crate::report::views::{Context, DrainView, View};
use crate::scheduler::Scheduler;
use crate::simulation::drain::{Afterwards, Flags};

/// Arguments of `drain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(mut_arg("paths", |argument| argument.value_name("PATH|NODE").help(PATHS).long_help(PATHS)))]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    /// A node to drain (repeatable): the same as its name among the paths
    #[arg(long, value_name = "NAME", help_heading = "What to drain")]
    node: Vec<String>,

    /// Drain every node: so it is when none is named
    #[arg(long, help_heading = "What to drain", conflicts_with = "node")]
    all: bool,

    /// At most so many nodes at once; without it as many as promises allow
    #[arg(long, value_name = "N", help_heading = "What to drain", value_parser = at_least_one)]
    parallel: Option<usize>,

    /// Nodes are deleted once they are drained, and do not come back
    #[arg(long, help_heading = "What to drain")]
    gone: bool,

    /// So many nodes are added beforehand; without it, how many are needed is searched for
    #[arg(long, value_name = "N", help_heading = "What to drain", default_value_t = 0)]
    surge: usize,

    /// The node that added nodes are copies of; without it, of one that lacks room
    #[arg(long, value_name = "NODE", help_heading = "What to drain")]
    surge_like: Option<String>,

    /// As for kubectl drain: pods of DaemonSets stay; without it, nodes that have any are refused
    #[arg(long, help_heading = "kubectl drain")]
    ignore_daemonsets: bool,

    /// As for kubectl drain: what is in emptyDir volumes is lost; without it, nodes with pods that have any are refused
    #[arg(long, help_heading = "kubectl drain")]
    delete_emptydir_data: bool,

    /// As for kubectl drain: pods without a controller are lost; without it, nodes that have any are refused
    #[arg(long, help_heading = "kubectl drain")]
    force: bool,

    /// How long a pod takes to be ready once it has a node; without it its annotation plimsoll.dev/start-seconds, or 30s
    #[arg(long, value_name = "DURATION", help_heading = "How long", value_parser = time::duration)]
    start: Option<Duration>,

    /// How long the work on a drained node takes
    #[arg(long, value_name = "DURATION", help_heading = "How long", default_value = "0s", value_parser = time::duration)]
    maintenance: Duration,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: ScriptOutputArguments,
}

const PATHS: &str = "Dumps and manifests as for every command, and names of nodes to drain: what is neither a file that exists, \
                     nor a glob, nor `-`, is a node. Without any path: the embedded example; without any node: all";

const EXAMPLES: &str = "\
Examples:
  plimsoll drain                                             the embedded example, every node
  plimsoll drain cluster.json --all --ignore-daemonsets --delete-emptydir-data
  plimsoll drain cluster.json node-1 node-2 --ignore-daemonsets
  plimsoll drain cluster.json --ignore-daemonsets --parallel 3 --surge 1 --maintenance 10m
  plimsoll drain cluster.json --ignore-daemonsets -o script > drain.sh

Nodes of a wave are cordoned and drained together; each eviction is asked of the Eviction API, and what takes a pod's place is
placed before the next one where its budget demands it. A pod may be without a node meanwhile if its disruption budget pays for
it, or if it can run nowhere else; everything else has to find room first.
Exit code 1 when a node cannot be drained as things stand: an eviction is blocked, a flag is missing, or room is.";

/// Runs `drain`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (configuration, options) = (arguments.scheduler.configuration()?, arguments.scheduler.options()?);
    let (paths, mut nodes) = told_apart(&arguments.input.paths);
    nodes.extend(arguments.node.iter().cloned());
    if arguments.all && !nodes.is_empty() {
        bail!("--all drains every node: name none ({}), or leave it out", list(&nodes, 5));
    }
    let loaded = input::load_target(&InputArguments { paths, ..arguments.input.clone() })?;
    check(&loaded.objects, nodes.iter().chain(&arguments.surge_like))?;
    let place = |scheduler: &mut Scheduler<'_>| placement::run(scheduler);
    let question = Question {
        objects: &loaded.objects,
        configuration: &configuration,
        options,
        nodes: &nodes,
        flags: Flags {
            ignore_daemonsets: arguments.ignore_daemonsets,
            delete_emptydir_data: arguments.delete_emptydir_data,
            force: arguments.force,
        },
        parallel: arguments.parallel,
        surge: arguments.surge,
        surge_like: arguments.surge_like.as_deref(),
        afterwards: if arguments.gone { Afterwards::Gone } else { Afterwards::Back },
        timing: Timing { start: arguments.start, maintenance: arguments.maintenance },
        place: &place,
    };
    let answer = maintain(&question);
    let context = Context::new(&answer.objects, answer.setting.cluster(), options.version, arguments.scheduler.ties());
    let mut view = DrainView::new(&context, &answer);
    view.not_created = loaded.not_created(&context, &[]);
    let holds = view.holds();
    output::answer(&(arguments.output.output.0.render)(&View::Drain(Box::new(view))))?;
    Ok(loaded.exit(holds))
}

/// Paths, and names of nodes: what is no file, glob or `-`, and could be a name.
fn told_apart(arguments: &[PathBuf]) -> (Vec<PathBuf>, Vec<String>) {
    let is_path = |path: &&PathBuf| {
        let text = path.to_string_lossy();
        path.exists() || text == "-" || text.contains(['*', '?', '[', '/', '\\'])
    };
    let (paths, nodes): (Vec<&PathBuf>, Vec<&PathBuf>) = arguments.iter().partition(is_path);
    (paths.into_iter().cloned().collect(), nodes.into_iter().map(|path| path.to_string_lossy().into_owned()).collect())
}

/// Every name has to be that of a node.
fn check<'a>(objects: &Objects, mut names: impl Iterator<Item = &'a String>) -> anyhow::Result<()> {
    let nodes: Vec<&str> = objects.nodes.iter().map(|node| node.metadata.name.as_str()).collect();
    let Some(name) = names.find(|name| !nodes.contains(&name.as_str())) else { return Ok(()) };
    let file = if Path::new(name).extension().is_some() { " and no such file" } else { "" };
    if nodes.is_empty() {
        bail!("there is no node {name}{file}: the input has no Node; add the output of `kubectl get nodes -o yaml`");
    }
    bail!("there is no node {name}{file}: the nodes are {}", list(&nodes, 10));
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a number from 1 on is expected".to_owned()),
        Ok(number) => Ok(number),
    }
}
