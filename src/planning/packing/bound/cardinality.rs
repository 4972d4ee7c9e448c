//! Items that cannot share a bin need as many bins as there are of them.
//!
//! One class needs a bin for each [`Item::per_bin`](super::super::Item::per_bin) items, or for as many as fit. Classes of which no two
//! may or can share a bin (a clique of the conflicts, with those whose amounts are too large to go together) need the bins of each. Cliques
//! are found greedily.

use fixedbitset::FixedBitSet;

use super::super::{BoundProof, LowerBound};
use super::share::{Share, better};

/// How many classes are looked at for cliques.
const CLASSES: usize = 1_000;
/// How many classes a clique is begun with.
const STARTS: usize = 24;

/// The best bound over single classes and the cliques found.
pub fn bound(share: &Share<'_>) -> Option<LowerBound> {
    let single = (0..share.items.len()).map(|position| class(share, position)).fold(None, better);
    better(single, cliques(share))
}

/// The bins that one class needs.
fn class(share: &Share<'_>, position: usize) -> Option<LowerBound> {
    let item = share.items[position];
    let demand = i128::from(share.instance.items[item].demand);
    let most = |bin: usize| i128::from(share.per_bin(position, bin)).min(demand);
    share.prove_sum(BoundProof::Cardinality(vec![item]), demand, most, |other| other == item)
}

/// The best bound over some cliques.
fn cliques(share: &Share<'_>) -> Option<LowerBound> {
    let Conflicts { positions, bins, apart } = Conflicts::new(share);
    let degree: Vec<usize> = apart.iter().map(|apart| apart.count_ones(..)).collect();
    let mut order: Vec<usize> = (0..positions.len()).filter(|&vertex| degree[vertex] > 0).collect();
    order.sort_by_key(|&vertex| std::cmp::Reverse((bins[vertex] * degree[vertex] as u64, degree[vertex])));
    let mut best = None;
    for &start in order.iter().take(STARTS) {
        let mut open = apart[start].clone();
        let mut clique = vec![start];
        for &vertex in order.iter() {
            if open.contains(vertex) {
                clique.push(vertex);
                open.intersect_with(&apart[vertex]);
            }
        }
        best = better(best, clique_bound(share, &positions, &bins, &clique));
    }
    best
}

/// The bins that a clique needs, each class its own.
fn clique_bound(share: &Share<'_>, positions: &[usize], bins: &[u64], clique: &[usize]) -> Option<LowerBound> {
    let needed: i128 = clique.iter().map(|&vertex| i128::from(bins[vertex])).sum();
    let takes = |bin: usize| clique.iter().any(|&vertex| share.takes[positions[vertex]].contains(bin));
    let mut items: Vec<usize> = clique.iter().map(|&vertex| share.items[positions[vertex]]).collect();
    items.sort_unstable();
    let inside = items.clone();
    share.prove_sum(BoundProof::Cardinality(items), needed, |bin| i128::from(takes(bin)), |item| inside.binary_search(&item).is_ok())
}

/// Which classes never share a bin.
struct Conflicts {
    /// The classes looked at, by their position in the share.
    positions: Vec<usize>,
    /// How many bins each needs at least.
    bins: Vec<u64>,
    /// For each, those that never share a bin with it.
    apart: Vec<FixedBitSet>,
}

impl Conflicts {
    /// Of the largest classes of a share.
    fn new(share: &Share<'_>) -> Conflicts {
        let instance = share.instance;
        let widest = widest(share);
        let size = |position: usize| {
            let amounts = &instance.items[share.items[position]].amounts;
            amounts.iter().zip(&widest).map(|(amount, most)| amount * 1_000 / most.max(&1)).max().unwrap_or(0)
        };
        let mut named = vec![0usize; instance.items.len()];
        instance.conflicts.iter().for_each(|&(one, other)| {
            named[one] += 1;
            named[other] += 1;
        });
        let mut positions: Vec<usize> = (0..share.items.len()).collect();
        positions.sort_by_key(|&position| std::cmp::Reverse((size(position) > 500, named[share.items[position]], size(position))));
        positions.truncate(CLASSES);
        let most = |position: usize| share.bins.ones().map(|bin| share.per_bin(position, bin)).max().unwrap_or(1).max(1);
        let bins = |&position: &usize| u64::from(instance.items[share.items[position]].demand).div_ceil(most(position));
        let bins = positions.iter().map(bins).collect();
        let apart = apart(share, &positions, &widest);
        Conflicts { positions, bins, apart }
    }
}

/// The most of each resource that any type of bin has.
fn widest(share: &Share<'_>) -> Vec<i64> {
    let capacity = |resource: usize| share.bins.ones().map(|bin| share.room[bin][resource]).max().unwrap_or(0);
    (0..share.instance.resources()).map(capacity).collect()
}

/// For each class those that never share a bin with it: they conflict, no type takes both, or no bin is large enough for both.
fn apart(share: &Share<'_>, positions: &[usize], widest: &[i64]) -> Vec<FixedBitSet> {
    let instance = share.instance;
    let mut apart = vec![FixedBitSet::with_capacity(positions.len()); positions.len()];
    let mut vertex_of = vec![None; instance.items.len()];
    positions.iter().enumerate().for_each(|(vertex, &position)| vertex_of[share.items[position]] = Some(vertex));
    for &(one, other) in &instance.conflicts {
        if let (Some(one), Some(other)) = (vertex_of[one], vertex_of[other]) {
            apart[one].insert(other);
            apart[other].insert(one);
        }
    }
    let amounts = |vertex: usize| &instance.items[share.items[positions[vertex]]].amounts;
    let over = |one: &[i64], other: &[i64], most: &[i64]| one.iter().zip(other).zip(most).any(|((one, other), most)| one + other > *most);
    let few = share.bins.count_ones(..) <= 16;
    for one in 0..positions.len() {
        for other in 0..one {
            let (left, right) = (&share.takes[positions[one]], &share.takes[positions[other]]);
            let together = |bin: usize| !over(amounts(one), amounts(other), &share.room[bin]);
            let never = over(amounts(one), amounts(other), widest) || (few && !left.intersection(right).any(together));
            if never {
                apart[one].insert(other);
                apart[other].insert(one);
            }
        }
    }
    apart
}
