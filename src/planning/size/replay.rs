//! A fleet, replayed: where the scheduler puts every pod, how full nodes are, and what is left after each loss.
//!
//! Nothing else decides whether a plan holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ground::Ground;
use super::instance::Share;
use super::offer::{Fleet, Offer};
use super::survive::{Survive, Tolerance};
use crate::cluster::Cluster;
use crate::cluster::class::NodeTerm;
use crate::cluster::index::{NodeId, NodeSet, PodId, VolumeId};
use crate::cluster::resources::{CPU, MEMORY};
use crate::controllers::rollout_peak::rollout_peak;
use crate::controllers::scale_down::WorkloadKey;
use crate::controllers::target_node;
use crate::graph::failure_domains::domains;
use crate::manifest::Objects;
use crate::manifest::node::Node;
use crate::planning::failover::Assumptions;
use crate::planning::quorum::{Quorums, State};
use crate::planning::resilience::{Judged, Question, Requirements, judge};
use crate::scheduler::profile::Configuration;
use crate::scheduler::{Options, Scheduler, prepare};
use crate::simulation::loss::{Baseline, Keeper, Peak, Until};

/// More subsets of several than this are not played, which is said.
const SUBSETS: usize = 3000;

/// How fleets are judged.
#[derive(Clone, Copy)]
pub struct Replay<'a> {
    /// What is there.
    pub ground: &'a Ground,
    /// What can be bought.
    pub offers: &'a [Offer<'a>],
    /// Pods that no node takes, by their place among the objects.
    pub impossible: &'a BTreeSet<usize>,
    /// What workloads can do without.
    pub tolerance: &'a Tolerance,
    /// Cpu and memory of each node must be requested to less than this share.
    pub below: Option<Share>,
    /// Pods on whose nodes nobody can ask for that: each fills more of any node.
    pub oversized: &'a BTreeSet<usize>,
    /// So many nodes that take pods there must be at least.
    pub min_nodes: usize,
    /// What must be survived.
    pub survive: Survive,
    /// Whether each Deployment must find room for its surge.
    pub surge: bool,
    /// The scheduler.
    pub configuration: &'a Configuration,
    /// How it decides.
    pub options: Options,
}

/// What came of a fleet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trial {
    /// Pods that found a node.
    pub placed: usize,
    /// Pods that found none, by their place among the objects, with the scheduler's sentence.
    pub unplaced: Vec<(usize, Option<Arc<str>>)>,
    /// Nodes that are too few.
    pub missing_nodes: usize,
    /// Nodes that are too full.
    pub overfull: Vec<Overfull>,
    /// The fullest node, with nothing lost.
    pub peak: Peaks,
    /// What came of each loss; empty if nothing is to be survived, or if the cluster is not whole before.
    pub losses: Vec<LossTrial>,
    /// Subsets of what can be lost that were not played because there are too many.
    pub not_played: usize,
    /// Pods that no purchase brings back after a loss: their volume is lost with it.
    pub pinned: BTreeSet<usize>,
    /// Deployments that find no room for their surge, and how many pods of it.
    pub no_surge: Vec<(WorkloadKey, usize)>,
}

/// A node that is too full.
#[derive(Debug, Clone, PartialEq)]
pub struct Overfull {
    /// The node.
    pub node: String,
    /// Of what: `cpu` or `memory`.
    pub resource: &'static str,
    /// The share that is requested.
    pub share: f64,
}

/// The share of the fullest node.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Peaks {
    /// Of cpu.
    pub cpu: f64,
    /// Of memory.
    pub memory: f64,
}

/// What came of a loss.
#[derive(Debug, Clone, PartialEq)]
pub struct LossTrial {
    /// What was lost.
    pub lost: Vec<String>,
    /// Pods that find no node in the end and that a purchase could help, by their place among the objects.
    pub pending: Vec<usize>,
    /// The scheduler's sentence about the first of them.
    pub message: Option<Arc<str>>,
    /// Workloads that have too few pods left, and could have enough.
    pub fallen: Vec<WorkloadKey>,
    /// The fullest node after it.
    pub peak: Peaks,
}

