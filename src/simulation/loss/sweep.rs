//! Many losses, on all cores. Rayon's home in this room.

use rayon::prelude::*;

use super::{Baseline, Loss, Until, lose};
use crate::cluster::index::NodeId;
use crate::scheduler::Options;

/// So many losses are played by one scheduler in a row, so that it is worth its making and cores are evenly busy.
const STRETCH: usize = 64;

/// Plays every loss, each from the baseline, and gives what `judge` makes of each, in order. `told` is called after each one, on any
/// thread.
pub fn sweep<T: Send>(
    baseline: &Baseline,
    losses: &[Vec<NodeId>],
    until: Until,
    judge: impl Fn(usize, Loss) -> T + Sync,
    told: impl Fn() + Sync,
) -> Vec<T> {
    sweep_with(baseline, baseline.options(), losses, until, judge, told)
}

/// As [`sweep`], with other options for what is decided after the loss than those that the baseline was made with.
pub fn sweep_with<T: Send>(
    baseline: &Baseline,
    options: Options,
    losses: &[Vec<NodeId>],
    until: Until,
    judge: impl Fn(usize, Loss) -> T + Sync,
    told: impl Fn() + Sync,
) -> Vec<T> {
    let stretch = STRETCH.min(losses.len().div_ceil(rayon::current_num_threads()).max(1));
    let play = |(number, stretch_of): (usize, &[Vec<NodeId>])| {
        let mut scheduler = baseline.scheduler_with(options);
        let one = |(at, nodes): (usize, &Vec<NodeId>)| {
            let judged = judge(number * stretch + at, lose(baseline, &mut scheduler, nodes, until));
            told();
            judged
        };
        stretch_of.iter().enumerate().map(one).collect::<Vec<T>>()
    };
    losses.par_chunks(stretch).enumerate().flat_map_iter(play).collect()
}
