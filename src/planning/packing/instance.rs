//! What is to be packed, and a packing.

use std::fmt;

use fixedbitset::FixedBitSet;

/// Bins of several types and items of several classes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instance {
    /// Types of bins.
    pub bins: Vec<Bin>,
    /// Classes of items that are alike.
    pub items: Vec<Item>,
    /// Pairs of different classes that never share a bin, the lesser index first, sorted, each once.
    pub conflicts: Vec<(usize, usize)>,
}

/// A type of bin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bin {
    /// How much of each resource it holds; not negative.
    pub capacity: Vec<i64>,
    /// What one costs. Not negative; nothing for bins that are there anyway.
    pub price: i64,
    /// How many there are at most; none if there are any number.
    pub limit: Option<u32>,
}

/// A class of items that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// How much of each resource one asks for; not negative.
    pub amounts: Vec<i64>,
    /// How many there are to pack; more than none.
    pub demand: u32,
    /// How many may share a bin at most.
    pub per_bin: u32,
    /// Types of bins that may hold it; none if all may.
    pub bins: Option<FixedBitSet>,
}

/// What one bin holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    /// The type of bin.
    pub bin: usize,
    /// Items by class and how many of each, more than none, in the order of classes.
    pub items: Vec<(u32, u32)>,
}

/// Bins with what they hold: exactly the demand of each class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packing {
    /// Each distinct pattern, and how many bins have it; sorted.
    pub patterns: Vec<(Pattern, u32)>,
}

/// What is wrong with a packing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw(pub String);

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Instance {
    /// How many resources there are.
    pub fn resources(&self) -> usize {
        self.bins.first().map_or(0, |bin| bin.capacity.len())
    }

    /// Whether a bin of a type may hold items of a class, and has room for one.
    pub fn takes(&self, bin: usize, item: usize) -> bool {
        let Item { amounts, per_bin, bins, .. } = &self.items[item];
        let may = bins.as_ref().is_none_or(|bins| bins.contains(bin));
        may && *per_bin > 0 && amounts.iter().zip(&self.bins[bin].capacity).all(|(amount, capacity)| amount <= capacity)
    }
}

impl Packing {
    /// What all its bins cost.
    pub fn price(&self, instance: &Instance) -> i64 {
        self.patterns.iter().map(|(pattern, count)| instance.bins[pattern.bin].price * i64::from(*count)).sum()
    }

    /// How many bins it has.
    pub fn bins(&self) -> u64 {
        self.patterns.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// Adds everything up again, sharing no code with what packs: every capacity, limit, conflict, eligibility and demand.
    pub fn check(&self, instance: &Instance) -> Result<(), Flaw> {
        let mut packed = vec![0u64; instance.items.len()];
        let mut used = vec![0u64; instance.bins.len()];
        for (pattern, count) in &self.patterns {
            pattern.check(instance)?;
            used[pattern.bin] += u64::from(*count);
            pattern.items.iter().for_each(|&(item, number)| packed[item as usize] += u64::from(number) * u64::from(*count));
        }
        for (index, (item, packed)) in instance.items.iter().zip(&packed).enumerate() {
            if *packed != u64::from(item.demand) {
                return Err(Flaw(format!("{packed} items of class {index} are packed, not {}", item.demand)));
            }
        }
        let over = instance.bins.iter().zip(&used).position(|(bin, used)| bin.limit.is_some_and(|limit| *used > u64::from(limit)));
        over.map_or(Ok(()), |bin| Err(Flaw(format!("{} bins of type {bin} are used, more than there are", used[bin]))))
    }
}

impl Pattern {
    /// Whether one bin can hold this.
    pub fn check(&self, instance: &Instance) -> Result<(), Flaw> {
        let bin = &instance.bins[self.bin];
        let mut load = vec![0i64; bin.capacity.len()];
        for &(index, number) in &self.items {
            let item = &instance.items[index as usize];
            if number == 0 || number > item.per_bin {
                return Err(Flaw(format!("{number} items of class {index} in one bin, {} may be", item.per_bin)));
            }
            if item.bins.as_ref().is_some_and(|bins| !bins.contains(self.bin)) {
                return Err(Flaw(format!("class {index} may not be in bins of type {}", self.bin)));
            }
            load.iter_mut().zip(&item.amounts).for_each(|(load, amount)| *load += amount * i64::from(number));
        }
        if let Some(resource) = load.iter().zip(&bin.capacity).position(|(load, capacity)| load > capacity) {
            return Err(Flaw(format!("resource {resource} of a bin of type {} is overfull: {}", self.bin, load[resource])));
        }
        let holds = |index: usize| self.items.iter().any(|&(item, _)| item as usize == index);
        let clash = instance.conflicts.iter().find(|(one, other)| holds(*one) && holds(*other));
        clash.map_or(Ok(()), |(one, other)| Err(Flaw(format!("classes {one} and {other} share a bin"))))
    }
}
