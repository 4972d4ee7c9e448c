//! Packings built in one go: a portfolio of rules, of which the best result counts.
//!
//! Item-centric rules take one class after the other, the largest first, and look for bins (first fit, best fit). Bin-centric rules fill
//! one bin after the other with the class that suits best what is left of it. All of them deal with whole classes and with groups of bins
//! that hold the same, so that it does not matter how many items a class has.
//!
//! A new rule: a row in [`RULES`], the best ones first; of large instances only the first rows are tried.
//!
//! Sources: R. Panigrahy, K. Talwar, L. Uyeda, U. Wieder, "Heuristics for Vector Bin Packing", 2011; C. Mommessin, T. Erlebach,
//! N. Shakhlevich, "Classification and evaluation of the algorithms for vector bin packing", Computers & Operations Research 2024.

mod bin_centric;
mod draft;
mod item_centric;
mod measure;
mod polish;
mod resource_prices;
mod type_order;

use rayon::prelude::*;

use super::instance::{Instance, Packing};
use super::tables::Tables;
pub(super) use draft::Draft;
pub(super) use measure::{Measure, Scale, Weights};
pub(super) use polish::polish;
pub(super) use type_order::TypeOrder;

/// How a packing is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    pub way: Way,
    pub measure: Measure,
    pub weights: Weights,
    pub types: TypeOrder,
}

/// What is taken one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Classes, each into the first bins with room.
    FirstFit,
    /// Classes, each into the fullest bins with room.
    BestFit,
    /// Bins, each filled with the classes that suit it best.
    BinCentric,
}

const fn rule(way: Way, measure: Measure, weights: Weights, types: TypeOrder) -> Rule {
    Rule { way, measure, weights, types }
}

/// The rules, the best first.
const RULES: &[Rule] = &{
    use Measure::{DotProduct, Euclidean, Largest, Sum};
    use TypeOrder::{BestFill, LargestFirst, Price, PricePerShare};
    use Way::{BestFit, BinCentric, FirstFit};
    use Weights::{Average, Dynamic, Even, Priced, Steep};
    [
        rule(BinCentric, Euclidean, Priced, BestFill),
        rule(BinCentric, DotProduct, Dynamic, PricePerShare),
        rule(BestFit, Euclidean, Average, PricePerShare),
        rule(BinCentric, Euclidean, Even, PricePerShare),
        rule(BinCentric, DotProduct, Priced, BestFill),
        rule(BinCentric, DotProduct, Even, PricePerShare),
        rule(BinCentric, Largest, Even, PricePerShare),
        rule(FirstFit, Largest, Even, PricePerShare),
        rule(BinCentric, Euclidean, Dynamic, BestFill),
        rule(BestFit, Sum, Average, Price),
        rule(BinCentric, Euclidean, Average, LargestFirst),
        rule(FirstFit, Euclidean, Steep, PricePerShare),
        rule(BinCentric, DotProduct, Average, BestFill),
        rule(BestFit, Largest, Even, LargestFirst),
        rule(BinCentric, Sum, Even, PricePerShare),
        rule(BestFit, DotProduct, Average, PricePerShare),
        rule(FirstFit, Sum, Even, LargestFirst),
        rule(BinCentric, DotProduct, Steep, LargestFirst),
        rule(BinCentric, Euclidean, Steep, BestFill),
        rule(BinCentric, Sum, Priced, BestFill),
        rule(BestFit, Largest, Steep, Price),
        rule(BinCentric, Largest, Dynamic, Price),
        rule(BinCentric, Sum, Dynamic, BestFill),
    ]
};

/// About how many steps the rules may take together.
const STEPS_MAX: usize = 40_000_000;

/// The cheapest packing of all rules; none if every rule runs out of bins.
pub fn portfolio(instance: &Instance) -> Option<Packing> {
    cheapest(&Tables::new(instance)).ok()
}

/// The cheapest packing of all rules, or the draft that leaves the fewest items over.
pub(super) fn cheapest<'t>(tables: &'t Tables<'t>) -> Result<Packing, Draft<'t>> {
    let items: usize = tables.classes() * tables.classes().min(bin_centric::SAMPLE) * 8;
    let rules = (STEPS_MAX / (items + tables.instance.bins.len() * tables.classes()).max(1)).clamp(4, RULES.len());
    let scale = Scale::new(tables);
    let drafts: Vec<Draft> = RULES[..rules].par_iter().map(|rule| draft_by(tables, *rule, &scale)).collect();
    let best = drafts.into_iter().min_by_key(|draft| (draft.items_left(), draft.price()));
    let best = best.expect("there are rules");
    if best.items_left() == 0 { Ok(best.packing()) } else { Err(best) }
}

/// What one rule builds, polished.
pub(super) fn draft_by<'t>(tables: &'t Tables<'t>, rule: Rule, scale: &Scale) -> Draft<'t> {
    let mut draft = Draft::new(tables);
    match rule.way {
        Way::FirstFit | Way::BestFit => item_centric::pack(&mut draft, rule, scale),
        Way::BinCentric => bin_centric::pack(&mut draft, rule, scale),
    }
    polish(&mut draft);
    draft
}
