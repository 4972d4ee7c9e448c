//! An instance as column generation wants it: alike classes and alike types of bins are one, and what cannot matter is gone.
//!
//! Classes are alike if they ask for the same, may be in the same bins, conflict with the same classes, and [`Item::per_bin`](super::super::Item::per_bin)
//! never binds. Types of bins are alike if they hold the same items at the same price. A type that another one beats in everything, of
//! which there are any number, is left out.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;

use super::super::bound::cover::gcd;
use super::super::{Instance, Packing, Pattern};

/// The instance with alike things merged. Patterns over it name merged classes and merged types.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    /// How many resources there are.
    pub resources: usize,
    /// Merged types of bins.
    pub kinds: Vec<Kind>,
    /// Merged classes.
    pub classes: Vec<Class>,
    /// Merged class of each class; none if it cannot be packed at all or has no demand.
    pub class_of: Vec<Option<u32>>,
    /// Merged type of each type of bins; none if it holds nothing.
    pub kind_of: Vec<Option<usize>>,
}

/// Types of bins that are alike.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    /// How much of each resource it holds.
    pub capacity: Vec<i64>,
    /// What one costs.
    pub price: i64,
    /// How many there are at most.
    pub limit: Option<u64>,
    /// Merged classes that it takes.
    pub takes: FixedBitSet,
    /// The types that are merged, with the limit of each.
    members: Vec<(usize, Option<u32>)>,
}

/// Classes of items that are alike.
#[derive(Debug, Clone)]
pub(super) struct Class {
    /// How much of each resource one asks for.
    pub amounts: Vec<i64>,
    /// How many there are.
    pub demand: u32,
    /// How many may share a bin, whatever the bin's size.
    pub per_bin: u32,
    /// Merged classes that never share a bin with it.
    pub conflicts: FixedBitSet,
    /// The classes that are merged, with the demand of each.
    members: Vec<(usize, u32)>,
}

impl Problem {
    /// Merges what is alike.
    pub fn new(instance: &Instance) -> Problem {
        let takes = takes(instance);
        let (class_of, groups) = merge_classes(instance, &takes);
        let (kind_of, kinds) = merge_bins(instance, &takes, &class_of, groups.len());
        let mut classes: Vec<Class> = groups.into_iter().map(|members| class(instance, members)).collect();
        let count = classes.len();
        classes.iter_mut().for_each(|class| class.conflicts.grow(count));
        for &(one, other) in &instance.conflicts {
            if let (Some(one), Some(other)) = (class_of[one], class_of[other]) {
                classes[one as usize].conflicts.insert(other as usize);
                classes[other as usize].conflicts.insert(one as usize);
            }
        }
        Problem { resources: instance.resources(), kinds, classes, class_of, kind_of }
    }

    /// Whether every class with demand fits some bin.
    pub fn packable(&self, instance: &Instance) -> bool {
        instance.items.iter().zip(&self.class_of).all(|(item, class)| item.demand == 0 || class.is_some())
    }

    /// Every price is a multiple of this.
    pub fn price_step(&self) -> i64 {
        self.kinds.iter().fold(0, |step, kind| gcd(i128::from(step), i128::from(kind.price)) as i64)
    }

    /// The least price that can be that is not below a value, but for rounding errors.
    pub fn round_up(&self, value: f64) -> i64 {
        let step = self.price_step().max(1) as f64;
        ((value / step - 1e-6).ceil() * step) as i64
    }

    /// How many of a class a bin holds at most, of no more than `demand`.
    pub fn most(&self, kind: usize, class: usize, demand: u32) -> u32 {
        if !self.kinds[kind].takes.contains(class) {
            return 0;
        }
        let Class { amounts, per_bin, .. } = &self.classes[class];
        fit(amounts, &self.kinds[kind].capacity).min(u64::from((*per_bin).min(demand))) as u32
    }

    /// The pattern over merged classes; none if its type of bin holds nothing.
    pub fn merged(&self, pattern: &Pattern) -> Option<Pattern> {
        let bin = self.kind_of[pattern.bin]?;
        let mut items: BTreeMap<u32, u32> = BTreeMap::new();
        for &(item, number) in &pattern.items {
            let class = self.class_of[item as usize]?;
            let most = self.classes[class as usize].per_bin;
            let entry = items.entry(class).or_default();
            *entry = (*entry + number).min(most);
        }
        Some(Pattern { bin, items: items.into_iter().collect() })
    }

