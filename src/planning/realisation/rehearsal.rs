//! Placing everything again with changed templates, and looking whether everyone is where the plan has it.

use std::collections::{BTreeMap, BTreeSet};

use super::ladder::Ground;
use super::planned::{Planned, planned};
use super::{Change, Question, loses};
use crate::cluster::index::{NodeId, PodId};
use crate::cluster::{Cluster, Standing};
use crate::manifest::Objects;
use crate::scheduler::arrivals::Arrivals;
use crate::scheduler::ties::Ties;
use crate::scheduler::{Options, Scheduler, prepare};
use crate::simulation::chance::{Draws, sample};

/// So many random orders, with random ties, are drawn.
const DRAWN: usize = 8;
/// So many of them first: most of what goes wrong does so there.
const FIRST: usize = 2;
/// And once everything comes as it is listed.
pub(super) const RUNS: usize = DRAWN + 1;

/// What came of placing a workload again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// In how many runs it was where the plan has it.
    pub met: usize,
    /// How many runs there were.
    pub runs: usize,
}

impl Outcome {
    /// Whether it was there in every run.
    pub fn holds(&self) -> bool {
        self.met == self.runs
    }
}

/// Where a workload's pods are: how many on the nodes of each spot, nodes that stand for each other in any order; and how many are nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Footprint {
    spots: BTreeMap<usize, Vec<u32>>,
    unplaced: u32,
}

/// A plan that can be tried out.
pub(super) struct Rehearsal<'a> {
    question: &'a Question<'a>,
    /// What is to be realised.
    pub planned: Vec<Planned>,
    /// How many workloads stay where they are.
    pub staying: usize,
    /// What it stands on.
    pub ground: Ground<'a>,
    goals: Vec<Footprint>,
}

impl<'a> Rehearsal<'a> {
    pub fn new(question: &'a Question<'a>) -> Self {
        let (planned, staying) = planned(question);
        let nodes = &question.objects.nodes;
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let spots: Vec<usize> = nodes
            .iter()
            .enumerate()
            .map(|(place, node)| match question.groups.get(&node.metadata.name) {
                Some(group) => *numbers.entry(group).or_insert(place),
                None => place,
            })
            .collect();
        let open = open(question, &planned);
        let goals = planned.iter().map(|own| footprint(&spots, own.nodes.iter().map(|(&node, &pods)| (node, pods)), own.unplaced));
        let goals = goals.collect();
        Rehearsal { question, planned, staying, ground: Ground { nodes, spots, open }, goals }
    }

    /// How many pods are looked at.
    pub fn pods(&self) -> usize {
        self.planned.iter().map(|own| own.pods.len()).sum()
    }

    /// The objects with pods of changed workloads made anew.
    pub fn changed(&self, changes: &[Option<&Change>]) -> Objects {
        let mut objects = self.question.objects.clone();
        for (own, change) in self.planned.iter().zip(changes) {
            if let Some(change) = change {
                own.pods.iter().for_each(|&pod| change.remake(&mut objects.pods[pod]));
            }
        }
        objects
    }

    /// Places everything with these changes: in how many runs each workload is where the plan has it. It ends early once it loses what was
    /// had before.
    pub fn rehearse(&self, changes: &[Option<&Change>], before: &[Outcome]) -> Vec<Outcome> {
        let objects = self.changed(changes);
        let Question { configuration, options, .. } = *self.question;
        let (cluster, profiles) = prepare(&objects, configuration);
        let mut scheduler = Scheduler::new(&cluster, &profiles, options);
        scheduler.say_little(true);
        scheduler.run(|_, _| ());
        let mut pod_of = vec![None; objects.pods.len()];
        cluster.pod_ids().for_each(|pod| pod_of[cluster.pod(pod).object] = Some(pod));
        let mut outcomes: Vec<Outcome> = self.goals.iter().map(|_| Outcome { met: 0, runs: 0 }).collect();
        self.tell(&cluster, &pod_of, &|pod| scheduler.occupancy().node_of(pod), &mut outcomes);
        let random = Options { ties: Ties::Random(1), arrivals: Arrivals::Random(1), ..options };
        for (seed, runs) in [(1, FIRST), (1 + FIRST as u64, DRAWN - FIRST)] {
            if loses(before, &outcomes) {
                break;
            }
            for run in sample(&cluster, &profiles, &Draws { options: random, seed, runs }, || ()) {
                let places: BTreeMap<PodId, Option<NodeId>> = run.places.iter().copied().collect();
                let place = |pod| match (places.get(&pod), cluster.pod(pod).standing) {
                    (Some(place), _) => *place,
                    (None, Standing::Bound(node)) => Some(node),
                    (None, _) => None,
                };
                self.tell(&cluster, &pod_of, &place, &mut outcomes);
            }
        }
        outcomes
    }

    /// Adds a run to what came of each workload.
    fn tell(&self, cluster: &Cluster, pod_of: &[Option<PodId>], place: &dyn Fn(PodId) -> Option<NodeId>, outcomes: &mut [Outcome]) {
        for ((own, goal), outcome) in self.planned.iter().zip(&self.goals).zip(outcomes) {
            outcome.runs += 1;
            outcome.met += usize::from(self.landed(cluster, own, &|pod| pod_of[pod].and_then(place)) == *goal);
        }
    }

    fn landed(&self, cluster: &Cluster, own: &Planned, place: &dyn Fn(usize) -> Option<NodeId>) -> Footprint {
        let mut nodes: BTreeMap<usize, u32> = BTreeMap::new();
        let mut unplaced = 0;
        for &pod in &own.pods {
            match place(pod) {
                Some(node) => *nodes.entry(cluster.nodes.objects[node.index()]).or_default() += 1,
                None => unplaced += 1,
            }
        }
        footprint(&self.ground.spots, nodes.into_iter(), unplaced)
    }
}

fn footprint(spots: &[usize], nodes: impl Iterator<Item = (usize, u32)>, unplaced: u32) -> Footprint {
    let mut footprint = Footprint { unplaced, ..Footprint::default() };
    for (node, pods) in nodes {
        footprint.spots.entry(spots[node]).or_default().push(pods);
    }
    footprint.spots.values_mut().for_each(|pods| pods.sort_unstable());
    footprint
}

/// The nodes that pods may be on by their own node selector and affinity and by taints, as it is written: for the first pod of each workload.
fn open(question: &Question<'_>, planned: &[Planned]) -> BTreeMap<usize, BTreeSet<usize>> {
    let (cluster, _) = prepare(question.objects, question.configuration);
    let mut pod_of: BTreeMap<usize, PodId> = cluster.pod_ids().map(|pod| (cluster.pod(pod).object, pod)).collect();
    let mut open = BTreeMap::new();
    for first in planned.iter().filter_map(|own| own.pods.first()) {
        let Some(pod) = pod_of.remove(first) else { continue };
        let class = cluster.class_of(pod);
        let mut nodes = cluster.nodes_wanted(class);
        nodes.subtract(&cluster.nodes_repelling(&class.tolerations));
        let places = nodes.iter().map(|node| cluster.nodes.objects[node.index()]);
        open.insert(*first, places.filter(|&node| !question.objects.nodes[node].spec.unschedulable).collect());
    }
    open
}
