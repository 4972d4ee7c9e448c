//! The one library call that placing commands share, with its progress.

use std::collections::BTreeMap;

use super::input::{Before, Loaded};
use super::output;
use super::progress::Progress;
use crate::cluster::Cluster;
use crate::cluster::index::PodId;
use crate::manifest::Objects;
use crate::planning::realisation;
use crate::report::views::{Changes, Context, RealisationView, SamplesView, ScheduleView, SelfCheckView};
use crate::scheduler::profile::{Configuration, Profile};
use crate::scheduler::run::Schedule;
use crate::scheduler::{self, Options, Scheduler};
use crate::simulation::chance::{self, Draws};
use crate::simulation::loss::Baseline;
use crate::simulation::self_check::self_check;
use crate::simulation::{Difference, Picture};

/// Nodes that claim to take any number of pods end the count here.
const MOST_COPIES: usize = 2_000_000;

/// Everything that is settled before the first pod is placed.
#[derive(Debug)]
pub struct Ground {
    /// The cluster as numbers.
    pub cluster: Cluster,
    /// The profiles to schedule by.
    pub profiles: Vec<Profile>,
}

impl Ground {
    /// Of these objects.
    pub fn new(objects: &Objects, configuration: &Configuration) -> Self {
        let (cluster, profiles) = scheduler::prepare(objects, configuration);
        if cluster.nodes.is_empty() {
            output::note("the input has no Node, so nothing can be placed: add the output of `kubectl get nodes -o yaml`");
        }
        Ground { cluster, profiles }
    }

    /// Copies of a pod, as many as could ever fit and one more, but no more than `max`. They wait aside until they are tried.
    pub fn copies(&mut self, like: PodId, max: Option<usize>) -> Vec<PodId> {
        let most = self.cluster.pod_slots().saturating_add(1).min(MOST_COPIES);
        self.cluster.push_copies(like, max.unwrap_or(most).min(most))
    }

    /// A scheduler that finds the pods of the input where they are.
    pub fn scheduler(&self, options: Options) -> Scheduler<'_> {
        Scheduler::new(&self.cluster, &self.profiles, options)
    }
}

/// Places all pending pods, with a bar if it takes long.
pub fn run(scheduler: &mut Scheduler<'_>) -> Schedule {
    let progress = Progress::of_pods("placing");
    scheduler.run(|done, waiting| progress.tell(done as u64, (done + waiting) as u64))
}

/// What is asked of a placement.
pub struct Asked<'a> {
    /// The scheduler.
    pub configuration: &'a Configuration,
    /// How it decides.
    pub options: Options,
    /// How ties are broken, in words.
    pub ties: String,
    /// Namespaces that are shown, none for all.
    pub namespaces: &'a [String],
    /// Whether it is said what realises it; and then whether replicas of autoscaled workloads are to be set.
    pub realise: Option<bool>,
}

/// Where every pod goes, and what changes if something is applied.
pub fn schedule(loaded: &Loaded, asked: &Asked<'_>) -> ScheduleView {
    let Asked { configuration, options, .. } = *asked;
    let ground = Ground::new(&loaded.objects, configuration);
    let mut scheduler = ground.scheduler(options);
    let schedule = run(&mut scheduler);
    let context = Context::new(&loaded.objects, &ground.cluster, options.version, asked.ties.clone());
    let mut view = view(loaded, configuration, &context, &mut scheduler, &schedule, asked.namespaces);
    if let Some(sets_replicas) = asked.realise {
        let mut places = vec![None; loaded.objects.pods.len()];
        for pod in ground.cluster.pod_ids() {
            let node = scheduler.occupancy().node_of(pod);
            places[ground.cluster.pod(pod).object] = node.map(|node| ground.cluster.node_name(node).to_owned());
        }
        let (groups, namespaces) = (BTreeMap::new(), asked.namespaces);
        let (objects, places, promise) = (&loaded.objects, &places[..], None);
        let question = realisation::Question {
            objects,
            written: loaded.applied().0,
            places,
            groups: &groups,
            namespaces,
            sets_replicas,
            promise,
            configuration,
            options,
        };
        view.realisation = Some(RealisationView::new(&realisation::realise(&question), objects, &groups));
    }
    view
}

/// A cluster whose pods have their places.
#[derive(Debug)]
pub struct Settled {
    /// Where every pod goes.
    pub view: ScheduleView,
    /// How far our filters agree with where pods were before; nothing if none was anywhere.
    pub check: Option<SelfCheckView>,
    /// The cluster as it is then.
    pub baseline: Baseline,
}

/// The same, and the cluster as it is then, for questions that start from it.
pub fn settle(loaded: &Loaded, configuration: &Configuration, options: Options, ties: String) -> Settled {
    let ground = Ground::new(&loaded.objects, configuration);
    let check = self_check(&loaded.objects, &ground.cluster, &ground.profiles, options.version.semantics());
    let mut scheduler = ground.scheduler(options);
    let schedule = run(&mut scheduler);
    let context = Context::new(&loaded.objects, &ground.cluster, options.version, ties);
    let view = view(loaded, configuration, &context, &mut scheduler, &schedule, &[]);
    let check = SelfCheckView::new(&context, &check);
    let occupancy = scheduler.into_occupancy();
    Settled { view, check, baseline: Baseline::placed(&loaded.objects, ground.cluster, ground.profiles, occupancy, schedule, options) }
}

fn view(
    loaded: &Loaded,
    configuration: &Configuration,
    context: &Context<'_>,
    scheduler: &mut Scheduler<'_>,
    schedule: &Schedule,
    namespaces: &[String],
) -> ScheduleView {
    let changes = loaded.before.as_ref().map(|before| {
        let after = context.picture(scheduler.occupancy(), &schedule.decisions, &loaded.creation.refused);
        let before_it = picture(before, configuration, scheduler.options());
        Changes::new(&Difference::between(&before_it, &after), before.applied, namespaces)
    });
    let groups = loaded.not_created(context, namespaces);
    let view = ScheduleView::new(context, scheduler, &schedule.decisions, namespaces).with_not_created(groups);
    ScheduleView { changes, ..view }
}

/// How surely pods get a place.
pub fn samples(loaded: &Loaded, configuration: &Configuration, draws: &Draws, namespaces: &[String]) -> SamplesView {
    let ground = Ground::new(&loaded.objects, configuration);
    let progress = Progress::of_runs("placing");
    let runs = chance::sample(&ground.cluster, &ground.profiles, draws, || progress.count(draws.runs as u64));
    drop(progress);
    let context = Context::new(&loaded.objects, &ground.cluster, draws.options.version, "");
    SamplesView::new(&context, draws, &runs, namespaces).with_not_created(loaded.not_created(&context, namespaces))
}

/// Where everything was.
fn picture(before: &Before, configuration: &Configuration, options: Options) -> Picture {
    let (cluster, profiles) = scheduler::prepare(&before.objects, configuration);
    let mut scheduler = Scheduler::new(&cluster, &profiles, options);
    let schedule = run(&mut scheduler);
    let context = Context::new(&before.objects, &cluster, options.version, "");
    context.picture(scheduler.occupancy(), &schedule.decisions, &before.creation.refused)
}
