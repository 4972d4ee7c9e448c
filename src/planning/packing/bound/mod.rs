//! Lower bounds that take microseconds to milliseconds; [`cheap`] is the best of them.

pub(super) mod cover;

use super::{BoundProof, Instance, LowerBound};
use cover::cover;

/// The best of the cheap bounds.
pub fn cheap(instance: &Instance) -> LowerBound {
    let mut best = LowerBound { price: 0, proof: BoundProof::Nothing };
    for resource in 0..instance.resources() {
        let value = instance.items.iter().map(|item| i128::from(item.amounts[resource]) * i128::from(item.demand)).sum();
        let most: Vec<i128> = instance.bins.iter().map(|bin| i128::from(bin.capacity[resource])).collect();
        if let Some(price) = cover(&instance.bins, value, &most).filter(|price| *price > best.price) {
            best = LowerBound { price, proof: BoundProof::Resource(resource) };
        }
    }
    best
}
