//! Lower bounds of packing, against exhaustive search; what proves them, against exhaustive pricing.

use std::collections::BTreeMap;
use std::time::Duration;

use fixedbitset::FixedBitSet;
use plimsoll::planning::packing::bound::{self, BOUNDS, Share};
use plimsoll::planning::packing::columns::{self, Columns};
use plimsoll::planning::packing::{Bin, BoundProof, Budget, Instance, Item, LowerBound, Packing, Pattern};
use proptest::prelude::*;

/// Duals are in millionths of the unit of price.
const MILLION: i128 = 1_000_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// No bound is above the price of the cheapest packing; that none exists is only said if none does.
    #[test]
    fn no_cheap_bound_is_above_the_optimum(instance in instance(0)) {
        let optimum = Exhaustive::new(&instance).optimum();
        for share in Share::all(&instance) {
            for bound in BOUNDS {
                holds(bound(&share).as_ref(), optimum)?;
            }
        }
        holds(Some(&bound::cheap(&instance)), optimum)?;
    }

    /// Nor is the bound of column generation, and whoever prices all patterns by hand finds that its duals prove it.
    #[test]
    fn no_bound_of_column_generation_is_above_the_optimum(instance in instance(0)) {
        let exhaustive = Exhaustive::new(&instance);
        let columns = generated(&instance, &[]);
        holds(Some(&columns.bound), exhaustive.optimum())?;
        prop_assert!(columns.patterns.iter().all(|pattern| pattern.check(&instance).is_ok()));
        if let BoundProof::Duals(duals) = &columns.bound.proof {
            prop_assert!(exhaustive.proven(duals) >= Some(columns.bound.price), "{duals:?} prove {:?}", exhaustive.proven(duals));
        }
    }

    /// The same if some items make room: benchmarks have such.
    #[test]
    fn items_that_make_room_are_bounded_too(instance in instance(-3)) {
        let exhaustive = Exhaustive::new(&instance);
        holds(Some(&bound::cheap(&instance)), exhaustive.optimum())?;
        let columns = generated(&instance, &[]);
        holds(Some(&columns.bound), exhaustive.optimum())?;
        if let BoundProof::Duals(duals) = &columns.bound.proof {
            prop_assert!(exhaustive.proven(duals) >= Some(columns.bound.price));
        }
    }

    /// Rounding gives a packing that holds, never a worse one, and with few items nearly always the best.
    #[test]
    fn rounding_never_makes_a_packing_worse(instance in instance(0)) {
        let exhaustive = Exhaustive::new(&instance);
        let Some(worst) = exhaustive.packing(true) else { return Ok(()) };
        let optimum = exhaustive.optimum();
        let columns = generated(&instance, &[]);
        let rounded = columns::round(&instance, &columns, &worst, &budget(&hour));
        prop_assert!(rounded.check(&instance).is_ok());
        prop_assert!(rounded.price(&instance) <= worst.price(&instance));
        prop_assert!(Some(rounded.price(&instance)) >= optimum);
        let again = columns::round(&instance, &generated(&instance, &[]), &worst, &budget(&hour));
        prop_assert_eq!(rounded, again);
    }
}

fn hour() -> Duration {
    Duration::from_secs(3600)
}

fn budget(remaining: &(dyn Fn() -> Duration + Sync)) -> Budget<'_> {
    Budget { remaining, seed: 7 }
}

fn generated(instance: &Instance, start: &[Pattern]) -> Columns {
    columns::generate(instance, start, None, &budget(&hour))
}

/// Whether a bound is not above the optimum.
fn holds(bound: Option<&LowerBound>, optimum: Option<i64>) -> Result<(), TestCaseError> {
    let Some(bound) = bound else { return Ok(()) };
    prop_assert_eq!(matches!(bound.proof, BoundProof::Infeasible(_)), bound.price == i64::MAX);
    if let Some(optimum) = optimum {
        prop_assert!(bound.price <= optimum, "{bound:?} is above the optimum {optimum}");
    }
    Ok(())
}

/// Small instances with everything there can be; amounts from `least` up.
fn instance(least: i64) -> impl Strategy<Value = Instance> {
    let sizes = (1usize..=3, 1usize..=3, 1usize..=5);
    sizes.prop_flat_map(move |(resources, bins, items)| {
        let limit = prop_oneof![3 => Just(None), 1 => (0u32..4).prop_map(Some)];
        let price = prop_oneof![1 => Just(0i64), 4 => 1i64..8];
        let bin = (prop::collection::vec(0i64..14, resources), price, limit).prop_map(|(capacity, price, limit)| {
            // Bins that cost nothing are those that are there.
            let limit = if price == 0 { limit.or(Some(1)) } else { limit };
            Bin { capacity, price, limit }
        });
        let eligible = prop_oneof![2 => Just(None), 1 => prop::collection::vec(any::<bool>(), bins).prop_map(Some)];
        let item =
            (prop::collection::vec(least..9, resources), 1u32..4, 1u32..5, eligible).prop_map(move |(amounts, demand, per_bin, bins)| {
                let bins = bins.map(|may| may.iter().enumerate().filter(|(_, may)| **may).map(|(bin, _)| bin).collect::<FixedBitSet>());
                Item { amounts, demand, per_bin, bins }
            });
        let conflicts = prop::collection::btree_set((0..items, 0..items), 0..=2);
        (prop::collection::vec(bin, bins), prop::collection::vec(item, items), conflicts).prop_map(|(bins, items, conflicts)| {
            let conflicts = conflicts.into_iter().filter(|(one, other)| one < other).collect();
            Instance { bins, items, conflicts }
        })
    })
}

