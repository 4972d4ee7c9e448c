//! Which type of bin to open next.

use super::super::tables::OpenBin;
use super::{Draft, Scale};

/// How many types of bins are filled on trial.
const TRIALS: usize = 6;

/// Which type of bin is opened next, of those that are left and hold something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum TypeOrder {
    /// The type of which alone all that is left would cost the least, by the resource it has the least of.
    PricePerShare,
    /// The cheapest.
    Price,
    /// The largest.
    LargestFirst,
    /// The type that is filled best for its price, of some that [`TypeOrder::PricePerShare`] has first and some that have the most
    /// capacity for their price, by weight.
    BestFill,
}

impl TypeOrder {
    /// Types of bins for what is left, the best first; bins that cost nothing come before all others.
    pub fn order(self, draft: &Draft, scale: &Scale, weights: &[f64]) -> Vec<usize> {
        let tables = draft.tables;
        let totals = scale.totals(&draft.left);
        let holds_some = |bin: &usize| draft.spare(*bin) > 0 && tables.taken(*bin).ones().any(|class| draft.left[class] > 0);
        let types: Vec<usize> = (0..tables.instance.bins.len()).filter(holds_some).collect();
        let by_price = sorted(&types, |bin| self.cost(draft, scale, bin, &totals));
        if self != TypeOrder::BestFill {
            return by_price;
        }
        let by_capacity = sorted(&types, |bin| {
            let capacity: f64 = scale.scaled(&tables.bin(bin).capacity).zip(weights).map(|(share, weight)| share * weight).sum();
            tables.bin(bin).price as f64 / capacity.max(1e-9)
        });
        let mut types = Vec::with_capacity(by_price.len());
        for bin in by_price.into_iter().zip(by_capacity).flat_map(|(one, other)| [one, other]) {
            if types.len() < TRIALS && !types.contains(&bin) {
                types.push(bin);
            }
        }
        types
    }

    fn cost(self, draft: &Draft, scale: &Scale, bin: usize, totals: &[f64]) -> f64 {
        let price = draft.tables.bin(bin).price as f64;
        if price == 0.0 {
            return -1.0;
        }
        let capacity = || scale.scaled(&draft.tables.bin(bin).capacity);
        match self {
            TypeOrder::Price => price,
            TypeOrder::LargestFirst => 1.0 / (1.0 + capacity().sum::<f64>()),
            TypeOrder::PricePerShare | TypeOrder::BestFill => {
                let bins = totals.iter().zip(capacity()).filter(|(total, _)| **total > 0.0).map(|(total, share)| total / share);
                price * bins.fold(1.0, f64::max)
            }
        }
    }
}

/// Types, those with the least cost first.
fn sorted(types: &[usize], cost: impl Fn(usize) -> f64) -> Vec<usize> {
    let mut rated: Vec<(f64, usize)> = types.iter().map(|&bin| (cost(bin), bin)).collect();
    rated.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    rated.into_iter().map(|(_, bin)| bin).collect()
}

/// How much of a bin is filled for its price, by weight.
pub(super) fn fill_for_price(open: &OpenBin, draft: &Draft, scale: &Scale, weights: &[f64]) -> f64 {
    let value = |&(class, number): &(u32, u32)| {
        let shares = scale.shares(class as usize).iter().zip(weights);
        f64::from(number) * shares.map(|(share, weight)| share * weight).sum::<f64>()
    };
    let price = draft.tables.bin(open.bin).price as f64;
    open.items.iter().map(value).sum::<f64>() / price.max(1e-9)
}
