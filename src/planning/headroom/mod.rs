//! How much more load autoscaled workloads can take before a pod finds no node.
//!
//! All autoscalers get the same multiple λ of their load; the controller's arithmetic says how many replicas each comes to rest at
//! ([`Load`]), and the scheduler whether all of their pods fit. Replicas change at finitely many λ, so
//! between two of these nothing changes, and trying one λ of each stretch tries all. Stretches are closed at their upper end: the answer is a
//! largest λ, an exact fraction.
//!
//! "Fits" means that no pod is pending but those that are pending at the least load already and belong to nothing that is autoscaled, and that
//! nothing is evicted for good. From the least load upwards, the first stretch that does not fit after one that does is the wall. Placement is not monotone:
//! stretches above the wall that fit again are told. What the load adds is created after everything that is there at the current replicas, and a pod
//! that the API server refuses, because a quota is spent, does not fit.

mod trial;

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::controllers::expand;
use crate::controllers::horizontal_pod_autoscaler::assume::{Assumption, Autoscaler, Rescaled, autoscale, autoscalers};
use crate::controllers::horizontal_pod_autoscaler::load::{Factor, Load};
use crate::controllers::scale_down::scale_down;
use crate::manifest::Objects;
use crate::manifest::location::Note;
use crate::manifest::read::Written;
use crate::scheduler::Options;
use crate::scheduler::profile::Configuration;
use crate::simulation;
use crate::usage::Usage;
pub use trial::{Pending, Stop, Trial};

/// So many stretches are all tried; of more, the wall is found by halving, and its neighbours are tried.
const TRY_ALL: usize = 128;
/// So many stretches above a wall that was found by halving are tried too.
const ABOVE: usize = 16;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The objects as written, autoscalers defaulted.
    pub objects: &'a Objects,
    /// Which of them were written, and which belong to a cluster.
    pub written: &'a Written,
    /// The cluster's versions of what was written over them.
    pub replaced: &'a Objects,
    /// What to take for current replicas.
    pub assumption: &'a Assumption,
    /// What was measured; without it, every autoscaler is taken to be exactly at its target.
    pub usage: Option<&'a Usage>,
    /// How the scheduler works.
    pub configuration: &'a Configuration,
    /// And what it leaves open.
    pub options: Options,
}

/// An autoscaler and its part in the answer.
#[derive(Debug, Clone)]
pub struct Room {
    /// The autoscaler.
    pub autoscaler: Autoscaler,
    /// Its load at λ = 1.
    pub load: Load,
    /// What could not be told of its metrics.
    pub problems: Vec<String>,
    /// The loads at which it changes its replicas, each with the replicas up to it.
    pub steps: Vec<(Option<Factor>, i32)>,
    /// The largest λ at which it is not yet at its most; none if it never gets there, zero if it is there from the start.
    pub most_beyond: Option<Factor>,
}

/// Loads between which no autoscaler changes anything.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// Up to and with this λ; none for "however large".
    pub up_to: Option<Factor>,
    /// Replicas of each autoscaler.
    pub replicas: Vec<i32>,
    /// What came of placing these; none if it was not tried.
    pub trial: Option<Trial>,
}

impl Stretch {
    /// Whether it was tried and fits; none if it was not tried.
    fn fits(&self, tolerated: usize) -> Option<bool> {
        self.trial.as_ref().map(|trial| trial.fits(tolerated))
    }
}

/// How much more load fits.
#[derive(Debug, Clone)]
pub struct Headroom {
    /// The autoscalers, in the order in which they were written.
    pub rooms: Vec<Room>,
    /// Autoscalers that do nothing, and replicas that are not those written.
    pub notes: Vec<Note>,
    /// Everything at its most.
    pub at_max: Trial,
    /// All stretches, from the least load up.
    pub stretches: Vec<Stretch>,
    /// Pods of nothing that is autoscaled that are pending under any load.
    pub tolerated: usize,
    /// The last stretch before the wall; none if not even the least load fits.
    pub last: Option<usize>,
    /// The first stretch that does not fit; none if all do.
    pub wall: Option<usize>,
}

impl Headroom {
    /// Whether everything fits at its most.
    pub fn max_fits(&self) -> bool {
        self.at_max.fits(self.tolerated)
    }

    /// How many stretches were tried.
    pub fn tried(&self) -> usize {
        self.stretches.iter().filter(|stretch| stretch.trial.is_some()).count()
    }

    /// The largest λ at which everything fits: none if no λ does, or all do.
    pub fn largest(&self) -> Option<Factor> {
        self.stretches[self.last?].up_to
    }

