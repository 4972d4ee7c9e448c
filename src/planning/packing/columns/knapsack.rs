//! The most that one bin can be worth, at given worths of items: branch and bound in whole numbers.
//!
//! Items are tried by worth over a weighted sum of their amounts (the weights minimise the Lagrangian bound); at each node the items that
//! still fit are kept, and the fractional knapsack over the weighted sum, then over each resource alone, bounds what they can add. A search
//! that is cut short still gives a bound that holds: the most that any branch left open could be worth.
//!
//! Source: set enumeration with a surrogate bound; M. Gavish and H. Pirkul, "Efficient algorithms for solving multiconstraint zero-one
//! knapsack problems to optimality", Mathematical Programming 31, 1985.

use super::super::Pattern;
use super::super::bound::cover::gcd;
use super::super::problem::{Problem, fit, room};
use super::fractional::{Aspect, Offered, fractional};
use super::surrogate::{scaled, surrogate};

/// How often an aspect is asked before it is judged, and of how many times it must cut off one branch to be asked again.
const TRIAL: u64 = 1_000;
const SELDOM: u64 = 32;

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
    /// What can be used of each resource.
    capacity: Vec<i64>,
    /// Merged classes, best first.
    classes: Vec<u32>,
    worth: Vec<i64>,
    weight: Vec<i64>,
    most: Vec<u32>,
    amounts: Vec<i64>,
    conflicts: bool,
    /// How many of the first classes make room; they are tried before all others, whatever they are worth.
    makers: usize,
    /// Whether there is anything that makes room: then not all that is counted on fits.
    eased: bool,
    capacity_weight: i64,
    /// Each resource that is used, alone.
    aspects: Vec<Aspect>,
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
    /// By depth and position of the order, how many the list of that depth holds.
    counts: Vec<u32>,
    /// By aspect, how often it was asked, and how often it cut off a branch.
    asked: Vec<(u64, u64)>,
}