impl LossTrial {
    /// Whether it is survived.
    pub fn holds(&self) -> bool {
        self.pending.is_empty() && self.fallen.is_empty()
    }
}

impl Trial {
    /// Whether everything holds that a purchase can make hold.
    pub fn holds(&self) -> bool {
        self.badness() == Badness::default()
    }

    /// How far from holding it is.
    pub fn badness(&self) -> Badness {
        let pending = self.losses.iter().map(|loss| loss.pending.len() + loss.fallen.len()).sum();
        let excess: f64 = self.overfull.iter().map(|overfull| overfull.share).sum();
        Badness {
            unplaced: self.unplaced.len(),
            missing_nodes: self.missing_nodes,
            overfull: self.overfull.len(),
            excess: (excess * 1000.0) as u64,
            surge: self.no_surge.len(),
            losses: self.losses.iter().filter(|loss| !loss.holds()).count(),
            pending,
        }
    }
}

/// How far from holding a fleet is: first what is not placed, then what is too full, then what is not survived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Badness {
    /// Pods that found no node.
    pub unplaced: usize,
    /// Nodes that are too few.
    pub missing_nodes: usize,
    /// Nodes that are too full.
    pub overfull: usize,
    /// The sum of their shares, in thousandths.
    pub excess: u64,
    /// Deployments without room for their surge.
    pub surge: usize,
    /// Losses that are not survived.
    pub losses: usize,
    /// Pods and workloads that are not there after them.
    pub pending: usize,
}

