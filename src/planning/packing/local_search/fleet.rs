//! Cheaper fleets: a bin less, or a cheaper type of bin, whatever is in it.

use rand::RngExt;

use super::super::tables::Tables;
use super::ejection::Search;

/// How many changes are looked at, of which the least painful is made.
const CANDIDATES: usize = 6;

/// A change that saves something: the bin, and the type it becomes if it does not go.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Change {
    bin: usize,
    becomes: Option<usize>,
}

/// Makes the fleet of a packing cheaper by one change; what no longer fits is loose. False if every change leaves too little capacity.
pub(super) fn cut(search: &mut Search, sizes: &[u64]) -> bool {
    let candidates = drawn(search);
    let rated = candidates.into_iter().map(|change| (pain(search, sizes, change), change));
    let Some((_, change)) = rated.min_by(|one, other| one.0.total_cmp(&other.0)) else { return false };
    let tables = search.tables;
    let old = search.bins.swap_remove(change.bin);
    let mut loose: Vec<u32> = old.items.iter().flat_map(|&(class, number)| std::iter::repeat_n(class, number as usize)).collect();
    // what is large goes back first
    loose.sort_by_key(|&class| std::cmp::Reverse(sizes[class as usize]));
    if let Some(bin) = change.becomes {
        let mut open = tables.open(bin);
        loose.retain(|&class| {
            let fits = open.has_room(tables, class as usize);
            if fits {
                open.add(tables, class as usize, 1);
            }
            !fits
        });
        search.bins.push(open);
    }
    loose.reverse();
    search.loose.extend(loose);
    true
}

/// Some changes after which the fleet has as much of every resource as all items ask for.
fn drawn(search: &mut Search) -> Vec<Change> {
    let (tables, types) = (search.tables, search.tables.instance.bins.len());
    let spare = spare(search);
    let mut free = vec![0i64; tables.resources];
    search.bins.iter().for_each(|bin| free.iter_mut().zip(&bin.free).for_each(|(sum, free)| *sum += free));
    let mut found = Vec::new();
    for _ in 0..CANDIDATES * 8 {
        let bin = search.random.random_range(0..search.bins.len());
        let goes = types == 1 || search.random.random_range(0..2) == 0;
        let becomes = if goes { None } else { Some(search.random.random_range(0..types)) };
        let own = search.bins[bin].bin;
        let saves = tables.bin(own).price - becomes.map_or(0, |bin| tables.bin(bin).price);
        let keeps = |resource: usize| becomes.map_or(0, |bin| tables.bin(bin).capacity[resource]);
        let has_enough = (0..tables.resources).all(|resource| free[resource] + keeps(resource) >= tables.bin(own).capacity[resource]);
        let is_left = becomes.is_some() || search.bins.len() > 1;
        if saves > 0 && is_left && has_enough && becomes.is_none_or(|bin| spare[bin] > 0) {
            found.push(Change { bin, becomes });
            if found.len() == CANDIDATES {
                break;
            }
        }
    }
    found
}

/// How many bins of each type are left.
fn spare(search: &Search) -> Vec<u32> {
    let mut spare: Vec<u32> = search.tables.instance.bins.iter().map(|bin| bin.limit.unwrap_or(u32::MAX)).collect();
    search.bins.iter().for_each(|bin| spare[bin.bin] = spare[bin.bin].saturating_sub(1));
    spare
}

/// How much of what is in the bin would have to go elsewhere, for what is saved.
fn pain(search: &Search, sizes: &[u64], change: Change) -> f64 {
    let tables: &Tables = search.tables;
    let bin = &search.bins[change.bin];
    let content: u64 = bin.items.iter().map(|&(class, number)| sizes[class as usize] * u64::from(number)).sum();
    let kept = change.becomes.map_or(0.0, |becomes| {
        let shares = tables.bin(becomes).capacity.iter().zip(&tables.bin(bin.bin).capacity).filter(|(_, own)| **own > 0);
        shares.map(|(new, own)| *new as f64 / *own as f64).fold(1.0, f64::min)
    });
    let saves = tables.bin(bin.bin).price - change.becomes.map_or(0, |bin| tables.bin(bin).price);
    content as f64 * (1.0 - 0.9 * kept) / saves as f64
}
