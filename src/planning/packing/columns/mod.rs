//! Column generation: patterns that a linear program wants, its duals, and the lower bound they prove; then whole numbers from them.
//!
//! [`generate`] solves the linear program over all patterns by adding those that pay until none does. [`round`] makes packings of what it
//! found.
//!
//! Promise: a bound was proven in whole numbers, whatever the solver of linear programs says; if that fails, the cheap
//! bounds stand. What is decided depends on the instance and the seed alone, but for where the budget cuts it off.
//!
//! Source: P. C. Gilmore and R. E. Gomory, "A linear programming approach to the cutting-stock problem", Operations Research 9, 1961.

mod certificate;
mod dive;
mod knapsack;
mod master;
mod pool;
mod pricing;
mod surrogate;

use super::bound;
use super::problem::Problem;
use super::{BoundProof, Budget, Instance, LowerBound, Packing, Pattern};
use certificate::certify;
use dive::Dive;
use master::{Relaxation, Residual};
use pool::Pool;
use pricing::Pricing;

/// What column generation found.
#[derive(Debug, Clone)]
pub struct Columns {
    /// The patterns of the linear program.
    pub patterns: Vec<Pattern>,
    /// What one more item of each class would cost, in the unit of [`Bin::price`](super::Bin::price).
    pub duals: Vec<f64>,
    /// The best lower bound, cheap ones included.
    pub bound: LowerBound,
    /// The value of the linear program over the patterns.
    pub lp_value: f64,
    /// Whether the budget ended it.
    pub cut_off: bool,
    /// Whether no pattern is left that would make the linear program cheaper, as far as that matters to the bound.
    pub converged: bool,
    problem: Problem,
    pool: Pool,
}

/// Nodes of one exact search, to begin with.
const NODES: u64 = 100_000;
/// Nodes of one exact search at most.
const MOST_NODES: u64 = 200_000_000;

/// How many linear programs rounding may solve.
const PROGRAMS: u32 = 3_000;

/// One run of column generation.
struct Generation<'a> {
    instance: &'a Instance,
    problem: Problem,
    pool: Pool,
    bound: LowerBound,
    relaxation: Option<Relaxation>,
    nodes: u64,
    converged: bool,
}

/// Solves the linear program over all patterns, starting with some that are known; stops when the bound reaches the cutoff.
pub fn generate(instance: &Instance, start: &[Pattern], cutoff: Option<i64>, budget: &Budget<'_>) -> Columns {
    let problem = Problem::new(instance);
    let pool = Pool::new(&problem, start.iter().filter_map(|pattern| problem.merged(pattern)));
    let bound = bound::cheap(instance);
    let mut run = Generation { instance, problem, pool, bound, relaxation: None, nodes: NODES, converged: false };
    let cut_off = run.iterate(cutoff, budget);
    let Generation { problem, pool, bound, relaxation, converged, .. } = run;
    let (duals, lp_value) = relaxation.map_or((vec![0.0; problem.classes.len()], f64::INFINITY), |at| (at.duals, at.value));
    Columns {
        patterns: pool.patterns().iter().map(|pattern| problem.example(pattern)).collect(),
        duals: problem.spread(&duals),
        bound,
        lp_value,
        cut_off,
        converged,
        problem,
        pool,
    }
}

/// Packings from the patterns, never worse than the one known.
pub fn round(instance: &Instance, columns: &Columns, incumbent: &Packing, budget: &Budget<'_>) -> Packing {
    if columns.problem.classes.is_empty() || !columns.problem.packable(instance) {
        return incumbent.clone();
    }
    let best = incumbent.price(instance);
    let mut dive = Dive::new(&columns.problem, budget, columns.bound.price, best, PROGRAMS);
    dive.search(&columns.pool, &Residual::whole(&columns.problem));
    let packing = dive.found.map(|chosen| columns.problem.unmerged(&chosen));
    packing.filter(|packing| packing.price(instance) < best && packing.check(instance).is_ok()).unwrap_or_else(|| incumbent.clone())
}

