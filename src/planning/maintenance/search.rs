//! The search for few waves: fill each as far as the limits allow, play it, and take out what does not work.
//!
//! Several numbers of waves and several orders of nodes are tried, the fewest waves first. A small cluster is then searched whole: every
//! order of every partition into fewer waves that the limits allow is played, so that what is found is the fewest there is, or the bound
//! rises.
//!
//! Promise: every wave that is returned was played after those before it, and keeps every promise.

use super::limit::{Bound, Limits};
use super::verdict::{Trouble, troubles};
use crate::cluster::index::NodeId;
use crate::simulation::drain::{Afterwards, State, Wave};

/// Up to so many nodes, all orders are tried.
const EXHAUSTIVE_NODES: usize = 6;
/// So many evictions are played in search of fewer waves, after the first order that was tried.
const EVICTIONS: usize = 60_000;
/// Nodes with less than this part of all pods (one in so many) are a small part of the cluster.
const SMALL_PART: usize = 16;
/// So many numbers of waves beyond the bound are aimed at.
const AIMS: usize = 3;

/// What the search is about.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a, 's> {
    /// The cluster before anything is drained.
    pub start: &'a State<'s>,
    /// The nodes to be drained.
    pub nodes: &'a [NodeId],
    /// What limits how many can be away at once.
    pub limits: &'a Limits,
    /// What becomes of them.
    pub afterwards: Afterwards,
    /// How many nodes at most make a wave.
    pub parallel: usize,
}

/// Waves that were found.
#[derive(Debug, Clone)]
pub struct Found<'s> {
    /// The waves.
    pub waves: Vec<Wave>,
    /// The cluster after them.
    pub end: State<'s>,
    /// Nodes that could not be drained, and what stood in the way when each was tried alone in the end.
    pub left: Vec<(NodeId, Vec<Trouble>)>,
    /// No order takes fewer waves.
    pub bound: Bound,
    /// Whether that rests on having played all orders.
    pub is_exhaustive: bool,
}

/// Looks for few waves.
pub fn search<'s>(task: &Task<'_, 's>) -> Found<'s> {
    let able: Vec<usize> = (0..task.nodes.len()).filter(|&node| task.limits.forbids(node).is_none()).collect();
    let bound = task.limits.bound(&able);
    let mut spent = 0;
    let mut best: Option<Tried<'s>> = None;
    'aims: for aim in bound.waves.max(1)..bound.waves.max(1) + AIMS {
        for order in orders(task, aim) {
            if best.is_some() && spent > EVICTIONS {
                break 'aims;
            }
            let tried = attempt(task, &order, aim, &mut spent);
            let is_done = tried.left.is_empty() && tried.waves.len() <= bound.waves;
            if best.as_ref().is_none_or(|best| tried.cost() < best.cost()) {
                best = Some(tried);
            }
            if is_done {
                break 'aims;
            }
        }
        if best.as_ref().is_some_and(|best| best.left.is_empty() && best.waves.len() <= aim) {
            break;
        }
    }
    let best = best.expect("at least one order is tried");
    finish(task, best, bound, &able, spent)
}

/// Searches a small cluster whole.
fn finish<'s>(task: &Task<'_, 's>, mut best: Tried<'s>, mut bound: Bound, able: &[usize], mut spent: usize) -> Found<'s> {
    let mut is_exhaustive = false;
    let is_small = task.nodes.len() <= EXHAUSTIVE_NODES && able.len() == task.nodes.len();
    if is_small && (best.waves.len() > bound.waves || !best.left.is_empty()) {
        let table = task.limits.table(able);
        let most = if best.left.is_empty() { best.waves.len() - 1 } else { task.nodes.len() };
        for waves in bound.waves..=most {
            let mut exhaustive = Exhaustive { task, table: &table, spent: &mut spent };
            match exhaustive.partition(task.start.clone(), (1 << task.nodes.len()) - 1, waves) {
                Outcome::Found(end, mut waves) => {
                    waves.reverse();
                    best = Tried { waves, end: *end, left: Vec::new() };
                    break;
                }
                Outcome::Nothing => {
                    is_exhaustive = true;
                    bound = Bound { waves: waves + 1, ..Bound::default() };
                }
                Outcome::GaveUp => break,
            }
        }
    }
    if !best.left.is_empty() {
        // what was found is about the others
        let drained: Vec<usize> = able.iter().copied().filter(|node| !best.left.contains(node)).collect();
        (bound, is_exhaustive) = (task.limits.bound(&drained), false);
    }
    let setting = task.start.setting();
    let mut alone = |&node: &usize| (task.nodes[node], troubles(setting, &best.end.try_drain(&[task.nodes[node]], task.afterwards)));
    let left = best.left.iter().map(&mut alone).collect();
    Found { waves: best.waves, end: best.end, left, bound, is_exhaustive }
}

