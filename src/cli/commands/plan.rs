//! `plan`: all we know of a cluster on one screen: its state, the six success metrics, what it survives.

use std::collections::BTreeMap;

use clap::Args;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::cli::arguments::{InputArguments, PlanOutputArguments, SchedulerArguments};
use crate::cli::commands::size::{GoalArguments, MarketArguments};
use crate::cli::exit::Exit;
use crate::cli::input::{self, Loaded, Preparation};
use crate::cli::judgement::{Judgement, MetricArguments};
use crate::cli::output;
use crate::cli::placement::{self, Ground, Settled};
use crate::cli::purchase::{purchase, tell_parameters};
use crate::cli::template::Template;
use crate::cluster::Standing;
use crate::cluster::index::PodId;
use crate::cluster::resources::{CPU, MEMORY};
use crate::controllers::horizontal_pod_autoscaler::assume::Assumption;
use crate::graph::Dependencies;
use crate::manifest::Objects;
use crate::manifest::pod::Pod;
use crate::manifest::read::Written;
use crate::planning::headroom;
use crate::planning::recommendation::{AutoscalerBounds, autoscaler_bounds, recommend};
use crate::planning::success_metrics;
use crate::planning::survey::Survey;
use crate::report::formats::Only;
use crate::report::views::plan::{ClusterPlan, PlanView, PurchaseView, StateView};
use crate::report::views::quotas::QuotasView;
use crate::report::views::recommendation::RecommendationView;
use crate::report::views::survival::SurvivalView;
use crate::report::views::workload::Workloads;
use crate::report::views::{API_VERSION, Context, FitView, GraphView, ScheduleView, SuccessMetricsView, View};
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
    metrics: MetricArguments,

    #[command(flatten)]
    goal: GoalArguments,

    #[command(flatten)]
    market: MarketArguments,

    /// Do not work out what to buy, and what to set on it
    #[arg(long, help_heading = "What can be bought")]
    no_purchase: bool,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: PlanOutputArguments,
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
  plimsoll plan cluster.json -o patch              what to set, and what puts pods where the plan has them (also: kustomize)
  plimsoll plan cluster.json -o tfvars             the nodes to buy (also: machine-deployments, node-pools)

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
    // of several the last: the plan is what counts, not today
    let last = inputs.len() - 1;
    if question.only_graphs {
        inputs.drain(..last);
    }
    for (number, (title, mut loaded)) in inputs.into_iter().enumerate() {
        complete &= loaded.complete;
        let mut plan = question.look_at(title, &mut loaded);
        if number == last && !arguments.no_purchase && !question.only_graphs {
            question.advise(&mut plan, &loaded, arguments)?;
        }
        clusters.push(plan);
    }
    let view = View::Plan(Box::new(PlanView { api_version: API_VERSION, kind: PlanView::KIND, clusters }));
    tell_parameters(arguments.output.output.0, &view);
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
    judgement: Judgement,
    with_graph: bool,
    only_graphs: bool,
}

impl Question {
    fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let only_graphs = arguments.output.output.0.only == Some(Only::Graphs);
        Ok(Question {
            judgement: Judgement::new(&arguments.input, &arguments.scheduler, &arguments.metrics, &arguments.goal)?,
            with_graph: only_graphs || arguments.graph,
            only_graphs,
        })
    }

    fn look_at(&self, title: &str, loaded: &mut Loaded) -> ClusterPlan {
        let Settled { view: schedule, check, baseline } = self.judgement.settle(loaded);
        let graph = self.with_graph.then(|| graph(&loaded.objects, &schedule));
        let mut plan = ClusterPlan::of(title, schedule, graph);
        if self.only_graphs {
            return plan;
        }
        plan.self_check = check;
        plan.quotas = loaded.quotas().map(|quotas| QuotasView::new(&quotas));
        self.measure(&mut plan, &loaded.objects, &baseline);
        plan.fits = self.fits(&mut loaded.objects, &baseline);
        plan
    }

    /// The state of a cluster, the six metrics, and what it survives: the loss of any node, and of any zone if it has several.
    fn measure(&self, plan: &mut ClusterPlan, objects: &Objects, baseline: &Baseline) {
        let survey = Survey::new(objects, baseline, self.judgement.setting());
        plan.state = Some(StateView::new(&plan.schedule, &survey.measured, &survey.node_losses));
        plan.success_metrics = Some(SuccessMetricsView::new(&survey.measured));
        plan.survives = survey.losses().map(|(kind, losses)| SurvivalView::new(kind.name(), losses)).collect();
    }

    /// What to buy, the six metrics once more on what is there then, and what to set there.
    fn advise(&self, plan: &mut ClusterPlan, loaded: &Loaded, arguments: &Arguments) -> anyhow::Result<()> {
        let objects = &loaded.objects;
        let asked = (&arguments.goal, &arguments.market, arguments.metrics.min_nodes);
        let written = loaded.applied().0;
        let written = (arguments.output.output.0.only == Some(Only::Patches)).then_some(written);
        let Judgement { configuration, options, .. } = &self.judgement;
        let found = purchase(objects, asked, configuration, *options, (&arguments.input.replicas, written))?;
        let after = found.objects.as_ref().map(|objects| success_metrics::measure_objects(objects, self.judgement.setting()));
        plan.buy = Some(PurchaseView { size: found.view, success_metrics: after.as_ref().map(SuccessMetricsView::new) });
        let mut objects = found.objects.unwrap_or_else(|| objects.clone());
        let recommendation = recommend(&objects, None);
        // maxima have to fit the quotas that are recommended, not those that are replaced
        recommendation.apply(&mut objects);
        plan.set = Some(RecommendationView::new(&recommendation, self.bounds(&objects).as_ref()));
        Ok(())
    }

    /// Maxima of autoscalers that fit, if there are autoscalers and nodes.
    fn bounds(&self, objects: &Objects) -> Option<AutoscalerBounds> {
        let question = headroom::Question {
            objects,
            written: &Written::Nothing,
            replaced: &Objects::default(),
            assumption: &Assumption::Current,
            usage: None,
            configuration: &self.judgement.configuration,
            options: self.judgement.options,
        };
        // without any there is nothing to say
        (!objects.nodes.is_empty()).then(|| autoscaler_bounds(&question).ok()).flatten()
    }

    /// How many more pods of the largest workloads fit.
    fn fits(&self, objects: &mut Objects, baseline: &Baseline) -> Vec<FitView> {
        let names = Workloads::new(objects);
        let largest = largest(baseline, |pod| names.of(&objects.pods[pod]));
        let first = objects.pods.len();
        let templates: Vec<Pod> = largest.iter().map(|(pod, _)| Template::of(&objects.pods[*pod]).pod).collect();
        objects.pods.extend(templates);
        let mut ground = Ground::new(objects, &self.judgement.configuration);
        let pods: Vec<PodId> = (first..objects.pods.len()).map(PodId::new).collect();
        let copies: Vec<Vec<PodId>> = pods.iter().map(|&pod| ground.copies(pod, None)).collect();
        let context = Context::new(objects, &ground.cluster, self.judgement.options.version, self.judgement.ties.clone());
        let mut scheduler = ground.scheduler(self.judgement.options);
        placement::run(&mut scheduler);
        let fit = |(index, copies): (usize, &Vec<PodId>)| {
            let mut trial = scheduler.clone();
            let fit = trial.fit(copies);
            FitView::new(&context, &trial, pods[index], Some(&largest[index].1), &fit, None)
        };
        let fits = copies.iter().enumerate().map(fit).collect();
        objects.pods.truncate(first);
        fits
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
