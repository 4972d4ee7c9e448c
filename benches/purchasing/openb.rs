//! The openb GPU trace (Alibaba, 1,523 nodes, 8,152 pods) with shared GPUs, planned as a whole.
//!
//! A pod asks for whole GPUs, or for some thousandths of one. Several may share a GPU, none is spread over two: a node's GPUs are bins
//! within a bin. They are modelled exactly. For plans, pods that share are first packed into single GPUs ([`bundles`], itself a packing
//! that is solved), and a bundle is then an item that takes a whole GPU with the cpu and memory of its pods. For bounds, pods stay single,
//! and nodes have two resources more: thousandths of GPUs, and the worth of pods by the duals of packing single GPUs: no content of one
//! GPU is worth more than one, so none of a node's GPUs together more than it has.
//!
//! What is compared: published policies are online: they see one pod after the other, and what they cannot place is dropped. Ours are plans:
//! they see all pods, which is easier; the bounds hold for plans and policies alike. The published runs repeat pods up to 130 % of the
//! cluster's GPUs; theirs are drawn by another generator than ours, from the same trace.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Options, solved};
use plimsoll::planning::packing::{Bin, BoundProof, Instance, Item};

/// What a pod asks for. Order and equality are by shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pod {
    cpu_milli: i64,
    memory_mib: i64,
    /// Thousandths of GPUs: whole GPUs, or part of one.
    gpu_milli: i64,
}

/// Nodes of one shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    cpu_milli: i64,
    memory_mib: i64,
    gpus: i64,
}

/// Pods by shape, and how many there are of each.
type Pods = BTreeMap<Pod, u32>;

struct Cluster {
    shapes: Vec<(Shape, u32)>,
}

/// What a single GPU is worth, in the unit of [`BoundProof::Duals`].
const WHOLE: i64 = 1_000_000;
/// How many thousandths a GPU has.
const GPU: i64 = 1000;
const TRACE: &str = "openb_pod_list_default";
/// Load of the published runs, in per cent of the cluster's GPUs.
const LOAD: i64 = 130;

/// Answers all questions about the trace in a folder.
pub fn run(folder: &Path, options: &Options) -> Result<(), String> {
    let cluster = cluster(&folder.join("openb_node_list_all_node.csv"))?;
    let trace = trace(&folder.join(format!("{TRACE}.csv")))?;
    println!("question,seed,found,bound,unit,seconds");
    let worth = gpus_needed(&count(&trace), &cluster, options);
    nodes_needed(&count(&trace), &cluster, &worth, options);
    published(&folder.join("FGD_expected_analysis_allo_discrete.csv"))?;
    for seed in 1..=options.seeds {
        load_that_fits(&trace, &cluster, seed, options);
        allocation(&trace, &cluster, seed, options);
    }
    Ok(())
}

/// Whether the trace fits at all: how many GPUs its pods need, whatever the nodes.
fn gpus_needed(pods: &Pods, cluster: &Cluster, options: &Options) -> BTreeMap<i64, i64> {
    let (found, bound, worth, seconds) = shared_gpus(pods, options);
    let whole = whole_gpus(pods);
    println!("GPUs that the whole trace needs (of {} there are),,{},{},GPUs,{seconds:.1}", cluster.gpus(), whole + found, whole + bound);
    worth
}

/// GPUs of the pods that ask for whole ones.
fn whole_gpus(pods: &Pods) -> i64 {
    let whole = pods.iter().filter(|(pod, _)| pod.is_whole());
    whole.map(|(pod, count)| pod.gpu_milli / GPU * i64::from(*count)).sum()
}

/// What the published policies reach on the same trace, online: the mean of their seeds.
fn published(path: &Path) -> Result<(), String> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    // policy: runs, sum of allocations at the last load, sum of the loads that were kept up with
    let mut policies: BTreeMap<String, (f64, f64, f64)> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        if record.get(0) != Some(TRACE) {
            continue;
        }
        let points =
            headers.iter().zip(&record).filter_map(|(load, allocated)| Some((load.parse::<f64>().ok()?, allocated.parse::<f64>().ok()?)));
        let points: Vec<(f64, f64)> = points.filter(|(load, _)| *load <= LOAD as f64).collect();
        // the points are of whole per cents, to two digits: less than a quarter below the load is as much as arrived
        let kept_up = points.iter().take_while(|(load, allocated)| *allocated > load - 0.25).map(|(load, _)| *load).last();
        let policy = policies.entry(record.get(1).unwrap_or_default().to_owned()).or_default();
        policy.0 += 1.0;
        policy.1 += points.last().map_or(0.0, |(_, allocated)| *allocated);
        policy.2 += kept_up.unwrap_or_default();
    }
    for (policy, (runs, allocated, kept_up)) in policies {
        println!("load up to which every pod is placed (published: {policy}; {runs} runs),,{:.2},,% of GPUs,", kept_up / runs);
        println!("allocation at {LOAD} % load (published: {policy}; {runs} runs),,{:.2},,% of GPUs,", allocated / runs);
    }
    Ok(())
}

