//! Packings and their bounds, against exhaustive search.

use std::collections::BTreeMap;
use std::time::Duration;

use fixedbitset::FixedBitSet;
use plimsoll::planning::packing::{Bin, BoundProof, Budget, Instance, Item, Packing, Pattern, Solution, portfolio, solve, solve_from};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

fn hour() -> Duration {
    Duration::from_secs(3600)
}

fn nothing() -> Duration {
    Duration::ZERO
}

fn solved(instance: &Instance) -> Solution {
    solve(instance, &Budget { remaining: &hour, seed: 7 })
}

/// The price of the cheapest packing, by trying all; none if there is none.
fn optimum(instance: &Instance) -> Option<i64> {
    let demand: Vec<u32> = instance.items.iter().map(|item| item.demand).collect();
    cheapest(instance, &demand, &vec![0; instance.bins.len()], &mut BTreeMap::new())
}

type Known = BTreeMap<(Vec<u32>, Vec<u32>), Option<i64>>;

/// The cheapest way to pack what is left: some bin holds one of the first class that is left.
fn cheapest(instance: &Instance, left: &[u32], used: &[u32], known: &mut Known) -> Option<i64> {
    let Some(first) = left.iter().position(|left| *left > 0) else { return Some(0) };
    let key = (left.to_vec(), used.to_vec());
    if let Some(price) = known.get(&key) {
        return *price;
    }
    let mut best = None;
    for (bin, kind) in instance.bins.iter().enumerate() {
        if kind.limit.is_some_and(|limit| used[bin] >= limit) {
            continue;
        }
        let mut used = used.to_vec();
        used[bin] += u32::from(kind.limit.is_some());
        for items in contents(instance, left, first, bin) {
            let mut left = left.to_vec();
            items.iter().for_each(|&(class, number)| left[class as usize] -= number);
            let price = cheapest(instance, &left, &used, known).map(|price| price + kind.price);
            best = [best, price].into_iter().flatten().min();
        }
    }
    known.insert(key, best);
    best
}

/// All that a bin of a type can hold of what is left, with at least one of a class.
fn contents(instance: &Instance, left: &[u32], first: usize, bin: usize) -> Vec<Vec<(u32, u32)>> {
    let mut found = vec![Vec::new()];
    for (class, &left) in left.iter().enumerate().skip(first) {
        let mut longer = Vec::new();
        for items in &found {
            let least = u32::from(class == first);
            for number in least..=left.min(instance.items[class].per_bin) {
                let mut items: Vec<(u32, u32)> = items.clone();
                items.extend((number > 0).then_some((class as u32, number)));
                let pattern = Pattern { bin, items };
                if pattern.check(instance).is_ok() {
                    longer.push(pattern.items);
                }
            }
        }
        found = longer;
    }
    found
}

/// Small instances of every kind: several types, prices, limits, bins that cost nothing, conflicts, few of a class in a bin, eligibility.
fn instances(classes: usize, demand: u32) -> impl Strategy<Value = Instance> {
    let shape = (1..=3usize, 1..=3usize, 1..=classes);
    shape.prop_flat_map(move |(resources, types, classes)| {
        let bin = (prop::collection::vec(3..12i64, resources), 0..6i64, prop::option::weighted(0.4, 0..3u32))
            .prop_map(|(capacity, price, limit)| Bin { capacity, price, limit });
        let may = prop::option::weighted(0.3, prop::collection::vec(any::<bool>(), types));
        let item = (prop::collection::vec(0..7i64, resources), 1..=demand, 1..=3u32, may).prop_map(|(amounts, demand, per_bin, may)| {
            let bins = may.map(|may| may.iter().enumerate().filter(|(_, may)| **may).map(|(bin, _)| bin).collect::<FixedBitSet>());
            Item { amounts, demand, per_bin, bins }
        });
        let conflicts = prop::collection::btree_set((0..classes, 0..classes), 0..=2);
        let parts = (prop::collection::vec(bin, types), prop::collection::vec(item, classes), conflicts);
        parts.prop_map(|(bins, items, pairs)| {
            let mut conflicts: Vec<_> = pairs.into_iter().filter(|(one, other)| one < other).collect();
            conflicts.sort_unstable();
            Instance { bins, items, conflicts }
        })
    })
}

fn checked(instance: &Instance, solution: &Solution) -> Option<i64> {
    let packing = solution.packing.as_ref()?;
    packing.check(instance).unwrap_or_else(|flaw| panic!("{flaw}: {packing:?} of {instance:?}"));
    Some(packing.price(instance))
}

