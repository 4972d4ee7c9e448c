//! Makes a packing cheaper, step by step.

mod ejection;

use std::sync::atomic::{AtomicUsize, Ordering};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::Budget;
use super::construct::{Scale, Weights};
use super::instance::Packing;
use super::tables::{OpenBin, Tables};
use ejection::{Manner, Search};

const MANNERS: [Manner; 4] = [
    Manner { ejected_max: 2, swaps: 20, by_size: true },
    Manner { ejected_max: 3, swaps: 20, by_size: false },
    Manner { ejected_max: 2, swaps: 100, by_size: false },
    Manner { ejected_max: 3, swaps: 100, by_size: true },
];

pub(super) fn improve(tables: &Tables, packing: Packing, goal: i64, looks: u64, budget: &Budget) -> (Packing, bool) {
    let mut best = packing;
    let scale = Scale::new(tables);
    let demand: Vec<u32> = tables.instance.items.iter().map(|item| item.demand).collect();
    let weights = scale.weights(Weights::Average, &demand);
    let sizes: Vec<u64> = (0..tables.classes())
        .map(|class| 1 + (1000.0 * scale.shares(class).iter().zip(&weights).map(|(s, w)| s * w).sum::<f64>()) as u64)
        .collect();
    while best.price(tables.instance) > goal {
        let searches: Vec<Search> = (0..MANNERS.len())
            .map(|index| {
                let bins: Vec<OpenBin> = best
                    .patterns
                    .iter()
                    .flat_map(|(pattern, count)| std::iter::repeat_n(tables.opened(pattern), *count as usize))
                    .collect();
                let random = ChaCha8Rng::seed_from_u64(budget.seed.wrapping_add(index as u64));
                let mut search = Search::new(tables, bins, &sizes, MANNERS[index], random);
                let size = |bin: &OpenBin| bin.items.iter().map(|&(c, n)| sizes[c as usize] * u64::from(n)).sum::<u64>();
                let mut order: Vec<usize> = (0..search.bins.len()).collect();
                order.sort_by_key(|&b| size(&search.bins[b]));
                let pick = order[search.random.random_range(0..order.len().min(1 + index))];
                let removed = search.bins.swap_remove(pick);
                search.loose.extend(removed.items.iter().flat_map(|&(c, n)| std::iter::repeat_n(c, n as usize)));
                search
            })
            .collect();
        let winner = AtomicUsize::new(usize::MAX);
        let results: Vec<Option<Packing>> = searches
            .into_par_iter()
            .enumerate()
            .map(|(index, mut search)| {
                let mut spent = 0;
                while spent < looks {
                    if search.run(200_000) {
                        winner.fetch_min(index, Ordering::Relaxed);
                        return Some(Packing::of(search.bins.iter().map(|bin| (bin.pattern(), 1))));
                    }
                    spent += 200_000;
                    if winner.load(Ordering::Relaxed) < index || (budget.remaining)().is_zero() {
                        return None;
                    }
                }
                None
            })
            .collect();
        match results.into_iter().flatten().next() {
            Some(packing) => best = packing,
            None => return (best, (budget.remaining)().is_zero()),
        }
    }
    (best, false)
}