/// All patterns of an instance, for each type of bin.
struct Exhaustive<'a> {
    instance: &'a Instance,
    patterns: Vec<Vec<Vec<u32>>>,
}

/// For what is packed, the price of the cheapest way, and its patterns.
type Table = BTreeMap<Vec<u32>, (i64, Vec<(usize, Vec<u32>)>)>;

impl<'a> Exhaustive<'a> {
    fn new(instance: &'a Instance) -> Exhaustive<'a> {
        let mut all = vec![Vec::new()];
        for item in &instance.items {
            let longer = |front: &Vec<u32>| {
                (0..=item.demand.min(item.per_bin)).map(|number| [front.clone(), vec![number]].concat()).collect::<Vec<_>>()
            };
            all = all.iter().flat_map(longer).collect();
        }
        all.retain(|numbers| numbers.iter().any(|number| *number > 0));
        let fits = |bin: usize, numbers: &Vec<u32>| pattern(bin, numbers).check(instance).is_ok();
        let patterns = (0..instance.bins.len()).map(|bin| all.iter().filter(|numbers| fits(bin, numbers)).cloned().collect()).collect();
        Exhaustive { instance, patterns }
    }

    /// The price of the cheapest packing; none if there is none.
    fn optimum(&self) -> Option<i64> {
        self.packing(false).map(|packing| packing.price(self.instance))
    }

    /// The cheapest packing; or one that is dear: one bin for each item where that can be.
    fn packing(&self, dear: bool) -> Option<Packing> {
        let demand: Vec<u32> = self.instance.items.iter().map(|item| item.demand).collect();
        let nothing = vec![0; demand.len()];
        let mut table: Table = BTreeMap::from([(nothing, (0, Vec::new()))]);
        for (bin, kind) in self.instance.bins.iter().enumerate() {
            let most = kind.limit.unwrap_or(u32::MAX).min(demand.iter().sum());
            let mut last = table.clone();
            for _ in 0..most {
                last = self.one_more(bin, &demand, &last, dear);
                if last.is_empty() {
                    break;
                }
                last.iter().for_each(|(packed, way)| keep(&mut table, packed, way));
            }
        }
        table.remove(&demand).map(|(_, bins)| {
            let mut patterns: BTreeMap<Pattern, u32> = BTreeMap::new();
            bins.iter().for_each(|(bin, numbers)| *patterns.entry(pattern(*bin, numbers)).or_default() += 1);
            Packing { patterns: patterns.into_iter().collect() }
        })
    }

    /// Every way with one bin more.
    fn one_more(&self, bin: usize, demand: &[u32], before: &Table, dear: bool) -> Table {
        let mut after = Table::new();
        for (packed, (price, bins)) in before {
            for numbers in &self.patterns[bin] {
                if dear && numbers.iter().sum::<u32>() > 1 && bins.len() > 1 {
                    continue;
                }
                let sum: Vec<u32> = packed.iter().zip(numbers).map(|(packed, number)| packed + number).collect();
                if sum.iter().zip(demand).all(|(sum, demand)| sum <= demand) {
                    let bins = [bins.clone(), vec![(bin, numbers.clone())]].concat();
                    keep(&mut after, &sum, &(price + self.instance.bins[bin].price, bins));
                }
            }
        }
        after
    }

    /// The price that duals prove: the least price of bins that hold what all items are worth.
    fn proven(&self, duals: &[i64]) -> Option<i64> {
        let worth =
            |numbers: &Vec<u32>| numbers.iter().zip(duals).map(|(number, dual)| i128::from(*number) * i128::from(*dual)).sum::<i128>();
        let most: Vec<i128> = self.patterns.iter().map(|patterns| patterns.iter().map(worth).max().unwrap_or(0)).collect();
        for (bin, most) in self.instance.bins.iter().zip(&most).filter(|(bin, _)| bin.limit.is_none()) {
            assert!(*most <= i128::from(bin.price) * MILLION, "a bin is worth {most}, more than its price");
        }
        let demand: Vec<u32> = self.instance.items.iter().map(|item| item.demand).collect();
        let mut held: BTreeMap<i128, i64> = BTreeMap::from([(0, 0)]);
        for (bin, most) in self.instance.bins.iter().zip(&most) {
            for _ in 0..bin.limit.unwrap_or(u32::MAX).min(demand.iter().sum()) {
                let more: Vec<(i128, i64)> = held.iter().map(|(held, price)| (held + most, price + bin.price)).collect();
                more.into_iter().for_each(|(sum, price)| {
                    let known = held.entry(sum).or_insert(price);
                    *known = (*known).min(price);
                });
            }
        }
        held.range(worth(&demand)..).map(|(_, price)| *price).min().or(Some(i64::MAX))
    }
}

fn keep(table: &mut Table, packed: &[u32], way: &(i64, Vec<(usize, Vec<u32>)>)) {
    if table.get(packed).is_none_or(|known| way.0 < known.0) {
        table.insert(packed.to_vec(), way.clone());
    }
}

fn pattern(bin: usize, numbers: &[u32]) -> Pattern {
    let items = numbers.iter().enumerate().filter(|(_, number)| **number > 0).map(|(class, number)| (class as u32, *number)).collect();
    Pattern { bin, items }
}
