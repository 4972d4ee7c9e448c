//! Made-up mixes of pods, bought from a catalogue.
//!
//! The generator, seeded (ChaCha8): a mix has a number of classes (workloads) and of pods. A class's share of the pods is drawn from
//! 1/rank, so that a few workloads are large. Its cpu is one of 50m to 16 cores, small ones the more likely; its memory is the cpu times
//! one of 1/2 to 16 GiB a core, made uneven by up to a quarter, at least 64 MiB. Of the classes three in ten run on both architectures,
//! six on amd64 and one on arm64 only; one in ten with at most forty pods is kept apart by hostname; one in twenty asks for a GPU, where
//! the catalogue sells any. Every node loses what daemons take: 3 pods, 200 millicores, 400 MiB.

use std::path::Path;
use std::time::Instant;

use fixedbitset::FixedBitSet;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Options, gap, solved};
use plimsoll::catalogue::{Catalogue, NodeType, read};
use plimsoll::planning::packing::peers::{Expander, Sizes, cluster_autoscaler, karpenter};
use plimsoll::planning::packing::{Bin, Instance, Item, Packing, undominated};

/// Pods and classes.
const MIXES: [(u32, usize); 6] = [(1000, 20), (1000, 40), (3000, 30), (5000, 40), (10_000, 40), (10_000, 60)];
/// Of which cpu is drawn, in millicores.
const CPU_MILLI: [i64; 16] = [50, 100, 100, 200, 250, 250, 500, 500, 500, 1000, 1000, 2000, 2000, 4000, 8000, 16_000];
/// Of which memory a core is drawn, in MiB.
const MEMORY_MIB: [i64; 8] = [512, 1024, 2048, 2048, 4096, 4096, 8192, 16_384];
/// What daemons take of each resource.
const DAEMONS: [i64; 4] = [200, 400, 3, 0];
const SIZES: Sizes = Sizes { cpu: 0, memory: 1 };

/// Prices all mixes.
pub fn run(path: &Path, options: &Options) -> Result<(), String> {
    let (catalogue, _) = read::read(path).map_err(|problem| problem.to_string())?;
    println!(
        "mix,pods,classes,types,undominated,cost_usd_h,bound_usd_h,gap_percent,seconds,nodes,\
         ca_price_usd_h,ca_least_waste_usd_h,ca_least_nodes_usd_h,karpenter_usd_h,karpenter_cmr_usd_h,peers_seconds"
    );
    for seed in 1..=options.seeds {
        for (pods, classes) in MIXES {
            let instance = mix(&catalogue, pods, classes, seed);
            row(&format!("{pods}x{classes}#{seed}"), pods, &instance, &usual(&catalogue), options);
        }
    }
    Ok(())
}

fn row(name: &str, pods: u32, instance: &Instance, usual: &FixedBitSet, options: &Options) {
    let (solution, seconds) = solved(instance, options.time_limit);
    let start = Instant::now();
    let expanders = [Expander::Price, Expander::LeastWaste, Expander::LeastNodes];
    let mut peers: Vec<Option<Packing>> = expanders.map(|expander| cluster_autoscaler(instance, SIZES, expander)).into();
    peers.push(karpenter(instance, SIZES));
    peers.push(karpenter(&only(instance, usual), SIZES));
    let peers_seconds = start.elapsed().as_secs_f64();
    let usd = |micros: i64| format!("{:.3}", micros as f64 / 1e6);
    let cost = |packing: &Option<Packing>| {
        let checked = packing.as_ref().map(|packing| packing.check(instance).map(|()| packing.price(instance)));
        checked.map_or_else(String::new, |price| usd(price.unwrap_or_else(|flaw| panic!("{flaw}"))))
    };
    let price = solution.packing.as_ref().map(|packing| packing.price(instance));
    println!(
        "{name},{pods},{},{},{},{},{},{},{seconds:.1},{},{},{peers_seconds:.1}",
        instance.items.len(),
        instance.bins.len(),
        undominated(instance).len(),
        cost(&solution.packing),
        usd(solution.bound.price),
        price.map_or_else(String::new, |price| format!("{:.2}", gap(price, solution.bound.price))),
        solution.packing.as_ref().map_or(0, Packing::bins),
        peers.iter().map(cost).collect::<Vec<_>>().join(","),
    );
}

