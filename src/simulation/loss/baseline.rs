//! The cluster before anything is lost: every pod that finds a node has one, and every claim its volume.

use rustc_hash::FxHashMap;

use super::departure::Departure;
use super::eviction_pace::Zones;
use super::ordinals::{Turn, turns};
use super::volumes;
use crate::cluster::Cluster;
use crate::cluster::index::{NodeId, PodId};
use crate::cluster::occupancy::Occupancy;
use crate::manifest::Objects;
use crate::scheduler::attempt::Outcome;
use crate::scheduler::profile::{Configuration, Profile};
use crate::scheduler::run::Schedule;
use crate::scheduler::{Options, Scheduler, prepare};

/// The cluster before anything is lost. Any number of schedulers can start from it.
#[derive(Debug, Clone)]
pub struct Baseline {
    cluster: Cluster,
    profiles: Vec<Profile>,
    options: Options,
    occupancy: Occupancy,
    schedule: Schedule,
    departures: Vec<Departure>,
    waiting: Vec<PodId>,
    zones: Zones,
    turns: FxHashMap<PodId, Turn>,
}

impl Baseline {
    /// Of these objects, which the API server has seen and controllers have expanded. `place` places what waits.
    pub fn new(
        objects: &Objects,
        configuration: &Configuration,
        options: Options,
        place: impl FnOnce(&mut Scheduler<'_>) -> Schedule,
    ) -> Self {
        let (cluster, profiles) = prepare(objects, configuration);
        let mut scheduler = Scheduler::new(&cluster, &profiles, options);
        let schedule = place(&mut scheduler);
        let occupancy = scheduler.into_occupancy();
        Baseline::placed(objects, cluster, profiles, occupancy, schedule, options)
    }

    /// Of a cluster whose waiting pods were placed already: what these objects were made into, who is where, and what was decided.
    pub fn placed(
        objects: &Objects,
        mut cluster: Cluster,
        profiles: Vec<Profile>,
        occupancy: Occupancy,
        schedule: Schedule,
        options: Options,
    ) -> Self {
        volumes::settle(&mut cluster, &occupancy);
        let departures = cluster.pods.iter().map(|row| Departure::of(&objects.pods[row.object])).collect();
        cluster.push_replacements();
        let zones = Zones::new(&cluster.nodes, &objects.nodes);
        let waits = schedule.decisions.iter().filter(|decision| decision.outcome == Outcome::Unschedulable);
        let waiting = waits.map(|decision| decision.pod).collect();
        Baseline { cluster, profiles, options, occupancy, schedule, departures, waiting, zones, turns: turns(objects) }
    }

    /// The cluster as numbers: the pods of the input, and behind them, in the same order, one replacement for each.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What was decided about the pods that waited in the input.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Who is where.
    pub fn occupancy(&self) -> &Occupancy {
        &self.occupancy
    }

    /// Pods that nothing takes even before anything is lost.
    pub fn waiting(&self) -> &[PodId] {
        &self.waiting
    }

    /// The pods of the input that are on nodes.
    pub fn running(&self) -> impl Iterator<Item = PodId> {
        self.pods().filter(|&pod| self.occupancy.node_of(pod).is_some())
    }

    /// The pods of the input.
    pub fn pods(&self) -> impl ExactSizeIterator<Item = PodId> + use<> {
        (0..self.departures.len()).map(PodId::new)
    }

    /// How a pod leaves a silent node, and who brings it back.
    pub fn departure(&self, pod: PodId) -> Departure {
        self.departures[self.original(pod).index()]
    }

    /// The pod that takes the place of this one.
    pub fn replacement(&self, pod: PodId) -> PodId {
        PodId::new(self.original(pod).index() + self.departures.len())
    }

    /// The pod of the input that this one is, or takes the place of.
    pub fn original(&self, pod: PodId) -> PodId {
        PodId::new(pod.index() % self.departures.len().max(1))
    }

    /// How it was told to schedule.
    pub fn options(&self) -> Options {
        self.options
    }

    /// The turn of a pod whose set makes its pods one after another.
    pub fn turn(&self, pod: PodId) -> Option<Turn> {
        self.turns.get(&self.original(pod)).copied()
    }

    /// How evictions go, zone by zone.
    pub fn zones(&self) -> &Zones {
        &self.zones
    }

    /// The nodes with these names, as far as there are such.
    pub fn nodes<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Vec<NodeId> {
        names.into_iter().filter_map(|name| self.cluster.find_node(name)).collect()
    }

    /// A scheduler that finds everything as it is before the loss.
    pub fn scheduler(&self) -> Scheduler<'_> {
        self.scheduler_with(self.options)
    }

    /// A scheduler that does so and decides otherwise what is left open from here on.
    pub fn scheduler_with(&self, options: Options) -> Scheduler<'_> {
        Scheduler::at(&self.cluster, &self.profiles, options, self.occupancy.clone())
    }
}
