//! Vector packing: the fewest or cheapest bins of several types that hold all items, with a bound that says how far from perfect it is.
//!
//! Bins are nodes that could be bought, items are pods of a class. [`solve`] answers with a packing, the best found, and a lower bound
//! that holds whatever else there is.
//!
//! Promise: a packing respects every capacity, limit, conflict and eligibility ([`Packing::check`] adds everything up again); a bound was
//! verified in whole numbers. What ends in time is the same on every machine and with any number of threads; what is cut off by the
//! [`Budget`] says so.

pub mod bound;
pub mod columns;
mod construct;
mod dominance;
mod instance;
mod local_search;
pub mod peers;
mod problem;
mod shadow_price;
mod solve;
mod tables;

pub use construct::portfolio;
pub use dominance::{Reduction, undominated, without_dominated};
pub use instance::{Bin, Flaw, Instance, Item, Packing, Pattern};
pub use shadow_price::shadow_prices;
pub use solve::{solve, solve_briefly, solve_from};

use std::time::Duration;

/// How long it may take, and what is random.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// How much time is left. The clock is the caller's: nothing below the command line asks one.
    pub remaining: &'a (dyn Fn() -> Duration + Sync),
    /// Seed of everything that is drawn.
    pub seed: u64,
}

/// A proven lower bound on the price of every packing.
#[derive(Debug, Clone, PartialEq)]
pub struct LowerBound {
    /// The price, in the unit of [`Bin::price`].
    pub price: i64,
    /// What proves it.
    pub proof: BoundProof,
}

/// What proves a lower bound, from cheap to dear.
#[derive(Debug, Clone, PartialEq)]
pub enum BoundProof {
    /// There is nothing to pack.
    Nothing,
    /// All items together ask for so much of a resource that no cheaper set of bins has it. The resource's index.
    Resource(usize),
    /// A linear program over resources and types of bins.
    LinearProgram,
    /// Items of which no two (or no more than [`Item::per_bin`]) share a bin: one item class, or a clique of the conflicts.
    Cardinality(Vec<usize>),
    /// A dual-feasible function of a resource, by its index.
    DualFeasible(usize),
    /// The duals of column generation, made whole: a price for each item class, in millionths of the unit of [`Bin::price`]. No pattern
    /// is worth more than its bin costs (but for what [`Bin::limit`] gives up), so no packing costs less than all items are worth.
    Duals(Vec<i64>),
    /// No packing exists within the limits: the items that prove it.
    Infeasible(Vec<usize>),
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// The best packing that was found; none if some item fits no bin or limits are too tight for what was tried.
    pub packing: Option<Packing>,
    /// What no packing can be cheaper than.
    pub bound: LowerBound,
    /// Duals of items: what one more of each would cost, in the unit of [`Bin::price`], if column generation ran.
    pub duals: Option<Vec<f64>>,
    /// Whether the budget cut it off before everything planned was tried.
    pub cut_off: bool,
}
