//! The cluster before anything is drained: every pod that finds a node has one, and every claim its volume.

use rustc_hash::FxHashMap;

use super::budgets::{Budget, Selecting, selecting};
use super::rule::{Flag, Treatment, treatment};
use crate::cluster::class::Class;
use crate::cluster::index::{NodeId, NodeSet, PodId};
use crate::cluster::occupancy::Occupancy;
use crate::cluster::outage::NodeState;
use crate::cluster::{Cluster, Standing};
use crate::manifest::Objects;
use crate::manifest::pod::Pod;
use crate::manifest::workload::StatefulSet;
use crate::scheduler::attempt::Outcome;
use crate::scheduler::profile::{Configuration, Profile};
use crate::scheduler::run::Schedule;
use crate::scheduler::{Options, Scheduler, prepare};
use crate::simulation::loss::{Keeper, volumes};

/// The cluster before anything is drained. Any number of [`super::State`]s can start from it.
#[derive(Debug, Clone)]
pub struct Setting {
    cluster: Cluster,
    profiles: Vec<Profile>,
    options: Options,
    occupancy: Occupancy,
    schedule: Schedule,
    pods: Vec<Traits>,
    budgets: Vec<Budget>,
    selecting: Vec<Selecting>,
    surge: Vec<NodeId>,
    waiting: Vec<PodId>,
}

/// What draining has to know of a pod of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traits {
    /// Who brings it back.
    pub keeper: Keeper,
    /// Whether `kubectl drain` evicts it.
    pub treatment: Treatment,
    /// The flags that `kubectl drain` wants for that.
    pub flags: Vec<Flag>,
    /// Whether it counts as healthy.
    pub is_ready: bool,
    /// Whether its eviction asks no budget: it has not started, or is being deleted already.
    pub is_free: bool,
    /// Whether its controller has replaced it already.
    pub is_replaced: bool,
    /// Its StatefulSet and place in it, if that makes its pods one after another.
    pub ordered: Option<(u32, u32)>,
    /// Seconds it has to end.
    pub grace_seconds: u32,
}