/// Drains nodes, if that keeps every promise; otherwise the state stays as it is. What stands in the way.
///
/// A small part of the cluster is tried first and then drained, which costs less than a copy of everything.
fn advance<'s>(task: &Task<'_, 's>, state: &mut State<'s>, nodes: &[NodeId], spent: &mut usize) -> (Wave, Vec<Trouble>) {
    let setting = task.start.setting();
    let count: i64 = nodes.iter().map(|&node| state.scheduler().occupancy().pod_count(node)).sum();
    if usize::try_from(count).is_ok_and(|count| count * SMALL_PART < setting.pods().len()) {
        let wave = state.try_drain(nodes, task.afterwards);
        *spent += wave.evictions.len();
        let troubles = troubles(setting, &wave);
        return match troubles.is_empty() {
            true => (state.drain(nodes, task.afterwards), troubles),
            false => (wave, troubles),
        };
    }
    let mut next = state.clone();
    let wave = next.drain(nodes, task.afterwards);
    *spent += wave.evictions.len();
    let troubles = troubles(setting, &wave);
    if troubles.is_empty() {
        *state = next;
    }
    (wave, troubles)
}

/// What came of one order.
struct Tried<'s> {
    waves: Vec<Wave>,
    end: State<'s>,
    left: Vec<usize>,
}

impl Tried<'_> {
    /// Nodes left, then waves.
    fn cost(&self) -> (usize, usize) {
        (self.left.len(), self.waves.len())
    }
}

/// Orders in which waves are filled: as listed, busiest first, idlest first, domain by domain, and in reverse. When the waves are as
/// many as the nodes, order is all there is.
fn orders(task: &Task<'_, '_>, aim: usize) -> Vec<Vec<usize>> {
    let listed: Vec<usize> = (0..task.nodes.len()).collect();
    let occupancy = task.start.scheduler().occupancy();
    let cluster = task.start.setting().cluster();
    let mut busiest = listed.clone();
    busiest.sort_by_key(|&node| std::cmp::Reverse(occupancy.pod_count(task.nodes[node])));
    let mut zones = listed.clone();
    zones.sort_by_key(|&node| cluster.nodes.zone(task.nodes[node]));
    let idlest: Vec<usize> = busiest.iter().rev().copied().collect();
    let reverse: Vec<usize> = listed.iter().rev().copied().collect();
    let dealt = (0..aim).flat_map(|first| listed.iter().skip(first).step_by(aim).copied()).collect();
    let mut orders = vec![listed, busiest, zones, idlest, reverse, dealt];
    let mut seen: Vec<Vec<usize>> = Vec::new();
    orders.retain(|order| {
        let is_new = !seen.contains(order);
        seen.push(order.clone());
        is_new
    });
    orders
}

