//! Lower bounds that take microseconds to milliseconds; [`cheap`] is the best of them.
//!
//! Each bound gives every item a value, and knows the most value that a bin of each type can hold; the cheapest bins that hold it all
//! are the bound. It is asked of all items, and of the items that only some types of bins take, together with just those types.
//!
//! Promise: no packing is cheaper; all is whole numbers but for the choice of weights in [`linear`], and any weights give a bound that holds.
//!
//! To add a bound: a function from a [`Share`] to a [`LowerBound`], and a row in [`BOUNDS`].
//!
//! Source: F. Clautiaux, C. Alves and J. Valério de Carvalho, "A survey of dual-feasible and superadditive functions", Annals of Operations
//! Research 179, 2010; S. Martello and P. Toth, "Lower bounds and reduction procedures for the bin packing problem", Discrete Applied
//! Mathematics 28, 1990.

pub mod cardinality;
pub(super) mod cover;
pub mod dual_feasible;
pub mod linear;
pub mod prices;
pub mod resource;
mod share;

pub use share::Share;

use super::problem::{relief, takes};
use super::{BoundProof, Instance, LowerBound};

/// A bound on the price of packing a share of the items.
pub type Bound = fn(&Share<'_>) -> Option<LowerBound>;

/// The cheap bounds, the cheapest first.
pub const BOUNDS: &[Bound] = &[resource::bound, cardinality::bound, dual_feasible::bound, prices::bound, linear::bound];

/// The best of the cheap bounds; if no packing exists, the largest price there is.
pub fn cheap(instance: &Instance) -> LowerBound {
    let relief = relief(instance);
    let homeless = |&item: &usize| instance.items[item].demand > 0 && takes(instance, &relief, item).is_clear();
    let homeless: Vec<usize> = (0..instance.items.len()).filter(homeless).collect();
    if !homeless.is_empty() {
        return LowerBound { price: i64::MAX, proof: BoundProof::Infeasible(homeless) };
    }
    let mut best = LowerBound { price: 0, proof: BoundProof::Nothing };
    for share in Share::all(instance) {
        for bound in BOUNDS {
            match bound(&share) {
                Some(bound) if bound.price == i64::MAX => return bound,
                Some(bound) if bound.price > best.price => best = bound,
                _ => {}
            }
        }
    }
    best
}
