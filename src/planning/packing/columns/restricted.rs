//! The restricted master: whole numbers of the patterns known, by branch and bound of a solver for integer programs.
//!
//! It begins with the best packing known, so it never ends with a worse one. Patterns may hold more than is left to pack; then they are cut
//! down, bin by bin.

use std::time::Duration;

#[cfg(feature = "highs")]
use good_lp::solvers::highs::highs as solver;
#[cfg(not(feature = "highs"))]
use good_lp::solvers::microlp::microlp as solver;
use good_lp::{
    Expression, ProblemVariables, Solution, SolverModel, Variable, WithInitialSolution, WithMipGap, WithTimeLimit, constraint, variable,
};

use super::super::Pattern;
use super::super::problem::Problem;
use super::dive::Chosen;
use super::master::{Relaxation, Residual};
use super::pool::Pool;

/// How many patterns the program may have.
const PATTERNS: usize = 600;
/// A packing this close to the best of the program, as a part of the price, is good enough.
const GAP: f32 = 1e-5;

/// A packing of the patterns that are worth the most for their price, and those of the packing known; none if the solver fails.
pub(super) fn solve(problem: &Problem, pool: &Pool, at: &Relaxation, known: &Chosen, time: Duration) -> Option<Chosen> {
    let patterns = promising(problem, pool, at, known);
    let unit = problem.kinds.iter().map(|kind| kind.price).max().unwrap_or(1).max(1) as f64;
    let whole = Residual::whole(problem);
    let mut variables = ProblemVariables::new();
    let most = |pattern: &Pattern| {
        let needed = pattern.items.iter().map(|&(class, number)| whole.demand[class as usize].div_ceil(number)).max().unwrap_or(0);
        whole.limits[pattern.bin].map_or(needed, |limit| needed.min(limit.min(u64::from(u32::MAX)) as u32))
    };
    let counts: Vec<Variable> =
        patterns.iter().map(|pattern| variables.add(variable().integer().min(0.0).max(f64::from(most(pattern))))).collect();
    let mut objective = Expression::with_capacity(counts.len());
    let mut covers = vec![Expression::with_capacity(8); whole.demand.len()];
    let mut bins = vec![Expression::with_capacity(0); problem.kinds.len()];
    for (pattern, count) in patterns.iter().zip(&counts) {
        objective.add_mul(problem.kinds[pattern.bin].price as f64 / unit, count);
        pattern.items.iter().for_each(|&(class, number)| covers[class as usize].add_mul(f64::from(number), count));
        bins[pattern.bin].add_mul(1.0, count);
    }
    let mut model = variables.minimise(objective).using(solver);
    covers.into_iter().zip(&whole.demand).for_each(|(cover, demand)| {
        model.add_constraint(constraint::geq(cover, f64::from(*demand)));
    });
    let used = |kind: usize| patterns.iter().any(|pattern| pattern.bin == kind);
    for (kind, bins) in bins.into_iter().enumerate().filter(|(kind, _)| used(*kind)) {
        if let Some(limit) = whole.limits[kind] {
            model.add_constraint(constraint::leq(bins, limit as f64));
        }
    }
    let count_of = |pattern: &Pattern| known.iter().filter(|(other, _)| other == pattern).map(|(_, count)| *count).sum::<u32>();
    let start: Vec<(Variable, f64)> = counts.iter().zip(&patterns).map(|(count, pattern)| (*count, f64::from(count_of(pattern)))).collect();
    let solution = model.with_initial_solution(start).with_mip_gap(GAP).ok()?.with_time_limit(time.as_secs_f64()).solve().ok()?;
    let counts = counts.iter().map(|count| solution.value(*count).round().max(0.0) as u32);
    Some(cut(whole, patterns.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect()))
}

/// The patterns of the packing known, then those that cost the least above what they are worth.
fn promising(problem: &Problem, pool: &Pool, at: &Relaxation, known: &Chosen) -> Vec<Pattern> {
    let dear = |pattern: &Pattern| problem.kinds[pattern.bin].price as f64 + at.limit_duals[pattern.bin] - pattern.worth(&at.duals);
    let mut order: Vec<(f64, &Pattern)> = pool.patterns().iter().map(|pattern| (dear(pattern), pattern)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
    let mut patterns: Vec<Pattern> = known.iter().map(|(pattern, _)| pattern.clone()).collect();
    patterns.sort_unstable();
    patterns.dedup();
    for (_, pattern) in order {
        if patterns.len() >= PATTERNS {
            break;
        }
        if !patterns.contains(pattern) {
            patterns.push(pattern.clone());
        }
    }
    patterns
}

/// Cuts patterns down so that they hold exactly what there is.
fn cut(mut residual: Residual, chosen: Chosen) -> Chosen {
    let mut packing = Chosen::new();
    for (pattern, count) in chosen {
        let whole = residual.times(&pattern).min(count);
        if whole > 0 {
            residual.take(&pattern, whole);
            packing.push((pattern.clone(), whole));
        }
        for _ in whole..count {
            let left = |&(class, number): &(u32, u32)| (class, number.min(residual.demand[class as usize]));
            let items: Vec<(u32, u32)> = pattern.items.iter().map(left).filter(|(_, number)| *number > 0).collect();
            let rest = Pattern { bin: pattern.bin, items };
            if !rest.items.is_empty() && residual.times(&rest) > 0 {
                residual.take(&rest, 1);
                packing.push((rest, 1));
            }
        }
    }
    packing
}
