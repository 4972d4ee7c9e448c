//! Nodes are lost without warning: who comes back, where, and who does not.
//!
//! [`lose`] plays one loss in two acts, as a real cluster does. First the nodes fall silent: their objects stay, tainted, and remain
//! topology domains; pods leave in the order of their tolerations as far as the node lifecycle controller drives them out; those that
//! are all alike are replaced at once, and their old ones stay in the cluster, being deleted, because nobody is there to end them.
//! Then, unless told otherwise, the node objects are deleted: what is left on them is gone, StatefulSets make their pods anew, and
//! whoever waited is tried again. The scheduler does all placing: priorities and preemption included.
//!
//! Pods that leave at the same time are replaced in the order of the scheduler's [`Arrivals`](crate::scheduler::arrivals::Arrivals).
//!
//! [`sweep`] does so for many losses, on all cores: each starts from the same [`Baseline`] and leaves no trace.
//!
//! Promise: the state after a loss depends on the baseline and the loss alone, never on what was tried before or beside it.
//! `tests/suite/loss.rs` holds this against the control plane step by step, and against schedulers made anew.

mod baseline;
pub mod departure;
pub mod eviction_pace;
mod ordinals;
mod peak;
mod sweep;
pub mod volumes;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

pub use baseline::Baseline;
pub use departure::{Departure, Keeper};
pub use peak::Peak;
pub use sweep::{sweep, sweep_with};

use crate::cluster::index::{ClassId, NodeId, PodId};
use crate::cluster::outage::NodeState;
use crate::controllers::node_lifecycle::Pace;
use crate::scheduler::Scheduler;
use crate::scheduler::arrivals::ArrivalOrder;
use crate::scheduler::run::{Backlog, Decision};

/// How far a loss is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Until {
    /// As far as it goes with nobody's help.
    Unattended,
    /// Until the lost nodes' objects are deleted, by a cloud's controller or by hand.
    #[default]
    Removed,
}

/// What came of losing nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Loss {
    /// The nodes, in list order.
    pub nodes: Vec<NodeId>,
    /// Every pod that ran on them, in the order in which they leave, those last that do not.
    pub pods: Vec<Displaced>,
    /// Pods that made room for others.
    pub preempted: Vec<Preempted>,
    /// Pods that found no node before the loss and have one now, and it.
    pub helped: Vec<(PodId, NodeId)>,
    /// How full the fullest of the other nodes is.
    pub peak: Peak,
}

/// A pod that ran on a lost node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Displaced {
    /// The pod.
    pub pod: PodId,
    /// The node it was on.
    pub from: NodeId,
    /// How long after the loss is found out it is deleted, in seconds; none if its node's taint never comes or it tolerates that for good.
    pub leaves: Option<u32>,
    /// How it goes on.
    pub course: Course,
    /// Where it, or the pod in its place, is in the end.
    pub to: Option<NodeId>,
    /// Upstream's sentence, if it is pending in the end.
    pub message: Option<Arc<str>>,
    /// Whether its replacement found no node until the nodes' objects were deleted.
    pub waited: bool,
}

/// How a pod of a lost node goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Course {
    /// Another takes its place, so many seconds after the loss is found out.
    Replaced(u32),
    /// Another takes its place once the node's object is deleted.
    OnceRemoved,
    /// It would take that, which is not waited for.
    Stuck,
    /// It belongs to the node.
    WithNode,
    /// Nobody brings it back.
    Lost,
}

/// A pod that made room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preempted {
    /// The pod.
    pub pod: PodId,
    /// The node it was on.
    pub from: NodeId,
    /// For whom.
    pub by: PodId,
    /// Where its own replacement is; none if it is pending, or if nobody replaces it.
    pub to: Option<NodeId>,
}

impl Displaced {
    /// Whether it should be running somewhere in the end, and is not.
    pub fn is_pending(&self) -> bool {
        matches!(self.course, Course::Replaced(_) | Course::OnceRemoved) && self.to.is_none()
    }
}

impl Loss {
    /// Whether everything that should run again does, and nobody lost its place for it.
    pub fn is_made_good(&self) -> bool {
        !self.pods.iter().any(Displaced::is_pending) && self.preempted.iter().all(|preempted| preempted.to.is_some())
    }

    /// The pods that should run again and do not.
    pub fn pending(&self) -> impl Iterator<Item = &Displaced> {
        self.pods.iter().filter(|pod| pod.is_pending())
    }
}

/// Plays the loss of these nodes, and takes it back. `scheduler` is one of the baseline's, as it came or after other losses.
pub fn lose(baseline: &Baseline, scheduler: &mut Scheduler<'_>, nodes: &[NodeId], until: Until) -> Loss {
    let checkpoint = scheduler.checkpoint();
    scheduler.say_little(true);
    let mut nodes = nodes.to_vec();
    nodes.sort_unstable();
    nodes.dedup();
    let order = ArrivalOrder::new(scheduler.options().arrivals);
    let mut play = Play { baseline, scheduler, order, nodes, backlog: Backlog::default(), pods: Vec::new() };
    play.fall_silent();
    if until == Until::Removed {
        play.remove();
    }
    let loss = play.result(until);
    scheduler.say_little(false);
    scheduler.rewind(checkpoint);
    loss
}

