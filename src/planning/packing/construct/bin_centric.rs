//! One bin after the other, filled with the classes that suit best what is left of it.

use super::super::tables::{OpenBin, Tables};
use super::type_order::fill_for_price;
use super::{Draft, Measure, Rule, Scale, TypeOrder, Weights};

/// How many classes are looked at for one bin, about. If there are more, each bin is filled with every so manieth of them.
pub(super) const SAMPLE: usize = 400;
/// The prices of resources are worked out anew when so many parts of this are left of what was left then.
const PARTS: u64 = 16;

/// Fills bins until nothing is left, or no bin.
pub(super) fn pack(draft: &mut Draft, rule: Rule, scale: &Scale) {
    let mut weights = scale.weights(rule.weights, draft.tables, &draft.left);
    let mut left_then = draft.items_left();
    while draft.items_left() > 0 {
        let has_changed = rule.weights == Weights::Priced && draft.items_left() <= left_then / PARTS * (PARTS - 1);
        if rule.weights == Weights::Dynamic || has_changed {
            weights = scale.weights(rule.weights, draft.tables, &draft.left);
            left_then = draft.items_left();
        }
        let types = rule.types.order(draft, scale, &weights);
        let is_one = rule.types != TypeOrder::BestFill || types.first().is_some_and(|&bin| draft.tables.bin(bin).price == 0);
        let trials = if is_one { 1 } else { types.len() };
        let filled = types.into_iter().take(trials).map(|bin| fill(draft, rule.measure, scale, &weights, bin));
        let rated = filled.map(|open| (fill_for_price(&open, draft, scale, &weights), open));
        let Some((_, open)) = rated.reduce(|best, next| if next.0 > best.0 { next } else { best }) else { return };
        let times = open.items.iter().map(|&(class, number)| draft.left[class as usize] / number).min().expect("bins that hold something");
        let times = times.min(draft.spare(open.bin));
        draft.add(open, times);
    }
}

/// A bin of a type, filled with what is left: always the class that suits best.
fn fill(draft: &Draft, measure: Measure, scale: &Scale, weights: &[f64], bin: usize) -> OpenBin {
    let tables = draft.tables;
    let mut open = tables.open(bin);
    let mut free: Vec<f64> = scale.scaled(&open.free).collect();
    let mut candidates: Vec<usize> = tables.taken(bin).ones().filter(|&class| draft.left[class] > 0).collect();
    let stride = candidates.len().div_ceil(SAMPLE).max(1);
    if stride > 1 {
        candidates = candidates.into_iter().skip(draft.groups.len() % stride).step_by(stride).collect();
    }
    while let Some(class) = best_fitting(tables, &open, &mut candidates, |class| scale.suits(measure, weights, class, &free)) {
        open.add(tables, class, 1);
        free.clear();
        free.extend(scale.scaled(&open.free));
        let number = open.number(class);
        if number == 1 {
            candidates.retain(|&other| !tables.are_rivals(class, other));
        }
        if number >= draft.left[class].min(tables.instance.items[class].per_bin) {
            candidates.retain(|&other| other != class);
        }
    }
    open
}

/// Strikes out the candidates that are too large; the one of those left that suits best.
fn best_fitting(tables: &Tables, open: &OpenBin, candidates: &mut Vec<usize>, suits: impl Fn(usize) -> f64) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    candidates.retain(|&class| {
        let fits = tables.amounts(class).iter().zip(&open.free).all(|(amount, free)| amount <= free);
        if fits {
            let suits = suits(class);
            best = best.filter(|best| best.0 >= suits).or(Some((suits, class)));
        }
        fits
    });
    best.map(|(_, class)| class)
}
