//! From quick to thorough: the portfolio of rules, cheap bounds, local search, column generation, until a packing is proven the cheapest.
//!
//! Heuristics work on what [`Problem`] leaves of the instance, bounds on the instance itself.

use super::bound;
use super::columns;
use super::construct::cheapest;
use super::instance::{Bin, Instance, Item, Packing, Pattern};
use super::local_search::{Effort, complete, improve};
use super::problem::Problem;
use super::tables::Tables;
use super::{Budget, LowerBound, Solution};

/// Local search has one over this of the time that is left when column generation begins.
const PART_KEPT: u32 = 2;

/// The cheapest packing that is found within the budget, and a bound.
pub fn solve(instance: &Instance, budget: &Budget) -> Solution {
    Solving::new(instance, budget).run(None, Effort::MUCH)
}

/// The same with little local search: for who needs the bound, and of packings one that is good to begin with.
pub fn solve_briefly(instance: &Instance, budget: &Budget) -> Solution {
    Solving::new(instance, budget).run(None, Effort::LITTLE)
}

/// The same from a packing that is known, which is never made worse.
pub fn solve_from(instance: &Instance, start: &Packing, budget: &Budget) -> Solution {
    let start = start.check(instance).is_ok().then(|| start.clone());
    Solving::new(instance, budget).run(start, Effort::MUCH)
}

/// One way from quick to thorough.
struct Solving<'a> {
    instance: &'a Instance,
    budget: &'a Budget<'a>,
    problem: Problem,
    bound: LowerBound,
    packing: Option<Packing>,
    duals: Option<Vec<f64>>,
    cut_off: bool,
}

impl<'a> Solving<'a> {
    fn new(instance: &'a Instance, budget: &'a Budget<'a>) -> Self {
        let (problem, bound) = (Problem::new(instance), bound::cheap(instance));
        Solving { instance, budget, problem, bound, packing: None, duals: None, cut_off: false }
    }

    fn run(mut self, start: Option<Packing>, effort: Effort) -> Solution {
        if self.bound.price == i64::MAX {
            return self.solution();
        }
        let reduced = reduced(&self.problem);
        let tables = Tables::new(&reduced);
        let built = cheapest(&tables).or_else(|draft| complete(&draft, Effort::MUCH, self.budget).ok_or(()));
        self.packing = start;
        if let Ok(packing) = built {
            self.offer(self.problem.unmerged(&packing.patterns));
        }
        self.search(&tables, Effort::LITTLE);
        self.generate();
        self.search(&tables, effort);
        self.solution()
    }

    fn solution(self) -> Solution {
        let Solving { packing, bound, duals, cut_off, .. } = self;
        Solution { packing, bound, duals, cut_off }
    }

    /// Whether there is nothing left to look for.
    fn is_done(&self) -> bool {
        self.packing.as_ref().is_some_and(|packing| packing.price(self.instance) <= self.bound.price)
    }

    /// Whether nothing is left to look for, or no time, which is noted.
    fn is_over(&mut self) -> bool {
        let is_done = self.is_done();
        self.cut_off |= !is_done && (self.budget.remaining)().is_zero();
        is_done || (self.budget.remaining)().is_zero()
    }

    /// Takes a packing if it is cheaper.
    fn offer(&mut self, packing: Packing) {
        let price = packing.price(self.instance);
        if self.packing.as_ref().is_none_or(|best| price < best.price(self.instance)) && packing.check(self.instance).is_ok() {
            self.packing = Some(packing);
        }
    }

    fn search(&mut self, tables: &Tables, effort: Effort) {
        if self.is_over() {
            return;
        }
        let Some(packing) = &self.packing else { return };
        let merged = packing.patterns.iter().filter_map(|(pattern, count)| Some((self.problem.merged(pattern)?, *count)));
        let (packing, cut_off) = improve(tables, Packing::of(merged), self.bound.price, effort, self.budget);
        self.cut_off |= cut_off;
        self.offer(self.problem.unmerged(&packing.patterns));
    }

    /// Column generation for the bound, and a packing from its patterns. It leaves a part of the time to local search.
    fn generate(&mut self) {
        if self.is_over() {
            return;
        }
        let kept = (self.budget.remaining)() / PART_KEPT;
        let remaining = || (self.budget.remaining)().saturating_sub(kept);
        let budget = Budget { remaining: &remaining, ..*self.budget };
        let known: Vec<Pattern> = self.packing.iter().flat_map(|packing| &packing.patterns).map(|(pattern, _)| pattern.clone()).collect();
        let price = self.packing.as_ref().map(|packing| packing.price(self.instance));
        let columns = columns::generate(self.instance, &known, price, &budget);
        self.cut_off |= columns.cut_off;
        if columns.bound.price > self.bound.price {
            self.bound = columns.bound.clone();
        }
        self.duals = Some(columns.duals.clone());
        if self.is_over() {
            return;
        }
        if let Some(packing) = &self.packing {
            self.offer(columns::round(self.instance, &columns, packing, &budget));
        }
    }
}

/// What is left of an instance, as an instance.
fn reduced(problem: &Problem) -> Instance {
    let bins = problem.kinds.iter().map(|kind| {
        let limit = kind.limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
        Bin { capacity: kind.capacity.clone(), price: kind.price, limit }
    });
    let items = problem.classes.iter().enumerate().map(|(index, class)| {
        let takes = problem.kinds.iter().enumerate().filter(|(_, kind)| kind.takes.contains(index)).map(|(bin, _)| bin);
        Item { amounts: class.amounts.clone(), demand: class.demand, per_bin: class.per_bin, bins: Some(takes.collect()) }
    });
    let later = |one: usize| problem.classes[one].conflicts.ones().filter(move |&other| one < other).map(move |other| (one, other));
    let conflicts = (0..problem.classes.len()).flat_map(later).collect();
    Instance { bins: bins.collect(), items: items.collect(), conflicts }
}
