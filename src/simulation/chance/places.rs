//! Which pods have a place of their own, and which are here in one run and there in another.
//!
//! Pods of one class are identical: the scheduler cannot tell them apart. Where such pods only change places among each other from run to
//! run, nothing has changed that anybody could notice, and the places are said to be determined up to exchange.

use std::collections::BTreeMap;
use std::ops;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Run, Share};
use crate::cluster::Cluster;
use crate::cluster::index::{NodeId, PodId};

/// Where pods are in all runs: those that waited, and those that were evicted in some run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// By group, in the order of their numbers.
    pub groups: Vec<Group>,
    /// How many different outcomes there are.
    pub outcomes: usize,
    /// How many of them differ by more than an exchange of identical pods.
    pub outcomes_up_to_exchange: usize,
}

/// Pods that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The number that the caller gave it.
    pub number: usize,
    /// Its pods.
    pub pods: Vec<PodId>,
    /// How many of them are in the same place in every run.
    pub fixed: usize,
    /// How many of them only change places with identical pods.
    pub exchanged: usize,
    /// How many different arrangements there are, up to exchange.
    pub arrangements: usize,
    /// The nodes that they are on in some run, the commonest first.
    pub nodes: Vec<Seen>,
    /// How often some of them are pending or lost; none if never.
    pub missing: Option<Missing>,
    /// Runs in which some of them are evicted that had a node.
    pub evicted: Share,
}

/// A node on which pods of a group are in some run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The node.
    pub node: NodeId,
    /// Runs in which any of them is there.
    pub share: Share,
    /// The most that are there in a run.
    pub most: usize,
}

/// How often pods of a group have no node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Runs in which any of them has none.
    pub share: Share,
    /// The least that have none, over all runs.
    pub least: usize,
    /// The most that have none.
    pub most: usize,
    /// Why, in the scheduler's words, and in how many runs, the commonest first; nothing where they were evicted for good.
    pub messages: Vec<(Arc<str>, usize)>,
}

impl Group {
    /// How many of its pods have no determined place, not even up to exchange.
    pub fn open(&self) -> usize {
        self.pods.len() - self.fixed - self.exchanged
    }
}

impl Places {
    /// Of all runs. `group` gives the number of the group that a pod belongs to.
    pub fn of(cluster: &Cluster, runs: &[Run], group: impl Fn(PodId) -> usize) -> Self {
        let table = Table::new(cluster, runs, &group);
        let mut sentences = sentences(runs, &group);
        let bounds = table.stretches(0..table.pods.len(), &group);
        let of_stretch = |stretch: ops::Range<usize>| {
            let number = group(table.pods[stretch.start]);
            table.group(number, stretch, runs, sentences.remove(&number).unwrap_or_default())
        };
        let groups = bounds.into_iter().map(of_stretch).collect();
        let distinct = |rows: &[Vec<Place>]| rows.iter().collect::<FxHashSet<_>>().len();
        Places { groups, outcomes: distinct(&table.rows), outcomes_up_to_exchange: distinct(&table.settled) }
    }
}

/// Why pods are pending, and in how many runs, the commonest first.
type Sentences = Vec<(Arc<str>, usize)>;

/// Why pods of each group are pending.
fn sentences(runs: &[Run], group: impl Fn(PodId) -> usize) -> FxHashMap<usize, Sentences> {
    let mut counts: FxHashMap<(usize, &Arc<str>), usize> = FxHashMap::default();
    for run in runs {
        let said: FxHashSet<(usize, &Arc<str>)> = run.pending.iter().map(|(pod, message)| (group(*pod), message)).collect();
        said.into_iter().filter(|(_, message)| !message.is_empty()).for_each(|key| *counts.entry(key).or_default() += 1);
    }
    let mut sentences: FxHashMap<usize, Sentences> = FxHashMap::default();
    for ((number, message), runs) in counts {
        sentences.entry(number).or_default().push((message.clone(), runs));
    }
    for own in sentences.values_mut() {
        own.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    }
    sentences
}

/// Where a pod is in a run.
type Place = Option<NodeId>;

