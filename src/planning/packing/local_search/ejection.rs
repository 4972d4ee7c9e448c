//! Packs what is loose into a given fleet of bins, by throwing out what is easier to place.
//!
//! A loose item goes into a bin with room. If there is none, it takes the place of a few items of one bin, those that were the easiest to
//! place so far: every item that found no room becomes dearer to throw out. In between, bins swap items at random, so that the same
//! attempt does not meet the same bins twice.
//!
//! Source: Y. Nagata, O. Bräysy, "A powerful route minimization heuristic for the vehicle routing problem with time windows", Operations
//! Research Letters 2009 (guided ejection search); the fleet takes the place of the routes.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use smallvec::SmallVec;

use super::super::tables::{OpenBin, Tables};

/// Bins of a fleet, and what is not in any of them.
#[derive(Clone)]
pub(super) struct Search<'t> {
    pub tables: &'t Tables<'t>,
    pub bins: Vec<OpenBin>,
    /// Classes of items that are in no bin, the next one last.
    pub loose: Vec<u32>,
    /// How dear it is to throw out an item of each class.
    weights: Vec<u64>,
    /// What is added when an item of a class finds no room.
    steps: Vec<u64>,
    pub random: ChaCha8Rng,
    pub manner: Manner,
    /// How many bins were looked at.
    pub looks: u64,
    scratch: Vec<i64>,
}

/// How a search goes about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// How many items are thrown out at once, at most.
    pub ejected_max: usize,
    /// How many swaps are tried after each ejection.
    pub swaps: usize,
    /// Whether large items are dearer to throw out from the start.
    pub by_size: bool,
}

/// Items of one bin that make room for another.
#[derive(Default)]
struct Ejection {
    cost: u64,
    bin: usize,
    classes: SmallVec<[u32; 4]>,
}

impl<'t> Search<'t> {
    pub fn new(tables: &'t Tables<'t>, bins: Vec<OpenBin>, sizes: &[u64], manner: Manner, random: ChaCha8Rng) -> Self {
        let steps = if manner.by_size { sizes.to_vec() } else { vec![1; sizes.len()] };
        let scratch = vec![0; tables.resources * (manner.ejected_max + 1)];
        Search { tables, bins, loose: Vec::new(), weights: steps.clone(), steps, random, manner, looks: 0, scratch }
    }

    /// Goes on until nothing is loose, or so many bins were looked at; whether nothing is loose.
    pub fn run(&mut self, looks: u64) -> bool {
        let end = self.looks + looks;
        while let Some(class) = self.loose.pop() {
            self.looks += 1;
            if !self.insert(class as usize) {
                self.weights[class as usize] += self.steps[class as usize];
                match self.cheapest_ejection(class as usize) {
                    Some(ejection) => self.eject(class as usize, ejection),
                    None => self.loose.insert(0, class),
                }
                self.swap_at_random();
            }
            if self.looks > end {
                return self.loose.is_empty();
            }
        }
        true
    }

    /// Puts an item into some bin with room, if there is one.
    fn insert(&mut self, class: usize) -> bool {
        let (tables, count) = (self.tables, self.bins.len());
        let start = self.random.random_range(0..count);
        let found = (start..count).chain(0..start).find(|&bin| self.bins[bin].has_room(tables, class));
        self.looks += count as u64 / 4;
        found.inspect(|&bin| self.bins[bin].add(tables, class, 1)).is_some()
    }

    fn eject(&mut self, class: usize, ejection: Ejection) {
        let bin = &mut self.bins[ejection.bin];
        ejection.classes.iter().for_each(|&class| bin.remove(self.tables, class as usize, 1));
        bin.add(self.tables, class, 1);
        self.loose.extend(ejection.classes);
    }

    /// The cheapest few items of one bin that make room for an item of a class.
    fn cheapest_ejection(&mut self, class: usize) -> Option<Ejection> {
        let count = self.bins.len();
        let start = self.random.random_range(0..count);
        let mut best = Ejection { cost: u64::MAX, ..Ejection::default() };
        let mut scratch = std::mem::take(&mut self.scratch);
        for bin in (start..count).chain(0..start) {
            self.eject_from(bin, class, &mut scratch, &mut best);
        }
        self.scratch = scratch;
        (best.cost < u64::MAX).then_some(best)
    }