impl Replay<'_> {
    /// Replays a fleet.
    pub fn play(&self, fleet: &Fleet) -> Trial {
        let objects = self.ground.furnish(self.offers, fleet);
        self.judge(&objects, &self.baseline(&objects))
    }

    /// The cluster with everything placed.
    pub fn baseline(&self, objects: &Objects) -> Baseline {
        let place = |scheduler: &mut Scheduler<'_>| {
            scheduler.say_little(false);
            scheduler.run(|_, _| ())
        };
        Baseline::new(objects, self.configuration, self.options, place)
    }

    /// Judges a cluster in which everything is placed.
    pub fn judge(&self, objects: &Objects, baseline: &Baseline) -> Trial {
        let mut trial = Trial { placed: baseline.running().count(), ..Trial::default() };
        for decision in baseline.schedule().decisions.iter().filter(|decision| decision.node.is_none()) {
            let object = baseline.cluster().pod(decision.pod).object;
            // what a DaemonSet cannot put on a node that stays is no matter of what is bought
            let target = Some(&objects.pods[object]).filter(|pod| Keeper::of(pod) == Keeper::Node).and_then(target_node);
            let is_stuck = target.is_some_and(|node| self.ground.kept.iter().any(|kept| kept.node == node));
            if baseline.waiting().contains(&decision.pod) && !self.impossible.contains(&object) && !is_stuck {
                trial.unplaced.push((object, decision.message.clone()));
            }
        }
        trial.unplaced.extend(baseline.schedule().lost.iter().map(|&pod| (baseline.cluster().pod(pod).object, None)));
        let takes_pods = |node: &&Node| !node.spec.unschedulable && !node.spec.taints.iter().any(|taint| taint.effect.starts_with("No"));
        trial.missing_nodes = self.min_nodes.saturating_sub(objects.nodes.iter().filter(takes_pods).count());
        trial.overfull = self.overfull(baseline);
        trial.peak = Peaks::of(&Peak::of(baseline.cluster(), baseline.occupancy()));
        if trial.unplaced.is_empty() {
            if self.surge {
                trial.no_surge = self.no_surge(objects);
            }
            self.lose(objects, baseline, &mut trial);
        }
        trial
    }

    /// Nodes that are too full, and were not before anything was placed.
    fn overfull(&self, baseline: &Baseline) -> Vec<Overfull> {
        let Some(below) = self.below else { return Vec::new() };
        let (cluster, occupancy) = (baseline.cluster(), baseline.occupancy());
        let mut overfull = Vec::new();
        let is_oversized = |pod: &PodId| self.oversized.contains(&cluster.pod(*pod).object);
        for node in cluster.nodes.ids().filter(|&node| !occupancy.pods_on(node).iter().any(is_oversized)) {
            for (resource, name) in [(CPU, "cpu"), (MEMORY, "memory")] {
                let (used, room) = (occupancy.requested(resource, node), cluster.allocatable(resource, node));
                let stays = || {
                    let bound = occupancy
                        .pods_on(node)
                        .iter()
                        .filter(|&&pod| matches!(cluster.pod(pod).standing, crate::cluster::Standing::Bound(_)));
                    bound.map(|&pod| cluster.class_of(pod).requests.get(resource)).sum::<i64>()
                };
                if room > 0 && !below.holds(used, room) && below.holds(stays(), room) {
                    let share = used as f64 / room as f64;
                    overfull.push(Overfull { node: cluster.node_name(node).to_owned(), resource: name, share });
                }
            }
        }
        overfull
    }

    /// Deployments that find no room for their surge, each by itself.
    fn no_surge(&self, objects: &Objects) -> Vec<(WorkloadKey, usize)> {
        let (mut cluster, profiles) = prepare(objects, self.configuration);
        let quorums = Quorums::of(objects, &[]);
        let mut surges: Vec<(WorkloadKey, Vec<PodId>)> = Vec::new();
        for peak in rollout_peak(objects).into_iter().filter(|peak| peak.peak > peak.replicas && peak.workload.kind == "Deployment") {
            let quorum = quorums.workloads.iter().find(|quorum| quorum.workload == peak.workload);
            let Some(&pod) = quorum.and_then(|quorum| quorum.pods.first()) else { continue };
            let copies = cluster.push_copies(PodId::new(pod), (peak.peak - peak.replicas) as usize);
            surges.push((peak.workload, copies));
        }
        let mut scheduler = Scheduler::new(&cluster, &profiles, self.options);
        scheduler.run(|_, _| ());
        let missing = |(workload, copies): (WorkloadKey, Vec<PodId>)| {
            let missing = copies.len() - scheduler.clone().fit(&copies).nodes.len();
            (missing > 0).then_some((workload, missing))
        };
        surges.into_iter().filter_map(missing).collect()
    }

    fn lose(&self, objects: &Objects, baseline: &Baseline, trial: &mut Trial) {
        let Some((kind, number)) = self.survive.losses() else { return };
        let Ok(units) = domains(&objects.nodes, &kind) else { return };
        let (subsets, not_played) = subsets(units.len(), number);
        trial.not_played = not_played;
        let names = |subset: &Vec<usize>| subset.iter().map(|&unit| units[unit].value.clone()).collect::<Vec<_>>();
        let nodes = |subset: &Vec<usize>| baseline.nodes(subset.iter().flat_map(|&unit| units[unit].nodes.iter().map(String::as_str)));
        let losses: Vec<Vec<NodeId>> = subsets.iter().map(nodes).collect();
        let quorums = Quorums::of(objects, &[]);
        let assumptions = Assumptions::default();
        let question = Question {
            objects,
            baseline,
            quorums: &quorums,
            losses: &losses,
            until: Until::Removed,
            requirements: Requirements::default(),
            assumptions: &assumptions,
            max_failover: None,
        };
        let is_zone = matches!(self.survive, Survive::Zones(_));
        for (subset, judged) in subsets.iter().zip(judge(&question, || ()).losses) {
            let (loss, pinned) = self.loss(baseline, &quorums, names(subset), &judged, is_zone);
            trial.losses.push(loss);
            trial.pinned.extend(pinned);
        }
    }

    fn loss(&self, baseline: &Baseline, quorums: &Quorums, lost: Vec<String>, judged: &Judged, is_zone: bool) -> (LossTrial, Vec<usize>) {
        let cluster = baseline.cluster();
        let object = |pod: PodId| cluster.pod(baseline.original(pod)).object;
        let is_pinned = |pod: PodId| is_pinned(cluster, pod, &judged.loss.nodes, is_zone);
        let displaced: Vec<_> = judged.loss.pending().collect();
        let (pinned, pending): (Vec<_>, Vec<_>) = displaced.into_iter().partition(|displaced| is_pinned(displaced.pod));
        let message = pending.first().and_then(|displaced| displaced.message.clone());
        let evicted = judged.loss.preempted.iter().filter(|preempted| preempted.to.is_none()).map(|preempted| object(preempted.pod));
        let spare = |workload: &WorkloadKey| self.tolerance.spare.contains_key(workload);
        let fallen = judged.fallen(State::BelowQuorum).chain(judged.fallen(State::Zero));
        let fallen = fallen.map(|hit| quorums.workloads[hit.workload].workload.clone()).filter(spare).collect();
        let pending = pending.iter().map(|displaced| object(displaced.pod)).chain(evicted).collect();
        let pinned = pinned.iter().map(|displaced| object(displaced.pod)).collect();
        (LossTrial { lost, pending, message, fallen, peak: Peaks::of(&judged.loss.peak) }, pinned)
    }
}

