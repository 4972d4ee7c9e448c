//! `lose`: what a cluster survives.

use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::Args;

use crate::cli::arguments::{GraphOutputArguments, InputArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::input;
use crate::cli::placement;
use crate::cli::progress::Progress;
use crate::cli::{output, time};
use crate::cluster::index::{NodeId, PodId};
use crate::graph::Dependencies;
use crate::graph::failure_domains::{self, Domain, Kind};
use crate::manifest::Objects;
use crate::planning::failover::{Assumptions, Means, Removal};
use crate::planning::quorum::{Override, Quorums};
use crate::planning::resilience::{Question, Requirements, Resilience, judge};
use crate::report::views::losses::Answer;
use crate::report::views::{BlastRadiusView, Context, GraphView, LossesView, View};
use crate::simulation::loss::{Baseline, Until};

/// Arguments of `lose`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    input: InputArguments,

    #[command(flatten)]
    lost: LostArguments,

    #[command(flatten)]
    judgement: JudgementArguments,

    #[command(flatten)]
    scheduler: SchedulerArguments,

    #[command(flatten)]
    output: GraphOutputArguments,
}

/// What is lost.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is lost")]
struct LostArguments {
    /// Lose this node (repeatable: all of them at once)
    #[arg(long, value_name = "NAME")]
    node: Vec<String>,

    /// Lose this zone (repeatable: all of them at once)
    #[arg(long, value_name = "NAME")]
    zone: Vec<String>,

    /// Lose the nodes with this label, such as topology.rook.io/rack=r1 (repeatable: all of them at once)
    #[arg(long, value_name = "KEY=VALUE")]
    domain: Vec<String>,

    /// Lose each of these by itself, one after the other: node, zone, region, rack, or the key of a label. The default: each node
    #[arg(long, value_name = "node|zone|rack|LABEL", conflicts_with_all = ["node", "zone", "domain"])]
    each: Option<String>,

    /// With --each: every set of so many at once
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=9))]
    k: u8,

    /// Stop where nobody helps: the Node objects of lost nodes are never deleted
    #[arg(long)]
    unattended: bool,
}

/// How losses are judged.
#[derive(Debug, Args)]
#[command(next_help_heading = "How it is judged")]
struct JudgementArguments {
    /// What every loss must leave: placed (all pods find a node again), quorum, available (a ready pod of every workload), budgets
    #[arg(long, value_name = "LIST", default_value_t = Requirements::default())]
    require: Requirements,

    /// Ready pods that a workload needs: NAMESPACE/NAME=2, =50%, =majority or =none (repeatable; or annotation plimsoll.dev/quorum)
    #[arg(long, value_name = "NS/NAME=PODS")]
    quorum: Vec<Override>,

    /// Every workload must be whole again within this time, such as 5m; exit code 1 if not
    #[arg(long, value_name = "DURATION", value_parser = time::duration)]
    max_failover: Option<Duration>,

    /// How long a pod takes from its binding until it is ready; without it 30 s, or what its probes say if that is longer
    #[arg(long, value_name = "DURATION", value_parser = time::duration)]
    start: Option<Duration>,

    /// When somebody removes a dead node, counted from the loss; without it nobody does, and pods of StatefulSets wait for ever
    #[arg(long, value_name = "DURATION", value_parser = time::duration)]
    removed_after: Option<Duration>,

    /// How a dead node is removed
    #[arg(long, value_enum, value_name = "MEANS", default_value = "delete-node", requires = "removed_after")]
    removed_by: RemovedBy,
}

/// How a dead node is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RemovedBy {
    /// its Node object is deleted, by a cloud's controller or by hand
    DeleteNode,
    /// it gets the taint node.kubernetes.io/out-of-service
    OutOfService,
    /// its pods are deleted by force
    ForceDelete,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll lose                                       any node of what the embedded example is to become
  plimsoll lose cluster.json                          what if any one node goes?
  plimsoll lose cluster.json --node worker-2          this one
  plimsoll lose cluster.json --each zone --max-failover 5m
  plimsoll lose cluster.json --each node --k 2        any two at once
  plimsoll lose cluster.json new/ --quorum shop/kafka=2 --require placed,quorum
  plimsoll lose cluster.json --zone eu-1a -o dot | dot -Tsvg > blast.svg

A node is lost without warning: it falls silent, pods leave it when their tolerations let them, controllers replace them, the scheduler
places them among the others; then its Node object is deleted and the rest follows (not with --unattended).

Exit code 1 when a loss is not survived, or when a workload is whole again too late.";

/// Runs `lose`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let (configuration, options) = (arguments.scheduler.configuration()?, arguments.scheduler.options()?);
    let loaded = input::load_target(&arguments.input)?;
    let objects = &loaded.objects;
    let asked = arguments.lost.asked(objects)?;
    let baseline = Baseline::new(objects, &configuration, options, placement::run);
    let quorums = Quorums::of(objects, &arguments.judgement.quorum);
    quorums.notes.iter().for_each(|note| output::note(&note.message));
    let losses = asked.node_ids(&baseline)?;
    let assumptions = arguments.judgement.assumptions();
    let question = Question {
        objects,
        baseline: &baseline,
        quorums: &quorums,
        losses: &losses,
        until: if arguments.lost.unattended { Until::Unattended } else { Until::Removed },
        requirements: arguments.judgement.require,
        assumptions: &assumptions,
        max_failover: arguments.judgement.max_failover,
    };
    let progress = Progress::of_losses("losing");
    let resilience = judge(&question, || progress.count(losses.len() as u64));
    drop(progress);
    let context = Context::new(objects, baseline.cluster(), options.version, arguments.scheduler.ties());
    let answer = Answer { question: &question, resilience: &resilience, names: &asked.names, each: asked.each.clone() };
    let mut view = LossesView::new(&context, &answer);
    draw(&mut view, objects, &baseline, &resilience, arguments.output.output.0.only_graphs);
    let holds = view.holds();
    output::answer(&(arguments.output.output.0.render)(&View::Losses(Box::new(view))))?;
    Ok(loaded.exit(holds))
}

