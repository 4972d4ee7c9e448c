//! Putting the answers together: certificates first, then the losses that are left.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Limits;
use super::demand::Unbounded;
use super::ground::Ground;
use super::obstacle::Obstacle;
use super::orbit::Orbits;
use super::packing::{Reserve, reserve};
use super::repack::{Repack, repack};
use super::room::{ClassRoom, Rooms};
use super::search::{Bound, Cover, Leaf, choose, search};
use crate::cluster::index::{ClassId, NodeId};
use crate::simulation::loss::{Loss, Until, sweep};

/// So many losses are played before it is looked whether one fails.
const BATCH: usize = 256;

/// An answer about all losses of `k` units.
#[derive(Debug, Clone, PartialEq)]
pub enum Proof<W> {
    /// It holds for every one.
    Holds(Coverage),
    /// It fails for one.
    Fails {
        /// What is lost, as indices of units.
        units: Vec<u32>,
        /// The same as nodes.
        nodes: Vec<NodeId>,
        /// What comes of it.
        why: W,
    },
    /// It holds as far as was looked; how far that is.
    Open(Coverage),
}

/// Which losses were covered, and by what. They add up to all losses.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Coverage {
    /// By certificates.
    pub certified: u128,
    /// By playing or packing them one by one.
    pub tried: u128,
    /// By trying another that differs in names only. Which of two equally good nodes is taken may differ too.
    pub alike: u128,
    /// By nothing.
    pub left: u128,
    /// The certificates for all losses at once.
    pub certificate: Certificate,
}

/// What is certain for all losses at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Certificate {
    /// Classes of displaced pods that always find a node, each in the cell where that is tightest.
    pub rooms: Vec<ClassRoom>,
    /// Places kept for the others, if that worked out and is of use.
    pub reserve: Option<Reserve>,
    /// Classes for which nothing is certain, and why nothing can be said beforehand; without a reason, because sums do not tell.
    pub open: Vec<(ClassId, Option<Unbounded>)>,
}

impl Certificate {
    /// The class that has least to spare.
    pub fn tightest(&self) -> Option<&ClassRoom> {
        self.rooms.iter().min_by_key(|room| room.left())
    }
}

impl<W> Proof<W> {
    /// Whether it holds for every loss.
    pub fn holds(&self) -> bool {
        matches!(self, Proof::Holds(_))
    }

    /// What fails.
    pub fn failure(&self) -> Option<(&[NodeId], &W)> {
        match self {
            Proof::Fails { nodes, why, .. } => Some((nodes, why)),
            _ => None,
        }
    }

    /// What was covered, if nothing fails.
    pub fn coverage(&self) -> Option<&Coverage> {
        match self {
            Proof::Holds(coverage) | Proof::Open(coverage) => Some(coverage),
            Proof::Fails { .. } => None,
        }
    }
}

/// Losses that were played: whether everything came back without anybody being evicted.
pub(super) type Played = BTreeMap<Vec<u32>, bool>;

/// What is known of losses without playing them.
pub(super) struct Prover<'a> {
    ground: &'a Ground<'a>,
    rooms: Rooms,
    limits: Limits,
    orbits: Orbits,
}

/// Rooms alone: what holds for the scheduler.
struct ByRoom<'a>(&'a Rooms);

impl Bound for ByRoom<'_> {
    fn open(&self, taken: &[u32], more: usize, mut classes: Vec<ClassId>) -> Vec<ClassId> {
        classes.retain(|&class| self.0.number(class).is_none_or(|number| !self.0.holds(number, taken, more)));
        classes
    }
}

/// Rooms, and places kept for what has none.
struct ByReserve<'a>(&'a Ground<'a>, &'a Rooms);

impl Bound for ByReserve<'_> {
    fn open(&self, taken: &[u32], more: usize, classes: Vec<ClassId>) -> Vec<ClassId> {
        let open = ByRoom(self.1).open(taken, more, classes);
        match open.is_empty() || reserve(self.0, self.1, &open, taken, more).is_none() {
            true => open,
            false => Vec::new(),
        }
    }
}

impl<'a> Prover<'a> {
    pub fn new(ground: &'a Ground<'a>, limits: Limits) -> Self {
        // few enough to be played one by one are not merged: then the answer hangs on no likeness
        let losses = choose(ground.units.len(), ground.k);
        let orbits = if losses <= limits.replays as u128 { Orbits::apart(ground.units.len()) } else { Orbits::new(ground) };
        Prover { ground, rooms: Rooms::new(ground), limits, orbits }
    }

    /// Whether kube-scheduler brings everything back, and which losses were played for that.
    pub fn reached(&self, told: &(impl Fn() + Sync)) -> (Proof<Box<Loss>>, Played) {
        let cover = search(self.ground, &self.orbits, &ByRoom(&self.rooms), self.limits.tests);
        let mut played = Played::new();
        let (now, later) = cover.leaves.split_at(cover.leaves.len().min(self.limits.replays));
        for batch in now.chunks(BATCH) {
            if let Some((units, loss)) = self.play(batch, &mut played, told) {
                return (Proof::Fails { units, nodes: loss.nodes.clone(), why: Box::new(loss) }, played);
            }
        }
        (self.settle(&cover, now, later, self.certificate(&cover.open, None)), played)
    }

