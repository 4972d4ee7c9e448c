//! The rules of others, by hand on small cases, and types that no packing needs.

use plimsoll::planning::packing::peers::{Expander, Sizes, cluster_autoscaler, karpenter};
use plimsoll::planning::packing::{Bin, Instance, Item, Packing, undominated, without_dominated};
use proptest::prelude::*;

const SIZES: Sizes = Sizes { cpu: 0, memory: 1 };
const EXPANDERS: [Expander; 4] = [Expander::Price, Expander::LeastWaste, Expander::LeastNodes, Expander::MostPods];

fn bin(cpu: i64, memory: i64, price: i64) -> Bin {
    Bin { capacity: vec![cpu, memory], price, limit: None }
}

fn item(cpu: i64, memory: i64, demand: u32) -> Item {
    Item { amounts: vec![cpu, memory], demand, per_bin: demand, bins: None }
}

fn instance(bins: Vec<Bin>, items: Vec<Item>) -> Instance {
    Instance { bins, items, conflicts: Vec::new() }
}

/// Bins as `type: class x number`, and how many of each.
fn shown(packing: &Packing) -> Vec<String> {
    let pattern = |(pattern, count): &(plimsoll::planning::packing::Pattern, u32)| {
        let items: Vec<String> = pattern.items.iter().map(|(item, number)| format!("{item}x{number}")).collect();
        format!("{count} of {}: {}", pattern.bin, items.join(" "))
    };
    packing.patterns.iter().map(pattern).collect()
}

#[test]
fn cluster_autoscaler_buys_one_group_and_fills_it_first_fit_decreasing() {
    // pods of 6, 4 and 1 cores; the group of 10 holds 6 + 4, the rest goes where there is room first
    let instance = instance(vec![bin(10, 10, 10), bin(4, 4, 5)], vec![item(1, 1, 3), item(6, 6, 2), item(4, 4, 1)]);
    let bought = cluster_autoscaler(&instance, SIZES, Expander::Price).expect("all fit the large group");
    assert_eq!(shown(&bought), ["1 of 0: 0x3 1x1", "1 of 0: 1x1 2x1"]);
    // here the group of 4 holds the small pods without waste and comes first; the next round buys the other for the rest
    let instance = Instance { items: vec![item(1, 1, 4), item(6, 6, 1), item(4, 4, 1)], ..instance };
    let bought = cluster_autoscaler(&instance, SIZES, Expander::LeastWaste).expect("two rounds");
    assert_eq!(shown(&bought), ["1 of 0: 1x1", "1 of 1: 0x4", "1 of 1: 2x1"]);
}

#[test]
fn cluster_autoscaler_goes_to_the_next_group_when_one_is_used_up() {
    let mut instance = instance(vec![bin(4, 4, 1), bin(4, 4, 3)], vec![item(4, 4, 3)]);
    instance.bins[0].limit = Some(2);
    let bought = cluster_autoscaler(&instance, SIZES, Expander::Price).expect("the dear group takes the third");
    assert_eq!(shown(&bought), ["2 of 0: 0x1", "1 of 1: 0x1"]);
    instance.bins[1].limit = Some(0);
    assert_eq!(cluster_autoscaler(&instance, SIZES, Expander::Price), None);
}

#[test]
fn karpenter_fills_the_emptiest_node_in_the_making_and_buys_the_cheapest_type_that_holds_it() {
    // two pods of 6 cores cannot share 10; the small ones go to the claim with the fewest pods, turn by turn
    let instance = instance(vec![bin(10, 10, 10), bin(8, 8, 7), bin(7, 7, 8)], vec![item(1, 1, 3), item(6, 6, 2)]);
    let bought = karpenter(&instance, SIZES).expect("they fit");
    assert_eq!(shown(&bought), ["1 of 1: 0x1 1x1", "1 of 1: 0x2 1x1"]);
}