    /// A packing of merged classes as one of the instance's own.
    pub fn unmerged(&self, patterns: &[(Pattern, u32)]) -> Packing {
        let mut classes: Vec<Vec<(usize, u32)>> = self.classes.iter().map(|class| class.members.iter().rev().copied().collect()).collect();
        let mut kinds: Vec<Vec<(usize, u32)>> =
            self.kinds.iter().map(|kind| kind.members.iter().rev().map(|&(bin, limit)| (bin, limit.unwrap_or(u32::MAX))).collect()).collect();
        let mut packed: BTreeMap<Pattern, u32> = BTreeMap::new();
        for (pattern, count) in patterns {
            let mut left = *count;
            while left > 0 {
                let stock = |&(class, number): &(u32, u32)| classes[class as usize].last().map_or(0, |&(_, have)| have / number);
                let bins = kinds[pattern.bin].last().map_or(left, |&(_, have)| have);
                let alike = pattern.items.iter().map(stock).min().unwrap_or(u32::MAX).min(bins).min(left).max(1);
                *packed.entry(take(pattern, alike, &mut classes, &mut kinds)).or_default() += alike;
                left -= alike;
            }
        }
        Packing { patterns: packed.into_iter().collect() }
    }

    /// One merged pattern over the instance's own classes.
    pub fn example(&self, pattern: &Pattern) -> Pattern {
        let mut items = Vec::new();
        for &(class, number) in &pattern.items {
            let mut left = number;
            for &(item, demand) in &self.classes[class as usize].members {
                let here = left.min(demand);
                left -= here;
                if here > 0 {
                    items.push((item as u32, here));
                }
            }
        }
        items.sort_unstable();
        Pattern { bin: self.kinds[pattern.bin].members[0].0, items }
    }
}

/// Takes `count` bins of a pattern out of what is left of each class and type; more than one only if no class runs out.
fn take(pattern: &Pattern, count: u32, classes: &mut [Vec<(usize, u32)>], kinds: &mut [Vec<(usize, u32)>]) -> Pattern {
    let mut items = Vec::new();
    for &(class, number) in &pattern.items {
        let mut left = number;
        while left > 0 {
            let Some((item, have)) = classes[class as usize].last_mut() else { break };
            let here = left.min(*have / count);
            left -= here;
            *have -= here * count;
            if here > 0 {
                items.push((*item as u32, here));
            }
            if *have == 0 {
                classes[class as usize].pop();
            }
        }
    }
    items.sort_unstable();
    let stock = &mut kinds[pattern.bin];
    let bin = stock.last().map_or(0, |&(bin, _)| bin);
    if stock.len() > 1 {
        let (_, have) = stock.last_mut().expect("there is more than one");
        *have -= count;
        if *have == 0 {
            stock.pop();
        }
    }
    Pattern { bin, items }
}

/// How many of these amounts a capacity holds.
pub(super) fn fit(amounts: &[i64], capacity: &[i64]) -> u64 {
    let bound = amounts.iter().zip(capacity).filter(|(amount, _)| **amount > 0).map(|(amount, capacity)| (capacity / amount) as u64).min();
    bound.unwrap_or(u64::MAX)
}

/// The types of bins that take each class.
fn takes(instance: &Instance) -> Vec<FixedBitSet> {
    let bins = instance.bins.len();
    let open = |bin: usize| instance.bins[bin].limit != Some(0);
    let of = |item: usize| (0..bins).filter(|&bin| open(bin) && instance.takes(bin, item)).collect::<FixedBitSet>();
    (0..instance.items.len())
        .map(|item| {
            let mut set = of(item);
            set.grow(bins);
            set
        })
        .collect()
}

