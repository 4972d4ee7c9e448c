//! Diving: takes the patterns that the linear program is surest of, solves it again for what is left with new patterns, and so on.
//!
//! A dive gives up when what it has taken and what the linear program wants for the rest cost no less than the best packing. Then the next
//! one goes back to one of its first choices and forbids it (limited discrepancies).
//!
//! Source: R. Sadykov, F. Vanderbeck, A. Pessoa, I. Tahiri and E. Uchoa, "Primal heuristics for branch and price: the assets of diving
//! methods", INFORMS Journal on Computing 31, 2019.

use rustc_hash::FxHashSet;

use super::super::problem::Problem;
use super::super::{Budget, Pattern};
use super::master::{self, Relaxation, Residual};
use super::pool::Pool;
use super::pricing::Pricing;

/// Whole patterns and how many bins have each.
pub(super) type Chosen = Vec<(Pattern, u32)>;

/// A pattern is taken at once if the linear program wants at least this much of a bin of it.
const SURE: f64 = 0.7;
/// Rounds of pricing at one step.
const ROUNDS: usize = 12;

/// One search for a packing cheaper than the best.
pub(super) struct Dive<'a> {
    pub problem: &'a Problem,
    pub budget: &'a Budget<'a>,
    /// No packing is cheaper.
    pub bound: i64,
    /// What the best packing known costs.
    pub best: i64,
    /// How many dives may still begin.
    pub dives: usize,
    /// The best packing found, if any is better than what was known.
    pub found: Option<Chosen>,
}

/// Where a dive is.
#[derive(Clone)]
struct At {
    residual: Residual,
    chosen: Chosen,
    price: i64,
}

impl Dive<'_> {
    /// Dives with the patterns known, until the best meets the bound or no dive is left.
    pub fn search(&mut self, pool: &Pool, residual: Residual) {
        let at = At { residual, chosen: Vec::new(), price: 0 };
        self.descend(at, pool.clone(), 0, 3);
    }

    /// Whether there is nothing left to gain, or no time.
    fn over(&self) -> bool {
        self.best <= self.bound || self.dives == 0 || (self.budget.remaining)().is_zero()
    }

    /// Goes down from here; at the first steps also beside what it takes first.
    fn descend(&mut self, mut at: At, mut pool: Pool, depth: usize, discrepancies: usize) {
        let mut tabu: FxHashSet<Pattern> = FxHashSet::default();
        let mut first = true;
        while !self.over() {
            if at.residual.is_done() {
                self.dives -= 1;
                self.found = Some(at.chosen);
                self.best = at.price;
                return;
            }
            pool.restrict(self.problem, &at.residual);
            let Some(relaxation) = self.relax(&at, &mut pool) else {
                self.dives = self.dives.saturating_sub(usize::from(first));
                return;
            };
            let Some(step) = choose(&at.residual, &relaxation, pool.patterns(), &tabu) else { return };
            if tabu.len() < discrepancies && depth < 3 {
                let mut next = at.clone();
                step.iter().for_each(|(pattern, count)| next.take(self.problem, pattern, *count));
                self.descend(next, pool.clone(), depth + 1, discrepancies - tabu.len());
                step.into_iter().for_each(|(pattern, _)| {
                    tabu.insert(pattern);
                });
                if depth > 0 && tabu.len() >= discrepancies {
                    return;
                }
                first = false;
                continue;
            }
            step.iter().for_each(|(pattern, count)| at.take(self.problem, pattern, *count));
            tabu.clear();
        }
    }

    /// The linear program of what is left, with new patterns if it wants more than the bound; none if that is no use.
    fn relax(&self, at: &At, pool: &mut Pool) -> Option<Relaxation> {
        let mut pricing = Pricing::new(self.problem);
        let mut before = f64::INFINITY;
        for round in 0..=ROUNDS {
            let relaxation = master::solve(self.problem, &at.residual, pool.patterns(), 1e-5)?;
            let price = at.price + self.problem.round_up(relaxation.value);
            let covered = relaxation.uncovered < 1e-4;
            if covered && price <= self.bound {
                return Some(relaxation);
            }
            let slow = round > 4 && relaxation.value > before - 1e-3 * self.problem.price_step() as f64;
            before = relaxation.value;
            let done = round == ROUNDS || slow || (self.budget.remaining)().is_zero();
            if done || pricing.round(self.problem, &at.residual, &relaxation, pool) == 0 {
                return (covered && price < self.best).then_some(relaxation);
            }
        }
        None
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

/// What to take: whole numbers of patterns, else those it is sure of, else the one it is surest of.
fn choose(residual: &Residual, relaxation: &Relaxation, patterns: &[Pattern], tabu: &FxHashSet<Pattern>) -> Option<Chosen> {
    let mut order: Vec<(f64, usize)> = relaxation.amounts.iter().copied().zip(0..).filter(|(amount, _)| *amount > 1e-6).collect();
    order.retain(|&(_, index)| !tabu.contains(&patterns[index]));
    let fraction = |amount: f64| if amount >= 1.0 - 1e-6 { 1.0 + amount } else { amount };
    order.sort_by(|a, b| fraction(b.0).total_cmp(&fraction(a.0)).then(a.1.cmp(&b.1)));
    let mut left = residual.clone();
    let mut chosen = Vec::new();
    for (amount, index) in order {
        let times = left.times(&patterns[index]).min(((amount + 1e-6).floor() as u32).max(1));
        if times == 0 {
            continue;
        }
        if !chosen.is_empty() && amount < SURE {
            break;
        }
        left.take(&patterns[index], times);
        chosen.push((patterns[index].clone(), times));
    }
    (!chosen.is_empty()).then_some(chosen)
}
