//! Nodes are drained: cordoned, their pods evicted as budgets allow, replacements placed; then they are back, or gone.
//!
//! [`State::drain`] plays one wave: nodes that are cordoned together and then drained as `kubectl drain` does it. Pods are evicted one
//! after another, in the order in which the API server lists them; each answer is the Eviction API's. The controller of an evicted pod
//! replaces it (a StatefulSet that makes its pods one after another waits for those before it), the scheduler places the replacement
//! among the nodes that are not cordoned, priorities and preemption included, and from then on it is taken to be well, so that its
//! budget is as it was. Refused evictions are tried again, pass after pass, until a pass brings nothing. In the end the nodes come back
//! empty, or their objects are deleted, and whoever waited is tried again.
//!
//! A node has three states here: *cordoned* (it takes nothing but is counted, and is a topology domain like any other), *drained* (the
//! same, and empty), and *gone*.
//!
//! Promise: the state after a wave depends on the state before it and on the wave alone. `tests/suite/drain.rs` holds it against the
//! control plane step by step.
//!
//! Source: k8s.io/kubectl/pkg/drain/drain.go, v0.36; recordings `drain-*`.

pub mod budgets;
pub mod rule;
mod setting;
pub mod surge;

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

pub use budgets::{Budget, Refuser};
pub use rule::{Flag, Flags, Treatment};
pub use setting::{Setting, Traits};

use crate::cluster::index::{ClassId, NodeId, PodId};
use crate::cluster::occupancy::Change;
use crate::cluster::outage::NodeState;
use crate::scheduler::Scheduler;
use crate::scheduler::attempt::Outcome;
use crate::scheduler::run::{Backlog, Schedule};
use crate::simulation::loss::Keeper;

/// A wave is not played to its end once so many pods without a budget have no place, though others could take them.
const IN_VAIN: usize = 64;
/// While more pods wait, those are tried again after a pass, not after every eviction.
const MOST_TRIED: usize = 16;

/// What becomes of nodes after they were drained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Afterwards {
    /// They come back, as they were but for their pods.
    #[default]
    Back,
    /// Their objects are deleted.
    Gone,
}

/// An eviction that was let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eviction {
    /// The pod.
    pub pod: PodId,
    /// The node it was on.
    pub from: NodeId,
    /// The budget that paid for it.
    pub budget: Option<usize>,
    /// Where what takes its place went during the wave; none if it waits, or if nobody replaces it.
    pub to: Option<NodeId>,
}

/// A pod without a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The pod.
    pub pod: PodId,
    /// The node it was evicted from, or preempted on.
    pub from: Option<NodeId>,
    /// Whether its controller has made it; a StatefulSet may wait for those before it.
    pub is_made: bool,
    /// Why no node took it, in upstream's sentence, if one was asked.
    pub message: Option<Arc<str>>,
}

/// What came of draining a wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// Its nodes.
    pub nodes: Vec<NodeId>,
    /// Evictions in the order in which they were let pass.
    pub evictions: Vec<Eviction>,
    /// Evictions that were refused to the end, and by whom.
    pub refused: Vec<(PodId, NodeId, Refuser)>,
    /// Pods that ran before and had no node while the nodes were away.
    pub waiting: Vec<Waiting>,
    /// Those of them that have none even afterwards.
    pub stranded: Vec<PodId>,
    /// Pods without a controller that were evicted, or made room: nobody brings them back.
    pub lost: Vec<PodId>,
    /// Those that lost their place to others.
    pub preempted: Vec<PodId>,
    /// Budgets that had fewer healthy pods than they want, and than before, though each eviction was let pass.
    pub broken: Vec<usize>,
    /// How many pods of each budget were healthy before the nodes came back.
    pub healthy: Vec<i32>,
}

/// A cluster that is being drained.
#[derive(Debug, Clone)]
pub struct State<'s> {
    setting: &'s Setting,
    scheduler: Scheduler<'s>,
    budgets: Vec<Budget>,
    healthy: Vec<i32>,
    /// How much of the log is counted in `healthy`.
    counted: usize,
    waiting: Vec<Waiting>,
}