impl Setting {
    /// Of these objects, which the API server has seen and controllers have expanded. The nodes named `surge` are there only when a
    /// [`super::State`] says so: they get no pods at first. `place` places what waits.
    pub fn new(
        objects: &Objects,
        surge: &[String],
        configuration: &Configuration,
        options: Options,
        place: impl FnOnce(&mut Scheduler<'_>) -> Schedule,
    ) -> Self {
        let (mut cluster, profiles) = prepare(objects, configuration);
        let surge: Vec<NodeId> = surge.iter().filter_map(|name| cluster.find_node(name)).collect();
        let mut scheduler = Scheduler::new(&cluster, &profiles, options);
        surge.iter().for_each(|&node| scheduler.set_node(node, NodeState { gone: true, ..NodeState::default() }));
        let schedule = place(&mut scheduler);
        let occupancy = scheduler.into_occupancy();
        volumes::settle(&mut cluster, &occupancy);
        let sets = Sets::of(objects);
        let mut pods: Vec<Traits> = cluster.pods.iter().map(|row| sets.traits(&objects.pods[row.object])).collect();
        for (pod, traits) in pods.iter_mut().enumerate() {
            // what was pending and has been placed here runs and is well
            if cluster.pods[pod].standing == Standing::Pending {
                (traits.is_ready, traits.is_free) = (true, false);
            }
        }
        cluster.push_replacements();
        let waits = schedule.decisions.iter().filter(|decision| decision.outcome == Outcome::Unschedulable);
        let waiting = waits.map(|decision| decision.pod).collect();
        let budgets = objects.pod_disruption_budgets.iter().map(Budget::of).collect();
        let selecting = selecting(&cluster);
        Setting { cluster, profiles, options, occupancy, schedule, pods, budgets, selecting, surge, waiting }
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

    /// A scheduler that finds everything as it is before anything is drained.
    pub fn scheduler(&self) -> Scheduler<'_> {
        Scheduler::at(&self.cluster, &self.profiles, self.options, self.occupancy.clone())
    }

    /// Pods that nothing takes even before anything is drained.
    pub fn waiting(&self) -> &[PodId] {
        &self.waiting
    }

    /// The nodes that were added.
    pub fn surge(&self) -> &[NodeId] {
        &self.surge
    }

    /// The pods of the input.
    pub fn pods(&self) -> impl ExactSizeIterator<Item = PodId> + use<> {
        (0..self.pods.len()).map(PodId::new)
    }

    /// What there is to know of a pod, or of the one that it takes the place of.
    pub fn traits(&self, pod: PodId) -> &Traits {
        &self.pods[self.original(pod).index()]
    }

    /// The pod that takes the place of this one.
    pub fn replacement(&self, pod: PodId) -> PodId {
        PodId::new(self.original(pod).index() + self.pods.len())
    }

    /// The pod of the input that this one is, or takes the place of.
    pub fn original(&self, pod: PodId) -> PodId {
        PodId::new(pod.index() % self.pods.len().max(1))
    }

    /// Whether a pod counts as healthy where it runs. What takes another's place is taken to become so.
    pub fn is_ready(&self, pod: PodId) -> bool {
        pod.index() >= self.pods.len() || self.pods[pod.index()].is_ready
    }

    /// Whether the eviction of a pod asks no budget.
    pub fn is_free(&self, pod: PodId) -> bool {
        pod.index() < self.pods.len() && self.pods[pod.index()].is_free
    }

    /// The budgets.
    pub fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    /// The budgets that select a pod.
    pub fn selecting(&self, pod: PodId) -> &Selecting {
        &self.selecting[self.cluster.pod(pod).class.index()]
    }

    /// The nodes that could ever take pods of a class, however empty they were: by selectors, affinity, taints and volumes alone.
    pub fn eligible(&self, class: &Class) -> NodeSet {
        let cluster = &self.cluster;
        let mut set = cluster.nodes_wanted(class);
        set.subtract(&cluster.nodes_repelling(&class.tolerations));
        for claim in class.volumes.claims.iter().filter_map(|used| used.claim) {
            let volume = cluster.storage.claim(claim).volume_name.and_then(|name| cluster.storage.volume_by_name.get(&name));
            let terms = volume.and_then(|&volume| cluster.storage.volume(volume).reachable_from.as_ref());
            if let Some(terms) = terms {
                set.intersect(&cluster.nodes_matching_any(terms));
            }
        }
        set
    }
}

/// The StatefulSets that make their pods one after another, numbered.
struct Sets<'a> {
    numbers: FxHashMap<(&'a str, &'a str), Option<u32>>,
}

impl<'a> Sets<'a> {
    fn of(objects: &'a Objects) -> Self {
        let number = |(index, set): (usize, &'a StatefulSet)| {
            let is_parallel = set.spec.pod_management_policy == "Parallel";
            ((set.metadata.namespace_or_default(), set.metadata.name.as_str()), (!is_parallel).then_some(index as u32))
        };
        Sets { numbers: objects.stateful_sets.iter().enumerate().map(number).collect() }
    }

    fn traits(&self, pod: &Pod) -> Traits {
        let keeper = Keeper::of(pod);
        let (treatment, flags) = treatment(pod);
        let conditions = &pod.status.conditions;
        let is_ready = conditions.iter().any(|condition| condition.r#type == "Ready" && condition.status == "True");
        let has_started = pod.status.phase != "Pending" || pod.spec.node_name.is_empty();
        let grace = pod.spec.termination_grace_period_seconds.unwrap_or(30);
        Traits {
            keeper,
            treatment,
            flags,
            is_ready: has_started && !pod.is_terminating() && (is_ready || conditions.is_empty()),
            is_free: !has_started || pod.is_terminating(),
            is_replaced: pod.is_terminating() && keeper == Keeper::AtOnce,
            ordered: self.ordered(pod),
            grace_seconds: u32::try_from(grace.max(0)).unwrap_or(u32::MAX),
        }
    }

    fn ordered(&self, pod: &Pod) -> Option<(u32, u32)> {
        let owner = pod.metadata.controller().filter(|owner| owner.kind == "StatefulSet")?;
        let number = *self.numbers.get(&(pod.metadata.namespace_or_default(), owner.name.as_str()))?;
        let ordinal = pod.metadata.name.strip_prefix(owner.name.as_str())?.strip_prefix('-')?.parse().ok()?;
        Some((number?, ordinal))
    }
}