/// A mix as an instance: cpu in millicores, memory in MiB, pods, GPUs.
pub fn mix(catalogue: &Catalogue, pods: u32, classes: usize, seed: u64) -> Instance {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let priced: Vec<(&NodeType, i64)> = catalogue.types.iter().filter_map(|node_type| Some((node_type, price(node_type)?))).collect();
    let bins: Vec<Bin> =
        priced.iter().map(|(node_type, price)| Bin { capacity: capacity(node_type), price: *price, limit: None }).collect();
    let has_gpus = bins.iter().any(|bin| bin.capacity[3] > 0);
    let is_arm: Vec<bool> =
        priced.iter().map(|(node_type, _)| node_type.labels.get("kubernetes.io/arch").is_some_and(|arch| arch == "arm64")).collect();
    let weights: f64 = (1..=classes).map(|rank| 1.0 / rank as f64).sum();
    let demand = |rank: usize| ((f64::from(pods) / rank as f64 / weights) as u32).max(1);
    let mut items: Vec<Item> = (1..=classes).map(|rank| class(&mut random, demand(rank), has_gpus, &is_arm)).collect();
    let rest = pods.saturating_sub(items.iter().map(|item| item.demand).sum());
    items[0].demand += rest;
    items[0].per_bin += rest;
    Instance { bins, items, conflicts: Vec::new() }
}

fn class(random: &mut ChaCha8Rng, demand: u32, has_gpus: bool, is_arm: &[bool]) -> Item {
    let cpu = CPU_MILLI[random.random_range(0..CPU_MILLI.len())];
    let ratio = MEMORY_MIB[random.random_range(0..MEMORY_MIB.len())];
    let memory = (cpu * ratio / 1000 * random.random_range(75..=125) / 100).max(64);
    let is_gpu = random.random_range(0..20) == 0 && has_gpus;
    let is_apart = random.random_range(0..10) == 0 && demand <= 40;
    let architecture = random.random_range(0..10);
    let bins = match architecture {
        0..3 => None,
        3..9 => Some(is_arm.iter().enumerate().filter(|(_, is_arm)| !**is_arm).map(|(bin, _)| bin).collect()),
        _ => Some(is_arm.iter().enumerate().filter(|(_, is_arm)| **is_arm).map(|(bin, _)| bin).collect()),
    };
    Item { amounts: vec![cpu, memory, 1, i64::from(is_gpu)], demand, per_bin: if is_apart { 1 } else { demand }, bins }
}

/// The types that a node pool as in Karpenter's documentation allows (categories c, m and r, of a generation after the second), and those
/// with GPUs, among the priced ones.
fn usual(catalogue: &Catalogue) -> FixedBitSet {
    let label = |node_type: &NodeType, name: &str| node_type.labels.get(format!("karpenter.k8s.aws/instance-{name}").as_str()).cloned();
    let is_usual = |node_type: &NodeType| {
        let generation = label(node_type, "generation").and_then(|text| text.parse().ok()).unwrap_or(0);
        let is_of_category = label(node_type, "category").is_some_and(|category| ["c", "m", "r"].contains(&category.as_str()));
        is_of_category && generation > 2 || node_type.allocatable.contains_key("nvidia.com/gpu")
    };
    let priced = catalogue.types.iter().filter(|node_type| price(node_type).is_some());
    priced.enumerate().filter(|(_, node_type)| is_usual(node_type)).map(|(index, _)| index).collect()
}

/// The same pods where only some types may be bought.
fn only(instance: &Instance, types: &FixedBitSet) -> Instance {
    let mut only = instance.clone();
    for item in &mut only.items {
        let mut allowed = types.clone();
        allowed.grow(instance.bins.len());
        item.bins.iter().for_each(|bins| allowed.intersect_with(bins));
        item.bins = Some(allowed);
    }
    only
}

/// What a type leaves to pods that are no daemons.
fn capacity(node_type: &NodeType) -> Vec<i64> {
    let amount = |resource: &str| node_type.allocatable.get(resource).copied().unwrap_or_default();
    let whole = [amount("cpu").milli(), amount("memory").units() >> 20, amount("pods").units(), amount("nvidia.com/gpu").units()];
    whole.iter().zip(DAEMONS).map(|(whole, daemons)| (whole - daemons).max(0)).collect()
}

fn price(node_type: &NodeType) -> Option<i64> {
    node_type.offerings.iter().filter_map(|offering| offering.price_micros_hour).min()
}
