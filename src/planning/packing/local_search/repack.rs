//! Frees some bins and packs what was in them anew.
//!
//! Which bins: one that wastes much for its price, and others by chance. How: rules of the portfolio with chance in them, over the types
//! in use and the types that suit what is to be packed best. What is a little dearer is kept for a while, the less the longer it goes on.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashMap;

use super::super::construct::{Measure, Rule, Scale, TypeOrder, Way, Weights, draft_by};
use super::super::instance::{Instance, Item};
use super::super::tables::{OpenBin, Tables};

/// How many types of bins are tried for what was freed.
const TYPES_MAX: usize = 12;
/// How many rules are tried for what was freed.
const RULES: usize = 3;

/// A packing whose bins are freed and packed anew.
pub(super) struct Repacking<'t> {
    tables: &'t Tables<'t>,
    pub bins: Vec<OpenBin>,
    /// How many bins of each type are left.
    spare: Vec<u32>,
    price: i64,
    best: (i64, Vec<OpenBin>),
    /// What a unit of each resource costs.
    prices: &'t [f64],
    random: ChaCha8Rng,
}

impl<'t> Repacking<'t> {
    pub fn new(tables: &'t Tables<'t>, prices: &'t [f64], bins: Vec<OpenBin>, random: ChaCha8Rng) -> Self {
        let mut spare: Vec<u32> = tables.instance.bins.iter().map(|bin| bin.limit.unwrap_or(u32::MAX)).collect();
        bins.iter().for_each(|bin| spare[bin.bin] = spare[bin.bin].saturating_sub(1));
        let price = bins.iter().map(|bin| tables.bin(bin.bin).price).sum();
        Repacking { tables, best: (price, bins.clone()), bins, spare, price, prices, random }
    }

    /// Frees and packs so many times; the best that was met, which is what it started from at worst.
    pub fn run(mut self, times: u32, goal: i64, mut is_over: impl FnMut() -> bool) -> (i64, Vec<OpenBin>) {
        for time in 0..times {
            if self.best.0 <= goal || time.is_multiple_of(64) && is_over() {
                break;
            }
            // up to half a percent dearer at first, nothing at the end
            let margin = self.best.0 / 200 * i64::from(times - time) / i64::from(times);
            self.step(self.best.0 + margin);
        }
        self.best
    }

    fn step(&mut self, price_max: i64) {
        let freed = self.draw();
        let old: i64 = freed.iter().map(|&bin| self.tables.bin(self.bins[bin].bin).price).sum();
        let part = Part::new(self.tables, &self.bins, &freed, &self.spare);
        let Some((price, packed)) = part.pack(self.prices, &mut self.random) else { return };
        let chance = self.random.random_range(0..2) == 0;
        let is_kept = price < old || (price == old && chance) || (price > old && self.price - old + price <= price_max && chance);
        if !is_kept {
            return;
        }
        for bin in freed {
            let gone = self.bins.swap_remove(bin);
            self.spare[gone.bin] = self.spare[gone.bin].saturating_add(1);
        }
        packed.iter().for_each(|bin| self.spare[bin.bin] -= 1);
        self.bins.extend(packed);
        self.price += price - old;
        if self.price < self.best.0 {
            self.best = (self.price, self.bins.clone());
        }
    }

    /// Bins to free, the last first: one of some that wastes the most, and others by chance.
    fn draw(&mut self) -> Vec<usize> {
        let count = self.bins.len();
        let number = self.random.random_range(2..=8).min(count);
        let tried: Vec<usize> = (0..4).map(|_| self.random.random_range(0..count)).collect();
        let worst = tried.into_iter().max_by(|&one, &other| self.waste(one).total_cmp(&self.waste(other)));
        let mut drawn: Vec<usize> = worst.into_iter().collect();
        while drawn.len() < number {
            let one = self.random.random_range(0..count);
            if !drawn.contains(&one) {
                drawn.push(one);
            }
        }
        drawn.sort_unstable_by(|one, other| other.cmp(one));
        drawn
    }

    /// What is paid for capacity that is free.
    fn waste(&self, bin: usize) -> f64 {
        let kind = self.tables.bin(self.bins[bin].bin);
        let shares = self.bins[bin].free.iter().zip(&kind.capacity).filter(|(_, capacity)| **capacity > 0);
        kind.price as f64 * shares.map(|(free, capacity)| *free as f64 / *capacity as f64).sum::<f64>()
    }
}

/// What was in the freed bins, as an instance of its own.
struct Part {
    instance: Instance,
    /// The class of each of its classes.
    classes: Vec<u32>,
    /// The type of each of its types.
    types: Vec<usize>,
}