    /// Plays some losses; of those that fail the worst, of equals the first.
    fn play(&self, leaves: &[Leaf], played: &mut Played, told: &(impl Fn() + Sync)) -> Option<(Vec<u32>, Loss)> {
        let losses: Vec<Vec<NodeId>> = leaves.iter().map(|leaf| self.ground.units.lost(&leaf.units)).collect();
        let judge = |_, loss: Loss| (loss.preempted.is_empty() && loss.is_made_good(), (!loss.is_made_good()).then_some(loss));
        let judged = sweep(self.ground.baseline, &losses, Until::Removed, judge, told);
        let mut worst: Option<(usize, Loss, Vec<u32>)> = None;
        for (leaf, (is_clean, failed)) in leaves.iter().zip(judged) {
            played.insert(leaf.units.clone(), is_clean);
            let Some(loss) = failed else { continue };
            let pending = loss.pending().count() + loss.preempted.iter().filter(|preempted| preempted.to.is_none()).count();
            let is_worse = |(most, _, units): &(usize, Loss, Vec<u32>)| pending > *most || pending == *most && leaf.units < *units;
            if worst.as_ref().is_none_or(is_worse) {
                worst = Some((pending, loss, leaf.units.clone()));
            }
        }
        worst.map(|(_, loss, units)| (units, loss))
    }

    /// Whether everything has a place.
    pub fn repackable(&self, played: &Played) -> Proof<Obstacle> {
        let bound = ByReserve(self.ground, &self.rooms);
        let cover = search(self.ground, &self.orbits, &bound, self.limits.tests);
        let (clean, open): (Vec<Leaf>, Vec<Leaf>) = cover.leaves.iter().cloned().partition(|leaf| played.get(&leaf.units) == Some(&true));
        let (now, later) = open.split_at(open.len().min(self.limits.replays));
        let (mut placed, mut left) = (clean, later.to_vec());
        for batch in now.chunks(BATCH) {
            for (leaf, answer) in batch.iter().zip(self.pack(batch)) {
                match answer {
                    Repack::Fits(_) => placed.push(leaf.clone()),
                    Repack::Open => left.push(leaf.clone()),
                    Repack::Fails(why) => {
                        let nodes = self.ground.units.lost(&leaf.units);
                        return Proof::Fails { units: leaf.units.clone(), nodes, why };
                    }
                }
            }
        }
        let by_rooms = ByRoom(&self.rooms).open(&[], self.ground.k, self.ground.displaced().map(|(class, _)| class).collect());
        let kept = if by_rooms.is_empty() { None } else { reserve(self.ground, &self.rooms, &by_rooms, &[], self.ground.k) };
        self.settle(&cover, &placed, &left, self.certificate(&by_rooms, kept))
    }

    fn pack(&self, leaves: &[Leaf]) -> Vec<Repack> {
        let stretch = leaves.len().div_ceil(rayon::current_num_threads()).max(1);
        let pack = |leaves: &[Leaf]| {
            let mut scheduler = self.ground.baseline.scheduler();
            let one = |leaf: &Leaf| repack(self.ground.baseline, &mut scheduler, &self.ground.units.lost(&leaf.units));
            leaves.iter().map(one).collect::<Vec<Repack>>()
        };
        leaves.par_chunks(stretch).flat_map_iter(pack).collect()
    }

    fn settle<W>(&self, cover: &Cover, covered: &[Leaf], left: &[Leaf], certificate: Certificate) -> Proof<W> {
        let sum = |leaves: &[Leaf]| leaves.iter().map(|leaf| leaf.stands_for).sum::<u128>();
        let left = sum(left) + cover.unseen;
        let tried = covered.len() as u128;
        let coverage = Coverage { certified: cover.certified, tried, alike: sum(covered) - tried, left, certificate };
        if left == 0 { Proof::Holds(coverage) } else { Proof::Open(coverage) }
    }

    fn certificate(&self, open: &[ClassId], reserve: Option<Reserve>) -> Certificate {
        let rooms = (0..self.rooms.len()).filter(|&number| open.binary_search(&self.rooms.demand(number).class).is_err());
        let why = |class: ClassId| self.rooms.unbounded.iter().find(|(unbounded, _)| *unbounded == class).map(|&(_, why)| why);
        let is_kept = |class: &ClassId| reserve.as_ref().is_some_and(|kept| kept.places.iter().any(|(of, _)| of == class));
        Certificate {
            rooms: rooms.filter_map(|number| self.rooms.tightest(number, &[], self.ground.k)).collect(),
            open: open.iter().copied().filter(|class| !is_kept(class)).map(|class| (class, why(class))).collect(),
            reserve,
        }
    }
}
