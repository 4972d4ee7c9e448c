//! Diving: takes the patterns that the linear program is surest of, solves it again for what is left with new patterns, and so on.
//!
//! A dive gives up when what it has taken and what the linear program wants for the rest cost no less than the best packing. Then the next
//! one goes back to one of its first choices and forbids it (limited discrepancies).
//!
//! Source: R. Sadykov, F. Vanderbeck, A. Pessoa, I. Tahiri and E. Uchoa, "Primal heuristics for branch and price: the assets of diving
//! methods", INFORMS Journal on Computing 31, 2019.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::problem::Problem;
use super::super::{Budget, Pattern};
use super::master::{self, Relaxation, Residual};
use super::pool::Pool;
use super::pricing::{Pricing, Worths};

/// Whole patterns and how many bins have each.
pub(super) type Chosen = Vec<(Pattern, u32)>;

/// A pattern is taken at once if the linear program wants at least this much of a bin of it.
const SURE: f64 = 0.7;
/// Where steps are large, none is taken of which it wants less than this, but the first.
const UNSURE: f64 = 0.3;
/// The part of all bins that a large step takes.
const STEP: f64 = 0.1;
/// Prices are fine if the least difference is below this part of the bound.
const FINE: f64 = 2e-3;
/// What a dive may lose, as a part of the price, before it looks for new patterns.
const SLACK: f64 = 1e-3;
/// Rounds of pricing at one step.
const ROUNDS: usize = 12;
/// How often one search may choose otherwise on its way down.
const DISCREPANCIES: u32 = 2;

/// Searches for packings cheaper than the best.
pub(super) struct Dive<'a> {
    pub problem: &'a Problem,
    pub budget: &'a Budget<'a>,
    /// No packing is cheaper.
    pub bound: i64,
    /// What the best packing known costs.
    pub best: i64,
    /// How many linear programs may still be solved.
    pub programs: u32,
    /// The best packing found, if any is better than what was known.
    pub found: Option<Chosen>,
    /// Whether prices are so fine that the bound will hardly be met: then larger steps, and new patterns only where much is lost.
    loose: bool,
    /// What the linear program may cost before new patterns are looked for.
    goal: f64,
    random: ChaCha8Rng,
}

/// Where a dive is.
#[derive(Clone)]
struct At {
    residual: Residual,
    chosen: Chosen,
    price: i64,
}