/// The fewest GPUs that hold the pods which share: found, proven, and what each part of a GPU is worth by that proof.
fn shared_gpus(pods: &Pods, options: &Options) -> (i64, i64, BTreeMap<i64, i64>, f64) {
    let mut parts: BTreeMap<i64, u32> = BTreeMap::new();
    pods.iter().filter(|(pod, _)| pod.is_shared()).for_each(|(pod, count)| *parts.entry(pod.gpu_milli).or_default() += count);
    let items = parts.iter().map(|(part, demand)| Item { amounts: vec![*part], demand: *demand, per_bin: *demand, bins: None });
    let bins = vec![Bin { capacity: vec![GPU], price: 1, limit: None }];
    let instance = Instance { bins, items: items.collect(), conflicts: Vec::new() };
    let (solution, seconds) = solved(&instance, options.time_limit);
    let found = solution.packing.map_or(i64::MAX, |packing| packing.price(&instance));
    let worth: BTreeMap<i64, i64> = match &solution.bound.proof {
        BoundProof::Duals(duals) => parts.keys().copied().zip(duals.iter().copied()).collect(),
        // without duals a part is worth what it is
        _ => parts.keys().map(|part| (*part, part * WHOLE / GPU)).collect(),
    };
    (found, solution.bound.price, worth, seconds)
}

/// The fewest nodes of the trace's shapes that hold everything, and how many are missing in the cluster.
fn nodes_needed(pods: &Pods, cluster: &Cluster, worth: &BTreeMap<i64, i64>, options: &Options) {
    let any: Vec<Bin> = cluster.shapes.iter().map(|(shape, _)| shape.bin(1, None)).collect();
    answer("nodes of the cluster's shapes, any number of each, for the whole trace", pods, &any, worth, options);
    let there = cluster.shapes.iter().map(|(shape, count)| shape.bin(0, Some(*count)));
    let more: Vec<Bin> = there.chain(any).collect();
    answer("nodes to be added to the cluster for the whole trace", pods, &more, worth, options);
}

fn answer(question: &str, pods: &Pods, bins: &[Bin], worth: &BTreeMap<i64, i64>, options: &Options) {
    let plan =
        Instance { bins: bins.to_vec(), items: bundled(pods, options).into_iter().map(Planned::item).collect(), conflicts: Vec::new() };
    let (of_plan, seconds) = solved(&plan, options.time_limit);
    let (of_relaxation, more_seconds) = solved(&relaxation(pods, bins, worth), options.time_limit);
    let found = of_plan.packing.map_or_else(|| "none".to_owned(), |packing| packing.price(&plan).to_string());
    println!("{question},,{found},{},nodes,{:.1}", of_relaxation.bound.price, seconds + more_seconds);
}

/// The greatest load at which not one pod is dropped: pods arrive in a random order, up to that load. What lies between what was packed
/// and what was proven not to fit is open.
fn load_that_fits(trace: &[Pod], cluster: &Cluster, seed: u64, options: &Options) {
    let mut order = trace.to_vec();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let start = Instant::now();
    let limited: Vec<Bin> = cluster.shapes.iter().map(|(shape, count)| shape.bin(1, Some(*count))).collect();
    let fits = |length: usize| {
        let items = bundled(&count(&order[..length]), options).into_iter().map(Planned::item).collect();
        let instance = Instance { bins: limited.clone(), items, conflicts: Vec::new() };
        solved(&instance, options.time_limit).0.packing.is_some()
    };
    let may_fit = |length: usize| {
        let pods = count(&order[..length]);
        whole_gpus(&pods) + shared_gpus(&pods, options).1 <= cluster.gpus()
    };
    let may = last(0, order.len(), may_fit);
    let does = last(0, may, fits);
    let load = |length: usize| 100.0 * order[..length].iter().map(|pod| pod.gpu_milli).sum::<i64>() as f64 / (cluster.gpus() * GPU) as f64;
    let (found, bound, seconds) = (load(does), load((may + 1).min(order.len())), start.elapsed().as_secs_f64());
    println!("load up to which every pod is placed,{seed},{found:.2},{bound:.2},% of GPUs,{seconds:.1}");
}