/// Where each pod is in each run.
struct Table<'a> {
    cluster: &'a Cluster,
    /// Ordered by group and class, so that identical pods stand together.
    pods: Vec<PodId>,
    /// A row a run, in the order of the pods.
    rows: Vec<Vec<Place>>,
    /// The same with the places of identical pods sorted: equal if they differ by an exchange only.
    settled: Vec<Vec<Place>>,
}

impl<'a> Table<'a> {
    fn new(cluster: &'a Cluster, runs: &[Run], group: impl Fn(PodId) -> usize) -> Self {
        let mut pods: Vec<PodId> =
            runs.iter().flat_map(|run| run.places.iter().map(|&(pod, _)| pod)).collect::<FxHashSet<_>>().into_iter().collect();
        pods.sort_by_cached_key(|&pod| (group(pod), cluster.pod(pod).class, pod));
        let row = |run: &Run| pods.iter().map(|&pod| run.place(pod, cluster.pod(pod).standing)).collect::<Vec<Place>>();
        let rows: Vec<Vec<Place>> = runs.iter().map(row).collect();
        let mut table = Table { cluster, pods, settled: rows.clone(), rows };
        let classes = table.stretches(0..table.pods.len(), |pod| (group(pod), cluster.pod(pod).class));
        for row in &mut table.settled {
            classes.iter().for_each(|class| row[class.clone()].sort_unstable());
        }
        table
    }

    /// The parts of a stretch of pods in which a key stays the same.
    fn stretches<K: PartialEq>(&self, within: ops::Range<usize>, key: impl Fn(PodId) -> K) -> Vec<ops::Range<usize>> {
        let mut start = within.start;
        let parts = self.pods[within].chunk_by(|&one, &next| key(one) == key(next));
        parts
            .map(|part| {
                let stretch = start..start + part.len();
                start = stretch.end;
                stretch
            })
            .collect()
    }

    fn group(&self, number: usize, stretch: ops::Range<usize>, runs: &[Run], messages: Sentences) -> Group {
        let same = |rows: &[Vec<Place>], part: ops::Range<usize>| rows.iter().all(|row| row[part.clone()] == rows[0][part.clone()]);
        let is_fixed = |place: usize| same(&self.rows, place..place + 1);
        let fixed = stretch.clone().filter(|&place| is_fixed(place)).count();
        let classes = self.stretches(stretch.clone(), |pod| self.cluster.pod(pod).class);
        let determined = classes.into_iter().filter(|class| same(&self.settled, class.clone())).flatten();
        let exchanged = determined.filter(|&place| !is_fixed(place)).count();
        let pods = self.pods[stretch.clone()].to_vec();
        let is_evicted = |run: &Run| pods.iter().any(|pod| run.evicted.binary_search(pod).is_ok());
        Group {
            number,
            fixed,
            exchanged,
            arrangements: self.settled.iter().map(|row| &row[stretch.clone()]).collect::<FxHashSet<_>>().len(),
            nodes: self.seen(stretch.clone()),
            missing: self.missing(stretch, messages),
            evicted: Share::of(runs, is_evicted),
            pods,
        }
    }

    fn seen(&self, stretch: ops::Range<usize>) -> Vec<Seen> {
        let mut seen: BTreeMap<NodeId, Seen> = BTreeMap::new();
        for row in &self.rows {
            let mut there: BTreeMap<NodeId, usize> = BTreeMap::new();
            row[stretch.clone()].iter().flatten().for_each(|&node| *there.entry(node).or_default() += 1);
            for (node, pods) in there {
                let entry = seen.entry(node).or_insert(Seen { node, share: Share { runs: 0, of: self.rows.len() }, most: 0 });
                entry.share.runs += 1;
                entry.most = entry.most.max(pods);
            }
        }
        let mut seen: Vec<Seen> = seen.into_values().collect();
        seen.sort_by_key(|seen| (std::cmp::Reverse(seen.share.runs), seen.node));
        seen
    }

    fn missing(&self, stretch: ops::Range<usize>, messages: Sentences) -> Option<Missing> {
        let missing = |row: &Vec<Place>| row[stretch.clone()].iter().filter(|place| place.is_none()).count();
        let counts: Vec<usize> = self.rows.iter().map(missing).collect();
        let share = Share::of(&counts, |&count| count > 0);
        let (least, most) = (*counts.iter().min()?, *counts.iter().max()?);
        (share.runs > 0).then_some(Missing { share, least, most, messages })
    }
}