/// The merged class of each class, and the classes in each.
fn merge_classes(instance: &Instance, takes: &[FixedBitSet]) -> (Vec<Option<u32>>, Vec<Vec<usize>>) {
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); instance.items.len()];
    for &(one, other) in &instance.conflicts {
        neighbours[one].push(other);
        neighbours[other].push(one);
    }
    let mut class_of = vec![None; instance.items.len()];
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known: BTreeMap<(&[i64], &FixedBitSet, Vec<usize>, Option<usize>), usize> = BTreeMap::new();
    for (index, item) in instance.items.iter().enumerate() {
        if item.demand == 0 || takes[index].is_clear() {
            continue;
        }
        neighbours[index].sort_unstable();
        let fits = takes[index].ones().map(|bin| fit(&item.amounts, &instance.bins[bin].capacity)).max().unwrap_or(0);
        let free = u64::from(item.per_bin) >= fits.min(u64::from(item.demand));
        let key = (item.amounts.as_slice(), &takes[index], std::mem::take(&mut neighbours[index]), (!free).then_some(index));
        let group = *known.entry(key).or_insert(groups.len());
        if group == groups.len() {
            groups.push(Vec::new());
        }
        groups[group].push(index);
        class_of[index] = Some(group as u32);
    }
    (class_of, groups)
}

/// The class that stands for its members.
fn class(instance: &Instance, members: Vec<usize>) -> Class {
    let demand = members.iter().map(|&item| instance.items[item].demand).fold(0u32, u32::saturating_add);
    let first = &instance.items[members[0]];
    let per_bin = if members.len() > 1 { demand } else { first.per_bin.min(demand) };
    let members = members.into_iter().map(|item| (item, instance.items[item].demand)).collect();
    Class { amounts: first.amounts.clone(), demand, per_bin, conflicts: FixedBitSet::new(), members }
}

/// The merged type of each type, and the types in each, the beaten ones with the one that beats them.
fn merge_bins(instance: &Instance, takes: &[FixedBitSet], class_of: &[Option<u32>], classes: usize) -> (Vec<Option<usize>>, Vec<Kind>) {
    let mut columns = vec![FixedBitSet::with_capacity(classes); instance.bins.len()];
    for (class, takes) in class_of.iter().zip(takes) {
        if let Some(class) = class {
            takes.ones().for_each(|bin| columns[bin].insert(*class as usize));
        }
    }
    let mut kind_of = vec![None; instance.bins.len()];
    let mut kinds: Vec<Kind> = Vec::new();
    let mut known: BTreeMap<(&[i64], i64, bool, &FixedBitSet), usize> = BTreeMap::new();
    for (index, bin) in instance.bins.iter().enumerate().filter(|(index, _)| !columns[*index].is_clear()) {
        let Some(beaten_by) = (0..instance.bins.len()).find(|&other| other != index && beats(instance, &columns, other, index)) else {
            let kind = *known.entry((&bin.capacity, bin.price, bin.limit.is_some(), &columns[index])).or_insert(kinds.len());
            if kind == kinds.len() {
                let (capacity, takes) = (bin.capacity.clone(), columns[index].clone());
                kinds.push(Kind { capacity, price: bin.price, limit: bin.limit.map(|_| 0), takes, members: Vec::new() });
            }
            kinds[kind].limit = kinds[kind].limit.zip(bin.limit).map(|(sum, limit)| sum + u64::from(limit));
            kinds[kind].members.push((index, bin.limit));
            kind_of[index] = Some(kind);
            continue;
        };
        let _ = beaten_by;
    }
    for index in 0..instance.bins.len() {
        if kind_of[index].is_none() && !columns[index].is_clear() {
            kind_of[index] = (0..instance.bins.len()).find(|&other| kind_of[other].is_some() && beats(instance, &columns, other, index)).and_then(|other| kind_of[other]);
        }
    }
    (kind_of, kinds)
}

/// Whether a type of which there are any number is at least as good as another in everything, and better or earlier.
fn beats(instance: &Instance, columns: &[FixedBitSet], one: usize, other: usize) -> bool {
    let (best, bin) = (&instance.bins[one], &instance.bins[other]);
    let as_good = best.limit.is_none()
        && best.price <= bin.price
        && best.capacity.iter().zip(&bin.capacity).all(|(best, capacity)| best >= capacity)
        && columns[other].is_subset(&columns[one]);
    let same = best.price == bin.price && best.capacity == bin.capacity && columns[other] == columns[one] && bin.limit.is_none();
    as_good && (!same || one < other)
}
