//! Layer 4: where a pod goes.
//!
//! [`Scheduler::attempt`] is one scheduling attempt on one screen: PreFilter, Filter, Score, choice, PostFilter, each plugin
//! asked once about the whole set of nodes. All nodes are filtered and scored; upstream looks at a sample above 100 nodes.
//!
//! Source: pkg/scheduler/schedule_one.go, v1.36.

pub mod arrivals;
pub mod attempt;
pub mod diagnosis;
pub mod framework;
mod incremental;
pub mod plugins;
pub mod profile;
pub mod queue;
pub mod run;
pub mod ties;
pub mod version;

pub use run::{Choice, Decision, Fit, Schedule};

use arrivals::Arrivals;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use attempt::{Attempt, Code, Outcome, Rejection, ScoreColumn};
use framework::Cycle;
use incremental::Incremental;
use plugins::default_preemption::{Trial, fits, preempt};
use plugins::{default_preemption, dynamic_resources, volume_binding};
use profile::{Configuration, Profile};
use ties::{TieBreaker, Ties};
use version::KubernetesVersion;

use crate::cluster::index::{ClaimId, ClassId, NodeId, NodeSet, PodId};
use crate::cluster::occupancy::{self, ClaimState, Occupancy};
use crate::cluster::outage::NodeState;
use crate::cluster::{Cluster, Standing};
use crate::manifest::Objects;

/// Brings objects into numbers, and the profiles with them.
pub fn prepare(objects: &Objects, configuration: &Configuration) -> (Cluster, Vec<Profile>) {
    Cluster::with(objects, |compiler| configuration.compile(compiler))
}

/// What a scheduler is told besides its profiles.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Which version of Kubernetes it is.
    pub version: KubernetesVersion,
    /// How it chooses among the best nodes.
    pub ties: Ties,
    /// In which order pods arrive that come at the same time.
    pub arrivals: Arrivals,
    /// Whether every attempt asks every plugin about every node: slower, and never different.
    pub plain: bool,
}

/// kube-scheduler over a cluster in memory.
#[derive(Debug, Clone)]
pub struct Scheduler<'c> {
    cluster: &'c Cluster,
    profiles: &'c [Profile],
    options: Options,
    occupancy: Occupancy,
    ties: TieBreaker,
    /// Pods that wait for a node kept free for them.
    nominated: Vec<(PodId, NodeId)>,
    incremental: Incremental,
    /// For each class that waited: the classes whose coming and going could help it. See [`run`].
    company: FxHashMap<ClassId, Arc<[ClassId]>>,
    /// The lowest priority of any pod: nobody makes room for a pod that has no higher one.
    lowest_priority: i32,
    /// Whether a refusal needs no words; see [`Scheduler::say_little`].
    says_little: bool,
}

/// A point to come back to.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    occupancy: occupancy::Checkpoint,
    nominated: Vec<(PodId, NodeId)>,
    ties: TieBreaker,
}

impl<'c> Scheduler<'c> {
    /// A scheduler that finds the pods of the input where they are.
    pub fn new(cluster: &'c Cluster, profiles: &'c [Profile], options: Options) -> Self {
        Self::at(cluster, profiles, options, Occupancy::new(cluster))
    }

    /// A scheduler that finds pods where an occupancy has them.
    pub fn at(cluster: &'c Cluster, profiles: &'c [Profile], options: Options, occupancy: Occupancy) -> Self {
        let ours = |pod: PodId| {
            let name = cluster.texts.get(cluster.class_of(pod).scheduler);
            profiles.iter().any(|profile| profile.scheduler_name == name)
        };
        // upstream's queue, which remembers nominations, holds no pods of other schedulers
        let waits = |&pod: &PodId| cluster.pod(pod).standing == Standing::Pending && occupancy.node_of(pod).is_none() && ours(pod);
        let nominated = cluster.pod_ids().filter(waits).filter_map(|pod| Some((pod, cluster.pod(pod).nominated?))).collect();
        let ties = TieBreaker::new(options.ties, options.version.semantics().ties);
        let lowest_priority = cluster.classes.iter().map(|class| class.priority).min().unwrap_or(0);
        let incremental = Incremental::default();
        Scheduler {
            cluster,
            profiles,
            options,
            occupancy,
            ties,
            nominated,
            incremental,
            company: FxHashMap::default(),
            lowest_priority,
            says_little: false,
        }
    }

