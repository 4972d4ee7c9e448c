//! `plan`: all we know of a cluster; later issues grow it.

use std::collections::BTreeMap;

use clap::Args;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::cli::arguments::{GraphOutputArguments, InputArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::input::{self, Loaded, Preparation};
use crate::cli::output;
use crate::cli::placement::{self, Ground};
use crate::cli::template::Template;
use crate::cluster::index::PodId;
use crate::cluster::resources::{CPU, MEMORY};
use crate::cluster::{Cluster, Standing};
use crate::graph::Dependencies;
use crate::graph::failure_domains::Kind;
use crate::manifest::Objects;
use crate::manifest::pod::Pod;
use crate::planning::quorum::Quorums;
use crate::planning::resilience::survival::survival;
use crate::report::views::plan::{ClusterPlan, PlanView};
use crate::report::views::quotas::QuotasView;
use crate::report::views::survival::SurvivalView;
use crate::report::views::workload::Workloads;
use crate::report::views::{API_VERSION, Context, FitView, GraphView, ScheduleView, View};
use crate::scheduler::Options;
use crate::scheduler::profile::Configuration;
use crate::simulation::loss::Baseline;

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    /// Say what needs what, too: Ingress, Service, budget, autoscaler, workload, claim, volume, node, zone; `-o dot` says nothing else
    #[arg(long)]
    graph: bool,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: GraphOutputArguments,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll plan                      the embedded example: today's one node, then the plan's four
  plimsoll plan cluster.json         the same for your own cluster
  plimsoll plan cluster.json new/    with these manifests applied, and what that changes
  plimsoll plan cluster.json -o dot  what needs what in the (last) cluster, as a graph: | dot -Tsvg

Exit code 1 when a pod of the (last) cluster gets no node, or when the API server would refuse to create something.";

/// Runs `plan`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut clusters = Vec::new();
    let mut complete = true;
    let mut inputs = inputs(arguments)?;
    if arguments.output.output.0.only_graphs {
        // of several the last: the plan is what counts, not today
        inputs.drain(..inputs.len() - 1);
    }
    for (title, mut loaded) in inputs {
        complete &= loaded.complete;
        clusters.push(look_at(arguments, title, &mut loaded)?);
    }
    let view = View::Plan(Box::new(PlanView { api_version: API_VERSION, kind: PlanView::KIND, clusters }));
    output::answer(&(arguments.output.output.0.render)(&view))?;
    Ok(if complete { Exit::of(view.holds()) } else { Exit::Misuse })
}

fn inputs(arguments: &Arguments) -> anyhow::Result<Vec<(&'static str, Loaded)>> {
    if !arguments.input.paths.is_empty() {
        return Ok(vec![("The cluster", input::load_with_quotas(&arguments.input)?)]);
    }
    output::note("no PATH given, so this is the embedded example (fixtures/data-platform): a cluster today, and what it is to become");
    let assumption = arguments.input.assumption()?;
    let preparation = Preparation::new(&arguments.input, Some(&assumption)).with_quotas();
    Ok(vec![("Today", input::today(preparation)), ("After the plan", input::target(preparation))])
}

/// So many of the largest workloads are asked how many more of their pods fit.
const WORKLOADS: usize = 5;

