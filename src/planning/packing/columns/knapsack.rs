//! The most that one bin can be worth, at given worths of items: branch and bound in whole numbers.
//!
//! Items are tried by worth over a weighted sum of their amounts (the weights minimise the Lagrangian bound); at each node the items that
//! still fit are kept, and the fractional knapsack over the weighted sum bounds what they can add. A search that is cut short still gives
//! a bound that holds: the most that any branch left open could be worth.
//!
//! Source: set enumeration with a surrogate bound; M. Gavish and H. Pirkul, "Efficient algorithms for solving multiconstraint zero-one
//! knapsack problems to optimality", Mathematical Programming 31, 1985.

use super::super::Pattern;
use super::super::problem::Problem;

/// Weighted sums stay below this.
const WEIGHT: i64 = 1 << 40;
/// Scaled amounts stay at or below this.
const AMOUNT: i64 = 1 << 20;

/// What a search found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// No pattern is worth more than this.
    pub most: i64,
    /// What the best pattern found is worth; the floor if nothing is above it.
    pub best: i64,
    /// The best pattern found above the floor.
    pub pattern: Option<Pattern>,
}

/// The items one type of bin may hold, by how much each is worth for its size.
pub(super) struct Knapsack<'a> {
    problem: &'a Problem,
    kind: usize,
    resources: usize,
    /// Merged classes, best first.
    classes: Vec<u32>,
    worth: Vec<i64>,
    weight: Vec<i64>,
    most: Vec<u32>,
    amounts: Vec<i64>,
    conflicts: bool,
    /// How many of the first classes make room; they are tried before all others, whatever they are worth.
    makers: usize,
    capacity_weight: i64,
}

/// One search.
struct Search<'s> {
    sack: &'s Knapsack<'s>,
    nodes_left: u64,
    best: i64,
    most: i64,
    taken: Vec<(u32, u32)>,
    pattern: Option<Vec<(u32, u32)>>,
    lists: Vec<Vec<(u32, u32)>>,
    residuals: Vec<i64>,
}