/// Adds what goes at the first moment of the worst loss, and the graph of it if that is all that is wanted.
fn draw(view: &mut LossesView, objects: &Objects, baseline: &Baseline, resilience: &Resilience, only_graphs: bool) {
    let (Some(worst), Some(name)) = (resilience.worst, view.worst.clone()) else { return };
    let cluster = baseline.cluster();
    let place = |pod: usize| baseline.occupancy().node_of(PodId::new(pod)).map(|node| cluster.node_name(node));
    let places: Vec<Option<&str>> = (0..objects.pods.len()).map(place).collect();
    let dependencies = Dependencies::new(objects, &places);
    let nodes = resilience.losses[worst].loss.nodes.iter().map(|&node| cluster.node_name(node));
    let radius = dependencies.loss_of_nodes(name, nodes);
    view.blast_radius = Some(BlastRadiusView::new(&radius));
    view.graph = only_graphs.then(|| GraphView::new(&dependencies).with_loss(&radius));
}

/// The losses that are asked about.
struct Asked {
    names: Vec<String>,
    nodes: Vec<Vec<String>>,
    each: String,
}

impl LostArguments {
    fn asked(&self, objects: &Objects) -> anyhow::Result<Asked> {
        let named = self.named(objects)?;
        if !named.is_empty() {
            if self.k > 1 {
                bail!("--k goes with --each: it loses every set of so many");
            }
            let name = named.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
            let nodes = named.into_iter().flat_map(|domain| domain.nodes).collect();
            return Ok(Asked { names: vec![name], nodes: vec![nodes], each: "loss".to_owned() });
        }
        let kind = Kind::parse(self.each.as_deref().unwrap_or("node"));
        let partition = failure_domains::partition(&objects.nodes, &kind).map_err(|problem| anyhow!("--each: {problem}"))?;
        if !partition.without.is_empty() {
            let nodes = crate::report::amount::count(partition.without.len(), "node");
            output::note(&format!(
                "{nodes} lie in no {} and are not lost: {}",
                kind.name(),
                crate::report::amount::list(&partition.without, 5)
            ));
        }
        Asked::sets(partition.domains, kind.name(), usize::from(self.k))
    }

    /// Everything that is lost at once.
    fn named(&self, objects: &Objects) -> anyhow::Result<Vec<Domain>> {
        let find = |kind: Kind, value: &str| failure_domains::domain(&objects.nodes, &kind, value);
        let mut domains = Vec::new();
        for node in &self.node {
            domains.push(find(Kind::Node, node).map_err(|problem| anyhow!("--node: {problem}"))?);
        }
        for zone in &self.zone {
            domains.push(find(Kind::Zone, zone).map_err(|problem| anyhow!("--zone: {problem}"))?);
        }
        for pair in &self.domain {
            let domain = failure_domains::pair(pair).and_then(|(kind, value)| find(kind, value));
            domains.push(domain.map_err(|problem| anyhow!("--domain: {problem}"))?);
        }
        Ok(domains)
    }
}

impl Asked {
    /// Every set of `k` of these domains.
    fn sets(domains: Vec<Domain>, kind: &str, k: usize) -> anyhow::Result<Self> {
        if k > domains.len() {
            bail!(
                "--k {k}: there {} only {}",
                if domains.len() == 1 { "is" } else { "are" },
                crate::report::amount::count(domains.len(), kind)
            );
        }
        let mut asked =
            Asked { names: Vec::new(), nodes: Vec::new(), each: if k == 1 { kind.to_owned() } else { format!("set of {k} {kind}s") } };
        let mut chosen: Vec<usize> = (0..k).collect();
        loop {
            let set: Vec<&Domain> = chosen.iter().map(|&index| &domains[index]).collect();
            asked.names.push(set.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "));
            asked.nodes.push(set.iter().flat_map(|domain| domain.nodes.clone()).collect());
            let Some(place) = (0..k).rev().find(|&place| chosen[place] + k - place < domains.len()) else { return Ok(asked) };
            chosen[place] += 1;
            (place + 1..k).for_each(|later| chosen[later] = chosen[later - 1] + 1);
        }
    }

    fn node_ids(&self, baseline: &Baseline) -> anyhow::Result<Vec<Vec<NodeId>>> {
        let id = |name: &String| baseline.cluster().find_node(name).ok_or_else(|| anyhow!("there is no node {name}"));
        self.nodes.iter().map(|nodes| nodes.iter().map(id).collect()).collect()
    }
}

impl JudgementArguments {
    fn assumptions(&self) -> Assumptions {
        let means = match self.removed_by {
            RemovedBy::DeleteNode => Means::DeleteNode,
            RemovedBy::OutOfService => Means::OutOfServiceTaint,
            RemovedBy::ForceDelete => Means::ForceDelete,
        };
        let removal = self.removed_after.map(|after| Removal { means, after });
        Assumptions { removal, start: self.start, ..Assumptions::default() }
    }
}