    /// The cluster it schedules.
    pub fn cluster(&self) -> &'c Cluster {
        self.cluster
    }

    /// What it was told besides its profiles.
    pub fn options(&self) -> Options {
        self.options
    }

    /// Who is where, when scheduling ends.
    pub fn into_occupancy(self) -> Occupancy {
        self.occupancy
    }

    /// Who is where.
    pub fn occupancy(&self) -> &Occupancy {
        &self.occupancy
    }

    /// The profile a pod asks for, if this scheduler has it.
    pub fn profile_of(&self, pod: PodId) -> Option<&'c Profile> {
        self.profile_index(pod).map(|index| &self.profiles[index])
    }

    fn profile_index(&self, pod: PodId) -> Option<usize> {
        let name = self.cluster.texts.get(self.cluster.class_of(pod).scheduler);
        self.profiles.iter().position(|profile| profile.scheduler_name == name)
    }

    /// Puts a pod on a node, and settles its claims that waited for that.
    pub fn bind(&mut self, pod: PodId, node: NodeId) {
        let settled = self.settled(pod, node);
        volume_binding::record(&mut self.occupancy, settled);
        self.nominated.retain(|(other, _)| *other != pod);
        self.occupancy.bind(self.cluster, pod, node);
    }

    /// What binding a pod to a node would decide about its claims that wait for that.
    pub fn settled(&self, pod: PodId, node: NodeId) -> Vec<(ClaimId, ClaimState)> {
        self.profile_of(pod).map(|profile| volume_binding::settle(&self.cycle(pod, profile), node)).unwrap_or_default()
    }

    /// Takes a pod off its node.
    pub fn evict(&mut self, pod: PodId) -> NodeId {
        self.occupancy.evict(self.cluster, pod)
    }

    /// Carries a preemption out: the victims leave, and the node is kept free for the pod's next attempt, and no longer for pods
    /// of lower priority.
    pub fn make_room(&mut self, pod: PodId, preemption: &attempt::Preemption) {
        preemption.victims.iter().for_each(|&victim| _ = self.evict(victim));
        let priority = |pod: PodId| self.cluster.class_of(pod).priority;
        self.nominated.retain(|&(other, node)| other != pod && (node != preemption.node || priority(other) >= priority(pod)));
        self.nominated.push((pod, preemption.node));
    }

    /// Says what has become of a node. Its pods stay until they are evicted.
    pub fn set_node(&mut self, node: NodeId, state: NodeState) {
        self.occupancy.set_node(self.cluster, node, state);
    }

    /// Says that a pod is being deleted, which takes longer than is looked at: it stays where it is.
    pub fn terminate(&mut self, pod: PodId) {
        self.occupancy.terminate(self.cluster, pod);
    }

    /// Leaves out why no node takes a pod, where nothing but the words depends on it: who wants them asks for an [`Scheduler::attempt`].
    /// Working a sentence out takes a thousand times as long as seeing that nothing fits.
    pub fn say_little(&mut self, says_little: bool) {
        self.says_little = says_little;
    }

    /// Sets a point to come back to. There is one at a time.
    pub fn checkpoint(&mut self) -> Checkpoint {
        Checkpoint { occupancy: self.occupancy.checkpoint(), nominated: self.nominated.clone(), ties: self.ties.clone() }
    }

    /// Comes back to a checkpoint: everything is as it was, and what was learned is kept.
    pub fn rewind(&mut self, checkpoint: Checkpoint) {
        let Scheduler { cluster, profiles, options, occupancy, incremental, .. } = self;
        occupancy.take_back(cluster, checkpoint.occupancy);
        let (occupancy_now, semantics) = (&*occupancy, options.version.semantics());
        incremental.rewind(checkpoint.occupancy, |pod, profile| {
            let (class, outages) = (cluster.class_of(pod), occupancy_now.outages());
            Cycle { cluster, occupancy: occupancy_now, outages, class, pod, profile: &profiles[profile], semantics }
        });
        occupancy.forget(checkpoint.occupancy);
        (self.nominated, self.ties) = (checkpoint.nominated, checkpoint.ties);
    }

    /// What plugins see of an attempt for `pod`.
    pub fn cycle<'a>(&'a self, pod: PodId, profile: &'a Profile) -> Cycle<'a> {
        let class = self.cluster.class_of(pod);
        let (occupancy, semantics) = (&self.occupancy, self.options.version.semantics());
        Cycle { cluster: self.cluster, occupancy, outages: occupancy.outages(), class, pod, profile, semantics }
    }

    /// One scheduling attempt, in short: by the fast path where it covers the pod.
    pub fn decide(&mut self, pod: PodId) -> run::Choice {
        let (cluster, id) = (self.cluster, self.cluster.pod(pod).class);
        let class = cluster.class(id);
        let profile = self.profile_index(pod);
        let Some(index) = profile.filter(|_| !self.options.plain && self.nominated.is_empty() && incremental::covers(class)) else {
            return self.attempt(pod).into();
        };
        let log = self.occupancy.log().len();
        if let Some(refusal) = self.incremental.refusal(id, log) {
            self.move_on(pod, index);
            return refusal;
        }
        let semantics = self.options.version.semantics();
        let (occupancy, outages) = (&self.occupancy, self.occupancy.outages());
        let cycle = Cycle { cluster, occupancy, outages, class, pod, profile: &self.profiles[index], semantics };
        if let Some(choice) = self.incremental.choose(&cycle, id, index, &mut self.ties) {
            self.move_on(pod, index);
            return choice;
        }
        if self.says_little && !(class.preempts && class.priority > self.lowest_priority) {
            self.move_on(pod, index);
            return Choice { outcome: Outcome::Unschedulable, node: None, best_count: 0, message: None, preemption: None };
        }
        let choice = self.attempt(pod).into();
        self.incremental.remember_refusal(id, log, &choice);
        choice
    }

    /// Takes note that a search for a pod's node took place: the next begins behind the nodes that this one looked at.
    fn move_on(&mut self, pod: PodId, profile: usize) {
        let present = self.occupancy.outages().present_count();
        let left_out = match self.cluster.class_of(pod).required_nodes {
            Some(_) => pre_filter(&self.cycle(pod, &self.profiles[profile])).map(|(_, left_out)| left_out.len()),
            None => Ok(0),
        };
        if let Ok(left_out) = left_out {
            self.ties.move_on(present - left_out, present);
        }
    }

    /// Where in the list of nodes the next search begins.
    pub fn start(&self) -> usize {
        self.ties.start()
    }

    /// Lets the next search begin where a scheduler before this one left off.
    pub fn start_at(&mut self, place: usize) {
        self.ties.start_at(place);
    }

    /// Every filter's verdict on every node, whatever the filters before it said; in the profile's order. For explanations.
    pub fn verdicts(&self, pod: PodId) -> Vec<(&'static str, attempt::Rejections)> {
        let Some(profile) = self.profile_of(pod) else { return Vec::new() };
        let cycle = self.cycle(pod, profile);
        let verdict = |plugin: &&'static framework::Plugin| {
            let (mut set, mut rejections) = (cycle.outages.present().clone(), attempt::Rejections::none(self.cluster.nodes.len()));
            plugin.filter?(&cycle, &mut set, &mut rejections);
            Some((plugin.name, rejections))
        };
        profile.filters.iter().filter_map(verdict).collect()
    }

    /// One scheduling attempt: every verdict and every score. Nothing is bound and nobody is evicted.
    pub fn attempt(&mut self, pod: PodId) -> Attempt {
        let mut attempt = Attempt::new(pod, self.cluster.nodes.len());
        let Some(profile) = self.profile_of(pod) else {
            attempt.outcome = Outcome::NotOurs;
            return attempt;
        };
        if self.cluster.class_of(pod).gated
            && profile.pre_enqueue.iter().any(|plugin| plugin.name == plugins::scheduling_gates::PLUGIN.name)
        {
            attempt.outcome = Outcome::Gated;
            return attempt;
        }
        if self.occupancy.outages().present_count() == 0 {
            attempt.message = diagnosis::NO_NODES.to_owned();
            return attempt;
        }
        self.filter(&mut attempt, profile);
        if attempt.feasible.is_empty() {
            self.post_filter(&mut attempt, profile);
        } else {
            self.score(&mut attempt, profile);
            attempt.outcome = Outcome::Bound;
            attempt.node = self.ties.choose(&attempt.feasible, &attempt.best, self.occupancy.outages().order());
        }
        if attempt.has_searched {
            let present = self.occupancy.outages().present_count();
            self.ties.move_on(present - attempt.left_out.len(), present);
        }
        attempt
    }

    fn filter(&mut self, attempt: &mut Attempt, profile: &Profile) {
        let mut set = match pre_filter(&self.cycle(attempt.pod, profile)) {
            Ok((set, left_out)) => {
                attempt.left_out = left_out;
                set
            }
            Err(refused) => {
                let present = self.occupancy.outages().present();
                attempt.rejections.reject_all(&mut present.clone(), present, refused.clone());
                attempt.refused = Some(refused);
                return;
            }
        };
        if let Some(rejection) = left_out_rejection(attempt, profile, &self.cycle(attempt.pod, profile)) {
            attempt.rejections.reject_all(&mut attempt.left_out.clone(), &attempt.left_out, rejection);
        }
        let nominated = self.nominated_node(attempt.pod).filter(|&node| set.contains(node));
        if let Some(node) = nominated.filter(|&node| self.refusal_with_nominated(attempt.pod, profile, node).is_none()) {
            attempt.feasible.insert(node);
            return;
        }
        attempt.has_searched = true;
        framework::run_filters(&self.cycle(attempt.pod, profile), &mut set, &mut attempt.rejections);
        self.filter_with_nominated(attempt, profile, &mut set);
        attempt.feasible = set;
    }

    fn nominated_node(&self, pod: PodId) -> Option<NodeId> {
        self.nominated.iter().find(|(other, _)| *other == pod).map(|(_, node)| *node)
    }

    /// Nodes kept free for other pods are judged once more, with those pods on them; that verdict comes first.
    fn filter_with_nominated(&mut self, attempt: &mut Attempt, profile: &Profile, set: &mut NodeSet) {
        let mut kept: Vec<NodeId> = self.nominated.iter().filter(|(other, _)| *other != attempt.pod).map(|(_, node)| *node).collect();
        kept.sort_unstable();
        kept.dedup();
        for node in kept
            .into_iter()
            .filter(|&node| self.occupancy.outages().present().contains(node) && !attempt.left_out.contains(node))
            .collect::<Vec<_>>()
        {
            if let Some(rejection) = self.refusal_with_nominated(attempt.pod, profile, node) {
                set.insert(node);
                attempt.rejections.reject(set, node, rejection);
            }
        }
    }

    fn refusal_with_nominated(&mut self, pod: PodId, profile: &Profile, node: NodeId) -> Option<Rejection> {
        fits(&mut self.trial(pod, profile), node).err()
    }

    fn trial<'a>(&'a mut self, pod: PodId, profile: &'a Profile) -> Trial<'a> {
        Trial::new(self.cluster, &mut self.occupancy, profile, self.options.version.semantics(), pod, &self.nominated)
    }

    fn score(&self, attempt: &mut Attempt, profile: &Profile) {
        let cycle = self.cycle(attempt.pod, profile);
        let count = attempt.feasible.len();
        attempt.totals = vec![0; count];
        for &(plugin, weight) in &profile.scores {
            let Some(mut scores) = plugin.score.and_then(|score| score(&cycle, &attempt.feasible)) else { continue };
            assert_eq!(scores.len(), count, "{} scores every feasible node", plugin.name);
            scores.iter_mut().for_each(|score| *score *= weight);
            attempt.totals.iter_mut().zip(&scores).for_each(|(total, score)| *total += score);
            attempt.scores.push(ScoreColumn { plugin: plugin.name, scores });
        }
        let best = attempt.totals.iter().max().copied();
        let winners = attempt.feasible.iter().zip(&attempt.totals).filter(|(_, total)| Some(**total) == best);
        winners.for_each(|(node, _)| attempt.best.insert(node));
    }

    /// Asks the plugins that may still help, in the profile's order. They say why they cannot; the first that can ends the matter.
    fn post_filter(&mut self, attempt: &mut Attempt, profile: &Profile) {
        let mut reasons: Vec<String> = Vec::new();
        for plugin in &profile.post_filters {
            if plugin.name == dynamic_resources::PLUGIN.name {
                if attempt.refused.is_some() {
                    attempt.message = self.sentence(attempt, dynamic_resources::STATE_NOT_FOUND);
                    return;
                }
                reasons.push(dynamic_resources::NOTHING_TO_DEALLOCATE.to_owned());
            }
            if plugin.name == default_preemption::PLUGIN.name {
                match preempt(&mut self.trial(attempt.pod, profile), attempt.refused.as_ref(), &attempt.rejections) {
                    Ok(preemption) => {
                        attempt.outcome = Outcome::Preempts;
                        attempt.preemption = Some(preemption);
                        attempt.message = self.sentence(attempt, "");
                        return;
                    }
                    Err(why) => reasons.push(format!("preemption: {why}")),
                }
            }
        }
        attempt.message = self.sentence(attempt, &reasons.join(", "));
    }

    fn sentence(&self, attempt: &Attempt, post_filter: &str) -> String {
        diagnosis::fit_error(self.occupancy.outages().present_count(), attempt.refused.as_ref(), &attempt.rejections, post_filter)
    }
}