impl Part {
    fn new(tables: &Tables, bins: &[OpenBin], freed: &[usize], spare: &[u32]) -> Part {
        let mut numbers: FxHashMap<u32, u32> = FxHashMap::default();
        freed.iter().flat_map(|&bin| &bins[bin].items).for_each(|&(class, number)| *numbers.entry(class).or_default() += number);
        let mut classes: Vec<u32> = numbers.keys().copied().collect();
        classes.sort_unstable();
        let types = Part::types(tables, bins, freed, spare, &classes);
        let items = classes.iter().map(|&class| {
            let item = &tables.instance.items[class as usize];
            let takes = types.iter().map(|&bin| tables.takes(bin, class as usize));
            let takes = takes.enumerate().filter(|(_, takes)| *takes).map(|(index, _)| index).collect();
            Item { amounts: item.amounts.clone(), demand: numbers[&class], per_bin: item.per_bin, bins: Some(takes) }
        });
        let pairs = || (0..classes.len()).flat_map(|one| (one + 1..classes.len()).map(move |other| (one, other)));
        let conflicts = pairs().filter(|&(one, other)| tables.are_rivals(classes[one] as usize, classes[other] as usize)).collect();
        let kinds = types.iter().map(|&bin| {
            let freed = freed.iter().filter(|&&index| bins[index].bin == bin).count() as u32;
            let mut kind = tables.bin(bin).clone();
            kind.limit = kind.limit.map(|_| spare[bin] + freed);
            kind
        });
        Part { instance: Instance { bins: kinds.collect(), items: items.collect(), conflicts }, classes, types }
    }

    /// The types that were freed, and those which hold most of what was freed for their price.
    fn types(tables: &Tables, bins: &[OpenBin], freed: &[usize], spare: &[u32], classes: &[u32]) -> Vec<usize> {
        let mut types: Vec<usize> = freed.iter().map(|&bin| bins[bin].bin).collect();
        types.sort_unstable();
        types.dedup();
        let mut totals = vec![0i64; tables.resources];
        for &(class, number) in freed.iter().flat_map(|&bin| &bins[bin].items) {
            totals.iter_mut().zip(tables.amounts(class as usize)).for_each(|(total, amount)| *total += amount * i64::from(number));
        }
        let cost = |bin: usize| {
            let kind = tables.bin(bin);
            let shares = totals.iter().zip(&kind.capacity).filter(|(total, _)| **total > 0);
            kind.price as f64 * shares.map(|(total, capacity)| *total as f64 / *capacity as f64).fold(1.0, f64::max)
        };
        let is_new = |bin: &usize| spare[*bin] > 0 && !types.contains(bin);
        let takes_some = |bin: &usize| classes.iter().any(|&class| tables.takes(*bin, class as usize));
        let others = (0..tables.instance.bins.len()).filter(is_new).filter(takes_some);
        let mut others: Vec<(f64, usize)> = others.map(|bin| (cost(bin), bin)).collect();
        others.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        let more = TYPES_MAX.saturating_sub(types.len());
        types.extend(others.into_iter().take(more).map(|(_, bin)| bin));
        types.sort_unstable();
        types
    }

    /// The cheapest bins that some rules find, in terms of the whole; none if none packs everything.
    fn pack(&self, prices: &[f64], random: &mut ChaCha8Rng) -> Option<(i64, Vec<OpenBin>)> {
        let tables = Tables::new(&self.instance);
        let drafts = (0..RULES).map(|_| draft_by(&tables, drawn_rule(random), &Scale::biased(&tables, prices, random)));
        let best = drafts.filter(|draft| draft.items_left() == 0).min_by_key(|draft| draft.price())?;
        let mut packed = Vec::new();
        for (mut open, count) in best.groups.iter().filter(|(open, _)| !open.items.is_empty()).cloned() {
            open.bin = self.types[open.bin];
            open.items.iter_mut().for_each(|(class, _)| *class = self.classes[*class as usize]);
            packed.extend(std::iter::repeat_n(open, count as usize));
        }
        Some((best.price(), packed))
    }
}

fn drawn_rule(random: &mut ChaCha8Rng) -> Rule {
    let ways = [Way::BestFit, Way::FirstFit, Way::BinCentric, Way::BinCentric];
    let measures = [Measure::DotProduct, Measure::Euclidean, Measure::Largest, Measure::Sum];
    let weights = [Weights::Even, Weights::Priced, Weights::Priced, Weights::Dynamic];
    let types = [TypeOrder::PricePerShare, TypeOrder::BestFill, TypeOrder::BestFill, TypeOrder::LargestFirst, TypeOrder::Price];
    Rule {
        way: ways[random.random_range(0..ways.len())],
        measure: measures[random.random_range(0..measures.len())],
        weights: weights[random.random_range(0..weights.len())],
        types: types[random.random_range(0..types.len())],
    }
}