impl<'a> Knapsack<'a> {
    /// Items of positive worth that the type takes and that are in demand.
    pub fn new(problem: &'a Problem, kind: usize, demand: &[u32], worths: &[i64]) -> Knapsack<'a> {
        let capacity = &problem.kinds[kind].capacity;
        let mut items: Vec<(u32, u32)> = Vec::new();
        for class in problem.kinds[kind].takes.ones().filter(|&class| worths[class] > 0 && demand[class] > 0) {
            items.push((class as u32, problem.most(kind, class, demand[class])));
        }
        let scaled: Vec<Vec<i64>> = items.iter().map(|&(class, _)| scaled(&problem.classes[class as usize].amounts, capacity)).collect();
        let (weights, capacity_weight) = surrogate(&items, &scaled, worths, capacity);
        let weight = |index: usize| scaled[index].iter().zip(&weights).map(|(amount, weight)| amount * weight).sum::<i64>();
        let mut order: Vec<(usize, i64)> = (0..items.len()).map(|index| (index, weight(index))).collect();
        let worth = |index: usize| worths[items[index].0 as usize];
        let makes = |index: usize| problem.classes[items[index].0 as usize].amounts.iter().any(|amount| *amount < 0);
        order.sort_by(|a, b| {
            if makes(a.0) != makes(b.0) {
                return makes(b.0).cmp(&makes(a.0));
            }
            let (left, right) = (i128::from(worth(a.0)) * i128::from(b.1), i128::from(worth(b.0)) * i128::from(a.1));
            right.cmp(&left).then(worth(b.0).cmp(&worth(a.0))).then(a.0.cmp(&b.0))
        });
        let class = |index: usize| items[index].0;
        let amounts = |index: usize| problem.classes[class(index) as usize].amounts.iter().copied();
        Knapsack {
            problem,
            kind,
            resources: problem.resources,
            classes: order.iter().map(|&(index, _)| class(index)).collect(),
            worth: order.iter().map(|&(index, _)| worth(index)).collect(),
            weight: order.iter().map(|&(_, weight)| weight).collect(),
            most: order.iter().map(|&(index, _)| items[index].1).collect(),
            amounts: order.iter().flat_map(|&(index, _)| amounts(index)).collect(),
            conflicts: items.iter().any(|&(class, _)| !problem.classes[class as usize].conflicts.is_clear()),
            capacity_weight,
            makers: order.iter().filter(|&&(index, _)| makes(index)).count(),
        }
    }

    /// How many classes there are.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// The merged class at a position of the order.
    pub fn class(&self, position: usize) -> usize {
        self.classes[position] as usize
    }

    /// The best pattern worth more than `floor`, within so many nodes.
    pub fn search(&self, floor: i64, nodes: u64) -> Found {
        self.search_with(None, floor, nodes)
    }

    /// The best pattern that holds an item of the class at a position of the order.
    pub fn search_with(&self, seed: Option<usize>, floor: i64, nodes: u64) -> Found {
        let mut search = Search {
            sack: self,
            nodes_left: nodes,
            best: floor,
            most: floor,
            taken: Vec::new(),
            pattern: None,
            lists: vec![(0..self.len() as u32).map(|index| (index, self.most[index as usize])).collect()],
            residuals: self.problem.kinds[self.kind].capacity.clone(),
        };
        match seed {
            None => search.branch(0, 0, self.capacity_weight),
            Some(seed) => {
                // What is left of the seed's class keeps its place: the bound wants the order.
                let list = &mut search.lists[0];
                list[seed].1 -= 1;
                list.retain(|&(_, most)| most > 0);
                list.insert(0, (seed as u32, 1));
                search.take(0, 0, 1, 0, self.capacity_weight);
            }
        }
        let most = search.most.max(search.best);
        let pattern = search.pattern.map(|taken| self.pattern(taken));
        Found { most, best: search.best, pattern }
    }

    /// The pattern of what was taken, by positions of the order.
    fn pattern(&self, taken: Vec<(u32, u32)>) -> Pattern {
        let mut items: Vec<(u32, u32)> = taken.into_iter().map(|(index, number)| (self.classes[index as usize], number)).collect();
        items.sort_unstable();
        items.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        Pattern { bin: self.kind, items }
    }

    /// The most that a list can add within a weight: the fractional knapsack, rounded down.
    fn fractional(&self, list: &[(u32, u32)], mut room: i64) -> i64 {
        let mut sum = 0i64;
        for &(index, most) in list {
            let (worth, weight) = (self.worth[index as usize], self.weight[index as usize]);
            if (index as usize) < self.makers {
                // What makes room is counted whole, and takes none.
                sum = sum.saturating_add(worth.saturating_mul(i64::from(most)));
                room = room.saturating_sub(weight.min(0).saturating_mul(i64::from(most)));
                continue;
            }
            let all = weight.saturating_mul(i64::from(most));
            if all > room {
                return sum.saturating_add((i128::from(worth) * i128::from(room) / i128::from(weight)) as i64);
            }
            room -= all;
            sum = sum.saturating_add(worth.saturating_mul(i64::from(most)));
        }
        sum
    }
}

impl Search<'_> {
    /// Tries each item of the list at this depth as the next one taken.
    fn branch(&mut self, depth: usize, value: i64, room: i64) {
        for position in 0..self.lists[depth].len() {
            let bound = value.saturating_add(self.sack.fractional(&self.lists[depth][position..], room));
            if bound <= self.best {
                return;
            }
            if self.nodes_left == 0 {
                self.most = self.most.max(bound);
                return;
            }
            let most = self.lists[depth][position].1;
            for number in (1..=most).rev() {
                if number < most && self.bound_with(depth, position, number, value, room) <= self.best {
                    break;
                }
                self.take(depth, position, number, value, room);
                if self.nodes_left == 0 {
                    break;
                }
            }
            if self.nodes_left == 0 {
                self.most = self.most.max(bound);
                return;
            }
        }
    }

    /// What there can be with so many of an item; fewer are never worth more.
    fn bound_with(&self, depth: usize, position: usize, number: u32, value: i64, room: i64) -> i64 {
        let list = &self.lists[depth];
        let index = list[position].0 as usize;
        let (worth, weight) = (self.sack.worth[index] * i64::from(number), self.sack.weight[index] * i64::from(number));
        value.saturating_add(worth).saturating_add(self.sack.fractional(&list[position + 1..], room - weight))
    }

    /// Takes so many of an item, then what still fits of the items after it.
    fn take(&mut self, depth: usize, position: usize, number: u32, value: i64, room: i64) {
        self.nodes_left = self.nodes_left.saturating_sub(1);
        let sack = self.sack;
        let resources = sack.resources;
        let (index, _) = self.lists[depth][position];
        let value = value + sack.worth[index as usize] * i64::from(number);
        let room = room - sack.weight[index as usize] * i64::from(number);
        if self.lists.len() <= depth + 1 {
            self.lists.push(Vec::new());
            self.residuals.resize((depth + 2) * resources, 0);
        }
        self.taken.truncate(depth);
        self.taken.push((index, number));
        let amounts = &sack.amounts[index as usize * resources..][..resources];
        for (resource, amount) in amounts.iter().enumerate() {
            self.residuals[(depth + 1) * resources + resource] = self.residuals[depth * resources + resource] - amount * i64::from(number);
        }
        let over = sack.makers > 0 && self.residuals[(depth + 1) * resources..][..resources].iter().any(|residual| *residual < 0);
        if over && index as usize >= sack.makers {
            return;
        }
        if value > self.best && !over {
            self.best = value;
            self.pattern = Some(self.taken.clone());
        }
        self.filter(depth, position);
        if !self.lists[depth + 1].is_empty() {
            self.branch(depth + 1, value, room);
        }
    }

