//! Types of bins that no best packing needs: those that another type replaces at no higher price.
//!
//! A type is dominated by another if the other has at least its capacity of every resource that any item asks for, costs no more, may
//! hold every item that it may hold, and is there in any number. Put the other in its place in any packing: all items still fit, and it
//! costs no more. So the cheapest packing of what is left is as cheap as the cheapest of all, and a bound on the one is a bound on the
//! other. Of types that dominate each other (they are alike) the first stays. Types that hold no item at all go too.
//!
//! A catalogue of a cloud has a thousand types and more; what is left of it is a few dozen.

use super::instance::{Instance, Packing};

/// An instance with fewer types, and how to get back from it.
#[derive(Debug, Clone)]
pub struct Reduction {
    /// The instance without the types that are dominated.
    pub instance: Instance,
    /// Of each of its types the index in the whole instance, ascending.
    pub bins: Vec<usize>,
}

/// Leaves out the types that are dominated.
pub fn without_dominated(instance: &Instance) -> Reduction {
    let bins = undominated(instance);
    let mut reduced = Instance { conflicts: instance.conflicts.clone(), ..Instance::default() };
    reduced.bins = bins.iter().map(|&bin| instance.bins[bin].clone()).collect();
    reduced.items.clone_from(&instance.items);
    for item in &mut reduced.items {
        item.bins = item.bins.as_ref().map(|allowed| {
            let mut kept = fixedbitset::FixedBitSet::with_capacity(bins.len());
            kept.extend(bins.iter().enumerate().filter(|(_, bin)| allowed.contains(**bin)).map(|(index, _)| index));
            kept
        });
    }
    Reduction { instance: reduced, bins }
}

impl Reduction {
    /// A packing of the reduced instance as one of the whole.
    pub fn restore(&self, packing: &Packing) -> Packing {
        let mut patterns = packing.patterns.clone();
        patterns.iter_mut().for_each(|(pattern, _)| pattern.bin = self.bins[pattern.bin]);
        patterns.sort_unstable();
        Packing { patterns }
    }
}

/// The types that are not dominated, ascending.
pub fn undominated(instance: &Instance) -> Vec<usize> {
    let asked: Vec<usize> = (0..instance.resources()).filter(|&r| instance.items.iter().any(|item| item.amounts[r] > 0)).collect();
    // the cheapest first, of those as cheap the largest: whatever dominates a type comes before it, but for one that is alike
    let size = |bin: usize| asked.iter().map(|&r| i128::from(instance.bins[bin].capacity[r])).sum::<i128>();
    let mut order: Vec<usize> = (0..instance.bins.len()).collect();
    order.sort_by_key(|&bin| (instance.bins[bin].price, std::cmp::Reverse(size(bin)), bin));
    let mut kept: Vec<usize> = Vec::new();
    for bin in order {
        let is_of_use = (0..instance.items.len()).any(|item| instance.takes(bin, item));
        if is_of_use && !kept.iter().any(|&other| dominates(instance, &asked, other, bin)) {
            kept.push(bin);
        }
    }
    kept.sort_unstable();
    kept
}

/// Whether one type can stand in for another.
fn dominates(instance: &Instance, asked: &[usize], one: usize, other: usize) -> bool {
    let (bin, of) = (&instance.bins[one], &instance.bins[other]);
    bin.limit.is_none()
        && bin.price <= of.price
        && asked.iter().all(|&r| bin.capacity[r] >= of.capacity[r])
        && instance.items.iter().all(|item| item.bins.as_ref().is_none_or(|bins| !bins.contains(other) || bins.contains(one)))
}
