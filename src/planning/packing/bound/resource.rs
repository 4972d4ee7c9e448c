//! What all items together ask of one resource: no bin has more of it than its capacity.

use super::super::{BoundProof, LowerBound};
use super::share::{Share, better};

/// The best bound over all resources.
pub fn bound(share: &Share<'_>) -> Option<LowerBound> {
    let instance = share.instance;
    let of = |resource: usize| {
        let value = |item: usize| i128::from(instance.items[item].amounts[resource]);
        share.prove(BoundProof::Resource(resource), value, |bin| i128::from(instance.bins[bin].capacity[resource]))
    };
    (0..instance.resources()).map(of).fold(None, better)
}