/// Fills one wave after another in this order, `aim` waves if that works.
fn attempt<'s>(task: &Task<'_, 's>, order: &[usize], aim: usize, spent: &mut usize) -> Tried<'s> {
    let mut state = task.start.clone();
    let (mut waves, mut remaining) = (Vec::new(), order.to_vec());
    let mut stuck: Vec<usize> = Vec::new();
    while remaining.len() > stuck.len() {
        let open: Vec<usize> = remaining.iter().copied().filter(|node| !stuck.contains(node)).collect();
        let share = open.len().div_ceil(aim.saturating_sub(waves.len()).max(1));
        let mut group = fill(task, &open, share.min(task.parallel));
        loop {
            let (wave, troubles) = advance(task, &mut state, &listed(task, &group), spent);
            if troubles.is_empty() {
                waves.push(wave);
                remaining.retain(|node| !group.contains(node));
                stuck.clear();
                break;
            }
            if group.len() == 1 {
                stuck.push(group[0]);
                break;
            }
            group = shrunk(task, &group, &troubles);
        }
    }
    Tried { waves, end: state, left: remaining }
}

/// The nodes of a group in list order.
fn listed(task: &Task<'_, '_>, group: &[usize]) -> Vec<NodeId> {
    let mut nodes: Vec<NodeId> = group.iter().map(|&node| task.nodes[node]).collect();
    nodes.sort_unstable();
    nodes
}

/// The first of these nodes that the limits allow together; at least one.
fn fill(task: &Task<'_, '_>, open: &[usize], most: usize) -> Vec<usize> {
    let mut bin = task.limits.bin();
    let mut group = Vec::new();
    for &node in open {
        if group.len() >= most.max(1) {
            break;
        }
        if bin.add(node) {
            group.push(node);
        }
    }
    if group.is_empty() { open[..1].to_vec() } else { group }
}

/// A smaller group: without the nodes whose pods are in trouble, but never less than half of it.
fn shrunk(task: &Task<'_, '_>, group: &[usize], troubles: &[Trouble]) -> Vec<usize> {
    let is_troubled = |node: &usize| troubles.iter().any(|trouble| trouble.node == Some(task.nodes[*node]));
    let (troubled, fine): (Vec<usize>, Vec<usize>) = group.iter().copied().partition(is_troubled);
    if troubled.is_empty() || fine.len() < group.len().div_ceil(2) {
        // whoever moved last found the least room
        group[..group.len() / 2].to_vec()
    } else {
        fine
    }
}

/// What came of trying all orders.
enum Outcome<'s> {
    /// Waves, the last first, and the cluster after them.
    Found(Box<State<'s>>, Vec<Wave>),
    /// There are none.
    Nothing,
    /// It takes too long.
    GaveUp,
}

/// Plays every order of every partition.
struct Exhaustive<'a, 't, 's> {
    task: &'a Task<'t, 's>,
    /// For each set of nodes, the fewest waves that the limits leave.
    table: &'a [usize],
    spent: &'a mut usize,
}

impl<'s> Exhaustive<'_, '_, 's> {
    /// Drains the nodes of `set` in at most `waves` waves.
    fn partition(&mut self, state: State<'s>, set: usize, waves: usize) -> Outcome<'s> {
        if set == 0 {
            return Outcome::Found(Box::new(state), Vec::new());
        }
        let mut part = set;
        while part > 0 {
            let rest = set ^ part;
            if part.count_ones() as usize <= self.task.parallel && self.table[part] == 1 && self.table[rest] < waves {
                if *self.spent > EVICTIONS {
                    return Outcome::GaveUp;
                }
                let group: Vec<usize> = (0..self.task.nodes.len()).filter(|bit| part >> bit & 1 == 1).collect();
                let mut next = state.clone();
                let wave = next.drain(&listed(self.task, &group), self.task.afterwards);
                *self.spent += wave.evictions.len().max(1);
                if troubles(self.task.start.setting(), &wave).is_empty() {
                    match self.partition(next, rest, waves - 1) {
                        Outcome::Found(end, mut after) => {
                            after.push(wave);
                            return Outcome::Found(end, after);
                        }
                        Outcome::GaveUp => return Outcome::GaveUp,
                        Outcome::Nothing => {}
                    }
                }
            }
            part = (part - 1) & set;
        }
        Outcome::Nothing
    }
}