#[test]
fn nobody_buys_for_what_no_type_holds() {
    let instance = instance(vec![bin(4, 4, 1)], vec![item(5, 1, 1)]);
    assert_eq!(karpenter(&instance, SIZES), None);
    assert!(EXPANDERS.iter().all(|expander| cluster_autoscaler(&instance, SIZES, *expander).is_none()));
}

#[test]
fn types_that_another_replaces_are_left_out() {
    let mut instance = instance(
        // as large and cheaper, alike (the first stays), limited (replaces nothing), too small for anything
        vec![bin(8, 8, 10), bin(8, 8, 9), bin(8, 8, 9), bin(9, 9, 8), bin(1, 1, 1), bin(4, 16, 9)],
        vec![item(2, 2, 5), item(3, 1, 2)],
    );
    instance.bins[3].limit = Some(1);
    assert_eq!(undominated(&instance), [1, 3, 5]);
    // what one may hold and the other may not
    instance.items[0].bins = Some([0, 3, 5].into_iter().collect());
    assert_eq!(undominated(&instance), [0, 1, 3, 5]);
}

fn instances() -> impl Strategy<Value = Instance> {
    let bins = prop::collection::vec((1i64..12, 1i64..12, 1i64..9, prop::option::of(1u32..4)), 1..6);
    let items = prop::collection::vec((0i64..8, 0i64..8, 1u32..6, 1u32..4, prop::collection::vec(any::<bool>(), 6)), 1..5);
    (bins, items, prop::collection::btree_set((0usize..5, 0usize..5), 0..3)).prop_map(|(bins, items, conflicts)| {
        let count = items.len();
        let bins: Vec<Bin> =
            bins.into_iter().map(|(cpu, memory, price, limit)| Bin { capacity: vec![cpu, memory], price, limit }).collect();
        let item = |(cpu, memory, demand, per_bin, allowed): (i64, i64, u32, u32, Vec<bool>)| {
            let allowed = (0..bins.len()).filter(|bin| allowed[*bin]).collect();
            Item { amounts: vec![cpu, memory], demand, per_bin, bins: (per_bin > 1).then_some(allowed) }
        };
        let items = items.into_iter().map(item).collect();
        let conflicts = conflicts.into_iter().filter(|(one, other)| one < other && *other < count).collect();
        Instance { bins, items, conflicts }
    })
}

proptest! {
    #[test]
    fn what_they_buy_holds_everything(instance in instances()) {
        let mut bought: Vec<Packing> = EXPANDERS.iter().filter_map(|expander| cluster_autoscaler(&instance, SIZES, *expander)).collect();
        bought.extend(karpenter(&instance, SIZES));
        for packing in bought {
            prop_assert_eq!(packing.check(&instance), Ok(()));
        }
    }

    #[test]
    fn whatever_is_left_out_has_something_in_its_place(instance in instances()) {
        let kept = undominated(&instance);
        for bin in (0..instance.bins.len()).filter(|bin| !kept.contains(bin)) {
            let of = &instance.bins[bin];
            let held: Vec<usize> = (0..instance.items.len()).filter(|item| instance.takes(bin, *item)).collect();
            let stands_in = |other: &usize| {
                let bin = &instance.bins[*other];
                let is_as_large = (0..2).all(|r| bin.capacity[r] >= of.capacity[r] || instance.items.iter().all(|item| item.amounts[r] == 0));
                bin.limit.is_none() && bin.price <= of.price && is_as_large && held.iter().all(|item| instance.takes(*other, *item))
            };
            prop_assert!(held.is_empty() || kept.iter().any(stands_in), "{bin}");
        }
    }

    #[test]
    fn a_packing_of_what_is_left_is_one_of_all(instance in instances()) {
        let reduction = without_dominated(&instance);
        if let Some(packing) = karpenter(&reduction.instance, SIZES) {
            let restored = reduction.restore(&packing);
            prop_assert_eq!(restored.check(&instance), Ok(()));
            prop_assert_eq!(restored.price(&instance), packing.price(&reduction.instance));
        }
    }
}
