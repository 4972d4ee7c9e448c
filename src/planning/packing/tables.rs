//! An instance made quick to ask: what fits into a bin that is partly full.

use fixedbitset::FixedBitSet;
use smallvec::SmallVec;

use super::instance::{Bin, Instance, Packing, Pattern};

/// An instance with what is asked of it all the time worked out before.
pub(super) struct Tables<'a> {
    pub instance: &'a Instance,
    pub resources: usize,
    /// What one item of each class asks for, class by class.
    amounts: Vec<i64>,
    /// The classes that each type of bin may hold and has room for.
    takes: Vec<FixedBitSet>,
    /// The classes that each class shares no bin with; empty if there are no conflicts at all.
    rivals: Vec<FixedBitSet>,
}

/// A bin that is being filled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct OpenBin {
    /// The type of bin.
    pub bin: usize,
    /// How much of each resource is left.
    pub free: SmallVec<[i64; 6]>,
    /// Items by class and how many of each, in the order of classes.
    pub items: SmallVec<[(u32, u32); 6]>,
}

impl<'a> Tables<'a> {
    pub fn new(instance: &'a Instance) -> Self {
        let classes = instance.items.len();
        let takes = (0..instance.bins.len()).map(|bin| (0..classes).filter(|&item| instance.takes(bin, item)).collect());
        let mut rivals = vec![FixedBitSet::with_capacity(classes); if instance.conflicts.is_empty() { 0 } else { classes }];
        for &(one, other) in &instance.conflicts {
            rivals[one].insert(other);
            rivals[other].insert(one);
        }
        Tables {
            instance,
            resources: instance.resources(),
            amounts: instance.items.iter().flat_map(|item| item.amounts.iter().copied()).collect(),
            takes: takes.collect(),
            rivals,
        }
    }

    pub fn classes(&self) -> usize {
        self.instance.items.len()
    }

    pub fn amounts(&self, class: usize) -> &[i64] {
        &self.amounts[class * self.resources..(class + 1) * self.resources]
    }

    pub fn bin(&self, bin: usize) -> &'a Bin {
        &self.instance.bins[bin]
    }

    /// Whether an empty bin of a type holds an item of a class.
    pub fn takes(&self, bin: usize, class: usize) -> bool {
        self.takes[bin].contains(class)
    }

    /// The classes that an empty bin of a type holds.
    pub fn taken(&self, bin: usize) -> &FixedBitSet {
        &self.takes[bin]
    }

    /// Whether two classes share no bin.
    pub fn are_rivals(&self, one: usize, other: usize) -> bool {
        self.rivals.get(one).is_some_and(|rivals| rivals.contains(other))
    }

    /// An empty bin.
    pub fn open(&self, bin: usize) -> OpenBin {
        OpenBin { bin, free: SmallVec::from_slice(&self.bin(bin).capacity), items: SmallVec::new() }
    }

    /// A bin as a pattern fills it.
    pub fn opened(&self, pattern: &Pattern) -> OpenBin {
        let mut open = self.open(pattern.bin);
        pattern.items.iter().for_each(|&(class, number)| open.add(self, class as usize, number));
        open
    }
}

impl OpenBin {
    /// How many items of a class it holds.
    pub fn number(&self, class: usize) -> u32 {
        self.items.iter().find(|&&(item, _)| item as usize == class).map_or(0, |&(_, number)| number)
    }

    /// Whether one more item of a class may be added.
    pub fn has_room(&self, tables: &Tables, class: usize) -> bool {
        tables.amounts(class).iter().zip(&self.free).all(|(amount, free)| amount <= free) && self.may_join(tables, class)
    }

    /// Whether one more item of a class is allowed, however large it is.
    pub fn may_join(&self, tables: &Tables, class: usize) -> bool {
        let item = &tables.instance.items[class];
        tables.takes(self.bin, class)
            && (item.per_bin >= item.demand || self.number(class) < item.per_bin)
            && self.is_peaceful(tables, class)
    }

    fn is_peaceful(&self, tables: &Tables, class: usize) -> bool {
        tables.rivals.is_empty() || !self.items.iter().any(|&(item, _)| tables.are_rivals(class, item as usize))
    }

    /// How many more items of a class may be added.
    pub fn room(&self, tables: &Tables, class: usize) -> u32 {
        if !self.has_room(tables, class) {
            return 0;
        }
        let left = i64::from(tables.instance.items[class].per_bin - self.number(class));
        let fits = tables.amounts(class).iter().zip(&self.free).filter(|(amount, _)| **amount > 0).map(|(amount, free)| free / amount);
        u32::try_from(fits.fold(left, i64::min)).expect("no more than may share a bin")
    }

    pub fn add(&mut self, tables: &Tables, class: usize, number: u32) {
        self.free.iter_mut().zip(tables.amounts(class)).for_each(|(free, amount)| *free -= amount * i64::from(number));
        match self.items.binary_search_by_key(&(class as u32), |&(item, _)| item) {
            Ok(index) => self.items[index].1 += number,
            Err(index) => self.items.insert(index, (class as u32, number)),
        }
    }

    pub fn remove(&mut self, tables: &Tables, class: usize, number: u32) {
        self.free.iter_mut().zip(tables.amounts(class)).for_each(|(free, amount)| *free += amount * i64::from(number));
        let index = self.items.binary_search_by_key(&(class as u32), |&(item, _)| item).expect("only what is in comes out");
        self.items[index].1 -= number;
        if self.items[index].1 == 0 {
            self.items.remove(index);
        }
    }

    /// Whether a bin of another type would hold the same.
    pub fn would_fit(&self, tables: &Tables, bin: usize) -> bool {
        let own = &tables.bin(self.bin).capacity;
        let used = own.iter().zip(&self.free).map(|(capacity, free)| capacity - free);
        used.zip(&tables.bin(bin).capacity).all(|(used, capacity)| used <= *capacity)
            && self.items.iter().all(|&(class, _)| tables.takes(bin, class as usize))
    }

    /// Makes it a bin of another type that holds the same.
    pub fn become_type(&mut self, tables: &Tables, bin: usize) {
        let change = tables.bin(bin).capacity.iter().zip(&tables.bin(self.bin).capacity);
        self.free.iter_mut().zip(change).for_each(|(free, (new, old))| *free += new - old);
        self.bin = bin;
    }

    pub fn pattern(&self) -> Pattern {
        Pattern { bin: self.bin, items: self.items.to_vec() }
    }
}

impl Packing {
    /// Bins with how many there are of each; those that hold nothing are left out.
    pub(super) fn of(bins: impl IntoIterator<Item = (Pattern, u32)>) -> Packing {
        let mut patterns: Vec<(Pattern, u32)> =
            bins.into_iter().filter(|(pattern, count)| !pattern.items.is_empty() && *count > 0).collect();
        patterns.sort();
        patterns.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            kept.1 += if is_same { next.1 } else { 0 };
            is_same
        });
        Packing { patterns }
    }
}