fn look_at(arguments: &Arguments, title: &str, loaded: &mut Loaded) -> anyhow::Result<ClusterPlan> {
    let (configuration, options) = (arguments.scheduler.configuration()?, arguments.scheduler.options()?);
    let ties = arguments.scheduler.ties();
    let schedule = placement::schedule(loaded, &configuration, options, ties.clone(), &[]);
    let quotas = loaded.quotas().map(|quotas| QuotasView::new(&quotas));
    let only_graphs = arguments.output.output.0.only_graphs;
    let graph = (only_graphs || arguments.graph).then(|| graph(&loaded.objects, &schedule));
    if only_graphs {
        return Ok(ClusterPlan { title: title.to_owned(), schedule, fits: Vec::new(), quotas: None, survives: Vec::new(), graph });
    }
    let survives = survives(&loaded.objects, &configuration, options);
    let objects = &mut loaded.objects;
    let names = Workloads::new(objects);
    let largest = largest(&Ground::new(objects, &configuration).cluster, |pod| names.of(&objects.pods[pod]));
    let first = objects.pods.len();
    let templates: Vec<Pod> = largest.iter().map(|(pod, _)| Template::of(&objects.pods[*pod]).pod).collect();
    objects.pods.extend(templates);
    let mut ground = Ground::new(objects, &configuration);
    let pods: Vec<PodId> = (first..objects.pods.len()).map(PodId::new).collect();
    let copies: Vec<Vec<PodId>> = pods.iter().map(|&pod| ground.copies(pod, None)).collect();
    let context = Context::new(objects, &ground.cluster, options.version, ties);
    let mut scheduler = ground.scheduler(options);
    placement::run(&mut scheduler);
    let fit = |(index, copies): (usize, &Vec<PodId>)| {
        let mut trial = scheduler.clone();
        let fit = trial.fit(copies);
        FitView::new(&context, &trial, pods[index], Some(&largest[index].1), &fit, None)
    };
    let fits = copies.iter().enumerate().map(fit).collect();
    Ok(ClusterPlan { title: title.to_owned(), schedule, fits, quotas, survives, graph })
}

/// What the cluster survives: the loss of any node, and of any zone if it has several.
fn survives(objects: &Objects, configuration: &Configuration, options: Options) -> Vec<SurvivalView> {
    let baseline = Baseline::new(objects, configuration, options, placement::run);
    let quorums = Quorums::of(objects, &[]);
    let of = |kind: Kind| Some((kind.name().to_owned(), survival(objects, &baseline, &quorums, &kind).ok()?));
    let found = [of(Kind::Node), of(Kind::Zone).filter(|(_, zones)| zones.domains.len() > 1)];
    found.into_iter().flatten().map(|(each, survival)| SurvivalView::new(&each, &survival)).collect()
}

/// What needs what, with every pod where the schedule has it.
fn graph(objects: &Objects, schedule: &ScheduleView) -> GraphView {
    let nodes: BTreeMap<&str, &str> = schedule.pods.iter().filter_map(|place| Some((place.pod.as_str(), place.node.as_deref()?))).collect();
    let place = |pod: &Pod| nodes.get(format!("{}/{}", pod.metadata.namespace_or_default(), pod.metadata.name).as_str()).copied();
    let places: Vec<Option<&str>> = objects.pods.iter().map(place).collect();
    GraphView::new(&Dependencies::new(objects, &places))
}

/// A pod, by its place among the objects, of each of the workloads whose pods ask for the largest share of the cluster's cpu or memory, largest first.
fn largest(cluster: &Cluster, workload: impl Fn(usize) -> String) -> Vec<(usize, String)> {
    let total = |resource| cluster.nodes.ids().map(|node| cluster.allocatable(resource, node) as f64).sum::<f64>().max(1.0);
    let totals = [(CPU, total(CPU)), (MEMORY, total(MEMORY))];
    let share = |pod: PodId| {
        let requests = &cluster.class_of(pod).incoming;
        totals.iter().map(|&(resource, total)| requests.get(resource) as f64 / total).fold(0.0, f64::max)
    };
    let asks = |pod: &PodId| matches!(cluster.pod(*pod).standing, Standing::Bound(_) | Standing::Pending) && cluster.pod(*pod).controlled;
    let mut first: IndexMap<String, (usize, f64), FxBuildHasher> = IndexMap::default();
    for pod in cluster.pod_ids().filter(asks).filter(|&pod| share(pod) > 0.0) {
        first.entry(workload(cluster.pod(pod).object)).or_insert_with(|| (cluster.pod(pod).object, share(pod)));
    }
    // a DaemonSet has one pod a node: more of its pods is no question
    first.retain(|name, _| !name.ends_with("(DaemonSet)"));
    first.sort_by(|_, one, _, other| other.1.total_cmp(&one.1));
    first.into_iter().take(WORKLOADS).map(|(name, (pod, _))| (pod, name)).collect()
}
