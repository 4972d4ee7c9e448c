//! What all items together ask of one resource: no bin has more of it than its capacity.

use super::super::{BoundProof, LowerBound};
use super::share::{Share, better};

/// The best bound over all resources.
pub fn bound(share: &Share<'_>) -> Option<LowerBound> {
    let instance = share.instance;
    let of = |resource: usize| {
        // Items outside the share could make room for those inside; then only what takes room is counted.
        let least = if share.is_whole() { i64::MIN } else { 0 };
        let capacity = |bin: usize| if share.is_whole() { instance.bins[bin].capacity[resource] } else { share.room[bin][resource] };
        let value = |item: usize| i128::from(instance.items[item].amounts[resource].max(least));
        share.prove(BoundProof::Resource(resource), value, |bin| i128::from(capacity(bin)))
    };
    (0..instance.resources()).map(of).fold(None, better)
}
