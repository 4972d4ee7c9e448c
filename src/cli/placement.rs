//! The one library call that placing commands share, with its progress.

use super::output;
use super::progress::Progress;
use crate::cluster::Cluster;
use crate::manifest::Objects;
use crate::report::views::{Context, ScheduleView};
use crate::scheduler::profile::{Configuration, Profile};
use crate::scheduler::run::Schedule;
use crate::scheduler::{self, Options, Scheduler};

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

/// Where every pod goes.
pub fn schedule(objects: &Objects, configuration: &Configuration, options: Options, ties: String, namespaces: &[String]) -> ScheduleView {
    let ground = Ground::new(objects, configuration);
    let mut scheduler = ground.scheduler(options);
    let schedule = run(&mut scheduler);
    let context = Context::new(objects, &ground.cluster, options.version, ties);
    ScheduleView::new(&context, &mut scheduler, &schedule.decisions, namespaces)
}
