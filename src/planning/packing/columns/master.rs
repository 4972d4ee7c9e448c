//! The linear program over the patterns known so far: how much of each pattern, and what one more of each class would cost.
//!
//! An interior-point method solves it anew each time: it needs no basis to start from, and its duals lie in the middle of all that are
//! optimal, which keeps column generation from swinging. Nothing that is proven rests on its floating point.
//!
//! Source: J. Gondzio, P. González-Brevis and P. Munari, "New developments in the primal-dual column generation technique", European
//! Journal of Operational Research 224, 2013.

use good_lp::solvers::clarabel::clarabel;
use good_lp::{DualValues, Expression, ProblemVariables, Solution, SolutionWithDual, SolverModel, Variable, constraint, variable};

use super::super::Pattern;
use super::super::problem::Problem;

/// What is still to be packed, into which bins.
#[derive(Debug, Clone)]
pub(super) struct Residual {
    /// Items left of each merged class.
    pub demand: Vec<u32>,
    /// Bins left of each merged type.
    pub limits: Vec<Option<u64>>,
}

/// An optimal solution of the linear program, nearly.
#[derive(Debug, Clone)]
pub(super) struct Relaxation {
    /// What all patterns cost; with the price of what no pattern covers.
    pub value: f64,
    /// How much is not covered by any pattern.
    pub uncovered: f64,
    /// How much of each pattern.
    pub amounts: Vec<f64>,
    /// What one more item of each merged class would cost.
    pub duals: Vec<f64>,
    /// What one more bin of each merged type would save.
    pub limit_duals: Vec<f64>,
}

impl Residual {
    /// Everything.
    pub fn whole(problem: &Problem) -> Residual {
        Residual {
            demand: problem.classes.iter().map(|class| class.demand).collect(),
            limits: problem.kinds.iter().map(|kind| kind.limit).collect(),
        }
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.demand.iter().all(|demand| *demand == 0)
    }

    /// How often a pattern can be used whole.
    pub fn times(&self, pattern: &Pattern) -> u32 {
        let limit = self.limits[pattern.bin].map_or(u32::MAX, |limit| limit.min(u64::from(u32::MAX)) as u32);
        pattern.items.iter().map(|&(class, number)| self.demand[class as usize] / number).min().unwrap_or(0).min(limit)
    }

    /// Takes bins of a pattern away.
    pub fn take(&mut self, pattern: &Pattern, count: u32) {
        pattern.items.iter().for_each(|&(class, number)| self.demand[class as usize] -= number * count);
        if let Some(limit) = &mut self.limits[pattern.bin] {
            *limit -= u64::from(count);
        }
    }
}

/// Solves the linear program over patterns, to a relative gap; none if the solver fails.
pub(super) fn solve(problem: &Problem, residual: &Residual, patterns: &[Pattern], gap: f64) -> Option<Relaxation> {
    let unit = price_unit(problem);
    let mut variables = ProblemVariables::new();
    let amounts: Vec<Variable> = patterns.iter().map(|_| variables.add(variable().min(0.0))).collect();
    let rows: Vec<usize> = (0..residual.demand.len()).filter(|&class| residual.demand[class] > 0).collect();
    let missing: Vec<Variable> = rows.iter().map(|_| variables.add(variable().min(0.0))).collect();
    let prices: Vec<f64> = patterns.iter().map(|pattern| problem.kinds[pattern.bin].price as f64 / unit).collect();
    let dear = penalty(problem);
    let mut objective = Expression::with_capacity(patterns.len() + missing.len());
    amounts.iter().zip(&prices).for_each(|(amount, price)| objective.add_mul(*price, amount));
    missing.iter().for_each(|missing| objective.add_mul(dear / unit, missing));
    let mut model = variables.minimise(objective).using(clarabel);
    model.settings().tol_gap_rel(gap).tol_gap_abs(gap.min(1e-6)).tol_feas(gap.min(1e-7)).max_iter(100);
    let mut covers = vec![Expression::with_capacity(8); residual.demand.len()];
    let mut bins = vec![Expression::with_capacity(0); problem.kinds.len()];
    let mut counted = vec![false; problem.kinds.len()];
    for (pattern, amount) in patterns.iter().zip(&amounts) {
        pattern.items.iter().for_each(|&(class, number)| covers[class as usize].add_mul(f64::from(number), amount));
        if residual.limits[pattern.bin].is_some() {
            bins[pattern.bin].add_mul(1.0, amount);
            counted[pattern.bin] = true;
        }
    }
    rows.iter().zip(&missing).for_each(|(class, missing)| covers[*class].add_mul(1.0, missing));
    let mut demands = Vec::with_capacity(rows.len());
    for &class in &rows {
        let cover = std::mem::take(&mut covers[class]);
        demands.push((class, model.add_constraint(constraint::geq(cover, f64::from(residual.demand[class])))));
    }
    let mut limits = Vec::new();
    for (kind, bins) in bins.into_iter().enumerate() {
        if let Some(limit) = residual.limits[kind].filter(|_| counted[kind]) {
            limits.push((kind, model.add_constraint(constraint::leq(bins, limit as f64))));
        }
    }
    let mut solution = model.solve().ok()?;
    let amounts: Vec<f64> = amounts.iter().map(|amount| solution.value(*amount).max(0.0)).collect();
    let uncovered: f64 = missing.iter().map(|missing| solution.value(*missing).max(0.0)).sum();
    let value = unit * amounts.iter().zip(&prices).map(|(amount, price)| amount * price).sum::<f64>() + dear * uncovered;
    let dual = solution.compute_dual();
    let mut duals = vec![0.0; residual.demand.len()];
    demands.into_iter().for_each(|(class, row)| duals[class] = (dual.dual(row) * unit).max(0.0));
    let mut limit_duals = vec![0.0; problem.kinds.len()];
    limits.into_iter().for_each(|(kind, row)| limit_duals[kind] = (-dual.dual(row) * unit).max(0.0));
    let finite = value.is_finite() && duals.iter().chain(&limit_duals).all(|dual| dual.is_finite());
    finite.then_some(Relaxation { value, uncovered, amounts, duals, limit_duals })
}

/// Prices are divided by this, so that the solver sees numbers near one.
fn price_unit(problem: &Problem) -> f64 {
    problem.kinds.iter().map(|kind| kind.price).max().unwrap_or(1).max(1) as f64
}

/// What an item costs that no pattern covers: more than any bin.
fn penalty(problem: &Problem) -> f64 {
    2.0 * price_unit(problem)
}