impl<'a> Knapsack<'a> {
    /// Items of positive worth that the type takes and that are in demand.
    pub fn new(problem: &'a Problem, kind: usize, demand: &[u32], worths: &[i64]) -> Knapsack<'a> {
        let mut items: Vec<(u32, u32)> = Vec::new();
        // What makes room matters even if it is worth nothing.
        let matters = |class: usize| worths[class] > 0 || problem.classes[class].amounts.iter().any(|amount| *amount < 0);
        for class in problem.kinds[kind].takes.ones().filter(|&class| demand[class] > 0 && matters(class)) {
            items.push((class as u32, problem.most(kind, class, demand[class])));
        }
        let capacity = reachable(problem, kind, &items);
        let scaled: Vec<Vec<i64>> = items.iter().map(|&(class, _)| scaled(&problem.classes[class as usize].amounts, &capacity)).collect();
        let (weights, capacity_weight) = surrogate(&items, &scaled, worths, &capacity);
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
        let classes: Vec<u32> = order.iter().map(|&(index, _)| class(index)).collect();
        let worth: Vec<i64> = order.iter().map(|&(index, _)| worth(index)).collect();
        let amounts: Vec<i64> = classes.iter().flat_map(|&class| problem.classes[class as usize].amounts.iter().copied()).collect();
        let (resources, makers) = (problem.resources, order.iter().filter(|&&(index, _)| makes(index)).count());
        let aspect = |resource: usize| Aspect::new(resource, &worth, |index| amounts[index * resources + resource], makers);
        Knapsack {
            problem,
            kind,
            resources,
            capacity,
            conflicts: items.iter().any(|&(class, _)| !problem.classes[class as usize].conflicts.is_clear()),
            capacity_weight,
            eased: problem.relief.iter().any(|relief| *relief > 0),
            makers,
            aspects: (0..resources).filter_map(aspect).collect(),
            weight: order.iter().map(|&(_, weight)| weight).collect(),
            most: order.iter().map(|&(index, _)| items[index].1).collect(),
            classes,
            worth,
            amounts,
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
            residuals: self.capacity.clone(),
            counts: self.most.clone(),
            asked: vec![(0, 0); self.aspects.len()],
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

    /// The most that a list can add within a weight.
    fn within_weight(&self, list: &[(u32, u32)], room: i64) -> i64 {
        fractional(list.iter().map(|&(index, most)| self.offered(index as usize, self.weight[index as usize], most)), room)
    }

    /// The most that items from a position of the order on can add, as far as one resource goes.
    fn within_resource(&self, aspect: &Aspect, first: usize, counts: &[u32], room: i64) -> i64 {
        let amount = |index: usize| self.amounts[index * self.resources + aspect.resource];
        let listed = aspect.from(first).filter(|&index| counts[index] > 0);
        fractional(listed.map(|index| self.offered(index, amount(index), counts[index])), room)
    }

    fn offered(&self, index: usize, weight: i64, most: u32) -> Offered {
        Offered { worth: self.worth[index], weight, most, makes: index < self.makers }
    }
}

/// A bin's capacity, less what no numbers of these items can use: all there is of them is a multiple of something.
fn reachable(problem: &Problem, kind: usize, items: &[(u32, u32)]) -> Vec<i64> {
    let part = |resource: usize| {
        let amount = |class: u32| i128::from(problem.classes[class as usize].amounts[resource]);
        items.iter().fold(0, |part, &(class, _)| gcd(part, amount(class))).max(1) as i64
    };
    problem.kinds[kind]
        .capacity
        .iter()
        .enumerate()
        .map(|(resource, capacity)| capacity.div_euclid(part(resource)) * part(resource))
        .collect()
}

impl Search<'_> {
    /// Tries each item of the list at this depth as the next one taken.
    fn branch(&mut self, depth: usize, value: i64, room: i64) {
        for position in 0..self.lists[depth].len() {
            let bound = self.bound(depth, position, 0, value, room);
            if bound <= self.best {
                return;
            }
            if self.nodes_left == 0 {
                self.most = self.most.max(bound);
                return;
            }
            let (index, most) = self.lists[depth][position];
            let makes = (index as usize) < self.sack.makers;
            for number in (1..=most).rev() {
                // Fewer are never worth more; but for what makes room.
                if number < most && !makes && self.bound(depth, position, number, value, room) <= self.best {
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

    /// What there can be with so many of the item at a position and any of those after it; with none said, any of that one too.
    fn bound(&mut self, depth: usize, position: usize, number: u32, value: i64, room: i64) -> i64 {
        let (sack, list) = (self.sack, &self.lists[depth]);
        let (index, taken) = (list[position].0 as usize, i64::from(number));
        let value = value.saturating_add(sack.worth[index] * taken);
        let next = usize::from(number > 0);
        let mut least = value.saturating_add(sack.within_weight(&list[position + next..], room - sack.weight[index] * taken));
        let counts = &self.counts[depth * sack.len()..][..sack.len()];
        for (aspect, (asked, cut)) in sack.aspects.iter().zip(&mut self.asked) {
            if least <= self.best {
                break;
            }
            if *asked < TRIAL || *cut * SELDOM >= *asked {
                let amount = |depth: usize, of: &[i64]| of[depth * sack.resources + aspect.resource];
                let room = amount(depth, &self.residuals) - amount(index, &sack.amounts) * taken;
                least = least.min(value.saturating_add(sack.within_resource(aspect, index + next, counts, room)));
                *asked += 1;
                *cut += u64::from(least <= self.best);
            }
        }
        least
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
            self.counts.resize((depth + 2) * sack.len(), 0);
        }
        self.taken.truncate(depth);
        self.taken.push((index, number));
        let amounts = &sack.amounts[index as usize * resources..][..resources];
        for (resource, amount) in amounts.iter().enumerate() {
            self.residuals[(depth + 1) * resources + resource] = self.residuals[depth * resources + resource] - amount * i64::from(number);
        }
        let over = sack.eased && self.residuals[(depth + 1) * resources..][..resources].iter().any(|residual| *residual < 0);
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
        // After something that makes room more of that may come: what does not fit yet may still.
        let eased;
        let residual = if (list[position].0 as usize) < sack.makers {
            eased = room(residual, &sack.problem.relief);
            &eased
        } else {
            residual
        };
        next.clear();
        let counts = &mut self.counts[(depth + 1) * sack.len()..][..sack.len()];
        counts.fill(0);
        for &(index, most) in &list[position + 1..] {
            let amounts = &sack.amounts[index as usize * resources..][..resources];
            let maker = (index as usize) < sack.makers;
            if !maker && amounts.iter().zip(residual).any(|(amount, residual)| amount > residual) {
                continue;
            }
            if sack.conflicts && conflicts.contains(sack.classes[index as usize] as usize) {
                continue;
            }
            let most = if most == 1 || maker { most } else { fit(amounts, residual).min(u64::from(most)) as u32 };
            next.push((index, most));
            counts[index as usize] = most;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::{Bin, Instance, Item};
    use super::*;

    /// What one bin can be worth at most, by trying everything.
    fn most(instance: &Instance, worths: &[i64]) -> i64 {
        let mut all = vec![Vec::new()];
        for item in &instance.items {
            let longer = |front: &Vec<u32>| {
                (0..=item.per_bin.min(item.demand)).map(|number| [front.clone(), vec![number]].concat()).collect::<Vec<_>>()
            };
            all = all.iter().flat_map(longer).collect();
        }
        let pattern =
            |numbers: &[u32]| Pattern { bin: 0, items: (0..).zip(numbers.iter().copied()).filter(|(_, number)| *number > 0).collect() };
        let worth = |numbers: &[u32]| numbers.iter().zip(worths).map(|(number, worth)| i64::from(*number) * worth).sum();
        all.iter().filter(|numbers| pattern(numbers).check(instance).is_ok()).map(|numbers| worth(numbers)).max().unwrap_or(0)
    }

    fn instance(least: i64) -> impl Strategy<Value = (Instance, Vec<i64>)> {
        (1usize..=3, 1usize..=6).prop_flat_map(move |(resources, items)| {
            // Numbers as small as counts and as large as bytes.
            let scale = prop::collection::vec(prop_oneof![Just(1i64), Just(1_000_000_007)], resources);
            let capacity = prop::collection::vec(0i64..20, resources);
            let item = (prop::collection::vec(least..9, resources), 1u32..4, 1u32..4, 0i64..50);
            let conflicts = prop::collection::btree_set((0..items, 0..items), 0..=2);
            let unit = prop_oneof![Just(1i64), Just(1_000_003)];
            (scale, capacity, prop::collection::vec(item, items), conflicts, unit).prop_map(|(scale, capacity, items, conflicts, unit)| {
                let times = |amounts: Vec<i64>| amounts.iter().zip(&scale).map(|(amount, scale)| amount * scale).collect::<Vec<i64>>();
                let worths = items.iter().map(|item| item.3 * unit).collect();
                let item = |(amounts, demand, per_bin, _)| Item { amounts: times(amounts), demand, per_bin, bins: None };
                let bins = vec![Bin { capacity: times(capacity), price: 1, limit: None }];
                let conflicts = conflicts.into_iter().filter(|(one, other)| one < other).collect();
                (Instance { bins, items: items.into_iter().map(item).collect(), conflicts }, worths)
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        /// A whole search finds the best; one cut short, or begun again from coarse to fine, never says that less is possible than is.
        #[test]
        fn a_bin_is_worth_no_more_than_said((instance, worths) in prop_oneof![4 => instance(0), 1 => instance(-3)], nodes in 0u64..12) {
            let problem = Problem::new(&instance);
            if problem.kinds.is_empty() {
                prop_assert_eq!(most(&instance, &worths), 0);
                return Ok(());
            }
            let mut merged = vec![0; problem.classes.len()];
            problem.class_of.iter().zip(&worths).for_each(|(class, worth)| class.iter().for_each(|class| merged[*class as usize] = *worth));
            let worths = problem.spread(&merged);
            let demand: Vec<u32> = problem.classes.iter().map(|class| class.demand).collect();
            let sack = Knapsack::new(&problem, 0, &demand, &merged);
            let truth = most(&instance, &worths);
            let value = |pattern: &Pattern| pattern.items.iter().map(|&(class, number)| merged[class as usize] * i64::from(number)).sum::<i64>();
            let whole = sack.search(0, u64::MAX);
            prop_assert_eq!((whole.best, whole.most), (truth, truth));
            prop_assert_eq!(whole.pattern.is_some(), truth > 0);
            prop_assert!(whole.pattern.iter().all(|pattern| problem.example(pattern).check(&instance).is_ok()));
            prop_assert!(sack.search(0, nodes).most >= truth);
            let deep = sack.deepen(0, nodes);
            prop_assert!(deep.most >= truth && deep.best <= truth);
            prop_assert_eq!(deep.pattern.map_or(0, |pattern| value(&pattern)), deep.best);
        }
    }
}