impl Peaks {
    fn of(peak: &Peak) -> Self {
        Peaks { cpu: peak.cpu.map_or(0.0, |(_, share)| share), memory: peak.memory.map_or(0.0, |(_, share)| share) }
    }
}

/// All subsets of so many of `all`, as far as they are not too many; how many there are beyond.
fn subsets(all: usize, number: usize) -> (Vec<Vec<usize>>, usize) {
    let mut subsets: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..number.min(all) {
        let longer = |subset: &Vec<usize>| {
            let first = subset.last().map_or(0, |last| last + 1);
            (first..all).map(|next| [&subset[..], &[next]].concat()).collect::<Vec<_>>()
        };
        subsets = subsets.iter().flat_map(longer).collect();
    }
    subsets.retain(|subset| !subset.is_empty());
    let most = if number == 1 { usize::MAX } else { SUBSETS };
    let not_played = subsets.len().saturating_sub(most);
    subsets.truncate(most);
    (subsets, not_played)
}

/// Whether a volume of a pod can be reached from nowhere but what is lost, and from no other node that could be bought there.
fn is_pinned(cluster: &Cluster, pod: PodId, lost: &[NodeId], is_zone: bool) -> bool {
    let storage = &cluster.storage;
    let claims = cluster.class_of(pod).volumes.claims.iter().filter_map(|used| used.claim);
    let names = claims.filter_map(|claim| storage.claim(claim).volume_name);
    let mut volumes = names.filter_map(|name| storage.volume_by_name.get(&name).copied());
    volumes.any(|volume| {
        let reach = reach(cluster, volume);
        reach.iter().all(|node| lost.contains(&node)) && (is_zone || is_local(cluster, volume))
    })
}

fn reach(cluster: &Cluster, volume: VolumeId) -> NodeSet {
    let volume = cluster.storage.volume(volume);
    let mut set = match &volume.reachable_from {
        Some(terms) => cluster.nodes_matching_any(terms),
        None => NodeSet::all(cluster.nodes.len()),
    };
    for (key, values) in &volume.zones {
        let elsewhere = |&node: &NodeId| !cluster.nodes.labels[node.index()].get(*key).is_some_and(|value| values.contains(&value));
        let outside: Vec<NodeId> = set.iter().filter(elsewhere).collect();
        outside.into_iter().for_each(|node| set.remove(node));
    }
    set
}

/// Whether a volume is on one host.
fn is_local(cluster: &Cluster, volume: VolumeId) -> bool {
    let by_host = |term: &NodeTerm| {
        !term.names.is_empty() || term.labels.iter().any(|requirement| cluster.texts.get(requirement.key) == "kubernetes.io/hostname")
    };
    cluster.storage.volume(volume).reachable_from.as_ref().is_some_and(|terms| terms.iter().all(by_host))
}
