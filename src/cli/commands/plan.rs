//! `plan`: all we know of a cluster on one screen: its state, the six success metrics, what it survives.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::Args;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::cli::arguments::{GraphOutputArguments, InputArguments, SchedulerArguments};
use crate::cli::commands::size::{Asking, GoalArguments, MarketArguments, Utilization};
use crate::cli::exit::Exit;
use crate::cli::input::{self, Loaded, Preparation};
use crate::cli::placement::{self, Ground};
use crate::cli::recovery::RecoveryArguments;
use crate::cli::template::Template;
use crate::cli::{output, time};
use crate::cluster::Standing;
use crate::cluster::index::PodId;
use crate::cluster::resources::{CPU, MEMORY};
use crate::graph::Dependencies;
use crate::graph::failure_domains::Kind;
use crate::manifest::Objects;
use crate::manifest::pod::Pod;
use crate::planning::failover::Assumptions;
use crate::planning::quorum::Quorums;
use crate::planning::size::{Share, Survive};
use crate::planning::success_metrics::{self, Setting, Thresholds};
use crate::report::formats::Only;
use crate::report::views::plan::{BuyView, ClusterPlan, PlanView, StateView};
use crate::report::views::quotas::QuotasView;
use crate::report::views::survival::SurvivalView;
use crate::report::views::workload::Workloads;
use crate::report::views::{API_VERSION, Context, FitView, GraphView, ScheduleView, SuccessMetricsView, View};
use crate::scheduler::Options;
use crate::scheduler::profile::Configuration;
use crate::simulation::loss::Baseline;
use crate::usage::read::Content;
use crate::usage::{self, Usage};

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
    metrics: MetricArguments,

    #[command(flatten)]
    purchase: PurchaseArguments,

    #[command(flatten)]
    market: MarketArguments,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: GraphOutputArguments,
}

/// How the six success metrics are judged.
#[derive(Debug, Args)]
#[command(next_help_heading = "How it is judged")]
struct MetricArguments {
    /// Ready nodes that there must be
    #[arg(long, value_name = "N", default_value = "3")]
    min_nodes: usize,

    /// More pods than this on a node are worth a remark
    #[arg(long, value_name = "N", default_value = "30")]
    max_pods_per_node: usize,

    /// Every node's cpu and memory must stay below this, by requests and by measured usage
    #[arg(long, value_name = "SHARE", default_value = "70%", value_parser = percent)]
    max_utilization: u32,

    /// Ready pods that each service must have
    #[arg(long, value_name = "N", default_value = "2")]
    min_replicas: usize,

    /// After losing any node everything must be whole again in less than this
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = time::duration)]
    max_failover: Duration,

    /// Measured usage of the pods that are there (kubectl top pods, metrics API, CSV): nodes must stay below the share by that, too
    #[arg(long, value_name = "FILE")]
    usage: Option<PathBuf>,

    #[command(flatten)]
    recovery: RecoveryArguments,
}

/// What the purchase has to hold, besides the limit on utilisation.
#[derive(Debug, Args)]
#[command(next_help_heading = "What to buy")]
struct PurchaseArguments {
    /// What may be lost after the purchase: any node, any zone, any two nodes (node=2), or nothing
    #[arg(long, value_name = "node|zone|node=2|none", default_value = "node")]
    survive: Survive,

    /// Look so long for what to buy at most; 0s does not look
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = time::duration)]
    time_limit: Duration,
}

/// A share in whole percent: `70%` or `70`.
fn percent(text: &str) -> Result<u32, String> {
    let number = text.trim().trim_end_matches('%').trim_end();
    number.parse().ok().filter(|percent| (1..=1000).contains(percent)).ok_or_else(|| format!("{text:?} is not a share such as 70%"))
}

const EXAMPLES: &str = "\
Examples:
  plimsoll plan                                    the embedded example: today's one node, then the plan's four
  plimsoll plan cluster.json                       the same for your own cluster
  plimsoll plan cluster.json new/                  with these manifests applied, and what that changes
  plimsoll plan cluster.json --usage top.txt       judged by what pods use, too
  plimsoll plan cluster.json --removed-after 2m    where a cloud's controller removes dead nodes
  plimsoll plan cluster.json -o markdown           for a pull request or a wiki
  plimsoll plan cluster.json -o dot | dot -Tsvg    what needs what in the (last) cluster, as a graph