/// The nodes that come into question, and those that a PreFilter result leaves out; or a refusal of the pod as a whole.
pub fn pre_filter(cycle: &Cycle<'_>) -> Result<(NodeSet, NodeSet), Rejection> {
    let mut set = cycle.outages.present().clone();
    for admit in cycle.profile.pre_filters.iter().filter_map(|plugin| plugin.admit) {
        if let Some(only) = admit(cycle)? {
            set.intersect(&only);
        }
    }
    let mut left_out = cycle.outages.present().clone();
    left_out.subtract(&set);
    Ok((set, left_out))
}

/// The refusal of nodes that a PreFilter result leaves out, which names the plugins that did.
fn left_out_rejection(attempt: &Attempt, profile: &Profile, cycle: &Cycle<'_>) -> Option<Rejection> {
    if attempt.left_out.is_empty() {
        return None;
    }
    let restricts = |plugin: &&&framework::Plugin| plugin.admit.is_some_and(|admit| matches!(admit(cycle), Ok(Some(_))));
    let mut names: Vec<&str> = profile.pre_filters.iter().filter(restricts).map(|plugin| plugin.name).collect();
    names.sort_unstable();
    let reason = format!("node(s) didn't satisfy plugin(s) [{}]", names.join(" "));
    Some(Rejection::new("PreFilter", Code::UnschedulableAndUnresolvable, reason))
}