fn config(cases: u32) -> ProptestConfig {
    let persistence = FileFailurePersistence::Direct("tests/suite/packing.seeds");
    ProptestConfig { cases, failure_persistence: Some(Box::new(persistence)), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn a_small_packing_is_the_cheapest(instance in instances(4, 2)) {
        let (solution, optimum) = (solved(&instance), optimum(&instance));
        let price = checked(&instance, &solution);
        prop_assert_eq!(price, optimum, "{:?} of {:?}", solution, instance);
        prop_assert!(optimum.is_none_or(|optimum| solution.bound.price <= optimum), "{:?} of {:?}", solution.bound, instance);
        prop_assert!(optimum.is_none() || !matches!(solution.bound.proof, BoundProof::Infeasible(_)));
        prop_assert!(!solution.cut_off);
    }

    #[test]
    fn no_bound_is_above_the_cheapest(instance in instances(6, 4)) {
        let solution = solved(&instance);
        let price = checked(&instance, &solution);
        if let Some(optimum) = optimum(&instance) {
            prop_assert!(solution.bound.price <= optimum, "{:?} of {:?}", solution.bound, instance);
            prop_assert!(price.is_none_or(|price| price >= optimum));
        } else {
            prop_assert_eq!(price, None);
        }
    }

    #[test]
    fn without_time_there_is_still_a_packing_and_a_bound(instance in instances(4, 2)) {
        let solution = solve(&instance, &Budget { remaining: &nothing, seed: 7 });
        let (price, optimum) = (checked(&instance, &solution), optimum(&instance));
        let quick = portfolio(&instance).map(|packing| packing.price(&instance));
        prop_assert!(quick.is_none() || price.is_some());
        prop_assert!(price.is_none_or(|price| quick.is_none_or(|quick| price <= quick)));
        prop_assert!(optimum.is_none_or(|optimum| solution.bound.price <= optimum));
        prop_assert!(solution.cut_off || price == Some(solution.bound.price) || price.is_none());
    }

    #[test]
    fn the_order_of_bins_and_items_does_not_matter(instance in instances(4, 2)) {
        let mut turned = instance.clone();
        let (types, classes) = (instance.bins.len(), instance.items.len());
        turned.bins.reverse();
        turned.items.reverse();
        for item in &mut turned.items {
            item.bins = item.bins.as_ref().map(|bins| bins.ones().map(|bin| types - 1 - bin).collect());
        }
        turned.conflicts = instance.conflicts.iter().map(|(one, other)| (classes - 1 - other, classes - 1 - one)).collect();
        turned.conflicts.sort_unstable();
        prop_assert_eq!(checked(&instance, &solved(&instance)), checked(&turned, &solved(&turned)));
    }
}

/// Classes with the shapes of real pods, and what is sold.
fn cluster(classes: u32, demand: u32) -> Instance {
    let bin = |cores: i64, gib: i64, price: i64| Bin { capacity: vec![cores * 1000 - 100, gib * 1024 - 700, 110], price, limit: None };
    let item = |class: u32| Item {
        amounts: vec![i64::from(50 + class * 37 % 1900), i64::from(64 + class * 89 % 5000), 1],
        demand,
        per_bin: if class.is_multiple_of(7) { 1 } else { demand },
        bins: None,
    };
    let bins = vec![bin(4, 16, 192), bin(8, 32, 380), bin(16, 64, 765), bin(8, 64, 500), bin(16, 32, 680)];
    Instance {
        bins,
        items: (0..classes).map(item).collect(),
        conflicts: (0..classes as usize / 20).map(|one| (one * 3, one * 3 + 1)).collect(),
    }
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let instance = cluster(10, 4);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| solved(&instance))
    };
    assert_eq!(with(1), with(4));
}

#[test]
fn many_items_of_many_classes_are_packed_without_time() {
    let instance = cluster(3000, 50);
    let solution = solve(&instance, &Budget { remaining: &nothing, seed: 7 });
    let price = checked(&instance, &solution).expect("all fit");
    assert!(solution.cut_off);
    assert!(price * 100 <= solution.bound.price * 104, "{price} is more than 4 % above {:?}", solution.bound);
}

#[test]
fn a_packing_that_is_known_is_never_made_worse() {
    let instance = cluster(10, 4);
    let known = solved(&instance).packing.expect("all fit");
    let again = solve_from(&instance, &known, &Budget { remaining: &nothing, seed: 1 });
    assert!(again.packing.expect("one is known").price(&instance) <= known.price(&instance));
}

#[test]
fn what_fits_nowhere_is_named() {
    let bin = Bin { capacity: vec![4], price: 1, limit: None };
    let item = |amount: i64| Item { amounts: vec![amount], demand: 1, per_bin: 1, bins: None };
    let instance = Instance { bins: vec![bin], items: vec![item(3), item(5)], conflicts: vec![] };
    let solution = solved(&instance);
    assert_eq!(solution.packing, None);
    assert_eq!(solution.bound.proof, BoundProof::Infeasible(vec![1]));
}

#[test]
fn an_item_makes_way_for_one_that_fits_nowhere_else() {
    let bin = |capacity: i64, limit: Option<u32>| Bin { capacity: vec![capacity], price: 3, limit };
    let item = |amount: i64, demand: u32| Item { amounts: vec![amount], demand, per_bin: demand, bins: None };
    let only_second = Item { bins: Some(FixedBitSet::with_capacity_and_blocks(2, [2])), ..item(2, 2) };
    let instance =
        Instance { bins: vec![bin(4, None), bin(6, Some(1))], items: vec![item(0, 1), item(4, 1), only_second], conflicts: vec![] };
    assert_eq!(checked(&instance, &solved(&instance)), Some(6));
}

#[test]
fn nothing_to_pack_needs_no_bin() {
    let solution = solved(&Instance::default());
    assert_eq!((solution.packing, solution.bound.proof), (Some(Packing::default()), BoundProof::Nothing));
}