impl<'s> State<'s> {
    /// Before anything is drained. The first `surge` of the nodes that were added are there.
    pub fn new(setting: &'s Setting, surge: usize) -> Self {
        let scheduler = setting.scheduler();
        let budgets = setting.budgets().to_vec();
        let waits = setting.schedule().decisions.iter().filter(|decision| decision.outcome == Outcome::Unschedulable);
        let waiting = waits.map(|decision| Waiting { pod: decision.pod, from: None, is_made: true, message: decision.message.clone() });
        let waiting = waiting.collect();
        let mut state =
            State { setting, healthy: vec![0; budgets.len()], budgets, counted: scheduler.occupancy().log().len(), scheduler, waiting };
        for pod in setting.pods().filter(|&pod| setting.occupancy().node_of(pod).is_some()) {
            state.count(pod, 1);
        }
        setting.surge().iter().take(surge).for_each(|&node| state.scheduler.set_node(node, NodeState::default()));
        if surge > 0 {
            state.retry(&mut Wave::of(&[]));
        }
        state
    }

    /// The setting it started from.
    pub fn setting(&self) -> &'s Setting {
        self.setting
    }

    /// The scheduler as it stands.
    pub fn scheduler(&self) -> &Scheduler<'s> {
        &self.scheduler
    }

    /// The budgets as they stand.
    pub fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    /// A budget, to be changed.
    pub fn budget_mut(&mut self, budget: usize) -> &mut Budget {
        &mut self.budgets[budget]
    }

    /// How many pods of each budget are healthy.
    pub fn healthy(&self) -> &[i32] {
        &self.healthy
    }

    /// Pods that should run and have no node.
    pub fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// Drains nodes together.
    pub fn drain(&mut self, nodes: &[NodeId], afterwards: Afterwards) -> Wave {
        let mut wave = Wave::of(nodes);
        let before: Vec<NodeState> = nodes.iter().map(|&node| self.scheduler.occupancy().outages().state(node)).collect();
        let healthy = self.healthy.clone();
        let waited: Vec<PodId> = self.waiting.iter().map(|waiting| waiting.pod).collect();
        for (&node, &state) in nodes.iter().zip(&before) {
            self.scheduler.set_node(node, NodeState { cordoned: true, ..state });
        }
        self.evict_all(&mut wave);
        wave.waiting = self.newly(&waited);
        wave.broken = self.broken(&healthy);
        wave.healthy.clone_from(&self.healthy);
        for (&node, &state) in nodes.iter().zip(&before) {
            let after = if afterwards == Afterwards::Gone { NodeState { gone: true, ..NodeState::default() } } else { state };
            if afterwards == Afterwards::Back || self.is_empty(node) {
                self.scheduler.set_node(node, after);
            }
        }
        self.retry(&mut wave);
        wave.stranded = self.newly(&waited).into_iter().map(|waiting| waiting.pod).collect();
        wave
    }

    /// Who waits and did not before. Of pods that the scheduler cannot tell apart, one that has a node now makes up for one that has
    /// none any more.
    fn newly(&self, waited: &[PodId]) -> Vec<Waiting> {
        let class = |pod: PodId| self.setting.cluster().pod(pod).class;
        let waits: FxHashSet<PodId> = self.waiting.iter().map(|waiting| waiting.pod).collect();
        let mut helped: FxHashMap<ClassId, usize> = FxHashMap::default();
        waited.iter().filter(|pod| !waits.contains(pod)).for_each(|&pod| *helped.entry(class(pod)).or_default() += 1);
        let waited: FxHashSet<PodId> = waited.iter().copied().collect();
        let mut is_new = |waiting: &Waiting| match helped.get_mut(&class(waiting.pod)) {
            _ if waited.contains(&waiting.pod) => false,
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        };
        self.waiting.iter().filter(|waiting| is_new(waiting)).cloned().collect()
    }

    /// Drains nodes together, and takes it back.
    pub fn try_drain(&mut self, nodes: &[NodeId], afterwards: Afterwards) -> Wave {
        let (healthy, waiting, counted) = (self.healthy.clone(), self.waiting.clone(), self.counted);
        let checkpoint = self.scheduler.checkpoint();
        let wave = self.drain(nodes, afterwards);
        self.scheduler.rewind(checkpoint);
        (self.healthy, self.waiting, self.counted) = (healthy, waiting, counted);
        wave
    }

    /// Whether nothing but what belongs to a node is on it.
    fn is_empty(&self, node: NodeId) -> bool {
        self.scheduler.occupancy().pods_on(node).iter().all(|&pod| self.setting.traits(pod).treatment == Treatment::Stays)
    }

    fn broken(&self, before: &[i32]) -> Vec<usize> {
        let falls_short =
            |&budget: &usize| self.budgets[budget].exists && self.healthy[budget] < self.budgets[budget].desired.min(before[budget]);
        (0..self.budgets.len()).filter(falls_short).collect()
    }

    /// Evicts, pass after pass, until all pods are gone or a pass brings nothing.
    fn evict_all(&mut self, wave: &mut Wave) {
        let mut left = self.listed(&wave.nodes);
        loop {
            let mut refused = Vec::new();
            let tried = left.len();
            for (pod, node) in std::mem::take(&mut left) {
                // a preemption may have been quicker
                if self.scheduler.occupancy().node_of(pod) != Some(node) {
                    continue;
                }
                if self.is_in_vain() {
                    self.retry(wave);
                    return;
                }
                match self.ask(pod) {
                    Ok(budget) => self.evict(pod, budget, wave),
                    Err(refuser) => refused.push((pod, node, refuser)),
                }
            }
            left = refused.iter().map(|&(pod, node, _)| (pod, node)).collect();
            wave.refused = refused;
            self.retry(wave);
            if left.is_empty() || left.len() == tried {
                return;
            }
        }
    }

    /// Whether so many pods without a budget have lost their place that the rest of a wave need not be played.
    fn is_in_vain(&self) -> bool {
        if self.waiting.len() < IN_VAIN || !self.waiting.len().is_multiple_of(IN_VAIN / 4) {
            return false;
        }
        let has_lost = |waiting: &&Waiting| {
            let setting = self.setting;
            let is_new = waiting.from.is_some() && setting.selecting(waiting.pod).is_empty();
            is_new && setting.eligible(setting.cluster().class_of(waiting.pod)).len() > 1
        };
        self.waiting.iter().filter(has_lost).count() >= IN_VAIN
    }

    /// The pods of nodes that `kubectl drain` evicts, in the order in which the API server lists them: the nodes are drained at the same
    /// time, and pods that are alike come one after another, which is also what the scheduler is quickest at.
    fn listed(&self, nodes: &[NodeId]) -> Vec<(PodId, NodeId)> {
        let cluster = self.setting.cluster();
        let on = |&node: &NodeId| self.scheduler.occupancy().pods_on(node).iter().map(move |&pod| (pod, node));
        let goes = |&(pod, _): &(PodId, NodeId)| self.setting.traits(pod).treatment == Treatment::Goes;
        let mut pods: Vec<(PodId, NodeId)> = nodes.iter().flat_map(on).filter(goes).collect();
        pods.sort_by_cached_key(|&(pod, _)| {
            let name = cluster.pod_name(pod);
            (name.namespace, name.name, pod)
        });
        pods
    }

    /// What the Eviction API answers for a pod as things stand: the budget that would pay, or who refuses.
    ///
    /// # Errors
    ///
    /// Who refuses.
    pub fn ask(&self, pod: PodId) -> Result<Option<usize>, Refuser> {
        if self.setting.is_free(pod) {
            return Ok(None);
        }
        budgets::ask(&self.budgets, &self.healthy, self.setting.selecting(pod), self.setting.is_ready(pod))
    }

    fn evict(&mut self, pod: PodId, budget: Option<usize>, wave: &mut Wave) {
        let from = self.scheduler.evict(pod);
        self.catch_up();
        let at = wave.evictions.len();
        wave.evictions.push(Eviction { pod, from, budget, to: None });
        let traits = self.setting.traits(pod);
        match traits.keeper {
            Keeper::Nobody => wave.lost.push(pod),
            _ if self.setting.is_free(pod) && traits.is_replaced => {}
            _ => {
                let replacement = self.setting.replacement(pod);
                self.place(Waiting { pod: replacement, from: Some(from), is_made: false, message: None }, wave);
                wave.evictions[at].to = self.scheduler.occupancy().node_of(replacement);
            }
        }
        if self.waiting.len() <= MOST_TRIED && self.may_help(pod) {
            self.retry(wave);
        }
    }

    /// Whether those who wait may have been waiting for the company of a pod to go, or for other company to come. Room is not made
    /// on nodes that are cordoned.
    fn may_help(&self, evicted: PodId) -> bool {
        let minds = |pod: PodId| {
            let class = self.setting.cluster().class_of(pod);
            !class.anti_affinity.is_empty() || !class.affinity.is_empty() || class.spread.iter().any(|constraint| constraint.hard)
        };
        let own = self.waiting.iter().filter(|waiting| waiting.from.is_some());
        !self.waiting.is_empty()
            && (!self.setting.cluster().class_of(evicted).anti_affinity.is_empty() || own.clone().any(|it| minds(it.pod)))
    }

    /// Places a pod, or has it wait.
    fn place(&mut self, mut pod: Waiting, wave: &mut Wave) {
        if !pod.is_made && self.is_held(pod.pod) {
            self.waiting.push(pod);
            return;
        }
        pod.is_made = true;
        let choice = self.scheduler.decide(pod.pod);
        if let Some(node) = choice.node {
            self.scheduler.bind(pod.pod, node);
        } else if choice.preemption.is_some() {
            self.place_by_force(pod, wave);
        } else {
            pod.message = choice.message;
            self.waiting.push(pod);
        }
        self.catch_up();
    }

    /// Places a pod that others make room for, and those after it.
    fn place_by_force(&mut self, pod: Waiting, wave: &mut Wave) {
        let mut backlog = Backlog::default();
        backlog.add(self.setting.cluster(), pod.pod);
        self.scheduler.work_off(&mut backlog, |_, _| ());
        let Schedule { decisions, lost } = backlog.into_schedule();
        wave.lost.extend(&lost);
        wave.preempted.extend(&lost);
        for decision in decisions {
            let is_victim = decision.pod != pod.pod;
            if is_victim {
                wave.preempted.push(decision.pod);
            }
            if decision.node.is_none() {
                let from = if is_victim { None } else { pod.from };
                self.waiting.push(Waiting { pod: decision.pod, from, is_made: true, message: decision.message });
            }
        }
    }

    /// Whether the StatefulSet of a pod does not make it yet, because one before it has no node.
    fn is_held(&self, pod: PodId) -> bool {
        let Some((set, ordinal)) = self.setting.traits(pod).ordered else { return false };
        let is_before =
            |waiting: &Waiting| self.setting.traits(waiting.pod).ordered.is_some_and(|(other, before)| other == set && before < ordinal);
        self.waiting.iter().any(is_before)
    }

    /// Tries all who wait once more, by priority, until that brings nothing.
    fn retry(&mut self, wave: &mut Wave) {
        let cluster = self.setting.cluster();
        loop {
            let mut waiting = std::mem::take(&mut self.waiting);
            let tried = waiting.len();
            if tried == 0 {
                return;
            }
            // of one priority, whoever failed first is tried first
            waiting.sort_by_key(|waiting| std::cmp::Reverse(cluster.class_of(waiting.pod).priority));
            for pod in waiting {
                self.place(pod, wave);
            }
            if self.waiting.len() >= tried {
                return;
            }
        }
    }

    /// Counts who came and left since it was last called.
    fn catch_up(&mut self) {
        for at in self.counted..self.scheduler.occupancy().log().len() {
            match self.scheduler.occupancy().log()[at] {
                Change::Came(stay) => self.count(stay.pod, 1),
                Change::Left(stay) => self.count(stay.pod, -1),
                _ => {}
            }
        }
        self.counted = self.scheduler.occupancy().log().len();
    }

    fn count(&mut self, pod: PodId, by: i32) {
        if self.setting.is_ready(pod) {
            self.setting.selecting(pod).iter().for_each(|&budget| self.healthy[budget as usize] += by);
        }
    }
}

impl Wave {
    fn of(nodes: &[NodeId]) -> Self {
        Wave {
            nodes: nodes.to_vec(),
            evictions: Vec::new(),
            refused: Vec::new(),
            waiting: Vec::new(),
            stranded: Vec::new(),
            lost: Vec::new(),
            preempted: Vec::new(),
            broken: Vec::new(),
            healthy: Vec::new(),
        }
    }
}
