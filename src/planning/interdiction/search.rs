//! Branch and bound over which units are lost: what a certificate covers is not looked into, the rest is listed loss by loss.
//!
//! A branch is a list of units that are lost for certain, and of others of which some more are. Classes that a certificate covers in a
//! branch are covered in all that grows out of it. A branch without an open class is done. If the certain units host no open class, then
//! only those of its losses are open that take a unit that does; else all are. Units that are alike are taken in order, so that of losses
//! that differ in names only one is looked at, and stands for all.
//!
//! Source: interdiction as in R. K. Wood, Deterministic network interdiction, 1993; the classes of the certificate in place of arcs.

use super::ground::Ground;
use super::orbit::Orbits;
use crate::cluster::index::ClassId;

/// No more losses than this are listed.
const LEAVES: usize = 200_000;

/// A loss that no certificate covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    pub units: Vec<u32>,
    /// How many losses are like it, itself included.
    pub stands_for: u128,
    /// Pods of open classes that it hits, and pods that it hits at all.
    urgency: (i64, i64),
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub(super) struct Cover {
    /// Losses that certificates cover.
    pub certified: u128,
    /// Losses that none covers, the most urgent first.
    pub leaves: Vec<Leaf>,
    /// Losses that were not looked at, for want of time.
    pub unseen: u128,
    /// Classes that were open at the root.
    pub open: Vec<ClassId>,
}

/// Which of these classes no certificate covers, with these units lost and so many more.
pub(super) trait Bound {
    fn open(&self, taken: &[u32], more: usize, classes: Vec<ClassId>) -> Vec<ClassId>;
}

/// Searches all losses of `k` units. `tests` limits how often a class is put to the test.
pub(super) fn search(ground: &Ground<'_>, orbits: &Orbits, bound: &dyn Bound, tests: u64) -> Cover {
    let mut search = Search { ground, orbits, bound, tests, cover: Cover::default() };
    let mut order: Vec<usize> = (0..orbits.members.len()).collect();
    let pods = |orbit: usize| pods_of(ground, orbits.members[orbit][0]);
    order.sort_by_key(|&orbit| std::cmp::Reverse(pods(orbit)));
    let all: Vec<ClassId> = ground.displaced().map(|(class, _)| class).collect();
    search.cover.open = bound.open(&[], ground.k, all);
    let open = search.cover.open.clone();
    search.descend(&mut Vec::new(), 1, &order, ground.k, open);
    search.cover.leaves.sort_by(|one, other| other.urgency.cmp(&one.urgency).then_with(|| one.units.cmp(&other.units)));
    search.cover
}

struct Search<'a> {
    ground: &'a Ground<'a>,
    orbits: &'a Orbits,
    bound: &'a dyn Bound,
    tests: u64,
    cover: Cover,
}

impl Search<'_> {
    /// `open` are the classes that were open one level up.
    fn descend(&mut self, taken: &mut Vec<u32>, stands_for: u128, remaining: &[usize], more: usize, open: Vec<ClassId>) {
        let losses = stands_for.saturating_mul(choose(self.size(remaining), more));
        if losses == 0 {
            return;
        }
        let touched = self.touched(taken, remaining, more, open);
        if self.tests < touched.len() as u64 {
            self.cover.unseen += losses;
            return;
        }
        self.tests -= touched.len() as u64;
        let open = self.bound.open(taken, more, touched);
        if open.is_empty() {
            self.cover.certified += losses;
        } else if more == 0 {
            self.list(taken, stands_for, &open);
        } else {
            self.branch(taken, stands_for, remaining, more, open);
        }
    }

    fn branch(&mut self, taken: &mut Vec<u32>, stands_for: u128, remaining: &[usize], more: usize, open: Vec<ClassId>) {
        let is_hit = taken.iter().any(|&unit| self.hosts_one(unit, &open));
        let is_hot = |&orbit: &usize| is_hit || self.hosts_one(self.orbits.members[orbit][0], &open);
        let (hot, cold): (Vec<usize>, Vec<usize>) = remaining.iter().copied().partition(is_hot);
        if !is_hit {
            self.cover.certified += stands_for.saturating_mul(choose(self.size(&cold), more));
        }
        for (at, &orbit) in hot.iter().enumerate() {
            let members = &self.orbits.members[orbit];
            for count in 1..=more.min(members.len()) {
                let rest: Vec<usize> = if count == more { Vec::new() } else { hot[at + 1..].iter().chain(&cold).copied().collect() };
                taken.extend(&members[..count]);
                let stands_for = stands_for.saturating_mul(choose(members.len(), count));
                self.descend(taken, stands_for, &rest, more - count, open.clone());
                taken.truncate(taken.len() - count);
            }
        }
    }

    fn list(&mut self, taken: &[u32], stands_for: u128, open: &[ClassId]) {
        if self.cover.leaves.len() >= LEAVES {
            self.cover.unseen += stands_for;
            return;
        }
        let of_open = |unit: &u32| {
            let displaced = self.ground.units.displaced[*unit as usize].iter();
            displaced.filter(|(class, _)| open.binary_search(class).is_ok()).map(|(_, count)| count).sum::<i64>()
        };
        let urgency = (taken.iter().map(of_open).sum(), taken.iter().map(|&unit| pods_of(self.ground, unit)).sum());
        let mut units = taken.to_vec();
        units.sort_unstable();
        self.cover.leaves.push(Leaf { units, stands_for, urgency });
    }

    /// The classes among `open` of which pods are hit for certain, or can still be.
    fn touched(&self, taken: &[u32], remaining: &[usize], more: usize, open: Vec<ClassId>) -> Vec<ClassId> {
        if more > 0 {
            let mut is_left = vec![false; self.orbits.members.len()];
            remaining.iter().for_each(|&orbit| is_left[orbit] = true);
            let is_hit = |&(unit, _): &(u32, i64)| taken.contains(&unit) || is_left[self.orbits.of_unit[unit as usize]];
            return open.into_iter().filter(|class| self.ground.hosts[class.index()].iter().any(is_hit)).collect();
        }
        let hosted = taken.iter().flat_map(|&unit| self.ground.units.displaced[unit as usize].iter().map(|&(class, _)| class));
        let mut hosted: Vec<ClassId> = hosted.filter(|class| open.binary_search(class).is_ok()).collect();
        hosted.sort_unstable();
        hosted.dedup();
        hosted
    }

    fn hosts_one(&self, unit: u32, classes: &[ClassId]) -> bool {
        self.ground.units.displaced[unit as usize].iter().any(|(class, _)| classes.binary_search(class).is_ok())
    }

    fn size(&self, orbits: &[usize]) -> usize {
        orbits.iter().map(|&orbit| self.orbits.size(orbit)).sum()
    }
}

fn pods_of(ground: &Ground<'_>, unit: u32) -> i64 {
    ground.units.displaced[unit as usize].iter().map(|(_, count)| count).sum()
}

/// In how many ways `k` can be chosen of `n`; as many as can be counted, if they are more.
pub fn choose(n: usize, k: usize) -> u128 {
    if k > n {
        return 0;
    }
    (0..k.min(n - k) as u128).fold(1u128, |ways, at| ways.saturating_mul(n as u128 - at) / (at + 1))
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn ways_to_choose() {
        assert_eq!([choose(5000, 2), choose(7, 3), choose(3, 5), choose(4, 0), choose(0, 0)], [12_497_500, 35, 0, 1, 1]);
    }
}
