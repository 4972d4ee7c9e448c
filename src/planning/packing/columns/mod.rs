//! Column generation: patterns that a linear program wants, its duals, and the lower bound they prove; then whole numbers from them.
//!
//! [`generate`] solves the linear program over all patterns by adding those that pay until none does. [`round`] makes packings of what it
//! found.
//!
//! Promise: a bound was proven in whole numbers, whatever the solver of linear programs says; if that fails, the cheap
//! bounds stand. What is decided depends on the instance and the seed alone, but for where the budget cuts it off.
//!
//! Source: P. C. Gilmore and R. E. Gomory, "A linear programming approach to the cutting-stock problem", Operations Research 9, 1961.

mod centre;
mod certificate;
mod deepening;
mod dive;
mod fractional;
mod knapsack;
mod master;
mod pool;
mod pricing;
mod restricted;
mod surrogate;

use std::time::Duration;

use super::bound;
use super::problem::Problem;
use super::{BoundProof, Budget, Instance, LowerBound, Packing, Pattern};
use centre::Centre;
use certificate::certify;
use dive::{Chosen, Dive};
use master::{Relaxation, Residual};
use pool::Pool;
use pricing::{Pricing, Worths};

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
    relaxation: Option<Relaxation>,
}

/// Nodes of one exact search, to begin with.
const NODES: u64 = 100_000;
/// Nodes of one exact search at most.
const MOST_NODES: u64 = 200_000_000;
/// Nodes of the searches for a bound on the way, and after the budget's end.
const QUICK_NODES: u64 = 1_000;
/// A bound on the way every so many rounds.
const QUICK_ROUNDS: u32 = 16;
/// How close the bound must come to the linear program, where prices are fine.
const CLOSE: f64 = 1e-4;
/// The restricted master is solved in whole numbers up to so many classes, and for so long.
const RESTRICTED: usize = 60;
const RESTRICTED_TIME: Duration = Duration::from_secs(20);
/// How many linear programs rounding may solve.
const PROGRAMS: u32 = 3_000;

/// One run of column generation.
struct Generation<'a> {
    instance: &'a Instance,
    problem: Problem,
    whole: Residual,
    pool: Pool,
    pricing: Pricing,
    centre: Option<Centre>,
    bound: LowerBound,
    relaxation: Option<Relaxation>,
    /// The gap that the linear program is solved to.
    gap: f64,
    nodes: u64,
    rounds: u32,
    converged: bool,
}

/// Solves the linear program over all patterns, starting with some that are known; stops when the bound reaches the cutoff, and leaves a
/// part of the budget to [`round`].
pub fn generate(instance: &Instance, start: &[Pattern], cutoff: Option<i64>, budget: &Budget<'_>) -> Columns {
    let mut run = Generation::new(instance, start);
    let reserve = (budget.remaining)().mul_f64(0.4);
    let remaining = || (budget.remaining)().saturating_sub(reserve);
    let cut_off = run.iterate(cutoff, &Budget { remaining: &remaining, seed: budget.seed });
    let Generation { problem, pool, bound, relaxation, converged, .. } = run;
    let (duals, lp_value) = match &relaxation {
        Some(at) => (at.duals.clone(), at.value),
        None => (vec![0.0; problem.classes.len()], f64::INFINITY),
    };
    Columns {
        patterns: pool.patterns().iter().map(|pattern| problem.example(pattern)).collect(),
        duals: problem.spread(&duals),
        bound,
        lp_value,
        cut_off,
        converged,
        problem,
        pool,
        relaxation,
    }
}

/// Packings from the patterns, never worse than the one known.
pub fn round(instance: &Instance, columns: &Columns, incumbent: &Packing, budget: &Budget<'_>) -> Packing {
    if columns.problem.classes.is_empty() || !columns.problem.packable(instance) {
        return incumbent.clone();
    }
    let problem = &columns.problem;
    let reserve = if columns.relaxation.is_some() && problem.classes.len() <= RESTRICTED {
        (budget.remaining)().mul_f64(0.15)
    } else {
        Duration::ZERO
    };
    let remaining = || (budget.remaining)().saturating_sub(reserve);
    let dive_budget = Budget { remaining: &remaining, seed: budget.seed };
    let mut dive = Dive::new(problem, &dive_budget, columns.bound.price, incumbent.price(instance), PROGRAMS);
    dive.search(&columns.pool, &Residual::whole(problem));
    let mut best = incumbent.clone();
    let keep = |chosen: &Chosen, best: &mut Packing| {
        let packing = problem.unmerged(chosen);
        if packing.price(instance) < best.price(instance) && packing.check(instance).is_ok() {
            *best = packing;
        }
    };
    dive.found.iter().for_each(|chosen| keep(chosen, &mut best));
    let time = (budget.remaining)();
    if let Some(at) =
        columns.relaxation.as_ref().filter(|_| !reserve.is_zero() && !time.is_zero() && best.price(instance) > columns.bound.price)
    {
        let known = best.patterns.iter().filter_map(|(pattern, count)| Some((problem.merged(pattern)?, *count))).collect();
        let found = restricted::solve(problem, &columns.pool, at, &known, time.min(RESTRICTED_TIME));
        found.iter().for_each(|chosen| keep(chosen, &mut best));
    }
    best
}

