//! A packing that is being built: groups of bins that hold the same, and what is left to pack.

use super::super::instance::Packing;
use super::super::tables::{OpenBin, Tables};

/// A packing that is being built.
#[derive(Clone)]
pub(in super::super) struct Draft<'t> {
    pub tables: &'t Tables<'t>,
    /// Bins that hold the same, and how many.
    pub groups: Vec<(OpenBin, u32)>,
    /// How many bins of each type are in use.
    pub used: Vec<u32>,
    /// How many items of each class are left.
    pub left: Vec<u32>,
}

impl<'t> Draft<'t> {
    pub fn new(tables: &'t Tables<'t>) -> Self {
        let left = tables.instance.items.iter().map(|item| item.demand).collect();
        Draft { tables, groups: Vec::new(), used: vec![0; tables.instance.bins.len()], left }
    }

    /// How many more bins of a type there are.
    pub fn spare(&self, bin: usize) -> u32 {
        self.tables.bin(bin).limit.map_or(u32::MAX, |limit| limit - self.used[bin].min(limit))
    }

    pub fn items_left(&self) -> u64 {
        self.left.iter().copied().map(u64::from).sum()
    }

    /// What the bins that hold something cost.
    pub fn price(&self) -> i64 {
        let filled = self.groups.iter().filter(|(open, _)| !open.items.is_empty());
        filled.map(|(open, count)| self.tables.bin(open.bin).price * i64::from(*count)).sum()
    }

    pub fn packing(&self) -> Packing {
        Packing::of(self.groups.iter().map(|(open, count)| (open.pattern(), *count)))
    }

    /// Adds bins that hold the same, and takes what they hold from what is left.
    pub fn add(&mut self, open: OpenBin, count: u32) {
        open.items.iter().for_each(|&(class, number)| self.left[class as usize] -= number * count);
        self.used[open.bin] += count;
        self.groups.push((open, count));
    }

    /// Puts as many items of a class as there are left, and as fit, into the bins of a group, which may fall apart into three.
    pub fn put(&mut self, group: usize, class: usize) {
        let (open, count) = &mut self.groups[group];
        let room = open.room(self.tables, class);
        let left = self.left[class];
        if room == 0 || left == 0 {
            return;
        }
        let (full, rest) = (left / room, left % room);
        let mut parts = Vec::with_capacity(2);
        if full < *count {
            let untouched = *count - full - u32::from(rest > 0);
            parts.push((open.clone(), untouched, 0));
            parts.push((open.clone(), u32::from(rest > 0), rest));
        }
        *count = full.min(*count);
        self.left[class] -= room * *count;
        open.add(self.tables, class, if *count > 0 { room } else { 0 });
        for (mut part, count, number) in parts.into_iter().filter(|(_, count, _)| *count > 0) {
            if number > 0 {
                part.add(self.tables, class, number);
                self.left[class] -= number;
            }
            self.groups.push((part, count));
        }
        self.forget_empty_group(group);
    }

    fn forget_empty_group(&mut self, group: usize) {
        if self.groups[group].1 == 0 {
            self.groups.swap_remove(group);
        }
    }
}
