//! What an upgrade of Kubernetes itself places differently: the same pods under two versions, attempt by attempt.
//!
//! Two runs that part ways at a tie have nothing more to do with each other, so they are not compared. Instead the run of the new version
//! is followed, and at each placement both versions are asked in the very same state: which nodes are feasible, and which of them are best.
//! What differs there is the version's doing ([`Verdict::Other`], [`Verdict::Feasibility`]); where the best nodes overlap a tie decides
//! ([`Verdict::Tie`]), which 1.34 draws at random. What comes of it as a whole, in how many of the draws pods stay pending, is for
//! [`super::chance`] to say.
//!
//! Promise: a version compared with itself has no verdict but [`Verdict::Same`] and [`Verdict::Tie`].
//!
//! Source: what both versions did in the recordings under `fixtures/conformance/`, see `scheduler/version.rs`.

use rustc_hash::FxHashSet;

use crate::cluster::Cluster;
use crate::cluster::index::{NodeId, NodeSet, PodId};
use crate::cluster::occupancy::Change;
use crate::scheduler::attempt::{Attempt, Outcome};
use crate::scheduler::profile::Profile;
use crate::scheduler::run::Schedule;
use crate::scheduler::ties::Ties;
use crate::scheduler::version::KubernetesVersion;
use crate::scheduler::{Options, Scheduler};

/// What comes of two versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Upgrade {
    /// Every placement of the new version, in its order.
    pub placements: Vec<Placement>,
    /// Pods that no node takes, and what each version says of them in the end: old, then new.
    pub pending: Vec<(PodId, [String; 2])>,
    /// Pods that made others leave, and were not compared: preemption is the same in both versions, and keeps a node for them.
    pub preempting: usize,
}

/// One placement, as both versions see it in the same state.
#[derive(Debug, Clone, PartialEq)]
pub struct Placement {
    /// The pod.
    pub pod: PodId,
    /// Where the new version puts it.
    pub node: NodeId,
    /// What the old one would do.
    pub verdict: Verdict,
}

/// What the old version would do where the new one places a pod.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The same: one node is best for both.
    Same,
    /// The node is one of so many that are best for the old version, and of so many for the new.
    Tie([usize; 2]),
    /// Another node is best for it: the first of them, and which plugins score either node differently.
    Other {
        /// The first of its best nodes.
        node: NodeId,
        /// How many are best for it.
        best: usize,
        /// Plugins that score the two nodes differently in the two versions.
        scores: Vec<ScoreChange>,
    },
    /// Other nodes take the pod at all: how many in each version.
    Feasibility([usize; 2]),
}

/// How a plugin scores two nodes in two versions: weighted, as they count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreChange {
    /// The plugin.
    pub plugin: &'static str,
    /// Of the old version: its own best node, and the node that the new one takes.
    pub old: [i64; 2],
    /// The same of the new version.
    pub new: [i64; 2],
}

/// Follows the run of the new version and asks the old one at every placement. `options` are those of the new version.
pub fn upgrade(cluster: &Cluster, profiles: &[Profile], from: KubernetesVersion, options: Options) -> Upgrade {
    let mut run = Scheduler::new(cluster, profiles, options);
    let before = run.occupancy().log().len();
    let schedule = run.run(|_, _| ());
    let preempts = schedule.decisions.iter().filter(|decision| decision.preemption.is_some());
    let preempting: FxHashSet<PodId> = preempts.map(|decision| decision.pod).collect();
    let shadow = |version| Scheduler::new(cluster, profiles, Options { version, ties: Ties::First, plain: true, ..options });
    let mut shadows = [shadow(from), shadow(options.version)];
    let mut upgrade = Upgrade { placements: Vec::new(), pending: Vec::new(), preempting: preempting.len() };
    for change in &run.occupancy().log()[before..] {
        match change {
            Change::Came(stay) => {
                if !preempting.contains(&stay.pod) {
                    upgrade.placements.push(placement(&mut shadows, stay.pod, stay.node));
                }
                shadows.iter_mut().for_each(|shadow| shadow.bind(stay.pod, stay.node));
            }
            Change::Left(stay) => shadows.iter_mut().for_each(|shadow| _ = shadow.evict(stay.pod)),
            Change::Terminating(_) | Change::Restored(_) | Change::Node(..) => {}
        }
    }
    upgrade.pending = pending(&schedule, &mut shadows);
    upgrade
}

fn placement(shadows: &mut [Scheduler<'_>; 2], pod: PodId, node: NodeId) -> Placement {
    let [old, new] = shadows.each_mut().map(|shadow| shadow.attempt(pod));
    Placement { pod, node, verdict: verdict(&old, &new, node) }
}

fn verdict(old: &Attempt, new: &Attempt, node: NodeId) -> Verdict {
    if old.feasible != new.feasible {
        return Verdict::Feasibility([old.feasible.len(), new.feasible.len()]);
    }
    match old.best.contains(node) {
        true if old.best.len() == 1 && new.best.len() == 1 => Verdict::Same,
        true => Verdict::Tie([old.best.len(), new.best.len()]),
        false => {
            let own = old.best.first().expect("what is feasible has a best node");
            Verdict::Other { node: own, best: old.best.len(), scores: scores(old, new, [own, node]) }
        }
    }
}

/// The plugins that do not score both nodes as the other version does.
fn scores(old: &Attempt, new: &Attempt, nodes: [NodeId; 2]) -> Vec<ScoreChange> {
    let places = nodes.map(|node| rank(&old.feasible, node));
    let of = |attempt: &Attempt, plugin: &str| {
        let column = attempt.scores.iter().find(|column| column.plugin == plugin);
        places.map(|place| column.map_or(0, |column| column.scores[place]))
    };
    let mut plugins: Vec<&'static str> = old.scores.iter().chain(&new.scores).map(|column| column.plugin).collect();
    plugins.sort_unstable();
    plugins.dedup();
    let change = |plugin| ScoreChange { plugin, old: of(old, plugin), new: of(new, plugin) };
    plugins.into_iter().map(change).filter(|change| change.old != change.new).collect()
}

/// The place of a node among the feasible ones.
fn rank(feasible: &NodeSet, node: NodeId) -> usize {
    feasible.iter().position(|each| each == node).expect("both are feasible")
}

/// What both versions say in the end of pods that no node takes.
fn pending(schedule: &Schedule, shadows: &mut [Scheduler<'_>; 2]) -> Vec<(PodId, [String; 2])> {
    let waits = schedule.decisions.iter().filter(|decision| decision.outcome == Outcome::Unschedulable);
    waits.map(|decision| (decision.pod, shadows.each_mut().map(|shadow| shadow.attempt(decision.pod).message))).collect()
}
