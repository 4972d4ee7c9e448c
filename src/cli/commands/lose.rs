//! `lose`: what a cluster survives.

use std::time::Duration;

use clap::Args;

use crate::cli::arguments::{GraphOutputArguments, InputArguments, SampleArguments, SchedulerArguments};
use crate::cli::exit::Exit;
use crate::cli::input;
use crate::cli::lost::{LostArguments, Unit};
use crate::cli::placement;
use crate::cli::progress::Progress;
use crate::cli::recovery::RecoveryArguments;
use crate::cli::{output, time};
use crate::cluster::index::{NodeId, PodId};
use crate::graph::Dependencies;
use crate::manifest::Objects;
use crate::planning::failover::start_notes;
use crate::planning::quorum::{Override, Quorums};
use crate::planning::resilience::{Question, Requirements, Resilience, chances, judge};
use crate::report::amount::count;
use crate::report::formats::Only;
use crate::report::views::losses::{Answer, VerdictView};
use crate::report::views::samples::LossSamplesView;
use crate::report::views::{BlastRadiusView, Context, GraphView, LossesView, View};
use crate::scheduler::profile::Configuration;
use crate::simulation::chance::Draws;
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
    chance: SampleArguments,

    #[command(flatten)]
    output: GraphOutputArguments,
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

    #[command(flatten)]
    recovery: RecoveryArguments,
}

const EXAMPLES: &str = "\
Examples:
  plimsoll lose                                       any node of what the embedded example is to become
  plimsoll lose cluster.json                          what if any one node goes?
  plimsoll lose cluster.json --node worker-2          this one
  plimsoll lose cluster.json --each zone --max-failover 5m
  plimsoll lose cluster.json --each node --k 2        any two at once
  plimsoll lose cluster.json new/ --quorum shop/kafka=2 --require placed,quorum
  plimsoll lose cluster.json --samples 200            how sure is that? replacements in any order, with any tie
  plimsoll lose cluster.json --zone eu-1a -o dot | dot -Tsvg > blast.svg

A node is lost without warning: it falls silent, pods leave it when their tolerations let them, controllers replace them, the scheduler
places them among the others; then its Node object is deleted and the rest follows (not with --unattended).

Exit code 1 when a loss is not survived (with --samples: in any run), or when a workload is whole again too late.";

/// Runs `lose`.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let draws = arguments.chance.samples.map(|samples| arguments.scheduler.draws(samples)).transpose()?;
    let options = if draws.is_some() { arguments.scheduler.options_beside_samples() } else { arguments.scheduler.options()? };
    let configuration = arguments.scheduler.configuration()?;
    let loaded = input::load_target(&arguments.input)?;
    let objects = &loaded.objects;
    let asked = arguments.lost.asked(objects)?;
    let baseline = Baseline::new(objects, &configuration, options, placement::run);
    let quorums = Quorums::of(objects, &arguments.judgement.quorum);
    quorums.notes.iter().chain(&start_notes(objects)).for_each(|note| output::note(&note.message));
    if !loaded.creation.refused.is_empty() {
        let refused = count(loaded.creation.refused.len(), "object");
        output::note(&format!("{refused} would be refused by the API server and are left out: `plimsoll schedule` says why"));
    }
    let until = if arguments.lost.unattended { Until::Unattended } else { Until::Removed };
    let interdiction = (until == Until::Removed).then(|| asked.interdict(objects, &baseline, &quorums));
    let sets = asked.sets(interdiction.as_ref());
    let losses: Vec<Vec<NodeId>> = sets.iter().map(|set| asked.nodes(&baseline, set)).collect();
    let names: Vec<String> = sets.iter().map(|set| asked.name(set)).collect();
    let assumptions = arguments.judgement.recovery.assumptions();
    let question = Question {
        objects,
        baseline: &baseline,
        quorums: &quorums,
        losses: &losses,
        until,
        requirements: arguments.judgement.require,
        assumptions: &assumptions,
        max_failover: arguments.judgement.max_failover,
    };
    let progress = Progress::of_losses("losing");
    let resilience = judge(&question, || progress.count(losses.len() as u64));
    drop(progress);
    let context = Context::new(objects, baseline.cluster(), options.version, arguments.scheduler.ties());
    let units: Vec<String> = asked.units.iter().map(Unit::to_string).collect();
    let verdict = interdiction.map(|interdiction| VerdictView::new(&context, &quorums, &interdiction, &units));
    let answer = Answer { question: &question, resilience: &resilience, names: &names, each: asked.each(), asked: asked.count(), verdict };
    let mut view = LossesView::new(&context, &answer);
    draw(&mut view, objects, &baseline, &resilience, arguments.output.output.0.only == Some(Only::Graphs));
    view.samples = draws.filter(|_| !losses.is_empty()).map(|draws| samples(&question, &configuration, &draws, &names));
    let holds = view.holds();
    output::answer(&(arguments.output.output.0.render)(&View::Losses(Box::new(view))))?;
    Ok(loaded.exit(holds))
}

/// How surely the losses are survived.
fn samples(question: &Question<'_>, configuration: &Configuration, draws: &Draws, names: &[String]) -> LossSamplesView {
    let progress = Progress::of_losses("drawing");
    let all = draws.runs as u64 * question.losses.len() as u64;
    let again = |options| Baseline::new(question.objects, configuration, options, |scheduler| scheduler.run(|_, _| ()));
    LossSamplesView::new(draws, &chances(question, draws, again, || progress.count(all)), names)
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