/// What is said of a pod that its set does not make.
pub const HELD_UP: &str =
    "not made: its StatefulSet (podManagementPolicy OrderedReady) waits for a pod of lower ordinal that finds no node";

/// What is said of a pod whose tolerations let the scheduler bind it to a silent node.
const ON_SILENT_NODE: &str = "bound to a node whose kubelet is silent (its tolerations let it): nothing starts it there";

/// A loss being played.
struct Play<'a, 'c> {
    baseline: &'a Baseline,
    scheduler: &'a mut Scheduler<'c>,
    order: ArrivalOrder,
    nodes: Vec<NodeId>,
    backlog: Backlog,
    pods: Vec<Displaced>,
}

/// A pod that leaves a silent node: after so many seconds, if ever.
type Leaving = (Option<u32>, PodId, NodeId);

impl Play<'_, '_> {
    /// The nodes fall silent, and pods leave them in the order of their tolerations.
    fn fall_silent(&mut self) {
        let now = self.scheduler.occupancy().log().len();
        for &pod in self.baseline.waiting() {
            self.backlog.add_waiting(pod, now);
        }
        let mut leaving = self.leaving();
        for &node in &self.nodes {
            let state = self.scheduler.occupancy().outages().state(node);
            self.scheduler.set_node(node, NodeState { unreachable: true, ..state });
        }
        leaving.sort_by_key(|&(after, pod, _)| (after.is_none(), after, pod));
        for group in leaving.chunk_by_mut(|one, next| one.0 == next.0) {
            self.order.arrange(self.baseline.cluster(), group, |(_, pod, _)| pod);
            group.iter().for_each(|&leaving| self.leave(leaving));
            self.scheduler.work_off(&mut self.backlog, |_, _| ());
        }
        for displaced in &mut self.pods {
            let is_replaced = matches!(displaced.course, Course::Replaced(_));
            let replacement = self.baseline.replacement(displaced.pod);
            displaced.waited = is_replaced && self.scheduler.occupancy().node_of(replacement).is_none();
        }
    }

    fn leaving(&self) -> Vec<Leaving> {
        let mut leaving = Vec::new();
        for lost in self.baseline.zones().lost(&self.baseline.cluster().nodes, &Pace::default(), &self.nodes) {
            let (node, wait) = (lost.node, lost.wait());
            let tainted_after = wait.map(|wait| u32::try_from(wait.as_secs()).unwrap_or(u32::MAX));
            for &pod in self.scheduler.occupancy().pods_on(node) {
                let tolerated = self.baseline.departure(pod).after_seconds;
                let after = tainted_after.zip(tolerated).map(|(tainted, tolerated)| tainted.saturating_add(tolerated));
                leaving.push((after, pod, node));
            }
        }
        leaving
    }

    fn leave(&mut self, (after, pod, from): Leaving) {
        let keeper = self.baseline.departure(pod).keeper;
        let course = match (keeper, after) {
            (Keeper::Node, _) => Course::WithNode,
            (Keeper::Nobody, _) => Course::Lost,
            (Keeper::AtOnce | Keeper::Job, Some(after)) => Course::Replaced(after),
            (Keeper::AtOnce | Keeper::Job, None) | (Keeper::OnceGone, _) => Course::OnceRemoved,
        };
        if after.is_some() {
            self.scheduler.terminate(pod);
        }
        if matches!(course, Course::Replaced(_)) {
            self.backlog.add(self.baseline.cluster(), self.baseline.replacement(pod));
        }
        self.pods.push(Displaced { pod, from, leaves: after, course, to: None, message: None, waited: false });
    }

    /// The nodes' objects are deleted, and with them what is left there.
    fn remove(&mut self) {
        let mut coming: Vec<PodId> = Vec::new();
        for node in self.nodes.clone() {
            for pod in self.scheduler.occupancy().pods_on(node).to_vec() {
                self.scheduler.evict(pod);
                // a replacement that tolerates everything may have gone to a silent node: it has to be placed once more
                if pod != self.baseline.original(pod) {
                    coming.push(pod);
                }
            }
            self.scheduler.set_node(node, NodeState { gone: true, ..NodeState::default() });
        }
        // whoever waited is tried at once; pod garbage collection takes 40 to 60 seconds longer, and only then do the others come again
        self.scheduler.work_off(&mut self.backlog, |_, _| ());
        let again = self.pods.iter().filter(|displaced| displaced.course == Course::OnceRemoved).map(|displaced| displaced.pod);
        let (in_turn, at_once): (Vec<PodId>, Vec<PodId>) = again.partition(|&pod| self.baseline.turn(pod).is_some());
        coming.extend(at_once.into_iter().map(|pod| self.baseline.replacement(pod)));
        self.come_together(coming);
        let mut sets: BTreeMap<usize, VecDeque<(u32, PodId)>> = BTreeMap::new();
        for pod in in_turn {
            let turn = self.baseline.turn(pod).expect("just asked");
            sets.entry(turn.set).or_default().push_back((turn.ordinal, pod));
        }
        sets.values_mut().for_each(|pods| pods.make_contiguous().sort_unstable());
        self.come_in_turn(sets);
    }