The six success metrics: enough nodes; workloads spread over them; none too full; two pods for every service; autoscalers that can scale;
whole again in time after the loss of any node.

Exit code 1 while any of them fails (-o dot does not ask), when a pod of the (last) cluster gets no node, or when the API server would refuse
to create something.";

/// Runs `plan`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let question = Question::new(arguments)?;
    let mut clusters = Vec::new();
    let mut complete = true;
    let mut inputs = inputs(arguments)?;
    if question.only_graphs {
        // of several the last: the plan is what counts, not today
        inputs.drain(..inputs.len() - 1);
    }
    let last = inputs.len() - 1;
    for (index, (title, mut loaded)) in inputs.into_iter().enumerate() {
        complete &= loaded.complete;
        // of several the last: the plan is what counts, not today
        let buy = if index == last && !question.only_graphs { question.buy(arguments, &loaded.objects)? } else { None };
        let plan = question.look_at(title, &mut loaded);
        clusters.push(ClusterPlan { buy, ..plan });
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

/// Everything that is asked of each cluster.
struct Question {
    configuration: Configuration,
    options: Options,
    ties: String,
    thresholds: Thresholds,
    assumptions: Assumptions,
    usage: Option<Usage>,
    /// Whether replicas are those of autoscalers at their most.
    at_most: bool,
    with_graph: bool,
    only_graphs: bool,
}

impl Question {
    fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let only_graphs = arguments.output.output.0.only == Some(Only::Graphs);
        Ok(Question {
            configuration: arguments.scheduler.configuration()?,
            options: arguments.scheduler.options()?,
            ties: arguments.scheduler.ties(),
            thresholds: arguments.metrics.thresholds(),
            assumptions: arguments.metrics.recovery.assumptions(),
            usage: arguments.metrics.usage()?,
            at_most: arguments.input.replicas == "max",
            with_graph: only_graphs || arguments.graph,
            only_graphs,
        })
    }

    fn setting(&self) -> Setting<'_> {
        Setting {
            configuration: &self.configuration,
            options: self.options,
            thresholds: &self.thresholds,
            assumptions: &self.assumptions,
            usage: self.usage.as_ref(),
            at_most: self.at_most,
        }
    }

    /// What to buy, and the metrics after that.
    fn buy(&self, arguments: &Arguments, objects: &Objects) -> anyhow::Result<Option<BuyView>> {
        let PurchaseArguments { survive, time_limit } = arguments.purchase;
        if time_limit.is_zero() {
            return Ok(None);
        }
        let below = Some(self.thresholds.utilization_percent).filter(|percent| *percent < 100).map(|percent| Share(percent * 10_000));
        let goal = GoalArguments { survive, max_utilization: Utilization(below), time_limit, ..GoalArguments::default() };
        let asking = Asking {
            goal: &goal,
            market: &arguments.market,
            objects,
            replicas: &arguments.input.replicas,
            configuration: &self.configuration,
            options: self.options,
        };
        let buy = asking.ask(|_, sizing, view| {
            // pods are new there, so what the old ones were measured to use is not theirs
            let setting = Setting { usage: None, ..self.setting() };
            let after = sizing.plan.as_ref().map(|plan| SuccessMetricsView::new(&success_metrics::measure_objects(&plan.objects, setting)));
            BuyView::new(view, after)
        });
        buy.map(Some)
    }

    fn look_at(&self, title: &str, loaded: &mut Loaded) -> ClusterPlan {
        let (schedule, baseline) = placement::settle(loaded, &self.configuration, self.options, self.ties.clone());
        let graph = self.with_graph.then(|| graph(&loaded.objects, &schedule));
        let mut plan = ClusterPlan::of(title, schedule, graph);
        if self.only_graphs {
            return plan;
        }
        plan.quotas = loaded.quotas().map(|quotas| QuotasView::new(&quotas));
        self.measure(&mut plan, &loaded.objects, &baseline);
        plan.fits = self.fits(&mut loaded.objects, &baseline);
        plan
    }

    /// The state of a cluster, the six metrics, and what it survives: the loss of any node, and of any zone if it has several.
    fn measure(&self, plan: &mut ClusterPlan, objects: &Objects, baseline: &Baseline) {
        let quorums = &Quorums::of(objects, &[]);
        let setting = self.setting();
        let node_losses = &success_metrics::node_losses(objects, baseline, quorums, &setting);
        let measured = success_metrics::measure(&success_metrics::Question { objects, baseline, quorums, node_losses, setting });
        plan.state = Some(StateView::new(&plan.schedule, &measured, node_losses));
        plan.success_metrics = Some(SuccessMetricsView::new(&measured));
        plan.survives.push(SurvivalView::new(Kind::Node.name(), node_losses));
        let zones = success_metrics::losses(objects, baseline, quorums, &setting, &Kind::Zone).ok();
        if let Some(zones) = zones.filter(|zones| zones.domains.len() > 1) {
            plan.survives.push(SurvivalView::new(Kind::Zone.name(), &zones));
        }
    }

    /// How many more pods of the largest workloads fit.
    fn fits(&self, objects: &mut Objects, baseline: &Baseline) -> Vec<FitView> {
        let names = Workloads::new(objects);
        let largest = largest(baseline, |pod| names.of(&objects.pods[pod]));
        let first = objects.pods.len();
        let templates: Vec<Pod> = largest.iter().map(|(pod, _)| Template::of(&objects.pods[*pod]).pod).collect();
        objects.pods.extend(templates);
        let mut ground = Ground::new(objects, &self.configuration);
        let pods: Vec<PodId> = (first..objects.pods.len()).map(PodId::new).collect();
        let copies: Vec<Vec<PodId>> = pods.iter().map(|&pod| ground.copies(pod, None)).collect();
        let context = Context::new(objects, &ground.cluster, self.options.version, self.ties.clone());
        let mut scheduler = ground.scheduler(self.options);
        placement::run(&mut scheduler);
        let fit = |(index, copies): (usize, &Vec<PodId>)| {
            let mut trial = scheduler.clone();
            let fit = trial.fit(copies);
            FitView::new(&context, &trial, pods[index], Some(&largest[index].1), &fit, None)
        };
        copies.iter().enumerate().map(fit).collect()
    }
}

