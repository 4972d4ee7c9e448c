//! An instance with less in it: alike classes and alike types of bins are one, and what cannot matter is gone.
//!
//! Classes are alike if they ask for the same, may be in the same bins, conflict with the same classes, and [`Item::per_bin`](super::Item::per_bin)
//! never binds. Types of bins are alike if they hold the same items at the same price. A type that another one beats in everything, of
//! which there are any number, is left out.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;

use super::bound::cover::gcd;
use super::{Bin, Instance, Item, Packing, Pattern};

/// The instance with alike things merged. Patterns over it name merged classes and merged types.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    /// How many resources there are.
    pub resources: usize,
    /// The room that all items together could make.
    pub relief: Vec<i64>,
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
    /// The same with all the room that items could make in it.
    pub room: Vec<i64>,
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
        let relief = relief(instance);
        let takes: Vec<FixedBitSet> = (0..instance.items.len()).map(|item| takes(instance, &relief, item)).collect();
        let (class_of, groups) = merge_classes(instance, &takes, &relief);
        let (kind_of, mut kinds) = merge_bins(instance, &takes, &class_of, groups.len());
        kinds.iter_mut().for_each(|kind| kind.room = room(&kind.capacity, &relief));
        let mut classes: Vec<Class> = groups.into_iter().map(|members| class(instance, members)).collect();
        let count = classes.len();
        classes.iter_mut().for_each(|class| class.conflicts.grow(count));
        for &(one, other) in &instance.conflicts {
            if let (Some(one), Some(other)) = (class_of[one], class_of[other]) {
                classes[one as usize].conflicts.insert(other as usize);
                classes[other as usize].conflicts.insert(one as usize);
            }
        }
        Problem { resources: instance.resources(), relief, kinds, classes, class_of, kind_of }
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
        fit(amounts, &self.kinds[kind].room).min(u64::from((*per_bin).min(demand))) as u32
    }

    /// How many of a class a bin holds if it holds nothing else, of no more than `demand`.
    pub fn alone(&self, kind: usize, class: usize, demand: u32) -> u32 {
        let Class { amounts, per_bin, .. } = &self.classes[class];
        let Kind { capacity, takes, .. } = &self.kinds[kind];
        let fits = takes.contains(class) && amounts.iter().zip(capacity).all(|(amount, capacity)| amount <= capacity);
        if fits { fit(amounts, capacity).min(u64::from((*per_bin).min(demand))) as u32 } else { 0 }
    }

    /// Whether a bin holds a pattern's items; only items that make room can make that doubtful.
    pub fn holds(&self, pattern: &Pattern) -> bool {
        let load = |resource: usize| {
            pattern.items.iter().map(|&(class, number)| self.classes[class as usize].amounts[resource] * i64::from(number)).sum::<i64>()
        };
        let capacity = &self.kinds[pattern.bin].capacity;
        self.relief.iter().all(|relief| *relief == 0) || (0..self.resources).all(|resource| load(resource) <= capacity[resource])
    }

    /// What is known of merged classes, for each of the instance's own.
    pub fn spread<T: Copy + Default>(&self, merged: &[T]) -> Vec<T> {
        self.class_of.iter().map(|class| class.map_or(T::default(), |class| merged[class as usize])).collect()
    }

    /// What is known of the instance's own classes, for each merged one.
    pub fn merge(&self, own: &[f64]) -> Vec<f64> {
        self.classes.iter().map(|class| own[class.members[0].0]).collect()
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
        let mut kinds: Vec<Vec<(usize, u32)>> = self
            .kinds
            .iter()
            .map(|kind| kind.members.iter().rev().map(|&(bin, limit)| (bin, limit.unwrap_or(u32::MAX))).collect())
            .collect();
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

/// The room of each resource that all items of negative amounts together could make in one bin. Nothing, but in benchmarks.
pub(super) fn relief(instance: &Instance) -> Vec<i64> {
    let of = |resource: usize| {
        let made = |item: &Item| item.amounts[resource].min(0).saturating_neg().saturating_mul(i64::from(item.demand));
        instance.items.iter().map(made).fold(0, i64::saturating_add)
    };
    (0..instance.resources()).map(of).collect()
}

/// A capacity and what could be added to it.
pub(super) fn room(capacity: &[i64], relief: &[i64]) -> Vec<i64> {
    capacity.iter().zip(relief).map(|(capacity, relief)| capacity.saturating_add(*relief)).collect()
}

/// The types of bins that may take a class, if other items make all the room they can.
pub(super) fn takes(instance: &Instance, relief: &[i64], item: usize) -> FixedBitSet {
    let Item { amounts, per_bin, bins, .. } = &instance.items[item];
    let fits = |bin: &Bin| {
        amounts.iter().zip(&bin.capacity).zip(relief).all(|((amount, capacity), relief)| *amount <= capacity.saturating_add(*relief))
    };
    let may = |index: usize| bins.as_ref().is_none_or(|bins| bins.contains(index));
    let mut takes = FixedBitSet::with_capacity(instance.bins.len());
    let open = |&(index, bin): &(usize, &Bin)| *per_bin > 0 && bin.limit != Some(0) && may(index) && fits(bin);
    takes.extend(instance.bins.iter().enumerate().filter(open).map(|(index, _)| index));
    takes
}

/// What classes that are merged have in common: amounts, types of bins, conflicts; and the class itself if it is never merged.
type ClassKey<'a> = (&'a [i64], &'a FixedBitSet, Vec<usize>, Option<usize>);

/// The merged class of each class, and the classes in each.
fn merge_classes(instance: &Instance, takes: &[FixedBitSet], relief: &[i64]) -> (Vec<Option<u32>>, Vec<Vec<usize>>) {
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); instance.items.len()];
    for &(one, other) in &instance.conflicts {
        neighbours[one].push(other);
        neighbours[other].push(one);
    }
    let mut class_of = vec![None; instance.items.len()];
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known: BTreeMap<ClassKey<'_>, usize> = BTreeMap::new();
    for (index, item) in instance.items.iter().enumerate() {
        if item.demand == 0 || takes[index].is_clear() {
            continue;
        }
        neighbours[index].sort_unstable();
        let fits = takes[index].ones().map(|bin| fit(&item.amounts, &room(&instance.bins[bin].capacity, relief))).max().unwrap_or(0);
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
        if (0..instance.bins.len()).any(|other| other != index && beats(instance, &columns, other, index)) {
            continue;
        }
        let key = (bin.capacity.as_slice(), bin.price, bin.limit.is_some(), &columns[index]);
        let kind = *known.entry(key).or_insert(kinds.len());
        if kind == kinds.len() {
            let (capacity, takes) = (bin.capacity.clone(), columns[index].clone());
            kinds.push(Kind { capacity, room: Vec::new(), price: bin.price, limit: bin.limit.map(|_| 0), takes, members: Vec::new() });
        }
        kinds[kind].limit = kinds[kind].limit.zip(bin.limit).map(|(sum, limit)| sum + u64::from(limit));
        kinds[kind].members.push((index, bin.limit));
        kind_of[index] = Some(kind);
    }
    // A beaten type goes with one that beats it and is not beaten itself.
    for index in (0..instance.bins.len()).filter(|&index| !columns[index].is_clear()) {
        let winner = |&other: &usize| kind_of[other].is_some() && beats(instance, &columns, other, index);
        if kind_of[index].is_none() {
            kind_of[index] = (0..instance.bins.len()).find(winner).and_then(|other| kind_of[other]);
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