    /// Makes the pods of sets one after another: the next one when all before it have a node. What is left is never made.
    fn come_in_turn(&mut self, mut sets: BTreeMap<usize, VecDeque<(u32, PodId)>>) {
        // whoever waited before the loss holds up those behind it, too
        let turns = self.baseline.waiting().iter().filter_map(|&pod| Some((self.baseline.turn(pod)?, pod)));
        let mut first: BTreeMap<usize, Vec<(u32, PodId)>> = BTreeMap::new();
        turns.for_each(|(turn, pod)| first.entry(turn.set).or_default().push((turn.ordinal, pod)));
        loop {
            self.scheduler.work_off(&mut self.backlog, |_, _| ());
            let mut coming: Vec<PodId> = Vec::new();
            for (set, pods) in &mut sets {
                let Some(&(ordinal, pod)) = pods.front() else { continue };
                let is_placed = |pod: PodId| self.scheduler.occupancy().node_of(pod).is_some();
                let before = first.get(set).into_iter().flatten();
                if before.clone().all(|&(other, pod)| other > ordinal || is_placed(pod)) {
                    pods.pop_front();
                    let replacement = self.baseline.replacement(pod);
                    coming.push(replacement);
                    first.entry(*set).or_default().push((ordinal, replacement));
                }
            }
            if coming.is_empty() {
                break;
            }
            self.come_together(coming);
        }
        let held: FxHashSet<PodId> = sets.into_values().flatten().map(|(_, pod)| pod).collect();
        for displaced in self.pods.iter_mut().filter(|displaced| held.contains(&displaced.pod)) {
            displaced.message = Some(HELD_UP.into());
        }
    }

    /// Adds pods that come at the same time.
    fn come_together(&mut self, mut pods: Vec<PodId>) {
        self.order.arrange(self.baseline.cluster(), &mut pods, |pod| pod);
        pods.into_iter().for_each(|pod| self.backlog.add(self.baseline.cluster(), pod));
    }

    fn result(self, until: Until) -> Loss {
        let Play { baseline, scheduler, nodes, backlog, mut pods, .. } = self;
        let waiting: Vec<PodId> = baseline.waiting().to_vec();
        let schedule = backlog.into_schedule();
        let mut sentences = Sentences::default();
        for displaced in &mut pods {
            if until == Until::Unattended && displaced.course == Course::OnceRemoved {
                displaced.course = Course::Stuck;
            }
            let replacement = baseline.replacement(displaced.pod);
            let node = scheduler.occupancy().node_of(replacement);
            displaced.to = node.filter(|&node| scheduler.occupancy().outages().is_up(node));
            if node.is_some() && displaced.to.is_none() {
                displaced.message = Some(ON_SILENT_NODE.into());
            } else if displaced.is_pending() && displaced.message.is_none() {
                displaced.message = sentences.of(scheduler, replacement);
            }
        }
        let occupancy = scheduler.occupancy();
        let helped = waiting.iter().filter_map(|&pod| Some((pod, occupancy.node_of(pod)?))).collect();
        let preempted = schedule.decisions.iter().flat_map(|decision| preempted_by(decision, scheduler)).collect();
        Loss { peak: Peak::of(baseline.cluster(), occupancy), nodes, pods, preempted, helped }
    }
}

/// Why pods find no node as things are in the end, worked out once for pods that are alike.
#[derive(Default)]
struct Sentences(FxHashMap<ClassId, Option<Arc<str>>>);

impl Sentences {
    fn of(&mut self, scheduler: &mut Scheduler<'_>, pod: PodId) -> Option<Arc<str>> {
        let class = scheduler.cluster().pod(pod).class;
        let attempt = || Some(scheduler.attempt(pod).message).filter(|message| !message.is_empty()).map(Arc::from);
        self.0.entry(class).or_insert_with(attempt).clone()
    }
}

fn preempted_by(decision: &Decision, scheduler: &Scheduler<'_>) -> Vec<Preempted> {
    let Some(preemption) = &decision.preemption else { return Vec::new() };
    let victim = |&pod: &PodId| Preempted { pod, from: preemption.node, by: decision.pod, to: scheduler.occupancy().node_of(pod) };
    preemption.victims.iter().map(victim).collect()
}