impl MetricArguments {
    fn thresholds(&self) -> Thresholds {
        Thresholds {
            nodes: self.min_nodes,
            pods_per_node: self.max_pods_per_node,
            utilization_percent: self.max_utilization,
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

/// What needs what, with every pod where the schedule has it.
fn graph(objects: &Objects, schedule: &ScheduleView) -> GraphView {
    let nodes: BTreeMap<&str, &str> = schedule.pods.iter().filter_map(|place| Some((place.pod.as_str(), place.node.as_deref()?))).collect();
    let place = |pod: &Pod| nodes.get(format!("{}/{}", pod.metadata.namespace_or_default(), pod.metadata.name).as_str()).copied();
    let places: Vec<Option<&str>> = objects.pods.iter().map(place).collect();
    GraphView::new(&Dependencies::new(objects, &places))
}

/// A pod, by its place among the objects, of each of the workloads whose pods ask for the largest share of the cluster's cpu or memory, largest first.
fn largest(baseline: &Baseline, workload: impl Fn(usize) -> String) -> Vec<(usize, String)> {
    let cluster = baseline.cluster();
    let total = |resource| cluster.nodes.ids().map(|node| cluster.allocatable(resource, node) as f64).sum::<f64>().max(1.0);
    let totals = [(CPU, total(CPU)), (MEMORY, total(MEMORY))];
    let share = |pod: PodId| {
        let requests = &cluster.class_of(pod).incoming;
        totals.iter().map(|&(resource, total)| requests.get(resource) as f64 / total).fold(0.0, f64::max)
    };
    let asks = |pod: &PodId| matches!(cluster.pod(*pod).standing, Standing::Bound(_) | Standing::Pending) && cluster.pod(*pod).controlled;
    let mut first: IndexMap<String, (usize, f64), FxBuildHasher> = IndexMap::default();
    for pod in baseline.pods().filter(asks).filter(|&pod| share(pod) > 0.0) {
        first.entry(workload(cluster.pod(pod).object)).or_insert_with(|| (cluster.pod(pod).object, share(pod)));
    }
    // a DaemonSet has one pod a node: more of its pods is no question
    first.retain(|name, _| !name.ends_with("(DaemonSet)"));
    first.sort_by(|_, one, _, other| other.1.total_cmp(&one.1));
    first.into_iter().take(WORKLOADS).map(|(name, (pod, _))| (pod, name)).collect()
}