/// The last number from one that is good to one that is not known to be, by halving.
fn last(mut good: usize, mut end: usize, is_good: impl Fn(usize) -> bool) -> usize {
    while good < end {
        let middle = good + (end - good).div_ceil(2);
        if is_good(middle) { good = middle } else { end = middle - 1 }
    }
    good
}

/// How much of the cluster's GPUs is allocated of 130 % load: a plan that chooses what to place, and what no choice can exceed.
fn allocation(trace: &[Pod], cluster: &Cluster, seed: u64, options: &Options) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut arrived = trace.to_vec();
    let asked = |pods: &[Pod]| pods.iter().map(|pod| pod.gpu_milli).sum::<i64>();
    while asked(&arrived) * 100 < cluster.gpus() * GPU * LOAD {
        arrived.push(trace[random.random_range(0..trace.len())]);
    }
    let pods = count(&arrived);
    let total = asked(&arrived);
    let (_, _, worth, first) = shared_gpus(&pods, options);
    let there: Vec<Bin> = cluster.shapes.iter().map(|(shape, count)| shape.bin(0, Some(*count))).collect();
    let plan = with_rejection(&there, bundled(&pods, options).into_iter().map(|planned| (planned.gpu_milli, planned.item())).collect());
    let (of_plan, second) = solved(&plan, options.time_limit);
    let relaxed = relaxation(&pods, &there, &worth);
    let asked: Vec<i64> = pods.keys().map(|pod| pod.gpu_milli).collect();
    let (of_relaxation, third) = solved(&with_rejection(&relaxed.bins, asked.into_iter().zip(relaxed.items).collect()), options.time_limit);
    let per_cent = |rejected: i64| 100.0 * (total - rejected) as f64 / (cluster.gpus() * GPU) as f64;
    let found = of_plan.packing.map_or(f64::NAN, |packing| per_cent(packing.price(&plan)));
    let most = per_cent(of_relaxation.bound.price).min(100.0);
    println!("allocation at {LOAD} % load,{seed},{found:.2},{most:.2},% of GPUs,{:.1}", first + second + third);
}

/// The same bins, and for each class one that takes its items one by one at the price of rejecting them.
fn with_rejection(bins: &[Bin], items: Vec<(i64, Item)>) -> Instance {
    let mut instance = Instance { bins: bins.to_vec(), ..Instance::default() };
    let count = bins.len() + items.len();
    for (index, (price, mut item)) in items.into_iter().enumerate() {
        let mut allowed = fixedbitset::FixedBitSet::with_capacity(count);
        allowed.insert_range(..bins.len());
        allowed.insert(bins.len() + index);
        instance.bins.push(Bin { capacity: item.amounts.clone(), price, limit: None });
        item.bins = Some(allowed);
        instance.items.push(item);
    }
    instance
}

/// Pods one by one, and nodes with the resources that say what shared GPUs can hold.
fn relaxation(pods: &Pods, bins: &[Bin], worth: &BTreeMap<i64, i64>) -> Instance {
    let worth_of = |pod: &Pod| if pod.is_shared() { worth[&pod.gpu_milli] } else { pod.gpu_milli / GPU * WHOLE };
    let amounts = |pod: &Pod| vec![pod.cpu_milli, pod.memory_mib, pod.gpu_milli, worth_of(pod)];
    let items = pods.iter().map(|(pod, count)| Item { amounts: amounts(pod), demand: *count, per_bin: *count, bins: None });
    let widened = |bin: &Bin| {
        let gpus = bin.capacity[2];
        Bin { capacity: vec![bin.capacity[0], bin.capacity[1], gpus * GPU, gpus * WHOLE], ..bin.clone() }
    };
    Instance { bins: bins.iter().map(widened).collect(), items: items.collect(), conflicts: Vec::new() }
}

/// Something that is planned: a pod with whole GPUs or none, or a GPU with the pods that share it.
struct Planned {
    cpu_milli: i64,
    memory_mib: i64,
    gpus: i64,
    gpu_milli: i64,
    count: u32,
}

impl Planned {
    fn item(self) -> Item {
        Item { amounts: vec![self.cpu_milli, self.memory_mib, self.gpus], demand: self.count, per_bin: self.count, bins: None }
    }
}

