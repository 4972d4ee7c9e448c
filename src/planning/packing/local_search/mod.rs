//! Makes a packing cheaper, step by step.
//!
//! Several searches go on side by side, each in its own manner: a fleet is made cheaper ([`fleet`]) and what is then loose is packed into
//! it ([`ejection`]); if there are several types of bins, some bins are freed and packed anew ([`repack`]). After each round all go on from
//! the best. Effort is counted, not timed, and of searches that reach the goal the first in order counts, so that the outcome is the same
//! with any number of threads.

mod ejection;
mod fleet;
mod repack;

use std::sync::atomic::{AtomicUsize, Ordering};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::Budget;
use super::construct::{Draft, Measure, Scale, Weights};
use super::instance::Packing;
use super::tables::{OpenBin, Tables};
use ejection::{Manner, Search};
use repack::Repacking;

/// How the searches go about it.
const MANNERS: [Manner; 4] = [
    Manner { ejected_max: 2, swaps: 20, by_size: true },
    Manner { ejected_max: 3, swaps: 20, by_size: false },
    Manner { ejected_max: 2, swaps: 100, by_size: false },
    Manner { ejected_max: 3, swaps: 100, by_size: true },
];

/// After how many looks the clock is asked.
const LOOKS_AT_ONCE: u64 = 20_000;

/// How much is tried before local search gives up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// How many rounds may bring nothing.
    pub rounds: u32,
    /// How many looks one search has in a round at most.
    pub looks: u64,
    /// How many looks it has at most for each item and each bin that there are.
    pub looks_each: u64,
}

impl Effort {
    /// A glance, for what is easy to find.
    pub const LITTLE: Effort = Effort { rounds: 1, looks: 500_000, looks_each: 200 };
    /// As much as pays if nothing else found the cheapest.
    pub const MUCH: Effort = Effort { rounds: 12, looks: 10_000_000, looks_each: 1000 };

    fn looks(self, size: u64) -> u64 {
        self.looks.min(self.looks_each.saturating_mul(size))
    }
}

/// How many empty bins of each type there are at most for what is left of a draft.
const EMPTY_MAX: u64 = 1000;

/// As many looks as freeing some bins and packing them anew takes.
const LOOKS_OF_REPACK: u64 = 5000;

/// What local search knows throughout.
struct Frame<'a> {
    tables: &'a Tables<'a>,
    sizes: Vec<u64>,
    /// What a unit of each resource costs.
    prices: Vec<f64>,
    goal: i64,
    budget: &'a Budget<'a>,
    /// The first search that reached the goal.
    winner: AtomicUsize,
}

/// One of the searches.
struct Seeker<'t> {
    index: usize,
    random: ChaCha8Rng,
    price: i64,
    bins: Vec<OpenBin>,
    /// A cheaper fleet that is still being filled.
    search: Option<Search<'t>>,
}

/// A packing that is not dearer, and whether time was up before so many rounds had brought nothing.
pub(super) fn improve(tables: &Tables, packing: Packing, goal: i64, effort: Effort, budget: &Budget) -> (Packing, bool) {
    let frame = Frame {
        tables,
        sizes: sizes(tables),
        prices: Scale::new(tables).unit_prices(tables),
        goal,
        budget,
        winner: AtomicUsize::new(usize::MAX),
    };
    let mut best = (packing.price(tables.instance), bins_of(tables, &packing));
    let mut seekers: Vec<Seeker> = (0..MANNERS.len()).map(|index| Seeker::new(index, &best, budget.seed)).collect();
    let mut fruitless = 0;
    while fruitless < effort.rounds && best.0 > goal && !(budget.remaining)().is_zero() {
        fruitless += 1;
        seekers.par_iter_mut().for_each(|seeker| seeker.round(&frame, effort));
        let winner = seekers.iter().min_by_key(|seeker| (seeker.price, seeker.index)).expect("there are seekers");
        if winner.price < best.0 {
            best = (winner.price, winner.bins.clone());
            fruitless = 0;
        }
        seekers.iter_mut().filter(|seeker| seeker.price > best.0).for_each(|seeker| seeker.restart(&best));
    }
    let is_cut_off = best.0 > goal && (budget.remaining)().is_zero();
    (packed(best.1), is_cut_off)
}