    /// Stretches above the wall that fit again.
    pub fn fit_again(&self) -> Vec<usize> {
        let Some(wall) = self.wall else { return Vec::new() };
        (wall + 1..self.stretches.len()).filter(|&at| self.stretches[at].fits(self.tolerated) == Some(true)).collect()
    }

    /// The stretch that a λ lies in.
    pub fn at(&self, factor: Factor) -> &Stretch {
        let within = |stretch: &&Stretch| stretch.up_to.is_none_or(|end| factor <= end);
        self.stretches.iter().find(within).expect("the last stretch has no end")
    }

    /// The autoscaler that is at its most first, and the largest λ at which it is not: of those that move at all.
    pub fn first_at_most(&self) -> Option<(usize, Factor)> {
        let reached = self.rooms.iter().enumerate().filter_map(|(index, room)| Some((index, room.most_beyond?)));
        reached.min_by(|a, b| a.1.cmp(&b.1).then(a.0.cmp(&b.0)))
    }

    /// The autoscalers whose replicas change where the wall begins.
    pub fn grown_at_wall(&self) -> Vec<usize> {
        let (Some(wall), Some(last)) = (self.wall, self.last) else { return Vec::new() };
        let (before, after) = (&self.stretches[last].replicas, &self.stretches[wall].replicas);
        (0..before.len()).filter(|&index| after[index] > before[index]).collect()
    }
}

/// Answers it. None if no autoscaler works; then only the notes say why.
pub fn headroom(question: &Question<'_>) -> Result<Headroom, Vec<Note>> {
    let ground = Ground::new(question)?;
    let at_max = ground.place(&ground.most());
    let mut stretches = stretches(&ground.rooms);
    ground.try_all(&mut stretches, &[0]);
    let tolerated = stretches[0].trial.as_ref().map_or(0, Trial::tolerated);
    search(&ground, &mut stretches, tolerated);
    let wall = wall(&stretches, tolerated);
    let last = match wall {
        Some(0) => None,
        Some(wall) => Some(wall - 1),
        None => Some(stretches.len() - 1),
    };
    let Ground { rooms, notes, .. } = ground;
    Ok(Headroom { rooms, notes, at_max, stretches, tolerated, last, wall })
}

/// What comes of every autoscaler being at its most.
#[derive(Debug, Clone)]
pub struct AtMost {
    /// The autoscalers that work, in the order in which they were written.
    pub rooms: Vec<Room>,
    /// Everything placed so, if there are any.
    pub trial: Option<Trial>,
    /// Why others do not work.
    pub notes: Vec<Note>,
}

/// Places everything with every autoscaler at its most, all at once. The objects are there already: seen by the API server, and expanded;
/// what is at zero replicas stays there.
pub fn at_most(objects: &Objects, configuration: &Configuration, options: Options) -> AtMost {
    let (found, notes) = autoscalers(objects);
    let rooms: Vec<Room> = found.into_iter().map(|autoscaler| room(autoscaler, None, objects)).collect();
    if rooms.is_empty() {
        return AtMost { rooms, trial: None, notes };
    }
    let (written, replaced, assumption) = (&Written::Nothing, &Objects::default(), &Assumption::Current);
    let question = Question { objects, written, replaced, assumption, usage: None, configuration, options };
    let observed = rooms.iter().map(|room| room.autoscaler.written).collect();
    let mut objects = objects.clone();
    adopt(&mut objects);
    let ground = Ground { question: &question, objects, observed, rooms, notes };
    let trial = ground.place(&ground.most());
    AtMost { rooms: ground.rooms, trial: Some(trial), notes: ground.notes }
}

/// Everything that is there at the current replicas.
fn created(question: &Question<'_>, mut objects: Objects, rescaled: &[Rescaled]) -> Objects {
    // what is refused here is refused in every trial, and told there
    _ = simulation::create(&mut objects, question.written, question.replaced, |objects| {
        let notes = expand(objects);
        for rescaled in rescaled.iter().filter(|rescaled| rescaled.to < rescaled.from) {
            scale_down(objects, &rescaled.workload, rescaled.to);
        }
        notes
    });
    adopt(&mut objects);
    objects
}

/// From here on these are there, and only what a trial adds has yet to pass the server: a uid of its own says so.
fn adopt(objects: &mut Objects) {
    let uids = objects.pods.iter_mut().map(|pod| &mut pod.metadata.uid);
    for uid in uids.chain(objects.persistent_volume_claims.iter_mut().map(|claim| &mut claim.metadata.uid)) {
        *uid = uid.replace('/', ".");
    }
}