impl<'a> Generation<'a> {
    /// The patterns given, and the bound of the cheap ones.
    fn new(instance: &'a Instance, start: &[Pattern]) -> Generation<'a> {
        let problem = Problem::new(instance);
        // With one type of bin the duals of the linear program are steady enough.
        let worths = if problem.kinds.len() > 1 { bound::linear::worths(instance) } else { None };
        Generation {
            instance,
            whole: Residual::whole(&problem),
            pool: Pool::new(&problem, start.iter().filter_map(|pattern| problem.merged(pattern))),
            pricing: Pricing::new(&problem),
            centre: worths.map(|worths| Centre::new(&problem, problem.merge(&worths))),
            bound: bound::cheap(instance),
            relaxation: None,
            gap: 1e-3,
            nodes: NODES,
            rounds: 0,
            converged: false,
            problem,
        }
    }

    /// Adds patterns until none pays or the bound is as good as it can get; whether the budget ended it.
    fn iterate(&mut self, cutoff: Option<i64>, budget: &Budget<'_>) -> bool {
        if self.problem.classes.is_empty() || !self.problem.packable(self.instance) {
            self.converged = true;
            return false;
        }
        loop {
            if self.reached(cutoff) {
                self.converged = true;
                return false;
            }
            if (budget.remaining)().is_zero() {
                self.prove_quickly();
                return true;
            }
            let Some(relaxation) = master::solve(&self.problem, &self.whole, self.pool.patterns(), self.gap) else {
                if self.gap < 1e-7 {
                    return false;
                }
                self.gap /= 100.0;
                continue;
            };
            let added = self.price(&relaxation);
            self.pool.trim(&self.problem, &relaxation);
            self.relaxation = Some(relaxation);
            self.rounds += 1;
            if self.rounds.is_multiple_of(QUICK_ROUNDS) && self.problem.kinds.len() > 1 {
                self.prove_quickly();
            }
            if added < 1 + self.problem.classes.len() / 50 && !self.prove(added, budget) {
                return self.nodes >= MOST_NODES || (budget.remaining)().is_zero();
            }
        }
    }

    /// Adds patterns that pay, at steadier duals if that finds any; how many are new.
    fn price(&mut self, at: &Relaxation) -> usize {
        let duals = Worths { items: at.duals.clone(), bins: at.limit_duals.clone() };
        let mut added = 0;
        if let Some(centre) = &mut self.centre {
            let worths = centre.toward(at);
            let patterns = self.pricing.round(&self.problem, &self.whole, &worths);
            centre.learn(&self.problem, &self.whole, worths, &patterns);
            for pattern in patterns {
                let price = self.problem.kinds[pattern.bin].price as f64 + duals.bins[pattern.bin];
                let pays = pattern.worth(&duals.items) > price * (1.0 + 1e-7);
                added += usize::from(self.pool.add(pattern) && pays);
            }
        }
        if added == 0 {
            let patterns = self.pricing.round(&self.problem, &self.whole, &duals);
            if let Some(centre) = &mut self.centre {
                centre.learn(&self.problem, &self.whole, duals, &patterns);
            }
            added = patterns.into_iter().filter(|pattern| self.pool.add(pattern.clone())).count();
        }
        added
    }

    /// Proves what the best duals known can prove in little time.
    fn prove_quickly(&mut self) {
        let program = self.relaxation.as_ref().map(|at| Worths { items: at.duals.clone(), bins: at.limit_duals.clone() });
        let centre = self.centre.as_ref().map(|centre| centre.worths.clone());
        for worths in [centre, program].into_iter().flatten() {
            let certificate = certify(&self.problem, &worths.items, &worths.bins, 1.0, QUICK_NODES);
            self.raise(certificate.price, &certificate.duals);
        }
    }

    /// Whether the bound is at the cutoff, or at the price that the linear program rounds up to, or close to it.
    fn reached(&self, cutoff: Option<i64>) -> bool {
        let close = |at: &Relaxation| self.bound.price >= self.aim(at) || at.value - self.bound.price as f64 <= CLOSE * at.value;
        cutoff.is_some_and(|cutoff| self.bound.price >= cutoff) || self.relaxation.as_ref().is_some_and(close)
    }

    /// The price that a relaxation rounds up to: no bound of column generation can be above that.
    fn aim(&self, relaxation: &Relaxation) -> i64 {
        self.problem.round_up(relaxation.value)
    }

    /// Prices exactly: raises the bound or adds patterns; whether to go on.
    fn prove(&mut self, added: usize, budget: &Budget<'_>) -> bool {
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
        if self.gap > 1e-7 {
            self.gap = (self.gap / 10.0).max(1e-8);
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