    fn eject_from(&mut self, index: usize, class: usize, scratch: &mut [i64], best: &mut Ejection) {
        let (tables, bin) = (self.tables, &self.bins[index]);
        let item = &tables.instance.items[class];
        if !tables.takes(bin.bin, class) || item.per_bin < item.demand && bin.number(class) >= item.per_bin {
            return;
        }
        let mut ejection = Ejection { bin: index, ..Ejection::default() };
        let missing = &mut scratch[..tables.resources];
        missing.iter_mut().zip(tables.amounts(class)).zip(&bin.free).for_each(|((missing, amount), free)| *missing = amount - free);
        for &(rival, number) in bin.items.iter().filter(|&&(other, _)| tables.are_rivals(class, other as usize)) {
            ejection.cost += self.weights[rival as usize] * u64::from(number);
            ejection.classes.extend(std::iter::repeat_n(rival, number as usize));
            let amounts = tables.amounts(rival as usize);
            missing.iter_mut().zip(amounts).for_each(|(missing, amount)| *missing -= amount * i64::from(number));
        }
        if ejection.cost >= best.cost {
            return;
        }
        if missing.iter().all(|missing| *missing <= 0) {
            *best = ejection;
            return;
        }
        let mut looks = 1;
        self.deepen(bin, 0, scratch, &mut ejection, best, self.manner.ejected_max, &mut looks);
        self.looks += looks;
    }

    /// Tries each item from a place on as one more that is thrown out.
    #[allow(clippy::too_many_arguments)]
    fn deepen(
        &self,
        bin: &OpenBin,
        from: usize,
        scratch: &mut [i64],
        ejection: &mut Ejection,
        best: &mut Ejection,
        depth: usize,
        looks: &mut u64,
    ) {
        let resources = self.tables.resources;
        let (missing, deeper) = scratch.split_at_mut(resources);
        for place in from..bin.items.len() {
            let (class, number) = bin.items[place];
            let cost = ejection.cost + self.weights[class as usize];
            if cost >= best.cost
                || ejection.classes.contains(&class) && ejection.classes.iter().filter(|&&other| other == class).count() as u32 >= number
            {
                continue;
            }
            let mut is_enough = true;
            for ((left, missing), amount) in deeper.iter_mut().zip(&*missing).zip(self.tables.amounts(class as usize)) {
                *left = missing - amount;
                is_enough &= *left <= 0;
            }
            if is_enough {
                let mut classes = ejection.classes.clone();
                classes.push(class);
                *best = Ejection { cost, bin: ejection.bin, classes };
            } else if depth > 1 {
                *looks += 1;
                let before = std::mem::replace(&mut ejection.cost, cost);
                ejection.classes.push(class);
                self.deepen(bin, place, deeper, ejection, best, depth - 1, looks);
                ejection.classes.pop();
                ejection.cost = before;
            }
        }
    }

    /// Tries some swaps of one item of a bin for one of another, and some moves.
    fn swap_at_random(&mut self) {
        self.looks += self.manner.swaps as u64 / 4;
        for _ in 0..self.manner.swaps {
            let (one, other) = (self.random.random_range(0..self.bins.len()), self.random.random_range(0..self.bins.len()));
            if one == other || self.bins[one].items.is_empty() || self.bins[other].items.is_empty() {
                continue;
            }
            let first = self.bins[one].items[self.random.random_range(0..self.bins[one].items.len())].0 as usize;
            let second = self.bins[other].items[self.random.random_range(0..self.bins[other].items.len())].0 as usize;
            self.swap((one, first), (other, second));
        }
    }

    /// Swaps two items of two bins if both bins hold what they get.
    fn swap(&mut self, (one, first): (usize, usize), (other, second): (usize, usize)) {
        let tables = self.tables;
        let fits = |bin: &OpenBin, out: usize, into: usize| {
            let mut each = bin.free.iter().zip(tables.amounts(out)).zip(tables.amounts(into));
            each.all(|((free, out), into)| free + out >= *into)
        };
        if first == second || !fits(&self.bins[one], first, second) || !fits(&self.bins[other], second, first) {
            return;
        }
        self.bins[one].remove(tables, first, 1);
        self.bins[other].remove(tables, second, 1);
        let is_allowed = self.bins[one].may_join(tables, second) && self.bins[other].may_join(tables, first);
        let (into_one, into_other) = if is_allowed { (second, first) } else { (first, second) };
        self.bins[one].add(tables, into_one, 1);
        self.bins[other].add(tables, into_other, 1);
    }
}