impl Generation<'_> {
    /// Adds patterns until none pays or the bound is as good as it can get; whether the budget ended it.
    fn iterate(&mut self, cutoff: Option<i64>, budget: &Budget<'_>) -> bool {
        if self.problem.classes.is_empty() || !self.problem.packable(self.instance) {
            self.converged = true;
            return false;
        }
        let whole = Residual::whole(&self.problem);
        let mut pricing = Pricing::new(&self.problem);
        let mut gap = 1e-3;
        loop {
            if self.reached(cutoff) {
                self.converged = true;
                return false;
            }
            if (budget.remaining)().is_zero() {
                return true;
            }
            let Some(relaxation) = master::solve(&self.problem, &whole, self.pool.patterns(), gap) else {
                if gap < 1e-7 {
                    return false;
                }
                gap /= 100.0;
                continue;
            };
            let added = pricing.round(&self.problem, &whole, &relaxation, &mut self.pool);
            let stalled = added < 1 + self.problem.classes.len() / 50;
            self.relaxation = Some(relaxation);
            if stalled && !self.prove(added, &mut gap, budget) {
                return self.nodes >= MOST_NODES || (budget.remaining)().is_zero();
            }
            self.pool.trim(&self.problem, self.relaxation.as_ref());
        }
    }

    /// Whether the bound is at the cutoff, or at the price that the linear program rounds up to.
    fn reached(&self, cutoff: Option<i64>) -> bool {
        cutoff.is_some_and(|cutoff| self.bound.price >= cutoff)
            || self.relaxation.as_ref().is_some_and(|at| self.bound.price >= self.aim(at))
    }

    /// The price that a relaxation rounds up to: no bound of column generation can be above that.
    fn aim(&self, relaxation: &Relaxation) -> i64 {
        self.problem.round_up(relaxation.value)
    }

    /// Prices exactly: raises the bound or adds patterns; whether to go on.
    fn prove(&mut self, added: usize, gap: &mut f64, budget: &Budget<'_>) -> bool {
        let Some(relaxation) = &self.relaxation else { return false };
        let step = self.problem.price_step().max(1) as f64;
        let worth: f64 = relaxation.duals.iter().zip(&self.problem.classes).map(|(dual, class)| dual * f64::from(class.demand)).sum();
        let given: f64 =
            relaxation.limit_duals.iter().zip(&self.problem.kinds).map(|(dual, kind)| dual * kind.limit.unwrap_or(0) as f64).sum();
        // Rounding down to millionths, twice, may lose this much.
        let lost = 2e-6 * self.problem.classes.iter().map(|class| f64::from(class.demand)).sum::<f64>();
        let below = (self.aim(relaxation) as f64 - step).max(0.0) + 1e-4 * step + lost;
        let slack = ((worth - given) / below.max(1e-9)).clamp(1.0, 2.0);
        let certificate = certify(&self.problem, &relaxation.duals, &relaxation.limit_duals, slack, self.nodes);
        let mut fresh = added;
        for pattern in certificate.patterns {
            fresh += usize::from(self.pool.add(pattern));
        }
        self.raise(certificate.price, &certificate.duals);
        if fresh > 0 {
            return true;
        }
        if *gap > 1e-7 {
            *gap = (*gap / 10.0).max(1e-8);
            return true;
        }
        if certificate.exact || self.reached(None) {
            self.converged = true;
            return false;
        }
        self.nodes *= 8;
        self.nodes < MOST_NODES && !(budget.remaining)().is_zero()
    }

    /// Keeps a bound that is higher than the one known.
    fn raise(&mut self, price: Option<i64>, duals: &[i64]) {
        let duals = self.problem.spread(duals);
        let items = |duals: &[i64]| (0..duals.len()).filter(|&item| duals[item] > 0).collect();
        match price {
            None => self.bound = LowerBound { price: i64::MAX, proof: BoundProof::Infeasible(items(&duals)) },
            Some(price) if price > self.bound.price => self.bound = LowerBound { price, proof: BoundProof::Duals(duals) },
            Some(_) => {}
        }
    }
}