impl<'a> Dive<'a> {
    /// Nothing is found yet.
    pub fn new(problem: &'a Problem, budget: &'a Budget<'a>, bound: i64, best: i64, programs: u32) -> Dive<'a> {
        let loose = (problem.price_step() as f64) < FINE * bound as f64;
        let random = ChaCha8Rng::seed_from_u64(budget.seed);
        Dive { problem, budget, bound, best, programs, found: None, loose, goal: bound as f64, random }
    }

    /// Dives with the patterns known, again and again, until the best meets the bound or no program is left.
    pub fn search(&mut self, pool: &Pool, residual: &Residual) {
        let mut pool = pool.clone();
        while !self.over() {
            let at = At { residual: residual.clone(), chosen: Vec::new(), price: 0 };
            let programs = self.programs;
            self.descend(at, &mut pool, DISCREPANCIES);
            if self.programs == programs {
                return;
            }
        }
    }

    /// Whether there is nothing left to gain, or no time.
    fn over(&self) -> bool {
        self.best <= self.bound || self.programs == 0 || (self.budget.remaining)().is_zero()
    }

    /// Goes down from here, first the way that the linear program shows, then with what is left of discrepancies beside it.
    fn descend(&mut self, at: At, pool: &mut Pool, discrepancies: u32) {
        if at.residual.is_done() {
            if at.price < self.best {
                self.best = at.price;
                self.found = Some(at.chosen);
            }
            return;
        }
        pool.restrict(self.problem, &at.residual);
        let Some(relaxation) = self.relax(&at, pool) else { return };
        for left in (0..=discrepancies).rev() {
            if self.over() {
                return;
            }
            let step = self.choose(&at.residual, &relaxation, pool.patterns(), left < discrepancies);
            if step.is_empty() {
                return;
            }
            let mut next = at.clone();
            step.iter().for_each(|(pattern, count)| next.take(self.problem, pattern, *count));
            self.descend(next, &mut pool.clone(), left);
        }
    }

    /// The linear program of what is left, with new patterns if it wants more than the bound; none if that is no use.
    fn relax(&mut self, at: &At, pool: &mut Pool) -> Option<Relaxation> {
        let mut pricing = Pricing::new(self.problem);
        let mut before = f64::INFINITY;
        for round in 0..=ROUNDS {
            if self.over() {
                return None;
            }
            self.programs -= 1;
            let relaxation = master::solve(self.problem, &at.residual, pool.patterns(), 1e-5)?;
            // The solver is content with a small gap; nothing is proven by this.
            let slip = (1e-2 * self.problem.price_step() as f64).max(1e-5 * relaxation.value);
            let price = at.price + self.problem.round_up(relaxation.value - slip);
            let covered = relaxation.uncovered < 1e-4;
            let value = at.price as f64 + relaxation.value;
            if at.chosen.is_empty() && self.loose {
                self.goal = value.max(self.bound as f64) * (1.0 + SLACK);
                return covered.then_some(relaxation);
            }
            if covered && (price <= self.bound || (self.loose && value <= self.goal)) {
                return Some(relaxation);
            }
            // At the pace of the last round this many rounds would not bring it to the next lower price.
            let excess = relaxation.value - slip - (price - at.price - self.problem.price_step()) as f64;
            let excess = if self.loose { value - self.goal } else { excess };
            let slow = round > 0 && (before - relaxation.value) * 3.0 < excess;
            before = relaxation.value;
            let worths = Worths { items: relaxation.duals.clone(), bins: relaxation.limit_duals.clone() };
            let fresh = |pricing: &mut Pricing, pool: &mut Pool| {
                pricing.round(self.problem, &at.residual, &worths).into_iter().filter(|pattern| pool.add(pattern.clone())).count()
            };
            if round == ROUNDS || slow || fresh(&mut pricing, pool) == 0 {
                return (covered && price < self.best).then_some(relaxation);
            }
        }
        None
    }

    /// What to take: whole numbers of patterns, else those it is sure of, else the one it is surest of; when it is to choose otherwise,
    /// fewer, and which ones is drawn.
    fn choose(&mut self, residual: &Residual, relaxation: &Relaxation, patterns: &[Pattern], otherwise: bool) -> Chosen {
        let mut order: Vec<(f64, f64, usize)> = Vec::new();
        for (index, &amount) in relaxation.amounts.iter().enumerate().filter(|(_, amount)| **amount > 1e-6) {
            let whole = if amount >= 1.0 - 1e-6 { 1.0 + amount } else { amount };
            let drawn = if otherwise { 1.0 - 0.5 * self.random.random::<f64>() } else { 1.0 };
            order.push((whole * drawn, amount, index));
        }
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        let mut left = residual.clone();
        let mut chosen = Vec::new();
        let many = if self.loose { order.iter().map(|(_, amount, _)| amount).sum::<f64>() * STEP } else { 0.0 };
        let mut taken = 0.0;
        for (rank, amount, index) in order {
            let times = left.times(&patterns[index]).min(((amount + 1e-6).floor() as u32).max(1));
            if times == 0 {
                continue;
            }
            if !chosen.is_empty() && rank < SURE && (taken >= many || rank < UNSURE) {
                break;
            }
            taken += f64::from(times);
            left.take(&patterns[index], times);
            chosen.push((patterns[index].clone(), times));
        }
        chosen
    }
}

impl At {
    /// Takes bins of a pattern.
    fn take(&mut self, problem: &Problem, pattern: &Pattern, count: u32) {
        self.residual.take(pattern, count);
        self.price += problem.kinds[pattern.bin].price * i64::from(count);
        self.chosen.push((pattern.clone(), count));
    }
}