fn room(autoscaler: Autoscaler, usage: Option<&Usage>, objects: &Objects) -> Room {
    let (load, problems) = match usage {
        Some(usage) => autoscaler.measured_load(usage, &objects.pods),
        None => autoscaler.load_at_target(),
    };
    let steps = load.steps();
    let most = autoscaler.bounds().1;
    let reached = steps.iter().position(|(_, replicas)| *replicas >= most);
    let most_beyond = reached.map(|at| if at == 0 { Factor::new(0, 1) } else { steps[at - 1].0.unwrap_or(Factor::ONE) });
    Room { autoscaler, load, problems, steps, most_beyond }
}

/// The stretches of all autoscalers together.
fn stretches(rooms: &[Room]) -> Vec<Stretch> {
    let ends: BTreeSet<Factor> = rooms.iter().flat_map(|room| &room.steps).filter_map(|(end, _)| *end).collect();
    let replicas = |factor: Option<Factor>| {
        let within = |end: Option<Factor>| match (end, factor) {
            (Some(end), Some(factor)) => factor <= end,
            (end, _) => end.is_none(),
        };
        rooms.iter().map(|room| room.steps.iter().find(|(end, _)| within(*end)).map_or(0, |(_, replicas)| *replicas)).collect()
    };
    let ends = ends.into_iter().map(Some).chain([None]);
    ends.map(|up_to| Stretch { up_to, replicas: replicas(up_to), trial: None }).collect()
}

/// The first stretch that does not fit, above the first that does; the very first if none does.
fn wall(stretches: &[Stretch], tolerated: usize) -> Option<usize> {
    let fits = |stretch: &Stretch| stretch.fits(tolerated);
    let start = stretches.iter().position(|stretch| fits(stretch) == Some(true)).unwrap_or(0);
    (start..stretches.len()).find(|&at| fits(&stretches[at]) == Some(false))
}

/// Tries all stretches, or looks for a wall by halving.
fn search(ground: &Ground<'_>, stretches: &mut [Stretch], tolerated: usize) {
    let top = stretches.len() - 1;
    if stretches.len() <= TRY_ALL {
        return ground.try_all(stretches, &(0..=top).collect::<Vec<_>>());
    }
    ground.try_all(stretches, &[top]);
    let fits = |stretch: &Stretch| stretch.fits(tolerated) == Some(true);
    if !fits(&stretches[0]) || fits(&stretches[top]) {
        return;
    }
    let (mut low, mut high) = (0, top);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        ground.try_all(stretches, &[middle]);
        if fits(&stretches[middle]) { low = middle } else { high = middle }
    }
    ground.try_all(stretches, &(high..=top.min(high + ABOVE)).collect::<Vec<_>>());
}

/// What all trials share.
#[derive(Debug)]
pub struct Ground<'a> {
    question: &'a Question<'a>,
    /// Everything, with the pods of the current replicas.
    objects: Objects,
    /// Replicas of each autoscaled workload in the input.
    observed: Vec<i32>,
    /// The autoscalers, in the order in which they were written.
    pub rooms: Vec<Room>,
    /// Autoscalers that do nothing, and replicas that are not those written.
    pub notes: Vec<Note>,
}

impl<'a> Ground<'a> {
    /// Of what is asked. None if no autoscaler works; then only the notes say why.
    pub fn new(question: &'a Question<'a>) -> Result<Self, Vec<Note>> {
        let observed: Vec<i32> = autoscalers(question.objects).0.iter().map(|autoscaler| autoscaler.written).collect();
        let mut objects = question.objects.clone();
        let (rescaled, mut notes) = autoscale(&mut objects, question.assumption);
        let (found, _) = autoscalers(&objects);
        if found.is_empty() {
            notes.push(Note::general("no autoscaler in the input scales a workload of the input"));
            return Err(notes);
        }
        let rooms: Vec<Room> = found.into_iter().map(|autoscaler| room(autoscaler, question.usage, &objects)).collect();
        let objects = created(question, objects, &rescaled);
        Ok(Ground { question, objects, observed, rooms, notes })
    }

    /// Everything, with the pods of the current replicas.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The most of every autoscaler; none of a workload that has no replicas, which its autoscaler leaves alone.
    pub fn most(&self) -> Vec<i32> {
        let most = |room: &Room| if room.load.replicas == 0 { 0 } else { room.autoscaler.bounds().1 };
        self.rooms.iter().map(most).collect()
    }

    /// Tries these stretches, unless that was done.
    fn try_all(&self, stretches: &mut [Stretch], which: &[usize]) {
        let new: Vec<usize> = which.iter().copied().filter(|&at| stretches[at].trial.is_none()).collect();
        let trials: Vec<Trial> = new.par_iter().map(|&at| self.place(&stretches[at].replicas)).collect();
        new.into_iter().zip(trials).for_each(|(at, trial)| stretches[at].trial = Some(trial));
    }
}