    /// What of the list still fits after the item at a position was taken.
    fn filter(&mut self, depth: usize, position: usize) {
        let (sack, resources) = (self.sack, self.sack.resources);
        let (before, after) = self.lists.split_at_mut(depth + 1);
        let (list, next) = (&before[depth], &mut after[0]);
        let residual = &self.residuals[(depth + 1) * resources..][..resources];
        let class = sack.classes[list[position].0 as usize];
        let conflicts = &sack.problem.classes[class as usize].conflicts;
        next.clear();
        for &(index, most) in &list[position + 1..] {
            let amounts = &sack.amounts[index as usize * resources..][..resources];
            let maker = (index as usize) < sack.makers;
            if !maker && amounts.iter().zip(residual).any(|(amount, residual)| amount > residual) {
                continue;
            }
            if sack.conflicts && conflicts.contains(sack.classes[index as usize] as usize) {
                continue;
            }
            let most = if most == 1 || maker { most } else { super::super::problem::fit(amounts, residual).min(u64::from(most)) as u32 };
            next.push((index, most));
        }
    }
}

/// Amounts in parts of the capacity, rounded down, so that what fits still fits; exact if the capacity is small.
fn scaled(amounts: &[i64], capacity: &[i64]) -> Vec<i64> {
    let part = |amount: i64, capacity: i64| match capacity {
        0 => 0,
        capacity if capacity <= AMOUNT => amount,
        capacity => (i128::from(amount) * i128::from(AMOUNT)).div_euclid(i128::from(capacity)) as i64,
    };
    amounts.iter().zip(capacity).map(|(amount, capacity)| part(*amount, *capacity)).collect()
}

/// Weights of the resources that make the fractional knapsack over their sum tight, and the weight of the whole bin.
fn surrogate(items: &[(u32, u32)], scaled: &[Vec<i64>], worths: &[i64], capacity: &[i64]) -> (Vec<i64>, i64) {
    let whole: Vec<f64> = capacity.iter().map(|capacity| (*capacity).min(AMOUNT) as f64).collect();
    let resources = whole.len();
    let used: Vec<bool> =
        (0..resources).map(|resource| whole[resource] > 0.0 && scaled.iter().any(|amounts| amounts[resource] > 0)).collect();
    let shares: Vec<Vec<f64>> =
        scaled.iter().map(|amounts| amounts.iter().zip(&whole).map(|(amount, whole)| *amount as f64 / whole.max(1.0)).collect()).collect();
    let mut weights: Vec<f64> = used.iter().map(|used| f64::from(u8::from(*used))).collect();
    let mut best = (f64::INFINITY, weights.clone());
    let mut step = 0.5;
    for _ in 0..40 {
        let (bound, load) = fractional_load(items, &shares, worths, &weights);
        if bound < best.0 {
            best = (bound, weights.clone());
        } else {
            step *= 0.8;
        }
        // A resource that the fractional filling uses more than the others weighs more.
        let mean = weights.iter().zip(&load).map(|(weight, load)| weight * load).sum::<f64>() / weights.iter().sum::<f64>().max(1e-9);
        for resource in (0..resources).filter(|&resource| used[resource]) {
            weights[resource] = (weights[resource] * (step * (load[resource] - mean)).exp()).clamp(1e-6, 1e6);
        }
    }
    let sum: f64 = best.1.iter().sum();
    let weight = |resource: usize| if used[resource] { (best.1[resource] / sum * WEIGHT as f64 / whole[resource]) as i64 } else { 0 };
    let weights: Vec<i64> = (0..resources).map(weight).collect();
    let whole = weights.iter().zip(capacity).map(|(weight, capacity)| weight * (*capacity).min(AMOUNT)).sum();
    (weights, whole)
}

/// The fractional knapsack over the weighted sum of shares, and how much of each resource its filling takes.
fn fractional_load(items: &[(u32, u32)], shares: &[Vec<f64>], worths: &[i64], weights: &[f64]) -> (f64, Vec<f64>) {
    let size = |index: usize| shares[index].iter().zip(weights).map(|(share, weight)| share * weight).sum::<f64>();
    let mut order: Vec<(f64, usize, f64)> = (0..items.len())
        .map(|index| {
            let size = size(index);
            (worths[items[index].0 as usize] as f64 / size.max(1e-12), index, size)
        })
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut room: f64 = weights.iter().sum();
    let (mut bound, mut load) = (0.0, vec![0.0; weights.len()]);
    for (ratio, index, size) in order {
        let number = if size > 0.0 { (room / size).min(f64::from(items[index].1)) } else { f64::from(items[index].1) };
        bound += ratio * size * number;
        room -= size * number;
        load.iter_mut().zip(&shares[index]).for_each(|(load, share)| *load += share * number);
        if room <= 1e-12 {
            break;
        }
    }
    (bound, load)
}
