//! The patterns that the linear program knows.

use rustc_hash::FxHashSet;

use super::super::Pattern;
use super::super::problem::Problem;
use super::master::{Relaxation, Residual};

/// Distinct patterns over merged classes, in the order they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool {
    patterns: Vec<Pattern>,
    known: FxHashSet<Pattern>,
}

impl Pool {
    /// The patterns given, and one of each class alone in the bin that is cheapest for it.
    pub fn new(problem: &Problem, start: impl Iterator<Item = Pattern>) -> Pool {
        let mut pool = Pool::default();
        start.for_each(|pattern| {
            pool.add(pattern);
        });
        let whole = Residual::whole(problem);
        (0..problem.classes.len()).for_each(|class| pool.alone(problem, &whole, class));
        pool
    }

    /// Adds the pattern of one class alone in the bin that is cheapest for it.
    fn alone(&mut self, problem: &Problem, residual: &Residual, class: usize) {
        if let Some(kind) = Self::cheapest(problem, residual, class) {
            self.add(Pattern { bin: kind, items: vec![(class as u32, problem.alone(kind, class, residual.demand[class]))] });
        }
    }

    /// The type of bin that packs a class alone at the least price an item, one without a limit if there is any.
    fn cheapest(problem: &Problem, residual: &Residual, class: usize) -> Option<usize> {
        let demand = residual.demand[class];
        let open = |kind: usize| residual.limits[kind] != Some(0) && problem.alone(kind, class, demand) > 0;
        (0..problem.kinds.len()).filter(|&kind| open(kind)).min_by(|&one, &other| {
            let (a, b) = (&problem.kinds[one], &problem.kinds[other]);
            let cost = |kind: usize, of: usize| i128::from(problem.kinds[kind].price) * i128::from(problem.alone(of, class, demand));
            a.limit.is_some().cmp(&b.limit.is_some()).then(cost(one, other).cmp(&cost(other, one)))
        })
    }

    /// All patterns.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Adds a pattern; whether it is new.
    pub fn add(&mut self, pattern: Pattern) -> bool {
        let new = !pattern.items.is_empty() && self.known.insert(pattern.clone());
        if new {
            self.patterns.push(pattern);
        }
        new
    }

    /// Cuts every pattern down to what is left.
    pub fn restrict(&mut self, problem: &Problem, residual: &Residual) {
        self.known.clear();
        for mut pattern in std::mem::take(&mut self.patterns) {
            if residual.limits[pattern.bin] == Some(0) {
                continue;
            }
            pattern.items.iter_mut().for_each(|(class, number)| *number = (*number).min(residual.demand[*class as usize]));
            pattern.items.retain(|&(_, number)| number > 0);
            if problem.holds(&pattern) {
                self.add(pattern);
            }
        }
        for class in (0..residual.demand.len()).filter(|&class| residual.demand[class] > 0) {
            self.alone(problem, residual, class);
        }
    }

    /// Drops the patterns that cost the most above what they are worth, once there are too many; never one that the linear program uses.
    pub fn trim(&mut self, problem: &Problem, relaxation: &Relaxation) {
        // With many types of bins there are many patterns alike, and the linear program is what takes time.
        let most = if problem.kinds.len() > 1 { 500 + 6 * problem.classes.len() } else { 2_000 + 10 * problem.classes.len() };
        if self.patterns.len() <= most {
            return;
        }
        let dear = |index: usize, pattern: &Pattern| match relaxation.amounts.get(index) {
            Some(amount) if *amount <= 1e-4 => {
                let worth: f64 = pattern.items.iter().map(|&(class, number)| relaxation.duals[class as usize] * f64::from(number)).sum();
                (problem.kinds[pattern.bin].price as f64 + relaxation.limit_duals[pattern.bin] - worth).max(0.0)
            }
            // What is used, and what is newer than the relaxation.
            _ => -1.0,
        };
        let mut order: Vec<(f64, usize)> = self.patterns.iter().enumerate().map(|(index, pattern)| (dear(index, pattern), index)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let used = order.iter().filter(|(dear, _)| *dear < 0.0).count();
        order.truncate(used.max(most * 2 / 3));
        order.sort_by_key(|&(_, index)| index);
        self.patterns = order.into_iter().map(|(_, index)| self.patterns[index].clone()).collect();
        self.known = self.patterns.iter().cloned().collect();
    }
}