/// Completes a draft that ran out of bins, from all bins that are left; none if that is not found.
pub(super) fn complete(draft: &Draft, effort: Effort, budget: &Budget) -> Option<Packing> {
    let tables = draft.tables;
    let mut bins: Vec<OpenBin> = draft.groups.iter().flat_map(|(open, count)| std::iter::repeat_n(open.clone(), *count as usize)).collect();
    for index in 0..tables.instance.bins.len() {
        let most = draft.items_left().min(u64::from(draft.spare(index))).min(EMPTY_MAX);
        bins.extend(std::iter::repeat_n(tables.open(index), most as usize));
    }
    if bins.is_empty() {
        return None;
    }
    let left = draft.left.iter().enumerate().flat_map(|(class, left)| std::iter::repeat_n(class as u32, *left as usize));
    let loose: Vec<u32> = left.collect();
    let sizes = sizes(tables);
    let size = bins.len() as u64 * tables.instance.items.iter().map(|item| u64::from(item.demand)).sum::<u64>();
    let found: Vec<Option<Packing>> = MANNERS
        .par_iter()
        .enumerate()
        .map(|(index, manner)| {
            let mut search = Search::new(tables, bins.clone(), &sizes, *manner, ChaCha8Rng::seed_from_u64(budget.seed ^ index as u64));
            search.loose.clone_from(&loose);
            let most = u64::from(effort.rounds) * effort.looks(size) / LOOKS_AT_ONCE;
            let is_done = (0..most).any(|_| search.run(LOOKS_AT_ONCE) || (budget.remaining)().is_zero());
            (is_done && search.loose.is_empty()).then(|| packed(search.bins))
        })
        .collect();
    found.into_iter().flatten().min_by_key(|packing| packing.price(tables.instance))
}

/// How large each class is, in thousandths of the largest bin, at least one.
fn sizes(tables: &Tables) -> Vec<u64> {
    let scale = Scale::new(tables);
    let demand: Vec<u32> = tables.instance.items.iter().map(|item| item.demand).collect();
    let weights = scale.weights(Weights::Average, tables, &demand);
    (0..tables.classes()).map(|class| 1 + (1000.0 * scale.size(Measure::Sum, &weights, class)) as u64).collect()
}

fn bins_of(tables: &Tables, packing: &Packing) -> Vec<OpenBin> {
    packing.patterns.iter().flat_map(|(pattern, count)| std::iter::repeat_n(tables.opened(pattern), *count as usize)).collect()
}

fn packed(bins: Vec<OpenBin>) -> Packing {
    Packing::of(bins.iter().map(|bin| (bin.pattern(), 1)))
}

impl<'t> Seeker<'t> {
    fn new(index: usize, (price, bins): &(i64, Vec<OpenBin>), seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(index as u64);
        Seeker { index, random, price: *price, bins: bins.clone(), search: None }
    }

    fn restart(&mut self, (price, bins): &(i64, Vec<OpenBin>)) {
        (self.price, self.bins, self.search) = (*price, bins.clone(), None);
    }

    fn round(&mut self, frame: &'t Frame<'t>, effort: Effort) {
        let items: u64 = frame.tables.instance.items.iter().map(|item| u64::from(item.demand)).sum();
        let looks = effort.looks(items * self.bins.len() as u64);
        let has_types = frame.tables.instance.bins.len() > 1;
        if has_types {
            let repacking =
                Repacking::new(frame.tables, &frame.prices, self.bins.clone(), ChaCha8Rng::seed_from_u64(self.random.next_u64()));
            let (price, bins) = repacking.run(looks.div_ceil(LOOKS_OF_REPACK) as u32, frame.goal, || frame.is_over(self.index));
            if price < self.price {
                (self.price, self.bins, self.search) = (price, bins, None);
            }
        }
        let mut looks = looks.div_ceil(LOOKS_AT_ONCE);
        while looks > 0 && self.price > frame.goal && !frame.is_over(self.index) {
            if self.search.is_none() && !self.cut(frame) {
                return;
            }
            let search = self.search.as_mut().expect("just made");
            looks -= 1;
            if search.run(LOOKS_AT_ONCE) {
                self.bins = self.search.take().expect("just run").bins;
                self.bins.retain(|bin| !bin.items.is_empty());
                self.price = self.bins.iter().map(|bin| frame.tables.bin(bin.bin).price).sum();
            } else if has_types && looks.is_multiple_of(8) {
                self.search = None;
            }
        }
        if self.price <= frame.goal {
            frame.winner.fetch_min(self.index, Ordering::Relaxed);
        }
    }

    /// Starts to fill a cheaper fleet; false if there is none.
    fn cut(&mut self, frame: &Frame<'t>) -> bool {
        let random = ChaCha8Rng::seed_from_u64(self.random.next_u64());
        let mut search = Search::new(frame.tables, self.bins.clone(), &frame.sizes, MANNERS[self.index], random);
        let is_cut = fleet::cut(&mut search, &frame.sizes);
        self.search = is_cut.then_some(search);
        is_cut
    }
}

impl Frame<'_> {
    /// Whether a search may stop: a search before it has reached the goal, or time is up.
    fn is_over(&self, index: usize) -> bool {
        self.winner.load(Ordering::Relaxed) < index || (self.budget.remaining)().is_zero()
    }
}
