//! What real clusters leave to chance, drawn again and again: pods that come at the same time come in any order, and any of several
//! equally good nodes may be taken.
//!
//! [`sample`] places everything that waits in so many runs, on all cores; a run is an ordinary run of the scheduler from a seed of its own
//! ([`Draws::options_of`]), and can be had again by that seed. [`Places`] and [`NodeRange`] say what the runs have in common, [`Share`]
//! what they say of all the runs that were not drawn.
//!
//! Drawn: the order of pods of one priority and creation time ([`Arrivals`]), and ties ([`Ties`]): 1.34 breaks them at random, and in 1.36
//! filtering in parallel can turn the order on which they depend. Not drawn: anything else that may go otherwise in a real cluster (when
//! pods end, autoscalers, nodes that come). Runs are drawn, not searched: that none of them goes wrong proves nothing of those not drawn.
//!
//! Promise: the runs depend on input, options and seed alone, and are the same for any number of threads.
//!
//! Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927); J. A. Hanley and
//! A. Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249 (1983).

mod node_range;
mod places;
mod run;
mod share;

use rayon::prelude::*;

pub use node_range::{NodeRange, RESOURCES, Range};
pub use places::{Group, Missing, Places, Seen};
pub use run::Run;
pub use share::Share;

use crate::cluster::Cluster;
use crate::cluster::occupancy::Occupancy;
use crate::scheduler::arrivals::Arrivals;
use crate::scheduler::profile::Profile;
use crate::scheduler::ties::Ties;
use crate::scheduler::{Options, Scheduler};

/// Which runs are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Draws {
    /// How pods are placed: what is random in them is drawn, the rest is as it is.
    pub options: Options,
    /// The seed of the first run; the others follow it, one by one.
    pub seed: u64,
    /// How many runs.
    pub runs: usize,
}

impl Draws {
    /// The seed of a run.
    pub fn seed_of(&self, run: usize) -> u64 {
        self.seed.wrapping_add(run as u64)
    }

    /// The options of a run: a scheduler with them does the same.
    pub fn options_of(&self, run: usize) -> Options {
        let seed = self.seed_of(run);
        let ties = match self.options.ties {
            Ties::Random(_) => Ties::Random(seed),
            fixed => fixed,
        };
        let arrivals = match self.options.arrivals {
            Arrivals::Random(_) => Arrivals::Random(seed),
            Arrivals::Listed => Arrivals::Listed,
        };
        Options { ties, arrivals, ..self.options }
    }
}

/// Places everything that waits, in every run. `told` is called after each, on any thread.
pub fn sample(cluster: &Cluster, profiles: &[Profile], draws: &Draws, told: impl Fn() + Sync) -> Vec<Run> {
    let before = Occupancy::new(cluster);
    let run = |number: usize| {
        let mut scheduler = Scheduler::at(cluster, profiles, draws.options_of(number), before.clone());
        let schedule = scheduler.run(|_, _| ());
        told();
        Run::new(draws.seed_of(number), &scheduler, &schedule)
    };
    (0..draws.runs).into_par_iter().map(run).collect()
}
