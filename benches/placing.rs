//! How many pods a second are placed: four kinds of workload, by the fast path and (on fewer pods) by the plain one.
//!
//! `cargo bench --bench placing`. All nodes are scored. The workloads have the shape of those on which upstream was measured.

use divan::Bencher;
use divan::counter::ItemsCount;
use plimsoll::cluster::Cluster;
use plimsoll::manifest::read::read_str;
use plimsoll::scheduler::profile::{Configuration, Profile};
use plimsoll::scheduler::{Options, Scheduler, prepare};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

fn main() {
    divan::main();
}

const KINDS: [&str; 4] = ["basic", "spread", "antiaffinity", "mixed"];

fn node(kind: &str, index: usize, random: &mut ChaCha8Rng) -> Value {
    let (cores, gib) = if kind == "mixed" { [(4, 16), (8, 32), (16, 64), (32, 128)][random.random_range(0..4)] } else { (32, 128) };
    let name = format!("node-{index:05}");
    let taints = if kind == "mixed" && index.is_multiple_of(20) {
        json!([{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}])
    } else {
        json!([])
    };
    let amounts = json!({"cpu": format!("{}m", cores * 1000 - 80), "memory": format!("{}Mi", gib * 1024 - 900), "pods": "110"});
    json!({"apiVersion": "v1", "kind": "Node", "spec": {"taints": taints}, "status": {"allocatable": amounts}, "metadata": {"name": name,
        "labels": {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": format!("z{}", index % 3)}}})
}

/// Spread, required anti-affinity, preferred anti-affinity, a zone, or nothing.
fn constrain(kind: &str, selector: &Value, spec: &mut Value, random: &mut ChaCha8Rng) {
    let hostname = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": selector});
    match (kind, random.random_range(0..20)) {
        ("spread", _) | ("mixed", 0..5) => {
            spec["topologySpreadConstraints"] = json!([
                {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector},
                {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector}]);
        }
        ("antiaffinity", _) | ("mixed", 5..8) => {
            spec["affinity"] = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [hostname]}});
        }
        ("mixed", 8..12) => {
            let term = json!([{"weight": 100, "podAffinityTerm": hostname}]);
            spec["affinity"] = json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": term}});
        }
        ("mixed", 12..14) => spec["nodeSelector"] = json!({"topology.kubernetes.io/zone": format!("z{}", random.random_range(0..3))}),
        _ => {}
    }
}

fn workload(kind: &str, nodes: usize, pods: usize) -> (Cluster, Vec<Profile>) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut items: Vec<Value> = (0..nodes).map(|index| node(kind, index, &mut random)).collect();
    let mut made = 0;
    while made < pods {
        let app = format!("app-{made:05}");
        let replicas = if kind == "basic" { 1000 } else { [1, 2, 3, 3, 5, 10, 20, 50][random.random_range(0..8)] }.min(pods - made);
        let (cpu, memory) = ([50, 100, 250, 500, 1000][random.random_range(0..5)], [64, 128, 512, 1024, 2048][random.random_range(0..5)]);
        let requests = json!({"cpu": format!("{cpu}m"), "memory": format!("{memory}Mi")});
        let mut spec = json!({"containers": [{"name": "c", "image": app, "resources": {"requests": requests}}]});
        constrain(kind, &json!({"matchLabels": {"app": app}}), &mut spec, &mut random);
        for replica in 0..replicas {
            items.push(json!({"apiVersion": "v1", "kind": "Pod", "spec": spec,
                "metadata": {"name": format!("{app}-{replica}"), "namespace": "bench", "labels": {"app": app}}}));
        }
        made += replicas;
    }
    let input = read_str("bench", &json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string());
    prepare(&input.objects, &Configuration::default())
}

fn place(bencher: Bencher, kind: &str, nodes: usize, pods: usize, plain: bool) {
    let (cluster, profiles) = workload(kind, nodes, pods);
    bencher.counter(ItemsCount::new(pods)).bench(|| {
        let mut scheduler = Scheduler::new(&cluster, &profiles, Options { plain, ..Options::default() });
        scheduler.run(|_, _| ())
    });
}

#[divan::bench(args = KINDS, sample_count = 5)]
fn fast_5000_nodes_20000_pods(bencher: Bencher, kind: &str) {
    place(bencher, kind, 5000, 20_000, false);
}

#[divan::bench(args = KINDS, sample_count = 3)]
fn plain_1000_nodes_1000_pods(bencher: Bencher, kind: &str) {
    place(bencher, kind, 1000, 1000, true);
}