/// Pods that share as bundles, the others as they are.
fn bundled(pods: &Pods, options: &Options) -> Vec<Planned> {
    let single = pods.iter().filter(|(pod, _)| !pod.is_shared());
    let mut planned: Vec<Planned> = single.map(|(pod, count)| pod.planned(*count)).collect();
    planned.extend(bundles(pods, options));
    planned
}

/// The pods that share, packed into single GPUs: into as few as possible, with no more cpu and memory beside them than most nodes have for a
/// GPU, or else than the roomiest have.
fn bundles(pods: &Pods, options: &Options) -> Vec<Planned> {
    let shared: Vec<(&Pod, &u32)> = pods.iter().filter(|(pod, _)| pod.is_shared()).collect();
    let amounts = |pod: &Pod| vec![pod.cpu_milli, pod.memory_mib, pod.gpu_milli];
    let items = shared.iter().map(|(pod, count)| Item { amounts: amounts(pod), demand: **count, per_bin: **count, bins: None });
    let bin = |cpu_milli: i64, memory_mib: i64, price: i64| Bin { capacity: vec![cpu_milli, memory_mib, GPU], price, limit: None };
    let bins = vec![bin(12_000, 49_152, 1000), bin(52_000, 262_144, 1001)];
    let instance = Instance { bins, items: items.collect(), conflicts: Vec::new() };
    let (solution, _) = solved(&instance, options.time_limit);
    let packing = solution.packing.unwrap_or_default();
    let bundle = |(pattern, count): &(plimsoll::planning::packing::Pattern, u32)| {
        let sum =
            |amount: fn(&Pod) -> i64| pattern.items.iter().map(|(item, times)| amount(shared[*item as usize].0) * i64::from(*times)).sum();
        Planned {
            cpu_milli: sum(|pod| pod.cpu_milli),
            memory_mib: sum(|pod| pod.memory_mib),
            gpus: 1,
            gpu_milli: sum(|pod| pod.gpu_milli),
            count: *count,
        }
    };
    packing.patterns.iter().map(bundle).collect()
}

impl Pod {
    fn is_shared(&self) -> bool {
        self.gpu_milli > 0 && self.gpu_milli < GPU
    }

    fn is_whole(&self) -> bool {
        self.gpu_milli >= GPU
    }

    fn planned(&self, count: u32) -> Planned {
        let Pod { cpu_milli, memory_mib, gpu_milli } = *self;
        Planned { cpu_milli, memory_mib, gpus: gpu_milli / GPU, gpu_milli, count }
    }
}

impl Shape {
    fn bin(&self, price: i64, limit: Option<u32>) -> Bin {
        Bin { capacity: vec![self.cpu_milli, self.memory_mib, self.gpus], price, limit }
    }
}

impl Cluster {
    fn gpus(&self) -> i64 {
        self.shapes.iter().map(|(shape, count)| shape.gpus * i64::from(*count)).sum()
    }
}

fn count(pods: &[Pod]) -> Pods {
    let mut counts = Pods::new();
    pods.iter().for_each(|pod| *counts.entry(*pod).or_default() += 1);
    counts
}

fn cluster(path: &Path) -> Result<Cluster, String> {
    let mut shapes: BTreeMap<Shape, u32> = BTreeMap::new();
    for row in rows(path, ["cpu_milli", "memory_mib", "gpu"])? {
        let [cpu_milli, memory_mib, gpus] = row;
        *shapes.entry(Shape { cpu_milli, memory_mib, gpus }).or_default() += 1;
    }
    Ok(Cluster { shapes: shapes.into_iter().collect() })
}

fn trace(path: &Path) -> Result<Vec<Pod>, String> {
    let rows = rows(path, ["cpu_milli", "memory_mib", "num_gpu", "gpu_milli"])?;
    let pod = |[cpu_milli, memory_mib, gpus, gpu_milli]: [i64; 4]| Pod { cpu_milli, memory_mib, gpu_milli: gpus * gpu_milli };
    Ok(rows.into_iter().map(pod).collect())
}

/// Whole numbers of some columns of a table.
fn rows<const N: usize>(path: &Path, names: [&str; N]) -> Result<Vec<[i64; N]>, String> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let columns = names.map(|name| headers.iter().position(|header| header == name));
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cell = |column: Option<usize>| column.and_then(|column| record.get(column)?.parse().ok());
        let cells = columns.map(cell);
        let line = record.position().map_or(0, |position| position.line());
        if cells.contains(&None) {
            return Err(format!("line {line}: {} are needed", names.join(", ")));
        }
        rows.push(cells.map(Option::unwrap_or_default));
    }
    Ok(rows)
}
